"""Price books: what the parts of a plant cost in one market at one date, each line with its source.

In: the TOML files of `data/prices/`, or a path. Out: `PriceBook`; an assumptions file overlaid
with one.

A book has a `[book]` head and a table a line, such as [tracker.capital_usd_per_kwdc], with value,
low, high, unit, source, as_of and, for a price, dollar_year. It has every line of `PARTS`, or says
in [book.kept] why it has none of a part: what is below it stays then.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from energy.countries import COUNTRIES
from energy.errors import InputError
from energy.files import read_bytes
from energy.parameters import (
    FOLDER,
    LARGEST_MB,
    PRICES_FILE,
    Date,
    Input,
    Parameter,
    ParameterFile,
    Sections,
    Words,
    read_parameters,
    read_toml,
    shipped_file,
    validate,
)

#: Part -> the lines that a book has of it.
PARTS: Mapping[str, tuple[str, ...]] = {
    "solar": (
        "tracker.capital_usd_per_kwdc",
        "fixed.capital_usd_per_kwdc",
        "solar.fixed_om_usd_per_kwdc_year",
    ),
    "battery": (
        "battery.energy_usd_per_kwh",
        "battery.power_usd_per_kw",
        "battery.fixed_om_fraction_per_year",
    ),
    **{
        kind: tuple(
            f"{kind}.{key}"
            for key in (
                "capital_usd_per_kw",
                "fixed_om_usd_per_kw_year",
                "variable_om_usd_per_mwh",
                "fuel_usd_per_mmbtu",
            )
        )
        for kind in ("engine", "turbine", "diesel", "fuel_cell")
    },
    "grid": ("grid.capital_usd_per_kw", "grid.demand_usd_per_kw_year", "grid.energy_usd_per_mwh"),
    "integration": ("integration.capital_usd_per_kw", "integration.fixed_om_usd_per_kw_year"),
    "finance": ("finance.wacc_fraction",),
    "construction": ("construction.years", "construction.interest_fraction_per_year"),
}

#: Part that a book may leave out -> why it then has none; books that are older do not know of it.
LATER_PARTS = {"fuel_cell": "the book does not know fuel cells"}

#: The line whose price may be per kWh that the battery delivers.
ENERGY = "battery.energy_usd_per_kwh"
NAMEPLATE, USABLE = "USD/kWh nameplate", "USD/kWh usable"

#: Books of markets in the order in which a country is looked up in them.
MARKETS = ("us-2026", "china-2026", "gulf-2026", "global-2026")


class Head(Input):
    """What a book says of itself.

    Parameters
    ----------
    title
        What it holds, in a few words.
    place
        Whose prices they are, as in "prices are those of ...".
    market
        Countries that it is for (ISO 3166), or "global".
    outside
        Countries that a global book is not for.
    as_of
        Date of the book, such as "2026-05".
    note
        What a reader should know.
    lines_of
        A file of `data/` whose lines are the book's, where it has none of its own.
    kept
        Part of `PARTS`, or one line of it, -> why the book does not have it.
    """

    title: Words
    place: Words
    market: list[str] | Literal["global"]
    outside: list[str] = Field(default_factory=list)
    as_of: Date
    note: Words
    lines_of: Words | None = None
    kept: dict[str, Words] = Field(default_factory=dict)

    @field_validator("market", "outside")
    @classmethod
    def _known_countries(cls, codes: list[str] | str) -> list[str] | str:
        if isinstance(codes, list) and (wrong := [c for c in codes if c not in COUNTRIES]):
            raise ValueError(f"{', '.join(wrong)}: no code of ISO 3166 such as US")
        return codes

    @field_validator("kept")
    @classmethod
    def _known_parts(cls, kept: dict[str, str]) -> dict[str, str]:
        lines = {name for names in PARTS.values() for name in names}
        if wrong := [part for part in kept if part not in PARTS and part not in lines]:
            raise ValueError(f"{', '.join(wrong)}: no part; known: {', '.join(PARTS)}, or a line")
        return kept


@dataclass(frozen=True)
class PriceBook:
    """Prices of one market at one date; `read_price_book` reads one.

    Parameters
    ----------
    name
        Its name, as `--prices` takes it.
    head
        What it says of itself.
    sections
        Its lines, by section and key as in the assumptions.
    """

    name: str
    head: Head
    sections: Sections

    @property
    def title(self) -> str:
        """What it holds, and its name."""
        return f"{self.head.title} ({self.name})"

    def fits(self, country: str) -> bool:
        """Whether it is for a country."""
        if self.head.market == "global":
            return country not in self.head.outside
        return country in self.head.market

    def overlay(self, file: ParameterFile) -> ParameterFile:
        """An assumptions file with the lines of the book instead of its own."""
        sections = {name: dict(quantities) for name, quantities in file.sections.items()}
        for section, lines in self.sections.items():
            sections.setdefault(section, {}).update(lines)
        return replace(file, sections=sections, price_index=_joined_index(file.price_index))


def _joined_index(index: Mapping[str, float]) -> Mapping[str, float]:
    """A file's price index; years that it lacks from the shipped one, at the file's scale."""
    shipped = shipped_file(FOLDER / PRICES_FILE).price_index
    if index is shipped:
        return shipped
    common = [year for year in shipped if year in index]
    scale = index[common[-1]] / shipped[common[-1]] if common else 1.0
    return {year: value * scale for year, value in shipped.items()} | dict(index)


def book_names() -> list[str]:
    """Names of the shipped books, sorted.

    Examples
    --------
    >>> "us-2025" in book_names()
    True
    """
    return sorted(path.stem for path in (FOLDER / "prices").glob("*.toml"))


def book_for(country: str | None) -> PriceBook:
    """The shipped book of the market that a country belongs to; of an unknown one, the world's.

    Examples
    --------
    >>> book_for("AU").name
    'global-2026'
    """
    if country is None:
        return _shipped(MARKETS[-1])
    return next(book for book in map(_shipped, MARKETS) if book.fits(country))


def read_price_book(name: str | Path) -> PriceBook:
    """A price book by its name, or by the path of its TOML file.

    Raises
    ------
    InputError
        For a name that is unknown, with those that are known; for a file with every problem: parts
        or lines that it lacks, values out of order, units and currencies that are not the model's.

    Examples
    --------
    >>> read_price_book("us-2025").head.place
    'the United States'
    """
    text = str(name)
    known = book_names()
    if text in known:
        return _shipped(text)
    if Path(text).suffix != ".toml":
        near = difflib.get_close_matches(text.lower(), known, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise InputError(
            f"no price book called {text[:60]!r}; {hint}known: {', '.join(known)}; or give the "
            "path of a book's TOML file"
        )
    return _read(Path(text))


@cache
def _shipped(name: str) -> PriceBook:
    return _read(FOLDER / "prices" / f"{name}.toml")


def _read(path: Path) -> PriceBook:
    content = read_toml(path)
    at = _Lines(path)
    problems: list[str] = []
    try:
        head = validate(Head, _table(content.pop("book", None)), f"{path}: [book]")
    except InputError as error:
        raise InputError(error.problems) from None
    base = _known()
    sections: dict[str, dict[str, Parameter]] = {}
    for section, lines in content.items():
        for key, line in _table(lines).items():
            name = f"{section}.{key}"
            found = _line_problems(name, line, base)
            if found:
                problems += [f"{at.of(name)}: {problem}" for problem in found]
                continue
            try:
                parameter = validate(Parameter, line, at.of(name) + f": {name}")
            except InputError as error:
                problems += error.problems
                continue
            sections.setdefault(section, {})[key] = parameter
        if not isinstance(lines, dict) or not lines:
            problems.append(f"{at.of(section)}: '{section}' has no lines such as [tracker.capital_")
    if head.lines_of is not None:
        whole = _lines_of(head, path)
        sections = {name: whole.get(name, {}) | sections.get(name, {}) for name in whole | sections}
    given = {f"{section}.{key}" for section, lines in content.items() for key in _table(lines)}
    given |= {f"{section}.{key}" for section, lines in sections.items() for key in lines}
    later = {part: why for part, why in LATER_PARTS.items() if not given & set(PARTS[part])}
    head = head.replace(kept=later | head.kept)
    for part, names in PARTS.items():
        kept = [name for name in names if part in head.kept or name in head.kept]
        if absent := [name for name in names if name not in given and name not in kept]:
            problems.append(
                f"{path}: no prices of {part}: {', '.join(absent)} missing; add them, or say "
                f'under [book.kept] why: {part} = "..."'
            )
        if both := [name for name in kept if name in given]:
            problems.append(
                f"{at.of('book.kept')}: {', '.join(both)} is said to be kept, but the book has it"
            )
    if problems:
        raise InputError(problems)
    return PriceBook(path.stem, head, sections)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


@cache
def _known() -> Mapping[str, Parameter]:
    """Every number of the shipped assumptions by its name."""
    sections = shipped_file(FOLDER / PRICES_FILE).sections
    return {
        f"{name}.{key}": each for name, lines in sections.items() for key, each in lines.items()
    }


def _lines_of(head: Head, path: Path) -> dict[str, dict[str, Parameter]]:
    """The lines of `PARTS` that a file of `data/` has, of the date of the book."""
    known = read_parameters(FOLDER / str(head.lines_of)).sections
    lines: dict[str, dict[str, Parameter]] = {}
    for name in (name for names in PARTS.values() for name in names):
        section, key = name.split(".")
        if key not in known.get(section, {}):
            raise InputError(f"{path}: {head.lines_of} has no {name}")
        lines.setdefault(section, {})[key] = known[section][key].replace(as_of=head.as_of)
    return lines


def _line_problems(name: str, line: Any, base: Mapping[str, Parameter]) -> list[str]:
    """What is wrong with a line, beyond what `Parameter` itself refuses."""
    if name not in base:
        near = difflib.get_close_matches(name, base, n=1)
        return [f"{name} is no assumption" + (f"; did you mean {near[0]}?" if near else "")]
    if not isinstance(line, dict):
        return [f"{name} needs a table with value, low, high, unit, source, as_of"]
    is_price = base[name].is_price
    needed = ["value", "low", "high", "unit", "source", "as_of", *["dollar_year"] * is_price]
    problems = []
    if missing := [key for key in needed if key not in line]:
        problems.append(f"{name} needs {', '.join(missing)}")
    ends = {key: line[key] for key in ("low", "value", "high") if key in line}
    numbers = {key: end for key, end in ends.items() if type(end) in (int, float)}
    problems += [
        f"{name}: {key} must be a number; got {end!r}"
        for key, end in ends.items()
        if key not in numbers
    ]
    if len(numbers) == 3:
        low, value, high = numbers.values()
        if low > value:
            problems.append(f"{name}: low {low:g} lies above value {value:g}")
        if value > high:
            problems.append(f"{name}: value {value:g} lies above high {high:g}")
    if "unit" in line:
        problems += _unit_problems(name, str(line["unit"]), base[name].unit)
    # Parameter says the rest, of a line that has all its keys.
    return problems


def _unit_problems(name: str, unit: str, expected: str) -> list[str]:
    if name == ENERGY:
        if unit in (NAMEPLATE, USABLE):
            return []
        return [f"{name} is in {unit!r}; it is a price in {NAMEPLATE!r} or in {USABLE!r}"]
    if unit.split()[:1] == expected.split()[:1]:
        return []
    first = expected.split()[0]
    other = re.match(r"[A-Z]{3}\b", unit)
    more = "; turn other currencies into USD" if other and other[0] != "USD" else ""
    return [f"{name} is in {unit!r}; it must be in {first}{more}"]


class _Lines:
    """Where the tables of a TOML file stand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = read_bytes(path, LARGEST_MB).decode("utf-8")
        heads = enumerate(text.splitlines(), start=1)
        self.numbers = {
            found[1].replace(" ", ""): number
            for number, line in heads
            if (found := re.match(r"\s*\[([^\]]+)\]", line))
        }

    def of(self, name: str) -> str:
        """The file, and the line of the table of that name where it has one."""
        number = self.numbers.get(name)
        return f"{self.path}:{number}" if number else str(self.path)


def per_nameplate(file: ParameterFile) -> ParameterFile:
    """The file with its battery priced per nameplate kWh.

    A system of 4 h at 235 $/kWh delivers its 4 kWh per kW; the model's MWh are of nameplate, of
    which it uses `battery.usable_fraction`. What such a system costs per kWh that it delivers is
    therefore that fraction of it per nameplate kWh, or the window would be paid for twice. Nor does
    the window have a range then: a narrower one would take more nameplate at as much less a price.
    """
    battery = file.sections.get("battery", {})
    price, window = battery.get("energy_usd_per_kwh"), battery.get("usable_fraction")
    if price is None or window is None or price.unit != USABLE:
        return file
    converted = price.replace(
        **{end: getattr(price, end) * window.value for end in ("value", "low", "high")},
        unit=NAMEPLATE,
        source=f"{price.source}; {price.value:g} per usable kWh, times battery.usable_fraction",
    )
    fixed = window.replace(
        low=window.value,
        high=window.value,
        source=f"{window.source}; without a range, as the battery is priced per usable kWh",
    )
    changed = dict(battery) | {"energy_usd_per_kwh": converted, "usable_fraction": fixed}
    return replace(file, sections=dict(file.sections) | {"battery": changed})
