"""What for: computers and the cooling they need.

In: IT power, cooling beliefs, outdoor temperature. Out: load [MW] for every step.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from energy.assumptions import Cooling
from energy.spec import Spec
from energy.units import Array


class Datacenter(Spec):
    """A hall of computers that draws `it_mw` at all times, cooling not counted."""

    it_mw: Annotated[float, Field(gt=0, le=1e6)]


def pue(cooling: Cooling, temp_air_c: Array) -> Array:
    """Power usage effectiveness at outdoor temperatures: total power over IT power [MW/MW].

    A line in the temperature between two bounds, through two published yearly means [1].

    References
    ----------
    [1] Newkirk et al., AI-Datacenter-Microgrid-Analysis, 2025: liquid cooling, dry coolers.
    """
    line = cooling.pue + cooling.pue_slope_per_c * (np.asarray(temp_air_c) - cooling.pue_temp_c)
    return np.clip(line, cooling.pue_min, cooling.pue_max)


def load_mw(datacenter: Datacenter, cooling: Cooling, temp_air_c: Array) -> Array:
    """Load of the datacenter [MW], computers and cooling, at outdoor temperatures [degC]."""
    return datacenter.it_mw * pue(cooling, temp_air_c)
