"""The grid connection: its price, its energy, the wait for it, the hours in which it may be cut.

In: values from the assumptions. Out: `Grid`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from energy.parameters import Input, Lifetime, NotNegative


class Grid(Input):
    """A connection to the grid: its price, what is paid for having it, its energy, the wait.

    `curtailed_hours_per_year` are the hours of a year of 8,760 in which it may be cut, pro rata in
    a longer or a part year; 0 is a firm connection, 8,760 none at all.
    """

    capital_usd_per_kw: NotNegative
    demand_usd_per_kw_year: NotNegative
    energy_usd_per_mwh: NotNegative
    wait_years: NotNegative
    curtailed_hours_per_year: Annotated[float, Field(ge=0, le=8760)]
    lifetime_years: Lifetime
