"""What a plant costs: by hand, and Microgrids.jl's net present cost."""

from __future__ import annotations

import math

import numpy as np
import pytest

import energy as en
from energy.case import backup_usd_per_mwh, grid_usd_per_mwh
from energy.evaluation import Evaluation
from energy.finance import DRIVERS, capital_recovery_factor, unit_costs
from energy.parameters import price_factor


def test_capital_recovery_by_hand():
    # 10 % over two years: x/1.1 + x/1.21 = 1, x = 1 / (.90909 + .82645) = .576190
    assert capital_recovery_factor(0.10, 2) == pytest.approx(0.5761904762)
    assert capital_recovery_factor(0.0, 20) == 0.05
    assert capital_recovery_factor(0.05, math.inf) == 0.05  # land: the rate for ever


def test_present_cost_by_hand():
    # 100 $, lasts 2 of 3 years, no discount: bought twice, half of the second is left.
    cost = en.finance.present_cost(100, 2, 10, 5, discount_fraction=0.0, project_years=3)
    assert (cost.investment_usd, cost.replacement_usd, cost.salvage_usd) == (100, 100, 50)
    assert (cost.om_usd, cost.fuel_usd, cost.total_usd) == (30, 15, 195)


def test_a_part_that_lasts_the_project_is_neither_replaced_nor_sold():
    cost = en.finance.present_cost(100, 3, 0, 0, discount_fraction=0.07, project_years=3)
    assert cost.replacement_usd == 0
    assert cost.salvage_usd == 0


# Microgrids.jl, its own example: 25 years at 5 %. Genset 1800 kW at 400 $/kW, .02 $/kW-h, 15,000 h,
# 3327 h/year; battery 9000 kWh at 350 $/kWh, 10 $/kWh-year, 15 years or 3000 cycles at 209.08 a
# year; PV 6000 kW at 1200 $/kW, 20 $/kW-year; 670,880.8 L at 1 $/L; 6.774979e6 kWh served a year.
MICROGRID = (
    {"capital_usd": 1800 * 400, "lifetime_years": 15_000 / 3327,
     "om_usd_per_year": 0.02 * 1800 * 3327, "fuel_usd_per_year": 670_880.8},
    {"capital_usd": 9000 * 350, "lifetime_years": min(15, 3000 / 209.08),
     "om_usd_per_year": 10 * 9000, "fuel_usd_per_year": 0},
    {"capital_usd": 6000 * 1200, "lifetime_years": 25, "om_usd_per_year": 20 * 6000,
     "fuel_usd_per_year": 0},
)  # fmt: skip


def test_net_present_cost_of_microgrids_jl_is_reproduced():
    parts = [
        en.finance.present_cost(**p, discount_fraction=0.05, project_years=25) for p in MICROGRID
    ]

    def total(name: str) -> float:
        return sum(getattr(part, name) for part in parts) / 1e6

    assert total("investment_usd") == pytest.approx(11.07, abs=5e-4)
    assert total("replacement_usd") == pytest.approx(3.516, abs=5e-4)
    assert total("om_usd") == pytest.approx(4.648, abs=5e-4)
    assert total("fuel_usd") == pytest.approx(9.455, abs=5e-4)
    assert total("salvage_usd") == pytest.approx(0.336, abs=5e-4)
    assert total("total_usd") == pytest.approx(28.353, abs=5e-4)
    annual = total("total_usd") * capital_recovery_factor(0.05, 25)
    assert annual / 6.774979 == pytest.approx(0.297, abs=5e-4)


def test_net_present_cost_of_microgrids_jl_without_discount():
    parts = [
        en.finance.present_cost(**p, discount_fraction=0.0, project_years=25) for p in MICROGRID
    ]
    total = sum(part.total_usd for part in parts) / 1e6
    assert total == pytest.approx(41.697, abs=5e-4)
    assert total / 25 / 6.774979 == pytest.approx(0.246, abs=5e-4)


@pytest.fixture(scope="module")
def run(el_paso):
    design = en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300, backup_mw=40)
    return en.simulate(el_paso, design)


def test_parts_add_up(run):
    cost = en.price(run)
    record = cost.to_dict()
    assert sum(part["capital_usd"] for part in record["parts"].values()) == pytest.approx(
        record["capital_usd"]
    )
    assert sum(part["annual_usd"] for part in record["parts"].values()) == pytest.approx(
        record["annual_usd"]
    )
    assert set(record["parts"]) == set(DRIVERS)


