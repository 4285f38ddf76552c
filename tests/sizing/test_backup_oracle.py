"""Backup against perfect foresight: plants that HiGHS found for real years, run by the rule."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.case import backup_usd_per_mwh
from energy.finance import annual_usd_per_size

ORACLES = Path(__file__).parents[1] / "oracles"
FOUND = pd.read_csv(ORACLES / "backup_lp.csv").set_index(["site", "year"])
SIZES = ["solar_mw", "battery_mwh", "battery_mw", "backup_mw"]
PRICES = {
    "solar_mw": "solar_usd_per_mw_year", "battery_mwh": "battery_usd_per_mwh_year",
    "battery_mw": "battery_usd_per_mw_year", "backup_mw": "backup_usd_per_mw_year",
}  # fmt: skip


@cache
def case_of(site_name: str, year: int) -> en.Case:
    """One year of a shipped site."""
    site = en.read_site(site_name)
    weather = site.series
    frame = weather.frame[np.asarray(weather.local_middle.year) == year]
    one = replace(
        weather, frame=frame, provenance=weather.provenance.replace(first_year=year, last_year=year)
    )
    # The linear programs know no snow, nor a battery that takes power, and have PVWatts' modules.
    assumptions = en.read_assumptions(modules="pvwatts", prices="us-2025")
    assumptions = assumptions.with_values({"battery.own_use_kw_per_mwh": 0.0})
    return en.Case(
        site.with_weather(one), en.Datacenter(it_mw=100), assumptions,
        snow_loss=en.snow.no_snow_loss,
    )  # fmt: skip


def knowing_only_other_years(case: en.Case) -> en.Case:
    """The case with the mean days of its site's other years, where there are some."""
    name, year = case.site.name, case.weather.first_year
    others = [case_of(site, other) for site, other in FOUND.index if site == name]
    days = [other.mean_days for other in others if other.weather.first_year != year]
    return case.replace(mean_days=np.mean(days or [case.mean_days], axis=0))


def design_of(row: pd.Series, **more: float) -> en.Design:
    return en.Design(**{name: float(row[name]) for name in SIZES} | more)


@pytest.mark.parametrize(("site", "year"), FOUND.index)
def test_with_the_whole_battery_in_reserve_a_plant_serves_what_perfect_foresight_serves(site, year):
    # HiGHS built the least that leaves .1 % unserved; nothing can serve more with those sizes.
    row = FOUND.loc[site, year]
    ran = en.simulate(case_of(site, year), design_of(row, reserve_conservatism=1.0))
    dark = 1 - en.assess(ran).served_fraction
    assert dark == pytest.approx(row["unserved_fraction"], abs=2e-6)


@pytest.mark.parametrize(("site", "year"), FOUND.index)
def test_with_its_sizes_and_its_fuel_the_rule_serves_within_a_fiftieth_of_foresight(site, year):
    row, case = FOUND.loc[site, year], case_of(site, year)
    reserves = np.linspace(0, 1, 41)
    frame = en.simulate_many(case, [design_of(row, reserve_conservatism=r) for r in reserves])
    fossil = frame["backup_mwh_per_year"] / case.weather.per_year(case.load_mw)
    best = frame["served_fraction"][fossil <= row["backup_energy_fraction"]].max()
    greedy = frame["served_fraction"].iloc[0]
    assert 1 - row["unserved_fraction"] - 0.02 < best
    assert best > greedy + 0.005


@pytest.mark.parametrize("site", sorted(set(FOUND.index.get_level_values("site"))))
def test_the_linear_programme_was_solved_at_the_shipped_prices(site):
    row, case = FOUND.loc[site].iloc[0], case_of(site, int(FOUND.loc[site].index[0]))
    per_size = annual_usd_per_size(case)
    for size, name in PRICES.items():
        assert per_size[size] == pytest.approx(row[name]), "run make_backup_lp.py anew"
    assert sum(backup_usd_per_mwh(case)) == pytest.approx(row["backup_usd_per_mwh"])
    fixed_usd = per_size["load"] * case.load_mw.max()
    assert fixed_usd == pytest.approx(row["fixed_usd_per_year"])
