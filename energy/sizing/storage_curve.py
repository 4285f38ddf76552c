"""Unserved energy of every battery at once, from one pass over the hours.

In: solar and load by step, one array, one battery power. Out: the discharging half-cycles of what
the steps ask of the store, and from them unserved energy as a function of the battery, with slopes.

The discharging half-cycles a_i of the rainflow decomposition of what each step asks of the store
give unserved(E) = short + eta * sum max(a_i - E, 0) for every battery E, with `short` the deficit
above the battery's power. It is convex and piecewise linear, so the smallest battery for a target
is read off, with its slopes in solar, in power and in the target.

That the half-cycles of the decomposition give the loss of every capacity (a walk between two
reflecting walls) is this project's own result; `tests/` checks it against hour-by-hour runs and
against linear programs. It holds without backup and without self-discharge.
"""

from __future__ import annotations

import numpy as np

from energy.compiled import kernel
from energy.dispatch.step import PlantParameters, step
from energy.steps import Array

#: A battery with self-discharge is found when what it leaves unserved is this near to what is
#: allowed, as a fraction of the load: far below what makes a step short.
NEWTON_FRACTION = 1e-12

#: Steps after which Newton's method is left; from a good guess it takes two or three.
MAX_NEWTON = 60


#: What is run at first to find out how a chain ends: one of so many parts of it.
PARTS = 16


@kernel()
def storage_curve(
    solar: Array,
    load_mw: Array,
    solar_mw: float,
    battery_mw: float,
    one_way_efficiency: float,
    step_h: float,
    cyclic: bool,
) -> tuple[Array, Array]:
    """Discharging half-cycles of the rainflow decomposition of what each step asks of the store.

    Returns
    -------
    half_cycles
        One row a half-cycle: its length [MWh in the store], its slopes in solar and in battery
        power, and +1, or -1 for a half-cycle that is taken off. Under a cyclic boundary condition
        the chain is run twice and the first round's half-cycles are taken off: those that closed in
        it by not being listed at all.
    totals
        `short` (deficit above the battery's power, MWh) and `drift` (what a store without walls
        loses in one round, MWh), each followed by its slopes in solar and in battery power.
    """
    n = len(load_mw)
    rounds = 2 if cyclic else 1
    # Turning points that wait to be closed, and the walk's end: height, slopes.
    waiting = np.empty((rounds * n + 1, 3))
    half_cycles = np.empty((rounds * n + 2, 4))
    totals = np.zeros(6)
    waiting[0] = 0.0
    top, count, direction = 0, 0, 0
    end, end_solar, end_power = 0.0, 0.0, 0.0
    for i in range(rounds * n):
        if i == n:
            for j in range(top + 1):
                count = _list_fall(
                    half_cycles, count, waiting, j, top, end, end_solar, end_power, -1.0
                )
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
        per_mw = step_h * (one_way_efficiency if net > 0.0 else 1.0 / one_way_efficiency)
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
        # The last two turning points close a cycle once the half-cycles on both sides are longer.
        while top >= 2:
            inner = abs(waiting[top, 0] - waiting[top - 1, 0])
            if inner > abs(waiting[top - 1, 0] - waiting[top - 2, 0]):
                break
            if inner > abs(end - waiting[top, 0]):
                break
            if i >= n or not cyclic:
                high, low = (top, top - 1) if direction < 0 else (top - 1, top)
                for k in range(3):
                    half_cycles[count, k] = waiting[high, k] - waiting[low, k]
                half_cycles[count, 3] = 1.0
                count += 1
            top -= 2
    for j in range(top + 1):
        count = _list_fall(half_cycles, count, waiting, j, top, end, end_solar, end_power, 1.0)
    return half_cycles[:count], totals


@kernel()
def _list_fall(
    half_cycles: Array, count: int, waiting: Array, j: int, top: int,
    end: float, end_solar: float, end_power: float, sign: float,
) -> int:  # fmt: skip
    """List the half-cycle from turning point j to the next, or to the walk's end, if it falls."""
    low, low_solar, low_power = end, end_solar, end_power
    if j < top:
        low, low_solar, low_power = waiting[j + 1, 0], waiting[j + 1, 1], waiting[j + 1, 2]
    if waiting[j, 0] <= low:
        return count
    half_cycles[count, 0] = waiting[j, 0] - low
    half_cycles[count, 1] = waiting[j, 1] - low_solar
    half_cycles[count, 2] = waiting[j, 2] - low_power
    half_cycles[count, 3] = sign
    return count + 1


