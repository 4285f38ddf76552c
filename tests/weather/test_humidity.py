"""Humidity: moist air by hand and by PsychroLib, read from files, estimated where it lacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import psychrolib
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.errors import WeatherError
from energy.site import read_site
from energy.weather import COLUMNS, Weather, read_weather
from energy.weather.humidity import (
    DRY_RANGE_K,
    SEA_LEVEL_PA,
    dew_of_relative_c,
    estimated_dew_c,
    humidity_ratio,
    pressure_pa,
    saturation_pa,
    wet_bulb,
    wet_bulb_c,
)
from energy.weather.read import write_parquet

PVLIB_DATA = Path(pvlib.__file__).parent / "data"


@pytest.fixture(scope="module")
def greensboro() -> Weather:
    """A TMY3 file with its dew point, of a humid place."""
    return read_weather(PVLIB_DATA / "723170TYA.CSV")


def one(temp_air_c: float, temp_dew_c: float, air_pa: float = SEA_LEVEL_PA) -> float:
    return float(wet_bulb_c(np.array([temp_air_c]), np.array([temp_dew_c]), air_pa)[0])


# --- by hand -----------------------------------------------------------------------------------


def test_pressure_at_cheyenne_by_hand() -> None:
    # 1 - 2.25577e-5 x 1867 = .957885; ^5.2559 = .79755; x 101,325 = 80,812 Pa
    assert pressure_pa(1867.0) == pytest.approx(80_812, abs=10)
    assert pressure_pa(0.0) == SEA_LEVEL_PA


def test_saturation_is_that_of_the_tables() -> None:
    # ASHRAE Fundamentals 2017, chapter 1, table 3: kPa at -20, 0, 20, 40 and 100 degC
    told = [103.26, 611.2, 2338.8, 7383.6, 101_418.0]
    assert saturation_pa(np.array([-20.0, 0.0, 20.0, 40.0, 100.0])) == pytest.approx(told, rel=4e-4)


def test_wet_bulb_of_the_handbooks_example() -> None:
    # ASHRAE Fundamentals 2017, chapter 1, example 1: 40 degC dry, 20 degC wet: dew point 7 degC,
    # .0065 kg/kg, both read off a chart
    assert one(40.0, 7.5) == pytest.approx(20.0, abs=0.2)
    assert humidity_ratio(saturation_pa(np.array([7.5])), SEA_LEVEL_PA)[0] == pytest.approx(
        0.0065, abs=1e-4
    )


def test_wet_bulb_by_hand() -> None:
    # At 30 degC and 20 degC wet: W*s = .62194 x 2338.8 / 98,986 = .014695;
    # W = ((2501 - 46.52) x .014695 - 1.006 x 10) / (2501 + 55.8 - 83.72) = 26.008 / 2473.08
    # = .010516; vapour = 101,325 x .010516 / (.621945 + .010516) = 1,684.8 Pa: dew point 14.83 degC
    assert one(30.0, 14.83) == pytest.approx(20.0, abs=0.01)


def test_dew_of_half_saturated_air_by_hand() -> None:
    # 25 degC, 50 %: ln .5 + 17.625 x 25 / 268.04 = -.69315 + 1.64388 = .95073;
    # 243.04 x .95073 / (17.625 - .95073) = 13.858
    assert dew_of_relative_c(np.array([25.0]), np.array([50.0]))[0] == pytest.approx(
        13.858, abs=2e-3
    )


def test_estimate_by_hand() -> None:
    site = read_site("greensboro").series
    frame = site.frame.copy()
    hour = np.asarray(site.local_middle.hour)
    # 10 to 20 degC a day is humid: 10. 10 to 30 is dry: .38 x 30 - .018 x 900 + 14 - 5 = 4.2
    for high, told in ((20.0, 10.0), (30.0, 4.2)):
        frame["temp_air"] = np.where(hour == 14, high, 10.0)
        assert estimated_dew_c(replace(site, frame=frame)) == pytest.approx(told)


# --- always true -------------------------------------------------------------------------------


@given(st.floats(-40, 50), st.floats(0, 45), st.floats(60_000, 104_000))
def test_wet_bulb_lies_between_dew_point_and_air(air: float, below: float, pressure: float) -> None:
    wet = one(air, air - below, pressure)
    assert air - below - 1e-6 <= wet <= air + 1e-6


def test_saturated_air_is_its_own_wet_bulb_and_thin_air_cools_further() -> None:
    assert one(15.0, 15.0) == pytest.approx(15.0, abs=1e-6)
    assert one(15.0, 17.0) == pytest.approx(15.0, abs=1e-6)  # a file's rounding
    assert one(30.0, 5.0, pressure_pa(1867.0)) < one(30.0, 5.0) - 0.5


# --- said again --------------------------------------------------------------------------------


def test_wet_bulb_is_that_of_psychrolib() -> None:
    psychrolib.SetUnitSystem(psychrolib.SI)
    draw = np.random.default_rng(5)
    for air, below, pressure in zip(
        draw.uniform(-25, 48, 60), draw.uniform(0, 35, 60), draw.uniform(7e4, 1.03e5, 60),
        strict=True,
    ):  # fmt: skip
        theirs = float(psychrolib.GetTWetBulbFromTDewPoint(air, air - below, pressure))
        if abs(theirs) > 0.05:  # at 0 degC the two branches jump, and they stop on either side
            assert one(air, air - below, pressure) == pytest.approx(theirs, abs=5e-3)


# --- files -------------------------------------------------------------------------------------


def test_a_tmy3_file_brings_its_dew_point(greensboro: Weather) -> None:
    data, _ = pvlib.iotools.read_tmy3(PVLIB_DATA / "723170TYA.CSV", map_variables=True)
    np.testing.assert_allclose(greensboro.frame["temp_dew"], data["temp_dew"])
    assert list(greensboro.frame.columns) == [*COLUMNS, "temp_dew"]
    assert greensboro.monthly().shape == (12, 3)


def test_a_tmy2_file_brings_its_dew_point() -> None:
    series = read_weather(PVLIB_DATA / "12839.tm2")
    data, _ = pvlib.iotools.read_tmy2(PVLIB_DATA / "12839.tm2")
    np.testing.assert_allclose(series.frame["temp_dew"], data["DewPoint"] / 10)


def test_the_dew_point_is_kept_in_parquet(greensboro: Weather, tmp_path: Path) -> None:
    path = tmp_path / "greensboro.parquet"
    write_parquet(greensboro, path)
    np.testing.assert_allclose(
        read_weather(path).frame["temp_dew"], greensboro.frame["temp_dew"], atol=1e-5
    )


def test_shipped_series_have_no_humidity_and_it_is_said(greensboro: Weather) -> None:
    assert wet_bulb(greensboro, 273.0)[1] == ()
    (note,) = wet_bulb(read_site("greensboro").series, 273.0)[1]
    assert "estimated" in note


def test_a_dew_point_in_kelvin_is_refused(greensboro: Weather) -> None:
    frame = greensboro.frame.assign(temp_dew=greensboro.frame["temp_dew"] + 273.15)
    with pytest.raises(WeatherError, match=r"temp_dew is .* give degC \(is this degF or K\?\)"):
        replace(greensboro, frame=frame)


@pytest.mark.parametrize("file", ["723170TYA.CSV", "12839.tm2"])
def test_the_estimate_is_as_good_as_it_says_where_it_is_humid(file: str) -> None:
    series = read_weather(PVLIB_DATA / file)
    days = series.frame["temp_air"].groupby(series.local_middle.normalize().to_numpy())
    assert float((days.max() - days.min()).mean()) < DRY_RANGE_K
    bare = replace(series, frame=series.frame[list(COLUMNS)])
    error_k = wet_bulb(bare, 273.0)[0] - wet_bulb(series, 273.0)[0]
    assert abs(error_k.mean()) < 1.5
    assert 0.8 < np.sqrt((error_k**2).mean()) < 2.6
