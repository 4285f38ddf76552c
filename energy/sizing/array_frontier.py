"""Cost against reliability with the array of each target: the lower edge of some frontiers.

In: `Case`. Out: `ArrayFrontier`: for every fraction of the energy the cheapest plant on the arrays
that are the cheapest at `AT`.

The best array changes slowly with the target, from trackers for the year's energy to steep fixed
rows for the darkest weeks, so that a few arrays stand for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from energy.case import Case
from energy.errors import InfeasibleError
from energy.sizing.array import arrays_of
from energy.sizing.frontier import SERVED_FRACTIONS, SIZES, Frontier, frontier
from energy.sizing.target import Target
from energy.steps import Array

#: Fractions of the energy for which an array is chosen.
AT = (0.8, 0.99, 0.999)


@dataclass(frozen=True, eq=False)
class ArrayFrontier(Frontier):
    """The least-cost plants of a row of targets, each on the best of some arrays.

    `parts` are the frontiers of the arrays; `case` is that of the last one. `frame` also has
    `array`, in words.
    """

    parts: tuple[Frontier, ...] = ()

    @cached_property
    def frame(self) -> pd.DataFrame:
        """As `Frontier.frame`, with the `array` of each row."""
        frames = [part.frame.assign(array=part.case.assumptions.solar.title) for part in self.parts]
        every = pd.concat(frames, ignore_index=True)
        frame = every.sort_values(["served_fraction", "annual_usd"], kind="stable")
        frame = frame.drop_duplicates("served_fraction").reset_index(drop=True)
        served_mwh = frame["served_fraction"] * self.case.weather.per_year(self.case.load_mw)
        frame["marginal_usd_per_mwh"] = frame["annual_usd"].diff() / served_mwh.diff()
        return frame

    def _record(self) -> dict[str, Any]:
        """The frontier as data."""
        numbers = self.frame.drop(columns="array").astype(float)
        plants = [
            row | {"array": array}
            for row, array in zip(
                numbers.to_dict(orient="records"), self.frame["array"], strict=True
            )
        ]
        return self.parts[0].to_dict() | {"plants": plants, "unreachable": self.unreachable}


def array_frontier(
    case: Case,
    served_fractions: Sequence[float] | Array = SERVED_FRACTIONS,
    *,
    cyclic: bool = True,
    progress: Callable[[Iterable[float]], Iterable[float]] = iter,
    **choices: Any,
) -> ArrayFrontier:
    """The cheapest plant for every fraction of the energy, the array chosen with it.

    Parameters
    ----------
    case
        The question.
    served_fractions, cyclic
        As in `frontier`.
    progress
        Wraps the fractions for which an array is chosen, for a progress bar.
    **choices
        What `choose_array` may choose from.

    Raises
    ------
    InputError
        As `frontier` and `choose_array`.
    InfeasibleError
        When no array has a plant for the first of `AT`.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> curve = en.array_frontier(case, [0.6, 0.99], mounts=["tracker"])
    >>> [array.split(",")[0] for array in curve.frame["array"]]
    ['tracker 60 deg', 'tracker 60 deg']
    """
    arrays, cases = arrays_of(case, **choices), dict[str, Case]()
    for fraction in progress(AT):
        try:
            found = arrays.cheapest(Target("served_fraction", fraction)).case
        except InfeasibleError:
            if not cases:
                raise
            break
        cases[found.assumptions.solar.title] = found
    parts = tuple(frontier(each, served_fractions, cyclic=cyclic) for each in cases.values())
    plants = pd.concat([part.plants.assign(usd=_usd(part)) for part in parts], ignore_index=True)
    plants = plants.sort_values(["served_fraction", "usd"], kind="stable")
    plants = plants.drop_duplicates("served_fraction").reset_index(drop=True)
    columns = ["served_fraction", *SIZES]
    return ArrayFrontier(parts[-1].case, cyclic, plants[columns], parts)


def _usd(part: Frontier) -> pd.Series[float]:
    """Yearly cost of each of a frontier's plants, NaN where there is none."""
    cost = part.frame.set_index("served_fraction")["annual_usd"]
    return part.plants["served_fraction"].map(cost)
