"""How a lithium iron phosphate battery fades: by the calendar and by its cycles.

In: a state of charge and a temperature by step, repeated yearly. Out: what is left of the capacity
at the end of each year.

Two cells, as NREL has fitted them to tests of others. The large prismatic one of over 250 Ah [1] is
of the kind that stationary storage is built from: it was cycled slowly, between 10 and 45 degC. The
small one of 3 Ah [2, 3] was made for power; its cycles were tested at 25 and 45 degC alone, and how
it fades by them does not depend on temperature. Capacity is lost in two ways that add up:

- *calendar*, by temperature and by the potential of the graphite, which follows from the state of
  charge [4, 5];
- *cycles*, by the full cycles that went through it, their depth and their rate.

Each grows slower as it grows: its state is carried through days of any use by the slope that it has
where it is, so that a hot summer late in life counts less than an early one. As capacity fades the
same energy is a deeper cycle of what is left. Packs are said to live 20 to 30 % shorter than cells.

References
----------
Equations and constants as in NREL's BLAST-Lite 1.1.1 (BSD-3-Clause), which gives these sources.

[1] Tests of the large cell: doi 10.1016/j.est.2023.109042.
[2] Tests of the small cell: doi 10.1016/j.est.2018.01.019 (calendar) and
    10.1016/j.jpowsour.2019.227666 (cycles).
[3] Its model: doi 10.1149/1945-7111/ac86a8.
[4] M. Safari, C. Delacourt, J. Electrochem. Soc. 158 (2011) A562: potential of graphite.
[5] Schimpe et al., doi 10.1149/2.1181714jes: how full the graphite is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from energy.errors import InputError
from energy.steps import Array

#: Hours of a year of the battery's life.
YEAR_H = 8760.0

#: A rate [1/h] below this is rest, not a cycle.
REST_PER_H = 1e-2

#: A cell with less than this of its capacity is dead: no test reached it.
DEAD_FRACTION = 0.05


class Day(NamedTuple):
    """How a battery is used on a day.

    Parameters
    ----------
    cycles
        Full cycles, in capacities when new.
    depth, room
        Highest less lowest state of charge, and what lies between the lowest and full.
    rate_per_h
        Mean rate of charge and discharge over the day [1/h], in capacities when new.
    """

    cycles: float
    depth: float
    room: float
    rate_per_h: float

    def deepened(self, health: float) -> tuple[float, float, float]:
        """Depth, cycles and rate when so much of the capacity is left.

        The same energy swings the charge further, but not above full: then it is less energy.
        """
        if self.depth == 0.0:
            return 0.0, 0.0, 0.0
        depth = min(self.depth / health, self.room)
        kept = depth * health / self.depth
        return depth, self.cycles * kept, self.rate_per_h * kept


@dataclass(frozen=True, eq=False)
class Days:
    """What a battery feels on each of the days that are repeated.

    Parameters
    ----------
    temp_k, potential_v
        Shape (days, steps and the one after): temperature [K] and potential of the graphite [V].
    use
        How it is used on each.
    """

    temp_k: Array
    potential_v: Array
    use: list[Day]


#: Growth of a loss over a day: which day, loss so far, capacity left.
Carry = Callable[[int, float, float], float]

#: How a loss grows over each of the days; what a day does comes again every time it is repeated.
Law = Callable[[Days], Carry]


def fade(
    soc_fraction: Array,
    temp_c: Array | float,
    *,
    step_h: float = 1.0,
    years: int,
    model: str = "lfp-250ah",
) -> Array:
    """What is left of a battery's capacity at the end of each year.

    Parameters
    ----------
    soc_fraction
        State of charge at each step, 0 to 1, over whole days; repeated until the years are over.
        When the capacity has faded the same energy swings the charge further.
    temp_c
        Temperature of the cells [degC], one for all or one a step.
    step_h
        Length of a step [h].
    years
        How many.
    model
        `lfp-250ah` (large cell, slow) or `lfp-sony-murata` (small cell, fast).

    Returns
    -------
    Array
        Shape (years,): fraction of the capacity when new, down to 0 for a battery that is dead.

    Raises
    ------
    InputError
        With everything that is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> from energy.battery import fade
    >>> fade(np.full(24, 0.5), 25.0, years=10).round(2)[[0, 9]].tolist()
    [0.99, 0.96]
    """
    try:
        soc, temp = np.asarray(soc_fraction, dtype=float), np.asarray(temp_c, dtype=float)
    except (TypeError, ValueError):
        raise InputError("soc_fraction and temp_c must be numbers") from None
    _check(soc, temp, step_h, years, model)
    days = _days(soc, temp, step_h)
    calendar, by_cycles = (law(days) for law in MODELS[model])
    lost_calendar = lost_cycles = 0.0
    left = np.zeros(years)
    for year in range(years):
        for number in range(365):
            health = 1.0 - lost_calendar - lost_cycles
            if health < DEAD_FRACTION:
                return left
            day = (year * 365 + number) % len(days.use)
            lost_calendar += calendar(day, lost_calendar, health)
            lost_cycles += by_cycles(day, lost_cycles, health)
        left[year] = max(1.0 - lost_calendar - lost_cycles, 0.0)
    return left


def _check(soc: Array, temp_c: Array, step_h: float, years: int, model: str) -> None:
    problems = []
    if model not in MODELS:
        problems.append(f"model is one of {', '.join(MODELS)}; got {model!r}")
    if not (isinstance(years, Integral) and 1 <= years <= 100):
        problems.append(f"years must be a whole number from 1 to 100; got {years!r}")
    if not (isinstance(step_h, Real) and math.isfinite(step_h)):
        problems.append(f"step_h must be a number; got {step_h!r}")
    elif not 0.0 < step_h <= 24.0 or abs(24.0 / step_h - round(24.0 / step_h)) > 1e-9:
        problems.append(f"step_h must divide a day; got {step_h!r}")
    elif soc.ndim != 1 or not len(soc) or len(soc) % round(24.0 / step_h):
        problems.append(
            f"soc_fraction must be whole days of {24.0 / step_h:g} steps; got {soc.shape}"
        )
    elif temp_c.shape not in ((), soc.shape):
        problems.append(f"temp_c must be one number or {len(soc)}; got {temp_c.shape}")
    if not np.isfinite(soc).all() or soc.min(initial=0.0) < 0.0 or soc.max(initial=0.0) > 1.0:
        problems.append("soc_fraction must lie within 0..1 at all steps")
    if not (np.isfinite(temp_c).all() and (temp_c > -60).all() and (temp_c < 100).all()):
        problems.append("temp_c must lie within -60..100 degC at all steps")
    if problems:
        raise InputError(problems)


def _days(soc: Array, temp_c: Array, step_h: float) -> Days:
    """What is felt on each day, from its steps and the one after it."""
    per_day = round(24.0 / step_h)

    def by_day(series: Array) -> Array:
        # Each day ends where the next begins, and the last where the first does.
        around = np.append(series, series[0])
        return sliding_window_view(around, per_day + 1)[::per_day]

    charge = by_day(soc)
    lowest = charge.min(axis=1)
    change = np.abs(np.diff(charge))
    moving = change / step_h
    rate_per_h = np.where(moving < REST_PER_H, 0.0, moving).sum(axis=1) * step_h / 24.0
    use = (change.sum(axis=1) / 2.0, charge.max(axis=1) - lowest, 1.0 - lowest, rate_per_h)
    return Days(
        temp_k=by_day(np.broadcast_to(temp_c, soc.shape)) + 273.15,
        potential_v=by_day(graphite_potential_v(soc)),
        use=[Day(*day) for day in np.column_stack(use).tolist()],
    )


def graphite_potential_v(soc_fraction: Array) -> Array:
    """Potential of the graphite against lithium [V] at a cell's state of charge [4, 5]."""
    x = 0.0085 + np.asarray(soc_fraction, dtype=float) * (0.78 - 0.0085)
    return np.asarray(
        0.6379
        + 0.5416 * np.exp(-305.5309 * x)
        + 0.044 * np.tanh(-(x - 0.1958) / 0.1088)
        - 0.1978 * np.tanh((x - 1.0571) / 0.0854)
        - 0.6875 * np.tanh((x + 0.0117) / 0.0529)
        - 0.0175 * np.tanh((x - 0.5692) / 0.0875),
        dtype=float,
    )


