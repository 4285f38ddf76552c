"""How much snow falls at each step, and how deep it lies: recorded, or estimated from normals.

In: `Weather`, and a place's monthly snowfall where its hours carry none. Out: `Snowfall`.

Recorded snowfall is taken as it is; where only the depth was recorded, its increases are the fall.
Estimated snowfall gives each month of the year its normal, on average over the chain's years. It
falls on the days that weather of their own kind makes likely: a day's weight is the probability
that its precipitation is snow [1], times how dark it is against the clear days of its month and
how near its air is to saturation, times a seeded random factor; the heaviest days take a fall each,
as large as the exponential distribution of daily amounts has it [2], the heaviest day the largest.
Cold and dark days of the same week come together in the weather and so do their falls; a year with
more of them gets more of the snow. A fall begins at the darkest hour of its day.

Depth on the ground, where it was not recorded, is what fell, less what settles and melts [3].

References
----------
[1] Jennings et al., Nature Communications 9 (2018) 1148: rain and snow are equally frequent at
    1.0 degC on average over the Northern Hemisphere, at -.4 to 2.4 degC at 95 % of its stations.
[2] The usual first model of daily precipitation on wet days: Richardson, Water Resources Research
    17 (1981) 182.
[3] Melt by degree-days, as in USACE, Runoff from Snowmelt, EM 1110-2-1406 (1998), chapter 6; the
    rates are judgement: 3 mm of water per degC and day in settled snow of 250 kg/m3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.steps import Array
from energy.weather.albedo import COVER_CM, snow_albedo
from energy.weather.humidity import relative_humidity
from energy.weather.series import DEPTH, FALL, Weather

#: Daily mean temperature at which half of the precipitation is snow [1], and the width of the
#: change; judgement: it spans the range of [1].
SNOW_C, WIDTH_C = 1.0, 1.2

#: Mean fall of a day on which snow is laid [cm]; judgement: more than the inch from which Townsend
#: counts an event, less than a storm.
MEAN_FALL_CM = 6.0

#: Greatest fall in an hour [cm]; judgement: that of heavy snow.
FALL_CM_PER_H = 3.0

#: Melt [cm of settled snow per degC and day] and settling of what lies [1/day] [3].
MELT_CM_PER_C_DAY, SETTLING_PER_DAY = 1.2, 0.06

#: Spread of the random factor of a day's weight (of its logarithm).
RANDOM = 0.7

#: Recorded snow that falls in air warmer than this [degC] is none; judgement, far above [1].
WARM_C = 8.0

#: The greatest fraction of a snow column that may be missing, and of its snow that may be warm.
MISSING_FRACTION, WARM_FRACTION = 0.5, 0.2

#: Snow lies in warmer air than this [degC] for hours at most; judgement.
LYING_C = 15.0

#: A depth that never exceeds this [cm], at a place with a month below `FREEZING_C` or with half of
#: its values below `THIN_CM`, is in meters; judgement.
SHALLOW_CM, FREEZING_C, THIN_CM = 3.0, -3.0, 0.7

#: Rise of the depth over the snow that fell, between which the depth is in inches (1 / 2.54 = .39);
#: judgement.
INCHES = (0.3, 0.48)

Basis = Literal["recorded", "from depth", "estimated", "unknown"]


@dataclass(frozen=True, eq=False)
class Snowfall:
    """Snow at each step of a series.

    Parameters
    ----------
    fall_cm
        Fall within the step [cm], shape (n,).
    depth_cm
        Depth on the ground at the start of the step [cm], shape (n,).
    albedo
        Of the snow that lies, shape (n,); see `energy.weather.albedo`.
    basis
        Where the fall comes from; "unknown" where it is 0 for want of any.
    """

    fall_cm: Array
    depth_cm: Array
    albedo: Array
    basis: Basis

    @cached_property
    def white_fraction(self) -> Array:
        """How much of the ground is white, shape (n,): all of it under deep snow."""
        return np.asarray(np.tanh(np.maximum(self.depth_cm, 0.0) / COVER_CM))


def snowfall_of(
    weather: Weather, monthly_cm: Sequence[float] | None = None, *, seed: int = 0
) -> Snowfall:
    """Snow at each step: recorded where the series has it, else estimated from monthly normals.

    Parameters
    ----------
    weather
        The series; its columns `snowfall_cm` and `snow_depth_cm` count first.
    monthly_cm
        Mean snowfall of each month [cm], January first.
    seed
        Of the random factor of the estimate.

    Raises
    ------
    WeatherError
        When `monthly_cm` is not twelve numbers of at least 0.

    Examples
    --------
    >>> import energy as en
    >>> from energy.weather.snowfall import snowfall_of
    >>> weather = en.read_site("wyoming").series
    >>> snow = snowfall_of(weather, [15, 14, 27, 27, 9, 0, 0, 0, 3, 13, 17, 17])
    >>> round(snow.fall_cm.sum() / weather.years), snow.basis
    (142, 'estimated')
    """
    if monthly_cm is not None:
        normals = np.asarray(monthly_cm, dtype=float)
        if normals.shape != (12,) or not (np.isfinite(normals) & (normals >= 0)).all():
            raise WeatherError(
                f"monthly snowfall must be twelve numbers of at least 0 [cm]; got {monthly_cm}"
            )
    frame = weather.frame
    depth = frame[DEPTH].to_numpy(dtype=float) if DEPTH in frame else None
    basis: Basis
    if FALL in frame:
        fall, basis = frame[FALL].to_numpy(dtype=float), "recorded"
    elif depth is not None:
        # A step's fall raises the depth at the start of the next one.
        fall, basis = np.maximum(np.roll(depth, -1) - depth, 0.0), "from depth"
        fall[-1] = 0.0
    elif monthly_cm is not None:
        fall, basis = _laid(weather, np.asarray(monthly_cm, dtype=float), seed), "estimated"
    else:
        fall, basis = np.zeros(len(frame)), "unknown"
    air_c = frame["temp_air"].to_numpy(dtype=float)
    return Snowfall(
        fall_cm=fall,
        depth_cm=_depth(weather, fall) if depth is None else depth,
        albedo=snow_albedo(fall, air_c, weather.step_h),
        basis=basis,
    )


def recorded_snow(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The snow columns of a file that can be used, without gaps, and what was done to them.

    Left out are columns that cannot be snow [cm]: too warm, in meters, mostly missing, or without
    any snow at a place that freezes, where they are an unused field rather than a record of none.
    """
    out, notes = pd.DataFrame(index=frame.index), []
    air = frame["temp_air"].to_numpy(dtype=float) if "temp_air" in frame else None
    for name in [column for column in (FALL, DEPTH) if column in frame]:
        values = frame[name].to_numpy(dtype=float).copy()
        empty = np.isnan(values)
        if why := _unfit(name, values, air, pd.DatetimeIndex(frame.index)):
            notes.append(f"{name} is left out: {why}")
            continue
        if empty.any():
            known = np.flatnonzero(~empty)
            between = np.interp(np.arange(len(values)), known, values[known])
            values = np.where(empty, 0.0 if name == FALL else between, values)
            notes.append(
                f"{name} is missing at {empty.sum()} times: "
                + ("no fall there" if name == FALL else "filled along a line")
            )
        out[name] = values
    if DEPTH in out and FALL in out and INCHES[0] < (rise := _rise(out)) < INCHES[1]:
        notes.append(
            f"{DEPTH} is left out: it rises by {rise:.2f} of what falls; is it in inches? give cm"
        )
        out = out.drop(columns=DEPTH)
    if DEPTH in out and FALL not in out:
        notes.append("the file has the depth of snow, not its fall: falls are its increases")
    return out, notes


