"""The battery: what is assumed of it and its physics.

In: values from the assumptions. Out: `Battery`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from energy.parameters import Fraction, Input, Lifetime, NotNegative, Positive, PositiveFraction


class Battery(Input):
    """The battery: efficiency, window and prices per nameplate kWh and per AC kW."""

    round_trip_efficiency: PositiveFraction
    usable_fraction: PositiveFraction
    self_discharge_fraction_per_month: Annotated[float, Field(ge=0, lt=1)]
    energy_usd_per_kwh: Positive
    power_usd_per_kw: NotNegative
    fixed_om_fraction_per_year: Fraction
    lifetime_years: Lifetime
