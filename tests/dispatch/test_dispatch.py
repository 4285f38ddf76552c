"""The hour-by-hour kernel: by hand, always true, and said again as a plain loop."""

from __future__ import annotations

import math
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import energy as en
from energy.backup import unit_of
from energy.dispatch.batch import MEASURES, SIZES, run_many
from energy.dispatch.reserve import soc_reserve
from energy.dispatch.run import FLOWS, cyclic_soc, reserve_of, run_flows
from energy.dispatch.step import plant_parameters


def run(solar: list[float], load: list[float], initial_soc_mwh: float = 0.0, **given: Any) -> Any:
    """Flows by name of a plant of 1 MWdc, so that `solar` is its power; one way .9.

    `soc_reserve_mwh` is one for all steps, or one a step; `grid_open` is of no steps without it.
    """
    plant = {
        "solar_mw": 1.0,
        "usable_mwh": 1000.0,
        "battery_mw": 1000.0,
        "one_way_efficiency": 0.9,
        "step_h": 1.0,
    } | given
    reserve = np.full(len(solar), plant.pop("soc_reserve_mwh", 0.0))
    grid_open = np.array(plant.pop("grid_open", []), float)
    flows = np.empty((len(solar), len(FLOWS)))
    run_flows(
        plant_parameters(**plant), np.array(solar, float), np.array(load, float), reserve,
        grid_open, plant["step_h"], float(initial_soc_mwh), flows,
    )  # fmt: skip
    return dict(zip(FLOWS, flows.T, strict=True))


#: What all plants of a case share.
SHARED = ("one_way_efficiency", "retained_fraction", "step_h", "largest_unit_mw",
          "minimum_load_fraction", "grid_first")  # fmt: skip


def reserve_by_step(days: np.ndarray, sizes: np.ndarray, shared: dict[str, Any]) -> np.ndarray:
    """The reserve of each step of the typical days of a plant, its sizes as `SIZES`."""
    solar_mw, usable_mwh, _, backup_mw, grid_mw, fraction = sizes[:6]
    reserve = np.zeros(len(days))
    stored = shared["one_way_efficiency"] * shared["step_h"]
    drawn = shared["step_h"] / shared["one_way_efficiency"]
    if fraction > 0 and backup_mw + grid_mw > 0:
        soc_reserve(
            days, solar_mw, usable_mwh, backup_mw + grid_mw, fraction, stored, drawn, reserve
        )
    return reserve


# --- by hand --------------------------------------------------------------------------------------


def test_surplus_is_stored_with_the_one_way_efficiency():
    flow = run([150], [100])  # 50 MW of surplus; 50 * .9 = 45 MWh in the store
    assert flow["charge_mw"] == 50
    assert flow["soc_mwh"] == 45
    assert flow["curtailed_mw"] == flow["unserved_mw"] == 0


def test_charging_is_limited_by_the_battery_power_on_the_ac_side():
    flow = run([150], [100], battery_mw=30)
    assert flow["charge_mw"] == 30
    assert flow["soc_mwh"] == 27
    assert flow["curtailed_mw"] == 20


def test_charging_is_limited_by_the_room_left():
    flow = run([150], [100], usable_mwh=9)  # 9 MWh of room take 10 MW for an hour
    assert flow["charge_mw"] == pytest.approx(10)
    assert flow["soc_mwh"] == 9
    assert flow["curtailed_mw"] == pytest.approx(40)


def test_a_deficit_is_served_by_what_is_stored_less_the_one_way_efficiency():
    flow = run([0], [100], initial_soc_mwh=90)  # 90 * .9 = 81 MW for an hour
    assert flow["discharge_mw"] == pytest.approx(81)
    assert flow["unserved_mw"] == pytest.approx(19)
    assert flow["soc_mwh"] == 0


def test_discharging_is_limited_by_the_battery_power_on_the_ac_side():
    flow = run([0], [100], initial_soc_mwh=90, battery_mw=40)
    assert flow["discharge_mw"] == 40
    assert flow["unserved_mw"] == 60
    assert flow["soc_mwh"] == pytest.approx(90 - 40 / 0.9)


def test_backup_comes_after_the_battery_and_before_the_dark():
    flow = run(
        [0], [100], initial_soc_mwh=90, backup_mw=15
    )  # 100 = 81 battery + 15 backup + 4 dark
    assert flow["backup_mw"] == 15
    assert flow["unserved_mw"] == pytest.approx(4)
    assert run([0], [100], initial_soc_mwh=90, backup_mw=50)["backup_mw"] == pytest.approx(19)


def test_backup_stays_off_while_the_battery_is_enough():
    flow = run([0], [100], initial_soc_mwh=500, backup_mw=50)
    assert flow["backup_mw"] == flow["unserved_mw"] == 0


def test_standing_loss_is_taken_before_the_step_is_served():
    flow = run([0], [100], initial_soc_mwh=80, retained_fraction=0.5)  # 40 left, 36 MW
    assert flow["self_discharge_mw"] == 40
    assert flow["discharge_mw"] == pytest.approx(36)


