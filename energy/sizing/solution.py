"""The cheapest plant of a case for one target.

In: `Case` and one target, said in one of the ways in which people say it. Out: `Sizing`.

A share of the energy is exact. Other targets, and plants with grid or backup, start from the exact
plants and go on on the hour-by-hour kernel, with a certificate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from energy.case import Case
from energy.dispatch import Design
from energy.errors import InfeasibleError, InputError
from energy.evaluation import Evaluation, evaluate
from energy.sizing.dispatchable import MAPPED, backup_energy_target, dispatchable_map
from energy.sizing.economic import (
    best_value,
    computers_usd_per_year,
    it_mwh_per_year,
    most_for_budget,
)
from energy.sizing.frontier import SIZES, design_of, frontier, largest_design
from energy.sizing.infeasible import Infeasibility
from energy.sizing.pattern_search import SAVING, Found, PatternSearch, measured
from energy.sizing.target import Target, target_of, target_problems
from energy.tables import html_table

#: Keywords of `size` that say what a plant has to reach.
TARGETS = (
    "served_fraction", "available_fraction", "nines", "lolh_hours_per_year", "max_outage_h",
    "worst_year_served_fraction",
)  # fmt: skip

#: Keywords of `size` that say what money there is.
AMOUNTS = ("budget_usd", "load_usd_per_mw", "compute_usd_per_mwh")

#: Shares of the energy between two plants of the frontier that are tried for a closer start.
BETWEEN = 9


@dataclass(frozen=True, eq=False)
class Sizing:
    """The cheapest plant for a target, as run hour by hour.

    Parameters
    ----------
    evaluation
        The plant, run, assessed and priced.
    target
        What it was to reach, by name and value as given to `size`.
    words
        The same as it is told.
    neighbours
        Plants along the searched directions, where the kernel decided: sizes, measures,
        `annual_usd`, `cost_ratio` to the plant and whether the target is `met`. Empty where the
        answer is exact.
    worth
        Figures of what the load is worth, where money was the target.
    """

    evaluation: Evaluation
    target: tuple[str, float]
    words: str
    neighbours: pd.DataFrame = field(default_factory=pd.DataFrame)
    worth: Mapping[str, float] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """The question."""
        return self.evaluation.case

    @property
    def design(self) -> Design:
        """The answer."""
        return self.evaluation.design

    @property
    def title(self) -> str:
        """What the plant is, in words."""
        kind = "the cheapest plant that serves" if self.target[0] in TARGETS else "the plant with"
        return f"{kind} {self.words}"

    @property
    def exact(self) -> bool:
        """True: nothing is cheaper by more than 1e-9. False: see `certificate`."""
        return self.neighbours.empty

    @cached_property
    def certificate(self) -> pd.DataFrame:
        """The neighbours that are at least `SAVING` (half a percent) cheaper; none is `met`."""
        if self.exact:
            return self.neighbours
        return self.neighbours[self.neighbours["cost_ratio"] <= 1.0 - 0.999 * SAVING]

    @property
    def frame(self) -> pd.DataFrame:
        """The plant's numbers, one row each."""
        return self.evaluation.frame

    def to_dict(self) -> dict[str, Any]:
        """The plant's record, and what it was sized for."""
        name, value = self.target
        sized_for = {name: value, "words": self.words, "exact": self.exact} | dict(self.worth)
        if not self.exact:
            sized_for["certificate"] = {
                "cheaper_by_fraction": SAVING,
                "plants_tried": len(self.certificate),
                "plants_that_meet_it": int(self.certificate["met"].sum()),
            }
        return self.evaluation.to_dict() | {"sized_for": sized_for}

    def _repr_html_(self) -> str:
        return html_table(self.frame, f"{self.case.title}: {self.title}", by_row=True)


def size(
    case: Case,
    *,
    backup: bool = False,
    grid_mw: float = 0.0,
    max_backup_energy_fraction: float | None = None,
    **target: float | None,
) -> Sizing:
    """The cheapest plant that meets one target.

    Exact for a share of the energy from sun and battery, over all weather years as one chain that
    ends as it starts, standing loss included. For any other target, and with backup or grid, no
    plant that is half a percent cheaper along the searched directions meets it
    (`Sizing.certificate`).

    Parameters
    ----------
    case
        The question.
    backup
        Engines, turbines or gensets (whichever the assumptions hold) may be part of the plant.
    grid_mw
        The largest connection to the grid that may be part of it [MW].
    max_backup_energy_fraction
        At most this share of the load's energy may come from backup; 1 without it.
    **target
        One of: `served_fraction`, share of the energy; `available_fraction`, share of the hours
        served in full; `nines` of those hours; `lolh_hours_per_year`, hours a year that are not;
        `max_outage_h`, longest outage; `worst_year_served_fraction`, share of the energy in every
        single weather year; `budget_usd`, the most energy for this price on the first day;
        `load_usd_per_mw`, the lowest cost of plant and computers per useful MWh, with computers at
        this price per IT MW, idle or not; `compute_usd_per_mwh`, the highest yearly earnings with
        an IT MWh sold at this price.

    Raises
    ------
    InputError
        With everything that is wrong with the target.
    InfeasibleError
        When no plant within `assumptions.limits` meets it, or none is worth its money: which days
        fall short and what would mend it.
    """
    name, value = _given(target, backup, grid_mw, max_backup_energy_fraction)
    if name in AMOUNTS:
        return _for_money(case, name, value)
    aim = target_of(case, name, value)
    if backup or grid_mw > 0:
        return _with_dispatchable(
            case, name, value, aim, backup, grid_mw, max_backup_energy_fraction
        )
    if name == "served_fraction":
        sizes = frontier(case, [value]).plants[list(SIZES)].to_numpy()[0]
        if not math.isnan(sizes[0]):
            return Sizing(evaluate(case, design_of(sizes)), (name, value), aim.words)
        raise _infeasibility(case, aim).error()
    found = PatternSearch(case, [aim], SIZES, _ceilings(case)).from_start(_start(case, aim))
    return _sizing(case, name, value, aim, found)


