"""What the plant costs: capital by part, and a year of it, in real dollars.

In: `Dispatch`. Out: `Cost`: parts, capital, annual cost, levelized cost, net present cost.

A year's cost is capital recovery over each part's own life at the real discount rate, plus O&M,
starts of backup units, fuel and energy from the grid [1]. But for starts it is linear in the sizes
and in the energies, which is what `energy.sizing` builds on; `unit_costs` is where both take it
from.

References
----------
[1] Short, Packey and Holt, A Manual for the Economic Evaluation of Energy Efficiency and Renewable
    Energy Technologies, NREL/TP-462-5173, 1995: capital recovery, levelized cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from energy.case import Case, backup_usd_per_mwh, grid_usd_per_mwh
from energy.dispatch import Dispatch, unit_of
from energy.parameters import price_factor
from energy.tables import html_table


def capital_recovery_factor(discount_fraction: float, lifetime_years: float) -> float:
    """Yearly payment that repays one dollar over a life: r / (1 - (1 + r)^-n) [1].

    For an infinite life, land, it is the rate itself; at a rate of 0 it is 1 / n.
    """
    if math.isinf(lifetime_years):
        return discount_fraction
    if discount_fraction == 0:
        return 1.0 / lifetime_years
    return float(discount_fraction / (1.0 - (1.0 + discount_fraction) ** -lifetime_years))


@dataclass(frozen=True)
class UnitCost:
    """What one unit of a part costs: capital [$], life [years], fixed O&M [$/year]."""

    capital_usd: float
    lifetime_years: float
    fixed_om_usd_per_year: float

    def annual_usd(self, discount_fraction: float) -> float:
        """A year's cost of one unit: capital recovery and fixed O&M [$/year]."""
        recovery = capital_recovery_factor(discount_fraction, self.lifetime_years)
        return self.capital_usd * recovery + self.fixed_om_usd_per_year


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
    """Cost of each part per MW or MWh of its size in `DRIVERS`, dollars of `dollar_year`."""
    assumptions, site = case.assumptions, case.site
    solar, battery, backup, grid, integration = (
        assumptions.solar, assumptions.battery, assumptions.backup, assumptions.grid, assumptions.integration,
    )  # fmt: skip
    energy_usd, power_usd = battery.energy_usd_per_kwh * 1000, battery.power_usd_per_kw * 1000
    land = site.land_usd_per_acre
    acre_usd = land.value * price_factor(land.dollar_year, assumptions.finance.dollar_year)
    return {
        "solar": UnitCost(
            solar.capital_usd_per_kwdc * 1000,
            solar.lifetime_years,
            solar.fixed_om_usd_per_kwdc_year * 1000,
        ),
        "battery_energy": UnitCost(
            energy_usd, battery.lifetime_years, energy_usd * battery.fixed_om_fraction_per_year
        ),
        "battery_power": UnitCost(
            power_usd, battery.lifetime_years, power_usd * battery.fixed_om_fraction_per_year
        ),
        "backup": UnitCost(
            backup.capital_usd_per_kw * 1000,
            backup.lifetime_years,
            backup.fixed_om_usd_per_kw_year * 1000,
        ),
        "grid": UnitCost(
            grid.capital_usd_per_kw * 1000, grid.lifetime_years, grid.demand_usd_per_kw_year * 1000
        ),
        "land": UnitCost(solar.mount.acres_per_mwdc * acre_usd, math.inf, 0.0),
        "integration": UnitCost(
            integration.capital_usd_per_kw * 1000,
            integration.lifetime_years,
            integration.fixed_om_usd_per_kw_year * 1000,
        ),
    }


def annual_usd_per_size(case: Case) -> dict[str, float]:
    """A year's cost of one more MW or MWh of each driver, running cost not counted [$]."""
    rate = case.assumptions.finance.real_discount_fraction
    return _per_driver(case, lambda unit: unit.annual_usd(rate))


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
    annual = pd.Series(per_size.pop("load") * float(case.load_mw.max()), index=plants.index)
    for name, usd in per_size.items():
        annual += plants[name] * usd
    backup = case.assumptions.backup
    unit_mw = [unit_of(mw, backup.unit_mw) for mw in plants["backup_mw"]]
    annual += plants["backup_mwh_per_year"] * sum(backup_usd_per_mwh(case))
    annual += plants["starts_per_year"] * unit_mw * backup.start_usd_per_mw
    return annual + plants["grid_mwh_per_year"] * grid_usd_per_mwh(case)


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


