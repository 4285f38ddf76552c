"""The cash flow after tax: by hand, always true, and NREL SAM and offgridai.us said again."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import energy as en
from energy.finance import (
    CapitalPart,
    depreciation_fractions,
    internal_rate,
    internal_rates,
    price_for_irr,
    pro_forma,
)
from energy.finance.depreciation import MACRS_PERCENT

#: Two years, no tax, no inflation: 100 $, then 1 MWh a year for 70 $ less 10 $ of O&M.
SMALL: dict[str, Any] = {
    "capital_usd": 100.0, "energy_mwh": 1.0, "om_usd": 10.0, "price_usd_per_mwh": 70.0, "years": 2,
    "discount_fraction": 0.1, "tax_fraction": 0.0, "inflation_fraction": 0.0, "debt_years": 2,
    "debt_rate_fraction": 0.1, "depreciation": "straight-line-1",
}  # fmt: skip


def flows(**changes: Any) -> list[float]:
    """Cash flow of equity, year by year."""
    return pro_forma(**SMALL | changes).frame["cash_flow_usd"].tolist()


# --- by hand --------------------------------------------------------------------------------------


def test_two_years_by_hand():
    money = pro_forma(**SMALL)
    assert money.frame["cash_flow_usd"].tolist() == [-100, 60, 60]
    # -100 + 60 / 1.1 + 60 / 1.21 = -100 + 54.545455 + 49.586777
    assert money.npv_usd == pytest.approx(4.132231, abs=1e-6)
    # 100 x^2 = 60 x + 60: x = .3 + sqrt(.09 + .6) = 1.130662
    assert money.irr_fraction == pytest.approx(0.3 + math.sqrt(0.69) - 1)
    # 100 x .576190 + 10: capital recovery at 10 % over two years, and O&M
    assert money.lcoe_nominal_usd_per_mwh == pytest.approx(67.619048, abs=1e-6)
    assert money.lcoe_real_usd_per_mwh == pytest.approx(67.619048, abs=1e-6)
    assert money.payback_years == pytest.approx(1 + 40 / 60)
    assert (money.equity_usd, money.debt_usd, money.min_dscr) == (100, 0, math.inf)
    assert money.notes == ()


def test_growth_and_fade_by_hand():
    # O&M grows by 2 % + 3 %; the price by 4 %; energy fades by 10 %.
    money = pro_forma(
        **SMALL | {"inflation_fraction": 0.02, "om_escalation_fraction": 0.03,
                   "price_escalation_fraction": 0.04, "fade_fraction_per_year": 0.1}
    )  # fmt: skip
    assert money.frame.loc[2, "om_usd"] == pytest.approx(10.5)
    assert money.frame.loc[2, "energy_mwh"] == pytest.approx(0.9)
    assert money.frame.loc[2, "revenue_usd"] == pytest.approx(0.9 * 72.8)
    # Real MWh are discounted at 1.1 / 1.02 - 1.
    cost = 70 / 1.1 + 0.9 * 72.8 / 1.21 - money.npv_usd
    real = 1.02 / 1.1 + 0.9 * (1.02 / 1.1) ** 2
    assert money.lcoe_real_usd_per_mwh == pytest.approx(cost / real)


def test_tax_and_depreciation_by_hand():
    # Straight line over a year, half-year convention: 50 and 50. Half of 60 - 50 is tax.
    assert flows(tax_fraction=0.5) == pytest.approx([-100, 55, 55])


def test_a_loss_is_worth_its_tax_at_once():
    # Bonus: 100 in year 1; tax of half of 60 - 100 is -20.
    assert flows(tax_fraction=0.5, bonus_fraction=1.0) == pytest.approx([-100, 80, 30])


def test_the_credit_takes_half_of_itself_off_the_basis():
    # 30 of credit in year 1; basis 85, 42.5 a year; tax (60 - 42.5) / 2 = 8.75.
    assert flows(tax_fraction=0.5, itc_fraction=0.3) == pytest.approx([-100, 81.25, 51.25])


def test_each_part_has_its_own_credit_and_depreciation():
    # 40 with a credit of 12, basis 34; 50 with a bonus; 10 of land. Straight line over a year.
    parts = {
        "battery": CapitalPart(40.0, itc_fraction=0.3),
        "solar": CapitalPart(50.0, bonus_fraction=1.0),
        "land": CapitalPart(10.0, depreciation="none", bonus_fraction=1.0),
    }
    for capital in (parts, list(parts.values())):
        money = pro_forma(**SMALL | {"capital_usd": capital, "tax_fraction": 0.5})
        assert money.frame["depreciation_usd"].tolist() == pytest.approx([0, 17 + 50, 17])
        # 60 - (60 - 67) / 2 + 12; 60 - (60 - 17) / 2
        assert money.frame["cash_flow_usd"].tolist() == pytest.approx([-100, 75.5, 38.5])


def test_level_debt_by_hand():
    # 50 at 10 % over two years: 50 x .576190 = 28.809524 a year; interest 5, then .1 x 26.190476.
    money = pro_forma(**SMALL | {"debt_fraction": 0.5})
    assert money.frame["debt_service_usd"].tolist() == pytest.approx([0, 28.809524, 28.809524])
    assert money.frame["interest_usd"].tolist() == pytest.approx([0, 5, 2.619048])
    assert money.frame["debt_usd"].tolist() == pytest.approx([50, 26.190476, 0])
    assert money.frame["cash_flow_usd"].tolist() == pytest.approx([-50, 31.190476, 31.190476])
    assert money.dscr.tolist() == pytest.approx([60 / 28.809524] * 2)
    assert flows(debt_fraction=0.5, tax_fraction=0.5) == pytest.approx(
        [-50, 55 - 28.809524 + 2.5, 55 - 28.809524 + 1.309524]
    )


def test_debt_without_interest_is_repaid_evenly():
    assert flows(debt_fraction=0.5, debt_rate_fraction=0.0) == pytest.approx([-50, 35, 35])


def test_debt_sized_by_coverage_by_hand():
    # Energy fades: 70 and 63 of revenue, less 10: CFADS 60 and 53; half of it serves the debt.
    money = pro_forma(**SMALL | {"dscr": 2.0, "fade_fraction_per_year": 0.1})
    assert money.frame["debt_service_usd"].tolist() == pytest.approx([0, 30, 26.5])
    assert money.debt_usd == pytest.approx(30 / 1.1 + 26.5 / 1.21)
    assert money.dscr.tolist() == pytest.approx([2, 2])
    # Level: 26.5 a year, what the weaker year carries.
    level = pro_forma(
        **SMALL | {"dscr": 2.0, "fade_fraction_per_year": 0.1, "debt_repayment": "level"}
    )
    assert level.frame["debt_service_usd"].tolist() == pytest.approx([0, 26.5, 26.5])
    assert level.min_dscr == pytest.approx(2)


def test_sculpted_debt_of_a_fraction_follows_the_cash():
    # 50 of debt in the ratio 60 to 53.
    money = pro_forma(
        **SMALL | {"debt_fraction": 0.5, "debt_repayment": "sculpted",
                   "fade_fraction_per_year": 0.1}
    )  # fmt: skip
    payment = 50 / (60 / 1.1 + 53 / 1.21)
    assert money.frame["debt_service_usd"].tolist() == pytest.approx(
        [0, 60 * payment, 53 * payment]
    )


def test_sized_debt_is_held_at_the_cost_and_says_so():
    money = pro_forma(**SMALL | {"dscr": 1.0})  # 60 / 1.1 + 60 / 1.21 = 104.13 of 100
    assert money.debt_usd == pytest.approx(100)
    assert money.min_dscr == pytest.approx(104.132231 / 100)
    assert any("held at 100% of the cost" in note for note in money.notes)
    half = pro_forma(**SMALL | {"dscr": 1.0, "max_debt_fraction": 0.5})
    assert half.debt_usd == pytest.approx(50)


def test_a_year_without_cash_carries_no_debt():
    money = pro_forma(**SMALL | {"dscr": 2.0, "price_usd_per_mwh": 5.0})
    assert money.debt_usd == 0
    assert money.min_dscr == math.inf


def test_a_debt_reserve_by_hand():
    # Six months of k D, k = .576190: D = .5 (100 + .288095 D) = 50 / (1 - .144048) = 58.414465.
    money = pro_forma(
        **SMALL | {"debt_fraction": 0.5, "debt_reserve_months": 6.0,
                   "reserve_interest_fraction": 0.02, "tax_fraction": 0.5}
    )  # fmt: skip
    debt = 50 / (1 - 0.5 * 0.5 * 0.5761904762)
    reserve = 0.5 * 0.5761904762 * debt
    assert money.debt_usd == pytest.approx(debt)
    assert money.frame["reserve_usd"].tolist() == pytest.approx([reserve, reserve, 0])
    assert money.equity_usd == pytest.approx(100 + reserve - debt)
    # In the last year it is paid back: 60 of operation, 2 % of it, debt, half of the income as tax.
    interest = debt * 0.5761904762 / 1.1 * 0.1
    taxed = 60 + 0.02 * reserve - interest - 50
    assert money.frame.loc[2, "cash_flow_usd"] == pytest.approx(
        60 + 0.02 * reserve - debt * 0.5761904762 + reserve - taxed / 2
    )


def test_interest_during_construction_by_hand():
    # Two halves, on a loan at 10 %, from the middle of each year: 50 (1.1^1.5 - 1 + 1.1^.5 - 1).
    interest = 50 * (1.1**1.5 + 1.1**0.5 - 2)
    built = {
        "construction_draw_fractions": (0.5, 0.5), "construction_rate_fraction": 0.1,
        "construction_loan_fraction": 1.0, "tax_fraction": 0.5, "itc_fraction": 0.3,
    }  # fmt: skip
    money = pro_forma(**SMALL | built)
    assert money.frame.index.tolist() == [-1, 0, 1, 2]
    assert money.frame["cash_flow_usd"].iloc[:2].tolist() == pytest.approx([0, -100 - interest])
    # It is in the basis and in the credit.
    assert money.frame.loc[1, "itc_usd"] == pytest.approx(0.3 * (100 + interest))
    assert money.frame.loc[1, "depreciation_usd"] == pytest.approx(0.425 * (100 + interest))
    # A loan of the debt's fraction: equity pays its half of each draw.
    half = pro_forma(**SMALL | built | {"construction_loan_fraction": None, "debt_fraction": 0.5})
    assert half.debt_usd == pytest.approx(50 + interest / 4)
    assert half.frame["cash_flow_usd"].iloc[:2].tolist() == pytest.approx([-25, -25 - interest / 4])


def test_equity_pays_construction_when_it_comes():
    # -50 in year -1 counts 10 % more than in year 0.
    money = pro_forma(**SMALL | {"construction_draw_fractions": (0.5, 0.5)})
    assert money.frame["cash_flow_usd"].tolist() == [-50, -50, 60, 60]
    assert money.npv_usd == pytest.approx(4.132231 - 5, abs=1e-6)


def test_state_tax_property_tax_insurance_and_salvage_by_hand():
    money = pro_forma(
        **SMALL | {"tax_fraction": 0.5, "state_tax_fraction": 0.1, "state_bonus_fraction": 1.0,
                   "property_tax_fraction": 0.02, "property_tax_decline_fraction": 0.25,
                   "insurance_fraction": 0.01, "inflation_fraction": 0.1, "salvage_fraction": 0.2}
    )  # fmt: skip
    year1, year2 = money.frame.loc[1], money.frame.loc[2]
    assert (year1["property_tax_usd"], year2["property_tax_usd"]) == pytest.approx((2, 1.5))
    assert (year1["insurance_usd"], year2["insurance_usd"]) == pytest.approx((1, 1.1))
    # 70 - 10 - 2 - 1 = 57; 70 + 20 - 11 - 1.5 - 1.1 = 76.4
    assert (year1["ebitda_usd"], year2["ebitda_usd"]) == pytest.approx((57, 76.4))
    # State: .1 (57 - 100), .1 x 76.4; federal half of what 50 and the state's tax leave.
    assert (year1["state_tax_usd"], year2["state_tax_usd"]) == pytest.approx((-4.3, 7.64))
    assert year1["federal_tax_usd"] == pytest.approx(0.5 * (57 - 50 + 4.3))
    assert year2["federal_tax_usd"] == pytest.approx(0.5 * (76.4 - 50 - 7.64))


def test_an_assessed_value_never_falls_below_nothing():
    # 100, 40, then not -20.
    money = pro_forma(
        **SMALL | {"years": 3, "property_tax_fraction": 0.02, "property_tax_decline_fraction": 0.6}
    )
    assert money.frame["property_tax_usd"].tolist() == pytest.approx([0, 2, 0.8, 0])


def test_a_plant_that_debt_pays_for_before_its_service_is_paid_back_at_once():
    # Equity pays 50 in year -1; debt of 100 pays it back in year 0.
    money = pro_forma(
        **SMALL | {"construction_draw_fractions": (0.5, 0.5), "debt_fraction": 1.0,
                   "construction_loan_fraction": 0.0}
    )  # fmt: skip
    assert money.frame["cash_flow_usd"].iloc[:2].tolist() == [-50, 50]
    assert money.payback_years == 0


def test_a_production_credit_by_hand():
    # 20 $/MWh for one year, then grown by half; energy fades by 10 %.
    changed = {"ptc_usd_per_mwh": 20.0, "ptc_escalation_fraction": 0.5,
               "fade_fraction_per_year": 0.1}  # fmt: skip
    assert flows(**changed, ptc_years=1) == pytest.approx([-100, 80, 53])
    assert flows(**changed) == pytest.approx([-100, 80, 53 + 0.9 * 30])


def test_augmentation_by_hand():
    # 20 in year 2, half of it deducted in that year; the rest falls after the last.
    assert flows(augmentation_usd={2: 20.0}, tax_fraction=0.5) == pytest.approx(
        [-100, 55, 60 - 20 - (60 - 50 - 10) / 2]
    )
    none = {"augmentation_usd": {2: 20.0}, "augmentation_depreciation": "none"}
    assert flows(**none, tax_fraction=0.5) == pytest.approx([-100, 55, 60 - 20 - 5])
    # Lenders count on what is left after it.
    money = pro_forma(**SMALL | {"augmentation_usd": {2: 20.0}, "dscr": 2.0})
    assert money.frame["debt_service_usd"].tolist() == pytest.approx([0, 30, 20])


def test_fuel_grows_by_itself():
    money = pro_forma(
        **SMALL | {"fuel_usd": 5.0, "inflation_fraction": 0.02, "fuel_escalation_fraction": 0.01}
    )
    assert money.frame["fuel_usd"].tolist() == pytest.approx([0, 5, 5.15])


def test_depreciation_after_the_last_year_is_not_claimed_and_told():
    money = pro_forma(**SMALL | {"depreciation": "macrs-5"})
    assert money.frame["depreciation_usd"].tolist() == pytest.approx([0, 20, 32])
    assert "48 $ falls after the last year" in money.notes[0]


def test_a_plant_that_never_pays_back():
    money = pro_forma(**SMALL | {"price_usd_per_mwh": 50.0})
    assert money.payback_years == math.inf
    assert money.irr_fraction == pytest.approx(0.2 + math.sqrt(0.04 + 0.4) - 1)  # 40 and 40
    assert money.to_dict()["payback_years"] is None


# --- rates of return ------------------------------------------------------------------------------


def test_no_rate_of_return_is_nan_and_told():
    money = pro_forma(**SMALL | {"price_usd_per_mwh": 5.0})  # -100, -5, -5
    assert math.isnan(money.irr_fraction)
    assert "no rate of return" in money.notes[0]
    assert "no internal rate" in money.caption
    json.dumps(money.to_dict(), allow_nan=False)


def test_of_several_rates_the_highest_is_given_and_all_are_told():
    # -100 + 360 / x - 431 / x^2 + 171.6 / x^3: x = 1.1, 1.2, 1.3
    amounts = np.array([-100.0, 360.0, -431.0, 171.6])
    assert internal_rates(amounts) == pytest.approx([0.1, 0.2, 0.3])
    assert internal_rate(amounts) == pytest.approx(0.3)
    # 240 of cash, then a last year that costs more than it brings.
    money = pro_forma(**SMALL | {"price_usd_per_mwh": 250.0, "augmentation_usd": {2: 376.0}})
    assert money.frame["cash_flow_usd"].tolist() == [-100, 240, -136]
    # 100 x^2 - 240 x + 136 = 0: x = 1.2 -+ sqrt(1.44 - 1.36) = .917, 1.483
    assert money.irr_fraction == pytest.approx(0.2 + math.sqrt(0.08))
    assert "2 rates of return" in money.notes[0]


def test_equity_that_is_paid_first_is_told():
    # Debt pays for all; equity has the credit in year 1 and pays for an addition in year 2.
    money = pro_forma(
        **SMALL | {"debt_fraction": 1.0, "itc_fraction": 0.3, "augmentation_usd": {2: 50.0}}
    )
    assert any("paid before it pays" in note for note in money.notes)


@pytest.mark.parametrize("rate", [-0.5, -0.01, 0.0, 1e-9, 0.08, 3.0, 50.0])
def test_a_lone_rate_is_found_wherever_it_is(rate):
    amounts = np.array([-100.0, 0.0, 100.0 * (1 + rate) ** 2])
    assert internal_rate(amounts) == pytest.approx(rate, abs=1e-12, rel=1e-10)


# --- depreciation ---------------------------------------------------------------------------------


def test_tables_are_those_of_the_irs():
    assert (100 * depreciation_fractions("macrs-5")).tolist() == pytest.approx(
        [20, 32, 19.2, 11.52, 11.52, 5.76]
    )
    assert (100 * depreciation_fractions("macrs-7")).tolist() == pytest.approx(
        [14.29, 24.49, 17.49, 12.49, 8.93, 8.92, 8.93, 4.46]
    )


@pytest.mark.parametrize("years", MACRS_PERCENT)
def test_tables_follow_from_the_declining_balance(years):
    """Said again: 200 %, from 15 years on 150 %, until straight line gives more; half a year first.

    The IRS rounds to two digits, from 20 years on to three.
    """
    factor = 1.5 if years >= 15 else 2.0
    left, due = 100.0, []
    for year in range(years + 1):
        part = 0.5 if year == 0 else 1.0
        rest = years - max(year - 0.5, 0)
        amount = min(left * max(factor / years, 1 / max(rest, 1)) * part, left)
        due.append(amount)
        left -= amount
    table = np.array(MACRS_PERCENT[years])
    assert table.sum() == pytest.approx(100, abs=1e-9)
    np.testing.assert_allclose(table, due, atol=0.0101)


@pytest.mark.parametrize("years", [1, 2, 20, 39, 100])
def test_a_straight_line_has_half_a_year_at_both_ends(years):
    line = depreciation_fractions(f"straight-line-{years}")
    assert line.sum() == pytest.approx(1)
    assert line[0] == line[-1] == pytest.approx(0.5 / years)


@pytest.mark.parametrize(
    "name", ["macrs-6", "macrs", "straight-line-0", "straight-line-101", "MACRS-5", "", None, 5]
)
def test_an_unknown_class_is_answered_with_the_known(name):
    with pytest.raises(en.InputError, match=r"unknown class .*macrs-5.*straight-line-N.*none"):
        depreciation_fractions(name)


# --- published ------------------------------------------------------------------------------------

#: NREL SAM 2025 Single Owner (PySAM 7.1.1), published.md rows 1-4: 100 MW, 219 GWh, 110 M$.
PLANT: dict[str, Any] = {
    "capital_usd": 110e6, "energy_mwh": 219_000.0, "om_usd": 1.7e6, "price_usd_per_mwh": 50.0,
    "years": 25, "discount_fraction": 1.064 * 1.025 - 1,
}  # fmt: skip
DEBT = {"debt_fraction": 0.6}
CREDIT = DEBT | {"itc_fraction": 0.3}
BONUS = CREDIT | {"bonus_fraction": 1.0}


@pytest.mark.parametrize(
    ("changes", "npv", "irr", "nominal", "real"),
    [
        ({}, -23_305_545.403, 0.058273, 60.886733, 48.342292),
        (DEBT, -8_257_740.076, 0.062297, 53.857443, 42.761240),
        (CREDIT, 19_260_813.163, 0.242764, 41.002685, 32.554938),
        (BONUS, 21_737_884.125, 0.335164, 39.845570, 31.636221),
    ],
)
def test_numbers_of_single_owner(changes, npv, irr, nominal, real):
    money = pro_forma(**PLANT | changes)
    assert money.npv_usd == pytest.approx(npv, rel=1e-8)
    # SAM ends its search for the rate at 1e-6; 6.229659 % there is 6.229649 %.
    assert money.irr_fraction == pytest.approx(irr, abs=1.5e-6)
    assert money.lcoe_nominal_usd_per_mwh == pytest.approx(nominal, rel=1e-7)
    assert money.lcoe_real_usd_per_mwh == pytest.approx(real, rel=1e-7)


def offgridai(solar_mw: float, battery_mw: float, gas_mwh: float, itc: float) -> dict[str, Any]:
    """The offgridai.us calculator's plant of 100 MW with its own defaults of August 2025."""
    renewable = 0.77e6 * solar_mw + 260 * 4000 * battery_mw
    other = 1150 * 125_000 + 410 * 100_000
    om = 11_000 * solar_mw + 2500 * battery_mw + 10 * 125_000 + 6 * 100_000 + 25 * gas_mwh
    return {
        "capital_usd": [
            CapitalPart(1.118 * renewable, itc_fraction=itc), CapitalPart(1.118 * other),
        ],
        "energy_mwh": 876_000.0, "om_usd": om + 0.0025 * (renewable + other),
        "fuel_usd": gas_mwh * 8.989 * 5, "fuel_escalation_fraction": 0.005, "years": 20,
        "debt_fraction": 0.7, "debt_rate_fraction": 0.075, "debt_years": 20,
        "construction_draw_fractions": (0.5, 0.5),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "changes", "equity", "usd_per_mwh"),
    [
        ((0, 0, 876_000, 0.3), {}, 0.11, 111.1068),
        ((250, 100, 400_000, 0.3), {}, 0.11, 93.8105),
        ((600, 500, 50_000, 0.3), {}, 0.11, 123.1327),
        ((600, 500, 50_000, 0.0), {}, 0.11, 172.2353),
        ((600, 500, 50_000, 0.3), {"debt_rate_fraction": 0.05}, 0.08, 104.5389),
    ],
)
def test_prices_of_offgridai(plant, changes, equity, usd_per_mwh):
    options = offgridai(*plant) | changes
    price = price_for_irr(equity, **options)
    assert price == pytest.approx(usd_per_mwh, abs=1e-4)
    money = pro_forma(**options, price_usd_per_mwh=price, discount_fraction=equity)
    assert money.npv_usd == pytest.approx(0, abs=1)
    # A flat price and growing costs: equity pays in at the end, so there is a second rate.
    rates = internal_rates(money.frame["cash_flow_usd"].to_numpy())
    assert min(abs(rate - equity) for rate in rates) < 1e-9
    assert len(rates) == 1 or any("2 rates of return" in note for note in money.notes)


