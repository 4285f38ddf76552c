"""What a flexible load is worth: the plant it saves, or the load it lets a plant carry.

In: `Case`, kinds of workload, the fraction of their work that has to be done. Out: `Flexibility`, a
table of the cheapest plant of each kind beside the firm one's, and of what the firm one's plant
carries of each.

A firm load's plant is exact (`energy.size`). For the others the plants of the frontier, scaled
until the work is just done, are starts of a search over sizes and plan
(`energy.sizing.pattern_search`). It ends where no plant half a percent cheaper along the searched
directions does the work. Only sun and battery are looked at. A load that follows the store does not
gain with every size under one rule, so that the end is a good plant rather than the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from energy.case import Case
from energy.datacenter.workload import FirmLoad, Queue, Steady, Workload
from energy.dispatch import Design
from energy.dispatch.flexible import FlexibleRun, run_workload
from energy.errors import InfeasibleError, InputError
from energy.finance import (
    annual_usd_of,
    annual_usd_per_size,
    capital_recovery_factor,
    only_before_tax,
    price,
)
from energy.parameters import fraction_problems
from energy.sizing import frontier, size
from energy.sizing.frontier import SIZES, design_of
from energy.sizing.pattern_search import PatternSearch, design_from
from energy.sizing.target import Constraint
from energy.tables import Result

#: Fractions of the energy whose cheapest plants are starts: the flexible ones need less battery.
STARTS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)

#: Reserve conservatism that is tried first, for loads that follow the store.
RESERVES = (0.0, 0.3, 0.4, 0.5, 0.6, 1.0)

#: Plants are scaled between these bounds, to this fraction.
SMALLEST, LARGEST, CLOSE = 1e-3, 1e2, 1e-4


@dataclass(frozen=True, eq=False)
class _WorkSearch(PatternSearch):
    """A search whose measure is the useful compute."""

    workload: Workload = field(default_factory=FirmLoad)

    def measured(self, designs: Sequence[Design] | pd.DataFrame) -> pd.DataFrame:
        """Sizes, `useful_fraction` and `annual_usd`, one row a plant."""
        if isinstance(designs, pd.DataFrame):
            plants = [design_from(row) for _, row in designs.iterrows()]
        else:
            plants = list(designs)
        frame = pd.DataFrame([plant.model_dump() for plant in plants])
        frame["useful_fraction"] = [
            run_workload(self.case, plant, self.workload).useful_fraction for plant in plants
        ]
        none = {"backup_mwh_per_year": 0.0, "starts_per_year": 0.0, "grid_mwh_per_year": 0.0}
        frame["annual_usd"] = annual_usd_of(self.case, frame.assign(**none))
        return frame


def size_for_work(case: Case, workload: Workload, *, useful_fraction: float = 0.99) -> FlexibleRun:
    """The cheapest plant of PV and battery that does a fraction of the work, as run.

    Parameters
    ----------
    case
        The question; its `it_mw` are the computers.
    workload
        What they do.
    useful_fraction
        Fraction of what is asked for that has to be done: useful compute, or a queue's work in
        time.

    Raises
    ------
    InputError
        When the fraction is not above 0 and at most 1.
    InfeasibleError
        When no plant does it.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> en.size_for_work(case, en.FirmLoad(), useful_fraction=0.9).useful_fraction > 0.899
    True
    """
    _check(useful_fraction)
    if isinstance(workload, FirmLoad):
        return run_workload(case, size(case, served_fraction=useful_fraction).design, workload)
    follows = not isinstance(workload, FirmLoad | Steady)
    best: tuple[float, Design] | None = None
    constraint = Constraint("useful_fraction", useful_fraction)
    names = (*SIZES, "reserve_conservatism") if follows else SIZES
    search = _WorkSearch(case, [constraint], names, workload=workload)
    for sizes in frontier(case, STARTS).plants[list(SIZES)].dropna().to_numpy(dtype=float):
        for reserve in RESERVES if follows else (0.0,):
            start = design_of(sizes).replace(reserve_conservatism=reserve)
            scale = _least_scale(case, start, workload, useful_fraction)
            if scale is None:
                continue
            plant = scaled(start, scale)
            usd = float(search.measured([plant])["annual_usd"].iloc[0])
            if best is None or usd < best[0]:
                best = usd, plant
    if best is None:
        raise InfeasibleError(
            f"{case.site.name}: no plant of PV and battery gives {useful_fraction:g} of the work "
            f"of {type(workload).__name__}; restarts alone may cost more than the rest",
            {"site": case.site.name, "target": f"{useful_fraction:g} of the work"},
        )
    return run_workload(case, search.from_start(best[1]).design, workload)


def carried_mw(
    case: Case, design: Design, workload: Workload, *, useful_fraction: float = 0.99
) -> float:
    """Work that a plant carries [IT MW at full power], of any size but of the case's shape.

    A queue's work is the mean power that it asks for; its computers are more by 1 / asked.
    For loads that follow the store the best of `RESERVES` counts, whatever the design says.

    Raises
    ------
    InputError
        When the fraction is not above 0 and at most 1.
    """
    _check(useful_fraction)
    follows = not isinstance(workload, FirmLoad | Steady)
    most = 0.0
    for reserve in RESERVES if follows else (design.reserve_conservatism,):
        plant = design.replace(reserve_conservatism=reserve)
        scale = _least_scale(case, plant, workload, useful_fraction)
        if scale is not None:
            most = max(most, offered_mw(case, workload) / scale)
    return most


def offered_mw(case: Case, workload: Workload) -> float:
    """Mean IT power of what is asked for [MW]."""
    asked = workload.offered_load_fraction if isinstance(workload, Queue) else 1.0
    return case.datacenter.it_mw * asked


def scaled(design: Design, factor: float) -> Design:
    """The same plant, all its sizes times a factor."""
    sizes = (*SIZES, "backup_mw", "grid_mw")
    return design.replace(**{name: getattr(design, name) * factor for name in sizes})


def _least_scale(case: Case, design: Design, workload: Workload, fraction: float) -> float | None:
    """The smallest factor at which the scaled plant does the fraction; None when the largest fails.

    Halved between bounds: where useful compute is not monotone it is one of the crossings.
    """

    def done(factor: float) -> bool:
        run = run_workload(case, scaled(design, factor), workload)
        return run.useful_fraction >= fraction

    low, high = SMALLEST, 1.0
    while not done(high):
        low, high = high, high * 2.0
        if high > LARGEST:
            return None
    while high > low * (1.0 + CLOSE):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if done(middle) else (middle, high)
    return high


def _check(useful_fraction: float) -> None:
    problems = fraction_problems("useful_fraction", useful_fraction)
    if problems:
        raise InputError(problems)


# --- one against the other ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Flexibility(Result):
    """Kinds of workload side by side, the firm one first; `compare_workloads` makes one."""

    case: Case
    runs: Mapping[str, FlexibleRun]
    carried: Mapping[str, float]
    useful_fraction: float
    computers_usd_per_mw: float

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: the same work by kinds of workload"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a kind, for the same work asked as the firm load of `it_mw`.

        `computers_mw`; `solar_mw, battery_mwh, battery_mw` of the cheapest plant and its
        `reserve_conservatism`; `useful_fraction`; `plant_usd_per_mwh` and `computers_usd_per_mwh`
        per useful IT MWh, and both, `usd_per_mwh`; `saved_usd_per_year` by the plant against the
        firm one's, and `worth_battery_mwh`, the battery energy that this money would buy;
        `restarts_per_year`; `carried_mw`, what the firm one's plant carries of this kind, and
        `carried_ratio`, against what it carries of the firm one.
        """
        rows = {}
        life = self.case.assumptions.computers.lifetime_years
        rate = self.case.assumptions.finance.real_discount_fraction
        yearly_usd = self.computers_usd_per_mw * capital_recovery_factor(rate, life)
        it_mw = self.case.datacenter.it_mw
        for name, run in self.runs.items():
            more = it_mw / offered_mw(self.case, run.workload)
            useful_mwh, annual_usd = run.useful_mwh_per_year * more, price(run).annual_usd
            rows[name] = {
                "computers_mw": it_mw * more,
                **{size: getattr(run.design, size) * more for size in SIZES},
                "reserve_conservatism": run.design.reserve_conservatism,
                "useful_fraction": run.useful_fraction,
                "annual_usd": annual_usd * more,
                "plant_usd_per_mwh": annual_usd * more / useful_mwh,
                "computers_usd_per_mwh": yearly_usd * it_mw * more / useful_mwh,
                "restarts_per_year": run.restarts_per_year,
                "carried_mw": self.carried[name],
            }
        frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("workload")
        firm = frame.iloc[0]
        frame["usd_per_mwh"] = frame["plant_usd_per_mwh"] + frame["computers_usd_per_mwh"]
        frame["saved_usd_per_year"] = firm["annual_usd"] - frame["annual_usd"]
        battery_usd = annual_usd_per_size(self.case)["battery_mwh"]
        frame["worth_battery_mwh"] = frame["saved_usd_per_year"] / battery_usd
        frame["carried_ratio"] = frame["carried_mw"] / firm["carried_mw"]
        return frame

    def _record(self) -> dict[str, Any]:
        """The table as data."""
        return {
            "site": self.case.site.name,
            "useful_fraction": self.useful_fraction,
            "computers_usd_per_mw": self.computers_usd_per_mw,
            "workloads": self.frame.to_dict(orient="index"),
        }


