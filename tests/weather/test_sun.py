"""The sun is pvlib's, at every latitude and step, and is made once."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pvlib import irradiance, solarposition

from energy.weather import Place
from energy.weather.sun import KEPT, _kept, sun_position

#: Steps, first time and number: years, a leap day, instants that are no whole minutes, years that
#: follow each other as those of a typical year do.
TIMES = {
    "hours": pd.date_range("2012-01-01 00:30", periods=8784, freq="h", tz="UTC"),
    "5 minutes": pd.date_range("2024-02-28 00:02:30", periods=5000, freq="5min", tz="UTC"),
    "odd": pd.date_range("2050-06-01", periods=3000, freq="427s", tz="America/Denver"),
    "typical": pd.date_range("2001-01-30", periods=48, freq="h", tz="UTC").append(
        pd.date_range("1995-02-01", periods=48, freq="h", tz="UTC")
    ),
    "one": pd.DatetimeIndex(["1999-12-31 23:59:59"], tz="UTC"),
}


def apart_deg(one: tuple, other: tuple) -> np.ndarray:
    """The angle between two suns by zenith and azimuth [deg]."""

    def vector(zenith, azimuth):
        z, a = np.radians(zenith), np.radians(azimuth)
        return np.array([np.sin(z) * np.sin(a), np.sin(z) * np.cos(a), np.cos(z)])

    chord = np.linalg.norm(vector(*one) - vector(*other), axis=0)
    return np.degrees(2.0 * np.arcsin(chord / 2.0))


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("latitude", [-90.0, -66.56, -33.0, 0.0, 23.44, 41.0, 67.8, 89.99, 90.0])
def test_it_is_pvlibs_sun(name, latitude):
    times, place = TIMES[name], Place(latitude, -104.0, 1800.0)
    expected = solarposition.get_solarposition(times, latitude, -104.0, 1800.0)
    got = sun_position(times, place)
    for ours, theirs in (
        (got.zenith_deg, "zenith"),
        (got.apparent_zenith_deg, "apparent_zenith"),
    ):
        assert np.abs(ours - expected[theirs].to_numpy()).max() < 1e-7
    both = [(got.zenith_deg, got.azimuth_deg), (expected["zenith"], expected["azimuth"])]
    assert apart_deg(*both).max() < 1e-7
    assert got.extra_w_m2 == pytest.approx(np.asarray(irradiance.get_extra_radiation(times)))


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-90, 90), st.floats(-180, 180), st.floats(-400, 6000),
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)),
)  # fmt: skip
def test_it_is_pvlibs_sun_anywhere_at_any_time(latitude, longitude, height, time):
    times = pd.DatetimeIndex([time], tz="UTC").floor("s")
    expected = solarposition.get_solarposition(times, latitude, longitude, height)
    got = sun_position(times, Place(latitude, longitude, height))
    assert np.abs(got.zenith_deg - expected["zenith"].to_numpy()).max() < 1e-6
    both = [(got.zenith_deg, got.azimuth_deg), (expected["zenith"], expected["azimuth"])]
    assert apart_deg(*both).max() < 1e-6


def test_it_is_made_once_for_a_place_and_its_times():
    place = Place(41.0, -104.0, 1800.0)
    first = sun_position(TIMES["hours"], place)
    assert sun_position(TIMES["hours"].copy(), place) is first
    assert sun_position(TIMES["hours"], Place(41.0, -104.0, 1801.0)) is not first
    assert sun_position(TIMES["hours"][:-1], place) is not first
    for height in range(KEPT + 2):
        sun_position(TIMES["one"], Place(0.0, 0.0, float(height)))
    assert len(_kept) == KEPT
