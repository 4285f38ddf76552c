"""Cheaper and cheaper plants on the hour-by-hour kernel, for what the exact method cannot say.

In: `Case`, a plant that meets its targets, and which sizes may change. Out: a plant from which no
searched direction leads to one that is `SAVING` cheaper and still meets them, with the proof.

Targets in hours or outages, and plants with grid or backup, have no convex curve to read. From a
plant close to the best, all its neighbors are run side by side: money moved between the parts by
several amounts, and a little of it saved. The cheapest one that meets the targets is the next
plant, until there is none. The neighbors of the last are the certificate.

With grid or backup a plant has some 2,000 neighbors, and there are several valleys to go down. Most
of the way is then shown by models of the plants measured so far (`energy.sizing.trust_region`), a
tenth of the plants that neighbors alone would take; the neighbors of the last are run all the same.
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
from energy.sizing.trust_region import Region, still_going
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

#: Reserves that are this far apart are valleys of their own.
VALLEY_STEP = 0.1

#: Half a region's side at first, as a fraction of each size and `PART` of the cost: around those of
#: the map, and around one that its neighbors have shown to be close.
WIDE, CLOSE = 0.2, 0.07
PART = 0.04

#: A change of the reserve that is as far as a size's by all of it.
RESERVE_STEP = 0.45

#: Plants that are passed on the way at most; a search still finding something has gone wrong.
MAX_ROUNDS = 400


class Found(NamedTuple):
    """The plant, and its neighbors with what they cost and whether they meet the targets.

    `plants` are all that were measured, or that the last step of the search did.
    """

    design: Design
    annual_usd: float
    neighbours: pd.DataFrame
    plants: pd.DataFrame


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
            frame = self._told(best, best_usd, savings)
            better = self._cheaper(frame, savings)
            if better.empty:
                return Found(best, best_usd, frame, frame)
            # Of those that are as cheap, the one that can give most away next.
            cheapest = better[better["cost_ratio"] <= better["cost_ratio"].min() + 1e-9]
            chosen = cheapest.iloc[int(self.constraints[0].margin(cheapest).argmax())]
            best, best_usd = design_from(chosen), float(chosen["annual_usd"])
        raise RuntimeError("the search did not end; please report this case")

    def from_map(self, plants: pd.DataFrame, *more: Design) -> Found | None:
        """Go down from the best of some measured plants, and keep the best; None if none is met.

        `more` are starts that are known to meet the targets; the answer costs no more than they.

        A full backup without reserve and a smaller one with it are two valleys, so the cheapest
        plant of each reserve is one start. Regions around all of them are modelled and moved side
        by side (`energy.sizing.trust_region`); those that the models show to be hopeless are
        dropped. Where a target is no smooth measure each start goes down by its neighbors instead.
        """
        if more:
            plants = pd.concat([plants, self.measured(more)], ignore_index=True)
        met = plants[self.met(plants)].sort_values("annual_usd", kind="stable")
        if met.empty:
            return None
        # Reserves of the map; others count as the nearest of them.
        valley = (met["reserve_conservatism"] / VALLEY_STEP).round()
        starts = met[~valley.duplicated()]
        if self._smooth:
            return self._proved(self._by_model(plants, starts, WIDE))
        rough = [
            self.from_start(design_from(row), (SAVING,)).design for _, row in starts.iterrows()
        ]
        best = int(self.measured(rough)["annual_usd"].argmin())
        found = self.from_start(rough[best])
        own = self.measured([found.design])[plants.columns]
        return found._replace(plants=pd.concat([plants, own], ignore_index=True))

    def from_plant(self, start: pd.DataFrame, plants: pd.DataFrame) -> Found:
        """Go down from one measured plant that meets the targets, among others that may or not."""
        if self._smooth:
            return self._proved(self._by_model(plants, start, CLOSE))
        found = self.from_start(design_from(start.iloc[0]))
        own = self.measured([found.design])[plants.columns]
        return found._replace(plants=pd.concat([plants, own], ignore_index=True))

    def _proved(self, plants: pd.DataFrame) -> Found:
        """The cheapest of measured plants, or what its neighbors lead to, until none is cheaper."""
        for _ in range(MAX_ROUNDS):
            usd_by_plant = plants["annual_usd"].to_numpy(dtype=float)
            best = plants.iloc[int(np.where(self.met(plants), usd_by_plant, np.inf).argmin())]
            usd = float(best["annual_usd"])
            frame = self._told(design_from(best), usd, SAVINGS)
            plants = pd.concat([plants, frame[plants.columns]], ignore_index=True)
            better = self._cheaper(frame, SAVINGS)
            if better.empty:
                return Found(design_from(best), usd, frame, plants)
            plants = self._by_model(plants, better.nsmallest(1, "annual_usd"), CLOSE)
        raise RuntimeError("the search did not end; please report this case")

    def _told(self, design: Design, annual_usd: float, savings: Sequence[float]) -> pd.DataFrame:
        """The neighbors of a plant, whether they meet the targets, and their cost to its."""
        frame = self.measured(self._neighbours(design, annual_usd, savings))
        frame["met"] = self.met(frame)
        frame["cost_ratio"] = frame["annual_usd"] / annual_usd
        return frame

    def _cheaper(self, neighbours: pd.DataFrame, savings: Sequence[float]) -> pd.DataFrame:
        """Neighbors that meet the targets and save the least of `savings`."""
        saved = neighbours["cost_ratio"] <= 1.0 - 0.999 * savings[-1]
        return neighbours[neighbours["met"] & saved]

    @property
    def _smooth(self) -> bool:
        """Whether a model fits: hours of one event jump, and a reserve is what makes valleys."""
        measures = {constraint.measure for constraint in self.constraints}
        return "reserve_conservatism" in self.sizes and not measures & {"longest_event_h"}

    def _by_model(self, plants: pd.DataFrame, starts: pd.DataFrame, radius: float) -> pd.DataFrame:
        """All plants, and those that regions around the starts were led to."""
        sizes = list(self.sizes)
        per_size = annual_usd_per_size(self.case)
        whole_usd = float(starts["annual_usd"].min())
        more = np.array([
            RESERVE_STEP if name == "reserve_conservatism" else PART * whole_usd / per_size[name]
            for name in sizes
        ])  # fmt: skip
        changing = np.array([name != "reserve_conservatism" for name in sizes])
        most = {"reserve_conservatism": 1.0} | dict(self.largest)
        highest = np.array([most.get(name, np.inf) for name in sizes])
        lowest = np.array([1e-6 if name == "solar_mw" else 0.0 for name in sizes])
        fixed = {
            name: float(starts[name].iloc[0]) for name in Design.model_fields if name not in sizes
        }
        points = plants[sizes].to_numpy(dtype=float)
        regions, near = [], np.zeros(len(points), dtype=bool)
        for row, usd in zip(starts[sizes].to_numpy(dtype=float), starts["annual_usd"], strict=True):
            unit = changing * row + more
            regions.append(Region(unit, row / unit, float(usd) / whole_usd, radius))
            near |= (np.abs(points - row) <= 4.0 * radius * unit).all(axis=1)
        points, values = points[near], self._values(plants[near], whole_usd)
        rng = np.random.default_rng(0)
        told = [plants]
        for _ in range(MAX_ROUNDS):
            going = still_going(regions)
            if not going:
                break
            asked = [region.proposed(points, values, lowest, highest, rng) for region in going]
            frame = pd.DataFrame(np.vstack(asked), columns=sizes).assign(**fixed)
            # Without a battery there is no reserve, whatever it is called.
            frame.loc[frame["battery_mwh"] == 0.0, "reserve_conservatism"] = 0.0
            frame = self.measured(frame)
            told.append(frame[plants.columns])
            new_values = self._values(frame, whole_usd)
            cost = np.where(self.met(frame), new_values[:, 0], np.inf)
            new_points = np.vstack(asked)
            points, values = np.vstack([points, new_points]), np.vstack([values, new_values])
            first = 0
            for region, own in zip(going, asked, strict=True):
                region.moved(own, cost[first : first + len(own)])
                first += len(own)
        return pd.concat(told, ignore_index=True)

    def _values(self, plants: pd.DataFrame, whole_usd: float) -> Array:
        """Cost to that of a plant, and by what factor of e each target is missed (below 0: met)."""
        columns = [plants["annual_usd"].to_numpy(dtype=float) / whole_usd]
        for constraint in self.constraints:
            got, bound = plants[constraint.measure].to_numpy(dtype=float), constraint.bound
            if not constraint.at_most:
                got, bound = 1.0 - got, 1.0 - bound
            # Close to none of it a factor is no measure any more.
            least = 0.1 * bound + 1e-5
            columns.append(np.log((got + least) / (bound + least)))
        return np.column_stack(columns)

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
