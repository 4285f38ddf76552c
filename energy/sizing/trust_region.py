"""Where the cheapest plant that meets its targets should be, told by plants that are measured.

In: measured plants as points of money and reserve, with their cost and how far they are from each
target. Out: points close by that are worth measuring next, the likely best among them.

Around the best plant so far cost and targets are nearly quadratic in what is spent on each part.
A quadratic through the measured plants of that region says where the cheapest that meets the
targets should stand; it is measured, the region moves there or shrinks, and so on [1]_. Nothing is
taken on the model's word: it proposes, the hour-by-hour kernel decides.

References
----------
.. [1] A. R. Conn, K. Scheinberg, L. N. Vicente, "Introduction to Derivative-Free Optimization",
   SIAM, 2009, chapters 4 and 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from energy.steps import Array

#: A region smaller than this has nothing left to tell [fraction of the cost].
SMALLEST = 0.008

#: A region that saves less than this fraction of the cost shrinks by `SHRINK`.
LEAST, SHRINK = 0.0015, 0.55

#: A region is dropped once its model, below this radius, expects this much above the best plant.
HOPELESS, TRUSTED = 0.01, 0.12

#: Rounds of one region at most.
MOST_ROUNDS = 30

#: Points that a region proposes at a time: a block of the kernel.
PROPOSED = 32

#: Points of the region that a model is fitted to at most; the nearest.
FITTED = 240

#: By how many standard errors of the model each target is over- or under-met by the likely best.
SHIFTS = np.array([-0.5, 0.0, 0.3, 0.8, 1.6])

#: Cost of missing a target by a factor of e on the model, as a fraction of the plant's.
PENALTY = 2.0

#: Points, of those the best, and rounds of the search on the model.
TRIED, KEPT, ROUNDS = 200, 20, 9


@dataclass(frozen=True)
class Model:
    """Quadratics of cost and targets around a point.

    Parameters
    ----------
    center, radius
        The region; `radius` is half the side of its box.
    coefficients
        One row a term, columns: cost, then how far each target is missed (above 0 it is).
    error
        Standard error of each column on the fitted points.
    """

    center: Array
    radius: float
    coefficients: Array
    error: Array

    def at(self, points: Array) -> Array:
        """Cost and misses at points, one row each."""
        return _terms((points - self.center) / self.radius) @ self.coefficients


@dataclass(eq=False)
class Region:
    """The best plant met so far around a start, and how far from it the next are looked for.

    Parameters
    ----------
    unit
        What a size has to change by to be as far as 1 in the box of any other.
    center, cost
        The plant as a point in these units, and its cost.
    radius
        Half the side of the box around it.
    """

    unit: Array
    center: Array
    cost: float
    radius: float
    expected: float = field(default=-np.inf)
    rounds: int = 0

    def proposed(
        self, points: Array, values: Array, lowest: Array, highest: Array,
        rng: np.random.Generator,
    ) -> Array:  # fmt: skip
        """Sizes to measure next, one row each; all that is given is in sizes too."""
        lowest, highest = lowest / self.unit, highest / self.unit
        model = fitted(self.center, self.radius, points / self.unit, values)
        if model is None:
            found = spread(self.center, self.radius, lowest, highest, PROPOSED, rng)
        else:
            found, self.expected = proposed(model, lowest, highest, rng)
        return found * self.unit

    def moved(self, sizes: Array, cost: Array) -> None:
        """Take in what the sizes cost, infinite where a target is missed: move, grow or shrink."""
        points = sizes / self.unit
        self.rounds += 1
        best = int(cost.argmin())
        saved = self.cost - cost[best]
        if saved > 0.0:
            step = np.abs(points[best] - self.center).max() / self.radius
            self.center, self.cost = points[best], float(cost[best])
        if saved < LEAST * self.cost:
            self.radius *= SHRINK
        elif step > 0.8:
            self.radius *= 1.3

    def is_within(self, other: Region) -> bool:
        """Whether its center is close to another's, so that both would find the same."""
        off = self.center * self.unit / other.unit - other.center
        return bool(np.abs(off).max() < 0.5 * other.radius)


def still_going(regions: Sequence[Region]) -> list[Region]:
    """Those that may still find the cheapest plant: not too small, hopeless, or within another."""
    going: list[Region] = []
    least = min(region.cost for region in regions)
    for region in sorted(regions, key=lambda region: region.cost):
        if region.radius < SMALLEST or region.rounds >= MOST_ROUNDS:
            continue
        if region.radius < TRUSTED and region.expected > least * (1.0 + HOPELESS):
            continue
        if any(region.is_within(other) for other in going):
            continue
        going.append(region)
    return going


