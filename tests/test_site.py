"""The shipped sites: whole, credited, small, under their own sun, and near their normals."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from pvlib import solarposition

from energy.site import Normals, Site, read_site, site_names, sites_folder
from energy.weather import COLUMNS, Place, Provenance, Weather
from energy.weather.checks import sun_problems
from energy.weather.read import write_parquet

NAMES = site_names()

WYOMING = [
    "casper", "gillette", "lander", "laramie", "rawlins", "riverton", "rock-springs", "sheridan",
    "wyoming",
]  # fmt: skip

#: Sites whose hours are the very file that their normals were taken from.
OWN_NORMALS = [
    "albuquerque", "atlanta", "chicago", "denver", "el-paso", "great-falls", "greensboro",
    "new-york", "seattle", "sterling", "tampa",
]  # fmt: skip

#: Sites with hours of other years than those of their normals.
OTHER_YEARS = [
    "abilene", "amarillo", "craig", "fort-collins", "golden", "miami", "minnesota", "rapid-city",
]  # fmt: skip

NO_NORMALS = [
    "brisbane", "crockett", "geraldton", "kiruna", "kuala-lumpur", "muleshoe", "phoenix", "rome",
    "tucson",
]  # fmt: skip

ABROAD = ["brisbane", "geraldton", "kiruna", "kuala-lumpur", "rome"]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """sites/make_weather.py, which is no part of the package."""
    found = importlib.util.spec_from_file_location(
        "make_weather", sites_folder() / "make_weather.py"
    )
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # its dataclasses look themselves up there
    found.loader.exec_module(module)
    return module


def normals_of(site: Site) -> Normals:
    assert site.normals is not None
    return site.normals


def by_year(weather: Weather, name: str) -> pd.Series:
    return weather.frame[name].groupby(np.asarray(weather.local_middle.year)).mean()


# --- the whole ---------------------------------------------------------------------------------


def test_thirty_sites_and_more_are_shipped() -> None:
    assert len(NAMES) >= 30
    assert set(NAMES) == {*WYOMING, *OWN_NORMALS, *OTHER_YEARS, *NO_NORMALS}


def test_the_script_makes_the_hours_of_every_site_and_of_no_other(script: ModuleType) -> None:
    assert sorted([*script.SERIES, *script.WYOMING]) == NAMES
    assert sorted(path.stem for path in (sites_folder() / "weather").iterdir()) == NAMES


def test_every_package_is_pinned_by_hash_and_used(script: ModuleType) -> None:
    files = [member for members, _ in script.SERIES.values() for member in members]
    used = set()
    for member in files:
        (name,) = (name for name in script.PACKAGES if name.startswith(member.package))
        used.add(name)
    assert used == set(script.PACKAGES)
    assert {member for member, _ in script.NEAR_WYOMING} <= set(files)
    for wanted, digest in script.PACKAGES.values():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", wanted)
        assert re.fullmatch(r"[0-9a-f]{64}", digest)


def test_every_site_has_a_line_in_the_sources() -> None:
    text = (sites_folder() / "SOURCES.md").read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| ([a-z, -]+?) \|", text, flags=re.MULTILINE)
    named = [name for cell in first_cells for name in cell.split(", ")]
    assert sorted(set(named) - {"site"}) == NAMES


def test_the_whole_catalogue_is_small() -> None:
    weather = (sites_folder() / "weather").iterdir()
    assert sum(path.stat().st_size for path in weather) < 12e6  # 4.4 MB


def test_other_names_lead_to_one_site_each() -> None:
    aliases = [alias for name in NAMES for alias in read_site(name).aliases]
    assert len({*aliases, *NAMES}) == len(aliases) + len(NAMES)
    assert read_site("cheyenne").name == "wyoming"
    assert read_site("ashburn").name == "sterling"


# --- every site --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_site_reads_and_is_where_its_weather_is(name: str) -> None:
    site = read_site(name)
    weather = site.series  # reading it refuses gaps, part years and values beyond physics
    assert site.name == name
    place = (weather.place.latitude_deg, weather.place.longitude_deg, weather.place.elevation_m)
    assert place == pytest.approx((site.latitude_deg, site.longitude_deg, site.elevation_m))
    assert weather.utc_offset_h == pytest.approx(site.longitude_deg / 15, abs=1.5)
    assert weather.step_h in (0.5, 1.0)
    assert len(weather.frame) * weather.step_h >= 8760 * weather.years
    assert (weather.frame[["ghi", "dni", "dhi", "wind_speed"]] >= 0).all(axis=None)


@pytest.mark.parametrize("name", NAMES)
def test_every_site_says_whose_its_hours_and_prices_are(name: str) -> None:
    content = tomllib.loads((sites_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    assert re.search(r"NSRDB|TMY3|TMY2|TMYx|ERA5", content["weather"]["credit"])
    assert "USDA" in content["land_usd_per_acre"]["source"]
    for key in ("gas_usd_per_mmbtu", "grid_usd_per_mwh", "normals"):
        assert key not in content or content[key]["source"]


@pytest.mark.parametrize("name", NAMES)
def test_land_abroad_is_said_to_be_a_stand_in(name: str) -> None:
    source = read_site(name).land_usd_per_acre.source
    assert source.startswith("stand-in") == (name in ABROAD)
    assert (read_site(name).gas_usd_per_mmbtu is None) == (name in ABROAD)


@pytest.mark.parametrize("name", NAMES)
def test_a_year_of_a_site_is_small(name: str) -> None:
    site = read_site(name)
    assert site.weather_path.stat().st_size / site.series.years < 150_000


@pytest.mark.parametrize("name", NAMES)
def test_light_follows_the_sun(name: str) -> None:
    weather = read_site(name).series
    place = (weather.place.latitude_deg, weather.place.longitude_deg, weather.step_h)
    assert sun_problems(weather.frame, *place) == []


@pytest.mark.parametrize("name", NAMES)
def test_global_is_diffuse_and_beam_where_the_sun_is_high(name: str) -> None:
    # Found: below 2 W/m2 for NSRDB, up to 4.2 for hours of TMY2, TMY3 and TMYx, whose beam is a
    # mean over the hour. Fifteen minutes of clock are 13 W/m2 and more.
    weather = read_site(name).series
    sun = solarposition.get_solarposition(
        weather.middle, weather.place.latitude_deg, weather.place.longitude_deg
    )
    cosine = np.cos(np.radians(sun["zenith"].to_numpy()))
    light = weather.frame
    error = (light["dhi"] + light["dni"] * cosine - light["ghi"])[cosine > 0.2]
    assert np.abs(error).mean() < 5
    assert abs(error.mean()) < 2


@pytest.mark.parametrize("name", NAMES)
def test_hours_are_stored_to_a_tenth(name: str) -> None:
    values = read_site(name).series.frame[list(COLUMNS)].to_numpy()
    np.testing.assert_allclose(values, values.round(1), atol=1e-4)


def test_a_series_is_written_to_the_same_bytes_again(tmp_path: Path) -> None:
    weather = read_site("kiruna").series
    for name in ("one", "two"):
        write_parquet(weather, tmp_path / f"{name}.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


# --- against the normals -----------------------------------------------------------------------


@pytest.mark.parametrize("name", OWN_NORMALS)
def test_a_typical_year_is_what_its_normals_were_taken_from(name: str) -> None:
    site = read_site(name)
    monthly = site.series.monthly()
    np.testing.assert_allclose(
        monthly["ghi_kwh_m2_day"], normals_of(site).ghi_kwh_m2_day, atol=0.002
    )
    np.testing.assert_allclose(monthly["temp_air_c"], normals_of(site).temp_air_c, atol=0.002)


@pytest.mark.parametrize("name", OTHER_YEARS)
def test_other_years_are_near_the_normals(name: str) -> None:
    # A year's light varies by up to 4 % (one standard deviation, NSRDB) and the releases of NSRDB
    # and TMY3 differ by up to 5 %: 12 % is beyond both. A year's temperature varies by 1 degC, and
    # stations lie up to 30 km and some 200 m of height off.
    site = read_site(name)
    light = site.series.ghi_kwh_m2_day / np.mean(normals_of(site).ghi_kwh_m2_day)
    assert 0.95 < light < 1.12  # found: .995 Fort Collins to 1.100 Amarillo
    warmth = site.series.temp_air_c - np.mean(normals_of(site).temp_air_c)
    assert abs(warmth) < 3  # found: -2.4 Abilene to +2.4 Fort Collins


@pytest.mark.parametrize("name", WYOMING)
def test_the_mean_of_a_wyoming_towns_years_is_its_normals(name: str) -> None:
    site = read_site(name)
    monthly = site.series.monthly()
    np.testing.assert_allclose(
        monthly["ghi_kwh_m2_day"], normals_of(site).ghi_kwh_m2_day, atol=0.002
    )
    # Tenths of a degree moved by a constant a month and rounded to tenths again.
    np.testing.assert_allclose(monthly["temp_air_c"], normals_of(site).temp_air_c, atol=0.05)


# --- Wyoming's seven years ---------------------------------------------------------------------


@pytest.mark.parametrize("name", WYOMING)
def test_a_wyoming_town_has_seven_years_in_order(name: str) -> None:
    weather = read_site(name).series
    years = weather.local_middle.year.unique().tolist()
    assert years == [1999, 2012, 2017, 2018, 2022, 2023, 2024]
    assert (weather.first_year, weather.last_year, weather.typical) == (1999, 2024, False)


@pytest.mark.parametrize("name", WYOMING)
def test_wyomings_years_differ_as_real_years_do(name: str) -> None:
    # MERRA-2 has 1 to 2 % in Wyoming, NSRDB 3 to 4 % in California; found here 4.0 to 4.2 %.
    light = by_year(read_site(name).series, "ghi")
    assert 0.01 < light.std() / light.mean() < 0.06
    assert 0.5 < by_year(read_site(name).series, "temp_air").std() < 2


def test_a_year_is_bright_in_all_towns_or_in_none() -> None:
    light = pd.DataFrame({name: by_year(read_site(name).series, "ghi") for name in WYOMING})
    departure = light / light.mean() - 1
    assert (departure.max(axis=1) - departure.min(axis=1)).max() < 0.01


@pytest.mark.parametrize("name", WYOMING)
def test_a_wyoming_town_says_whose_clouds_it_has(name: str) -> None:
    (note,) = read_site(name).notes
    for place in ("Fort Collins", "Golden", "north-west Colorado"):
        assert re.search(rf"{place}[^)]*\d+ km", note)
    assert "adapted to" in note


def test_only_moved_and_reanalysed_weather_is_warned_of() -> None:
    assert {name for name in NAMES if read_site(name).notes} == {*WYOMING, "kiruna"}


def brighter(weather: Weather, by: float | np.ndarray, warmer_c: float | np.ndarray) -> Weather:
    frame = weather.frame.copy()
    frame[["ghi", "dni", "dhi"]] = frame[["ghi", "dni", "dhi"]].mul(by, axis=0)
    frame["temp_air"] += warmer_c
    return Weather(frame, Place(40.53, -105.06, 1526.0), -7.0, Provenance("brighter", 2018, 2018))


@pytest.fixture(scope="module")
def year(script: ModuleType) -> Weather:
    """Fort Collins' 2018 in hours, a tenth darker so that a brighter one stays within the sky."""
    found: Weather = script.hourly(read_site("fort-collins").series)
    return brighter(found, 0.9, 0.0)


