"""The rows of any file as the one form that the model uses.

In: `Rows` of a reader. Out: `Weather`, or one WeatherError with everything that is wrong.

What happens on the way, in this order, each with a note where it changes a number: codes for
missing values go; labels become a calendar (typical or recorded, months in order, whole local
years); light and sun choose between meanings of the labels; a few values beyond physics are
clipped, short gaps of temperature and wind filled; columns that lack are derived.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.weather import checks
from energy.weather.decomposition import complete
from energy.weather.humidity import recorded_dew
from energy.weather.read.headings import is_missing_code, looks_like_light
from energy.weather.read.rows import Rows, Times, step_of
from energy.weather.series import COLUMNS, DEPTH, DEW, FALL, Place, Provenance, Weather
from energy.weather.snowfall import recorded_snow

#: The year that a typical year is written into: it has no 29 February.
TYPICAL_YEAR = 2001

#: Values that stand for "missing" in one quantity, besides those of `headings.CODES`.
MISSING = {
    "temp_air": (99.9, 999.0, 999.9), "temp_dew": (99.9, 999.0, 999.9),
    "wind_speed": (99.9, 999.0, 999.9), "relative_humidity": (999.0, 999.9),
    DEPTH: (999.0, 999.9), FALL: (999.0, 999.9),
}  # fmt: skip

LIGHT = ("ghi", "dni", "dhi")

#: Columns that something is made of.
KNOWN = (*checks.BOUNDS, "relative_humidity")

#: More values beyond physics than this fraction are a wrong unit, fewer are wrong values: sensors
#: and models err near sunrise, in up to some hours a year.
FEW = 0.002

#: The largest part of a column that is filled, and the longest gap [h].
FILLED = {"temp_air": (0.05, 24.0), "wind_speed": (0.3, 24.0 * 31), DEW: (0.05, 24.0)}

#: Rows that stand in the wrong order are sorted where so few blocks of them are swapped.
BLOCKS = 12


def weather_of(rows: Rows, path: Path) -> Weather:
    """The rows as `Weather`: UTC, calendar of the place, missing values named, all checked.

    Raises
    ------
    WeatherError
        With every problem, each with the file's name.
    """
    _check_header(rows, path)
    notes = list(rows.notes)
    place = Place(rows.latitude_deg, rows.longitude_deg, rows.elevation_m)
    frame = without_codes(rows.data)
    if len(frame) < 2:
        raise WeatherError(f"{path}: {len(frame)} rows; a whole year is needed")
    unread = int(np.isnat(rows.start).sum())
    if unread:
        raise WeatherError(f"{path}: {unread} rows without a time; fill or drop that year")
    step_h = step_of(rows.start)
    half = np.timedelta64(round(step_h * 1800), "s")
    order, told = _order(rows.likeliest, step_h)
    notes += told
    frame = frame.iloc[order].reset_index(drop=True)
    middle = rows.likeliest[order] + half  # in the file's clock
    typical = rows.typical if rows.typical is not None else _is_typical(middle, step_h)
    recorded = list(rows.recorded_years) or years_of(middle, step_h)
    if typical:
        frame, middle = _in_one_year(frame, middle)
    index = pd.DatetimeIndex(middle - half) - pd.Timedelta(hours=rows.clock_h)
    frame.index = index.tz_localize("UTC").rename("start")
    frame, told = _in_whole_years(frame, rows.utc_offset_h, step_h)
    notes += told
    frame, told = _mended(frame, place, step_h, rows)
    notes += told
    extra, told = recorded_snow(frame)
    if "temp_air" in frame and (dew := recorded_dew(frame)) is not None:
        extra = extra.join(dew)
    read = {name for name in LIGHT if name in frame and frame[name].notna().any()}
    frame, derived = complete(frame, place, step_h)
    notes += _with_unused(derived, rows, read, path) + told
    problems = checks.problems(frame, COLUMNS, rows.utc_offset_h)
    if not problems and len(rows.shifts_min) > 1:
        frame, told = _by_the_sun(frame, rows, step_h, by_closure=read == set(LIGHT))
        notes += told
        extra = extra.set_axis(frame.index)
    if not problems:
        problems = checks.sun_problems(frame, rows.latitude_deg, rows.longitude_deg, step_h)
    if problems:
        raise WeatherError([f"{path}: {problem}" for problem in problems])
    frame = frame.join(extra)
    for name in LIGHT:
        frame[name] = frame[name].clip(lower=0.0)  # thermopiles read a little below zero at night
    ahead = recorded[0] > pd.Timestamp.now().year
    if ahead:
        notes.append(f"its years, from {recorded[0]} on, have not been: a synthetic series")
    span = f"{recorded[0]}" if recorded[0] == recorded[-1] else f"{recorded[0]}-{recorded[-1]}"
    source = f"{rows.source}, {'typical year of ' if typical else ''}{span}"
    provenance = Provenance(
        source, recorded[0], recorded[-1], typical=typical, synthetic=ahead, warnings=tuple(notes)
    )
    return Weather(frame, place, rows.utc_offset_h, provenance)


def _check_header(rows: Rows, path: Path) -> None:
    """Refuse a header whose place or clock cannot be."""
    bounds = {
        "latitude": (rows.latitude_deg, -90, 90),
        "longitude": (rows.longitude_deg, -180, 180),
        "elevation": (rows.elevation_m, -450, 9000),
        "time zone": (rows.utc_offset_h, -14, 14),
    }
    problems = [
        f"{path}: the header's {name} must lie in {low}..{high}; got {value!r}"
        for name, (value, low, high) in bounds.items()
        if not low <= value <= high
    ]
    if problems:
        raise WeatherError(problems)


# --- values -------------------------------------------------------------------------------------


def without_codes(data: pd.DataFrame) -> pd.DataFrame:
    """The columns with every code for a missing value as NaN."""
    frame = pd.DataFrame(index=pd.RangeIndex(len(data)))
    for name in [name for name in data.columns if name in KNOWN]:
        values = pd.to_numeric(data[name], errors="coerce").astype(float).reset_index(drop=True)
        coded = is_missing_code(values) | values.isin(MISSING.get(str(name), ()))
        frame[str(name)] = values.where(~coded)
    return frame


def _mended(
    frame: pd.DataFrame, place: Place, step_h: float, rows: Rows
) -> tuple[pd.DataFrame, list[str]]:
    """The frame with a few wrong values clipped and short gaps filled, and what was done."""
    out, notes = frame.copy(), []
    middle = pd.DatetimeIndex(frame.index) + pd.Timedelta(hours=step_h / 2)
    sun = checks.sun_clock(middle, place.latitude_deg, place.longitude_deg)
    nearer = np.radians(7.5 * step_h) + max(
        abs(np.radians(s / 4)) for s in rows.shifts_min[1:] or (0,)
    )
    down = sun.sine(nearer_noon=float(nearer)) < np.sin(np.radians(-1.0))
    known = {name: frame[name].notna().to_numpy() for name in LIGHT if name in frame}
    # Where the lights of a time make those that lack, `complete` makes them.
    made = known.get("ghi", False) | (known.get("dni", False) & known.get("dhi", False))
    for name in [column for column in out if column in checks.BOUNDS]:
        values = out[name].to_numpy(dtype=float).copy()
        low, high = checks.BOUNDS[name]
        with np.errstate(invalid="ignore"):
            wild = (values < low) | (values > high)
        required = name in (*LIGHT, "temp_air")
        if wild.any() and (wild.mean() <= FEW or not required):
            at = int(wild.argmax())
            what = "clipped" if name in LIGHT else "taken as missing"
            notes.append(
                f"{name} is {values[at]:g} at {frame.index[at]:%Y-%m-%d %H:%M} UTC, beyond "
                f"{low:g}..{high:g} {checks.unit(name)}, {wild.sum()} times in all: {what}"
            )
            values[wild] = np.clip(values[wild], low, high) if name in LIGHT else np.nan
        if name in LIGHT:
            empty = np.isnan(values) & down
            # Hours that lack by day stop the file: then all that lack are counted.
            if empty.any() and not (np.isnan(values) & ~down & ~made).any():
                values[empty] = 0.0
                notes.append(f"{name} is missing at {empty.sum()} times of night: 0 there")
        elif name in FILLED:
            values, told = _filled(name, values, step_h)
            notes += told
        out[name] = values
    return out, notes


def _filled(name: str, values: np.ndarray, step_h: float) -> tuple[np.ndarray, list[str]]:
    """A column with its short gaps filled along a line; all missing where there are too many."""
    empty = np.isnan(values)
    if not empty.any() or empty.all():
        return values, []
    most, longest_h = FILLED[name]
    edge = np.flatnonzero(np.diff(np.concatenate([[0], empty.astype(np.int8), [0]])))
    gap_h = float((edge[1::2] - edge[::2]).max()) * step_h
    told = f"{name} is missing at {empty.sum()} times, for {gap_h:g} h at the longest"
    if empty.mean() <= most and gap_h <= longest_h:
        known = np.flatnonzero(~empty)
        return np.interp(np.arange(len(values)), known, values[known]), [
            f"{told}: filled along a line between its neighbors"
        ]
    if name == "temp_air":  # it cannot be guessed: the checks refuse it
        return values, []
    return np.full_like(values, np.nan), [f"{told}: the column is left out"]


def _with_unused(notes: Sequence[str], rows: Rows, read: set[str], path: Path) -> list[str]:
    """The notes of what was derived; where light was, with the columns that were not used.

    A column that may hold what was derived stops: real light is never thrown away in silence.
    """
    if read == set(LIGHT) or not rows.unused:
        return list(notes)
    doubtful = [name for name in rows.unused if looks_like_light(name)]
    if doubtful:
        lacking = ", ".join(sorted(set(LIGHT) - read))
        raise WeatherError(
            f"{path}: {lacking} would be derived, but {', '.join(map(repr, doubtful))} may hold "
            "it and is not understood; call such columns GHI, DNI and DHI, or take them out"
        )
    shown = ", ".join(rows.unused[:12]) + (", ..." if len(rows.unused) > 12 else "")
    return [*notes, f"columns that were not used: {shown}"]


# --- labels -------------------------------------------------------------------------------------


def _gaps(middle: Times, step_h: float) -> np.ndarray:
    """After which rows the next is not one step later, joints of whole years aside."""
    ahead = np.diff(middle).astype("timedelta64[s]").astype(float) / 3600.0
    off = np.flatnonzero(np.abs(ahead - step_h) > 1e-6)
    stamps = pd.DatetimeIndex(middle)
    joints = (checks.is_chain_joint(stamps[int(at)], stamps[int(at) + 1]) for at in off)
    return np.asarray(off[~np.fromiter(joints, dtype=bool, count=len(off))])


def _order(start: Times, step_h: float) -> tuple[np.ndarray, list[str]]:
    """The rows in order of time: as they are, or sorted where whole blocks are swapped."""
    kept = np.arange(len(start))
    back = np.diff(start).astype("timedelta64[s]").astype(float) <= 0
    half = np.timedelta64(round(step_h * 1800), "s")
    if not back.any() or back.sum() > BLOCKS or _is_typical(start + half, step_h):
        return kept, []
    order = np.argsort(start, kind="stable")
    if len(np.unique(start)) < len(start) or len(_gaps(start[order] + half, step_h)):
        return kept, []
    return order, [f"{back.sum() + 1} blocks of rows out of order were sorted by time"]


def _is_typical(middle: Times, step_h: float) -> bool:
    """Whether months of several years make up one: the year jumps at a month's start.

    Labels that follow each other never are; nor are more hours than a year has.
    """
    stamps = pd.DatetimeIndex(middle)
    gaps = _gaps(middle, step_h)
    after = stamps[gaps + 1]
    jumps = np.asarray(after.year) != np.asarray(stamps[gaps].year)
    if not jumps.any() or len(middle) * step_h > 8784:
        return False
    hours = np.asarray(after.hour + after.minute / 60.0)
    at_start = (np.asarray(after.day) == 1) & (hours <= step_h + 1.0)
    in_order = (np.diff(np.asarray(stamps.month)) >= 0).all()
    return bool(at_start[jumps].all() and in_order)


def years_of(middle: Times, step_h: float) -> list[int]:
    """The years of the file's own clock; half a day beyond them is the shift to another clock."""
    years, counts = np.unique(pd.DatetimeIndex(middle).year, return_counts=True)
    return [int(year) for year in years[counts * step_h > 14]] or [int(years[0])]


