"""The cheapest plant for a share of the load's energy, exactly.

In: `Case` and a target, or plain arrays and prices. Out: the least-cost sizes.

For one solar and one battery power, one pass over the hours gives the unserved energy of *every*
battery at once: the falling legs a_i of the rainflow decomposition of what each hour asks of the
store give unserved(E) = short + eta * sum max(a_i - E, 0), with `short` the deficit above the
battery's power. It is convex and piecewise linear, so the smallest battery for a target is read
off, with its slopes in solar and power. What remains is a convex problem in two sizes, solved by
cutting planes through the centre of gravity of what is still possible [1], with a lower bound that
says how far from the optimum the answer can be.

That the legs of the decomposition give the loss of every capacity (a walk between two reflecting
walls) is this project's own result; `tests/` checks it against hour-by-hour runs and against
linear programmes. It holds without backup and without standing loss; `size` adds the latter on
the hour-by-hour kernel.

References
----------
[1] A. Levin (1965), D. Newman (1965); see Nesterov, Introductory Lectures on Convex Optimization,
    2004, section 3.2: each cut leaves at most 1 - 1/e of the area.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numba as nb
import numpy as np
import pandas as pd

from energy.case import Case
from energy.cost import DRIVERS, unit_costs
from energy.dispatch import Design, cyclic_start, kernel_arguments, run_totals
from energy.errors import InfeasibleError, InputError
from energy.plant import Plant, evaluate
from energy.units import Array, energy_mwh

#: The search stops when its lower bound is this close to its best cost.
GAP = 1e-9

#: Cuts after which the search gives up; it needs about 60.
MAX_CUTS = 500


class LeastCost(NamedTuple):
    """The cheapest sizes: solar MWdc, battery MWh and MW, and what they cost a year."""

    solar_mw: float
    battery_mwh: float
    battery_mw: float
    annual_usd: float


# --- unserved energy of every battery at once ------------------------------------------------


@nb.njit(cache=True)
def legs_of(
    solar: Array,
    load_mw: Array,
    solar_mw: float,
    battery_mw: float,
    one_way_fraction: float,
    step_h: float,
    cyclic: bool,
) -> tuple[Array, Array]:
    """Falling legs of the rainflow decomposition of what each step asks of the store.

    Returns
    -------
    legs
        One row a leg: its length [MWh in the store], its slopes in solar and in battery power,
        and +1, or -1 for a leg that is taken off. On a circle the chain is run twice and the
        first round's legs are taken off: those that closed in it by not being listed at all.
    totals
        `short` (deficit above the battery's power, MWh) and `drift` (what a store without walls
        loses in one round, MWh), each followed by its slopes in solar and in battery power.
    """
    n = len(load_mw)
    rounds = 2 if cyclic else 1
    # Turning points that wait to be closed, and the walk's end: height, slopes.
    waiting = np.empty((rounds * n + 1, 3))
    legs = np.empty((rounds * n + 2, 4))
    totals = np.zeros(6)
    waiting[0] = 0.0
    top, count, direction = 0, 0, 0
    end, end_solar, end_power = 0.0, 0.0, 0.0
    for i in range(rounds * n):
        if i == n:
            for j in range(top + 1):
                count = _list_fall(legs, count, waiting, j, top, end, end_solar, end_power, -1.0)
        t = i % n
        sun = solar[t]
        net = sun * solar_mw - load_mw[t]
        if net > battery_mw:
            step, step_solar, step_power = battery_mw, 0.0, 1.0
        elif net < -battery_mw:
            step, step_solar, step_power = -battery_mw, 0.0, -1.0
            if i < n:
                totals[0] -= (net + battery_mw) * step_h
                totals[1] -= sun * step_h
                totals[2] -= step_h
        else:
            step, step_solar, step_power = net, sun, 0.0
        per_mw = step_h * (one_way_fraction if net > 0.0 else 1.0 / one_way_fraction)
        now = 1 if step > 0.0 else (-1 if step < 0.0 else direction)
        if now != direction and direction != 0:
            top += 1
            waiting[top, 0], waiting[top, 1], waiting[top, 2] = end, end_solar, end_power
        direction = now
        end += step * per_mw
        end_solar += step_solar * per_mw
        end_power += step_power * per_mw
        if i < n:
            totals[3] -= step * per_mw
            totals[4] -= step_solar * per_mw
            totals[5] -= step_power * per_mw
        # The last two turning points close a cycle once the legs on both sides are longer.
        while top >= 2:
            inner = abs(waiting[top, 0] - waiting[top - 1, 0])
            if inner > abs(waiting[top - 1, 0] - waiting[top - 2, 0]):
                break
            if inner > abs(end - waiting[top, 0]):
                break
            if i >= n or not cyclic:
                high, low = (top, top - 1) if direction < 0 else (top - 1, top)
                for k in range(3):
                    legs[count, k] = waiting[high, k] - waiting[low, k]
                legs[count, 3] = 1.0
                count += 1
            top -= 2
    for j in range(top + 1):
        count = _list_fall(legs, count, waiting, j, top, end, end_solar, end_power, 1.0)
    return legs[:count], totals


@nb.njit(cache=True)
def _list_fall(
    legs: Array, count: int, waiting: Array, j: int, top: int,
    end: float, end_solar: float, end_power: float, sign: float,
) -> int:  # fmt: skip
    """List the leg from turning point j to the next, or to the walk's end, if it falls."""
    low, low_solar, low_power = end, end_solar, end_power
    if j < top:
        low, low_solar, low_power = waiting[j + 1, 0], waiting[j + 1, 1], waiting[j + 1, 2]
    if waiting[j, 0] <= low:
        return count
    legs[count, 0] = waiting[j, 0] - low
    legs[count, 1] = waiting[j, 1] - low_solar
    legs[count, 2] = waiting[j, 2] - low_power
    legs[count, 3] = sign
    return count + 1


