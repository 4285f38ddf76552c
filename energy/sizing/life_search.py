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

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from energy.sizing.cutting_planes import Problem
from energy.sizing.storage_curve import unserved_and_slopes
from energy.steps import Array
from energy.threads import side_by_side

#: A plant that is found is at most this fraction more expensive than the cheapest one.
GAP = 1e-9

#: A search goes on to this as long as its rounds raise the bound: plants of almost the same cost
#: may differ in size by the root of that.
FINE_GAP = 1e-12

#: Rounds after which a search gives up; 10 to 40 are usual.
MOST_ROUNDS = 300

#: Steps of Newton's method to the smallest plant of the same shape that meets the target.
MOST_SCALINGS = 40

#: A plant that misses the target by less than this many gaps is made one that meets it; farther
#: off, that plant would cost more than a gap too much.
NEAR = 10.0

#: What is unserved over what may be is met within this.
MET = 1e-11


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
class LifeSearch:
    """Searches of one problem: planes that one schedule found hold for all others too."""

    given: LifeProblem
    _planes: list[Array] = field(default_factory=list)

    def cheapest(
        self, added: Sequence[int], near: Array, gap: float = FINE_GAP, below_usd: float = np.inf
    ) -> LifePlant | None:
        """The cheapest plant whose battery grows in the years of `added`, the first being 0.

        Parameters
        ----------
        added
            Years at whose start battery may be added.
        near
            Solar MWdc, battery MW and MWh in the store of a plant to begin at; not all 0.
        gap
            A plant is at most this fraction more expensive than the cheapest, or `GAP` when rounds
            bring nothing any more.
        below_usd
            The search is given up once no plant costs less than this.

        Returns
        -------
        LifePlant, or None when no plant within the limits meets the target for less than that.
        """
        left, usd, scale = self._terms(added, near)
        at = scale * np.array([1.0, 1.0, 1.0, *[0.0] * (len(added) - 1)])
        bound_usd = -np.inf
        if self._planes:
            found = self._program(usd, scale, left)
            if found is None:
                return None
            at, bound_usd = found
        best, least_usd = at, np.inf
        for _ in range(MOST_ROUNDS):
            if bound_usd >= below_usd:
                return None
            unserved = self._look(at, left)
            if self._lacking(unserved) <= NEAR * max(gap, GAP) * self._unit:
                met = self._scaled(at, left, unserved)
                if met is not None and usd @ met < least_usd:
                    best, least_usd = met, float(usd @ met)
            rise_usd = 0.0
            if bound_usd < (1.0 - gap) * least_usd:
                found = self._program(usd, scale, left)
                if found is None:
                    return None
                rise_usd = found[1] - bound_usd
                at, bound_usd = found
            wanted = gap if rise_usd > gap * least_usd else max(gap, GAP)
            if bound_usd >= (1.0 - wanted) * least_usd:
                mwh = dict(zip(added, best[2:].tolist(), strict=True))
                return LifePlant(float(best[0]), float(best[1]), mwh, least_usd, bound_usd)
        raise RuntimeError("the search over a life did not end; please report this case")

    def aged(self, battery_by_age: Array) -> LifeSearch:
        """The search for another battery, which begins with all that this one knows."""
        return LifeSearch(replace(self.given, battery_by_age=battery_by_age), self._planes)

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
        self._planes.append(np.column_stack([constant, slopes]))
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
        from scipy.optimize import linprog

        given, unit, years = self.given, self._unit, self.given.years
        sizes, means, rounds = len(scale), len(given.weights), len(self._planes)
        planes = np.concatenate(self._planes)
        by_added = planes[:, 3:] * np.tile(left, (rounds, 1))
        grow = np.column_stack([planes[:, 1:3], by_added]) * scale / unit
        rows = [
            np.hstack([grow, np.tile(-np.eye(years), (rounds, 1))]),
            np.hstack([np.zeros((means, sizes)), given.weights]),
        ]
        bounds = [-planes[:, 0] / unit, np.full(means, given.allowed_mwh / unit)]
        largest_mw, largest_mwh, largest_power_mw = given.problem.largest
        if np.isfinite(largest_mwh):
            store = left * scale[2:] / scale[2]
            rows.append(np.hstack([np.zeros((years, 2)), store, np.zeros((years, years))]))
            bounds.append(np.full(years, largest_mwh / scale[2]))
        cost_unit = float(usd @ scale) or 1.0
        found = linprog(
            np.append(usd * scale / cost_unit, np.zeros(years)),
            A_ub=np.vstack(rows),
            b_ub=np.concatenate(bounds),
            bounds=[
                (0.0, largest_mw / scale[0]),
                (0.0, largest_power_mw / scale[1]),
                *[(0.0, None)] * (sizes - 2 + years),
            ],
            method="highs-ds",
            options={
                "primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10,
            },
        )  # fmt: skip
        if found.status == 2:
            return None
        if found.status != 0 or found.x is None or found.fun is None:
            raise RuntimeError(f"{found.message}; please report this case")
        return found.x[:sizes] * scale, float(found.fun) * cost_unit


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

    def run(year: int) -> None:
        found[year] = unserved_and_slopes(
            problem.solar, problem.load_mw, float(solar_mw[year]), float(usable_mwh[year]),
            battery_mw, problem.one_way_efficiency, problem.retained_fraction, problem.step_h,
            problem.cyclic, problem.own_use_mw_per_mwh,
        )  # fmt: skip

    side_by_side(run, len(solar_mw))
    return found
