"""More weather files: PVGIS, TMY2, NASA POWER, and a plain csv with units in its names.

In: a path whose first lines `known_format` knows. Out: `Rows`, by start of step.

How each format labels a row, and so where its step begins:

===========  ===================================  ============================================
format       label                                start of the step
===========  ===================================  ============================================
PVGIS hours  an instant in UTC, its middle [1]    label - 1/2 h
PVGIS TMY    a full hour in UTC; the light is     label + offset - 1/2 h
             `Irradiance Time Offset` later [1]
TMY2         hour 1..24, its end [2]              label - 1 h
NASA POWER   hour 0..23, its start [3]            label
plain csv    `start`, `middle` or `end`           as its name says
===========  ===================================  ============================================

References
----------
[1] pvlib.iotools.get_pvgis_hourly: satellite values are instants; ERA5's are means, labeled :30.
    The EPW of a PVGIS TMY counts its hours 1..24 from the same UTC hours, whatever zone its header
    names: its offset is the csv's less one hour.
[2] Marion and Urban, User's Manual for TMY2s (NREL, 1995), tables 3-1 and 3-2.
[3] pvlib.iotools.get_nasa_power. "LST" is UTC + longitude / 15, rounded (POWER, Hourly API).
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.steps import step_hours


@dataclass(frozen=True)
class Rows:
    """What a reader finds in a file: columns by start of step, and the file's own header."""

    data: pd.DataFrame  # index: start of the step, zone of the file
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    utc_offset_h: float
    source: str
    recorded_years: list[int]  # each once


Reader = Callable[[Path], Rows]


def known_format(head: str) -> tuple[Reader, str] | None:
    """The reader that fits a file's first lines, and what its format is called; None if none does.

    `head` should hold the first 4 kB. Ask before the plain EPW reader: a PVGIS EPW begins as one.
    """
    first = head.split("\n", 1)[0]
    if head.startswith("LOCATION,"):
        return (read_pvgis_epw, "a PVGIS EPW") if "Irradiance Time Offset" in head else None
    if head.lstrip().startswith("{") and '"radiation_db"' in head:
        if '"tmy_hourly"' in head:
            return read_pvgis_tmy, "a PVGIS TMY json"
        return (read_pvgis_hourly, "a PVGIS hourly json") if '"hourly"' in head else None
    if first.startswith("Latitude (decimal degrees)"):
        if re.search(r"^time\(UTC\),", head, re.M):
            return read_pvgis_tmy, "a PVGIS TMY csv"
        if re.search(r"^time,", head, re.M):
            return read_pvgis_hourly, "a PVGIS hourly csv"
    if first.startswith("-BEGIN HEADER-"):
        return read_nasa_power, "a NASA POWER csv"
    if re.match(r" \d{5} .{22} [A-Z]{2} [ \d-]{3} [NS] ", first):
        return read_tmy2, "a TMY2 file"
    content = next((line for line in head.splitlines() if line.strip() and line[0] != "#"), "")
    if (first.startswith("#") and _HEADER_LINE.match(first)) or (
        content.split(",")[0].strip() in _LABELS and "," in content
    ):
        return read_named_csv, "a csv with named columns"
    return None


# --- PVGIS -------------------------------------------------------------------------------------


def read_pvgis_hourly(path: Path) -> Rows:
    """Hours of PVGIS on the horizontal plane, csv or json.

    Raises
    ------
    WeatherError
        For a tilted or tracking plane: its light cannot be turned back into GHI, DNI and DHI.
    """
    from pvlib import iotools

    data, meta = iotools.read_pvgis_hourly(path, pvgis_format=_pvgis_format(path))
    inputs = meta["inputs"]
    slope = _pvgis_slope(inputs)
    if slope != 0:
        plane = f"a plane of {slope:g} deg" if slope is not None else "a tracking plane"
        raise WeatherError(
            f"{path}: PVGIS hours on {plane}; ask PVGIS for slope 0 with radiation components "
            "(or for its TMY), so that GHI and DHI can be read"
        )
    if "poa_direct" in data:
        data["dhi"] = data["poa_sky_diffuse"]
        data["ghi"] = data["poa_direct"] + data["poa_sky_diffuse"]
    else:
        data["ghi"] = data["poa_global"]
    database = inputs.get("meteo_data", inputs).get(
        "radiation_db", inputs.get("radiation_database", "")
    )
    stamps = pd.DatetimeIndex(data.index)
    recorded = [int(year) for year in np.unique(stamps.year)]
    return _pvgis_rows(_shifted(data, 0.0), inputs, database, recorded)


