"""A grid that is cut at times, step by step: by hand, and every kernel alike."""

from __future__ import annotations

import numpy as np
import pytest
from test_dispatch import run
from test_flexible import follow, queue

import energy as en
from energy.outages import fail

DESIGN = en.Design(
    solar_mw=300, battery_mwh=900, battery_mw=150, grid_mw=100, reserve_conservatism=0.6
)
BACKED = DESIGN.replace(backup_mw=40.0)
QUEUE = en.Queue(slack_h=24.0, offered_load_fraction=0.6)


def cut_case(case: en.Case, hours: float) -> en.Case:
    return case.with_parameters({"grid.curtailed_hours_per_year": hours})


# --- by hand --------------------------------------------------------------------------------------


def test_what_is_cut_comes_from_the_battery_and_then_from_nowhere():
    # Two nights of 100 MW: 90 MWh hold 81 MW at .9; in the second step nothing is left.
    flow = run([0, 0, 0], [100, 100, 100], 90.0, grid_mw=120.0, grid_open=[0.0, 0.0, 1.0])
    assert flow["grid_mw"].tolist() == [0.0, 0.0, 100.0]
    assert flow["discharge_mw"][:2] == pytest.approx([81.0, 0.0])
    assert flow["unserved_mw"] == pytest.approx([19.0, 100.0, 0.0])


def test_a_half_open_step_gives_half_the_limit():
    flow = run([0], [100], grid_mw=120.0, grid_open=[0.5])
    assert flow["grid_mw"][0] == 60.0
    assert flow["unserved_mw"][0] == pytest.approx(40.0)


def test_backup_runs_where_the_grid_is_cut():
    flow = run(
        [0, 0], [100, 100], grid_mw=120.0, backup_mw=80.0, grid_first=True, grid_open=[1.0, 0.0]
    )
    assert flow["backup_mw"].tolist() == [0.0, 80.0]
    assert flow["grid_mw"].tolist() == [100.0, 0.0]
    assert flow["unserved_mw"][1] == pytest.approx(20.0)


def test_a_reserve_is_filled_from_the_grid_before_the_cut_and_used_in_it():
    # 20 MW are over the load: they charge 18 MWh for the cut, which give 16.2 MW in it.
    flow = run([0, 0], [100, 100], grid_mw=120.0, soc_reserve_mwh=500.0, grid_open=[1.0, 0.0])
    assert flow["charge_mw"][0] == pytest.approx(20.0)
    assert flow["discharge_mw"][1] == pytest.approx(16.2)


def test_interruptible_and_queued_work_count_on_no_grid_that_is_cut():
    firm, cut = (
        follow([0.0, 0.0], grid_mw=100.0, grid_open=is_open) for is_open in ([], [1.0, 0.0])
    )
    assert firm["load_mw"].tolist() == [100.0, 100.0]
    assert cut["load_mw"].tolist() == [100.0, 0.0]
    assert cut["unserved_mw"].sum() == 0.0
    waits = {"offered_load_fraction": 1.0, "wait_steps": 0, "grid_mw": 100.0}
    firm, cut = (queue([0.0, 0.0], **waits, grid_open=is_open) for is_open in ([], [1.0, 0.0]))
    assert firm["unserved_mw"].sum() == 0.0
    assert cut["unserved_mw"].tolist() == [0.0, 100.0]


# --- always true ----------------------------------------------------------------------------------


def test_steps_that_are_all_open_change_no_bit_of_a_run():
    random = np.random.default_rng(3)
    solar, load = 300.0 * random.random(500), 80.0 + 40.0 * random.random(500)
    plant = {"usable_mwh": 400.0, "battery_mw": 90.0, "grid_mw": 70.0, "backup_mw": 30.0}
    firm, is_open = (
        run(solar, load, 100.0, soc_reserve_mwh=150.0, grid_open=part, **plant)
        for part in ([], np.ones(500))
    )
    assert firm["grid_mw"].max() > 0
    for name, flow in firm.items():
        np.testing.assert_array_equal(flow, is_open[name])


@pytest.mark.parametrize("design", [DESIGN, BACKED])
def test_no_hours_and_a_series_that_is_open_are_the_firm_grid_to_the_last_bit(el_paso, design):
    firm = en.simulate(el_paso, design)
    assert len(el_paso.grid_open) == 0
    for case in (cut_case(el_paso, 0.0), el_paso.replace(grid_open=np.ones(8760))):
        np.testing.assert_array_equal(en.simulate(case, design).flows, firm.flows)
        many = [en.simulate_many(each, [design]) for each in (el_paso, case)]
        np.testing.assert_array_equal(many[0].to_numpy(), many[1].to_numpy())
        for workload in (en.PowerCapped(), en.Interruptible(), QUEUE):
            flows = [en.run_workload(each, design, workload).flows for each in (el_paso, case)]
            np.testing.assert_array_equal(*flows)
        sums = [fail(en.simulate(each, design), draws=3).sums for each in (el_paso, case)]
        np.testing.assert_array_equal(*sums)


