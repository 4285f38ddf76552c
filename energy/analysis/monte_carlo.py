"""How probable it is that each site has the lowest cost, with all assumptions drawn at once.

In: `Case`s and a target. Out: `MonteCarlo`.

The plant is sized anew in every draw, PV and battery alone. What the weather leaves open is drawn
as a factor of each site's cost (`Sizing.cost_interval`): few years, years of neighbors, typical and
synthetic ones; sites that stand on the same calendar years have good and bad ones together.

Thousands of sizings are needed, so what costs most is not repeated. The light on the rows, which no
draw turns, is worked out once, and its power in each draw by `energy.fused`; what snow takes of it
is that of the base, times the loss factor. The search for the plant starts at the base's and ends
within `GAP`.

A target that is no fraction of the energy takes a search of seconds. A draw's plant is then the
cheapest that serves as much energy as the base's, and its cost is corrected by the base's ratio.
What all this costs is measured on some draws, in `MonteCarlo.error_fraction`.

References
----------
[1] M. D. McKay, R. J. Beckman and W. J. Conover, A Comparison of Three Methods for Selecting Values
    of Input Variables, Technometrics 21 (1979) 239: the Latin hypercube.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import qmc, triang

from energy.analysis.comparison import Comparison, lowest_cost_fraction
from energy.analysis.sensitivity import levelized_usd_per_mwh, with_range
from energy.assumptions import Assumptions
from energy.case import Case
from energy.errors import InputError
from energy.fused import dc_under, rows_under, sky_over
from energy.sizing import Sizing, Target, size
from energy.sizing.cutting_planes import solve
from energy.sizing.frontier import problem_of
from energy.solar import ac_per_mwdc
from energy.steps import Array
from energy.tables import Result

#: The plant of a draw is at most this fraction more expensive than its cheapest one.
GAP = 1e-4

#: Draws that are sized exactly as well, to tell the error of the fast way.
CHECKED = 8

#: Percentiles of the levelized cost that are reported.
PERCENTILES = (5.0, 50.0, 95.0)

#: Not drawn: how far sizing searches and what the array is like are choices, not assumptions about
#: the world; what of its rows snow and the rear's light meet is in `snow.loss_factor` and
#: `solar.rear_loss_fraction`, which are drawn.
CHOICES = (
    "limits.",
    "solar.dc_ac_ratio",
    *(
        f"{mount}.{part}"
        for mount in ("tracker", "fixed")
        for part in (
            "gcr_fraction", "max_angle_deg", "row_width_m", "lower_edge_m", "strings_along_slant",
        )
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class MonteCarlo(Result):
    """What a seeded sample of the assumptions says of some sites.

    Parameters
    ----------
    cases, target, seed
        The questions and the sample.
    assumptions
        One row a draw, a column a assumption that has a range; the same for all sites.
    levelized_usd_per_mwh
        Shape (draws, sites): cost of the cheapest plant [$/MWh served]; NaN where none is enough.
    error_fraction
        The largest error of these costs on `CHECKED` draws that were sized exactly as well.
    weather_drawn
        Whether what the weather leaves open is in these costs.
    """

    cases: tuple[Case, ...]
    target: Target
    seed: int
    assumptions: pd.DataFrame
    levelized_usd_per_mwh: Array
    error_fraction: float
    weather_drawn: bool
    base_usd_per_mwh: Array = field(repr=False)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a site, most probably cheapest first.

        `lowest_cost_fraction`, the fraction of the draws in which it is; sites that cost the same
        share a draw. `base_usd_per_mwh` with the assumptions as they are, `mean_usd_per_mwh`, and
        the percentiles `p05`, `p50` and `p95`, over draws that have a plant;
        `without_plant_fraction`, the fraction of draws that have none.
        """
        usd = self.levelized_usd_per_mwh
        frame = pd.DataFrame(
            {
                "lowest_cost_fraction": lowest_cost_fraction(usd),
                "base_usd_per_mwh": self.base_usd_per_mwh,
                "mean_usd_per_mwh": [_of(np.mean, column) for column in usd.T],
                **{
                    f"p{percentile:02.0f}_usd_per_mwh": [
                        _of(np.percentile, column, percentile) for column in usd.T
                    ]
                    for percentile in PERCENTILES
                },
                "without_plant_fraction": np.isnan(usd).mean(axis=0),
            },
            index=pd.Index([case.site.name for case in self.cases], name="site"),
        )
        return frame.sort_values(
            ["lowest_cost_fraction", "p50_usd_per_mwh"], ascending=[False, True], kind="stable"
        )

    @property
    def notes(self) -> list[str]:
        """What must be said beside the probabilities."""
        return [
            "assumptions are drawn independently, each from a triangle between its low, value and "
            "high; "
            + (
                "so is what each site's weather leaves open; "
                if self.weather_drawn
                else "what the weather leaves open is not; "
            )
            + "what the sites' own prices leave open is not drawn",
            *(f"{case.site.name}: {note}" for case in self.cases for note in case.price_notes),
        ]

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return (
            f"{self.cases[0].datacenter.it_mw:g} MW of computers, {self.target.description}: "
            f"which site is the cheapest in {len(self.assumptions):,} draws"
        )

    def _record(self) -> dict[str, Any]:
        """The probabilities and percentiles as data."""
        return {
            "it_mw": self.cases[0].datacenter.it_mw,
            "target": self.target.to_dict(),
            "dollar_year": self.cases[0].assumptions.finance.dollar_year,
            "draws": len(self.assumptions),
            "seed": self.seed,
            "error_fraction": self.error_fraction,
            "weather_drawn": self.weather_drawn,
            "notes": self.notes,
            "sites": self.frame.reset_index().to_dict(orient="records"),
        }


