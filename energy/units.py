"""The suffixes that names carry, and the one place where power becomes energy.

In: power [MW] by step, or a time index. Out: energy [MWh], the step [h].
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Suffix of a name -> its unit. A name without one of these is a pure number or a thing.
SUFFIXES = {
    "_mw": "MW (AC unless the name says dc)",
    "_mwh": "MWh",
    "_usd": "US dollars of the stated year",
    "_usd_per_kw": "US dollars per kW",
    "_usd_per_mwh": "US dollars per MWh",
    "_h": "hours",
    "_years": "years",
    "_c": "degrees Celsius",
    "_deg": "degrees of arc; north and east positive",
    "_m": "metres",
    "_w_m2": "W/m2",
    "_fraction": "a share between 0 and 1",
}


def energy_mwh(power_mw: Array, step_h: float) -> float:
    """Energy [MWh] of a power series [MW] whose every value lasts `step_h` hours."""
    return float(np.sum(power_mw)) * step_h


def step_hours(index: pd.DatetimeIndex) -> float:
    """Length of one step [h] of an evenly spaced index: its most frequent spacing.

    Raises
    ------
    ValueError
        With fewer than two times there is no step.
    """
    if len(index) < 2:
        raise ValueError("a step needs at least two times")
    spacings, counts = np.unique(np.diff(index.as_unit("s").asi8), return_counts=True)
    return float(spacings[np.argmax(counts)]) / 3600.0
