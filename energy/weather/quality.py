"""How good is this weather: closure, nights, clear sky, clock, normals, low-irradiance periods.

In: a `Weather` and, where known, the place's monthly normals. Out: `QualityCheck`: every measure
with a verdict, the months, the low-irradiance periods, and warnings in words.

`checks.py` refuses what cannot be used; this judges what can. That there are whole years without
a gap or a missing value is what `Weather` has made sure of already.

References
----------
[1] Long and Shi, An Automated Quality Assessment and Control Algorithm for Surface Radiation
    Measurements, The Open Atmospheric Science Journal 2 (2008) 23: "physically possible limits".
[2] Ineichen and Perez, A new airmass independent formulation for the Linke turbidity coefficient,
    Solar Energy 73 (2002) 151: the clear sky, with pvlib's monthly turbidity of the place.
[3] Spencer, Fourier series representation of the position of the sun, Search 2 (1971) 172.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from energy.errors import InputError
from energy.steps import Array
from energy.tables import Result
from energy.weather import checks
from energy.weather.clearsky import clear_sky
from energy.weather.decomposition import WIND_M_S
from energy.weather.series import Weather

# The limits come from 65 files: NSRDB of America, Europe and Australia, TMY2, TMY3, TMYx and a
# measured station. "In order" are those that agree with the sun to the minute, by closure.

#: Closure is judged where the sun is this high [deg]: lower, the sun of a step's middle stands ill
#: for the whole step.
CLOSURE_SUN_DEG = 10.0

#: Mean and 99th percentile of |GHI - DHI - DNI cos Z| as a fraction of the mean GHI: up to .009 and
#: .092 in files in order; .03 and .08 with the clock a quarter of an hour off, .06 and .16 with
#: half an hour.
CLOSURE_MEAN, CLOSURE_P99 = 0.02, 0.12

#: Fraction of the GHI while the sun is down for the whole step: none in files in order, .0005 to
#: .0014 where the light is half an hour late; checks.py refuses four times this.
NIGHT_FRACTION = 0.001

#: "High sun" [deg], above which the clear-sky model and a step's middle can be trusted.
HIGH_SUN_DEG = 30.0

#: Fraction of the high-sun GHI that lies above 1.1 and 1.2 times the clear sky: up to .002 and
#: .0001 in files in order (the model's own turbidity is a climatology), .012 and .002 with the
#: clock off.
EXCESS_ENERGY = {1.1: 0.005, 1.2: 0.0005}

#: What the clearest days must reach of the clear sky: the 98th percentile of the days is .96 to
#: 1.18 in 118 series (36 shipped, 82 of NSRDB, TMY2, TMY3, TMYx and measured ones).
CLEAREST = 0.88

#: Mean daily range of temperature [K]: 4.5 (Dublin) to 16.5 (Greeley) in the same series. Tenths of
#: a degree, a constant, or wind in the column of temperature lie outside.
DAILY_RANGE_C = (2.0, 22.0)

#: How far the mean temperature may be from 28 - .0072 latitude^2 - .006 elevation [degC], a curve
#: through the same series, which lie within -6.8 and +7.2: degF taken for degC is beyond, and degC
#: converted as if it were degF.
FROM_LATITUDE_C = 13.0

#: Mean wind at the modules [m/s]: 1.2 to 5.6 in the same series; km/h taken for m/s is beyond.
WINDY_M_S = 10.0

#: Fraction of daylight steps above a physically possible limit [1]: up to .0007 in files in order,
#: near sunrise, where the hour's middle stands ill for the hour.
PHYSICAL_FRACTION = 0.001

#: How far from the sun the light may run [min]. By closure: a quarter of an hour is a half-hourly
#: file thinned wrongly, the rest are 0 or 1. By clear days: mornings and afternoons that are
#: unlike, as by mountains, move it by up to 6, and a quarter of an hour shows in closure first.
CLOSURE_SHIFT_MIN, CENTROID_SHIFT_MIN = 8.0, 15.0

#: Closure tells the clock only if, at the best shift, no more than this fraction of the beam is
#: left over; half an hour costs about .1.
CLOSES = 0.08

#: How much the beam that does not close must change over the shifts, as a fraction of all beam.
SWINGS = 0.05

#: How the clock is known, best first.
METHODS = ("closure", "clear days")

#: How the names of the measures begin that a wrong clock spoils.
FOLLOWS = ("closure,", "light after the sun, by clear days", "light at night", "energy above")

#: Shifts that are tried [min].
SHIFTS_MIN = np.arange(-90.0, 90.5, 1.0)

#: How far the sun's noon may be from 12:00 local standard time [h]; western China has 3.1.
NOON_H = 3.2

#: Beam (DNI cos Z) as a fraction of GHI: .39 (Dublin) to .78 (Cape Town) in all files.
BEAM_FRACTION = (0.15, 0.9)

#: How far one month's GHI may be from its normal, as a multiple of what clouds take away on average
#: (1 - normal / clear sky): three standard deviations at Clearlake CA, 18 years. And at least.
MONTH_CLOUDS, MONTH_LEAST = 1.8, 0.2

#: The same for temperature [K]: April 2013 in Minnesota is 7.1 below, June 2018 in Fort Collins
#: 6.1 above TMY3.
MONTH_WARMER_C = 8.0

#: How far one year may be from its normals: NSRDB's years are up to .10 and 2.3 K above TMY3.
YEAR_FRACTION, YEAR_WARMER_C = 0.15, 3.0

#: The mean of n years is allowed 1 / sqrt(n) of that, but no less than how far normals of
#: different makers are from each other: fraction of GHI, K.
NORMALS_DIFFER, NORMALS_DIFFER_C = 0.1, 2.0

#: Coefficient of variation of yearly GHI: .01 to .04 in real series.
YEARS_SPREAD = 0.08

#: Lengths of the low-irradiance periods [days].
LOW_IRRADIANCE_DAYS = (1, 3, 5, 7)

#: A clear-sky index means little on days that are nearly dark even when clear [kWh/m2].
DARK_DAY_KWH_M2 = 0.5

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class _Measure:
    name: str
    value: float
    unit: str
    bad: bool | None = None  # None: not judged
    warning: str = ""


@dataclass(frozen=True)
class _Light:
    """Light and sun, one value a step."""

    ghi: Array  # W/m2, as the next two
    dni: Array
    dhi: Array
    clear: Array  # clear-sky GHI
    extra: Array  # normal to the sun, outside the atmosphere
    sine: Array  # of the sun's height
    hour_angle: Array  # radians from the sun's noon
    declination: Array  # radians


@dataclass(frozen=True, eq=False)
class QualityCheck(Result):
    """What a weather series is worth.

    Parameters
    ----------
    source, years, first_year, last_year, typical
        As of the `Weather`.
    normals_source
        Where the normals come from; empty without any.
    shift_minutes
        How much later the light comes than the sun [min]; negative when it is early.
    shift_method
        How that was found: `closure` or `clear days`.
    frame
        One row a measure: `value`, `unit`, `verdict` ('good', 'suspicious' or 'not judged').
    monthly
        Twelve rows: `ghi_kwh_m2_day`, `clear_kwh_m2_day`, `temp_air_c`, and against the normals
        (NaN without any) `normal_ghi_kwh_m2_day`, `ghi_ratio`, `normal_temp_air_c`,
        `temp_air_difference_c`.
    low-irradiance periods
        By length in `days`: the window of whole local days with the least light, its mean
        `ghi_kwh_m2_day`, `first_day`, `last_day`, its `clear_sky_fraction` and
        `normal_fraction`; and the window with the least light for its season, by
        `lowest_clear_sky_fraction`, `lowest_first_day`, `lowest_last_day`.
    daily
        One row a local day: `ghi_kwh_m2`, `clear_kwh_m2`, `clear_sky_fraction` (NaN on dark days).
    clear_sky_w_m2
        Clear-sky GHI, one value a step.
    warnings
        A sentence for everything suspicious.
    """

    source: str
    years: int
    first_year: int
    last_year: int
    typical: bool
    normals_source: str
    shift_minutes: float
    shift_method: str
    frame: pd.DataFrame
    monthly: pd.DataFrame
    low_irradiance_periods: pd.DataFrame
    daily: pd.DataFrame
    clear_sky_w_m2: Array
    warnings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Whether the series can be used: `good`, or `usable with notes`; others are refused."""
        return "usable with notes" if self.warnings else "good"

    def _record(self) -> dict[str, Any]:
        """The quality check as plain data: what `--json` prints."""
        periods = self.low_irradiance_periods.apply(
            lambda column: column.dt.date if column.dtype.kind == "M" else column
        )
        return {
            "source": self.source,
            "years": self.years,
            "first_year": self.first_year,
            "last_year": self.last_year,
            "typical": self.typical,
            "normals_source": self.normals_source,
            "shift_minutes": self.shift_minutes,
            "shift_method": self.shift_method,
            "verdict": self.verdict,
            "measures": self.frame.reset_index().to_dict(orient="records"),
            "monthly": self.monthly.reset_index().to_dict(orient="records"),
            "low_irradiance_periods": periods.reset_index().to_dict(orient="records"),
            "warnings": list(self.warnings),
        }

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{html.escape(text)}</li>" for text in self.warnings)
        tables = "".join(
            table.to_html(na_rep="", float_format="{:.4g}".format)
            for table in (self.frame, self.monthly, self.low_irradiance_periods)
        )
        return f"<p>{html.escape(self.source)}</p><ul>{said}</ul>{tables}"


