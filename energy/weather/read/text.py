"""The text of a weather file: found, bounded, unpacked and decoded.

In: a path. Out: the file's bytes, or its lines as text with one kind of line end; a gzip or zip
archive is opened. What is not weather is named in its own words.
"""

from __future__ import annotations

import gzip
import html
import io
import json
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

from energy.errors import InputError, WeatherError
from energy.files import read_bytes

#: The largest file that is read, packed or not: 100 years of quarter-hours in the widest format
#: are 700 MB.
LARGEST_MB = 800

#: How a message about another kind of file begins.
UNKNOWN = "not a weather file that is known"

#: How other kinds of files begin, and what to do with them.
OTHER_KINDS = {
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xfd7zXZ": "an xz archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a rar archive; unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive; unpack it first",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls); save the sheet as csv",
    b"%PDF": "a PDF; give the data as csv or EPW",
    b"\x89HDF": "HDF5 or NetCDF; export the place's hours as csv",
    b"CDF": "NetCDF; export the place's hours as csv",
    b"GRIB": "GRIB; export the place's hours as csv",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"-- Statistics for": "the statistics beside an EPW (.stat); give the .epw",
    b"! The following Location": "the design days beside an EPW (.ddy); give the .epw",
}

#: Endings of weather files in a zip archive, the likeliest first.
MEMBERS = (".epw", ".csv", ".tm2", ".json", ".txt")


def contents(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is a gzip or zip archive of one weather file.

    Raises
    ------
    WeatherError
        For a path that is no regular file, is too large or empty, and for other kinds of files.
    """
    content = _unpacked(path, _bytes(path))
    if not content.strip():
        raise WeatherError(f"{path}: the weather file is empty")
    for start, kind in OTHER_KINDS.items():
        if content.startswith(start):
            raise WeatherError(f"{path}: {UNKNOWN} but {kind}")
    if content[257:262] == b"ustar":
        raise WeatherError(f"{path}: {UNKNOWN} but a tar archive; unpack it first")
    return content


def _bytes(path: Path) -> bytes:
    try:
        return read_bytes(path, LARGEST_MB)
    except FileNotFoundError:
        raise WeatherError(f"{path}: no such weather file") from None
    except InputError as error:
        raise WeatherError(error.problems) from None


def _too_large(path: Path, size: float) -> str:
    return f"{path}: {size / 1e6:,.0f} MB; a weather file has at most {LARGEST_MB} MB"


def _unpacked(path: Path, content: bytes) -> bytes:
    for _ in range(3):  # an archive may hold another one
        if content.startswith(b"\x1f\x8b"):
            try:
                with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                    content = file.read(int(LARGEST_MB * 1e6) + 1)
            except (OSError, EOFError, zlib.error) as error:
                raise WeatherError(f"{path}: a gzip archive that is damaged ({error})") from None
        elif content.startswith(b"PK\x03\x04"):
            content = _member(path, content)
        else:
            break
    if len(content) > LARGEST_MB * 1e6:
        raise WeatherError(_too_large(path, len(content)))
    return content


def _member(path: Path, content: bytes) -> bytes:
    """The one weather file in a zip archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [entry for entry in archive.infolist() if not entry.is_dir()]
            names = [entry.filename for entry in files]
            if any(name.startswith("xl/") for name in names):
                raise WeatherError(f"{path}: {UNKNOWN} but a spreadsheet; save the sheet as csv")
            for ending in MEMBERS:
                of_kind = [
                    entry
                    for entry in files
                    if entry.filename.lower().removesuffix(".gz").endswith(ending)
                ]
                if len(of_kind) == 1:
                    if of_kind[0].file_size > LARGEST_MB * 1e6:
                        raise WeatherError(_too_large(path, of_kind[0].file_size))
                    return archive.read(of_kind[0])
                if of_kind:
                    names = [entry.filename for entry in of_kind]
                    break
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError) as error:
        raise WeatherError(f"{path}: a zip archive that cannot be read ({error})") from None
    held = ", ".join(sorted(names)[:8]) or "nothing"
    raise WeatherError(f"{path}: a zip archive of {held}; unpack it and give one weather file")


def decoded(content: bytes) -> str:
    """Text of bytes, lines ending in one newline: UTF-8 or UTF-16, or Windows' western letters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.rstrip("\x1a\x00\n ").lstrip("\n") + "\n"  # DOS ends a text with ^Z


def not_weather(text: str) -> str | None:
    """What a text that is no weather file says itself: a page or an error of a service."""
    head = text[:100_000].lstrip()
    if head[:1] in "{[":
        try:
            said = _messages(json.loads(text))
        except (ValueError, RecursionError):
            said = []
        shown = "; ".join(said)[:300] if said else f"keys such as {head[:60]!r}"
        return f"JSON that is no known weather format; it says: {shown}"
    if re.match(r"<(!doctype|html|\?xml|[a-z][\w:]*[ >])", head, re.I):
        title = re.search(r"<title[^>]*>(.*?)</title>", head, re.I | re.S)
        plain = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", head)
        words = " ".join(html.unescape(title[1] if title else plain).split())[:300]
        return f"a page of markup, as a service sends it for an error; it says: {words}"
    return None


def _messages(value: Any) -> list[str]:
    """The sentences of a service's answer: texts under keys that tell of errors."""
    telling = ("error", "message", "detail", "title", "description", "status", "reason")
    found: list[str] = []
    queue = [value]
    while queue and len(found) < 6:
        item = queue.pop(0)
        if isinstance(item, dict):
            for key, inner in item.items():
                if isinstance(inner, str) and any(word in str(key).lower() for word in telling):
                    found.append(inner)
                elif isinstance(inner, dict | list):
                    queue.append(inner)
        elif isinstance(item, list):
            found.extend(text for text in item if isinstance(text, str))
            queue.extend(inner for inner in item if isinstance(inner, dict | list))
    return found
