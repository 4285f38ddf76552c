"""On what terms a plant is paid for: return, debt, tax rates, dates.

In: numbers with their sources in `data/terms-2026.toml`. Out: `Terms`; days and months as they are
given.

`Assumptions.terms` makes every annualized cost one after tax, and with it the sizes that sizing
finds; what the law makes of the dates is in `energy.finance.tax_credits`.
"""

from __future__ import annotations

import calendar
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from energy.parameters import Fraction, Input, Positive, parameter_field, shipped

#: The file of the numbers below.
FILE = "terms-2026.toml"

#: Construction starts then, where no date is given.
DEFAULT_START = "2027-01"

DATE = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")


@dataclass(frozen=True)
class Day:
    """A day, or a month that is taken as its last day where the law asks."""

    text: str
    first: date
    last: date


def day_of(name: str, given: object, problems: list[str]) -> Day | None:
    """A day or a month as it was given; None, and a problem, for what is neither."""
    try:
        if isinstance(given, date):  # also a datetime, of which the time of day does not count
            day = date(given.year, given.month, given.day)
            return Day(day.isoformat(), day, day)
        if isinstance(given, str) and (found := DATE.fullmatch(given.strip())):
            year, month = int(found[1]), int(found[2])
            first = date(year, month, int(found[3] or 1))
            last = first if found[3] else first.replace(day=calendar.monthrange(year, month)[1])
            return Day(given.strip(), first, last)
    except (TypeError, ValueError):  # NaT; the 31st of February, a month 13
        pass
    problems.append(
        f"{name} must be a month such as 2027-03 or a day such as 2027-03-15; got {given!r}"
    )
    return None


def order_problems(start: Day, in_service: Day) -> list[str]:
    """What is wrong with the order of two dates."""
    if start.first <= in_service.last:
        return []
    return [f"dates out of order: in_service {in_service.text} lies before start {start.text}"]


def _term(key: str) -> Any:
    return parameter_field(FILE, "terms", key)


class Terms(Input):
    """On what terms a plant is paid for.

    `start` and `in_service` are months or days such as 2027-03; without `in_service` array and
    battery are there after the lead time of their integration. `credit_fraction` is what the owner
    gets of the credit that the law gives. `price_usd_per_mwh` is what the load pays in the first
    year; without it the price is what gives `equity_irr_fraction`. It grows with inflation. Sizes
    are for that return, whatever price is given.

    Examples
    --------
    >>> import energy as en
    >>> en.finance.Terms(start="2027-03", debt_fraction=0.5).equity_irr_fraction
    0.1
    """

    equity_irr_fraction: Annotated[float, Field(gt=-0.99, lt=1)] = _term("equity_irr_fraction")
    debt_fraction: Fraction = _term("debt_fraction")
    debt_rate_fraction: Annotated[float, Field(gt=-0.99, lt=1)] = _term("debt_rate_fraction")
    debt_years: Annotated[int, Field(ge=1, le=100)] = _term("debt_years")
    tax_fraction: Fraction = _term("tax_fraction")
    state_tax_fraction: Fraction = _term("state_tax_fraction")
    credit_fraction: Fraction = _term("credit_fraction")
    computers_usd_per_mw: Positive = _term("computers_usd_per_mw")
    price_usd_per_mwh: float | None = None
    start: str = DEFAULT_START
    in_service: str | None = None
    wage: bool = True
    energy_community: bool = False
    domestic_content: bool = False
    non_foreign_fraction: Fraction | None = None

    @model_validator(mode="after")
    def _dates_fit(self) -> Self:
        problems: list[str] = []
        start = day_of("start", self.start, problems)
        if self.in_service is not None:
            in_service = day_of("in_service", self.in_service, problems)
            if start and in_service:
                problems += order_problems(start, in_service)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def in_service_after(self, years: float) -> str:
        """When the plant is placed in service: as given, or the month so long after `start`."""
        if self.in_service is not None:
            return self.in_service
        year, month = (int(text) for text in self.start.strip().split("-")[:2])
        months = 12 * year + month - 1 + math.ceil(12.0 * years - 1e-9)
        return f"{months // 12:04d}-{months % 12 + 1:02d}"

    def tenor_years(self, project_years: int) -> int:
        """Years of the debt: as given, or as shipped but no longer than the project."""
        shipped_years = int(shipped(FILE)["terms"]["debt_years"].value)
        given = self.debt_years != shipped_years
        return self.debt_years if given else min(shipped_years, project_years)
