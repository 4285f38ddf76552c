"""Loads that follow their power: by hand, always true, and said again as a plain loop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import energy as en
from energy.datacenter.workload import _ramped
from energy.dispatch.flexible import (
    WORK,
    FollowingRule,
    QueueRule,
    _highest_level,
    _pay,
    rule_of,
    run_following,
    run_queue,
)
from energy.dispatch.reserve import soc_reserve
from energy.dispatch.run import FLOWS
from energy.dispatch.step import plant_parameters
from energy.parameters import shipped


def follow(solar: list[float], initial_soc_mwh: float = 0.0, **given: Any) -> dict[str, np.ndarray]:
    """Flows and work by name of 100 MW of computers, PUE 1, under a cap of .5 to 1, no plan.

    1 MWdc of array, so that `solar` is its power; one way .8, which makes 80 MWh of 100 put in.
    """
    rule: dict[str, Any] = {
        "reserves": np.zeros((1, 0)),
        "levels": np.array([0.5]),
        "rest_fraction": 0.0,
        "idle_fraction": 0.0,
        "parts": 0,
        "rise": 9.0,
        "lost_h": 0.0,
        "exponent": 1.0,
        "solar_mw": 1.0,
        "usable_mwh": 1000.0,
        "battery_mw": 1000.0,
        "backup_mw": 0.0,
        "one_way_efficiency": 0.8,
        "retained_fraction": 1.0,
        "step_h": 1.0,
        "it_mw": 100.0,
        "before": 1.0,
    } | given
    return kernel_flows(run_following, FollowingRule, rule, solar, initial_soc_mwh)


def kernel_flows(
    kernel: Any, kind: Any, given: dict[str, Any], solar: list[float], initial_soc_mwh: float
) -> dict[str, np.ndarray]:
    """Flows, load and work by name of a kernel that gets numbers by name."""
    steps, rule = len(solar), dict(given)
    of_rule = {name: rule.pop(name) for name in kind._fields if name != "step_h"}
    reserves, before = rule.pop("reserves"), rule.pop("before")
    grid_open = rule.pop("grid_open", [])
    flows, load, work = np.empty((steps, len(FLOWS))), np.empty(steps), np.empty((steps, len(WORK)))
    kernel(
        plant_parameters(**rule), kind(**of_rule, step_h=rule["step_h"]),
        np.array(solar, dtype=float), np.full(steps, 100.0), np.zeros(steps, dtype=np.int64),
        np.empty(0), np.array(grid_open, dtype=float), reserves, float(initial_soc_mwh), before,
        flows, load, work,
    )  # fmt: skip
    names = (*FLOWS, *WORK, "load_mw")
    return dict(zip(names, (*flows.T, *work.T, load), strict=True))


def runs(parts: int, **given: Any) -> dict[str, Any]:
    """What `follow` takes for runs that stop one by one."""
    return {"parts": parts, "levels": np.array([1.0 / parts])} | given


@pytest.fixture(scope="module")
def case() -> en.Case:
    return en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))


DESIGN = en.Design(solar_mw=700, battery_mwh=1800, battery_mw=250)


# --- by hand --------------------------------------------------------------------------------------


def test_a_cap_goes_down_to_what_the_sun_gives():
    flow = follow([70])
    assert flow["load_mw"] == flow["useful_mw"] == 70
    assert flow["unserved_mw"] == flow["curtailed_mw"] == 0


def test_a_cap_uses_what_is_stored_through_the_battery():
    # 50 MWh in the store give 40 MWh: 20 of sun and 40 make 60.
    flow = follow([20], initial_soc_mwh=50)
    assert flow["load_mw"] == pytest.approx(60)
    assert flow["soc_mwh"] == pytest.approx(0, abs=1e-9)


def test_a_cap_is_limited_by_the_battery_s_power():
    flow = follow([20], initial_soc_mwh=500, battery_mw=45)
    assert flow["load_mw"] == 65
    assert flow["discharge_mw"] == 45


def test_below_its_least_a_run_stops_and_what_there_is_is_stored():
    flow = follow([49])
    assert flow["load_mw"] == flow["useful_mw"] == 0
    assert flow["charge_mw"] == 49


def test_full_power_is_never_exceeded():
    flow = follow([150])
    assert flow["load_mw"] == flow["useful_mw"] == 100
    assert flow["charge_mw"] == 50


def test_throughput_is_power_to_the_exponent():
    assert follow([64], exponent=0.5)["useful_mw"] == pytest.approx(80)  # sqrt(.64) = .8


def test_computers_at_rest_draw_their_idle_power_and_go_dark_without_it():
    flow = follow([49, 3, 0], idle_fraction=0.05, battery_mw=0)
    assert list(flow["load_mw"]) == [5, 5, 5]
    assert list(flow["unserved_mw"]) == [0, 2, 5]
    assert list(flow["it_mw"]) == [5, 3, 0]
    assert flow["useful_mw"].sum() == 0


def test_runs_stop_one_by_one():
    # 10 runs of 10 MW: 47 MW carry 4 of them, 7 MW are stored.
    flow = follow([47], **runs(10))
    assert flow["load_mw"] == flow["useful_mw"] == pytest.approx(40)
    assert flow["charge_mw"] == pytest.approx(7)


def test_all_or_nothing_runs_at_full_or_not_at_all():
    assert list(follow([99, 100], **runs(1))["load_mw"]) == [0, 100]


def test_idle_runs_draw_their_share():
    # Each of 10 at rest draws 1 MW: 46 MW carry 4, for 4 x 10 + 6 x 1 = 46.
    flow = follow([46], **runs(10, idle_fraction=0.1, rest_fraction=0.1))
    assert flow["load_mw"] == pytest.approx(46)
    assert flow["useful_mw"] == pytest.approx(40)


def test_a_restart_loses_its_hours_even_over_several_steps():
    # It stops in the first hour; back, it owes 1.5 h: all of one hour and half of the next.
    flow = follow([0, 100, 100, 100], **runs(1, lost_h=1.5))
    assert list(flow["useful_mw"]) == [0, 0, 50, 100]
    assert list(flow["lost_mw"]) == [0, 100, 50, 0]
    assert list(flow["restarted_fraction"]) == [0, 1, 0, 0]


def test_a_restart_costs_half_a_checkpoint_and_its_own_time():
    assert en.Interruptible(checkpoint_h=2.0, restart_h=0.5).lost_h == 1.5


def test_only_the_runs_that_come_back_lose():
    # From 4 to 10 of 10 runs: 6 restart, each loses half an hour of 10 MW.
    flow = follow([40, 100], **runs(10, lost_h=0.5))
    assert flow["restarted_fraction"] == pytest.approx([0, 0.6])
    assert flow["lost_mw"] == pytest.approx([0, 30])


def test_a_lowered_cap_is_no_restart():
    flow = follow([60, 100, 0, 60], lost_h=0.5, usable_mwh=0)
    assert list(flow["restarted_fraction"]) == [0, 0, 0, 1]


def test_power_rises_by_its_ramp_and_falls_at_once():
    flow = follow([40, 100, 100, 100, 50], rise=0.2, usable_mwh=0)
    # From rest: the least and a step of .2 above it.
    assert flow["load_mw"] == pytest.approx([0, 70, 90, 100, 50])


def test_a_slow_ramp_still_brings_back_one_run_at_a_time():
    flow = follow([0, 100, 100], **runs(10, rise=0.01))
    assert flow["load_mw"] == pytest.approx([0, 20, 30])


#: A plan for two levels: at half power the store must hold 40 MWh after the step, at full 100.
PLAN = {"reserves": np.array([[40.0], [100.0]]), "levels": np.array([0.5, 1.0])}


def test_the_plan_lets_full_power_when_the_store_keeps_its_reserve():
    # 225 MWh less 100 / .8 leave 100.
    assert follow([0], initial_soc_mwh=225, **PLAN)["load_mw"] == 100


def test_between_two_planned_levels_the_power_is_a_line():
    # At half 102.5 + 62.5 - 62.5 = 102.5 left, 62.5 over 40; at full 40 left, 60 under 100:
    # .5 + .5 x 62.5 / 122.5.
    flow = follow([0], initial_soc_mwh=165, **PLAN)
    assert flow["load_mw"] == pytest.approx(100 * (0.5 + 0.5 * 62.5 / 122.5))


def test_a_capped_run_goes_down_to_its_least_before_it_stops():
    assert (
        follow([0], initial_soc_mwh=70, **PLAN)["load_mw"] == 50
    )  # 7.5 left: far under the plan's 40


def test_a_stopped_run_waits_for_the_plan():
    # The first hour stops it; then 60 MW would carry it, but 40 MWh would not be left.
    flow = follow([10, 60, 120], **PLAN)
    assert list(flow["load_mw"][:2]) == [0, 0]
    # 8 + 48 + 120 - 50 = 70 MW x .8 = 56: 112 at half, 72 at full, which is 28 short.
    assert flow["load_mw"][2] == pytest.approx(100 * (0.5 + 0.5 * 72 / 100))


def test_runs_that_can_be_carried_go_on_whatever_the_plan():
    assert follow([0], initial_soc_mwh=130, **PLAN | runs(1, levels=np.ones(1)))["load_mw"] == 100


def test_each_of_many_runs_goes_on_as_long_as_it_can_be_carried():
    # 7 of 10 run; the plan allows none, 87.5 MWh carry all 7 for this hour, and then none.
    plan = {"reserves": np.full((1, 1), 1e6)}
    flow = follow([0, 0], initial_soc_mwh=87.5, before=0.7, **runs(10), **plan)
    assert flow["load_mw"] == pytest.approx([70, 0])


def test_sun_that_the_store_cannot_take_is_used():
    # 1000 MWh full: the plan asks for more than there is room for, yet nothing is thrown away.
    flow = follow([80], initial_soc_mwh=1000, reserves=np.full((1, 1), 1001.0))
    assert flow["load_mw"] == 80
    assert flow["curtailed_mw"] == 0
    # Half of the room in power: 80 - 20 have to be used.
    flow = follow([80], initial_soc_mwh=500, battery_mw=20, reserves=np.full((1, 1), 1001.0))
    assert flow["load_mw"] == 60


def test_the_plan_knows_what_the_battery_s_power_lets_in():
    # 50 MW over full power: all of them leave 540 MWh, the 5 of the battery only 504 of 520.
    given = (np.array([[520.0]]), np.ones(1), 0, 0.0, 500.0, 150.0, 100.0)
    plants = {
        mw: plant_parameters(
            solar_mw=1.0, usable_mwh=1000.0, battery_mw=mw, one_way_efficiency=0.8, step_h=1.0
        )
        for mw in (50.0, 5.0)
    }
    assert _highest_level(plants[50.0], *given) == 1.0
    assert _highest_level(plants[5.0], *given) == 0.0


def test_backup_carries_a_capped_load():
    flow = follow([0], backup_mw=70.0, battery_mw=0.0)
    assert flow["load_mw"] == flow["backup_mw"] == 70
    assert flow["unserved_mw"] == 0


def queue(solar: list[float], initial_soc_mwh: float = 0.0, **given: Any) -> dict[str, np.ndarray]:
    """Flows and work by name of a queue on 100 MW of computers, PUE 1; one way .8 as `follow`."""
    rule: dict[str, Any] = {
        "reserves": np.zeros((1, 0)), "levels": np.ones(1), "idle_fraction": 0.0,
        "offered_load_fraction": 0.1, "wait_steps": 2, "solar_mw": 1.0, "usable_mwh": 1000.0,
        "battery_mw": 1000.0, "backup_mw": 0.0, "one_way_efficiency": 0.8, "retained_fraction": 1.0,
        "step_h": 1.0, "it_mw": 100.0, "before": 0.0,
    } | given  # fmt: skip
    return kernel_flows(run_queue, QueueRule, rule, solar, initial_soc_mwh)


#: A plan that never lets a queue work ahead from the store.
HOARD = {"reserves": np.full((2, 1), 1e6), "levels": np.array([0.0, 1.0])}


def test_a_queue_waits_for_the_sun_until_it_is_due():
    # A tenth comes each step and may wait for two: the first is due in the third step. Then the
    # sun does all three that have come, 30 MW, and the next waits again.
    flow = queue([0, 0, 0, 100, 0, 0, 0], initial_soc_mwh=500, **HOARD)
    assert flow["useful_mw"] == pytest.approx([0, 0, 10, 30, 0, 0, 10])
    assert flow["discharge_mw"] == pytest.approx([0, 0, 10, 0, 0, 0, 10])


def test_a_queue_without_a_reserve_works_ahead_from_the_store():
    flow = queue([0, 0, 0], initial_soc_mwh=20)  # 16 MWh: all of the first, .6 of the second
    assert flow["useful_mw"] == pytest.approx([10, 6, 0])


def test_a_queue_works_ahead_with_what_the_plan_leaves():
    # 25 MWh less 10 / .8 are 12.5, more than the 5 that are to stay; then 7.5 x .8 = 6 MWh.
    flow = queue(
        [0, 0], initial_soc_mwh=25, reserves=np.full((2, 1), 5.0), levels=np.array([0.0, 1.0])
    )
    assert flow["useful_mw"] == pytest.approx([10, 6])
    # What is due is served down to empty: the 4 that wait after three steps and 5 MWh x .8 = 4.
    flow = queue(
        [0] * 4, initial_soc_mwh=25, reserves=np.full((2, 1), 5.0), levels=np.array([0.0, 1.0])
    )
    assert flow["useful_mw"] == pytest.approx([10, 6, 0, 4])


def test_working_ahead_is_limited_by_the_battery_s_power():
    free = {"reserves": np.zeros((2, 1)), "levels": np.array([0.0, 1.0])}
    for plan in ({}, free):
        flow = queue([0], initial_soc_mwh=500, battery_mw=4, **plan)
        assert flow["useful_mw"] == flow["load_mw"] == pytest.approx(4)
        assert flow["unserved_mw"] == 0


def test_what_a_queue_cannot_do_in_time_is_missed_and_gone():
    flow = queue([0, 0, 0, 0, 100], initial_soc_mwh=10, **HOARD)
    # Due: 10, then 10 again: 8 MWh do .8 of the first; the sun finds the three that are left.
    assert flow["offered_mw"] == pytest.approx([0, 0, 10, 10, 30])
    assert flow["useful_mw"] == pytest.approx([0, 0, 8, 0, 30])
    assert flow["unserved_mw"] == pytest.approx([0, 0, 2, 10, 0])


def test_a_queue_s_sun_carries_first_what_rests():
    # Of 28 MW of sun, 10 are for all at rest: 18 / .9 run. 5 leave the resting short.
    rule = {"idle_fraction": 0.1, "offered_load_fraction": 0.5, "usable_mwh": 0.0}
    assert queue([28], **rule)["useful_mw"] == pytest.approx(20)
    short = queue([5], **rule)
    assert short["useful_mw"] == 0
    assert short["unserved_mw"] == pytest.approx(5)


def test_a_queue_never_runs_more_than_all_computers():
    flow = queue([0, 0, 0, 900], offered_load_fraction=0.4, wait_steps=9)
    assert flow["load_mw"] == pytest.approx([0, 0, 0, 100])


def test_what_waited_before_is_due_in_its_turn():
    # 15 waited: 10 of the step before, 5 of the one before that, due now.
    flow = queue([0, 0, 0], initial_soc_mwh=500, before=0.15, **HOARD)
    assert flow["useful_mw"] == pytest.approx([5, 10, 10])


def test_backup_serves_a_queue_what_is_due():
    flow = queue([0, 0, 0], backup_mw=50.0, **HOARD)
    assert flow["backup_mw"] == pytest.approx([0, 0, 10])
    assert flow["unserved_mw"].sum() == 0


def test_owed_hours_are_paid_while_running():
    paid = _pay(np.array([1.0, 0, 1.0, 1.0]), np.array([1.5, 0, 0, 0]), 1.0)
    assert list(paid) == [1.0, 0.0, 0.5, 0.0]


def test_a_ramp_bounds_each_step_both_ways():
    assert _ramped(np.array([1.0, 1.5, 0.0]), 0.2) == pytest.approx([1.0, 1.2, 1.0])


def test_the_shape_of_training_is_the_measured_one():
    shape = en.Steady().shape(8760, 1.0)
    assert shape.mean() == pytest.approx(1.0, abs=1e-3)
    assert shape.std() == pytest.approx(0.015, rel=0.02)
    assert shape.min() >= 0.937
    assert shape.max() <= 1.068
    assert shape == pytest.approx(en.Steady().shape(8760, 1.0))


def test_the_ramp_of_training_binds_only_in_short_steps():
    slow = en.Steady(ramp_fraction_per_min=0.001)
    assert np.abs(np.diff(slow.shape(500, 1 / 60))).max() <= 0.001 + 1e-12
    assert np.array_equal(slow.shape(500, 10.0), en.Steady().shape(500, 10.0))


# --- whole runs -----------------------------------------------------------------------------------


def test_firm_is_exactly_the_dispatch(case):
    for design in (DESIGN, DESIGN.replace(backup_mw=40.0, grid_mw=10.0, reserve_conservatism=0.5)):
        run, plain = en.run_workload(case, design, en.FirmLoad()), en.simulate(case, design)
        assert np.array_equal(run.flows, plain.flows)
        assert run.useful_mwh_per_year == pytest.approx(plain.served_it_mwh_per_year, rel=1e-12)
        assert run.restarts_per_year == run.lost_fraction == 0
        assert en.price(run).annual_usd == en.price(plain).annual_usd


def test_a_queue_that_may_not_wait_is_firm(case):
    jobs = en.Queue(slack_h=6, job_h=6, offered_load_fraction=1.0, idle_fraction=0.0)
    run, plain = en.run_workload(case, DESIGN, jobs), en.run_workload(case, DESIGN, en.FirmLoad())
    assert run.flows == pytest.approx(plain.flows, abs=1e-6)
    assert run.useful_fraction == pytest.approx(plain.useful_fraction, abs=1e-9)


def test_runs_without_restart_cost_or_idle_power_do_what_a_firm_load_does(case):
    # Very many runs are a load that can be dimmed at will: so is a firm one.
    free = en.Interruptible(parts=10**6, checkpoint_h=0.0, restart_h=0.0, idle_fraction=0.0)
    run, plain = en.run_workload(case, DESIGN, free), en.run_workload(case, DESIGN, en.FirmLoad())
    assert run.useful_fraction == pytest.approx(plain.useful_fraction, abs=2e-6)


def test_training_counts_only_full_steps_and_loses_at_each_outage(case):
    exact = en.Steady(sd_fraction=0.0)
    run, plain = en.run_workload(case, DESIGN, exact), en.simulate(case, DESIGN)
    assert np.array_equal(run.flows, plain.flows)
    availability = en.assess(plain)
    full = availability.available_fraction
    # A quarter of an hour's half and .18 h: .305 h an event.
    lost = 0.305 * run.restarts_per_year / 8760
    assert run.useful_fraction == pytest.approx(full - lost, abs=1e-9)
    assert run.restarts_per_year > 50


def test_longer_slack_meets_more_deadlines(case):
    plant = en.Design(solar_mw=230, battery_mwh=200, battery_mw=40)
    met = [
        en.run_workload(
            case, plant, en.Queue(slack_h=hours, offered_load_fraction=0.3)
        ).useful_fraction
        for hours in (0, 6, 24, 72, 168)
    ]
    assert met == sorted(met)
    assert met[0] < 0.8
    assert met[-1] > 0.99


def test_a_queue_plans_for_what_comes_in(case):
    # .4 of the computers work and .6 rest at a tenth: .46 of the load, .5 of the sun trusted.
    plant = DESIGN.replace(reserve_conservatism=0.5)
    jobs = en.Queue(slack_h=24, offered_load_fraction=0.4, idle_fraction=0.1)
    reserves = rule_of(case, plant, jobs)[2]
    expected = np.empty(len(case.mean_days))
    one_way = 0.88**0.5
    soc_reserve(
        case.mean_days * [1.0, 0.46], 700.0, 1620.0, 0.0, 0.5, one_way, 1 / one_way, expected
    )
    assert reserves == pytest.approx(np.tile(expected, (len(reserves), 1)))
    assert expected.max() > 100


def test_a_plan_beats_none_for_a_capped_load(case):
    # Concave throughput pays an even pace; without a plan the night starts at full power.
    runs_ = [
        en.run_workload(case, DESIGN.replace(reserve_conservatism=r), en.PowerCapped())
        for r in (0.0, 0.5)
    ]
    assert runs_[1].useful_fraction > runs_[0].useful_fraction + 0.01


def test_a_run_tells_itself(case):
    run = en.run_workload(case, DESIGN, en.Queue(slack_h=24, offered_load_fraction=0.4))
    record = run.to_dict()
    assert record["workload"]["kind"] == "Queue"
    assert record["deadlines_met_fraction"] == run.useful_fraction
    assert run.utilization_fraction <= 0.4
    assert "useful [%]" in run._repr_html_()
    assert "shipped" not in str(run.workload.frame)
    assert "Newkirk" in en.Steady().frame.loc["sd_fraction", "source"]
    assert en.run_workload(case, DESIGN, en.FirmLoad()).deadlines_met_fraction is None


def test_nothing_comes_from_nowhere_over_the_year(case):
    queue_ = en.Queue(slack_h=90, offered_load_fraction=0.5)
    for workload in (en.Interruptible(), en.PowerCapped(), en.Interruptible(parts=7), queue_):
        run = en.run_workload(case, DESIGN.replace(reserve_conservatism=0.4), workload)
        assert run.flow("soc_mwh")[-1] == pytest.approx(run.initial_soc_mwh, abs=1e-5)
        served = run.flow("load_mw") - run.flow("unserved_mw")
        losses = run.flow("self_discharge_mw")
        charge, discharge = run.flow("charge_mw"), run.flow("discharge_mw")
        one_way = 0.88**0.5
        gone = (charge * one_way - discharge / one_way - losses).sum()
        assert gone == pytest.approx(0, abs=1e-4)
        if workload is queue_:  # nor does work: all that comes is done or missed
            assert run.flow("offered_mw").mean() == pytest.approx(50, rel=1e-9)
        taken = run.flow("solar_mw") - run.flow("curtailed_mw") - charge + discharge
        assert taken == pytest.approx(served, abs=1e-9)


# --- always true ----------------------------------------------------------------------------------

SUN = st.lists(st.floats(0, 300), min_size=2, max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    sun=SUN, usable=st.floats(0, 800), power=st.floats(0, 300), parts=st.sampled_from([0, 1, 4]),
    idle=st.floats(0, 0.3), lost=st.floats(0, 3), reserve=st.floats(0, 900),
    exponent=st.floats(0.2, 1), rise=st.floats(0.05, 2), backup=st.sampled_from([0.0, 40.0]),
)  # fmt: skip
def test_every_step_balances_and_nothing_is_negative(
    sun, usable, power, parts, idle, lost, reserve, exponent, rise, backup
):
    least = 1.0 / parts if parts else 0.5
    levels = np.linspace(least, 1.0, 3 if least < 1 else 1)
    flow = follow(
        sun, initial_soc_mwh=usable / 2, usable_mwh=usable, battery_mw=power, parts=parts,
        levels=levels, idle_fraction=idle, rest_fraction=idle if parts else 0.0, lost_h=lost,
        rise=rise, exponent=1.0 if parts else exponent, backup_mw=backup,
        reserves=np.linspace(reserve / 2, reserve, len(levels))[:, None],
    )  # fmt: skip
    for name, values in flow.items():
        assert (values >= 0).all(), name
    served = flow["load_mw"] - flow["unserved_mw"]
    into = flow["solar_mw"] + flow["backup_mw"] - flow["charge_mw"] - flow["curtailed_mw"]
    assert into + flow["discharge_mw"] == pytest.approx(served, abs=1e-6)
    before = np.concatenate([[usable / 2], flow["soc_mwh"][:-1]])
    change = flow["charge_mw"] * 0.8 - flow["discharge_mw"] / 0.8
    assert flow["soc_mwh"] == pytest.approx(before + change, abs=1e-6)
    assert (flow["useful_mw"] + flow["lost_mw"] <= 100 + 1e-6).all()
    assert (flow["soc_mwh"] <= usable + 1e-9).all()
    working = flow["useful_mw"] + flow["lost_mw"] > 0
    assert flow["unserved_mw"][working] == pytest.approx(0, abs=1e-5)
    # Sun goes unused only at full power, while a run is still rising, or stopped below its least.
    idle_sun = (flow["curtailed_mw"] > 1e-6) & (flow["load_mw"] < 100 - 1e-6)
    if rise >= 1 and not parts and not backup:
        assert (flow["curtailed_mw"][idle_sun] < 50 + 1e-6).all()


@settings(max_examples=200, deadline=None)
@given(sun=SUN, usable=st.floats(0, 500), more=st.floats(0, 300), power=st.floats(0, 200))
def test_more_battery_never_does_less_where_the_load_can_go_down_to_nothing(
    sun, usable, more, power
):
    dimmed = {"levels": np.array([1e-9]), "battery_mw": power, "exponent": 0.5}
    small = follow(sun, initial_soc_mwh=usable, usable_mwh=usable, **dimmed)
    large = follow(sun, initial_soc_mwh=usable + more, usable_mwh=usable + more, **dimmed)
    assert large["useful_mw"].sum() >= small["useful_mw"].sum() - 1e-6


def test_a_lowest_power_can_make_more_battery_do_less_by_less_than_a_step():
    # Empty, 40 MW are too little for the least of 50 and 32 MWh stay: 74.4 + 25.6 run in the next
    # hour. With 12.5 MWh more the run goes on at 50, and the next hour has but 74.4.
    rule = {"exponent": 0.9, "levels": np.array([0.5])}
    less = follow([40, 49], initial_soc_mwh=0.0, **rule)["useful_mw"].sum()
    more = follow([40, 49], initial_soc_mwh=12.5, **rule)["useful_mw"].sum()
    assert more < less < more + 100


@settings(max_examples=60, deadline=None)
@given(
    solar=st.floats(50, 600), mwh=st.floats(0, 2000), more=st.floats(0, 1000),
    slack=st.sampled_from([0, 5, 24, 168]), asked=st.floats(0.1, 1),
)  # fmt: skip
def test_more_battery_never_misses_more_deadlines_without_working_ahead(
    case, solar, mwh, more, slack, asked
):
    jobs = en.Queue(slack_h=slack, offered_load_fraction=asked)
    small = en.Design(solar_mw=solar, battery_mwh=mwh, battery_mw=150, reserve_conservatism=1.0)
    less = en.run_workload(case, small, jobs)
    large = en.run_workload(case, small.replace(battery_mwh=mwh + more), jobs)
    assert large.useful_fraction >= less.useful_fraction - 1e-9
    assert less.missed_mwh_per_year >= -1e-6
    assert less.useful_fraction <= 1 + 1e-12


@given(
    exponent=st.floats(0.05, 1), least=st.floats(0.05, 1), shares=st.lists(
        st.floats(0, 1), min_size=3, max_size=3
    ),
)  # fmt: skip
def test_throughput_is_monotone_and_concave_in_power(exponent, least, shares):
    capped = en.PowerCapped(exponent=exponent, least_fraction=least, idle_fraction=0.0)
    low, middle, high = (least + (1 - least) * share for share in sorted(shares))
    at = capped.throughput_fraction
    assert at(low) <= at(middle) <= at(high) <= 1
    if high - low > 1e-6:
        share = (middle - low) / (high - low)
        assert at(middle) >= at(low) * (1 - share) + at(high) * share - 1e-9
    assert at(high) >= high - 1e-12  # the last MW do the least


def test_the_shipped_curve_holds_the_published_pairs():
    # Handmer: 9 % less power for 3 % fewer tokens. McDonald et al.: 6.8 % longer and 13.7 % less
    # energy: .863 / 1.068 of the power for 1 / 1.068 of the pace.
    frame = en.PowerCapped().frame
    low, high = (
        en.PowerCapped(exponent=float(frame.loc["exponent", end])) for end in ("high", "low")
    )
    for power, pace in ((0.91, 0.97), (0.863 / 1.068, 1 / 1.068), (600 / 700, 0.87)):
        assert low.throughput_fraction(power) <= pace + 1e-3
        assert high.throughput_fraction(power) >= pace - 2e-3


@pytest.mark.parametrize("file", ["workload-2025.toml", "compute-2025.toml"])
def test_every_shipped_number_has_a_range_a_unit_and_a_source(file):
    for section, quantities in shipped(file).items():
        for key, quantity in quantities.items():
            where = f"{section}.{key}"
            assert quantity.low <= quantity.value <= quantity.high, where
            assert len(quantity.source) > 5, where


# --- said again -----------------------------------------------------------------------------------


def test_the_rule_again_as_a_plain_loop():
    """Levels are tried from the top, many of them; the plan is a line in the level."""
    random = np.random.default_rng(3)
    sun = random.uniform(0, 250, 200) * (np.arange(200) % 24 < 10)
    reserve = lambda level: 60.0 + 240.0 * level  # noqa: E731
    levels = np.linspace(0.5, 1.0, 2001)  # so that lines between them are the curve
    flow = follow(
        list(sun), initial_soc_mwh=200.0, usable_mwh=400.0, battery_mw=120.0, exponent=0.5,
        lost_h=0.4, idle_fraction=0.1, levels=levels, reserves=reserve(levels)[:, None],
    )  # fmt: skip
    store, before, owed, useful = 200.0, 1.0, 0.0, 0.0
    for t, power in enumerate(sun):

        def after(level, store=store, power=power):
            net = power - 100.0 * level
            if net >= 0:
                return min(store + 0.8 * min(net, 120.0), 400.0)
            return store - min(-net, 120.0) / 0.8

        possible = [
            level for level in np.linspace(1.0, 0.5, 50001)
            if power - 100 * level >= -120 - 1e-9 and after(level) >= -1e-9
        ]  # fmt: skip
        level = 0.0
        good = [x for x in possible if after(x) >= reserve(x) - 1e-9]
        spilled = [
            x for x in possible
            if power - 100 * x <= min(120.0, (400.0 - store) / 0.8) + 1e-9
        ]  # fmt: skip
        wish = max(good[0] if good else 0.0, 0.5 if before > 0 else 0.0)
        if power - min(120.0, (400.0 - store) / 0.8) >= 50.0:
            wish = max(wish, spilled[-1] if spilled else 1.0)
        if possible and wish >= 0.5:
            level = min(wish, possible[0])
        if level == 0.0:
            served = min(10.0, power + min(120.0, store * 0.8))
            rest = power - served
            store = min(store + 0.8 * min(max(rest, 0), 120.0), 400.0) - max(-rest, 0) / 0.8
            assert flow["load_mw"][t] == 10.0
        else:
            store = after(level)
            assert flow["load_mw"][t] == pytest.approx(100 * level, abs=0.02)
        owed += 0.4 if level > 0 and before == 0 else 0.0
        lost = min(owed, math.sqrt(level))
        owed -= lost
        useful += math.sqrt(level) - lost
        before = level
        assert flow["soc_mwh"][t] == pytest.approx(store, abs=0.5)
        store = flow["soc_mwh"][t]
    assert flow["useful_mw"].sum() / 100 == pytest.approx(useful, rel=1e-3)
    assert flow["restarted_fraction"].sum() >= 2


def test_a_queue_again_piece_by_piece(case):
    """Each step's arrivals are kept apart, with their own deadline; the battery is stepped here."""
    jobs = en.Queue(slack_h=30, job_h=6, offered_load_fraction=0.35, idle_fraction=0.05)
    plant = en.Design(solar_mw=180, battery_mwh=250, battery_mw=35, reserve_conservatism=1.0)
    run = en.run_workload(case, plant, jobs, initial_soc_fraction=0.5)
    usable, one_way = 250 * 0.9, 0.88**0.5
    kept = (1 - 0.02) ** (1 / 730.5)
    store, waiting, missed = run.initial_soc_mwh, [], 0.0
    for t, full in enumerate(case.load_mw):
        waiting.append([t + 24, 0.35])
        store *= kept
        sun = case.solar[t] * 180
        by_sun = max((sun / full - 0.05) / 0.95, 0.0)
        due = sum(work for deadline, work in waiting if deadline <= t)
        level = min(max(min(by_sun, sum(work for _, work in waiting)), due), 1.0)
        asked = full * (0.05 + 0.95 * level)
        discharge = min(max(asked - sun, 0.0), 35, store * one_way)
        charge = min(max(sun - asked, 0.0), 35, (usable - store) / one_way)
        store += charge * one_way - discharge / one_way
        done = level - max(asked - sun - discharge, 0.0) / full / 0.95
        left = done = max(done, 0.0)
        for piece in waiting:
            taken = min(piece[1], left)
            piece[1] -= taken
            left -= taken
        missed += sum(work for deadline, work in waiting if deadline <= t)
        waiting = [piece for piece in waiting if piece[0] > t and piece[1] > 1e-12]
        assert run.flow("useful_mw")[t] == pytest.approx(100 * done, abs=1e-6)
    assert missed > 1
    assert run.missed_mwh_per_year == pytest.approx(missed * 100 / (len(case.load_mw) / 8760))


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: en.PowerCapped(least_fraction=1.2), "least_fraction must be less than or equal"),
        (
            lambda: en.PowerCapped(least_fraction=0.1, idle_fraction=0.2),
            "at rest it would draw 0.2",
        ),
        (lambda: en.PowerCapped(exponent=0.0), "exponent must be greater than 0"),
        (lambda: en.PowerCapped().throughput_fraction(1.1), "a fraction of full power"),
        (lambda: en.Interruptible(restart_h=-1.0), "restart_h must be greater than or equal to 0"),
        (lambda: en.Interruptible(parts=0), "parts must be greater than or equal to 1"),
        (
            lambda: en.Queue(slack_h=5, job_h=8, offered_load_fraction=0.5),
            "a job of 8 h cannot be done",
        ),
        (lambda: en.Queue(slack_h=5), "'offered_load_fraction' is missing"),
        (lambda: en.Queue(slack_h=-1, offered_load_fraction=0.5), "slack_h must be greater than"),
        (
            lambda: en.Queue(slack_h=24, offered_load_fraction=1.5),
            "offered_load_fraction must be less than",
        ),
        (lambda: en.Steady(checkpoint_h=-0.1), "checkpoint_h must be greater than or equal to 0"),
        (lambda: en.Steady(shape=1), "unknown key 'shape'"),
    ],
)
def test_what_cannot_be_is_told(make, said):
    with pytest.raises(en.InputError, match=said):
        make()


