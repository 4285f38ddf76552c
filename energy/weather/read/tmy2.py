"""NREL's second set of typical years, TMY2: fixed positions.

In: lines. Out: `Rows`.

Labels: hour 1..24 is the hour that ends there [1]. Zone: local standard time, of the header.
Units: W/m2, tenths of degC and of m/s [1]. Missing: 9999 [1]. Read by position, not by pvlib,
which splits the header at blanks and so knows no city of two words.

References
----------
[1] Marion and Urban, User's Manual for TMY2s (NREL, 1995), tables 3-1 and 3-2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pandas as pd

from energy.weather.read.rows import Rows, times_of, used

#: Column -> first and last position (from 0, last not with), and units in one of ours [1].
COLUMNS = {
    "year": (1, 3, 1.0), "month": (3, 5, 1.0), "day": (5, 7, 1.0), "hour": (7, 9, 1.0),
    "ghi": (17, 21, 1.0), "dni": (23, 27, 1.0), "dhi": (29, 33, 1.0),
    "temp_air": (67, 71, 10.0), "temp_dew": (73, 77, 10.0), "wind_speed": (95, 98, 10.0),
    "snow_depth_cm": (133, 136, 1.0),
}  # fmt: skip


def is_tmy2(lines: Sequence[str]) -> bool:
    """Whether a text begins as TMY2."""
    return bool(re.match(r" \d{5} .{22} [A-Z]{2} [ \d-]{3} [NS] ", lines[0])) if lines else False


def read_tmy2(lines: Sequence[str], path: Path) -> Rows:
    """The rows of a TMY2 file."""
    head = lines[0]
    spans = [span[:2] for span in COLUMNS.values()]
    data = pd.read_fwf(
        StringIO("\n".join(lines[1:])), header=None, colspecs=spans, names=list(COLUMNS)
    )
    missing = data == 9999
    data = (data / [span[2] for span in COLUMNS.values()]).mask(missing)
    year, month, day, hour = (
        data[name].to_numpy(dtype=float) for name in ("year", "month", "day", "hour")
    )
    latitude = (float(head[39:41]) + float(head[42:44]) / 60) * (1 if head[37] == "N" else -1)
    longitude = (float(head[47:50]) + float(head[51:53]) / 60) * (1 if head[45] == "E" else -1)
    offset_h = float(head[33:36])
    return Rows(
        data=used(data.drop(columns=["year", "month", "day", "hour"]), "snow_depth_cm"),
        start=times_of(1900 + year, month, day, hour - 1),
        clock_h=offset_h,
        latitude_deg=latitude,
        longitude_deg=longitude,
        elevation_m=float(head[55:59]),
        utc_offset_h=offset_h,
        source=f"TMY2 {head[7:29].strip().title()}, {head[30:32]}",
    )
