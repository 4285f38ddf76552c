"""What waiting for power costs beside the power: solar and battery now, gas, the grid at its wait.

In: `Case` and a target. Out: `TimeToPower`, one row an option: months, cost of power, of waiting,
and their sum.

All options begin on the same day, when parts are ordered and a connection is asked for, and run for
`finance.project_years` from their first power on. Until then computers stand idle, or are not
bought; while a first stage serves less than the last one, a part of them does. Everything is
counted at the real rate of return from that first day on, per MWh that is served [1]:

    cost of power = present cost of what stands and runs / present energy served
    cost of waiting = present cost of idle months / present energy served

A part is paid from the day on which it gives power; the interest of its construction is in its
price. Gas and grid alone have no spare units, and none of the options counts failures.

References
----------
[1] Newkirk et al., AI datacenters and microgrids, 2025 (github.com/acnewkirk): idle chips in the
    cost of a MWh; reproduced in `tests/analysis/test_time_to_power.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from energy.backup import BACKUP_KINDS, BackupKind
from energy.case import Case
from energy.errors import InfeasibleError, InputError
from energy.evaluation import Evaluation, evaluate
from energy.finance import real_return_fraction
from energy.finance.after_tax import Computers
from energy.finance.after_tax import waiting_usd_per_mw_month as usd_per_mw_month
from energy.finance.alone import Alone, gas_alone, grid_alone
from energy.sizing import Target, frontier, size
from energy.sizing.frontier import SERVED_FRACTIONS, design_of
from energy.tables import Result

#: Kinds of backup that may carry a load alone, in words.
ALONE: dict[str, str] = {
    "engine": "gas engines",
    "turbine": "gas turbines",
    "fuel_cell": "fuel cells",
}

#: Ends of the time to power.
ENDS = ("low", "value", "high")


@dataclass(frozen=True)
class Lead:
    """Months until a part gives power, with their range and source."""

    low: float
    value: float
    high: float
    source: str


@dataclass(frozen=True)
class Stage:
    """What stands from one day to the next.

    Parameters
    ----------
    lead
        When it gives power.
    fixed_usd_per_year, running_usd_per_year
        Annualized cost of all that stands by then, and of running it [$/year].
    capital_usd
        Price of all that stands by then [$].
    served_fraction
        Fraction of the load's energy that is served.
    """

    lead: Lead
    fixed_usd_per_year: float
    running_usd_per_year: float
    capital_usd: float
    served_fraction: float


@dataclass(frozen=True)
class Option:
    """A way to power: its stages in the order of their months."""

    name: str
    stages: tuple[Stage, ...]

    def months(self, end: str = "value") -> list[float]:
        """Months until each stage, none before the one that it follows."""
        months = [float(getattr(stage.lead, end)) for stage in self.stages]
        return list(np.maximum.accumulate(months))


def levelized(
    months: Sequence[float],
    usd_per_year: Sequence[float],
    mwh_per_year: Sequence[float],
    *,
    waiting_usd_per_month: float,
    years: float,
    rate: float,
) -> tuple[float, float]:
    """Cost of power and of waiting of a plant that comes in stages [$/MWh served].

    Parameters
    ----------
    months
        When each stage gives power, in order, from the first day on.
    usd_per_year, mwh_per_year
        What each stage costs, and the energy that it serves.
    waiting_usd_per_month
        What a month without power costs; a stage that serves less than the last one costs its part.
    years, rate
        Years from the first power on, and the real yearly rate.

    Examples
    --------
    Newkirk et al. at Cheyenne: a GPU of 8.69 MWh a year at 2.40 $ an hour, 7 %, 27 years in all.
    There the grid after four years is 72.6 and with idle hours 1,068.9 $/MWh, solar and battery
    with DC coupling after two years 213.5 and 654.8:

    >>> from energy.analysis.time_to_power import levelized
    >>> for months, usd_per_mwh in ((48, 72.6), (24, 213.5)):
    ...     power, waiting = levelized([months], [usd_per_mwh * 8.69], [8.69],
    ...         waiting_usd_per_month=2.40 * 730, years=27 - months / 12, rate=0.07)
    ...     print(round(power, 1), round(power + waiting))
    72.6 1026
    213.5 643
    """
    starts = np.asarray(months, dtype=float) / 12.0
    ends = np.append(starts[1:], starts[0] + years)
    ends = np.maximum(np.minimum(ends, starts[0] + years), starts)
    worth = _present(starts, ends, rate)
    served = np.asarray(mwh_per_year, dtype=float)
    energy_mwh = float(served @ worth)
    lacking = np.maximum(1.0 - served / served[-1], 0.0)
    idle = float(_present(np.zeros(1), starts[:1], rate)[0] + lacking @ worth)
    return (
        float(np.asarray(usd_per_year) @ worth) / energy_mwh,
        12.0 * waiting_usd_per_month * idle / energy_mwh,
    )


def _present(
    starts: np.ndarray[Any, np.dtype[np.float64]],
    ends: np.ndarray[Any, np.dtype[np.float64]],
    rate: float,
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Present worth of a dollar a year, paid evenly from each start to each end [years]."""
    if abs(rate) < 1e-12:
        return ends - starts
    grown = math.log1p(rate)
    return np.asarray((np.exp(-grown * starts) - np.exp(-grown * ends)) / grown)


