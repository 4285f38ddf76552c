"""Adapted weather: a neighbor's clear and dark days under a town's sun, with the town's climate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pvlib import irradiance, solarposition

from energy.errors import WeatherError
from energy.site import read_site
from energy.weather import Climate, Neighbor, Place, Provenance, Weather, adapt
from energy.weather.series import Origin
from energy.weather.synthetic import synthesize

#: As a user has them, not the frozen ones.
SHIPPED_SITES = True

#: A town 150 km from the neighbor, 200 m higher.
TOWN = Place(46.5, -93.9, 620.0)


@pytest.fixture(scope="module")
def neighbor() -> Weather:
    """Northern Minnesota's 2013."""
    return read_site("minnesota").series


@pytest.fixture(scope="module")
def climate(neighbor: Weather) -> Climate:
    """A tenth brighter in winter, days a fifth less alike, 3 K warmer, windier."""
    own = Climate.of(neighbor)
    winter = np.isin(np.arange(12), [0, 1, 2, 10, 11])
    return replace(
        own,
        index=own.index * np.where(winter, 1.1, 1.0),
        spread=own.spread * 0.9,
        temp_air_c=own.temp_air_c + 3.0,
        wind_m_s=4.0,
    )


@pytest.fixture(scope="module")
def moved(neighbor: Weather, climate: Climate) -> Weather:
    return adapt(neighbor, TOWN, climate, source="moved")


@pytest.fixture(scope="module")
def west(neighbor: Weather, climate: Climate) -> Weather:
    """The same a time zone further west, half an hour later by the sun."""
    place = Place(46.5, -100.5, 620.0)
    return adapt(neighbor, place, climate, source="moved", utc_offset_h=-7.0)


def cos_zenith(weather: Weather) -> np.ndarray:
    sun = solarposition.get_solarposition(
        weather.middle,
        weather.place.latitude_deg,
        weather.place.longitude_deg,
        altitude=weather.place.elevation_m,
    )
    return np.cos(np.radians(sun["zenith"].to_numpy()))


def daily(weather: Weather) -> pd.Series:
    """Each day's light [kWh/m2]."""
    days = np.asarray(weather.local_middle.normalize())
    return weather.frame["ghi"].groupby(days).sum() * weather.step_h / 1000


# --- the town's climate --------------------------------------------------------------------------


def test_months_have_the_mean_and_the_spread_of_the_climate(moved: Weather, climate: Climate):
    got = Climate.of(moved)
    np.testing.assert_allclose(got.index, climate.index, rtol=0.04)
    np.testing.assert_allclose(got.spread, climate.spread, rtol=0.06)
    np.testing.assert_allclose(got.temp_air_c, climate.temp_air_c, atol=1e-9)
    assert got.wind_m_s == pytest.approx(4.0)


def test_normals_and_hours_say_the_same_of_a_place(neighbor: Weather) -> None:
    hours = Climate.of(neighbor)
    normals = Climate.of_normals(
        neighbor.place,
        ghi_kwh_m2_day=neighbor.monthly()["ghi_kwh_m2_day"].to_numpy(),
        spread=hours.spread,
        clear=hours.clear,
        temp_air_c=hours.temp_air_c,
    )
    np.testing.assert_allclose(normals.index, hours.index, rtol=0.004)


def test_the_mean_comes_before_the_spread_where_both_cannot_be(neighbor: Weather) -> None:
    own = Climate.of(neighbor)
    odd = replace(own, spread=own.spread * 1.5)
    got = Climate.of(adapt(neighbor, neighbor.place, odd, source="moved"))
    np.testing.assert_allclose(got.index, own.index, rtol=0.03)
    assert (got.spread > own.spread).all()


def test_a_light_that_no_map_gives_is_refused(neighbor: Weather) -> None:
    own = Climate.of(neighbor)
    odd = replace(own, index=np.where(np.arange(12) == 0, own.clear * 1.3, own.index))
    with pytest.raises(WeatherError, match=r"month 1: .* of a clear day is asked"):
        adapt(neighbor, neighbor.place, odd, source="moved")


