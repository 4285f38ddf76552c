"""Moved weather: a neighbour's clouds under a town's sun, with the town's normals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pvlib import irradiance, location, solarposition

from energy.errors import WeatherError
from energy.site import read_site
from energy.weather import Place, Provenance, Weather, adapt
from energy.weather.synthetic import synthesize


def to(
    weather: Weather,
    latitude_deg: float,
    longitude_deg: float,
    elevation_m: float,
    ghi_kwh_m2_day: list[float] | np.ndarray,
    temp_air_c: list[float] | np.ndarray,
) -> Weather:
    return adapt(
        weather,
        Place(latitude_deg, longitude_deg, elevation_m),
        ghi_kwh_m2_day=np.array(ghi_kwh_m2_day),
        temp_air_c=np.array(temp_air_c),
        source="moved",
    )


def in_place(weather: Weather) -> Weather:
    """Moved to where it is, to its own monthly means."""
    monthly = weather.monthly()
    return to(
        weather,
        weather.place.latitude_deg,
        weather.place.longitude_deg,
        weather.place.elevation_m,
        monthly["ghi_kwh_m2_day"].to_numpy(),
        monthly["temp_air_c"].to_numpy(),
    )


@pytest.fixture(scope="module")
def neighbour() -> Weather:
    return read_site("fort-collins").series


@pytest.fixture(scope="module")
def moved(neighbour: Weather) -> Weather:
    """Fort Collins' 2018 at Cheyenne, with Cheyenne's normals."""
    town = read_site("wyoming")
    assert town.normals is not None
    return to(
        neighbour,
        town.place.latitude_deg,
        town.place.longitude_deg,
        town.place.elevation_m,
        town.normals.ghi_kwh_m2_day,
        town.normals.temp_air_c,
    )


@pytest.fixture(scope="module")
def far(neighbour: Weather) -> Weather:
    """The same far to the south-west, with normals that are half as bright again in winter."""
    ghi = np.array([3.6, 4.5, 5.8, 7.1, 7.8, 8.0, 7.0, 6.6, 6.1, 4.9, 3.9, 3.3])
    return to(neighbour, 33.0, -112.0, 340.0, ghi, np.linspace(10, 32, 12))


def cos_zenith(weather: Weather) -> np.ndarray:
    sun = solarposition.get_solarposition(
        weather.middle,
        weather.place.latitude_deg,
        weather.place.longitude_deg,
        altitude=weather.place.elevation_m,
    )
    return np.cos(np.radians(sun["zenith"].to_numpy()))


def clear_sky(weather: Weather) -> np.ndarray:
    """Light of a cloudless sky [W/m2]."""
    place = location.Location(
        weather.place.latitude_deg, weather.place.longitude_deg, altitude=weather.place.elevation_m
    )
    return place.get_clearsky(weather.middle)["ghi"].to_numpy()


def clear_sky_index(weather: Weather) -> np.ndarray:
    """Each step's light as a share of a clear sky's, 0 at night."""
    ghi, clear = weather.frame["ghi"].to_numpy(), clear_sky(weather)
    return np.divide(ghi, clear, out=np.zeros_like(ghi), where=clear > 1)


def ceiling(neighbour: Weather, weather: Weather) -> np.ndarray:
    """Light [W/m2] of the neighbour's clearest step, under the town's sun."""
    above = np.asarray(irradiance.get_extra_radiation(neighbour.middle))
    here, there = cos_zenith(neighbour), cos_zenith(weather)
    high = here > 0.02
    clearest = (neighbour.frame["ghi"].to_numpy()[high] / (above * here)[high]).max()
    return min(1.0, clearest) * above * np.maximum(there, 0.0)


def daily_clear_sky_index(weather: Weather) -> pd.Series:
    """Each day's light as a share of a clear day's."""
    light = pd.DataFrame({"ghi": weather.frame["ghi"].to_numpy(), "clear": clear_sky(weather)})
    days = light.groupby(np.asarray(weather.local_middle.normalize())).sum()
    return days["ghi"] / days["clear"]


# --- the town's numbers ------------------------------------------------------------------------


def test_monthly_means_are_the_normals(moved: Weather) -> None:
    normals = read_site("wyoming").normals
    assert normals is not None
    monthly = moved.monthly()
    np.testing.assert_allclose(monthly["ghi_kwh_m2_day"], normals.ghi_kwh_m2_day, rtol=1e-6)
    np.testing.assert_allclose(monthly["temp_air_c"], normals.temp_air_c, atol=1e-6)


def test_monthly_means_are_the_normals_even_where_the_ceiling_cuts(neighbour: Weather) -> None:
    # January half as bright again as Fort Collins': its clear hours reach the ceiling, and the
    # cloudy ones must make up for what that cuts off.
    monthly = neighbour.monthly()
    wanted = monthly["ghi_kwh_m2_day"].to_numpy() * np.array([1.3, *[1.0] * 11])
    temp = monthly["temp_air_c"].to_numpy()
    bright = to(neighbour, 40.53, -105.06, 1526.0, wanted, temp)
    np.testing.assert_allclose(bright.monthly()["ghi_kwh_m2_day"], wanted, rtol=1e-6)
    january = np.asarray(neighbour.local_middle.month) == 1
    lit = january & (neighbour.frame["ghi"].to_numpy() > 50)
    gain = bright.frame["ghi"].to_numpy()[lit] / neighbour.frame["ghi"].to_numpy()[lit]
    assert gain.max() > 1.3 > gain.min() > 0.99


def test_two_steps_of_a_month_by_hand() -> None:
    # One light hour on two days a month, at its place: 400 and 200 W/m2, mean of a month of 31
    # days 600 / 744. Doubling the normal doubles both while no sky is clearer than the clearest.
    index = pd.date_range("2001-01-01", periods=8760, freq="h", tz="UTC", name="start")
    frame = pd.DataFrame(
        {"ghi": 0.0, "dni": 0.0, "dhi": 0.0, "temp_air": 5.0, "wind_speed": 3.0}, index=index
    )
    noon = index.hour == 12
    for day, ghi in ((1, 400.0), (2, 200.0), (3, 1000.0)):
        frame.loc[noon & (index.day == day), ["ghi", "dhi"]] = ghi
    month_three_only_once = (index.day == 3) & (index.month != 3)
    frame.loc[month_three_only_once, ["ghi", "dhi"]] = 0.0
    weather = Weather(frame, Place(0.0, -7.0, 0.0), 0.0, Provenance("noons", 2001, 2001))
    monthly = weather.monthly()["ghi_kwh_m2_day"].to_numpy()
    doubled = np.where(np.arange(12) == 0, 2.0, 1.0) * monthly
    ghi = to(weather, 0.0, -7.0, 0.0, doubled, np.full(12, 5.0)).frame["ghi"]
    assert ghi["2001-01-01 12:00"] == pytest.approx(800, rel=1e-6)
    assert ghi["2001-01-02 12:00"] == pytest.approx(400, rel=1e-6)
    assert ghi["2001-05-01 12:00"] == pytest.approx(400, rel=1e-6)
    # Trebled, 1200 W/m2 would be clearer than the clearest hour there is (1000 on 3 March, of
    # about 1370); the second day makes up for the cut: 400 + 200 = 600, times 3 = 1800.
    trebled = np.where(np.arange(12) == 0, 3.0, 1.0) * monthly
    ghi = to(weather, 0.0, -7.0, 0.0, trebled, np.full(12, 5.0)).frame["ghi"]
    first, second = ghi["2001-01-01 12:00"], ghi["2001-01-02 12:00"]
    assert first < 1100
    assert second > 600
    assert first + second == pytest.approx(1800, rel=1e-6)


def test_temperature_moves_by_a_constant_a_month(neighbour: Weather, moved: Weather) -> None:
    month = np.asarray(moved.local_middle.month)
    shift = pd.Series(moved.frame["temp_air"] - neighbour.frame["temp_air"]).groupby(month)
    assert (shift.max() - shift.min()).max() < 1e-9
    # By hand for July: Cheyenne's normal is 20.557, Fort Collins' July of 2018 is in its series.
    july = neighbour.frame["temp_air"][month == 7].mean()
    assert shift.mean()[7] == pytest.approx(20.557 - july)


# --- what must always hold ---------------------------------------------------------------------


@pytest.mark.parametrize("which", ["moved", "far"])
def test_global_is_diffuse_and_beam_at_every_step(
    which: str, request: pytest.FixtureRequest
) -> None:
    weather = request.getfixturevalue(which)
    light = weather.frame
    beam = light["dni"] * np.maximum(cos_zenith(weather), 0.0)
    np.testing.assert_allclose(light["ghi"], light["dhi"] + beam, atol=1e-9)


@pytest.mark.parametrize("which", ["moved", "far"])
def test_no_light_is_negative(which: str, request: pytest.FixtureRequest) -> None:
    weather = request.getfixturevalue(which)
    assert (weather.frame[["ghi", "dni", "dhi"]] >= -1e-9).all(axis=None)


@pytest.mark.parametrize("which", ["moved", "far"])
def test_night_is_dark_at_the_town(which: str, request: pytest.FixtureRequest) -> None:
    weather = request.getfixturevalue(which)
    night = cos_zenith(weather) <= 0
    assert 0.45 < night.mean() < 0.55
    assert not weather.frame.loc[night, ["ghi", "dni", "dhi"]].any(axis=None)


@pytest.mark.parametrize("which", ["moved", "far"])
def test_no_step_is_clearer_than_the_neighbours_clearest(
    which: str, neighbour: Weather, request: pytest.FixtureRequest
) -> None:
    weather = request.getfixturevalue(which)
    assert (weather.frame["ghi"].to_numpy() <= ceiling(neighbour, weather) + 1e-9).all()
    above = np.asarray(irradiance.get_extra_radiation(neighbour.middle))
    strongest = min(1.0, (neighbour.frame["dni"].to_numpy() / above).max())
    assert (weather.frame["dni"].to_numpy() <= strongest * above + 1e-9).all()


def test_cloudy_and_clear_days_keep_their_order(neighbour: Weather, moved: Weather) -> None:
    here, there = daily_clear_sky_index(neighbour), daily_clear_sky_index(moved)
    # Each month is scaled by its own normal, so days are compared with those of their month.
    month = here.index.month
    ranks = pd.DataFrame(
        {
            "here": here / here.groupby(month).transform("mean"),
            "there": there / there.groupby(month).transform("mean"),
        }
    ).rank()
    assert ranks["here"].corr(ranks["there"]) > 0.99
    for number in range(1, 13):
        of_month = ranks[month == number].rank()
        assert of_month["here"].corr(of_month["there"]) > 0.98


@pytest.mark.parametrize("which", ["moved", "far"])
def test_the_clear_sky_index_of_a_step_is_kept_up_to_one_factor_a_month(
    which: str, neighbour: Weather, request: pytest.FixtureRequest
) -> None:
    weather = request.getfixturevalue(which)
    # Where light and both suns are high enough for the quotients to mean something.
    high = (cos_zenith(neighbour) > 0.2) & (cos_zenith(weather) > 0.2)
    high &= neighbour.frame["ghi"].to_numpy() > 20
    factor = pd.Series(clear_sky_index(weather)[high] / clear_sky_index(neighbour)[high])
    month = np.asarray(weather.local_middle.month)[high]
    scaled = np.abs(factor / factor.groupby(month).transform("max") - 1) < 1e-6
    cut = weather.frame["ghi"].to_numpy()[high] >= ceiling(neighbour, weather)[high] * (1 - 1e-9)
    assert (scaled | cut).all()
    assert scaled.mean() > 0.5


def test_the_share_of_diffuse_light_is_kept(neighbour: Weather, moved: Weather) -> None:
    # By the hour of a high sun; where beam and light are not cut by their ceilings.
    high = (cos_zenith(neighbour) > 0.3) & (cos_zenith(moved) > 0.3)
    here, there = (w.frame["dhi"] / w.frame["ghi"].clip(lower=1.0) for w in (neighbour, moved))
    difference = np.abs(there - here)[high]
    assert (difference < 1e-6).mean() > 0.9
    assert difference.mean() < 0.01


def test_wind_and_times_are_kept(neighbour: Weather, moved: Weather) -> None:
    assert moved.index.equals(neighbour.index)
    assert moved.frame["wind_speed"].equals(neighbour.frame["wind_speed"])


def test_the_result_is_at_the_town_and_says_what_it_is(neighbour: Weather) -> None:
    said = replace(neighbour, provenance=neighbour.provenance.replace("half of it is guessed"))
    monthly = neighbour.monthly()
    result = adapt(
        said,
        Place(41.0, -105.0, 1900.0),
        ghi_kwh_m2_day=monthly["ghi_kwh_m2_day"].to_numpy(),
        temp_air_c=monthly["temp_air_c"].to_numpy(),
        source="clouds of elsewhere",
        warnings=("moved",),
    )
    assert result.place == Place(41.0, -105.0, 1900.0)
    assert result.provenance.adapted
    assert result.source == "clouds of elsewhere"
    assert result.warnings == ("half of it is guessed", "moved")
    assert (result.first_year, result.last_year) == (2018, 2018)


def test_the_neighbour_is_left_as_it_was(neighbour: Weather) -> None:
    before = neighbour.frame.copy()
    in_place(neighbour)
    pd.testing.assert_frame_equal(neighbour.frame, before)


@pytest.mark.parametrize("name", ["fort-collins", "el-paso", "phoenix", "greensboro"])
def test_moving_nowhere_changes_almost_nothing(name: str) -> None:
    weather = read_site(name).series
    again = in_place(weather)
    error = again.frame - weather.frame
    assert not error["wind_speed"].any()
    assert np.abs(error["temp_air"]).max() < 1e-9
    # Found: .6 W/m2 for the half-hours, 1.0-2.2 for the hours, all in steps at sunrise and sunset,
    # whose light falls before or after their middle.
    assert np.sqrt((error["ghi"] ** 2).mean()) < 3.0
    assert np.sqrt((error["dhi"] ** 2).mean()) < 3.0
    high = cos_zenith(weather) > 0.15
    assert np.abs(error["ghi"][high] / weather.frame["ghi"][high].clip(lower=50.0)).max() < 0.02
    # In whole hours GHI, DHI and DNI of the source close only to some W/m2.
    assert np.sqrt((error["dni"][high] ** 2).mean()) < 10.0
    total = weather.frame["dni"].mean()
    assert again.frame["dni"].mean() == pytest.approx(total, rel=0.01)


# --- towns that cannot be ------------------------------------------------------------------------


def test_normals_beyond_any_sky_are_refused(neighbour: Weather) -> None:
    # January with twice its light is brighter than every hour at the clearest: no scale gives it.
    monthly = neighbour.monthly()
    wanted = monthly["ghi_kwh_m2_day"].to_numpy() * np.array([2.0, *[1.0] * 11])
    with pytest.raises(WeatherError):
        to(neighbour, 40.53, -105.06, 1526.0, wanted, monthly["temp_air_c"].to_numpy())


def test_a_polar_night_stays_dark() -> None:
    # Light only from April to August, and normals of 0 for the other months, .9 of it.
    index = pd.date_range("2001-01-01", periods=8760, freq="h", tz="UTC", name="start")
    frame = pd.DataFrame(
        {"ghi": 0.0, "dni": 0.0, "dhi": 0.0, "temp_air": -5.0, "wind_speed": 4.0}, index=index
    )
    lit = np.isin(index.month, [4, 5, 6, 7, 8]) & (index.hour >= 8) & (index.hour < 16)
    frame.loc[lit, ["ghi", "dhi"]] = 120.0
    weather = Weather(frame, Place(78.2, 0.0, 0.0), 0.0, Provenance("polar", 2001, 2001))
    monthly = weather.monthly()
    dimmer = 0.9 * monthly["ghi_kwh_m2_day"].to_numpy()
    moved = to(weather, 78.2, 0.0, 0.0, dimmer, monthly["temp_air_c"].to_numpy())
    ghi = moved.frame["ghi"]
    assert not ghi[~lit].any()
    np.testing.assert_allclose(ghi[lit], 108.0, rtol=1e-6)


def test_what_a_series_is_survives_every_way_of_making_another_from_it(neighbour: Weather) -> None:
    monthly = neighbour.monthly()
    flags = neighbour.provenance.replace("guessed", synthetic=True, typical=True)
    result = in_place(replace(neighbour, provenance=flags))
    assert result.provenance == flags.replace(source="moved", adapted=True)
    assert result.relabeled
    assert monthly is not None


def test_a_synthetic_place_adapted_elsewhere_is_still_synthetic() -> None:
    pytest.importorskip("gsee_climate_data")
    far = synthesize(41.1, -104.8, years=2)
    near = in_place(far)
    assert far.provenance.synthetic
    assert near.provenance.synthetic
    assert near.provenance.adapted
    assert set(far.warnings) <= set(near.warnings)
