"""The one form that weather takes in the model.

In: columns by time from a reader. Out: `Weather`, evenly stepped, whole years, in UTC.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.errors import WeatherError
from energy.steps import energy_mwh, step_hours
from energy.weather import checks

#: Irradiance [W/m2], air temperature [degC], wind speed [m/s]; the names are pvlib's.
COLUMNS = ("ghi", "dni", "dhi", "temp_air", "wind_speed")

#: Columns that a series may have besides: dew point [degC], for cooling by evaporation; snowfall
#: within the step and depth of snow on the ground at its start [cm].
DEW, FALL, DEPTH = OPTIONAL = ("temp_dew", "snowfall_cm", "snow_depth_cm")


@dataclass(frozen=True)
class Place:
    """A point on the ground.

    Parameters
    ----------
    latitude_deg, longitude_deg
        North and east positive [deg].
    elevation_m
        Above sea level [m].

    Raises
    ------
    WeatherError
        For a point that is not on this planet.
    """

    latitude_deg: float
    longitude_deg: float
    elevation_m: float

    def __post_init__(self) -> None:
        """Refuse what is no point on the ground."""
        bounds = {"latitude_deg": 90.0, "longitude_deg": 180.0, "elevation_m": 9000.0}
        problems = [
            f"{name} must lie within -{bound:g}..{bound:g}; got {getattr(self, name)!r}"
            for name, bound in bounds.items()
            if not (isinstance(getattr(self, name), Real) and abs(getattr(self, name)) <= bound)
        ]
        if problems:
            raise WeatherError(problems)

    def distance_km(self, other: Place) -> float:
        """Great-circle distance [km] by the haversine formula, mean Earth radius 6,371 km."""
        here, there = (
            (math.radians(place.latitude_deg), math.radians(place.longitude_deg))
            for place in (self, other)
        )
        half = (
            math.sin((there[0] - here[0]) / 2) ** 2
            + math.cos(here[0]) * math.cos(there[0]) * math.sin((there[1] - here[1]) / 2) ** 2
        )
        return 2 * 6371.0 * math.asin(math.sqrt(half))


@dataclass(frozen=True)
class Origin:
    """Years that were recorded, and where.

    Parameters
    ----------
    name
        The place's name.
    place
        Where it is.
    years
        The calendar years.
    adapted
        True where they were fitted to another place.
    """

    name: str
    place: Place
    years: tuple[int, ...]
    adapted: bool = False

    def words(self, place: Place) -> str:
        """In words, as seen from a place: `Golden CO (2012, 2013; 159 km away)`."""
        years = ", ".join(str(year) for year in self.years)
        return f"{self.name} ({years}; {self.place.distance_km(place):.0f} km away)"


@dataclass(frozen=True)
class Provenance:
    """Where a weather series comes from; what is made from it replaces parts, and retypes none.

    Parameters
    ----------
    source
        In words that go into every result.
    first_year, last_year
        The years that the data was recorded in.
    typical
        True for a typical year, stitched from months of different years.
    synthetic
        True for weather that was measured nowhere.
    resampled
        True for years drawn from the days of recorded ones.
    adapted
        True for another place's years fitted to this one.
    coarse
        True for light that is the mean of a large cell: its darkest days are too bright.
    warnings
        What a reader of a result should know about the data.
    origins
        The recorded years that it is made from, where they are known one by one.
    """

    source: str
    first_year: int
    last_year: int
    typical: bool = False
    synthetic: bool = False
    resampled: bool = False
    adapted: bool = False
    coarse: bool = False
    warnings: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def relabeled(self) -> bool:
        """Whether the calendar's years are labels only: of synthetic or resampled weather."""
        return self.synthetic or self.resampled

    def replace(self, *more: str, **changes: Any) -> Provenance:
        """The same but for `changes`, with `more` warnings after those that there are."""
        return replace(self, **{"warnings": (*self.warnings, *more)} | changes)


