"""Weather from the services that publish it, through pvlib's getters, kept year by year.

In: a place and years. Out: `Weather` of those years as one chain, or one WeatherError.

How each service labels a value, and so where its step begins:

==========  ===========================================  ========================
service     label                                        start of the step
==========  ===========================================  ========================
NASA POWER  start of the hour that is averaged, UTC [1]  label
PVGIS       an instant, UTC; which one, its own sun      that instant - 30 min
            heights tell [2]
NSRDB       an instant, the middle, local standard [3]   label - step / 2
==========  ===========================================  ========================

Years are whole in local standard time. NASA POWER gives any days, so each year is asked for with
the day it shares with its neighbor; PVGIS gives whole UTC years, so both that a local year lies
in are asked for; NSRDB gives local years. Only years that came whole and pass the same checks as
a file are kept.

References
----------
[1] pvlib, `get_nasa_power`: "the start (left) of the interval"; the day in pvlib's own test
    (44.76 N 7.64 E, 2025-02-02) has its middle at 11:42 UTC read so, and its solar noon at 11:43.
    The hours are averages: NASA POWER documentation, Hourly API.
[2] H_sun is the refracted height of the sun at the label to .05 deg in the SARAH file of pvlib's
    tests (45 N 8 E, 2016-01-01); products differ in where in the hour they lie (pvlib,
    `get_pvgis_hourly`, Hint).
[3] As in `energy.weather.read`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.steps import step_hours
from energy.weather import checks
from energy.weather.fetch import cache as kept
from energy.weather.fetch.http import TIMEOUT_S, SourceError, Wire, readable
from energy.weather.series import COLUMNS, Place, Provenance, Weather
from energy.weather.sun import sun_position

#: First wait before a request is made again [s]; each further one is twice as long.
FIRST_WAIT_S = 1.0

#: A service that asks for a longer wait than this [s] is left alone until the next call.
LONGEST_WAIT_S = 300.0

#: Units in which a service may give a column; an hourly sum in Wh/m2 is a mean in W/m2.
LIGHT = ("w/m2", "w/m^2", "wh/m2", "wh/m^2")
UNITS = {
    "ghi": LIGHT,
    "dni": LIGHT,
    "dhi": LIGHT,
    "temp_air": ("c", "degree celsius"),
    "wind_speed": ("m/s",),
}

#: Below this no value is weather: services write -999 or -9999 where they have none.
FILL = -900.0


@dataclass(frozen=True)
class Source:
    """A service that gives weather by the year.

    Parameters
    ----------
    name
        Its name in `SOURCES`.
    get
        Asks it: a wire, latitude and longitude [deg], the year, local standard time less UTC [h]
        and another address or None; gives what came.
    secrets
        Parameters of a request that are secret, and the environment variables they stand in. They
        are read when a request is made and are in no message, file or result.
    knows_zone
        Whether it counts years by the place's own clock, and says which that is.
    """

    name: str
    get: Callable[[Wire, float, float, int, float, str | None], _Got] = field(repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict)
    knows_zone: bool = False

    def offset_h(self, longitude_deg: float, utc_offset_h: float | None) -> float | None:
        """Local standard time less UTC [h]: as given, else the whole hour nearest to the longitude.

        None where the service knows better.
        """
        if utc_offset_h is None and not self.knows_zone:
            return float(round(longitude_deg / 15.0))
        return utc_offset_h

    def get_year(
        self,
        latitude_deg: float,
        longitude_deg: float,
        year: int,
        *,
        utc_offset_h: float | None = None,
        url: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Weather:
        """One whole local year, asked for once and not kept; parameters as in `fetch`.

        Raises
        ------
        WeatherError
            When the service does not answer, refuses, or answers with what is not that year.
        """
        where = f"{self.name} at {latitude_deg:g}, {longitude_deg:g}, {year}"
        wire = Wire(where, timeout_s, self.secrets)
        asked_h = self.offset_h(longitude_deg, utc_offset_h)
        with readable(where):
            got = self.get(wire, latitude_deg, longitude_deg, year, asked_h or 0.0, url)
        if asked_h not in (None, got.utc_offset_h):
            raise SourceError(
                f"{where}: its years are those of UTC{got.utc_offset_h:+g}, not UTC{asked_h:+g}; "
                f"ask with utc_offset_h={got.utc_offset_h:g} or leave it out",
                "stop",
            )
        wrong = [
            f"{name} in {unit}"
            for name, unit in got.units.items()
            if str(unit).strip().lower() not in UNITS[name]
        ]
        if wrong:
            raise SourceError(
                f"{where}: the answer gives {', '.join(wrong)}; expected W/m2, degC and m/s; "
                "has the service changed? Nothing of it is kept",
                "stop",
            )
        return Weather(
            _whole_year(got, year, latitude_deg, longitude_deg, where),
            Place(latitude_deg, longitude_deg, got.elevation_m),
            got.utc_offset_h,
            Provenance(
                f"{got.about} {latitude_deg:g}, {longitude_deg:g}, {year}",
                year,
                year,
                coarse=got.coarse,
            ),
        )


@dataclass(frozen=True)
class _Got:
    """What a service gave: columns by the start of the step, their units, and its own words."""

    frame: pd.DataFrame
    units: Mapping[str, object]
    elevation_m: float
    utc_offset_h: float
    about: str
    coarse: bool = False


def fetch(
    source: Source,
    latitude_deg: float,
    longitude_deg: float,
    elevation_m: float | None,
    utc_offset_h: float | None,
    years: Iterable[int],
    *,
    cache: str | Path | None = None,
    url: str | None = None,
    retries: int = 5,
    timeout_s: float = TIMEOUT_S,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
    sleep: Callable[[float], None] = time.sleep,
) -> Weather:
    """The weather of a place and years, from the cache or else from the service.

    Each year is kept as soon as it is here: a call that was interrupted goes on where it stopped.

    Parameters
    ----------
    source
        One of `SOURCES`.
    latitude_deg, longitude_deg
        The place; kept apart from others to .0001 deg, 11 m.
    elevation_m
        Its height; None takes the service's.
    utc_offset_h
        Local standard time less UTC [h]; None takes the service's zone (NSRDB) or the whole hour
        nearest to the longitude.
    years
        Local years.
    cache
        Folder that keeps the years; see `energy.weather.fetch.cache.cache_folder`.
    url
        Another address of the service.
    retries
        How often a request that failed in passing is made again, after waits of 1, 2, 4 ... s or
        as long as the service asks.
    timeout_s
        Silence after which a request has failed [s].
    progress
        Wraps the years, to show how far it is.
    sleep
        Waits.

    Raises
    ------
    WeatherError
        With what failed for each year. All years that came are kept.
    """
    sought = _years(years)
    folder = kept.cache_folder(cache)
    offset_h = source.offset_h(longitude_deg, utc_offset_h)
    here: list[Weather] = []
    problems: list[str] = []
    for year in progress(sought):
        name = _beginning(source, latitude_deg, longitude_deg, offset_h) + str(year)
        found = kept.read(folder, name)
        if found is None:
            ask = partial(source.get_year, latitude_deg, longitude_deg, year)
            ask = partial(ask, utc_offset_h=offset_h, url=url, timeout_s=timeout_s)
            got = _patiently(ask, retries, sleep)
            if isinstance(got, SourceError):
                problems.extend(got.problems)
                if got.then == "next":
                    continue
                break
            kept.write(folder, name, got)
            found = kept.read(folder, name) or got  # the same whether fetched now or before
        here.append(found)
    if problems:
        problems[-1] += (
            f" ({len(here)} of {len(sought)} years are kept in {folder}; "
            "the same call goes on from there)"
        )
        raise WeatherError(problems)
    return _chain(here, elevation_m)


def cached(
    source: Source,
    latitude_deg: float,
    longitude_deg: float,
    elevation_m: float | None = None,
    utc_offset_h: float | None = None,
    years: Iterable[int] | None = None,
    *,
    cache: str | Path | None = None,
) -> Weather:
    """What was fetched before, without the network: the years asked for, or all that are kept.

    Raises
    ------
    WeatherError
        When nothing is kept for the place, or not all years that are asked for.
    """
    folder = kept.cache_folder(cache)
    offset_h = source.offset_h(longitude_deg, utc_offset_h)
    beginning = _beginning(source, latitude_deg, longitude_deg, offset_h)
    if years is None:
        ends = (name.removeprefix(beginning) for name in kept.names(folder, beginning))
        sought = [int(end) for end in ends if end.isdigit()]
    else:
        sought = _years(years)
    here = {year: kept.read(folder, f"{beginning}{year}") for year in sought}
    absent = [year for year, weather in here.items() if weather is None]
    if absent or not here:
        lacking = _spans(absent) or "any year"
        raise WeatherError(
            f"{source.name}: {folder} does not hold {lacking} for {latitude_deg:g}, "
            f"{longitude_deg:g}; fetch first: energy fetch SITE --source {source.name} "
            f"--years {_spans(absent) or '2001-2020'}"
        )
    return _chain([weather for weather in here.values() if weather is not None], elevation_m)


# --- services ----------------------------------------------------------------------------------


def _get_nasa_power(
    wire: Wire,
    latitude_deg: float,
    longitude_deg: float,
    year: int,
    offset_h: float,
    url: str | None,
) -> _Got:
    from pvlib.iotools import nasa_power

    start, end = _span(year, offset_h)
    frame, header = wire.call(
        nasa_power.get_nasa_power,
        latitude_deg,
        longitude_deg,
        start.tz_localize(None),
        end.tz_localize(None),
        parameters=list(COLUMNS),
        url=url or nasa_power.URL,
    )
    raw = {name: key for key, name in nasa_power.VARIABLE_MAP.items()}
    return _Got(
        frame,
        {name: header["parameters"][raw[name]].get("units") for name in COLUMNS},
        float(header["altitude"]),
        offset_h,
        f"NASA POWER hourly ({', '.join(header.get('sources', []))})",
        coarse=True,
    )


def _get_pvgis(
    wire: Wire,
    latitude_deg: float,
    longitude_deg: float,
    year: int,
    offset_h: float,
    url: str | None,
) -> _Got:
    from pvlib import irradiance
    from pvlib.iotools import pvgis

    start, end = _span(year, offset_h)
    data, header = wire.call(
        pvgis.get_pvgis_hourly,
        latitude_deg,
        longitude_deg,
        start=start.year,
        end=end.year,
        components=True,
        surface_tilt=0,
        url=url or pvgis.URL,
    )
    raw = {"ghi": "Gb(i)", "dni": "Gb(i)", "dhi": "Gd(i)", "temp_air": "T2m", "wind_speed": "WS10m"}
    variables = header["outputs"]["hourly"]["variables"]
    elevation_m = float(header["inputs"]["location"]["elevation"])
    product = header["inputs"]["meteo_data"]
    data = data.astype(float).where(data > FILL)
    instant, zenith = _instants(data, latitude_deg, longitude_deg, elevation_m, wire.where)
    diffuse = data["poa_sky_diffuse"] + data["poa_ground_diffuse"]
    ghi = data["poa_direct"] + diffuse
    # Within 2 deg of the horizon a beam cannot be separated from diffuse light: all is diffuse.
    dni = irradiance.dni(ghi, diffuse, zenith).fillna(0.0)
    dhi = ghi - dni * np.cos(np.radians(zenith))
    return _Got(
        data.assign(ghi=ghi, dni=dni, dhi=dhi).set_index(instant - pd.Timedelta(minutes=30)),
        {name: variables[key].get("units") for name, key in raw.items()},
        elevation_m,
        offset_h,
        f"PVGIS hourly ({product['radiation_db']}, {product['meteo_db']})",
        coarse="ERA5" in str(product["radiation_db"]),
    )


def _get_nsrdb(
    wire: Wire,
    latitude_deg: float,
    longitude_deg: float,
    year: int,
    offset_h: float,
    url: str | None,
) -> _Got:
    from pvlib.iotools import psm4

    frame, header = wire.call(
        psm4.get_nsrdb_psm4_aggregated,
        latitude_deg,
        longitude_deg,
        "",  # key and e-mail are put in by the wire, where no traceback keeps them
        "",
        year=year,
        time_step=60,
        parameters=list(COLUMNS),
        leap_day=True,
        utc=False,
        url=url,
    )
    raw = {name: key for key, name in psm4.VARIABLE_MAP.items()}
    index = pd.DatetimeIndex(frame.index)
    return _Got(
        frame.set_index(index - pd.Timedelta(hours=step_hours(index)) / 2),
        {name: header[f"{raw[name]} Units"] for name in COLUMNS},
        float(header["altitude"]),
        float(header["Time Zone"]),
        f"{header['Source']} {header.get('Version', '')}".strip(),
    )


#: The services by name:
#: NASA POWER: the whole Earth, from 2001. Light from CERES SYN1deg (1 deg), air from MERRA-2
#: (.5 x .625 deg), wind at 10 m.
#: PVGIS: most of the Earth, from 2005, of the product that the service prefers for the place. Hills
#: shade the beam; wind at 10 m.
#: NSRDB: the Americas, from 1998, GOES aggregated PSM v4 (4 km); wind at 2 m. Needs a key.
SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("nasa-power", _get_nasa_power),
        Source("pvgis", _get_pvgis),
        Source(
            "nsrdb",
            _get_nsrdb,
            secrets={"api_key": "NSRDB_API_KEY", "email": "NSRDB_EMAIL"},
            knows_zone=True,
        ),
    )
}


# --- years ---------------------------------------------------------------------------------------


def _years(years: Iterable[int]) -> list[int]:
    sought = sorted({int(year) for year in years})
    if not sought or sought[0] < 1900 or sought[-1] > 2100:
        raise WeatherError(f"give years such as 2001-2020; got {_spans(sought) or 'none'}")
    return sought


def _spans(years: Sequence[int]) -> str:
    """Years in words: "2001-2003,2005"."""
    runs: list[list[int]] = []
    for year in years:
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def _beginning(
    source: Source, latitude_deg: float, longitude_deg: float, offset_h: float | None
) -> str:
    """What the names of a place's years in the cache begin with."""
    clock = "local" if offset_h is None else f"utc{offset_h:+g}"
    return f"{source.name}_{latitude_deg:.4f}_{longitude_deg:.4f}_{clock}_"