@nb.njit(cache=True)
def smallest_battery(
    legs: Array,
    totals: Array,
    one_way_fraction: float,
    allowed_mwh: float,
    max_mwh: float,
    cyclic: bool,
) -> tuple[bool, float, float, float]:
    """The smallest battery that leaves at most `allowed_mwh` unserved, and its slopes.

    Returns
    -------
    (True, battery MWh, its slope in solar, its slope in power), or, when no battery up to
    `max_mwh` is enough, (False, unserved MWh too much, its slopes) with the largest one.
    """
    eta = one_way_fraction
    if cyclic:
        # A store that loses energy round after round cannot serve the whole of the drift.
        drifting = totals[3] > 0.0
        floor = totals[0] + (eta * totals[3] if drifting else 0.0)
        if floor > allowed_mwh:
            more = eta if drifting else 0.0
            return (False, floor - allowed_mwh,
                    totals[1] + more * totals[4], totals[2] + more * totals[5])  # fmt: skip
    budget = (allowed_mwh - totals[0]) / eta
    if budget < 0.0:
        return False, totals[0] - allowed_mwh, totals[1], totals[2]
    order = np.argsort(-legs[:, 0])
    level, lost, slope, by_solar, by_power = math.inf, 0.0, 0.0, 0.0, 0.0
    battery = 0.0
    for position in range(len(order) + 1):
        below = legs[order[position], 0] if position < len(order) else 0.0
        more = slope * (level - below) if slope > 0.0 else 0.0
        if lost + more > budget:
            battery = level - (budget - lost) / slope
            break
        lost += more
        level = below
        if position < len(order):
            leg = order[position]
            slope += legs[leg, 3]
            by_solar += legs[leg, 3] * legs[leg, 1]
            by_power += legs[leg, 3] * legs[leg, 2]
    else:
        return True, 0.0, 0.0, 0.0
    if battery <= max_mwh:
        by_solar, by_power = by_solar + totals[1] / eta, by_power + totals[2] / eta
        return True, battery, by_solar / slope, by_power / slope
    unserved, grow_solar, grow_power = totals[0], totals[1], totals[2]
    for leg in range(len(legs)):
        if legs[leg, 0] > max_mwh:
            unserved += eta * legs[leg, 3] * (legs[leg, 0] - max_mwh)
            grow_solar += eta * legs[leg, 3] * legs[leg, 1]
            grow_power += eta * legs[leg, 3] * legs[leg, 2]
    return False, unserved - allowed_mwh, grow_solar, grow_power