def test_half_an_hour_moves_half_the_energy():
    flow = run([150], [100], step_h=0.5)
    assert flow["charge_mw"] == 50
    assert flow["soc_mwh"] == 22.5
    assert run([0], [100], initial_soc_mwh=90, step_h=0.5)["soc_mwh"] == pytest.approx(
        90 - 50 / 0.9
    )


def test_sun_that_just_meets_the_load_touches_nothing():
    flow = run([100], [100], initial_soc_mwh=50, backup_mw=50)
    assert [float(flow[name][0]) for name in FLOWS] == [100, 0, 0, 0, 0, 0, 0, 50, 0]


def test_a_night_and_a_day_in_a_row():
    # Full of 100 MWh, 60 MW of load: dark, sun of 160, dark.
    # 60 MW draw 66.67; the sun then offers 100 but 66.67 of room take 74.07; dark draws 66.67.
    flow = run([0, 160, 0], [60, 60, 60], initial_soc_mwh=100, usable_mwh=100)
    assert flow["soc_mwh"] == pytest.approx([100 - 60 / 0.9, 100, 100 - 60 / 0.9])
    assert flow["curtailed_mw"] == pytest.approx([0, 100 - 60 / 0.81, 0])


def test_without_battery_the_sun_serves_what_it_can():
    flow = run([150, 30], [100, 100], usable_mwh=0, battery_mw=0)
    assert flow["curtailed_mw"].tolist() == [50, 0]
    assert flow["unserved_mw"].tolist() == [0, 70]


def test_a_circle_starts_with_what_it_ends_with():
    plant = {"solar_mw": 1.0, "usable_mwh": 300.0, "battery_mw": 500.0, "backup_mw": 0.0,
             "one_way_efficiency": 0.9, "retained_fraction": 1.0, "step_h": 1.0}  # fmt: skip
    # A night of 90 MW draws 100 from a full store; by day it fills: the circle ends at 200.
    start = cyclic_soc(
        plant_parameters(**plant),
        np.array([1000.0, 0.0]),
        np.array([90.0, 90.0]),
        np.empty(0),
        np.empty(0),
    )
    assert start == pytest.approx(200)


def test_a_circle_of_a_plant_that_drains_starts_empty():
    plant = {"solar_mw": 1.0, "usable_mwh": 1e6, "battery_mw": 500.0, "backup_mw": 0.0,
             "one_way_efficiency": 0.9, "retained_fraction": 1.0, "step_h": 1.0}  # fmt: skip
    # By day +90, by night -111: any charge is used up in the end, whatever the size of the store.
    start = cyclic_soc(
        plant_parameters(**plant),
        np.array([200.0, 0.0]),
        np.array([100.0, 100.0]),
        np.empty(0),
        np.empty(0),
    )
    assert start == 0


# --- the reserve, by hand: one way .9, so that 90 MW draw 100 MWh and 100 MW store 90 ------------


def test_above_its_reserve_the_battery_serves_alone():
    flow = run(
        [0], [90], initial_soc_mwh=500, backup_mw=60, soc_reserve_mwh=300
    )  # 500 - 100 stays above
    assert flow["backup_mw"] == 0
    assert flow["discharge_mw"] == 90


def test_below_its_reserve_backup_gives_what_ends_the_step_at_the_reserve():
    # 350 - 100 would end 50 below 300: 45 MW less from the battery, 45 from the backup.
    flow = run([0], [90], initial_soc_mwh=350, backup_mw=60, soc_reserve_mwh=300)
    assert flow["backup_mw"] == pytest.approx(45)
    assert flow["discharge_mw"] == pytest.approx(45)
    assert flow["soc_mwh"] == pytest.approx(300)


def test_what_backup_cannot_give_comes_from_the_battery_below_its_reserve():
    flow = run(
        [0], [90], initial_soc_mwh=200, backup_mw=60, soc_reserve_mwh=300
    )  # 30 MW draw 33.3 MWh
    assert flow["backup_mw"] == 60
    assert flow["discharge_mw"] == pytest.approx(30)
    assert flow["soc_mwh"] == pytest.approx(200 - 30 / 0.9)


def test_backup_beyond_the_load_charges_the_battery_up_to_its_reserve():
    # 90 MW for the load, and 300 - 255 = 45 MWh of charge take 50 MW.
    flow = run([0], [90], initial_soc_mwh=255, backup_mw=200, soc_reserve_mwh=300)
    assert flow["backup_mw"] == pytest.approx(140)
    assert flow["charge_mw"] == pytest.approx(50)
    assert flow["discharge_mw"] == flow["curtailed_mw"] == 0
    assert flow["soc_mwh"] == pytest.approx(300)


def test_backup_charges_no_faster_than_the_battery_takes():
    flow = run([0], [90], initial_soc_mwh=255, backup_mw=200, soc_reserve_mwh=300, battery_mw=20)
    assert flow["backup_mw"] == pytest.approx(90 + 20)
    assert flow["charge_mw"] == pytest.approx(20)
    assert flow["curtailed_mw"] == pytest.approx(0)


