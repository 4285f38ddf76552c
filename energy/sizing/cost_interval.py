"""How sure a plant's cost is, as far as its weather can tell: one interval, with its parts.

In: the `Evaluation` of a plant and the fraction of the energy that it is sized for. Out:
`CostInterval`, the 90 % interval of what a plant for that target costs in the long run.

A plant is sized on the weather that there is. The cost that the climate asks for differs from it
by factors whose logarithms are added here, each with a shift, a spread and the degrees of freedom
that stand behind the spread:

- *years*: few recorded years. Years are weighed anew at random (the Bayesian bootstrap [1], same
  weights for the same calendar year at every site), and for each weighing the plant is made larger
  or smaller as a whole until it serves what is asked; that is within 1 % of sizing anew. The
  spread of so few years is itself uncertain, and they hold too few of the worst: it is joined with
  the spread that long records have at that target.
- *adaptation*: years that were recorded elsewhere, by their distance.
- *typical*: a typical year instead of recorded ones: it holds no bad winter.
- *coarse*: light of a large cell (NASA POWER, ERA5), whose darkest days are too bright.
- *synthetic*: hours that were measured nowhere.
- *prices*, where they are asked for: `energy.analysis.monte_carlo`.

The numbers below were found on recorded years by `tests/benchmarks/validate_intervals.py`: 18 of
Clearlake CA, 10 of Davos, 21 of Laegern near Zurich, 9 of Lamont OK and 11 of Golden CO.

References
----------
[1] D. Rubin, The Bayesian bootstrap, Ann. Stat. 9 (1981) 130.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from energy.case import Case
from energy.dispatch import simulate
from energy.dispatch.design import Design
from energy.evaluation import Evaluation
from energy.finance import annual_usd_per_size
from energy.steps import Array

#: What the interval holds.
LEVEL = 0.9

#: Unserved fractions of the energy at which the numbers below were found, as nines.
NINES = (1.30103, 2.0, 3.0)

#: Spread of the logarithm of what plants sized on single recorded years cost.
YEAR_SPREAD = (0.10, 0.15, 0.27)

#: So many years weigh as much as that.
YEARS_OF_PRIOR = 4

#: How much too narrow a bootstrap of 3 to 10 years is: the worst years are not among them.
BOOTSTRAP_TOO_NARROW = (1.0, 1.0, 1.45)

#: Logarithm of what all years cost over one recorded year; over n of them it is an n-th of it.
YEAR_SHIFT = (0.01, 0.035, 0.18)

#: Logarithm of what all years cost over a typical year: 4, 11 and 33 % more than on 70 typical
#: years put together from recorded ones by the method of TMY3 at the five places; less .045, as
#: recorded light is 5 % above that of the typical years that are shipped (`sites/SOURCES.md`).
TYPICAL_SHIFT = (0.043 - 0.045, 0.106 - 0.045, 0.283 - 0.045)
TYPICAL_SPREAD = (0.07, 0.09, 0.14)

#: Spread of the cost from adapting a station 125 km away: pairs of stations in California, .09 to
#: .10 either way for 99 % of the energy and .14 to .16 for 99.9 %. It grows with the root of
#: the distance, as far as 18 pairs of one year 130 to 545 km apart can tell.
ADAPTATION_SPREAD = (0.04, 0.055, 0.09)
ADAPTATION_KM = 250.0

#: Logarithm of what recorded years cost over synthetic ones at 21 places, and its spread.
SYNTHETIC_SHIFT, SYNTHETIC_SPREAD = 0.12, 0.24

#: Logarithms for light of a large cell, judged by what a typical year hides: no series of such
#: light could be put beside recorded years. A place is darker on its worst days than its cell.
COARSE_SHIFT = (0.02, 0.06, 0.15)
COARSE_SPREAD = (0.03, 0.05, 0.10)

#: Plants are tried at these sizes, as the logarithm of a factor, to see what they would serve.
LARGER = np.linspace(-0.5, 0.8, 17)

#: Weighings of the years.
DRAWS = 400


@dataclass(frozen=True)
class Part:
    """One reason why the cost is uncertain.

    Parameters
    ----------
    shift, spread
        Mean and standard deviation of the logarithm of the cost's factor.
    freedom
        Degrees of freedom of `spread`; infinite where it is taken as known.
    """

    shift: float
    spread: float
    freedom: float = math.inf

    def interval(self) -> tuple[float, float]:
        """Factors of the cost between which the truth lies with probability `LEVEL`."""
        from scipy.special import stdtrit  # Student's t, without scipy.stats

        half = self.spread * float(stdtrit(self.freedom, 0.5 + LEVEL / 2))
        return math.exp(self.shift - half), math.exp(self.shift + half)


@dataclass(frozen=True, eq=False)
class CostInterval:
    """How sure the levelized cost of a plant is.

    Parameters
    ----------
    usd_per_mwh
        Levelized cost of the plant, as sized on its weather [$/MWh].
    parts
        Why it is uncertain.
    weather
        What tells its weather from others: on the same one the same is drawn.
    by_draw
        For each weighing of the years the logarithm of the cost.
    """

    usd_per_mwh: float
    parts: Mapping[str, Part]
    weather: str
    by_draw: Array

    @cached_property
    def total(self) -> Part:
        """All parts together; degrees of freedom by Welch and Satterthwaite."""
        parts = self.parts.values()
        variance = sum(part.spread**2 for part in parts)
        loose = sum(part.spread**4 / part.freedom for part in parts)
        return Part(
            shift=sum(part.shift for part in parts),
            spread=math.sqrt(variance),
            freedom=variance**2 / loose if loose > 0.0 else math.inf,
        )

    @property
    def levelized_usd_per_mwh(self) -> tuple[float, float]:
        """The interval [$/MWh]: it holds the long run's cost with probability `LEVEL`."""
        low, high = self.total.interval()
        return self.usd_per_mwh * low, self.usd_per_mwh * high

    @property
    def middle_usd_per_mwh(self) -> float:
        """The middle of the interval [$/MWh]: the most probable cost in the long run."""
        return self.usd_per_mwh * math.exp(self.total.shift)

    def with_prices(self, factors: Array) -> CostInterval:
        """The same with the prices too, as factors of the cost that were drawn."""
        logs = np.log(factors[np.isfinite(factors) & (factors > 0.0)])
        return replace(
            self, parts={**self.parts, "prices": Part(float(logs.mean()), float(logs.std(ddof=1)))}
        )

    def draw(self, count: int, seed: int = 0) -> Array:
        """Factors of the cost, `count` of them, from all parts but the prices.

        Sites that stand on the same calendar years get good and bad weighings of them together.
        """
        logs = np.zeros(count)
        for name, part in self.parts.items():
            if name == "prices":
                continue
            random = np.random.default_rng([seed, *name.encode(), *self.weather.encode()])
            if name == "years" and self.by_draw.std() > 0.0:
                shared = np.random.default_rng(seed).integers(len(self.by_draw), size=count)
                score = (self.by_draw - self.by_draw.mean()) / self.by_draw.std()
                normal = score[shared]
            else:
                normal = random.standard_normal(count)
            if math.isfinite(part.freedom):
                normal = normal * np.sqrt(part.freedom / random.chisquare(part.freedom, count))
            logs += part.shift + part.spread * normal
        return np.exp(logs)

    def to_dict(self) -> dict[str, Any]:
        """The interval and what each part alone would leave, as plain data [$/MWh]."""
        names = ("years", "adaptation", "typical", "coarse", "synthetic", "prices")
        return {
            "level": LEVEL,
            "levelized_usd_per_mwh": list(self.levelized_usd_per_mwh),
            "middle_usd_per_mwh": self.middle_usd_per_mwh,
            "parts": {
                name: [self.usd_per_mwh * end for end in self.parts[name].interval()]
                if name in self.parts
                else None
                for name in names
            },
        }


