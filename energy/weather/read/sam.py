"""SAM csv and the NSRDB's csv (PSM3, PSM4), which are one layout.

In: lines. Out: `Rows`.

Two lines of header (names, values), a line of headings, now and then a line of units, data.
Labels: with minutes an instant, the middle of its step [1, 2]; without, the hour 0..23 (which may
have fractions) where the step starts [2]. Where the minutes are 0 in every hour, or hours have
fractions, light and sun decide between the two.
Zone: `Time Zone` is the labels' clock; `Local Time Zone`, where there, the place's.
Units: W/m2, degC, m/s, unless header, heading or a line of units names others. Missing: as in all
formats (`headings.CODES`). Headings in any capitals, and by their other names (`Beam`, `Tdry`).
Files of several years, each with its header, may stand one after another.

References
----------
[1] The zenith angles in NSRDB files are those of the labels; sun and label agree to .02 deg.
[2] NREL, SAM weather file formats; NREL/ssc takes an hour without minutes as a mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.weather.read.headings import meaning, numbers, plain, understood
from energy.weather.read.rows import (
    Rows,
    Times,
    by_name,
    cells,
    number,
    separator,
    step_of,
    table_of,
    times_of,
)

PARTS = {
    "year": ("year", "yr", "yyyy"), "month": ("month", "mo", "mon"), "day": ("day", "dy", "dom"),
    "hour": ("hour", "hr", "hh", "h"), "minute": ("minute", "min", "mn"),
}  # fmt: skip


def headings_at(lines: Sequence[str]) -> int | None:
    """The line of headings: year, month, day and hour stand in it; None where there is none."""
    for at, line in enumerate(lines[:6]):
        heads = {plain(cell) for cell in cells(line, separator(line))}
        if at >= 2 and all(heads & set(PARTS[part]) for part in ("year", "month", "day", "hour")):
            return at
    return None


def is_sam(lines: Sequence[str]) -> bool:
    """Whether a text begins as a SAM or an NSRDB csv."""
    at = headings_at(lines)
    if at is None:
        return False
    heads = {plain(cell) for cell in cells(lines[at - 2], separator(lines[at]))}
    return bool(heads & {"latitude", "lat"})


def read_sam(lines: Sequence[str], path: Path) -> Rows:
    """The rows of a SAM or NSRDB csv.

    Raises
    ------
    WeatherError
        For a header without place or zone, places that differ, and units that are not known.
    """
    at = headings_at(lines)
    assert at is not None
    by = separator(lines[at])
    header = _header(lines, at - 2, by)
    blocks = [n for n, line in enumerate(lines) if line == lines[at - 2]]
    own = {}
    for block in blocks[1:]:
        own = _header(lines, block, by)
        if any(own.get(key) != header.get(key) for key in header if "itude" in key.lower()):
            raise WeatherError(f"{path}: files of several places stand one after another; give one")
    skip = {block + k for block in blocks for k in (0, 1, 2)}
    body = [
        line for n, line in enumerate(lines) if n > at and n not in skip and line.strip(by + " ")
    ]
    units = _header_units(header)
    heads = cells(lines[at], by)
    if body and not _is_data(body[0], by):
        units |= dict(zip(heads, cells(body[0], by), strict=False))
        body = [line for line in body if _is_data(line, by)]
    table = table_of(body, by, heads)
    start, shifts = _start(table)
    columns = understood(table, {k: v for k, v in units.items() if meaning(k)}, step_of(start))
    clock_h = number(by_name(header, "timezone", "tz", "utcoffset"), "time zone", path)
    local = by_name(header, "localtimezone")
    return Rows(
        data=columns.data,
        start=start,
        clock_h=clock_h,
        latitude_deg=number(by_name(header, "latitude", "lat"), "latitude", path),
        longitude_deg=number(by_name(header, "longitude", "lng", "lon", "long"), "longitude", path),
        elevation_m=number(
            by_name(header, "elevation", "elev", "altitude", "alt", "siteelevation"),
            "elevation", path,
        ),
        utc_offset_h=number(local, "local time zone", path) if local else clock_h,
        source=_source(header, path),
        shifts_min=shifts,
        unused=[name for name in columns.unused if plain(name) not in sum(PARTS.values(), ())],
    )  # fmt: skip


def _header(lines: Sequence[str], at: int, by: str) -> dict[str, str]:
    return dict(zip(cells(lines[at], by), cells(lines[at + 1], by), strict=False))


def _header_units(header: Mapping[str, str]) -> dict[str, str]:
    """Units that the NSRDB's header names, such as `DNI Units` and `Wind Speed Unit`."""
    found = {}
    for key, value in header.items():
        words = key.split()
        if len(words) > 1 and words[-1].lower() in ("unit", "units"):
            found[" ".join(words[:-1])] = value
    return found


def _is_data(line: str, by: str) -> bool:
    first = line.split(by)[0].strip().strip('"')
    return first.replace(".", "", 1).lstrip("-").isdigit()


def _part(table: pd.DataFrame, part: str) -> np.ndarray | None:
    for name in table.columns:
        if plain(str(name)) in PARTS[part]:
            return numbers(table[name]).to_numpy(dtype=float)
    return None


def _start(table: pd.DataFrame) -> tuple[Times, Sequence[float]]:
    """Where the steps start, and what else the labels may mean [min]."""
    year, month, day, hour, minute = (_part(table, part) for part in PARTS)
    assert year is not None
    assert month is not None
    assert day is not None
    assert hour is not None
    from_1 = np.nanmin(hour, initial=1.0) >= 1 and np.nanmax(hour, initial=0.0) == 24
    if from_1:  # the hour that ends there
        return times_of(year, month, day, hour - 1), (0.0,)
    label = times_of(year, month, day, hour, minute)
    half_min = 30.0 * step_of(label)
    if minute is None:
        fractions = bool((np.nan_to_num(hour) % 1 != 0).any())
        return label, (0.0, -half_min) if fractions else (0.0,)
    if half_min == 30 and not np.nan_to_num(minute).any():
        return label, (-half_min, 0.0)
    return label, (-half_min,)


def _source(header: Mapping[str, str], path: Path) -> str:
    """What the data is called: product, version and place, or the file's name."""
    given = (by_name(header, key) or "" for key in ("city", "state"))
    names = (name.removeprefix("b").strip("'- ") for name in given)
    place = ", ".join(name for name in names if name not in ("", "None"))
    source = by_name(header, "source") or ""
    if "NSRDB" in source:
        where = place or (
            f"{float(by_name(header, 'latitude') or 0):g}, "
            f"{float(by_name(header, 'longitude') or 0):g}"
        )
        return " ".join(part for part in (source, by_name(header, "version"), where) if part)
    return f"{source or 'SAM csv'} {place or path.stem} (SAM csv)"
