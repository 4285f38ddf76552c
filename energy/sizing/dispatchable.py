"""Plants with grid or backup behind PV and battery, and cost against backup energy.

In: `Case` and a fraction of the energy to serve. Out: `BackupFrontier`, one row a ceiling on
backup.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from energy.case import Case
from energy.errors import InfeasibleError, InputError
from energy.finance import capital_usd_per_size
from energy.sizing.frontier import SERVED_FRACTIONS, SIZES, frontier, largest_design
from energy.sizing.pattern_search import SAVINGS, Found, PatternSearch, measured
from energy.sizing.target import Constraint, Target
from energy.tables import Result

#: Fractions of the energy whose cheapest plants are the first tries; grid or backup may leave them
#: little to do.
MAPPED = (0.01, 0.1, 0.2, 0.3, 0.4, 0.45, 0.55, 0.6, *SERVED_FRACTIONS)

#: Reserves of the first tries.
MAPPED_RESERVES = (0.0, 0.35, 0.5, 0.6, 0.7, 1.0)

#: PV [MWdc per MW of load], battery [h of load] and reserves of the first tries where the grid is
#: cut at times.
RIDE_THROUGH_SOLAR = (0.01, 0.5, 1.0, 2.0, 4.0, 8.0)
RIDE_THROUGH_BATTERY_H = (1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 48.0, 96.0)
RIDE_THROUGH_RESERVES = (0.0, 0.55, 0.65, 0.8, 1.0)

#: Ceilings on the fraction of the energy from backup that a frontier has when none are asked for.
BACKUP_ENERGY_FRACTIONS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False)
class BackupFrontier(Result):
    """The cheapest plants for a fraction of the energy, by how much of it may come from backup.

    Parameters
    ----------
    case
        The question; its assumptions say which backup.
    served_fraction
        Fraction of the energy that each plant serves.
    plants
        One row a ceiling: `max_backup_energy_fraction`, sizes, measures, `backup_energy_fraction`
        as run and `annual_usd`.
    """

    case: Case
    target: Target
    plants: pd.DataFrame

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The plants, with `capital_usd` and `levelized_usd_per_mwh` of the energy served."""
        case, frame = self.case, self.plants.copy()
        per_size = capital_usd_per_size(case)
        fixed_usd = per_size.pop("load") * float(case.load_mw.max())
        frame["capital_usd"] = fixed_usd + sum(frame[n] * usd for n, usd in per_size.items())
        served_mwh = frame["served_fraction"] * case.weather.per_year(case.load_mw)
        frame["levelized_usd_per_mwh"] = frame["annual_usd"] / served_mwh
        return frame

    def _record(self) -> dict[str, Any]:
        """The frontier as data."""
        rows = self.frame.astype(float).to_dict(orient="records")
        return {
            "site": self.case.site.name,
            "it_mw": self.case.datacenter.it_mw,
            "target": self.target.to_dict(),
            "backup": self.case.assumptions.backup.kind,
            "plants": rows,
        }

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: {self.target.description}, by what backup may give"


def backup_frontier(
    case: Case,
    target: Target | None = None,
    *,
    max_backup_energy_fractions: Sequence[float] = BACKUP_ENERGY_FRACTIONS,
    progress: Callable[[Iterable[float]], Iterable[float]] = iter,
    **given: float | None,
) -> BackupFrontier:
    """The cheapest plant for a target under each ceiling on the energy from backup.

    Each is found as `size` finds it with backup; it also starts from the plant of the ceiling
    below, so that a looser ceiling never costs more.

    Parameters
    ----------
    case
        The question; its assumptions say which backup.
    target
        What each plant has to meet; or a keyword, such as `served_fraction=0.999`.
    max_backup_energy_fractions
        Ceilings on the fraction of the load's energy from backup.
    progress
        Wraps the ceilings, for a progress bar.

    Raises
    ------
    InputError
        With everything wrong with target and ceilings.
    InfeasibleError
        When even without a ceiling no plant meets the target.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> curve = en.backup_frontier(case, served_fraction=0.9, max_backup_energy_fractions=[1.0])
    >>> len(curve.frame)
    1
    """
    aim, problems = None, [
        f"max_backup_energy_fractions are fractions in 0..1; got {ceiling!r}"
        for ceiling in max_backup_energy_fractions
        if not 0 <= ceiling <= 1
    ]  # fmt: skip
    if not max_backup_energy_fractions:
        problems.append("max_backup_energy_fractions is empty; give at least one such as 0.05")
    try:
        aim = Target.of(target, **given)
    except InputError as error:
        problems = [*error.problems, *problems]
    if aim is not None and not aim.is_reliability:
        problems.append(f"{aim.name} is for PV and battery alone")
    if problems or aim is None:
        raise InputError(problems)
    return _backup_frontier(case, aim, progress(sorted(set(max_backup_energy_fractions))))


