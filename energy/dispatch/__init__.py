"""Hour by hour: PV generation to load, surplus to battery, deficit from battery, grid and backup.

In: `Case` and `Design`. Out: `Dispatch`, or one row of measures for each of many designs.
"""

from typing import TYPE_CHECKING

from energy.dispatch.batch import simulate_many
from energy.dispatch.design import Design
from energy.dispatch.flexible import FlexibleRun, run_workload
from energy.dispatch.run import FLOWS, Dispatch, run_load, simulate
from energy.errors import answer_unknown

__all__ = [
    "FLOWS",
    "Design",
    "Dispatch",
    "FlexibleRun",
    "run_load",
    "run_workload",
    "simulate",
    "simulate_many",
]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
