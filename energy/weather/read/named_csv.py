"""A plain csv that says itself what it holds: place in `#` lines, units in the columns' names.

In: lines. Out: `Rows`.

::

    # latitude_deg: 41.15
    # longitude_deg: -104.8
    # elevation_m: 1867
    # utc_offset_h: -7
    # source: our mast, 2019
    start,ghi_w_m2,dni_w_m2,dhi_w_m2,temp_air_c,wind_speed_m_s
    2019-01-01T00:00,0,0,0,-3.1,4.2

Labels: the time column is called `start`, `middle` or `end` of the step; times are ISO 8601, with
an offset or in local standard time. Units: in the names, as above or in brackets, `GHI (W/m2)`.
Missing: empty cells, `nan`, `NA` and the codes of `headings.CODES`. Cells may be parted by commas,
semicolons or tabs, and with semicolons have decimal commas.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.weather.read.headings import (
    QUANTITY,
    UNITS,
    meaning,
    numbers,
    plain,
    understood,
    unit_of,
)
from energy.weather.read.rows import Rows, Times, cells, separator, step_of, table_of

HEADER_LINE = re.compile(r"\"?#\s*([\w ]+?)\s*:\s*(.*?)[\s,;\"]*$")

#: Key of a header line, letters and digits only -> what it is.
KEYS = {
    "latitudedeg": "latitude_deg", "latitude": "latitude_deg", "lat": "latitude_deg",
    "longitudedeg": "longitude_deg", "longitude": "longitude_deg", "lon": "longitude_deg",
    "lng": "longitude_deg", "elevationm": "elevation_m", "elevation": "elevation_m",
    "altitude": "elevation_m", "utcoffseth": "utc_offset_h", "utcoffset": "utc_offset_h",
    "timezone": "utc_offset_h", "tz": "utc_offset_h", "source": "source",
}  # fmt: skip
HEADER_KEYS = ("latitude_deg", "longitude_deg", "elevation_m", "utc_offset_h", "source")

#: Name of the time column -> fraction of the step that lies before the label.
LABELS = {"start": 0.0, "middle": 0.5, "end": 1.0}

#: Unit behind a name -> the unit as `headings` has it.
SUFFIXES = {
    "w_m2": "W/m2", "kw_m2": "kW/m2", "wh_m2": "Wh/m2", "kwh_m2": "kWh/m2", "j_m2": "J/m2",
    "mj_m2": "MJ/m2", "c": "C", "f": "F", "k": "K", "m_s": "m/s", "km_h": "km/h", "mph": "mph",
    "kn": "kn", "cm": "cm", "mm": "mm", "m": "m", "in": "in",
}  # fmt: skip
QUANTITIES = (
    "ghi", "dni", "dhi", "temp_air", "wind_speed", "temp_dew", "snowfall_cm", "snow_depth_cm",
)  # fmt: skip

#: Names that a message offers.
OFFERED = tuple(
    f"{name.removesuffix('_cm')}_{suffix}"
    for name in QUANTITIES
    for suffix, unit in SUFFIXES.items()
    if re.sub(r"[^a-z0-9/]", "", unit.lower()) in UNITS[name]
)


def is_named_csv(lines: Sequence[str]) -> bool:
    """Whether a text begins with `#` lines of keys, or with a time column of one of our names."""
    if not lines:
        return False
    first = next((line for line in lines[:50] if line.strip() and line.lstrip('"')[0] != "#"), "")
    by = separator(first)
    return bool(HEADER_LINE.match(lines[0])) or (
        by in first and plain(cells(first, by)[0]) in LABELS
    )


def read_named_csv(lines: Sequence[str], path: Path) -> Rows:
    """The rows of a csv that names its columns and units.

    Raises
    ------
    WeatherError
        With every problem: keys and columns that are unknown, lacking, twice or without a unit,
        and cells that are no time or no number.
    """
    header, skip, problems = _header(lines)
    place: dict[str, float] = {}
    bounds = {"latitude_deg": 90, "longitude_deg": 180, "elevation_m": 9000, "utc_offset_h": 14}
    for name, bound in bounds.items():
        try:
            place[name] = float(header[name].replace(",", "."))
            if not abs(place[name]) <= bound:
                problems.append(f"{name} must lie within -{bound}..{bound}; got {header[name]!r}")
        except KeyError:
            problems.append(f"no line '# {name}: ...' before the columns")
        except ValueError:
            problems.append(f"{name} must be a number; got {header[name]!r}")
    if skip >= len(lines):
        raise WeatherError([f"{path}: {problem}" for problem in [*problems, "no rows"]])
    by = separator(lines[skip])
    heads = cells(lines[skip], by)
    names = [_name(head) for head in heads]
    problems += _column_problems([name for name in names if name])
    if problems:
        raise WeatherError([f"{path}: {problem}" for problem in problems])
    table = table_of(lines[skip + 1 :], by, names)
    label = next(name for name in names if name in LABELS)
    offset_h = place["utc_offset_h"]
    times, clock_h, problems = _times(table[label], offset_h, skip + 2)
    for name in table.columns.drop(label):
        text = table[name].str.strip()
        bad = numbers(text).isna() & text.notna() & ~text.str.lower().isin(["", "nan", "na"])
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
    step_h = step_of(times)
    parts = {name: _parts(name) for name in table.columns if name != label}
    table = table.rename(columns={name: quantity for name, (quantity, _) in parts.items()})
    units = dict(parts.values())
    return Rows(
        data=understood(table.drop(columns=label), units, step_h).data,
        start=times,
        clock_h=clock_h,
        latitude_deg=place["latitude_deg"],
        longitude_deg=place["longitude_deg"],
        elevation_m=place["elevation_m"],
        utc_offset_h=offset_h,
        source=header.get("source") or path.stem,
        shifts_min=(-60.0 * step_h * LABELS[label],),
    )


def _header(lines: Sequence[str]) -> tuple[dict[str, str], int, list[str]]:
    """The `#` lines, how many lines stand before the columns, and what is wrong with them."""
    header: dict[str, str] = {}
    problems: list[str] = []
    skip = 0
    for line in lines:
        if not line.lstrip('"').startswith("#") and line.strip(",; "):
            break
        skip += 1
        if key := HEADER_LINE.match(line.strip()):
            name = KEYS.get(plain(key[1]))
            if name is None:
                problems.append(f"unknown key '# {key[1]}:'; {_hint(key[1], HEADER_KEYS)}")
            else:
                header[name] = key[2]
    return header, skip, problems


def _name(head: str) -> str:
    """A heading in this format's own way: `GHI (W/m2)` is `ghi_w_m2`."""
    text = head.strip()
    if plain(text) in LABELS:
        return plain(text)
    quantity, unit = meaning(text), unit_of(text)
    if quantity in QUANTITIES and unit:
        for suffix, known in SUFFIXES.items():
            if re.sub(r"[^a-z0-9/]", "", unit.lower().replace("²", "2")) == known.lower():
                return f"{quantity.removesuffix('_cm')}_{suffix}"
    return text.lower() if _parts(text.lower()) or text.lower() in QUANTITIES else text


