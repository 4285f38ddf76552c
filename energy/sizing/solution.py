"""The cheapest plant of a case for one target.

In: `Case` and `Target`. Out: `Sizing`.

A fraction of the energy is exact. Other targets, and plants with grid or backup, start from the
exact plants and go on on the hour-by-hour kernel, with a certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from energy.array import FixedTilt
from energy.case import Case
from energy.dispatch import Design
from energy.errors import InfeasibleError, InputError
from energy.evaluation import TOLD, Evaluation, evaluate
from energy.life import OVER_LIFE, Life
from energy.outages import FailureRun, fail
from energy.sizing.cost_interval import CostInterval, cost_interval
from energy.sizing.dispatchable import (
    MAPPED,
    backup_energy_constraint,
    dispatchable_map,
    ride_through_map,
)
from energy.sizing.economic import economic_optimum
from energy.sizing.frontier import SIZES, design_of, frontier, largest_design
from energy.sizing.infeasible import Infeasibility
from energy.sizing.pattern_search import SAVING, Found, PatternSearch, measured
from energy.sizing.target import Constraint, Target
from energy.snow import no_snow_loss
from energy.tables import Result

#: Fractions of the energy between two plants of the frontier that are tried for a closer start.
BETWEEN = 9


@dataclass(frozen=True, eq=False)
class Sizing(Result):
    """The cheapest plant for a target, as run hour by hour; `size` makes one.

    Parameters
    ----------
    evaluation
        The plant, run, assessed and priced.
    target
        What it had to meet.
    max_backup_energy_fraction
        Ceiling on the energy from backup, where there was one.
    neighbors
        Plants along the searched directions, where the kernel decided: sizes, measures,
        `annual_usd`, `cost_ratio` to the plant and whether the target is `met`. Empty where the
        answer is exact.
    value
        Figures of what the load is worth, where money was the target.
    array_chosen
        Whether mount, tilt and DC/AC ratio were chosen with the plant, not given.
    life
        The years of the plant, where it was sized for them; `evaluation` is then the plant as it
        is first built.
    failures
        The plant with failures of its equipment, where that was asked for.
    failures_in_target
        Whether the target holds with those failures, not with the weather alone.
    """

    by_row = True

    evaluation: Evaluation
    target: Target
    max_backup_energy_fraction: float | None = None
    neighbours: pd.DataFrame = field(default_factory=pd.DataFrame)
    value: Mapping[str, float] = field(default_factory=dict)
    array_chosen: bool = False
    life: Life | None = None
    failures: FailureRun | None = None
    failures_in_target: bool = False

    @property
    def case(self) -> Case:
        """The question."""
        return self.evaluation.case

    @property
    def design(self) -> Design:
        """The sizes."""
        return self.evaluation.design

    @property
    def title(self) -> str:
        """What the plant is, in words."""
        ceiling = self.max_backup_energy_fraction
        more = f", at most {ceiling:g} of the energy from backup" if ceiling is not None else ""
        if self.life is not None:
            more += f", {OVER_LIFE[self.life.over_life]}"
        if self.failures_in_target:
            more += ", with failures of its equipment"
        return self.target.title + more

    def for_life(self, life: Life) -> Sizing:
        """The plant of a life instead, as `energy.sizing.size_for_life` found it.

        Raises
        ------
        InputError
            For a life that was not sized, and where the target holds with failures.
        """
        problems = []
        if not life.over_life:
            problems.append("a sizing takes the life that size_for_life found, not a given plant's")
        if self.failures_in_target:
            problems.append("a plant is sized for its life or with failures; give one of them")
        if problems:
            raise InputError(problems)
        return replace(self, evaluation=life.evaluation, life=life, failures=None)

    def with_failures(self) -> Sizing:
        """The same plant, and how reliable it is when its equipment fails (`failures`)."""
        if self.failures is not None:
            return self
        return replace(self, failures=fail(self.evaluation.run))

    @property
    def exact(self) -> bool:
        """True: nothing is cheaper by more than 1e-9. False: see `certificate`."""
        return self.neighbours.empty and not self.failures_in_target

    @cached_property
    def certificate(self) -> pd.DataFrame:
        """The neighbors that are at least `SAVING` (half a percent) cheaper; none is `met`.

        Empty for a target that holds with failures: its plant is the cheapest of those tried.
        """
        if self.neighbours.empty:
            return self.neighbours
        return self.neighbours[self.neighbours["cost_ratio"] <= 1.0 - 0.999 * SAVING]

    @property
    def served_fraction(self) -> float:
        """The fraction of the energy that it stands for: its target, or what it came to."""
        if self.target.is_exact:
            return self.target.value
        return self.evaluation.availability.served_fraction

    @cached_property
    def cost_interval(self) -> CostInterval | None:
        """How sure its cost is, as far as its weather can tell; None with backup or grid.

        Of a life it is the cost over the life, as uncertain as that of the plant first built.
        """
        if self.life is None and not self.failures_in_target:
            return cost_interval(self.evaluation, self.served_fraction)
        found = cost_interval(self.evaluation, self.evaluation.availability.served_fraction)
        if found is None or self.life is None:
            return found
        return replace(found, usd_per_mwh=self.life.levelized_usd_per_mwh)

    @property
    def levelized_usd_per_mwh(self) -> float:
        """Cost of a MWh served, over the life where it was sized for one [$/MWh]."""
        if self.life is not None:
            return self.life.levelized_usd_per_mwh
        return self.evaluation.cost.levelized_usd_per_mwh

    @property
    def frame(self) -> pd.DataFrame:
        """The plant's numbers, one row each."""
        return self.evaluation.frame

    def _record(self) -> dict[str, Any]:
        """The plant as plain data, and what it was sized for."""
        sized_for = self.target.to_dict() | {"title": self.title, "exact": self.exact}
        sized_for |= dict(self.value)
        if self.life is not None:
            sized_for["over_life"] = self.life.over_life
        if self.failures_in_target:
            sized_for["with_failures"] = True
        if not self.neighbours.empty:
            sized_for["certificate"] = {
                "cheaper_by_fraction": SAVING,
                "plants_tried": len(self.certificate),
                "plants_that_meet_it": int(self.certificate["met"].sum()),
            }
        record = self.evaluation.to_dict() | {"sized_for": sized_for, "notes": self.notes}
        record["array"]["chosen"] = self.array_chosen
        record["snow"]["levelized_without_usd_per_mwh"] = self.levelized_without_snow_usd_per_mwh
        interval = self.cost_interval
        record["uncertainty"] = interval.to_dict() if interval is not None else None
        if self.failures is not None:
            record |= self.failures.plant_record
        if self.life is not None:
            record |= self.life.to_dict()
        return record

    @cached_property
    def levelized_without_snow_usd_per_mwh(self) -> float | None:
        """What the cheapest plant would cost if no snow lay on the rows [$/MWh].

        None where it snows too little to be told, for targets that are not exact, for a life and
        where the target holds with failures.
        """
        if self.life is not None or self.failures_in_target:
            return None
        if not self.target.is_exact or self.case.snow_loss_fraction < TOLD:
            return None
        if self.design.backup_mw or self.design.grid_mw:
            return None
        without = size(self.case.replace(snow_loss=no_snow_loss), self.target)
        return without.evaluation.cost.levelized_usd_per_mwh

    @property
    def notes(self) -> list[str]:
        """Those of the plant and its life, what bounds its array, and what snow makes it cost."""
        notes = [*self.evaluation.notes, *self._bounds_of_the_array()]
        notes += self.life.notes if self.life is not None else []
        without_usd = self.levelized_without_snow_usd_per_mwh
        if without_usd is None:
            return notes
        cost_usd = self.evaluation.cost.levelized_usd_per_mwh
        return [
            *notes,
            f"the cheapest plant costs {cost_usd:,.1f} $/MWh with snow on its rows, "
            f"{without_usd:,.1f} without",
        ]

    def _bounds_of_the_array(self) -> list[str]:
        """Where a chosen array stands on a limit, beyond which no other was tried."""
        if not self.array_chosen:
            return []
        solar, limits = self.case.assumptions.solar, self.case.assumptions.limits
        tilt_deg = solar.mount.tilt_deg if isinstance(solar.mount, FixedTilt) else -1.0
        found = {
            "limits.tilt_deg": (tilt_deg, limits.tilt_deg, "steeper rows"),
            "limits.dc_ac_ratio": (solar.dc_ac_ratio, limits.dc_ac_ratio, "more modules a MWac"),
        }
        return [
            f"the array stands on {name}, {most:g}: {beyond} are not tried and may be cheaper"
            for name, (value, most, beyond) in found.items()
            if value >= most - 1e-9
        ]

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: {self.title}"


