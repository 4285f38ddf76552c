"""The tax law as data: dates, rates and recovery periods, each with its source.

In: `data/tax-us-2026.toml`. Out: `Law`, its lines by name; a table of them with their sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import cast

import pandas as pd

from energy.parameters import FOLDER, Input, Words, read_toml, validate

#: The file that holds the law.
FILE = "tax-us-2026.toml"


class Rule(Input):
    """One line of the law: a date, a number, a recovery period, or numbers by year."""

    value: date | float | int | Words | dict[str, float | int]
    source: Words
    as_of: date
    judgement: bool = False


@dataclass(frozen=True)
class Law:
    """The lines of a law file by name, such as `solar.starts_by`."""

    rules: Mapping[str, Rule]

    def day(self, name: str) -> date:
        """A date of the law."""
        return cast(date, self.rules[name].value)

    def number(self, name: str) -> float:
        """A number of the law."""
        return float(cast(float, self.rules[name].value))

    def word(self, name: str) -> str:
        """A recovery period."""
        return cast(str, self.rules[name].value)

    def by_year(self, name: str) -> dict[int, float]:
        """Numbers of the law by year, the years in order."""
        numbers = cast(dict[str, float], self.rules[name].value)
        return {int(year): float(numbers[year]) for year in sorted(numbers)}

    def in_year(self, name: str, year: int, before: float) -> float:
        """The number of a year: that of the last year named so far; `before` ahead of the first."""
        passed = [number for named, number in self.by_year(name).items() if named <= year]
        return passed[-1] if passed else before


@cache
def law() -> Law:
    """The shipped law, read once."""
    path = FOLDER / FILE
    rules = {
        f"{section}.{key}": validate(Rule, line, f"{path}: {section}.{key}")
        for section, lines in read_toml(path).items()
        for key, line in lines.items()
    }
    return Law(rules)


def tax_law() -> pd.DataFrame:
    """The law that `tax_credits` applies: one row a line of it.

    Columns: `value`, `source`, `as_of` (the day to which the source speaks), `judgement` (True for
    what no primary source says outright, or what may still change).

    Examples
    --------
    >>> import energy as en
    >>> en.finance.tax_law().loc["solar.starts_by", "value"]
    datetime.date(2026, 7, 4)
    """
    rows = {name: rule.model_dump() for name, rule in law().rules.items()}
    columns = list(Rule.model_fields)
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("name")
