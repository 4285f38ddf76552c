"""The hour-by-hour kernel: by hand, always true, and said again as a plain loop."""

from __future__ import annotations

import math
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import energy as en
from energy.dispatch import (
    FLOWS,
    MEASURES,
    SIZES,
    cyclic_start,
    plan_reserve,
    run_flows,
    run_many,
    unit_of,
)


def run(solar: list[float], load: list[float], start_mwh: float = 0.0, **given: Any) -> Any:
    """Flows by name of a plant of 1 MWdc, so that `solar` is its power; one way .9.

    `reserve_mwh` is one for all steps, or one a step.
    """
    plant = {
        "solar_mw": 1.0,
        "usable_mwh": 1000.0,
        "battery_mw": 1000.0,
        "backup_mw": 0.0,
        "one_way_fraction": 0.9,
        "kept_fraction": 1.0,
        "step_h": 1.0,
    } | given
    if "reserve_mwh" in given:
        plant["reserve_mwh"] = np.full(len(solar), given["reserve_mwh"])
    flows = np.empty((len(solar), len(FLOWS)))
    run_flows(np.array(solar), np.array(load), start_mwh=start_mwh, flows=flows, **plant)
    return dict(zip(FLOWS, flows.T, strict=True))


#: What all plants of a case share.
SHARED = ("one_way_fraction", "kept_fraction", "step_h", "largest_unit_mw",
          "minimum_load_fraction", "grid_first")  # fmt: skip


def reserve_of(days: np.ndarray, sizes: np.ndarray, shared: dict[str, Any]) -> np.ndarray:
    """The reserve of each step of the typical days of a plant, its sizes as `SIZES`."""
    solar_mw, usable_mwh, _, backup_mw, grid_mw, fraction = sizes
    reserve = np.zeros(len(days))
    stored = shared["one_way_fraction"] * shared["step_h"]
    drawn = shared["step_h"] / shared["one_way_fraction"]
    if fraction > 0 and backup_mw + grid_mw > 0:
        plan_reserve(
            days, solar_mw, usable_mwh, backup_mw + grid_mw, fraction, stored, drawn, reserve
        )
    return reserve


# --- by hand --------------------------------------------------------------------------------------


def test_surplus_is_stored_with_the_one_way_efficiency():
    flow = run([150], [100])  # 50 MW of surplus; 50 * .9 = 45 MWh in the store
    assert flow["charge_mw"] == 50
    assert flow["stored_mwh"] == 45
    assert flow["curtailed_mw"] == flow["unserved_mw"] == 0


def test_charging_is_limited_by_the_battery_power_on_the_ac_side():
    flow = run([150], [100], battery_mw=30)
    assert flow["charge_mw"] == 30
    assert flow["stored_mwh"] == 27
    assert flow["curtailed_mw"] == 20


def test_charging_is_limited_by_the_room_left():
    flow = run([150], [100], usable_mwh=9)  # 9 MWh of room take 10 MW for an hour
    assert flow["charge_mw"] == pytest.approx(10)
    assert flow["stored_mwh"] == 9
    assert flow["curtailed_mw"] == pytest.approx(40)


def test_a_deficit_is_served_by_what_is_stored_less_the_one_way_efficiency():
    flow = run([0], [100], start_mwh=90)  # 90 * .9 = 81 MW for an hour
    assert flow["discharge_mw"] == pytest.approx(81)
    assert flow["unserved_mw"] == pytest.approx(19)
    assert flow["stored_mwh"] == 0


def test_discharging_is_limited_by_the_battery_power_on_the_ac_side():
    flow = run([0], [100], start_mwh=90, battery_mw=40)
    assert flow["discharge_mw"] == 40
    assert flow["unserved_mw"] == 60
    assert flow["stored_mwh"] == pytest.approx(90 - 40 / 0.9)


