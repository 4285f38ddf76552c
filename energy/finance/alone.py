"""What the same load costs from gas on site or from the grid alone, without any sun.

In: `Case`. Out: annualized cost by line, of capacity and of energy.

Backup or connection are as large as the peak load and run all the time; no spare unit is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from energy.case import Case, backup_usd_per_mwh, grid_usd_per_mwh
from energy.finance.capital import unit_costs


@dataclass(frozen=True)
class Alone:
    """A year's cost of a load that one source carries.

    Parameters
    ----------
    capacity_usd
        By line, what is paid whether it runs or not [$/year].
    energy_usd_per_mwh
        By line, what each MWh costs.
    energy_mwh
        What it gives in a year: the load, of a grid that is cut what is left [MWh].
    capital_usd
        Price on the first day [$].
    """

    capacity_usd: dict[str, float]
    energy_usd_per_mwh: dict[str, float]
    energy_mwh: float
    capital_usd: float


def gas_alone(case: Case) -> Alone:
    """The load from the kind of backup that the assumptions have, with switchgear and controls."""
    units, peak_mw = unit_costs(case), case.peak_load_mw
    fuel, variable = backup_usd_per_mwh(case)
    return Alone(
        {name: units[name].annual_usd * peak_mw for name in ("backup", "integration")},
        {"fuel": fuel, "variable O&M": variable},
        case.weather.per_year(case.load_mw),
        sum(units[name].capital_usd for name in ("backup", "integration")) * peak_mw,
    )


def grid_alone(case: Case) -> Alone:
    """The load from the grid; `grid` has what the connection costs and the demand charge."""
    unit, peak_mw = unit_costs(case)["grid"], case.peak_load_mw
    given_mw = case.load_mw
    if len(case.grid_open):
        given_mw = np.minimum(given_mw, peak_mw * case.grid_open)
    return Alone(
        {"grid": unit.annual_usd * peak_mw},
        {"energy": grid_usd_per_mwh(case)},
        case.weather.per_year(given_mw),
        unit.capital_usd * peak_mw,
    )
