"""Price books against plants that are being built, and against arithmetic by hand."""

from __future__ import annotations

import math

import pytest

import energy as en
from energy.analysis.monte_carlo import _samples
from energy.finance import capital_usd_per_size, unit_costs
from energy.finance.additions import addition_prices


def case_at(country: str, **assumed: str) -> en.Case:
    site = en.read_site("wyoming" if country == "US" else "phoenix").replace(country=country)
    assumptions = en.read_assumptions(**assumed) if assumed else None
    return en.Case(site, en.Datacenter(it_mw=100), assumptions)


def capital_usd(case: en.Case, **sizes_mw: float) -> float:
    per_size = capital_usd_per_size(case)
    return sum(per_size[name] * size for name, size in sizes_mw.items())


def test_cowboy_at_cheyenne_costs_what_was_announced() -> None:
    # Enbridge and Meta, May 2026: 365 MWac, 200 MW / 1,600 MWh, some 1.2 bn$, on the grid. At 1.3
    # kWdc/kWac; the battery is announced by what it delivers.
    case = case_at("US")
    assert case.assumptions.prices == "us-2026"
    nameplate_mwh = 1600 / case.assumptions.battery.usable_fraction
    plant = {"solar_mw": 1.3 * 365, "battery_mwh": nameplate_mwh, "battery_mw": 200.0}
    assert capital_usd(case, **plant, grid_mw=365.0) == pytest.approx(1.2e9, rel=0.20)
    low, high = (
        capital_usd(
            case.replace(assumptions=case.assumptions.at_prices(end)), **plant, grid_mw=365.0
        )
        for end in ("low", "high")
    )
    assert low < 1.2e9 < high
    old = case_at("US", prices="us-2025")
    assert capital_usd(old, **plant | {"battery_mwh": 1600.0}) == pytest.approx(0.87e9, rel=0.01)


def test_masdar_s_round_the_clock_plant_costs_what_was_announced() -> None:
    # Masdar and EWEC, October 2025: 5.2 GW and 19 GWh for 1 GW round the clock, 22 bn AED, 5.99
    # bn$. The battery takes what the array gives beyond the load: some 4 GW.
    case = case_at("AE")
    assert case.assumptions.prices == "gulf-2026"
    plant = {"solar_mw": 5200.0, "battery_mwh": 19_000.0, "battery_mw": 4000.0, "load": 1000.0}
    assert capital_usd(case, **plant) == pytest.approx(5.99e9, rel=0.15)
    # At US prices it was two thirds too much.
    assert capital_usd(case_at("AE", prices="us-2025"), **plant) > 1.6 * 5.99e9


def test_interest_of_construction_by_hand() -> None:
    # A dollar spent evenly over a year at 7.5 %: (1.075 - 1) / ln 1.075 = 1.0370.
    case = case_at("US")
    built = case.assumptions.construction.capital_factor
    assert built == pytest.approx(0.075 / math.log(1.075))
    assert built == pytest.approx(1.037, abs=1e-4)
    without = case.with_parameters({"construction.interest_fraction_per_year": 0.0})
    assert without.assumptions.construction.capital_factor == 1.0
    more, less = unit_costs(case), unit_costs(without)
    for part in more:
        factor = 1.0 if part == "land" else built
        assert more[part].capital_usd == pytest.approx(factor * less[part].capital_usd), part
        assert more[part].fixed_om_usd_per_year == less[part].fixed_om_usd_per_year, part


@pytest.mark.parametrize("kept", [True, False])
def test_upkeep_that_is_saved_is_a_fraction_of_the_price_without_interest(kept: bool) -> None:
    case = case_at("US")
    without = case.with_parameters({"construction.interest_fraction_per_year": 0.0})
    rate = case.assumptions.finance.real_discount_fraction
    om = []
    for each in (case, without):
        prices, unit = addition_prices(each, kept_by_om=kept), unit_costs(each)["battery_energy"]
        recovery = en.finance.capital_recovery_factor(rate, unit.lifetime_years)
        served = (1 - (1 + rate) ** -20) / (1 - (1 + rate) ** -30)
        om.append(prices.annual_usd_per_mwh[0] / served - unit.capital_usd * recovery)
    assert om[0] == pytest.approx(om[1])


@pytest.mark.parametrize(
    ("country", "book"),
    [("US", "us-2026"), ("CN", "china-2026"), ("QA", "gulf-2026"), ("AU", "global-2026")],
)
def test_a_site_gets_the_prices_of_its_market(country: str, book: str) -> None:
    case = case_at(country)
    assert case.assumptions.prices == book
    assert case.price_notes == []


def test_each_site_of_a_comparison_has_its_own_prices() -> None:
    sites = [en.read_site("phoenix"), en.read_site("tucson").replace(country="SA")]
    ranking = en.compare(sites, served_fraction=0.6, sizer=en.size)
    books = {s.case.site.name: s.case.assumptions.prices for s in ranking.sizings}
    assert books == {"phoenix": "us-2026", "tucson": "gulf-2026"}
    assert ranking.notes[0].startswith("sites have the prices of their own markets (gulf-2026, us-")
    assert ranking.prices_title == "Gulf states, 2026 (gulf-2026), United States, 2026 (us-2026)"
    same = en.compare(
        sites,
        served_fraction=0.6,
        assumptions=en.read_assumptions(prices="us-2026"),
    )
    assert "markets" not in " ".join(same.notes)


def test_draws_of_sites_of_two_markets_stand_equally_high_in_their_ranges() -> None:
    cases = [case_at("US"), case_at("SA")]
    ours, theirs = _samples([case.parameters for case in cases], 64, 0)
    assert list(ours.columns) == list(theirs.columns)
    for name in ("tracker.capital_usd_per_kwdc", "battery.energy_usd_per_kwh"):
        assert ours[name].rank().tolist() == theirs[name].rank().tolist(), name
        for sample, case in ((ours, cases[0]), (theirs, cases[1])):
            low, high = case.assumptions.frame.loc[name, ["low", "high"]]
            assert sample[name].between(low, high).all()
    # What has a range in one market alone keeps its value in the other.
    assert (ours["battery.usable_fraction"] == 0.9).all()
    assert theirs["battery.usable_fraction"].nunique() == 64
    drawn = en.monte_carlo(cases, served_fraction=0.6, draws=16)
    assert drawn.frame["p50_usd_per_mwh"].notna().all()
