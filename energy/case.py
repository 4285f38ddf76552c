"""The question: this site, this datacenter, these beliefs, with the series made once.

In: `Site`, `Datacenter`, `Assumptions`. Out: `Case`, which holds solar and load by step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from energy.assumptions import Assumptions, read_assumptions
from energy.datacenter import Building, Datacenter, load_mw, operate
from energy.site import Site
from energy.solar import solar_per_mwdc
from energy.units import Array
from energy.weather import Weather


@dataclass(frozen=True, eq=False)
class Case:
    """Where, what for and what is believed; a `Design` is an answer to it.

    Parameters
    ----------
    site
        The place; its weather is read when it is first asked for.
    datacenter
        The computers.
    assumptions
        The beliefs; without them the shipped ones.
    """

    site: Site
    datacenter: Datacenter
    assumptions: Assumptions = field(default_factory=read_assumptions)

    @property
    def weather(self) -> Weather:
        """The site's weather."""
        return self.site.series

    @property
    def step_h(self) -> float:
        """Length of a step [h]."""
        return self.weather.step_h

    @cached_property
    def solar_new(self) -> Array:
        """MWac per MWdc of a new array, one value a step."""
        site = self.site
        return solar_per_mwdc(
            self.weather,
            self.assumptions.solar,
            latitude_deg=site.latitude_deg,
            longitude_deg=site.longitude_deg,
            elevation_m=site.elevation_m,
        )

    @cached_property
    def solar(self) -> Array:
        """MWac per MWdc averaged over the array's life, one value a step: what plants run on."""
        return self.solar_new * self.assumptions.solar.life_mean_fraction

    @cached_property
    def building(self) -> Building | None:
        """The datacenter step by step, where it says how it is cooled; None where it does not."""
        if self.datacenter.cooling is None:
            return None
        return operate(self.datacenter, self.weather, elevation_m=self.site.elevation_m)

    @cached_property
    def load_mw(self) -> Array:
        """Load [MW], computers and cooling, one value a step."""
        if self.building is not None:
            return self.building.load_mw
        temp_air_c = self.weather.frame["temp_air"].to_numpy(dtype=float)
        return load_mw(self.datacenter, self.assumptions.cooling, temp_air_c)

    @property
    def mean_load_mw(self) -> float:
        """Mean load [MW]."""
        return float(np.mean(self.load_mw))

    @property
    def kwh_per_kwdc_year(self) -> float:
        """Yearly yield of the new array [kWh per kWdc]."""
        return self.weather.per_year(self.solar_new)

    @property
    def capacity_factor_ac(self) -> float:
        """Mean power of the new array as a share of the inverters' rating."""
        return float(np.mean(self.solar_new)) * self.assumptions.solar.dc_ac_ratio
