"""The sun and the clear sky over a place.

In: times, a `Place`. Out: `Sky`: the sine of the sun's elevation, GHI of the clear sky, and the
light outside the atmosphere.

References
----------
[1] Ineichen and Perez, A new airmass independent formulation for the Linke turbidity coefficient,
    Solar Energy 73 (2002) 151: the clear sky, with pvlib's monthly turbidity of the place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.steps import Array
from energy.weather.series import Place
from energy.weather.sun import sun_position

#: Clear-sky light [W/m2] below which an hour's clear-sky index says little.
LIT_W_M2 = 20.0


@dataclass(frozen=True)
class Sky:
    """What light a place would have, by step, were there no clouds or no air at all."""

    sine: Array  # of the sun's height; negative at night
    clear_w_m2: Array  # horizontal, clear sky
    extra_w_m2: Array  # normal to the sun, outside the atmosphere


def clear_sky(middle: pd.DatetimeIndex, place: Place) -> Sky:
    """Sun and clear sky [1] at times, one value a time."""
    from pvlib import location

    where = location.Location(place.latitude_deg, place.longitude_deg, altitude=place.elevation_m)
    sun = sun_position(middle, place)
    clear = where.get_clearsky(middle, solar_position=sun.frame.set_index(middle))
    return Sky(
        sine=np.cos(np.radians(sun.zenith_deg)),
        clear_w_m2=clear["ghi"].to_numpy(dtype=float),
        extra_w_m2=sun.extra_w_m2,
    )


def nearest_lit(clear_w_m2: Array) -> NDArray[np.intp]:
    """For each step the nearest one with light enough for a clear-sky index; itself, if it has it.

    Another date's or place's sun may be up where this one is not.
    """
    lit = np.flatnonzero(clear_w_m2 > LIT_W_M2)
    step = np.arange(len(clear_w_m2))
    if len(lit) < 2:
        return step
    right = np.searchsorted(lit, step).clip(1, len(lit) - 1)
    nearer_left = step - lit[right - 1] <= lit[right] - step
    return np.asarray(np.where(nearer_left, lit[right - 1], lit[right]), dtype=np.intp)
