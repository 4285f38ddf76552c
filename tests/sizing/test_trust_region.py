"""Models of measured plants: what they say, what they propose, and which regions go on."""

from __future__ import annotations

import numpy as np
import pytest

from energy.sizing.trust_region import (
    PROPOSED,
    SMALLEST,
    Region,
    fitted,
    proposed,
    spread,
    still_going,
)

LOWEST, HIGHEST = np.zeros(2), np.full(2, np.inf)


def quadratic(points):
    """A cost and a miss that are quadratics: 1 + 2 x + 3 y + x y, and 1 - x^2."""
    x, y = points.T
    return np.column_stack([1 + 2 * x + 3 * y + x * y, 1 - x**2])


def product(points):
    """Cost x + y, and x y >= 1 missed by a factor of e: the cheapest is x = y = 1 for 2."""
    x, y = points.T
    return np.column_stack([x + y, -np.log(np.maximum(x * y, 1e-9))])


def region_at(x, y, radius=0.2):
    return Region(np.ones(2), np.array([x, y], dtype=float), x + y, radius)


def test_a_model_of_a_quadratic_is_that_quadratic():
    rng = np.random.default_rng(3)
    center = np.array([1.0, 2.0])
    points = center + rng.uniform(-0.1, 0.1, (40, 2))
    model = fitted(center, 0.1, points, quadratic(points))
    others = center + rng.uniform(-0.1, 0.1, (10, 2))
    # The touch of ridge leaves it short of exact.
    assert model.at(others) == pytest.approx(quadratic(others), abs=1e-4)
    assert model.error == pytest.approx([0, 0], abs=1e-4)


def test_too_few_points_near_by_are_no_model():
    center = np.ones(2)
    near = center + np.random.default_rng(1).uniform(-0.1, 0.1, (6, 2))
    far = near + 5.0
    points = np.vstack([near, far])
    # Six terms in two sizes: seven points are asked for.
    assert fitted(center, 0.1, points, quadratic(points)) is None
    points = np.vstack([points, center])
    assert fitted(center, 0.1, points, quadratic(points)) is not None


def test_what_is_proposed_stands_in_the_region_and_holds_the_cheapest_on_the_model():
    center = np.array([1.3, 0.05])
    rng = np.random.default_rng(5)
    points = center + rng.uniform(-0.4, 0.4, (60, 2))
    model = fitted(center, 0.4, points, quadratic(points))
    found, expected = proposed(model, LOWEST, HIGHEST, rng)
    assert found.shape == (PROPOSED, 2)
    assert (found >= 0).all()
    assert (np.abs(found - center) <= 0.4 + 1e-12).all()
    # 1 - x^2 <= 0 is met from x = 1 on, and y costs: x = 1, y = 0 for 1 + 2 = 3.
    assert expected == pytest.approx(3.0, abs=0.01)
    assert np.abs(found - [1.0, 0.0]).max(axis=1).min() < 0.01


def test_a_box_is_filled_with_each_coordinate_in_equal_steps():
    points = spread(np.array([1.0, 0.1]), 0.5, LOWEST, HIGHEST, 8, np.random.default_rng(0))
    # From .5 to 1.5 in eighths, at their middle; and from 0, not from -.4, to .6.
    assert np.sort(points[:, 0]) == pytest.approx(0.5 + (np.arange(8) + 0.5) / 8)
    assert np.sort(points[:, 1]) == pytest.approx(0.6 * (np.arange(8) + 0.5) / 8)


def test_a_region_goes_to_the_cheapest_point_and_ends_there():
    region, rng = region_at(3.0, 1.0), np.random.default_rng(0)
    points, values = np.empty((0, 2)), np.empty((0, 2))
    asked = 0
    while still_going([region]):
        new = region.proposed(points, values, LOWEST, HIGHEST, rng)
        got = product(new)
        points, values = np.vstack([points, new]), np.vstack([values, got])
        region.moved(new, np.where(got[:, 1] <= 0, got[:, 0], np.inf))
        asked += len(new)
    assert 2 <= region.cost <= 2.002
    assert region.radius < SMALLEST
    assert asked <= 30 * PROPOSED


def test_a_region_in_which_nothing_meets_the_targets_shrinks_where_it_is():
    region = region_at(1.0, 1.0)
    region.moved(np.array([[1.1, 1.0], [0.9, 1.0]]), np.array([np.inf, np.inf]))
    assert region.center.tolist() == [1.0, 1.0]
    assert region.cost == 2.0
    assert region.radius < 0.2


def test_hopeless_regions_and_those_within_another_stop():
    best, twin, dear = region_at(1, 1, 0.1), region_at(1.01, 1.02, 0.1), region_at(2, 2, 0.1)
    best.expected, dear.expected = 1.9, 3.0
    assert still_going([dear, twin, best]) == [best]
    # A wide region's model is not believed yet, and one that expects as little goes on.
    dear.radius = 0.2
    assert still_going([dear, best]) == [best, dear]
    dear.radius, dear.expected = 0.1, 2.0
    assert still_going([dear, best]) == [best, dear]
    best.radius = 0.5 * SMALLEST
    assert still_going([best]) == []