@dataclass(frozen=True, eq=False)
class Cost:
    """Cost of one run, in real dollars of `finance.dollar_year`."""

    run: Dispatch

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a part.

        Columns: `size` in the unit of its driver, `capital_usd`, `lifetime_years`, and a year's
        `capital_recovery_usd`, `fixed_om_usd` (of the grid, its demand charge), `variable_om_usd`
        (with starts), `fuel_usd` (of the grid, its energy), `annual_usd`.
        """
        case, design = self.run.case, self.run.design
        rate = case.assumptions.finance.real_discount_fraction
        backup_mwh = case.weather.per_year(self.run.flow("backup_mw"))
        fuel_usd, variable_usd = backup_usd_per_mwh(case)
        started_mw = self.run.starts_per_year * self.run.unit_mw
        start_usd = started_mw * case.assumptions.backup.start_usd_per_mw
        running = {
            "backup": (backup_mwh * variable_usd + start_usd, backup_mwh * fuel_usd),
            "grid": (0.0, case.weather.per_year(self.run.flow("grid_mw")) * grid_usd_per_mwh(case)),
        }
        rows = []
        for part, unit in unit_costs(case).items():
            driver = DRIVERS[part]
            size = float(case.load_mw.max()) if driver == "load" else getattr(design, driver)
            variable_om_usd, energy_usd = running.get(part, (0.0, 0.0))
            row = {
                "part": part,
                "size": size,
                "capital_usd": size * unit.capital_usd,
                "lifetime_years": unit.lifetime_years,
                "capital_recovery_usd": size
                * unit.capital_usd
                * capital_recovery_factor(rate, unit.lifetime_years),
                "fixed_om_usd": size * unit.fixed_om_usd_per_year,
                "variable_om_usd": variable_om_usd,
                "fuel_usd": energy_usd,
            }
            yearly = ("capital_recovery_usd", "fixed_om_usd", "variable_om_usd", "fuel_usd")
            rows.append(row | {"annual_usd": sum(float(row[key]) for key in yearly)})
        return pd.DataFrame(rows).set_index("part")

    @property
    def capital_usd(self) -> float:
        """Price of the plant on its first day [$]."""
        return float(self.frame["capital_usd"].sum())

    @property
    def annual_usd(self) -> float:
        """A year's cost [$/year]."""
        return float(self.frame["annual_usd"].sum())

    @property
    def levelized_usd_per_mwh(self) -> float:
        """A year's cost per MWh of load that is *served* [$/MWh]."""
        return self._per(self.run.served_mwh_per_year)

    @property
    def levelized_usd_per_it_mwh(self) -> float:
        """A year's cost per MWh that reaches the computers [$/MWh]."""
        return self._per(self.run.served_it_mwh_per_year)

    def _per(self, mwh_per_year: float) -> float:
        return self.annual_usd / mwh_per_year if mwh_per_year > 0 else math.inf

    @property
    def land_acres(self) -> float:
        """Land under the array [acre]."""
        mount = self.run.case.assumptions.solar.mount
        return self.run.design.solar_mw * mount.acres_per_mwdc

    @property
    def time_to_power_years(self) -> float:
        """Years until the last part that the design uses gives power: orders, or the grid's wait.

        A place's own wait for a connection goes before the assumption.
        """
        case, design = self.run.case, self.run.design
        assumptions, wait = case.assumptions, case.site.grid_wait_years
        years = [assumptions.integration.lead_years]
        if design.backup_mw > 0:
            years.append(assumptions.backup.lead_years)
        if design.grid_mw > 0:
            years.append(assumptions.grid.wait_years if wait is None else wait.value)
        return max(years)

    @cached_property
    def present(self) -> pd.DataFrame:
        """Net present cost over `finance.project_years`: one row a part, and a total [$]."""
        finance = self.run.case.assumptions.finance
        rows = {}
        for part, row in self.frame.iterrows():
            cost = present_cost(
                row["capital_usd"],
                row["lifetime_years"],
                row["fixed_om_usd"] + row["variable_om_usd"],
                row["fuel_usd"],
                discount_fraction=finance.real_discount_fraction,
                project_years=finance.project_years,
            )
            rows[part] = vars(cost) | {"total_usd": cost.total_usd}
        frame = pd.DataFrame.from_dict(rows, orient="index")
        frame.loc["total"] = frame.sum()
        return frame

    def to_dict(self) -> dict[str, object]:
        """Capital, yearly and levelized cost and the parts, for JSON."""
        parts = self.frame[["capital_usd", "annual_usd"]].to_dict(orient="index")
        return {
            "capital_usd": self.capital_usd,
            "annual_usd": self.annual_usd,
            "levelized_usd_per_mwh": self.levelized_usd_per_mwh,
            "levelized_usd_per_it_mwh": self.levelized_usd_per_it_mwh,
            "dollar_year": self.run.case.assumptions.finance.dollar_year,
            "time_to_power_years": self.time_to_power_years,
            "parts": parts,
        }

    def _repr_html_(self) -> str:
        return html_table(
            self.frame,
            f"{self.run.case.title}, {self.run.case.assumptions.finance.dollar_year} dollars: "
            f"{self.levelized_usd_per_mwh:,.1f} $/MWh served",
        )


def price(run: Dispatch) -> Cost:
    """The cost of a run."""
    return Cost(run)
