"""Weather files, read through pvlib into the one form the model uses.

In: a path to EPW, TMY3, NSRDB (PSM3/PSM4) csv, SAM csv, what `formats` knows, or Parquet.
Out: `Weather`, or one WeatherError with everything that is wrong with the file.

How each format labels a row, and so where its step begins:

========  ==========================  =================================
format    label                       start of the step
========  ==========================  =================================
EPW       hour 1..24, its end         pvlib gives the start already
TMY3      01:00..24:00, its end       label - 1 h
NSRDB     an instant, its middle [1]  label - step / 2
SAM csv   hour 0..23, its start [2]   label (with minutes: as NSRDB)
========  ==========================  =================================

References
----------
[1] The zenith angles in the files are those of the labels; sun and label agree to .02 deg.
[2] NREL, SAM weather file formats; NREL/ssc takes an hour without minutes as a mean.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.steps import step_hours
from energy.weather import checks
from energy.weather.decomposition import complete
from energy.weather.humidity import recorded_dew
from energy.weather.read.formats import Rows, known_format
from energy.weather.series import COLUMNS, DEW, Place, Provenance, Weather

#: The year that a typical year is written into: it has no 29 February.
TYPICAL_YEAR = 2001

#: Values that stand for "missing" in EPW and TMY3 files.
MISSING = {
    "ghi": (9999, -9900),
    "dni": (9999, -9900),
    "dhi": (9999, -9900),
    "temp_air": (99.9, -9900),
    "wind_speed": (999, -9900),
    "temp_dew": (99.9, -9900),
    "relative_humidity": (999, -9900),
}


def read_weather(path: str | Path) -> Weather:
    """The weather of a file, checked.

    The format is recognized by the content, not from the name.

    Raises
    ------
    WeatherError
        When the file is missing, empty, of another format, or holds a series the model cannot
        stand on (see `energy.weather.checks`): every problem, each with the file's name.

    Examples
    --------
    >>> import energy as en
    >>> en.read_weather("cheyenne.epw").years  # doctest: +SKIP
    1
    """
    path = Path(path)
    reader, kind = _reader(path)
    try:
        return reader(path) if reader is _read_parquet else _weather(reader(path), path)
    except WeatherError as error:
        # A damaged shipped file is reported by its own name for the series; the path comes first.
        problems = [
            text if text.startswith(f"{path}: ") else f"{path}: {text}" for text in error.problems
        ]
        raise WeatherError(problems) from None
    except Exception as error:  # readers fail on a damaged file in as many ways as it has bytes
        detail = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise WeatherError(
            f"{path}: begins as {kind} but cannot be read as one "
            f"({type(error).__name__}: {detail}); is it cut short or edited?"
        ) from None


def _reader(path: Path) -> tuple[Callable[[Path], Any], str]:
    """The reader for a file, recognized by its first bytes, and what its format is called."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError:
        raise WeatherError(f"{path}: no such weather file") from None
    except OSError as error:
        raise WeatherError(f"{path}: cannot be read ({error.strerror})") from None
    if not head.strip():
        raise WeatherError(f"{path}: the weather file is empty")
    if head.startswith(b"PAR1"):
        return _read_parquet, "a Parquet file"
    text = head.decode("utf-8-sig", errors="replace")
    if known := known_format(text):
        return known
    lines = text.splitlines()
    first, second, third = (*lines, "", "", "")[:3]
    if first.startswith("LOCATION,"):
        return _read_epw, "an EPW file"
    if second.startswith("Date (MM/DD/YYYY)"):
        return _read_tmy3, "a TMY3 csv"
    if "Latitude" in first and third.lower().startswith("year,month,day,hour"):
        # pvlib reads what the NSRDB sends; SAM's own files lack some of its header.
        if "Minute" in third.split(",") and "Local Time Zone" in first and "NSRDB" in second:
            return _read_nsrdb, "an NSRDB csv"
        return _read_sam, "a SAM csv"
    raise WeatherError(
        f"{path}: not a weather file that is known; it begins {first[:40]!r}. "
        "Known: EPW, TMY3 csv, TMY2, NSRDB PSM3/PSM4 csv, SAM csv, PVGIS csv and json, NASA POWER "
        "csv, or a csv with named columns and units (see sites/README.md)"
    )