def test_backup_and_sun_charge_together_within_the_battery_power():
    # 20 MW of surplus store 18; from 255 that leaves 27 MWh to 300, 30 MW.
    flow = run([110], [90], initial_soc_mwh=255, backup_mw=200, soc_reserve_mwh=300)
    assert flow["backup_mw"] == pytest.approx(30)
    assert flow["charge_mw"] == pytest.approx(50)
    flow = run([110], [90], initial_soc_mwh=255, backup_mw=200, soc_reserve_mwh=300, battery_mw=25)
    assert flow["backup_mw"] == pytest.approx(5)
    assert flow["charge_mw"] == pytest.approx(25)


def test_what_is_above_the_battery_power_comes_from_backup_even_when_the_store_is_full():
    flow = run([0], [90], initial_soc_mwh=1000, backup_mw=60, battery_mw=40, soc_reserve_mwh=300)
    assert flow["backup_mw"] == pytest.approx(50)
    assert flow["discharge_mw"] == 40


def test_the_standing_loss_counts_against_the_reserve():
    # 400 less a tenth are 360; with 100 drawn 40 lack: 36 MW.
    flow = run(
        [0], [90], initial_soc_mwh=400, backup_mw=60, soc_reserve_mwh=300, retained_fraction=0.9
    )
    assert flow["backup_mw"] == pytest.approx(36)


def test_the_cheaper_firm_source_runs_first():
    given = {"initial_soc_mwh": 0, "backup_mw": 60, "grid_mw": 50}
    flow = run([0], [90], grid_first=False, **given)
    assert (flow["backup_mw"], flow["grid_mw"]) == pytest.approx((60, 30))
    flow = run([0], [90], grid_first=True, **given)
    assert (flow["backup_mw"], flow["grid_mw"]) == pytest.approx((40, 50))
    flow = run([0], [120], grid_first=True, **given)  # 110 of 120 MW
    assert flow["unserved_mw"] == pytest.approx(10)


def test_a_unit_at_its_minimum_load_spares_the_battery():
    # 10 MW are asked for, a unit of 50 gives at least 20: the battery gives 10 less.
    given = {
        "initial_soc_mwh": 300 + 80 / 0.9,
        "soc_reserve_mwh": 300,
        "minimum_load_fraction": 0.4,
    }
    flow = run([0], [90], backup_mw=50, **given)
    assert flow["backup_mw"] == 20
    assert flow["discharge_mw"] == pytest.approx(70)
    assert flow["soc_mwh"] == pytest.approx(300 + 10 / 0.9)


def test_a_unit_at_its_minimum_load_charges_what_the_load_leaves_and_dumps_the_rest():
    # 4 MW of 90 lack; 20 are given. Of 16 too many, 9 MWh of room take 10, and 6 are dumped.
    given = {"backup_mw": 50, "minimum_load_fraction": 0.4, "usable_mwh": 9, "battery_mw": 10}
    flow = run([86], [90], soc_reserve_mwh=9 * (1 - 1e-6), **given)
    assert flow["backup_mw"] == 20
    assert flow["charge_mw"] == pytest.approx(10)
    assert flow["curtailed_mw"] == pytest.approx(6)
    assert flow["unserved_mw"] == 0


def test_a_unit_at_its_minimum_load_takes_the_grid_s_place():
    # 55 MW lack: grid 50 and 5 from a unit that gives at least 20, so 35 from the grid.
    given = {"backup_mw": 50, "grid_mw": 50, "minimum_load_fraction": 0.4, "grid_first": True}
    flow = run([0], [55], **given)
    assert (flow["backup_mw"], flow["grid_mw"]) == (20, 35)
    assert flow["curtailed_mw"] == 0


def test_two_units_share_their_load_and_know_no_minimum():
    given = {"backup_mw": 100, "largest_unit_mw": 60, "minimum_load_fraction": 0.5}
    assert unit_of(100, 60) == 50
    assert run([0], [51], **given)["backup_mw"] == 51  # 25.5 of 50 each
    assert run([0], [10], **given)["backup_mw"] == 25


def test_rounding_does_not_start_a_unit():
    flow = run([90], [90], initial_soc_mwh=300 - 1e-10, backup_mw=50, minimum_load_fraction=0.4,
               soc_reserve_mwh=300)  # fmt: skip
    assert flow["backup_mw"] == 0


def test_starts_are_units_that_were_off_the_step_before(case_with):
    load = np.full(8760, 1.0)
    load[:6] = [1, 6, 12, 6, 12, 1]  # less 1 MW of sun: 0, 1, 2, 1, 2, 0 units of 6.25 MW
    ran = en.simulate(case_with(1.0, load), en.Design(solar_mw=1, backup_mw=12.5))
    assert ran.unit_mw == 6.25
    assert ran.starts_per_year == 3
    assert en.simulate(case_with(1.0, load), en.Design(solar_mw=1)).starts_per_year == 0