def test_the_array_by_hand(run):
    # 1,100 $/kWdc of 2024, 17 $/kWdc-year of 2022, in dollars of 2025; 30 years at 1.07/1.025 - 1.
    row = en.price(run).frame.loc["solar"]
    capital = 800_000 * 1100 * 322.561 / 313.689
    rate = 1.07 / 1.025 - 1
    assert row["capital_usd"] == pytest.approx(capital)
    recovery = capital * rate / (1 - (1 + rate) ** -30)
    upkeep = 800_000 * 17 * 322.561 / 292.655
    assert row["annual_usd"] == pytest.approx(recovery + upkeep)


def test_land_by_hand(run):
    cost = en.price(run)
    assert cost.land_acres == pytest.approx(800 * 4.2)
    row = cost.frame.loc["land"]
    assert row["capital_usd"] == pytest.approx(800 * 4.2 * 1920)
    assert row["annual_usd"] == pytest.approx(800 * 4.2 * 1920 * (1.07 / 1.025 - 1))


def test_fuel_by_hand(run):
    # Texas gas: 3.24 $/MMBtu of 2022; 8.99 MMBtu a MWh; 25 $/MWh of O&M.
    fuel, om = backup_usd_per_mwh(run.case)
    assert fuel == pytest.approx(8.99 * 3.24 * 322.561 / 292.655)
    assert om == 25
    row = en.price(run).frame.loc["backup"]
    mwh = run.frame["backup_mw"].sum()
    assert mwh > 0
    assert row["fuel_usd"] == pytest.approx(mwh * fuel)
    assert row["variable_om_usd"] == pytest.approx(mwh * 25)


def test_a_site_without_a_gas_price_takes_the_assumption():
    case = en.Case(
        en.read_site("geraldton"), en.Datacenter(it_mw=10), en.read_assumptions(prices="us-2025")
    )
    assert backup_usd_per_mwh(case)[0] == pytest.approx(8.99 * 4.0)


def test_diesel_does_not_take_the_place_s_gas_price(el_paso):
    assumptions = en.read_assumptions(backup="diesel", prices="us-2025")
    fuel, _ = backup_usd_per_mwh(en.Case(el_paso.site, el_paso.datacenter, assumptions))
    assert fuel == pytest.approx(9.77 * 24.75 * 322.561 / 292.655)


def test_a_start_wears_a_turbine_s_whole_unit(case_with):
    # Turbines of at most 50 MW: 80 MW are two of 40. Every other hour both start, for 60 MW.
    load = np.where(np.arange(8760) % 2 == 0, 61.0, 1.0)
    case = case_with(1.0, load)
    case = _with_series(case, en.read_assumptions(backup="turbine", prices="us-2025"))
    ran = en.simulate(case, en.Design(solar_mw=1, backup_mw=80))
    assert ran.unit_mw == 40
    assert ran.starts_per_year == 2 * 4380
    row = en.price(ran).frame.loc["backup"]
    worn = 2 * 4380 * 40 * 24 * 322.561 / 224.939
    assert row["variable_om_usd"] == pytest.approx(4380 * 60 * 5 + worn)


def _with_series(case: en.Case, assumptions: en.Assumptions) -> en.Case:
    """The same made-up sun and load with other assumptions."""
    return case.replace(assumptions=assumptions, solar=case.solar, load_mw=case.load_mw)


def test_the_grid_by_hand(case_with):
    # 20 MW for 8760 h in Texas: 54.8 $/MWh of 2022; 102 $/kW of 2022 over 40 years; 90 $/kW-year.
    ran = en.simulate(case_with(0.0, 20.0), en.Design(solar_mw=1, grid_mw=30))
    assert ran.grid_fraction == pytest.approx(1)
    row = en.price(ran).frame.loc["grid"]
    to_2025 = 322.561 / 292.655
    assert row["capital_usd"] == pytest.approx(30_000 * 102 * to_2025)
    assert row["fixed_om_usd"] == pytest.approx(30_000 * 90)
    assert row["fuel_usd"] == pytest.approx(20 * 8760 * 54.8 * to_2025)
    rate = 1.07 / 1.025 - 1
    repaid = row["capital_usd"] * rate / (1 - (1 + rate) ** -40)
    assert row["annual_usd"] == pytest.approx(repaid + row["fixed_om_usd"] + row["fuel_usd"])


