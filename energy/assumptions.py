"""What the model assumes: solar, battery, backup, grid, failures, wear, finance, with the sources.

In: a TOML file where each number has value, low, high, unit, source and, for a price, dollar-year;
a price book, whose lines go before the file's.
Out: `Assumptions`, all prices in real dollars of `finance.dollar_year`, and `.frame`, its sources.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field, PrivateAttr

from energy.array import FixedTilt, Solar, Tracker
from energy.backup import BACKUP_KINDS, Backup, BackupKind, kind_problem
from energy.battery import Battery
from energy.datacenter.facility import Cooling
from energy.errors import InputError
from energy.failures import Failures
from energy.grid import Grid
from energy.parameters import (
    FOLDER,
    PRICES_FILE,
    Input,
    Lifetime,
    NotNegative,
    ParameterFile,
    Positive,
    parameters_of,
    read_parameters,
    shipped_file,
    sources,
    validate,
)
from energy.price_books import PriceBook, per_nameplate, read_price_book
from energy.snow import Snow
from energy.terms import Terms
from energy.wear import Wear

DEFAULT_FILE = FOLDER / PRICES_FILE

#: The price book of the shipped file where nothing says where the plant stands. The file's own
#: prices are those of us-2025.
DEFAULT_BOOK = "us-2026"

#: Kinds of modules with their losses: those of [solar], or what a section of that name has instead.
MODULES = ("bifacial", "pvwatts")

#: Sections that a file may leave to the shipped one.
LATER_SECTIONS = ("failures", "wear", "construction", "fuel_cell")

#: Lines that a file with their section may leave to the shipped one.
LATER_LINES = (("grid", "curtailed_hours_per_year"),)


class Integration(Input):
    """Switchgear, controls and balance of plant, per kW of peak load."""

    capital_usd_per_kw: NotNegative
    fixed_om_usd_per_kw_year: NotNegative
    # Of array, battery and switchgear together.
    lead_years: NotNegative
    lifetime_years: Lifetime


class Construction(Input):
    """Interest while the plant is built, before it earns anything."""

    years: Annotated[float, Field(ge=0, le=20)]
    interest_fraction_per_year: Annotated[float, Field(ge=0, lt=1)]

    @property
    def capital_factor(self) -> float:
        """What a dollar of the price, spent evenly over `years`, has become on the first day.

        ((1 + i)^n - 1) / (n ln(1 + i)): close to 1 + n i / 2.
        """
        if self.years == 0 or self.interest_fraction_per_year == 0:
            return 1.0
        grown = math.log1p(self.interest_fraction_per_year) * self.years
        return math.expm1(grown) / grown


class Computers(Input):
    """The computers that the plant feeds."""

    lifetime_years: Lifetime


class Finance(Input):
    """Cost of capital and the year of the dollars."""

    wacc_fraction: Annotated[float, Field(gt=-0.5, lt=1)]
    inflation_fraction: Annotated[float, Field(gt=-0.5, lt=1)]
    project_years: Lifetime
    dollar_year: Annotated[int, Field(ge=2000, le=2100)]

    @property
    def real_discount_fraction(self) -> float:
        """Yearly discount rate without inflation: (1 + wacc) / (1 + inflation) - 1."""
        return (1 + self.wacc_fraction) / (1 + self.inflation_fraction) - 1


class Limits(Input):
    """The largest plant that sizing searches; of its array, most panels to an inverter and tilt."""

    solar_mw_per_load_mw: Positive
    battery_h: Positive
    dc_ac_ratio: Annotated[float, Field(ge=1, le=5)]
    tilt_deg: Annotated[float, Field(ge=0, le=90)]


class Assumptions(Input):
    """Everything that is an assumption rather than chosen; `read_assumptions` makes one.

    Examples
    --------
    >>> import energy as en
    >>> en.read_assumptions(prices="us-2025").battery.energy_usd_per_kwh
    177.0
    """

    solar: Solar
    snow: Snow
    battery: Battery
    backup: Backup
    grid: Grid
    failures: Failures
    wear: Wear
    cooling: Cooling
    integration: Integration
    construction: Construction
    computers: Computers
    finance: Finance
    limits: Limits
    #: With them costs are after tax, and sizes the cheapest after tax.
    terms: Terms | None = None

    _file: ParameterFile = PrivateAttr()
    _book: PriceBook | None = PrivateAttr(default=None)

    def model_post_init(self, _: Any) -> None:
        """Parameters of the shipped file, until those of another are given."""
        self._file = _with_modules(shipped_file(DEFAULT_FILE), "bifacial")

    def replace(self, **changes: Any) -> Assumptions:
        """A copy with `changes`, validated again; ranges and sources are the same file's."""
        other = super().replace(**changes)
        other._file, other._book = self._file, self._book
        return other

    @property
    def before_tax(self) -> Assumptions:
        """The same assumptions without terms: costs before tax."""
        return self if self.terms is None else self.replace(terms=None)

    @property
    def dollars(self) -> str:
        """In what money costs are: the year of the dollars, and after which tax and return."""
        year = f"{self.finance.dollar_year} dollars"
        if self.terms is None:
            return year
        return f"{year}, after tax at a return of {100 * self.terms.equity_irr_fraction:.4g} %"

    @property
    def book(self) -> PriceBook | None:
        """The price book; None where the prices are a file's own."""
        return self._book

    @property
    def prices(self) -> str:
        """Whose prices these are: the name of the price book, or of the file that has its own."""
        return self._file.path.name if self._book is None else self._book.name

    @property
    def prices_title(self) -> str:
        """Whose prices these are, in words."""
        return f"those of {self.prices}" if self._book is None else self._book.title

    @property
    def price_notes(self) -> list[str]:
        """What is to be said of the prices in use, wherever the plant stands."""
        if self._book is None:
            return []
        notes = []
        if self._file.path != DEFAULT_FILE:
            notes.append(
                f"the prices of {self._file.path.name} are overlaid with those of the price book "
                f"{self._book.name}"
            )
        others = set(BACKUP_KINDS) - {self.backup.kind}
        by_reason: dict[str, list[str]] = {}
        for part, why in self._book.head.kept.items():
            if part.split(".")[0] not in others:
                by_reason.setdefault(why, []).append(part)
        return notes + [
            f"the price book {self._book.name} has no prices of {', '.join(parts)}; those of "
            f"{self._file.path.name} stay: {why}"
            for why, parts in by_reason.items()
        ]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a number: name, value in use, low, high, unit, source, dollar_year.

        Ranges, units and sources are those of the file that was read. Prices, lows and highs are in
        dollars of `finance.dollar_year`; `dollar_year` is that of the source. A number that differs
        from the file's says so in its source.
        """
        unused = {Tracker.kind, FixedTilt.kind, *BACKUP_KINDS}
        unused -= {self.solar.mount.kind, self.backup.kind}
        known, values, years = {}, {}, {}
        for section, parameters in self._file.sections.items():
            if section in unused:
                continue
            for key, parameter in parameters.items():
                name = f"{section}.{key}"
                values[name] = getattr(self._holder(section), key)
                years[name] = parameter.dollar_year
                known[name] = parameter.in_dollars_of(
                    self.finance.dollar_year, self._file.price_index
                )
        frame = sources(values, known)
        frame["dollar_year"] = pd.Series(years, dtype=float)
        if self.terms is None:
            return frame
        return pd.concat([frame, parameters_of(self.terms)])

    def number(self, name: str) -> float:
        """The value in use of a name of `frame`."""
        section, key = name.split(".")
        return float(getattr(self._holder(section), key))

    def _holder(self, section: str) -> Input:
        """What has the numbers of a section of `frame`."""
        if section in ("tracker", "fixed"):
            return self.solar.mount
        holder: Input = self.backup if section in BACKUP_KINDS else getattr(self, section)
        return holder

    def at_prices(self, bound: Literal["low", "high"]) -> Assumptions:
        """The same assumptions with every dollar price at the low or the high end of its range."""
        prices = self.frame[self.frame["unit"].str.startswith("USD")][bound]
        return self.with_values({str(name): float(price) for name, price in prices.items()})

    def with_backup(self, kind: BackupKind) -> Assumptions:
        """The same assumptions with another kind of backup, as the file and the book have it."""
        lines = self._file.sections.get(kind, {})
        year, index = self.finance.dollar_year, self._file.price_index
        values = {key: line.in_dollars_of(year, index).value for key, line in lines.items()}
        where = f"{self._file.path}: [{kind}]"
        return self.replace(backup=validate(Backup, values | {"kind": kind}, where))

    def at_book(self, book: str | PriceBook) -> Assumptions:
        """The same assumptions at the prices of another book; what it has no price of stays."""
        other = read_price_book(book) if isinstance(book, str) else book
        file = per_nameplate(other.overlay(self._file))
        prices = {
            f"{section}.{key}": file.sections[section][key]
            .in_dollars_of(self.finance.dollar_year, file.price_index)
            .value
            for section, lines in other.sections.items()
            for key in lines
            if f"{section}.{key}" in self.frame.index
        }
        priced = self.with_values(prices)
        priced._file, priced._book = file, other
        return priced

    def with_values(self, values: Mapping[str, float]) -> Assumptions:
        """The same assumptions but for some numbers, by their names in `frame`.

        Years of life and the like are whole numbers and are rounded; no debt outlives the project.

        Raises
        ------
        InputError
            For names that `frame` does not have, and for values out of bounds.
        """
        unknown = [name for name in values if name not in self.frame.index]
        if unknown:
            known = ", ".join(self.frame.index)
            raise InputError(f"no assumption called {', '.join(unknown)}; known: {known}")
        changed: dict[str, Any] = {}
        for name, value in values.items():
            section, key = name.split(".")
            whole = isinstance(getattr(self._holder(section), key), int)
            changed.setdefault(section, {})[key] = round(value) if whole else float(value)
        solar = dict(changed.pop("solar", {}))
        for section in ("tracker", "fixed"):
            if section in changed:
                solar["mount"] = self.solar.mount.replace(**changed.pop(section))
        if self.backup.kind in changed:
            changed["backup"] = changed.pop(self.backup.kind)
        years = changed.get("finance", {}).get("project_years", self.finance.project_years)
        if "debt_years" in changed.get("terms", {}):  # no debt outlives the project
            changed["terms"]["debt_years"] = min(changed["terms"]["debt_years"], years)
        parts = {name: getattr(self, name).replace(**keys) for name, keys in changed.items()}
        return self.replace(solar=self.solar.replace(**solar), **parts)


def read_assumptions(
    path: str | Path = DEFAULT_FILE,
    *,
    tilt_deg: float | None = None,
    backup: str = "engine",
    modules: str = "bifacial",
    prices: str | Path | PriceBook | None = None,
) -> Assumptions:
    """The assumptions of a TOML file, prices moved to dollars of its `finance.dollar_year`.

    Parameters
    ----------
    path
        The file; without it the one that is shipped, `energy/data/assumptions-2025.toml`.
    tilt_deg
        Fixed rows facing the equator at this tilt [deg] instead of trackers.
    backup
        What stands behind the battery: "engine" (gas), "turbine" (gas), "diesel" or "fuel_cell"
        (solid oxide, on gas); "fuel-cell" is understood too.
    modules
        "bifacial", modules and losses as plants are built today; or "pvwatts", those of NREL's
        PVWatts, of one side and 14.08 % less.
    prices
        A price book, such as "us-2025": its name, its TOML file, or one that is read. Its lines go
        before those of the file. Without one a file's own prices hold, and the shipped file has
        those of "us-2026"; a `Case` without assumptions has those of its site's market.

    Raises
    ------
    InputError
        With every problem: unknown names, missing numbers, values out of bounds, no source.

    Examples
    --------
    >>> import energy as en
    >>> assumptions = en.read_assumptions(tilt_deg=30)
    >>> cheap = assumptions.replace(battery=assumptions.battery.replace(energy_usd_per_kwh=100.0))
    >>> cheap.frame.loc["battery.energy_usd_per_kwh", ["low", "value"]].tolist()
    [135.0, 100.0]
    >>> en.read_assumptions(prices="us-2025").prices
    'us-2025'
    """
    backup = backup.replace("-", "_")
    problems = [problem] if (problem := kind_problem(backup)) else []
    if modules not in MODULES:
        problems.append(f"modules must be one of {', '.join(MODULES)}; got {modules!r}")
    if problems:
        raise InputError(problems)
    path = Path(path)
    read = shipped_file(path) if path == DEFAULT_FILE else read_parameters(path)
    file = _with_later_sections(_with_modules(read, modules))
    if prices is None and path == DEFAULT_FILE:
        prices = DEFAULT_BOOK
    book = read_price_book(prices) if isinstance(prices, str | Path) else prices
    file = per_nameplate(file if book is None else book.overlay(file))
    where = str(path) if book is None else f"{path} with the prices of {book.name}"
    year = file.sections.get("finance", {}).get("dollar_year")
    try:
        values: dict[str, dict[str, Any]] = {
            section: {
                key: parameter.in_dollars_of(
                    int(year.value) if year else None, file.price_index
                ).value
                for key, parameter in parameters.items()
            }
            for section, parameters in file.sections.items()
        }
    except InputError as error:
        raise InputError([f"{where}: {problem}" for problem in error.problems]) from None
    tracker, fixed = values.pop("tracker", {}), values.pop("fixed", {})
    mount: Tracker | FixedTilt
    if tilt_deg is None:
        mount = validate(Tracker, tracker, f"{where}: [tracker]")
    else:
        mount = validate(FixedTilt, fixed | {"tilt_deg": float(tilt_deg)}, f"{where}: [fixed]")
    if "solar" in values:
        values["solar"]["mount"] = mount
    kinds: dict[str, dict[str, Any]] = {kind: values.pop(kind, {}) for kind in BACKUP_KINDS}
    behind = validate(Backup, kinds[backup] | {"kind": backup}, f"{where}: [{backup}]")
    assumptions = validate(Assumptions, values | {"backup": behind}, where)
    assumptions._file, assumptions._book = file, book
    return assumptions


def _with_later_sections(file: ParameterFile) -> ParameterFile:
    """The file; one without `LATER_SECTIONS` and `LATER_LINES`, as older ones, gets the shipped."""
    shipped = shipped_file(DEFAULT_FILE).sections
    absent = {name: shipped[name] for name in LATER_SECTIONS if name not in file.sections}
    sections = dict(file.sections) | absent
    for section, line in LATER_LINES:
        if section in sections:
            sections[section] = {line: shipped[section][line]} | dict(sections[section])
    return replace(file, sections=sections)


def _with_modules(file: ParameterFile, modules: str) -> ParameterFile:
    """The file with its [solar] as the modules have it, and without the sections of other ones."""
    sections = dict(file.sections)
    others = {kind: sections.pop(kind, {}) for kind in MODULES}
    if modules != MODULES[0] and not others[modules]:
        raise InputError(f"{file.path}: modules {modules!r} need a section [{modules}]")
    if "solar" in sections:
        sections["solar"] = dict(sections["solar"]) | dict(others[modules])
    return replace(file, sections=sections)
