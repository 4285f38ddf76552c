"""What a dollar of each part's capital costs a year: before tax, or after it on given terms.

In: `Case`, the lifetimes of its parts. Out: recovery by part; the options of the pro forma that do
not depend on sizes.

Before tax it is the capital recovery factor. With `Assumptions.terms` it is the revenue of the
first year, growing with inflation, that gives equity its return on that dollar in the pro forma:
construction, debt, credit, depreciation, replacements and what is left at the end, all of one part.

With debt as a fraction of the capital a cash flow after tax is linear in capital, running cost and
revenue, and at a wanted return its present value is zero. So the price of a whole plant is exactly

    (sum of capital x recovery + O&M + fuel) / energy

and a search for the least annualized cost is one for the least price after tax. O&M and fuel grow
with inflation as the price does and are deducted as it is taxed: a dollar of them costs a dollar.

References
----------
[1] Short, Packey and Holt, A Manual for the Economic Evaluation of Energy Efficiency and Renewable
    Energy Technologies, NREL/TP-462-5173, 1995: capital recovery.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from energy.case import Case
from energy.errors import InputError
from energy.finance.cash_flow import CapitalPart, level_revenue
from energy.finance.tax_credits import TaxCredits, tax_credits
from energy.terms import Terms

#: Part of `Cost` -> part of the tax law; of backup it is the kind, and land is not depreciated.
TAXED_AS = {
    "solar": "solar",
    "battery_energy": "battery",
    "battery_power": "battery",
    "grid": "grid",
}

#: How switchgear and controls are depreciated: improvements to land, 15 years.
INTEGRATION_DEPRECIATION = "macrs-15"

#: Part whose price moves over the years as `Wear.price_factor` has it.
BATTERIES = "battery_energy"


def law_of(case: Case, terms: Terms, parts: Sequence[str] | None = None) -> TaxCredits:
    """Tax credit and depreciation of parts of the law; without any, of all that a case may have.

    They are in service when array and battery are, whatever the plant waits for beside them.

    Raises
    ------
    InputError
        For dates outside the years that the law file knows.
    """
    # Where the country is not known it is that of the prices, the world's.
    country = case.site.market or "an unknown country"
    if parts is None:
        parts = ("solar", "battery", "grid", case.assumptions.backup.kind)
    lead_years = case.assumptions.integration.lead_years
    return credits_of(terms, tuple(parts), country, lead_years)


def credits_of(terms: Terms, parts: tuple[str, ...], country: str, lead_years: float) -> TaxCredits:
    """What the law gives on the dates of the terms; `lead_years` from start to service."""
    return _credits(
        terms.start, terms.in_service_after(lead_years), parts, country, terms.wage,
        terms.energy_community, terms.domestic_content, terms.non_foreign_fraction,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _credits(
    start: str, in_service: str, parts: tuple[str, ...], country: str, wage: bool,
    energy_community: bool, domestic_content: bool, non_foreign_fraction: float | None,
) -> TaxCredits:  # fmt: skip
    return tax_credits(
        start=start,
        in_service=in_service,
        parts=parts,
        wage=wage,
        energy_community=energy_community,
        domestic_content=domestic_content,
        non_foreign_fraction=non_foreign_fraction,
        country=country,
    )


def capital_part(part: str, usd: float, law: TaxCredits, kind: str, terms: Terms) -> CapitalPart:
    """Capital of a part of `Cost` with its tax treatment; `kind` is that of the backup."""
    if part in ("land", "integration"):
        # Bonus depreciation is for property of 20 years and less, as that of the other parts.
        bonus = law["battery"].bonus_fraction if part == "integration" else 0.0
        return CapitalPart(usd, 0.0, "none" if part == "land" else INTEGRATION_DEPRECIATION, bonus)
    credit = law.get(TAXED_AS.get(part, kind))
    if credit is None:  # a part that the plant does not have
        return CapitalPart(usd, 0.0, "none", 0.0)
    earned = credit.itc_fraction * terms.credit_fraction
    return CapitalPart(usd, earned, credit.depreciation, credit.bonus_fraction)


def later_usd(case: Case, part: str, lifetime_years: float) -> tuple[dict[int, float], float]:
    """What a dollar of a part leads to: replacements by year, and its worth at the end [nominal $].

    A part is bought again at the end of its lifetime; what is left of it at the end of the project
    is sold in proportion. Batteries change their price as `wear.price_change_per_year` has it.
    """
    finance, wear = case.assumptions.finance, case.assumptions.wear
    years = int(finance.project_years)

    def price(year: int) -> float:
        change = wear.price_factor(year) if part == BATTERIES else 1.0
        return float((1.0 + finance.inflation_fraction) ** year * change)

    replaced = {year: price(year) for year in _replacements(lifetime_years, years)}
    return replaced, _unused(lifetime_years, years) * price(years)


def terms_options(case: Case, terms: Terms, law: TaxCredits) -> dict[str, Any]:
    """Options of `pro_forma` that are the same for every plant of a case."""
    finance = case.assumptions.finance
    years = int(finance.project_years)
    return {
        "years": years,
        "tax_fraction": terms.tax_fraction,
        "state_tax_fraction": terms.state_tax_fraction,
        "inflation_fraction": finance.inflation_fraction,
        "price_escalation_fraction": finance.inflation_fraction,
        "debt_fraction": terms.debt_fraction,
        "debt_rate_fraction": terms.debt_rate_fraction,
        "debt_years": terms.tenor_years(years),
        "augmentation_depreciation": law["battery"].depreciation,
    }


def capital_recovery_factor(discount_fraction: float, lifetime_years: float) -> float:
    """Yearly payment that repays one dollar over a life: r / (1 - (1 + r)^-n) [1].

    For an infinite life, land, it is the rate itself; at a rate of 0 it is 1 / n.
    """
    if math.isinf(lifetime_years):
        return discount_fraction
    if discount_fraction == 0:
        return 1.0 / lifetime_years
    return float(discount_fraction / (1.0 - (1.0 + discount_fraction) ** -lifetime_years))


def recovery_fractions(case: Case, lifetimes: dict[str, float]) -> dict[str, float]:
    """What a dollar of each part's capital costs a year; `lifetimes` [years] by part of `Cost`.

    Raises
    ------
    InputError
        For terms on which no price gives equity its return.
    """
    assumptions = case.assumptions
    terms = assumptions.terms
    if terms is None:
        rate = assumptions.finance.real_discount_fraction
        return {part: capital_recovery_factor(rate, life) for part, life in lifetimes.items()}
    law = law_of(case, terms)
    options = terms_options(case, terms, law)
    found = {}
    for part, life in lifetimes.items():
        capital = capital_part(part, 1.0, law, assumptions.backup.kind, terms)
        replaced, salvage = later_usd(case, part, life)
        found[part] = _level(
            terms.equity_irr_fraction, capital, tuple(replaced.items()), salvage,
            tuple(options.items()),
        )  # fmt: skip
    return found


@lru_cache(maxsize=1024)
def _level(
    irr_fraction: float,
    capital: CapitalPart,
    replaced: tuple[tuple[int, float], ...],
    salvage_fraction: float,
    options: tuple[tuple[str, Any], ...],
) -> float:
    return level_revenue(
        irr_fraction,
        capital_usd=[capital],
        augmentation_usd=dict(replaced),
        salvage_fraction=salvage_fraction,
        **dict(options),
    )


def battery_recovery_fraction(case: Case, lifetime_years: float, *, first: bool) -> float:
    """What a dollar of battery energy costs in each year of its own lifetime, not replaced.

    After tax the first battery has the plant's debt and credit; one that is added later is as the
    pro forma has augmentation: paid by equity, depreciated, no credit.
    """
    terms = case.assumptions.terms
    if terms is None:
        rate = case.assumptions.finance.real_discount_fraction
        return capital_recovery_factor(rate, lifetime_years)
    law, years = law_of(case, terms), int(lifetime_years)
    options = terms_options(case, terms, law) | {"years": years}
    if first:
        part = capital_part(BATTERIES, 1.0, law, case.assumptions.backup.kind, terms)
        options["debt_years"] = min(options["debt_years"], years)
    else:
        part = CapitalPart(1.0, 0.0, law["battery"].depreciation, 0.0)
        options["debt_fraction"] = 0.0
    return _level(terms.equity_irr_fraction, part, (), 0.0, tuple(options.items()))


def real_return_fraction(case: Case) -> float:
    """The real yearly rate at which what is paid later counts less."""
    finance, terms = case.assumptions.finance, case.assumptions.terms
    if terms is None:
        return finance.real_discount_fraction
    return (1.0 + terms.equity_irr_fraction) / (1.0 + finance.inflation_fraction) - 1.0


def only_before_tax(case: Case, what: str) -> None:
    """Refuse terms where costs are before tax.

    Raises
    ------
    InputError
        When the assumptions have terms.
    """
    if case.assumptions.terms is not None:
        raise InputError(f"{what} is before tax; leave out `terms` of the assumptions")


def _replacements(lifetime_years: float, years: int) -> list[int]:
    """Years at whose end a part is bought again."""
    if math.isinf(lifetime_years):
        return []
    lifetime = int(lifetime_years)
    return list(range(lifetime, years, lifetime))


def _unused(lifetime_years: float, years: int) -> float:
    """Fraction of a part's lifetime that is left after so many years; land lasts."""
    if math.isinf(lifetime_years):
        return 1.0
    return float(-years % lifetime_years / lifetime_years)
