"""Made-up hours for any place on land, without a network: a first look, never a bankable year.

In: coordinates, optionally normals; how bright the days of each month are, from the package
gsee-climate-data. Out: a synthetic `Weather` that says so.

How a series is made:

1. A number between 0 and 1 is drawn for each day, leaning on the day before (`persistence`).
2. The month's distribution of daily light in the place's 3 deg cell (MERRA-2 2011-2015 [1])
   turns it into a fraction of the light outside the atmosphere, and that into the day's light at
   the place's own latitude, never above `CEILING` times the clear day's.
3. The clear sky (Ineichen and Perez, Linke turbidity: pvlib) gives the day its shape, passing
   clouds move light between its hours (`_clouds`); `components.complete` splits it into beam and
   diffuse and adds the wind.
4. Temperature: monthly means, given or of `zonal_temp_air_c`, and a daily swing that is larger on
   clear days: Hargreaves and Samani's formula for the light, turned round [2].

References
----------
[1] Gelaro et al., J. Climate 30 (2017) 5419-5454; as histograms: Pfenninger and Staffell,
    Energy 114 (2016) 1251-1265. The grid's values are means around whole multiples of 3 deg.
[2] Allen et al., FAO Irrigation and Drainage Paper 56 (1998), eq. 50 (k = .16, inland) and, for
    the light outside the atmosphere, eq. 21.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from energy.errors import InputError, WeatherError
from energy.steps import Array
from energy.weather.clearsky import clear_sky
from energy.weather.decomposition import complete
from energy.weather.series import Place, Provenance, Weather

#: Most light of a day in fractions of the clear day's: the 99th percentile is 1.10 (median of 32
#: series of NSRDB, TMYx and pyranometers; .98 to 1.18), as air is often cleaner than its mean.
CEILING = 1.10

#: The year that the first of the synthetic years is written into.
FIRST_YEAR = 2001

#: kRs of Hargreaves and Samani inland [K^-.5]; .19 on coasts.
SWING = 0.16

#: Day of the year when the north is warmest: median of 882 TMY3 stations, July 19th.
WARMEST_DAY = 200.0


@dataclass(frozen=True)
class _Cell:
    """The cell a place lies in: daily means of irradiance [W/m2] and their probability."""

    latitude_deg: float
    longitude_deg: float
    light_w_m2: Array  # (12, 128)
    below: Array  # (12, 128): fraction of the days that are darker


def synthesize(
    latitude_deg: float,
    longitude_deg: float,
    *,
    elevation_m: float | None = None,
    years: int = 1,
    seed: int = 0,
    normals_ghi_kwh_m2_day: Sequence[float] | None = None,
    normals_temp_air_c: Sequence[float] | None = None,
    normals_source: str = "",
) -> Weather:
    """Hourly weather made up for a place on land, for a first look where there is no file.

    Its error without normals: annual GHI is 10 % too high on average at 159 TMY3 stations of the US
    (rms 11 %; 90 % of them +1 to +19 %; months rms 19 %), -1 to +9 % at Riyadh, Sydney, Cape Town
    and Frankfurt, -10 % at Lulea, +23 % at London, -18 % at Singapore, and +25 to +54 % at
    Stockholm, Amsterdam and Dublin against the year 2019. With normals the months are exact. Either
    way the hours are made up: the dullest three days and week of a year come out near the real
    ones (3 days: median .53 against .63 kWh/m2/day at Clearlake CA, .96 and .83 at Fort Collins
    CO), but years differ too little (2 % against 3.5 % at Clearlake), and DNI is 15 to 30 % low:
    with normals a tracker's year has 4 to 5 % less energy than by the shipped El Paso, Wyoming and
    Greensboro; without, -2 to +8 %.

    The same seed draws the same ranks at every place: a comparison of places is not blurred by
    chance, and cannot show that weather differs between them on a day. More years begin with the
    same light as fewer (before normals scale it).

    Parameters
    ----------
    latitude_deg, longitude_deg
        The place; north and east positive.
    elevation_m
        Its height; without it pvlib's map is read, which may be 100 m off.
    years, seed
        How many years are drawn, and where the draw begins.
    normals_ghi_kwh_m2_day, normals_temp_air_c
        Twelve monthly means, January first, which the chain of years is made to have.
    normals_source
        Where the normals are from.

    Raises
    ------
    InputError
        When gsee-climate-data is not installed, or an argument is out of bounds: all are reported.
    WeatherError
        Where the package has no data (sea, poles), with the nearest cell that has; and when a
        normal is brighter than the clear sky.
    """
    problems = _bounds(latitude_deg, longitude_deg, elevation_m, years)
    normals = (
        ("normals_ghi_kwh_m2_day", normals_ghi_kwh_m2_day, 0.0, 12.0),
        ("normals_temp_air_c", normals_temp_air_c, -60.0, 50.0),
    )
    for name, given, low, high in normals:
        if given is not None and not (
            len(given) == 12 and all(low <= value <= high for value in given)
        ):
            problems.append(f"{name} must be 12 numbers within {low:g}..{high:g}; got {given!r}")
    if problems:
        raise InputError(problems)
    from pvlib import location

    cell = _cell(latitude_deg, longitude_deg)
    height_m = elevation_m
    if height_m is None:
        height_m = float(location.lookup_altitude(latitude_deg, longitude_deg))
    place = Place(latitude_deg, longitude_deg, height_m)
    offset_h = float(round(longitude_deg / 15.0))
    local = pd.date_range(
        f"{FIRST_YEAR}-01-01", f"{FIRST_YEAR + years}-01-01", freq="h", inclusive="left"
    )
    index = (local - pd.Timedelta(hours=offset_h)).tz_localize("UTC").rename("start")
    clear_w_m2 = _clear_w_m2(
        index + pd.Timedelta(minutes=30), latitude_deg, longitude_deg, height_m
    ).reshape(-1, 24)
    days = pd.DatetimeIndex(local[::24])
    clear_day = clear_w_m2.mean(axis=1)
    ghi = _daily_light(cell, days, latitude_deg, clear_day, seed, normals_ghi_kwh_m2_day)
    fraction = np.divide(ghi, clear_day, out=np.zeros_like(ghi), where=clear_day > 0)
    monthly = (
        zonal_temp_air_c(latitude_deg, height_m)
        if normals_temp_air_c is None
        else np.asarray(normals_temp_air_c, dtype=float)
    )
    frame = pd.DataFrame(
        {
            "ghi": _clouds(clear_w_m2, fraction, seed).ravel(),
            "temp_air": _temperature(monthly, days, ghi, latitude_deg, longitude_deg, offset_h),
        },
        index=index,
    )
    frame, notes = complete(frame, place, 1.0)
    provenance = Provenance(
        f"synthetic: days drawn (seed {seed}) from MERRA-2 2011-2015 "
        f"at {cell.latitude_deg:g}, {cell.longitude_deg:g}",
        2011,
        2015,
        typical=True,
        synthetic=True,
        warnings=(
            *_warnings(
                normals_ghi_kwh_m2_day is not None,
                normals_temp_air_c is not None,
                normals_source,
                elevation_m,
                height_m,
            ),
            notes[-1].replace("the file has", "the synthetic series has"),  # the wind's
        ),
    )
    return Weather(frame, place, offset_h, provenance)


def _clear_w_m2(
    middle: pd.DatetimeIndex, latitude_deg: float, longitude_deg: float, elevation_m: float
) -> Array:
    """GHI of the clear sky, so that its ceiling stays below the light outside the atmosphere."""
    sky = clear_sky(middle, Place(latitude_deg, longitude_deg, elevation_m))
    clear, outside = sky.clear_w_m2, sky.extra_w_m2 * sky.sine
    # Above 5,000 m the model comes near it.
    return np.asarray(np.clip(clear, 0.0, np.maximum(outside, 0.0) / CEILING), dtype=float)


def _warnings(
    ghi_given: bool, temp_given: bool, source: str, elevation_m: float | None, height_m: float
) -> list[str]:
    normals = source or "the normals that were given"
    found = [
        "the weather is synthetic: drawn day by day from a distribution, not measured; use it for "
        "a first look and get a weather file before deciding",
        f"GHI is scaled to {normals}"
        if ghi_given
        else "GHI is MERRA-2's mean of a 3 deg cell, not corrected: some 10 % too high in the US "
        "(rms 11 %), -18 to +54 % elsewhere; GHI normals of the place remove this",
        "beam light is 15 to 30 % too low (a tracker's energy 4 to 5 %, where GHI is right), and "
        "years differ from each other less than real ones",
        f"air temperature is shifted to {normals}"
        if temp_given
        else "air temperature is a guess from latitude and height: months are off by 3.4 K (rms) "
        "in the US, by 4 to 8 K elsewhere, most on western coasts and in deserts",
    ]
    if elevation_m is None:
        found.append(f"elevation {height_m:.0f} m is from a coarse map that may be 100 m off")
    return found


def _bounds(
    latitude_deg: float, longitude_deg: float, elevation_m: float | None, years: int
) -> list[str]:
    """What is out of bounds, in words."""
    checks = (
        ("latitude_deg", latitude_deg, -90.0, 90.0),
        ("longitude_deg", longitude_deg, -180.0, 180.0),
        ("elevation_m", 0.0 if elevation_m is None else elevation_m, -450.0, 6000.0),
        ("years", years, 1, 100),
    )
    return [
        f"{name} must lie within {low:g}..{high:g}; got {value!r}"
        for name, value, low, high in checks
        if not low <= value <= high
    ]


@cache
def _histograms() -> tuple[Array, Array, Array, Array]:
    """Latitudes, longitudes, daily means [W/m2] and their probability (lat, lon, month, bin)."""
    try:
        package = importlib.import_module("gsee_climate_data")
    except ImportError:
        raise InputError(
            "weather for any place needs the package gsee-climate-data; "
            "pip install 'sunrack[world]'"
        ) from None
    data = package.load()
    return data["lat"], data["lon"], data["xk"], np.nan_to_num(data["pk"])


def _cell(latitude_deg: float, longitude_deg: float) -> _Cell:
    """The cell whose middle is nearest, across the date line too."""
    latitudes, longitudes, light, fraction = _histograms()
    row = round((latitude_deg - latitudes[0]) / 3.0)
    column = round((longitude_deg - longitudes[0]) / 3.0) % len(longitudes)
    if not (0 <= row < len(latitudes) and fraction[row, column].any()):
        lat, lon = np.radians(latitudes)[:, None], np.radians(longitudes)[None, :]
        cosine = np.sin(lat) * math.sin(math.radians(latitude_deg)) + np.cos(lat) * math.cos(
            math.radians(latitude_deg)
        ) * np.cos(lon - math.radians(longitude_deg))
        cosine = np.where(fraction.any(axis=(2, 3)), cosine, -2.0)
        near = np.unravel_index(int(cosine.argmax()), cosine.shape)
        distance_km = 6371.0 * math.acos(min(1.0, float(cosine.max())))
        raise WeatherError(
            f"no land data at {latitude_deg:g}, {longitude_deg:g} (sea or polar); the nearest land "
            f"cell is {latitudes[near[0]]:g}, {longitudes[near[1]]:g}, {distance_km:,.0f} km away; "
            "give a place on land between 58.5 S and 73.5 N, or a weather file"
        )
    # The histograms are smoothed and so spill below zero.
    light_w_m2 = np.maximum(np.asarray(light[row, column], dtype=float), 0.0)
    total = np.asarray(fraction[row, column], dtype=float)
    # A month without the sun has no histogram: all its days are dark.
    below = np.cumsum(total, axis=1) - total / 2
    below /= np.maximum(total.sum(axis=1, keepdims=True), 1e-9)
    return _Cell(float(latitudes[row]), float(longitudes[column]), light_w_m2, below)


def persistence(days: pd.DatetimeIndex, latitude_deg: float) -> Array:
    """How much a day's rank leans on the day before: .47 in midwinter, .64 in midsummer.

    Correlation of normal scores of daily GHI within months at Clearlake CA (NSRDB 1998-2015):
    .40 to .70, here by its first harmonic; of the light itself .43 to .58. The south has its
    seasons half a year later.
    """
    warm = np.cos(2 * np.pi * (days.day_of_year.to_numpy() - _warmest(latitude_deg)) / 365.25)
    return np.asarray(0.555 + 0.08 * warm, dtype=float)


def _warmest(latitude_deg: float) -> float:
    return WARMEST_DAY if latitude_deg >= 0 else WARMEST_DAY - 365.25 / 2


def _daily_light(
    cell: _Cell,
    days: pd.DatetimeIndex,
    latitude_deg: float,
    clear_w_m2: Array,
    seed: int,
    normals_kwh_m2_day: Sequence[float] | None,
) -> Array:
    """Mean irradiance of each day [W/m2]: drawn, brought to the place, held below the ceiling."""
    from scipy import special

    lean = persistence(days, latitude_deg)
    fresh = np.random.default_rng(seed).standard_normal(len(days))
    score = fresh.copy()
    for at in range(1, len(days)):
        score[at] = lean[at] * score[at - 1] + math.sqrt(1 - lean[at] ** 2) * fresh[at]
    rank = special.ndtr(score)

    month = days.month.to_numpy() - 1
    year = pd.date_range(f"{FIRST_YEAR}-01-01", f"{FIRST_YEAR}-12-31")
    there = _extraterrestrial_w_m2(year, cell.latitude_deg)
    here = _extraterrestrial_w_m2(days, latitude_deg)
    drawn = np.zeros(len(days))
    for m in range(12):
        of = month == m
        light = np.interp(rank[of], cell.below[m], cell.light_w_m2[m])
        # Within a month the sun climbs or sinks: what is drawn is a fraction of the month's sun.
        drawn[of] = light * here[of] / max(there[year.month == m + 1].mean(), 1e-9)
    ceiling = CEILING * clear_w_m2
    drawn = np.minimum(drawn, ceiling)
    if normals_kwh_m2_day is None:
        return drawn
    return _to_normals(drawn, ceiling, month, np.asarray(normals_kwh_m2_day) * 1000 / 24)


def _to_normals(drawn: Array, ceiling: Array, month: np.ndarray, wanted_w_m2: Array) -> Array:
    """Days scaled to the months' wanted means; what the ceiling cuts off goes to other days.

    (A power instead of a factor would keep clear days clear, but makes dull weeks too dull: the
    dullest of a year .95 kWh/m2/day at Cheyenne, against 1.35 by a factor and 1.58 in TMY3.)
    """
    from scipy import optimize

    days = np.zeros(len(drawn))
    problems = []
    for m in range(12):
        of = month == m
        held, wanted = ceiling[of], float(wanted_w_m2[m])
        if wanted >= 0.999 * held.mean() and wanted > 0.05:
            problems.append(
                f"month {m + 1}: a normal GHI of {wanted * 0.024:.2f} kWh/m2/day is above the "
                f"clear sky's {held.mean() * 0.024:.2f}; check the normals and the place"
            )
        elif wanted > 0 and held.mean() > 0:
            # A cell whose month is all dark still has some light to scale.
            light = np.maximum(drawn[of], 1e-3 * held)

            def excess(log_scale: float, of: tuple[Array, Array, float]) -> float:
                light, held, wanted = of
                return float(np.minimum(light * math.exp(log_scale), held).mean()) - wanted

            scale = math.exp(optimize.brentq(excess, -20.0, 20.0, args=((light, held, wanted),)))
            days[of] = np.minimum(light * scale, held)
    if problems:
        raise WeatherError(problems)
    return days


def _clouds(clear_w_m2: Array, fraction: Array, seed: int) -> Array:
    """Hourly GHI (days, 24) whose sum each day is `fraction` of the clear day's.

    The hours' fractions vary about the day's by .20 sin(pi fraction / 1.15), half carried over to
    the next hour: medians of eight series of NSRDB, TMYx, TMY3 and a pyranometer (spread .07-.14 in
    dull days, .16-.28 at half light, .06-.26 in clear days; carried over .25-.9).
    """
    from scipy import signal

    fresh = np.random.default_rng([seed, 1]).standard_normal(clear_w_m2.size)
    lean = signal.lfilter([math.sqrt(1 - 0.5**2)], [1.0, -0.5], fresh).reshape(-1, 24)
    spread = 0.20 * np.sin(np.pi * np.minimum(fraction / 1.15, 1.0))
    light = clear_w_m2 * np.clip(fraction[:, None] + spread[:, None] * lean, 0.0, CEILING)
    wanted = fraction * clear_w_m2.sum(axis=1)
    got, most = light.sum(axis=1), CEILING * clear_w_m2.sum(axis=1)
    # Too bright a day is dimmed; too dull a one moved towards its ceiling.
    dim = np.divide(wanted, got, out=np.zeros_like(got), where=got > wanted)
    rise = np.divide(wanted - got, most - got, out=np.zeros_like(got), where=most > got)
    risen = light + rise[:, None] * (CEILING * clear_w_m2 - light)
    light = np.where((got > wanted)[:, None], light * dim[:, None], risen)
    return np.asarray(light, dtype=float)


def _extraterrestrial_w_m2(days: pd.DatetimeIndex, latitude_deg: float) -> Array:
    """Mean of the day outside the atmosphere on the horizontal plane (FAO-56, eq. 21)."""
    from pvlib import irradiance, solarposition

    day = days.day_of_year.to_numpy(dtype=float)
    declination = np.asarray(solarposition.declination_spencer71(day), dtype=float)
    latitude = math.radians(min(max(latitude_deg, -89.9), 89.9))
    sunset = np.arccos(np.clip(-math.tan(latitude) * np.tan(declination), -1.0, 1.0))
    normal = np.asarray(irradiance.get_extra_radiation(days), dtype=float)
    fraction = sunset * math.sin(latitude) * np.sin(declination)
    fraction = fraction + math.cos(latitude) * np.cos(declination) * np.sin(sunset)
    return np.asarray(np.maximum(normal * fraction / np.pi, 0.0), dtype=float)


def zonal_temp_air_c(latitude_deg: float, elevation_m: float) -> Array:
    """Twelve monthly means of air temperature [degC] by latitude and height alone.

    Mean 27.7 - 31.8 sin2(latitude) - 3.6 K/km, swing 18.5 sin|latitude| K about it: least squares
    over 882 TMY3 normals of the US and ten places elsewhere. It misses the year's mean by 2.5 K and
    the months by 3.4 K (rms) in the US; at eleven places elsewhere the year's mean by +0 to -3 K
    (Riyadh -7) and the months by .5 (Singapore) to 8 K (Dublin). Ocean and desert are not in it:
    winters of western Europe come out 8 to 14 K too cold, its summers 2 to 7 K too warm.
    """
    sine = math.sin(math.radians(latitude_deg))
    mean = 27.7 - 31.8 * sine**2 - 3.6 * elevation_m / 1000.0
    middle = (np.arange(12) + 0.5) * 365.25 / 12
    season = np.cos(2 * np.pi * (middle - _warmest(latitude_deg)) / 365.25)
    return np.asarray(mean + 18.5 * abs(sine) * season, dtype=np.float64)


def _temperature(
    monthly_c: Array,
    days: pd.DatetimeIndex,
    ghi_w_m2: Array,
    latitude_deg: float,
    longitude_deg: float,
    offset_h: float,
) -> Array:
    """Hourly air temperature [degC] with the wanted monthly means."""
    from scipy import interpolate

    month = days.month.to_numpy() - 1
    at = np.append(np.arange(12) + 0.5, 12.5)
    course = interpolate.CubicSpline(at, np.append(monthly_c, monthly_c[0]), bc_type="periodic")
    mean = course((days.day_of_year.to_numpy() - 0.5) * 12 / 365.25)
    extra = _extraterrestrial_w_m2(days, latitude_deg)
    clearness = np.divide(ghi_w_m2, extra, out=np.zeros(len(days)), where=extra > 1.0)
    swing = (clearness / SWING) ** 2
    # Warmest three hours after the sun's noon.
    noon = 12.0 + offset_h - longitude_deg / 15.0
    hour = np.cos(2 * np.pi * (np.arange(24) + 0.5 - noon - 3.0) / 24)
    temperature = mean[:, None] + swing[:, None] / 2 * hour[None, :]
    for m in range(12):
        temperature[month == m] += monthly_c[m] - temperature[month == m].mean()
    return np.asarray(temperature.ravel(), dtype=float)