def monte_carlo(
    cases: Comparison | Sequence[Case],
    target: Target | None = None,
    *,
    draws: int = 1000,
    seed: int = 0,
    weather: bool = True,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    **given: float | None,
) -> MonteCarlo:
    """How probable it is that each site is the cheapest, and the spread of its cost.

    Each assumption is drawn from the triangle between its low, its value and its high: these three
    are all that the file says of it, and no other curve follows from them. Draws are independent,
    a Latin hypercube [1] that fills each range evenly, and the same for all sites, whose ranking
    mostly hangs on what they do not share.

    Parameters
    ----------
    cases
        Sites with one datacenter and the same assumptions each, or a comparison of them; their
        arrays may differ.
    served_fraction
        Fraction of the load's energy to serve, by PV and battery.
    draws, seed
        Size of the sample; the same seed gives the same sample.
    weather
        Draw also what each site's weather leaves open; without it the hours are taken as given.
    progress
        Wraps the numbers of the draws, for a progress bar.

    Raises
    ------
    InputError
        For no site, assumptions that differ, and numbers that are out of bounds.
    InfeasibleError
        When a site has no plant that serves the fraction with the assumptions as they are.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> found = en.monte_carlo([case], served_fraction=0.9, draws=2)
    >>> found.frame["lowest_cost_fraction"].tolist()
    [1.0]
    """
    if isinstance(cases, Comparison):
        target = target if target is not None or given else cases.target
        cases = [sizing.case for sizing in cases.sizings]
    problems, aim = [], None
    try:
        aim = Target.of(target, **given)
    except InputError as error:
        problems += error.problems
    if not cases:
        problems.append("there is no site; give at least one, better two")
    elif any(
        not _same_but_for_the_array(case.assumptions, cases[0].assumptions)
        or case.datacenter != cases[0].datacenter
        for case in cases
    ):
        problems.append("the sites have different assumptions; draws are for those that they share")
    if not 1 <= draws <= 100_000:
        problems.append(f"draws must be 1 to 100000; got {draws!r}")
    if seed < 0:
        problems.append(f"seed must be 0 or more; got {seed!r}")
    if problems or aim is None:
        raise InputError(problems)
    sized = [size(case, aim) for case in cases]
    samples = _samples([case.parameters for case in cases], draws, seed)

    def costs(at: int, *, exact: bool = False) -> list[float]:
        each = [
            {str(name): float(value) for name, value in sample.iloc[at].items()}
            for sample in samples
        ]
        return [
            one.exactly(values) if exact else one.quickly(values)
            for one, values in zip(drawn, each, strict=True)
        ]

    checked = np.unique(np.linspace(0, draws - 1, min(CHECKED, draws)).astype(int))
    pool = ThreadPoolExecutor()
    try:
        drawn = list(pool.map(_Drawn, sized))
        found = pool.map(costs, range(draws))
        usd = np.array([next(found) for _ in progress(range(draws))])
        exact = np.array(list(pool.map(lambda at: costs(int(at), exact=True), checked)))
    finally:
        # After an interrupt nobody waits for draws that have not begun.
        pool.shutdown(cancel_futures=True)
    errors = np.abs(usd[checked] / exact - 1.0)
    if weather:
        usd *= np.stack([_weather_factors(sizing, draws, seed) for sizing in sized], axis=1)
    return MonteCarlo(
        cases=tuple(cases),
        target=aim,
        seed=seed,
        assumptions=samples[0],
        levelized_usd_per_mwh=usd,
        error_fraction=float(np.nanmax(errors, initial=0.0)),
        weather_drawn=weather,
        base_usd_per_mwh=np.array([s.evaluation.cost.levelized_usd_per_mwh for s in sized]),
    )


def _weather_factors(sizing: Sizing, draws: int, seed: int) -> Array:
    """Factors of the cost from what a site's weather leaves open."""
    interval = sizing.cost_interval
    return interval.draw(draws, seed) if interval is not None else np.ones(draws)