@pytest.mark.parametrize("design", [DESIGN, BACKED])
def test_a_grid_that_is_always_cut_is_none(el_paso, design):
    cut, without = cut_case(el_paso, 8760.0), design.replace(grid_mw=0.0)
    # The reserve counts on the grid, cut or not; without a reserve nothing of it is left.
    cut_flows, flows = (
        en.simulate(case, plant.replace(reserve_conservatism=0.0)).flows
        for case, plant in ((cut, design), (el_paso, without))
    )
    np.testing.assert_array_equal(cut_flows, flows)


@pytest.mark.parametrize("design", [DESIGN, BACKED])
@pytest.mark.parametrize("hours", [24, 400, 4000])
def test_nothing_is_drawn_in_a_cut_and_all_runs_agree(el_paso, design, hours):
    case = cut_case(el_paso, hours)
    run_of = en.simulate(case, design)
    assert (case.grid_open == 0.0).sum() == hours
    assert run_of.flow("grid_mw")[case.grid_open == 0.0].max() == 0.0
    frame = run_of.frame
    balance = frame["solar_to_load_mw"] + frame["discharge_mw"] + frame["dispatchable_to_load_mw"]
    balance += frame["unserved_mw"] - frame["load_mw"] - frame["own_use_mw"]
    assert np.abs(balance).max() < 1e-9
    many = en.simulate_many(case, [design]).iloc[0]
    told = en.assess(run_of)
    assert many["served_fraction"] == pytest.approx(told.served_fraction, abs=1e-7)
    assert many["grid_mwh_per_year"] == pytest.approx(
        case.weather.per_year(run_of.flow("grid_mw")), rel=1e-5
    )
    firm = en.run_workload(case, design, en.FirmLoad())
    np.testing.assert_array_equal(firm.flows, run_of.flows)


def test_more_hours_never_serve_more_of_a_plant_that_is_kept_full(el_paso):
    full = DESIGN.replace(reserve_conservatism=1.0)
    served = [
        en.simulate_many(cut_case(el_paso, n), [full])["served_fraction"][0]
        for n in (0, 1, 24, 100, 400, 1500, 4000, 8760)
    ]
    assert np.all(np.diff(served) <= 1e-12)
    assert served[-1] < served[0] - 0.01


def test_equipment_that_never_fails_meets_the_same_cuts(el_paso):
    case = cut_case(el_paso, 400.0)
    values = {
        "failures.container_availability": 1.0, "failures.unit_availability": 1.0,
        "failures.start_failure": 0.0, "failures.unit_mttf_h": 1e12,
        "solar.availability_fraction": 0.0, "failures.transformer_availability": 1.0,
        "failures.feeder_availability": 1.0, "failures.controls_availability": 1.0,
    }  # fmt: skip
    case = case.with_parameters(values)
    told = en.simulate(case, DESIGN)
    found = fail(told, draws=2)
    unserved = told.flow("unserved_mw").sum()
    assert unserved > 0
    assert found.sums[:, 0] == pytest.approx(unserved, rel=1e-9)


def test_a_transformer_that_is_out_while_the_grid_is_cut_leaves_nothing(case_with):
    # The grid alone carries the load when the array's transformer is out, but for the cut half.
    case = case_with(0.2, 100.0)
    half = np.resize([1.0, 0.0], 8760)
    plant = en.Design(solar_mw=1.0, grid_mw=120.0)
    firm, cut = (
        fail(en.simulate(each, plant), draws=2).common
        for each in (case, case.replace(grid_open=half))
    )
    assert firm.short_fraction == 0.0
    assert cut.short_fraction == 0.5
    assert cut.short_days_fraction == 1.0


# --- what is told ---------------------------------------------------------------------------------


def test_a_result_tells_the_hours_that_are_cut_and_wanted(el_paso):
    told = en.evaluate(cut_case(el_paso, 24.0), DESIGN)
    cut_h, drawn_h = told.grid_cut_h
    assert cut_h == 24
    assert 0 < drawn_h <= 24
    grid = told.to_dict()["grid"]
    assert grid["curtailed_hours_per_year"] == 24
    assert grid["curtailed_hours_drawn_per_year"] == drawn_h
    (note,) = [note for note in told.notes if "the grid is cut" in note]
    assert note.startswith("the grid is cut 24 h a year, in the darkest days of each year")
    for other in (en.evaluate(el_paso, DESIGN), en.evaluate(told.case, en.Design(solar_mw=300))):
        assert other.grid_cut_h == (0.0, 0.0)
        assert not any("is cut" in note for note in other.notes)


def test_hours_that_are_wanted_are_those_in_which_the_firm_plant_draws(case_with):
    # By day the array gives 200 MW, by night nothing: of 4 hours of noon and 6 of midnight that
    # are cut, 6 are wanted.
    day = np.resize(np.r_[np.zeros(8), np.full(8, 1.0), np.zeros(8)], 8760)
    is_open = np.ones(8760)
    is_open[10:14] = is_open[20:26] = 0.0
    case = case_with(day, 100.0).replace(grid_open=is_open)
    told = en.evaluate(case, en.Design(solar_mw=200.0, grid_mw=100.0))
    assert told.grid_cut_h == pytest.approx((10.0, 6.0))
    assert any("by the calendar" in note for note in told.notes)
