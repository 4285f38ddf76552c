"""Cheaper and cheaper plants on the hour-by-hour kernel, for what the exact method cannot say.

In: `Case`, a plant that meets its targets, and which sizes may change. Out: a plant from which no
searched direction leads to one that is `SAVING` cheaper and still meets them, with the proof.

Targets in hours or outages, and plants with grid or backup, have no convex curve to read. From a
plant close to the best, all its neighbours are run side by side: money moved between the parts by
several amounts, and a little of it saved. The cheapest one that meets the targets is the next
plant, until there is none. The neighbours of the last are the certificate.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from energy.case import Case
from energy.cost import annual_usd_of, annual_usd_per_size
from energy.dispatch import Design, simulate_many
from energy.sizing.targets import Target
from energy.units import Array

#: No plant along the searched directions that is cheaper by this share meets the targets.
SAVING = 0.005

#: Shares of the cost that are saved; the search goes on while it finds plants that save the least.
SAVINGS = (SAVING, 0.001, 0.0002)

#: Shares of a plant's yearly cost that are moved from one part to another.
MOVES = (0.16, 0.08, 0.04, 0.02, 0.01, 0.005)

#: Neighbours that are run at most; a search that is still finding something has gone wrong.
MAX_ROUNDS = 400


class Found(NamedTuple):
    """The plant, and its neighbours with what they cost and whether they meet the targets."""

    design: Design
    neighbours: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Descent:
    """What may change, and what has to hold.

    Parameters
    ----------
    case
        The question.
    targets
        All of them have to be met.
    sizes
        Names of the sizes that may change; the others stay. With `reserve_fraction` among them
        the reserve changes too, which costs nothing by itself.
    largest
        Sizes that have a ceiling, and what it is.
    """

    case: Case
    targets: Sequence[Target]
    sizes: Sequence[str]
    largest: Mapping[str, float] = field(default_factory=dict)

    def measured(self, designs: list[Design]) -> pd.DataFrame:
        """Sizes, measures, `fossil_fraction`, `annual_usd` and `met`, one row a plant."""
        frame = simulate_many(self.case, designs)
        load_mwh = self.case.weather.per_year(self.case.load_mw)
        frame["fossil_fraction"] = frame["backup_mwh_per_year"] / load_mwh
        frame["annual_usd"] = annual_usd_of(self.case, frame)
        frame["met"] = np.all([target.met(frame) for target in self.targets], axis=0)
        return frame

    def from_start(self, start: Design) -> Found:
        """Go down from a plant that meets the targets."""
        best = start
        best_usd = float(self.measured([best])["annual_usd"].iloc[0])
        for _ in range(MAX_ROUNDS):
            directions, designs = self._neighbours(best)
            frame = self.measured(designs)
            frame.insert(0, "direction", directions)
            frame["cost_ratio"] = frame["annual_usd"] / best_usd
            better = frame[frame["met"] & (frame["cost_ratio"] <= 1.0 - 0.999 * SAVINGS[-1])]
            if better.empty:
                return Found(best, frame)
            # Of those that are as cheap, the one that can give most away next.
            cheapest = better[better["cost_ratio"] <= better["cost_ratio"].min() + 1e-9]
            row = int(self.targets[0].margin(cheapest).argmax())
            row = int(cheapest.index[row])
            best, best_usd = designs[row], float(frame["annual_usd"].iloc[row])
        raise RuntimeError("the descent did not end; please report this case")

    def _neighbours(self, design: Design) -> tuple[list[str], list[Design]]:
        """Directions in words, and the plants that they lead to."""
        priced = [name for name in self.sizes if name != "reserve_fraction"]
        per_size = np.array([annual_usd_per_size(self.case)[name] for name in priced])
        spent = np.array([getattr(design, name) for name in priced]) * per_size
        firm = "reserve_fraction" in self.sizes
        # With fuel to pay, more of the plant may be cheaper in all.
        savings = (*SAVINGS, 0.0, -SAVING) if firm else SAVINGS
        directions, designs = [], []
        for (words, moved), saving in itertools.product(_moves(spent, priced), savings):
            sizes = np.maximum(moved, 0.0) * (1.0 - saving) / per_size
            changes = {
                name: min(float(value), self.largest.get(name, np.inf))
                for name, value in zip(priced, sizes, strict=True)
            }
            for reserve in _reserves(design.reserve_fraction) if firm else (None,):
                kept = {} if reserve is None else {"reserve_fraction": reserve}
                if changes["solar_mw"] > 0:
                    directions.append(words)
                    designs.append(design.replace(**changes, **kept))
        return directions, designs


def _moves(spent: Array, names: Sequence[str]) -> list[tuple[str, Array]]:
    """Money moved between parts: from each set of up to two to each set of up to two others."""
    moves = [("all alike", spent)]
    parts = range(len(spent))
    sides = [*((i,) for i in parts), *itertools.combinations(parts, 2)]
    for move, less, more in itertools.product(MOVES, sides, sides):
        if set(less) & set(more) or len(less) + len(more) > 3:
            continue
        wish = move * spent.sum() / len(less)
        taken = np.zeros(len(spent))
        for part in less:
            taken[part] = min(wish, spent[part])
        if taken.sum() == 0.0:
            continue
        moved = spent - taken
        for part in more:
            moved[part] += taken.sum() / len(more)
        words = [" and ".join(names[part] for part in side) for side in (less, more)]
        moves.append((f"{move:g} from {words[0]} to {words[1]}", moved))
    return moves


def _reserves(reserve: float) -> list[float]:
    steps = (0.0, 0.02, -0.02, 0.1, -0.1, 0.3, -0.3)
    return sorted({min(max(reserve + step, 0.0), 1.0) for step in steps})
