"""When the grid is cut: the darkest hours of every year, or a calendar.

In: PV generation and the years of its steps, or a csv of cuts. Out: the part of the grid's limit
that is open in each step: 0 is cut, 1 is open.

A tariff says how many hours a year a load may be cut, not which. Those that are taken here are
about the worst for PV and battery: one cut a year, without a break, in its darkest days. They hang
on the light alone, not on the plant, and the hours of a shorter cut are among those of a longer
one. So a search of sizes meets the same cuts with every plant, and more hours never cut less.
Shorter cuts cost far less (README); a calendar says them.

Measured at Cheyenne, El Paso and Abilene with up to 120 MW of grid for 100 MW of computers and
99.9 % of the energy (`darkest_first` says what else was tried):

- Plants sized for hours of the deepest deficit (load less the array's output of the same mean,
  summed up) leave 2 to 16 times as much unserved in the darkest days; plants sized for those leave
  at most .8 times as much in the hours of the deepest deficit.
- Whoever knows the plant can do worse than these hours: the worst window of each year, found by
  sliding, or the hours in which it draws most, taken a few at a time, leave 1.03 to 1.17 times as
  much unserved at 24 hours, 1.3 to 2.1 times at 100, 1.0 to 1.4 times at 400. A target is met for
  the hours that are taken, not for all that a tariff allows.
- The SOC reserve does not know the cuts. Those plants have a reserve conservatism of .65 and more
  and are full when a cut comes; held full for up to two weeks before an announced cut they serve
  nothing more at 24 hours. A smaller reserve (.5) that is filled for the cut would draw .2 to 2 %
  less from the grid at 24 hours, and leaves more than twice as much unserved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from energy.errors import InputError
from energy.files import read_bytes
from energy.steps import Array
from energy.weather import Weather

#: Hours of the year that the hours of a curtailable grid are said of.
YEAR_H = 8760.0

#: The window that is looked for first [h]; shorter cuts lie in it, longer ones around it.
FIRST_WINDOW_H = 96.0


def darkest_first(solar: Array, year: NDArray[np.int64], step_h: float) -> NDArray[np.int64]:
    """The place of each step among those of its year when the darkest stretch is cut first.

    The darkest `FIRST_WINDOW_H` of the year are found; in them the darkest half, in that its
    darkest half, and so on; around them the darkest window of twice the length, until it is the
    year. What a window has more than the one in it comes step by step from its edge, on the darker
    side first. So any number of steps is one stretch, and a part of any larger number.

    A first window of 24, 48, 192 or 384 h leaves .6 to 1.2 times as much unserved by plants that
    are sized for 96, windows that only grow from the darkest day .6 to 1.1 times, the hours with
    the least light in the 24, 72 or 168 h around them 0 to 1.3 times.

    Parameters
    ----------
    solar
        PV generation, in any unit, one value a step.
    year
        The number of each step's year, from 0.
    step_h
        Length of a step [h].

    Examples
    --------
    >>> import numpy as np
    >>> light = np.array([3.0, 2.0, 0.0, 1.0, 4.0])
    >>> darkest_first(light, np.zeros(5, dtype=np.int64), 48.0)
    array([3, 2, 0, 1, 4])
    """
    place = np.empty(len(solar), dtype=np.int64)
    for number in range(int(year.max()) + 1):
        steps = np.flatnonzero(year == number)
        order = _outward(_windows(solar[steps], round(FIRST_WINDOW_H / step_h)), solar[steps])
        place[steps[order]] = np.arange(len(steps))
    return place


def _windows(solar: Array, first: int) -> list[tuple[int, int]]:
    """Windows of a year, each within the next: the darkest of their lengths, from one step on."""
    light = np.concatenate([[0.0], np.cumsum(solar)])

    def darkest(start: int, end: int, length: int) -> tuple[int, int]:
        sums = light[start + length : end + 1] - light[start : end + 1 - length]
        at = start + int(sums.argmin())
        return at, at + length

    inner = [darkest(0, len(solar), min(max(first, 1), len(solar)))]
    while (length := inner[-1][1] - inner[-1][0]) > 1:
        inner.append(darkest(*inner[-1], length // 2))
    windows = inner[::-1]
    while (length := windows[-1][1] - windows[-1][0]) < len(solar):
        start, end = windows[-1]
        length = min(2 * length, len(solar))
        windows.append(darkest(max(end - length, 0), min(start + length, len(solar)), length))
    return windows


def _outward(windows: Sequence[tuple[int, int]], solar: Array) -> list[int]:
    """The steps of the windows from the first one's to the last one's."""
    order = list(range(*windows[0]))
    for (start, end), (outer_start, outer_end) in pairwise(windows):
        before = range(start - 1, outer_start - 1, -1)
        after = range(end, outer_end)
        sides = [side for side in (before, after) if len(side)]
        for side in sorted(sides, key=lambda side: float(solar[list(side)].mean())):
            order += side
    return order


def darkest_hours_cut(
    solar: Array, year: NDArray[np.int64], step_h: float, hours_per_year: float
) -> Array:
    """The part of the grid's limit that is open in each step when the darkest hours are cut.

    Of `hours_per_year` of a year of 8,760 hours a leap year and a part of a year have their part,
    to the nearest step.

    Examples
    --------
    >>> import numpy as np
    >>> light = np.array([3.0, 2.0, 0.0, 1.0, 4.0])
    >>> darkest_hours_cut(light, np.zeros(5, dtype=np.int64), 48.0, 0.4 * 8760)
    array([1., 1., 0., 0., 1.])
    """
    steps = np.bincount(year)[year]
    cut = np.rint(steps * (hours_per_year / YEAR_H))
    return np.asarray(darkest_first(solar, year, step_h) >= cut, dtype=float)


def checked_open(grid_open: Array, steps: int) -> Array:
    """A given series of what is open of the grid.

    Raises
    ------
    InputError
        When it has not one value in 0..1 a step.
    """
    given = np.asarray(grid_open, dtype=float)
    if given.shape != (steps,):
        raise InputError(f"grid_open must have one value a step, {steps:,}; got {given.shape}")
    wrong = np.flatnonzero(~((given >= 0.0) & (given <= 1.0)))
    if len(wrong):
        raise InputError(
            f"grid_open must lie in 0..1; got {given[wrong[0]]:g} at step {wrong[0]:,}, and "
            f"{len(wrong):,} such steps in all"
        )
    return given


# --- a calendar that is given -----------------------------------------------------------------

#: A calendar has at most so much text.
LARGEST_MB = 10.0

HEADER = ["start", "end"]
STAMP = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2}) (\d{2}):(\d{2})")

#: A leap year in which the lines without a year are checked.
LEAP_YEAR = 2000


class Moment(NamedTuple):
    """A time of one year, or of every one where `year` is None; hour 24 is the day's end."""

    year: int | None
    month: int
    day: int
    hour: int
    minute: int

    def in_year(self, year: int) -> datetime:
        """The time in a year; 29 February is 1 March, 00:00, where there is none."""
        if (self.month, self.day) == (2, 29) and not _is_leap(year):
            return datetime(year, 3, 1)
        return datetime(year, self.month, self.day) + timedelta(
            hours=self.hour, minutes=self.minute
        )


