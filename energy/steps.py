"""Series by step: where power becomes energy, and what the step is.

In: power by step, a time index. Out: energy [MWh], the step [h], arrays as kernels take them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


def energy_mwh(power_mw: Array, step_h: float) -> float:
    """Energy [MWh] of a power series [MW] whose every value lasts `step_h` hours."""
    return float(np.sum(power_mw)) * step_h


def for_kernels(array: NDArray[Any]) -> NDArray[Any]:
    """An array as kernels take it: itself, or a copy where it is read-only or has gaps.

    To numba such an array, which pandas 3 gives, is of another type: every kernel that takes it
    would be compiled once more.

    Examples
    --------
    >>> import pandas as pd
    >>> for_kernels(pd.Series([1.0, 2.0]).to_numpy()).flags.writeable
    True
    """
    return np.require(array, requirements=("C", "W"))


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