def _given(
    target: Mapping[str, float | None],
    backup: bool,
    grid_mw: float,
    max_backup_energy_fraction: float | None,
) -> tuple[str, float]:
    """The one target that is given; everything that is wrong is told."""
    known = (*TARGETS, *AMOUNTS)
    problems = [f"unknown target {name!r}; known: {', '.join(known)}"
                for name in target if name not in known]  # fmt: skip
    given = {name: value for name, value in target.items() if value is not None and name in known}
    if len(given) != 1 and not problems:
        got = ", ".join(f"{name}={value!r}" for name, value in given.items()) or "none"
        problems.append(f"give one target of {', '.join(known)}; got {got}")
    for name, value in given.items():
        if not isinstance(value, Real):
            problems.append(f"{name} must be a number; got {value!r}")
        elif name in TARGETS:
            problems += target_problems(name, value)
        elif not (0 < value < math.inf):
            problems.append(f"{name} must be dollars above 0; got {value!r}")
        elif backup or grid_mw:
            problems.append(f"{name} is for sun and battery alone; leave out backup and grid")
    if not 0 <= grid_mw < math.inf:
        problems.append(f"grid_mw must be at least 0; got {grid_mw!r}")
    if max_backup_energy_fraction is not None:
        if not 0 <= max_backup_energy_fraction <= 1:
            problems.append(
                f"max_backup_energy_fraction is a share in 0..1; got {max_backup_energy_fraction!r}"
            )
        if not backup:
            problems.append("max_backup_energy_fraction goes with backup")
    if problems:
        raise InputError(problems)
    return next(iter(given.items()))


def _sizing(case: Case, name: str, value: float, aim: Target, found: Found) -> Sizing:
    return Sizing(evaluate(case, found.design), (name, value), aim.words, found.neighbours)


def _infeasibility(case: Case, aim: Target) -> Infeasibility:
    share = aim.bound if aim.measure == "served_fraction" else 1.0
    return Infeasibility(evaluate(case, largest_design(case)), aim.words, share)


def _ceilings(case: Case) -> dict[str, float]:
    """The largest of each size of sun and battery that is looked at."""
    largest = largest_design(case)
    return {name: getattr(largest, name) for name in SIZES}


def _start(case: Case, aim: Target) -> Design:
    """The cheapest plant of the frontier that meets a target that is not energy."""
    shares = np.array(MAPPED)
    for _ in range(2):
        frame = frontier(case, shares).frame
        met = np.flatnonzero(aim.met(frame))
        if not len(met):
            break
        first = int(met[0])
        start = design_of(frame.loc[first, list(SIZES)].to_numpy(dtype=float))
        tried = frame["served_fraction"].to_numpy(dtype=float)
        shares = np.linspace(tried[max(first - 1, 0)], tried[first], BETWEEN)
    else:
        return start
    largest = largest_design(case)
    if aim.met(measured(case, [largest]))[0]:
        return largest
    raise _infeasibility(case, aim).error()


def _with_dispatchable(
    case: Case,
    name: str,
    value: float,
    aim: Target,
    backup: bool,
    grid_mw: float,
    max_backup_energy_fraction: float | None,
) -> Sizing:
    """The cheapest plant with backup or grid: the best of a coarse map, then downhill from it."""
    targets = [aim]
    if max_backup_energy_fraction is not None:
        targets.append(backup_energy_target(max_backup_energy_fraction))
    sizes = [*SIZES, *["backup_mw"] * backup, *["grid_mw"] * (grid_mw > 0), "reserve_conservatism"]
    search = PatternSearch(case, targets, sizes, _ceilings(case) | {"grid_mw": grid_mw})
    found = search.from_map(dispatchable_map(case, backup=backup, grid_mw=grid_mw))
    if found is None:
        raise _infeasibility(case, aim).error()
    words = ", ".join(target.words for target in targets)
    return Sizing(evaluate(case, found.design), (name, value), words, found.neighbours)


def _for_money(case: Case, name: str, value: float) -> Sizing:
    energy_mwh = it_mwh_per_year(case)
    if name == "budget_usd":
        design = most_for_budget(case, value)
        return Sizing(evaluate(case, design), (name, value), f"the most energy for {value:,.0f} $")
    if name == "load_usd_per_mw":
        computers_usd = computers_usd_per_year(case, value)
        design, worth = best_value(
            case, lambda share, usd: -(usd + computers_usd) / (share * energy_mwh)
        )
        words = f"the lowest cost per useful MWh with computers at {value:,.0f} $/MW"
        figures = {"usd_per_useful_it_mwh": -worth, "computers_usd_per_year": computers_usd}
        return Sizing(evaluate(case, design), (name, value), words, worth=figures)
    design, worth = best_value(case, lambda share, usd: value * share * energy_mwh - usd)
    if worth <= 0:
        raise InfeasibleError(
            f"{case.site.name}: at {value:g} $ for an IT MWh no plant earns what it costs; the "
            f"one that loses least loses {-worth:,.0f} $ a year",
            {"site": case.site.name, "wanted": f"earnings at {value:g} $/MWh",
             "best_usd_per_year": worth},
        )  # fmt: skip
    words = f"the highest earnings at {value:g} $ for an IT MWh"
    return Sizing(
        evaluate(case, design), (name, value), words, worth={"earned_usd_per_year": worth}
    )
