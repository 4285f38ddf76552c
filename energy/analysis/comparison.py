"""Which site: the least-cost plant of each, side by side and ranked.

In: sites, a datacenter and a target. Out: `Comparison`, the most probably cheapest first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from energy.assumptions import Assumptions
from energy.case import Case
from energy.datacenter import Datacenter
from energy.errors import InfeasibleError, InputError
from energy.evaluation import Evaluation, array_of
from energy.life import Life
from energy.site import Site, read_site
from energy.sizing import Sizing, Target, choose_array, size
from energy.snow import SnowLoss, mean_loss
from energy.steps import Array
from energy.tables import Result

#: Draws of what the weather leaves open, behind the fraction in which a site is the cheapest.
WEATHER_DRAWS = 4000


@dataclass(frozen=True, eq=False)
class Comparison(Result):
    """Sized plants for one target, ranked by what they most probably cost; `compare` makes one.

    Plants on few or typical years cost more in the long run than their hours show: the ranking is
    by the middle of each one's interval (`Sizing.cost_interval`), which is the levelized cost where
    there is none. Plants that are sized for their life are ranked by the cost over it.

    Parameters
    ----------
    sizings
        The plants, the one that is most probably cheapest first.
    infeasible
        Sites that have no plant for the target, and why.

    Examples
    --------
    >>> import energy as en
    >>> ranking = en.compare(["el-paso"], served_fraction=0.9)
    >>> ranking.target.description
    '0.9 of the energy served'
    """

    sizings: tuple[Sizing, ...]
    infeasible: Mapping[str, str] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """What the plants meet."""
        return self.sizings[0].target

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a site, in the order of the ranking; full precision, units in the column names.

        `levelized_p05_usd_per_mwh` and `levelized_p95_usd_per_mwh` are the ends of the 90 %
        interval that the weather leaves, and `lowest_cost_fraction` how often the site is the
        cheapest in draws from all of them; NaN where a plant has backup or grid.

        Plants sized for their life have columns `life_...` too: cost and energy served over it and
        in its worst year; interval and ranking are of that cost, all else is of the plant as it is
        first built. Plants with failures have `..._with_failures_...`.
        """
        frame = pd.DataFrame(
            [row(each.evaluation) | life_row(each) | failures_row(each) for each in self.sizings]
        ).set_index("site")
        ends = [
            interval.levelized_usd_per_mwh if interval is not None else (math.nan, math.nan)
            for interval in (sizing.cost_interval for sizing in self.sizings)
        ]
        frame[["levelized_p05_usd_per_mwh", "levelized_p95_usd_per_mwh"]] = ends
        frame["lowest_cost_fraction"] = self._lowest_cost_fraction()
        return frame

    def _lowest_cost_fraction(self) -> list[float]:
        intervals = [sizing.cost_interval for sizing in self.sizings]
        known = [interval for interval in intervals if interval is not None]
        if len(known) < len(intervals):
            return [math.nan] * len(intervals)
        usd = np.stack([each.usd_per_mwh * each.draw(WEATHER_DRAWS) for each in known], axis=1)
        return [float(fraction) for fraction in lowest_cost_fraction(usd)]

    @property
    def notes(self) -> list[str]:
        """What a reader of the ranking, rather than of one site, should know."""
        notes = []
        books = {sizing.case.assumptions.prices for sizing in self.sizings}
        if len(books) > 1:
            notes.append(
                f"sites have the prices of their own markets ({', '.join(sorted(books))}), which "
                "differ by more than sun and land; --prices takes those of one market for all"
            )
        kinds = {sizing.case.weather.typical for sizing in self.sizings}
        if kinds != {True, False}:
            return notes
        return [
            *notes,
            "typical years stand beside recorded ones: a typical year has no bad winter, which its "
            "levelized cost does not know and the ranking and the 90 % intervals do",
        ]

    @property
    def prices_title(self) -> str:
        """Whose prices the plants have, each price book once."""
        titles = [sizing.case.assumptions.prices_title for sizing in self.sizings]
        return ", ".join(dict.fromkeys(titles))

    def _record(self) -> dict[str, Any]:
        """The ranking as plain data: what `--json` prints.

        `served_fraction` is the target's, or with another target what the first plant serves.
        """
        first = self.sizings[0]
        served = first.evaluation.availability.served_fraction
        return {
            "served_fraction": self.target.value if self.target.is_exact else served,
            "it_mw": first.case.datacenter.it_mw,
            "sites": [sizing.to_dict() for sizing in self.sizings],
        }

    def report(self, path: str | Path, **options: Any) -> Path:
        """Write the comparison as one file that opens anywhere: HTML, Markdown or PDF.

        Options and errors are those of `energy.report.write_report`.
        """
        from energy.report import write_report

        return write_report(self, path, **options)

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        first = self.sizings[0]
        return (
            f"{first.case.datacenter.it_mw:g} MW of computers: {first.title} at each site, "
            f"{first.case.assumptions.dollars}, most probably cheapest first"
        )


