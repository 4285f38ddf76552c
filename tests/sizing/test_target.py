"""Targets as people say them: each plant run again, its certificate, what cannot be reached."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.sizing.frontier import SIZES, design_of, largest_design
from energy.sizing.pattern_search import SAVING, PatternSearch, design_from
from energy.sizing.target import MONEY, RELIABILITY, Constraint, Target

#: Targets that the hour-by-hour kernel decides, and what a run of the plant has to show.
HOURLY = {
    "available_fraction": (0.97, lambda told: told.available_fraction >= 0.97),
    "nines": (2.0, lambda told: told.nines >= 2.0),
    "lolh_hours_per_year": (200.0, lambda told: told.lolh_hours_per_year <= 200.0),
    "max_outage_h": (12.0, lambda told: told.longest_event_h <= 12.0),
    "worst_year_served_fraction": (
        0.98, lambda told: told.worst_year["served_fraction"] >= 0.98 - 1e-9,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def sized(el_paso: en.Case) -> dict[str, en.sizing.Sizing]:
    return {name: en.size(el_paso, **{name: value}) for name, (value, _) in HOURLY.items()}


# --- met, and nothing cheaper ---------------------------------------------------------------------


@pytest.mark.parametrize("name", HOURLY)
def test_a_sized_plant_run_again_meets_its_target(el_paso, sized, name):
    told = en.assess(en.simulate(el_paso, sized[name].design))
    assert HOURLY[name][1](told)
    assert sized[name].target == Target(name, HOURLY[name][0])
    assert not sized[name].exact


def kernel_run(case: en.Case, design: en.Design) -> np.ndarray:
    """Unserved MW by step, by a plain loop: twice round from full, the second round counts."""
    battery = case.assumptions.battery
    one_way = math.sqrt(battery.round_trip_efficiency)
    kept = (1 - battery.self_discharge_fraction_per_month) ** (1 / 730.5)
    usable = design.battery_mwh * battery.usable_fraction
    store, unserved = usable, np.zeros(len(case.load_mw))
    for _ in range(2):
        for t, (sun, load) in enumerate(zip(case.solar, case.load_mw, strict=True)):
            net = sun * design.solar_mw - load
            store *= kept
            if net >= 0:
                store = min(store + min(net, design.battery_mw) * one_way, usable)
                unserved[t] = 0
            else:
                given = min(-net, design.battery_mw, store * one_way)
                store = max(store - given / one_way, 0)
                unserved[t] = -net - given
    return unserved


def meets(case: en.Case, design: en.Design, name: str) -> bool:
    unserved = kernel_run(case, design)
    short = unserved > 1e-6 * case.load_mw
    runs = "".join("x" if s else " " for s in short).split()
    return {
        "available_fraction": 1 - short.mean() >= 0.97,
        "nines": short.mean() <= 0.01,
        "lolh_hours_per_year": short.sum() <= 200,
        "max_outage_h": max(map(len, runs), default=0) <= 12,
        "worst_year_served_fraction": unserved.sum() <= 0.02 * case.load_mw.sum(),
    }[name]


@pytest.mark.parametrize("name", HOURLY)
def test_every_plant_of_the_certificate_is_cheaper_and_misses_the_target(el_paso, sized, name):
    own, certificate = sized[name], sized[name].certificate
    # Saved from the plant itself and from 72 moves of money: 6 amounts between 3 parts, from one
    # to one (6), to two (3), from two to one (3).
    assert len(certificate) == 73
    assert not certificate["met"].any()
    assert meets(el_paso, own.design, name)
    for row in certificate.sample(9, random_state=1).to_dict("records"):
        design = design_from(pd.Series(row))
        annual_usd = en.evaluate(el_paso, design).cost.annual_usd
        assert annual_usd == pytest.approx(row["annual_usd"], rel=1e-9)
        assert annual_usd <= own.evaluation.cost.annual_usd * (1 - 0.999 * SAVING)
        assert not meets(el_paso, design, name)


def test_the_record_tells_the_target_and_its_proof(sized):
    record = sized["nines"].to_dict()["sized_for"]
    assert record["nines"] == 2.0
    assert record["exact"] is False
    assert record["certificate"] == {
        "cheaper_by_fraction": 0.005, "plants_tried": 73, "plants_that_meet_it": 0,
    }  # fmt: skip
    assert sized["nines"].title == "the cheapest plant that serves 2 nines of the hours in full"
    json.dumps(sized["nines"].to_dict(), allow_nan=False)


def test_an_exact_plant_has_no_certificate_and_says_so(el_paso):
    sized = en.size(el_paso, served_fraction=0.9)
    assert sized.exact
    assert sized.certificate.empty
    assert sized.to_dict()["sized_for"] == {
        "served_fraction": 0.9, "description": "0.9 of the energy served",
        "title": "the cheapest plant that serves 0.9 of the energy", "exact": True,
    }  # fmt: skip


def test_two_nines_are_a_share_of_the_hours_and_hours_a_year(el_paso, sized):
    # 1 - 10^-2 = .99; 8760 h * .01 = 87.6 h.
    for name, value in (("available_fraction", 0.99), ("lolh_hours_per_year", 87.6)):
        aim = Target(name, value).constraint(el_paso)
        assert (aim.measure, aim.bound) == ("available_fraction", pytest.approx(0.99, abs=1e-15))
        assert en.size(el_paso, **{name: value}).design == sized["nines"].design


def test_a_leap_year_has_its_own_hours():
    # Muleshoe's first year is 2012, of 8784 h; with 2013 the mean year has 8772: 87.72 h are 1 %.
    case = en.Case(en.read_site("muleshoe"), en.Datacenter(it_mw=100))
    year_h = len(case.load_mw) * case.step_h / case.weather.years_exact
    assert Target("lolh_hours_per_year", year_h / 100).constraint(case).bound == pytest.approx(0.99)


def test_a_descent_on_energy_ends_near_the_exact_cost(el_paso):
    exact = en.size(el_paso, served_fraction=0.97).evaluation.cost.annual_usd
    start = design_of(en.frontier(el_paso, [0.975]).frame[list(SIZES)].to_numpy()[0])
    found = PatternSearch(
        el_paso, [Target("served_fraction", 0.97).constraint(el_paso)], SIZES
    ).from_start(start)
    reached = en.evaluate(el_paso, found.design)
    assert reached.availability.served_fraction >= 0.97 - 1e-9
    assert 1 - 1e-6 <= reached.cost.annual_usd / exact <= 1.003


def test_a_descent_from_far_away_ends_there_too(el_paso):
    exact = en.size(el_paso, served_fraction=0.97).evaluation.cost.annual_usd
    start = en.Design(solar_mw=1200, battery_mwh=5000, battery_mw=600)
    found = PatternSearch(
        el_paso, [Target("served_fraction", 0.97).constraint(el_paso)], SIZES
    ).from_start(start)
    assert en.evaluate(el_paso, found.design).cost.annual_usd <= 1.01 * exact


def test_the_worst_of_one_year_is_that_year(el_paso, sized):
    exact = en.size(el_paso, served_fraction=0.98).evaluation.cost.annual_usd
    ratio = sized["worst_year_served_fraction"].evaluation.cost.annual_usd / exact
    assert 1 - 1e-6 <= ratio <= 1.003


def test_every_year_of_several_meets_what_the_worst_has_to(case_with):
    case = en.Case(en.read_site("muleshoe"), en.Datacenter(it_mw=100))
    sized = en.size(case, worst_year_served_fraction=0.95)
    by_year = en.assess(en.simulate(case, sized.design)).by_year["served_fraction"]
    assert len(by_year) == 2
    assert by_year.min() >= 0.95 - 1e-9
    assert (
        sized.evaluation.cost.annual_usd
        > en.size(case, served_fraction=0.95).evaluation.cost.annual_usd
    )


def test_an_outage_may_be_as_long_as_asked_and_no_outage_needs_all(case_with):
    # Twelve hours of sun and twelve of night all year: with outages of 12 h and no battery at all
    # the plant only serves the day.
    solar = np.tile(np.repeat([0.0, 0.8], 12), 365)
    case = case_with(solar, 100.0)
    nightly = en.size(case, max_outage_h=12)
    assert nightly.evaluation.availability.longest_event_h <= 12
    never = en.size(case, max_outage_h=0)
    assert never.evaluation.availability.longest_event_h == 0
    assert never.evaluation.cost.annual_usd == pytest.approx(
        en.size(case, served_fraction=1.0).evaluation.cost.annual_usd, rel=0.003
    )
    assert nightly.evaluation.cost.annual_usd < 0.5 * never.evaluation.cost.annual_usd


def test_no_plant_that_is_tried_is_beyond_the_largest(case_with):
    # Eight dark days and a night: only a battery near to the largest, ten days, carries them, and
    # money that is moved to it would buy more.
    solar = np.tile(np.repeat([0.0, 0.8], 12), 365)
    solar[24 * 100 : 24 * 108] = 0.0
    case = case_with(solar, 100.0)
    sized = en.size(case, nines=3)
    assert sized.neighbours["battery_mwh"].max() == largest_design(case).battery_mwh
    largest = largest_design(case)
    for name in SIZES:
        assert sized.neighbours[name].max() <= getattr(largest, name)


# --- targets by themselves ------------------------------------------------------------------------


def test_a_bound_is_a_floor_or_a_ceiling_to_the_last_digits():
    floor, ceiling = Constraint("available_fraction", 0.9), Constraint("longest_event_h", 5.0)
    plants = pd.DataFrame(
        {"available_fraction": [0.95, 0.9 - 5e-10, 0.89], "longest_event_h": [4.0, 5.0, 6.0]}
    )
    assert floor.margin(plants) == pytest.approx([0.05, -5e-10, -0.01])
    assert floor.met(plants).tolist() == [True, True, False]
    assert ceiling.margin(plants).tolist() == [1, 0, -1]
    assert ceiling.met(plants).tolist() == [True, True, False]


# --- what cannot be reached -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [("nines", 3.0), ("available_fraction", 0.999), ("lolh_hours_per_year", 10.0),
     ("max_outage_h", 24.0), ("worst_year_served_fraction", 0.999)],
)  # fmt: skip
def test_a_target_beyond_thirty_outage_days_has_no_plant_and_a_record(case_with, name, value):
    solar = np.tile(np.repeat([0.0, 0.8], 12), 365)
    solar[24 * 100 : 24 * 130] = 0.0
    with pytest.raises(en.InfeasibleError, match=r"no plant (serves|keeps)") as caught:
        en.size(case_with(solar, 100.0), **{name: value})
    record = caught.value.details
    assert record["site"] == "el-paso"
    assert record["target"]
    assert record["lacking_mwh_per_year"] > 0
    assert record["remedy"]["backup_mw"] > 0
    json.dumps(record, allow_nan=False)


# --- what is no target ----------------------------------------------------------------------------

NAN, INF = math.nan, math.inf
WRONG = {
    "served_fraction": (0.0, 1.5, 99.0, -1.0, NAN, INF),
    "available_fraction": (0.0, 1.5, NAN),
    "worst_year_served_fraction": (0.0, 1.5, NAN),
    "nines": (0.0, -1.0, 9.5, NAN, INF),
    "lolh_hours_per_year": (-1.0, 8760.0, NAN, INF),
    "max_outage_h": (-1.0, 8760.0, NAN, INF),
    "budget_usd": (0.0, -5.0, NAN, INF),
    "load_usd_per_mw": (0.0, -5.0, NAN, INF),
    "compute_usd_per_mwh": (0.0, -5.0, NAN, INF),
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in WRONG.items() for v in vs])
def test_a_value_that_is_no_target_is_refused_by_name(el_paso, name, value):
    with pytest.raises(en.InputError) as caught:
        en.size(el_paso, **{name: value})
    (problem,) = caught.value.problems
    assert problem.startswith(name)
    assert repr(value) in problem


@pytest.mark.parametrize("value", ["0.9", [0.9], "three"])
@pytest.mark.parametrize("name", ["served_fraction", "nines", "budget_usd"])
def test_what_is_no_number_is_refused_by_name(el_paso, name, value):
    with pytest.raises(en.InputError, match=name):
        en.size(el_paso, **{name: value})


def test_all_that_is_wrong_with_a_target_is_told_at_once(el_paso):
    with pytest.raises(en.InputError) as caught:
        en.size(
            el_paso,
            nines=-1,
            served_fraction=2,
            niens=3,
            grid_mw=-1,
            max_backup_energy_fraction=1.5,
        )
    told = caught.value.problems
    for word in ("niens", "nines is", "served_fraction is", "grid_mw", "0..1", "goes with backup"):
        assert sum(word in problem for problem in told) >= 1, word


def test_none_or_two_targets_are_refused_with_the_known_ones(el_paso):
    for given, got in (({}, "none"), ({"nines": None}, "none"),
                       ({"nines": 2, "max_outage_h": 8}, "nines=2, max_outage_h=8")):  # fmt: skip
        with pytest.raises(en.InputError) as caught:
            en.size(el_paso, **given)
        (problem,) = caught.value.problems
        assert got in problem
        for known in (*RELIABILITY, *MONEY):
            assert known in problem


def test_an_unknown_target_is_answered_with_the_known_ones(el_paso):
    with pytest.raises(en.InputError) as caught:
        en.size(el_paso, availability=0.9)
    (problem,) = caught.value.problems
    assert "unknown target 'availability'" in problem
    assert "available_fraction" in problem


@pytest.mark.parametrize("firm", [{"backup": True}, {"grid_mw": 50.0}])
@pytest.mark.parametrize("name", MONEY)
def test_money_is_for_sun_and_battery_alone(el_paso, name, firm):
    with pytest.raises(en.InputError, match="leave out backup and grid"):
        en.size(el_paso, **{name: 1e9}, **firm)