def check_quality(
    weather: Weather,
    *,
    normals_ghi_kwh_m2_day: Sequence[float] | None = None,
    normals_temp_air_c: Sequence[float] | None = None,
    normals_source: str = "",
) -> QualityCheck:
    """How good a weather series is, measure by measure.

    Parameters
    ----------
    weather
        The series.
    normals_ghi_kwh_m2_day, normals_temp_air_c
        Twelve monthly means of the place, January first.
    normals_source
        Where they come from.

    Raises
    ------
    InputError
        When the normals are not twelve numbers.
    """
    normal_ghi = _twelve(normals_ghi_kwh_m2_day, "normals_ghi_kwh_m2_day")
    normal_temp = _twelve(normals_temp_air_c, "normals_temp_air_c")
    light = _light(weather)
    daily = _daily(weather, light)
    monthly = _monthly(weather, daily, normal_ghi, normal_temp)
    low_irradiance_periods = _low_irradiance_periods(daily, normal_ghi)
    measures = [
        _Measure("whole years without a gap", weather.years, "years", False),
        *_closure(light),
        *_clock(weather, light),
        *_night(weather, light),
        *_excess(light),
        *_physical(light),
        *_against_normals(weather, monthly),
        *_between_years(weather),
        _Measure("mean GHI", weather.ghi_kwh_m2_day, "kWh/m2/day"),
        *(
            _Measure("darkest day" if days == 1 else f"darkest {days} days", level, "kWh/m2/day")
            for days, level in zip(
                LOW_IRRADIANCE_DAYS, low_irradiance_periods["ghi_kwh_m2_day"], strict=True
            )
        ),
        *_clearest(daily),
        *_air(weather),
    ]
    by = {measure.name: measure for measure in measures}
    shifts = {method: by[f"light after the sun, by {method}"] for method in METHODS}
    method = next((m for m in METHODS if math.isfinite(shifts[m].value)), METHODS[-1])
    found_bad = {measure.name: measure.warning for measure in measures if measure.bad}
    if shifts["closure"].bad:
        # One fault, named once: all that leans on the sun's place follows from a wrong clock. The
        # frame has them all, and the sentence on the clock the closure that is left.
        found_bad = {name: text for name, text in found_bad.items() if not name.startswith(FOLLOWS)}
    refused = checks.sun_problems(
        weather.frame, weather.place.latitude_deg, weather.place.longitude_deg, weather.step_h
    )
    verdict = {None: "not judged", True: "suspicious", False: "good"}
    return QualityCheck(
        source=weather.source,
        years=weather.years,
        first_year=weather.first_year,
        last_year=weather.last_year,
        typical=weather.typical,
        normals_source=normals_source,
        shift_minutes=shifts[method].value,
        shift_method=method,
        frame=pd.DataFrame(
            {
                "value": [float(measure.value) for measure in measures],
                "unit": [measure.unit for measure in measures],
                "verdict": [verdict[measure.bad] for measure in measures],
            },
            index=pd.Index(list(by), name="measure"),
        ),
        monthly=monthly,
        low_irradiance_periods=low_irradiance_periods,
        daily=daily,
        clear_sky_w_m2=light.clear,
        warnings=(*refused, *found_bad.values()),
    )


