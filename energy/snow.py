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

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from energy.array import FixedTilt, Tracker
from energy.parameters import Input
from energy.solar import RowLight
from energy.steps import Array
from energy.weather import Weather
from energy.weather.humidity import relative_humidity
from energy.weather.snowfall import Snowfall

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
    """

    weather: Weather
    snowfall: Snowfall
    mount: Tracker | FixedTilt
    rows: RowLight
    dc: Array


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
    from pvlib import snow

    weather, fall = rows.weather, rows.snowfall
    # Chains of years have joints; the model takes the time between steps as time to slide.
    steps = pd.date_range(
        "2001-01-01", periods=len(rows.dc), freq=pd.Timedelta(hours=weather.step_h)
    )

    def series(values: Array) -> pd.Series[float]:
        return pd.Series(np.asarray(values, dtype=float), index=steps)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pvlib 0.16 calls what pandas 3.1 is about to change
        covered = snow.coverage_nrel(
            series(fall.fall_cm),
            series(rows.rows.total),
            series(weather.frame["temp_air"].to_numpy()),
            series(rows.rows.tilt_deg),
            # The depth before a fall would say that there is nothing to cover the rows with.
            snow_depth=series(fall.depth_cm + fall.fall_cm),
            threshold_snowfall=1.0 - 1e-9,  # pvlib's is exclusive
        )
    lost = snow.dc_loss_nrel(covered.to_numpy(), rows.mount.strings_along_slant)
    return np.asarray(lost, dtype=float)


def townsend_loss(rows: RowsInSnow) -> Array:
    """Townsend's loss of each month, laid on the hours after its falls.

    A month's loss grows with its snow and humidity and falls with light, warmth and tilt; a
    tracker counts with its greatest angle and half its row's width. Within the month the fraction
    lost is 1 at a fall and decays since the last one, at the rate that gives the month its loss.
    Shape (n,), 0 to 1; [3] of this module.
    """
    weather = rows.weather
    month, monthly = _monthly_townsend(rows)
    lost = np.zeros(len(rows.dc))
    light = np.flatnonzero((rows.dc > 0.0) & (monthly[month] > 0.0))
    if not len(light):
        return lost
    age_h = _hours_since(rows.snowfall.fall_cm > 0.0)[light] * weather.step_h
    month, dc = month[light], rows.dc[light]
    count = len(monthly)
    energy = np.bincount(month, dc, count)
    low, high = np.full(count, np.log(SHORTEST_H)), np.full(count, np.log(LONGEST_H))
    for _ in range(40):
        middle = (low + high) / 2
        got = np.bincount(month, dc * np.exp(-age_h / np.exp(middle)[month]), count)
        slower = got < monthly * energy
        low, high = np.where(slower, middle, low), np.where(slower, high, middle)
    lost[light] = np.exp(-age_h / np.exp((low + high) / 2)[month])
    # A month that loses less than the hours of its falls themselves loses a part of those.
    got = np.bincount(month, dc * lost[light], count)
    lost[light] *= np.minimum(1.0, monthly * energy / np.maximum(got, 1e-12))[month]
    return lost


def mean_loss(rows: RowsInSnow) -> Array:
    """The mean of `coverage_loss` and `townsend_loss` at each step, shape (n,) [4]."""
    return np.asarray((coverage_loss(rows) + townsend_loss(rows)) / 2.0)


#: The models by the names that the command gives them.
SNOW_MODELS: dict[str, SnowLoss] = {
    "none": no_snow_loss, "coverage": coverage_loss, "townsend": townsend_loss, "mean": mean_loss,
}  # fmt: skip


def _hours_since(falls: NDArray[np.bool_]) -> Array:
    """Steps since the last one with a fall, counted around the chain's end; 0 at a fall."""
    at = np.flatnonzero(falls)
    steps = np.arange(len(falls))
    last = at[np.searchsorted(at, steps, side="right") - 1]  # before the first one: the last
    return np.asarray((steps - last) % len(falls), dtype=float)


def _monthly_townsend(rows: RowsInSnow) -> tuple[NDArray[np.int64], Array]:
    """Number of the calendar month that each step is in, and what Townsend has it lose."""
    from pvlib import snow

    weather, mount = rows.weather, rows.mount
    local, frame = weather.local_middle, weather.frame
    _, month = np.unique(local.year * 12 + local.month, return_inverse=True)
    steps = np.bincount(month)
    air = frame["temp_air"].to_numpy(dtype=float)
    day = local.normalize()
    daily = pd.Series(rows.snowfall.fall_cm).groupby(np.asarray(day)).sum()
    days = pd.Series(month).groupby(np.asarray(day)).first().to_numpy()
    # A tracker counts with its greatest angle and the half of its row below the axis [3].
    tilt_deg, slant_m = (
        (mount.max_angle_deg, mount.row_width_m / 2)
        if isinstance(mount, Tracker)
        else (mount.tilt_deg, mount.row_width_m)
    )
    light_wh = np.bincount(month, rows.rows.total) * weather.step_h
    loss = snow.loss_townsend(
        snow_total=np.bincount(month, rows.snowfall.fall_cm),
        snow_events=np.bincount(days, daily.to_numpy() >= EVENT_CM, len(steps)),
        surface_tilt=tilt_deg,
        relative_humidity=100.0 * np.bincount(month, relative_humidity(weather)) / steps,
        temp_air=np.bincount(month, air) / steps,
        poa_global=np.maximum(light_wh, 1.0),  # a polar night has nothing to lose
        slant_height=slant_m,
        lower_edge_height=mount.lower_edge_m,
        string_factor=1.0 if mount.strings_along_slant == 1 else STRING_FACTOR,
    )
    return month.astype(np.int64), np.asarray(loss, dtype=float)