def test_a_larger_battery_serves_less_without_a_reserve_and_no_less_with_one():
    # 100 MW of load, an hour of sun and five dark hours, 60 MW of backup, 200 MWh to deliver.
    sun, load = [100, 0, 0, 0, 0, 0], [100] * 6
    plant = {"initial_soc_mwh": 200 / 0.9, "usable_mwh": 200 / 0.9, "backup_mw": 60}
    served = {}
    for power, reserve in ((40, 0), (100, 0), (100, 200 / 0.9)):
        dark = run(sun, load, battery_mw=power, soc_reserve_mwh=reserve, **plant)[
            "unserved_mw"
        ].sum()
        served[power, reserve > 0] = 1 - dark / 600
    assert served[40, False] == pytest.approx(1)  # 40 and 60 MW, five times
    assert served[100, False] == pytest.approx(0.8)  # 100 MW twice, then 60 MW three times
    assert served[100, True] == pytest.approx(1)


def test_the_planned_reserve_is_what_the_night_lacks_and_the_day_does_not_bring():
    # Two steps of 12 h: 100 MW of sun and none; 50 MW of load; 20 MW firm.
    def reserve(fraction: float, usable_mwh: float = 600.0) -> list[float]:
        days = np.array([[1.0, 50.0], [0.0, 50.0]] * 12)
        table = np.empty(24)
        soc_reserve(days, 100.0, usable_mwh, 20.0, fraction, 0.9 * 12, 12 / 0.9, table)
        assert np.all(table.reshape(12, 2) == table[:2])
        return table[:2].tolist()

    # r = .5 trusts all: the night lacks 30 MW * 12 h / .9 = 400 MWh, the day brings 70 * 10.8.
    assert reserve(0.5) == pytest.approx([400, 0])
    # r = .6 trusts 2/3: the night lacks 36.67 MW, 488.9 MWh, the day brings 30 MW, 324 MWh.
    # Each day lacks 164.9: ten of them fill the reserve, and the last day brings 324 again.
    assert reserve(0.6) == pytest.approx([600, 276])
    # Not so many as to fill 2,000: nine days' lack stand behind the tenth night.
    lack = 12 / 0.9 * (50 - 20 / 1.5)
    assert reserve(0.6, 2000) == pytest.approx([lack + 9 * (lack - 324), 9 * (lack - 324)])
    assert reserve(1.0) == [600, 600]  # trusts nothing
    assert reserve(1e-6) == [0, 0]  # trusts without limit: 20 MW a million times over


def test_a_reserve_is_higher_at_dusk_than_at_dawn_and_in_winter_than_in_summer(wyoming):
    design = en.Design(
        solar_mw=1200, battery_mwh=3000, battery_mw=450, backup_mw=60, reserve_conservatism=0.6
    )
    reserve = reserve_of(wyoming, design)
    local = wyoming.weather.local_middle
    at = {
        (month, hour): reserve[(local.month == month) & (local.hour == hour)]
        for month in (6, 12)
        for hour in (6, 18)
    }
    assert all(np.ptp(values) == 0 for values in at.values())
    assert at[12, 18][0] > at[12, 6][0]
    assert at[12, 18][0] > at[6, 18][0] > at[6, 6][0]


def test_mean_days_are_the_means_of_their_hours(case_with):
    sun = np.arange(8760.0)
    case = case_with(sun, 100.0)
    days = case.mean_days
    assert days.shape == (288, 2)
    # El Paso starts its year at 00:00 local time; 02:00 in January: hours 2, 26, ... 722.
    assert days[2, 0] == pytest.approx(np.mean(2 + 24 * np.arange(31)))
    # 23:00 in December, the last: hours 8759 - 24 * 30 ... 8759.
    assert days[287, 0] == pytest.approx(8759 - 24 * 15)
    assert np.all(days[:, 1] == 100)


def test_the_grid_goes_first_where_it_is_cheaper_to_run():
    # Wyoming: 80 $/MWh from the grid, 84 from gas engines, 280 from diesel; Texas: 60 and 57.
    def first(site: str, backup: str = "engine") -> bool:
        from energy.dispatch.run import grid_first

        assumptions = en.read_assumptions(backup=backup)
        return grid_first(en.Case(en.read_site(site), en.Datacenter(it_mw=1), assumptions))

    assert first("wyoming")
    assert first("wyoming", "diesel")
    assert not first("abilene")
    assert not first("wyoming", "turbine")  # 68 $/MWh


def test_standing_loss_is_given_by_the_month(el_paso):
    battery = el_paso.assumptions.battery.replace(self_discharge_fraction_per_month=0.02)
    assert battery.retained_fraction(1.0) ** 730.5 == pytest.approx(0.98)
    assert battery.retained_fraction(0.5) ** 1461 == pytest.approx(0.98)


# --- always true ----------------------------------------------------------------------------------

