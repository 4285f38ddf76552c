"""Results as people see them and as files keep them.

In: a frame, or a `Result`, the base of all that the model answers. Out: a table in HTML with
caption, units and sensible rounding; a CSV, Parquet or JSON file of it in full precision, and what
such a file holds.
"""

from __future__ import annotations

import html
import io
import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import pandas as pd

from energy.errors import InputError
from energy.files import replace_file, unwritable
from energy.units import heading, plain, show

#: Endings of the files that a table is written to.
ENDINGS = (".csv", ".parquet", ".json")

#: What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class HasFrame(Protocol):
    """What can be written: anything with a frame; its `to_dict()`, if it has one, goes along."""

    @property
    def frame(self) -> pd.DataFrame:
        """The numbers, one row a thing."""


class Shown:
    """Base of all that a notebook shows as a table: a frame and a line that says what it is."""

    #: True where the rows' names carry the units rather than the columns'.
    by_row: ClassVar[bool] = False

    if TYPE_CHECKING:
        # A field of some, a property of others; at run time a base's would hide the field.
        @property
        def frame(self) -> pd.DataFrame:
            """The numbers, one row a thing."""

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return type(self).__name__

    @property
    def shown(self) -> pd.DataFrame:
        """The rows that a notebook shows: all of `frame`, where nothing else is said."""
        return self.frame

    def _repr_html_(self) -> str:
        return html_table(self.shown, self.caption, by_row=self.by_row)


class Result(Shown):
    """Base of all results: they show themselves, and go to plain data and to files."""

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data for JSON; None for NaN and infinity."""
        record: dict[str, Any] = plain(self._record())
        return record

    def _record(self) -> dict[str, Any]:
        """What `to_dict` gives, in numbers of any kind."""
        return {"rows": self.frame.reset_index().to_dict(orient="records")}

    def save(self, path: str | Path) -> None:
        """Write the frame, and what `to_dict` gives, as a file; see `write_result`."""
        write_result(self, path)


@dataclass(frozen=True, eq=False)
class ResultFile(Shown):
    """What a file of a result holds.

    Parameters
    ----------
    kind
        What it was, such as "Comparison"; empty for a CSV file, which holds a table only.
    frame
        Its `frame`, value for value. CSV keeps no index: it comes back as the first column.
    record
        Its `to_dict()`; empty for a CSV file.
    """

    kind: str
    frame: pd.DataFrame
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def caption(self) -> str:
        """What it was."""
        return self.kind


# --- to be seen -----------------------------------------------------------------------------------


def html_table(frame: pd.DataFrame, caption: str, *, by_row: bool = False) -> str:
    """A frame as an HTML table, four digits a number, units in the headings.

    Parameters
    ----------
    frame
        The numbers; names end in their unit, such as `capital_usd`.
    caption
        What the table is; taken as text.
    by_row
        True where the rows' names carry the units rather than the columns'.
    """
    heads = [str(frame.index.name or ""), *map(str, frame.columns)]
    titles = heads if by_row else [heading(head) for head in heads]
    cells = []
    for label, *values in frame.itertuples():
        names = [str(label)] * len(values) if by_row else heads[1:]
        shown = [show(name, value) for value, name in zip(values, names, strict=True)]
        row_head = heading(str(label)) if by_row else show("", label)
        cells.append(f"<tr><th>{html.escape(row_head)}</th>{''.join(map(_cell, shown))}</tr>")
    head = "".join(f"<th>{html.escape(name)}</th>" for name in titles)
    return (
        f"<table><caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(cells)}</tbody></table>"
    )


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as plain data; None for NaN and infinity."""
    rows: list[dict[str, Any]] = plain(frame.to_dict(orient="records"))
    return rows


def _cell(text: str) -> str:
    return f'<td style="text-align:right">{html.escape(text)}</td>'


# --- to be kept -----------------------------------------------------------------------------------


