"""What the cost depends on: one assumption at a time.

In: `Case` and a served fraction. Out: `Sensitivity`, the cost at both ends of every range.

Wherever an assumption moves, the plant is sized anew: an expensive battery is answered with more
PV. PV and battery alone are sized, without backup and grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from energy.assumptions import Assumptions
from energy.case import Case
from energy.finance import annual_usd_per_size
from energy.sizing import size
from energy.sizing.cutting_planes import GAP as EXACT_GAP
from energy.sizing.cutting_planes import solve
from energy.sizing.frontier import problem_of
from energy.tables import html_table
from energy.units import Array


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Levelized cost at the low and the high end of every belief, the plant sized anew each time.

    Parameters
    ----------
    case, served_fraction
        The question.
    base_usd_per_mwh
        Levelized cost of the cheapest plant with all assumptions as they are [$/MWh served].
    frame
        One row a belief that has a range, widest first: `low`, `value`, `high`, `unit`,
        `levelized_low_usd_per_mwh` and `levelized_high_usd_per_mwh` at the low and at the high end
        of the *belief*, `swing_usd_per_mwh` from the lowest to the highest of these and the base,
        `source`. NaN where no plant within the limits is enough. A MWh is one of load: what a
        higher PUE costs is more of them, not a higher price of one.
    """

    case: Case
    served_fraction: float
    base_usd_per_mwh: float
    frame: pd.DataFrame

    def _repr_html_(self) -> str:
        return html_table(
            self.frame[self.frame["swing_usd_per_mwh"] != 0.0].drop(columns="unit"),
            f"{self.case.title}, {self.served_fraction:g} of the energy served: "
            f"{self.base_usd_per_mwh:,.1f} $/MWh, and what moves it",
        )

    def to_dict(self) -> dict[str, Any]:
        """The sensitivity as plain data, for JSON; null for NaN."""
        return {
            "site": self.case.site.name,
            "it_mw": self.case.datacenter.it_mw,
            "served_fraction": self.served_fraction,
            "dollar_year": self.case.assumptions.finance.dollar_year,
            "base_usd_per_mwh": self.base_usd_per_mwh,
            "assumptions": _rows(self.frame.reset_index()),
        }


def sensitivity(
    case: Case,
    *,
    served_fraction: float,
    progress: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> Sensitivity:
    """Levelized cost with each belief at its low and at its high end, the others as they are.

    Parameters
    ----------
    case
        The question.
    served_fraction
        Fraction of the load's energy to serve, by sun and battery.
    progress
        Wraps the names of the assumptions, for a progress bar.

    Raises
    ------
    InputError
        For a share that is none.
    InfeasibleError
        When no plant serves it with the assumptions as they are.
    """
    base = size(case, served_fraction=served_fraction)
    assumptions = _ranged(case.assumptions)
    ends = {
        name: [
            _levelized(case.with_parameters({name: value}), served_fraction)
            for value in (float(assumptions["low"][name]), float(assumptions["high"][name]))
        ]
        for name in progress([str(name) for name in assumptions.index])
    }
    costs = ["levelized_low_usd_per_mwh", "levelized_high_usd_per_mwh"]
    frame = assumptions[["low", "value", "high", "unit"]].copy()
    frame[costs] = pd.DataFrame.from_dict(ends, orient="index", columns=costs)
    base_usd = base.evaluation.cost.levelized_usd_per_mwh
    # A search ends within 1e-9 of the optimum: so little is no swing.
    frame[costs] = frame[costs].mask((frame[costs] / base_usd - 1.0).abs() < 1e-8, base_usd)
    either = frame[costs].assign(base=base_usd)
    frame["swing_usd_per_mwh"] = either.max(axis=1) - either.min(axis=1)
    frame["source"] = assumptions["source"]
    frame = frame.sort_values("swing_usd_per_mwh", ascending=False, kind="stable")
    return Sensitivity(case, served_fraction, base_usd, frame)


def _ranged(assumptions: Assumptions) -> pd.DataFrame:
    """The assumptions that have a range, which is widened where the user's value lies outside it."""
    frame = assumptions.frame
    frame = frame.assign(
        low=frame[["low", "value"]].min(axis=1), high=frame[["high", "value"]].max(axis=1)
    )
    return frame[frame["high"] > frame["low"]]


def _levelized(
    case: Case, share: float, *, gap: float = EXACT_GAP, start: Array | None = None
) -> float:
    """Levelized cost of the cheapest plant [$/MWh served]; NaN where none is enough."""
    annual_usd = float(solve(problem_of(case), [share], gap=gap, start=start)[0, 3])
    annual_usd += annual_usd_per_size(case)["load"] * float(case.load_mw.max())
    return annual_usd / (share * case.weather.per_year(case.load_mw))


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame as plain data; null for NaN."""
    return [
        {str(k): None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        for row in frame.to_dict(orient="records")
    ]