def test_temperature_moves_by_a_constant_a_month(neighbor: Weather, moved: Weather) -> None:
    month = np.asarray(moved.local_middle.month)
    shift = pd.Series(moved.frame["temp_air"] - neighbor.frame["temp_air"]).groupby(month)
    assert (shift.max() - shift.min()).max() < 1e-9
    assert shift.mean().to_numpy() == pytest.approx(np.full(12, 3.0))


def test_clear_and_dark_days_keep_their_order(neighbor: Weather, moved: Weather) -> None:
    here, there = daily(neighbor), daily(moved)
    for month in range(1, 13):
        days = here.index.month == month
        assert here[days].corr(there[days], method="spearman") > 0.97


def test_a_dark_day_stays_dark_and_the_clearest_stays_the_clearest(
    neighbor: Weather, moved: Weather
) -> None:
    here, there = daily(neighbor), daily(moved)
    assert there.min() < 1.8 * here.min()
    december = here.index.month == 12
    assert here[december].idxmax() == there[december].idxmax()


def test_noon_comes_at_noon(neighbor: Weather, climate: Climate) -> None:
    """An hour further west by the sun and by the same clock, light comes an hour later."""

    def center_h(weather: Weather) -> float:
        local = weather.local_middle
        hour = np.asarray(local.hour) + np.asarray(local.minute) / 60
        return float(np.average(hour, weights=weather.frame["ghi"]))

    def skew_h(weather: Weather) -> float:
        """How far light lies behind the sun in the mean of the days."""
        sun = weather.frame.assign(ghi=1000.0 * np.maximum(cos_zenith(weather), 0.0))
        return center_h(weather) - center_h(replace(weather, frame=sun))

    place = Place(46.5, -107.5, 620.0)
    for utc_offset_h in (-6.0, -7.0):
        west = adapt(neighbor, place, climate, source="moved", utc_offset_h=utc_offset_h)
        assert west.utc_offset_h == utc_offset_h
        assert west.years == neighbor.years
        assert skew_h(west) == pytest.approx(skew_h(neighbor), abs=0.02)


# --- what must always hold -----------------------------------------------------------------------


@pytest.mark.parametrize("which", ["moved", "west"])
def test_global_is_diffuse_and_beam_at_every_step(which: str, request: pytest.FixtureRequest):
    weather = request.getfixturevalue(which)
    light = weather.frame
    beam = light["dni"] * np.maximum(cos_zenith(weather), 0.0)
    np.testing.assert_allclose(light["ghi"], light["dhi"] + beam, atol=1e-9)
    assert (light[["ghi", "dni", "dhi"]] >= -1e-9).all(axis=None)


@pytest.mark.parametrize("which", ["moved", "west"])
def test_night_is_dark_at_the_town(which: str, request: pytest.FixtureRequest) -> None:
    weather = request.getfixturevalue(which)
    night = cos_zenith(weather) <= 0
    assert 0.45 < night.mean() < 0.55
    assert not weather.frame.loc[night, ["ghi", "dni", "dhi"]].any(axis=None)


@pytest.mark.parametrize("which", ["moved", "west"])
def test_no_step_is_clearer_than_the_neighbors_clearest(
    which: str, neighbor: Weather, request: pytest.FixtureRequest
) -> None:
    weather = request.getfixturevalue(which)
    above = np.asarray(irradiance.get_extra_radiation(neighbor.middle))
    here, there = cos_zenith(neighbor), np.maximum(cos_zenith(weather), 0.0)
    high = here > 0.02
    clearest = (neighbor.frame["ghi"].to_numpy()[high] / (above * here)[high]).max()
    outside = np.asarray(irradiance.get_extra_radiation(weather.middle))
    assert (weather.frame["ghi"] <= min(1.0, clearest) * outside * there + 1e-6).all()
    strongest = min(1.0, (neighbor.frame["dni"].to_numpy() / above).max())
    assert (weather.frame["dni"].to_numpy() <= strongest * outside + 1e-6).all()


