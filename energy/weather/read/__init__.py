"""Weather files: one reader a format, and what is common to all.

In: a path. Out: `Weather`, or one WeatherError with everything that is wrong with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from energy.errors import WeatherError
from energy.weather.read.assemble import weather_of
from energy.weather.read.epw import is_epw, read_epw
from energy.weather.read.named_csv import is_named_csv, read_named_csv
from energy.weather.read.nasa_power import is_nasa_power, read_nasa_power
from energy.weather.read.parquet import is_parquet, read_parquet, write_parquet
from energy.weather.read.pvgis import is_pvgis, read_pvgis
from energy.weather.read.rows import Rows
from energy.weather.read.sam import is_sam, read_sam
from energy.weather.read.text import UNKNOWN, contents, decoded, not_weather
from energy.weather.read.tmy2 import is_tmy2, read_tmy2
from energy.weather.read.tmy3 import is_tmy3, read_tmy3
from energy.weather.series import Weather

__all__ = ["read_weather", "write_parquet"]

Lines = Sequence[str]

#: What a format is called, how it is recognized, and its reader.
FORMATS: tuple[tuple[str, Callable[[Lines], bool], Callable[[Lines, Path], Rows]], ...] = (
    ("an EPW file", is_epw, read_epw),
    ("a TMY2 file", is_tmy2, read_tmy2),
    ("a NASA POWER csv", is_nasa_power, read_nasa_power),
    ("a PVGIS file", is_pvgis, read_pvgis),
    ("a TMY3 csv", is_tmy3, read_tmy3),
    ("a SAM or NSRDB csv", is_sam, read_sam),
    ("a csv with named columns", is_named_csv, read_named_csv),
)


def read_weather(path: str | Path) -> Weather:
    """The weather of a file, checked.

    The format is recognized by the content, not by the name; gzip and zip archives of one file are
    opened.

    Raises
    ------
    WeatherError
        When the file is missing, empty, of another format, or holds a series the model cannot
        stand on (see `energy.weather.checks`): every problem, each with the file's name.

    Examples
    --------
    >>> import energy as en
    >>> en.read_weather("cheyenne.epw").years  # doctest: +SKIP
    1
    """
    path = Path(path)
    kind = "a Parquet file"
    try:
        if is_parquet(path):
            return read_parquet(path)
        lines = decoded(contents(path)).split("\n")
        kind, reader = recognize(lines, path)
        return weather_of(reader(lines, path), path)
    except WeatherError as error:
        # A damaged shipped file is named by its own name for the series; the path comes first.
        problems = [text if str(path) in text else f"{path}: {text}" for text in error.problems]
        raise WeatherError(problems) from None
    except Exception as error:  # readers fail on a damaged file in as many ways as it has bytes
        detail = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise WeatherError(
            f"{path}: begins as {kind} but cannot be read as one "
            f"({type(error).__name__}: {detail}); is it cut short or edited?"
        ) from None


def recognize(lines: Lines, path: Path) -> tuple[str, Callable[[Lines, Path], Rows]]:
    """What the format is called, and its reader.

    Raises
    ------
    WeatherError
        For a text of no known format, in its own words where it has some.
    """
    for kind, fits, reader in FORMATS:
        if fits(lines):
            return kind, reader
    said = not_weather("\n".join(lines))
    begins = f"{UNKNOWN}; it begins {lines[0][:40]!r}" + (f": {said}" if said else "")
    raise WeatherError(
        f"{path}: {begins}. Known: EPW, TMY3 csv, TMY2, NSRDB PSM3/PSM4 csv, SAM csv, PVGIS csv "
        "and json, NASA POWER csv, or a csv with named columns and units (see sites/README.md)"
    )