#: Columns of what `smallest_batteries` gives for a target.
REACHED, VALUE, BY_SOLAR, BY_POWER, BY_ALLOWED = range(5)


@kernel()
def smallest_batteries(
    half_cycles: Array,
    totals: Array,
    one_way_efficiency: float,
    allowed_mwh: Array,
    max_mwh: float,
    cyclic: bool,
) -> Array:
    """For each of `allowed_mwh` the smallest battery that leaves no more than that unserved.

    Returns
    -------
    One row a target. Where `REACHED` is 1: battery MWh and its slopes in solar, in power and in
    what is allowed. Where it is 0, no battery up to `max_mwh` is enough: unserved MWh too much
    with the largest one, and the slopes of that.
    """
    eta = one_way_efficiency
    found = np.zeros((len(allowed_mwh), 5))
    # A store that loses energy round after round cannot serve the whole of the drift.
    drift = eta if cyclic and totals[3] > 0.0 else 0.0
    floor = totals[0] + drift * totals[3]

    order = np.argsort(-half_cycles[:, 0])
    count = len(order)
    # Behind each half-cycle in falling order: how many half-cycles are longer than a battery in the
    # gap to the next one, their slopes, and what a battery of the half-cycle's own length loses.
    longer = np.empty(count)
    by_solar = np.empty(count)
    by_power = np.empty(count)
    lost = np.empty(count + 1)
    lost[0] = 0.0
    many, grow_solar, grow_power = 0.0, 0.0, 0.0
    for position in range(count):
        half_cycle = order[position]
        many += half_cycles[half_cycle, 3]
        grow_solar += half_cycles[half_cycle, 3] * half_cycles[half_cycle, 1]
        grow_power += half_cycles[half_cycle, 3] * half_cycles[half_cycle, 2]
        longer[position], by_solar[position], by_power[position] = many, grow_solar, grow_power
        below = half_cycles[order[position + 1], 0] if position + 1 < count else 0.0
        lost[position + 1] = lost[position] + max(many, 0.0) * (half_cycles[half_cycle, 0] - below)

    for target in range(len(allowed_mwh)):
        allowed = allowed_mwh[target]
        budget = (allowed - totals[0]) / eta
        if floor > allowed:
            found[target, VALUE] = floor - allowed
            found[target, BY_SOLAR] = totals[1] + drift * totals[4]
            found[target, BY_POWER] = totals[2] + drift * totals[5]
            found[target, BY_ALLOWED] = -1.0
            continue
        at = np.searchsorted(lost, budget, side="right") - 1
        if at == count:
            found[target, REACHED] = 1.0
            continue
        battery = half_cycles[order[at], 0] - (budget - lost[at]) / longer[at]
        if battery <= max_mwh:
            found[target, REACHED] = 1.0
            found[target, VALUE] = battery
            found[target, BY_SOLAR] = (by_solar[at] + totals[1] / eta) / longer[at]
            found[target, BY_POWER] = (by_power[at] + totals[2] / eta) / longer[at]
            found[target, BY_ALLOWED] = -1.0 / (eta * longer[at])
            continue
        unserved, grow_solar, grow_power = totals[0], totals[1], totals[2]
        for half_cycle in range(count):
            if half_cycles[half_cycle, 0] > max_mwh:
                unserved += (
                    eta * half_cycles[half_cycle, 3] * (half_cycles[half_cycle, 0] - max_mwh)
                )
                grow_solar += eta * half_cycles[half_cycle, 3] * half_cycles[half_cycle, 1]
                grow_power += eta * half_cycles[half_cycle, 3] * half_cycles[half_cycle, 2]
        found[target, VALUE] = unserved - allowed
        found[target, BY_SOLAR], found[target, BY_POWER] = grow_solar, grow_power
        found[target, BY_ALLOWED] = -1.0
    return found