def compare_workloads(
    case: Case,
    workloads: Mapping[str, Workload],
    *,
    useful_fraction: float = 0.99,
    computers_usd_per_mw: float = 0.0,
) -> Flexibility:
    """What each kind of workload saves against more battery, and what one plant carries of each.

    Parameters
    ----------
    case
        The question.
    workloads
        Kinds by name; the firm one is put before them.
    useful_fraction
        Fraction of each one's work that has to be done.
    computers_usd_per_mw
        Price of an IT MW of computers, which stand idle while they wait [$]; 0 leaves them out.

    Raises
    ------
    InputError
        When the fraction is not above 0 and at most 1, or the price below 0; for terms of money
        after tax.
    InfeasibleError
        When no plant does one of them.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> kinds = {"capped": en.PowerCapped()}
    >>> en.compare_workloads(case, kinds, useful_fraction=0.9)  # doctest: +SKIP
    """
    only_before_tax(case, "what flexibility is worth")
    if not computers_usd_per_mw >= 0:
        raise InputError(f"computers_usd_per_mw must be at least 0; got {computers_usd_per_mw!r}")
    kinds: dict[str, Workload] = {"firm": FirmLoad()} | dict(workloads)
    runs = {
        name: size_for_work(case, kind, useful_fraction=useful_fraction)
        for name, kind in kinds.items()
    }
    plant = runs["firm"].design
    carried = {
        name: carried_mw(case, plant, kind, useful_fraction=useful_fraction)
        for name, kind in kinds.items()
    }
    return Flexibility(case, runs, carried, useful_fraction, computers_usd_per_mw)
