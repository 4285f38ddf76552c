"""The cheapest plant for a target, and the whole of cost against availability.

In: `Case` and a target, or plain arrays and prices. Out: `Sizing`, `Frontier`, `LeastCost`.

`legs` gives the unserved energy of every battery at once, `search` the least-cost plants of plain
arrays from it, `frontier` those of a case for every share of the energy. `missing` says why there
is no plant, `targets` what a plant can be asked for, `descent` finds it on the hour-by-hour kernel,
`worth` what money is best spent on, `firm` adds grid and backup, `sized` is the plant of one
target, `array` its mount, `sure` how sure all that is.
"""

from energy.sizing.array import ArrayChoice, choose_array
from energy.sizing.firm import FossilFrontier, fossil_frontier
from energy.sizing.frontier import Frontier, frontier
from energy.sizing.legs import unserved_mwh
from energy.sizing.missing import Shortfall
from energy.sizing.search import LeastCost, least_cost, least_costs
from energy.sizing.sized import Sizing, size
from energy.sizing.sure import Sureness, how_sure

__all__ = [
    "ArrayChoice",
    "FossilFrontier",
    "Frontier",
    "LeastCost",
    "Shortfall",
    "Sizing",
    "Sureness",
    "choose_array",
    "fossil_frontier",
    "frontier",
    "how_sure",
    "least_cost",
    "least_costs",
    "size",
    "unserved_mwh",
]
