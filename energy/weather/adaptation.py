"""Recorded years of a neighbor, adapted to a place that has none or few of its own.

In: a neighbor's `Weather`, and the `Climate` of the place. Out: the place's `Weather`, and what
speaks for and against the neighbor (`Neighbor`).

Measure-correlate-predict, as wind engineers call it, for light: the place keeps the neighbor's
sequence of clear and dark days, its hours and its seasons, and gets its own sun, clear sky, and
*distribution* of days [1]. What is mapped is the clear-sky index of days over that of the place's
clear days, x. The map is x' = X (1 - (1 - (x/X)^a)^b): it keeps 0 and the clearest day X, never
changes the order of days, and its a and b give the mean and the spread of the place, month by
month. A quantile map to the place's own days would do the same with a hundred numbers for two, and
would cut off dark days where the place is known by one typical year, which has none [2].

References
----------
[1] L. Gudmundsson et al., Technical note: downscaling RCM precipitation to the station scale using
    statistical transformations, Hydrol. Earth Syst. Sci. 16 (2012) 3383: parametric quantile maps.
[2] In `sites/SOURCES.md`: typical against recorded years at the places that have both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.steps import Array
from energy.weather.clearsky import clear_sky, nearest_lit
from energy.weather.series import Place, Weather
from energy.weather.snowfall import without_snow

#: Below this sine of the sun's height a beam and diffuse light cannot be separated: all is diffuse.
LOW_SUN = 0.02

#: Quantile of the days' clear-sky index that stands for a clear day.
CLEAR_DAYS = 0.95

#: A neighbor further away [km], higher or lower [m], or of another climate than this is refused:
#: clearer or cloudier by more than this ratio, or with bright and dark months out of step.
MAX_DISTANCE_KM = 1200.0
MAX_ELEVATION_M = 1500.0
MAX_CLEARNESS_RATIO = 1.35
MIN_RANK_CORRELATION = 0.5


@dataclass(frozen=True)
class Climate:
    """How bright and how changeable the months of a place are, against its clear sky.

    Parameters
    ----------
    index
        Twelve ratios, January first: the month's light over that of its clear sky.
    spread
        The standard deviation of the days' clear-sky index within the month.
    clear
        The clear-sky index of a clear day: the 95th percentile of the days.
    temp_air_c
        Mean temperature [degC].
    wind_m_s
        Mean wind [m/s] of the year; None leaves the neighbor's.
    """

    index: Array
    spread: Array
    clear: Array
    temp_air_c: Array
    wind_m_s: float | None = None

    @classmethod
    def of(cls, weather: Weather) -> Climate:
        """The climate that a series has; months are taken with half of their neighbors."""
        days = _Days(weather)
        return cls(
            index=np.array([days.mean(days.index, month) for month in range(12)]),
            spread=np.array([days.spread(days.index, month) for month in range(12)]),
            clear=np.array([days.clear(month) for month in range(12)]),
            temp_air_c=weather.monthly()["temp_air_c"].to_numpy(dtype=float),
            wind_m_s=float(weather.frame["wind_speed"].mean()),
        )

    @classmethod
    def of_normals(
        cls,
        place: Place,
        *,
        ghi_kwh_m2_day: Array,
        spread: Array,
        clear: Array,
        temp_air_c: Array,
        wind_m_s: float | None = None,
    ) -> Climate:
        """The climate of a place of which twelve monthly normals are known, January first."""
        middle = pd.date_range("2001-01-01 00:30", "2001-12-31 23:30", freq="h", tz="UTC")
        light = clear_sky(middle, place).clear_w_m2
        month = np.asarray(middle.month) - 1
        clear_light = np.array([light[month == m].mean() for m in range(12)]) * 24 / 1000
        days = np.bincount(month) / 24

        def smooth(values: Array) -> Array:
            total = values * days
            return total + 0.5 * (np.roll(total, 1) + np.roll(total, -1))

        return cls(
            index=_ratio(smooth(np.asarray(ghi_kwh_m2_day, dtype=float)), smooth(clear_light)),
            spread=np.asarray(spread, dtype=float),
            clear=np.asarray(clear, dtype=float),
            temp_air_c=np.asarray(temp_air_c, dtype=float),
            wind_m_s=wind_m_s,
        )


@dataclass(frozen=True)
class Neighbor:
    """What speaks for and against a neighbor's years at a place.

    Parameters
    ----------
    distance_km, elevation_m
        How far away it is, and how much higher.
    clearness_ratio
        Its mean clear-sky index over that of the place.
    rank_correlation
        Spearman's, of the light of the twelve months: 1 where the same months are bright.
    """

    distance_km: float
    elevation_m: float
    clearness_ratio: float
    rank_correlation: float

    @classmethod
    def of(cls, weather: Weather, place: Place, climate: Climate) -> Neighbor:
        """The measures of a neighbor's series against a place and its climate."""
        theirs = Climate.of(weather)
        light = [
            climate.index * _monthly(clear_sky(weather.middle, place).clear_w_m2, weather),
            _monthly(weather.frame["ghi"].to_numpy(dtype=float), weather),
        ]
        here, there = (np.argsort(np.argsort(months)) for months in light)
        return cls(
            distance_km=weather.place.distance_km(place),
            elevation_m=weather.place.elevation_m - place.elevation_m,
            clearness_ratio=float(theirs.index.mean() / climate.index.mean()),
            rank_correlation=float(np.corrcoef(here, there)[0, 1]),
        )

    @property
    def problems(self) -> list[str]:
        """Why it is no neighbor to learn from; none where it is one."""
        limits = [
            ("distance_km", self.distance_km <= MAX_DISTANCE_KM, f"at most {MAX_DISTANCE_KM:g}"),
            (
                "elevation_m",
                abs(self.elevation_m) <= MAX_ELEVATION_M,
                f"within {MAX_ELEVATION_M:g} of the place's",
            ),
            (
                "clearness_ratio",
                1 / MAX_CLEARNESS_RATIO <= self.clearness_ratio <= MAX_CLEARNESS_RATIO,
                f"{1 / MAX_CLEARNESS_RATIO:.2f} to {MAX_CLEARNESS_RATIO:g}",
            ),
            (
                "rank_correlation",
                self.rank_correlation >= MIN_RANK_CORRELATION,
                f"at least {MIN_RANK_CORRELATION:g}",
            ),
        ]
        return [
            f"the neighbor's {name} is {getattr(self, name):,.2f}; it must be {rule}; "
            "take a nearer one of the same climate"
            for name, fits, rule in limits
            if not fits
        ]

    def __str__(self) -> str:
        """In words, for a note."""
        return (
            f"{self.distance_km:.0f} km away, {self.elevation_m:+.0f} m, "
            f"{100 * (self.clearness_ratio - 1):+.0f} % clearer, "
            f"rank correlation of the months {self.rank_correlation:.2f}"
        )


