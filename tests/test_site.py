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

from energy.errors import SiteError
from energy.site import Normals, Site, read_site, site_names, sites_folder
from energy.weather import COLUMNS, Place, Provenance, Weather
from energy.weather.checks import sun_problems
from energy.weather.clearsky import clear_sky
from energy.weather.read import write_parquet

#: As a user has them, not the frozen ones.
SHIPPED_SITES = True

NAMES = site_names()

WYOMING = [
    "casper", "gillette", "lander", "laramie", "rawlins", "riverton", "rock-springs", "sheridan",
    "wyoming",
]  # fmt: skip

FRONT_RANGE = ["craig", "denver", "fort-collins", "golden"]

#: Site -> how many recorded years it stands on, how many of them its own.
RECORDED = {
    **dict.fromkeys(WYOMING, (11, 0)),
    "craig": (11, 2), "denver": (11, 0), "fort-collins": (11, 1), "golden": (11, 8),
    "amarillo": (10, 2), "muleshoe": (10, 2), "abilene": (10, 1), "crockett": (10, 1),
    "des-moines": (10, 0),
    **dict.fromkeys(["albuquerque", "el-paso", "las-vegas", "phoenix", "tucson"], (7, 0)),
    **dict.fromkeys(["chicago", "columbus", "new-york", "sterling"], (3, 0)),
    "brisbane": (2, 2), "geraldton": (1, 1), "kiruna": (1, 1), "kuala-lumpur": (1, 1),
    "minnesota": (1, 1), "rome": (1, 1),
}  # fmt: skip

ADAPTED = [name for name, (years, own) in RECORDED.items() if own < years]

#: Typical years whose normals were taken from the very file.
OWN_NORMALS = ["atlanta", "great-falls", "greensboro", "seattle", "tampa"]

TYPICAL = [*OWN_NORMALS, "miami", "rapid-city"]

ABROAD = ["brisbane", "geraldton", "kiruna", "kuala-lumpur", "rome"]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """sites/make_weather.py, which is no part of the package."""
    found = importlib.util.spec_from_file_location(
        "make_weather", sites_folder() / "make_weather.py"
    )
    assert found is not None
    assert found.loader is not None
    sys.path.insert(0, str(sites_folder()))  # as when it is run
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # its dataclasses look themselves up there
    found.loader.exec_module(module)
    sys.path.pop(0)
    return module


@pytest.fixture(scope="module")
def packages(script: ModuleType) -> ModuleType:
    """sites/packages.py, as the script has it."""
    return sys.modules[script.read_member.__module__]


def normals_of(site: Site) -> Normals:
    assert site.normals is not None
    return site.normals


def by_year(weather: Weather, name: str) -> pd.Series:
    return weather.frame[name].groupby(np.asarray(weather.local_middle.year)).mean()


# --- the whole ---------------------------------------------------------------------------------


def test_thirty_sites_and_more_are_shipped() -> None:
    assert len(NAMES) >= 30
    assert set(NAMES) == {*RECORDED, *TYPICAL}


def test_the_script_makes_the_hours_of_every_site_and_of_no_other(script: ModuleType) -> None:
    assert sorted({*script.SERIES, *script.MIXED}) == NAMES
    assert sorted(path.stem for path in (sites_folder() / "weather").iterdir()) == NAMES


def test_every_package_is_pinned_by_hash_and_used(script: ModuleType, packages: ModuleType) -> None:
    members = [member for files, _ in script.SERIES.values() for member in files]
    members += [member for files in script.RECORDED.values() for member, _ in files]
    members += [packages.DAVOS, packages.LAEGERN]  # for validation
    used = set()
    for member in members:
        (name,) = (name for name in packages.PACKAGES if name.startswith(member.package))
        used.add(name)
    assert used == set(packages.PACKAGES)
    for wanted, digest in packages.PACKAGES.values():
        assert re.fullmatch(r"[a-z0-9_-]+==[0-9.]+", wanted)
        assert re.fullmatch(r"[0-9a-f]{64}", digest)


def test_no_site_gets_a_calendar_year_twice_or_one_that_a_pool_lacks(script: ModuleType) -> None:
    for name, mix in script.MIXED.items():
        years = [year for wanted in mix.values() for year in wanted]
        assert len(years) == len(set(years)) == RECORDED[name][0]
        assert set(mix) <= set(script.NAMES)