def lowest_cost_fraction(usd_per_mwh: Array) -> Array:
    """Of drawn costs, shape (draws, sites), the fraction of the draws in which each is the lowest.

    NaN is a draw without a plant; sites that cost the same share a draw.
    """
    missing = np.isnan(usd_per_mwh)
    least = np.where(missing, np.inf, usd_per_mwh).min(axis=1, keepdims=True)
    cheapest = ~missing & (usd_per_mwh <= least)
    shared = cheapest / np.maximum(cheapest.sum(axis=1, keepdims=True), 1)
    return np.asarray(shared.mean(axis=0), dtype=float)


def best_array(case: Case, target: Target) -> Sizing:
    """The cheapest plant of a case with the array that suits it best: a sizer for `compare`."""
    return choose_array(case, target).sizing


def row(evaluation: Evaluation) -> dict[str, Any]:
    """One plant as a row of a comparison."""
    case, availability, cost = evaluation.case, evaluation.availability, evaluation.cost
    low, high = evaluation.levelized_range_usd_per_mwh
    return {
        "site": case.site.name,
        "solar_mw": evaluation.design.solar_mw,
        "battery_mwh": evaluation.design.battery_mwh,
        "battery_mw": evaluation.design.battery_mw,
        "backup_mw": evaluation.design.backup_mw,
        "served_fraction": availability.served_fraction,
        "available_fraction": availability.available_fraction,
        "nines": availability.nines,
        "lole_days_per_year": availability.lole_days_per_year,
        "lolh_hours_per_year": availability.lolh_hours_per_year,
        "lolev_events_per_year": availability.lolev_events_per_year,
        "eue_mwh_per_year": availability.eue_mwh_per_year,
        "longest_event_h": availability.longest_event_h,
        "levelized_usd_per_mwh": cost.levelized_usd_per_mwh,
        "levelized_low_usd_per_mwh": low,
        "levelized_high_usd_per_mwh": high,
        "levelized_usd_per_it_mwh": cost.levelized_usd_per_it_mwh,
        "capital_usd": cost.capital_usd,
        "annual_usd": cost.annual_usd,
        "land_acres": cost.land_acres,
        "carbon_kg_per_mwh": evaluation.carbon.kg_per_mwh,
        "kwh_per_kwdc_year": case.kwh_per_kwdc_year,
        "snow_loss_fraction": case.snow_loss_fraction,
        "array": case.assumptions.solar.title,
        **array_of(case.assumptions.solar),
        "mean_load_mw": case.mean_load_mw,
        "weather": case.weather.source,
        "weather_years": case.weather.years,
    }


def life_row(sizing: Sizing) -> dict[str, float]:
    """What the years of a plant add to its row; empty where it was not sized for them."""
    life = sizing.life
    if life is None:
        return {}
    return {
        "life_levelized_usd_per_mwh": life.levelized_usd_per_mwh,
        "life_served_fraction": life.served_fraction,
        "life_worst_year_served_fraction": float(life.frame["served_fraction"].min()),
    }


