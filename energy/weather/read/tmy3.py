"""The layout of NREL's TMY3, also for recorded years and for steps finer than an hour.

In: lines. Out: `Rows`.

Labels: date and time of the step's end, 01:00..24:00 [1]; some writers call the last one 00:00 of
the next day, or of the same. Where the first label is 00:00 the labels are starts.
Zone: local standard time, of the header. Units: in the headings. Missing: -9900 [1].
The header is station, name, state, zone, latitude, longitude, elevation; the first two may be
anything. A year without jumps was recorded; months of many years are a typical year.

References
----------
[1] Wilcox and Marion, Users Manual for TMY3 Data Sets, NREL/TP-581-43156, 2008.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.weather.read.headings import plain, understood
from energy.weather.read.rows import Rows, cells, number, separator, step_of, table_of, times_of


def is_tmy3(lines: Sequence[str]) -> bool:
    """Whether a text begins as the TMY3 layout: a line of place, then date and time columns."""
    if len(lines) < 3:
        return False
    heads = [plain(cell) for cell in cells(lines[1], separator(lines[1]))[:2]]
    return len(heads) == 2 and heads[0].startswith("date") and heads[1].startswith("time")


def read_tmy3(lines: Sequence[str], path: Path) -> Rows:
    """The rows of a file in TMY3's layout.

    Raises
    ------
    WeatherError
        For a header without place or zone, and for dates that are none.
    """
    by = separator(lines[1])
    head = cells(lines[0], by)
    if len(head) < 7:
        raise WeatherError(
            f"{path}: the first line has {len(head)} cells; it needs seven: station, name, state, "
            "time zone, latitude, longitude, elevation"
        )
    rows = [lines[1], *(line for line in lines[2:] if re.match(r"\s*\"?\d", line))]
    starts = [at for at, line in enumerate(rows) if cells(line, by)[:7] == head[:7]]
    rows = [line for at, line in enumerate(rows) if at not in starts]  # of files one after another
    table = table_of(rows, by)
    label = _labels(table.iloc[:, 0], table.iloc[:, 1], path)
    step_h = step_of(label)
    minute = (label - label.astype("datetime64[D]")).astype("timedelta64[m]").astype(float)
    from_0 = len(label) > 0 and minute[0] == 0
    columns = understood(table.iloc[:, 2:], {}, step_h)
    zone_h, latitude, longitude, elevation = (
        number(head[at], what, path)
        for at, what in ((3, "time zone"), (4, "latitude"), (5, "longitude"), (6, "elevation"))
    )
    step_min = 60.0 * step_h
    return Rows(
        data=columns.data,
        start=label,
        clock_h=zone_h,
        latitude_deg=latitude,
        longitude_deg=longitude,
        elevation_m=elevation,
        utc_offset_h=zone_h,
        source=f"TMY3 {head[1].title() or path.stem}, {head[2]}",
        shifts_min=(0.0, -step_min) if from_0 else (-step_min,),
        unused=columns.unused,
    )


def _labels(dates: pd.Series, clock: pd.Series, path: Path) -> np.ndarray:
    """Times of MM/DD/YYYY and HH:MM; 24:00, or 00:00 after 23:00 of one date, is the next day's."""
    parts = dates.astype("string").str.extract(r"(\d+)\D(\d+)\D(\d+)").astype(float)
    time = clock.astype("string").str.extract(r"(\d+)\D(\d+)").astype(float)
    first, second, third = (parts[at].to_numpy(dtype=float) for at in range(3))
    if np.nanmax(first, initial=0.0) > 31:  # 2021-12-31
        year, month, day = first, second, third
    elif np.nanmax(first, initial=0.0) > 12:  # 31/12/2021
        year, month, day = third, second, first
    else:
        year, month, day = third, first, second
    hour, minute = (time[at].to_numpy(dtype=float) for at in range(2))
    label = times_of(year, month, day, hour, minute)
    bad = np.flatnonzero(np.isnat(label))
    if len(bad):
        at = int(bad[0])
        raise WeatherError(
            f"{path}: {dates.iloc[at]!r} {clock.iloc[at]!r} in line {at + 3} is no time "
            f"({len(bad)} in all); give MM/DD/YYYY and HH:MM"
        )
    # A midnight that is called 00:00 of the day that it ends.
    back = np.flatnonzero(np.diff(label).astype("timedelta64[s]").astype(float) < 0) + 1
    midnight = back[(hour[back] == 0) & (minute[back] == 0) & (day[back] == day[back - 1])]
    label[midnight] += np.timedelta64(86400, "s")
    return label
