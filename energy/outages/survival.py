"""How long backup units, a battery and PV carry a load through an outage.

In: a load, units, a battery, as numbers and arrays. Out: the probability to have served all load
until each hour.

A Markov chain over the number of units that run and the battery's charge [1]. At the start each
unit runs with probability availability * (1 - start_failure); in every hour, also the first, a
running unit goes on with probability 1 - 1 / MTTF before it serves. Nothing is repaired meanwhile.

References
----------
[1] REopt.jl, `backup_reliability.jl`: its chain; its numbers are in
    `tests/test_outages.py`.
[2] J. Marqusee, D. Jenket, Reliability of emergency and standby diesel generators, Applied Energy
    (2020), 114918: failure to start and to run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from energy.errors import InputError
from energy.steps import Array

#: Charges that differ by less than this fraction of the battery are one; loads that are missed by
#: less than this fraction are served.
ROUNDING = 1e-9

#: Distinct charges of one number of units beyond which neighbors are merged.
MOST_CHARGES = 1000

#: Steps to fewer units that are less probable than this are left out.
LEAST = 1e-17

#: Charges [MWh] and their probabilities, for one number of running units.
Charges = tuple[Array, Array]


def survival(
    load_mw: Array | float,
    *,
    units: int,
    unit_mw: float,
    availability: float,
    start_failure: float,
    mttf_h: float,
    battery_mwh: float,
    battery_mw: float,
    initial_mwh: float,
    start_h: int,
    hours: int,
    round_trip_efficiency: float = 1.0,
    solar_mw: Array | None = None,
    solar_availability: float = 1.0,
    step_h: float = 1.0,
) -> Array:
    """Probability to have served all load until each hour of an outage.

    The units' surplus charges the battery, a deficit discharges it; its efficiency is split evenly
    each way. Where one number of units has more than `MOST_CHARGES` distinct charges, those in the
    same 1/`MOST_CHARGES` of the battery become one, their probability-weighted mean: then the
    result is no longer exact, but near.

    Parameters
    ----------
    load_mw
        Load [MW] of each step, shape (steps,), taken around from its end to its start; or one
        number for all.
    units, unit_mw
        How many equal units, and the power of each [MW].
    availability, start_failure
        Probability that a unit can be started, and that its start fails then.
    mttf_h
        Mean time to failure of a running unit [h].
    battery_mwh, battery_mw, initial_mwh
        Usable energy [MWh], power [MW], and what the battery holds at the start [MWh].
    start_h, hours
        Hour of the series at which the outage starts, and how many hours it lasts.
    round_trip_efficiency
        Of the battery.
    solar_mw
        PV generation [MW], shape (steps,), that serves too.
    solar_availability
        Probability that PV is there for the whole outage; otherwise it is not there at all.
    step_h
        Length of a step [h]; a whole number of steps makes an hour.

    Returns
    -------
    Array
        Shape (hours,).

    Raises
    ------
    InputError
        With everything that is wrong.

    Examples
    --------
    >>> from energy.outages import survival
    >>> one = dict(units=1, unit_mw=100.0, availability=0.995, start_failure=0.0094, mttf_h=1100.0)
    >>> none = dict(battery_mwh=0.0, battery_mw=0.0, initial_mwh=0.0)
    >>> float(survival(100.0, **one, **none, start_h=0, hours=336)[-1].round(3))
    0.726
    """
    numbers = {
        "unit_mw": unit_mw, "battery_mwh": battery_mwh, "battery_mw": battery_mw,
        "initial_mwh": initial_mwh,
    }  # fmt: skip
    fractions = {
        "availability": availability, "start_failure": start_failure,
        "solar_availability": solar_availability,
    }  # fmt: skip
    problems = _number_problems(numbers, fractions)
    problems += _time_problems(units, mttf_h, start_h, hours, round_trip_efficiency, step_h)
    if _is_number(initial_mwh) and _is_number(battery_mwh) and initial_mwh > battery_mwh:
        problems.append(
            f"initial_mwh must not exceed battery_mwh; got {initial_mwh!r} of {battery_mwh!r}"
        )
    load, problem = _series("load_mw", load_mw)
    problems += problem
    solar, problem = _series("solar_mw", 0.0 if solar_mw is None else solar_mw)
    problems += problem
    if load.size > 1 and solar.size > 1 and load.size != solar.size:
        problems.append(
            f"load_mw and solar_mw must be equally long; got {load.size} and {solar.size}"
        )
    steps = max(load.size, solar.size)
    if _is_number(start_h) and _is_number(step_h) and step_h > 0 and steps > 1:
        in_series = 0 <= start_h < steps * step_h
    else:  # a load that is the same at all times has no end
        in_series = not _is_number(start_h) or start_h >= 0
    if not in_series:
        problems.append(
            f"start_h must lie within the series, 0 to below {steps * step_h:g}; got {start_h!r}"
        )
    if problems:
        raise InputError(problems)
    from scipy.stats import binom

    per_h, hours, units = round(1.0 / step_h), int(hours), int(units)
    at = (round(start_h * per_h) + np.arange(hours * per_h)) % max(steps, 1)
    load, solar = np.broadcast_to(load, steps)[at], np.broadcast_to(solar, steps)[at]
    started = binom.pmf(np.arange(units + 1), units, availability * (1.0 - start_failure))
    count = np.arange(units + 1)
    keeps = np.asarray(binom.pmf(count[None, :], count[:, None], 1.0 - step_h / mttf_h))
    battery = _Battery(battery_mwh, battery_mw, round_trip_efficiency**0.5, step_h)
    tolerance = ROUNDING * max(float(load.max()), 1e-300)

    def chain(sun: Array) -> Array:
        return _chain(load - sun, started, keeps, unit_mw, battery, initial_mwh, tolerance)

    with_sun = chain(solar)
    if solar_availability < 1.0 and solar.any():
        without = chain(np.zeros(len(load)))
        with_sun = solar_availability * with_sun + (1.0 - solar_availability) * without
    # Rounding may leave a hair more than certainty.
    return np.minimum(with_sun[per_h - 1 :: per_h], 1.0)


class _Battery:
    """A battery that is charged and discharged at many charges at once."""

    def __init__(self, mwh: float, mw: float, one_way: float, step_h: float) -> None:
        self.mwh, self.mw, self.one_way, self.step_h = mwh, mw, one_way, step_h

    def after(self, charge: Array, surplus_mw: float, tolerance_mw: float) -> tuple[Array, Any]:
        """Charges after a step [MWh], and which of them served it."""
        if surplus_mw >= 0.0:
            taken = min(surplus_mw, self.mw) * self.one_way * self.step_h
            return np.minimum(charge + taken, self.mwh), np.ones(len(charge), dtype=bool)
        drawn = -surplus_mw * self.step_h / self.one_way
        enough = charge >= drawn - tolerance_mw * self.step_h / self.one_way
        enough &= -surplus_mw <= self.mw + tolerance_mw
        return np.maximum(charge - drawn, 0.0), enough


def _chain(
    net_mw: Array,
    started: Array,
    keeps: Array,
    unit_mw: float,
    battery: _Battery,
    initial_mwh: float,
    tolerance_mw: float,
) -> Array:
    """Probability to have served all of load less PV until each step, shape (steps,)."""
    units = len(started) - 1
    states: list[Charges] = [(np.array([initial_mwh]), np.array([p])) for p in started]
    alive = np.zeros(len(net_mw))
    for t, net in enumerate(net_mw):
        following: list[Charges] = []
        for running in range(units + 1):
            before = [
                (states[more][0], states[more][1] * keeps[more, running])
                for more in range(running, units + 1)
                if keeps[more, running] > LEAST and len(states[more][0])
            ]
            if not before:
                following.append((np.empty(0), np.empty(0)))
                continue
            charge = np.concatenate([charges for charges, _ in before])
            probability = np.concatenate([p for _, p in before])
            charge, served = battery.after(charge, running * unit_mw - float(net), tolerance_mw)
            following.append(_merged(charge[served], probability[served], battery.mwh))
        states = following
        alive[t] = sum(float(p.sum()) for _, p in states)
    return alive


def _merged(charge: Array, probability: Array, battery_mwh: float) -> Charges:
    """Equal charges as one; neighbors too, where there are too many."""
    if len(charge) < 2:
        return charge, probability
    scale = max(battery_mwh, 1e-300)
    slot = np.unique(np.rint(charge / (ROUNDING * scale)), return_inverse=True)[1]
    if int(slot.max()) >= MOST_CHARGES:
        slot = np.unique(np.floor(charge / scale * MOST_CHARGES), return_inverse=True)[1]
    weight = np.bincount(slot, probability).astype(float)
    mean = np.bincount(slot, probability * charge) / np.where(weight > 0.0, weight, 1.0)
    kept = weight > 0.0
    return mean[kept], weight[kept]


# --- what may be given ----------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float | np.integer | np.floating)
        and not isinstance(value, bool)
        and bool(np.isfinite(value))
    )


def _is_whole(value: Any) -> bool:
    return _is_number(value) and float(value).is_integer()


def _number_problems(sizes: dict[str, Any], fractions: dict[str, Any]) -> list[str]:
    problems = [
        f"{name} must be a number of 0 or more; got {value!r}"
        for name, value in sizes.items()
        if not (_is_number(value) and value >= 0)
    ]
    problems += [
        f"{name} must lie within 0..1; got {value!r}"
        for name, value in fractions.items()
        if not (_is_number(value) and 0 <= value <= 1)
    ]
    return problems


def _time_problems(
    units: Any, mttf_h: Any, start_h: Any, hours: Any, efficiency: Any, step_h: Any
) -> list[str]:
    problems = []
    if not (_is_whole(units) and 0 <= units <= 1000):
        problems.append(f"units must be a whole number from 0 to 1000; got {units!r}")
    step_is_good = _is_number(step_h) and 0 < step_h <= 1 and _is_whole(round(1 / step_h, 9))
    if not step_is_good:
        problems.append(f"step_h must make an hour in whole steps; got {step_h!r}")
    if not (_is_number(mttf_h) and mttf_h >= (step_h if step_is_good else 1e-300)):
        problems.append(f"mttf_h must be a finite number of at least one step; got {mttf_h!r}")
    if not _is_whole(start_h):
        problems.append(f"start_h must be a whole number; got {start_h!r}")
    if not (_is_whole(hours) and hours >= 1):
        problems.append(f"hours must be a whole number of 1 or more; got {hours!r}")
    if not (_is_number(efficiency) and 0 < efficiency <= 1):
        problems.append(f"round_trip_efficiency must lie above 0 and at most 1; got {efficiency!r}")
    return problems


def _series(name: str, given: Any) -> tuple[Array, list[str]]:
    """A series as an array, of one step where it is a number; and what is wrong with it."""
    try:
        series = np.atleast_1d(np.asarray(given, dtype=float))
    except (TypeError, ValueError):
        return np.zeros(1), [f"{name} must be numbers; got {given!r}"]
    if series.ndim != 1 or not series.size:
        return np.zeros(1), [f"{name} must be one number or a series; got shape {series.shape}"]
    if not np.isfinite(series).all() or (series < 0).any():
        return series, [f"{name} must be 0 or more at all steps, without NaN"]
    return series, []
