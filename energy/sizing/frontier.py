"""Cost against availability: the cheapest plant for every fraction of the energy, in one call.

In: `Case`. Out: `Frontier`, one row a target with sizes, cost and reliability.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from energy.case import Case
from energy.dispatch import Design, simulate, simulate_many
from energy.errors import InputError
from energy.evaluation import Evaluation
from energy.finance import annual_usd_per_size, capital_usd_per_size
from energy.parameters import fraction_problems
from energy.sizing.cutting_planes import Problem, solve
from energy.steps import Array
from energy.tables import Result

#: Fractions of the energy that a frontier has when none are asked for: 29 from .5 to five nines,
#: evenly spaced in nines, and all of it.
SERVED_FRACTIONS = (
    *(1.0 - 10.0**-nines for nines in np.linspace(math.log10(2.0), 5.0, 29).tolist()),
    1.0,
)

#: The sizes that are searched, in the order of `energy.sizing.cutting_planes`.
SIZES = ("solar_mw", "battery_mwh", "battery_mw")


@dataclass(frozen=True, eq=False)
class Frontier(Result):
    """The least-cost plants of a case for a row of targets.

    Parameters
    ----------
    case
        The question.
    cyclic
        True: the battery ends the chain of weather years as it starts it. False: it starts full.
    plants
        One row a target: `served_fraction` and the sizes; NaN where no plant within
        `assumptions.limits` serves that much.
    """

    case: Case
    cyclic: bool
    plants: pd.DataFrame

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a target that can be reached, from the lowest fraction to the highest.

        Columns: `served_fraction` (the target), `solar_mw`, `battery_mwh`, `battery_mw`,
        `annual_usd` and `capital_usd` of the whole plant, `levelized_usd_per_mwh` served,
        `marginal_usd_per_mwh` (what the last MWh costs: the slope from the row before),
        `available_fraction` of the hours, `nines` of those, `lolh_hours_per_year`,
        `longest_event_h`, `worst_year_served_fraction`.
        """
        case = self.case
        frame = self.plants.dropna().reset_index(drop=True)
        for name, per_size in (
            ("annual_usd", annual_usd_per_size(case)),
            ("capital_usd", capital_usd_per_size(case)),
        ):
            fixed_usd = per_size["load"] * float(case.load_mw.max())
            frame[name] = fixed_usd + sum(frame[size] * per_size[size] for size in SIZES)
        served_mwh = frame["served_fraction"] * case.weather.per_year(case.load_mw)
        frame["levelized_usd_per_mwh"] = frame["annual_usd"] / served_mwh
        frame["marginal_usd_per_mwh"] = frame["annual_usd"].diff() / served_mwh.diff()
        measures = self._measures(frame)
        available = measures["available_fraction"].to_numpy()
        frame["available_fraction"] = available
        with np.errstate(divide="ignore"):
            frame["nines"] = -np.log10(1.0 - available)
        hours = len(case.load_mw) * case.step_h / case.weather.years_exact
        frame["lolh_hours_per_year"] = (1.0 - available) * hours
        for name in ("longest_event_h", "worst_year_served_fraction"):
            frame[name] = measures[name].to_numpy()
        return frame

    @property
    def unreachable(self) -> list[float]:
        """Targets that no plant within `assumptions.limits` meets."""
        lacking = self.plants[self.plants["solar_mw"].isna()]
        return [float(fraction) for fraction in lacking["served_fraction"]]

    def design(self, served_fraction: float) -> Design:
        """The plant of one of the targets.

        Raises
        ------
        InputError
            For a fraction that is not one of the frontier's, or that cannot be reached.
        """
        frame = self.frame
        rows = frame[np.isclose(frame["served_fraction"], served_fraction, rtol=0, atol=1e-12)]
        if rows.empty:
            known = ", ".join(f"{fraction:.6g}" for fraction in frame["served_fraction"])
            raise InputError(f"the frontier has no plant for {served_fraction!r}; it has {known}")
        return design_of(rows[list(SIZES)].to_numpy()[0])

    def _record(self) -> dict[str, Any]:
        """The frontier as data."""
        rows = self.frame.astype(float).to_dict(orient="records")
        return {
            "site": self.case.site.name,
            "it_mw": self.case.datacenter.it_mw,
            "start": "as the end" if self.cyclic else "full",
            "weather": {"source": self.case.weather.source, "years": self.case.weather.years},
            "plants": rows,
            "unreachable": self.unreachable,
        }

    def _measures(self, frame: pd.DataFrame) -> pd.DataFrame:
        designs = [design_of(sizes) for sizes in frame[list(SIZES)].to_numpy()]
        if self.cyclic:
            return simulate_many(self.case, designs)
        runs = [
            Evaluation(simulate(self.case, d, initial_soc_fraction=1.0)).availability
            for d in designs
        ]
        return pd.DataFrame(
            {
                "available_fraction": [run.available_fraction for run in runs],
                "longest_event_h": [run.longest_event_h for run in runs],
                "worst_year_served_fraction": [run.worst_year["served_fraction"] for run in runs],
            }
        )

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: cheapest plants of PV and battery, by fraction of the energy"