def unserved_mwh(
    solar: Array,
    load_mw: Array,
    battery_mwh: Array,
    *,
    solar_mw: float,
    battery_mw: float,
    round_trip_fraction: float,
    cyclic: bool,
    step_h: float = 1.0,
) -> Array:
    """Unserved energy [MWh] of every battery of `battery_mwh` at once, over the whole chain.

    `cyclic`: the battery ends as it starts; else it starts full. Arguments as `least_cost`.
    """
    one_way = round_trip_fraction**0.5
    legs, totals = legs_of(solar, load_mw, solar_mw, battery_mw, one_way, step_h, cyclic)
    over = np.maximum(legs[:, :1] - np.asarray(battery_mwh, dtype=float)[None, :], 0.0)
    unserved = totals[0] + one_way * (legs[:, 3] @ over)
    floor = totals[0] + one_way * max(totals[3], 0.0) if cyclic else 0.0
    return np.asarray(np.maximum(unserved, floor), dtype=float)


# --- the convex search over solar and power ---------------------------------------------------


@dataclass(frozen=True)
class _Problem:
    """Least cost over solar and battery power, the battery read off; prices in $/unit/year."""

    solar: Array
    load_mw: Array
    prices: Array  # solar, battery energy, battery power
    one_way_fraction: float
    allowed_mwh: float
    cyclic: bool
    step_h: float
    max_battery_mwh: float

    def battery(self, solar_mw: float, battery_mw: float) -> tuple[bool, float, float, float]:
        """`smallest_battery` for one solar and one power."""
        eta = self.one_way_fraction
        legs, totals = legs_of(
            self.solar, self.load_mw, solar_mw, battery_mw, eta, self.step_h, self.cyclic
        )
        return smallest_battery(
            legs, totals, eta, self.allowed_mwh, self.max_battery_mwh, self.cyclic
        )

    def cost(self, solar_mw: float, battery_mwh: float, battery_mw: float) -> float:
        return float(self.prices @ np.array([solar_mw, battery_mwh, battery_mw]))


def _search(problem: _Problem, max_solar_mw: float, max_battery_mw: float) -> LeastCost | None:
    """The least-cost plant within the box of sizes, or None when even its far corner fails.

    Unserved energy falls with each size, so the far corner decides whether there is a plant at all.
    """
    box = np.array([max_solar_mw, max_battery_mw])
    enough, corner_mwh, *_ = problem.battery(max_solar_mw, max_battery_mw)
    if not enough:
        return None
    best = LeastCost(
        max_solar_mw, corner_mwh, max_battery_mw,
        problem.cost(max_solar_mw, corner_mwh, max_battery_mw),
    )  # fmt: skip
    polygon = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    tangents: list[tuple[float, Array]] = []  # cost >= offset + slope @ point
    for _ in range(MAX_CUTS):
        point = _centroid(polygon)
        solar_mw, battery_mw = (point * box).tolist()
        enough, value, by_solar, by_power = problem.battery(solar_mw, battery_mw)
        slope = np.array([by_solar, by_power]) * box
        if enough:
            cost = problem.cost(solar_mw, value, battery_mw)
            slope = slope * problem.prices[1] + problem.prices[[0, 2]] * box
            tangents.append((cost - float(slope @ point), slope))
            if cost < best.annual_usd:
                best = LeastCost(solar_mw, value, battery_mw, cost)
            # Nothing beyond this line can be cheaper than the best so far.
            polygon = _cut(polygon, slope, float(slope @ point) - (cost - best.annual_usd))
        else:
            polygon = _cut(polygon, slope, float(slope @ point) - value)
        if len(polygon) < 3:
            return best
        bound = max(
            (offset + float((polygon @ slope).min()) for offset, slope in tangents),
            default=-math.inf,
        )
        if best.annual_usd - bound <= GAP * best.annual_usd:
            return best
    raise RuntimeError("the least-cost search did not close its gap; please report this case")


