"""The backup: gas engines, gas turbines or diesel gensets.

In: values from the assumptions. Out: `Backup`; the power of one of its units.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from energy.parameters import Input, Lifetime, NotNegative, Positive
from energy.steps import Array

BackupKind = Literal["engine", "turbine", "diesel"]

#: What backup may be; each has its own table in the file.
BACKUP_KINDS: tuple[BackupKind, ...] = ("engine", "turbine", "diesel")


class Backup(Input):
    """What stands behind the battery: gas engines, gas turbines or diesel gensets."""

    kind: BackupKind
    capital_usd_per_kw: NotNegative
    fixed_om_usd_per_kw_year: NotNegative
    variable_om_usd_per_mwh: NotNegative
    start_usd_per_mw: NotNegative
    heat_rate_btu_per_kwh: Positive
    fuel_usd_per_mmbtu: NotNegative
    unit_mw: Positive
    # Units share a load of more than one, each above a half: the minimum binds one unit only.
    minimum_load_fraction: Annotated[float, Field(ge=0, le=0.5)]
    lead_years: NotNegative
    lifetime_years: Lifetime

    @property
    def burns_gas(self) -> bool:
        """Whether a place's gas price is its fuel's price."""
        return self.kind != "diesel"


def unit_of(backup_mw: Array | float, largest_unit_mw: float) -> Array:
    """Power of one unit [MW] when as few equal units as possible make up the backup [MW]."""
    return np.asarray(backup_mw / np.maximum(np.ceil(backup_mw / largest_unit_mw), 1.0))