def _light(weather: Weather) -> _Light:
    from pvlib import solarposition

    middle = weather.middle
    sky = clear_sky(middle, weather.place)
    day = np.asarray(middle.day_of_year, dtype=float)
    minutes = np.asarray(solarposition.equation_of_time_spencer71(day), dtype=float)
    hour_angle = solarposition.hour_angle(middle, weather.place.longitude_deg, minutes)
    ghi, dni, dhi = (weather.frame[name].to_numpy(dtype=float) for name in ("ghi", "dni", "dhi"))
    return _Light(
        ghi=ghi,
        dni=dni,
        dhi=dhi,
        clear=sky.clear_w_m2,
        extra=sky.extra_w_m2,
        sine=sky.sine,
        hour_angle=np.radians(np.asarray(hour_angle, dtype=float)),
        declination=np.asarray(solarposition.declination_spencer71(day), dtype=float),
    )


def _closure(light: _Light) -> list[_Measure]:
    up = light.sine > math.sin(math.radians(CLOSURE_SUN_DEG))
    level = max(float(light.ghi[up].mean()), 1e-9) if up.any() else math.inf
    left = np.abs(light.ghi - light.dhi - light.dni * light.sine)[up] / level
    mean, high = (float(left.mean()), float(np.quantile(left, 0.99))) if up.any() else (0.0, 0.0)
    beam = float((light.dni * light.sine)[up].sum() / max(light.ghi[up].sum(), 1e-9))
    low, top = BEAM_FRACTION
    return [
        _Measure(
            "closure, mean",
            mean,
            "of mean GHI",
            mean > CLOSURE_MEAN,
            f"GHI and DHI + DNI cos Z differ by {mean:.1%} of the GHI on average (more than "
            f"{CLOSURE_MEAN:.0%}); one of the three, or the clock, is wrong",
        ),
        _Measure(
            "closure, 99th percentile",
            high,
            "of mean GHI",
            high > CLOSURE_P99,
            f"GHI and DHI + DNI cos Z differ by {high:.0%} of the mean GHI and more in one step of "
            f"100 (more than {CLOSURE_P99:.0%})",
        ),
        _Measure(
            "beam",
            beam,
            "of GHI",
            not low <= beam <= top,
            f"the beam is {beam:.0%} of the GHI (outside {low:.0%} to {top:.0%}); are DNI and DHI "
            "real?",
        ),
    ]