@dataclass(frozen=True, eq=False)
class TimeToPower(Result):
    """The ways to power of one site beside each other; `time_to_power` makes one.

    Parameters
    ----------
    case, target
        The question.
    options
        The ways that there are.
    waiting_usd_per_month
        What a month without power costs [$].
    computers
        Whether computers are "idle" or "unbought" until there is power; None where a price of
        waiting was given.
    left_out
        Ways that there are not, and why.
    """

    case: Case
    target: Target
    options: tuple[Option, ...]
    waiting_usd_per_month: float
    computers: Computers | None
    left_out: tuple[str, ...] = field(default=())

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row an option, the least sum first.

        Columns: `months_to_power` with `months_low` and `months_high`, those of the first power;
        `months_to_all`, until the last stage; `served_fraction` of the last stage and
        `first_served_fraction`; `capital_usd` of all stages; `power_usd_per_mwh`,
        `waiting_usd_per_mwh` and `total_usd_per_mwh` with `total_low_usd_per_mwh` and
        `total_high_usd_per_mwh` at the ends of the months; `source` of the months.
        """
        rows = {}
        for option in self.options:
            costs = {end: self.costs(option, end) for end in ENDS}
            power, waiting = costs["value"]
            last = option.stages[-1]
            rows[option.name] = {
                "months_to_power": option.months()[0],
                "months_low": option.months("low")[0],
                "months_high": option.months("high")[0],
                "months_to_all": option.months()[-1],
                "first_served_fraction": option.stages[0].served_fraction,
                "served_fraction": last.served_fraction,
                "capital_usd": last.capital_usd,
                "power_usd_per_mwh": power,
                "waiting_usd_per_mwh": waiting,
                "total_usd_per_mwh": power + waiting,
                "total_low_usd_per_mwh": sum(costs["low"]),
                "total_high_usd_per_mwh": sum(costs["high"]),
                "source": "; ".join(dict.fromkeys(s.lead.source for s in option.stages)),
            }
        frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("option")
        return frame.sort_values("total_usd_per_mwh", kind="stable")

    def costs(self, option: Option, end: str = "value") -> tuple[float, float]:
        """Cost of power and of waiting, the months at an end of their range [$/MWh served]."""
        load_mwh = self.case.weather.per_year(self.case.load_mw)
        return levelized(
            option.months(end),
            [stage.fixed_usd_per_year + stage.running_usd_per_year for stage in option.stages],
            [stage.served_fraction * load_mwh for stage in option.stages],
            waiting_usd_per_month=self.waiting_usd_per_month,
            years=float(self.case.assumptions.finance.project_years),
            rate=real_return_fraction(self.case),
        )

    @property
    def notes(self) -> list[str]:
        """What a reader of the table should know."""
        per_mw = self.waiting_usd_per_month / self.case.datacenter.it_mw
        how = {
            "idle": "computers are bought and stand idle: a month of their life",
            "unbought": "computers are not bought: a month's return on their price",
            None: "as given",
        }[self.computers]
        return [
            f"a month without power costs {self.waiting_usd_per_month / 1e6:,.1f} M$, "
            f"{per_mw:,.0f} $ for each MW ({how})",
            "gas and grid alone have no spare units; failures are not counted in any option",
            "months of gas are those of its machines: a pipeline, permits and switchgear may take "
            "longer",
            *self.left_out,
        ]

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return (
            f"{self.case.title}, {self.target.description}, {self.case.assumptions.dollars}: "
            "power and the wait for it"
        )

    def _record(self) -> dict[str, Any]:
        """The table as data."""
        return {
            "site": self.case.site.name,
            "it_mw": self.case.datacenter.it_mw,
            "target": self.target.to_dict(),
            "prices": self.case.assumptions.prices,
            "dollar_year": self.case.assumptions.finance.dollar_year,
            "computers": self.computers,
            "waiting_usd_per_month": self.waiting_usd_per_month,
            "notes": self.notes,
            "options": self.frame.reset_index().to_dict(orient="records"),
        }


def time_to_power(
    case: Case,
    target: Target | None = None,
    *,
    computers: Computers = "idle",
    waiting_usd_per_mw_month: float | None = None,
    progress: Callable[[Iterable[str]], Iterable[str]] = iter,
    **given: float | None,
) -> TimeToPower:
    """What power costs with the wait for it: solar and battery, gas, grid, and in stages.

    Parameters
    ----------
    case
        The question. Lead times are those of its assumptions, the wait for a connection is the
        site's own where it has one.
    target
        What the plants have to meet; or a keyword, such as `served_fraction=0.99`.
    computers
        "idle": they are bought, and each month is a month of their life; "unbought": each month
        costs the return that their price would earn.
    waiting_usd_per_mw_month
        What a month without power costs for each MW of computers [$], instead.
    progress
        Wraps the names of what is worked out, for a progress bar.

    Raises
    ------
    InputError
        With everything that is wrong.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> found = en.time_to_power(case, served_fraction=0.9)  # doctest: +SKIP
    """
    problems, aim = [], None
    try:
        aim = Target.of(target, **given)
        if not aim.is_reliability:
            problems.append(f"{aim.name} is for PV and battery alone; give a reliability")
    except InputError as error:
        problems += error.problems
    if computers not in ("idle", "unbought"):
        problems.append(f"computers are 'idle' or 'unbought'; got {computers!r}")
    per_mw = waiting_usd_per_mw_month
    if per_mw is not None and not 0 <= per_mw < math.inf:
        problems.append(f"waiting_usd_per_mw_month must be at least 0; got {per_mw!r}")
    if problems or aim is None:
        raise InputError(problems)
    told = computers if per_mw is None else None
    if per_mw is None:
        per_mw = usd_per_mw_month(case, case.assumptions.terms, computers)
    waiting_usd = per_mw * case.datacenter.it_mw
    options, left_out = _options(case, aim, waiting_usd, progress)
    return TimeToPower(case, aim, tuple(options), waiting_usd, told, tuple(left_out))


# --- the ways -------------------------------------------------------------------------------------


def _options(
    case: Case,
    aim: Target,
    waiting_usd: float,
    progress: Callable[[Iterable[str]], Iterable[str]],
) -> tuple[list[Option], list[str]]:
    """All ways to power, and why some are not there."""
    options: list[Option] = []
    left_out: list[str] = []
    kinds = [kind for kind in BACKUP_KINDS if kind in ALONE]
    grid, grid_lead = grid_alone(case), _grid_lead(case)
    options.append(Option("grid", (_alone(case, grid, grid_lead),)))
    for step in progress(["solar and battery", *kinds, "solar and battery, then grid"]):
        if step in kinds:
            options += _of_kind(case, aim, step, grid, grid_lead, left_out)
            continue
        try:
            if step == "solar and battery":
                plant = size(case, aim).evaluation
                options.append(Option(step, (_plant(plant),)))
            else:
                options += _until_grid(case, aim, waiting_usd, grid_lead)
        except InfeasibleError as error:
            left_out.append(f"{step}: {error}")
    return options, left_out


def _of_kind(
    case: Case,
    aim: Target,
    kind: BackupKind,
    grid: Alone,
    grid_lead: Lead,
    left_out: list[str],
) -> list[Option]:
    """One kind of backup: alone, with PV and battery, and as the first stage before the grid."""
    case = case.replace(assumptions=case.assumptions.with_backup(kind))
    name, lead = ALONE[kind], _lead(case, f"{kind}.lead_years")
    gas = gas_alone(case)
    alone = _alone(case, gas, lead)
    options = [Option(name, (alone,))]
    if lead.value < grid_lead.value:
        later = Stage(
            grid_lead,
            alone.fixed_usd_per_year + sum(grid.capacity_usd.values()),
            grid.energy_mwh * _usd_per_mwh(grid)
            + (gas.energy_mwh - grid.energy_mwh) * _usd_per_mwh(gas),
            alone.capital_usd + grid.capital_usd,
            1.0,
        )
        options.append(Option(f"{name}, then grid", (alone, later)))
    try:
        plant = size(case, aim, backup=True).evaluation
    except InfeasibleError as error:
        left_out.append(f"solar, battery and {name}: {error}")
        return options
    hybrid = _plant(plant)
    both = _later_of(hybrid.lead, lead)
    together = Stage(both, *_amounts(hybrid))
    first = _lead(case, "integration.lead_years")
    if lead.value < first.value and plant.design.backup_mw > 0:
        stage = _backup_first(plant, gas, lead)
        options.append(Option(f"{name}, then solar and battery", (stage, together)))
    else:
        options.append(Option(f"solar, battery and {name}", (together,)))
    return options


def _until_grid(case: Case, aim: Target, waiting_usd: float, grid_lead: Lead) -> list[Option]:
    """PV and battery that serve less until the grid comes: the fraction with the least sum."""
    name = "solar and battery, then grid"
    if grid_lead.value <= _lead(case, "integration.lead_years").value:
        return []
    top = aim.value if aim.is_exact else 0.99
    fractions = sorted({f for f in (0.5, 0.6, 0.7, 0.8, *SERVED_FRACTIONS, top) if f <= top})
    best: tuple[float, Option] | None = None
    for sizes in (
        frontier(case, fractions).plants[["solar_mw", "battery_mwh", "battery_mw"]].to_numpy()
    ):
        if np.isnan(sizes).any():
            continue
        first = evaluate(case, design_of(sizes))
        whole = evaluate(case, first.design.replace(grid_mw=case.peak_load_mw))
        option = Option(name, (_plant(first), Stage(grid_lead, *_amounts(_plant(whole)))))
        total = sum(TimeToPower(case, aim, (option,), waiting_usd, None).costs(option))
        if best is None or total < best[0]:
            best = total, option
    return [] if best is None else [best[1]]


def _plant(plant: Evaluation) -> Stage:
    """A plant of PV, battery and what is behind them, all there at once."""
    frame = plant.cost.frame
    return Stage(
        _lead(plant.case, "integration.lead_years"),
        float(frame[["capital_recovery_usd", "fixed_om_usd"]].to_numpy().sum()),
        float(frame[["variable_om_usd", "fuel_usd"]].to_numpy().sum()),
        plant.cost.capital_usd,
        plant.availability.served_fraction,
    )


def _amounts(stage: Stage) -> tuple[float, float, float, float]:
    return (
        stage.fixed_usd_per_year,
        stage.running_usd_per_year,
        stage.capital_usd,
        stage.served_fraction,
    )


def _alone(case: Case, source: Alone, lead: Lead) -> Stage:
    """What one source gives of the load."""
    return Stage(
        lead,
        sum(source.capacity_usd.values()),
        source.energy_mwh * _usd_per_mwh(source),
        source.capital_usd,
        source.energy_mwh / case.weather.per_year(case.load_mw),
    )


def _usd_per_mwh(source: Alone) -> float:
    return sum(source.energy_usd_per_mwh.values())


def _backup_first(plant: Evaluation, gas: Alone, lead: Lead) -> Stage:
    """The backup of a plant that carries what it can until PV and battery are there."""
    case, cost = plant.case, plant.cost.frame
    parts = ["backup", "integration"]
    fixed = cost.loc[parts, ["capital_recovery_usd", "fixed_om_usd"]]
    served_mw = np.minimum(case.load_mw, plant.design.backup_mw)
    served_mwh = case.weather.per_year(served_mw)
    return Stage(
        lead,
        float(fixed.to_numpy().sum()),
        served_mwh * _usd_per_mwh(gas),
        float(cost.loc[parts, ["capital_usd"]].to_numpy().sum()),
        served_mwh / case.weather.per_year(case.load_mw),
    )


# --- the months -----------------------------------------------------------------------------------


def _lead(case: Case, name: str) -> Lead:
    """The months of a lead time of the assumptions."""
    row = case.assumptions.frame.loc[name].to_dict()
    low, value, high = (12.0 * row[end] for end in ENDS)
    return Lead(min(low, value), value, max(high, value), row["source"])


def _grid_lead(case: Case) -> Lead:
    """The months of a connection: the site's own where it has one, with the assumed range."""
    assumed, own = _lead(case, "grid.wait_years"), case.site.grid_wait_years
    if own is None:
        return assumed
    months = 12.0 * own.value
    source = f"{own.source}; range: {assumed.source}"
    return Lead(min(assumed.low, months), months, max(assumed.high, months), source)


def _later_of(one: Lead, other: Lead) -> Lead:
    """The months until both are there."""
    source = one.source if one.value >= other.value else other.source
    ends = {end: max(getattr(one, end), getattr(other, end)) for end in ENDS}
    return Lead(**ends, source=source)
