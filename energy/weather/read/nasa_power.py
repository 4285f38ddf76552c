"""NASA POWER's hourly csv.

In: lines. Out: `Rows`. (POWER's `format=sam` is in `sam`.)

Labels: hour 0..23, the step's start [1]. Zone: the header says LST, which is UTC + longitude / 15,
rounded [1], or UTC; the place's is the sun's. Units: the header's, per parameter. Missing: the
header's value, -999. The header may be of any age and may have been saved again by a spreadsheet.

References
----------
[1] pvlib.iotools.get_nasa_power; POWER, Hourly API.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from energy.errors import WeatherError
from energy.weather.read.headings import HINTS, LIGHT_UNITS, UNITS, numbers, plain_unit
from energy.weather.read.rows import Rows, separator, solar_zone, table_of, times_of

#: Parameter -> quantity; where both winds are given, the one at the height of the modules.
PARAMETERS = {
    "ALLSKY_SFC_SW_DWN": "ghi",
    "ALLSKY_SFC_SW_DNI": "dni",
    "ALLSKY_SFC_SW_DIFF": "dhi",
    "T2M": "temp_air",
    "T2MDEW": "temp_dew",
    "RH2M": "relative_humidity",
    "SNODP": "snow_depth_cm",
    "WS10M": "wind_speed",
    "WS2M": "wind_speed",
}

PARTS = ("YEAR", "MO", "DY", "HR")


def is_nasa_power(lines: Sequence[str]) -> bool:
    """Whether a text begins as POWER's csv."""
    return bool(lines) and "-BEGIN HEADER-" in lines[0].upper()


def read_nasa_power(lines: Sequence[str], path: Path) -> Rows:
    """The hours, in the units and the time standard that the header names.

    Raises
    ------
    WeatherError
        With all that the header lacks or says in another unit.
    """
    ends = [at for at, line in enumerate(lines) if "-END HEADER-" in line.upper()]
    if not ends:
        raise WeatherError(f"{path}: no '-END HEADER-' line; is the file cut short?")
    # A spreadsheet puts quotes around cells and separators behind them.
    head = "\n".join(line.strip().strip(',;\t "') for line in lines[: ends[0]])
    place = re.search(r"latitude:?\s+([-+.,\d]+?)[\s,;]+longitude:?\s+([-+.,\d]+)", head, re.I)
    height = re.search(r"elevation.*?=\s*([-+.,\d]+)", head, re.I)
    clock = re.search(r"^\W*dates.*\bin\s+(LST|UTC)\b", head, re.M | re.I)
    missing = re.search(r"(?:missing|fill).*?:\s*(-?\d+(?:[.,]\d+)?)\s*$", head, re.M | re.I)
    problems = [
        f"{path}: the header has no {what}; fetch the file again with it"
        for found, what in (
            (place, "'Location: Latitude ... Longitude ...'"),
            (height, "'Elevation from MERRA-2: ... = ... meters'"),
            (clock, "'Dates ... in LST' or '... in UTC'"),
        )
        if not found
    ]
    body = [line for line in lines[ends[0] + 1 :] if line.strip(",;\t ")]
    if not body:
        raise WeatherError([*problems, f"{path}: no rows after the header"])
    table = table_of(body, separator(body[0]))
    table.columns = table.columns.str.strip().str.upper()
    if lacking := [name for name in PARTS if name not in table]:
        problems.append(
            f"{path}: no column {', '.join(lacking)}; hourly data is needed (YEAR,MO,DY,HR,...)"
        )
    columns = {}
    for name, quantity in PARAMETERS.items():
        if name not in table:
            continue
        found = re.search(rf"^\W*{name}\b.*\(([^()]*)\)\W*$", head, re.M | re.I)
        # Hourly rows: a sum over the hour is its mean.
        known = LIGHT_UNITS if quantity in ("ghi", "dni", "dhi") else UNITS[quantity]
        unit = known.get(_unit(found[1])) if found else None
        if unit is None:
            got = f"is in {found[1]!r}" if found else "has no unit in the header"
            wanted = HINTS.get(quantity, "W/m^2 or Wh/m^2")
            problems.append(f"{path}: {name} {got}; ask POWER for {wanted}")
        else:
            values = numbers(table[name])
            code = float(missing[1].replace(",", ".")) if missing else -999.0
            columns[quantity] = values.where(values != code) * unit[0] + unit[1]
    if problems or not (place and height and clock):
        raise WeatherError(problems)
    latitude, longitude, elevation = (
        float(text.replace(",", ".").rstrip(".")) for text in (place[1], place[2], height[1])
    )
    year, month, day, hour = (numbers(table[name]).to_numpy(dtype=float) for name in PARTS)
    offset_h = solar_zone(longitude)
    return Rows(
        data=pd.DataFrame(columns),
        start=times_of(year, month, day, hour),
        clock_h=offset_h if clock[1].upper() == "LST" else 0.0,
        latitude_deg=latitude,
        longitude_deg=longitude,
        elevation_m=elevation,
        utc_offset_h=offset_h,
        source=f"NASA POWER {latitude:g}, {longitude:g}",
        unused=[
            str(name) for name in table.columns if name not in PARAMETERS and name not in PARTS
        ],
    )


def _unit(text: str) -> str:
    return plain_unit(text.replace("-hr", "h").replace("-Hr", "h"))
