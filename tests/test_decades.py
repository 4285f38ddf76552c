"""Decades from a few real years: real days in a new order, under the sun of their date."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from pvlib import location, solarposition

from energy.errors import WeatherError
from energy.site import read_site
from energy.weather import Weather
from energy.weather.decades import resample

PLACE = {"latitude_deg": 39.0, "longitude_deg": -120.0, "elevation_m": 600.0, "utc_offset_h": -8.0}
#: Lag-1 correlation of the made-up days.
PERSISTENCE = 0.6


def calendar(years: list[int], step_h: float = 1.0) -> pd.DatetimeIndex:
    """Starts in UTC of whole local years at -8 h, leap days included."""
    step = pd.Timedelta(hours=step_h)
    parts = [
        pd.date_range(f"{year}-01-01", f"{year + 1}-01-01", freq=step, inclusive="left")
        for year in years
    ]
    local = parts[0].append(parts[1:])
    return (local + pd.Timedelta(hours=8)).tz_localize("UTC").rename("start")


def made_up(years: list[int], random: np.random.Generator) -> Weather:
    """Hours whose clear-sky index is one AR(1) value a day, .15 to .95."""
    index = calendar(years)
    days = len(index) // 24
    walk = np.zeros(days)
    for day in range(1, days):
        kick = np.sqrt(1 - PERSISTENCE**2) * random.standard_normal()
        walk[day] = PERSISTENCE * walk[day - 1] + kick
    clearness = np.repeat((0.55 + 0.15 * walk).clip(0.15, 0.95), 24)
    middle = index + pd.Timedelta(minutes=30)
    place = location.Location(39.0, -120.0, altitude=600.0)
    clear = place.get_clearsky(middle)
    up = np.cos(np.radians(place.get_solarposition(middle)["zenith"].to_numpy())).clip(0)
    ghi = clearness * clear["ghi"].to_numpy()
    dni = np.where(up > 0.05, 0.5 * ghi / up.clip(0.05), 0.0)
    season = -np.cos(2 * np.pi * (index.day_of_year - 15) / 365.25)
    frame = pd.DataFrame(
        {
            "ghi": ghi,
            "dni": dni,
            "dhi": ghi - dni * up,
            "temp_air": 12 + 10 * season.to_numpy() + np.repeat(2 * walk, 24),
            "wind_speed": np.repeat(random.uniform(1, 6, days), 24),
        },
        index=index,
    )
    return Weather(frame, **PLACE, source="made up", first_year=years[0], last_year=years[-1])


@pytest.fixture(scope="module")
def source() -> Weather:
    """Six years, one of them a leap year, that do not all follow each other."""
    return made_up([2003, 2004, 2005, 2009, 2010, 2014], np.random.default_rng(5))


@pytest.fixture(scope="module")
def decades(source: Weather) -> Weather:
    return resample(source, years=20, seed=1)


@pytest.fixture(scope="module")
def half_hours() -> Weather:
    """Fort Collins' 2018 and 2018 again, a tenth dimmer, as two years."""
    real = read_site("fort-collins").series
    dim = real.frame.assign(**{name: 0.9 * real.frame[name] for name in ("ghi", "dni", "dhi")})
    dim.index = real.index + pd.Timedelta(days=365)
    return replace(real, frame=pd.concat([real.frame, dim]), last_year=2019)


def cos_zenith(weather: Weather) -> np.ndarray:
    sun = solarposition.get_solarposition(
        weather.middle, weather.latitude_deg, weather.longitude_deg, altitude=weather.elevation_m
    )
    return np.cos(np.radians(sun["zenith"].to_numpy()))


@cache
def daily_clear_sky_index(weather: Weather) -> np.ndarray:
    place = location.Location(
        weather.latitude_deg, weather.longitude_deg, altitude=weather.elevation_m
    )
    clear = place.get_clearsky(weather.middle)["ghi"].to_numpy().reshape(-1, 24).sum(axis=1)
    return weather.frame["ghi"].to_numpy().reshape(-1, 24).sum(axis=1) / clear


def lag_one(values: np.ndarray) -> float:
    return float(np.corrcoef(values[:-1], values[1:])[0, 1])


# --- seeds and the calendar -----------------------------------------------------------------------


