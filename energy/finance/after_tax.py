"""The price at which a plant pays its owner a wanted return after tax.

In: `Cost` of a plant, `Terms` of debt, tax and dates. Out: `AfterTax`: the price, the pro forma
behind it, the credits of each part, and what a month of waiting costs.

The pro forma takes the parts of `Cost` as they are: capital with its interest during construction,
replacements at the end of each part's lifetime, what is left of a part at the end sold in
proportion, O&M and fuel; all real prices grow with inflation, but for that of batteries, which
also changes as `wear.price_change_per_year` has it. The array gives its lifetime mean in every
year. What the parts, land among them, are sold for is taxed whole.

A plant that was sized on the same terms (`Assumptions.terms`) has this price as its levelized
cost. Of PV and battery no other plant that does as much has a lower one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from energy.case import Case
from energy.finance.annualized import Cost
from energy.finance.cash_flow import CapitalPart, ProForma, pro_forma
from energy.finance.recovery import capital_part, later_usd, law_of, terms_options
from energy.finance.tax_credits import TaxCredits
from energy.parameters import parameters_of
from energy.tables import Result
from energy.terms import Terms

#: What computers do while there is no power.
Computers = Literal["idle", "unbought"]


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
        return case.datacenter.it_mw * waiting_usd_per_mw_month(case, self.terms, "idle")

    @property
    def frame(self) -> pd.DataFrame:
        """The cash flow by year."""
        return self.pro_forma.frame

    @property
    def notes(self) -> list[str]:
        """What a reader should know: credits and why, what the cash flow leaves out."""
        notes = [*self.credits.reasons, *self.pro_forma.notes]
        repaid_years = int(self.pro_forma.options["debt_years"])
        if self.terms.debt_fraction > 0.0 and repaid_years < self.terms.debt_years:
            notes.append(
                f"the debt is repaid in {repaid_years} years, as long as the project lasts, not in "
                f"{self.terms.debt_years}"
            )
        if self.terms.credit_fraction < 1.0:
            notes.append(f"the owner gets {self.terms.credit_fraction:.0%} of the credits")
        if self.cost.run.case.site.market != "US":
            notes.append("tax rates are those of the United States")
        return notes

    @property
    def itc_fraction(self) -> dict[str, float]:
        """Investment tax credit of solar and battery that the owner gets."""
        kept = self.terms.credit_fraction
        return {part: kept * f for part, f in self.credits.itc_fraction.items()}

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
            "itc_fraction": self.itc_fraction,
            "start": self.credits.start,
            "in_service": self.credits.in_service,
            "months_to_power": self.months_to_power,
            "waiting_usd_per_month": self.waiting_usd_per_month,
            "notes": self.notes,
            "sources": list(dict.fromkeys(parameters_of(self.terms)["source"])),
        }


def waiting_usd_per_mw_month(case: Case, terms: Terms | None, computers: Computers) -> float:
    """What a month without power costs for each MW of computers [$].

    "idle": they are bought, and a month of their life is lost; "unbought": the return that equity
    asks on their price is not earned. Without terms those that are shipped.
    """
    terms = terms or Terms()
    if computers == "idle":
        months = 12.0 * case.assumptions.computers.lifetime_years
        return terms.computers_usd_per_mw / months
    return terms.computers_usd_per_mw * terms.equity_irr_fraction / 12.0


def after_tax(cost: Cost, terms: Terms | None = None) -> AfterTax:
    """What a plant's power has to cost so that its owner earns a return after tax.

    Parameters
    ----------
    cost
        The plant, priced; `Evaluation.cost`.
    terms
        Debt, tax, dates and return; without them those of the assumptions, or the shipped ones.

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
    case = cost.run.case
    terms = terms or case.assumptions.terms or Terms()
    kind = case.assumptions.backup.kind
    parts = ["solar", "battery"]
    parts += ["grid"] if cost.run.design.grid_mw > 0 else []
    parts += [kind] if cost.run.design.backup_mw > 0 else []
    law = law_of(case, terms, parts)
    frame = cost.frame
    capital: dict[str, CapitalPart] = {}
    replaced: dict[int, float] = {}
    salvage_usd = 0.0
    for name, row in frame.iterrows():
        part, usd = str(name), float(row["capital_usd"])
        capital[part] = capital_part(part, usd, law, kind, terms)
        later, left = later_usd(case, part, float(row["lifetime_years"]))
        for year, factor in later.items():
            replaced[year] = replaced.get(year, 0.0) + usd * factor
        salvage_usd += usd * left
    total_usd = float(frame["capital_usd"].sum())
    options: dict[str, Any] = terms_options(case, terms, law) | {
        "capital_usd": capital,
        "energy_mwh": cost.run.served_mwh_per_year,
        "om_usd": float(frame[["fixed_om_usd", "variable_om_usd"]].to_numpy().sum()),
        "fuel_usd": float(frame["fuel_usd"].sum()),
        "discount_fraction": case.assumptions.finance.wacc_fraction,
        "salvage_fraction": salvage_usd / total_usd if total_usd > 0 else 0.0,
        "augmentation_usd": replaced,
    }
    price = terms.price_usd_per_mwh
    if price is None:
        first = pro_forma(price_usd_per_mwh=0.0, **options)
        price = first.price_for_irr(terms.equity_irr_fraction)
    return AfterTax(cost, terms, law, pro_forma(price_usd_per_mwh=price, **options))
