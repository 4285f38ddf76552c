"""The cheapest plant for a target, and the whole of cost against availability.

In: `Case` and a target, or plain arrays and prices. Out: `Sizing`, `Frontier`, `LeastCost`.

`legs` gives the unserved energy of every battery at once, `search` the least-cost plants of plain
arrays from it, `frontier` those of a case for every share of the energy, `sized` the plant of one
target, `missing` says why there is none.
"""

from energy.sizing.frontier import Frontier, frontier
from energy.sizing.legs import unserved_mwh
from energy.sizing.missing import Shortfall
from energy.sizing.search import LeastCost, least_cost, least_costs
from energy.sizing.sized import Sizing, size

__all__ = [
    "Frontier",
    "LeastCost",
    "Shortfall",
    "Sizing",
    "frontier",
    "least_cost",
    "least_costs",
    "size",
    "unserved_mwh",
]
