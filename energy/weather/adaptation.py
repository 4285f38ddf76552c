"""Real weather years of a neighbor, adapted to a town that has none.

In: a neighbor's `Weather` and the town's place and monthly normals. Out: the town's `Weather`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from energy.errors import WeatherError
from energy.steps import Array
from energy.weather.clearsky import clear_sky
from energy.weather.series import Place, Weather
from energy.weather.snowfall import without_snow

#: Below this sine of the sun's height a beam and diffuse light cannot be separated: all is diffuse.
LOW_SUN = 0.02


def adapt(
    weather: Weather,
    place: Place,
    *,
    ghi_kwh_m2_day: Array,
    temp_air_c: Array,
    source: str,
    warnings: tuple[str, ...] = (),
) -> Weather:
    """A neighbor's clouds under a town's sun, scaled to the town's normals.

    Kept: the clear-sky index of each step, the fraction of diffuse light, the temperature's
    departure from its monthly mean, and the wind. Taken from the town: the sun, the clear sky
    (Ineichen and Perez 2002, Linke turbidity of pvlib) and the monthly means of irradiance and
    temperature.

    Parameters
    ----------
    weather
        The neighbor's series.
    place
        The town.
    ghi_kwh_m2_day, temp_air_c
        Twelve monthly normals of the town, January first.
    source
        What the result calls itself; say whose clouds it holds.
    warnings
        What a reader of results should know.

    Returns
    -------
    Weather
        On the neighbor's times, with GHI = DHI + DNI cos(zenith) at every step and the normals'
        monthly means. No step is clearer, against the light outside the atmosphere, than the
        neighbor's clearest, in beam or in all.

    Raises
    ------
    WeatherError
        When a month's normal is brighter than the neighbor's clearest sky could make it.
    """
    here = clear_sky(weather.middle, weather.place)
    there = clear_sky(weather.middle, place)
    source_ghi, source_dni, source_dhi, source_temp, wind_speed = (
        weather.frame[name].to_numpy(dtype=float)
        for name in ("ghi", "dni", "dhi", "temp_air", "wind_speed")
    )
    high = here.sine > LOW_SUN
    clearest = min(1.0, float((source_ghi[high] / (here.extra_w_m2 * here.sine)[high]).max()))
    strongest = min(1.0, float((source_dni / here.extra_w_m2).max()))

    index = _ratio(source_ghi, here.clear_w_m2)
    ceiling = clearest * there.extra_w_m2 * np.maximum(there.sine, 0.0)
    month = np.asarray(weather.local_middle.month) - 1
    ghi = _scaled(index * there.clear_w_m2, ceiling, month, np.asarray(ghi_kwh_m2_day) * 1000 / 24)

    beam = np.where(
        there.sine > LOW_SUN, ghi * (1.0 - _ratio(source_dhi, source_ghi).clip(0, 1)), 0.0
    )
    dni = np.minimum(_ratio(beam, there.sine), strongest * there.extra_w_m2)
    dhi = ghi - dni * np.maximum(there.sine, 0.0)

    monthly = np.array([source_temp[month == m].mean() for m in range(12)])
    frame = pd.DataFrame(
        {
            "ghi": ghi,
            "dni": dni,
            "dhi": dhi,
            "temp_air": source_temp + (np.asarray(temp_air_c) - monthly)[month],
            "wind_speed": wind_speed,
        },
        index=weather.index,
    )
    provenance = weather.provenance.replace(
        *warnings, *without_snow(weather), source=source, adapted=True
    )
    return replace(weather, frame=frame, place=place, provenance=provenance)


def _ratio(above: Array, below: Array) -> Array:
    """above / below where below is more than nothing, else 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 1e-3)


def _scaled(ghi: Array, ceiling: Array, month: np.ndarray, wanted_w_m2: Array) -> Array:
    """`ghi` scaled month by month to the wanted means, never above its ceiling.

    What the ceiling cuts off is made up by scaling the month's other steps on.
    """
    scale = np.ones(12)
    held = np.minimum(ghi, ceiling)
    for _ in range(200):
        means = np.array([held[month == m].mean() for m in range(12)])
        scale *= np.divide(wanted_w_m2, means, out=np.ones(12), where=means > 0)
        held = np.minimum(ghi * scale[month], ceiling)
        if np.allclose(means, wanted_w_m2, rtol=1e-9, atol=1e-9):
            return np.asarray(held, dtype=float)
    bad = [str(m + 1) for m in range(12) if abs(means[m] - wanted_w_m2[m]) > 1e-6 * wanted_w_m2[m]]
    if bad:
        raise WeatherError(
            f"no scaling of the neighbor's light meets the normals of month {', '.join(bad)}: "
            "they ask for more than its clearest sky gives; check the normals and their unit"
        )
    return np.asarray(held, dtype=float)
