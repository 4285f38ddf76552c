"""The frontier: equal to each target's own search, convex, and exact with the standing loss."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_least_cost import LP_ROWS, PRICES, linear_programme, profile

import energy as en
from energy.dispatch.run import cyclic_soc, run_totals
from energy.dispatch.step import plant_parameters
from energy.sizing.cutting_planes import Problem, solve
from energy.sizing.frontier import SERVED_FRACTIONS, SIZES, problem_of
from energy.sizing.storage_curve import (
    smallest_lossy_battery,
    unserved_and_slopes,
    unserved_mwh,
)


@pytest.fixture(scope="module")
def golden() -> en.Case:
    return en.Case(en.read_site("golden"), en.Datacenter(it_mw=100))


@pytest.fixture(scope="module")
def curve(golden: en.Case) -> en.sizing.Frontier:
    return en.frontier(golden)


# --- against single searches and other programs ---------------------------------------------------


@pytest.mark.parametrize("name", ["phoenix", "cheyenne"])
def test_all_targets_at_once_are_those_of_the_linear_programme(name):
    rows = [row for row in LP_ROWS if row["profile"] == name]
    shares = [float(row["served_fraction"]) for row in rows]
    found = en.sizing.least_costs(
        profile(name), 100.0, served_fractions=shares, cyclic=True, **PRICES
    )
    for row, plant in zip(rows, found, strict=True):
        assert plant.annual_usd == pytest.approx(float(row["annual_usd"]), rel=1e-5)
        assert plant.solar_mw == pytest.approx(float(row["solar_mw"]), rel=1e-4)


@pytest.mark.parametrize("share", [0.5, SERVED_FRACTIONS[10], 0.99999, 1.0])
def test_each_row_is_what_size_gives(curve, share):
    row = curve.frame[np.isclose(curve.frame["served_fraction"], share, rtol=0, atol=1e-12)].iloc[0]
    sized = en.size(curve.case, served_fraction=share)
    assert row["annual_usd"] == pytest.approx(sized.evaluation.cost.annual_usd, rel=1e-8)
    assert row["capital_usd"] == pytest.approx(sized.evaluation.cost.capital_usd, rel=1e-3)
    told = sized.evaluation.availability
    assert row["available_fraction"] == pytest.approx(told.available_fraction, abs=1e-3)


def test_a_row_s_measures_are_those_of_its_run(curve):
    plant = en.evaluate(curve.case, curve.design(SERVED_FRACTIONS[12]))
    row = curve.frame.iloc[12]
    assert row["served_fraction"] == pytest.approx(plant.availability.served_fraction, abs=1e-9)
    assert row["available_fraction"] == pytest.approx(plant.availability.available_fraction)
    assert row["longest_event_h"] == plant.availability.longest_event_h
    worst = plant.availability.worst_year["served_fraction"]
    assert row["worst_year_served_fraction"] == pytest.approx(worst)
    assert row["annual_usd"] == pytest.approx(plant.cost.annual_usd)
    assert row["capital_usd"] == pytest.approx(plant.cost.capital_usd)
    assert row["levelized_usd_per_mwh"] == pytest.approx(plant.cost.levelized_usd_per_mwh)


def test_cost_rises_with_the_share_and_is_convex_in_it(curve):
    shares, usd = curve.frame["served_fraction"].to_numpy(), curve.frame["annual_usd"].to_numpy()
    slopes = np.diff(usd) / np.diff(shares)
    assert (slopes > 0).all()
    # A cost is found to 1e-9, which between .99999 and 1 is 3e-6 of the slope.
    assert (np.diff(slopes) > -3e-6 * slopes[:-1]).all()


def test_a_full_start_is_stated_and_never_dearer(golden, curve):
    shares = [0.9, 0.999]
    circle, full = en.frontier(golden, shares), en.frontier(golden, shares, cyclic=False)
    assert (full.frame["annual_usd"] <= circle.frame["annual_usd"] * (1 + 1e-8)).all()
    assert (circle.to_dict()["start"], full.to_dict()["start"]) == ("as the end", "full")
    run = en.simulate(golden, full.design(0.999), initial_soc_fraction=1.0)
    assert en.assess(run).served_fraction == pytest.approx(0.999, abs=1e-9)


def test_all_of_the_energy_means_no_short_hour(curve):
    last = curve.frame.iloc[-1]
    assert last["served_fraction"] == 1.0
    assert last["lolh_hours_per_year"] == 0
    assert last["longest_event_h"] == 0
    assert math.isinf(last["nines"])
    assert curve.to_dict()["plants"][-1]["nines"] is None
    json.dumps(curve.to_dict(), allow_nan=False)


# --- the standing loss ----------------------------------------------------------------------------


def with_loss(
    seed: int, n: int, cyclic: bool, kept: float, own: float = 0.0
) -> tuple[Problem, float, np.ndarray]:
    """A small problem whose store loses by standing and takes `own` MW of a MWh for itself, its
    round trip, and its prices.
    """
    random = np.random.default_rng(seed)
    solar = np.maximum(np.sin(np.arange(n) / 24 * 2 * np.pi), 0) * random.uniform(0, 1, n)
    round_trip = float(random.uniform(0.7, 1.0))
    prices = random.uniform([50, 1, 0.5], [150, 30, 20])
    problem = Problem(
        solar, random.uniform(50, 150, n), prices, math.sqrt(round_trip), kept, cyclic, 1.0,
        (1e5, 1e6, 1e5), own,
    )  # fmt: skip
    return problem, round_trip, prices


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32 - 1), st.integers(12, 48), st.floats(0.5, 1.0), st.booleans(),
    st.floats(0.9, 1.0), st.sampled_from([0.0, 1e-4, 5e-3]),
)  # fmt: skip
def test_a_linear_programme_with_losses_finds_nothing_cheaper(seed, n, share, cyclic, kept, own):
    problem, round_trip, prices = with_loss(seed, n, cyclic, kept, own)
    solved = linear_programme(
        problem.solar, problem.load_mw, prices, round_trip, share, cyclic, 1.0, kept, own
    )
    assert solved.success
    assert solve(problem, [share])[0, 3] == pytest.approx(solved.fun, rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32 - 1), st.booleans(), st.floats(0.995, 0.99999), st.floats(0.02, 0.5),
    st.sampled_from([0.0, 5e-4]),
)  # fmt: skip
def test_the_smallest_lossy_battery_leaves_what_is_allowed_and_its_slopes_are_differences(
    seed, cyclic, kept, dark, own
):
    problem, _, _ = with_loss(seed, 24 * 20, cyclic, kept, own)
    load_mwh = problem.load_mwh

    def smallest(solar_mw: float, power_mw: float, allowed: float) -> np.ndarray:
        return smallest_lossy_battery(
            problem.solar, problem.load_mw, solar_mw, power_mw, problem.one_way_efficiency, kept,
            1.0, cyclic, allowed, 0.0, 1e6, own,
        )  # fmt: skip

    solar_mw, power_mw, allowed = 700.0, 400.0, dark * load_mwh
    found = smallest(solar_mw, power_mw, allowed)
    assume(found[0] == 1.0)
    plant = plant_parameters(
        solar_mw=solar_mw, usable_mwh=found[1], battery_mw=power_mw,
        one_way_efficiency=problem.one_way_efficiency, retained_fraction=kept, step_h=1.0,
        own_use_mw=own * found[1],
    )  # fmt: skip
    none = np.empty(0)
    start = cyclic_soc(plant, problem.solar, problem.load_mw, none, none) if cyclic else found[1]
    ran = run_totals(plant, problem.solar, problem.load_mw, none, none, start)[0]
    if found[1] > 0:
        assert ran == pytest.approx(allowed, abs=1e-9 * load_mwh)
    else:
        assert ran <= allowed * (1 + 1e-9)
    # Convex: the plane through a point lies below every other.
    for more_solar, more_power, more in ((30, 0, 0), (-30, 0, 0), (0, 20, 0), (0, -20, 0),
                                         (10, -10, 0.01 * load_mwh)):  # fmt: skip
        other = smallest(solar_mw + more_solar, power_mw + more_power, allowed + more)
        plane = found[1] + found[2] * more_solar + found[3] * more_power + found[4] * more
        assert other[0] == 0.0 or other[1] >= plane - 1e-6 * max(found[1], 1.0)


def test_without_loss_newton_finds_what_the_legs_tell():
    problem, round_trip, _ = with_loss(3, 24 * 30, True, 1.0)
    allowed = 0.05 * problem.load_mwh
    found = smallest_lossy_battery(
        problem.solar, problem.load_mw, 700.0, 400.0, problem.one_way_efficiency, 1.0, 1.0, True,
        allowed, 0.0, 1e6,
    )  # fmt: skip
    curve = unserved_mwh(
        problem.solar, problem.load_mw, found[1:2], solar_mw=700.0, battery_mw=400.0,
        round_trip_efficiency=round_trip, cyclic=True,
    )  # fmt: skip
    assert curve[0] == pytest.approx(allowed)


@pytest.mark.parametrize("usable_mwh", [0.0, 300.0, 3000.0, 60_000.0])
@pytest.mark.parametrize("solar_mw", [250.0, 600.0, 1200.0])
@pytest.mark.parametrize("dark_h", [0, 200])
def test_a_chain_that_ends_as_it_starts_is_the_last_of_many_rounds(usable_mwh, solar_mw, dark_h):
    """Whether the battery fills in the last part of the chain, earlier, or never."""
    problem, _, _ = with_loss(5, 24 * 60, True, 0.9999)
    solar = problem.solar.copy()
    solar[len(solar) - dark_h :] = 0.0
    solar[: dark_h // 2] = 0.0
    plant = (solar_mw, usable_mwh, 1000.0, problem.one_way_efficiency, 0.9999, 1.0)
    found = unserved_and_slopes(solar, problem.load_mw, *plant, True, 1e-4)
    rounds = [
        unserved_and_slopes(np.tile(solar, n), np.tile(problem.load_mw, n), *plant, False, 1e-4)
        for n in (39, 40)
    ]
    assert found == pytest.approx(np.diff(rounds, axis=0)[0], rel=1e-6, abs=1e-6)


# --- what cannot be, and what is wrong ------------------------------------------------------------


def test_a_polar_night_has_a_frontier_up_to_what_can_be_served():
    kiruna = en.Case(en.read_site("kiruna"), en.Datacenter(it_mw=100))
    curve = en.frontier(kiruna, [0.5, 0.7, 0.9, 1.0])
    assert curve.frame["served_fraction"].tolist() == [0.5, 0.7]
    assert curve.unreachable == [0.9, 1.0]
    with pytest.raises(en.InputError, match=r"has no plant for 0\.9"):
        curve.design(0.9)


@pytest.mark.parametrize("site", ["golden", "kuala-lumpur"])
def test_hardly_any_energy_needs_no_battery_and_costs_hardly_more_than_nothing(site):
    case = en.Case(en.read_site(site), en.Datacenter(it_mw=100))
    frame = en.frontier(case, [1e-4, 0.01, 0.1]).frame
    assert frame["battery_mwh"].max() == 0.0
    assert (frame["annual_usd"].diff().dropna() > 0).all()


def test_every_share_that_is_none_is_told(golden):
    with pytest.raises(en.InputError) as caught:
        en.frontier(golden, [0.5, 0.0, 99.0])
    assert len(caught.value.problems) == 2
    assert "write 0.99" in caught.value.problems[1]
    with pytest.raises(en.InputError, match="empty"):
        en.frontier(golden, [])


def test_prices_of_the_search_are_those_of_the_plant(golden):
    problem = problem_of(golden)
    plant = en.size(golden, served_fraction=0.9).evaluation
    sizes = np.array([getattr(plant.design, name) for name in SIZES])
    sizes[1] *= golden.assumptions.battery.usable_fraction
    frame = plant.cost.frame
    parts = frame.drop(index="integration")["annual_usd"].sum()
    assert problem.usd_per_size @ sizes == pytest.approx(parts)


def test_a_load_of_one_hour_and_one_of_another_length():
    one = en.sizing.least_cost(
        np.array([0.5]), np.array([1.0]), served_fraction=1.0, cyclic=True, **PRICES
    )
    assert one.solar_mw == pytest.approx(2.0)
    assert one.battery_mwh == 0.0
    with pytest.raises(en.InputError, match="as long as each other; got 2 and 3"):
        en.sizing.least_cost(np.ones(2), np.ones(3), served_fraction=1.0, cyclic=True, **PRICES)
