"""Net present cost of one part over a project's years.

In: capital, lifetime, running cost, discount rate. Out: `PresentCost`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class PresentCost:
    """Net present cost of one part over a project [$]; salvage counts against it."""

    investment_usd: float
    replacement_usd: float
    om_usd: float
    fuel_usd: float
    salvage_usd: float

    @property
    def total_usd(self) -> float:
        """All of it: investment, replacement, O&M and fuel less salvage."""
        return (
            self.investment_usd + self.replacement_usd + self.om_usd + self.fuel_usd
            - self.salvage_usd
        )  # fmt: skip


def present_cost(
    capital_usd: float,
    lifetime_years: float,
    om_usd_per_year: float,
    fuel_usd_per_year: float,
    *,
    discount_fraction: float,
    project_years: int,
) -> PresentCost:
    """Net present cost of one part over a project's years.

    Bought at the start, replaced whenever its life is over, its unused life sold in proportion at
    the end; O&M and fuel are paid at the end of each year. Reproduces Microgrids.jl (a test has its
    numbers).

    Parameters
    ----------
    capital_usd, lifetime_years
        Price of the part and how long it lasts; infinite for land, which is sold for its price.
    om_usd_per_year, fuel_usd_per_year
        Running cost.
    discount_fraction, project_years
        Yearly rate and the project's length.
    """

    def worth(years: float) -> float:
        return float((1.0 + discount_fraction) ** -years)

    yearly = sum(worth(year) for year in range(1, project_years + 1))
    replacements = (
        0 if math.isinf(lifetime_years) else math.ceil(project_years / lifetime_years) - 1
    )
    replacement = sum(worth(n * lifetime_years) for n in range(1, replacements + 1))
    unused = (
        1.0
        if math.isinf(lifetime_years)
        else ((replacements + 1) * lifetime_years - project_years) / lifetime_years
    )
    return PresentCost(
        investment_usd=capital_usd,
        replacement_usd=capital_usd * replacement,
        om_usd=om_usd_per_year * yearly,
        fuel_usd=fuel_usd_per_year * yearly,
        salvage_usd=capital_usd * unused * worth(project_years),
    )