# --- how a loss grows ----------------------------------------------------------------------------


def _power(lost: float, step: float, rate: float, power: float) -> float:
    """Growth of rate * x^power over a step of x, from a loss that there is."""
    if step <= 0.0 or rate <= 0.0:
        return 0.0
    if lost == 0.0:
        return float(rate * step**power)
    return float(rate * power * (lost / rate) ** ((power - 1.0) / power) * step)


def _sigmoid(lost: float, step: float, most: float, rate: float, power: float) -> float:
    """Growth of 2 most (1/2 - 1 / (1 + exp((rate x)^power))) over a step of x."""
    if step <= 0.0 or most <= 0.0 or rate <= 0.0 or lost >= most:
        return 0.0
    if lost == 0.0:
        return float(2.0 * most * (0.5 - 1.0 / (1.0 + math.exp((rate * step) ** power))))
    z = math.log(2.0 * most / (most - lost) - 1.0)
    x = z ** (1.0 / power) / rate
    slope = 2.0 * most * power * math.exp(z) * z / (x * (math.exp(z) + 1.0) ** 2)
    return float(min(slope * step, most - lost))


# --- the cells -----------------------------------------------------------------------------------


def _prismatic_calendar(days: Days) -> Carry:
    t = days.temp_k
    rates = (8.37e4 * np.exp(-5.21e3 / t - 3.56e3 * days.potential_v / t)).mean(axis=1).tolist()
    return lambda day, lost, _: _power(lost, 1.0, rates[day], 0.526)


