"""What the plant costs.

In: `Case`, `Dispatch`. Out: unit costs, `Cost`, `PresentCost`.
"""

from typing import TYPE_CHECKING

from energy.errors import answer_unknown
from energy.finance.annualized import Cost, price
from energy.finance.capital import (
    DRIVERS,
    UnitCost,
    annual_usd_of,
    annual_usd_per_size,
    capital_recovery_factor,
    capital_usd_per_size,
    unit_costs,
)
from energy.finance.present_cost import PresentCost, present_cost

__all__ = [
    "DRIVERS",
    "Cost",
    "PresentCost",
    "UnitCost",
    "annual_usd_of",
    "annual_usd_per_size",
    "capital_recovery_factor",
    "capital_usd_per_size",
    "present_cost",
    "price",
    "unit_costs",
]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