def _night(weather: Weather, light: _Light) -> list[_Measure]:
    # The sun's height at the end of the step that is nearer to noon, as checks.py has it.
    half = math.radians(7.5 * weather.step_h)
    down = _sine(weather, light, toward_noon=half) < math.sin(math.radians(-1.0))
    fraction = float(light.ghi[down].sum() / max(light.ghi.sum(), 1e-9))
    return [
        _Measure(
            "light at night",
            fraction,
            "of GHI",
            fraction > NIGHT_FRACTION,
            f"{fraction:.2%} of the GHI falls while the sun is down, over {NIGHT_FRACTION:.1%}; "
            "check the clock and the sensor's zero",
        )
    ]


def _sine(
    weather: Weather, light: _Light, *, toward_noon: float = 0.0, later: float = 0.0
) -> Array:
    """Sine of the sun's height with its hour angle moved by so many radians."""
    latitude = math.radians(weather.place.latitude_deg)
    angle = (light.hour_angle - later + math.pi) % (2 * math.pi) - math.pi
    angle = np.maximum(np.abs(angle) - toward_noon, 0.0)
    return np.asarray(
        math.sin(latitude) * np.sin(light.declination)
        + math.cos(latitude) * np.cos(light.declination) * np.cos(angle)
    )


def _excess(light: _Light) -> list[_Measure]:
    high = light.sine > math.sin(math.radians(HIGH_SUN_DEG))
    ghi, clear = light.ghi[high], light.clear[high]
    found = []
    for times, limit in EXCESS_ENERGY.items():
        steps = float((ghi > times * clear).mean()) if high.any() else 0.0
        energy = float(np.maximum(ghi - times * clear, 0.0).sum() / max(ghi.sum(), 1e-9))
        found += [
            _Measure(f"steps above {times:g} x clear sky", steps, "of high-sun steps"),
            _Measure(
                f"energy above {times:g} x clear sky",
                energy,
                "of high-sun GHI",
                energy > limit,
                f"{energy:.2%} of the high-sun GHI lies above {times:g} times the clear sky (more "
                f"than {limit:.1%}), in {steps:.1%} of the steps; too bright, or the elevation is "
                "wrong",
            ),
        ]
    return found


