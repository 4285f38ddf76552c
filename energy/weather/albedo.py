"""How bright the ground is: bare, or under snow that was white when it fell and darkens.

In: snow at each step, air temperature, the bare ground's albedo. Out: albedo, one value a step.

Snow has the albedo of fresh snow when it falls and nears that of old snow, slowly in frost and ten
times as fast in a thaw; a fall of `REFRESH_CM` makes it white again. Shallow snow lets the ground
show through. All is that of the snow model FSM [1]; measured: .34 for shallow old snow to .99 for
fresh, .09 to .39 for bare ground, rising with depth up to some 14 cm [2].

References
----------
[1] R. Essery, A factorial snowpack model (FSM 1.0), Geosci. Model Dev. 8 (2015) 3867.
[2] Burakowski et al., Hydrological Processes 27 (2013), doi 10.1002/hyp.9825; Amaral et al.,
    Journal of Glaciology 63 (2017): volunteers' measurements in New Hampshire.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from energy.steps import Array

if TYPE_CHECKING:
    from energy.weather.snowfall import Snowfall

#: Albedo of fresh snow and of old [1].
FRESH, OLD = 0.8, 0.5

#: Time in which snow loses all but 1/e of its whiteness [h]: below 0 degC and above [1].
COLD_H, THAW_H = 1000.0, 100.0

#: Fall that makes old snow white [cm]: 10 kg/m2 of 100 kg/m3 [1].
REFRESH_CM = 10.0

#: Depth [cm] at which tanh(depth / this) of the ground is white [1].
COVER_CM = 10.0


def snow_albedo(fall_cm: Array, temp_air_c: Array, step_h: float) -> Array:
    """Albedo of the snow that lies at each step, shape (n,), between `OLD` and `FRESH`."""
    if not fall_cm.any():
        return np.full(len(fall_cm), OLD)
    kept = np.exp(-step_h / np.where(temp_air_c > 0.0, THAW_H, COLD_H))
    renewed = np.minimum(fall_cm / REFRESH_CM, 1.0)
    white = np.empty(len(fall_cm))
    now = 0.0
    for _ in range(2):  # around the chain, so that its ends meet
        for at, (keeps, new) in enumerate(zip(kept.tolist(), renewed.tolist(), strict=True)):
            now *= keeps
            now += (1.0 - now) * new
            white[at] = now
    return OLD + (FRESH - OLD) * white


def ground_albedo(
    snow: Snowfall | None, bare: float | Sequence[float], month: NDArray[np.int64]
) -> Array:
    """Albedo of the ground at each step, shape (n,).

    Parameters
    ----------
    snow
        Snow at each step; None for bare ground.
    bare
        Albedo without snow: one number, or one a month, January first.
    month
        Month of each step, 1 to 12.

    Examples
    --------
    >>> import numpy as np
    >>> ground_albedo(None, [0.3] * 6 + [0.2] * 6, np.array([1, 7])).tolist()
    [0.3, 0.2]
    """
    months = np.broadcast_to(np.asarray(bare, dtype=float), 12)
    ground = months[month - 1]
    if snow is None:
        return np.asarray(ground)
    return np.asarray(ground + snow.white_fraction * np.maximum(snow.albedo - ground, 0.0))