def failures_row(sizing: Sizing) -> dict[str, float]:
    """What failures of its equipment add to a plant's row; empty where they were not asked for."""
    if sizing.failures is None:
        return {}
    found = sizing.failures.availability_with_failures
    return {
        "served_with_failures_fraction": found["served_fraction"],
        "lolh_with_failures_hours_per_year": found["lolh_hours_per_year"],
    }


def compare(
    sites: Sequence[Site | str | Path],
    target: Target | None = None,
    *,
    datacenter: Datacenter | None = None,
    assumptions: Assumptions | Callable[[Site], Assumptions] | None = None,
    snow_loss: SnowLoss = mean_loss,
    sizer: Callable[..., Sizing] | None = None,
    life: Callable[[Case, Target], Life] | None = None,
    failures: bool = False,
    keep_going: bool = False,
    progress: Callable[[Iterable[Site]], Iterable[Site]] = iter,
    **given: float | None,
) -> Comparison:
    """Size the cheapest plant at every site and rank the sites.

    Parameters
    ----------
    sites
        Sites, catalog names, TOML paths or weather files.
    target
        What every plant has to meet; or a keyword, such as `served_fraction=0.99` or `nines=3`.
    datacenter, assumptions
        The same everywhere, or assumptions as a function of the site. Without them 100 IT MW and
        the shipped assumptions at the prices of each site's market, but for the array: each site
        gets its cheapest, as `choose_array` finds it.
    snow_loss
        What snow takes, as in `Case`.
    sizer
        What sizes a case for a target: `size` with the array of the assumptions, which it is where
        those are given, or with backup `functools.partial(size, backup=True)`; or `best_array`.
    life
        What sizes the plant anew, with the array that was found, for the years of its life:
        `energy.sizing.size_for_life`, or with options
        `functools.partial(size_for_life, over_life="worst")`. Without it plants are sized as they
        are built.
    failures
        Whether to work out too how reliable the plants are when their equipment fails.
    keep_going
        A site without a plant that meets the target is listed in `Comparison.infeasible` instead
        of ending the comparison, as long as another has one.
    progress
        Wraps the sites while they are sized, for a progress bar.

    Raises
    ------
    SiteError, WeatherError, InputError
        Before anything is sized, for whatever is wrong with a site or the target.
    InfeasibleError
        When a site, or with `keep_going` every site, has no plant that meets the target.

    Examples
    --------
    >>> import energy as en
    >>> ranking = en.compare(["el-paso", "phoenix"], served_fraction=0.9)
    >>> list(ranking.frame.index)
    ['el-paso', 'phoenix']
    """
    aim = Target.of(target, **given)
    if life is not None and not aim.is_exact:
        raise InputError(f"sizing over a life takes served_fraction; got {aim.name}")
    places = [site if isinstance(site, Site) else read_site(site) for site in sites]
    names = [place.name for place in places]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(
            f"{', '.join(twice)}: more than one site of that name; a ranking tells sites by their "
            "names, so give each its own"
        )
    datacenter = datacenter or Datacenter(it_mw=100.0)
    sizer = sizer or (best_array if assumptions is None else size)
    sizings, infeasible = [], {}
    for place in progress(places):
        try:
            assumed = assumptions(place) if callable(assumptions) else assumptions
            case = (
                Case(place, datacenter, snow_loss=snow_loss)
                if assumed is None
                else Case(place, datacenter, assumed, snow_loss=snow_loss)
            )
            sized = sizer(case, aim)
            sized = sized if life is None else sized.for_life(life(sized.case, aim))
            sizings.append(sized.with_failures() if failures else sized)
        except InfeasibleError as error:
            infeasible[place.name] = str(error)
            if not keep_going or len(infeasible) == len(places):
                raise
    sizings.sort(key=_most_probable_usd_per_mwh)
    return Comparison(tuple(sizings), infeasible)


def _most_probable_usd_per_mwh(sizing: Sizing) -> float:
    """What sites are ranked by."""
    interval = sizing.cost_interval
    return sizing.levelized_usd_per_mwh if interval is None else interval.middle_usd_per_mwh