def adapt(
    weather: Weather,
    place: Place,
    climate: Climate,
    *,
    source: str,
    utc_offset_h: float | None = None,
    warnings: tuple[str, ...] = (),
) -> Weather:
    """A neighbor's years under a place's sun, with the place's climate.

    Kept: the order of clear and dark days and of hours in a day, the years' departures from each
    other, the temperature's departure from its monthly mean. Taken from the place: the sun, the
    clear sky (Ineichen and Perez 2002, Linke turbidity of pvlib), and of each month the mean and
    spread of the days' light and the mean temperature. Diffuse light changes with the clearness of
    the hour as Erbs et al. have it.

    Parameters
    ----------
    weather
        The neighbor's series; all of its years are mapped by one map a month.
    place
        The place.
    climate
        The place's, as the mean of those years is to have it.
    source
        What the result calls itself; say whose clouds it holds.
    utc_offset_h
        Local standard time of the place less UTC [h]; the neighbor's, if it is not given.
    warnings
        What a reader of results should know.

    Returns
    -------
    Weather
        The neighbor's years in the place's standard time, noon at noon to the nearest step, with
        GHI = DHI + DNI cos(zenith) at every step. No step is clearer, against the light outside the
        atmosphere, than the neighbor's clearest, in beam or in all.

    Raises
    ------
    WeatherError
        For a neighbor that is too far or of another climate, with the numbers; and where no map
        of its days has the month's mean.

    Examples
    --------
    >>> import energy as en
    >>> from energy.weather import Climate, adapt
    >>> denver = en.read_site("denver").series
    >>> golden = en.read_site("golden").place
    >>> adapt(denver, golden, Climate.of(denver), source="Denver at Golden").years == denver.years
    True
    """
    problems = Neighbor.of(weather, place, climate).problems
    if problems:
        raise WeatherError([f"{weather.source}: {problem}" for problem in problems])
    days = _Days(weather)
    offset_h = weather.utc_offset_h if utc_offset_h is None else utc_offset_h
    index_utc = weather.index + pd.Timedelta(hours=weather.utc_offset_h - offset_h)
    here = days.sky
    there = clear_sky(index_utc + pd.Timedelta(hours=weather.step_h / 2), place)
    # Noon of the neighbor to noon of the place: in clocks, the sun is so much later there.
    later_h = (weather.place.longitude_deg - place.longitude_deg) / 15.0 - (
        weather.utc_offset_h - offset_h
    )
    steps = round(later_h / weather.step_h)

    ghi, dhi, temp, wind_speed = (
        weather.frame[name].to_numpy(dtype=float)
        for name in ("ghi", "dhi", "temp_air", "wind_speed")
    )
    high = here.sine > LOW_SUN
    clearest = min(1.0, float((ghi[high] / (here.extra_w_m2 * here.sine)[high]).max()))
    strongest = min(1.0, float((weather.frame["dni"].to_numpy() / here.extra_w_m2).max()))

    nearest = nearest_lit(here.clear_w_m2)
    outside = _ratio(ghi, here.extra_w_m2 * np.maximum(here.sine, 0.0))[nearest]
    diffuse = np.roll(_ratio(dhi, ghi)[nearest], steps)
    up = np.maximum(there.sine, 0.0)
    new = _hours(
        np.roll(_ratio(ghi, here.clear_w_m2)[nearest], steps) * there.clear_w_m2,
        clearest * there.extra_w_m2 * up,
        _mapped(days, climate) * there.clear_w_m2.reshape(len(days.index), -1).sum(axis=1),
    )
    diffuse += _erbs(_ratio(new, there.extra_w_m2 * up)) - _erbs(np.roll(outside, steps))
    beam = np.where(there.sine > LOW_SUN, new * (1.0 - diffuse.clip(0.0, 1.0)), 0.0)
    dni = np.minimum(_ratio(beam, there.sine), strongest * there.extra_w_m2)

    temp, wind_speed = np.roll(temp, steps), np.roll(wind_speed, steps)
    month = np.asarray(weather.local_middle.month) - 1
    monthly = _monthly(temp, weather)
    wind = 1.0
    if climate.wind_m_s is not None and wind_speed.mean() > 0.0:
        wind = climate.wind_m_s / float(wind_speed.mean())
    frame = pd.DataFrame(
        {
            "ghi": new,
            "dni": dni,
            "dhi": new - dni * up,
            "temp_air": temp + (climate.temp_air_c - monthly)[month],
            "wind_speed": wind_speed * wind,
        },
        index=index_utc,
    )
    provenance = weather.provenance.replace(
        *warnings,
        *without_snow(weather),
        source=source,
        adapted=True,
        origins=tuple(replace(origin, adapted=True) for origin in weather.origins),
    )
    return replace(weather, frame=frame, place=place, utc_offset_h=offset_h, provenance=provenance)