def _parts(name: str) -> tuple[str, str]:
    """Quantity and unit of a column's name; empty where it is none of them."""
    for suffix, unit in SUFFIXES.items():
        quantity = QUANTITY.get(plain(name.removesuffix(f"_{suffix}")))
        known = re.sub(r"[^a-z0-9/]", "", unit.lower())
        if name.endswith(f"_{suffix}") and quantity in QUANTITIES and known in UNITS[quantity]:
            return quantity, unit
    return ()  # type: ignore[return-value]


def _column_problems(names: list[str]) -> list[str]:
    """What is wrong with the names of the columns, in words."""
    problems = []
    labels = [name for name in names if name in LABELS]
    if len(labels) != 1:
        got = ", ".join(labels) or ", ".join(names)
        problems.append(f"one time column called start, middle or end is needed; got {got}")
    taken: dict[str, str] = {}
    for name in names:
        if name in LABELS:
            continue
        known = _parts(name)
        bare = QUANTITY.get(plain(name))
        if not known and bare in QUANTITIES:
            offered = ", ".join(
                one for one in OFFERED if one.startswith(f"{bare.removesuffix('_cm')}_")
            )
            problems.append(f"column '{name}' has no unit; call it one of {offered}")
        elif not known:
            problems.append(f"unknown column '{name}'; {_hint(name, (*LABELS, *OFFERED))}")
        elif known[0] in taken:
            problems.append(f"'{taken[known[0]]}' and '{name}' are both {known[0]}; keep one")
        else:
            taken[known[0]] = name
    return problems


def _hint(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"


def _times(text: pd.Series, offset_h: float, first_line: int) -> tuple[Times, float, list[str]]:
    """The labels without a zone, that zone, and what is wrong with them."""
    text = text.fillna("").str.strip()
    with_offset = text.str.contains(r"(?:[zZ]|[+-]\d\d:?\d\d)$", regex=True)
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
    if with_offset.any() and not with_offset.all():
        problems.append(
            f"{with_offset.sum()} times carry an offset from UTC and {(~with_offset).sum()} do "
            "not; give all of them one, or none"
        )
    stamps = pd.DatetimeIndex(times).tz_localize(None).to_numpy().astype("datetime64[s]")
    if with_offset.all():  # in the place's clock, by which its years are counted
        stamps = np.asarray(stamps + np.timedelta64(round(offset_h * 3600), "s"))
    return stamps, offset_h, problems
