"""Is this series fit to be assumed?

In: a frame of weather by time. Out: problems in words, none when it is fit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from energy.steps import Array, step_hours

#: Bounds beyond which a value is not weather on this planet: WMO extremes of air temperature
#: (-89.2, 56.7 degC) and wind (113 m/s gust); irradiance with cloud enhancement stays below 1.4 of
#: the solar constant even at altitude (Yordanov et al. 2015 measured 1,500-1,600 W/m2). Snow: the
#: deepest that was measured lay 11.82 m (Mount Ibuki, Japan, 1927); the fall is judgement.
BOUNDS = {
    "ghi": (-20.0, 1900.0),
    "dni": (-20.0, 1400.0),
    "dhi": (-20.0, 1400.0),
    "temp_air": (-90.0, 57.0),
    "wind_speed": (0.0, 115.0),
    "temp_dew": (-100.0, 40.0),
    "snowfall_cm": (0.0, 50.0),
    "snow_depth_cm": (0.0, 1200.0),
}

#: Fraction of the irradiation that may fall while the sun is down before the clock is doubted;
#: files in order have .0 to .2 %, the same files one hour off have .5 to 2 %.
NIGHT_FRACTION = 0.004

#: How far the middle of the days' light may lie from the sun's noon [h] before the clock is
#: doubted; clouds move it by up to .3 h.
NOON_SHIFT_H = 0.6

#: Mean swing of the sun's light through the day from which the whole of this counts: 0 at a pole,
#: .3 at 80 degrees, .6 at the polar circle, .79 at the equator.
FULL_SWING = 0.4

#: A shift of the labels is taken when it leaves less than this fraction of what the likeliest does.
CLEARLY = 0.7


def local_middle(index: pd.DatetimeIndex, step_h: float, utc_offset_h: float) -> pd.DatetimeIndex:
    """Middle of each step in local standard time, without a zone."""
    shift = pd.Timedelta(hours=step_h / 2 + utc_offset_h)
    return index.tz_convert("UTC").tz_localize(None) + shift


def problems(frame: pd.DataFrame, columns: Sequence[str], utc_offset_h: float) -> list[str]:
    """All that is wrong with the form and the values of a series, in words."""
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        return [f"no column {', '.join(absent)}; needed: {', '.join(columns)}"]
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        return ["the index is not times with a zone; index by the start of the step in UTC"]
    if len(frame) < 2:
        return [f"{len(frame)} rows; a whole year is needed"]
    if index.hasnans:
        return [f"{int(np.sum(index.isna()))} rows without a time; fill or drop that year"]
    return _time_problems(index, utc_offset_h) + _value_problems(frame, columns)


def _time_problems(index: pd.DatetimeIndex, utc_offset_h: float) -> list[str]:
    found = []
    repeated = index[index.duplicated()]
    if len(repeated):
        found.append(
            f"{len(repeated)} times stand twice, first {_when(repeated[0])}; keep one row of each"
        )
    index = index.drop_duplicates()
    if not index.is_monotonic_increasing:
        return [*found, "times are out of order; sort the rows by time"]
    step_h = step_hours(index)
    if step_h > 1 or (60 / (step_h * 60)) % 1:
        return [*found, f"steps of {step_h:g} h; give hourly data or an even part of an hour"]
    local = local_middle(index, step_h, utc_offset_h)
    jumps = np.diff(index.as_unit("s").asi8) / 3600.0
    off = np.flatnonzero(np.abs(jumps - step_h) > 1e-6).tolist()
    gaps = [at for at in off if not is_chain_joint(local[at], local[at + 1])]
    if gaps:
        lacking = sum(jumps[at] for at in gaps) - step_h * len(gaps)
        since = index[gaps[0]] + pd.Timedelta(hours=step_h)
        found.append(
            f"{lacking:g} hours missing from {_when(since)} on ({len(gaps)} gaps); "
            "fill or drop that year"
        )
    found.extend(_part_years(local, step_h) if not gaps else [])
    return found


def is_chain_joint(before: pd.Timestamp, after: pd.Timestamp) -> bool:
    """A jump from a year's end to another's start, or over a 29 February that is left out."""
    new_year = before.year != after.year and (before.month, before.day) == (12, 31)
    no_leap_day = (before.month, before.day, after.month, after.day) == (2, 28, 3, 1)
    return (new_year and (after.month, after.day) == (1, 1)) or (
        no_leap_day and before.year == after.year
    )


def _part_years(local: pd.DatetimeIndex, step_h: float) -> list[str]:
    """Years that are not whole; a leap year is whole without its 29 February."""
    found = []
    for year in np.unique(local.year):
        times = local[local.year == year]
        leap_day = ((times.month == 2) & (times.day == 29)).any()
        needed, got = (8784 if leap_day else 8760), len(times) * step_h
        if got < needed - 0.1:
            found.append(
                f"{year} has {got:g} of {needed} hours ({times[0]:%Y-%m-%d %H:%M} to "
                f"{times[-1]:%Y-%m-%d %H:%M} local time); give whole years or drop that year"
            )
    return found


def _value_problems(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    found = []
    for name in columns:
        values = frame[name].to_numpy(dtype=float)
        bad = ~np.isfinite(values)
        if bad.any():
            found.append(
                f"{name} is missing or not a number at {bad.sum()} times, first "
                f"{_when(frame.index[int(bad.argmax())])}; fill or drop that year"
            )
        low, high = BOUNDS[name]
        with np.errstate(invalid="ignore"):
            wild = (values < low) | (values > high)
        if wild.any():
            at = int(wild.argmax())
            found.append(
                f"{name} is {values[at]:g} at {_when(frame.index[at])} and {wild.sum()} times "
                f"beyond {low:g}..{high:g} {unit(name)}; {_hint(name)}"
            )
    ghi = frame["ghi"].to_numpy(dtype=float)
    brightest = np.nanmax(ghi) if np.isfinite(ghi).any() else 0.0
    if brightest < 100:
        found.append(f"ghi never exceeds {brightest:g} W/m2; {_hint('ghi')}")
    return found


def unit(name: str) -> str:
    """The unit of a column."""
    units = {"temp_air": "degC", "temp_dew": "degC", "wind_speed": "m/s"}
    return units.get(name, "cm" if name.endswith("_cm") else "W/m2")


def _hint(name: str) -> str:
    return {
        "temp_air": "give degC (is this degF or K?)",
        "temp_dew": "give degC (is this degF or K?)",
        "wind_speed": "give m/s",
        "snowfall_cm": "give cm of snow within the step",
        "snow_depth_cm": "give cm of snow on the ground",
    }.get(name, "give W/m2 (is this kW/m2, or a sum over the step?)")


def _when(time: pd.Timestamp) -> str:
    return f"{time.tz_convert('UTC'):%Y-%m-%d %H:%M} UTC"


class SunClock(NamedTuple):
    """Where the sun stands at some times, one value a time."""

    angle: Array  # hour angle: radians from the sun's noon
    declination: Array  # radians
    latitude: float  # radians

    def sine(self, *, nearer_noon: float = 0.0, later: float = 0.0) -> Array:
        """Sine of the sun's height, with its hour angle moved by so many radians."""
        angle = (self.angle + later + math.pi) % (2 * math.pi) - math.pi
        angle = np.maximum(np.abs(angle) - nearer_noon, 0.0)
        return np.asarray(
            math.sin(self.latitude) * np.sin(self.declination)
            + math.cos(self.latitude) * np.cos(self.declination) * np.cos(angle)
        )


