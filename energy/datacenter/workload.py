"""What the computers do: the kinds of workload, and how their power may follow PV and battery.

In: a kind's numbers, or what is assumed of it. Out: `FirmLoad`, `Steady`, `Interruptible`,
`PowerCapped` or `Queue`; `energy.dispatch.flexible` runs them.

Load goes with IT power: a hall at half power draws half of its step's load, so part load costs
nothing extra and saves nothing either. What is at rest draws `idle_fraction`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from energy.compiled import kernel
from energy.errors import InputError
from energy.parameters import (
    Input,
    NotNegative,
    Parameter,
    Positive,
    PositiveFraction,
    parameter_field,
    shipped,
    sources,
)
from energy.steps import Array
from energy.tables import Shown

DATA_FILE = "workload-2025.toml"

_steady = partial(parameter_field, DATA_FILE, "steady")
_stop = partial(parameter_field, DATA_FILE, "stop")
_cap = partial(parameter_field, DATA_FILE, "cap")


# --- kinds of workload --------------------------------------------------------------------------


class _Kind(Shown, Input):
    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        quantities: dict[str, Parameter] = {}
        for section in ("steady", "stop", "cap"):
            quantities |= shipped(DATA_FILE)[section]
        return sources(self.model_dump(), quantities)


class FirmLoad(_Kind):
    """Full power at all times; of what is not served, the fraction that is counts as useful.

    Examples
    --------
    >>> import energy as en
    >>> en.FirmLoad()
    FirmLoad()
    """


class Steady(_Kind):
    """A training run at full power, its hours as measured; it stops when power is short.

    The shape is drawn once and for all from the measured spread: hours of the data follow each
    other without pattern. Swings within seconds are the converters' matter and not seen here; the
    ramp binds only where a step is shorter than the change takes, never in hours. Failures of the
    computers themselves are in `Training.utilization_fraction`.

    Examples
    --------
    >>> import energy as en
    >>> en.Steady().shape(24, 1.0).shape
    (24,)
    """

    sd_fraction: Annotated[float, Field(ge=0, le=0.5)] = _steady("sd_fraction")
    min_fraction: PositiveFraction = _steady("min_fraction")
    max_fraction: Annotated[float, Field(ge=1, le=2)] = _steady("max_fraction")
    ramp_fraction_per_min: Positive = _stop("ramp_fraction_per_min")
    checkpoint_h: NotNegative = _stop("checkpoint_h")
    restart_h: NotNegative = _stop("restart_h")

    def shape(self, steps: int, step_h: float) -> Array:
        """Power of each step as a fraction of the mean, (steps,); always the same."""
        noise = np.random.default_rng(0).normal(1.0, self.sd_fraction, steps)
        shape = np.clip(noise, self.min_fraction, self.max_fraction)
        most = self.ramp_fraction_per_min * 60.0 * step_h
        return shape if most >= np.ptp(shape) else _ramped(shape, most)


class _Stops(_Kind):
    checkpoint_h: NotNegative = _stop("checkpoint_h")
    restart_h: NotNegative = _stop("restart_h")
    idle_fraction: Annotated[float, Field(ge=0, lt=1)] = _stop("idle_fraction")
    ramp_fraction_per_min: Positive = _stop("ramp_fraction_per_min")

    @property
    def lost_h(self) -> float:
        """Hours of work that a restart costs: half a checkpoint's, and the restart."""
        return self.checkpoint_h / 2 + self.restart_h


class Interruptible(_Stops):
    """`parts` equal runs that can be stopped one by one; 1 is all or nothing.

    Examples
    --------
    >>> import energy as en
    >>> en.Interruptible(parts=50).lost_h > 0
    True
    """

    parts: Annotated[int, Field(ge=1, le=10**6)] = 1


class PowerCapped(_Stops):
    """One run whose power may be capped between `least_fraction` and full; below it stops.

    Throughput is power to the `exponent`, both as fractions of full: monotone and concave.

    Examples
    --------
    >>> import energy as en
    >>> bool(en.PowerCapped().throughput_fraction(0.8) > 0.8)
    True
    """

    least_fraction: PositiveFraction = _cap("least_fraction")
    exponent: PositiveFraction = _cap("exponent")

    @model_validator(mode="after")
    def _rests_below(self) -> PowerCapped:
        if self.idle_fraction > self.least_fraction:
            raise ValueError(
                f"at rest it would draw {self.idle_fraction:g} of full power, more than at its "
                f"lowest cap of {self.least_fraction:g}; lower idle_fraction or raise "
                "least_fraction"
            )
        return self

    def throughput_fraction(self, power_fraction: Array | float) -> Array:
        """Compute at a cap, both as fractions of full; 0 below the least.

        Raises
        ------
        InputError
            For a cap that is no fraction from 0 to 1.
        """
        power = np.asarray(power_fraction, dtype=float)
        if not np.all((power >= 0) & (power <= 1)):
            raise InputError(
                f"a power cap is a fraction of full power, 0 to 1; got {power_fraction}"
            )
        works = power >= self.least_fraction
        return np.where(works, np.where(works, power, 1.0) ** self.exponent, 0.0)


class Queue(_Kind):
    """Jobs of `job_h` that come evenly; each must be done `slack_h` after it came.

    They ask for `offered_load_fraction` of what the computers could do in all. A job has to start
    when only its own length is left, so work waits `slack_h - job_h` at most; what is not done by
    then is missed and dropped. Jobs are many and small, so that stopping one costs nothing.

    Examples
    --------
    >>> import energy as en
    >>> en.Queue(slack_h=24.0, offered_load_fraction=0.7).job_h
    0.0
    """

    slack_h: Annotated[float, Field(ge=0, le=8760)]
    offered_load_fraction: PositiveFraction
    job_h: NotNegative = 0.0
    idle_fraction: Annotated[float, Field(ge=0, lt=1)] = _stop("idle_fraction")

    @model_validator(mode="after")
    def _fits(self) -> Queue:
        if self.job_h > self.slack_h:
            raise ValueError(
                f"a job of {self.job_h:g} h cannot be done within {self.slack_h:g} h; give more "
                "slack_h or a shorter job_h"
            )
        return self


Workload = FirmLoad | Steady | Interruptible | PowerCapped | Queue


@kernel()
def _ramped(shape: Array, most: float) -> Array:
    """A series whose steps change by `most` at most."""
    ramped = shape.copy()
    for t in range(1, len(shape)):
        ramped[t] = min(max(shape[t], ramped[t - 1] - most), ramped[t - 1] + most)
    return ramped