def test_every_site_has_a_line_in_the_sources() -> None:
    text = (sites_folder() / "SOURCES.md").read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| ([a-z,; -]+?) \|", text, flags=re.MULTILINE)
    named = [name for cell in first_cells for name in re.split("[,;] ", cell)]
    assert sorted(set(named) - {"site", "sites", "pool"}) == NAMES


def test_the_whole_catalogue_is_small() -> None:
    weather = (sites_folder() / "weather").iterdir()
    assert sum(path.stat().st_size for path in weather) < 12e6  # 9 MB


def test_other_names_lead_to_one_site_each() -> None:
    aliases = [alias for name in NAMES for alias in read_site(name).aliases]
    assert len({*aliases, *NAMES}) == len(aliases) + len(NAMES)
    assert read_site("cheyenne").name == "wyoming"
    assert read_site("ashburn").name == "sterling"


def test_your_own_sites_come_before_the_shipped_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (sites_folder() / "tampa.toml").read_text(encoding="utf-8")
    (tmp_path / "ours.toml").write_text(text.replace('"tampa"', '"ours"'), encoding="utf-8")
    (tmp_path / "seattle.toml").write_text(text.replace('"tampa"', '"seattle"'), encoding="utf-8")
    monkeypatch.setenv("SUNRACK_SITES", str(tmp_path))
    assert {"ours", "seattle", "wyoming"} <= set(site_names())
    assert read_site("seattle").title == read_site("ours").title == "Tampa, Florida, USA"
    monkeypatch.setenv("SUNRACK_SITES", str(tmp_path / "gone"))
    with pytest.raises(SiteError, match=r"SUNRACK_SITES names .*gone, which is no folder"):
        site_names()


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
    assert re.search(r"NSRDB|TMY3|TMY2|TMYx|ERA5|AmeriFlux", content["weather"]["credit"])
    assert "USDA" in content["land_usd_per_acre"]["source"]
    for key in ("gas_usd_per_mmbtu", "grid_usd_per_mwh", "normals"):
        assert key not in content or content[key]["source"]


@pytest.mark.parametrize("name", NAMES)
def test_land_abroad_is_said_to_be_a_stand_in(name: str) -> None:
    source = read_site(name).land_usd_per_acre.source
    assert source.startswith("stand-in") == (name in ABROAD)
    without_gas = [*ABROAD, "columbus", "des-moines"]  # their states' price was not found
    assert (read_site(name).gas_usd_per_mmbtu is None) == (name in without_gas)


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
def test_hours_are_stored_to_a_tenth_and_adapted_light_to_one(name: str) -> None:
    frame = read_site(name).series.frame[list(COLUMNS)]
    np.testing.assert_allclose(frame, frame.round(1), atol=1e-4)
    if name in ADAPTED:
        light = frame[["ghi", "dni", "dhi"]]
        np.testing.assert_allclose(light, light.round(), atol=1e-4)


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


@pytest.mark.parametrize("name", ADAPTED)
def test_recorded_years_are_as_much_above_the_normals_as_recorded_light_is(name: str) -> None:
    # 1.05 by `make_weather.LIGHT`; moved by a site's own years, and by how bright those of the
    # neighbors were; temperatures .6 K warmer, own years as they were.
    site = read_site(name)
    light = site.series.ghi_kwh_m2_day / np.mean(normals_of(site).ghi_kwh_m2_day)
    assert 1.01 < light < 1.10
    warmth = site.series.temp_air_c - np.mean(normals_of(site).temp_air_c)
    assert -0.5 < warmth < 1.7


# --- whose years they are ------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDED)
def test_a_site_says_how_many_recorded_years_it_has_and_from_how_far(name: str) -> None:
    site = read_site(name)
    years, own = RECORDED[name]
    series = site.series
    assert series.years == series.real_years == years
    assert series.basis == ("adapted" if own < years else "own")
    assert (site.distance_km > 40) == (own < years)
    said = [year for origin in series.origins for year in origin.years]
    assert sorted(said) == series.local_middle.year.unique().tolist()
    assert sum(len(o.years) for o in series.origins if not o.adapted) == own


