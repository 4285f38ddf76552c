"""What a reader finds in a file, before it is judged: columns, labels, and the file's own header.

In: parts of dates as a file has them. Out: `Rows`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.errors import WeatherError
from energy.steps import Array

#: Times without a zone, in seconds.
Times = NDArray[np.datetime64]


@dataclass(frozen=True)
class Rows:
    """The rows of one file.

    Parameters
    ----------
    data
        Columns by quantity, in this model's units; a row a step.
    start
        Where each step starts, in the file's clock, with the years that it names; NaT where a
        label is none.
    clock_h
        That clock less UTC [h].
    latitude_deg, longitude_deg, elevation_m
        The place.
    utc_offset_h
        The place's local standard time less UTC [h].
    source
        In words, without the years.
    shifts_min
        Where a file does not say what its labels mean: what `start` may have to be moved by [min],
        the likeliest first. Light and sun decide.
    typical
        Whether it is a typical year, where the format says so; else the labels decide.
    recorded_years
        The years that a typical year was taken from, where the labels do not have them.
    unused
        Headings of columns that were not understood.
    notes
        What a reader of a result should know.
    """

    data: pd.DataFrame
    start: Times
    clock_h: float
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    utc_offset_h: float
    source: str
    shifts_min: Sequence[float] = (0.0,)
    typical: bool | None = None
    recorded_years: Sequence[int] = ()
    unused: Sequence[str] = ()
    notes: Sequence[str] = ()

    @property
    def likeliest(self) -> Times:
        """Where each step starts, in the file's clock, by the likeliest meaning of the labels."""
        moved = self.start + np.timedelta64(round(self.shifts_min[0] * 60), "s")
        return np.asarray(moved, dtype="datetime64[s]")


def used(data: pd.DataFrame, field: str) -> pd.DataFrame:
    """The columns without one that every file of a format has, where this file does not use it."""
    in_use = data[field].between(0.0, 998.0, inclusive="right").any()  # 999 is missing
    return data if in_use else data.drop(columns=field)


def solar_zone(longitude_deg: float) -> float:
    """Hours from UTC of the sun's own zone: for files that do not name the place's."""
    return float(round(longitude_deg / 15.0))


def step_of(times: Times) -> float:
    """The most frequent step between labels [h]; 1 where there are fewer than two."""
    ahead = np.diff(times.astype("datetime64[s]")).astype(float) / 3600.0
    ahead = ahead[ahead > 0]
    if not len(ahead):
        return 1.0
    values, counts = np.unique(ahead, return_counts=True)
    return float(values[np.argmax(counts)])


def times_of(
    year: Array, month: Array, day: Array, hour: Array, minute: Array | None = None
) -> Times:
    """Times of parts of dates; hours and minutes may be fractions, and hours reach 24.

    NaT where a part is missing or no date has it, such as a 31 June.
    """
    parts = np.column_stack([year, month, day]).astype(float)
    whole = np.isfinite(parts).all(axis=1) & (parts == np.round(parts)).all(axis=1)
    seconds = 3600.0 * np.asarray(hour, dtype=float)
    if minute is not None:
        seconds = seconds + 60.0 * np.asarray(minute, dtype=float)
    whole &= np.isfinite(seconds) & (np.abs(seconds) < 40 * 86400)
    safe = np.where(whole[:, None], parts, 1.0).astype(int)
    dates = pd.to_datetime(
        pd.DataFrame(safe, columns=["year", "month", "day"]), errors="coerce"
    ).to_numpy()
    times = dates.astype("datetime64[s]") + np.round(np.where(whole, seconds, 0)).astype(
        "timedelta64[s]"
    )
    times[~whole] = np.datetime64("NaT")
    return np.asarray(times)


def separator(line: str) -> str:
    """What parts the cells of a line: a comma, a semicolon or a tab."""
    return max(",;\t", key=line.count)


def cells(line: str, by: str) -> list[str]:
    """The cells of one line, quotes taken off."""
    return [
        cell.strip().strip("\"'").strip() for cell in next(csv.reader([line], delimiter=by), [])
    ]


def number(text: str | None, what: str, path: Path) -> float:
    """A number of a file's header.

    Raises
    ------
    WeatherError
        Where it is none.
    """
    try:
        return float(str(text).strip().replace(",", "."))
    except ValueError:
        raise WeatherError(f"{path}: the header's {what} must be a number; got {text!r}") from None


def by_name(header: Mapping[str, str], *names: str) -> str | None:
    """A header's value by any of its names, whatever their capitals and blanks."""
    plain = {re.sub(r"[^a-z0-9]", "", key.lower()): value for key, value in header.items()}
    for name in names:
        value = plain.get(name, "").strip()
        if value and value.lower() not in ("-", "none", "nan", "b'-'", "b'none'"):
            return value
    return None


def table_of(lines: Sequence[str], by: str, headings: Sequence[str] | None = None) -> pd.DataFrame:
    """Lines as a table of text cells; blank cells are missing, columns without a heading go.

    The first line has the headings, where they are not given.
    """
    from io import StringIO

    names = list(headings) if headings is not None else cells(lines[0], by)
    body = list(lines if headings is not None else lines[1:])
    while body and not body[-1].strip():
        body.pop()
    width = max(len(names), 1)
    if len(body) > 1 and len(cells(body[-1], by)) < len(cells(body[-2], by)):
        raise WeatherError("the last line is shorter than the others; is the file cut short?")
    table = pd.read_csv(
        StringIO("\n".join(body)), sep=by, header=None, dtype=str, names=range(width),
        usecols=range(width), skip_blank_lines=True, skipinitialspace=True, on_bad_lines="error",
        index_col=False, engine="c",
    )  # fmt: skip
    table.columns = pd.Index(names)
    return table.loc[:, [bool(name) for name in names]]
