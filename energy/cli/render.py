"""How answers look: tables that fit the terminal, bars, sentences, JSON.

In: texts and numbers. Out: lines on stdout; progress goes to stderr.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")


def progress(quiet: bool, description: str) -> Any:
    """What wraps a loop's items in a bar on stderr, when that is a terminal and wanted."""

    def wrapped(items: Iterable[T]) -> Iterator[T]:
        from rich.console import Console
        from rich.progress import track

        console = Console(stderr=True)
        if not console.is_terminal or quiet:
            yield from items
            return
        yield from track(list(items), description=description, console=console, transient=True)

    return wrapped


def print_json(record: dict[str, Any]) -> None:
    """Print plain data as JSON; NaN and infinity are refused."""
    print(json.dumps(record, indent=2, allow_nan=False))


def printable(text: str) -> str:
    """Text whose control characters are shown, not sent: a site's name may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def say(text: str) -> None:
    """Print a sentence, folded where a terminal's lines end."""
    import textwrap

    width, text = terminal_width(), printable(text)
    print(text if width is None else textwrap.fill(text, width))


def terminal_width() -> int | None:
    """Columns of the terminal; None when the output is piped and lines may be of any length."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


#: Columns of text are folded down to this width before a table is split.
FOLDED = 24


def _console(least: int = 0) -> Console:
    """Where text goes; what is no terminal is as wide as what is written to it."""
    from rich.console import Console

    plain = bool(os.environ.get("NO_COLOR"))
    width = terminal_width() or max(400, least)
    return Console(highlight=False, width=width, color_system=None if plain else "auto")


def print_table(heads: Iterable[str], rows: Iterable[Iterable[str]], left: Iterable[int]) -> None:
    """A table; where the terminal is too narrow for it, several that repeat the first column.

    Columns in `left` hold text, which may be folded; numbers and their heads' words never are.
    """
    heads, cells = list(heads), [[printable(cell) for cell in row] for row in rows]
    width = terminal_width()
    least = []
    for at, head in enumerate(heads):
        column = [row[at] for row in cells]
        word = max(map(len, [*head.split(), *" ".join(column).split(), ""]))
        whole = max(map(len, [*head.split(), *column, ""]))
        least.append(min(whole, max(FOLDED, word)) if at in left else whole)
    groups: list[list[int]] = [[]]
    for at in range(len(heads)):
        wide = sum(least[other] + 3 for other in [*groups[-1], at])
        if width is not None and len(groups[-1]) > 1 and wide - 1 > width:
            groups.append([0])
        groups[-1].append(at)
    for group in groups:
        natural = [max(map(len, [heads[at], *(row[at] for row in cells)])) for at in group]
        widths = _widths([least[at] for at in group], natural, [at in left for at in group], width)
        _print_part([heads[at] for at in group], [[row[at] for at in group] for row in cells],
                    widths, [at in left for at in group])  # fmt: skip


def _widths(least: list[int], natural: list[int], text: list[bool], most: int | None) -> list[int]:
    """Widths of columns on a line of `most`: what is left goes to text first, then to heads."""
    if most is None or sum(natural) + 3 * len(natural) - 1 <= most:
        return natural
    widths = list(least)
    spare = most - sum(widths) - 3 * len(widths) + 1
    for at in sorted(range(len(widths)), key=lambda at: not text[at]):
        more = max(min(natural[at] - widths[at], spare), 0)
        widths[at] += more
        spare -= more
    return widths


def _print_part(
    heads: list[str], rows: list[list[str]], widths: list[int], left: list[bool]
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, show_header=any(heads))
    for head, width, text in zip(heads, widths, left, strict=True):
        table.add_column(Text(head), justify="left" if text else "right", overflow="fold",
                         width=width)  # fmt: skip
    for row in rows:
        table.add_row(*map(Text, row))
    _console(sum(widths) + 3 * len(widths)).print(table)
    print()


def cell(value: object) -> str:
    """A cell of a frame: four digits of a number, the day of a time."""
    if isinstance(value, float):
        return f"{value:.4g}" if value == value else ""  # nothing for what is not known
    return f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else str(value)


def number(value: float, digits: int = 0) -> str:
    """A number with thousands separated."""
    return f"{value:,.{digits}f}"


def bar(fraction: float, width: int = 20) -> str:
    """A bar of a fraction in 0..1; none for NaN."""
    return blocks()[-1] * round(width * min(max(0.0, fraction), 1.0))  # max(0, NaN) is 0


def blocks() -> str:
    """Eight characters, each higher than the one before, that the output can show."""
    try:
        "▁█".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "12345678"
    return "▁▂▃▄▅▆▇█"


def fail(messages: list[str], code: int) -> NoReturn:
    """Print messages to stderr and end with an exit code."""
    for message in messages:
        # A word of thousands of letters, given by mistake, says no more than its ends.
        short = re.sub(r"\S{400,}", lambda word: f"{word[0][:80]}...{word[0][-40:]}", message)
        print(f"energy: {printable(short)}", file=sys.stderr)
    sys.exit(code)