def _pvgis_slope(inputs: dict[str, Any]) -> float | None:
    """Slope of the plane [deg]; None when it tracks or the file does not say."""
    if "mounting_system" in inputs:  # json
        fixed = inputs["mounting_system"].get("fixed")
        return None if fixed is None else float(fixed["slope"]["value"])
    text = re.match(r"\d+(\.\d+)?", str(inputs.get("Slope", "")))
    return float(text[0]) if text else None


def read_pvgis_tmy(path: Path) -> Rows:
    """The typical year of PVGIS, csv or json."""
    from pvlib import iotools

    data, meta = iotools.read_pvgis_tmy(path, pvgis_format=_pvgis_format(path))
    inputs = meta["inputs"]
    place = inputs.get("location", inputs)
    # Files before PVGIS 5.3 have no offset: their stamps are all that is known.
    offset_h = float(
        place.get("irradiance_time_offset", place.get("irradiance time offset", 0.0)) or 0.0
    )
    recorded = sorted({int(month["year"]) for month in meta["months_selected"]})
    database = inputs.get("meteo_data", {}).get("radiation_db", "")
    return _pvgis_rows(_shifted(data, offset_h), inputs, database, recorded, "TMY ")


def read_pvgis_epw(path: Path) -> Rows:
    """The typical year of PVGIS as EPW, whose clock is UTC whatever its header says."""
    from pvlib import iotools

    data, header = iotools.read_epw(path)
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        offset = re.search(r"Irradiance Time Offset \(h\):\s*([-.\d]+)", file.read(4096))
    if offset is None:
        raise WeatherError(f"{path}: no 'Irradiance Time Offset (h)' in the header")
    # pvlib's index is the label less one hour; the offset counts from the label.
    stamps = pd.DatetimeIndex(data.index).tz_localize(None).tz_localize("UTC")
    data = _shifted(data.set_index(stamps), 1.0 + float(offset[1]))
    place = {
        "latitude": header["latitude"],
        "longitude": header["longitude"],
        "elevation": header["altitude"],
    }
    return _pvgis_rows(data, place, "", [int(y) for y in np.unique(data["year"])], "TMY ")


def _shifted(data: pd.DataFrame, offset_h: float) -> pd.DataFrame:
    """Rows by start of step, the light being `offset_h` after the stamps and at the middle."""
    minutes = round(offset_h * 60) - 30
    return data.set_index(pd.DatetimeIndex(data.index) + pd.Timedelta(minutes=minutes))


