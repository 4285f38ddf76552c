"""Sizing: against linear programmes of other programs, against the kernel, and by hand."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import energy as en
from energy.dispatch.run import run_totals
from energy.dispatch.step import plant_parameters
from energy.sizing import unserved_mwh

ORACLES = Path(__file__).parents[1] / "oracles"
PRICES = {
    "solar_usd_per_mw_year": 87_527.8,
    "battery_usd_per_mwh_year": 17_908.9,
    "battery_usd_per_mw_year": 7_163.6,
    "round_trip_fraction": 0.88,
}


def profile(name: str) -> np.ndarray:
    return np.loadtxt(ORACLES / f"profile_{name}.csv.gz")


# --- other programs -------------------------------------------------------------------------------


LP_ROWS = list(csv.DictReader((ORACLES / "sizing_lp.csv").read_text().splitlines()))


@pytest.mark.parametrize(
    "row", LP_ROWS, ids=lambda row: f"{row['profile']}-{row['served_fraction']}"
)
def test_the_linear_programme_of_pypsa_is_reproduced(row):
    found = en.sizing.least_cost(
        profile(row["profile"]), np.full(8760, 100.0), cyclic=True,
        served_fraction=float(row["served_fraction"]), **PRICES,
    )  # fmt: skip
    assert found.annual_usd == pytest.approx(float(row["annual_usd"]), rel=1e-5)
    assert found.solar_mw == pytest.approx(float(row["solar_mw"]), rel=1e-4)
    assert found.battery_mwh == pytest.approx(float(row["battery_mwh"]), rel=1e-4)
    assert found.battery_mw == pytest.approx(float(row["battery_mw"]), rel=1e-4)


def linear_programme(solar, load, prices, round_trip, served, cyclic, step_h, kept=1.0, own=0.0):
    """The same problem as a linear programme over sizes and flows, solved by HiGHS."""
    n, eta = len(solar), math.sqrt(round_trip)
    # Columns: S, E, P, then charge, discharge, unserved, store at each step's end.
    ch, di, un, so = (3 + k * n + np.arange(n) for k in range(4))
    cost = np.zeros(3 + 4 * n)
    cost[:3] = prices
    above, limit = [], []

    def at_most(entries, bound):
        row = np.zeros(len(cost))
        for column, value in entries:
            row[column] += value
        above.append(row)
        limit.append(bound)

    equal, value = [], []
    for t in range(n):
        at_most([(di[t], -1), (un[t], -1), (ch[t], 1), (0, -solar[t]), (1, own)], -load[t])
        at_most([(ch[t], 1), (2, -1)], 0)
        at_most([(di[t], 1), (2, -1)], 0)
        at_most([(so[t], 1), (1, -1)], 0)
        row = np.zeros(len(cost))
        row[so[t]], row[ch[t]], row[di[t]] = 1, -eta * step_h, step_h / eta
        if t or cyclic:
            row[so[t - 1]] -= kept
        else:
            row[1] -= kept  # full at first
        equal.append(row)
        value.append(0)
    at_most([(u, step_h) for u in un], (1 - served) * sum(load) * step_h)
    return linprog(cost, np.array(above), limit, np.array(equal), value, method="highs")


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1), st.integers(12, 60), st.floats(0.5, 1.0), st.floats(0.7, 1.0),
    st.booleans(), st.sampled_from([1.0, 0.5]),
)  # fmt: skip
def test_a_linear_programme_finds_nothing_cheaper(seed, n, served, round_trip, cyclic, step_h):
    random = np.random.default_rng(seed)
    day = np.maximum(np.sin(np.arange(n) / 24 * 2 * np.pi), 0)
    solar = day * random.uniform(0, 1, n)
    load = random.uniform(50, 150, n)
    prices = random.uniform([50, 1, 0.5], [150, 30, 20])
    solved = linear_programme(solar, load, prices, round_trip, served, cyclic, step_h)
    assert solved.success
    found = en.sizing.least_cost(
        solar, load,
        solar_usd_per_mw_year=prices[0],
        battery_usd_per_mwh_year=prices[1],
        battery_usd_per_mw_year=prices[2],
        round_trip_fraction=round_trip, served_fraction=served, cyclic=cyclic, step_h=step_h,
    )  # fmt: skip
    assert found.annual_usd == pytest.approx(solved.fun, rel=1e-6)


# --- the curve against the kernel -----------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 2**32 - 1), st.floats(100, 2500), st.floats(0, 800), st.floats(0.6, 1.0),
    st.booleans(), st.sampled_from([1.0, 0.5]),
)  # fmt: skip
def test_the_curve_of_all_batteries_is_what_the_kernel_runs(
    seed, solar_mw, battery_mw, round_trip, cyclic, step_h
):
    random = np.random.default_rng(seed)
    n = int(random.integers(5, 400))
    clouds = np.repeat(random.beta(2, 1, n // 24 + 1), 24)[:n]
    solar = np.maximum(np.sin((np.arange(n) - 6) / 24 * 2 * np.pi), 0) * clouds
    load = 100 + random.normal(0, 10, n)
    batteries = np.array([0.0, 50.0, 400.0, 1500.0, 4000.0, 20000.0])
    curve = unserved_mwh(
        solar, load, batteries, solar_mw=solar_mw, battery_mw=battery_mw,
        round_trip_efficiency=round_trip, cyclic=cyclic, step_h=step_h,
    )  # fmt: skip
    for battery, told in zip(batteries, curve, strict=True):
        plant = plant_parameters(
            solar_mw=solar_mw, usable_mwh=battery, battery_mw=battery_mw,
            one_way_efficiency=math.sqrt(round_trip), step_h=step_h,
        )  # fmt: skip
        none = np.empty(0)
        start = battery
        if cyclic:
            # Round after round until nothing changes. A plant that drains would take as long as
            # its store lasts, and then be what an empty start leads to.
            start = run_totals(plant, solar, load, none, none, battery)[3]
            for _ in range(200):
                end = run_totals(plant, solar, load, none, none, start)[3]
                if abs(end - start) < 1e-9:
                    break
                start = end
            else:
                start = run_totals(plant, solar, load, none, none, 0.0)[3]
        ran = run_totals(plant, solar, load, none, none, start)[0] * step_h
        assert told == pytest.approx(ran, abs=1e-9 * load.sum()), battery


def test_a_curve_by_hand():
    # Two days: sun of 300 then dark, load 100, one way 1: +200, -100, +200, -100, then -100.
    solar = np.array([300.0, 0, 300, 0, 0])
    load = np.full(5, 100.0)
    got = unserved_mwh(solar, load, np.array([0.0, 100, 150, 200, 300]), solar_mw=1.0,
                       battery_mw=1000.0, round_trip_efficiency=1.0, cyclic=False)  # fmt: skip
    # Without battery three dark hours; 100 MWh carry one hour of each night; 200 both nights.
    assert got.tolist() == pytest.approx([300, 100, 50, 0, 0])


def test_deficits_above_the_power_stay_unserved_whatever_the_store():
    got = unserved_mwh(np.array([300.0, 0]), np.full(2, 100.0), np.array([0.0, 1e6]), solar_mw=1.0,
                       battery_mw=60.0, round_trip_efficiency=1.0, cyclic=True)  # fmt: skip
    assert got.tolist() == pytest.approx([100, 40])


# --- what must hold of a least cost ---------------------------------------------------------------


def test_prices_that_all_change_alike_leave_the_sizes():
    base = en.sizing.least_cost(profile("phoenix"), np.full(8760, 100.0), served_fraction=0.95,
                         cyclic=True, **PRICES)  # fmt: skip
    cheaper = {k: v * (1 if k.startswith("round") else 2 / 3) for k, v in PRICES.items()}
    less = en.sizing.least_cost(profile("phoenix"), np.full(8760, 100.0), served_fraction=0.95,
                         cyclic=True, **cheaper)  # fmt: skip
    assert less.annual_usd == pytest.approx(base.annual_usd * 2 / 3, rel=1e-8)
    assert less[:3] == pytest.approx(base[:3], rel=1e-5)


def test_a_load_twice_as_large_takes_a_plant_twice_as_large():
    base = en.sizing.least_cost(
        profile("phoenix"), 100.0, served_fraction=0.9, cyclic=True, **PRICES
    )
    twice = en.sizing.least_cost(
        profile("phoenix"), 200.0, served_fraction=0.9, cyclic=True, **PRICES
    )
    assert twice.annual_usd == pytest.approx(2 * base.annual_usd, rel=1e-8)


def test_half_hours_of_the_same_hours_cost_the_same():
    solar = profile("cheyenne")
    hourly = en.sizing.least_cost(solar, 100.0, served_fraction=0.95, cyclic=True, **PRICES)
    halves = en.sizing.least_cost(np.repeat(solar, 2), 100.0, served_fraction=0.95, cyclic=True,
                           step_h=0.5, **PRICES)  # fmt: skip
    assert halves.annual_usd == pytest.approx(hourly.annual_usd, rel=1e-8)


def test_a_full_start_is_never_dearer_than_a_circle():
    solar = profile("phoenix")
    full = en.sizing.least_cost(solar, 100.0, served_fraction=0.99, cyclic=False, **PRICES)
    circle = en.sizing.least_cost(solar, 100.0, served_fraction=0.99, cyclic=True, **PRICES)
    assert full.annual_usd <= circle.annual_usd * (1 + 1e-8)


@pytest.mark.parametrize("change", [
    {"served_fraction": 0.0}, {"served_fraction": 1.2}, {"served_fraction": float("nan")},
    {"solar_usd_per_mw_year": 0.0}, {"battery_usd_per_mwh_year": -1.0},
    {"battery_usd_per_mw_year": -1.0}, {"round_trip_fraction": 1.1}, {"step_h": 0.0},
])  # fmt: skip
def test_arguments_out_of_bounds_are_refused_by_name(change):
    arguments = {"served_fraction": 0.9, "cyclic": True} | PRICES | change
    with pytest.raises(en.InputError, match=next(iter(change))):
        en.sizing.least_cost(np.array([0.5, 0.0]), np.array([1.0, 1.0]), **arguments)


def test_series_that_cannot_be_are_refused():
    arguments = {"served_fraction": 0.9, "cyclic": True} | PRICES
    with pytest.raises(en.InputError, match="finite"):
        en.sizing.least_cost(np.array([0.5, np.nan]), np.array([1.0, 1.0]), **arguments)
    with pytest.raises(en.InputError, match="nothing to serve"):
        en.sizing.least_cost(np.array([0.5, 0.0]), np.array([0.0, 0.0]), **arguments)
    with pytest.raises(en.InfeasibleError, match="no PV generation"):
        en.sizing.least_cost(np.array([0.0, 0.0]), np.array([1.0, 1.0]), **arguments)


# --- a case's plant -------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0.9, 0.99, 0.9999])
def test_a_sized_plant_serves_its_target_and_hardly_more(el_paso, target):
    sized = en.size(el_paso, served_fraction=target)
    served = sized.evaluation.availability.served_fraction
    assert target - 2e-9 <= served <= target + 1e-6


def test_no_plant_nearby_is_cheaper_and_serves_as_much(wyoming):
    best = en.size(wyoming, served_fraction=0.99)
    random = np.random.default_rng(1)
    steps = random.normal(0, 0.03, (200, 3))
    cheaper = 0
    for step in steps:
        sizes = np.array([best.design.solar_mw, best.design.battery_mwh, best.design.battery_mw])
        solar_mw, battery_mwh, battery_mw = sizes * (1 + step)
        other = en.evaluate(
            wyoming,
            en.Design(solar_mw=solar_mw, battery_mwh=battery_mwh, battery_mw=battery_mw),
        )
        if other.cost.annual_usd < best.evaluation.cost.annual_usd * (1 - 1e-6):
            cheaper += 1
            assert other.availability.served_fraction < 0.99
    assert cheaper > 20  # the test has tried something


def test_standing_loss_costs_a_little_battery(el_paso):
    assumptions = el_paso.assumptions
    ideal = assumptions.replace(
        battery=assumptions.battery.replace(self_discharge_fraction_per_month=0.0)
    )
    with_loss = en.size(el_paso, served_fraction=0.99)
    without = en.size(en.Case(el_paso.site, el_paso.datacenter, ideal), served_fraction=0.99)
    ratio = with_loss.evaluation.cost.annual_usd / without.evaluation.cost.annual_usd
    assert 1 < ratio < 1.005


@pytest.mark.parametrize("usable_fraction", [1.0, 0.5])
def test_size_and_least_cost_agree_on_a_case(el_paso, usable_fraction):
    assumptions = el_paso.assumptions
    ideal = assumptions.replace(
        battery=assumptions.battery.replace(
            self_discharge_fraction_per_month=0.0, usable_fraction=usable_fraction
        )
    )
    case = en.Case(el_paso.site, el_paso.datacenter, ideal)
    sized = en.size(case, served_fraction=0.95)
    frame = sized.evaluation.cost.frame
    unit = frame["annual_usd"] / frame["size"]
    # A usable MWh takes 1 / usable_fraction nameplate MWh, and costs as much more.
    found = en.sizing.least_cost(
        case.solar,
        case.load_mw,
        solar_usd_per_mw_year=unit["solar"] + unit["land"],
        battery_usd_per_mwh_year=unit["battery_energy"] / usable_fraction,
        battery_usd_per_mw_year=unit["battery_power"],
        round_trip_fraction=0.88,
        served_fraction=0.95,
        cyclic=True,
    )
    assert sized.design.solar_mw == pytest.approx(found.solar_mw, rel=1e-5)
    assert sized.design.battery_mwh * usable_fraction == pytest.approx(found.battery_mwh, rel=1e-5)
    assert found.annual_usd + frame.loc["integration", "annual_usd"] == pytest.approx(
        sized.evaluation.cost.annual_usd, rel=1e-7
    )


def test_a_target_beyond_the_largest_plant_says_what_is_missing(case_with):
    solar = np.tile(np.repeat([0.0, 0.8], 12), 365)
    solar[24 * 100 : 24 * 130] = 0.0  # thirty dark days from 11 April
    case = case_with(solar, 100.0)
    with pytest.raises(en.InfeasibleError) as caught:
        en.size(case, served_fraction=0.99)
    message = str(caught.value)
    assert "no plant serves 0.99" in message
    # Ten days of battery, nine tenths of it usable: about nine of the thirty days are carried.
    assert "April" in message
    assert "MWh a year" in message
    assert en.size(case, served_fraction=0.9).design.battery_mwh > 0


def test_sites_are_ranked_by_cost_and_the_dearest_comes_last():
    ranking = en.compare(["greensboro", "el-paso"], served_fraction=0.9)
    assert not ranking.notes
    assert list(ranking.frame.index) == ["el-paso", "greensboro"]
    assert ranking.frame["levelized_usd_per_mwh"].is_monotonic_increasing


def test_a_ranking_of_typical_beside_actual_years_says_so():
    ranking = en.compare(["fort-collins", "el-paso"], served_fraction=0.9)
    assert len(ranking.notes) == 1
    assert "typical" in ranking.notes[0]
