"""A plant with failing equipment, hour by hour: blocks, containers and units go down and come back.

In: `PlantParameters`, series, numbers of parts and their probabilities. Out: sums of each draw.

Every group of equal parts is counted, not listed: how many of n fail in a step is binomial, drawn
by geometric jumps from failure to failure, exact and at no cost while nothing fails.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from energy.compiled import inlined, kernel
from energy.dispatch.step import (
    LOSS_OF_LOAD_TOLERANCE,
    ROUNDING,
    PlantParameters,
    needs_dispatchable,
    step,
)
from energy.steps import Array

#: Columns of the sums of a draw: MW, steps, days, events, steps.
SUMS = ("unserved", "short", "days", "events", "longest", "weather", "equipment", "both")

#: Groups of parts; each has its own stream of random numbers for its failures and repairs, so that
#: one part more leaves the others' failures as they are.
GROUPS = ("inverter", "container", "unit", "more inverters", "more containers", "more units")

#: Streams: failures and repairs of each group, and failures while running and starts of units.
STREAMS = 16

#: A failure that never comes.
NEVER = 1e18


@inlined
def _uniform(states: NDArray[np.uint64], at: int) -> float:
    """The next number of a stream, above 0 and below 1 (splitmix64)."""
    z = states[at] + np.uint64(0x9E3779B97F4A7C15)
    states[at] = z
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (np.float64(z >> np.uint64(11)) + 0.5) * 2.0**-53


@kernel()
def _jump(states: NDArray[np.uint64], at: int, probability: float) -> float:
    """Trials that pass before the next success."""
    if probability <= 0.0:
        return NEVER
    if probability >= 1.0:
        return 0.0
    return float(np.floor(np.log(_uniform(states, at)) / np.log1p(-probability)))


@kernel()
def _successes(
    waits: Array, states: NDArray[np.uint64], at: int, trials: int, probability: float
) -> int:
    """How many of some trials succeed."""
    left, count = float(trials), 0
    while waits[at] < left:
        count += 1
        left -= waits[at] + 1.0
        waits[at] = _jump(states, at, probability)
    waits[at] -= left
    return count


@kernel()
def run_failures(
    plant: PlantParameters,
    solar: Array,
    load_mw: Array,
    reserve_mwh: Array,
    grid_open: Array,
    short_by_weather: NDArray[np.bool_],
    day: NDArray[np.int64],
    parts: NDArray[np.int64],
    fails: Array,
    repaired: Array,
    unit_fails: float,
    start_fails: float,
    first_up: NDArray[np.int64],
    seeds: NDArray[np.uint64],
    initial_mwh: float,
    cyclic: bool,
    sums: Array,
) -> None:
    """Run a plant in many draws of its failures.

    Parameters
    ----------
    solar
        MWac per MWdc with all inverters up, one value a step.
    grid_open
        Part of the grid's limit that is open in each step; of no steps where it is never cut.
    short_by_weather
        Steps that are short with all equipment up.
    parts, fails, repaired
        Of each of `GROUPS`: how many, and the probabilities to fail and to be repaired in a step;
        of units those that stand by.
    unit_fails, start_fails
        Probability that a running unit fails in a step, and that a start does.
    first_up, seeds
        Of each draw: parts up before the first step, shape (draws, groups); states of the streams,
        shape (draws, STREAMS). The first draw is a lead-in whose charge the next goes on with.
    initial_mwh, cyclic
        Charge before the first step; a cyclic run goes on with the charge of the draw before.
    sums
        Shape (draws, SUMS), filled.
    """
    inverters, containers, units = max(parts[0], 1), max(parts[1], 1), parts[2] + parts[5]
    rating = solar.max() * plant.solar_mw
    soc, sunny, probabilities = initial_mwh, initial_mwh, np.empty(STREAMS)
    for g in range(6):
        probabilities[2 * g], probabilities[2 * g + 1] = fails[g], repaired[g]
    probabilities[12], probabilities[13] = unit_fails, unit_fails
    probabilities[14], probabilities[15] = start_fails, start_fails
    up, waits = np.zeros(6, dtype=np.int64), np.empty(STREAMS)
    for draw in range(len(seeds)):
        states = seeds[draw].copy()
        up[:] = first_up[draw]
        running, more_running = 0, 0
        for at in range(STREAMS):
            waits[at] = _jump(states, at, probabilities[at])
        if not cyclic:
            soc, sunny = initial_mwh, initial_mwh
        length, first_length, last_day, unbroken = 0, 0, -1, True
        for t in range(len(load_mw)):
            stored_up = up[1] + up[4]
            lost = 0
            for g in (0, 1, 3, 4):
                failed = _successes(waits, states, 2 * g, up[g], fails[g])
                back = _successes(waits, states, 2 * g + 1, parts[g] - up[g], repaired[g])
                up[g] += back - failed
                if g in (1, 4):
                    lost += failed
            if lost > 0:
                # What a failing container holds is lost; one that comes back is empty.
                kept = (stored_up - lost) / stored_up
                soc, sunny = soc * kept, sunny * kept
            if units > 0:
                back = _successes(waits, states, 5, parts[2] - up[2], repaired[2])
                failed = _successes(waits, states, 12, running, unit_fails)
                idle = _successes(waits, states, 4, up[2] - running, fails[2])
                running -= failed
                up[2] += back - failed - idle
                back = _successes(waits, states, 11, parts[5] - up[5], repaired[5])
                failed = _successes(waits, states, 13, more_running, unit_fails)
                idle = _successes(waits, states, 10, up[5] - more_running, fails[5])
                more_running -= failed
                up[5] += back - failed - idle
            storing = (up[1] + up[4]) / containers
            grid_mw = plant.grid_mw
            if len(grid_open) > 0:
                grid_mw *= grid_open[t]
            now = PlantParameters(
                plant.solar_mw, plant.usable_mwh * storing, plant.battery_mw * storing,
                plant.unit_mw * (up[2] + up[5]), grid_mw, plant.retained_fraction,
                plant.stored_per_mw, plant.drawn_per_mw, plant.unit_mw, plant.minimum_mw,
                plant.grid_first, plant.own_use_mw * storing,
            )  # fmt: skip
            reserve = 0.0
            if len(reserve_mwh) > 0:
                reserve = min(reserve_mwh[t], now.usable_mwh)
            working = (up[0] + up[3]) / inverters
            asked = load_mw[t] + now.own_use_mw
            net = solar[t] * plant.solar_mw * working - asked
            flow = step(now, soc, net, reserve, needs_dispatchable(now, soc, net, reserve))
            if units > 0:
                needed = int(np.ceil(flow.backup_mw / plant.unit_mw - ROUNDING))
                running = min(running, needed)
                more_running = min(more_running, needed - running)
                failed = 0
                while running + more_running < needed and up[2] > running:
                    if _uniform(states, 14) < start_fails:
                        up[2] -= 1
                        failed += 1
                    else:
                        running += 1
                while running + more_running < needed and up[5] > more_running:
                    if _uniform(states, 15) < start_fails:
                        up[5] -= 1
                        failed += 1
                    else:
                        more_running += 1
                if failed > 0:
                    now = PlantParameters(
                        now.solar_mw, now.usable_mwh, now.battery_mw,
                        plant.unit_mw * (up[2] + up[5]), now.grid_mw, now.retained_fraction,
                        now.stored_per_mw, now.drawn_per_mw, now.unit_mw, now.minimum_mw,
                        now.grid_first, now.own_use_mw,
                    )  # fmt: skip
                    flow = step(now, soc, net, reserve, needs_dispatchable(now, soc, net, reserve))
            soc = flow.soc_mwh
            net = rating * working - asked
            sunlit = step(now, sunny, net, reserve, needs_dispatchable(now, sunny, net, reserve))
            sunny = sunlit.soc_mwh
            sums[draw, 0] += flow.unserved_mw
            if flow.unserved_mw > LOSS_OF_LOAD_TOLERANCE * load_mw[t]:
                sums[draw, 1] += 1
                if day[t] != last_day:
                    sums[draw, 2] += 1
                    last_day = day[t]
                if length == 0:
                    sums[draw, 3] += 1
                length += 1
                sums[draw, 4] = max(sums[draw, 4], length)
                by_equipment = sunlit.unserved_mw > LOSS_OF_LOAD_TOLERANCE * load_mw[t]
                if short_by_weather[t] and not by_equipment:
                    sums[draw, 5] += 1
                elif by_equipment and not short_by_weather[t]:
                    sums[draw, 6] += 1
                else:
                    sums[draw, 7] += 1
            else:
                if unbroken:
                    first_length, unbroken = length, False
                length = 0
        if cyclic and not unbroken and length > 0 and first_length > 0:
            sums[draw, 3] -= 1  # an event over the joint is one event
            sums[draw, 4] = max(sums[draw, 4], length + first_length)
