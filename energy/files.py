"""Files on disk: read within bounds, written whole or not at all.

In: a path, and what is to be written. Out: the file's bytes, or the file in its place.
"""

from __future__ import annotations

import glob
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from energy.errors import InputError

#: How the name of a file ends that is being written, and after how long nobody writes it [s].
PART, STALE_S = ".part", 3600.0


def read_bytes(path: Path, largest_mb: float) -> bytes:
    """The bytes of a regular file of a bounded size.

    Raises
    ------
    FileNotFoundError
        When there is none.
    InputError
        For a folder, a pipe, a device, a file that is too large, and one that cannot be read.
    """
    try:
        state = path.stat()
        large = state.st_size > largest_mb * 1e6
        if stat.S_ISREG(state.st_mode) and not large:
            return path.read_bytes()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason})") from None
    if stat.S_ISDIR(state.st_mode):
        raise InputError(f"{path}: cannot be read (it is a folder); give a file")
    if not large:
        raise InputError(f"{path}: cannot be read (it is a pipe or a device); give a file")
    raise InputError(
        f"{path}: {state.st_size / 1e6:,.0f} MB; a file of its kind has at most {largest_mb:g} MB"
    )


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place under a name of its own, then in it.

    An old file stays until the new one is whole, and its mode is the new one's; a link is
    followed. What killed runs left beside it for an hour goes.

    Raises
    ------
    InputError
        For a folder, a pipe or a device, a read-only file, or a place that cannot be written.
    """
    if why := unwritable(path):
        raise InputError(f"{path}: {why}")
    place = Path(os.path.realpath(path))
    beside = ""
    try:
        _sweep(place)
        handle, beside = tempfile.mkstemp(f"{PART}", f".{place.name[:80]}.", place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(beside, _mode(place))
        Path(beside).replace(place)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    finally:  # also after Ctrl-C; what has been moved into place is not there any more
        if beside:
            with suppress(OSError):
                os.unlink(beside)


def unwritable(path: Path) -> str:
    """Why no file can be written at a path, as far as that shows without writing; empty if it can.

    A path that is too long is neither folder nor file here; writing says so.
    """
    try:
        if "\0" in str(path):
            return "cannot be written; leave the NUL out of its name"
        if os.path.isdir(path):
            return "is a folder; give the name of a file"
        if os.path.exists(path) and not os.path.isfile(path):
            return "is a pipe or a device; give the name of a file"
        if os.path.isfile(path) and not os.stat(path).st_mode & stat.S_IWUSR:
            return "is read-only; name another file or make it writable"
        if not os.path.isdir(path.absolute().parent):
            return f"cannot be written ({path.parent} is no folder)"
    except (OSError, ValueError) as error:
        return f"cannot be written ({error})"
    return ""


def _mode(place: Path) -> int:
    """The mode of the file that is replaced, or what a new file gets."""
    if place.is_file():
        return stat.S_IMODE(place.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sweep(place: Path) -> None:
    """Remove what killed runs left beside a file, not what another run writes now."""
    for left in place.parent.glob(f".{glob.escape(place.name[:80])}.*{PART}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_S:
                left.unlink()
