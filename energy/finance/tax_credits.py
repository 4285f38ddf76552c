"""Which tax credit and which depreciation each part of a plant has, by law and dates.

In: parts, start of construction, date of service, and what the project meets. Out: `TaxCredits`, a
`Credit` of each part with the reasons for it in words.

The law is that of the United States [1], [2]; every date and rate stands in
`data/tax-us-2026.toml` with its source, and `tax_law()` lists them. The investment tax credit is

    kept * (rate + energy community + domestic content)

where `kept` falls with the year in which construction starts and the rate is 30 %, or 6 % without
prevailing wage. Not tax advice.

References
----------
[1] 26 USC 48, 48E, 45Y, 168, 7701(a)(52), as amended by Public Law 119-21 of 4 July 2025.
[2] IRS Notices 2018-59, 2022-61, 2025-42 and 2026-15.
"""

from __future__ import annotations

import calendar
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any, cast

import pandas as pd

from energy.errors import InputError
from energy.parameters import FOLDER, Input, Words, read_toml, validate
from energy.tables import Result

#: The file that holds the law.
FILE = "tax-us-2026.toml"

#: Parts that the law tells apart.
PARTS = ("solar", "battery", "engine", "turbine", "fuel_cell", "diesel", "grid")

#: Other names of parts.
ALIASES = {"storage": "battery", "fuel cell": "fuel_cell", "fuel-cell": "fuel_cell"}

#: Why a part has no credit, whatever its dates.
WITHOUT = {
    "engine": "engines burn fuel, and section 48E asks for generation without emissions",
    "turbine": "turbines burn fuel, and section 48E asks for generation without emissions",
    "diesel": "diesel generators burn fuel, and section 48E asks for generation without emissions",
    "grid": "section 48E pays for a grid connection of plants up to 5 MWac only",
}

#: What adds to the rate, in words.
BONUSES = {"energy_community": "the energy community", "domestic_content": "domestic content"}

#: What the United States are called.
HOME = ("us", "usa", "u.s.", "united states", "united states of america")

DATE = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")


@dataclass(frozen=True)
class Credit:
    """The tax credit and the depreciation of one part.

    Parameters
    ----------
    part
        One of `PARTS`.
    itc_fraction
        Investment tax credit, a fraction of the part's cost.
    depreciation
        Recovery period: "macrs-5", "macrs-7", "macrs-15" or "macrs-20".
    bonus_fraction
        Bonus depreciation in the first year, a fraction of the basis.
    reasons
        Why, one line each; the first says whether there is a credit.
    ptc_usd_per_mwh
        Production tax credit that may be taken *instead* of the investment tax credit, for ten
        years, for power sold or metered by others [$/MWh, dollars of 2025]; 0 where there is none.
    """

    part: str
    itc_fraction: float
    depreciation: str
    bonus_fraction: float
    reasons: tuple[str, ...]
    ptc_usd_per_mwh: float = 0.0


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
        """Investment tax credit of solar and battery, those of them that were asked for."""
        return {part: self[part].itc_fraction for part in ("solar", "battery") if part in self}

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


# --- the law as data ------------------------------------------------------------------------------


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

    def in_year(self, name: str, year: int, before: float) -> float:
        """The number of a year: that of the last year named so far; `before` ahead of the first."""
        by_year = cast(dict[str, float], self.rules[name].value)
        passed = [float(by_year[known]) for known in sorted(by_year) if int(known) <= year]
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


# --- what is asked --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Day:
    """A day, or a month that is taken as its last day where the law asks."""

    text: str
    first: date
    last: date


@dataclass(frozen=True)
class _Project:
    """What a project is and meets."""

    start: _Day
    in_service: _Day
    wage: bool
    energy_community: bool
    domestic_content: bool
    safe_harbor: bool
    non_foreign: Mapping[str, float | None]


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
    first, last = _day("start", start, problems), _day("in_service", in_service, problems)
    if first and last:
        problems += _order_problems(first, last, home=home)
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
    problems += _stacking_problems(taken, **options)
    if problems or first is None or last is None:
        raise InputError(problems)
    project = _Project(first, last, non_foreign=non_foreign, **options)
    by_part = {part: _credit(part, project) if home else _abroad(part, country) for part in names}
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


