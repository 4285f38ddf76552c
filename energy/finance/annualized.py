"""Annualized and levelized cost of a run, in real dollars.

In: `Dispatch`, of a firm or a flexible load. Out: `Cost`: parts, capital, annualized cost,
levelized cost, net present cost.

With `Assumptions.terms` annualized and levelized cost are after tax: the levelized cost is the
price of the first year, growing with inflation, that gives equity its return. Net present cost is
before tax.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from energy.case import backup_usd_per_mwh, grid_usd_per_mwh
from energy.dispatch import Dispatch, FlexibleRun
from energy.errors import InputError
from energy.finance.capital import DRIVERS, unit_costs
from energy.finance.present_cost import present_cost
from energy.tables import Result


@dataclass(frozen=True, eq=False)
class Cost(Result):
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
            size = case.peak_load_mw if driver == "load" else getattr(design, driver)
            variable_om_usd, energy_usd = running.get(part, (0.0, 0.0))
            row = {
                "part": part,
                "size": size,
                "capital_usd": size * unit.capital_usd,
                "lifetime_years": unit.lifetime_years,
                "capital_recovery_usd": size * unit.recovery_usd,
                "fixed_om_usd": size * unit.fixed_om_usd_per_year,
                "variable_om_usd": variable_om_usd,
                "fuel_usd": energy_usd,
            }
            yearly = ("capital_recovery_usd", "fixed_om_usd", "variable_om_usd", "fuel_usd")
            rows.append(row | {"annual_usd": sum(float(row[key]) for key in yearly)})
        return pd.DataFrame(rows).set_index("part")

    @property
    def after_tax(self) -> bool:
        """Whether annualized and levelized cost are after tax."""
        return self.run.case.assumptions.terms is not None

    @property
    def capital_usd(self) -> float:
        """Price of the plant on its first day [$]."""
        return float(self.frame["capital_usd"].sum())

    @property
    def annual_usd(self) -> float:
        """Annualized cost [$/year]."""
        return float(self.frame["annual_usd"].sum())

    @property
    def levelized_usd_per_mwh(self) -> float:
        """Annualized cost per MWh of load that is *served* [$/MWh]."""
        return self._per(self.run.served_mwh_per_year)

    @property
    def levelized_usd_per_it_mwh(self) -> float:
        """Annualized cost per MWh that reaches the computers [$/MWh]."""
        return self._per(self.run.served_it_mwh_per_year)

    def _per(self, mwh_per_year: float) -> float:
        return self.annual_usd / mwh_per_year if mwh_per_year > 0 else math.inf

    @property
    def usd_per_useful_mwh(self) -> float:
        """Annualized cost per useful IT MWh of a flexible run [$/MWh]; computers not counted.

        Raises
        ------
        InputError
            For a run without a workload.
        """
        if not isinstance(self.run, FlexibleRun):
            raise InputError("only a run of a workload has useful compute; use run_workload")
        return self._per(self.run.useful_mwh_per_year)

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

    def _record(self) -> dict[str, object]:
        """Capital, yearly and levelized cost and the parts, for JSON."""
        parts = self.frame[["capital_usd", "annual_usd"]].to_dict(orient="index")
        return {
            "capital_usd": self.capital_usd,
            "annual_usd": self.annual_usd,
            "levelized_usd_per_mwh": self.levelized_usd_per_mwh,
            "levelized_usd_per_it_mwh": self.levelized_usd_per_it_mwh,
            "prices": self.run.case.assumptions.prices,
            "dollar_year": self.run.case.assumptions.finance.dollar_year,
            "after_tax": self.after_tax,
            "time_to_power_years": self.time_to_power_years,
            "parts": parts,
        }

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return (
            f"{self.run.case.title}, {self.run.case.assumptions.dollars}: "
            f"{self.levelized_usd_per_mwh:,.1f} $/MWh served"
        )


def price(run: Dispatch) -> Cost:
    """The cost of a run.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> run = en.simulate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> cost = en.price(run)
    >>> round(cost.levelized_usd_per_mwh, -1)
    130.0
    """
    return Cost(run)
