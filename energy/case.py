"""The question: this site, this datacenter, these assumptions, with the series made once.

In: `Site`, `Datacenter`, `Assumptions`. Out: `Case`, which holds solar and load by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.assumptions import Assumptions, read_assumptions
from energy.datacenter import Building, Datacenter, load_mw, operate
from energy.parameters import price_factor
from energy.site import LocalPrice, Site
from energy.solar import Sun, ac_per_mwdc, dc_per_mwdc, sun_over
from energy.units import Array
from energy.weather import Weather


@dataclass(frozen=True, eq=False)
class Case:
    """Where, what for and what is an assumption; a `Design` is an answer to it.

    Parameters
    ----------
    site
        The place; its weather is read when it is first asked for.
    datacenter
        The computers.
    assumptions
        The assumptions; without them the shipped ones.
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
    def sun(self) -> Sun:
        """The sun over the site at each step; no belief changes it."""
        site = self.site
        return sun_over(
            self.weather,
            latitude_deg=site.latitude_deg,
            longitude_deg=site.longitude_deg,
            elevation_m=site.elevation_m,
        )

    @cached_property
    def solar_new(self) -> Array:
        """MWac per MWdc of a new array, one value a step."""
        solar = self.assumptions.solar
        return ac_per_mwdc(dc_per_mwdc(self.weather, solar, self.sun), solar)

    @cached_property
    def solar(self) -> Array:
        """MWac per MWdc averaged over the array's life, one value a step: what plants run on."""
        return self.solar_new * self.assumptions.solar.lifetime_mean_fraction

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

    @cached_property
    def year_numbers(self) -> NDArray[np.int64]:
        """Which year of local time each step is in, counted from 0."""
        year = np.asarray(self.weather.local_middle.year)
        return np.unique(year, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def day_slots(self) -> NDArray[np.int64]:
        """Which step of the twelve typical days, January's first, each step belongs to."""
        middle = self.weather.local_middle
        hour = np.asarray(middle.hour + middle.minute / 60 + middle.second / 3600)
        steps_per_day = round(24 / self.step_h)
        slots = (np.asarray(middle.month) - 1) * steps_per_day + np.floor(hour / self.step_h)
        return np.asarray(slots, dtype=np.int64)

    @cached_property
    def typical_days(self) -> Array:
        """Mean sun [MWac per MWdc] and load [MW] of each step of a typical day of each month.

        Of shape (12 times the steps of a day, 2); over all weather years.
        """
        slots = self.day_slots
        count = np.bincount(slots, minlength=12 * round(24 / self.step_h))
        sums = [np.bincount(slots, series, len(count)) for series in (self.solar, self.load_mw)]
        return np.column_stack(sums) / count[:, None]

    def with_assumptions(self, assumptions: Assumptions, solar_new: Array | None = None) -> Case:
        """The same question under other assumptions; what these do not touch is not worked out again.

        Parameters
        ----------
        assumptions
            The other assumptions.
        solar_new
            MWac per MWdc of a new array under them, where it is known already.
        """
        case = Case(self.site, self.datacenter, assumptions)
        kept: dict[str, object] = {"sun": self.sun}
        # A cached property that is already there is not computed.
        if self.datacenter.cooling is not None or assumptions.cooling == self.assumptions.cooling:
            kept["load_mw"] = self.load_mw
        if solar_new is not None:
            kept["solar_new"] = solar_new
        elif assumptions.solar == self.assumptions.solar:
            kept["solar_new"] = self.solar_new
        vars(case).update(kept)
        return case

    @property
    def parameters(self) -> pd.DataFrame:
        """Every number that the case assumes: one row each, as `Assumptions.frame`."""
        return self.assumptions.frame

    def with_parameters(self, values: Mapping[str, float]) -> Case:
        """The same question with other values for some names of `parameters`."""
        return self.with_assumptions(self.assumptions.with_values(values))

    @property
    def title(self) -> str:
        """The place and the computers, in words."""
        return f"{self.site.title}, {self.datacenter.it_mw:g} MW of computers"

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


def backup_usd_per_mwh(case: Case) -> tuple[float, float]:
    """Fuel and variable O&M of one MWh from the backup [$]; gas at the site's own price if any."""
    backup = case.assumptions.backup
    gas = case.site.gas_usd_per_mmbtu if backup.burns_gas else None
    mmbtu_usd = _local(case, gas, backup.fuel_usd_per_mmbtu)
    return backup.heat_rate_btu_per_kwh / 1000 * mmbtu_usd, backup.variable_om_usd_per_mwh


def grid_usd_per_mwh(case: Case) -> float:
    """Price of one MWh from the grid [$], the site's own if it has one."""
    return _local(case, case.site.grid_usd_per_mwh, case.assumptions.grid.energy_usd_per_mwh)


def _local(case: Case, price: LocalPrice | None, belief_usd: float) -> float:
    """The place's price in dollars of the assumptions' year; the belief where it has none."""
    if price is None:
        return belief_usd
    return price.value * price_factor(price.dollar_year, case.assumptions.finance.dollar_year)