def test_a_site_without_a_grid_price_takes_the_assumption():
    case = en.Case(
        en.read_site("geraldton"), en.Datacenter(it_mw=10), en.read_assumptions(prices="us-2025")
    )
    assert grid_usd_per_mwh(case) == pytest.approx(72.5 * 322.561 / 292.655)


def test_power_comes_when_the_slowest_part_that_is_used_is_there(case_with):
    def years(**sizes: float) -> float:
        ran = en.simulate(case_with(1.0, 1.0), en.Design(solar_mw=1, **sizes))
        return en.price(ran).time_to_power_years

    assert years() == 2.0  # array, battery and switchgear
    assert years(backup_mw=1) == 2.0  # engines are there in 1.25
    assert years(backup_mw=1, grid_mw=1) == 3.0  # Texas, not the 4 of the US
    turbines = _with_series(
        case_with(1.0, 1.0), en.read_assumptions(backup="turbine", prices="us-2025")
    )
    slow = en.simulate(turbines, en.Design(solar_mw=1, backup_mw=1))
    assert en.price(slow).time_to_power_years == 3.0
    away = en.Case(
        en.read_site("geraldton"), en.Datacenter(it_mw=1), en.read_assumptions(prices="us-2025")
    )
    assert en.price(en.simulate(away, en.Design(solar_mw=1, grid_mw=1))).time_to_power_years == 4.0


def test_the_record_tells_kind_fossil_share_and_years_to_power(run):
    record = Evaluation(run).to_dict()
    assert record["backup"]["kind"] == "engine"
    share = run.frame["backup_mw"].sum() / run.frame["load_mw"].sum()
    assert record["backup"]["backup_energy_fraction"] == pytest.approx(share)
    assert record["backup"]["grid_fraction"] == 0
    assert record["backup"]["starts_per_year"] == run.starts_per_year > 0
    assert record["cost"]["time_to_power_years"] == 2.0


def test_sources_name_the_grid_only_where_it_is_used(case_with):
    case = case_with(1.0, 1.0)
    alone = en.evaluate(case, en.Design(solar_mw=1)).sources
    with_grid = en.evaluate(case, en.Design(solar_mw=1, grid_mw=1)).sources
    assert "Texas, Newkirk et al. 2025" in with_grid
    assert "Texas, Newkirk et al. 2025" not in alone


def test_levelized_cost_is_per_mwh_served(run):
    cost = en.price(run)
    served = (run.frame["load_mw"] - run.frame["unserved_mw"]).sum()
    assert cost.levelized_usd_per_mwh == pytest.approx(cost.annual_usd / served)
    assert cost.levelized_usd_per_it_mwh > cost.levelized_usd_per_mwh


def test_cost_is_linear_in_the_sizes(el_paso):
    small = en.price(
        en.simulate(el_paso, en.Design(solar_mw=500, battery_mwh=1000, battery_mw=100))
    )
    large = en.price(
        en.simulate(el_paso, en.Design(solar_mw=1000, battery_mwh=2000, battery_mw=200))
    )
    units = unit_costs(el_paso)
    fixed = units["integration"].annual_usd * el_paso.load_mw.max()
    assert large.annual_usd - fixed == pytest.approx(2 * (small.annual_usd - fixed))


def test_present_cost_of_a_plant_sells_its_land_again(run):
    present = en.price(run).present
    assert present.loc["land", "salvage_usd"] == pytest.approx(
        present.loc["land", "investment_usd"] * (1.07 / 1.025) ** -30
    )
    assert present.loc["battery_energy", "replacement_usd"] > 0  # 20 of 30 years
    parts = present.drop(index="total")
    assert present.loc["total", "total_usd"] == pytest.approx(parts["total_usd"].sum())


def test_prices_move_with_the_consumer_price_index():
    assert price_factor(2022, 2025) == pytest.approx(322.561 / 292.655)
    assert price_factor(2025, 2025) == 1
    with pytest.raises(en.InputError, match="no price index for 1999"):
        price_factor(1999, 2025)


def test_all_prices_low_or_high_bracket_the_cost(run):
    low, high = Evaluation(run).levelized_range_usd_per_mwh
    assert low < en.price(run).levelized_usd_per_mwh < high
