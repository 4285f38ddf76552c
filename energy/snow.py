"""What snow on the rows takes from the DC power of each step.

In: `RowsInSnow`: snowfall, light on the rows, how they are built. Out: the fraction lost, 0 to 1.

A model is a function of `RowsInSnow`, and a `Case` takes any: `coverage_loss` is NREL's coverage
of the rows step by step [1, 2], `townsend_loss` Townsend's loss by month [3] laid on the days after
each fall, `mean_loss`, the default, the mean of both: the rule that [4] drew from four utility
plants on trackers in Colorado. `no_snow_loss` leaves snow out. On trackers the two differ by some
three times (table in the README), so `Snow.loss_factor` has a wide range.

References
----------
[1] Marion et al., Solar Energy 97 (2013) 112: fixed rows in Colorado and Wisconsin.
[2] Ryberg and Freeman, NREL/TP-6A20-68705, 2017: the same in SAM, with depth on the ground.
[3] Townsend and Powers, IEEE PVSC 37 (2011) 003231; tracker geometry and `string_factor`:
    Townsend and Previtali, PVRW 2023, NREL/CP-5900-87918.
[4] Westbrook et al., IEEE PVSC: four Colorado plants, 50 site-months; the mean for monofacial
    modules, Townsend's alone for bifacial ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from energy.array import FixedTilt, Tracker
from energy.compiled import kernel
from energy.parameters import Input
from energy.solar import RowLight
from energy.steps import Array
from energy.weather import Weather
from energy.weather.humidity import relative_humidity
from energy.weather.snowfall import Snowfall

#: The coverage model: hourly snowfall that covers the rows [cm/h], depth on the ground below which
#: they are bare [cm]; snow slides where the air is warmer than the light on the rows over
#: `SLIDE_W_M2_C`, and `SLIDE_PER_H` times the sine of the tilt of a row's slant slides off in an
#: hour [1, 2].
RATE_CM_PER_H, DEPTH_CM, SLIDE_W_M2_C, SLIDE_PER_H = 1.0, 1.0, -80.0, 0.197

#: A day with more snow than this [cm] is an event of Townsend's model: one inch.
EVENT_CM = 2.54

#: Townsend's factor for rows of more than one string along their slant.
STRING_FACTOR = 0.75

#: Decay times [h] between which a month's loss is laid on the hours after its falls.
SHORTEST_H, LONGEST_H = 0.05, 1e5


class Snow(Input):
    """How sure the loss by snow is: it is multiplied by `loss_factor`."""

    loss_factor: Annotated[float, Field(ge=0, le=5)]


@dataclass(frozen=True, eq=False)
class SnowMonths:
    """What no array changes of the months of a series, for Townsend's model.

    Parameters
    ----------
    month
        Number of the calendar month that each step is in, shape (n,).
    age_h
        Hours since the last step with a fall, counted around the chain's end; 0 at a fall.
    snow_cm, events
        Snow of each month, and its days with more than `EVENT_CM`.
    relative_humidity_percent, temp_air_c
        Their means in each month.
    """

    month: NDArray[np.int64]
    age_h: Array
    snow_cm: Array
    events: Array
    relative_humidity_percent: Array
    temp_air_c: Array


def months_of(weather: Weather, snowfall: Snowfall) -> SnowMonths:
    """The months of a series and its snow."""
    local = weather.local_middle
    _, month = np.unique(local.year * 12 + local.month, return_inverse=True)
    steps = np.bincount(month)
    air = weather.frame["temp_air"].to_numpy(dtype=float)
    day = local.normalize()
    daily = pd.Series(snowfall.fall_cm).groupby(np.asarray(day)).sum()
    days = pd.Series(month).groupby(np.asarray(day)).first().to_numpy()
    falls = snowfall.fall_cm > 0.0
    return SnowMonths(
        month=month.astype(np.int64),
        age_h=_steps_since(falls) * weather.step_h if falls.any() else np.zeros(len(month)),
        snow_cm=np.bincount(month, snowfall.fall_cm).astype(float),
        events=np.bincount(days, daily.to_numpy() >= EVENT_CM, len(steps)).astype(float),
        relative_humidity_percent=100.0 * np.bincount(month, relative_humidity(weather)) / steps,
        temp_air_c=np.bincount(month, air) / steps,
    )


@dataclass(frozen=True, eq=False)
class RowsInSnow:
    """Rows of one array in the snow of one place.

    Parameters
    ----------
    weather, snowfall
        The series and its snow, n steps.
    mount
        How the rows are built.
    rows
        Light on their front, and their tilt, at each step.
    dc
        Power without snow [MWdc per MWdc], n steps.
    months
        `months_of` the series, where they are known.
    """

    weather: Weather
    snowfall: Snowfall
    mount: Tracker | FixedTilt
    rows: RowLight
    dc: Array
    months: SnowMonths | None = None


#: Gives the fraction of DC power lost at each step, shape (n,).
SnowLoss = Callable[[RowsInSnow], Array]


def snow_loss(model: SnowLoss, snow: Snow, rows: RowsInSnow) -> Array:
    """Fraction of DC power that a model has snow take at each step, times `snow.loss_factor`."""
    if not rows.snowfall.fall_cm.any():
        return np.zeros(len(rows.dc))
    return np.asarray(np.clip(model(rows) * snow.loss_factor, 0.0, 1.0), dtype=float)


def no_snow_loss(rows: RowsInSnow) -> Array:
    """Nothing is lost, as if no snow fell: zeros of shape (n,)."""
    return np.zeros(len(rows.dc))


def coverage_loss(rows: RowsInSnow) -> Array:
    """NREL's model: a fall of 1 cm/h or more covers the rows, sun and warmth let it slide off.

    A string is lost while snow lies on any part of it; `mount.strings_along_slant` of them lie
    above each other. Snow slides as the tilt of each step has it, so that of a tracker goes when
    it turns. Where the ground is bare the rows are. Shape (n,), 0 to 1; [1], [2] of this module.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100),
    ...                snow_loss=en.snow.coverage_loss)
    >>> case.snow_loss_fraction < 0.01
    True
    """
    fall, step_h = rows.snowfall, rows.weather.step_h
    # The depth before a fall would say that there is nothing to cover the rows with.
    depth_cm = fall.depth_cm + fall.fall_cm
    bare = depth_cm < DEPTH_CM
    covers = (fall.fall_cm / step_h > RATE_CM_PER_H - 1e-9) & ~bare
    slides = rows.weather.frame["temp_air"].to_numpy(dtype=float) > rows.rows.total / SLIDE_W_M2_C
    slid = np.where(
        slides & ~covers, SLIDE_PER_H * np.sin(np.radians(rows.rows.tilt_deg)) * step_h, 0.0
    )
    slid[0] = 0.0
    slid[bare] = 1.0
    covered = np.empty(len(slid))
    _fill_covered(covers, slid, covered)
    strings = rows.mount.strings_along_slant
    return np.asarray(np.ceil(covered * strings) / strings)


@kernel()
def _fill_covered(covers: NDArray[np.bool_], slid: Array, covered: Array) -> None:
    """Fraction of the rows under snow: all at a fall, less what has slid off since."""
    on_rows, gone, lost_digits = 0.0, 0.0, 0.0
    for at in range(len(slid)):
        if covers[at]:
            on_rows, gone, lost_digits = 1.0, 0.0, 0.0
        # Kahan's sum, as pandas has it: a string at the edge of the snow hangs on the last digit.
        more = slid[at] - lost_digits
        total = gone + more
        lost_digits = total - gone - more
        gone = total
        covered[at] = max(on_rows - gone, 0.0)


def townsend_loss(rows: RowsInSnow) -> Array:
    """Townsend's loss of each month, laid on the hours after its falls.

    A month's loss grows with its snow and humidity and falls with light, warmth and tilt; a
    tracker counts with its greatest angle and half its row's width. Within the month the fraction
    lost is 1 at a fall and decays since the last one, at the rate that gives the month its loss.
    Shape (n,), 0 to 1; [3] of this module.
    """
    months = rows.months or months_of(rows.weather, rows.snowfall)
    month, age_h, monthly = months.month, months.age_h, _monthly_townsend(rows, months)
    lost = np.zeros(len(rows.dc))
    light = np.flatnonzero((rows.dc > 0.0) & (monthly[month] > 0.0))
    if not len(light):
        return lost
    month, age_h, dc = month[light], age_h[light], rows.dc[light]
    wanted = monthly * np.bincount(month, dc, len(monthly))
    decay = np.empty(len(monthly))
    _fill_decay(month, age_h, dc, wanted, decay)
    lost[light] = np.exp(-age_h * decay[month])
    # A month that loses less than the hours of its falls themselves loses a part of those.
    got = np.bincount(month, dc * lost[light], len(monthly))
    lost[light] *= np.minimum(1.0, wanted / np.maximum(got, 1e-12))[month]
    return lost


@kernel()
def _fill_decay(
    month: NDArray[np.int64], age_h: Array, dc: Array, wanted: Array, decay: Array
) -> None:
    """Rates [1/h] at which exp(-rate age) takes the wanted sum of each month's power.

    Newton's steps in the logarithm of the rate, halved spans where they lead out.
    """
    count = len(wanted)
    low, high, here = np.empty(count), np.empty(count), np.empty(count)
    got, slope, sought = np.empty(count), np.empty(count), np.empty(count)
    for which in range(count):
        low[which], high[which] = -math.log(LONGEST_H), -math.log(SHORTEST_H)
        here[which] = (low[which] + high[which]) / 2.0
        decay[which], sought[which] = math.exp(here[which]), 1.0
    for _ in range(60):
        for which in range(count):
            got[which], slope[which] = 0.0, 0.0
        for at in range(len(dc)):
            which = month[at]
            if sought[which] > 0.0:
                ages = age_h[at] * decay[which]
                power = dc[at] * math.exp(-ages)
                got[which] += power
                slope[which] += power * ages
        for which in range(count):
            if sought[which] > 0.0:
                more = got[which] - wanted[which]
                if more > 0.0:
                    low[which] = here[which]
                else:
                    high[which] = here[which]
                there = here[which] + more / slope[which] if slope[which] > 0.0 else math.inf
                if low[which] < there < high[which]:
                    # Each of Newton's steps doubles the digits that are right.
                    sought[which] = 1.0 if abs(there - here[which]) > 1e-6 else 0.0
                else:
                    there = (low[which] + high[which]) / 2.0
                    sought[which] = 1.0 if high[which] - low[which] > 1e-12 else 0.0
                here[which] = there
                decay[which] = math.exp(there)


def mean_loss(rows: RowsInSnow) -> Array:
    """The mean of `coverage_loss` and `townsend_loss` at each step, shape (n,) [4]."""
    return np.asarray((coverage_loss(rows) + townsend_loss(rows)) / 2.0)


#: The models by the names that the command gives them.
SNOW_MODELS: dict[str, SnowLoss] = {
    "none": no_snow_loss, "coverage": coverage_loss, "townsend": townsend_loss, "mean": mean_loss,
}  # fmt: skip


def _steps_since(falls: NDArray[np.bool_]) -> Array:
    """Steps since the last one with a fall, counted around the chain's end; 0 at a fall."""
    at = np.flatnonzero(falls)
    steps = np.arange(len(falls))
    last = at[np.searchsorted(at, steps, side="right") - 1]  # before the first one: the last
    return np.asarray((steps - last) % len(falls), dtype=float)


def _monthly_townsend(rows: RowsInSnow, months: SnowMonths) -> Array:
    """What Townsend has each month lose."""
    from pvlib import snow

    mount = rows.mount
    # A tracker counts with its greatest angle and the half of its row below the axis [3].
    tilt_deg, slant_m = (
        (mount.max_angle_deg, mount.row_width_m / 2)
        if isinstance(mount, Tracker)
        else (mount.tilt_deg, mount.row_width_m)
    )
    light_wh = np.bincount(months.month, rows.rows.total) * rows.weather.step_h
    loss = snow.loss_townsend(
        snow_total=months.snow_cm,
        snow_events=months.events,
        surface_tilt=tilt_deg,
        relative_humidity=months.relative_humidity_percent,
        temp_air=months.temp_air_c,
        poa_global=np.maximum(light_wh, 1.0),  # a polar night has nothing to lose
        slant_height=slant_m,
        lower_edge_height=mount.lower_edge_m,
        string_factor=1.0 if mount.strings_along_slant == 1 else STRING_FACTOR,
    )
    return np.asarray(loss, dtype=float)