series = st.lists(st.floats(0, 1), min_size=1, max_size=60)
days = st.lists(st.tuples(st.floats(0, 1), st.floats(1, 200)), min_size=24, max_size=24)
plants = st.fixed_dictionaries(
    {
        "solar_mw": st.floats(1, 2000),
        "usable_mwh": st.floats(0, 8000),
        "battery_mw": st.floats(0, 600),
        "backup_mw": st.one_of(st.just(0.0), st.floats(0.001, 120)),
        "grid_mw": st.one_of(st.just(0.0), st.floats(0.001, 80)),
        "soc_reserve_mwh": st.floats(0, 1),  # a share here, of the usable energy below
        "largest_unit_mw": st.floats(1, 200),
        "minimum_load_fraction": st.floats(0, 0.5),
        "grid_first": st.booleans(),
        "one_way_efficiency": st.floats(0.5, 1),
        "retained_fraction": st.floats(0.9, 1),
        "step_h": st.sampled_from([1.0, 0.5, 0.25]),
    }
).map(lambda plant: plant | {"soc_reserve_mwh": plant["soc_reserve_mwh"] * plant["usable_mwh"]})


@settings(deadline=None, max_examples=300)
@given(series, st.floats(1, 200), plants, st.floats(0, 1))
def test_every_step_balances_and_nothing_is_negative(solar, load, plant, start_share):
    initial_soc_mwh = start_share * plant["usable_mwh"]
    flow = run(solar, [load] * len(solar), initial_soc_mwh, **plant)
    scale = max(load, plant["solar_mw"])
    given = ("solar_mw", "discharge_mw", "backup_mw", "grid_mw", "unserved_mw")
    taken = flow["charge_mw"] + flow["curtailed_mw"] + load
    assert sum(flow[name] for name in given) == pytest.approx(taken, abs=1e-9 * scale)
    assert not np.any((flow["charge_mw"] > 0) & (flow["discharge_mw"] > 0))
    assert not np.any((flow["curtailed_mw"] > 1e-9 * scale) & (flow["unserved_mw"] > 1e-9 * scale))
    one_way, step_h = plant["one_way_efficiency"], plant["step_h"]
    change = np.diff(np.concatenate(([initial_soc_mwh], flow["soc_mwh"])))
    net = flow["charge_mw"] * one_way - flow["discharge_mw"] / one_way - flow["self_discharge_mw"]
    assert change == pytest.approx(net * step_h, abs=1e-9 * max(scale, plant["usable_mwh"]))
    for name in FLOWS:
        assert flow[name].min() >= 0, name
    assert flow["soc_mwh"].max() <= plant["usable_mwh"]
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
    sizes = ("solar_mw", "usable_mwh", "battery_mw", "backup_mw", "grid_mw", "soc_reserve_mwh",
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


@settings(deadline=None, max_examples=300)
@given(series, plants, st.data())
def test_with_the_whole_battery_in_reserve_more_of_anything_never_serves_less(solar, plant, data):
    names = ("solar_mw", "usable_mwh", "battery_mw", "backup_mw", "grid_mw")
    name, factor = data.draw(st.sampled_from(names)), data.draw(st.floats(1, 3))
    larger = plant | {name: plant[name] * factor}
    load = [100.0] * len(solar)

    def dark_mw(plant: dict[str, Any]) -> float:
        full = plant | {"soc_reserve_mwh": plant["usable_mwh"]}
        return float(run(solar, load, full["usable_mwh"], **full)["unserved_mw"].sum())

    assert dark_mw(larger) <= dark_mw(plant) + 1e-9 * 100 * len(solar)


@settings(deadline=None, max_examples=300)
@given(series, plants, st.floats(1, 3), st.floats(0, 1), st.floats(0, 1))
def test_more_battery_energy_never_serves_less_at_any_reserve_without_a_minimum_load(
    solar, plant, factor, fraction, dim
):
    plant = plant | {"minimum_load_fraction": 0.0}
    days = np.tile([[dim, 100.0], [0.0, 100.0]], (12, 1))
    load, slot = [100.0] * len(solar), np.arange(len(solar)) % 2

    def dark_mw(plant: dict[str, Any]) -> float:
        sizes = np.array([plant.get(name, fraction) for name in SIZES])
        kept = plant | {"soc_reserve_mwh": reserve_by_step(days, sizes, plant)[slot]}
        return float(run(solar, load, plant["usable_mwh"], **kept)["unserved_mw"].sum())

    larger = plant | {"usable_mwh": plant["usable_mwh"] * factor}
    assert dark_mw(larger) <= dark_mw(plant) + 1e-9 * 100 * len(solar)


@settings(deadline=None, max_examples=200)
@given(series, plants, days)
def test_no_reserve_serves_less_than_greedy_without_a_minimum_load(solar, plant, days):
    plant = plant | {"minimum_load_fraction": 0.0}
    load, slot = [100.0] * len(solar), np.arange(len(solar)) % 24
    greedy = run(solar, load, plant["usable_mwh"], **plant | {"soc_reserve_mwh": 0.0})
    for fraction in (0.3, 0.6, 0.9):
        sizes = np.array([plant.get(name, fraction) for name in SIZES])
        kept = plant | {"soc_reserve_mwh": reserve_by_step(np.array(days), sizes, plant)[slot]}
        dark_mw = run(solar, load, plant["usable_mwh"], **kept)["unserved_mw"].sum()
        assert dark_mw <= greedy["unserved_mw"].sum() + 1e-9 * 100 * len(solar)


# --- said again -----------------------------------------------------------------------------------


def plain_loop(
    solar, load, initial_soc_mwh, solar_mw, usable_mwh, battery_mw, backup_mw, one_way_efficiency,
    retained_fraction, step_h, **firm,
):  # fmt: skip
    """Greedy, told by what fits and what is there, in plain floats."""
    stored, rows = initial_soc_mwh, []
    for sun_share, need in zip(solar, load, strict=True):
        sun = sun_share * solar_mw
        lost = stored * (1 - retained_fraction)
        stored -= lost
        direct = min(sun, need)
        room_mw = (usable_mwh - stored) / one_way_efficiency / step_h
        charge = min(sun - direct, battery_mw, room_mw)
        there_mw = stored * one_way_efficiency / step_h
        discharge = min(need - direct, battery_mw, there_mw)
        stored += (charge * one_way_efficiency - discharge / one_way_efficiency) * step_h
        backup = min(need - direct - discharge, backup_mw)
        grid = min(need - direct - discharge - backup, firm.get("grid_mw", 0.0))
        dark = need - direct - discharge - backup - grid
        rows.append([sun, charge, discharge, backup, grid, dark, sun - direct - charge, stored,
                     lost / step_h])  # fmt: skip
    return np.array(rows).T


@settings(deadline=None, max_examples=200)
@given(series, plants, st.floats(0, 1))
def test_without_a_reserve_the_kernel_is_the_plain_loop(solar, plant, start_share):
    plant = plant | {"soc_reserve_mwh": 0.0, "minimum_load_fraction": 0.0, "grid_first": False}
    load = list(100 + 20 * np.sin(np.arange(len(solar))))
    initial_soc_mwh = start_share * plant["usable_mwh"]
    flow = run(solar, load, initial_soc_mwh, **plant)
    told = plain_loop(solar, load, initial_soc_mwh, **plant)
    for name, expected in zip(FLOWS, told, strict=True):
        assert flow[name] == pytest.approx(expected, rel=1e-9, abs=1e-6), name


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), plants, st.floats(0, 1))
def test_with_the_whole_battery_in_reserve_no_rule_with_any_foresight_serves_more(
    solar, plant, start_share
):
    plant = plant | {"soc_reserve_mwh": plant["usable_mwh"]}
    initial_soc_mwh = start_share * plant["usable_mwh"]
    load = list(100 + 20 * np.sin(np.arange(len(solar))))
    dark_mw = run(solar, load, initial_soc_mwh, **plant)["unserved_mw"].sum()
    assert dark_mw == pytest.approx(least_dark_mw(solar, load, initial_soc_mwh, plant), abs=1e-5)