def sun_clock(middle: pd.DatetimeIndex, latitude_deg: float, longitude_deg: float) -> SunClock:
    """The sun at times, by Spencer's formulas: to a quarter of a degree."""
    from pvlib import solarposition

    day = np.asarray(middle.day_of_year, dtype=float)
    minutes = np.asarray(solarposition.equation_of_time_spencer71(day), dtype=float)
    hour = np.asarray(middle.hour + middle.minute / 60.0 + middle.second / 3600.0, dtype=float)
    solar_hour = (hour + longitude_deg / 15.0 + minutes / 60.0) % 24.0
    return SunClock(
        angle=2 * np.pi * (solar_hour - 12.0) / 24.0,
        declination=np.asarray(solarposition.declination_spencer71(day), dtype=float),
        latitude=math.radians(latitude_deg),
    )


def sun_problems(
    frame: pd.DataFrame, latitude_deg: float, longitude_deg: float, step_h: float
) -> list[str]:
    """Whether light and sun disagree: a wrong time zone, label or place.

    Two tests: the fraction of the irradiation that falls while the sun is below the horizon during
    the whole step, and the mean distance of the light's middle from the sun's noon. Near a pole the
    day has hardly a noon, so the second is weighed by how far the sun's light swings in a day.
    """
    index = frame.index
    assert isinstance(index, pd.DatetimeIndex)
    ghi = frame["ghi"].to_numpy(dtype=float)
    total = ghi.sum()
    if not total > 0:
        return []
    sun = sun_clock(index + pd.Timedelta(hours=step_h / 2), latitude_deg, longitude_deg)
    # The sun's height at the end of the step that is nearer to noon.
    sine = sun.sine(nearer_noon=math.radians(7.5 * step_h))
    night = float(ghi[sine < math.sin(math.radians(-1.0))].sum() / total)
    turn = np.exp(1j * sun.angle)
    shift_h = float(np.angle((ghi * turn).sum()) * 24 / (2 * np.pi))
    outside = np.maximum(sun.sine(), 0.0)
    swing = float(np.abs((outside * turn).sum()) / max(outside.sum(), 1e-9))
    allowed_h = NOON_SHIFT_H * max(1.0, FULL_SWING / max(swing, 1e-9))
    if night <= NIGHT_FRACTION and abs(shift_h) <= allowed_h:
        return []
    side = "after" if shift_h > 0 else "before"
    return [
        f"the light does not follow the sun: {night:.1%} of it falls at night and its middle lies "
        f"{abs(shift_h):.1f} h {side} the sun's noon at {latitude_deg:g}, {longitude_deg:g}; "
        "check the time zone, the time labels and the longitude"
    ]