def _pvgis_format(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return "json" if file.read(64).lstrip().startswith("{") else "csv"


def _pvgis_rows(
    data: pd.DataFrame, inputs: dict[str, Any], database: str, recorded: list[int], kind: str = ""
) -> Rows:
    place = inputs.get("location", inputs)
    latitude, longitude = float(place["latitude"]), float(place["longitude"])
    name = database if "PVGIS" in database else f"PVGIS {database}".strip()
    return Rows(
        data,
        latitude,
        longitude,
        float(place["elevation"]),
        _solar_zone(longitude),
        f"{name} {kind}{latitude:g}, {longitude:g}",
        recorded,
    )


def _solar_zone(longitude_deg: float) -> float:
    """Hours from UTC of the sun's own zone: for files that do not name the place's."""
    return float(round(longitude_deg / 15.0))


# --- TMY2 --------------------------------------------------------------------------------------

#: Column -> first and last position (from 0, last not with), and units in one of ours [2].
_TMY2 = {
    "year": (1, 3, 1.0), "month": (3, 5, 1.0), "day": (5, 7, 1.0), "hour": (7, 9, 1.0),
    "ghi": (17, 21, 1.0), "dni": (23, 27, 1.0), "dhi": (29, 33, 1.0),
    "temp_air": (67, 71, 10.0), "temp_dew": (73, 77, 10.0), "wind_speed": (95, 98, 10.0),
}  # fmt: skip


def read_tmy2(path: Path) -> Rows:
    """A typical year of NREL's second set.

    Read by position, not by pvlib, which splits the header at blanks and so knows no city of two
    words.
    """
    with path.open(encoding="ascii", errors="replace") as file:
        head = file.readline()
    spans = [span[:2] for span in _TMY2.values()]
    data = pd.read_fwf(path, skiprows=1, header=None, colspecs=spans, names=list(_TMY2))
    data = data / [span[2] for span in _TMY2.values()]
    recorded = sorted({1900 + int(year) for year in data["year"]})
    parts = data[["month", "day"]].astype(int).assign(year=2001)  # typical: no 29 February
    start = pd.to_datetime(parts) + pd.to_timedelta(data["hour"] - 1, unit="h")
    offset_h = float(head[33:36])
    latitude = (float(head[39:41]) + float(head[42:44]) / 60) * (1 if head[37] == "N" else -1)
    longitude = (float(head[47:50]) + float(head[51:53]) / 60) * (1 if head[45] == "E" else -1)
    return Rows(
        data.set_index(pd.DatetimeIndex(start).tz_localize(_zone(offset_h))),
        latitude,
        longitude,
        float(head[55:59]),
        offset_h,
        f"TMY2 {head[7:29].strip().title()}, {head[30:32]}",
        recorded,
    )


def _zone(offset_h: float) -> timezone:
    return timezone(timedelta(hours=offset_h))


# --- NASA POWER --------------------------------------------------------------------------------

_POWER = {
    "ALLSKY_SFC_SW_DWN": "ghi",
    "ALLSKY_SFC_SW_DNI": "dni",
    "ALLSKY_SFC_SW_DIFF": "dhi",
    "T2M": "temp_air",
    "T2MDEW": "temp_dew",
    "WS10M": "wind_speed",
    "WS2M": "wind_speed",  # taken where both are given: the height of the modules
}

#: A unit as POWER writes it (blanks and "^" aside) -> what turns it into ours, for hourly rows.
_POWER_UNITS = {
    "w/m2": 1.0, "wh/m2": 1.0, "w-hr/m2": 1.0, "kwh/m2": 1e3, "kw-hr/m2": 1e3,
    "mj/hr": 1e6 / 3600, "mj/m2/hr": 1e6 / 3600, "mj/m2/hour": 1e6 / 3600,
    "c": 1.0, "m/s": 1.0,
}  # fmt: skip


def read_nasa_power(path: Path) -> Rows:
    """Hours of NASA POWER, in the units and the time standard that the header names.

    Raises
    ------
    WeatherError
        With all that the header lacks or says in another unit.
    """
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    ends = [at for at, line in enumerate(lines) if line.startswith("-END HEADER-")]
    if not ends:
        raise WeatherError(f"{path}: no '-END HEADER-' line; is the file cut short?")
    head = "\n".join(lines[: ends[0]])
    problems = []
    place = re.search(r"Latitude\s+([-.\d]+)\s+Longitude\s+([-.\d]+)", head)
    height = re.search(r"[Ee]levation.*?=\s*([-.\d]+)", head)
    clock = re.search(r"^Dates.*\bin (LST|UTC)\b", head, re.M)
    missing = re.search(r":\s*(-\d+(?:\.\d+)?)\s*$", head, re.M)
    for found, what in (
        (place, "'Location: Latitude ... Longitude ...'"),
        (height, "'Elevation from MERRA-2: ... = ... meters'"),
        (clock, "'Dates ... in LST' or '... in UTC'"),
    ):
        if not found:
            problems.append(f"{path}: the header has no {what}; fetch the file again with it")
    data = pd.read_csv(path, skiprows=ends[0] + 1)
    data.columns = data.columns.str.strip()
    if lacking := [name for name in ("YEAR", "MO", "DY", "HR") if name not in data]:
        problems.append(
            f"{path}: no column {', '.join(lacking)}; hourly data is needed (YEAR,MO,DY,HR,...)"
        )
    columns = {}
    for name, ours in _POWER.items():
        if name not in data:
            continue
        unit = re.search(rf"^{name}\b.*\(([^()]*)\)\s*$", head, re.M)
        factor = _POWER_UNITS.get(re.sub(r"[\s^]", "", unit[1]).lower()) if unit else None
        if factor is None:
            got = f"is in {unit[1]!r}" if unit else "has no unit in the header"
            wanted = {"temp_air": "degC", "temp_dew": "degC", "wind_speed": "m/s"}.get(
                ours, "W/m^2 or Wh/m^2"
            )
            problems.append(f"{path}: {name} {got}; ask POWER for {wanted}")
        else:
            columns[ours] = data[name].where(data[name] != float(missing[1] if missing else -999))
            columns[ours] = columns[ours] * factor
    if problems or not (place and height and clock):
        raise WeatherError(problems)
    longitude = float(place[2])
    offset_h = _solar_zone(longitude)
    times = pd.to_datetime(
        pd.DataFrame({"year": data["YEAR"], "month": data["MO"], "day": data["DY"]})
    ) + pd.to_timedelta(data["HR"], unit="h")
    zone = _zone(offset_h if clock[1] == "LST" else 0.0)
    start = pd.DatetimeIndex(times).tz_localize(zone)
    return Rows(
        pd.DataFrame(columns).set_index(start),
        float(place[1]),
        longitude,
        float(height[1]),
        offset_h,
        f"NASA POWER {float(place[1]):g}, {longitude:g}",
        [int(year) for year in np.unique(data["YEAR"])],
    )


# --- a plain csv -------------------------------------------------------------------------------

_HEADER_LINE = re.compile(r"#\s*(\w+)\s*:\s*(.*?)[\s,]*$")
_HEADER_KEYS = ("latitude_deg", "longitude_deg", "elevation_m", "utc_offset_h", "source")

#: Name of the time column -> fraction of the step that lies before the label.
_LABELS = {"start": 0.0, "middle": 0.5, "end": 1.0}

#: Suffix -> (factor, addend) to W/m2; a sum over the step is divided by its length below.
_LIGHT = {
    "w_m2": (1.0, 0.0), "kw_m2": (1e3, 0.0),
    "wh_m2": (1.0, 0.0), "kwh_m2": (1e3, 0.0), "j_m2": (1 / 3600, 0.0), "mj_m2": (1e6 / 3600, 0.0),
}  # fmt: skip
_TEMPERATURE = {"c": (1.0, 0.0), "f": (5 / 9, -160 / 9), "k": (1.0, -273.15)}
_SUMS = ("wh_m2", "kwh_m2", "j_m2", "mj_m2")
_UNITS = {
    "ghi": _LIGHT,
    "dni": _LIGHT,
    "dhi": _LIGHT,
    "temp_air": _TEMPERATURE,
    "wind_speed": {
        "m_s": (1.0, 0.0), "km_h": (1 / 3.6, 0.0), "mph": (0.44704, 0.0), "kn": (1852 / 3600, 0.0),
    },
    "temp_dew": _TEMPERATURE,
}  # fmt: skip
#: Every name of a column that is understood -> quantity and unit.
_COLUMNS = {f"{name}_{unit}": (name, unit) for name, units in _UNITS.items() for unit in units}


def read_named_csv(path: Path) -> Rows:
    """A csv that says itself what it holds: place in `#` lines, units in the columns' names.

    ::

        # latitude_deg: 41.15
        # longitude_deg: -104.8
        # elevation_m: 1867
        # utc_offset_h: -7
        # source: our mast, 2019
        start,ghi_w_m2,dni_w_m2,dhi_w_m2,temp_air_c,wind_speed_m_s
        2019-01-01T00:00,0,0,0,-3.1,4.2

    The first column is called `start`, `middle` or `end` of the step; times are ISO 8601, with an
    offset or in local standard time.

    Raises
    ------
    WeatherError
        With every problem: keys and columns that are unknown, lacking, twice or without a unit,
        and cells that are no time or no number.
    """
    header: dict[str, str] = {}
    problems: list[str] = []
    skip = 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for line in file:
            if not line.startswith("#") and line.strip():
                break
            skip += 1
            if key := _HEADER_LINE.match(line.strip()):
                if key[1] not in _HEADER_KEYS:
                    problems.append(f"unknown key '# {key[1]}:'; {_hint(key[1], _HEADER_KEYS)}")
                header[key[1]] = key[2]
    place: dict[str, float] = {}
    bounds = {"latitude_deg": 90, "longitude_deg": 180, "elevation_m": 9000, "utc_offset_h": 14}
    for name, bound in bounds.items():
        try:
            place[name] = float(header[name])
            if not abs(place[name]) <= bound:
                problems.append(f"{name} must lie within -{bound}..{bound}; got {header[name]!r}")
        except KeyError:
            problems.append(f"no line '# {name}: ...' before the columns")
        except ValueError:
            problems.append(f"{name} must be a number; got {header[name]!r}")
    table = pd.read_csv(
        path, skiprows=skip, dtype=str, skip_blank_lines=True, quoting=csv.QUOTE_MINIMAL
    )
    names = [re.sub(r"\.\d+$", "", str(name)).strip() for name in table.columns]
    problems += _column_problems(names)
    if problems:
        raise WeatherError([f"{path}: {problem}" for problem in problems])
    table.columns = pd.Index(names)
    zone = _zone(place["utc_offset_h"])
    label = next(name for name in names if name in _LABELS)
    times, problems = _times(table[label], zone, skip + 2)
    values = {}
    for name in names:
        if name in _COLUMNS:
            text = table[name].str.strip()
            values[name] = pd.to_numeric(text, errors="coerce").astype(float)
            bad = values[name].isna() & text.notna() & ~text.str.lower().isin(["", "nan", "na"])
            if bad.any():
                at = int(np.flatnonzero(bad)[0])
                problems.append(
                    f"{name} is {text[at]!r} in line {at + skip + 2} ({bad.sum()} in all); "
                    "give a number or leave it empty"
                )
    if len(table) < 2:
        problems.append(f"{len(table)} rows; a whole year is needed")
    if problems:
        raise WeatherError([f"{path}: {problem}" for problem in problems])
    index = pd.DatetimeIndex(times)
    step_h = step_hours(index)
    columns = {}
    for name, series in values.items():
        quantity, unit = _COLUMNS[name]
        factor, addend = _UNITS[quantity][unit]
        per_step = step_h if unit in _SUMS else 1.0
        columns[quantity] = (series * factor + addend).to_numpy() / per_step
    start = index - pd.Timedelta(hours=step_h * _LABELS[label])
    return Rows(
        pd.DataFrame(columns, index=start),
        place["latitude_deg"],
        place["longitude_deg"],
        place["elevation_m"],
        place["utc_offset_h"],
        header.get("source") or path.stem,
        _recorded(start + pd.Timedelta(hours=step_h / 2), step_h),
    )


def _column_problems(names: list[str]) -> list[str]:
    """What is wrong with the names of the columns, in words."""
    problems = []
    labels = [name for name in names if name in _LABELS]
    if len(labels) != 1:
        got = ", ".join(labels) or ", ".join(names)
        problems.append(f"one time column called start, middle or end is needed; got {got}")
    taken: dict[str, str] = {}
    for name in names:
        if name in _LABELS:
            continue
        if name in _UNITS:
            wanted = ", ".join(f"{name}_{unit}" for unit in _UNITS[name])
            problems.append(f"column '{name}' has no unit; call it one of {wanted}")
        elif name not in _COLUMNS:
            problems.append(f"unknown column '{name}'; {_hint(name, (*_LABELS, *_COLUMNS))}")
        elif (quantity := _COLUMNS[name][0]) in taken:
            problems.append(f"'{taken[quantity]}' and '{name}' are both {quantity}; keep one")
        else:
            taken[quantity] = name
    return problems


def _hint(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"


def _times(text: pd.Series, zone: timezone, first_line: int) -> tuple[pd.DatetimeIndex, list[str]]:
    """The labels as times, in `zone` where they carry no offset, and what is wrong with them."""
    text = text.fillna("").str.strip()
    with_offset = text.str.contains(r"(?:[zZ]|[+-]\d\d:?\d\d)$", regex=True)
    mixed = with_offset.any() and not with_offset.all()
    times = pd.to_datetime(
        text.where(with_offset, text + "Z"), format="ISO8601", utc=True, errors="coerce"
    )
    problems = []
    if times.isna().any():
        at = int(np.flatnonzero(times.isna())[0])
        problems.append(
            f"{text[at]!r} in line {at + first_line} is not a time ({times.isna().sum()} in all); "
            "give ISO 8601, as 2019-01-31T14:00 or 2019-01-31T14:00-07:00"
        )
    if mixed:
        problems.append(
            f"{with_offset.sum()} times carry an offset from UTC and {(~with_offset).sum()} do "
            "not; give all of them one, or none"
        )
    index = pd.DatetimeIndex(times)
    return index if with_offset.all() else index.tz_localize(None).tz_localize(zone), problems


def _recorded(middle: pd.DatetimeIndex, step_h: float) -> list[int]:
    """The years of the file's own clock; half a day beyond them is the shift to another clock."""
    years, counts = np.unique(middle.year, return_counts=True)
    return [int(year) for year in years[counts * step_h > 12]] or [int(years[0])]