class Cut(NamedTuple):
    """A line of a calendar: from when to when the grid is cut."""

    line: int
    start: Moment
    end: Moment

    def spans(self, years: Sequence[int]) -> list[tuple[datetime, datetime, int]]:
        """Start, end and line of the cut in each of some years in which it is."""
        if self.start.year is not None:
            years = [year for year in years if year == self.start.year]
        spans = [(self.start.in_year(year), self.end.in_year(year), self.line) for year in years]
        return [span for span in spans if span[0] < span[1]]


@dataclass(frozen=True)
class GridCalendar:
    """When a grid is cut, in local standard time; `read_grid_calendar` reads one."""

    path: Path
    cuts: tuple[Cut, ...]

    def grid_open(self, weather: Weather) -> Array:
        """The part of the grid's limit that is open in each step of a weather series.

        A step that is cut in a part of it has so much less of the limit.

        Raises
        ------
        InputError
            For dates where the weather's years are labels only, and where no date is in them.
        """
        years = sorted({int(year) for year in weather.local_middle.year.unique()})
        dated = [cut for cut in self.cuts if cut.start.year is not None]
        if dated and (weather.typical or weather.relabeled):
            kind = "typical" if weather.typical else "synthetic or resampled"
            raise InputError(
                f"{self.path}:{dated[0].line}: has a year, but the weather is {kind} and its years "
                "are none of the calendar; leave the year out: 02-15 06:00"
            )
        spans = [span for cut in self.cuts for span in cut.spans(years)]
        if not spans:
            raise InputError(
                f"{self.path}: no cut lies in the weather's years, {_years_text(years)}; leave the "
                "year out (02-15 06:00) for a cut in every year"
            )
        half = np.timedelta64(round(weather.step_h * 1800e3), "ms")
        first = weather.local_middle.to_numpy().astype("datetime64[ms]") - half
        last, step = first + 2 * half, float((2 * half) / np.timedelta64(1, "ms"))
        cut_ms = np.zeros(len(first))
        for begins, ends, _ in spans:
            start, end = np.datetime64(begins, "ms"), np.datetime64(ends, "ms")
            at = slice(int(np.searchsorted(last, start, "right")), int(np.searchsorted(first, end)))
            within = np.minimum(last[at], end) - np.maximum(first[at], start)
            cut_ms[at] += within / np.timedelta64(1, "ms")
        return np.asarray(1.0 - np.minimum(cut_ms / step, 1.0))


