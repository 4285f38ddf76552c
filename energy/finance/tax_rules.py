"""What the tax law says of a part: whether it has a credit, how much, and why, in words.

In: `Project`, its dates and what it meets. Out: `Credit` of a part.

The investment tax credit is

    kept * (rate + energy community + domestic content)

where `kept` falls with the year in which construction starts and the rate is 30 %, or 6 % without
prevailing wage [1].

References
----------
[1] 26 USC 48, 48E, 45Y, 168, 7701(a)(52), as amended by Public Law 119-21 of 4 July 2025; IRS
    Notices 2018-59, 2022-61, 2025-42 and 2026-15. Line by line in `data/tax-us-2026.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from energy.finance.tax_law import law
from energy.terms import Day

#: Parts that the law tells apart.
PARTS = ("solar", "battery", "engine", "turbine", "fuel_cell", "diesel", "grid")

#: Why a part has no credit, whatever its dates.
WITHOUT = {
    "engine": "engines burn fuel, and section 48E asks for generation without emissions",
    "turbine": "turbines burn fuel, and section 48E asks for generation without emissions",
    "diesel": "diesel generators burn fuel, and section 48E asks for generation without emissions",
    "grid": "section 48E pays for a grid connection of plants up to 5 MWac only",
}

#: What adds to the rate, in words.
BONUSES = {"energy_community": "the energy community", "domestic_content": "domestic content"}


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


@dataclass(frozen=True)
class Project:
    """What a project is and meets."""

    start: Day
    in_service: Day
    wage: bool
    energy_community: bool
    domestic_content: bool
    safe_harbor: bool
    non_foreign: Mapping[str, float | None]


# --- what the law says ----------------------------------------------------------------------------


def credit_abroad(part: str, country: str) -> Credit:
    """A part outside the US: its recovery period is the US one, for want of another."""
    lines = (
        f"no tax credit is known for {country}",
        f"depreciation is that of the US without bonus; that of {country} is not known",
    )
    return Credit(part, 0.0, law().word(f"depreciation.{part}"), 0.0, _told(part, lines))


def credit_in_us(part: str, project: Project) -> Credit:
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


def _refusal(part: str, project: Project) -> str:
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


def _foreign_refusal(part: str, project: Project) -> str:
    """Why a part has too much from prohibited foreign entities; empty where it has not."""
    needed, ratio = _needed(part, project), project.non_foreign[part]
    if ratio is None or ratio >= needed:
        return ""
    return (
        f"{percent(ratio)} of the cost of its equipment is not from prohibited foreign entities, "
        f"below the {percent(needed)} that a start in {project.start.last.year} needs"
    )


def _needed(part: str, project: Project) -> float:
    """Lowest material assistance cost ratio by which a part keeps its credit; 0 for none."""
    if part in WITHOUT or project.start.last <= law().day("foreign.starts_after"):
        return 0.0
    kind = "storage" if part == "battery" else "facility"
    return law().in_year(f"foreign.{kind}_fraction", project.start.last.year, 0.0)


def _granted(part: str, project: Project) -> tuple[float, list[str]]:
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
        rate = stacked_rate(
            wage=wage,
            energy_community=project.energy_community,
            domestic_content=project.domestic_content,
        )
        lines += _rate_lines(wage, project)
    fraction = round(kept * rate, 12)
    lines.insert(0, f"{percent(fraction)} credit, {_ground(part, project, rate)}")
    if (needed := _needed(part, project)) and project.non_foreign[part] is None:
        lines.append(
            f"assumed: at least {percent(needed)} of the cost of its equipment is not from "
            "prohibited foreign entities"
        )
    if part == "fuel_cell" and not flat:
        lines.append("section 48 gives fuel cells at most 3,000 $ of credit a kW")
    return fraction, lines + _construction_lines(part, project)


def _ground(part: str, project: Project, rate: float) -> str:
    """On what a credit stands: the date that decides."""
    start, kept = project.start, _kept(project)
    starts = f"construction starts {start.text}"
    if part == "solar":
        if start.last <= law().day("solar.starts_by"):
            return f"{starts}, by {_date(law().day('solar.starts_by'))}"
        until = _date(law().day("solar.in_service_by"))
        return f"it enters service {project.in_service.text}, by {until}"
    if kept < 1:
        return f"{starts}: {percent(kept)} of {percent(rate)} is left"
    return f"{starts}, before {_year_of_less(below=1.0)}"


def _rate_lines(wage: bool, project: Project) -> list[str]:
    """How the rate is made up, where it is not simply the full one."""
    kind = "full" if wage else "base"
    lines = []
    if not wage:
        lines.append(
            f"base rate of {percent(law().number('itc.base_fraction'))}, prevailing wage and "
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


def _construction_lines(part: str, project: Project) -> list[str]:
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
                "the start must be physical work of a significant nature (Notice 2025-42); "
                f"{vacated}"
            )
    return lines


def stacked_rate(*, wage: bool, energy_community: bool, domestic_content: bool) -> float:
    """Rate with its bonuses."""
    kind = "full" if wage else "base"
    rate = law().number(f"itc.{kind}_fraction")
    rate += energy_community * law().number(f"itc.energy_community_{kind}_fraction")
    rate += domestic_content * law().number(f"itc.domestic_content_{kind}_fraction")
    return round(rate, 12)


def _ptc_usd_per_mwh(project: Project) -> float:
    """Production tax credit that could be taken instead [$/MWh, dollars of 2025]."""
    wage = project.wage or project.start.last < law().day("itc.wage_from")
    bonuses = project.energy_community + project.domestic_content
    rate = law().number(f"ptc.{'full' if wage else 'base'}_usd_per_mwh")
    return round(rate * (1 + bonuses * law().number("ptc.bonus_fraction")), 12)


def _defined(part: str, project: Project) -> bool:
    """Whether a part is what the recovery period of clean energy is defined for."""
    if part == "fuel_cell":
        until, again = law().day("fuel_cell.section_48_to"), law().day("fuel_cell.again_from")
        if until < project.start.last < again:
            return False
    return not _foreign_refusal(part, project)


def _bonus(part: str, project: Project) -> tuple[float, str]:
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
        f"{percent(fraction)} bonus depreciation, construction starts by {_date(after)} and it "
        f"enters service in {project.in_service.last.year}"
    )


def _kept(project: Project) -> float:
    """Fraction of the credit that is left in the year in which construction starts."""
    return law().in_year("itc.kept_fraction", project.start.last.year, 1.0)


def _year_of_less(*, below: float) -> int:
    """The first year whose starts have less than this fraction of the credit."""
    kept = law().by_year("itc.kept_fraction")
    return min(year for year, fraction in kept.items() if fraction < below)


# --- in words -------------------------------------------------------------------------------------


def _told(part: str, lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{words(part)}: {line}" for line in lines)


def words(name: str) -> str:
    """A name in words: "fuel cell"."""
    return name.replace("_", " ")


def percent(fraction: float) -> str:
    """A fraction in words: "22.5 %"."""
    return f"{round(100 * fraction, 6):g} %"


def _date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
