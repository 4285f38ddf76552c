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
from energy.weather import Place, Provenance, Weather
from energy.weather import resampling as of_decades
from energy.weather.resampling import DAYS, resample

PLACE = Place(39.0, -120.0, 600.0)
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
    return Weather(frame, PLACE, -8.0, Provenance("made up", years[0], years[-1]))


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
    return replace(
        real, frame=pd.concat([real.frame, dim]), provenance=real.provenance.replace(last_year=2019)
    )


def cos_zenith(weather: Weather) -> np.ndarray:
    sun = solarposition.get_solarposition(
        weather.middle,
        weather.place.latitude_deg,
        weather.place.longitude_deg,
        altitude=weather.place.elevation_m,
    )
    return np.cos(np.radians(sun["zenith"].to_numpy()))


@cache
def daily_clear_sky_index(weather: Weather) -> np.ndarray:
    place = location.Location(
        weather.place.latitude_deg, weather.place.longitude_deg, altitude=weather.place.elevation_m
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
        place=replace(source.place, longitude_deg=-112.5),
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


def test_a_day_keeps_its_wind_and_has_the_light_of_a_day_like_it(
    source: Weather, decades: Weather
) -> None:
    # Wind is one number a day, different every day: it tells which real day a made one is.
    wind = source.frame["wind_speed"].to_numpy()[::24]
    order = np.argsort(wind)
    made = decades.frame["wind_speed"].to_numpy()[::24]
    real_day = order[np.searchsorted(wind[order], made)]
    np.testing.assert_array_equal(wind[real_day], made)
    was, now = daily_clear_sky_index(source), daily_clear_sky_index(decades)
    # No day stands further than 15 days from its own date, nor does the one that lends it light.
    day_of_year = source.local_middle[::24].day_of_year.to_numpy()
    made_on = decades.local_middle[::24].day_of_year.to_numpy()
    away = np.abs(day_of_year[:, None] - made_on)
    away = np.minimum(away, 365 - away)
    assert away[real_day, np.arange(len(now))].max() <= 16  # one more after a leap day
    unlike = np.where(away <= 16, np.abs(was[:, None] - now), np.inf).min(axis=0)
    assert unlike.max() < 0.02
    # The blur of 6 years: 1 / sqrt(1 + (.9 (6 31)^-.2)^2) = .95, and a bit for the slow moves.
    assert 0.85 < np.corrcoef(was[real_day], now)[0, 1] < 0.97
    # Blocks of 10 days on average: nine of ten days follow the one they followed.
    assert 0.85 < (np.diff(real_day) == 1).mean() < 0.95


def test_temperature_keeps_its_departure_from_the_season(source: Weather, decades: Weather) -> None:
    # The walk that dims the light also moves the temperature: both are still one.
    index = daily_clear_sky_index(decades)
    temp = decades.frame["temp_air"].to_numpy()[::24]
    season = -np.cos(2 * np.pi * (decades.local_middle[::24].day_of_year.to_numpy() - 15) / 365.25)
    # The days' own: 1; less the blur of their light.
    assert np.corrcoef(index, temp - 12 - 10 * season)[0, 1] > 0.85


def test_persistence_is_that_of_the_source(source: Weather, decades: Weather) -> None:
    was, now = (lag_one(daily_clear_sky_index(w)) for w in (source, decades))
    assert was == pytest.approx(PERSISTENCE, abs=0.05)
    assert now == pytest.approx(was, abs=0.1)


def test_joints_keep_persistence_even_where_every_other_day_is_one(
    source: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Joints drawn blindly would halve it.
    monkeypatch.setattr("energy.weather.resampling.BLOCK_DAYS", 2)
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


def test_made_years_differ_as_real_ones_do_and_blocks_alone_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Years that differ by factors of .8 to 1.2: blocks alone have .28 to .41 of
    # their spread.
    base = made_up([2001, 2002, 2003, 2005, 2006], np.random.default_rng(3))
    factor = pd.Series([0.8, 0.9, 1.0, 1.1, 1.2], index=[2001, 2002, 2003, 2005, 2006])
    frame = base.frame.copy()
    frame[["ghi", "dni", "dhi"]] *= factor[np.asarray(base.local_middle.year)].to_numpy()[:, None]
    differing = replace(base, frame=frame)

    def spread(weather: Weather) -> float:
        years = np.asarray(weather.local_middle.year)
        return float(weather.frame["ghi"].groupby(years).mean().std())

    def of_made() -> float:
        return float(np.mean([spread(resample(differing, years=25, seed=n)) for n in range(3)]))

    assert 0.7 < of_made() / spread(differing) < 1.2
    monkeypatch.setattr("energy.weather.resampling._slow", np.zeros_like)
    assert of_made() / spread(differing) < 0.5


# --- what a seed is: one of the climates that the few years leave possible ------------------------


def days_of(years: int, seed: int = 11, spread: float = 0.0) -> of_decades._RealDays:
    """Made-up years whose walks differ by `spread` in their mean, as the module sees them."""
    random = np.random.default_rng(seed)
    weather = made_up(list(range(2001, 2001 + years)), random)
    real = of_decades._real_days(weather)
    index = real.day_index + spread * np.repeat(random.standard_normal(years), DAYS)
    return replace(real, day_index=index, score=of_decades._scores(index))


def lent(real: of_decades._RealDays, seed: int, years: int = 18) -> np.ndarray:
    """The light of made years whose chosen days are the real years, one after the other."""
    chosen = np.resize(np.arange(len(real.before)), years * DAYS)
    return real.day_index[of_decades._lender(real, chosen, years, np.random.default_rng(seed))]


def test_scores_are_ranks_of_the_season_as_if_normal() -> None:
    # Two years of 31 days about 1 July (day 181): 62 ranks. The darkest of the season is half a
    # rank from its end, Phi^-1(.5 / 62) = -2.406; the next Phi^-1(1.5 / 62) = -1.974.
    index = np.full(2 * DAYS, 0.5) + 1e-6 * np.arange(2 * DAYS)
    index[[181, DAYS + 181]] = 0.2, 0.1
    score = of_decades._scores(index)
    assert score[[181, DAYS + 181]] == pytest.approx([-1.974, -2.406], abs=1e-3)


def test_days_alike_share_a_score() -> None:
    assert not of_decades._scores(np.zeros(3 * DAYS)).any()


def test_a_slow_departure_is_a_mean_over_a_season_less_that_of_all_years() -> None:
    score = np.random.default_rng(0).standard_normal((3, DAYS))
    slow = of_decades._slow(score)
    for year, date in ((0, 0), (1, 200), (2, 364)):
        window = [(date + step) % DAYS for step in range(-90, 90)]
        means = [np.mean([score[n, day] for day in window]) for n in range(3)]
        assert slow[year, date] == pytest.approx(means[year] - np.mean(means))


def test_lent_light_keeps_the_season_and_the_persistence() -> None:
    real = days_of(6)
    chains = [lent(real, seed) for seed in range(20)]
    # A seed's mean is off by 1 %; that of 20 by .3.
    assert np.mean(chains) == pytest.approx(real.day_index.mean(), rel=0.01)
    # Ranks that were moved and not drawn in again would widen the days by a twentieth.
    assert np.mean([c.std() for c in chains]) == pytest.approx(real.day_index.std(), rel=0.025)
    winter = np.r_[0:59, 334:365]
    assert np.mean([c.reshape(-1, DAYS)[:, winter] for c in chains]) == pytest.approx(
        real.day_index.reshape(-1, DAYS)[:, winter].mean(), rel=0.02
    )
    assert np.mean([lag_one(c) for c in chains]) == pytest.approx(lag_one(real.day_index), abs=0.03)


def test_seeds_differ_by_the_error_of_a_mean_of_few_years() -> None:
    # Six years whose mean index varies by s are known to s / sqrt(6); 18 made years add
    # s / sqrt(18) of their own: s sqrt(1/6 + 1/18) = .47 s, and the doubt about s.
    real = days_of(6, spread=0.05)
    s = real.day_index.reshape(-1, DAYS).mean(axis=1).std(ddof=1)
    means = [lent(real, seed).mean() for seed in range(60)]
    assert np.std(means) == pytest.approx(0.47 * s, rel=0.25)


def test_seeds_differ_less_the_more_years_are_known() -> None:
    reals = [days_of(years, spread=0.05) for years in (3, 24)]
    few, many = ([lent(real, seed).mean() for seed in range(20)] for real in reals)
    assert np.std(few) > 1.5 * np.std(many)


def test_an_ensemble_is_wider_than_one_of_blocks_alone() -> None:
    # Blocks alone draw the same few days and share their mean.
    real = days_of(5, spread=0.05)
    found = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        chosen = of_decades._choose(real, 10, random)
        lender = of_decades._lender(real, chosen, 10, random)
        found.append([real.day_index[rows] for rows in (chosen, lender)])
    means = np.mean(found, axis=2)
    worst = [[pd.Series(c).rolling(5).mean().min() for c in pair] for pair in found]
    for of_blocks, of_all in (np.std(means, axis=0), np.std(worst, axis=0)):
        assert of_all > 1.2 * of_blocks


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
    # Two years a tenth apart leave a month's mean open: one seed is up to a tenth off.
    months = [resample(half_hours, years=6, seed=n).monthly()["ghi_kwh_m2_day"] for n in range(4)]
    np.testing.assert_allclose(
        np.mean(months, axis=0), half_hours.monthly()["ghi_kwh_m2_day"], rtol=0.08
    )


def test_a_polar_night_stays_dark() -> None:
    index = calendar([2001, 2002])
    place = location.Location(78.2, -120.0, altitude=0.0)
    clear = place.get_clearsky(index + pd.Timedelta(minutes=30))["ghi"].to_numpy()
    light = 0.7 * clear * np.where(index.year == 2001, 1.0, 0.5)
    frame = pd.DataFrame(
        {"ghi": light, "dni": 0.0, "dhi": light, "temp_air": -5.0, "wind_speed": 4.0}, index=index
    )
    polar = Weather(frame, Place(78.2, -120.0, 0.0), -8.0, Provenance("polar", 2001, 2002))
    made = resample(polar, years=3)
    assert not made.frame["ghi"][made.local_middle.month.isin([12, 1])].any()
    assert (made.frame["temp_air"] == -5.0).all()


# --- what it says, and what it refuses ------------------------------------------------------------


def test_it_says_what_it_is(source: Weather, decades: Weather) -> None:
    assert decades.source == "20 years resampled from 6 recorded ones (seed 1): made up"
    assert any("resampled" in warning for warning in decades.warnings)
    assert not decades.typical
    assert (decades.first_year, decades.last_year) == (source.first_year, source.last_year)
    assert not any("only" in warning for warning in decades.warnings)


def test_few_years_bring_a_warning(half_hours: Weather) -> None:
    said = replace(half_hours, provenance=half_hours.provenance.replace("moved"))
    warnings = resample(said, years=1).warnings
    assert warnings[0] == "moved"
    assert any("only 2 recorded years" in warning for warning in warnings)


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