@pytest.mark.parametrize("name", TYPICAL)
def test_a_typical_year_is_no_recorded_one(name: str) -> None:
    site = read_site(name)
    assert (site.series.basis, site.series.real_years, site.distance_km) == ("typical", 0, 0.0)


@pytest.mark.parametrize("name", WYOMING)
def test_wyomings_years_differ_as_real_years_do(name: str) -> None:
    # MERRA-2 has 1 to 2 % in Wyoming, NSRDB 3 to 4 % in California; found here 2.8 to 3.3 %.
    light = by_year(read_site(name).series, "ghi")
    assert 0.01 < light.std() / light.mean() < 0.06
    assert 0.5 < by_year(read_site(name).series, "temp_air").std() < 2


def test_a_year_is_bright_in_all_towns_or_in_none() -> None:
    light = pd.DataFrame({name: by_year(read_site(name).series, "ghi") for name in WYOMING})
    departure = light / light.mean() - 1
    assert (departure.max(axis=1) - departure.min(axis=1)).max() < 0.03


@pytest.mark.parametrize("name", ADAPTED)
def test_an_adapted_site_says_whose_clouds_it_has(name: str) -> None:
    site = read_site(name)
    note = site.notes[0]
    assert note.startswith(f"{RECORDED[name][0]} recorded years: ")
    assert re.search(r"clouds of .*\(\d{4}.*; \d+ km away\); adapted to", note)
    assert ("its own 2" in note or "its own 1" in note) == (RECORDED[name][1] > 0)


def test_only_adapted_and_reanalysed_weather_is_warned_of() -> None:
    assert {name for name in NAMES if read_site(name).notes} == {*ADAPTED, "kiruna"}


def test_a_dark_spell_of_the_desert_is_in_the_desert_s_years() -> None:
    """Desert Rock NV had three days of .67 kWh/m2/day in 2023-24; a typical year has 2.0."""
    for name in ("las-vegas", "phoenix"):
        weather = read_site(name).series
        days = weather.frame["ghi"].groupby(np.asarray(weather.local_middle.normalize())).sum()
        assert (days.rolling(3).mean() / 1000).min() < 1.6


# --- how the years are made ----------------------------------------------------------------------


def year_at(name: str, bright: float = 1.0) -> Weather:
    """A site's first year, made brighter."""
    weather = read_site(name).series
    first = np.asarray(weather.local_middle.year) == weather.local_middle.year[0]
    frame = weather.frame[first].copy()
    frame[["ghi", "dni", "dhi"]] *= bright
    return Weather(frame, weather.place, weather.utc_offset_h, Provenance("bright", 2013, 2013))


def test_recorded_over_typical_moves_with_a_sites_own_years_by_hand(script: ModuleType) -> None:
    year = year_at("minnesota")
    ghi = [year.ghi_kwh_m2_day / 1.10] * 12
    assert script.recorded_over_typical([], ghi) == script.LIGHT == 1.05
    # One year weighs 1 of 2.4, seven 7 of 8.4.
    assert script.recorded_over_typical([year], ghi) == pytest.approx(1.05 + 0.05 / 2.4)
    assert script.recorded_over_typical([year] * 7, ghi) == pytest.approx(1.05 + 0.05 * 7 / 8.4)


def test_bright_years_stay_bright_elsewhere_by_hand(script: ModuleType) -> None:
    normals = normals_of(read_site("minnesota")).ghi_kwh_m2_day
    year = year_at("minnesota", bright=0.9)
    ratio = year.ghi_kwh_m2_day / np.mean(normals)
    expected = ratio / (1.05 + (ratio - 1.05) / 2.4)
    assert script.departure([year], "minnesota") == pytest.approx(expected)
    assert script.departure([year], "lamont") == 1.0  # no normals to compare with


# --- how the script reads ----------------------------------------------------------------------


