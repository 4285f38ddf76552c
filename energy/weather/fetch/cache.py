"""Years of weather that were fetched once, kept on this cluster.

In: a `Weather` and a name. Out: the same `Weather` whenever it is asked for again, or none.

Each year is one Parquet file, `<name>.v<format>.<digest>.parquet`. The digest is the first half
of the SHA-256 of its bytes. It stands in the name, not in a file beside it, so that one rename
puts a year and its digest in place together: a process that dies leaves a year whole or not at
all, and of two that write at once each leaves a whole year.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
import warnings
from pathlib import Path

from energy.errors import EnergyWarning, WeatherError
from energy.weather.read import read_weather, write_parquet
from energy.weather.series import Weather

#: Rises whenever what a file holds, or means, changes; files of an older format are fetched anew.
FORMAT = 2

#: What a process that was killed had begun is swept away when it is this old [s].
STALE_S = 86400.0


def cache_folder(given: str | Path | None = None) -> Path:
    """Where fetched years are kept: as given, else $SUNRACK_CACHE, else the user's cache folder."""
    import platformdirs

    folder = given or os.environ.get("SUNRACK_CACHE")
    return Path(folder) if folder else platformdirs.user_cache_path("sunrack", appauthor=False)


def names(folder: Path, beginning: str) -> list[str]:
    """Names, sorted, that begin so and are kept in a format this version reads or replaces."""
    found = (_parts(path) for path in folder.glob(f"{beginning}*.v*.parquet"))
    return sorted({parts[0] for parts in found if parts and parts[1] <= FORMAT})


def read(folder: Path, name: str) -> Weather | None:
    """The weather that is kept under a name; None when there is none.

    A file that is cut short, altered or of an older format is thrown away with an EnergyWarning.
    """
    for path in sorted(folder.glob(f"{name}.v*.parquet")):
        parts = _parts(path)
        if parts is None or parts[1] > FORMAT:  # not ours, or that of a later version: let it be
            continue
        try:
            if parts[1] < FORMAT:
                reason = "is of an older format"
            elif _digest(path) != parts[2]:
                reason = "is cut short or altered"
            else:
                return read_weather(path)
        except FileNotFoundError:  # another process threw it away first
            continue
        except WeatherError as error:
            reason = f"cannot be used ({error})"
        except OSError as error:
            raise WeatherError(f"{path}: cannot be read ({error.strerror})") from None
        warnings.warn(
            EnergyWarning(f"{path}: {reason}; thrown away, to be fetched again"), stacklevel=2
        )
        path.unlink(missing_ok=True)
    return None


def write(folder: Path, name: str, weather: Weather) -> Path:
    """Keep weather under a name: made beside, then moved into its place.

    Raises
    ------
    WeatherError
        When the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as beside:
            made = Path(beside) / "year.parquet"
            write_parquet(weather, made)
            return made.replace(folder / f"{name}.v{FORMAT}.{_digest(made)}.parquet")
    except OSError as error:
        raise WeatherError(
            f"{folder}: fetched weather cannot be kept there ({error.strerror}); "
            "make room, or name another folder in SUNRACK_CACHE"
        ) from None


def _parts(path: Path) -> tuple[str, int, str] | None:
    """Name, format and digest that a file's name tells; None for any other file."""
    match = re.fullmatch(r"(.+)\.v(\d+)\.([0-9a-f]*)\.parquet", path.name)
    return (match[1], int(match[2]), match[3]) if match else None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def _sweep(folder: Path) -> None:
    """Remove what killed processes left behind, not what another is making now."""
    for left in folder.glob(".part-*"):
        try:
            old = time.time() - left.stat().st_mtime > STALE_S
        except OSError:
            continue
        if old:
            shutil.rmtree(left, ignore_errors=True)
