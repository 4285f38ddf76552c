"""What the cost depends on: one assumption at a time.

In: `Case` and a served fraction. Out: `Sensitivity`, the cost at both ends of every range.

Wherever an assumption moves, the plant is sized anew: an expensive battery is answered with more
PV. PV and battery alone are sized, without backup and grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from energy.case import Case
from energy.errors import InfeasibleError
from energy.finance import annual_usd_per_size
from energy.price_books import MARKETS
from energy.sizing import Target, size
from energy.sizing.cutting_planes import GAP as EXACT_GAP
from energy.sizing.cutting_planes import solve
from energy.sizing.frontier import problem_of
from energy.steps import Array
from energy.tables import Result

#: How the price of batteries changes until they are replaced.
PRICE_PATH = "wear.price_change_per_year"


@dataclass(frozen=True, eq=False)
class Sensitivity(Result):
    """Cost at the low and the high end of every assumption, the plant sized anew each time.

    Parameters
    ----------
    case, target
        The question.
    base_usd_per_mwh
        The measured cost with all assumptions as they are [$/MWh].
    frame
        One row an assumption that has a range, widest first: `low`, `value`, `high`, `unit`,
        `levelized_low_usd_per_mwh` and `levelized_high_usd_per_mwh` at the low and at the high end
        of the *assumption*, `swing_usd_per_mwh` from the lowest to the highest of these and the
        base, `source`. NaN where no plant within the limits is enough. A MWh is one of load: what
        a higher PUE costs is more of them, not a higher price of one.
    books_usd_per_mwh
        The same at the prices of the other markets' books, the plant sized anew.
    """

    case: Case
    target: Target
    base_usd_per_mwh: float
    frame: pd.DataFrame
    books_usd_per_mwh: Mapping[str, float] = field(default_factory=dict)

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return (
            f"{self.case.title}, {self.target.description}: "
            f"{self.base_usd_per_mwh:,.1f} $/MWh, and what moves it"
        )

    @property
    def shown(self) -> pd.DataFrame:
        """What moves the cost."""
        return self.frame[self.frame["swing_usd_per_mwh"] != 0.0].drop(columns="unit")

    def _record(self) -> dict[str, Any]:
        """The table as data."""
        return {
            "site": self.case.site.name,
            "it_mw": self.case.datacenter.it_mw,
            "target": self.target.to_dict(),
            "prices": self.case.assumptions.prices,
            "dollar_year": self.case.assumptions.finance.dollar_year,
            "base_usd_per_mwh": self.base_usd_per_mwh,
            "books_usd_per_mwh": dict(self.books_usd_per_mwh),
            "assumptions": self.frame.reset_index().to_dict(orient="records"),
        }


def levelized_usd_per_mwh(
    case: Case, target: Target, *, gap: float = EXACT_GAP, start: Array | None = None
) -> float:
    """Levelized cost of the cheapest plant for a target [$/MWh served]; NaN where none meets it.

    `gap` and `start` are those of the exact search, for a fraction of the energy.
    """
    if not target.is_exact:
        try:
            return size(case, target).evaluation.cost.levelized_usd_per_mwh
        except InfeasibleError:
            return math.nan
    annual_usd = float(solve(problem_of(case), [target.value], gap=gap, start=start)[0, 3])
    annual_usd += annual_usd_per_size(case)["load"] * case.peak_load_mw
    return annual_usd / (target.value * case.weather.per_year(case.load_mw))


#: What a sensitivity measures: from a case and a target to $/MWh; NaN where there is no plant.
Measure = Callable[[Case, Target], float]


def sensitivity(
    case: Case,
    target: Target | None = None,
    *,
    measure: Measure = levelized_usd_per_mwh,
    progress: Callable[[Iterable[str]], Iterable[str]] = iter,
    **given: float | None,
) -> Sensitivity:
    """Cost with each assumption at its low and at its high end, the others as they are.

    Parameters
    ----------
    case
        The question.
    target
        What the plant has to meet; or a keyword, such as `served_fraction=0.99`.
    measure
        What is measured; without it the levelized cost of the cheapest plant of PV and battery.
    progress
        Wraps the names of the assumptions, for a progress bar.

    Raises
    ------
    InputError
        For what is no target.
    InfeasibleError
        When no plant meets it with the assumptions as they are.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> en.sensitivity(case, served_fraction=0.9).frame.index[0]
    'battery.energy_usd_per_kwh'
    """
    aim = Target.of(target, **given)
    size(case, aim)  # says why where there is no plant
    base_usd = measure(case, aim)
    ranged = with_range(case.parameters)
    ends = {
        name: [
            measure(case.with_parameters({name: value}), aim)
            for value in (float(ranged["low"][name]), float(ranged["high"][name]))
        ]
        for name in progress([str(name) for name in ranged.index])
    }
    costs = ["levelized_low_usd_per_mwh", "levelized_high_usd_per_mwh"]
    frame = ranged[["low", "value", "high", "unit"]].copy()
    frame[costs] = pd.DataFrame.from_dict(ends, orient="index", columns=costs)
    # A search ends within 1e-9 of the optimum: so little is no swing.
    frame[costs] = frame[costs].mask((frame[costs] / base_usd - 1.0).abs() < 1e-8, base_usd)
    either = frame[costs].assign(base=base_usd)
    frame["swing_usd_per_mwh"] = either.max(axis=1) - either.min(axis=1)
    frame["source"] = ranged["source"]
    frame = frame.sort_values("swing_usd_per_mwh", ascending=False, kind="stable")
    assumed = case.assumptions
    books = {
        name: measure(case.replace(assumptions=assumed.at_book(name)), aim)
        for name in MARKETS
        if name != assumed.prices
    }
    return Sensitivity(case, aim, base_usd, frame, books)


def with_range(parameters: pd.DataFrame) -> pd.DataFrame:
    """The parameters that have a range, which is widened where the value in use lies outside it.

    Without those of [failures] and [wear]: sizes and costs are of plants whose equipment does not
    fail and whose battery is kept as new, so that none of them can move a cost; after tax the path
    of the battery's price can.
    """
    names = parameters.index
    idle = names.str.startswith(("failures.", "wear."))
    if names.str.startswith("terms.").any():
        idle &= names != PRICE_PATH
    parameters = parameters[~idle]
    frame = parameters.assign(
        low=parameters[["low", "value"]].min(axis=1), high=parameters[["high", "value"]].max(axis=1)
    )
    return frame[frame["high"] > frame["low"]]
