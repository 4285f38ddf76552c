"""How a battery fades: NREL's BLAST-Lite, limits by hand, and what makes it worse."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.battery import fade
from energy.fade import Day, _power, _sigmoid, graphite_potential_v


def profile(low: float, high: float) -> np.ndarray:
    """A year of days: charged from 9 to 15 h, held, discharged from 17 to 7 h."""
    hours = np.array([0, 7, 9, 15, 17, 24])
    past_midnight = high - (high - low) * 7 / 14
    levels = np.array([past_midnight, low, low, high, high, past_midnight])
    return np.tile(np.interp(np.arange(24), hours, levels), 365)


#: BLAST-Lite 1.1.1 (NREL, BSD-3-Clause) on that profile: model, lowest and highest charge, degC,
#: year -> what is left.
BLAST = {
    ("lfp-250ah", 0.1, 0.9, 15): {1: 0.9798, 5: 0.9312, 10: 0.8816, 15: 0.8373, 20: 0.7972},
    ("lfp-250ah", 0.1, 0.9, 25): {1: 0.9780, 5: 0.9321, 10: 0.8874, 15: 0.8482, 20: 0.8126},
    ("lfp-250ah", 0.1, 0.9, 35): {20: 0.800},
    ("lfp-250ah", 0.0, 1.0, 15): {1: 0.9759, 5: 0.9188, 10: 0.8641, 15: 0.8177, 20: 0.7764},
    ("lfp-250ah", 0.0, 1.0, 25): {1: 0.9753, 5: 0.9230, 10: 0.8741, 15: 0.8328, 20: 0.7961},
    ("lfp-sony-murata", 0.1, 0.9, 15): {20: 0.829},
    ("lfp-sony-murata", 0.1, 0.9, 25): {1: 0.962, 5: 0.907, 10: 0.858, 15: 0.816, 20: 0.778},
    ("lfp-sony-murata", 0.1, 0.9, 35): {20: 0.710},
}


@pytest.mark.parametrize("setting", BLAST, ids=str)
def test_capacity_fades_as_in_blast(setting: tuple[str, float, float, int]) -> None:
    model, low, high, temp_c = setting
    left = fade(profile(low, high), float(temp_c), years=20, model=model)
    for year, expected in BLAST[setting].items():
        assert left[year - 1] == pytest.approx(expected, abs=0.003)


ORACLES = Path(__file__).parent / "oracles"


@pytest.mark.parametrize("site", ["wyoming", "el-paso", "phoenix", "chicago", "tampa"])
@pytest.mark.parametrize("model", ["lfp-250ah", "lfp-sony-murata"])
def test_a_plant_s_battery_fades_as_in_blast_at_its_place(site: str, model: str) -> None:
    """Charge and temperature of a year of the plant for 99 %; see oracles/make_fade.py."""
    given = pd.read_parquet(ORACLES / "fade_sites.parquet").astype(float)
    blast = pd.read_csv(ORACLES / "fade_blast.csv", index_col=["site", "model"])
    expected = blast.loc[(site, model)].to_numpy()
    soc, temp_c = given[f"{site} soc"].to_numpy(), given[f"{site} temp_c"].to_numpy()
    left = fade(soc, temp_c, years=len(expected), model=model)
    # BLAST-Lite says NaN for the small cell once its curve cannot be inverted any more.
    known = np.isfinite(expected)
    assert known.sum() == 20 or model == "lfp-sony-murata"
    assert known[0]
    assert left[known] == pytest.approx(expected[known], abs=0.003)


# --- by hand -------------------------------------------------------------------------------------


def test_a_battery_at_rest_fades_by_the_calendar_alone_by_hand() -> None:
    # k t^.526 with k = 8.37e4 exp(-5210/T - 3560 Ua/T); the slope is carried day by day, which at
    # first is above the curve.
    ua, t = float(graphite_potential_v(np.array(0.5))), 298.15
    k = 8.37e4 * math.exp(-5.21e3 / t - 3.56e3 * ua / t)
    left = fade(np.full(24, 0.5), 25.0, years=10)
    for year in (1, 10):
        assert 1 - left[year - 1] == pytest.approx(k * (365 * year) ** 0.526, rel=0.02)


def test_losses_follow_their_curves() -> None:
    power, sigmoid = 0.0, 0.0
    for _ in range(20_000):
        power += _power(power, 1.0, 1e-3, 0.6)
        sigmoid += _sigmoid(sigmoid, 1.0, 0.3, 1e-4, 0.8)
    assert power == pytest.approx(1e-3 * 20_000**0.6, rel=1e-3)
    expected = 2 * 0.3 * (0.5 - 1 / (1 + math.exp((1e-4 * 20_000) ** 0.8)))
    assert sigmoid == pytest.approx(expected, rel=1e-3)


def test_the_same_energy_is_a_deeper_cycle_of_what_is_left() -> None:
    day = Day(cycles=0.8, depth=0.8, room=0.9, rate_per_h=0.1)
    assert day.deepened(1.0) == pytest.approx((0.8, 0.8, 0.1))
    assert day.deepened(0.95) == pytest.approx((0.8 / 0.95, 0.8, 0.1))
    # Above full nothing goes: .9 of what is left is .72 of the new capacity, a tenth less.
    assert day.deepened(0.8) == pytest.approx((0.9, 0.72, 0.09))


# --- what must hold ------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["lfp-250ah", "lfp-sony-murata"])
def test_capacity_never_grows_and_more_use_is_never_better(model: str) -> None:
    rest = fade(np.full(8760, 0.5), 25.0, years=15, model=model)
    worked = fade(profile(0.1, 0.9), 25.0, years=15, model=model)
    for left in (rest, worked):
        assert (np.diff(left) < 0).all()
        assert (left < 1).all()
    assert worked[-1] < rest[-1]  # at first a small cell rests better on less charge
    full = fade(np.full(24, 0.95), 25.0, years=15, model=model)
    assert (full < rest).all()
    hot = fade(np.full(24, 0.5), 40.0, years=15, model=model)
    assert (hot < rest).all()


def test_steps_and_repeats_do_not_matter() -> None:
    year = fade(profile(0.1, 0.9), 25.0, years=3)
    day = fade(profile(0.1, 0.9)[:24], 25.0, years=3)
    assert day == pytest.approx(year, abs=1e-9)
    halves = np.interp(np.arange(0, 8760, 0.5), np.arange(8760), profile(0.1, 0.9))
    assert fade(halves, 25.0, step_h=0.5, years=3) == pytest.approx(year, abs=5e-4)


def test_a_dead_battery_has_nothing_left() -> None:
    left = fade(np.full(24, 1.0), 95.0, years=100, model="lfp-sony-murata")
    assert left[-1] >= 0.0
    assert (left[:-1] >= left[1:]).all()


def test_a_cell_that_is_torn_to_pieces_is_dead_and_not_an_overflow() -> None:
    # From empty to full in every 5 minutes: 12 times what any cell was tested at.
    torn = np.tile([0.0, 1.0], 144)
    for model in ("lfp-250ah", "lfp-sony-murata"):
        assert fade(torn, 25.0, years=3, step_h=1 / 12, model=model).tolist() == [0.0, 0.0, 0.0]


def test_whole_numbers_of_numpy_are_whole_and_words_are_no_numbers() -> None:
    assert len(fade(np.full(24, 0.5), 25.0, years=np.int64(2))) == 2
    with pytest.raises(en.InputError, match="step_h must be a number"):
        fade(np.full(24, 0.5), 25.0, years=1, step_h="1")  # type: ignore[arg-type]
    with pytest.raises(en.InputError, match="must be numbers"):
        fade(["a"], 25.0, years=1)  # type: ignore[arg-type]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(en.InputError) as caught:
        fade(np.full(23, 1.2), 200.0, years=0, model="nmc")
    assert len(caught.value.problems) == 5
    assert "lfp-250ah, lfp-sony-murata" in str(caught.value)
    with pytest.raises(en.InputError, match=r"temp_c must be one number or 24; got \(10,\)"):
        fade(np.full(24, 0.5), np.full(10, 25.0), years=1)