def _centroid(polygon: Array) -> Array:
    """Centre of gravity of a convex polygon; of its corners when it has no area to speak of."""
    base = polygon[0]
    spokes = polygon[1:] - base
    twice = spokes[:-1, 0] * spokes[1:, 1] - spokes[:-1, 1] * spokes[1:, 0]
    area = twice.sum()
    if abs(area) < 1e-300:
        return np.asarray(polygon.mean(axis=0))
    return np.asarray(base + (twice[:, None] * (spokes[:-1] + spokes[1:])).sum(axis=0) / (3 * area))


def _cut(polygon: Array, normal: Array, offset: float) -> Array:
    """The part of a convex polygon where normal @ point <= offset."""
    side = polygon @ normal - offset
    corners = []
    for i, here in enumerate(polygon):
        after = (i + 1) % len(polygon)
        if side[i] <= 0:
            corners.append(here)
        if side[i] * side[after] < 0:
            share = side[i] / (side[i] - side[after])
            corners.append(here + share * (polygon[after] - here))
    return np.array(corners).reshape(-1, 2)


def least_cost(
    solar: Array,
    load_mw: Array,
    *,
    solar_usd_per_mw_year: float,
    battery_usd_per_mwh_year: float,
    battery_usd_per_mw_year: float,
    round_trip_fraction: float,
    served_fraction: float,
    cyclic: bool,
    step_h: float = 1.0,
) -> LeastCost:
    """The cheapest solar, battery energy and battery power that serve a share of the energy.

    Parameters
    ----------
    solar, load_mw
        Arrays of shape (n,): MWac per MWdc, and load [MW], for steps of `step_h` hours.
    solar_usd_per_mw_year, battery_usd_per_mwh_year, battery_usd_per_mw_year
        Price of a MWdc, of a MWh in the store and of a MW of AC power (one rating both ways),
        per year; the first two above 0.
    round_trip_fraction
        AC to AC, split evenly; the whole store is usable and loses nothing by standing.
    served_fraction
        Share of the load's energy to serve at least, above 0 and at most 1.
    cyclic
        True: the battery ends as it starts. False: it starts full.

    Returns
    -------
    LeastCost
        `solar_mw, battery_mwh, battery_mw, annual_usd`, the cost within 1e-9 of the optimum.

    Raises
    ------
    InputError
        With every argument that is out of bounds.
    InfeasibleError
        When there is no sun at all.
    """
    solar, load_mw = np.asarray(solar, dtype=float), np.asarray(load_mw, dtype=float)
    load_mw = np.ascontiguousarray(np.broadcast_to(load_mw, solar.shape))
    problems = [
        f"{name} must be {rule}; got {value!r}"
        for name, value, rule, good in (
            ("solar_usd_per_mw_year", solar_usd_per_mw_year, "above 0", solar_usd_per_mw_year > 0),
            ("battery_usd_per_mwh_year", battery_usd_per_mwh_year, "above 0",
             battery_usd_per_mwh_year > 0),
            ("battery_usd_per_mw_year", battery_usd_per_mw_year, "at least 0",
             battery_usd_per_mw_year >= 0),
            ("round_trip_fraction", round_trip_fraction, "in 0..1", 0 < round_trip_fraction <= 1),
            ("step_h", step_h, "above 0", step_h > 0),
        )
        if not good
    ]  # fmt: skip
    problems += _target_problems(served_fraction)
    for name, values in (("solar", solar), ("load_mw", load_mw)):
        if values.ndim != 1 or not len(values):
            problems.append(f"{name} must be one value a step; got shape {values.shape}")
        elif not np.isfinite(values).all() or values.min() < 0:
            problems.append(f"{name} must be finite and not negative")
    if problems:
        raise InputError(problems)
    if not load_mw.max() > 0:
        raise InputError("load_mw is zero throughout; there is nothing to serve")
    if not solar.max() > 0:
        raise InfeasibleError("there is no sun in the whole series; no size of array helps")
    problem = _Problem(
        solar=np.ascontiguousarray(solar),
        load_mw=load_mw,
        prices=np.array([solar_usd_per_mw_year, battery_usd_per_mwh_year, battery_usd_per_mw_year]),
        one_way_fraction=round_trip_fraction**0.5,
        allowed_mwh=(1.0 - served_fraction) * energy_mwh(load_mw, step_h),
        cyclic=cyclic,
        step_h=step_h,
        max_battery_mwh=math.inf,
    )
    # A first plant that works, found by doubling, bounds the array by what it costs.
    solar_mw = float(load_mw.mean() / solar.mean())
    while True:
        power = float(max(load_mw.max(), solar_mw * solar.max()))
        enough, battery_mwh, *_ = problem.battery(solar_mw, power)
        if enough:
            break
        solar_mw *= 2.0
    max_solar_mw = problem.cost(solar_mw, battery_mwh, power) / solar_usd_per_mw_year
    found = _search(problem, max_solar_mw, float(max(load_mw.max(), max_solar_mw * solar.max())))
    assert found is not None, "a larger plant than one that works must work"
    return found