def least_dark_mw(solar, load, initial_soc_mwh, plant):
    """The least unserved power, summed, of any dispatch that knows all steps: a linear programme.

    Columns by step: charge, discharge, firm, unserved [MW], store at the end [MWh].
    """
    n, sun = len(solar), np.array(solar) * plant["solar_mw"]
    eye, zero = np.eye(n), np.zeros((n, n))
    one_way, step_h = plant["one_way_efficiency"], plant["step_h"]
    before = np.diag(np.full(n - 1, plant["retained_fraction"]), -1)
    kept_mwh = np.zeros(n)
    kept_mwh[0] = plant["retained_fraction"] * initial_soc_mwh
    dispatchable_mw = plant["backup_mw"] + plant["grid_mw"]
    most = (plant["battery_mw"], plant["battery_mw"], dispatchable_mw, None, plant["usable_mwh"])
    found = linprog(
        np.repeat([0, 0, 0, 1, 0], n),
        A_ub=np.hstack([eye, -eye, -eye, -eye, zero]),
        b_ub=sun - load,
        A_eq=np.hstack([-one_way * step_h * eye, step_h / one_way * eye, zero, zero, eye - before]),
        b_eq=kept_mwh,
        bounds=[(0, high) for high in most for _ in range(n)],
        method="highs",
    )
    assert found.status == 0, found.message
    return found.fun