# --- the price ------------------------------------------------------------------------------------


def test_the_price_by_hand():
    # 100 x .576190 + 10 gives 10 %.
    assert price_for_irr(0.1, **SMALL) == pytest.approx(67.619048, abs=1e-6)
    assert pro_forma(**SMALL).price_for_irr(0.1) == pytest.approx(67.619048, abs=1e-6)


@pytest.mark.parametrize(
    "changes",
    [{}, DEBT, BONUS, {"dscr": 1.3}, {"dscr": 1.3, "debt_repayment": "level"},
     DEBT | {"debt_repayment": "sculpted"}, {"dscr": 1.5, "fade_fraction_per_year": 0.01}],
)  # fmt: skip
@pytest.mark.parametrize("target", [0.0, 0.06, 0.11, 0.2])
def test_the_price_gives_the_return(changes, target):
    price = price_for_irr(target, **PLANT | changes)
    money = pro_forma(**PLANT | changes | {"price_usd_per_mwh": price})
    rates = internal_rates(money.frame["cash_flow_usd"].to_numpy())
    assert min(abs(rate - target) for rate in rates) < 1e-8


@pytest.mark.parametrize(
    "changes", [{"tax_fraction": 1.0}, {"capital_usd": 0.0}, {"debt_fraction": 1.0}]
)
def test_a_return_that_no_price_meets_is_refused(changes):
    with pytest.raises(en.InputError, match=r"no price gives equity a return of 0\.1"):
        price_for_irr(0.1, **PLANT | changes)


