"""The least-cost plants for many targets, exactly, on plain arrays and prices.

In: solar and load by step, prices, fractions of the energy to serve. Out: the cheapest solar,
battery energy and battery power for each fraction.

For one solar and one battery power `energy.sizing.storage_curve` reads off the smallest battery of
every target, with its slopes. The cost is convex in solar, power and target together, so each such
evaluation is a plane below the cost of *all* targets. A target's search keeps the polygon of sizes
that may still be cheaper than its best plant, looks at the polygon's center of gravity [1] and ends
when the polygon is empty: then nothing is cheaper by more than `GAP`.

A store that self-discharges, or takes power for itself, has no such half-cycles. Its smallest
battery is found by Newton's method on a pass over the hours that carries its slopes along, from
what the cuts say; a search without either gives the first cuts, which hold because such a store
serves no more.

References
----------
[1] A. Levin (1965), D. Newman (1965); see Nesterov, Introductory Lectures on Convex Optimization,
    2004, section 3.2: each cut leaves at most 1 - 1/e of the area.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy.compiled import kernel
from energy.sizing.storage_curve import (
    BY_ALLOWED,
    BY_POWER,
    BY_SOLAR,
    REACHED,
    VALUE,
    smallest_batteries,
    smallest_lossy_battery,
    storage_curve,
)
from energy.steps import Array, energy_mwh
from energy.threads import side_by_side

#: A plant that is found is at most this fraction more expensive than the cheapest one.
GAP = 1e-9

#: Targets are searched in so many chunks side by side.
CHUNKS = 2

#: Evaluations after which the search gives up; one target needs about 30, the next ones about 20.
MAX_EVALUATIONS = 400

#: How far the search without self-discharge goes before the one with it.
ROUGH_GAP = 1e-3


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be served, from what, at which prices; the battery's whole energy is usable.

    Parameters
    ----------
    solar, load_mw
        Arrays of shape (n,): MWac per MWdc and load [MW], for steps of `step_h` hours.
    usd_per_size
        Shape (3,): price of a MWdc, of a MWh in the store and of a MW of battery power.
    one_way_efficiency, retained_fraction
        Fraction of the energy that passes into, and out of, the store; fraction of what it holds
        that is left after a step.
    cyclic
        True: the battery ends as it starts. False: it starts full.
    largest
        The largest solar [MWdc], battery energy [MWh] and battery power [MW] that are looked at.
    own_use_mw_per_mwh
        Power that a MWh of the store takes at all times, beside the load.
    """

    solar: Array
    load_mw: Array
    usd_per_size: Array
    one_way_efficiency: float
    retained_fraction: float
    cyclic: bool
    step_h: float
    largest: tuple[float, float, float]
    own_use_mw_per_mwh: float = 0.0

    @property
    def load_mwh(self) -> float:
        """Energy of the load [MWh]."""
        return energy_mwh(self.load_mw, self.step_h)


def solve(
    problem: Problem,
    served_fractions: Sequence[float] | Array,
    *,
    gap: float = GAP,
    start: Array | None = None,
) -> Array:
    """The cheapest plant for each fraction of the energy.

    Parameters
    ----------
    problem
        What is to be served.
    served_fractions
        The fractions.
    gap
        A plant that is found is at most this fraction more expensive than the cheapest one.
    start
        Shape (targets, 4): for each fraction a plant of almost the same problem, near which the
        search then begins. It saves half of the evaluations and changes the answer by no more than
        `gap`.

    Returns
    -------
    array of shape (targets, 4)
        Solar, battery energy, battery power and their cost, as `LeastCost`; NaN for a target that
        the largest plant does not meet.
    """
    fractions = np.asarray(served_fractions, dtype=float)
    # Targets of a chunk share what they find, so the chunks are the same on every machine.
    chunks = np.array_split(np.arange(len(fractions)), min(len(fractions), CHUNKS))
    plants = np.empty((len(fractions), 4))

    def solve_chunk(number: int) -> None:
        chunk = chunks[number]
        near = None if start is None else start[chunk]
        plants[chunk] = _solve_chunk(problem, fractions[chunk], gap, near)

    side_by_side(solve_chunk, len(chunks))
    return plants


