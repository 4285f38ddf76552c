"""Weather made up for any place on land: what is drawn, what is refused, what it says of itself."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from energy.errors import InputError, WeatherError
from energy.weather import Weather, synthetic
from energy.weather.checks import sun_problems
from energy.weather.synthetic import CEILING, persistence, synthesize, zonal_temp_air_c

CHEYENNE = {"latitude_deg": 41.15, "longitude_deg": -104.8, "elevation_m": 1867.0}
#: TMY3 normals of Cheyenne Municipal Airport, rounded.
GHI = [2.3, 3.0, 4.2, 5.2, 5.8, 6.7, 6.6, 5.8, 4.9, 3.6, 2.5, 2.0]
TEMP = [-2.4, -2.0, 1.5, 5.0, 10.7, 16.5, 20.6, 19.4, 14.0, 7.4, 1.4, -2.7]
#: Folder of measured years that are not shipped; without it what needs them is skipped.
TRUTH = Path(os.environ.get("SUNRACK_TRUTH", "not-here"))


@pytest.fixture(scope="module")
def world() -> None:
    pytest.importorskip("gsee_climate_data")


@pytest.fixture(scope="module")
def decade(world: None) -> Weather:
    return synthesize(**CHEYENNE, years=10)


@pytest.fixture(scope="module")
def normal(world: None) -> Weather:
    return synthesize(
        **CHEYENNE,
        years=3,
        normals_ghi_kwh_m2_day=GHI,
        normals_temp_air_c=TEMP,
        normals_source="TMY3",
    )


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    synthetic._histograms.cache_clear()
    monkeypatch.setitem(sys.modules, "gsee_climate_data", None)
    yield
    synthetic._histograms.cache_clear()


def daily(weather: Weather) -> np.ndarray:
    return weather.frame["ghi"].to_numpy().reshape(-1, 24).mean(axis=1)


# --- without the extra -------------------------------------------------------------------------


@pytest.mark.usefixtures("without_the_extra")
def test_without_the_extra_the_way_to_install_it_is_told() -> None:
    with pytest.raises(InputError, match=re.escape("pip install 'sunrack[world]'")):
        synthesize(**CHEYENNE)


def test_arguments_out_of_bounds_are_told_at_once() -> None:
    with pytest.raises(InputError) as told:
        synthesize(
            91.0,
            181.0,
            elevation_m=9000.0,
            years=0,
            normals_ghi_kwh_m2_day=[4.0] * 11,
            normals_temp_air_c=[float("nan")] * 12,
        )
    assert [problem.split()[0] for problem in told.value.problems] == [
        "latitude_deg",
        "longitude_deg",
        "elevation_m",
        "years",
        "normals_ghi_kwh_m2_day",
        "normals_temp_air_c",
    ]


def test_the_zonal_temperature_by_hand() -> None:
    # At the equator at sea level 27.7 all year; at 30 N and 1,000 m: 27.7 - 31.8 / 4 - 3.6 = 16.15.
    assert zonal_temp_air_c(0.0, 0.0) == pytest.approx(27.7)
    north = zonal_temp_air_c(30.0, 1000.0)
    assert north.mean() == pytest.approx(16.15)
    assert north.argmax() == 6
    assert north.max() == pytest.approx(16.15 + 18.5 / 2, abs=0.1)
    assert zonal_temp_air_c(-30.0, 1000.0) == pytest.approx(np.roll(north, 6), abs=0.2)


def test_days_lean_on_the_day_before_more_in_summer() -> None:
    days = pd.date_range("2001-01-01", "2001-12-31")
    north, south = persistence(days, 41.0), persistence(days, -41.0)
    assert north[199] == pytest.approx(0.635)  # July 19th
    assert north.min() == pytest.approx(0.475, abs=1e-4)
    assert south.argmax() == pytest.approx(17, abs=1)  # January
    assert persistence(days, -41.0).mean() == pytest.approx(north.mean(), abs=1e-3)


def test_hours_under_clouds_keep_the_day_s_light() -> None:
    clear = np.tile(np.maximum(np.sin(np.pi * (np.arange(24) - 6) / 12), 0) * 900.0, (300, 1))
    share = np.linspace(0.0, CEILING, 300)
    light = synthetic._clouds(clear, share, seed=3)
    assert light.sum(axis=1) == pytest.approx(share * clear.sum(axis=1))
    assert (light >= 0).all()
    assert (light <= CEILING * clear + 1e-9).all()
    assert (light[:, :6] == 0).all()
    assert light[150].max() / clear[150, light[150].argmax()] != pytest.approx(share[150])


def test_days_are_scaled_to_normals_by_hand() -> None:
    # Months of two days of 1 and 3 below a ceiling of 4: a mean of 3 needs 2 and 4, not 1.5
    # and 4.5; a mean of 1 needs .5 and 1.5.
    wanted = np.array([3.0, *[1.0] * 11])
    days = synthetic._to_normals(
        np.tile([1.0, 3.0], 12), np.full(24, 4.0), np.repeat(np.arange(12), 2), wanted
    )
    assert days == pytest.approx([2.0, 4.0, *[0.5, 1.5] * 11])


def test_a_day_outside_the_atmosphere_by_hand() -> None:
    # With the sun over the equator the mean of a day there is the normal light over pi.
    from pvlib.irradiance import get_extra_radiation

    equinox = pd.DatetimeIndex(["2001-03-21"])
    normal = float(get_extra_radiation(equinox).iloc[0])
    assert synthetic._extraterrestrial_w_m2(equinox, 0.0)[0] == pytest.approx(normal / np.pi, 1e-4)
    assert synthetic._extraterrestrial_w_m2(pd.DatetimeIndex(["2001-12-21"]), 80.0)[0] == 0.0
    # FAO-56, example 8: 20 S on September 3rd, 32.2 MJ/m2/day, with a simpler declination.
    day = synthetic._extraterrestrial_w_m2(pd.DatetimeIndex(["2001-09-03"]), -20.0)
    assert day[0] == pytest.approx(32.2e6 / 86400, rel=0.02)


# --- with it -----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_weather_and_another_another(decade: Weather) -> None:
    again = synthesize(**CHEYENNE, years=1)
    light = ["ghi", "dni", "dhi"]
    pd.testing.assert_frame_equal(again.frame[light], decade.frame[light][:8760], check_freq=False)
    same = synthesize(**CHEYENNE, years=1)
    pd.testing.assert_frame_equal(again.frame, same.frame)
    other = synthesize(**CHEYENNE, years=1, seed=1)
    assert np.corrcoef(daily(other), daily(again))[0, 1] < 0.9


def test_a_series_says_that_it_is_synthetic(decade: Weather) -> None:
    assert decade.source == "synthetic: days drawn (seed 0) from MERRA-2 2011-2015 at 42, -105"
    assert (decade.first_year, decade.last_year, decade.typical) == (2011, 2015, True)
    told = "\n".join(decade.warnings)
    for word in ("synthetic", "not corrected", "beam light", "guess from latitude", "no wind"):
        assert word in told
    assert "elevation" not in told
    assert "coarse map" in "\n".join(synthesize(41.15, -104.8).warnings)


def test_the_years_are_whole_and_local(decade: Weather) -> None:
    assert (decade.years, decade.step_h, decade.utc_offset_h) == (10, 1.0, -7.0)
    assert decade.index[0] == pd.Timestamp("2001-01-01 07:00", tz="UTC")


def test_light_has_the_cell_s_mean_and_follows_the_sun(decade: Weather) -> None:
    # The histograms' own mean at 42 N 105 W is 4.93 kWh/m2/day; the ceiling takes a little.
    assert decade.ghi_kwh_m2_day == pytest.approx(4.93, rel=0.03)
    assert sun_problems(decade.frame, 41.15, -104.8, 1.0) == []


def test_days_persist_as_real_ones_do(decade: Weather) -> None:
    light = daily(decade)
    month = np.asarray(decade.local_middle[::24].month)
    lag = [
        np.corrcoef(light[1:][month[1:] == m], light[:-1][month[1:] == m])[0, 1]
        for m in range(1, 13)
    ]
    assert 0.45 < np.mean(lag) < 0.65  # Clearlake CA: .50


def test_normals_are_kept_exactly(normal: Weather) -> None:
    monthly = normal.monthly()
    assert monthly["ghi_kwh_m2_day"].to_numpy() == pytest.approx(GHI)
    assert monthly["temp_air_c"].to_numpy() == pytest.approx(TEMP)
    assert {"GHI is scaled to TMY3", "air temperature is shifted to TMY3"} <= set(normal.warnings)


def test_beam_and_diffuse_make_the_whole(normal: Weather) -> None:
    from pvlib.solarposition import get_solarposition

    sun = get_solarposition(normal.middle, 41.15, -104.8, 1867.0)
    beam = normal.frame["dni"] * np.cos(np.radians(sun["zenith"].to_numpy())).clip(min=0.0)
    assert (beam + normal.frame["dhi"]).to_numpy() == pytest.approx(normal.frame["ghi"].to_numpy())


def test_clear_days_swing_more_in_temperature_than_dull_ones(normal: Weather) -> None:
    temperature = normal.frame["temp_air"].to_numpy().reshape(-1, 24)
    july = np.asarray(normal.local_middle[::24].month) == 7
    light, swing = daily(normal)[july], np.ptp(temperature[july], axis=1)
    assert np.corrcoef(light, swing)[0, 1] > 0.9
    assert (temperature[july].argmax(axis=1) == 14).all()  # 14:30, the sun's noon being at 12


def test_the_south_has_its_summer_in_january(world: None) -> None:
    monthly = synthesize(-33.9, 151.2, years=2).monthly()
    assert monthly["ghi_kwh_m2_day"].idxmax() in (11, 12, 1)
    assert monthly["temp_air_c"].idxmax() == 1


def test_a_sample_of_all_land_cells_gives_weather(world: None) -> None:
    latitudes, longitudes, _, share = synthetic._histograms()
    land = np.argwhere(share.any(axis=(2, 3)))
    assert len(land) == 2448
    for row, column in np.random.default_rng(7).permutation(land)[:40]:
        # Not the cell's middle: as far from it as it reaches.
        latitude, longitude = latitudes[row] + 1.4, longitudes[column] - 1.4
        weather = synthesize(float(latitude), float((longitude + 180) % 360 - 180))
        found = sun_problems(
            weather.frame, weather.place.latitude_deg, weather.place.longitude_deg, 1.0
        )
        assert found == [], (latitude, longitude)
        assert weather.frame["ghi"].to_numpy().max() < 1400.0
        assert (weather.frame["dhi"] <= weather.frame["ghi"] + 1e-6).all()


def test_cells_meet_across_the_date_line(world: None) -> None:
    assert synthetic._cell(66.2, 179.9).longitude_deg == -180.0
    assert synthetic._cell(66.2, -179.9).longitude_deg == -180.0


@pytest.mark.parametrize(
    ("latitude", "longitude", "nearest"),
    [
        (30.0, -40.0, "45, -51"),
        (-80.0, 0.0, "-57, -66"),
        (85.0, -40.0, "72, -39"),
        (-48.0, 177.0, "-48, 174"),
    ],
)
def test_sea_and_poles_are_refused_with_the_nearest_land(
    world: None, latitude: float, longitude: float, nearest: str
) -> None:
    with pytest.raises(WeatherError, match=r"no land data at .*\(sea or polar\)") as told:
        synthesize(latitude, longitude)
    assert f"the nearest land cell is {nearest}, " in str(told.value)


def test_normals_brighter_than_the_clear_sky_are_refused(world: None) -> None:
    with pytest.raises(WeatherError) as told:
        synthesize(**CHEYENNE, normals_ghi_kwh_m2_day=[9.0, *GHI[1:11], 9.0])
    assert [problem[:9] for problem in told.value.problems] == ["month 1: ", "month 12:"]
    assert "above the clear sky's" in str(told.value)


def test_the_dullest_days_are_near_real_ones(world: None) -> None:
    path = TRUTH / "Clearlake_CA_NSRDB_1998-2015.csv.gz"
    if not path.exists():
        pytest.skip("the measured years are not here")
    truth = pd.read_csv(path)
    month = truth["hour_start"].str[5:7].astype(int)
    normals = (truth["ghi"].groupby(month).mean() * 0.024).tolist()
    made = synthesize(
        38.93, -122.3, elevation_m=644.0, years=18, normals_ghi_kwh_m2_day=normals
    ).frame["ghi"]

    def dullest_week(ghi: pd.Series) -> float:
        days = pd.Series(ghi.to_numpy().reshape(-1, 24).sum(axis=1) / 1000)
        return float(days.rolling(7).mean().groupby(days.index // 365).min().median())

    assert dullest_week(made) == pytest.approx(dullest_week(truth["ghi"]), rel=0.25)
