"""The compact form in which series are kept: Parquet with a header.

In: a path. Out: `Weather`, and back.

Labels: the step's start in UTC. Units: this model's. Missing: nothing is.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.files import replace_file
from energy.weather import checks
from energy.weather.read.text import LARGEST_MB
from energy.weather.series import COLUMNS, OPTIONAL, Origin, Place, Provenance, Weather


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet."""
    try:
        with path.open("rb") as file:
            return path.is_file() and file.read(4) == b"PAR1"
    except (OSError, ValueError):
        return False


def read_parquet(path: Path) -> Weather:
    """A series that `write_parquet` wrote.

    Raises
    ------
    WeatherError
        Where it is damaged, not of this package, too large when unpacked, or no weather.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        size_mb = pq.read_metadata(path).num_rows * (len(COLUMNS) + 2) * 8 / 1e6
        if size_mb > LARGEST_MB:
            raise WeatherError(f"{path}: {size_mb:,.0f} MB unpacked; at most {LARGEST_MB} MB")
        schema = pq.read_schema(path)
        header = json.loads((schema.metadata or {}).get(b"sunrack", b"null"))
        if header is None:
            raise WeatherError(
                f"{path}: Parquet without sunrack's header; give EPW, TMY3 or NSRDB csv"
            )
        names = [*COLUMNS, *(name for name in OPTIONAL if name in schema.names)]
        # Numbers only: the size of anything else is not bounded by the number of rows.
        odd = [f"{field.name} ({field.type})" for field in schema if not _fits(field)]
        if odd:
            raise WeatherError(f"{path}: columns of another type than written: {', '.join(odd)}")
        table = pq.read_table(path, columns=["start", *names])
    except (OSError, pa.ArrowException) as error:
        raise WeatherError(f"{path}: cannot be read as Parquet ({error})") from None
    start = pd.DatetimeIndex(table["start"].to_numpy()).tz_localize("UTC").rename("start")
    columns = {name: table[name].to_numpy().astype(float) for name in names}
    weather = _from_header(pd.DataFrame(columns, index=start), header)
    problems = checks.sun_problems(
        weather.frame, weather.place.latitude_deg, weather.place.longitude_deg, weather.step_h
    )
    if problems:
        raise WeatherError(problems)
    return weather


def _fits(field: Any) -> bool:
    """Whether a column is a time or a number, or one that is not read."""
    import pyarrow as pa

    if field.name == "start":
        return bool(pa.types.is_timestamp(field.type))
    wanted = field.name in (*COLUMNS, *OPTIONAL)
    return not wanted or bool(pa.types.is_floating(field.type) or pa.types.is_integer(field.type))


def _from_header(frame: pd.DataFrame, header: dict[str, Any]) -> Weather:
    """The series of a file's columns and header, which has place and provenance side by side."""
    place = Place(*(header.pop(field.name) for field in fields(Place)))
    offset_h = header.pop("utc_offset_h")
    header["warnings"] = tuple(header["warnings"])
    header["origins"] = tuple(
        Origin(o["name"], Place(**o["place"]), tuple(o["years"]), o["adapted"])
        for o in header.get("origins", ())
    )
    if header.pop("made", False):  # of version 0.1: synthetic or resampled, in one word
        header["synthetic" if header["source"].startswith("synthetic") else "resampled"] = True
    return Weather(frame, place, offset_h, Provenance(**header))


def write_parquet(weather: Weather, path: Path) -> None:
    """Write a series compactly, beside the path first and then in its place."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = asdict(weather.provenance) | {"warnings": list(weather.warnings)}
    # What is not so is left out: files of before these flags were known read the same.
    flags = {name: value for name, value in known.items() if value is not False and value != ()}
    header = (
        asdict(weather.place) | {"utc_offset_h": weather.utc_offset_h, "typical": False} | flags
    )
    columns: dict[str, Any] = {
        "start": pa.array(weather.index.tz_localize(None).as_unit("s").to_numpy())
    }
    names = [name for name in (*COLUMNS, *OPTIONAL) if name in weather.frame]
    columns |= {name: pa.array(weather.frame[name].to_numpy(dtype=np.float32)) for name in names}
    table = pa.table(columns).replace_schema_metadata({"sunrack": json.dumps(header)})
    held = io.BytesIO()
    pq.write_table(
        table, held, compression="zstd", compression_level=19, use_dictionary=names,
        column_encoding={"start": "DELTA_BINARY_PACKED"}, write_statistics=False,
    )  # fmt: skip
    replace_file(path, held.getvalue())