def cost_interval(evaluation: Evaluation, served_fraction: float) -> CostInterval | None:
    """How sure the cost of a plant is that was sized for a fraction of the energy.

    None for a plant with backup or grid: how much it costs hangs on their energy, which no long
    record has been compared for.
    """
    design = evaluation.design
    if design.backup_mw + design.grid_mw > 0.0:
        return None
    return cost_intervals(evaluation, [served_fraction])[0]


def cost_intervals(evaluation: Evaluation, fractions: Sequence[float]) -> list[CostInterval]:
    """The intervals at several fractions of the energy, from one plant made larger and smaller."""
    case = evaluation.case
    weather = case.weather
    recorded = weather.basis in ("own", "adapted")
    ray = None
    if recorded and weather.years > 1 and not weather.relabeled:
        ray = larger_and_smaller(case, evaluation.design)
    found = []
    for served_fraction in fractions:
        nines = -math.log10(max(1.0 - served_fraction, 1e-9))
        by_draw = np.zeros(DRAWS)
        if ray is not None:
            by_draw = _by_draw(case, evaluation.design, served_fraction, ray)
        found.append(
            CostInterval(
                usd_per_mwh=evaluation.cost.levelized_usd_per_mwh,
                parts=_parts(case, nines, by_draw),
                weather=f"{weather.source}, {weather.place}",
                by_draw=by_draw,
            )
        )
    return found