@pytest.mark.parametrize("target", [-0.99, -2.0, 11.0, math.nan, None])
def test_a_return_out_of_reach_is_refused(target):
    with pytest.raises(en.InputError, match="irr_fraction must be"):
        price_for_irr(target, **PLANT)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"debt_fraction": 1.2}, "debt is no more than 100 % of the cost; got 1.2"),
        (DEBT | {"debt_years": 30}, "tenor, must not exceed years, the life; got 30 of 25"),
        ({"dscr": 1.3, "debt_years": 26}, "got 26 of 25"),
        ({"dscr": 0.9}, "dscr must be at least 1"),
        (DEBT | {"dscr": 1.3}, "debt_fraction or dscr, not both"),
        ({"discount_fraction": -1.5}, "discount_fraction must be at least -0.99"),
        ({"debt_rate_fraction": -1.0}, "debt_rate_fraction must be at least -0.99"),
        ({"inflation_fraction": 2.5}, "7 % is 0.07"),
        ({"discount_fraction": 7}, "7 % is 0.07"),
        ({"capital_usd": 1e300}, "at most 1e\\+15"),
        ({"inflation_fraction": -0.5, "om_escalation_fraction": -0.6}, "must add up to"),
        ({"capital_usd": -1.0}, "capital_usd must be at least 0"),
        ({"capital_usd": []}, "at least one part"),
        ({"capital_usd": {"solar": 5.0}}, r"capital_usd\['solar'\] must be a CapitalPart"),
        ({"capital_usd": [CapitalPart(-1.0)]}, r"capital_usd\[0\].usd must be at least 0"),
        ({"capital_usd": [CapitalPart(1.0, 1.3)]}, "credits add up to no more than 100 %"),
        ({"capital_usd": [CapitalPart(1.0, depreciation="x")]}, r"\[0\].depreciation: .*unknown"),
        ({"energy_mwh": -5.0}, "energy_mwh must be above 0"),
        ({"energy_mwh": 0.0}, "energy_mwh must be above 0"),
        ({"om_usd": math.nan}, "om_usd must be a finite number"),
        ({"price_usd_per_mwh": math.inf}, "price_usd_per_mwh must be a finite number"),
        ({"price_usd_per_mwh": "50"}, "price_usd_per_mwh must be a finite number; got '50'"),
        ({"itc_fraction": 1.1}, "credits add up to no more than 100 %"),
        ({"bonus_fraction": 1.1}, "bonus_fraction must be"),
        ({"depreciation": "macrs-9"}, "unknown class 'macrs-9'; known: macrs-3"),
        ({"augmentation_depreciation": "a"}, "augmentation_depreciation: .*unknown class"),
        ({"years": 0}, "years must be a whole number, 1 to 100; got 0"),
        ({"years": 2.5}, "years must be a whole number"),
        ({"years": True}, "years must be a whole number"),
        ({"augmentation_usd": {26: 1.0}}, "a year must be a whole number, 1 to 25; got 26"),
        ({"augmentation_usd": 5.0}, "must map years to dollars"),
        ({"construction_draw_fractions": (0.5, 0.4)}, "must add up to 1; got 0.9"),
        ({"construction_draw_fractions": ()}, "must have 1 to 20 years"),
        ({"construction_draw_fractions": 1.0}, "must be a sequence"),
        ({"debt_repayment": "bullet"}, "must be level or sculpted; got 'bullet'"),
        (DEBT | {"debt_repayment": "sculpted", "price_usd_per_mwh": 1.0}, "no year of the tenor"),
        ({"debt_fraction": 1.0, "debt_years": 1, "debt_reserve_months": 12.0}, "takes all"),
    ],
)
def test_what_is_wrong_is_said(changes, message):
    with pytest.raises(en.InputError, match=message):
        pro_forma(**PLANT | changes)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(en.InputError) as caught:
        pro_forma(
            **PLANT | {"debt_fraction": 1.5, "itc_fraction": 2.0, "years": 0, "om_usd": -1.0,
                       "depreciation": "x", "energy_mwh": math.nan, "debt_years": 0}
        )  # fmt: skip
    assert len(caught.value.problems) == 7
    with pytest.raises(en.InputError) as caught:
        price_for_irr(math.nan, **PLANT | {"years": 0})
    assert len(caught.value.problems) == 2


