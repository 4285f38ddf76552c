"""The least-cost plant of plain arrays and prices, for other programs to be put beside it.

In: PV generation and load by step, prices per size, a served fraction. Out: `LeastCost`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from energy.errors import InfeasibleError, InputError
from energy.parameters import fraction_problems
from energy.sizing.cutting_planes import Problem, solve
from energy.sizing.storage_curve import REACHED, VALUE, smallest_batteries, storage_curve
from energy.steps import Array, energy_mwh


class LeastCost(NamedTuple):
    """The cheapest sizes: solar MWdc, battery MWh and MW, and what they cost a year."""

    solar_mw: float
    battery_mwh: float
    battery_mw: float
    annual_usd: float


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
    """The cheapest solar, battery energy and battery power that serve a fraction of the energy.

    Parameters
    ----------
    solar, load_mw
        Arrays of shape (n,): MWac per MWdc, and load [MW], for steps of `step_h` hours; one load
        for all steps will do.
    solar_usd_per_mw_year, battery_usd_per_mwh_year, battery_usd_per_mw_year
        Price of a MWdc, of a MWh in the store and of a MW of AC power (one rating both ways),
        per year; the first two above 0.
    round_trip_fraction
        AC to AC, split evenly; the whole store is usable and has no self-discharge.
    served_fraction
        Fraction of the load's energy to serve at least, above 0 and at most 1.
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
        When there is no PV generation at all.

    Examples
    --------
    >>> import energy as en
    >>> day = [0, 0, 1, 1, 0, 0]
    >>> best = en.sizing.least_cost(
    ...     day, 100.0, solar_usd_per_mw_year=80e3, battery_usd_per_mwh_year=20e3,
    ...     battery_usd_per_mw_year=30e3, round_trip_fraction=0.88, served_fraction=1.0,
    ...     cyclic=True)
    >>> round(best.solar_mw), round(best.battery_mwh), round(best.battery_mw)
    (327, 426, 227)
    """
    return least_costs(
        solar,
        load_mw,
        solar_usd_per_mw_year=solar_usd_per_mw_year,
        battery_usd_per_mwh_year=battery_usd_per_mwh_year,
        battery_usd_per_mw_year=battery_usd_per_mw_year,
        round_trip_fraction=round_trip_fraction,
        served_fractions=[served_fraction],
        cyclic=cyclic,
        step_h=step_h,
    )[0]


def least_costs(
    solar: Array,
    load_mw: Array,
    *,
    solar_usd_per_mw_year: float,
    battery_usd_per_mwh_year: float,
    battery_usd_per_mw_year: float,
    round_trip_fraction: float,
    served_fractions: Sequence[float] | Array,
    cyclic: bool,
    step_h: float = 1.0,
) -> list[LeastCost]:
    """As `least_cost`, for many fractions at once; what one search learns helps the others."""
    solar, load_mw = np.asarray(solar, dtype=float), np.asarray(load_mw, dtype=float)
    if load_mw.ndim == 0:
        load_mw = np.full(solar.shape, load_mw)
    prices = {
        "solar_usd_per_mw_year": solar_usd_per_mw_year,
        "battery_usd_per_mwh_year": battery_usd_per_mwh_year,
        "battery_usd_per_mw_year": battery_usd_per_mw_year,
    }
    _check_numbers(prices, round_trip_fraction, served_fractions, step_h, solar, load_mw)
    usd_per_size = np.array(list(prices.values()))
    one_way = round_trip_fraction**0.5
    solar, load_mw = np.ascontiguousarray(solar), np.ascontiguousarray(load_mw)
    largest = _largest(solar, load_mw, usd_per_size, one_way, max(served_fractions), cyclic, step_h)
    problem = Problem(
        solar=solar,
        load_mw=load_mw,
        usd_per_size=usd_per_size,
        one_way_efficiency=one_way,
        retained_fraction=1.0,
        cyclic=cyclic,
        step_h=step_h,
        largest=largest,
    )
    return [LeastCost(*map(float, plant)) for plant in solve(problem, served_fractions)]


def _check_numbers(
    prices: Mapping[str, float],
    round_trip_fraction: float,
    served_fractions: Sequence[float] | Array,
    step_h: float,
    solar: Array,
    load_mw: Array,
) -> None:
    """Refuse arguments that are out of bounds, all of them at once."""
    bounds: dict[str, tuple[str, Callable[[float], bool]]] = {
        "solar_usd_per_mw_year": ("above 0", lambda usd: usd > 0),
        "battery_usd_per_mwh_year": ("above 0", lambda usd: usd > 0),
        "battery_usd_per_mw_year": ("at least 0", lambda usd: usd >= 0),
        "round_trip_fraction": ("in 0..1", lambda fraction: 0 < fraction <= 1),
        "step_h": ("above 0", lambda hours: hours > 0),
    }
    values = {**prices, "round_trip_fraction": round_trip_fraction, "step_h": step_h}
    problems = [
        f"{name} must be {rule}; got {values[name]!r}"
        for name, (rule, fits) in bounds.items()
        if not (fits(values[name]) and math.isfinite(values[name]))
    ]
    for fraction in served_fractions:
        problems += fraction_problems("served_fraction", fraction)
    for name, series in (("solar", solar), ("load_mw", load_mw)):
        if series.ndim != 1 or not len(series):
            problems.append(f"{name} must be one value a step; got shape {series.shape}")
        elif not np.isfinite(series).all() or series.min() < 0:
            problems.append(f"{name} must be finite and not negative")
    if solar.ndim == load_mw.ndim == 1 and len(solar) != len(load_mw):
        problems.append(
            f"solar and load_mw must be as long as each other; got {len(solar)} and {len(load_mw)}"
        )
    if problems:
        raise InputError(problems)
    if not load_mw.max() > 0:
        raise InputError("load_mw is zero throughout; there is nothing to serve")
    if not solar.max() > 0:
        raise InfeasibleError(
            "there is no PV generation in the whole series; no size of array helps"
        )


def _largest(
    solar: Array,
    load_mw: Array,
    usd_per_size: Array,
    one_way_efficiency: float,
    served_fraction: float,
    cyclic: bool,
    step_h: float,
) -> tuple[float, float, float]:
    """The largest plant worth a look: what a first one that works, found by doubling, costs."""
    allowed_mwh = np.array([(1.0 - served_fraction) * energy_mwh(load_mw, step_h)])
    solar_mw = float(load_mw.mean() / solar.mean())
    while True:
        power_mw = float(max(load_mw.max(), solar_mw * solar.max()))
        curve, totals = storage_curve(
            solar, load_mw, solar_mw, power_mw, one_way_efficiency, step_h, cyclic
        )
        first = smallest_batteries(
            curve, totals, one_way_efficiency, allowed_mwh, math.inf, cyclic
        )[0]
        if first[REACHED] == 1.0:
            break
        solar_mw *= 2.0
    usd = float(usd_per_size @ np.array([solar_mw, first[VALUE], power_mw]))
    max_solar_mw = usd / float(usd_per_size[0])
    max_power_mw = float(max(load_mw.max(), max_solar_mw * solar.max()))
    return max_solar_mw, math.inf, max_power_mw