class _Days:
    """The days of a series, and their clear-sky index by month and year."""

    def __init__(self, weather: Weather) -> None:
        self.sky = clear_sky(weather.middle, weather.place)
        steps = round(24 / weather.step_h)
        local = weather.local_middle[::steps]
        self.month = np.asarray(local.month) - 1
        self.year = np.asarray(local.year)
        self.ghi = weather.frame["ghi"].to_numpy(dtype=float).reshape(-1, steps).sum(axis=1)
        self.clear_light = self.sky.clear_w_m2.reshape(-1, steps).sum(axis=1)
        self.index = _ratio(self.ghi, self.clear_light)

    def near(self, month: int) -> np.ndarray:
        """The rows of a month and of those beside it, but for days without any sun."""
        apart = np.abs((self.month - month + 6) % 12 - 6)
        return np.flatnonzero((apart <= 1) & (self.clear_light > 1e-3))

    def mean(self, values: Array, month: int) -> float:
        """Mean of days, weighed by their clear-sky light; the months beside count half."""
        rows = self.near(month)
        if not len(rows):
            return 0.0
        weight = np.where(self.month[rows] == month, 1.0, 0.5) * self.clear_light[rows]
        return float(np.average(values[rows], weights=weight))

    def spread(self, values: Array, month: int) -> float:
        """Standard deviation of days within their own month of their own year."""
        rows = self.near(month)
        if not len(rows):
            return 0.0
        table = pd.DataFrame({"value": values[rows]})
        group = table.groupby([self.year[rows], self.month[rows]])["value"]
        return float(np.sqrt(group.var(ddof=1).mean()))

    def clear(self, month: int) -> float:
        """The clear-sky index of a clear day."""
        rows = self.near(month)
        return float(np.quantile(self.index[rows], CLEAR_DAYS)) if len(rows) else 1.0