def test_hours_of_half_hours_keep_the_energy_by_hand(packages: ModuleType) -> None:
    index = pd.date_range(
        "2013-01-01 06:00", periods=2 * 8760, freq="30min", tz="UTC", name="start"
    )
    light = np.where(np.arange(len(index)) % 48 == 24, 300.0, 0.0)
    frame = pd.DataFrame(
        {"ghi": light, "dni": 0.0, "dhi": light, "temp_air": 1.0, "wind_speed": 2.0}, index=index
    )
    halves = Weather(frame, Place(41.0, -90.0, 200.0), -6.0, Provenance("halves", 2013, 2013))
    hours = packages.hourly(halves)
    assert hours.step_h == 1
    assert hours.index[0] == halves.index[0]
    assert hours.frame["ghi"].max() == pytest.approx(150.0)
    for name in COLUMNS:
        assert hours.frame[name].mean() == pytest.approx(halves.frame[name].mean())
    assert packages.hourly(hours) is hours


def test_a_gap_is_bridged_or_takes_another_years_day_by_hand(script: ModuleType) -> None:
    recorded = script.recorded
    station = recorded.Station("here", Place(40.0, -90.0, 200.0), -6.0, "made")
    index = pd.date_range("2010-01-01", "2011-12-31 23:00", freq="h")
    utc = (index + pd.Timedelta(hours=6)).tz_localize("UTC")
    clear = clear_sky(utc + pd.Timedelta(minutes=30), station.place).clear_w_m2
    bright = np.where(index.year == 2010, 0.9, 0.5)
    data = pd.DataFrame({"ghi": bright * clear, "temp_air": 10.0, "wind_speed": 2.0}, index=index)
    data.loc["2010-06-10 12:00":"2010-06-10 13:00", "ghi"] = np.nan  # two hours
    data.loc["2010-06-20", "ghi"] = np.nan  # a day
    first, second = recorded.years_of(data, station)
    assert (first.first_year, second.first_year) == (2010, 2011)
    days = first.frame["ghi"].groupby(np.asarray(first.local_middle.normalize())).sum()
    sky = pd.Series(clear, index).groupby(index.normalize()).sum()
    assert days["2010-06-10"] / sky["2010-06-10"] == pytest.approx(0.9, abs=0.01)
    assert days["2010-06-20"] / sky["2010-06-20"] == pytest.approx(0.5, abs=0.02)
    assert any("GHI alone" in note for note in first.warnings)


@pytest.mark.parametrize("offset_h", [-6, 8])
def test_a_year_in_utc_becomes_a_local_year_by_hand(packages: ModuleType, offset_h: int) -> None:
    # 2012 without its 29 February, numbered by the hour. Local midnight in the west is 6:00 UTC,
    # hour 6 of the file; in the east it is 16:00 UTC of the day before, the file's 8th last.
    index = pd.date_range("2012", "2013", freq="h", inclusive="left", tz="UTC")
    index = index[~((index.month == 2) & (index.day == 29))]
    data = pd.DataFrame(dict.fromkeys(COLUMNS, 200.0) | {"temp_air": 1.0, "wind_speed": 1.0}, index)
    data["ghi"] = np.arange(8760) / 10
    place = {"latitude_deg": 35.0, "longitude_deg": 15.0 * offset_h, "elevation_m": 0.0}
    weather = packages._by_local_years(
        data, place | {"utc_offset_h": offset_h, "source": "made up"}
    )
    assert weather.local_middle[0] == pd.Timestamp("2012-01-01 00:30")
    assert weather.local_middle[-1] == pd.Timestamp("2012-12-31 23:30")
    ghi = weather.frame["ghi"].to_numpy() * 10
    assert ghi[0] == pytest.approx(6 if offset_h == -6 else 8752)
    # A local hour that the file has is at its own time: noon of 4 July (day 185 without the 29th).
    at_noon = weather.local_middle == pd.Timestamp("2012-07-04 12:30")
    assert ghi[at_noon] == pytest.approx(184 * 24 + 12 - offset_h)


def test_a_package_with_another_hash_is_not_used(packages: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "micromet-0.4.5.tar.gz").write_bytes(b"something else")
    with pytest.raises(SystemExit, match=r"SHA-256 is .*, expected [0-9a-f]{64}; not used"):
        packages.package("micromet", tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_site_says_its_country(name: str) -> None:
    site = read_site(name)
    assert site.country is not None
    assert (site.country == "US") == (name not in ABROAD)
    assert site.replace(country=None).market == ("US" if name not in ABROAD else None)
