"""How sure a sizing is, as far as its weather can tell.

In: `Sizing`. Out: `WeatherUncertainty`: the interval of its cost with the parts of it, what the
plant's reliability was in each year and in draws of them, what each year alone would have asked
for, and how many nines the years can support.

Years are drawn with replacement [1]: what differs between years is then what is uncertain. The
interval of the cost is that of `energy.sizing.cost_interval`, which knows more than these years.

References
----------
[1] B. Efron, Bootstrap Methods: Another Look at the Jackknife, Ann. Stat. 7 (1979) 1: percentiles.
[2] F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936) 437: the exact
    limits of a rate from a count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.errors import InputError
from energy.finance import annual_usd_per_size
from energy.reliability import NIGHT_H, nines_supported
from energy.sizing.cost_interval import CostInterval
from energy.sizing.cutting_planes import Problem, solve
from energy.sizing.frontier import problem_of
from energy.sizing.solution import Sizing
from energy.steps import Array
from energy.tables import Result, html_table

#: Percentiles of a 90 % interval.
INTERVAL = (5.0, 95.0)

#: One-sided confidence of what is claimed of a rate.
CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class WeatherUncertainty(Result):
    """What the weather years say of how sure a sizing is.

    Parameters
    ----------
    sizing
        The plant and its target.
    single_years
        One row a weather year: `annual_usd` of the plant sized on that year alone for the same
        fraction of the energy (NaN where none is enough), and what the sized plant did in that
        year, `served_fraction` and `available_fraction`.
    drawn
        One row a draw of as many years, with replacement: the sized plant's `served_fraction` and
        `available_fraction` in those years.
    cost_interval
        The interval of the levelized cost; with the prices, where they were given.
    """

    by_row = True

    sizing: Sizing
    single_years: pd.DataFrame
    drawn: pd.DataFrame
    cost_interval: CostInterval | None

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a measure: `value`, and `low` and `high` of the 90 % interval.

        Those of `levelized_usd_per_mwh` and `annual_usd` are of `cost_interval`; NaN for a
        plant with backup or grid. Those of `served_fraction` and `available_fraction` are of the
        draws [1]; one year gives none.
        """
        plant = self.sizing.evaluation
        interval = self.cost_interval
        factors = interval.total.interval() if interval is not None else (math.nan, math.nan)
        rows = {
            name: (value, *(value * factor for factor in factors))
            for name, value in {
                "levelized_usd_per_mwh": plant.cost.levelized_usd_per_mwh,
                "annual_usd": plant.cost.annual_usd,
            }.items()
        }
        one = len(self.single_years) == 1
        for name in ("served_fraction", "available_fraction"):
            value = getattr(plant.availability, name)
            rows[name] = (value, *((math.nan, math.nan) if one else self._interval(name)))
        return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high"])

    def _interval(self, name: str) -> tuple[float, float]:
        low, high = np.nanpercentile(self.drawn[name], INTERVAL)
        return float(low), float(high)

    @property
    def nines_supported(self) -> float:
        """The most nines of the hours that so many years could show for any plant."""
        return nines_supported(self.sizing.case.weather.years_exact)

    @property
    def nines_at_least(self) -> float:
        """Nines of the hours that the plant has with 95 % confidence, by its events [2]."""
        availability, weather = self.sizing.evaluation.availability, self.sizing.case.weather
        events = availability.events
        length_h = float(events["length_h"].mean()) if len(events) else NIGHT_H
        hours = _most_events(len(events)) / weather.years_exact * length_h
        return -math.log10(min(hours / 8760.0, 1.0))

    @property
    def notes(self) -> list[str]:
        """What must be said beside the plant's figures."""
        years = self.sizing.case.weather.years
        asked = self.sizing.evaluation.availability.nines
        notes = []
        if years == 1:
            notes.append("one weather year: what it hides is known from long records")
        if asked > self.nines_supported:
            claim = "no outage" if math.isinf(asked) else f"{asked:.1f} nines"
            notes.append(
                f"{years} weather year(s) can support {self.nines_supported:.1f} nines of the "
                f"hours at most; {claim} in the run is not a claim about the future"
            )
        return notes

    def _record(self) -> dict[str, Any]:
        """The intervals, the single years and the nines as data."""
        interval = self.cost_interval
        return {
            **(interval.to_dict() if interval is not None else {}),
            "interval_90": self.frame.to_dict(orient="index"),
            "single_years": self.single_years.astype(float).to_dict(orient="index"),
            "draws": len(self.drawn),
            "nines_supported": self.nines_supported,
            "nines_at_least": self.nines_at_least,
            "notes": self.notes,
        }

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.sizing.case.title}: {self.sizing.title}, with 90 % intervals"

    def _repr_html_(self) -> str:
        return super()._repr_html_() + html_table(
            self.single_years, "Each weather year: its own plant's cost, and how this plant did"
        )


