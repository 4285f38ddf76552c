"""The grid connection: its price, its energy, the wait for it.

In: values from the assumptions. Out: `Grid`.
"""

from __future__ import annotations

from energy.parameters import Input, Lifetime, NotNegative


class Grid(Input):
    """A connection to the grid: its price, what is paid for having it, its energy, the wait."""

    capital_usd_per_kw: NotNegative
    demand_usd_per_kw_year: NotNegative
    energy_usd_per_mwh: NotNegative
    wait_years: NotNegative
    lifetime_years: Lifetime
