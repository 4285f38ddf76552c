"""Plants with grid or backup behind sun and battery, and cost against the share that is fossil.

In: `Case` and a share of the energy to serve. Out: `BackupFrontier`, one row a ceiling on backup.
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
from energy.sizing.cutting_planes import fraction_problems
from energy.sizing.frontier import SERVED_FRACTIONS, SIZES, frontier
from energy.sizing.pattern_search import PatternSearch, measured
from energy.sizing.target import Target, target_of
from energy.tables import html_table

#: Shares of the energy whose cheapest plants are the first tries; grid or backup may leave them
#: little to do.
MAPPED = (0.01, 0.1, 0.2, 0.3, 0.4, 0.45, 0.55, 0.6, *SERVED_FRACTIONS)

#: Reserves of the first tries.
MAPPED_RESERVES = (0.0, 0.2, 0.35, 0.5, 1.0)

#: Ceilings on the share of the energy from backup that a frontier has when none are asked for.
BACKUP_ENERGY_FRACTIONS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False)
class BackupFrontier:
    """The cheapest plants for a share of the energy, by how much of it may come from backup.

    Parameters
    ----------
    case
        The question; its assumptions say which backup.
    served_fraction
        Fraction of the energy that each plant serves.
    plants
        One row a ceiling: `max_backup_energy_fraction`, sizes, measures, `backup_energy_fraction` as run and
        `annual_usd`.
    """

    case: Case
    served_fraction: float
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

    def to_dict(self) -> dict[str, Any]:
        """The frontier as plain data, for JSON."""
        rows = [{str(k): float(v) for k, v in row.items()} for _, row in self.frame.iterrows()]
        return {
            "site": self.case.site.name,
            "it_mw": self.case.datacenter.it_mw,
            "served_fraction": self.served_fraction,
            "backup": self.case.assumptions.backup.kind,
            "plants": rows,
        }

    def _repr_html_(self) -> str:
        return html_table(
            self.frame,
            f"{self.case.title}: {self.served_fraction:g} of the energy, by what backup may give",
        )


def backup_frontier(
    case: Case,
    *,
    served_fraction: float,
    max_backup_energy_fractions: Sequence[float] = BACKUP_ENERGY_FRACTIONS,
    progress: Callable[[Iterable[float]], Iterable[float]] = iter,
) -> BackupFrontier:
    """The cheapest plant for a share of the energy under each ceiling on the backup's share.

    Each is found as `size` finds it with backup; it also starts from the plant of the ceiling
    below, so that a looser ceiling is never dearer.

    Raises
    ------
    InputError
        With every share that is none.
    InfeasibleError
        When even without a ceiling no plant serves the share.
    """
    problems = fraction_problems("served_fraction", served_fraction)
    problems += [
        f"max_backup_energy_fractions are shares in 0..1; got {share!r}"
        for share in max_backup_energy_fractions
        if not 0 <= share <= 1
    ]
    if not max_backup_energy_fractions:
        problems.append(
            "max_backup_energy_fractions is empty; give at least one share such as 0.05"
        )
    if problems:
        raise InputError(problems)
    aim = target_of(case, "served_fraction", served_fraction)
    sizes = [*SIZES, "backup_mw", "reserve_conservatism"]
    tries = dispatchable_map(case, backup=True, shares=sorted({*MAPPED, served_fraction}))
    rows = []
    for share in progress(sorted(set(max_backup_energy_fractions))):
        search = PatternSearch(case, [aim, backup_energy_target(share)], sizes)
        found = search.from_map(tries)
        if found is None:
            continue
        plant = measured(case, [found.design])
        rows.append(plant.assign(max_backup_energy_fraction=share))
        tries = pd.concat([tries, plant], ignore_index=True)
    if not rows:
        raise InfeasibleError(f"{case.site.name}: no plant serves {aim.words} with backup")
    frame = pd.concat(rows, ignore_index=True)
    frame.insert(0, "max_backup_energy_fraction", frame.pop("max_backup_energy_fraction"))
    return BackupFrontier(case, served_fraction, frame)


def backup_energy_target(max_backup_energy_fraction: float) -> Target:
    """At most a share of the load's energy from backup."""
    words = f"at most {max_backup_energy_fraction:g} of the energy from backup"
    return Target("backup_energy_fraction", max_backup_energy_fraction, words)


def dispatchable_map(
    case: Case, *, backup: bool, grid_mw: float = 0.0, shares: Sequence[float] = MAPPED
) -> pd.DataFrame:
    """Plants to start from: the frontier's, with some backup, some grid and some reserve each."""
    choices = itertools.product(
        frontier(case, shares).frame[list(SIZES)].to_numpy(dtype=float),
        np.linspace(0.0, float(case.load_mw.max()), 5) if backup else (0.0,),
        (0.0, 0.5 * grid_mw, grid_mw) if grid_mw > 0 else (0.0,),
        MAPPED_RESERVES,
    )
    firm = ["backup_mw", "grid_mw", "reserve_conservatism"]
    rows = [(*row, *rest) for row, *rest in choices]
    return measured(case, pd.DataFrame(rows, columns=[*SIZES, *firm]))