def at(weather: Weather) -> Site:
    """Fort Collins with the means of `weather` as its normals."""
    monthly = weather.monthly()
    normals = Normals(
        ghi_kwh_m2_day=monthly["ghi_kwh_m2_day"].tolist(),
        temp_air_c=monthly["temp_air_c"].tolist(),
        source="made up",
    )
    return read_site("fort-collins").replace(normals=normals)


def test_a_sunnier_neighbour_is_no_sunnier_year(script: ModuleType, year: Weather) -> None:
    # Two places, each in a year just like its normals; the other is brighter by a tenth and 3 degC
    # warmer until June, and darker and colder from then on.
    first_half = np.asarray(year.local_middle.month) <= 6
    other = brighter(year, np.where(first_half, 1.1, 0.9), np.where(first_half, 3.0, -3.0))
    town = at(year)
    for moved in script.adapted_to(town, [year, other], [at(year), at(other)]):
        monthly = moved.monthly()
        np.testing.assert_allclose(
            monthly["ghi_kwh_m2_day"], normals_of(town).ghi_kwh_m2_day, rtol=1e-6
        )
        np.testing.assert_allclose(monthly["temp_air_c"], normals_of(town).temp_air_c, atol=1e-6)


def test_a_brighter_year_stays_brighter_by_hand(script: ModuleType, year: Weather) -> None:
    # One place, two years: as the normals, and brighter by a tenth and 3 degC warmer. Their mean is
    # to be the town's normals: 1 / 1.05 and 1.1 / 1.05 of the light, -1.5 and +1.5 degC.
    town = at(year)
    years = script.adapted_to(town, [year, brighter(year, 1.1, 3.0)], [town, town])
    for moved, share, warmer_c in zip(years, (1 / 1.05, 1.1 / 1.05), (-1.5, 1.5), strict=True):
        monthly = moved.monthly()
        np.testing.assert_allclose(
            monthly["ghi_kwh_m2_day"] / normals_of(town).ghi_kwh_m2_day, share, rtol=1e-6
        )
        np.testing.assert_allclose(
            monthly["temp_air_c"] - normals_of(town).temp_air_c, warmer_c, atol=1e-6
        )


