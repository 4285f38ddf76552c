"""The weather's quality report: each measure by hand on a clear year with one fault planted."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from energy.errors import InputError
from energy.site import read_site, site_names
from energy.weather import Place, Provenance, Weather, checks
from energy.weather.quality import QualityCheck, check_quality

NO_TIME = pd.Timedelta(0)

SHIFTED = ["el-paso", "phoenix", "fort-collins", "greensboro", "wyoming"]


@cache
def clear_year(
    *years: int,
    latitude_deg: float = 35.0,
    longitude_deg: float = -105.0,
    leap_days: bool = True,
    freq: str = "h",
) -> Weather:
    """Years without a cloud at 35 N, 105 W, 1500 m, where the sun's noon is at 12."""
    from pvlib.location import Location

    place = Location(latitude_deg, longitude_deg, altitude=1500.0)
    offset_h = longitude_deg / 15
    parts = [
        pd.date_range(f"{year}", f"{year + 1}", freq=freq, inclusive="left", tz="UTC")
        for year in years
    ]
    local = parts[0].append(parts[1:])
    if not leap_days:
        local = local[~((local.month == 2) & (local.day == 29))]
    start = (local - pd.Timedelta(hours=offset_h)).rename("start")
    middle = start + pd.Timedelta(freq if freq[0].isdigit() else f"1{freq}") / 2
    frame = place.get_clearsky(middle).set_index(start)[["ghi", "dni", "dhi"]]
    sine = np.cos(np.radians(place.get_solarposition(middle)["zenith"].to_numpy()))
    frame["dhi"] = frame["ghi"] - frame["dni"] * sine.clip(0)
    # A day of 10 K about 10 degC, whose mean is 10 degC in every month.
    turn = np.sin(2 * np.pi * (np.asarray(local.hour) + np.asarray(local.minute) / 60 - 9) / 24)
    frame = frame.assign(temp_air=10.0 + 5.0 * turn, wind_speed=3.0 + turn)
    return Weather(
        frame,
        Place(latitude_deg, longitude_deg, 1500.0),
        offset_h,
        Provenance("made up", years[0], years[-1]),
    )


def changed(weather: Weather, where: object, **columns: object) -> Weather:
    """The series with some columns set to other values where told."""
    frame = weather.frame.copy()
    for name, values in columns.items():
        frame.loc[where, name] = values
    return replace(weather, frame=frame)


def scaled(weather: Weather, where: np.ndarray, factor: float) -> Weather:
    """The series with all its light scaled in some steps."""
    frame = weather.frame.copy()
    frame.loc[where, ["ghi", "dni", "dhi"]] *= factor
    return replace(weather, frame=frame)


def later(weather: Weather, minutes: float) -> Weather:
    """The same light that much later than the sun.

    Whole steps by moving the values, the last to the front; the rest by putting the place where
    the sun is so much earlier, 4 min a degree: a chain may have no room for part of a step.
    """
    steps = round(minutes / 60 / weather.step_h)
    rest = minutes - steps * 60 * weather.step_h
    frame = weather.frame.apply(lambda column: np.roll(column, steps))
    return replace(
        weather,
        frame=frame,
        place=replace(weather.place, longitude_deg=weather.place.longitude_deg + rest / 4),
    )


def days(weather: Weather, first: str, last: str) -> np.ndarray:
    """True for the steps of the local days from the first to the last."""
    day = weather.local_middle.normalize()
    return np.asarray((day >= first) & (day <= last))


def value(quality_check: QualityCheck, measure: str) -> float:
    return float(quality_check.frame.loc[measure, "value"])


def suspicious(quality_check: QualityCheck) -> list[str]:
    return list(quality_check.frame.index[quality_check.frame["verdict"] == "suspicious"])


def of_site(name: str, minutes: float = 0.0) -> QualityCheck:
    site = read_site(name)
    normals = site.normals
    return check_quality(
        later(site.series, minutes) if minutes else site.series,
        normals_ghi_kwh_m2_day=normals.ghi_kwh_m2_day if normals else None,
        normals_temp_air_c=normals.temp_air_c if normals else None,
        normals_source=normals.source if normals else "",
    )


