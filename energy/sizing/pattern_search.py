"""Cheaper and cheaper plants on the hour-by-hour kernel, for what the exact method cannot say.

In: `Case`, a plant that meets its targets, and which sizes may change. Out: a plant from which no
searched direction leads to one that is `SAVING` cheaper and still meets them, with the proof.

Targets in hours or outages, and plants with grid or backup, have no convex curve to read. From a
plant close to the best, all its neighbors are run side by side: money moved between the parts by
several amounts, and a little of it saved. The cheapest one that meets the targets is the next
plant, until there is none. The neighbors of the last are the certificate.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.case import Case
from energy.dispatch import Design, simulate_many
from energy.finance import annual_usd_of, annual_usd_per_size
from energy.sizing.target import Constraint
from energy.steps import Array

#: No plant along the searched directions that is cheaper by this fraction meets the targets.
SAVING = 0.005

#: Fractions of the cost that are saved; the search goes on while it finds plants that save the
#: least.
SAVINGS = (SAVING, 0.001, 0.0002)

#: Fractions of a plant's annualized cost that are moved from one part to another; with grid or
#: backup there are more parts, and fewer moves are tried of each.
MOVES = (0.16, 0.08, 0.04, 0.02, 0.01, 0.005)
DISPATCHABLE_MOVES = (0.04, 0.01, 0.0025)

#: Steps of the reserve that are tried with every move, and without one.
RESERVE_STEPS = (0.0, 0.05, -0.05)
LONE_RESERVE_STEPS = (0.02, -0.02, 0.1, -0.1, 0.3, -0.3)

#: Times the cost of the best plant so far above which another start is left.
FAR = 1.25

#: Plants that are passed on the way at most; a search still finding something has gone wrong.
MAX_ROUNDS = 400


class Found(NamedTuple):
    """The plant, and its neighbors with what they cost and whether they meet the targets."""

    design: Design
    neighbours: pd.DataFrame


@dataclass(frozen=True, eq=False)
class PatternSearch:
    """What may change, and what has to hold.

    Parameters
    ----------
    case
        The question.
    constraints
        All of them have to be met.
    sizes
        Names of the sizes that may change; the others stay. With `reserve_conservatism` among them
        the reserve changes too, which costs nothing by itself.
    largest
        Sizes that have a ceiling, and what it is.
    """

    case: Case
    constraints: Sequence[Constraint]
    sizes: Sequence[str]
    largest: Mapping[str, float] = field(default_factory=dict)

    def measured(self, designs: Sequence[Design] | pd.DataFrame) -> pd.DataFrame:
        """Plants with the measures that the targets are of, and `annual_usd`; one row each."""
        return measured(self.case, designs)

    def met(self, plants: pd.DataFrame) -> NDArray[np.bool_]:
        """Whether each measured plant meets all targets."""
        return np.asarray(
            np.all([constraint.met(plants) for constraint in self.constraints], axis=0)
        )

    def from_start(self, start: Design, savings: Sequence[float] = SAVINGS) -> Found:
        """Go down from a plant that meets the targets, until none saves the least of `savings`."""
        best = start
        best_usd = float(self.measured([best])["annual_usd"].iloc[0])
        for _ in range(MAX_ROUNDS):
            frame = self.measured(self._neighbours(best, best_usd, savings))
            frame["met"] = self.met(frame)
            frame["cost_ratio"] = frame["annual_usd"] / best_usd
            better = frame[frame["met"] & (frame["cost_ratio"] <= 1.0 - 0.999 * savings[-1])]
            if better.empty:
                return Found(best, frame)
            # Of those that are as cheap, the one that can give most away next.
            cheapest = better[better["cost_ratio"] <= better["cost_ratio"].min() + 1e-9]
            chosen = cheapest.iloc[int(self.constraints[0].margin(cheapest).argmax())]
            best, best_usd = design_from(chosen), float(chosen["annual_usd"])
        raise RuntimeError("the search did not end; please report this case")

    def from_map(self, plants: pd.DataFrame, *more: Design) -> Found | None:
        """Go down from the best of some measured plants, and keep the best; None if none is met.

        `more` are starts that are known to meet the targets; the answer costs no more than they.
        From one that is far above what was found (`FAR`) the way down is long, and not gone.

        A full backup without reserve and a smaller one with it are two valleys, so the cheapest
        plant of each reserve is one start.
        """
        met = plants[self.met(plants)].sort_values("annual_usd", kind="stable")
        starts = met.drop_duplicates("reserve_conservatism")
        rough = [
            self.from_start(design_from(row), (SAVING,)).design for _, row in starts.iterrows()
        ]
        for start in more:
            costs = self.measured([start, *rough])["annual_usd"]
            if costs[0] <= FAR * costs[1:].min() or not rough:
                rough.append(self.from_start(start, (SAVING,)).design)
        if not rough:
            return None
        best = int(self.measured(rough)["annual_usd"].argmin())
        return self.from_start(rough[best])

    def _neighbours(
        self, design: Design, annual_usd: float, savings: Sequence[float]
    ) -> pd.DataFrame:
        """Plants that money moved between parts, and a little saved, lead to; one row each."""
        priced = [name for name in self.sizes if name != "reserve_conservatism"]
        per_size = annual_usd_per_size(self.case)
        usd = np.array([per_size[name] for name in priced])
        spent = np.array([getattr(design, name) for name in priced]) * usd
        firm = "reserve_conservatism" in self.sizes
        # A fraction of the whole is more of what the sizes cost: some cost is there without them.
        whole = 1.0 if firm else annual_usd / spent.sum()
        # With fuel to pay, more of the plant may be cheaper in all; and far from the best plant
        # larger steps down save rounds.
        changes = (4 * SAVING, *savings, 0.0, -SAVING) if firm else savings
        steps = RESERVE_STEPS if firm else (0.0,)
        rows = [
            (*moved * (1.0 - saving * whole) / usd, design.reserve_conservatism + step)
            for moved in _moves(spent, DISPATCHABLE_MOVES if firm else MOVES)
            for saving, step in itertools.product(changes, steps)
        ]
        if firm:
            rows += [
                (*spent / usd, design.reserve_conservatism + step) for step in LONE_RESERVE_STEPS
            ]
        frame = pd.DataFrame(rows, columns=[*priced, "reserve_conservatism"]).clip(lower=0.0)
        for name, most in ({"reserve_conservatism": 1.0} | dict(self.largest)).items():
            if name in frame:
                frame[name] = frame[name].clip(upper=most)
        fixed = {name: getattr(design, name) for name in Design.model_fields if name not in frame}
        return frame[frame["solar_mw"] > 0].assign(**fixed).reset_index(drop=True)


def measured(case: Case, designs: Sequence[Design] | pd.DataFrame) -> pd.DataFrame:
    """Plants as `energy.simulate_many`, with `backup_energy_fraction` and `annual_usd`."""
    frame = simulate_many(case, designs)
    load_mwh = case.weather.per_year(case.load_mw)
    frame["backup_energy_fraction"] = frame["backup_mwh_per_year"] / load_mwh
    frame["annual_usd"] = annual_usd_of(case, frame)
    return frame


def design_from(row: pd.Series[float]) -> Design:
    """The plant of a row of `energy.simulate_many`."""
    return Design(**{name: float(row[name]) for name in Design.model_fields})


def _moves(spent: Array, moves: Sequence[float]) -> list[Array]:
    """Money moved between parts: from each one or two of them to each one or two others."""
    found = [spent]
    parts = range(len(spent))
    sides = [*((i,) for i in parts), *itertools.combinations(parts, 2)]
    for move, less, more in itertools.product(moves, sides, sides):
        if set(less) & set(more) or len(less) + len(more) > 3:
            continue
        moved = spent.copy()
        for part in less:
            moved[part] -= min(move * spent.sum() / len(less), spent[part])
        taken = spent.sum() - moved.sum()
        for part in more:
            moved[part] += taken / len(more)
        if taken > 0.0:
            found.append(moved)
    return found