def _solve_chunk(problem: Problem, fractions: Array, gap: float, start: Array | None) -> Array:
    plants = (
        np.full((len(fractions), 4), math.nan) if start is None else np.array(start, dtype=float)
    )
    done = _search(
        problem.solar, problem.load_mw, problem.usd_per_size, problem.one_way_efficiency,
        problem.retained_fraction, problem.own_use_mw_per_mwh, problem.step_h, problem.cyclic,
        *problem.largest, (1.0 - fractions) * problem.load_mwh, gap, start is not None, plants,
    )  # fmt: skip
    if not done:
        raise RuntimeError("the least-cost search did not end; please report this case")
    return plants


# --- the search itself, compiled ------------------------------------------------------------------


@kernel()
def _search(
    solar: Array, load_mw: Array, usd_per_size: Array, one_way_efficiency: float,
    retained_fraction: float, own_use_mw_per_mwh: float, step_h: float, cyclic: bool,
    max_solar_mw: float, max_mwh: float, max_power_mw: float, allowed_mwh: Array,
    final_gap: float, started: bool, plants: Array,
) -> bool:  # fmt: skip
    """Find the plant of each of `allowed_mwh` and write it to `plants`; False when it gave up.

    `started` says that `plants` holds plants to begin at: then the search without self-discharge,
    whose evaluations are more expensive, is left out.

    Solar and power count as fractions of the largest. An evaluation leaves a plane for each target:
    value and slopes in solar, power and what is allowed, and whether the value is a cost (1) or
    energy that is lacking (0).
    """
    box = np.array([max_solar_mw, max_power_mw])
    targets = len(allowed_mwh)
    cuts = np.empty((targets, 64, 5))
    evaluations = 0
    found = np.empty((targets, 5))
    lossless = retained_fraction == 1.0 and own_use_mw_per_mwh == 0.0
    for stage in range(1 if started and not lossless else 0, 1 if lossless else 2):
        exact = lossless or stage == 1
        gap = final_gap if exact else max(final_gap, ROUGH_GAP)
        # The far corner tells which targets have a plant at all; a neighbor's plant, or that of
        # the stage before, is a good start.
        at = np.ones(2)
        for target in range(targets):
            if stage == 1 or started:
                if math.isnan(plants[target, 0]):
                    continue
                at = np.array([plants[target, 0], plants[target, 2]]) / box
                at = np.minimum(at, 1.0)
            best, level = np.inf, np.inf
            plants[target] = np.nan
            for evaluation in range(MAX_EVALUATIONS + 1):
                if evaluation == MAX_EVALUATIONS:
                    return False
                solar_mw, power_mw = at[0] * box[0], at[1] * box[1]
                if lossless or stage == 0:
                    half_cycles, totals = storage_curve(
                        solar, load_mw, solar_mw, power_mw, one_way_efficiency, step_h, cyclic
                    )
                    found = smallest_batteries(
                        half_cycles, totals, one_way_efficiency, allowed_mwh, max_mwh, cyclic
                    )
                else:
                    bound = _lower_bound(cuts[target, :evaluations], at, allowed_mwh[target])
                    least = usd_per_size[0] * solar_mw + usd_per_size[2] * power_mw
                    guess_mwh = max((bound - least) / usd_per_size[1], 0.0)
                    found[:] = smallest_lossy_battery(
                        solar, load_mw, solar_mw, power_mw, one_way_efficiency, retained_fraction,
                        step_h, cyclic, allowed_mwh[target], guess_mwh, max_mwh, own_use_mw_per_mwh,
                    )  # fmt: skip
                if evaluations == cuts.shape[1]:
                    more = np.empty((targets, 2 * evaluations, 5))
                    more[:, :evaluations] = cuts
                    cuts = more
                for other in range(targets):
                    own = target if stage == 1 else other
                    _cut(found[other], at, allowed_mwh[own], usd_per_size, box,
                           cuts[other, evaluations])  # fmt: skip
                evaluations += 1
                if found[target, REACHED] == 1.0:
                    mwh = found[target, VALUE]
                    cost = (usd_per_size[0] * solar_mw + usd_per_size[1] * mwh
                            + usd_per_size[2] * power_mw)  # fmt: skip
                    if cost < best:
                        best, level = cost, cost * (1.0 - gap)
                        plants[target, 0], plants[target, 1] = solar_mw, mwh
                        plants[target, 2], plants[target, 3] = power_mw, cost
                polygon, corners = _feasible(cuts[target, :evaluations], allowed_mwh[target], level)
                if corners < 3:
                    break
                at = _centroid(polygon, corners)
            at = np.ones(2)
            if not math.isnan(plants[target, 0]):
                at = np.array([plants[target, 0], plants[target, 2]]) / box
    return True