@pytest.mark.parametrize("name", ["minnesota", "great-falls", "tampa", "geraldton"])
def test_moving_nowhere_changes_almost_nothing(name: str) -> None:
    weather = read_site(name).series
    again = adapt(weather, weather.place, Climate.of(weather), source="moved")
    error = again.frame - weather.frame
    assert np.abs(error["temp_air"]).max() < 1e-9
    assert np.abs(error["wind_speed"]).max() < 1e-9
    # All in steps at sunrise and sunset, whose light falls before or after their middle.
    assert np.sqrt((error["ghi"] ** 2).mean()) < 5.0
    assert np.sqrt((error["dhi"] ** 2).mean()) < 5.0
    assert again.frame["ghi"].mean() == pytest.approx(weather.frame["ghi"].mean(), rel=0.002)
    assert again.frame["dni"].mean() == pytest.approx(weather.frame["dni"].mean(), rel=0.015)


def test_a_polar_night_stays_dark() -> None:
    index = pd.date_range("2001-01-01", periods=8760, freq="h", tz="UTC", name="start")
    frame = pd.DataFrame(
        {"ghi": 0.0, "dni": 0.0, "dhi": 0.0, "temp_air": -5.0, "wind_speed": 4.0}, index=index
    )
    lit = np.isin(index.month, [4, 5, 6, 7, 8]) & (index.hour >= 8) & (index.hour < 16)
    frame.loc[lit, ["ghi", "dhi"]] = 120.0
    weather = Weather(frame, Place(78.2, 0.0, 0.0), 0.0, Provenance("polar", 2001, 2001))
    again = adapt(weather, weather.place, Climate.of(weather), source="moved")
    dark = np.isin(index.month, [1, 2, 11, 12])
    assert not again.frame["ghi"][dark].any()


def test_the_neighbor_is_left_as_it_was(neighbor: Weather, climate: Climate) -> None:
    before = neighbor.frame.copy()
    adapt(neighbor, TOWN, climate, source="moved")
    pd.testing.assert_frame_equal(neighbor.frame, before)


# --- whose years they are ------------------------------------------------------------------------


def test_the_result_is_at_the_town_and_says_what_it_is(neighbor: Weather, climate: Climate) -> None:
    said = replace(neighbor, provenance=neighbor.provenance.replace("half of it is guessed"))
    result = adapt(said, TOWN, climate, source="clouds of elsewhere", warnings=("moved",))
    assert result.place == TOWN
    assert result.source == "clouds of elsewhere"
    assert result.warnings == ("half of it is guessed", "moved")
    assert result.basis == "adapted"
    assert result.real_years == 1
    assert result.origins == (Origin(neighbor.source, neighbor.place, (2013,), adapted=True),)
    assert result.distance_km == pytest.approx(neighbor.place.distance_km(TOWN))


def test_a_synthetic_place_adapted_elsewhere_is_still_synthetic() -> None:
    pytest.importorskip("gsee_climate_data")
    far = synthesize(41.1, -104.8, years=2)
    near = adapt(far, far.place, Climate.of(far), source="moved")
    assert near.provenance.synthetic
    assert near.basis == "synthetic"
    assert near.real_years == 0
    assert set(far.warnings) <= set(near.warnings)


def test_a_neighbor_that_is_too_far_or_of_another_climate_is_refused_with_the_numbers() -> None:
    phoenix, denver = read_site("phoenix"), read_site("denver")
    desert = Climate.of(phoenix.series)
    refused = {
        "brisbane": ("distance_km is 1", "rank_correlation is -0.7"),
        "seattle": ("distance_km is 1,", "at most 1200"),
    }
    for name, words in refused.items():
        with pytest.raises(WeatherError) as caught:
            adapt(read_site(name).series, phoenix.place, desert, source="moved")
        assert all(word in str(caught.value) for word in words)
    high = Neighbor.of(denver.series, replace(denver.place, elevation_m=0.0), desert)
    assert any("elevation_m" in problem for problem in high.problems)
    clear = replace(desert, index=desert.index * 1.5)
    cloudy = Neighbor.of(denver.series, denver.place, clear)
    assert any("clearness_ratio" in problem for problem in cloudy.problems)


def test_a_good_neighbor_has_no_problems_and_says_what_it_is_like() -> None:
    denver, golden = read_site("great-falls").series, read_site("great-falls").place
    near = Neighbor.of(denver, golden, Climate.of(denver))
    assert not near.problems
    assert str(near) == ("0 km away, +0 m, +0 % clearer, rank correlation of the months 1.00")
