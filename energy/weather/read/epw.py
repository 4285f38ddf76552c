"""EnergyPlus weather, EPW, and the EPW of PVGIS.

In: lines. Out: `Rows`.

Labels: hour 1..24 is the hour that ends there, so its step starts at hour - 1 [1]. Files with the
hours 0..23 exist: there the hour starts at the label. With two or four records an hour the minute
is the end of the part (15, 30, 45, 60), or its start or middle (0, 15, 30, 45); light and sun
decide. Zone: local standard time, of the header. The EPW of a PVGIS TMY counts the UTC hours,
whatever zone its header names; from version 5.3 on it says how far the light is from the label,
before, light and sun decide.
Units: W/m2 (Wh/m2 of the hour), degC, m/s, cm of snow on the ground. Missing: 9999 (light), 99.9
(temperatures), 999 (wind, humidity, snow) [1].
Fields: 35 a line; older ones end at 32 [1]. Names with commas are quoted. Files of several years
may stand one after another.

References
----------
[1] EnergyPlus, Auxiliary Programs: Weather Data Format Definition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.weather.read.headings import numbers
from energy.weather.read.rows import (
    Rows,
    Times,
    cells,
    number,
    separator,
    solar_zone,
    step_of,
    table_of,
    times_of,
    used,
)

#: Position in a line -> quantity.
FIELDS = {
    6: "temp_air", 7: "temp_dew", 8: "relative_humidity", 13: "ghi", 14: "dni", 15: "dhi",
    21: "wind_speed", 30: "snow_depth_cm",
}  # fmt: skip

#: The fewest fields of a line that holds all of these.
FEWEST = 22

DATA = re.compile(r"\s*\"?\d{4}\"?\s*[,;\t]\s*\"?\d{1,2}\"?\s*[,;\t]")


def is_epw(lines: Sequence[str]) -> bool:
    """Whether a text begins as an EPW."""
    return bool(lines) and bool(re.match(r"\"?location\"?\s*[,;\t]", lines[0].strip(), re.I))


def read_epw(lines: Sequence[str], path: Path) -> Rows:
    """The rows of an EPW.

    Raises
    ------
    WeatherError
        For a header without place or zone, for places that differ, and lines that are too short.
    """
    by = separator(lines[0])
    rows = [line for line in lines if DATA.match(line)]
    if not rows:
        raise WeatherError(
            f"{path}: begins as an EPW file but cannot be read as one: it has no line of data"
        )
    heads = [cells(line, by) for line in lines if is_epw([line])]
    head = heads[0]
    if len(head) < 10:
        raise WeatherError(
            f"{path}: the LOCATION line has {len(head)} cells; it needs ten: LOCATION, city, "
            "state, country, data, WMO number, latitude, longitude, time zone, elevation"
        )
    if any(other[6:10] != head[6:10] for other in heads):
        raise WeatherError(f"{path}: files of several places stand one after another; give one")
    width = len(cells(rows[0], by))
    if width < FEWEST:
        raise WeatherError(f"{path}: {width} fields a line; an EPW has 32 to 35")
    table = table_of(rows, by, [str(at) for at in range(width)])
    year, month, day, hour, minute = (
        numbers(table[str(at)]).to_numpy(dtype=float) for at in range(5)
    )
    start, shifts = _start(year, month, day, hour, minute)
    latitude, longitude, zone_h, elevation = (
        number(head[at], what, path)
        for at, what in ((6, "latitude"), (7, "longitude"), (8, "time zone"), (9, "elevation"))
    )
    data = pd.DataFrame(
        {name: numbers(table[str(at)]) for at, name in FIELDS.items() if at < width}
    )
    rows_of = Rows(
        data=used(data, "snow_depth_cm") if "snow_depth_cm" in data else data,
        start=start,
        clock_h=zone_h,
        latitude_deg=latitude,
        longitude_deg=longitude,
        elevation_m=elevation,
        utc_offset_h=zone_h,
        source=f"{head[4]} {head[1]}, {head[2]} (EPW)",
        shifts_min=shifts,
    )
    return _of_pvgis(rows_of, head, "\n".join(lines[:40]))


def _start(
    year: np.ndarray, month: np.ndarray, day: np.ndarray, hour: np.ndarray, minute: np.ndarray
) -> tuple[Times, Sequence[float]]:
    """Where the steps start, and what else the labels may mean [min]."""
    of_hour = np.column_stack([year, month, day, hour])
    parts = 1 + int((np.diff(of_hour[: 24 * 4], axis=0) == 0).all(axis=1)[:3].sum())
    from_0 = np.nanmin(hour) == 0 and np.nanmax(hour) <= 23
    base = hour if from_0 else hour - 1
    if parts == 1:  # the minute of an hourly file is 0 or 60, and says nothing
        return times_of(year, month, day, base), (0.0, -60.0) if from_0 else (0.0,)
    label = times_of(year, month, day, base, minute)
    step_min = 60.0 * step_of(label)
    ends = np.nanmax(minute) == 60
    # The end of its step or its middle; else its start or its middle.
    return label, (-step_min, -step_min / 2) if ends else (0.0, -step_min / 2, -step_min)


def _of_pvgis(rows: Rows, head: Sequence[str], text: str) -> Rows:
    """The rows as they are meant where PVGIS wrote the file, else as they are."""
    from dataclasses import replace

    offset = re.search(r"Irradiance Time Offset \(h\):\s*([-.\d]+)", text)
    old = [cell.lower() for cell in head[1:6:2]] == ["unknown", "unknown", "unknown"]
    if not offset and not (old and "ecmwf" in head[4].lower()):
        return rows
    # Hour 1 is labeled 0:00 UTC; the light is at the label and the offset, the middle of its step.
    light_min = round(60.0 * float(offset[1])) if offset else 0
    place = f"{rows.latitude_deg:g}, {rows.longitude_deg:g}"
    first = light_min + 30.0 if offset else -30.0
    return replace(
        rows,
        clock_h=0.0,
        utc_offset_h=solar_zone(rows.longitude_deg),
        source=f"PVGIS TMY {place}",
        shifts_min=(first,) if offset else (first, *np.arange(-75.0, 76.0)),
        notes=() if offset else (
            "an EPW of PVGIS before 5.3: its hours are UTC, whatever zone its header names",
        ),
    )  # fmt: skip