def test_backup_comes_after_the_battery_and_before_the_dark():
    flow = run([0], [100], start_mwh=90, backup_mw=15)  # 100 = 81 battery + 15 backup + 4 dark
    assert flow["backup_mw"] == 15
    assert flow["unserved_mw"] == pytest.approx(4)
    assert run([0], [100], start_mwh=90, backup_mw=50)["backup_mw"] == pytest.approx(19)


def test_backup_stays_off_while_the_battery_is_enough():
    flow = run([0], [100], start_mwh=500, backup_mw=50)
    assert flow["backup_mw"] == flow["unserved_mw"] == 0


def test_standing_loss_is_taken_before_the_step_is_served():
    flow = run([0], [100], start_mwh=80, kept_fraction=0.5)  # 40 left, 36 MW
    assert flow["standing_loss_mw"] == 40
    assert flow["discharge_mw"] == pytest.approx(36)


def test_half_an_hour_moves_half_the_energy():
    flow = run([150], [100], step_h=0.5)
    assert flow["charge_mw"] == 50
    assert flow["stored_mwh"] == 22.5
    assert run([0], [100], start_mwh=90, step_h=0.5)["stored_mwh"] == pytest.approx(90 - 50 / 0.9)


def test_sun_that_just_meets_the_load_touches_nothing():
    flow = run([100], [100], start_mwh=50, backup_mw=50)
    assert [float(flow[name][0]) for name in FLOWS] == [100, 0, 0, 0, 0, 0, 0, 50, 0]


def test_a_night_and_a_day_in_a_row():
    # Full of 100 MWh, 60 MW of load: dark, sun of 160, dark.
    # 60 MW draw 66.67; the sun then offers 100 but 66.67 of room take 74.07; dark draws 66.67.
    flow = run([0, 160, 0], [60, 60, 60], start_mwh=100, usable_mwh=100)
    assert flow["stored_mwh"] == pytest.approx([100 - 60 / 0.9, 100, 100 - 60 / 0.9])
    assert flow["curtailed_mw"] == pytest.approx([0, 100 - 60 / 0.81, 0])


def test_without_battery_the_sun_serves_what_it_can():
    flow = run([150, 30], [100, 100], usable_mwh=0, battery_mw=0)
    assert flow["curtailed_mw"].tolist() == [50, 0]
    assert flow["unserved_mw"].tolist() == [0, 70]


def test_a_circle_starts_with_what_it_ends_with():
    plant = {"solar_mw": 1.0, "usable_mwh": 300.0, "battery_mw": 500.0, "backup_mw": 0.0,
             "one_way_fraction": 0.9, "kept_fraction": 1.0, "step_h": 1.0}  # fmt: skip
    # A night of 90 MW draws 100 from a full store; by day it fills: the circle ends at 200.
    start = cyclic_start(np.array([1000.0, 0.0]), np.array([90.0, 90.0]), **plant)
    assert start == pytest.approx(200)


def test_a_circle_of_a_plant_that_drains_starts_empty():
    plant = {"solar_mw": 1.0, "usable_mwh": 1e6, "battery_mw": 500.0, "backup_mw": 0.0,
             "one_way_fraction": 0.9, "kept_fraction": 1.0, "step_h": 1.0}  # fmt: skip
    # By day +90, by night -111: any charge is used up in the end, whatever the size of the store.
    start = cyclic_start(np.array([200.0, 0.0]), np.array([100.0, 100.0]), **plant)
    assert start == 0


def test_standing_loss_is_given_by_the_month(el_paso):
    battery = el_paso.assumptions.battery.replace(standing_loss_fraction_per_month=0.02)
    from energy.dispatch import kept_fraction

    assert kept_fraction(battery, 1.0) ** 730.5 == pytest.approx(0.98)
    assert kept_fraction(battery, 0.5) ** 1461 == pytest.approx(0.98)


# --- always true ----------------------------------------------------------------------------------