def test_a_tenor_beyond_the_life_does_not_matter_without_debt():
    assert pro_forma(**PLANT | {"years": 10}).debt_usd == 0


# --- always true ----------------------------------------------------------------------------------

fractions = st.floats(0, 0.3)


@st.composite
def plants(draw: Any) -> dict[str, Any]:
    """Options of `pro_forma`, of all kinds."""
    years = draw(st.integers(1, 40))
    options = {
        "capital_usd": draw(st.floats(1e6, 1e9)), "energy_mwh": draw(st.floats(1e3, 1e6)),
        "om_usd": draw(st.floats(0, 1e7)), "fuel_usd": draw(st.floats(0, 1e7)),
        "price_usd_per_mwh": draw(st.floats(0, 500)), "years": years,
        "discount_fraction": draw(st.floats(0, 0.2)), "tax_fraction": draw(fractions),
        "state_tax_fraction": draw(fractions), "itc_fraction": draw(st.floats(0, 0.6)),
        "bonus_fraction": draw(st.sampled_from([0.0, 0.4, 1.0])),
        "depreciation": draw(st.sampled_from(["macrs-5", "macrs-20", "straight-line-7", "none"])),
        "debt_years": draw(st.integers(1, years)), "debt_rate_fraction": draw(st.floats(0, 0.15)),
        "insurance_fraction": draw(st.floats(0, 0.02)), "salvage_fraction": draw(fractions),
        "property_tax_fraction": draw(st.floats(0, 0.02)), "ptc_usd_per_mwh": draw(fractions),
        "fade_fraction_per_year": draw(st.floats(0, 0.03)),
        "construction_draw_fractions": draw(st.sampled_from([(1.0,), (0.5, 0.5), (0.2, 0.3, 0.5)])),
        "construction_rate_fraction": draw(st.floats(0, 0.12)),
        "debt_reserve_months": draw(st.sampled_from([0.0, 6.0])),
        "augmentation_usd": {draw(st.integers(1, years)): draw(st.floats(0, 1e7))},
    }  # fmt: skip
    how = draw(st.sampled_from(["none", "fraction", "dscr", "level"]))
    if how == "fraction":
        options["debt_fraction"] = draw(st.floats(0.1, 0.8))
    elif how != "none":
        options["dscr"] = draw(st.floats(1.0, 3.0))
        options["debt_repayment"] = "level" if how == "level" else None
    return options