def _day(name: str, given: object, problems: list[str]) -> _Day | None:
    """A day or a month as it was given; None, and a problem, for what is neither."""
    try:
        if isinstance(given, datetime):
            given = given.date()
        if isinstance(given, date):
            return _Day(given.isoformat(), given, given)
        if isinstance(given, str) and (found := DATE.fullmatch(given.strip())):
            year, month = int(found[1]), int(found[2])
            first = date(year, month, int(found[3] or 1))
            last = first if found[3] else first.replace(day=calendar.monthrange(year, month)[1])
            return _Day(given.strip(), first, last)
    except ValueError:  # the 31st of February, a month 13, NaT
        pass
    problems.append(
        f"{name} must be a month such as 2027-03 or a day such as 2027-03-15; got {given!r}"
    )
    return None


def _order_problems(start: _Day, in_service: _Day, *, home: bool) -> list[str]:
    problems = []
    if start.first > in_service.last:
        problems.append(
            f"dates out of order: in_service {in_service.text} lies before start {start.text}"
        )
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


def _stacking_problems(
    claimed: Mapping[str, float],
    *,
    wage: bool,
    energy_community: bool,
    domestic_content: bool,
    **_: bool,
) -> list[str]:
    """Credits that are more than all that could be stacked, whatever the dates."""
    rate = _stacked(bool(wage), bool(energy_community), bool(domestic_content))
    highest = _stacked(bool(wage), True, True)
    return [
        f"claimed: {part} {_percent(value)} is stacked beyond the law, which gives at most "
        f"{_percent(highest)} {'with' if wage else 'without'} prevailing wage and {_percent(rate)} "
        "with the bonuses asked for"
        for part, value in claimed.items()
        if value > highest
    ]