def _same_but_for_the_array(one: Assumptions, other: Assumptions) -> bool:
    """Whether two sets differ at most in mount, pitch, angles, DC/AC ratio and price book."""
    mount, ratio = one.solar.mount, one.solar.dc_ac_ratio
    alike = other.replace(solar=other.solar.replace(mount=mount, dc_ac_ratio=ratio))
    if one.book is None or other.book is None or one.book == other.book:
        return alike == one
    if one.finance.dollar_year != other.finance.dollar_year:
        return False
    lines = {
        f"{section}.{key}"
        for book in (one.book, other.book)
        for section, lines in book.sections.items()
        for key in lines
    }
    names = lines & set(one.frame.index) & set(alike.frame.index)
    same_prices = alike.with_values({name: one.number(name) for name in names})
    return same_prices.model_dump() == one.model_dump()


def _samples(parameters: Sequence[pd.DataFrame], draws: int, seed: int) -> list[pd.DataFrame]:
    """Draws of all ranged assumptions for each site, one a row, from triangles.

    Low, value and high are those of the site, whose price book may be another's. What the sites
    share is drawn once: all stand equally high in their ranges. So is what both mounts have, such
    as the price of an array.
    """
    together = pd.concat(parameters)
    shared = together[~together.index.duplicated()]
    sites = [
        pd.concat([own, shared.drop(own.index)]).reindex(shared.index)
        for own in ([shared] if len(parameters) == 1 else parameters)
    ]
    ranged = [with_range(site) for site in sites]
    names = shared.index[shared.index.isin(pd.concat(ranged).index)]
    names = names[~names.str.startswith(CHOICES)]
    kinds = names.str.replace(r"^(tracker|fixed)\.", "mount.", regex=True)
    numbers, drawn = pd.factorize(kinds)
    cube = qmc.LatinHypercube(len(drawn), seed=np.random.default_rng(seed)).random(draws)
    return [_sample(site.loc[names], cube[:, numbers]) for site in sites]


def _sample(ranged: pd.DataFrame, cube: Array) -> pd.DataFrame:
    """Draws from the triangles of assumptions; what has no range keeps its value."""
    mode = ranged["value"].to_numpy(dtype=float)
    low = np.minimum(ranged["low"].to_numpy(dtype=float), mode)
    high = np.maximum(ranged["high"].to_numpy(dtype=float), mode)
    wide = high > low
    values = np.tile(mode, (len(cube), 1))
    share = (mode[wide] - low[wide]) / (high[wide] - low[wide])
    values[:, wide] = triang.ppf(cube[:, wide], share, loc=low[wide], scale=high[wide] - low[wide])
    return pd.DataFrame(values, columns=ranged.index).rename_axis(index="draw", columns=None)


class _Drawn:
    """One site, ready to be sized under many assumptions."""

    def __init__(self, sizing: Sizing) -> None:
        case = sizing.case
        self.case, self.target = case, sizing.target
        served = self.target.value
        if not self.target.is_exact:
            served = sizing.evaluation.availability.served_fraction
        #: The target that is searched, and what the asked one's plant costs over its.
        self.searched = Target("served_fraction", served)
        self.ratio = sizing.evaluation.cost.levelized_usd_per_mwh / levelized_usd_per_mwh(
            case, self.searched
        )
        self.base = solve(problem_of(case), [served])
        self.names = set(case.parameters.index)
        #: Light on the array's rows, that on the rear too where only some draws use it.
        solar = case.assumptions.solar.replace(bifaciality_fraction=1.0)
        self.rows = rows_under(sky_over(case.weather, case.sun), solar)
        #: What snow takes of the base's array at a loss factor of 1.
        self.snow_lost = case.with_parameters({"snow.loss_factor": 1.0}).snow_lost

    def _with(self, values: Mapping[str, float]) -> Case:
        """The site's case with the values that it has a use for."""
        return self.case.with_parameters(
            {name: value for name, value in values.items() if name in self.names}
        )

    def exactly(self, values: Mapping[str, float]) -> float:
        """Levelized cost as `size` would give it."""
        return levelized_usd_per_mwh(self._with(values), self.target)

    def quickly(self, values: Mapping[str, float]) -> float:
        """The same, within what `MonteCarlo.error_fraction` tells."""
        case = self._with(values)
        solar = case.assumptions.solar
        dc = dc_under(self.rows, solar, case.albedo(solar))
        dc *= 1.0 - np.clip(self.snow_lost * case.assumptions.snow.loss_factor, 0.0, 1.0)
        case = case.replace(solar_new=ac_per_mwdc(dc, solar))
        cost = levelized_usd_per_mwh(case, self.searched, gap=GAP, start=self.base)
        return cost if self.target.is_exact else self.ratio * cost


def _of(measure: Callable[..., Any], column: Array, *arguments: float) -> float:
    """A measure of the draws that have a plant; NaN where none has."""
    known = column[~np.isnan(column)]
    return float(measure(known, *arguments)) if len(known) else math.nan