def size(
    case: Case,
    target: Target | None = None,
    *,
    backup: bool = False,
    grid_mw: float = 0.0,
    max_backup_energy_fraction: float | None = None,
    **given: float | None,
) -> Sizing:
    """The cheapest plant that meets one target.

    Exact for a fraction of the energy from PV and battery, over all weather years as one chain
    that ends as it starts, self-discharge included. For any other target, and with backup or grid,
    no plant that is half a percent cheaper along the searched directions meets it
    (`Sizing.certificate`).

    Parameters
    ----------
    case
        The question.
    target
        What the plant has to meet; or one of its names as a keyword, such as
        `served_fraction=0.99`.
    backup
        Engines, turbines, gensets or fuel cells (whichever the assumptions hold) may be part of the
        plant.
    grid_mw
        The largest connection to the grid that may be part of it [MW]. Cut at times
        (`Case.grid_open`) it costs no more than none; always cut it is none.
    max_backup_energy_fraction
        At most this fraction of the load's energy may come from backup; 1 without it.

    Raises
    ------
    InputError
        With everything that is wrong with the target.
    InfeasibleError
        When no plant within `assumptions.limits` meets it, or none is worth its money: which days
        fall short and what would be a remedy.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> best = en.size(case, served_fraction=0.9)
    >>> round(best.design.solar_mw), round(best.evaluation.cost.levelized_usd_per_mwh)
    (563, 107)
    """
    aim, problems = None, _option_problems(backup, grid_mw, max_backup_energy_fraction)
    try:
        aim = Target.of(target, **given)
    except InputError as error:
        problems = [*error.problems, *problems]
    if aim is not None and not aim.is_reliability and (backup or grid_mw):
        problems.append(f"{aim.name} is for PV and battery alone; leave out backup and grid")
    if problems or aim is None:
        raise InputError(problems)
    if not aim.is_reliability:
        design, value = economic_optimum(case, aim)
        return Sizing(evaluate(case, design), aim, value=value)
    if grid_mw > 0 and case.grid_always_cut:
        grid_mw = 0.0
    if backup or grid_mw > 0:
        return _with_dispatchable(case, aim, backup, grid_mw, max_backup_energy_fraction)
    if aim.is_exact:
        sizes = frontier(case, [aim.value]).plants[list(SIZES)].to_numpy()[0]
        if np.isnan(sizes[0]):
            raise _infeasibility(case, aim).error()
        return Sizing(evaluate(case, design_of(sizes)), aim)
    search = PatternSearch(case, [aim.constraint(case)], SIZES, _ceilings(case))
    return _sizing(case, aim, search.from_start(_start(case, aim)))