def _as_claimed(by_part: Mapping[str, Credit], claimed: Mapping[str, float]) -> dict[str, Credit]:
    """The credits, of which less may be taken.

    Raises
    ------
    InputError
        For each part of which more is claimed than the law gives.
    """
    problems = [
        f"claimed: {part} {_percent(value)} is more than the law gives; {by_part[part].reasons[0]}"
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
            reasons = (*reasons, f"{_words(part)}: {_percent(fraction)} of it is claimed")
        taken[part] = Credit(**vars(credit) | {"itc_fraction": fraction, "reasons": reasons})
    return taken


# --- what the law says ----------------------------------------------------------------------------


def _abroad(part: str, country: str) -> Credit:
    """A part outside the US: its recovery period is the US one, for want of another."""
    lines = (
        f"no tax credit is known for {country}",
        f"depreciation is that of the US without bonus; that of {country} is not known",
    )
    return Credit(part, 0.0, law().word(f"depreciation.{part}"), 0.0, _told(part, lines))


def _credit(part: str, project: _Project) -> Credit:
    """The credit of a part in the US."""
    refused = _refusal(part, project)
    defined = _defined(part, project)
    depreciation = law().word(f"{'depreciation' if defined else 'outside_definition'}.{part}")
    lines: list[str] = []
    fraction = ptc = 0.0
    if refused:
        lines.append(f"no credit, {refused}")
    else:
        fraction, lines = _granted(part, project)
        if part == "solar":
            ptc = _ptc_usd_per_mwh(project)
            lines.append(
                f"{ptc:g} $/MWh of 2025 for {law().number('ptc.years'):g} years may be taken "
                "instead, for power that is sold or metered by others"
            )
    bonus, note = _bonus(part, project)
    lines += [note] if note else []
    if part == "solar" and depreciation == "macrs-5" and project.start.last.year > 2024:
        lines.append(
            "depreciation over 5 years is the likely reading of section 168; another is 20"
        )
    return Credit(part, fraction, depreciation, bonus, _told(part, lines), ptc)


def _refusal(part: str, project: _Project) -> str:
    """Why a part has no credit; empty where it has one."""
    start, in_service = project.start, project.in_service
    if part in WITHOUT:
        return WITHOUT[part]
    starts = f"construction starts {start.text}"
    if part == "solar":
        by, until = law().day("solar.starts_by"), law().day("solar.in_service_by")
        if start.last > by and in_service.last > until:
            month = " (taken as its last day)" if start.first <= by else ""
            return (
                f"{starts}{month}, after {_date(by)}, and it enters service {in_service.text}, "
                f"after {_date(until)}"
            )
    if part == "fuel_cell":
        until, again = law().day("fuel_cell.section_48_to"), law().day("fuel_cell.again_from")
        if until < start.last < again:
            return (
                f"{starts}, after {_date(until)} and before {_date(again)}, when only those "
                "without emissions had one"
            )
    if _kept(project) == 0:
        return f"{starts}, after {_year_of_less(below=1e-9) - 1}, the last year with a credit"
    return _foreign_refusal(part, project)


def _foreign_refusal(part: str, project: _Project) -> str:
    """Why a part has too much from prohibited foreign entities; empty where it has not."""
    needed, ratio = _needed(part, project), project.non_foreign[part]
    if ratio is None or ratio >= needed:
        return ""
    return (
        f"{_percent(ratio)} of the cost of its equipment is not from prohibited foreign entities, "
        f"below the {_percent(needed)} that a start in {project.start.last.year} needs"
    )


def _needed(part: str, project: _Project) -> float:
    """Lowest material assistance cost ratio by which a part keeps its credit; 0 for none."""
    if part in WITHOUT or project.start.last <= law().day("foreign.starts_after"):
        return 0.0
    kind = "storage" if part == "battery" else "facility"
    return law().in_year(f"foreign.{kind}_fraction", project.start.last.year, 0.0)


def _granted(part: str, project: _Project) -> tuple[float, list[str]]:
    """The credit of a part that has one, and why."""
    start, kept = project.start, _kept(project)
    lines: list[str] = []
    flat = part == "fuel_cell" and start.last >= law().day("fuel_cell.again_from")
    if flat:
        rate = law().number("fuel_cell.itc_fraction")
        if project.energy_community or project.domestic_content:
            lines.append("fuel cells that start after 2025 have no bonus on top of 30 %")
    else:
        wage = project.wage or start.last < law().day("itc.wage_from")
        rate = _stacked(wage, project.energy_community, project.domestic_content)
        lines += _rate_lines(wage, project)
    fraction = round(kept * rate, 12)
    lines.insert(0, f"{_percent(fraction)} credit, {_ground(part, project, rate)}")
    if (needed := _needed(part, project)) and project.non_foreign[part] is None:
        lines.append(
            f"assumed: at least {_percent(needed)} of the cost of its equipment is not from "
            "prohibited foreign entities"
        )
    if part == "fuel_cell" and not flat:
        lines.append("section 48 gives fuel cells at most 3,000 $ of credit a kW")
    return fraction, lines + _construction_lines(part, project)


def _ground(part: str, project: _Project, rate: float) -> str:
    """On what a credit stands: the date that decides."""
    start, kept = project.start, _kept(project)
    starts = f"construction starts {start.text}"
    if part == "solar":
        if start.last <= law().day("solar.starts_by"):
            return f"{starts}, by {_date(law().day('solar.starts_by'))}"
        until = _date(law().day("solar.in_service_by"))
        return f"it enters service {project.in_service.text}, by {until}"
    if kept < 1:
        return f"{starts}: {_percent(kept)} of {_percent(rate)} is left"
    return f"{starts}, before {_year_of_less(below=1.0)}"


def _rate_lines(wage: bool, project: _Project) -> list[str]:
    """How the rate is made up, where it is not simply the full one."""
    kind = "full" if wage else "base"
    lines = []
    if not wage:
        lines.append(
            f"base rate of {_percent(law().number('itc.base_fraction'))}, prevailing wage and "
            "apprenticeship are not met"
        )
    elif not project.wage:
        until = _date(law().day("itc.wage_from"))
        lines.append(f"full rate without prevailing wage, construction starts before {until}")
    for name in BONUSES:
        if getattr(project, name):
            points = 100 * law().number(f"itc.{name}_{kind}_fraction")
            lines.append(f"{points:g} points of the rate are for {BONUSES[name]}")
    return lines


def _construction_lines(part: str, project: _Project) -> list[str]:
    """What the start of construction must be shown by, where the credit rests on it."""
    start, in_service = project.start.last, project.in_service.last
    rests = part == "solar" and in_service > law().day("solar.in_service_by")
    lines = []
    end = start.year + int(law().number("construction.continuity_years"))
    if in_service.year > end:
        lines.append(
            f"in service after {end}, so continuous construction must be proven; else "
            + ("the credit is lost" if rests else "construction counts as started later")
        )
    since = law().day("construction.work_test_from")
    if rests and start >= since:
        vacated = (
            f"a court set that notice aside on {_date(law().day('construction.work_test_vacated'))}"
        )
        if project.safe_harbor:
            small = law().number("construction.work_test_mw")
            lines.append(
                "uncertain law: the start rests on the 5 % safe harbor, which Notice 2025-42 "
                f"closed from {_date(since)} to solar above {small:g} MWac; {vacated}"
            )
        else:
            lines.append(
                f"the start must be physical work of a significant nature (Notice 2025-42); {vacated}"
            )
    return lines


def _stacked(wage: bool, energy_community: bool, domestic_content: bool) -> float:
    """Rate with its bonuses."""
    kind = "full" if wage else "base"
    rate = law().number(f"itc.{kind}_fraction")
    rate += energy_community * law().number(f"itc.energy_community_{kind}_fraction")
    rate += domestic_content * law().number(f"itc.domestic_content_{kind}_fraction")
    return round(rate, 12)


def _ptc_usd_per_mwh(project: _Project) -> float:
    """Production tax credit that could be taken instead [$/MWh, dollars of 2025]."""
    wage = project.wage or project.start.last < law().day("itc.wage_from")
    bonuses = project.energy_community + project.domestic_content
    rate = law().number(f"ptc.{'full' if wage else 'base'}_usd_per_mwh")
    return round(rate * (1 + bonuses * law().number("ptc.bonus_fraction")), 12)


def _defined(part: str, project: _Project) -> bool:
    """Whether a part is what the recovery period of clean energy is defined for."""
    if part == "fuel_cell":
        until, again = law().day("fuel_cell.section_48_to"), law().day("fuel_cell.again_from")
        if until < project.start.last < again:
            return False
    return not _foreign_refusal(part, project)


def _bonus(part: str, project: _Project) -> tuple[float, str]:
    """Bonus depreciation, and why it is not 100 %."""
    if part == "grid":
        return law().number("bonus.grid_fraction"), (
            "no bonus depreciation, what is paid for the utility's equipment is an intangible"
        )
    after = law().day("bonus.acquired_after")
    if project.start.last > after:
        return law().number("bonus.fraction"), ""
    fraction = law().in_year("bonus.before_fraction", project.in_service.last.year, 1.0)
    return fraction, (
        f"{_percent(fraction)} bonus depreciation, construction starts by {_date(after)} and it "
        f"enters service in {project.in_service.last.year}"
    )


def _kept(project: _Project) -> float:
    """Fraction of the credit that is left in the year in which construction starts."""
    return law().in_year("itc.kept_fraction", project.start.last.year, 1.0)


def _year_of_less(*, below: float) -> int:
    """The first year whose starts have less than this fraction of the credit."""
    by_year = cast(dict[str, float], law().rules["itc.kept_fraction"].value)
    return min(int(year) for year, kept in by_year.items() if kept < below)


# --- in words -------------------------------------------------------------------------------------


def _told(part: str, lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{_words(part)}: {line}" for line in lines)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _percent(fraction: float) -> str:
    return f"{round(100 * fraction, 6):g} %"


def _date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
