"""The least-cost plant and additions of battery over the years of a life, exactly.

In: PV generation and load by step, what is left of array and battery by year, prices by year. Out:
the cheapest sizes, and how much battery is added in each of the years in which some may be.

In year y of its life the array gives d_y of a new one, and a battery that was added in year k holds
q(y - k) of what it held. Every year sees all weather years, as one chain that ends as it starts;
what is unserved in it is convex in the array, the battery's power and its energy in that year [1].
So the cheapest plant is the optimum of a linear program over the planes that touch the years' own
curves: each round solves it, runs the years at what it gives and adds their planes (Kelley's method
[2], one plane a year). It ends when the program's cost, which is never above the optimum, is
within `GAP` of a plant that meets the target.

References
----------
[1] `energy.sizing.storage_curve`; scaling by d_y and q keeps it convex.
[2] J. E. Kelley, The Cutting-Plane Method for Solving Convex Programs, J. SIAM 8 (1960) 703.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from energy.sizing.cutting_planes import Problem
from energy.sizing.storage_curve import unserved_and_slopes
from energy.steps import Array

#: A plant that is found is at most this fraction more expensive than the cheapest one.
GAP = 1e-9

#: Rounds after which a search gives up; 10 to 40 are usual.
MOST_ROUNDS = 300

#: Steps of Newton's method to the smallest plant of the same shape that meets the target.
MOST_SCALINGS = 40

#: A plant that misses the target by less than this many gaps is worth being made one that meets it.
NEAR = 100.0

#: What is unserved over what may be is met within this.
MET = 1e-11

#: A program's solution is within this of its planes, in units of what may be unserved.
TOLERANCE = 1e-10

#: Planes farther than this below a program's solution are left out of the next one until it asks.
SLACK = 1e-2


@dataclass(frozen=True, eq=False)
class LifeProblem:
    """A problem of sizing over the years of a life.

    Parameters
    ----------
    problem
        Load, PV generation of a new array and limits; of its prices those of MWdc and of MW of
        battery power, a year. Its boundary condition is cyclic.
    solar_by_year
        Shape (years,): output of the array, as a fraction of a new one's.
    battery_by_age
        Shape (ages,): energy of a battery in each year of its age; behind the last it is retired.
    usd_per_mwh_by_year
        Shape (years,): cost a year, over the whole life, of a MWh in the store added at the start
        of each year.
    allowed_mwh
        What may be unserved over all weather years, in each mean of `weights`.
    weights
        Shape (means, years): the means of the years of life that have to meet the target; each
        row's sum is 1. One row a year for every single year.
    """

    problem: Problem
    solar_by_year: Array
    battery_by_age: Array
    usd_per_mwh_by_year: Array
    allowed_mwh: float
    weights: Array

    @property
    def years(self) -> int:
        """Years of life."""
        return len(self.solar_by_year)

    def left(self, added: Sequence[int]) -> Array:
        """Energy in each year of life [rows] of a MWh added in each of `added` [columns]."""
        left = np.zeros((self.years, len(added)))
        for column, year in enumerate(added):
            ages = self.battery_by_age[: self.years - year]
            left[year : year + len(ages), column] = ages
        return left


@dataclass(frozen=True, eq=False)
class LifePlant:
    """Sizes, additions [MWh in the store] by year, and cost a year.

    `bound_usd` is what no plant with additions in these years can be cheaper than.
    """

    solar_mw: float
    battery_mw: float
    added_mwh: dict[int, float]
    annual_usd: float
    bound_usd: float


@dataclass(eq=False)
class Planes:
    """Planes that touch the years' curves from below.

    Parameters
    ----------
    rows
        Shape (planes, 4): constant [MWh] and slopes in array, power and energy in the store.
    years
        Shape (planes,): year of life of each.
    needed
        Shape (planes,): whether the last program came near it, or does not know it yet.
    """

    rows: Array = field(default_factory=lambda: np.empty((0, 4)))
    years: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    needed: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))

    def add(self, rows: Array) -> None:
        """Take a plane of every year."""
        self.rows = np.vstack([self.rows, rows])
        self.years = np.append(self.years, np.arange(len(rows)))
        self.needed = np.append(self.needed, np.ones(len(rows), dtype=bool))


@dataclass(eq=False)
class LifeSearch:
    """Searches of one problem: planes that one schedule found hold for all others too."""

    given: LifeProblem
    planes: Planes = field(default_factory=Planes)

    def cheapest(self, added: Sequence[int], near: Array, gap: float = GAP) -> LifePlant | None:
        """The cheapest plant whose battery grows in the years of `added`, the first being 0.

        Parameters
        ----------
        added
            Years at whose start battery may be added.
        near
            Solar MWdc, battery MW and MWh in the store of a plant to begin at; not all 0.
        gap
            A plant is at most this fraction more expensive than the cheapest.

        Returns
        -------
        LifePlant, or None when no plant within the limits meets the target.
        """
        left, usd, scale = self._terms(added, near)
        at = scale * np.array([1.0, 1.0, 1.0, *[0.0] * (len(added) - 1)])
        bound_usd = -np.inf
        if len(self.planes.rows) and (first := self._program(usd, scale, left)) is not None:
            at, bound_usd = first
        best, least_usd = at, np.inf
        for _ in range(MOST_ROUNDS):
            unserved = self._look(at, left)
            if self._lacking(unserved) <= NEAR * gap * self._unit:
                met = self._scaled(at, left, unserved)
                if met is not None and usd @ met < least_usd:
                    best, least_usd = met, float(usd @ met)
            if least_usd - bound_usd > gap * least_usd or least_usd == np.inf:
                found = self._program(usd, scale, left)
                if found is None:
                    return None
                at, bound_usd = found
            if least_usd - bound_usd <= gap * least_usd < np.inf:
                mwh = dict(zip(added, best[2:].tolist(), strict=True))
                return LifePlant(float(best[0]), float(best[1]), mwh, least_usd, bound_usd)
        raise RuntimeError("the search over a life did not end; please report this case")

    def aged(self, battery_by_age: Array) -> LifeSearch:
        """The search for another battery, which begins with all that this one knows."""
        return LifeSearch(replace(self.given, battery_by_age=battery_by_age), self.planes)

    def bound_usd(self, added: Sequence[int], near: Array) -> float:
        """What a plant with additions in these years costs at least, by the planes so far."""
        left, usd, scale = self._terms(added, near)
        found = self._program(usd, scale, left)
        return np.inf if found is None else found[1]

    def _terms(self, added: Sequence[int], near: Array) -> tuple[Array, Array, Array]:
        """What is left of each addition by year, the price of each size, and how large they are."""
        given = self.given
        sizes = np.maximum(near, 1e-3 * near.max())
        scale = np.array([sizes[0], sizes[1], *[sizes[2]] * len(added)])
        of_plant = given.problem.usd_per_size[[0, 2]]
        usd = np.concatenate([of_plant, given.usd_per_mwh_by_year[list(added)]])
        return given.left(added), usd, scale

    @property
    def _unit(self) -> float:
        """Energy [MWh] that unserved energy is counted in."""
        return max(self.given.allowed_mwh, 1e-4 * self.given.problem.load_mwh)

    def _lacking(self, unserved_mwh: Array) -> float:
        """By how much too much is unserved [MWh]."""
        return float((self.given.weights @ unserved_mwh).max()) - self.given.allowed_mwh

    def _run(self, at: Array, left: Array) -> Array:
        """Unserved energy of each year and its slopes in array, power and energy in the store."""
        return run_years(
            self.given.problem, at[0] * self.given.solar_by_year, left @ at[2:], float(at[1])
        )

    def _look(self, at: Array, left: Array) -> Array:
        """Run the years of a plant, keep their planes and give what is unserved in each."""
        got = self._run(at, left)
        slopes = got[:, 1:] * np.column_stack(
            [self.given.solar_by_year, np.ones((self.given.years, 2))]
        )
        points = np.column_stack([np.tile(at[:2], (self.given.years, 1)), left @ at[2:]])
        constant = got[:, 0] - (slopes * points).sum(axis=1)
        self.planes.add(np.column_stack([constant, slopes]))
        return got[:, 0]

    def _scaled(self, at: Array, left: Array, unserved: Array) -> Array | None:
        """The smallest plant of the same shape that meets the target, by Newton's method."""
        factor, energy = 1.0, left @ at[2:]
        if self._lacking(unserved) <= MET * self._unit:
            return at
        for _ in range(MOST_SCALINGS):
            sizes = at * factor
            got = self._run(sizes, left)
            unserved = got[:, 0]
            lacking = self._lacking(unserved)
            if lacking <= MET * self._unit:
                return sizes
            slope = (
                got[:, 1] * self.given.solar_by_year * at[0]
                + got[:, 2] * at[1]
                + got[:, 3] * energy
            )
            mean = self.given.weights[(self.given.weights @ unserved).argmax()]
            slope_of = float(mean @ slope)
            if slope_of >= 0.0:
                return None
            # A hair further than the tangent says: rounding leaves no step without an end.
            factor += max(-lacking / slope_of, 1e-13 * factor)
        return None

    def _program(self, usd: Array, scale: Array, left: Array) -> tuple[Array, float] | None:
        """Sizes and cost of the cheapest plant by the planes so far; None when there is none."""
        given, unit, years = self.given, self._unit, self.given.years
        sizes, means = len(scale), len(given.weights)
        planes, of_year = self.planes.rows, self.planes.years
        grow = np.column_stack([planes[:, 1:3], planes[:, 3:] * left[of_year]]) * scale / unit
        below = np.hstack([grow, -np.eye(years)[of_year]])
        level = -planes[:, 0] / unit
        fixed = [np.hstack([np.zeros((means, sizes)), given.weights])]
        bounds = [np.full(means, given.allowed_mwh / unit)]
        largest_mw, largest_mwh, largest_power_mw = given.problem.largest
        if np.isfinite(largest_mwh):
            store = left * scale[2:] / scale[2]
            fixed.append(np.hstack([np.zeros((years, 2)), store, np.zeros((years, years))]))
            bounds.append(np.full(years, largest_mwh / scale[2]))
        cost_unit = float(usd @ scale) or 1.0
        needed = self.planes.needed
        while True:
            found = linprog(
                np.append(usd * scale / cost_unit, np.zeros(years)),
                A_ub=np.vstack([below[needed], *fixed]),
                b_ub=np.concatenate([level[needed], *bounds]),
                bounds=[
                    (0.0, largest_mw / scale[0]),
                    (0.0, largest_power_mw / scale[1]),
                    *[(0.0, None)] * (sizes - 2 + years),
                ],
                method="highs-ds",
                options={
                    "primal_feasibility_tolerance": TOLERANCE,
                    "dual_feasibility_tolerance": TOLERANCE,
                },
            )  # fmt: skip
            if found.status == 2:
                return None
            if found.status != 0 or found.x is None or found.fun is None:
                raise RuntimeError(f"{found.message}; please report this case")
            above = below @ found.x - level
            missed = (above > TOLERANCE) & ~needed
            if not missed.any():
                self.planes.needed = above > -SLACK
                return found.x[:sizes] * scale, float(found.fun) * cost_unit
            needed = needed | missed


def run_years(problem: Problem, solar_mw: Array, usable_mwh: Array, battery_mw: float) -> Array:
    """Unserved energy of each year of a life, and its slopes.

    Parameters
    ----------
    problem
        Load and PV generation; the boundary condition is its own.
    solar_mw, usable_mwh
        Shape (years,): array and energy in the store in each year.
    battery_mw
        Power of the battery.

    Returns
    -------
    Array
        Shape (years, 4): unserved over all weather years [MWh], and its slopes in array, battery
        power and energy in the store.
    """

    found = np.empty((len(solar_mw), 4))
    workers = min(os.cpu_count() or 1, len(solar_mw))

    def run(first: int) -> None:
        for year in range(first, len(solar_mw), workers):
            found[year] = unserved_and_slopes(
                problem.solar, problem.load_mw, float(solar_mw[year]), float(usable_mwh[year]),
                battery_mw, problem.one_way_efficiency, problem.retained_fraction, problem.step_h,
                problem.cyclic, problem.own_use_mw_per_mwh,
            )  # fmt: skip

    # A task a processor, not one a year: waking a thread takes as long as a short year.
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, range(workers)))
    return found