@kernel()
def smallest_lossy_battery(
    solar: Array,
    load_mw: Array,
    solar_mw: float,
    battery_mw: float,
    one_way_efficiency: float,
    retained_fraction: float,
    step_h: float,
    cyclic: bool,
    allowed_mwh: float,
    guess_mwh: float,
    max_mwh: float,
    own_use_mw_per_mwh: float = 0.0,
) -> Array:
    """The smallest battery for one target when the store self-discharges or uses power itself.

    Unserved energy is convex in the battery, so Newton's method from a guess that is too small
    comes to the root from below. It falls with the battery, until one takes more for itself than
    it helps: where too little is served on that side as well, the tangents of both sides say how
    much lacks with any battery. Returns a row as `smallest_batteries`.
    """
    found = np.zeros(5)
    near_mwh = NEWTON_FRACTION * load_mw.sum() * step_h
    battery = min(guess_mwh, max_mwh)
    tangent = np.zeros(3)
    falling_mwh, falling_excess = 0.0, 0.0
    # Little at first, for the slope may be just below; then in a few steps down to nothing.
    shrink = 0.9998
    for _ in range(MAX_NEWTON):
        unserved, by_solar, by_power, by_battery = unserved_and_slopes(
            solar, load_mw, solar_mw, battery, battery_mw, one_way_efficiency, retained_fraction,
            step_h, cyclic, own_use_mw_per_mwh,
        )  # fmt: skip
        excess = unserved - allowed_mwh
        # At a root where nothing is unserved the run has no slope; the tangent that led there has.
        if by_battery < 0.0:
            tangent[0], tangent[1], tangent[2] = by_solar, by_power, by_battery
            falling_mwh, falling_excess = battery, excess
        enough = excess <= near_mwh
        if enough and (battery == 0.0 or (excess >= -near_mwh and tangent[2] < 0.0)):
            break
        if not enough and by_battery > 0.0 and battery > 0.0:
            if tangent[2] == 0.0:  # nothing is known of smaller ones yet
                battery = max(battery - excess / by_battery, 0.0)
                continue
            # What both tangents say in equal parts of their slopes hangs on no battery.
            share = by_battery / (by_battery - tangent[2])
            level = falling_excess - tangent[2] * falling_mwh
            found[VALUE] = share * level + (1.0 - share) * (excess - by_battery * battery)
            found[BY_SOLAR] = share * tangent[0] + (1.0 - share) * by_solar
            found[BY_POWER] = share * tangent[1] + (1.0 - share) * by_power
            found[BY_ALLOWED] = -1.0
            return found
        if not enough and (by_battery >= 0.0 or battery == max_mwh):
            found[VALUE], found[BY_SOLAR], found[BY_POWER] = excess, by_solar, by_power
            found[BY_ALLOWED] = -1.0
            return found
        if by_battery >= 0.0:  # flat, and enough: a smaller battery may do, or has the slope
            shrink **= 4
            battery = battery * shrink if battery > near_mwh else 0.0  # none at all may do too
            continue
        battery = min(max(battery - excess / by_battery, 0.0), max_mwh)
    else:
        raise RuntimeError("Newton's method did not end; please report this case")
    found[REACHED], found[VALUE] = 1.0, battery
    if battery > 0.0 and tangent[2] < 0.0:
        found[BY_SOLAR], found[BY_POWER] = -tangent[0] / tangent[2], -tangent[1] / tangent[2]
        found[BY_ALLOWED] = 1.0 / tangent[2]
    return found


@kernel()
def unserved_and_slopes(
    solar: Array,
    load_mw: Array,
    solar_mw: float,
    usable_mwh: float,
    battery_mw: float,
    one_way_efficiency: float,
    retained_fraction: float,
    step_h: float,
    cyclic: bool,
    own_use_mw_per_mwh: float = 0.0,
) -> tuple[float, float, float, float]:
    """Unserved energy [MWh] of one plant and its slopes in solar, power and battery.

    The flows are those of `energy.dispatch`. Under a cyclic boundary condition the chain starts as
    it ends. A battery that fills forgets how it began: where it does so in the last part of the
    chain, run from empty, its end is known. Else the chain is run, full at first, until its end is
    its start; a plant that loses energy round after round is run from empty.
    """
    plant = PlantParameters(
        solar_mw, usable_mwh, battery_mw, 0.0, 0.0, retained_fraction,
        one_way_efficiency * step_h, step_h / one_way_efficiency, 1.0, 0.0, False,
        own_use_mw_per_mwh * usable_mwh,
    )  # fmt: skip
    full, empty = (usable_mwh, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0)
    state, filled = full, False
    if cyclic:
        last = len(load_mw) - len(load_mw) // PARTS
        state, _, filled = _round(
            plant, solar[last:], load_mw[last:], own_use_mw_per_mwh, step_h, empty
        )
    if filled or not cyclic:
        return _round(plant, solar, load_mw, own_use_mw_per_mwh, step_h, state)[1]
    state, unserved = full, empty
    for turn in range(8):
        start = state[0]
        state, unserved, _ = _round(plant, solar, load_mw, own_use_mw_per_mwh, step_h, state)
        if turn and abs(state[0] - start) <= 1e-9 * max(usable_mwh, 1e-9):
            break
        if turn == 4:
            state = empty
    return unserved