def frontier(
    case: Case, served_fractions: Sequence[float] | Array = SERVED_FRACTIONS, *, cyclic: bool = True
) -> Frontier:
    """The cheapest plant for every fraction of the energy, over all weather years as one chain.

    Parameters
    ----------
    case
        The question.
    served_fractions
        Fractions above 0 and at most 1; without them `SERVED_FRACTIONS`, from .5 to .99999 and 1.
    cyclic
        True: the battery ends the chain as it starts it. False: it starts full.

    Returns
    -------
    Frontier
        Each row is what `size` gives for that fraction. No backup, no grid.

    Raises
    ------
    InputError
        With every fraction that is none.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> curve = en.frontier(case, [0.9, 0.99])
    >>> curve.frame["levelized_usd_per_mwh"].round(-1).tolist()
    [110.0, 160.0]
    """
    fractions = [float(fraction) for fraction in served_fractions]
    problems = [p for fraction in fractions for p in fraction_problems("served_fraction", fraction)]
    if not fractions:
        problems.append("served_fractions is empty; give at least one fraction such as 0.99")
    if problems:
        raise InputError(problems)
    fractions = sorted(set(fractions))
    found = solve(problem_of(case, cyclic=cyclic), fractions)[:, :3]
    found[:, 1] /= case.assumptions.battery.usable_fraction
    plants = pd.DataFrame(found, columns=list(SIZES))
    plants.insert(0, "served_fraction", fractions)
    return Frontier(case, cyclic, plants)


def problem_of(case: Case, *, cyclic: bool = True, by_capital: bool = False) -> Problem:
    """A case as arrays and prices; `by_capital` counts a plant's price, not its cost a year."""
    assumptions = case.assumptions
    usable = assumptions.battery.usable_fraction
    largest = largest_design(case)
    usd_per_size = (capital_usd_per_size if by_capital else annual_usd_per_size)(case)
    return Problem(
        solar=case.solar,
        load_mw=case.load_mw,
        usd_per_size=np.array([usd_per_size[name] for name in SIZES]) / [1.0, usable, 1.0],
        one_way_efficiency=assumptions.battery.one_way_efficiency,
        retained_fraction=assumptions.battery.retained_fraction(case.step_h),
        own_use_mw_per_mwh=assumptions.battery.own_use_mw(1.0) / usable,
        cyclic=cyclic,
        step_h=case.step_h,
        largest=(largest.solar_mw, largest.battery_mwh * usable, largest.battery_mw),
    )


def largest_design(case: Case) -> Design:
    """The largest plant that sizing searches: `assumptions.limits`, and power for all its sun."""
    limits = case.assumptions.limits
    solar_mw = limits.solar_mw_per_load_mw * case.mean_load_mw
    return Design(
        solar_mw=solar_mw,
        battery_mwh=limits.battery_h * case.mean_load_mw,
        battery_mw=float(max(case.load_mw.max(), solar_mw * case.solar.max())),
    )


def design_of(sizes: Array) -> Design:
    """A design from its sizes in the order of `SIZES`, energy as nameplate."""
    return Design(**dict(zip(SIZES, map(float, sizes), strict=True)))
