"""The price at which a plant pays its owner a wanted return after tax.

In: `Cost` of a plant, `Terms` of debt, tax and dates. Out: `AfterTax`: the price, the pro forma
behind it, the credits of each part, and what a month of waiting costs.

The pro forma takes the parts of `Cost` as they are: capital with its interest during construction,
replacements at the end of each part's lifetime, what is left of a part at the end sold in
proportion, O&M and fuel; all real prices grow with inflation. The array gives its lifetime mean in
every year. What the parts, land among them, are sold for is taxed whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import pandas as pd
from pydantic import Field, model_validator

from energy.errors import InputError
from energy.finance.annualized import Cost
from energy.finance.cash_flow import CapitalPart, ProForma, pro_forma
from energy.finance.tax_credits import TaxCredits, tax_credits
from energy.parameters import Fraction, Input, Positive, parameter_field, parameters_of
from energy.tables import Result

#: The file of the numbers below.
FILE = "terms-2026.toml"

#: Part of `Cost` -> part of the tax law; of backup it is the kind, and land is not depreciated.
TAXED_AS = {
    "solar": "solar",
    "battery_energy": "battery",
    "battery_power": "battery",
    "grid": "grid",
}

#: How switchgear and controls are depreciated: improvements to land, 15 years.
INTEGRATION_DEPRECIATION = "macrs-15"

#: Construction starts then, where no date is given.
DEFAULT_START = "2027-01"


def _term(key: str) -> Any:
    return parameter_field(FILE, "terms", key)


class Terms(Input):
    """On what terms a plant is paid for.

    `start` and `in_service` are months or days such as 2027-03; without `in_service` the plant is
    there after its time to power. `price_usd_per_mwh` is what the load pays in the first year;
    without it the price is what gives `equity_irr_fraction`. It grows with inflation.
    """

    equity_irr_fraction: Annotated[float, Field(gt=-0.99, lt=1)] = _term("equity_irr_fraction")
    debt_fraction: Fraction = _term("debt_fraction")
    debt_rate_fraction: Annotated[float, Field(gt=-0.99, lt=1)] = _term("debt_rate_fraction")
    debt_years: Annotated[int, Field(ge=1, le=100)] = _term("debt_years")
    tax_fraction: Fraction = _term("tax_fraction")
    state_tax_fraction: Fraction = _term("state_tax_fraction")
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
        try:
            self.credits(("battery",), "US", time_to_power_years=1.0)
        except InputError as error:
            raise ValueError("; ".join(error.problems)) from None
        return self

    def credits(
        self, parts: Sequence[str], country: str, *, time_to_power_years: float
    ) -> TaxCredits:
        """Tax credit and depreciation of parts that a plant has; errors as `tax_credits`."""
        return tax_credits(
            start=self.start,
            in_service=self.in_service or _months_later(self.start, time_to_power_years),
            parts=parts,
            wage=self.wage,
            energy_community=self.energy_community,
            domestic_content=self.domestic_content,
            non_foreign_fraction=self.non_foreign_fraction,
            country=country,
        )


@dataclass(frozen=True, eq=False)
class AfterTax(Result):
    """A plant's money after tax; `after_tax` makes one.

    Parameters
    ----------
    cost
        The plant, priced.
    terms
        On what terms it is paid for.
    credits
        Tax credit and depreciation of each part.
    pro_forma
        The cash flow by year, at the price.
    """

    cost: Cost
    terms: Terms
    credits: TaxCredits
    pro_forma: ProForma

    @property
    def price_usd_per_mwh(self) -> float:
        """Price of the first year, growing with inflation [$/MWh served]."""
        return float(self.pro_forma.options["price_usd_per_mwh"])

    @property
    def months_to_power(self) -> float:
        """Months until the last part gives power."""
        return 12.0 * self.cost.time_to_power_years

    @property
    def waiting_usd_per_month(self) -> float:
        """What a month costs in which computers that are bought stand idle: of their life [$]."""
        case = self.cost.run.case
        usd = case.datacenter.it_mw * self.terms.computers_usd_per_mw
        return usd / (12.0 * case.assumptions.computers.lifetime_years)

    @property
    def frame(self) -> pd.DataFrame:
        """The cash flow by year."""
        return self.pro_forma.frame

    @property
    def notes(self) -> list[str]:
        """What a reader should know: credits and why, what the cash flow leaves out."""
        home = [] if _country(self.cost) == "US" else ["tax rates are those of the United States"]
        return [*self.credits.reasons, *self.pro_forma.notes, *home]

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.cost.run.case.title}: {self.pro_forma.caption}"

    def _record(self) -> dict[str, Any]:
        """The answer without its years, for JSON."""
        found = self.pro_forma
        return {
            "price_usd_per_mwh": self.price_usd_per_mwh,
            "equity_irr_fraction": found.irr_fraction,
            "npv_usd": found.npv_usd,
            "lcoe_nominal_usd_per_mwh": found.lcoe_nominal_usd_per_mwh,
            "lcoe_real_usd_per_mwh": found.lcoe_real_usd_per_mwh,
            "min_dscr": found.min_dscr,
            "payback_years": found.payback_years,
            "itc_fraction": self.credits.itc_fraction,
            "start": self.credits.start,
            "in_service": self.credits.in_service,
            "months_to_power": self.months_to_power,
            "waiting_usd_per_month": self.waiting_usd_per_month,
            "notes": self.notes,
            "sources": list(dict.fromkeys(parameters_of(self.terms)["source"])),
        }


def after_tax(cost: Cost, terms: Terms | None = None) -> AfterTax:
    """What a plant's power has to cost so that its owner earns a return after tax.

    Parameters
    ----------
    cost
        The plant, priced; `Evaluation.cost`.
    terms
        Debt, tax, dates and return; without them the shipped ones.

    Raises
    ------
    InputError
        With everything that is wrong.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> plant = en.evaluate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> found = en.finance.after_tax(plant.cost)
    >>> found.credits.itc_fraction
    {'solar': 0.0, 'battery': 0.3}
    >>> round(found.pro_forma.irr_fraction, 6)
    0.1
    """
    terms = terms or Terms()
    finance = cost.run.case.assumptions.finance
    kind = cost.run.case.assumptions.backup.kind
    parts = ["solar", "battery"]
    parts += ["grid"] if cost.run.design.grid_mw > 0 else []
    parts += [kind] if cost.run.design.backup_mw > 0 else []
    law = terms.credits(parts, _country(cost), time_to_power_years=cost.time_to_power_years)
    years, inflation = int(finance.project_years), finance.inflation_fraction
    frame = cost.frame
    replaced: dict[int, float] = {}
    salvage_usd = 0.0
    for _, row in frame.iterrows():
        capital_usd, lifetime = float(row["capital_usd"]), float(row["lifetime_years"])
        for year in _replacements(lifetime, years):
            grown = capital_usd * (1.0 + inflation) ** year
            replaced[year] = replaced.get(year, 0.0) + grown
        salvage_usd += capital_usd * _unused(lifetime, years) * (1.0 + inflation) ** years
    total_usd = float(frame["capital_usd"].sum())
    options: dict[str, Any] = {
        "capital_usd": {part: _capital(cost, part, law) for part in frame.index},
        "energy_mwh": cost.run.served_mwh_per_year,
        "om_usd": float(frame[["fixed_om_usd", "variable_om_usd"]].to_numpy().sum()),
        "fuel_usd": float(frame["fuel_usd"].sum()),
        "years": years,
        "discount_fraction": finance.wacc_fraction,
        "tax_fraction": terms.tax_fraction,
        "state_tax_fraction": terms.state_tax_fraction,
        "inflation_fraction": inflation,
        "price_escalation_fraction": inflation,
        "debt_fraction": terms.debt_fraction,
        "debt_rate_fraction": terms.debt_rate_fraction,
        "debt_years": _tenor(terms, years),
        "salvage_fraction": salvage_usd / total_usd if total_usd > 0 else 0.0,
        "augmentation_usd": replaced,
        "augmentation_depreciation": law["battery"].depreciation,
    }
    price = terms.price_usd_per_mwh
    if price is None:
        first = pro_forma(price_usd_per_mwh=0.0, **options)
        price = first.price_for_irr(terms.equity_irr_fraction)
    return AfterTax(cost, terms, law, pro_forma(price_usd_per_mwh=price, **options))


def _tenor(terms: Terms, years: int) -> int:
    """Years of the debt: as given, or as shipped but no longer than the project."""
    given = "debt_years" in terms.model_fields_set
    return terms.debt_years if given else min(terms.debt_years, years)


def _country(cost: Cost) -> str:
    """Whose law holds; where the country is not known it is that of the prices, the world's."""
    return cost.run.case.site.market or "an unknown country"


def _capital(cost: Cost, part: str, law: TaxCredits) -> CapitalPart:
    """Capital of a part of `Cost` with its tax treatment."""
    usd = float(cost.frame["capital_usd"][part])
    if part in ("land", "integration"):
        # Bonus depreciation is for property of 20 years and less, as that of the other parts.
        bonus = law["battery"].bonus_fraction if part == "integration" else 0.0
        recovery = "none" if part == "land" else INTEGRATION_DEPRECIATION
        return CapitalPart(usd, 0.0, recovery, bonus)
    name = TAXED_AS.get(part, cost.run.case.assumptions.backup.kind)
    if name not in law:  # a part that the plant does not have
        return CapitalPart(usd, 0.0, "none", 0.0)
    credit = law[name]
    return CapitalPart(usd, credit.itc_fraction, credit.depreciation, credit.bonus_fraction)


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


def _months_later(start: str, years: float) -> str:
    """The month so many years after one such as 2027-03; what is no month is left to be refused."""
    try:
        year, month = (int(text) for text in start.split("-")[:2])
    except ValueError:
        return start
    months = 12 * year + month - 1 + math.ceil(12.0 * years - 1e-9)
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