def _parts(case: Case, nines: float, by_draw: Array) -> dict[str, Part]:
    """Why a cost on the case's weather is uncertain."""
    weather = case.weather
    if weather.basis == "typical":
        return {"typical": Part(_at(nines, TYPICAL_SHIFT), _at(nines, TYPICAL_SPREAD))}
    if weather.basis == "synthetic":
        return {"synthetic": Part(SYNTHETIC_SHIFT, SYNTHETIC_SPREAD)}
    parts = {"years": _years(max(weather.real_years, 1), nines, by_draw)}
    if weather.provenance.coarse:
        parts["coarse"] = Part(_at(nines, COARSE_SHIFT), _at(nines, COARSE_SPREAD))
    far = [
        len(origin.years) * (0.5 + origin.place.distance_km(weather.place) / ADAPTATION_KM)
        for origin in weather.origins
        if origin.adapted
    ]
    if far:
        share = sum(far) / sum(len(origin.years) for origin in weather.origins)
        parts["adaptation"] = Part(0.0, _at(nines, ADAPTATION_SPREAD) * math.sqrt(share))
    return parts


def _at(nines: float, values: tuple[float, ...]) -> float:
    """A number at so many nines: in straight lines, going on as the last one beyond three."""
    slope = (values[-1] - values[-2]) / (NINES[-1] - NINES[-2])
    beyond = max(min(nines, 5.0) - NINES[-1], 0.0)
    return float(np.interp(nines, NINES, values)) + slope * beyond


def _years(count: int, nines: float, by_draw: Array) -> Part:
    """What so few years leave open."""
    known = _at(nines, YEAR_SPREAD) ** 2
    freedom = YEARS_OF_PRIOR
    seen = float(by_draw.std())
    if seen > 0.0 and count > 1:
        # The Bayesian bootstrap of n values has (n - 1) / (n + 1) / n of their variance.
        one = seen * math.sqrt(count * (count + 1) / (count - 1))
        one *= _at(nines, BOOTSTRAP_TOO_NARROW)
        known = (YEARS_OF_PRIOR * known + (count - 1) * one**2) / (YEARS_OF_PRIOR + count - 1)
        freedom = YEARS_OF_PRIOR + count - 1
    return Part(_at(nines, YEAR_SHIFT) / count, math.sqrt(known / count), freedom)


def _by_draw(case: Case, design: Design, served_fraction: float, ray: tuple[Array, Array]) -> Array:
    """The logarithm of the cost for each weighing of the years, less that of the years as are."""
    asked_mw, unserved_mw = ray
    prices = annual_usd_per_size(case)
    fixed_usd = prices["load"] * float(case.load_mw.max())
    plant_usd = sum(
        prices[name] * getattr(design, name) for name in ("solar_mw", "battery_mwh", "battery_mw")
    )
    cost = np.log(fixed_usd + plant_usd * np.exp(LARGER))

    def cost_of(weights: Array) -> float:
        lost = np.log(np.maximum(unserved_mw @ weights / (asked_mw @ weights), 1e-9))
        # What is lost falls as the plant grows: read the size at which it is what is allowed.
        return float(np.interp(-math.log(max(1.0 - served_fraction, 1e-9)), -lost, cost))

    numbers = np.unique(np.asarray(case.weather.local_middle.year))
    weights = np.stack(
        [np.random.default_rng(int(year)).standard_exponential(DRAWS) for year in numbers]
    )
    return np.array([cost_of(column) for column in weights.T]) - cost_of(np.ones(len(numbers)))


def larger_and_smaller(case: Case, design: Design) -> tuple[Array, Array]:
    """What is asked in each weather year, and what goes unserved at each size of `LARGER` [MW].

    Shapes (years,) and (sizes, years), as sums over steps.
    """
    count = case.weather.years
    asked = np.bincount(case.year_numbers, case.load_mw, minlength=count).astype(float)
    unserved = np.empty((len(LARGER), count))
    for row, factor in enumerate(np.exp(LARGER)):
        scaled = design.replace(
            **{name: getattr(design, name) * factor
               for name in ("solar_mw", "battery_mwh", "battery_mw")}
        )  # fmt: skip
        run = simulate(case, scaled)
        unserved[row] = np.bincount(case.year_numbers, run.flow("unserved_mw"), minlength=count)
    return asked, unserved
