"""What the heading of a column means: the quantity and its unit, however it is written.

In: headings, and a row of units where a file has one. Out: which column is which quantity, what
turns it into this model's unit, and which columns nobody understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from energy.errors import WeatherError

#: Quantity -> headings of it, letters and digits only, units aside.
NAMES = {
    "ghi": (
        "ghi", "global", "globalhorizontal", "globalhorizontalirradiance", "globalirradiance",
        "globalhorizontalradiation", "globalradiation", "horizontalglobalirradiance", "gh", "glo",
        "globalhorizontalirradiation", "surfaceghi", "allskysfcswdwn",
    ),
    "dni": (
        "dni", "beam", "beamnormal", "beamirradiance", "beamnormalirradiance", "directnormal",
        "directnormalirradiance", "directnormalradiation", "directbeam", "normaldirectirradiance",
        "directnormalirradiation", "bn", "dn", "dirn", "surfacedni", "allskysfcswdni",
    ),
    "dhi": (
        "dhi", "diffuse", "diffusehorizontal", "diffusehorizontalirradiance", "diffuseirradiance",
        "diffusehorizontalradiation", "diffuseradiation", "diffhorizontal", "dif", "df", "diff",
        "diffusehorizontalirradiation", "surfacedhi", "allskysfcswdiff",
    ),
    "temp_air": (
        "tdry", "temperature", "temp", "tempair", "airtemperature", "airtemp", "drybulb", "tair",
        "drybulbtemperature", "ambienttemperature", "ambienttemp", "tamb", "t2m", "temperatureair",
        "tempdry", "drybulbtemp",
    ),
    "temp_dew": (
        "tdew", "dewpoint", "dewpointtemperature", "dewpointtemp", "tempdew", "t2mdew", "dewpt",
        "tempdewpoint",
    ),
    "relative_humidity": (
        "rh", "rhum", "relativehumidity", "relhum", "rh2m", "humidity", "relhumidity",
    ),
    "snow_depth_cm": (
        "snow", "snowdepth", "depthofsnow", "snod", "snodp", "sd", "snowdepthcm", "snowonground",
    ),
    "snowfall_cm": ("snowfall", "freshsnow", "newsnow", "snowfallcm", "snf"),
    "wind_speed": (
        "wspd", "windspeed", "wind", "ws", "ws10m", "ws2m", "windvelocity", "windspd", "wspeed",
    ),
}  # fmt: skip

QUANTITY = {name: quantity for quantity, names in NAMES.items() for name in names}

#: Unit, letters and digits and / % only -> factor and addend to this model's unit; a sum over the
#: step (`SUMS`) is divided by its length.
LIGHT_UNITS = {
    "w/m2": (1.0, 0.0), "wm2": (1.0, 0.0), "w/sqm": (1.0, 0.0), "watts/m2": (1.0, 0.0),
    "kw/m2": (1e3, 0.0), "wh/m2": (1.0, 0.0), "whm2": (1.0, 0.0), "whr/m2": (1.0, 0.0),
    "kwh/m2": (1e3, 0.0), "kwhr/m2": (1e3, 0.0), "j/m2": (1 / 3600, 0.0),
    "kj/m2": (1e3 / 3600, 0.0), "mj/m2": (1e6 / 3600, 0.0), "mj/hr": (1e6 / 3600, 0.0),
    "kj/m2/h": (1e3 / 3600, 0.0), "mj/m2/h": (1e6 / 3600, 0.0), "mj/m2/hr": (1e6 / 3600, 0.0),
    "mj/m2/hour": (1e6 / 3600, 0.0), "wh/m2/h": (1.0, 0.0), "btu/hr/ft2": (3.15459, 0.0),
    "btu/h/ft2": (3.15459, 0.0), "btu/ft2": (3.15459, 0.0),
}  # fmt: skip
SUMS = {"wh/m2", "whm2", "whr/m2", "kwh/m2", "kwhr/m2", "j/m2", "kj/m2", "mj/m2", "btu/ft2"}
TEMPERATURE_UNITS = {
    "c": (1.0, 0.0), "degc": (1.0, 0.0), "celsius": (1.0, 0.0), "degcelsius": (1.0, 0.0),
    "degreesc": (1.0, 0.0), "f": (5 / 9, -160 / 9), "degf": (5 / 9, -160 / 9),
    "fahrenheit": (5 / 9, -160 / 9), "k": (1.0, -273.15), "kelvin": (1.0, -273.15),
}  # fmt: skip
WIND_UNITS = {
    "m/s": (1.0, 0.0), "ms": (1.0, 0.0), "mps": (1.0, 0.0), "m/sec": (1.0, 0.0),
    "ms1": (1.0, 0.0), "km/h": (1 / 3.6, 0.0), "kmh": (1 / 3.6, 0.0), "kph": (1 / 3.6, 0.0),
    "mph": (0.44704, 0.0), "kn": (1852 / 3600, 0.0), "kt": (1852 / 3600, 0.0),
    "knots": (1852 / 3600, 0.0), "ft/s": (0.3048, 0.0),
}  # fmt: skip
SNOW_UNITS = {
    "cm": (1.0, 0.0), "mm": (0.1, 0.0), "m": (100.0, 0.0), "in": (2.54, 0.0), "inch": (2.54, 0.0),
    "inches": (2.54, 0.0), "ft": (30.48, 0.0),
}  # fmt: skip
UNITS = {
    "ghi": LIGHT_UNITS, "dni": LIGHT_UNITS, "dhi": LIGHT_UNITS,
    "temp_air": TEMPERATURE_UNITS, "temp_dew": TEMPERATURE_UNITS, "wind_speed": WIND_UNITS,
    "snow_depth_cm": SNOW_UNITS, "snowfall_cm": SNOW_UNITS,
    "relative_humidity": {"%": (1.0, 0.0), "pct": (1.0, 0.0), "percent": (1.0, 0.0)},
}  # fmt: skip
HINTS = {
    "temp_air": "degC", "temp_dew": "degC", "wind_speed": "m/s", "relative_humidity": "%",
    "snow_depth_cm": "cm", "snowfall_cm": "cm",
}  # fmt: skip

#: Columns of light that no series needs: of the clear or the extraterrestrial sky, of the module's
#: plane, of visible or other parts of the light, and what says how sure a value is.
OTHER_LIGHT = re.compile(
    r"clear|clr|clrsky|etr|extraterr|toa|poa|tilt|illum|lux|uv|par\b|infrared|longwave|lw|source|"
    r"uncert|flag|albedo|fill|zenith|units?$",
    re.I,
)
LIGHT = re.compile(r"ghi|dni|dhi|irrad|radiat|beam|diffuse|global|direct|solar|w\s*/\s*m", re.I)


def plain(heading: str) -> str:
    """A heading without its unit: its letters and digits, in small letters."""
    bare = re.sub(r"\([^()]*\)+|\[[^\[\]]*\]", " ", heading)
    return re.sub(r"[^a-z0-9]", "", bare.lower())


def plain_unit(unit: str) -> str:
    """A unit as the tables have it: `W/m^2`, `W m-2` and `W/m²` are `w/m2`."""
    text = unit.lower().replace("²", "2").replace("°", "").replace("per", "/")
    text = re.sub(r"\bm\s*\^?-2\b|\bm\s*\*\*\s*-2\b", "/m2", text)
    text = re.sub(r"\bs\s*\^?-1\b", "/s", text)
    return re.sub(r"[^a-z0-9/%]", "", text).replace("//", "/")


def unit_of(heading: str) -> str | None:
    """The unit that stands in a heading's brackets."""
    found = re.search(r"[(\[]([^()\[\]]*)[)\]]", heading)
    return found[1] if found else None


