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

from energy.steps import Array
from energy.weather.series import Place


@dataclass(frozen=True)
class Sky:
    """What light a place would have, by step, were there no clouds or no air at all."""

    sine: Array  # of the sun's height; negative at night
    clear_w_m2: Array  # horizontal, clear sky
    extra_w_m2: Array  # normal to the sun, outside the atmosphere


def clear_sky(middle: pd.DatetimeIndex, place: Place) -> Sky:
    """Sun and clear sky [1] at times, one value a time."""
    from pvlib import irradiance, location

    where = location.Location(place.latitude_deg, place.longitude_deg, altitude=place.elevation_m)
    sun = where.get_solarposition(middle)
    clear = where.get_clearsky(middle, solar_position=sun)
    return Sky(
        sine=np.cos(np.radians(sun["zenith"].to_numpy(dtype=float))),
        clear_w_m2=clear["ghi"].to_numpy(dtype=float),
        extra_w_m2=np.asarray(irradiance.get_extra_radiation(middle), dtype=float),
    )