# --- what is in order --------------------------------------------------------------------------


def test_a_clear_year_is_good_in_every_measure() -> None:
    weather = clear_year(2001)
    monthly = weather.monthly()
    found = check_quality(
        weather,
        normals_ghi_kwh_m2_day=monthly["ghi_kwh_m2_day"],
        normals_temp_air_c=monthly["temp_air_c"],
    )
    assert (suspicious(found), found.warnings) == ([], ())
    assert (found.shift_minutes, found.shift_method) == (0.0, "closure")
    assert value(found, "whole years without a gap") == 1
    assert value(found, "closure, mean") == pytest.approx(0, abs=1e-6)
    assert value(found, "light at night") == 0
    assert value(found, "energy above 1.1 x clear sky") == 0
    assert value(found, "the sun's mean noon") == pytest.approx(12)
    assert found.daily["clear_sky_fraction"].to_numpy() == pytest.approx(1.0)
    assert found.monthly["ghi_ratio"].to_numpy() == pytest.approx(1.0)
    assert found.frame.loc["year-to-year variation of GHI", "verdict"] == "not judged"


#: What is odd at a shipped site and has been looked at: a month of Gillette's typical year is not
#: like its neighbors', and clear days at Las Vegas are a tenth clearer than the turbidity says, at
#: Amargosa next to it too (1.087 recorded).
LOOKED_AT = {
    "gillette": {"GHI of the oddest month from its normal"},
    "las-vegas": {
        "energy above 1.1 x clear sky", "energy above 1.2 x clear sky",
        "GHI of the oddest month from its normal",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", site_names())
def test_a_shipped_site_is_good(name: str) -> None:
    found = of_site(name)
    known = LOOKED_AT.get(name, set())
    assert set(suspicious(found)) == known
    assert bool(found.warnings) == bool(known)
    assert abs(found.shift_minutes) < 8
    assert abs(value(found, "light after the sun, by clear days")) < 8


def test_the_input_is_not_changed() -> None:
    weather = clear_year(2001)
    before = weather.frame.copy()
    check_quality(weather)
    pd.testing.assert_frame_equal(weather.frame, before)


# --- the clock ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIFTED)
@pytest.mark.parametrize("minutes", [-60, -30, 30, 60])
def test_a_shift_of_a_shipped_site_is_found_to_five_minutes(name: str, minutes: float) -> None:
    found = of_site(name, minutes)
    assert found.shift_method == "closure"
    assert found.shift_minutes == pytest.approx(minutes, abs=5)
    assert value(found, "light after the sun, by clear days") == pytest.approx(minutes, abs=5)
    side = "behind" if minutes > 0 else "ahead of"
    told = [text for text in found.warnings if f"{abs(minutes)} min {side} the sun" in text]
    assert len(told) == 1  # one fault, told once


@pytest.mark.parametrize("minutes", [-30, 30])
@pytest.mark.parametrize("freq", ["h", "30min"])
def test_without_beam_the_clock_is_told_by_clear_days(minutes: float, freq: str) -> None:
    weather = later(clear_year(2001, freq=freq), minutes)
    weather = changed(weather, slice(None), dni=0.0, dhi=weather.frame["ghi"])
    found = check_quality(weather)
    assert found.shift_method == "clear days"
    assert found.shift_minutes == pytest.approx(minutes, abs=1)
    assert math.isnan(value(found, "light after the sun, by closure"))
    assert any("by clear days" in text for text in found.warnings)
    assert any("the beam is 0% of the GHI" in text for text in found.warnings)


def test_clear_days_tell_the_clock_at_the_date_line_too() -> None:
    # Noon there is midnight in UTC.
    found = check_quality(later(clear_year(2001, longitude_deg=180.0, freq="30min"), 30))
    assert value(found, "light after the sun, by clear days") == pytest.approx(30, abs=1)


def test_cloudy_afternoons_do_not_move_the_clock_of_clear_days() -> None:
    weather = clear_year(2001)
    local = weather.local_middle
    cloudy = (local.hour >= 12) & (local.day_of_year % 3 > 0)  # on two days of three
    found = check_quality(scaled(weather, np.asarray(cloudy), 0.3))
    assert value(found, "light after the sun, by clear days") == pytest.approx(0, abs=1)


def test_a_clock_hours_off_is_told_in_the_words_that_refuse_a_file() -> None:
    found = check_quality(later(clear_year(2001), 300))
    assert found.warnings[0].startswith("the light does not follow the sun")
    assert found.shift_minutes == pytest.approx(300, abs=5)


def test_days_cut_in_another_zone_are_told() -> None:
    # 105 W is 7 h behind UTC: by a clock on UTC the sun's noon is at 19 h.
    weather = clear_year(2001)
    back = weather.index.year == 2002
    index = weather.index.where(~back, weather.index - pd.Timedelta(days=365))
    frame = weather.frame.set_index(index.rename("start")).sort_index()
    found = check_quality(replace(weather, frame=frame, utc_offset_h=0.0))
    assert value(found, "the sun's mean noon") == pytest.approx(19)
    assert suspicious(found) == ["the sun's mean noon"]
    assert "19.0 h local standard time" in found.warnings[0]


# --- one planted fault each, by hand ------------------------------------------------------------


def test_a_closure_error_is_told_with_its_size() -> None:
    # DHI too high by a twentieth of the GHI: what does not close is 5 % of the GHI.
    weather = clear_year(2001)
    dhi = weather.frame["dhi"] + 0.05 * weather.frame["ghi"]
    found = check_quality(changed(weather, slice(None), dhi=dhi))
    assert suspicious(found) == ["closure, mean"]
    assert value(found, "closure, mean") == pytest.approx(0.05, abs=1e-4)
    assert "differ by 5.0% of the GHI" in found.warnings[0]
    assert found.shift_minutes == 0


def test_one_step_in_fifty_that_does_not_close_is_told() -> None:
    weather = clear_year(2001)
    noon = weather.local_middle.hour == 12
    some = noon & (weather.local_middle.day % 4 == 0)  # 1 in 50 or so of the steps above 10 deg
    found = check_quality(changed(weather, some, dhi=weather.frame["dhi"] + 200.0))
    assert "closure, 99th percentile" in suspicious(found)
    mean = weather.frame["ghi"][sun_above(weather, 10)].mean()
    assert value(found, "closure, 99th percentile") == pytest.approx(200 / mean, rel=1e-3)


def sun_above(weather: Weather, height_deg: float, after: pd.Timedelta = NO_TIME) -> np.ndarray:
    from pvlib.solarposition import get_solarposition

    sun = get_solarposition(
        weather.middle + after, weather.place.latitude_deg, weather.place.longitude_deg
    )
    return np.asarray(sun["elevation"] > height_deg)


def test_bright_nights_that_are_not_refused_are_told_with_their_share() -> None:
    # The first hour of every day holds v W/m2: 365 v of sum + 365 v is .2 %.
    weather = clear_year(2001)
    v = 0.002 / 0.998 * weather.frame["ghi"].sum() / 365
    weather = changed(weather, weather.local_middle.hour == 0, ghi=v, dhi=v)
    assert checks.sun_problems(weather.frame, 35.0, -105.0, 1.0) == []
    found = check_quality(weather)
    assert suspicious(found) == ["light at night"]
    assert value(found, "light at night") == pytest.approx(0.002)
    assert "0.20% of the GHI falls while the sun is down" in found.warnings[0]


def test_light_in_a_step_in_which_the_sun_rises_or_sets_is_not_light_at_night() -> None:
    # In the middle of the hour the sun is down, at its start or end it is up.
    weather = clear_year(2001)
    half = pd.Timedelta("30min")
    edge = sun_above(weather, 0, -half) | sun_above(weather, 0, half)
    edge &= ~sun_above(weather, 0)
    found = check_quality(changed(weather, edge, ghi=20.0, dhi=20.0))
    assert value(found, "light at night") == 0


def test_an_excess_over_the_clear_sky_is_told_with_its_energy() -> None:
    # June at 1.25 of the clear sky: .15 and .05 of its high-sun energy lie above 1.1 and 1.2.
    weather = clear_year(2001)
    june = np.asarray(weather.local_middle.month == 6)
    high = sun_above(weather, 30)
    clear = weather.frame["ghi"]
    extra, whole = clear[june & high].sum(), clear[high].sum()
    found = check_quality(scaled(weather, june, 1.25))
    for times, above in ((1.1, 0.15), (1.2, 0.05)):
        share = above * extra / (whole + 0.25 * extra)
        assert value(found, f"energy above {times} x clear sky") == pytest.approx(share, rel=1e-3)
        steps = (june & high).sum() / high.sum()
        assert value(found, f"steps above {times} x clear sky") == pytest.approx(steps, rel=1e-3)
        assert f"{share:.2%} of the high-sun GHI lies above {times}" in "; ".join(found.warnings)
    assert found.shift_minutes == 0


@pytest.mark.parametrize(
    ("name", "level", "month"),
    # December noon at 35 N: 1.5 x 1406 x .53^1.2 + 100 is some 1085; July's sun outside the
    # atmosphere is 1321 W/m2 or so.
    [("ghi", 1300.0, 12), ("dni", 1390.0, 7)],
)
def test_light_beyond_physics_is_told_with_its_share(name: str, level: float, month: int) -> None:
    weather = clear_year(2001)
    local = weather.local_middle
    ten = (local.month == month) & (local.day <= 10) & (local.hour == 12)
    found = check_quality(changed(weather, ten, **{name: level}))
    measure = f"{name.upper()} above the physical limit"
    share = 10 / sun_above(weather, 0).sum()
    assert value(found, measure) == pytest.approx(share)
    assert measure in suspicious(found)
    assert f"{name.upper()} is beyond what is physically possible in {share:.2%}" in "; ".join(
        found.warnings
    )


def test_a_month_and_a_year_far_from_their_normals_are_told() -> None:
    weather = clear_year(2001)
    normals = weather.monthly()
    july = np.asarray(weather.local_middle.month == 7)
    weather = changed(scaled(weather, july, 0.7), july, temp_air=22.0)
    found = check_quality(
        weather,
        normals_ghi_kwh_m2_day=normals["ghi_kwh_m2_day"],
        normals_temp_air_c=normals["temp_air_c"],
        normals_source="made up too",
    )
    assert found.monthly.loc[7, "ghi_ratio"] == pytest.approx(0.7)
    assert found.monthly.loc[7, "temp_air_difference_c"] == pytest.approx(12.0)
    assert value(found, "GHI of the oddest month from its normal") == pytest.approx(-0.3)
    assert value(found, "temperature of the oddest month from its normal") == pytest.approx(12.0)
    assert "Jul -30% (allowed +20%)" in found.warnings[0]
    assert "Jul +12.0 (allowed +8.0)" in found.warnings[1]
    # 12 K in 31 of 365.25 days
    year = value(found, "temperature of the year from its normal")
    assert year == pytest.approx(12 * 31 / 365.25)
    assert found.frame.loc["temperature of the year from its normal", "verdict"] == "good"


def test_the_mean_of_two_years_is_allowed_less_than_one_year() -> None:
    # A sixth too low: .2 is allowed in one year, .2 / sqrt(2) = .14 in the mean of two. And 7 K.
    for years, told in ((2001,), 0), ((2001, 2002), 12):
        weather = clear_year(*years)
        found = check_quality(
            scaled(weather, np.ones(len(weather.frame), bool), 1 / 1.2),
            normals_ghi_kwh_m2_day=weather.monthly()["ghi_kwh_m2_day"],
            normals_temp_air_c=[3.0] * 12,
        )
        text = "; ".join(found.warnings)
        assert text.count("-17% (allowed +14%)") == told
        assert text.count("+7.0 (allowed +5.7)") == told


def test_days_of_half_hours_are_those_of_hours() -> None:
    weather = clear_year(2001, freq="30min")
    daily = check_quality(weather).daily["ghi_kwh_m2"]
    assert len(daily) == 365
    assert daily.mean() == pytest.approx(weather.ghi_kwh_m2_day)


def test_a_year_a_fifth_above_its_normals_is_told() -> None:
    weather = clear_year(2001)
    normals = weather.monthly()
    found = check_quality(
        weather,
        normals_ghi_kwh_m2_day=normals["ghi_kwh_m2_day"] / 1.2,
        normals_temp_air_c=normals["temp_air_c"] - 4,
    )
    assert value(found, "GHI of the year from its normal") == pytest.approx(0.2)
    assert any("the year's GHI is +20.0%" in text for text in found.warnings)
    assert any("the year's temperature is +4.0 K" in text for text in found.warnings)


def test_years_that_differ_too_much_are_told() -> None:
    # 1 and .8: their deviation is .2 / sqrt(2), their mean .9
    weather = clear_year(2001, 2002)
    found = check_quality(scaled(weather, np.asarray(weather.local_middle.year == 2002), 0.8))
    spread = 0.2 / math.sqrt(2) / 0.9
    assert value(found, "year-to-year variation of GHI") == pytest.approx(spread, rel=1e-3)
    assert suspicious(found) == ["year-to-year variation of GHI"]
    assert "in 2002" in found.warnings[0]


# --- low_irradiance_periods
# -------------------------------------------------------------------------------------


def test_a_planted_lull_is_found_on_its_days() -> None:
    weather = clear_year(2001)
    dark = scaled(weather, days(weather, "2001-03-10", "2001-03-14"), 0.2)
    normals = weather.monthly()["ghi_kwh_m2_day"]
    low_irradiance_periods = check_quality(
        dark, normals_ghi_kwh_m2_day=normals
    ).low_irradiance_periods
    daily = weather.frame["ghi"].groupby(weather.local_middle.normalize()).sum() / 1000
    five = low_irradiance_periods.loc[5]
    assert (five["first_day"], five["last_day"]) == (
        pd.Timestamp("2001-03-10"),
        pd.Timestamp("2001-03-14"),
    )
    expected = 0.2 * daily["2001-03-10":"2001-03-14"].mean()
    assert five["ghi_kwh_m2_day"] == pytest.approx(expected)
    assert five["clear_sky_fraction"] == pytest.approx(0.2)
    assert five["normal_fraction"] == pytest.approx(expected / normals[3])
    assert low_irradiance_periods.loc[1, "first_day"] == pd.Timestamp(
        "2001-03-10"
    )  # days grow longer in March
    # The two days before are darker than the two after; (5 x .2 + 2 x 1) / 7 of clear days or so
    assert low_irradiance_periods.loc[7, "first_day"] == pd.Timestamp("2001-03-08")
    assert low_irradiance_periods.loc[7, "last_day"] == pd.Timestamp("2001-03-14")
    assert low_irradiance_periods.loc[7, "clear_sky_fraction"] == pytest.approx(3 / 7, rel=0.02)


def test_the_lowest_for_its_season_is_another_lull_than_the_darkest() -> None:
    # June at .3 is brighter than December at .5, but lower for its season.
    weather = clear_year(2001)
    dark = scaled(weather, days(weather, "2001-06-10", "2001-06-12"), 0.3)
    dark = scaled(dark, days(weather, "2001-12-20", "2001-12-22"), 0.5)
    three = check_quality(dark).low_irradiance_periods.loc[3]
    assert three["first_day"] == pd.Timestamp("2001-12-20")
    assert three["lowest_first_day"] == pd.Timestamp("2001-06-10")
    assert three["lowest_last_day"] == pd.Timestamp("2001-06-12")
    assert three["lowest_clear_sky_fraction"] == pytest.approx(0.3)


def test_a_lull_does_not_reach_over_years_that_are_left_out() -> None:
    # Three dark days at the end of 2001 and two at the start of 2003 are not five.
    weather = clear_year(2001, 2003)
    dark = days(weather, "2001-12-29", "2001-12-31") | days(weather, "2003-01-01", "2003-01-02")
    low_irradiance_periods = check_quality(scaled(weather, dark, 0.1)).low_irradiance_periods
    assert low_irradiance_periods.loc[5, "last_day"] == pd.Timestamp("2001-12-31")
    assert low_irradiance_periods.loc[5, "clear_sky_fraction"] == pytest.approx(
        (3 * 0.1 + 2) / 5, rel=0.01
    )


def test_a_lull_reaches_over_a_leap_day_that_is_left_out() -> None:
    weather = clear_year(2020, leap_days=False)
    five = check_quality(
        scaled(weather, days(weather, "2020-02-27", "2020-03-03"), 0.1)
    ).low_irradiance_periods.loc[5]
    assert five["first_day"] == pd.Timestamp("2020-02-27")
    assert five["last_day"] == pd.Timestamp("2020-03-03")
    assert five["clear_sky_fraction"] == pytest.approx(0.1)


# --- its form ----------------------------------------------------------------------------------


def test_the_record_is_json_with_and_without_normals_and_beyond_the_polar_circle() -> None:
    for found in (
        of_site("el-paso"),
        check_quality(clear_year(2001)),
        check_quality(clear_year(2001, latitude_deg=75.0)),
    ):
        again = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        assert again["source"] == found.source
        assert len(again["measures"]) == len(found.frame)
        assert len(again["monthly"]) == 12
        assert [row["days"] for row in again["low_irradiance_periods"]] == [1, 3, 5, 7]
    polar = again["low_irradiance_periods"][0]
    assert polar["ghi_kwh_m2_day"] == 0
    assert polar["clear_sky_fraction"] is None  # no clear sky to compare a polar night with
    assert again["monthly"][0]["ghi_ratio"] is None
    assert polar["first_day"].startswith("2001-")


def test_normals_that_are_not_twelve_numbers_are_refused() -> None:
    weather = clear_year(2001)
    with pytest.raises(InputError, match="normals_ghi_kwh_m2_day: give twelve numbers"):
        check_quality(weather, normals_ghi_kwh_m2_day=[5.0] * 11)
    with pytest.raises(InputError, match="normals_temp_air_c: give twelve numbers"):
        check_quality(weather, normals_temp_air_c=[math.nan] * 12)


def test_a_notebook_shows_words_as_words() -> None:
    year = clear_year(2001)
    shown = check_quality(
        replace(year, provenance=year.provenance.replace(source="<b>bold</b> & Co"))
    )._repr_html_()
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; Co" in shown
    assert "closure, mean" in shown


# --- light, temperature and wind in another unit --------------------------------------------------


@pytest.mark.parametrize("factor", [0.25, 0.316, 0.5, 0.7, 0.85])
def test_light_that_is_too_weak_is_not_good(factor: float) -> None:
    weather = clear_year(2019)
    found = check_quality(scaled(weather, np.ones(len(weather.frame), dtype=bool), factor))
    assert found.verdict == "usable with notes"
    assert any("the clearest days reach" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("what", "change", "told"),
    [
        ("constant", lambda f: f.assign(temp_air=10.0), "moves by 0.0 K a day"),
        ("a tenth", lambda f: f.assign(temp_air=f["temp_air"] / 10), "moves by 1.0 K a day"),
        ("degF of degC", lambda f: f.assign(temp_air=(f["temp_air"] - 40) / 1.8),
         "the mean temperature of -16.7 degC"),
        ("no wind", lambda f: f.assign(wind_speed=0.0), "0.0 m/s on average, is constant"),
        ("km/h", lambda f: f.assign(wind_speed=3.6 * f["wind_speed"]), "is it in km/h"),
        ("exchanged", lambda f: f.assign(temp_air=f["wind_speed"], wind_speed=f["temp_air"] + 1),
         "is it in km/h"),
    ],
)  # fmt: skip
def test_temperature_and_wind_in_another_unit_are_not_good(what: str, change, told: str) -> None:
    weather = clear_year(2019)
    found = check_quality(replace(weather, frame=change(weather.frame)))
    assert any(told in text for text in found.warnings), found.warnings


def test_wind_that_stands_for_none_is_not_judged() -> None:
    weather = clear_year(2019)
    found = check_quality(replace(weather, frame=weather.frame.assign(wind_speed=2.0)))
    assert found.frame.loc["mean wind", "verdict"] == "not judged"
    assert found.verdict == "good"
