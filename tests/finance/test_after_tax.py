"""The price after tax of a whole plant: by hand, against present cost, what law and dates do."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest

import energy as en
from energy import cli
from energy.finance import Terms, after_tax, capital_recovery_factor


@pytest.fixture(scope="module")
def plant():
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    return en.evaluate(case, en.Design(solar_mw=900, battery_mwh=3000, battery_mw=380))


def test_the_price_gives_the_wanted_return(plant):
    for wanted in (0.06, 0.1, 0.15):
        found = after_tax(plant.cost, Terms(equity_irr_fraction=wanted))
        assert found.pro_forma.irr_fraction == pytest.approx(wanted, abs=1e-9)
        again = after_tax(plant.cost, Terms(price_usd_per_mwh=found.price_usd_per_mwh))
        assert again.pro_forma.irr_fraction == pytest.approx(wanted, abs=1e-9)


def test_without_tax_and_debt_it_is_the_present_cost_by_hand(plant):
    # Revenue that grows with inflation, at a nominal rate, is a real annuity at the real rate.
    # Present cost has batteries replaced at today's price.
    assumed = plant.case.assumptions
    steady = assumed.replace(wear=assumed.wear.replace(price_change_per_year=0.0))
    plant = en.evaluate(plant.case.replace(assumptions=steady), plant.design)
    finance = plant.case.assumptions.finance
    terms = Terms(
        equity_irr_fraction=finance.wacc_fraction, debt_fraction=0.0, tax_fraction=0.0,
        start="2040-01",
    )  # fmt: skip
    annuity = capital_recovery_factor(finance.real_discount_fraction, finance.project_years)
    # The first year's price is in dollars of its end, a year of inflation behind those of today.
    served_mwh = plant.run.served_mwh_per_year
    present_usd = plant.cost.present.loc["total", "total_usd"]
    om = plant.cost.frame[["fixed_om_usd", "variable_om_usd", "fuel_usd"]].to_numpy().sum()
    other_usd = present_usd - om / annuity
    expected = (other_usd * annuity * (1 + finance.inflation_fraction) + om) / served_mwh
    assert after_tax(plant.cost, terms).price_usd_per_mwh == pytest.approx(expected, rel=1e-9)


def test_credits_follow_the_dates(plant):
    by_start = {
        (start, in_service): after_tax(plant.cost, Terms(start=start, in_service=in_service))
        for start, in_service in (
            ("2026-06", "2028-06"), ("2026-08", "2027-12"), ("2026-08", "2028-01"),
            ("2035-03", "2037-01"), ("2036-03", "2038-01"),
        )
    }  # fmt: skip
    assert [found.credits.itc_fraction for found in by_start.values()] == [
        {"solar": 0.3, "battery": 0.3}, {"solar": 0.3, "battery": 0.3},
        {"solar": 0.0, "battery": 0.3}, {"solar": 0.0, "battery": 0.15},
        {"solar": 0.0, "battery": 0.0},
    ]  # fmt: skip
    prices = [found.price_usd_per_mwh for found in by_start.values()]
    assert prices == sorted(prices)
    assert prices[0] == prices[1] < prices[2] < prices[3] < prices[4]


def test_a_month_of_waiting_is_a_month_of_the_computers_life(plant):
    # 100 MW at 37.5 M$ over five years of twelve months.
    assert after_tax(plant.cost).waiting_usd_per_month == pytest.approx(62.5e6)
    assert after_tax(plant.cost).months_to_power == 12 * plant.cost.time_to_power_years


def test_a_place_abroad_has_no_credit_and_says_so():
    case = en.Case(en.read_site("geraldton"), en.Datacenter(it_mw=100))
    found = after_tax(en.evaluate(case, en.Design(solar_mw=900)).cost)
    assert set(found.credits.itc_fraction.values()) == {0.0}
    assert "tax rates are those of the United States" in found.notes
    assert any("no tax credit is known for AU" in note for note in found.notes)


def test_engines_and_grid_are_taxed_as_what_they_are(plant):
    design = plant.design.replace(backup_mw=120, grid_mw=20)
    found = after_tax(en.evaluate(plant.case, design).cost)
    assert set(found.credits) == {"solar", "battery", "engine", "grid"}
    parts = found.pro_forma.options["capital_usd"]
    assert parts["backup"].depreciation == found.credits["engine"].depreciation
    assert (parts["land"].depreciation, parts["integration"].depreciation) == ("none", "macrs-15")
    cost = found.cost.frame
    assert sum(part.usd for part in parts.values()) == pytest.approx(cost["capital_usd"].sum())


def test_fuel_cells_have_a_credit_that_engines_do_not(plant):
    assumed = plant.case.assumptions
    design = plant.design.replace(backup_mw=120)
    backup = en.read_assumptions(backup="fuel_cell", prices=assumed.prices).backup
    case = plant.case.replace(assumptions=assumed.replace(backup=backup))
    found = after_tax(en.evaluate(case, design).cost)
    assert found.credits.itc_fraction == {"solar": 0.0, "battery": 0.3, "fuel_cell": 0.3}
    part = found.pro_forma.options["capital_usd"]["backup"]
    assert (part.itc_fraction, part.depreciation) == (0.3, found.credits["fuel_cell"].depreciation)
    engines = after_tax(en.evaluate(plant.case, design).cost)
    assert "engine" not in engines.credits.itc_fraction


@pytest.mark.parametrize("years", [1, 5, 10, 21, 39])
def test_a_project_of_any_length_has_a_price(plant, years):
    assumed = plant.case.assumptions
    finance = assumed.finance.replace(project_years=years)
    case = plant.case.replace(assumptions=assumed.replace(finance=finance))
    found = after_tax(en.evaluate(case, plant.design).cost)
    assert found.pro_forma.irr_fraction == pytest.approx(0.1, abs=1e-8)
    assert found.frame.notna().all(axis=None)


def test_what_is_wrong_is_told(plant):
    for given, rule in (
        ({"debt_fraction": 1.5}, "debt_fraction"),
        ({"start": "2028-13"}, "2028-13"),
        ({"start": "2028-01", "in_service": "2027-01"}, "in_service"),
        ({"start": "soon"}, "soon"),
        ({"equity_irr_fraction": float("nan")}, "equity_irr_fraction"),
    ):
        with pytest.raises(en.InputError, match=rule):
            Terms(**given)
    with pytest.raises(en.InputError, match="tenor"):
        after_tax(plant.cost, Terms(debt_years=40))


# --- the command ----------------------------------------------------------------------------------


def call(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["energy", *words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


KEYS = {"price_usd_per_mwh", "equity_irr_fraction", "npv_usd", "itc_fraction", "months_to_power",
        "waiting_usd_per_month"}  # fmt: skip


def test_json_holds_the_money_of_each_site(monkeypatch, capsys):
    words = ("--served-fraction", "0.9", "--array", "assumed", "--prices", "us-2026", "--json")
    code, out, err = call(monkeypatch, capsys, "compare", "el-paso", "phoenix", *words)
    assert (code, err) == (0, "")
    for site in json.loads(out)["sites"]:
        assert set(site["finance"]) >= KEYS
        assert site["cost"]["prices"] == "us-2026"
        assert site["finance"]["equity_irr_fraction"] == pytest.approx(0.1)
        assert set(site["finance"]["itc_fraction"]) == {"solar", "battery"}
    code, out, _ = call(monkeypatch, capsys, "run", "el-paso", "--solar-mw", "400", "--json")
    assert set(json.loads(out)["sites"][0]["finance"]) >= KEYS


def test_the_command_prints_the_pro_forma_and_writes_it(monkeypatch, capsys, tmp_path):
    path = tmp_path / "years.csv"
    code, out, err = call(
        monkeypatch, capsys, "finance", "el-paso", "--served-fraction", "0.9", "--array",
        "assumed", "--equity-irr-fraction", "0.12", "--starts", "2027-03", "--in-service",
        "2029-06", "--csv", str(path),
    )  # fmt: skip
    assert code == 0
    assert "gives equity 12.00%" in out
    assert "construction 2027-03, power 2029-06" in out
    assert "battery: 30 % credit" in out + err
    years = pd.read_csv(path)
    assert list(years["year"]) == list(range(31))


def test_a_bad_date_is_told_before_anything_is_sized(monkeypatch, capsys):
    code, out, err = call(
        monkeypatch, capsys, "size", "el-paso", "--served-fraction", "2", "--starts", "2028-13"
    )
    assert (code, out) == (2, "")
    assert "2028-13" in err
    assert "--served-fraction" in err


def test_compare_prints_the_price_of_each_site(monkeypatch, capsys):
    words = ("--served-fraction", "0.9", "--array", "assumed", "--equity-irr-fraction", "0.08")
    code, out, _ = call(monkeypatch, capsys, "compare", "el-paso", "phoenix", *words)
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("after tax"))
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    found = after_tax(
        en.size(case, served_fraction=0.9).evaluation.cost, Terms(equity_irr_fraction=0.08)
    )
    assert "equity earns 8.00%" in line
    heads = next(line for line in out.splitlines() if "levelized cost" in line)
    row = next(line for line in out.splitlines() if line.startswith(" el-paso"))
    at = heads.index("after tax")
    assert row[at - 2 : at + 10].split() == [f"{found.price_usd_per_mwh:.1f}"]
    # Ranked by it, the plant is the cheapest after tax and the column is gone.
    _, out, _ = call(monkeypatch, capsys, "compare", "el-paso", *words, "--after-tax")
    assert "2025 dollars, after tax at a return of 8 %" in out
    assert "after tax  " not in next(x for x in out.splitlines() if "levelized cost" in x)


def test_beside_a_life_the_price_says_what_it_is_of(monkeypatch, capsys):
    words = ("--served-fraction", "0.9", "--array", "assumed", "--life")
    _, out, _ = call(monkeypatch, capsys, "size", "tampa", *words, "--json")
    (site,) = json.loads(out)["sites"]
    assert "as it is first built" in site["finance"]["notes"][-1]
    assert any("26 USC 11(b)" in source for source in site["finance"]["sources"])
    _, out, _ = call(monkeypatch, capsys, "size", "tampa", *words)
    assert "as it is first built" in next(
        line for line in out.splitlines() if line.startswith("after tax")
    )
