"""Many plants after a lead-in: what they measure is what a whole round before the chain gives."""

from __future__ import annotations

import threading
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dispatch import SHARED, plants

import energy as en
from energy import threads
from energy.backup import unit_of
from energy.dispatch import batch
from energy.dispatch.batch import BLOCK, LEAD_IN_DAYS, MEASURES, SIZES, run_block, run_many
from energy.dispatch.step import plant_parameters
from energy.steps import Array


def whole_round(*arguments) -> Array:
    """The measures after a whole round from full, whatever it ends with, block by block."""
    *series, sizes = arguments
    measures = np.zeros((len(sizes), len(MEASURES)))
    for first in range(0, len(sizes), BLOCK):
        rows = slice(first, first + BLOCK)
        ended = np.zeros(len(sizes[rows]), dtype=np.bool_)
        run_block(*series, sizes[rows], len(series[2]), measures[rows], ended)
    return measures


def settled_after(lead_in: int, *arguments) -> np.ndarray:
    *series, sizes = arguments
    settled = np.zeros(len(sizes), dtype=np.bool_)
    for first in range(0, len(sizes), BLOCK):
        rows = slice(first, first + BLOCK)
        measures = np.zeros((len(sizes[rows]), len(MEASURES)))
        run_block(*series, sizes[rows], lead_in, measures, settled[rows])
    return settled