series = st.lists(st.floats(0, 1), min_size=1, max_size=60)
plants = st.fixed_dictionaries(
    {
        "solar_mw": st.floats(1, 2000),
        "usable_mwh": st.floats(0, 8000),
        "battery_mw": st.floats(0, 600),
        "backup_mw": st.one_of(st.just(0.0), st.floats(0.001, 120)),
        "grid_mw": st.one_of(st.just(0.0), st.floats(0.001, 80)),
        "reserve_mwh": st.floats(0, 1),  # a share here, of the usable energy below
        "largest_unit_mw": st.floats(1, 200),
        "minimum_load_fraction": st.floats(0, 0.5),
        "grid_first": st.booleans(),
        "one_way_fraction": st.floats(0.5, 1),
        "kept_fraction": st.floats(0.9, 1),
        "step_h": st.sampled_from([1.0, 0.5, 0.25]),
    }
).map(lambda plant: plant | {"reserve_mwh": plant["reserve_mwh"] * plant["usable_mwh"]})


@settings(deadline=None, max_examples=300)
@given(series, st.floats(1, 200), plants, st.floats(0, 1))
def test_every_step_balances_and_nothing_is_negative(solar, load, plant, start_share):
    start_mwh = start_share * plant["usable_mwh"]
    flow = run(solar, [load] * len(solar), start_mwh, **plant)
    scale = max(load, plant["solar_mw"])
    given = ("solar_mw", "discharge_mw", "backup_mw", "grid_mw", "unserved_mw")
    taken = flow["charge_mw"] + flow["curtailed_mw"] + load
    assert sum(flow[name] for name in given) == pytest.approx(taken, abs=1e-9 * scale)
    assert not np.any((flow["charge_mw"] > 0) & (flow["discharge_mw"] > 0))
    assert not np.any((flow["curtailed_mw"] > 1e-9 * scale) & (flow["unserved_mw"] > 1e-9 * scale))
    one_way, step_h = plant["one_way_fraction"], plant["step_h"]
    change = np.diff(np.concatenate(([start_mwh], flow["stored_mwh"])))
    net = flow["charge_mw"] * one_way - flow["discharge_mw"] / one_way - flow["standing_loss_mw"]
    assert change == pytest.approx(net * step_h, abs=1e-9 * max(scale, plant["usable_mwh"]))
    for name in FLOWS:
        assert flow[name].min() >= 0, name
    assert flow["stored_mwh"].max() <= plant["usable_mwh"]
    assert max(flow["charge_mw"].max(), flow["discharge_mw"].max()) <= plant["battery_mw"]
    for name in ("backup_mw", "grid_mw"):
        assert flow[name].max() <= plant[name]
    if plant["backup_mw"]:
        unit_mw = unit_of(plant["backup_mw"], plant["largest_unit_mw"])
        assert unit_mw <= plant["largest_unit_mw"]
        runs = flow["backup_mw"] > 0
        least_mw = unit_mw * plant["minimum_load_fraction"]
        assert np.all(flow["backup_mw"][runs] >= least_mw * (1 - 1e-12))


@settings(deadline=None, max_examples=150)
@given(series, plants, st.floats(0.01, 100))
def test_a_plant_and_a_load_twice_as_large_leave_the_same_shares(solar, plant, factor):
    load = [100.0] * len(solar)
    sizes = ("solar_mw", "usable_mwh", "battery_mw", "backup_mw", "grid_mw", "reserve_mwh",
             "largest_unit_mw")  # fmt: skip
    larger = plant | {name: plant[name] * factor for name in sizes}
    small, large = run(solar, load, **plant), run(solar, [100 * factor] * len(solar), **larger)
    for name in FLOWS:
        assert large[name] == pytest.approx(small[name] * factor, rel=1e-9, abs=1e-6 * factor)


@settings(deadline=None, max_examples=150)
@given(series, plants, st.floats(1, 3), st.sampled_from(["solar_mw", "usable_mwh", "battery_mw"]))
def test_more_of_anything_never_serves_less_when_there_is_no_backup(solar, plant, factor, which):
    plant = plant | {"backup_mw": 0.0, "grid_mw": 0.0}
    load = [100.0] * len(solar)
    less = run(solar, load, **plant)["unserved_mw"].sum()
    more = run(solar, load, **plant | {which: plant[which] * factor})["unserved_mw"].sum()
    assert more <= less + 1e-9 * 100 * len(solar)