@settings(deadline=None, max_examples=150)
@given(plants())
def test_the_years_balance(options):
    money = pro_forma(**options)
    f = money.frame
    assert np.isfinite(f.to_numpy()).all()
    told = (
        f["ebitda_usd"] - f["augmentation_usd"] - f["capital_usd"] + f["construction_drawn_usd"]
        - f["construction_repaid_usd"] + f["debt_drawn_usd"] - f["debt_service_usd"]
        + f["reserve_interest_usd"] - f["reserve_usd"].diff().fillna(f["reserve_usd"].iloc[0])
        - f["state_tax_usd"] - f["federal_tax_usd"] + f["itc_usd"] + f["ptc_usd"]
    )  # fmt: skip
    size = options["capital_usd"] + f["revenue_usd"].max() + 1e8
    np.testing.assert_allclose(f["cash_flow_usd"], told, atol=1e-9 * size)
    np.testing.assert_allclose(f["cumulative_usd"], f["cash_flow_usd"].cumsum(), atol=1e-9 * size)
    assert f["capital_usd"].sum() == pytest.approx(options["capital_usd"])
    assert f["principal_usd"].sum() == pytest.approx(money.debt_usd, abs=1e-6 * size)
    assert f["debt_usd"].iloc[-1] == f["reserve_usd"].iloc[-1] == 0
    assert (f["debt_usd"] >= -1e-9 * size).all()
    signed = {"taxable_income_usd", "state_tax_usd", "federal_tax_usd", "cash_flow_usd",
              "cumulative_usd", "ebitda_usd", "principal_usd", "debt_usd"}  # fmt: skip
    assert (f.drop(columns=list(signed)) >= -1e-9 * size).all().all()
    if options.get("dscr"):
        assert money.min_dscr >= options["dscr"] * (1 - 1e-9)
    basis = f["depreciation_usd"].sum() + f["itc_usd"].sum() / 2
    cost = options["capital_usd"] + sum(options["augmentation_usd"].values())
    cost += f["construction_repaid_usd"].sum() - f["construction_drawn_usd"].sum()
    assert basis <= cost * (1 + 1e-9)