def _text(path: Path) -> str:
    """A file's text: UTF-8, or Latin-1 where a place's name is not."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _read_epw(path: Path) -> Rows:
    from pvlib import iotools

    data, header = iotools.read_epw(StringIO(_text(path)))
    return Rows(
        data,
        header["latitude"],
        header["longitude"],
        header["altitude"],
        header["TZ"],
        f"{header['data_type']} {header['city']}, {header['state-prov']} (EPW)",
        _recorded(pd.Index(data["year"])),
    )


def _read_tmy3(path: Path) -> Rows:
    from pvlib import iotools

    text = _text(path)
    dates = pd.read_csv(StringIO(text), skiprows=1, usecols=[0]).iloc[:, 0]
    years = dates.str[-4:].astype(int)
    # pvlib's own years put the last hour of a typical February on a 29th.
    year = TYPICAL_YEAR if years.nunique() > 1 else int(years.iloc[0])
    data, header = iotools.read_tmy3(StringIO(text), map_variables=True, coerce_year=year)
    name = str(header["Name"]).strip('"').title()
    return Rows(
        data.set_index(data.index - pd.Timedelta(hours=1)),
        header["latitude"],
        header["longitude"],
        header["altitude"],
        header["TZ"],
        f"TMY3 {name}, {header['State']}",
        _recorded(years),
    )


def _read_nsrdb(path: Path) -> Rows:
    from pvlib import iotools

    try:
        data, header = iotools.read_nsrdb_psm4(path)
    except ValueError:  # pvlib takes zones and elevations of whole numbers only
        return _read_sam(path)
    spacing = pd.Timedelta(hours=step_hours(pd.DatetimeIndex(data.index)))
    names = (str(header.get(key, "")).removeprefix("b").strip("'- ") for key in ("City", "State"))
    place = ", ".join(name for name in names if name and name != "None")
    product = " ".join(
        part for part in (header.get("Source", "NSRDB"), header.get("Version")) if part
    )
    where = place or f"{header['latitude']:g}, {header['longitude']:g}"
    return Rows(
        data.set_index(data.index - spacing / 2),
        header["latitude"],
        header["longitude"],
        header["altitude"],
        header["Local Time Zone"] or header["Time Zone"],
        f"{product} {where}",
        _recorded(pd.DatetimeIndex(data.index).year),
    )


def _read_sam(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        header = dict(zip(next(lines), next(lines), strict=False))
    names = {
        "GHI": "ghi", "DNI": "dni", "DHI": "dhi",
        "Tdry": "temp_air", "Temperature": "temp_air",
        "Wspd": "wind_speed", "Wind Speed": "wind_speed",
        "Tdew": "temp_dew", "Dew Point": "temp_dew",
        "RH": "relative_humidity", "Relative Humidity": "relative_humidity",
    }  # fmt: skip
    data = pd.read_csv(path, skiprows=2, encoding="utf-8-sig").rename(columns=names)
    clock_h = float(header["Time Zone"])
    parts = [part for part in ("Year", "Month", "Day", "Hour", "Minute") if part in data.columns]
    label = pd.DatetimeIndex(pd.to_datetime(data[parts].astype(int)))
    # With minutes a label is an instant, the middle of its step; without, the start of its hour.
    half = pd.Timedelta(hours=step_hours(label) / 2 if "Minute" in parts else 0)
    zone = timezone(timedelta(hours=clock_h))
    place = ", ".join(part for part in (header.get("City"), header.get("State")) if part)
    return Rows(
        data.set_index((label - half).tz_localize(zone)),
        float(header["Latitude"]),
        float(header["Longitude"]),
        float(header["Elevation"]),
        float(header.get("Local Time Zone") or clock_h),
        f"{header.get('Source', 'SAM csv')} {place or path.stem} (SAM csv)",
        _recorded(pd.Index(data["Year"].astype(int))),
    )


def _recorded(years: Any) -> list[int]:
    return [int(year) for year in np.unique(years)]


def _weather(rows: Rows, path: Path) -> Weather:
    """The rows as `Weather`: UTC, calendar of the place, missing values named, all checked."""
    _check_place(rows, path)
    place = Place(rows.latitude_deg, rows.longitude_deg, rows.elevation_m)
    present = [name for name in MISSING if name in rows.data.columns]
    frame = rows.data[present].apply(pd.to_numeric, errors="coerce").astype(float)
    for name in present:
        frame[name] = frame[name].where(~frame[name].isin(MISSING[name]))
    if len(frame) < 2:
        raise WeatherError(f"{path}: {len(frame)} rows; a whole year is needed")
    step = pd.Timedelta(hours=step_hours(pd.DatetimeIndex(frame.index)))
    typical = len(rows.recorded_years) > math.ceil(len(frame) * step / pd.Timedelta(days=366))
    if typical:
        frame = _in_one_year(frame)
    frame.index = pd.DatetimeIndex(frame.index).tz_convert("UTC").rename("start")
    frame = _by_local_calendar(frame, rows.utc_offset_h)
    step_h = step_hours(pd.DatetimeIndex(frame.index))
    dew = recorded_dew(frame) if "temp_air" in frame else None
    frame, notes = complete(frame, place, step_h)
    problems = checks.problems(frame, COLUMNS, rows.utc_offset_h)
    if not problems:
        problems = checks.sun_problems(
            frame, rows.latitude_deg, rows.longitude_deg, step_hours(pd.DatetimeIndex(frame.index))
        )
    if problems:
        raise WeatherError([f"{path}: {problem}" for problem in problems])
    if dew is not None:
        frame = frame.join(dew)  # `Weather` checks it
    for name in ("ghi", "dni", "dhi"):
        frame[name] = frame[name].clip(lower=0.0)  # thermopiles read a little below zero at night
    first, last = rows.recorded_years[0], rows.recorded_years[-1]
    span = f"{first}" if first == last else f"{first}-{last}"
    source = f"{rows.source}, {'typical year of ' if typical else ''}{span}"
    provenance = Provenance(source, first, last, typical=typical, warnings=notes)
    return Weather(frame, place, rows.utc_offset_h, provenance)


def _check_place(rows: Rows, path: Path) -> None:
    """Refuse a header whose place or clock cannot be."""
    bounds = {
        "latitude": (rows.latitude_deg, -90, 90),
        "longitude": (rows.longitude_deg, -180, 180),
        "elevation": (rows.elevation_m, -450, 9000),
        "time zone": (rows.utc_offset_h, -14, 14),
    }
    problems = [
        f"{path}: the header's {name} must lie in {low}..{high}; got {value!r}"
        for name, (value, low, high) in bounds.items()
        if not low <= value <= high
    ]
    if problems:
        raise WeatherError(problems)


def _in_one_year(frame: pd.DataFrame) -> pd.DataFrame:
    """A typical year, whose months come from many years, written into one."""
    index = pd.DatetimeIndex(frame.index)
    half = pd.Timedelta(hours=step_hours(index)) / 2
    middle = index + half  # a step's label may fall into the year before its middle
    parts = {name: getattr(middle, name) for name in ("month", "day", "hour", "minute")}
    moved = pd.to_datetime(pd.DataFrame({"year": TYPICAL_YEAR} | parts))
    return frame.set_index(pd.DatetimeIndex(moved).tz_localize(index.tz) - half)


def _by_local_calendar(frame: pd.DataFrame, utc_offset_h: float) -> pd.DataFrame:
    """Whole local years of a file that holds whole years of another clock.

    A file in UTC begins with some hours of the last local evening before its first year. They are
    put at the end of its last year, where as many hours are lacking: at most 14 hours.
    """
    index = pd.DatetimeIndex(frame.index)
    if index.hasnans or index.has_duplicates or not index.is_monotonic_increasing:
        return frame
    step_h = step_hours(index)
    year = np.asarray(checks.local_middle(index, step_h, utc_offset_h).year)
    for stray_year, sign in ((year[0], 1), (year[-1], -1)):
        strays = int((year == stray_year).sum())
        if strays * step_h <= 14:
            # The rows as a ring, so that a 29 February that is left out stays one whole local day.
            ring = np.roll(frame.to_numpy(), -sign * strays, axis=0)
            moved = index + sign * strays * pd.Timedelta(hours=step_h)
            return pd.DataFrame(ring, index=moved.rename(index.name), columns=frame.columns)
    return frame


def _read_parquet(path: Path) -> Weather:
    """A series that `write_parquet` wrote."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise WeatherError(f"{path}: cannot be read as Parquet ({error})") from None
    header = json.loads((table.schema.metadata or {}).get(b"sunrack", b"null"))
    if header is None:
        raise WeatherError(f"{path}: Parquet without sunrack's header; give EPW, TMY3 or NSRDB csv")
    start = pd.DatetimeIndex(table["start"].to_numpy()).tz_localize("UTC").rename("start")
    names = [*COLUMNS, *({DEW} & set(table.column_names))]
    columns = {name: table[name].to_numpy().astype(float) for name in names}
    weather = _from_header(pd.DataFrame(columns, index=start), header)
    place = weather.place
    problems = checks.sun_problems(
        weather.frame, place.latitude_deg, place.longitude_deg, weather.step_h
    )
    if problems:
        raise WeatherError(problems)
    return weather