def _in_one_year(frame: pd.DataFrame, middle: Times) -> tuple[pd.DataFrame, Times]:
    """A typical year, whose months come from many years, written into one."""
    stamps = pd.DatetimeIndex(middle)
    leap = (stamps.month == 2) & (stamps.day == 29)
    if leap.any():
        raise WeatherError("a typical year has no 29 February; leave that day out")
    parts = {name: np.asarray(getattr(stamps, name)) for name in ("month", "day", "hour", "minute")}
    moved = pd.to_datetime(pd.DataFrame({"year": TYPICAL_YEAR} | parts))
    times = moved.to_numpy().astype("datetime64[s]") + stamps.second.to_numpy().astype(
        "timedelta64[s]"
    )
    order = np.argsort(times, kind="stable")
    return frame.iloc[order].reset_index(drop=True), times[order]


def _in_whole_years(
    frame: pd.DataFrame, utc_offset_h: float, step_h: float
) -> tuple[pd.DataFrame, list[str]]:
    """Whole local years of a file whose years begin elsewhere.

    A file in UTC begins with some hours of the last local evening before its first year, at most
    14 hours: they go to the end of its last year, where as many lack. A file of whole years from
    July to June lends the months after its last New Year to its first year.
    """
    index = pd.DatetimeIndex(frame.index)
    if index.has_duplicates or not index.is_monotonic_increasing:
        return frame, []
    local = checks.local_middle(index, step_h, utc_offset_h)
    year = np.asarray(local.year)
    for stray_year, sign in ((year[0], 1), (year[-1], -1)):
        strays = int((year == stray_year).sum())
        if strays * step_h <= 14 and strays < len(year):
            # The rows as a ring, so that a 29 February that is left out stays one whole local day.
            ring = np.roll(frame.to_numpy(), -sign * strays, axis=0)
            moved = index + sign * strays * pd.Timedelta(hours=step_h)
            return pd.DataFrame(ring, index=moved.rename(index.name), columns=frame.columns), []
    head, tail = int((year == year[0]).sum()), int((year == year[-1]).sum())
    whole = 8760 <= (head + tail) * step_h <= 8784 and year[0] != year[-1]
    if not whole or len(_gaps(local.to_numpy(), step_h)):
        return frame, []
    first, last = pd.Timestamp(local[0]), pd.Timestamp(local[-1])
    back = pd.DatetimeIndex(local[-tail:])
    kept = ~((back.month == 2) & (back.day == 29) & (not first.is_leap_year))
    lent = frame.iloc[-tail:][np.asarray(kept)]
    times = pd.DatetimeIndex([time.replace(year=first.year) for time in back[kept]]) - pd.Timedelta(
        hours=utc_offset_h + step_h / 2
    )
    lent.index = times.tz_localize("UTC").rename(index.name)
    note = (
        f"the years run from {first:%B %Y} to {last:%B %Y}: the first months of {first.year} are "
        f"those of {last.year}"
    )
    return pd.concat([lent, frame.iloc[:-tail]]), [note]


def _by_the_sun(
    frame: pd.DataFrame, rows: Rows, step_h: float, *, by_closure: bool
) -> tuple[pd.DataFrame, list[str]]:
    """The frame at the labels' meaning that light and sun agree with best."""
    shifts = [shift - rows.shifts_min[0] for shift in rows.shifts_min]
    best = checks.best_shift(
        frame, rows.latitude_deg, rows.longitude_deg, step_h, shifts, by_closure=by_closure
    )
    label_min = -rows.shifts_min[best]
    where = {0.0: "start", 30.0 * step_h: "middle", 60.0 * step_h: "end"}.get(label_min)
    how = "by closure" if by_closure else "by the middle of the light"
    said = f"the {where} of its step" if where else f"{label_min:+g} min from the start of its step"
    note = f"the file does not say what its labels mean; light and sun say {said}, {how}"
    moved = pd.DatetimeIndex(frame.index) + pd.Timedelta(minutes=shifts[best])
    return frame.set_index(moved.rename(frame.index.name)), [note]