def test_the_same_seed_gives_the_same_years(source: Weather) -> None:
    first, again = (resample(source, years=3, seed=7).frame for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_another_seed_gives_other_years(source: Weather) -> None:
    first, other = (resample(source, years=3, seed=seed).frame["ghi"] for seed in (7, 8))
    assert np.corrcoef(first.diff(24).dropna(), other.diff(24).dropna())[0, 1] < 0.3


def test_made_years_are_whole_and_follow_each_other(decades: Weather) -> None:
    hours = pd.Series(1, index=np.asarray(decades.local_middle.year)).groupby(level=0).sum()
    assert hours.to_dict() == {2001 + n: 8760 for n in range(20)}
    assert not ((decades.local_middle.month == 2) & (decades.local_middle.day == 29)).any()
    assert decades.years == 20


def test_the_steps_of_the_source_are_kept(half_hours: Weather) -> None:
    made = resample(half_hours, years=2, seed=0)
    assert made.step_h == 0.5
    assert len(made.frame) == 2 * 17520
    assert made.local_middle[0] == half_hours.local_middle[0].replace(year=2001)


def test_a_clock_of_half_hours_keeps_its_days(source: Weather) -> None:
    # The same chain, moved to UTC-7:30: hours begin at half past in UTC.
    shift = pd.Timedelta(minutes=-30)
    moved = replace(
        source, frame=source.frame.set_axis(source.index + shift), utc_offset_h=-7.5,
        longitude_deg=-112.5,
    )  # fmt: skip
    made = resample(moved, years=2, seed=0)
    assert made.local_middle[0] == pd.Timestamp("2001-01-01 00:30")
    assert made.index[0] == pd.Timestamp("2001-01-01 07:30", tz="UTC")


# --- what the days are ----------------------------------------------------------------------------


def test_months_stay_in_season(source: Weather, decades: Weather) -> None:
    was, now = source.monthly(), decades.monthly()
    # Found over seeds: a month of 20 made years varies by 2 %, and the window of 15 days evens out
    # up to 3.5 % of a May and a June that happened to differ.
    np.testing.assert_allclose(now["ghi_kwh_m2_day"], was["ghi_kwh_m2_day"], rtol=0.08)
    np.testing.assert_allclose(now["temp_air_c"], was["temp_air_c"], atol=1.0)
    assert decades.ghi_kwh_m2_day == pytest.approx(source.ghi_kwh_m2_day, rel=0.02)


def test_a_day_keeps_its_clear_sky_index_and_its_wind(source: Weather, decades: Weather) -> None:
    # Wind is one number a day, different every day: it tells which real day a made one is.
    wind = source.frame["wind_speed"].to_numpy()[::24]
    order = np.argsort(wind)
    made = decades.frame["wind_speed"].to_numpy()[::24]
    real_day = order[np.searchsorted(wind[order], made)]
    np.testing.assert_array_equal(wind[real_day], made)
    was, now = daily_clear_sky_index(source)[real_day], daily_clear_sky_index(decades)
    assert np.abs(now - was).max() < 0.02
    # No day stands further than 15 days from its own date.
    away = np.abs(
        source.local_middle[::24].day_of_year.to_numpy()[real_day]
        - decades.local_middle[::24].day_of_year.to_numpy()
    )
    assert np.minimum(away, 365 - away).max() <= 16  # one more after a leap day
    # Blocks of 10 days on average: nine of ten days follow the one they followed.
    assert 0.85 < (np.diff(real_day) == 1).mean() < 0.95


def test_temperature_keeps_its_departure_from_the_season(source: Weather, decades: Weather) -> None:
    # The walk that dims the light also moves the temperature: both are still one.
    index = daily_clear_sky_index(decades)
    temp = decades.frame["temp_air"].to_numpy()[::24]
    season = -np.cos(2 * np.pi * (decades.local_middle[::24].day_of_year.to_numpy() - 15) / 365.25)
    assert np.corrcoef(index, temp - 12 - 10 * season)[0, 1] > 0.9


def test_persistence_is_that_of_the_source(source: Weather, decades: Weather) -> None:
    was, now = (lag_one(daily_clear_sky_index(w)) for w in (source, decades))
    assert was == pytest.approx(PERSISTENCE, abs=0.05)
    assert now == pytest.approx(was, abs=0.1)


def test_joints_keep_persistence_even_where_every_other_day_is_one(
    source: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Joints drawn blindly would halve it.
    monkeypatch.setattr("energy.weather.decades.BLOCK_DAYS", 2)
    made = resample(source, years=8, seed=1)
    assert lag_one(daily_clear_sky_index(made)) == pytest.approx(PERSISTENCE, abs=0.1)


def test_no_joint_within_a_chain_repeats_a_day(decades: Weather) -> None:
    # The next block is of another year, so a day never follows itself.
    wind = decades.frame["wind_speed"].to_numpy()[::24]
    assert (np.diff(wind) != 0).all()


def test_a_lull_longer_than_any_real_one_appears(source: Weather) -> None:
    made = resample(source, years=40, seed=0)
    worst = [
        pd.Series(daily_clear_sky_index(weather)).rolling(7).mean().min()
        for weather in (source, made)
    ]
    assert worst[1] < worst[0]


def test_made_years_differ_more_than_blocks_drawn_alone_do() -> None:
    # Years that differ by factors of .8 to 1.2: found .38 of their spread, and .29 without the slow
    # state; the rest is lost where a block of a bright year meets one of a dark year.
    base = made_up([2001, 2002, 2003, 2005, 2006], np.random.default_rng(3))
    factor = pd.Series([0.8, 0.9, 1.0, 1.1, 1.2], index=[2001, 2002, 2003, 2005, 2006])
    light = factor[np.asarray(base.local_middle.year)].to_numpy()[:, None]
    frame = base.frame.copy()
    frame[["ghi", "dni", "dhi"]] *= light
    made = resample(replace(base, frame=frame), years=25, seed=0)
    spread = [
        w.frame["ghi"].groupby(np.asarray(w.local_middle.year)).mean().std()
        for w in (replace(base, frame=frame), base, made)
    ]
    assert spread[1] < 0.5 * spread[2]
    assert spread[2] > 0.35 * spread[0]


# --- light and sun --------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["source", "half_hours"])
def test_nights_are_dark_and_light_is_beam_and_diffuse(
    which: str, request: pytest.FixtureRequest
) -> None:
    made = resample(request.getfixturevalue(which), years=4, seed=2)
    light, up = made.frame, cos_zenith(made)
    assert not light.loc[up <= 0, ["ghi", "dni", "dhi"]].any(axis=None)
    assert (light[["ghi", "dni", "dhi"]] >= -1e-9).all(axis=None)
    np.testing.assert_allclose(light["ghi"], light["dhi"] + light["dni"] * up.clip(0), atol=1e-9)


def test_real_half_hours_keep_their_months(half_hours: Weather) -> None:
    made = resample(half_hours, years=6, seed=0)
    np.testing.assert_allclose(
        made.monthly()["ghi_kwh_m2_day"], half_hours.monthly()["ghi_kwh_m2_day"], rtol=0.08
    )


def test_a_polar_night_stays_dark() -> None:
    index = calendar([2001, 2002])
    place = location.Location(78.2, -120.0, altitude=0.0)
    clear = place.get_clearsky(index + pd.Timedelta(minutes=30))["ghi"].to_numpy()
    light = 0.7 * clear * np.where(index.year == 2001, 1.0, 0.5)
    frame = pd.DataFrame(
        {"ghi": light, "dni": 0.0, "dhi": light, "temp_air": -5.0, "wind_speed": 4.0}, index=index
    )
    polar = Weather(frame, 78.2, -120.0, 0.0, -8.0, "polar", 2001, 2002)
    made = resample(polar, years=3)
    assert not made.frame["ghi"][made.local_middle.month.isin([12, 1])].any()
    assert (made.frame["temp_air"] == -5.0).all()


# --- what it says, and what it refuses ------------------------------------------------------------


def test_it_says_what_it_is(source: Weather, decades: Weather) -> None:
    assert decades.source == "20 years resampled from 6 real ones (seed 1): made up"
    assert any("resampled" in warning for warning in decades.warnings)
    assert not decades.typical
    assert (decades.first_year, decades.last_year) == (source.first_year, source.last_year)
    assert not any("only" in warning for warning in decades.warnings)


def test_few_years_bring_a_warning(half_hours: Weather) -> None:
    said = replace(half_hours, warnings=("moved",))
    warnings = resample(said, years=1).warnings
    assert warnings[0] == "moved"
    assert any("only 2 real years" in warning for warning in warnings)


def test_the_source_is_left_as_it_was(source: Weather) -> None:
    before = source.frame.copy()
    resample(source, years=1)
    pd.testing.assert_frame_equal(source.frame, before)


@pytest.mark.parametrize("name", ["phoenix", "el-paso"])
def test_a_typical_year_is_refused(name: str) -> None:
    with pytest.raises(WeatherError, match="typical year"):
        resample(read_site(name).series)


def test_a_single_year_is_refused() -> None:
    with pytest.raises(WeatherError, match="one real year"):
        resample(read_site("fort-collins").series)


@pytest.mark.parametrize("years", [0, -1, 101, 500])
def test_years_out_of_bounds_are_refused(source: Weather, years: int) -> None:
    with pytest.raises(WeatherError, match=f"1 to 100; got {years}"):
        resample(source, years=years)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(WeatherError) as refused:
        resample(read_site("phoenix").series, years=0, seed=-1)
    assert len(refused.value.problems) == 3