@settings(deadline=None, max_examples=100)
@given(plants())
def test_at_each_rate_of_return_nothing_is_left(options):
    amounts = pro_forma(**options).frame["cash_flow_usd"].to_numpy()
    for rate in internal_rates(amounts):
        if rate > -0.5:
            worth = (1 + rate) ** -np.arange(float(len(amounts)))
            assert abs(amounts @ worth) < 1e-7 * (np.abs(amounts) @ worth)


@settings(deadline=None, max_examples=60)
@given(plants(), st.floats(0.1, 10))
def test_other_money_changes_no_rate(options, factor):
    paid = ("capital_usd", "om_usd", "fuel_usd", "price_usd_per_mwh", "ptc_usd_per_mwh")
    grown = options | {name: options[name] * factor for name in paid}
    grown["augmentation_usd"] = {y: x * factor for y, x in options["augmentation_usd"].items()}
    one, other = pro_forma(**options), pro_forma(**grown)
    size = np.abs(one.frame["cash_flow_usd"]).max()
    assert other.npv_usd == pytest.approx(one.npv_usd * factor, abs=1e-8 * size * factor)
    assert other.lcoe_real_usd_per_mwh == pytest.approx(
        one.lcoe_real_usd_per_mwh * factor, rel=1e-7, abs=1e-7 * factor
    )