def _span(year: int, offset_h: float) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last instant of a local year, UTC."""
    start = pd.Timestamp(year, 1, 1, tz="UTC") - pd.Timedelta(hours=offset_h)
    end = pd.Timestamp(year + 1, 1, 1, tz="UTC") - pd.Timedelta(hours=offset_h)
    return start, end - pd.Timedelta(seconds=1)


def _whole_year(
    got: _Got, year: int, latitude_deg: float, longitude_deg: float, where: str
) -> pd.DataFrame:
    """The rows that lie in the local year, checked as those of a file are."""
    frame: pd.DataFrame = got.frame[list(COLUMNS)].astype(float)
    frame = frame.where(frame > FILL)
    index = pd.DatetimeIndex(frame.index).tz_convert("UTC").rename("start")
    step_h = step_hours(index) if len(index) > 1 else 1.0
    local = checks.local_middle(index, step_h, got.utc_offset_h)
    frame = frame.set_index(index).loc[np.asarray(local.year) == year]
    last = _span(year, got.utc_offset_h)[1] - pd.Timedelta(hours=1.5 * step_h)
    if len(frame) < 2 or frame.index[-1] < last:
        raise SourceError(
            f"{where}: the answer ends after {len(frame)} steps of the year; cut short, or a year "
            "that is not over?",
            "again",
        )
    problems = checks.problems(frame, COLUMNS, got.utc_offset_h) or checks.sun_problems(
        frame, latitude_deg, longitude_deg, step_h
    )
    if problems:
        raise SourceError([f"{where}: {problem}" for problem in problems])
    light = ["ghi", "dni", "dhi"]
    frame[light] = frame[light].clip(lower=0.0)
    return frame


def _chain(weathers: Sequence[Weather], elevation_m: float | None) -> Weather:
    """Years, in order, as one series."""
    about = dict.fromkeys(one.source.removesuffix(f", {one.first_year}") for one in weathers)
    years = [one.first_year for one in weathers]
    first = weathers[0]
    place = first.place if elevation_m is None else replace(first.place, elevation_m=elevation_m)
    provenance = first.provenance.replace(
        source=f"{'; '.join(about)}, {_spans(years)}", first_year=years[0], last_year=years[-1]
    )
    frame = pd.concat([one.frame for one in weathers])
    return replace(first, frame=frame, place=place, provenance=provenance)


def _instants(
    data: pd.DataFrame, latitude_deg: float, longitude_deg: float, elevation_m: float, where: str
) -> tuple[pd.DatetimeIndex, pd.Series]:
    """The instants that PVGIS's values are for, and the sun's apparent zenith angle then [deg]."""
    index = pd.DatetimeIndex(data.index)
    height = data["solar_elevation"]
    for minutes in (0, 30, -30):
        instant = index + pd.Timedelta(minutes=minutes)
        place = Place(latitude_deg, longitude_deg, elevation_m)
        sun = sun_position(instant, place).frame.set_index(index)
        # Half an hour moves the sun by several degrees; another algorithm by hundredths.
        if (sun["apparent_elevation"] - height)[height > 5.0].abs().mean() < 0.5:
            return instant, sun["apparent_zenith"]
    raise SourceError(
        f"{where}: the sun heights in the answer are not those of its times at this place; "
        "has the service changed? Nothing of it is kept",
        "stop",
    )


# --- the wire ------------------------------------------------------------------------------------


def _patiently(
    ask: Callable[[], Weather], retries: int, sleep: Callable[[float], None]
) -> Weather | SourceError:
    """What is asked for, asked again when that may help; else the last failure."""
    asked = 0
    while True:
        try:
            return ask()
        except SourceError as error:
            failed = error
        asked += 1
        if failed.then != "again":
            return failed
        if failed.wait_s > LONGEST_WAIT_S:
            return SourceError(f"{failed}; it asks to wait {failed.wait_s:.0f} s: try then", "stop")
        if asked > retries:
            return SourceError(f"{failed}; asked {asked} times: try later", "stop")
        sleep(max(FIRST_WAIT_S * 2 ** (asked - 1), failed.wait_s))