@kernel()
def _lower_bound(cuts: Array, at: Array, allowed_mwh: float) -> float:
    """The least that a plant at a point costs, by the cuts so far."""
    bound = 0.0
    for k in range(len(cuts)):
        if cuts[k, 4] == 1.0:
            here = cuts[k, 0] + cuts[k, 1] * at[0] + cuts[k, 2] * at[1]
            bound = max(bound, here + cuts[k, 3] * allowed_mwh)
    return bound


@kernel()
def _cut(
    found: Array, at: Array, allowed_mwh: float, usd_per_size: Array, box: Array, cut: Array
) -> None:
    """Write what an evaluation says of one target: constant, slopes in both fractions and in
    `allowed`.
    """
    reached = found[REACHED] == 1.0
    worth = usd_per_size[1] if reached else 1.0
    cut[1] = found[BY_SOLAR] * worth * box[0]
    cut[2] = found[BY_POWER] * worth * box[1]
    cut[3] = found[BY_ALLOWED] * worth
    value = found[VALUE] * worth
    if reached:
        cut[1] += usd_per_size[0] * box[0]
        cut[2] += usd_per_size[2] * box[1]
        value += usd_per_size[0] * box[0] * at[0] + usd_per_size[2] * box[1] * at[1]
    cut[0] = value - cut[1] * at[0] - cut[2] * at[1] - cut[3] * allowed_mwh
    cut[4] = 1.0 if reached else 0.0


@kernel()
def _feasible(cuts: Array, allowed_mwh: float, level: float) -> tuple[Array, int]:
    """The part of the unit square where every cutting plane is below `level`, and its corners."""
    polygon = np.empty((len(cuts) + 8, 2))
    spare = np.empty_like(polygon)
    polygon[0], polygon[1] = (0.0, 0.0), (1.0, 0.0)
    polygon[2], polygon[3] = (1.0, 1.0), (0.0, 1.0)
    corners = 4
    for k in range(len(cuts)):
        limit = level if cuts[k, 4] == 1.0 else 0.0
        if limit == np.inf:
            continue
        limit -= cuts[k, 0] + cuts[k, 3] * allowed_mwh
        x, y = cuts[k, 1], cuts[k, 2]
        kept = 0
        before = x * polygon[corners - 1, 0] + y * polygon[corners - 1, 1] - limit
        for i in range(corners):
            side = x * polygon[i, 0] + y * polygon[i, 1] - limit
            if side * before < 0.0:
                fraction = before / (before - side)
                last = i - 1 if i else corners - 1
                spare[kept] = polygon[last] + fraction * (polygon[i] - polygon[last])
                kept += 1
            if side <= 0.0:
                spare[kept] = polygon[i]
                kept += 1
            before = side
        polygon, spare = spare, polygon
        corners = kept
        if corners < 3:
            break
    return polygon, corners


@kernel()
def _centroid(polygon: Array, corners: int) -> Array:
    """Centre of gravity of a convex polygon; of its corners when it has no area to speak of."""
    area, x, y = 0.0, 0.0, 0.0
    for i in range(1, corners - 1):
        one, two = polygon[i] - polygon[0], polygon[i + 1] - polygon[0]
        twice = one[0] * two[1] - one[1] * two[0]
        area += twice
        x += twice * (one[0] + two[0])
        y += twice * (one[1] + two[1])
    centre = np.zeros(2)
    if abs(area) < 1e-300:
        for i in range(corners):
            centre += polygon[i] / corners
    else:
        centre += polygon[0] + np.array([x, y]) / (3.0 * area)
    return centre


# --- the public face on plain arrays --------------------------------------------------------------