@settings(deadline=None, max_examples=60)
@given(plants(), st.floats(1, 100))
def test_a_higher_price_is_never_worth_less_without_sized_debt(options, more):
    options = {k: v for k, v in options.items() if k not in ("dscr", "debt_repayment")}
    higher = options | {"price_usd_per_mwh": options["price_usd_per_mwh"] + more}
    assert pro_forma(**higher).npv_usd > pro_forma(**options).npv_usd


@settings(deadline=None, max_examples=60)
@given(plants(), st.floats(0.01, 0.2))
def test_a_price_for_a_return_gives_it(options, target):
    try:
        price = price_for_irr(target, **options)
    except en.InputError:  # such as debt that pays for all; told by tests above
        return
    money = pro_forma(**options | {"price_usd_per_mwh": price, "discount_fraction": target})
    size = np.abs(money.frame["cash_flow_usd"]).max()
    assert abs(money.npv_usd) < 1e-6 * size


def test_extra_options_change_nothing_unless_given():
    plain = pro_forma(**PLANT | BONUS)
    extra = {
        "ptc_years": 3, "ptc_escalation_fraction": 0.1, "property_tax_decline_fraction": 0.1,
        "reserve_interest_fraction": 0.05, "construction_loan_fraction": 1.0,
        "state_bonus_fraction": 1.0, "augmentation_depreciation": "macrs-7",
        "augmentation_usd": {}, "fuel_escalation_fraction": 0.1, "max_debt_fraction": 0.1,
        "debt_repayment": "level",
    }  # fmt: skip
    changed = pro_forma(**PLANT | BONUS | extra)
    cash = [m.frame["cash_flow_usd"].drop(columns="state") for m in (plain, changed)]
    np.testing.assert_array_equal(*cash)


def test_the_result_is_kept_and_shown(tmp_path):
    money = pro_forma(**PLANT | BONUS)
    money.save(tmp_path / "money.json")
    kept = en.read_result(tmp_path / "money.json")
    assert kept.kind == "ProForma"
    assert kept.record["npv_usd"] == money.npv_usd
    assert kept.frame["cash_flow_usd"].tolist() == money.frame["cash_flow_usd"].tolist()
    assert "IRR 33.52%" in money.caption
    assert "<table>" in money._repr_html_()


def test_a_pro_forma_takes_less_than_five_milliseconds():
    pro_forma(**PLANT | BONUS)
    best = min(_seconds(lambda: pro_forma(**PLANT | BONUS).irr_fraction) for _ in range(20))
    assert best < 5e-3


def _seconds(call: Any) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# --- NREL SAM, live -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sam() -> Any:
    pytest.importorskip("PySAM.Singleowner", reason="needs nrel-pysam")
    import sam_single_owner

    return sam_single_owner