# --- said again -----------------------------------------------------------------------------------


def plain_loop(
    solar, load, start_mwh, solar_mw, usable_mwh, battery_mw, backup_mw, one_way_fraction,
    kept_fraction, step_h, **firm,
):  # fmt: skip
    """Greedy, told by what fits and what is there, in plain floats."""
    stored, rows = start_mwh, []
    for sun_share, need in zip(solar, load, strict=True):
        sun = sun_share * solar_mw
        lost = stored * (1 - kept_fraction)
        stored -= lost
        direct = min(sun, need)
        room_mw = (usable_mwh - stored) / one_way_fraction / step_h
        charge = min(sun - direct, battery_mw, room_mw)
        there_mw = stored * one_way_fraction / step_h
        discharge = min(need - direct, battery_mw, there_mw)
        stored += (charge * one_way_fraction - discharge / one_way_fraction) * step_h
        backup = min(need - direct - discharge, backup_mw)
        grid = min(need - direct - discharge - backup, firm.get("grid_mw", 0.0))
        dark = need - direct - discharge - backup - grid
        rows.append([sun, charge, discharge, backup, grid, dark, sun - direct - charge, stored,
                     lost / step_h])  # fmt: skip
    return np.array(rows).T


@settings(deadline=None, max_examples=200)
@given(series, plants, st.floats(0, 1))
def test_without_a_reserve_the_kernel_is_the_plain_loop(solar, plant, start_share):
    plant = plant | {"reserve_mwh": 0.0, "minimum_load_fraction": 0.0, "grid_first": False}
    load = list(100 + 20 * np.sin(np.arange(len(solar))))
    start_mwh = start_share * plant["usable_mwh"]
    flow = run(solar, load, start_mwh, **plant)
    told = plain_loop(solar, load, start_mwh, **plant)
    for name, expected in zip(FLOWS, told, strict=True):
        assert flow[name] == pytest.approx(expected, rel=1e-9, abs=1e-6), name


days = st.lists(st.tuples(st.floats(0, 1), st.floats(1, 200)), min_size=24, max_size=24)


@settings(deadline=None, max_examples=100)
@given(series, st.lists(plants, min_size=1, max_size=70), days, st.integers(1, 3))
def test_many_plants_at_once_are_the_plants_one_by_one(solar, many, days, years):
    solar, load = np.array(solar), np.linspace(80, 120, len(solar))
    year = np.arange(len(solar)) * years // len(solar)
    year = np.unique(year, return_inverse=True)[1].astype(np.int64)
    slot, days = np.arange(len(solar)) % 24, np.array(days)  # two steps a day, twelve months
    shared = {name: value for name, value in many[0].items() if name in SHARED}
    sizes = np.array([[plant.get(name, 0.0) for name in SIZES] for plant in many])
    sizes[:, -1] = np.linspace(0, 1, len(many))
    measures = run_many(solar, load, year, slot, days, sizes, **shared)
    for plant, row, got in zip(many, sizes, measures, strict=True):
        plant = plant | shared
        plant["reserve_mwh"] = reserve_of(days, row, shared)[slot]
        end = run(list(solar), list(load), plant["usable_mwh"], **plant)
        flow = run(list(solar), list(load), end["stored_mwh"][-1], **plant)
        told = dict(zip(MEASURES, got, strict=True))
        step_h = plant["step_h"]
        for name in ("unserved", "backup", "grid"):
            alone = flow[f"{name}_mw"].sum() * step_h
            assert told[f"{name}_mwh"] == pytest.approx(alone, rel=1e-9, abs=1e-4), name
        dark = flow["unserved_mw"]
        if np.any(np.abs(dark / load / 1e-6 - 1) < 0.01):
            continue  # a step that is short by rounding may fall either way
        short = dark > 1e-6 * load
        assert told["short_steps"] == short.sum()
        lengths = [len(list(group)) for is_short, group in groupby(short) if is_short]
        assert told["longest_event_steps"] == max(lengths, default=0)
        worst = max(dark[year == y].sum() / load[year == y].sum() for y in set(year))
        assert told["worst_year_unserved_fraction"] == pytest.approx(worst, rel=1e-9, abs=1e-9)
        backup = [float(end["backup_mw"][-1]), *flow["backup_mw"]]
        unit_mw = unit_of(plant["backup_mw"], plant["largest_unit_mw"]) or 1.0
        exact = np.array(backup) / unit_mw
        if np.all(np.abs(exact - np.round(exact))[exact != np.round(exact)] > 1e-6):
            units = np.ceil(exact - 1e-9)
            assert told["unit_starts"] == np.maximum(np.diff(units), 0).sum()


