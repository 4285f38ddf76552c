"""What the plant costs, and what its owner earns after tax.

In: `Case`, `Dispatch`, plain numbers, dates of construction. Out: unit costs, `Cost`,
`PresentCost`, `ProForma`, `TaxCredits`, `AfterTax`.
"""

from typing import TYPE_CHECKING

from energy.errors import answer_unknown
from energy.finance.after_tax import AfterTax, after_tax
from energy.finance.annualized import Cost, price
from energy.finance.capital import (
    DRIVERS,
    UnitCost,
    annual_usd_of,
    annual_usd_per_size,
    capital_usd_per_size,
    unit_costs,
)
from energy.finance.cash_flow import CapitalPart, ProForma, price_for_irr, pro_forma
from energy.finance.depreciation import depreciation_fractions
from energy.finance.present_cost import PresentCost, present_cost
from energy.finance.rate_of_return import internal_rate, internal_rates
from energy.finance.recovery import (
    capital_recovery_factor,
    only_before_tax,
    real_return_fraction,
    recovery_fractions,
)
from energy.finance.tax_credits import TaxCredits, tax_credits
from energy.finance.tax_law import tax_law
from energy.finance.tax_rules import Credit
from energy.terms import Terms

__all__ = [
    "DRIVERS",
    "AfterTax",
    "CapitalPart",
    "Cost",
    "Credit",
    "PresentCost",
    "ProForma",
    "TaxCredits",
    "Terms",
    "UnitCost",
    "after_tax",
    "annual_usd_of",
    "annual_usd_per_size",
    "capital_recovery_factor",
    "capital_usd_per_size",
    "depreciation_fractions",
    "internal_rate",
    "internal_rates",
    "only_before_tax",
    "present_cost",
    "price",
    "price_for_irr",
    "pro_forma",
    "real_return_fraction",
    "recovery_fractions",
    "tax_credits",
    "tax_law",
    "unit_costs",
]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