def _option_problems(
    backup: bool, grid_mw: float, max_backup_energy_fraction: float | None
) -> list[str]:
    """What is wrong with the parts that a plant may have; empty when nothing."""
    problems = []
    if not 0 <= grid_mw < np.inf:
        problems.append(f"grid_mw must be at least 0; got {grid_mw!r}")
    if max_backup_energy_fraction is not None:
        if not 0 <= max_backup_energy_fraction <= 1:
            problems.append(
                "max_backup_energy_fraction is a fraction in 0..1; got "
                f"{max_backup_energy_fraction!r}"
            )
        if not backup:
            problems.append("max_backup_energy_fraction goes with backup")
    return problems


def _sizing(case: Case, aim: Target, found: Found, ceiling: float | None = None) -> Sizing:
    design = found.design
    if design.battery_mwh == 0.0 or design.battery_mw == 0.0:  # half a battery does nothing
        design = design.replace(battery_mwh=0.0, battery_mw=0.0)
    return Sizing(evaluate(case, design), aim, ceiling, found.neighbours)


def _infeasibility(case: Case, aim: Target) -> Infeasibility:
    fraction = aim.value if aim.is_exact else 1.0
    return Infeasibility(evaluate(case, largest_design(case)), aim, fraction)


def _ceilings(case: Case) -> dict[str, float]:
    """The largest of each size of PV and battery that is looked at."""
    largest = largest_design(case)
    return {name: getattr(largest, name) for name in SIZES}


def _start(case: Case, aim: Target) -> Design:
    """The cheapest plant of the frontier that meets a target that is not energy."""
    fractions, constraint = np.array(MAPPED), aim.constraint(case)
    for _ in range(2):
        frame = frontier(case, fractions).frame
        met = np.flatnonzero(constraint.met(frame))
        if not len(met):
            break
        first = int(met[0])
        start = design_of(frame.loc[first, list(SIZES)].to_numpy(dtype=float))
        tried = frame["served_fraction"].to_numpy(dtype=float)
        fractions = np.linspace(tried[max(first - 1, 0)], tried[first], BETWEEN)
    else:
        return start
    largest = largest_design(case)
    if constraint.met(measured(case, [largest]))[0]:
        return largest
    raise _infeasibility(case, aim).error()


def _with_dispatchable(
    case: Case, aim: Target, backup: bool, grid_mw: float, ceiling: float | None
) -> Sizing:
    """The cheapest plant with backup or grid: the best of a coarse map, then downhill from it."""
    constraints: list[Constraint] = [aim.constraint(case)]
    if ceiling is not None:
        constraints.append(backup_energy_constraint(ceiling))
    sizes = [*SIZES, *["backup_mw"] * backup, *["grid_mw"] * (grid_mw > 0), "reserve_conservatism"]
    search = PatternSearch(case, constraints, sizes, _ceilings(case) | {"grid_mw": grid_mw})
    plants = dispatchable_map(case, backup=backup, grid_mw=grid_mw)
    if grid_mw > 0 and len(case.grid_open):
        # A grid that is cut at times costs no more than none, and may be worth little more.
        plants = pd.concat([plants, ride_through_map(case, grid_mw)], ignore_index=True)
        found = search.from_map(plants, *_without_grid(case, aim, backup, ceiling))
    else:
        found = search.from_map(plants)
    if found is None:
        raise _infeasibility(case, aim).error()
    return _sizing(case, aim, found, ceiling)


def _without_grid(case: Case, aim: Target, backup: bool, ceiling: float | None) -> list[Design]:
    """The cheapest plant that has no grid; none where there is no such plant."""
    try:
        return [size(case, aim, backup=backup, max_backup_energy_fraction=ceiling).design]
    except InfeasibleError:
        return []
