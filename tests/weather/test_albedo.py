"""Albedo of the ground: by hand, and what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.weather.albedo import ground_albedo, snow_albedo
from energy.weather.snowfall import Snowfall


def snow(depth_cm: list[float], albedo: float = 0.8) -> Snowfall:
    n = len(depth_cm)
    return Snowfall(np.zeros(n), np.array(depth_cm), np.full(n, albedo), "recorded")


def test_fresh_snow_darkens_slowly_in_frost_and_fast_in_a_thaw() -> None:
    # White .8 at a fall of 10 cm; of the .3 above old snow 1/e is left after 1000 h of frost, or
    # after 100 h of thaw.
    fall = np.zeros(5000)
    fall[0] = 10.0
    frost = snow_albedo(fall, np.full(5000, -5.0), 1.0)
    assert frost[0] == pytest.approx(0.8)
    assert frost[1000] == pytest.approx(0.5 + 0.3 / np.e)
    thaw = snow_albedo(fall, np.full(5000, 2.0), 1.0)
    assert thaw[100] == pytest.approx(0.5 + 0.3 / np.e)
    halves = snow_albedo(fall, np.full(5000, 2.0), 0.5)
    assert halves[200] == pytest.approx(thaw[100])


def test_a_light_fall_renews_a_part() -> None:
    # 5 of the 10 cm that renew all: old snow rises half of the way from .5 to .8.
    fall = np.zeros(9000)
    fall[[0, 8000]] = 10.0, 5.0
    white = snow_albedo(fall, np.full(9000, 2.0), 1.0)
    assert white[7999] == pytest.approx(0.5, abs=1e-9)
    assert white[8000] == pytest.approx(0.65, abs=1e-9)


def test_shallow_snow_lets_the_ground_show_through() -> None:
    # tanh(depth / 10 cm) of the ground is white: 0, .762 at 10 cm, all at a meter.
    found = ground_albedo(snow([0.0, 10.0, 100.0]), 0.2, np.array([1, 1, 1]))
    assert found == pytest.approx([0.2, 0.2 + 0.6 * np.tanh(1.0), 0.8])


def test_each_month_has_its_own_bare_ground() -> None:
    months = [0.1 + 0.02 * n for n in range(12)]
    found = ground_albedo(None, months, np.array([1, 2, 12, 1]))
    assert found == pytest.approx([0.1, 0.12, 0.32, 0.1])


@given(
    depth=st.floats(0, 500), bare=st.floats(0, 1), white=st.floats(0.5, 0.8)
)  # fmt: skip
def test_snow_never_darkens_the_ground(depth: float, bare: float, white: float) -> None:
    found = ground_albedo(snow([depth], white), bare, np.array([1]))[0]
    assert bare <= found <= max(bare, white) + 1e-12