def _backup_frontier(case: Case, aim: Target, ceilings: Iterable[float]) -> BackupFrontier:
    sizes = [*SIZES, "backup_mw", "reserve_conservatism"]
    fractions = {*MAPPED, aim.value} if aim.is_exact else {*MAPPED}
    tries = dispatchable_map(case, backup=True, fractions=sorted(fractions))
    searches: dict[float, PatternSearch] = {}
    found: dict[float, Found] = {}
    for ceiling in ceilings:
        constraints = [aim.constraint(case), backup_energy_constraint(ceiling)]
        search = PatternSearch(case, constraints, sizes)
        if (one := search.from_map(tries)) is not None:
            searches[ceiling], found[ceiling], tries = search, one, one.plants
    if not found:
        raise InfeasibleError(f"{case.site.name}: no plant {aim.requirement} with backup")
    # What a looser ceiling has found may meet a tighter one.
    for ceiling in reversed(found):
        search = searches[ceiling]
        met = tries[search.met(tries)].nsmallest(1, "annual_usd")
        if met["annual_usd"].iloc[0] < found[ceiling].annual_usd * (1.0 - SAVINGS[-1]):
            found[ceiling] = search.from_plant(met, tries)
            tries = found[ceiling].plants
    frame = measured(case, [one.design for one in found.values()])
    # What a tighter ceiling has found meets a looser one.
    usd = frame["annual_usd"].to_numpy(dtype=float)
    # The last of the cheapest plants so far stands for each ceiling.
    least = np.minimum.accumulate(usd)
    cheapest = np.maximum.accumulate(np.where(usd <= least, np.arange(len(usd)), 0))
    frame = frame.iloc[cheapest].reset_index(drop=True)
    frame.insert(0, "max_backup_energy_fraction", list(found))
    return BackupFrontier(case, aim, frame)


def backup_energy_constraint(max_backup_energy_fraction: float) -> Constraint:
    """At most a fraction of the load's energy from backup."""
    return Constraint("backup_energy_fraction", max_backup_energy_fraction)


def dispatchable_map(
    case: Case, *, backup: bool, grid_mw: float = 0.0, fractions: Sequence[float] = MAPPED
) -> pd.DataFrame:
    """Plants to start from: the frontier's, with some backup, some grid and some reserve each."""
    choices = itertools.product(
        frontier(case, fractions).frame[list(SIZES)].to_numpy(dtype=float),
        np.linspace(0.0, float(case.load_mw.max()), 5) if backup else (0.0,),
        (0.0, 0.5 * grid_mw, grid_mw) if grid_mw > 0 else (0.0,),
        MAPPED_RESERVES,
    )
    firm = ["backup_mw", "grid_mw", "reserve_conservatism"]
    rows = [(*row, *rest) for row, *rest in choices]
    return measured(case, pd.DataFrame(rows, columns=[*SIZES, *firm]))


def ride_through_map(case: Case, grid_mw: float) -> pd.DataFrame:
    """Plants to start from where the grid is cut at times: it, little PV, a battery for the cut.

    The battery carries the peak load, or gives what it holds in six hours.
    """
    load_mw, peak_mw = case.mean_load_mw, case.peak_load_mw
    choices = itertools.product(
        RIDE_THROUGH_SOLAR,
        RIDE_THROUGH_BATTERY_H,
        (0.5 * grid_mw, 0.75 * grid_mw, grid_mw),
        RIDE_THROUGH_RESERVES,
    )
    rows = [
        (solar * load_mw, h * load_mw, max(peak_mw, h * load_mw / 6), 0.0, grid, reserve)
        for solar, h, grid, reserve in choices
    ]
    plants = pd.DataFrame(
        rows, columns=[*SIZES, "backup_mw", "grid_mw", "reserve_conservatism"], dtype=float
    )
    for name in SIZES:
        plants[name] = plants[name].clip(upper=getattr(largest_design(case), name))
    return measured(case, plants.drop_duplicates(ignore_index=True))