def weather_uncertainty(
    sizing: Sizing, *, draws: int = 200, seed: int = 0, price_factors: Array | None = None
) -> WeatherUncertainty:
    """How sure a sizing is: its interval, the years one by one, and draws of years.

    Parameters
    ----------
    sizing
        A plant of `energy.size`. Each year is sized for its fraction of the energy, by the exact
        method, without backup and grid.
    draws
        How many draws of as many years as there are.
    seed
        The same seed gives the same draws.
    price_factors
        Draws of the cost over what it is, from a Monte Carlo of the prices: they are then in the
        interval too.

    Raises
    ------
    InputError
        For a number of draws or a seed that is out of bounds.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> found = en.weather_uncertainty(en.size(case, served_fraction=0.9), draws=2)
    >>> found.notes[0]
    'one weather year: what it hides is known from long records'
    """
    problems = []
    if not 1 <= draws <= 100_000:
        problems.append(f"draws must be 1 to 100000; got {draws!r}")
    if seed < 0:
        problems.append(f"seed must be 0 or more; got {seed!r}")
    if problems:
        raise InputError(problems)
    case, fraction = sizing.case, sizing.served_fraction
    problem = problem_of(case)
    fixed_usd = annual_usd_per_size(case)["load"] * float(case.load_mw.max())
    rows = [np.flatnonzero(case.year_numbers == year) for year in range(case.weather.years)]
    by_year = sizing.evaluation.availability.by_year
    single = by_year[["served_fraction", "available_fraction"]].copy()
    single.insert(0, "annual_usd", [_annual_usd(problem, r, fraction) + fixed_usd for r in rows])

    random = np.random.default_rng(seed)
    counts = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=draws)
    load = np.array([case.load_mw[r].sum() for r in rows])
    steps = np.array([len(r) for r in rows])
    drawn = pd.DataFrame(
        {
            "served_fraction": counts @ (load * single["served_fraction"]) / (counts @ load),
            "available_fraction": counts @ (steps * single["available_fraction"])
            / (counts @ steps),
        }
    )  # fmt: skip
    interval = sizing.cost_interval
    if interval is not None and price_factors is not None:
        interval = interval.with_prices(price_factors)
    return WeatherUncertainty(sizing, single, drawn, interval)


def _annual_usd(problem: Problem, rows: NDArray[np.intp], fraction: float) -> float:
    """Annualized cost of the least-cost plant on some steps; NaN where none is enough."""
    part = replace(
        problem,
        solar=np.ascontiguousarray(problem.solar[rows]),
        load_mw=np.ascontiguousarray(problem.load_mw[rows]),
    )
    return float(solve(part, [fraction])[0, 3])


def _most_events(count: int) -> float:
    """Upper limit of the expected number of events where `count` were seen [2]."""
    from scipy.special import gammaincinv  # half of chi-squared's, without scipy.stats

    return float(gammaincinv(count + 1, CONFIDENCE))