def fitted(center: Array, radius: float, points: Array, values: Array) -> Model | None:
    """Quadratics through the points near a center; None where there are too few.

    Points count by how near they are: one at twice the radius for a seventh of one at the center.
    """
    far = np.abs(points - center).max(axis=1) / radius
    near = np.flatnonzero((far <= 2.0) & np.isfinite(values).all(axis=1))
    if len(near) > FITTED:
        near = near[np.argsort(far[near], kind="stable")[:FITTED]]
    terms = _terms((points[near] - center) / radius)
    count = terms.shape[1]
    if len(near) < count // 2 + 4:
        return None
    weight = np.exp(-0.5 * far[near] ** 2)[:, None]
    # A touch of ridge leaves out what too few points say nothing of.
    ridge = np.sqrt(1e-5 * (weight**2).sum()) * np.eye(count)
    ridge[0, 0] = 0.0
    left = np.vstack([terms * weight, ridge])
    right = np.vstack([values[near] * weight, np.zeros((count, values.shape[1]))])
    coefficients = np.linalg.lstsq(left, right, rcond=None)[0]
    off = (values[near] - terms @ coefficients) * weight
    # As many errors as there are terms are fitted away.
    free = max(len(near) - count, 1.0) / len(near)
    return Model(center, radius, coefficients, np.sqrt((off**2).sum(0) / (weight**2).sum() / free))


def proposed(
    model: Model, lowest: Array, highest: Array, rng: np.random.Generator
) -> tuple[Array, float]:
    """`PROPOSED` points to measure, and the cost that the model expects of the best of them.

    Some are the model's best for targets over- and under-met by its own error, some are near them,
    and the rest fills the region.
    """
    low = np.maximum(model.center - model.radius, lowest)
    high = np.minimum(model.center + model.radius, highest)
    tops = _cheapest(model, low, high, rng)
    expected = float(model.at(tops[SHIFTS == 0.0])[0, 0])
    near = tops[rng.integers(1, len(tops), 12)] + rng.normal(0.0, 0.12, (12, len(low))) * (
        model.radius
    )
    rest = spread((low + high) / 2.0, 0.0, low, high, PROPOSED - len(tops) - len(near), rng)
    wide = 0.5 * (tops[1] + rest)
    return np.clip(np.vstack([tops, near, wide]), low, high), expected


def spread(
    center: Array, radius: float, lowest: Array, highest: Array, count: int,
    rng: np.random.Generator,
) -> Array:  # fmt: skip
    """Points that fill a box evenly: each coordinate takes `count` equal steps, in any order."""
    low = np.maximum(center - radius, lowest) if radius else lowest
    high = np.minimum(center + radius, highest) if radius else highest
    steps = np.argsort(rng.random((len(low), count)), axis=1).T
    return np.asarray(low + (high - low) * (steps + 0.5) / count)


def _cheapest(model: Model, low: Array, high: Array, rng: np.random.Generator) -> Array:
    """The cheapest point on the model that meets the targets by each of `SHIFTS`, one row each."""
    count, sizes = len(SHIFTS), len(low)
    points = rng.uniform(low, high, (count, TRIED, sizes))
    points[:, 0] = model.center
    rows = np.arange(count)[:, None]
    kept = points[:, :1]
    for step in range(ROUNDS):
        values = model.at(points.reshape(-1, sizes)).reshape(count, TRIED, -1)
        over = values[..., 1:] + SHIFTS[:, None, None] * model.error[1:]
        worth = values[..., 0] + PENALTY * np.maximum(over, 0.0).sum(axis=2)
        kept = points[rows, np.argsort(worth, axis=1)[:, :KEPT]]
        if step == ROUNDS - 1:
            break
        width = 1.3 * kept.std(axis=1, keepdims=True) + 1e-4 * model.radius
        half = (TRIED - KEPT) // 2
        around = kept[rows, rng.integers(0, KEPT, (count, half))]
        reach = rng.choice([1.0, 0.3], (count, half, 1))
        moved = around + rng.normal(size=around.shape) * width * reach
        # Along the way that the kept points go, beyond the best of them.
        first, second = rng.integers(0, KEPT, (2, count, TRIED - KEPT - half))
        way = kept[rows, first] - kept[rows, second]
        onward = kept[:, :1] + rng.uniform(0.0, 1.5, (*first.shape, 1)) * way
        points = np.clip(np.concatenate([kept, moved, onward], axis=1), low, high)
    return np.asarray(kept[:, 0])


def _terms(x: Array) -> Array:
    """1, the coordinates, and the products of any two, one row a point."""
    first, second = np.triu_indices(x.shape[1])
    return np.hstack([np.ones((len(x), 1)), x, x[:, first] * x[:, second]])
