"""What breaks: survival of an outage, and failures joined with the weather."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import energy as en
from energy.analysis.sensitivity import with_range
from energy.assumptions import DEFAULT_FILE
from energy.outages import survival

LOADS = np.array([1.0, 2.0, 2.0, 1.0])
NO_BATTERY = {"battery_mwh": 0.0, "battery_mw": 0.0, "initial_mwh": 0.0}
SURE = {"availability": 1.0, "start_failure": 0.0}


def test_two_units_and_a_battery_survive_as_in_reopt():
    # NREL/REopt.jl, test/runtests.jl, backup reliability
    got = survival(
        LOADS, units=2, unit_mw=1.0, **SURE, mttf_h=5.0, battery_mwh=2.0, battery_mw=1.0,
        initial_mwh=1.0, start_h=0, hours=3,
    )  # fmt: skip
    np.testing.assert_allclose(got, [1.0, 0.8704, 0.557056], atol=1e-12)


@pytest.mark.parametrize(
    ("start_h", "expected"), [(0, [0.96, 0.4096, 0.262144]), (1, [0.64, 0.4096, 0.393216])]
)
def test_two_units_without_battery_survive_as_in_reopt(start_h, expected):
    got = survival(
        LOADS, units=2, unit_mw=1.0, **SURE, mttf_h=5.0, **NO_BATTERY, start_h=start_h, hours=3
    )
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_a_full_battery_of_four_hours_stands_for_the_last_four():
    got = survival(
        100.0, units=1, unit_mw=100.0, availability=0.98, start_failure=0.1, mttf_h=100.0,
        battery_mwh=400.0, battery_mw=100.0, initial_mwh=400.0, start_h=0, hours=24,
    )  # fmt: skip
    assert got[-1] == pytest.approx(0.99**20 * 0.9 * 0.98, abs=1e-12)


def test_one_engine_lasts_two_weeks_about_as_often_as_published():
    got = survival(
        1.0, units=1, unit_mw=1.0, availability=0.995, start_failure=0.0094, mttf_h=1100.0,
        **NO_BATTERY, start_h=0, hours=336,
    )[-1]  # fmt: skip
    assert got == pytest.approx(0.995 * 0.9906 * (1 - 1 / 1100) ** 336, abs=1e-12)
    assert got == pytest.approx(0.80, abs=0.1)  # Marqusee and Jenket 2020


@pytest.mark.parametrize(("units", "hours"), [(2, 5), (3, 4)])
def test_the_chain_is_the_sum_over_all_paths(units, hours):
    loads, sun = np.array([1.0, 2.2, 1.7, 0.4, 2.6]), np.array([0.3, 0.0, 0.9, 0.2, 0.1])
    start, keep, one_way = 0.9 * 0.95, 1 - 1 / 7, 0.81**0.5
    expected = np.zeros(hours)
    for with_sun, weight in ((1.0, 0.7), (0.0, 0.3)):
        # of each unit: the hour in which it stops; -1 never started, `hours` never stopped
        for path in itertools.product(range(-1, hours + 1), repeat=units):
            p = weight
            for stop in path:
                if stop < 0:
                    p *= 1 - start
                else:
                    p *= start * keep**stop * ((1 - keep) if stop < hours else 1.0)
            charge = 0.8
            for t in range(hours):
                at = (3 + t) % 5
                net = sum(stop > t for stop in path) * 0.9 + with_sun * sun[at] - loads[at]
                if net < 0:
                    if -net > 1.1 + 1e-12 or charge < -net / one_way - 1e-12:
                        break
                    charge += net / one_way
                else:
                    charge = min(1.5, charge + min(net, 1.1) * one_way)
                expected[t] += p
    got = survival(
        loads, units=units, unit_mw=0.9, availability=0.9, start_failure=0.05, mttf_h=7.0,
        battery_mwh=1.5, battery_mw=1.1, initial_mwh=0.8, start_h=3, hours=hours,
        round_trip_efficiency=0.81, solar_mw=sun, solar_availability=0.7,
    )  # fmt: skip
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_the_chain_is_what_many_drawn_outages_show():
    rng = np.random.default_rng(5)
    draws, hours = 40_000, 30
    load = 60 + 40 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    alive, charge = np.ones(draws, dtype=bool), np.full(draws, 150.0)
    on = rng.random((draws, 6)) < 0.95 * 0.98
    expected = []
    for t in range(hours):
        on &= rng.random(on.shape) < 1 - 1 / 40
        net = on.sum(axis=1) * 20.0 - load[(7 + t) % 24]
        alive &= (net >= -50) & (charge + net / 0.9 >= 0)
        move = np.where(net > 0, np.minimum(net, 50) * 0.9, net / 0.9)
        charge = np.clip(charge + move, 0, 200)
        expected.append(alive.mean())
    got = survival(
        load, units=6, unit_mw=20.0, availability=0.95, start_failure=0.02, mttf_h=40.0,
        battery_mwh=200.0, battery_mw=50.0, initial_mwh=150.0, start_h=7, hours=hours,
        round_trip_efficiency=0.81,
    )  # fmt: skip
    np.testing.assert_allclose(got, expected, atol=4 * 0.5 / draws**0.5)
    assert 0.05 < got[-1] < 0.95


def test_half_hours_fail_half_as_often():
    got = survival(
        1.0, units=1, unit_mw=1.0, **SURE, mttf_h=10.0, **NO_BATTERY, start_h=0, hours=3, step_h=0.5
    )
    np.testing.assert_allclose(got, 0.95 ** np.array([2, 4, 6]), atol=1e-12)


def test_everything_wrong_with_an_outage_is_told_at_once():
    with pytest.raises(en.InputError) as told:
        survival(
            LOADS, units=1.5, unit_mw=-1.0, availability=1.1, start_failure=math.nan, mttf_h=0.0,
            battery_mwh=1.0, battery_mw=1.0, initial_mwh=2.0, start_h=4, hours=0,
            solar_mw=np.ones(3),
        )  # fmt: skip
    for name in (
        "units", "unit_mw", "availability", "start_failure", "mttf_h", "initial_mwh", "start_h",
        "hours", "equally long",
    ):  # fmt: skip
        assert any(name in problem for problem in told.value.problems), name
    with pytest.raises(en.InputError, match="without NaN"):
        survival(
            [1.0, math.nan], units=1, unit_mw=1.0, **SURE, mttf_h=5.0, **NO_BATTERY, start_h=0,
            hours=1,
        )  # fmt: skip


# --- assumptions ----------------------------------------------------------------------------------


def test_an_older_file_without_failures_still_reads(tmp_path):
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    start = text.index("[failures.inverter_block_mw]")
    end = text.index("# --- how far sizing searches")
    path = tmp_path / "older.toml"
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    read = en.read_assumptions(path)
    assert read.failures == en.read_assumptions().failures
    assert "REopt" in read.frame.loc["failures.start_failure", "source"]


def test_failures_are_not_drawn_where_no_result_has_them():
    ranged = with_range(en.read_assumptions().frame)
    assert not any(name.startswith("failures.") for name in ranged.index)


def test_everything_wrong_with_failures_is_told_at_once():
    with pytest.raises(en.InputError) as told:
        en.read_assumptions().failures.replace(
            container_availability=0.4, unit_mttf_h=0.0, transformer_availability=1.2,
            feeder_repair_h=0.0,
        )  # fmt: skip
    text = str(told.value)
    assert "repair_h must be below the mean time to failure that availability gives" in text
    for name in ("unit_mttf_h", "transformer_availability", "feeder_repair_h"):
        assert name in text
