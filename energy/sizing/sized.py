"""The cheapest plant of a case for one target.

In: `Case` and a share of the energy. Out: `Sizing`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from energy.case import Case
from energy.dispatch import Design
from energy.errors import InputError
from energy.plant import Plant, evaluate
from energy.sizing.frontier import design_of, frontier, largest_design, SIZES
from energy.sizing.missing import Shortfall
from energy.sizing.search import share_problems


@dataclass(frozen=True, eq=False)
class Sizing:
    """The cheapest plant for a target, as run hour by hour."""

    plant: Plant
    target_served_fraction: float

    @property
    def case(self) -> Case:
        """The question."""
        return self.plant.case

    @property
    def design(self) -> Design:
        """The answer."""
        return self.plant.design

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The plant's numbers, one row each."""
        return self.plant.frame

    def _repr_html_(self) -> str:
        return self.plant._repr_html_()


def size(case: Case, *, served_fraction: float) -> Sizing:
    """The cheapest solar, battery energy and battery power that serve a share of the energy.

    Raises
    ------
    InputError
        For a target that is no share.
    InfeasibleError
        When no plant within `assumptions.limits` serves the target; the message says which days
        fall short and by how much.
    """
    problems = share_problems("served_fraction", served_fraction)
    if problems:
        raise InputError(problems)
    sizes = frontier(case, [served_fraction]).plants[list(SIZES)].to_numpy()[0]
    if math.isnan(sizes[0]):
        largest = evaluate(case, largest_design(case))
        raise Shortfall(largest, f"{served_fraction:g} of the energy", served_fraction).error()
    return Sizing(evaluate(case, design_of(sizes)), served_fraction)