def contract(rng: np.random.Generator) -> dict[str, Any]:
    """Random options of those that every caller has."""
    years, capital = int(rng.integers(5, 41)), float(rng.uniform(5e6, 5e8))
    classes = ["macrs-5", "macrs-15", "straight-line-5", "straight-line-20"]
    return {
        "capital_usd": capital, "energy_mwh": capital / 1e6 * float(rng.uniform(800, 3000)),
        "om_usd": capital * float(rng.uniform(0.005, 0.04)),
        "price_usd_per_mwh": float(rng.uniform(20, 150)), "years": years,
        "discount_fraction": float(rng.uniform(0.03, 0.14)),
        "tax_fraction": float(rng.uniform(0, 0.4)),
        "inflation_fraction": float(rng.uniform(0, 0.06)),
        "om_escalation_fraction": float(rng.uniform(-0.01, 0.03)),
        "price_escalation_fraction": float(rng.uniform(-0.01, 0.04)),
        "fade_fraction_per_year": float(rng.uniform(0, 0.02)),
        "debt_fraction": float(rng.choice([0, rng.uniform(0.1, 0.9)])),
        "debt_rate_fraction": float(rng.uniform(0.02, 0.11)),
        "debt_years": int(rng.integers(1, years + 1)),
        "itc_fraction": float(rng.choice([0, 0.3, 0.5])),
        "bonus_fraction": float(rng.choice([0, 0.4, 1])),
        "depreciation": str(rng.choice(classes)),
    }  # fmt: skip


def extended(rng: np.random.Generator) -> dict[str, Any]:
    """The same with the further options that SAM knows too."""
    options = contract(rng)
    capital = options["capital_usd"]
    options |= {
        "fuel_usd": capital * float(rng.uniform(0, 0.02)),
        "fuel_escalation_fraction": float(rng.uniform(-0.01, 0.03)),
        "state_tax_fraction": float(rng.uniform(0, 0.12)),
        "state_bonus_fraction": float(rng.choice([0, 1])),
        "property_tax_fraction": float(rng.uniform(0, 0.02)),
        "property_tax_decline_fraction": float(rng.uniform(0, 0.05)),
        "insurance_fraction": float(rng.uniform(0, 0.01)),
        "salvage_fraction": float(rng.uniform(0, 0.2)),
        # SAM rounds the credit of a kWh to a tenth of a cent.
        "ptc_usd_per_mwh": float(rng.integers(0, 30)), "ptc_years": int(rng.integers(1, 16)),
        "debt_reserve_months": float(rng.choice([0, 6, 12])),
        "reserve_interest_fraction": float(rng.uniform(0, 0.03)),
        "construction_rate_fraction": float(rng.uniform(0, 0.1)),
        "construction_loan_fraction": float(rng.uniform(0, 1)),
    }  # fmt: skip
    if rng.random() < 0.5:
        options |= {"debt_fraction": 0.0, "dscr": float(rng.uniform(1.1, 2))}
    return options


def comparable(options: dict[str, Any]) -> bool:
    """Whether SAM means the same.

    SAM has no limit of 100 %, lets lenders pay for a year without cash, and keeps the reserve of a
    debt of one year, whose size it also leaves a digit open.
    """
    if options.get("debt_reserve_months") and options["debt_years"] == 1:
        return False
    try:
        money = pro_forma(**options)
    except en.InputError:
        return False
    cash = money.frame["ebitda_usd"].loc[1 : options["debt_years"]]
    held = any("held at" in note for note in money.notes)
    return options.get("dscr") is None or (not held and bool((cash > 0).all()))


@pytest.mark.parametrize(
    ("kind", "tolerance"), [(contract, 1e-9), (extended, 1e-6)], ids=["contract", "extended"]
)
def test_single_owner_of_sam_says_the_same_at_100_random_settings(sam, kind, tolerance):
    rng = np.random.default_rng(20261115)
    compared, with_rate = 0, 0
    while compared < 100:
        options = kind(rng)
        if not comparable(options):
            continue
        compared += 1
        money = pro_forma(**options)
        interest = money.frame["construction_repaid_usd"] - money.frame["construction_drawn_usd"]
        asked = {k: v for k, v in options.items() if not k.startswith("construction_")}
        theirs = sam.run(asked | {"construction_interest_usd": float(interest.sum())})
        capital = options["capital_usd"]
        cash = np.array(theirs.cf_project_return_aftertax)[: options["years"] + 1]
        np.testing.assert_allclose(money.frame["cash_flow_usd"], cash, atol=tolerance * capital)
        assert money.npv_usd == pytest.approx(
            theirs.project_return_aftertax_npv, rel=tolerance, abs=1e-3 * tolerance * capital
        )
        for ours, sam_cents in (
            (money.lcoe_nominal_usd_per_mwh, theirs.lcoe_nom),
            (money.lcoe_real_usd_per_mwh, theirs.lcoe_real),
        ):
            assert ours == pytest.approx(10 * sam_cents, rel=tolerance)
        # SAM ends its search where what is left is below 1e-6 of the capital, and at times
        # without a rate where there is one.
        rate = theirs.project_return_aftertax_irr / 100
        if not math.isnan(rate):
            with_rate += 1
            left = money.frame["cash_flow_usd"] @ (1 + rate) ** -np.arange(len(cash) * 1.0)
            assert abs(left) < 2e-6 * capital
            assert rate == pytest.approx(money.irr_fraction, abs=1e-6, rel=5e-6)
    assert with_rate > 50


@pytest.mark.parametrize("changes", [{}, DEBT, {"dscr": 1.3}])
def test_sam_solves_for_the_same_price(sam, changes):
    theirs = sam.run(PLANT | changes, target_irr_fraction=0.09)
    assert price_for_irr(0.09, **PLANT | changes) == pytest.approx(10 * theirs.ppa, rel=1e-4)