#: A number and its slopes in solar, power and battery.
Sloped = tuple[float, float, float, float]


@kernel()
def _round(
    plant: PlantParameters,
    solar: Array,
    load_mw: Array,
    own_use_mw_per_mwh: float,
    step_h: float,
    start: Sloped,
) -> tuple[Sloped, Sloped, bool]:
    """State of charge at the end of a chain, unserved energy in it, and whether it ever filled."""
    stored, drawn = plant.stored_per_mw, plant.drawn_per_mw
    usable_mwh, battery_mw = plant.usable_mwh, plant.battery_mw
    # What is drawn from the store gives this much [MWh/MWh].
    one_way_efficiency = step_h / drawn
    soc, soc_solar, soc_power, soc_battery = start
    unserved, by_solar, by_power, by_battery = 0.0, 0.0, 0.0, 0.0
    filled = False
    for t in range(len(load_mw)):
        net = solar[t] * plant.solar_mw - load_mw[t] - plant.own_use_mw
        # The branches below clip as the step does: they are foreseen, its minimum is waited for.
        soc = step(plant, soc, net, 0.0, False).unclipped_soc_mwh
        soc_solar *= plant.retained_fraction
        soc_power *= plant.retained_fraction
        soc_battery *= plant.retained_fraction
        # What the step takes: PV generation, or the battery's power where that is the limit.
        per_mw = stored if net >= 0.0 else drawn
        if abs(net) > battery_mw:
            soc_power += per_mw if net >= 0.0 else -per_mw
        else:
            soc_solar += solar[t] * per_mw
            soc_battery -= own_use_mw_per_mwh * per_mw
        if net < -battery_mw:
            unserved -= (net + battery_mw) * step_h
            by_solar -= solar[t] * step_h
            by_power -= step_h
            by_battery += own_use_mw_per_mwh * step_h
        if soc > usable_mwh:
            soc, soc_solar, soc_power, soc_battery = usable_mwh, 0.0, 0.0, 1.0
            filled = True
        elif soc < 0.0:
            unserved -= soc * one_way_efficiency
            by_solar -= soc_solar * one_way_efficiency
            by_power -= soc_power * one_way_efficiency
            by_battery -= soc_battery * one_way_efficiency
            soc, soc_solar, soc_power, soc_battery = 0.0, 0.0, 0.0, 0.0
    end = (soc, soc_solar, soc_power, soc_battery)
    return end, (unserved, by_solar, by_power, by_battery), filled


def unserved_mwh(
    solar: Array,
    load_mw: Array,
    battery_mwh: Array,
    *,
    solar_mw: float,
    battery_mw: float,
    round_trip_efficiency: float,
    cyclic: bool,
    step_h: float = 1.0,
) -> Array:
    """Unserved energy [MWh] of every battery of `battery_mwh` at once, over the whole chain.

    `cyclic`: the battery ends as it starts; else it starts full. Arguments as `least_cost`.
    """
    one_way = round_trip_efficiency**0.5
    half_cycles, totals = storage_curve(
        solar, load_mw, solar_mw, battery_mw, one_way, step_h, cyclic
    )
    over = np.maximum(half_cycles[:, :1] - np.asarray(battery_mwh, dtype=float)[None, :], 0.0)
    unserved = totals[0] + one_way * (half_cycles[:, 3] @ over)
    floor = totals[0] + one_way * max(totals[3], 0.0) if cyclic else 0.0
    return np.asarray(np.maximum(unserved, floor), dtype=float)