def _target_problems(served_fraction: float) -> list[str]:
    if 0 < served_fraction <= 1:
        return []
    hint = f"; write {served_fraction / 100:g}" if 1 < served_fraction <= 100 else ""
    return [f"served_fraction is a share above 0 and at most 1; got {served_fraction!r}{hint}"]


# --- a case's own plant -------------------------------------------------------------------------


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

    Exact for the case's prices but for the battery's standing loss, which the hour-by-hour kernel
    adds: the plant is made a little larger until its run serves the target. No backup is chosen.
    The battery ends the chain of weather years as it starts it.

    Raises
    ------
    InputError
        For a target that is no share.
    InfeasibleError
        When no plant within `assumptions.limits` serves the target; the message says which days
        fall short and by how much.
    """
    problems = _target_problems(served_fraction)
    if problems:
        raise InputError(problems)
    beliefs, mean_mw = case.assumptions, case.mean_load_mw
    usable_fraction = beliefs.battery.usable_fraction
    max_solar_mw = beliefs.limits.solar_mw_per_load_mw * mean_mw
    max_usable_mwh = beliefs.limits.battery_h * mean_mw * usable_fraction
    max_power_mw = float(max(case.load_mw.max(), max_solar_mw * case.solar.max()))
    per_size = _usd_per_size_year(case)
    problem = _Problem(
        solar=case.solar,
        load_mw=case.load_mw,
        prices=np.array(
            [
                per_size["solar_mw"],
                per_size["battery_mwh"] / usable_fraction,
                per_size["battery_mw"],
            ]
        ),
        one_way_fraction=beliefs.battery.round_trip_fraction**0.5,
        allowed_mwh=(1.0 - served_fraction) * energy_mwh(case.load_mw, case.step_h),
        cyclic=True,
        step_h=case.step_h,
        max_battery_mwh=max_usable_mwh,
    )
    largest = Design(
        solar_mw=max_solar_mw,
        battery_mwh=max_usable_mwh / usable_fraction,
        battery_mw=max_power_mw,
    )
    sized = _with_standing_loss(case, problem, largest)
    if sized is None:
        raise InfeasibleError(_what_is_missing(evaluate(case, largest), served_fraction))
    return Sizing(evaluate(case, sized), served_fraction)


def _with_standing_loss(case: Case, problem: _Problem, largest: Design) -> Design | None:
    """The least-cost design whose run, standing loss and all, keeps to `allowed_mwh`, or None.

    The exact method knows no standing loss. What the run then lacks is asked of it in addition,
    a few times over, until the two agree; a last hair, or what a target of 100 % leaves nothing to
    ask for, is met by scaling all sizes alike.
    """
    usable_fraction = case.assumptions.battery.usable_fraction

    def excess_mwh(design: Design) -> float:
        arguments: dict[str, Any] = kernel_arguments(case, design)
        start_mwh = cyclic_start(case.solar, case.load_mw, **arguments)
        unserved = run_totals(case.solar, case.load_mw, start_mwh=start_mwh, **arguments)[0]
        return float(unserved - problem.allowed_mwh)

    def scaled(design: Design, factor: float) -> Design:
        sizes = ("solar_mw", "battery_mwh", "battery_mw")
        return design.replace(**{n: min(getattr(design, n) * factor, getattr(largest, n))
                                 for n in sizes})  # fmt: skip

    # Sums of a year's hours differ in their last digits between the two methods.
    rounding_mwh = 1e-9 * energy_mwh(case.load_mw, case.step_h)
    asked_mwh = problem.allowed_mwh
    for _ in range(6):
        found = _search(
            replace(problem, allowed_mwh=asked_mwh), largest.solar_mw, largest.battery_mw
        )
        if found is None:
            return None
        design = Design(
            solar_mw=found.solar_mw,
            battery_mwh=found.battery_mwh / usable_fraction,
            battery_mw=found.battery_mw,
        )
        excess = excess_mwh(design)
        if abs(excess) <= rounding_mwh or asked_mwh == 0:
            break
        asked_mwh = max(asked_mwh - excess, 0.0)
    low = high = 1.0
    while excess_mwh(scaled(design, high)) > rounding_mwh:
        if scaled(design, high) == largest:
            return None
        low, high = high, high + 2 * (high - low) + 1e-6
    while high - low > 1e-9:
        middle = (low + high) / 2
        lacks = excess_mwh(scaled(design, middle)) > rounding_mwh
        low, high = (middle, high) if lacks else (low, middle)
    return scaled(design, high)


def _usd_per_size_year(case: Case) -> dict[str, float]:
    """Yearly price of a MWdc, a nameplate MWh and a MW of battery, summed over their parts."""
    rate = case.assumptions.finance.real_discount_fraction
    totals: dict[str, float] = {}
    for part, unit in unit_costs(case).items():
        totals[DRIVERS[part]] = totals.get(DRIVERS[part], 0.0) + unit.annual_usd(rate)
    return totals


def _what_is_missing(largest: Plant, served_fraction: float) -> str:
    """Why no plant within the limits is enough: the deepest events of the largest one."""
    availability, case, design = largest.availability, largest.case, largest.design
    share = served_fraction - availability.served_fraction
    lacking_mwh = share * case.weather.per_year(case.load_mw)
    deepest = availability.events.nlargest(3, "energy_mwh").sort_values("start")
    unlabelled = case.weather.typical or case.weather.made
    when = "%d %B" if unlabelled else "%d %B %Y"
    spells = "; ".join(
        f"{start:{when}}, {length_h / 24:.1f} days, {mwh:,.0f} MWh"
        for start, length_h, mwh in zip(
            deepest["start"], deepest["length_h"], deepest["energy_mwh"], strict=True
        )
    )
    return (
        f"{case.site.name}: no plant serves {served_fraction:g} of the energy. The largest that is "
        f"looked at ({design.solar_mw:,.0f} MWdc, {design.battery_mwh:,.0f} MWh) serves "
        f"{availability.served_fraction:.6f} and lacks {lacking_mwh:,.0f} MWh a year. It is dark "
        f"from: {spells}. Ask for less, or add backup"
    )
