"""The cheapest plant for a target, and the whole of cost against reliability.

In: `Case` and `Target`, or plain arrays and prices. Out: `Sizing`, `Frontier`, `LeastCost`.

`storage_curve` gives the unserved energy of every battery at once, `cutting_planes` the least-cost
plants from it, `optimum` those of plain arrays, `frontier` those of a case for every fraction of
the energy. `target` is what a plant has to meet, `infeasible` why none does, `pattern_search` finds
one on the hour-by-hour kernel, `economic` what money is best spent on, `dispatchable` adds grid and
backup, `solution` is the plant of one target, `array` chooses its mount, pitch and inverters and
`array_frontier` those of every target, `life_sizing` sizes for all years of a life on
`life_search`, `weather_uncertainty` is what the weather years leave open.
"""

from typing import TYPE_CHECKING

from energy.errors import answer_unknown
from energy.sizing.array import ArrayChoice, choose_array
from energy.sizing.array_frontier import ArrayFrontier, array_frontier
from energy.sizing.dispatchable import BackupFrontier, backup_frontier
from energy.sizing.failure_sizing import size_with_failures
from energy.sizing.frontier import Frontier, frontier
from energy.sizing.infeasible import Infeasibility
from energy.sizing.life_sizing import size_for_life
from energy.sizing.optimum import LeastCost, least_cost, least_costs
from energy.sizing.solution import Sizing, size
from energy.sizing.storage_curve import unserved_mwh
from energy.sizing.target import Target
from energy.sizing.weather_uncertainty import WeatherUncertainty, weather_uncertainty

__all__ = [
    "ArrayChoice",
    "ArrayFrontier",
    "BackupFrontier",
    "Frontier",
    "Infeasibility",
    "LeastCost",
    "Sizing",
    "Target",
    "WeatherUncertainty",
    "array_frontier",
    "backup_frontier",
    "choose_array",
    "frontier",
    "least_cost",
    "least_costs",
    "size",
    "size_for_life",
    "size_with_failures",
    "unserved_mwh",
    "weather_uncertainty",
]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