def without_snow(weather: Weather) -> tuple[str, ...]:
    """What to say of a series made from another one, whose recorded snow does not go along."""
    lost = [name for name in (FALL, DEPTH) if name in weather.frame]
    return (f"the recorded {' and '.join(lost)} did not go along",) if lost else ()


def _unfit(name: str, values: Array, air: Array | None, index: pd.DatetimeIndex) -> str:
    """Why a column cannot be snow in cm; empty where it can."""
    empty = np.isnan(values)
    if empty.mean() > MISSING_FRACTION:
        return f"{empty.mean():.0%} of it is missing"
    if air is None or np.isnan(air).all():
        return ""
    coldest_c = float(pd.Series(air).groupby(np.asarray(index.month)).mean().min())
    if not np.nansum(values) > 0.0:
        return f"it is 0 at all times, with a month of {coldest_c:.0f} degC" * (coldest_c < 0.0)
    fall = values if name == FALL else np.maximum(np.diff(values, prepend=values[0]), 0.0)
    warm = float(np.nansum(fall[air > WARM_C]) / max(np.nansum(fall), 1e-9))
    if warm > WARM_FRACTION:
        return f"{warm:.0%} of its snow falls in air warmer than {WARM_C:g} degC; is it rain?"
    lies = values > 0.0
    if name == DEPTH and (air[lies] > LYING_C).mean() > WARM_FRACTION:
        return (
            f"its snow lies in air warmer than {LYING_C:g} degC for "
            f"{(air[lies] > LYING_C).mean():.0%} of its time"
        )
    most = float(np.nanmax(values))
    thin = float(np.nanmedian(values[lies])) < THIN_CM
    if name == DEPTH and most <= SHALLOW_CM and (coldest_c < FREEZING_C or thin):
        return (
            f"it never exceeds {most:g}, with a month of {coldest_c:.0f} degC; is it in m? give cm"
        )
    return ""