def best_shift(
    frame: pd.DataFrame, latitude_deg: float, longitude_deg: float, step_h: float,
    shifts_min: Sequence[float], *, by_closure: bool,
) -> int:  # fmt: skip
    """Which shift of the labels [min] agrees best with the sun: its place in `shifts_min`.

    By closure, where beam and diffuse light were read: the sun at which DNI best gives GHI - DHI;
    else by the middle of the light. The first shift stays unless another one leaves far less.
    """
    ghi, dni, dhi = (frame[name].to_numpy(dtype=float) for name in ("ghi", "dni", "dhi"))
    middle = pd.DatetimeIndex(frame.index) + pd.Timedelta(hours=step_h / 2)
    left = []
    for shift in shifts_min:
        moved = middle + pd.Timedelta(minutes=float(shift))
        sun = sun_clock(moved, latitude_deg, longitude_deg)
        if by_closure:
            light = (dni > 50.0) | (ghi - dhi > 50.0)  # W/m2; of the rest a step's sun says little
            beam = dni * np.maximum(sun.sine(), 0.0)
            left.append(float(np.abs(ghi - dhi - beam)[light].sum()))
        else:
            left.append(abs(float(np.angle((ghi * np.exp(1j * sun.angle)).sum()))))
    best = int(np.argmin(left))
    return best if left[best] < CLEARLY * left[0] else 0