def _physical(light: _Light) -> list[_Measure]:
    """Steps above what is physically possible [1]: GHI, DNI."""
    sine = np.maximum(light.sine, 0.0)
    limits = {
        "GHI": (light.ghi, 1.5 * light.extra * sine**1.2 + 100.0),
        "DNI": (light.dni, light.extra),
    }
    up = light.sine > 0
    found = []
    for name, (values, limit) in limits.items():
        fraction = float((values > limit)[up].mean()) if up.any() else 0.0
        found.append(
            _Measure(
                f"{name} above the physical limit",
                fraction,
                "of daylight steps",
                fraction > PHYSICAL_FRACTION,
                f"{name} is beyond what is physically possible in {fraction:.2%} of the daylight "
                f"steps (more than {PHYSICAL_FRACTION:.1%})",
            )
        )
    return found


def _clearest(daily: pd.DataFrame) -> list[_Measure]:
    """Whether the clearest days reach the clear sky: light too weak is in another unit."""
    days = daily["clear_sky_fraction"].dropna()
    reached = float(days.quantile(0.98)) if len(days) > 60 else math.nan
    return [
        _Measure(
            "clearest days",
            reached,
            "of the clear sky",
            reached < CLEAREST if math.isfinite(reached) else None,
            f"the clearest days reach {reached:.0%} of the clear sky (less than {CLEAREST:.0%}); "
            "is the light in another unit, a sum over the step, or of another place?",
        )
    ]