def write_result(result: HasFrame, path: str | Path) -> None:
    """Write a result's frame, and with Parquet and JSON its record, as the file's ending says.

    Raises
    ------
    InputError
        For another ending, a folder, or a place that cannot be written; an old file stays.

    Examples
    --------
    >>> import energy as en
    >>> en.write_result(ranking, "ranking.parquet")  # doctest: +SKIP
    """
    record = result.to_dict() if hasattr(result, "to_dict") else {}
    _write(result.frame, Path(path), type(result).__name__, record)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a frame in full precision; raises as `write_result`."""
    _write(frame, Path(path), "", {})


def read_result(path: str | Path) -> ResultFile:
    """What `write_result` wrote.

    Raises
    ------
    InputError
        For another ending, and for a file that is missing or was not written so.

    Examples
    --------
    >>> import energy as en
    >>> en.read_result("ranking.parquet").frame  # doctest: +SKIP
    """
    path = Path(path)
    _check_ending(path)
    try:
        if path.suffix.lower() == ".csv":
            # pandas' own reader rounds the last digit of some numbers.
            from pyarrow import csv

            table = csv.read_csv(path).to_pandas()
            texts = table.select_dtypes(include=["object", "string"]).columns
            return ResultFile("", table.assign(**{n: table[n].map(_as_it_was) for n in texts}))
        if path.suffix.lower() == ".parquet":
            frame = pd.read_parquet(path)
            kind, record = frame.attrs.pop("kind", ""), frame.attrs.pop("record", {})
            return _result(kind, record, frame)
        content = json.loads(path.read_text(encoding="utf-8"))
        columns = [_from_json(column) for column in content["frame"]]
        index, *rest = columns
        frame = pd.DataFrame({column.name: column.to_numpy() for column in rest})
        frame.index = pd.Index(index, name=index.name)
        return _result(content["kind"], content["record"], frame)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
        OverflowError,
    ) as error:  # fmt: skip
        raise InputError(f"{path}: not a table that sunrack wrote ({error})") from None


def _result(kind: Any, record: Any, frame: pd.DataFrame) -> ResultFile:
    """A file's content, if it is of the right kinds."""
    names = [*frame.columns, frame.index.name or ""]
    if not (isinstance(kind, str) and isinstance(record, dict)):
        raise TypeError("its kind must be a text and its record a table")
    if not all(isinstance(name, str) for name in names):
        raise TypeError("its columns must have names")
    return ResultFile(kind, frame, record)


def check_place(path: str | Path) -> None:
    """Refuse a path that no table can be written to, before the work for it is done.

    Raises
    ------
    InputError
        For an ending that is none of `ENDINGS`, a folder, or a folder that is not there.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder; give the name of a file")
    _check_ending(path)
    if why := unwritable(path):
        raise InputError(f"{path}: {why}")


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path}: tables end in {', '.join(ENDINGS)}; got {path.suffix!r}")


def _write(frame: pd.DataFrame, path: Path, kind: str, record: dict[str, Any]) -> None:
    _check_ending(path)
    # Rows that are only counted have no index worth keeping.
    counted = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    if path.suffix.lower() == ".csv":
        replace_file(path, csv_text(frame, index=not counted).encode())
        return
    if path.suffix.lower() == ".parquet":
        kept = frame.copy()
        kept.attrs = {"kind": kind, "record": record}
        held = io.BytesIO()
        kept.to_parquet(held)
        replace_file(path, held.getvalue())
        return
    index = pd.Series(frame.index, name=frame.index.name)
    columns = [_to_json(index), *(_to_json(frame[name]) for name in frame.columns)]
    content = {"kind": kind, "record": record, "frame": columns}
    replace_file(path, json.dumps(content, allow_nan=False).encode())


def csv_text(frame: pd.DataFrame, *, index: bool) -> str:
    """A frame as csv in full precision; text that a spreadsheet would run has a quote before it."""
    shown = frame.copy()
    for name in shown.columns:
        if not pd.api.types.is_numeric_dtype(shown[name]):
            shown[name] = shown[name].map(_inert)
    shown.columns = shown.columns.map(_inert)
    if index and not pd.api.types.is_numeric_dtype(shown.index):
        shown.index = shown.index.map(_inert).rename(frame.index.name)
    return shown.to_csv(index=index)


def _inert(cell: Any) -> Any:
    dangerous = isinstance(cell, str) and len(cell) > 1 and cell.startswith(FORMULA)
    return f"'{cell}" if dangerous else cell


def _as_it_was(cell: Any) -> Any:
    """A cell of `csv_text` without the quote before it."""
    quoted = isinstance(cell, str) and cell.startswith("'") and cell[1:].startswith(FORMULA)
    return cell[1:] if quoted else cell


def _to_json(column: pd.Series[Any]) -> dict[str, Any]:
    """A column as plain data; numbers that JSON does not know, and times, as words."""
    values: list[Any] = column.tolist()
    if column.dtype.kind == "f":
        values = [value if math.isfinite(value) else str(value) for value in values]
    elif column.dtype.kind == "M":
        values = [value.isoformat() for value in values]
    return {"name": column.name, "dtype": str(column.dtype), "values": values}


def _from_json(column: dict[str, Any]) -> pd.Series[Any]:
    values, dtype = column["values"], column["dtype"]
    if dtype.startswith("float"):
        values = [float(value) for value in values]
    elif dtype.startswith("datetime"):
        values = pd.DatetimeIndex(values)
    read: pd.Series[Any] = pd.Series(values, name=column["name"], dtype=dtype)
    return read
