"""What battery energy costs that is added in a later year of a plant's life.

In: `Case`. Out: cost a year, over the whole project, of a MWh added in each
year, and of each time that some is added.

A MWh pays capital recovery over its own lifetime at the price of the year in which it is bought,
and its O&M, in each year that it serves; that stream is spread evenly over the project by its
present value [1]. Without a change of price, and with one battery after the other, it is the
annualized cost of `energy.finance.capital`.

References
----------
[1] Short, Packey and Holt, NREL/TP-462-5173, 1995.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from energy.case import Case
from energy.finance.capital import unit_costs
from energy.finance.recovery import battery_recovery_fraction, real_return_fraction
from energy.steps import Array


@dataclass(frozen=True, eq=False)
class AdditionPrices:
    """Prices of additions by the year at whose start they are made; arrays of shape (years,).

    Parameters
    ----------
    usd_per_mwh
        Paid for a MWh of nameplate energy in that year [$].
    annual_usd_per_mwh
        Its annualized cost over the whole project, O&M included [$/year].
    event_usd, annual_event_usd
        Paid each time that battery is added [$], and annualized [$/year].
    """

    usd_per_mwh: Array
    annual_usd_per_mwh: Array
    event_usd: float
    annual_event_usd: Array


def addition_prices(case: Case, *, kept_by_om: bool) -> AdditionPrices:
    """Prices of battery energy added in each year of `finance.project_years`.

    `kept_by_om`: O&M pays for keeping the rated energy; else its part for that is saved.
    """
    finance, wear = case.assumptions.finance, case.assumptions.wear
    rate, years = real_return_fraction(case), int(finance.project_years)
    unit = unit_costs(case)["battery_energy"]
    price_usd = case.assumptions.battery.energy_usd_per_kwh * 1000
    saved = 0.0 if kept_by_om else wear.upkeep_fraction_per_year * price_usd
    om_usd = max(unit.fixed_om_usd_per_year - saved, 0.0)
    lifetime = unit.lifetime_years
    recovery = np.full(years, battery_recovery_fraction(case, lifetime, first=False))
    recovery[0] = battery_recovery_fraction(case, lifetime, first=True)
    worth = (1.0 + rate) ** -np.arange(1.0, years + 1.0)
    path = np.array([wear.price_factor(year) for year in range(years)])
    served = [
        float(worth[year : year + int(unit.lifetime_years)].sum() / worth.sum())
        for year in range(years)
    ]
    return AdditionPrices(
        usd_per_mwh=unit.capital_usd * path,
        annual_usd_per_mwh=(unit.capital_usd * recovery * path + om_usd) * np.array(served),
        event_usd=wear.event_usd,
        annual_event_usd=wear.event_usd * (1.0 + rate) ** -np.arange(years) / worth.sum(),
    )
