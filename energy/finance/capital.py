"""What a MW or MWh of each part costs: capital, lifetime, fixed O&M, and a year of all that.

In: `Case`. Out: `UnitCost` of each part; annualized cost per size, which sizing builds on.

An annualized cost is capital recovery over each part's own lifetime at the real discount rate,
plus O&M, starts of backup units, fuel and energy from the grid [1]. But for starts it is linear in
the sizes and in the energies. With `Assumptions.terms` the capital recovery is one after tax
(`energy.finance.recovery`), and so is all that is made of it.

References
----------
[1] Short, Packey and Holt, A Manual for the Economic Evaluation of Energy Efficiency and Renewable
    Energy Technologies, NREL/TP-462-5173, 1995: capital recovery, levelized cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from energy.backup import unit_of
from energy.case import Case, backup_usd_per_mwh, grid_usd_per_mwh
from energy.finance.recovery import recovery_fractions
from energy.parameters import price_factor


@dataclass(frozen=True)
class UnitCost:
    """What one unit of a part costs.

    Capital [$], life [years], fixed O&M [$/year], and what a dollar of its capital costs a year.
    """

    capital_usd: float
    lifetime_years: float
    fixed_om_usd_per_year: float
    recovery_fraction: float = math.nan

    @property
    def recovery_usd(self) -> float:
        """Capital recovery of one unit [$/year]."""
        return self.capital_usd * self.recovery_fraction

    @property
    def annual_usd(self) -> float:
        """Annualized cost of one unit: capital recovery and fixed O&M [$/year]."""
        return self.recovery_usd + self.fixed_om_usd_per_year


#: Part -> the size that it grows with; "load" is the peak load [MW].
DRIVERS = {
    "solar": "solar_mw",
    "battery_energy": "battery_mwh",
    "battery_power": "battery_mw",
    "backup": "backup_mw",
    "grid": "grid_mw",
    "land": "solar_mw",
    "integration": "load",
}


def unit_costs(case: Case) -> dict[str, UnitCost]:
    """Cost of each part per MW or MWh of its size in `DRIVERS`, dollars of `dollar_year`.

    Capital holds the interest of the time in which the plant is built; land's does not, it is no
    construction, nor does O&M that is a fraction of a price.
    """
    assumptions, site = case.assumptions, case.site
    solar, battery, backup, grid, integration = (
        assumptions.solar, assumptions.battery, assumptions.backup, assumptions.grid,
        assumptions.integration,
    )  # fmt: skip
    energy_usd, power_usd = battery.energy_usd_per_kwh * 1000, battery.power_usd_per_kw * 1000
    land = site.land_usd_per_acre
    built = assumptions.construction.capital_factor
    acre_usd = land.value * price_factor(land.dollar_year, assumptions.finance.dollar_year)
    units = {
        "solar": UnitCost(
            solar.capital_usd_per_kwdc * 1000 * built,
            solar.lifetime_years,
            solar.fixed_om_usd_per_kwdc_year * 1000,
        ),
        "battery_energy": UnitCost(
            energy_usd * built,
            battery.lifetime_years,
            energy_usd * battery.fixed_om_fraction_per_year,
        ),
        "battery_power": UnitCost(
            power_usd * built,
            battery.lifetime_years,
            power_usd * battery.fixed_om_fraction_per_year,
        ),
        "backup": UnitCost(
            backup.capital_usd_per_kw * 1000 * built,
            backup.lifetime_years,
            backup.fixed_om_usd_per_kw_year * 1000,
        ),
        "grid": UnitCost(
            grid.capital_usd_per_kw * 1000 * built,
            grid.lifetime_years,
            grid.demand_usd_per_kw_year * 1000,
        ),
        "land": UnitCost(solar.mount.acres_per_mwdc * acre_usd, math.inf, 0.0),
        "integration": UnitCost(
            integration.capital_usd_per_kw * 1000 * built,
            integration.lifetime_years,
            integration.fixed_om_usd_per_kw_year * 1000,
        ),
    }
    recovery = recovery_fractions(case, {part: unit.lifetime_years for part, unit in units.items()})
    return {part: replace(unit, recovery_fraction=recovery[part]) for part, unit in units.items()}


def annual_usd_per_size(case: Case) -> dict[str, float]:
    """Annualized cost of one more MW or MWh of each driver, running cost not counted [$]."""
    return _per_driver(case, lambda unit: unit.annual_usd)


def capital_usd_per_size(case: Case) -> dict[str, float]:
    """Price of one more MW or MWh of each driver [$]."""
    return _per_driver(case, lambda unit: unit.capital_usd)


def _per_driver(case: Case, usd: Callable[[UnitCost], float]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for part, unit in unit_costs(case).items():
        totals[DRIVERS[part]] = totals.get(DRIVERS[part], 0.0) + usd(unit)
    return totals


def annual_usd_of(case: Case, plants: pd.DataFrame) -> pd.Series[float]:
    """`Cost.annual_usd` of each plant of `energy.simulate_many` [$/year]."""
    per_size = annual_usd_per_size(case)
    annual = pd.Series(per_size.pop("load") * case.peak_load_mw, index=plants.index)
    for name, usd in per_size.items():
        annual += plants[name] * usd
    backup = case.assumptions.backup
    unit_mw = unit_of(plants["backup_mw"].to_numpy(dtype=float), backup.unit_mw)
    annual += plants["backup_mwh_per_year"] * sum(backup_usd_per_mwh(case))
    annual += plants["starts_per_year"] * unit_mw * backup.start_usd_per_mw
    return annual + plants["grid_mwh_per_year"] * grid_usd_per_mwh(case)
