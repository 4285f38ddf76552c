"""Series by step: where power becomes energy, and what the step is.

In: power by step, a time index. Out: energy [MWh], the step [h].
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


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