def test_a_start_outside_the_battery_is_told(case):
    with pytest.raises(en.InputError, match="initial_soc_fraction must lie between 0 and 1"):
        en.run_workload(case, DESIGN, en.FirmLoad(), initial_soc_fraction=1.5)


def test_a_flexible_run_is_priced_and_assessed_by_its_own_load(case):
    design = en.Design(solar_mw=400, battery_mwh=300, battery_mw=100)
    run = en.run_workload(case, design, en.Interruptible(parts=50))
    cost, served_mwh = en.price(run), run.frame["load_mw"].sum() - run.frame["unserved_mw"].sum()
    assert run.load_mw.sum() < 0.7 * case.load_mw.sum()
    assert cost.levelized_usd_per_mwh == pytest.approx(cost.annual_usd / served_mwh)
    assert cost.levelized_usd_per_mwh > 90  # 48.2 by the case's full load
    assert en.assess(run).served_fraction == pytest.approx(served_mwh / run.frame["load_mw"].sum())


def test_only_a_run_of_a_workload_has_a_cost_of_useful_compute(case):
    design = en.Design(solar_mw=400)
    assert en.price(en.run_workload(case, design, en.FirmLoad())).usd_per_useful_mwh > 0
    with pytest.raises(en.InputError, match="run_workload"):
        en.price(en.simulate(case, design)).usd_per_useful_mwh  # noqa: B018