def _rise(snow: pd.DataFrame) -> float:
    """How much the depth rises where snow falls, over what falls; 1 where nothing can be said."""
    fall, depth = snow[FALL].to_numpy(), snow[DEPTH].to_numpy()
    rise = np.maximum(np.roll(depth, -1) - depth, 0.0)
    much = fall[:-1] > 1.0
    return float(rise[:-1][much].sum() / fall[:-1][much].sum()) if much.sum() >= 5 else 1.0


def _laid(weather: Weather, monthly_cm: Array, seed: int) -> Array:
    """Falls at each step whose mean over the years is the monthly normals."""
    date = weather.local_middle.normalize()
    first = np.flatnonzero(np.concatenate([[True], date[1:] != date[:-1]]))
    steps = np.diff(first, append=len(date))
    days = len(first)

    def mean(values: Array) -> Array:
        return np.asarray(np.add.reduceat(values, first) / steps)

    frame = weather.frame
    humid = mean(relative_humidity(weather))
    ghi = frame["ghi"].to_numpy(dtype=float)
    light, temp = mean(ghi), mean(frame["temp_air"].to_numpy(dtype=float))
    month = np.asarray(weather.local_middle.month)[first]
    snowy = 1.0 / (1.0 + np.exp((temp - SNOW_C) / WIDTH_C))
    random = np.random.default_rng(seed).normal(0.0, RANDOM, days)
    fall = np.zeros(len(frame))
    years = weather.years
    for number in np.flatnonzero(monthly_cm > 0.0) + 1:
        own = np.flatnonzero(month == number)
        dark = np.maximum(1.0 - light[own] / max(np.percentile(light[own], 95), 1e-9), 0.0)
        weight = snowy[own] * dark * humid[own] ** 2 * np.exp(random[own])
        total = years * monthly_cm[number - 1]
        count = int(np.clip(round(total / MEAN_FALL_CM), 1, len(own)))
        heaviest = own[np.argsort(-weight, kind="stable")[:count]]
        amounts = -np.log((np.arange(count) + 0.5) / count)  # of the exponential distribution
        for at, amount in zip(heaviest, amounts * total / amounts.sum(), strict=True):
            _fall_on(fall, amount, np.arange(first[at], first[at] + steps[at]), ghi, weather.step_h)
    return fall


def _fall_on(fall: Array, amount_cm: float, steps: Array, ghi: Array, step_h: float) -> None:
    """Let it snow from the day's darkest daylight on, no faster than it does."""
    light = ghi[steps]
    lit = np.flatnonzero(light > 0.25 * light.max()) if light.max() > 0 else np.arange(len(steps))
    middle = (lit[0] + lit[-1]) / 2
    # Against the height of the sun, told by the distance from noon, morning and evening are alike.
    height = np.cos((lit - middle) / max(lit[-1] - lit[0] + 2, 2) * np.pi)
    start = int(steps[lit[int(np.argmin(light[lit] / height))]])
    an_hour = max(round(1.0 / step_h), 1)
    while amount_cm > 1e-12:
        here = min(amount_cm, FALL_CM_PER_H)
        fall[np.arange(start, start + an_hour) % len(fall)] += here / an_hour
        amount_cm, start = amount_cm - here, start + an_hour


def _depth(weather: Weather, fall_cm: Array) -> Array:
    """Depth at the start of each step [cm]: twice around the chain, so that its ends meet."""
    if not fall_cm.any():
        return np.zeros(len(fall_cm))
    day_fraction = weather.step_h / 24.0
    melt = MELT_CM_PER_C_DAY * day_fraction * np.maximum(weather.frame["temp_air"].to_numpy(), 0.0)
    kept = (1.0 - SETTLING_PER_DAY) ** day_fraction
    depth, now = np.empty(len(fall_cm)), 0.0
    for _ in range(2):
        for at, (fallen, melted) in enumerate(zip(fall_cm.tolist(), melt.tolist(), strict=True)):
            depth[at] = now
            now = max(now * kept + fallen - melted, 0.0) if now or fallen else 0.0
    return depth