def _air(weather: Weather) -> list[_Measure]:
    """Temperature and wind: their size, and whether they move."""
    temp, wind = weather.frame["temp_air"], weather.frame["wind_speed"].to_numpy(dtype=float)
    day = weather.local_middle.normalize()
    swing = float(temp.groupby(day).agg(np.ptp).mean())
    place = weather.place
    expected = 28.0 - 0.0072 * place.latitude_deg**2 - 0.006 * place.elevation_m
    apart = weather.temp_air_c - expected
    low, high = DAILY_RANGE_C
    given = not np.allclose(wind, WIND_M_S)  # what stands for no wind is no reading
    mean, still = float(wind.mean()), bool(np.ptp(wind) < 0.05)
    blows = "is constant" if still else f"is high (more than {WINDY_M_S:g})"
    return [
        _Measure(
            "daily range of temperature",
            swing,
            "K",
            not low <= swing <= high,
            f"temperature moves by {swing:.1f} K a day on average (outside {low:g} to {high:g}); "
            "is it constant, in tenths of a degree, or another column?",
        ),
        _Measure(
            "mean temperature against latitude",
            apart,
            "K",
            abs(apart) > FROM_LATITUDE_C,
            f"the mean temperature of {weather.temp_air_c:.1f} degC is {apart:+.0f} K from what "
            f"the latitude gives (more than {FROM_LATITUDE_C:g}); is it degF or K, converted "
            "twice, or of another place?",
        ),
        _Measure(
            "mean wind",
            mean,
            "m/s",
            (mean > WINDY_M_S or still) if given else None,
            f"the wind, {mean:.1f} m/s on average, {blows}; is it in km/h, or another column?",
        ),
    ]


def _closure_shift(weather: Weather, light: _Light) -> tuple[float, float]:
    """How much later than the sun the light comes [min], by closure; and what does not close.

    The shift of the sun at which DNI best tells GHI - DHI, and the fraction of the beam that is
    left over there; no number where too much is left.
    """
    beam = light.ghi - light.dhi
    use = (light.dni > 50.0) | (beam > 50.0)  # W/m2; of the rest the step's sun says little
    if not use.any():
        return math.nan, math.nan
    some = _Light(*(getattr(light, name)[use] for name in light.__dataclass_fields__))
    left = [
        np.abs(
            beam[use]
            - some.dni * np.maximum(_sine(weather, some, later=math.radians(shift / 4)), 0.0)
        ).sum()
        for shift in SHIFTS_MIN
    ]
    if max(left) - min(left) < SWINGS * beam[use].sum():
        return math.nan, math.nan  # near a pole the sun's height says nothing of the hour
    best = int(np.argmin(left))
    fraction = float(left[best] / max(beam[use].sum(), 1e-9))
    return (float(SHIFTS_MIN[best]) if 0 <= fraction < CLOSES else math.nan), fraction


def _centroid_shift(weather: Weather, light: _Light) -> float:
    """The same by the middle of the light against the clear sky's, median of the clearest tenth."""
    day = pd.factorize(weather.local_middle.normalize())[0]
    turn = np.exp(1j * light.hour_angle)
    got, clear = (
        np.bincount(day, values * turn.real) + 1j * np.bincount(day, values * turn.imag)
        for values in (light.ghi, light.clear)
    )
    sums, clear_sums = (np.bincount(day, values) for values in (light.ghi, light.clear))
    bright = clear_sums * weather.step_h > 1000 * DARK_DAY_KWH_M2
    if not (bright & (sums > 0)).any():
        return math.nan
    index = np.divide(sums, clear_sums, out=np.zeros_like(sums), where=bright)
    clearest = index >= np.quantile(index[bright], 0.9)
    return float(np.median(np.degrees(np.angle(got * np.conj(clear)))[clearest]) * 4)


def _clock(weather: Weather, light: _Light) -> list[_Measure]:
    by_closure, left = _closure_shift(weather, light)
    shifts = {
        "closure": (by_closure, CLOSURE_SHIFT_MIN),
        "clear days": (_centroid_shift(weather, light), CENTROID_SHIFT_MIN),
    }
    rest = {"closure": f"; so moved, {left:.1%} of the beam does not close", "clear days": ""}
    found = [
        _Measure(
            f"light after the sun, by {method}",
            shift,
            "min",
            abs(shift) > limit if math.isfinite(shift) else None,
            f"the light runs {abs(shift):.0f} min {'behind' if shift > 0 else 'ahead of'} the sun "
            f"by {method} (more than {limit:g}){rest[method]}; check the time zone and whether "
            "times are the start, the middle or the end of a step, then check again",
        )
        for method, (shift, limit) in shifts.items()
    ]
    noon_h = (12.0 + weather.utc_offset_h - weather.place.longitude_deg / 15) % 24
    return [
        *found,
        _Measure(
            "the sun's mean noon",
            noon_h,
            "h local standard time",
            abs(noon_h - 12) > NOON_H,
            f"the sun's noon is at {noon_h:.1f} h local standard time (more than {NOON_H:g} h from "
            f"12); if UTC{weather.utc_offset_h:+g} is not the place's zone, days are cut at the "
            "wrong hour",
        ),
    ]