@settings(deadline=None, max_examples=100)
@given(series, st.lists(plants, min_size=1, max_size=70), days, st.integers(1, 3), st.booleans())
def test_many_plants_at_once_are_the_plants_one_by_one(solar, many, days, years, cut):
    grid_open = np.resize([1.0, 0.0, 0.3], len(solar)) if cut else np.empty(0)
    solar, load = np.array(solar), np.linspace(80, 120, len(solar))
    year = np.arange(len(solar)) * years // len(solar)
    year = np.unique(year, return_inverse=True)[1].astype(np.int64)
    slot, days = np.arange(len(solar)) % 24, np.array(days)  # two steps a day, twelve months
    shared = {name: value for name, value in many[0].items() if name in SHARED}
    sizes = np.array([[plant.get(name, 0.0) for name in SIZES] for plant in many])
    sizes[:, SIZES.index("reserve_conservatism")] = np.linspace(0, 1, len(many))
    sizes[:, -1] = unit_of(sizes[:, SIZES.index("backup_mw")], shared["largest_unit_mw"])
    common = plant_parameters(solar_mw=0.0, usable_mwh=0.0, battery_mw=0.0, **shared)
    least = shared["minimum_load_fraction"]
    measures = run_many(common, least, solar, load, grid_open, year, slot, days, sizes)
    for plant, row, got in zip(many, sizes, measures, strict=True):
        plant = plant | shared
        plant["soc_reserve_mwh"] = reserve_by_step(days, row, shared)[slot]
        plant["grid_open"] = grid_open
        end = run(list(solar), list(load), plant["usable_mwh"], **plant)
        flow = run(list(solar), list(load), end["soc_mwh"][-1], **plant)
        told = dict(zip(MEASURES, got, strict=True))
        for name in ("unserved", "backup", "grid"):
            alone = flow[f"{name}_mw"].sum()
            assert told[name] == pytest.approx(alone, rel=1e-9, abs=1e-4), name
        dark = flow["unserved_mw"]
        if np.any(np.abs(dark / load / 1e-6 - 1) < 0.01):
            continue  # a step that is short by rounding may fall either way
        short = dark > 1e-6 * load
        assert told["loss_of_load_steps"] == short.sum()
        # The round before leads into this one: an event may begin at its end.
        before = end["unserved_mw"] > 1e-6 * load
        both = groupby(np.concatenate([before, short]))
        lengths, at = [], 0
        for is_short, group in both:
            length = len(list(group))
            at += length
            if is_short and at > len(short):
                lengths.append(min(length, len(short)))
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
    assert frame["soc_mwh"].iloc[-1] == pytest.approx(ran.initial_soc_mwh, abs=1e-6)
    parts = frame[["solar_to_load_mw", "discharge_mw", "backup_mw", "unserved_mw"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(frame["load_mw"].to_numpy(), rel=1e-9)
    parts = frame[["solar_to_load_mw", "charge_mw", "curtailed_mw"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(frame["solar_mw"].to_numpy(), rel=1e-9, abs=1e-7)
    assert frame.index.equals(wyoming.weather.index)


def test_a_battery_that_takes_power_itself_is_a_load_beside_the_load(el_paso):
    # 2 kW of each of 2,000 MWh are 4 MW at all times.
    hungry = el_paso.with_parameters({"battery.own_use_kw_per_mwh": 2.0})
    design = en.Design(solar_mw=900, battery_mwh=2000, battery_mw=300)
    ran, plain = en.simulate(hungry, design), en.simulate(el_paso, design)
    assert ran.own_use_mw == pytest.approx(4.0)
    frame = ran.frame
    parts = frame[["solar_to_load_mw", "discharge_mw", "backup_mw", "unserved_mw"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(frame["load_mw"].to_numpy() + 4.0, rel=1e-9)
    parts = frame[["solar_to_load_mw", "charge_mw", "curtailed_mw"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(frame["solar_mw"].to_numpy(), rel=1e-9, abs=1e-7)
    # It is the run of a load that is 4 MW higher, but for what counts as load.
    same = en.simulate(el_paso.replace(load_mw=el_paso.load_mw + 4.0), design)
    assert ran.flows == pytest.approx(same.flows, abs=1e-9)
    served = en.assess(ran).served_fraction
    assert served < en.assess(plain).served_fraction
    assert served == pytest.approx(1 - same.flow("unserved_mw").sum() / el_paso.load_mw.sum())
    many = en.simulate_many(hungry, [design])
    assert many["served_fraction"][0] == pytest.approx(served, abs=1e-12)
    assert en.run_workload(hungry, design, en.FirmLoad()).flows == pytest.approx(ran.flows)


def test_a_plant_with_a_hungry_battery_is_sized_for_it(el_paso):
    hungry = el_paso.with_parameters({"battery.own_use_kw_per_mwh": 1.0})
    sized = en.size(hungry, served_fraction=0.99)
    assert sized.evaluation.availability.served_fraction == pytest.approx(0.99, abs=1e-9)
    plain = en.size(el_paso, served_fraction=0.99).evaluation.cost.annual_usd
    cost = sized.evaluation.cost.annual_usd
    assert 1.01 < cost / plain < 1.06
    # No plant nearby that serves as much is cheaper.
    for solar, battery in ((1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99), (1.02, 0.98)):
        near = sized.design.replace(
            solar_mw=solar * sized.design.solar_mw, battery_mwh=battery * sized.design.battery_mwh
        )
        other = en.evaluate(hungry, near)
        enough = other.availability.served_fraction >= 0.99
        assert not enough or other.cost.annual_usd > cost
    losses = sized.evaluation.losses["kwh_per_kwdc_year"]
    took = (losses["battery"] - losses["battery_own_use"]) * sized.design.solar_mw
    assert took == pytest.approx(sized.evaluation.run.own_use_mw * 8760, rel=1e-9)


def test_a_plant_runs_on_the_array_s_output_over_its_life(el_paso):
    ran = en.simulate(el_paso, en.Design(solar_mw=10))
    # .7 % a year over 30 years: (1 - .993^30) / (30 * .007) = .904829
    new = el_paso.solar_new.sum() * 10
    assert ran.frame["solar_mw"].sum() == pytest.approx(0.904829 * new, rel=1e-6)


def test_a_start_that_is_given_is_the_start(el_paso):
    design = en.Design(solar_mw=1000, battery_mwh=2000, battery_mw=300)
    assert en.simulate(el_paso, design, initial_soc_fraction=1).initial_soc_mwh == pytest.approx(
        1800
    )
    assert en.simulate(el_paso, design, initial_soc_fraction=0).initial_soc_mwh == 0
    with pytest.raises(en.InputError, match="between 0 and 1"):
        en.simulate(el_paso, design, initial_soc_fraction=1.5)


def test_only_the_usable_share_of_the_battery_is_used(case_with):
    case = case_with(0.0, 100.0)
    ran = en.simulate(
        case, en.Design(solar_mw=1, battery_mwh=1000, battery_mw=100), initial_soc_fraction=1
    )
    usable, one_way = 0.9, math.sqrt(0.88)
    lost = 1000 * usable - ran.frame["self_discharge_mw"].sum()
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


def test_maps_with_backup_and_grid_agree_with_single_runs(wyoming):
    assumptions = wyoming.assumptions
    assumptions = assumptions.replace(
        battery=assumptions.battery.replace(self_discharge_fraction_per_month=0.0)
    )
    case = en.Case(wyoming.site, wyoming.datacenter, assumptions)
    designs = [
        en.Design(solar_mw=1000, battery_mwh=2500, battery_mw=300, backup_mw=b, grid_mw=g,
                  reserve_conservatism=r)
        for b, g, r in ((0, 0, 0.6), (50, 0, 0), (50, 0, 0.55), (50, 20, 0.6), (0, 60, 1))
    ]  # fmt: skip
    frame = en.simulate_many(case, designs)
    for design, row in zip(designs, frame.itertuples(), strict=True):
        ran = en.simulate(case, design)
        single = en.assess(ran)
        assert row.served_fraction == pytest.approx(single.served_fraction, abs=1e-9)
        assert row.available_fraction == pytest.approx(single.available_fraction, abs=2e-5)
        assert row.longest_event_h == single.longest_event_h
        worst = single.worst_year["served_fraction"]
        assert row.worst_year_served_fraction == pytest.approx(worst, abs=1e-9)
        years = case.weather.years_exact
        assert row.backup_mwh_per_year == pytest.approx(ran.energy_mwh("backup_mw") / years)
        assert row.grid_mwh_per_year == pytest.approx(ran.energy_mwh("grid_mw") / years)
        assert row.starts_per_year == pytest.approx(ran.starts_per_year, abs=1)


def test_firm_power_goes_to_the_load_or_the_store_and_all_balances(wyoming):
    design = en.Design(solar_mw=900, battery_mwh=2000, battery_mw=300, backup_mw=80, grid_mw=20,
                       reserve_conservatism=0.7)  # fmt: skip
    ran = en.simulate(wyoming, design)
    frame = ran.frame
    told = ["solar_to_load_mw", "discharge_mw", "dispatchable_to_load_mw", "unserved_mw"]
    assert frame[told].sum(axis=1).to_numpy() == pytest.approx(frame["load_mw"].to_numpy())
    given = frame[["solar_mw", "backup_mw", "grid_mw"]].sum(axis=1)
    taken = frame[["solar_to_load_mw", "dispatchable_to_load_mw", "charge_mw", "curtailed_mw"]].sum(
        axis=1
    )
    assert given.to_numpy() == pytest.approx(taken.to_numpy(), abs=1e-7)
    assert frame["dispatchable_to_battery_mw"].sum() > 0
    assert (frame["dispatchable_to_battery_mw"] <= frame["charge_mw"]).all()
    assert ran.backup_energy_fraction == pytest.approx(
        frame["backup_mw"].sum() / frame["load_mw"].sum()
    )
    assert ran.grid_fraction == pytest.approx(frame["grid_mw"].sum() / frame["load_mw"].sum())


def test_more_reserve_serves_more_and_burns_more(wyoming):
    designs = [
        en.Design(
            solar_mw=1000, battery_mwh=2500, battery_mw=350, backup_mw=60, reserve_conservatism=r
        )
        for r in np.linspace(0, 1, 11)
    ]
    frame = en.simulate_many(wyoming, designs)
    assert np.diff(frame["served_fraction"]).min() >= -1e-6
    assert frame["served_fraction"].iloc[-1] > frame["served_fraction"].iloc[0] + 0.005
    assert frame["backup_mwh_per_year"].iloc[-1] > 2 * frame["backup_mwh_per_year"].iloc[0]