def meaning(heading: str) -> str | None:
    """The quantity of a column; None where it is not one of this model."""
    return QUANTITY.get(plain(heading))


def looks_like_light(heading: str) -> bool:
    """Whether a column that is not understood may hold one of the three irradiances."""
    return bool(LIGHT.search(heading)) and not OTHER_LIGHT.search(heading)


@dataclass(frozen=True)
class Columns:
    """The columns of a table that are understood, in this model's units, and all others."""

    data: pd.DataFrame
    unused: tuple[str, ...]


def numbers(cells: pd.Series) -> pd.Series:
    """Cells as numbers, a decimal comma as a point; NaN where a cell is none."""
    if cells.dtype.kind in "fi":
        return cells.astype(float)
    text = cells.astype("string").str.strip().str.replace(",", ".", regex=False)
    return pd.to_numeric(text, errors="coerce").astype(float)


def understood(
    table: pd.DataFrame, units: Mapping[str, str], step_h: float, prefer: Sequence[str] = ()
) -> Columns:
    """The columns by meaning.

    Parameters
    ----------
    table
        Cells as the file has them, under its own headings.
    units
        Heading -> unit, where the file says it outside of the heading.
    step_h
        Length of a step [h], for sums over it.
    prefer
        Headings that win where two columns are the same quantity.

    Raises
    ------
    WeatherError
        For a unit that is not known, and where two columns are one quantity and differ.
    """
    data: dict[str, pd.Series] = {}
    taken: dict[str, str] = {}
    problems, unused = [], []
    for name in table.columns:
        heading = str(name)
        quantity = meaning(heading)
        if quantity is None:
            unused.append(heading)
            continue
        values = numbers(table[name])
        given = units.get(heading) or unit_of(heading)
        factor, addend = 1.0, 0.0
        if given and plain_unit(given) not in ("", "none", "-"):
            unit = plain_unit(given)
            if unit not in UNITS[quantity]:
                hint = HINTS.get(quantity, "W/m2")
                problems.append(f"column '{heading}' is in {given!r}; give {hint}")
                continue
            factor, addend = UNITS[quantity][unit]
            factor = factor / step_h if unit in SUMS else factor
        if (factor, addend) != (1.0, 0.0):
            # A code for a missing value is no measurement to convert.
            values = values.where(~is_missing_code(values)) * factor + addend
        if quantity in data:
            first = taken[quantity]
            if heading in prefer:
                unused.append(first)
            elif first in prefer or values.equals(data[quantity]):
                unused.append(heading)
                continue
            else:
                problems.append(f"'{first}' and '{heading}' are both {quantity}; keep one")
                continue
        data[quantity], taken[quantity] = values, heading
    if problems:
        raise WeatherError(problems)
    empty = {name for name in unused if table[name].isna().all()}
    return Columns(pd.DataFrame(data), tuple(name for name in unused if name not in empty))


#: Values that stand for "missing" in any column of any format.
CODES = (
    -99.9, -99.99, -999.0, -999.9, -999.99, -9999.0, -9999.9, -9900.0, -99999.0, 9999.0, 9999.9,
    99999.0, 999999.0, 999999.9,
)  # fmt: skip


def is_missing_code(values: pd.Series) -> pd.Series:
    """Where a value is one of `CODES`."""
    found: pd.Series = pd.Series(np.isin(values.to_numpy(dtype=float), CODES), index=values.index)
    return found