# --- whole runs -----------------------------------------------------------------------------------


def test_a_run_on_real_weather_closes_its_circle_and_balances(wyoming):
    ran = en.simulate(wyoming, en.Design(solar_mw=1200, battery_mwh=3000, battery_mw=450))
    frame = ran.frame
    assert frame["stored_mwh"].iloc[-1] == pytest.approx(ran.start_mwh, abs=1e-6)
    parts = frame[["solar_to_load_mw", "discharge_mw", "backup_mw", "unserved_mw"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(frame["load_mw"].to_numpy(), rel=1e-9)
    parts = frame[["solar_to_load_mw", "charge_mw", "curtailed_mw"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(frame["solar_mw"].to_numpy(), rel=1e-9, abs=1e-7)
    assert frame.index.equals(wyoming.weather.index)


def test_a_plant_runs_on_the_array_s_output_over_its_life(el_paso):
    ran = en.simulate(el_paso, en.Design(solar_mw=10))
    # .7 % a year over 30 years: (1 - .993^30) / (30 * .007) = .904829
    new = el_paso.solar_new.sum() * 10
    assert ran.frame["solar_mw"].sum() == pytest.approx(0.904829 * new, rel=1e-6)


def test_a_start_that_is_given_is_the_start(el_paso):
    design = en.Design(solar_mw=1000, battery_mwh=2000, battery_mw=300)
    assert en.simulate(el_paso, design, start_fraction=1).start_mwh == pytest.approx(1800)
    assert en.simulate(el_paso, design, start_fraction=0).start_mwh == 0
    with pytest.raises(en.InputError, match="between 0 and 1"):
        en.simulate(el_paso, design, start_fraction=1.5)


def test_only_the_usable_share_of_the_battery_is_used(case_with):
    case = case_with(0.0, 100.0)
    ran = en.simulate(
        case, en.Design(solar_mw=1, battery_mwh=1000, battery_mw=100), start_fraction=1
    )
    usable, one_way = 0.9, math.sqrt(0.88)
    lost = 1000 * usable - ran.frame["standing_loss_mw"].sum()
    assert ran.energy_mwh("discharge_mw") == pytest.approx(lost * one_way, rel=1e-9)


def test_what_reaches_the_computers_is_their_share_of_what_is_served(case_with):
    case = case_with(1.0, 125.0)  # 100 MW of computers, 125 MW of load
    ran = en.simulate(case, en.Design(solar_mw=50))
    assert ran.served_mwh_per_year == pytest.approx(50 * 8760)
    assert ran.served_it_mwh_per_year == pytest.approx(50 * 8760 / 1.25)


def test_maps_of_many_designs_agree_with_single_runs(el_paso):
    designs = [en.Design(solar_mw=s, battery_mwh=b, battery_mw=300) for s in (600, 900)
               for b in (0, 2500)]  # fmt: skip
    frame = en.simulate_many(el_paso, designs)
    for design, row in zip(designs, frame.itertuples(), strict=True):
        single = en.assess(en.simulate(el_paso, design))
        assert row.served_fraction == pytest.approx(single.served_fraction, abs=1e-9)
        assert row.available_fraction == pytest.approx(single.available_fraction, abs=2e-4)