def made(many: list[dict], seed: int, steps: int, steps_per_day: int, cut: bool):
    """Arguments of `run_many` for plants under made weather, dark spells in it."""
    random = np.random.default_rng(seed)
    day = np.arange(steps) // steps_per_day
    spell = np.repeat(random.random(day[-1] // 9 + 1), 9)[day]
    solar = random.random(steps) * spell * (random.random(steps) < 0.6)
    load = random.uniform(80, 120, steps)
    grid_open = np.where(random.random(steps) < 0.3, 0.0, 1.0) if cut else np.empty(0)
    year = np.arange(steps, dtype=np.int64) * 3 // steps
    slot = (day % 12) * steps_per_day + np.arange(steps) % steps_per_day
    days = np.column_stack([random.random(12 * steps_per_day), np.full(12 * steps_per_day, 100.0)])
    shared = {name: value for name, value in many[0].items() if name in SHARED}
    sizes = np.array([[plant.get(name, 0.0) for name in SIZES] for plant in many])
    sizes[:, SIZES.index("reserve_conservatism")] = np.linspace(0, 1, len(many))
    sizes[:, -1] = unit_of(sizes[:, SIZES.index("backup_mw")], shared["largest_unit_mw"])
    common = plant_parameters(solar_mw=0.0, usable_mwh=0.0, battery_mw=0.0, **shared)
    least = shared["minimum_load_fraction"]
    return common, least, solar, load, grid_open, year, slot, days, sizes


@settings(deadline=None, max_examples=100)
@given(
    st.lists(plants, min_size=1, max_size=70),
    st.integers(0, 10_000), st.integers(61, 400), st.integers(1, 3), st.booleans(),
)  # fmt: skip
def test_a_lead_in_gives_what_a_whole_round_gives(many, seed, steps, steps_per_day, cut):
    # With a minimum load a plant may have more than one cyclic run: see the next test.
    many[0]["minimum_load_fraction"] = 0.0
    arguments = made(many, seed, steps, steps_per_day, cut)
    got, told = run_many(*arguments), whole_round(*arguments)
    assert got == pytest.approx(told, rel=1e-9, abs=1e-9)


SHIPPED = {
    "one_way_efficiency": 0.94, "retained_fraction": 0.99997, "step_h": 1.0, "grid_first": True,
    "largest_unit_mw": 6.25, "minimum_load_fraction": 0.25,
}  # fmt: skip


def drawn(count: int, seed: int) -> list[dict]:
    """Plants of all kinds: with and without battery, backup and grid, far too small ones too."""
    random = np.random.default_rng(seed)
    low, high = [1, 0, 20, 1, 1], [3000, 20_000, 600, 120, 80]
    sizes = random.uniform(low, high, (count, 5)) * (
        random.random((count, 5)) < [1, 0.9, 1, 0.5, 0.5]
    )
    return [dict(zip(SIZES, map(float, row), strict=False)) | SHIPPED for row in sizes]


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("steps_per_day", [24, 288])
@pytest.mark.parametrize("firm", [0.0, 1.0])
def test_so_it_does_with_a_minimum_load_and_steps_of_five_minutes(steps_per_day, cut, firm):
    many = drawn(150, 3)
    for plant in many:
        plant |= {"backup_mw": firm * plant["backup_mw"], "grid_mw": firm * plant["grid_mw"]}
        plant["step_h"] = 24.0 / steps_per_day
    arguments = made(many, 11, 200 * steps_per_day, steps_per_day, cut)
    assert run_many(*arguments) == pytest.approx(whole_round(*arguments), rel=1e-9, abs=1e-9)
    settled = settled_after(LEAD_IN_DAYS * steps_per_day, *arguments)
    assert 0.5 < settled.mean() < 1.0  # both ways are gone


@pytest.mark.parametrize("count", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_any_number_of_plants_and_a_day_of_steps_are_run(count):
    many = drawn(count or 1, 5)
    for steps in (24, 24 * LEAD_IN_DAYS, 24 * LEAD_IN_DAYS + 1):
        *series, sizes = made(many, 2, steps, 24, cut=True)
        sizes = sizes[:count]
        got = run_many(*series, sizes)
        assert got.shape == (count, len(MEASURES))
        assert got == pytest.approx(whole_round(*series, sizes), rel=1e-9, abs=1e-9)


def test_a_plant_that_never_settles_looks_as_after_a_whole_round_from_full(el_paso):
    # It generates less than the load draws, and what the battery held is gone after some rounds.
    lossless = el_paso.with_parameters({"battery.self_discharge_fraction_per_month": 0.0})
    design = en.Design(solar_mw=400, battery_mwh=500_000, battery_mw=300)
    frame = en.simulate_many(lossless, [design])
    first = en.simulate(lossless, design, initial_soc_fraction=1.0)
    start = first.flow("soc_mwh")[-1] / first.parameters.usable_mwh
    assert 0.1 < start < 0.9
    second = en.simulate(lossless, design, initial_soc_fraction=start)
    assert second.flow("soc_mwh")[-1] < first.flow("soc_mwh")[-1] - 1000
    served = 1 - second.flow("unserved_mw").sum() / lossless.load_mw.sum()
    assert frame["served_fraction"][0] == pytest.approx(served, abs=1e-12)


def test_many_threads_at_once_get_what_one_gets():
    arguments = made(drawn(200, 7), 1, 24 * 100, 24, cut=False)
    told, found = run_many(*arguments), []
    callers = [
        threading.Thread(target=lambda: found.append(run_many(*arguments))) for _ in range(6)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 6
    for got in found:
        np.testing.assert_array_equal(got, told)


def test_series_of_pandas_compile_nothing_anew(el_paso):
    en.simulate_many(el_paso, [en.Design(solar_mw=900)])
    known = len(batch.run_block.signatures)
    series = pd.Series(el_paso.load_mw).to_numpy()
    series.flags.writeable = False
    case = el_paso.replace(load_mw=series, solar=np.repeat(el_paso.solar, 2)[::2])
    en.simulate_many(case, pd.DataFrame({"solar_mw": [900.0], "battery_mwh": 0.0}).fillna(0.0))
    assert len(batch.run_block.signatures) == known


# --- threads --------------------------------------------------------------------------------------


@pytest.fixture
def spare(monkeypatch):
    """Three processors beside the callers' own."""
    monkeypatch.setattr(threads, "_spare", threading.Semaphore(3))


def test_all_callers_together_start_no_more_threads_than_are_spare(spare):
    running, most, lock = 0, 0, threading.Lock()

    def work(part: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1

    callers = [
        threading.Thread(target=threads.side_by_side, args=(work, 40), daemon=True)
        for _ in range(5)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert 5 < most <= 5 + 3
    # And the places are free again.
    most = 0
    threads.side_by_side(work, 40)
    assert 1 < most <= 4


def test_what_a_part_raises_is_raised_and_the_rest_is_left(spare):
    done = []

    def work(part: int) -> None:
        if part == 3:
            raise ValueError("part three")
        time.sleep(0.002)
        done.append(part)

    with pytest.raises(ValueError, match="part three"):
        threads.side_by_side(work, 1000)
    assert len(done) < 100
    threads.side_by_side(done.append, 2)
    assert done[-2:] in ([0, 1], [1, 0])


def test_no_parts_are_no_work(spare):
    threads.side_by_side(lambda part: pytest.fail("called"), 0)