def _daily(weather: Weather, light: _Light) -> pd.DataFrame:
    per_step = pd.DataFrame(
        {"ghi_kwh_m2": light.ghi, "clear_kwh_m2": light.clear}, index=weather.local_middle
    )
    daily = per_step.groupby(weather.local_middle.normalize()).sum() * weather.step_h / 1000
    daily.index.name = "day"
    bright = daily["clear_kwh_m2"] > DARK_DAY_KWH_M2
    daily["clear_sky_fraction"] = (daily["ghi_kwh_m2"] / daily["clear_kwh_m2"]).where(bright)
    return daily


def _monthly(
    weather: Weather, daily: pd.DataFrame, normal_ghi: Array, normal_temp: Array
) -> pd.DataFrame:
    means = weather.monthly()
    month = np.asarray(pd.DatetimeIndex(daily.index).month)
    frame = pd.DataFrame(
        {
            "ghi_kwh_m2_day": means["ghi_kwh_m2_day"],
            "clear_kwh_m2_day": daily["clear_kwh_m2"].groupby(month).mean(),
            "temp_air_c": means["temp_air_c"],
            "normal_ghi_kwh_m2_day": normal_ghi,
            "ghi_ratio": means["ghi_kwh_m2_day"] / np.where(normal_ghi > 0, normal_ghi, np.nan),
            "normal_temp_air_c": normal_temp,
            "temp_air_difference_c": means["temp_air_c"] - normal_temp,
        }
    )
    return frame.rename_axis("month")


def _against_normals(weather: Weather, monthly: pd.DataFrame) -> list[_Measure]:
    root = math.sqrt(weather.years)  # a typical year is one draw, chosen near the middle
    ghi, clear, normal, warmer_c = (
        monthly[name].to_numpy(dtype=float)
        for name in (
            "ghi_kwh_m2_day",
            "clear_kwh_m2_day",
            "normal_ghi_kwh_m2_day",
            "temp_air_difference_c",
        )
    )
    fraction = monthly["ghi_ratio"].to_numpy(dtype=float) - 1
    clouds = MONTH_CLOUDS * (1 - normal / np.maximum(clear, 1e-9))
    share_limit = np.maximum(np.maximum(clouds, MONTH_LEAST) / root, NORMALS_DIFFER)
    warmer_limit = np.full(12, max(MONTH_WARMER_C / root, NORMALS_DIFFER_C))
    days = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    year_share = float(ghi @ days / (normal @ days) - 1)
    year_warmer_c = float(warmer_c @ days / days.sum())
    year_limit = max(YEAR_FRACTION / root, NORMALS_DIFFER)
    year_limit_c = max(YEAR_WARMER_C / root, NORMALS_DIFFER_C)
    return [
        _oddest_month("GHI", fraction, share_limit, "of the normal", "+.0%"),
        _oddest_month("temperature", warmer_c, warmer_limit, "K", "+.1f"),
        _year("GHI", year_share, year_limit, "of the normal", "+.1%"),
        _year("temperature", year_warmer_c, year_limit_c, "K", "+.1f"),
    ]