def _from_header(frame: pd.DataFrame, header: dict[str, Any]) -> Weather:
    """The series of a file's columns and header, which has place and provenance side by side."""
    place = Place(*(header.pop(field.name) for field in fields(Place)))
    offset_h = header.pop("utc_offset_h")
    header["warnings"] = tuple(header["warnings"])
    if header.pop("made", False):  # of version 0.1: synthetic or resampled, in one word
        header["synthetic" if header["source"].startswith("synthetic") else "resampled"] = True
    return Weather(frame, place, offset_h, Provenance(**header))


def write_parquet(weather: Weather, path: Path) -> None:
    """Write a series compactly, beside the path first and then in its place."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = asdict(weather.provenance) | {"warnings": list(weather.warnings)}
    # What is not so is left out: files of before these flags were known read the same.
    flags = {name: value for name, value in known.items() if value is not False}
    header = (
        asdict(weather.place) | {"utc_offset_h": weather.utc_offset_h, "typical": False} | flags
    )
    columns: dict[str, Any] = {
        "start": pa.array(weather.index.tz_localize(None).as_unit("s").to_numpy())
    }
    names = [name for name in (*COLUMNS, DEW) if name in weather.frame]
    columns |= {name: pa.array(weather.frame[name].to_numpy(dtype=np.float32)) for name in names}
    table = pa.table(columns).replace_schema_metadata({"sunrack": json.dumps(header)})
    beside = path.with_suffix(".part")
    pq.write_table(
        table, beside, compression="zstd", compression_level=19, use_dictionary=names,
        column_encoding={"start": "DELTA_BINARY_PACKED"}, write_statistics=False,
    )  # fmt: skip
    beside.replace(path)