@dataclass(frozen=True, eq=False)
class Weather:
    """Weather of one place over whole years, as one chain of steps.

    Parameters
    ----------
    frame
        One row a step, indexed by the *start* of the step in UTC, with the columns `ghi`, `dni`,
        `dhi` [W/m2], `temp_air` [degC], `wind_speed` [m/s] and, where they were recorded,
        `temp_dew` [degC], `snowfall_cm` within the step and `snow_depth_cm` on the ground at its
        start. Values hold for the step; the sun is taken at its middle. A step belongs
        to the day and the year, in local standard time, of its middle. Years need not follow each
        other, but each is whole (29 February may lack).
    place
        The point that the data is for.
    utc_offset_h
        Local standard time less UTC [h].
    provenance
        Where it comes from.

    Raises
    ------
    WeatherError
        With every problem found: gaps, duplicates, uneven steps, part years, values missing or
        beyond physics.

    Examples
    --------
    >>> import energy as en
    >>> weather = en.read_site("tampa").series
    >>> weather.years, weather.step_h, weather.provenance.typical
    (1, 1.0, True)
    """

    frame: pd.DataFrame
    place: Place
    utc_offset_h: float
    provenance: Provenance

    def __post_init__(self) -> None:
        """Refuse a series that the model cannot stand on."""
        columns = (*COLUMNS, *(name for name in OPTIONAL if name in self.frame))
        problems = checks.problems(self.frame, columns, self.utc_offset_h)
        if problems:
            raise WeatherError([f"{self.source}: {problem}" for problem in problems])

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return self.provenance.source

    @property
    def first_year(self) -> int:
        """The first year that the data was recorded in."""
        return self.provenance.first_year

    @property
    def last_year(self) -> int:
        """The last year that the data was recorded in."""
        return self.provenance.last_year

    @property
    def typical(self) -> bool:
        """Whether it is a typical year, stitched from months of different years."""
        return self.provenance.typical

    @property
    def relabeled(self) -> bool:
        """Whether the calendar's years are labels only."""
        return self.provenance.relabeled

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of a result should know about the data."""
        return self.provenance.warnings

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The recorded years that it is made from; none for a typical or a synthetic year."""
        if self.provenance.origins or self.typical or self.provenance.relabeled:
            return self.provenance.origins
        years = tuple(int(year) for year in np.unique(self.local_middle.year))
        return (Origin(self.source, self.place, years),)

    @property
    def real_years(self) -> int:
        """How many distinct recorded years stand behind the series."""
        return len({year for origin in self.origins for year in origin.years})

    @property
    def basis(self) -> str:
        """What the hours are: `own` recorded years, `adapted` ones, `typical` or `synthetic`."""
        if self.provenance.synthetic:
            return "synthetic"
        if self.provenance.adapted:
            return "adapted"
        return "typical" if self.typical else "own"

    @property
    def distance_km(self) -> float:
        """How far away [km] the farthest of the recorded years was recorded."""
        return max((o.place.distance_km(self.place) for o in self.origins), default=0.0)

    @cached_property
    def step_h(self) -> float:
        """Length of a step [h]."""
        return step_hours(self.index)

    @property
    def index(self) -> pd.DatetimeIndex:
        """Start of each step, UTC."""
        index = self.frame.index
        assert isinstance(index, pd.DatetimeIndex)
        return index

    @cached_property
    def middle(self) -> pd.DatetimeIndex:
        """Middle of each step, UTC: where the sun is taken."""
        return self.index + pd.Timedelta(hours=self.step_h / 2)

    @cached_property
    def local_middle(self) -> pd.DatetimeIndex:
        """Middle of each step in local standard time, without a zone: what days are counted by."""
        return checks.local_middle(self.index, self.step_h, self.utc_offset_h)

    @cached_property
    def local_month(self) -> NDArray[np.int64]:
        """Month of each step in local standard time, 1 to 12."""
        return np.asarray(self.local_middle.month, dtype=np.int64)

    @property
    def years(self) -> int:
        """Number of years in the chain."""
        return int(self.local_middle.year.nunique())

    @cached_property
    def years_exact(self) -> float:
        """Length of the chain in years: a year that lacks its leap day counts as 365/366."""
        year = self.local_middle.year
        length_h = np.where(self.local_middle.is_leap_year, 8784.0, 8760.0)
        return float(pd.Series(self.step_h / length_h).groupby(np.asarray(year)).sum().sum())

    @property
    def ghi_kwh_m2_day(self) -> float:
        """Mean daily sum of global horizontal irradiance [kWh/m2/day]."""
        return float(self.frame["ghi"].mean()) * 24 / 1000

    @property
    def temp_air_c(self) -> float:
        """Mean air temperature [degC]."""
        return float(self.frame["temp_air"].mean())

    def monthly(self) -> pd.DataFrame:
        """Twelve rows: mean `ghi_kwh_m2_day`, `dni_kwh_m2_day` and `temp_air_c` by month."""
        means = self.frame.groupby(np.asarray(self.local_middle.month)).mean()
        return pd.DataFrame(
            {
                "ghi_kwh_m2_day": means["ghi"] * 24 / 1000,
                "dni_kwh_m2_day": means["dni"] * 24 / 1000,
                "temp_air_c": means["temp_air"],
            }
        )

    def per_year(self, power_mw: np.ndarray) -> float:
        """Energy a year [MWh] of a power series [MW] over the chain."""
        return energy_mwh(power_mw, self.step_h) / self.years_exact