def _oddest_month(what: str, values: Array, limits: Array, unit: str, form: str) -> _Measure:
    """The month that is furthest from its normal, as a multiple of what is allowed."""
    name = f"{what} of the oddest month from its normal"
    beyond = np.abs(values) / limits
    if np.isnan(beyond).all():
        return _Measure(name, math.nan, unit)
    found_bad = ", ".join(
        f"{MONTHS[at]} {values[at]:{form}} (allowed {limits[at]:{form}})"
        for at in np.flatnonzero(beyond > 1).tolist()
    )
    return _Measure(
        name,
        float(values[int(np.nanargmax(beyond))]),
        unit,
        bool(found_bad),
        f"monthly {what} [{unit}] is far from the normals: {found_bad}",
    )


def _year(what: str, value: float, limit: float, unit: str, form: str) -> _Measure:
    return _Measure(
        f"{what} of the year from its normal",
        value,
        unit,
        abs(value) > limit if math.isfinite(value) else None,
        f"the year's {what} is {value:{form}} {unit} from the normals (allowed {limit:{form}})",
    )


def _between_years(weather: Weather) -> list[_Measure]:
    yearly = weather.frame["ghi"].groupby(np.asarray(weather.local_middle.year)).mean()
    spread = float(yearly.std() / yearly.mean()) if len(yearly) > 1 else math.nan
    return [
        _Measure(
            "year-to-year variation of GHI",
            spread,
            "of the mean",
            spread > YEARS_SPREAD if math.isfinite(spread) else None,
            f"yearly GHI varies by {spread:.1%} (more than {YEARS_SPREAD:.0%}): from "
            f"{yearly.min() * 0.024:.2f} in {yearly.idxmin()} to {yearly.max() * 0.024:.2f} "
            f"kWh/m2/day in {yearly.idxmax()}; are the years of one place and one kind?",
        )
    ]


def _low_irradiance_periods(daily: pd.DataFrame, normal_ghi: Array) -> pd.DataFrame:
    days = pd.DatetimeIndex(daily.index)
    # A window may step over a 29 February that is left out, not over years that are.
    gap = np.diff(days.to_numpy()) > np.timedelta64(1, "D")
    gap &= ~((days[:-1].month == 2) & (days[:-1].day == 28) & (days[1:].month == 3))
    run = np.concatenate([[0], np.cumsum(gap)])
    sums = daily[["ghi_kwh_m2", "clear_kwh_m2"]].assign(normal=normal_ghi[days.month - 1])
    rows = []
    for length in LOW_IRRADIANCE_DAYS:
        means = sums.groupby(run).rolling(length).mean().droplevel(0)
        bright = means["clear_kwh_m2"] > DARK_DAY_KWH_M2
        fraction = (means["ghi_kwh_m2"] / means["clear_kwh_m2"]).where(bright)
        normal = means["ghi_kwh_m2"] / means["normal"].where(means["normal"] > 0)
        dark = int(np.nanargmin(means["ghi_kwh_m2"].to_numpy()))
        odd = int(np.nanargmin(fraction.to_numpy())) if fraction.notna().any() else dark
        rows.append(
            {
                "days": length,
                "ghi_kwh_m2_day": float(means["ghi_kwh_m2"].iloc[dark]),
                "first_day": days[dark - length + 1],
                "last_day": days[dark],
                "clear_sky_fraction": float(fraction.iloc[dark]),
                "normal_fraction": float(normal.iloc[dark]),
                "lowest_clear_sky_fraction": float(fraction.iloc[odd]),
                "lowest_first_day": days[odd - length + 1],
                "lowest_last_day": days[odd],
            }
        )
    return pd.DataFrame(rows).set_index("days")


def _twelve(values: Sequence[float] | None, name: str) -> Array:
    if values is None:
        return np.full(12, np.nan)
    twelve = np.asarray(values, dtype=float)
    if twelve.shape != (12,) or not np.isfinite(twelve).all():
        raise InputError(f"{name}: give twelve numbers, January first; got {list(values)}")
    return twelve
