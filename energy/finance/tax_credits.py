"""Which tax credit and which depreciation each part of a plant has, by law and dates.

In: parts, start of construction, date of service, and what the project meets. Out: `TaxCredits`, a
`Credit` of each part with the reasons for it in words.

The law is that of the United States; `energy.finance.tax_rules` applies it, and every date and rate
stands in `data/tax-us-2026.toml` with its source, which `tax_law()` lists. Not tax advice.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, cast

import pandas as pd

from energy.errors import InputError
from energy.finance.tax_law import law
from energy.finance.tax_rules import (
    PARTS,
    Credit,
    Project,
    credit_abroad,
    credit_in_us,
    percent,
    stacked_rate,
    words,
)
from energy.tables import Result
from energy.terms import Day, day_of, order_problems

#: Other names of parts.
ALIASES = {"storage": "battery", "fuel cell": "fuel_cell", "fuel-cell": "fuel_cell"}

#: What the United States are called.
HOME = ("us", "usa", "u.s.", "united states", "united states of america")


@dataclass(frozen=True, eq=False)
class TaxCredits(Result, Mapping[str, Credit]):
    """The credits of a plant's parts: a mapping from part to `Credit` that is also a table.

    Parameters
    ----------
    start, in_service
        The dates, as they were given.
    country
        Where the plant stands.
    by_part
        The credit of each part.
    """

    start: str
    in_service: str
    country: str
    by_part: Mapping[str, Credit] = field(repr=False)

    def __getitem__(self, part: str) -> Credit:
        """The credit of a part."""
        return self.by_part[part]

    def __iter__(self) -> Iterator[str]:
        """The parts."""
        return iter(self.by_part)

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self.by_part)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a part: `itc_fraction`, `ptc_usd_per_mwh`, `depreciation`, `bonus_fraction`,
        `reasons`.
        """
        rows = {
            part: {
                "itc_fraction": credit.itc_fraction,
                "ptc_usd_per_mwh": credit.ptc_usd_per_mwh,
                "depreciation": credit.depreciation,
                "bonus_fraction": credit.bonus_fraction,
                "reasons": "; ".join(credit.reasons),
            }
            for part, credit in self.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("part")

    @property
    def itc_fraction(self) -> dict[str, float]:
        """Investment tax credit of what may have one, of those parts that were asked for."""
        parts = ("solar", "battery", "fuel_cell")
        return {part: self[part].itc_fraction for part in parts if part in self}

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons of all parts, one line each."""
        return tuple(reason for credit in self.values() for reason in credit.reasons)

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        if not _at_home(self.country):
            return f"Tax credits: none is known for {self.country}"
        return (
            f"Tax credits, US law of {law().day('known.as_of'):%B %Y}: construction starts "
            f"{self.start}, in service {self.in_service}"
        )

    def _record(self) -> dict[str, Any]:
        """The dates, and each part with its reasons, for JSON."""
        parts = {
            part: {
                "itc_fraction": credit.itc_fraction,
                "ptc_usd_per_mwh": credit.ptc_usd_per_mwh,
                "depreciation": credit.depreciation,
                "bonus_fraction": credit.bonus_fraction,
                "reasons": list(credit.reasons),
            }
            for part, credit in self.items()
        }
        return {
            "start": self.start,
            "in_service": self.in_service,
            "country": self.country,
            "itc_fraction": self.itc_fraction,
            "parts": parts,
        }


def tax_credits(
    *,
    start: str | date,
    in_service: str | date,
    parts: Iterable[str] = ("solar", "battery"),
    wage: bool = True,
    energy_community: bool = False,
    domestic_content: bool = False,
    non_foreign_fraction: float | Mapping[str, float] | None = None,
    safe_harbor: bool = False,
    country: str = "US",
    claimed: Mapping[str, float] | None = None,
) -> TaxCredits:
    """The tax credit and the depreciation of each part, with the reasons.

    Parameters
    ----------
    start, in_service
        When construction starts and when the plant is placed in service: a month such as 2027-03,
        which counts as its last day, or a day such as 2027-03-15.
    parts
        Any of `PARTS`; "storage" is the battery.
    wage
        Whether prevailing wage and apprenticeship are met: full or base rate.
    energy_community, domestic_content
        Whether the bonus of each is earned: 10 points, 2 at the base rate.
    non_foreign_fraction
        Material assistance cost ratio: the fraction of equipment cost that is not from prohibited
        foreign entities, for all parts or by part; None assumes that it suffices, and says so.
    safe_harbor
        Whether the start rests on 5 % of the cost paid rather than on physical work.
    country
        Only the law of the US is known.
    claimed
        Investment tax credit by part that the project takes, where that is less than the law gives.

    Raises
    ------
    InputError
        With every problem: unknown parts, dates that are none, out of order or outside the years
        that the law file knows, fractions outside 0 to 1, more claimed than the law gives.

    Examples
    --------
    >>> import energy as en
    >>> credits = en.finance.tax_credits(start="2027-03", in_service="2029-06")
    >>> credits.itc_fraction
    {'solar': 0.0, 'battery': 0.3}
    >>> print(credits["battery"].reasons[0])
    battery: 30 % credit, construction starts 2027-03, before 2034
    """
    problems: list[str] = []
    home = _at_home(country)
    if not isinstance(country, str) or not country.strip():
        problems.append(f"country must be a name such as US; got {country!r}")
    names = _parts(parts, problems)
    first = day_of("start", start, problems)
    last = day_of("in_service", in_service, problems)
    if first and last:
        problems += _date_problems(first, last, home=home)
    options = {
        "wage": wage,
        "energy_community": energy_community,
        "domestic_content": domestic_content,
        "safe_harbor": safe_harbor,
    }
    problems += [
        f"{name} must be True or False; got {value!r}"
        for name, value in options.items()
        if not isinstance(value, bool)
    ]
    non_foreign = _non_foreign(non_foreign_fraction, names, problems)
    taken = _fractions("claimed", {} if claimed is None else claimed, names, problems)
    problems += _stacking_problems(taken, full=wage is True or _needs_no_wage(first))
    if problems or first is None or last is None:
        raise InputError(problems)
    project = Project(first, last, non_foreign=non_foreign, **options)
    by_part = {
        part: credit_in_us(part, project) if home else credit_abroad(part, country)
        for part in names
    }
    return TaxCredits(first.text, last.text, country, _as_claimed(by_part, taken))


def _at_home(country: object) -> bool:
    """Whether a country is the one whose law is known."""
    return isinstance(country, str) and country.strip().lower() in HOME


def _parts(parts: Iterable[str], problems: list[str]) -> tuple[str, ...]:
    """The names of parts, each once; what is none of them becomes a problem."""
    given = [parts] if isinstance(parts, str) else parts
    names: dict[str, None] = {}
    try:
        listed = list(given)
    except TypeError:
        problems.append(f"parts must be a list such as ['solar', 'battery']; got {parts!r}")
        return ()
    if not listed:
        problems.append(f"parts must have at least one of {', '.join(PARTS)}")
    for part in listed:
        name = _name(part)
        if name is None:
            near = difflib.get_close_matches(str(part), [*PARTS, *ALIASES], n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(PARTS)}"
            problems.append(f"unknown part {part!r}; {hint}")
        else:
            names[name] = None
    return tuple(names)


def _name(part: object) -> str | None:
    """The name of a part in `PARTS`; None for what is no part."""
    name = ALIASES.get(part, part) if isinstance(part, str) else None
    return name if name in PARTS else None


def _date_problems(start: Day, in_service: Day, *, home: bool) -> list[str]:
    problems = order_problems(start, in_service)
    if home:
        known = law().day("known.from"), law().day("known.to")
        for name, day in (("start", start), ("in_service", in_service)):
            if not known[0] <= day.first <= day.last <= known[1]:
                problems.append(
                    f"{name} must lie within {known[0].year} to {known[1].year}, the years that "
                    f"the law file knows; got {day.text}"
                )
    return problems


def _non_foreign(
    given: float | Mapping[str, float] | None, names: tuple[str, ...], problems: list[str]
) -> Mapping[str, float | None]:
    """Material assistance cost ratio of each part; None where nothing is known."""
    if given is None:
        return dict.fromkeys(names)
    if isinstance(given, Mapping):
        known = _fractions("non_foreign_fraction", given, names, problems)
        return {part: known.get(part) for part in names}
    if _is_fraction(given):
        return dict.fromkeys(names, float(given))
    problems.append(f"non_foreign_fraction must be a fraction from 0 to 1; got {given!r}")
    return dict.fromkeys(names)


def _fractions(
    what: str, given: Mapping[str, float], names: tuple[str, ...], problems: list[str]
) -> dict[str, float]:
    """Fractions by part; keys that are no part asked for, and other numbers, become problems."""
    if not isinstance(given, Mapping):
        problems.append(f"{what} must be fractions by part such as {{'solar': 0.3}}; got {given!r}")
        return {}
    found = {}
    for key, value in given.items():
        part = _name(key)
        if part not in names:
            problems.append(f"{what}: {key!r} is none of the parts {', '.join(names) or '(none)'}")
        elif not _is_fraction(value):
            problems.append(f"{what}: {key} must be a fraction from 0 to 1; got {value!r}")
        else:
            found[str(part)] = float(value)
    return found


def _is_fraction(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= float(cast(float, value)) <= 1  # false for NaN


def _needs_no_wage(start: Day | None) -> bool:
    """Whether construction starts early enough for the full rate whatever the wage."""
    return start is not None and start.last < law().day("itc.wage_from")


def _stacking_problems(claimed: Mapping[str, float], *, full: bool) -> list[str]:
    """Credits that are more than all that could be stacked at the full or the base rate."""
    problems = []
    for part, value in claimed.items():
        # fuel cells from 2026 need no wage; their own rate is checked when the law has been applied
        rate = full or part == "fuel_cell"
        highest = stacked_rate(wage=rate, energy_community=True, domestic_content=True)
        if value > highest:
            problems.append(
                f"claimed: {part} {percent(value)} is stacked beyond the law, which gives at most "
                f"{percent(highest)} {'with' if rate else 'without'} prevailing wage and with both "
                "bonuses"
            )
    return problems


def _as_claimed(by_part: Mapping[str, Credit], claimed: Mapping[str, float]) -> dict[str, Credit]:
    """The credits, of which less may be taken.

    Raises
    ------
    InputError
        For each part of which more is claimed than the law gives.
    """
    problems = [
        f"claimed: {part} {percent(value)} is more than the law gives; {by_part[part].reasons[0]}"
        for part, value in claimed.items()
        if value > by_part[part].itc_fraction
    ]
    if problems:
        raise InputError(problems)
    taken = {}
    for part, credit in by_part.items():
        fraction = claimed.get(part, credit.itc_fraction)
        reasons = credit.reasons
        if fraction < credit.itc_fraction:
            reasons = (*reasons, f"{words(part)}: {percent(fraction)} is claimed")
        taken[part] = Credit(**vars(credit) | {"itc_fraction": fraction, "reasons": reasons})
    return taken