def _prismatic_cycles(days: Days) -> Carry:
    # A second term of heat, exp(-1.55e5 / T), is nothing.
    heats = np.exp(2.19e3 / days.temp_k).mean(axis=1).tolist()

    def carry(day: int, lost: float, health: float) -> float:
        depth, cycles, rate_per_h = days.use[day].deepened(health)
        rate = (4.38e-8 + 1.55e-8 * depth + 1.68e-7 * rate_per_h) * heats[day]
        return _power(lost, cycles, rate, 0.828)

    return carry


def _small_calendar(days: Days) -> Carry:
    t, root = days.temp_k, np.sqrt(days.potential_v)
    third, fourth = np.cbrt(days.potential_v), days.potential_v**0.25
    most = 0.98968715 * np.exp((-2881067.56 / t**2 + 8742.06309 / t) * root)
    power = 0.000332850281 * np.exp(
        (734553185711.369 / t**4 - 3284991315.45121 / t**3) * third
        + (-2.8216157502e-06 * t**3 + 0.0012722759365729 * t**2) * fourth
    )
    mosts, powers = most.mean(axis=1).tolist(), power.mean(axis=1).tolist()
    return lambda day, lost, _: _sigmoid(lost, 1.0, mosts[day], 0.000130510034, powers[day])


def _small_cycles(days: Days) -> Carry:
    # Its trajectory is (rate x)^power. What breaks in over the first cycles counts beyond three
    # cycles a day alone, which no storage of this kind has.
    power = 1.12847759

    def carry(day: int, lost: float, health: float) -> float:
        depth, cycles, rate_per_h = days.use[day].deepened(health)
        rate = abs(
            -6.81260579e-06
            + 2.59615973e-05 * depth
            # Far beyond what any cell survives the number ends, and the cell is dead anyway.
            + 2.1155971e-06 * math.exp(min(depth**2 * rate_per_h**3, 100.0))
        )
        return _power(lost, cycles, rate**power, power)

    return carry


#: Name of a cell -> how its losses by the calendar and by its cycles grow.
MODELS: dict[str, tuple[Law, Law]] = {
    "lfp-250ah": (_prismatic_calendar, _prismatic_cycles),
    "lfp-sony-murata": (_small_calendar, _small_cycles),
}