# --- how the script reads ----------------------------------------------------------------------


def test_hours_of_half_hours_keep_the_energy_by_hand(script: ModuleType) -> None:
    halves = read_site("fort-collins").series
    hours = script.hourly(halves)
    assert hours.step_h == 1
    assert hours.index[0] == halves.index[0]
    noon = int(halves.frame["ghi"].to_numpy().argmax()) // 2
    first, second = halves.frame["ghi"].to_numpy()[2 * noon : 2 * noon + 2]
    assert hours.frame["ghi"].to_numpy()[noon] == pytest.approx((first + second) / 2)
    for name in COLUMNS:
        assert hours.frame[name].mean() == pytest.approx(halves.frame[name].mean())
    assert script.hourly(hours) is hours


@pytest.mark.parametrize("offset_h", [-6, 8])
def test_a_year_in_utc_becomes_a_local_year_by_hand(script: ModuleType, offset_h: int) -> None:
    # 2012 without its 29 February, numbered by the hour. Local midnight in the west is 6:00 UTC,
    # hour 6 of the file; in the east it is 16:00 UTC of the day before, the file's 8th last.
    index = pd.date_range("2012", "2013", freq="h", inclusive="left", tz="UTC")
    index = index[~((index.month == 2) & (index.day == 29))]
    data = pd.DataFrame(dict.fromkeys(COLUMNS, 200.0) | {"temp_air": 1.0, "wind_speed": 1.0}, index)
    data["ghi"] = np.arange(8760) / 10
    place = {"latitude_deg": 35.0, "longitude_deg": 15.0 * offset_h, "elevation_m": 0.0}
    weather = script._by_local_years(data, place | {"utc_offset_h": offset_h, "source": "made up"})
    assert weather.local_middle[0] == pd.Timestamp("2012-01-01 00:30")
    assert weather.local_middle[-1] == pd.Timestamp("2012-12-31 23:30")
    ghi = weather.frame["ghi"].to_numpy() * 10
    assert ghi[0] == pytest.approx(6 if offset_h == -6 else 8752)
    # A local hour that the file has is at its own time: noon of 4 July (day 185 without the 29th).
    at_noon = weather.local_middle == pd.Timestamp("2012-07-04 12:30")
    assert ghi[at_noon] == pytest.approx(184 * 24 + 12 - offset_h)


def test_a_package_with_another_hash_is_not_used(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "nlr_rev-0.19.0-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(SystemExit, match=r"SHA-256 is .*, expected 435b9313.*; not used"):
        script.package("nlr_rev", tmp_path)
