"""The cheapest plant for a target, and the whole of cost against availability.

In: `Case` and a target, or plain arrays and prices. Out: `Sizing`, `Frontier`, `LeastCost`.

`legs` gives the unserved energy of every battery at once, `search` the least-cost plants of plain
arrays from it, `frontier` those of a case for every share of the energy. `missing` says why there
is no plant, `targets` what a plant can be asked for, `search` finds it on the hour-by-hour kernel,
`worth` what money is best spent on, `firm` adds grid and backup, `sized` is the plant of one
target, `array` its mount, `uncertainty` how sure all that is.
"""

from energy.sizing.array import ArrayChoice, choose_array
from energy.sizing.cutting_planes import LeastCost, least_cost, least_costs
from energy.sizing.dispatchable import BackupFrontier, backup_frontier
from energy.sizing.frontier import Frontier, frontier
from energy.sizing.infeasible import Infeasibility
from energy.sizing.solution import Sizing, size
from energy.sizing.storage_curve import unserved_mwh

__all__ = [
    "ArrayChoice",
    "BackupFrontier",
    "Frontier",
    "Infeasibility",
    "LeastCost",
    "Sizing",
    "backup_frontier",
    "choose_array",
    "frontier",
    "least_cost",
    "least_costs",
    "size",
    "unserved_mwh",
]
