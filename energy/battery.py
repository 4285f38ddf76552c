"""The battery: what is assumed of it and its physics.

In: values from the assumptions. Out: `Battery`; efficiency and self-discharge of a step. How it
fades is in `energy.fade`, also by the name `energy.battery.fade`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from energy.fade import fade as fade
from energy.parameters import Fraction, Input, Lifetime, NotNegative, Positive, PositiveFraction

#: Hours in the month that the self-discharge is given for: a twelfth of 8766.
HOURS_PER_MONTH = 730.5


class Battery(Input):
    """The battery: efficiency, window and prices per nameplate kWh and per AC kW.

    `own_use_kw_per_mwh` is what its cooling and electronics take at all times, of a nameplate MWh.
    """

    round_trip_efficiency: PositiveFraction
    usable_fraction: PositiveFraction
    self_discharge_fraction_per_month: Annotated[float, Field(ge=0, lt=1)]
    own_use_kw_per_mwh: Annotated[float, Field(ge=0, le=20)]
    energy_usd_per_kwh: Positive
    power_usd_per_kw: NotNegative
    fixed_om_fraction_per_year: Fraction
    lifetime_years: Lifetime

    @property
    def one_way_efficiency(self) -> float:
        """Energy that passes into the battery, and out of it: the round trip is split evenly."""
        return float(self.round_trip_efficiency**0.5)

    def own_use_mw(self, battery_mwh: float) -> float:
        """What a battery of so many nameplate MWh takes for itself [MW]."""
        return battery_mwh * self.own_use_kw_per_mwh / 1000.0

    def retained_fraction(self, step_h: float) -> float:
        """Fraction of the stored energy that self-discharge leaves after a step of `step_h` [h]."""
        kept = 1.0 - self.self_discharge_fraction_per_month
        return float(kept ** (step_h / HOURS_PER_MONTH))
