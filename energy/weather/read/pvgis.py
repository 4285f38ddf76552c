"""PVGIS: hours and typical years, csv and json.

In: lines. Out: `Rows`. (The EPW of PVGIS is in `epw`.)

Labels: of hours an instant in UTC, the middle of its step [1]; of a typical year a full hour in
UTC, the light being `Irradiance Time Offset` later, 0 before version 5.3.
Zone: UTC; the place's is not in the file and is taken as the sun's, longitude / 15.
Units: W/m2, degC, m/s. Missing: none; the database has no gaps.

References
----------
[1] pvlib.iotools.get_pvgis_hourly: satellite values are instants; ERA5's are means, labeled :30.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from energy.errors import WeatherError
from energy.weather.read.rows import Rows, solar_zone


def is_pvgis(lines: Sequence[str]) -> bool:
    """Whether a text begins as one of PVGIS, hours or a typical year, csv or json."""
    head = "\n".join(lines[:40])[:4096]
    if head.lstrip().startswith("{"):
        return '"radiation_db"' in head and ('"tmy_hourly"' in head or '"hourly"' in head)
    return head.startswith("Latitude (decimal degrees)") and bool(
        re.search(r"^time(\(UTC\))?,", head, re.M)
    )


def read_pvgis(lines: Sequence[str], path: Path) -> Rows:
    """The rows of a PVGIS file.

    Raises
    ------
    WeatherError
        For a tilted or tracking plane: its light cannot be turned back into GHI, DNI and DHI.
    """
    text = "\n".join(lines)
    form = "json" if text.lstrip().startswith("{") else "csv"
    typical = '"tmy_hourly"' in text[:4096] or bool(re.search(r"^time\(UTC\),", text, re.M))
    return (_typical if typical else _hourly)(text, form, path)


def _hourly(text: str, form: str, path: Path) -> Rows:
    from pvlib import iotools

    data, meta = iotools.read_pvgis_hourly(StringIO(text), pvgis_format=form)
    inputs = meta["inputs"]
    slope = _slope(inputs)
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
    return _rows(data, inputs, database, 0.0)


def _slope(inputs: dict[str, Any]) -> float | None:
    """Slope of the plane [deg]; None when it tracks or the file does not say."""
    if "mounting_system" in inputs:  # json
        fixed = inputs["mounting_system"].get("fixed")
        return None if fixed is None else float(fixed["slope"]["value"])
    text = re.match(r"\d+(\.\d+)?", str(inputs.get("Slope", "")))
    return float(text[0]) if text else None


def _typical(text: str, form: str, path: Path) -> Rows:
    from pvlib import iotools

    file = BytesIO(text.encode()) if form == "csv" else StringIO(text)
    data, meta = iotools.read_pvgis_tmy(file, pvgis_format=form)
    inputs = meta["inputs"]
    place = inputs.get("location", inputs)
    # Files before PVGIS 5.3 have no offset: their stamps are all that is known.
    offset_h = float(
        place.get("irradiance_time_offset", place.get("irradiance time offset", 0.0)) or 0.0
    )
    years = sorted({int(month["year"]) for month in meta["months_selected"]})
    database = inputs.get("meteo_data", {}).get("radiation_db", "")
    return _rows(data, inputs, database, offset_h, years)


def _rows(
    data: pd.DataFrame,
    inputs: dict[str, Any],
    database: str,
    offset_h: float,
    typical_years: Sequence[int] = (),
) -> Rows:
    """Rows whose light is `offset_h` after the stamps, at the middle of the step."""
    place = inputs.get("location", inputs)
    latitude, longitude = float(place["latitude"]), float(place["longitude"])
    name = database if "PVGIS" in database else f"PVGIS {database}".strip()
    index = pd.DatetimeIndex(data.index)
    stamps = index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index
    return Rows(
        data=data.reset_index(drop=True),
        start=stamps.to_numpy().astype("datetime64[s]"),
        clock_h=0.0,
        latitude_deg=latitude,
        longitude_deg=longitude,
        elevation_m=float(place["elevation"]),
        utc_offset_h=solar_zone(longitude),
        source=f"{name} {'TMY ' if typical_years else ''}{latitude:g}, {longitude:g}",
        shifts_min=(round(offset_h * 60) - 30.0,),
        typical=bool(typical_years) or None,
        recorded_years=typical_years,
    )