def _mapped(days: _Days, climate: Climate) -> Array:
    """The clear-sky index of each day at the place, as the head of this file says."""
    from scipy.optimize import least_squares

    result = np.zeros(len(days.index))
    for month in range(12):
        rows = days.near(month)
        clear = days.clear(month)
        if not len(rows) or clear <= 0.0 or climate.clear[month] <= 0.0:
            continue  # a polar night
        relative = days.index / clear
        top = max(1.0 / 0.9, float(relative[rows].max()) * 1.001)
        wanted = np.array([climate.index[month], climate.spread[month]]) / climate.clear[month]

        def warp(shape: Array, relative: Array = relative, top: float = top) -> Array:
            a, b = np.exp(shape)
            part = np.clip(relative / top, 0.0, 1.0)
            return np.asarray(top * (1.0 - (1.0 - part**a) ** b), dtype=float)

        def misses(
            shape: Array,
            month: int = month,
            wanted: Array = wanted,
            warp: Callable[[Array], Array] = warp,
        ) -> Array:
            values = warp(shape)
            got = np.array([days.mean(values, month), days.spread(values, month)])
            # The mean is what a plant lives on; the spread gives way where both cannot be had.
            return np.asarray((got - wanted) * [10.0, 1.0])

        best = least_squares(misses, np.zeros(2), bounds=(-2.5, 2.5), xtol=1e-10, ftol=1e-12)
        if abs(best.fun[0]) > 0.1:
            raise WeatherError(
                f"no map of the neighbor's days has the light of month {month + 1}: "
                f"{wanted[0]:.3f} of a clear day is asked, {days.mean(relative, month):.3f} is its "
                "own; check the normals and their unit"
            )
        own = days.month == month
        result[own] = warp(best.x)[own] * climate.clear[month]
    return result


def _hours(ghi: Array, ceiling: Array, wanted: Array) -> Array:
    """`ghi` scaled day by day to the wanted sums, no step above its ceiling.

    What the ceiling cuts off is made up by scaling the day's other steps on, as far as it goes.
    """
    shape = (len(wanted), -1)
    by_day, top = ghi.reshape(shape), ceiling.reshape(shape)
    # A day as dark as night has no shape of its own: it takes that of the sun.
    dark = by_day.sum(axis=1) <= 1e-6
    by_day = np.where(dark[:, None], top, by_day)
    scale = np.ones(len(wanted))
    held = np.minimum(by_day, top)
    for _ in range(60):
        total = held.sum(axis=1)
        scale *= np.divide(wanted, total, out=np.ones(len(wanted)), where=total > 1e-6).clip(0, 4)
        held = np.minimum(by_day * scale[:, None], top)
    return np.asarray(held.ravel(), dtype=float)


def _monthly(values: Array, weather: Weather) -> Array:
    """Means of the twelve months."""
    month = np.asarray(weather.local_middle.month) - 1
    return np.array([values[month == m].mean() for m in range(12)])


def _ratio(above: Array, below: Array) -> Array:
    """above / below where below is more than nothing, else 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 1e-3)


def _erbs(clearness: Array) -> Array:
    """Diffuse fraction at a clearness index: Erbs, Klein and Duffie, Solar Energy 28 (1982) 293."""
    k = np.clip(clearness, 0.0, 1.0)
    middle = 0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4
    return np.where(k <= 0.22, 1.0 - 0.09 * k, np.where(k <= 0.8, middle, 0.165))