def read_grid_calendar(path: str | Path) -> GridCalendar:
    """When the grid is cut, from a csv of two columns, `start,end`, one cut a line.

    Times are local standard time, without daylight saving: `2021-02-15 06:00` is of that year,
    `02-15 06:00` of every year; `24:00` is the end of a day. A cut ends before the minute that
    `end` names. Lines that begin with # are passed over. ::

        start,end
        2021-02-15 02:00,2021-02-18 24:00
        07-04 16:00,07-04 20:00

    Raises
    ------
    InputError
        With every problem and its line: what is no time, a cut that ends before it starts, cuts
        that overlap.
    """
    path = Path(path)
    numbered = [
        (number, [cell.strip(' \t"') for cell in line.split(",")])
        for number, line in enumerate(_text(path).splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not numbered or numbered[0][1] != HEADER:
        got = ",".join(numbered[0][1])[:60] if numbered else "an empty file"
        raise InputError(f"{path}: the first line must be start,end; got {got}")
    cuts, problems = [], []
    for number, row in numbered[1:]:
        try:
            cuts.append(_cut(number, row))
        except InputError as error:
            problems += [f"{path}:{number}: {problem}" for problem in error.problems]
    if not cuts and not problems:
        problems.append(f"{path}: has no cut; give lines such as 02-15 06:00,02-15 10:00")
    problems += [f"{path}:{line}: {problem}" for line, problem in _overlaps(cuts)]
    if problems:
        raise InputError(problems)
    return GridCalendar(path, tuple(cuts))


def _text(path: Path) -> str:
    try:
        return read_bytes(path, LARGEST_MB).decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8; a calendar is a csv file") from None


def _cut(line: int, row: Sequence[str]) -> Cut:
    if len(row) != len(HEADER):
        raise InputError(f"must have two times, start and end; got {len(row)} cells")
    moments, problems = [], []
    for name, text in zip(HEADER, row, strict=True):
        try:
            moments.append(_moment(name, text))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    start, end = moments
    if (start.year is None) != (end.year is None):
        raise InputError("start and end must both have a year, or neither")
    begins, ends = (
        moment.in_year(LEAP_YEAR if moment.year is None else moment.year) for moment in moments
    )
    if ends <= begins:
        raise InputError(
            f"ends at {row[1]}, not after its start {row[0]}; a cut over the end of the year is "
            "two lines, the first to 12-31 24:00"
        )
    if start.year != end.year:
        raise InputError("must lie in one year; a cut over its end is two lines")
    return Cut(line, start, end)


def _moment(name: str, text: str) -> Moment:
    found = STAMP.fullmatch(text)
    if found is not None:
        year = None if found[1] is None else int(found[1])
        moment = Moment(year, *(int(part) for part in found.groups()[1:]))
        try:
            datetime(LEAP_YEAR if year is None else year, moment.month, moment.day)
        except ValueError:
            raise InputError(f"{name} {text!r} is no day of the calendar") from None
        if moment.minute < 60 and 60 * moment.hour + moment.minute <= 24 * 60:
            return moment
    raise InputError(
        f"{name} must be a time such as 2021-02-15 06:00, or 02-15 06:00 for every year; got "
        f"{text[:40]!r}"
    )


def _overlaps(cuts: Sequence[Cut]) -> list[tuple[int, str]]:
    """Lines that overlap another, and which."""
    years = sorted({cut.start.year or LEAP_YEAR for cut in cuts} | {LEAP_YEAR})
    spans = sorted(span for cut in cuts for span in cut.spans(years))
    found: dict[int, str] = {}
    for (_, end, line), (start, _, next_line) in pairwise(spans):
        if start < end:
            later, earlier = max(line, next_line), min(line, next_line)
            found.setdefault(later, f"overlaps line {earlier}")
    return sorted(found.items())


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _years_text(years: Sequence[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}"
