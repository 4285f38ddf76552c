"""A plant whose load follows PV and battery, step by step.

In: `Case` (its load is full power), `Design` and a workload of `energy.datacenter.workload`. Out:
`FlexibleRun`, a `Dispatch` with the work that was done.

All rules are causal: they know this step's PV generation, the state of charge, the waiting work
and the mean days of each month.

*Firm* and *steady* loads are known beforehand; the plant serves them as any load.

*Interruptible* and *power-capped* loads take, in each step, the highest power after which the
battery still holds the SOC reserve for mean days at that power (`energy.dispatch.reserve`). The
design's `reserve_conservatism` says how cautiously: with 0 they run on until the battery is empty.
PV generation that nothing else can use is always used. What cannot be carried stops; what stops
comes back when the reserve allows, and loses half a checkpoint and the restart.

A *queue* gets work evenly and each piece may wait. PV generation goes to waiting work first, then
into the battery. What is due is served from the battery down to empty; what is not due only as
long as the battery keeps its reserve for mean days with what comes in. With `reserve_conservatism`
1 it never works ahead from the battery; its power is then known for each array, and more battery
never misses more.

Otherwise more battery need not do more under the same rule. With `reserve_conservatism` 0,
restarts that cost nothing and a load that can go down to nothing it never does less. A lowest
power can make it spend now what would have done a little more later, by less than a step at full
power; restarts may come at other times; and with a reserve a larger battery asks for a larger one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.case import Case
from energy.compiled import inlined, kernel
from energy.datacenter.workload import (
    FirmLoad,
    Interruptible,
    PowerCapped,
    Queue,
    Steady,
    Workload,
)
from energy.dispatch.design import Design
from energy.dispatch.run import (
    FLOWS,
    Dispatch,
    check_initial_soc,
    monthly_reserve,
    parameters_of,
    reserve_of,
    run_load,
)
from energy.dispatch.step import (
    PlantParameters,
    StepFlows,
    needs_dispatchable,
    step,
    with_grid_open,
)
from energy.steps import Array

#: Columns of the work, in this order: IT power, IT power without any limit, useful compute as
#: power of computers at full, fraction of them that restarts, compute lost by restarting.
WORK = ("it_mw", "offered_mw", "useful_mw", "restarted_fraction", "lost_mw")

#: Powers between the lowest and full for which a reserve is worked out; between two it is a line.
LEVELS = 9

#: Fractions of the computers below which nothing is meant: rounding stops no run.
ROUNDING = 1e-9

#: Rounds of the chain after which a run that has not come back to its start is left.
MOST_ROUNDS = 6


@dataclass(frozen=True, eq=False)
class FlexibleRun(Dispatch):
    """A run of one plant with what its computers did; `run_workload` makes one.

    Parameters
    ----------
    workload
        What the computers do.
    work
        One row a step, columns as `WORK`.
    """

    workload: Workload
    work: Array

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All flows as `Dispatch.frame`, and the columns of `WORK` [MW]."""
        work = pd.DataFrame(self.work, columns=list(WORK), index=self.case.weather.index)
        return pd.concat([super().frame, work], axis=1)

    def flow(self, name: str) -> Array:
        """One flow or column of the work, one value a step."""
        return self.work[:, WORK.index(name)] if name in WORK else super().flow(name)

    def _mwh_per_year(self, name: str) -> float:
        return self.case.weather.per_year(self.flow(name))

    @property
    def useful_mwh_per_year(self) -> float:
        """Useful compute a year, as energy of computers at full power [MWh]."""
        return self._mwh_per_year("useful_mw")

    @property
    def missed_mwh_per_year(self) -> float:
        """Offered compute a year that was not done [MWh]; what still waits is neither."""
        if isinstance(self.workload, Queue):
            return self._mwh_per_year("offered_mw") - self.useful_mwh_per_year
        full_mw = np.full(len(self.flows), self.case.datacenter.it_mw)
        return self.case.weather.per_year(full_mw) - self.useful_mwh_per_year

    @property
    def useful_fraction(self) -> float:
        """Useful compute over the offered load; all but a queue offer full power."""
        useful = self.useful_mwh_per_year
        offered = useful + self.missed_mwh_per_year
        return useful / offered if offered > 0 else 1.0

    @property
    def utilization_fraction(self) -> float:
        """Useful compute over that of the same computers at full power all the time."""
        return float(self.flow("useful_mw").mean()) / self.case.datacenter.it_mw

    @property
    def deadlines_met_fraction(self) -> float | None:
        """Fraction of a queue's work that was done in time; None where there are no deadlines."""
        return self.useful_fraction if isinstance(self.workload, Queue) else None

    @property
    def restarts_per_year(self) -> float:
        """Restarts a year; of many runs, those of one on average."""
        return float(self.flow("restarted_fraction").sum()) / self.case.weather.years_exact

    @property
    def lost_fraction(self) -> float:
        """Compute lost by restarting, over the useful."""
        useful = self.useful_mwh_per_year
        return self._mwh_per_year("lost_mw") / useful if useful > 0 else 0.0

    @property
    def load_mwh_per_useful_mwh(self) -> float:
        """Energy that the plant gave per useful compute [MWh/MWh]."""
        useful = self.useful_mwh_per_year
        return self.served_mwh_per_year / useful if useful > 0 else np.inf

    @property
    def curtailed_fraction(self) -> float:
        """Fraction of the PV generation that nobody used."""
        generation = self.flow("solar_mw").sum()
        return float(self.flow("curtailed_mw").sum() / generation) if generation > 0 else 0.0

    def _record(self) -> dict[str, Any]:
        """The run's numbers as data."""
        names = (
            "useful_fraction", "utilization_fraction", "deadlines_met_fraction",
            "useful_mwh_per_year", "missed_mwh_per_year", "restarts_per_year", "lost_fraction",
            "load_mwh_per_useful_mwh", "curtailed_fraction",
        )  # fmt: skip
        return {
            "site": self.case.site.name,
            "it_mw": self.case.datacenter.it_mw,
            "workload": {"kind": type(self.workload).__name__} | self.workload.model_dump(),
            "design": self.design.model_dump(),
        } | {name: getattr(self, name) for name in names}

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: {type(self.workload).__name__}"

    @property
    def shown(self) -> pd.DataFrame:
        """The run's numbers."""
        numbers = {k: v for k, v in self.to_dict().items() if isinstance(v, int | float)}
        return pd.DataFrame({"value": pd.Series(numbers, dtype=float)})


def run_workload(
    case: Case, design: Design, workload: Workload, *, initial_soc_fraction: float | None = None
) -> FlexibleRun:
    """Run a plant for a workload, step by step.

    Parameters
    ----------
    case
        The question; its load is that of the computers at full power.
    design
        The plant; its `reserve_conservatism` is also how cautiously interruptible and capped
        loads count on the coming days.
    workload
        `FirmLoad`, `Steady`, `Interruptible`, `PowerCapped` or `Queue`.
    initial_soc_fraction
        As in `energy.simulate`: without it the battery ends as it starts.

    Raises
    ------
    InputError
        When `initial_soc_fraction` is not between 0 and 1.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> design = en.Design(solar_mw=600, battery_mwh=1500, battery_mw=300)
    >>> run = en.run_workload(case, design, en.PowerCapped())
    >>> round(run.useful_fraction, 2)
    0.86
    """
    check_initial_soc(initial_soc_fraction)
    if isinstance(workload, FirmLoad):
        return _with_work(run_load(case, design, case.load_mw, initial_soc_fraction), workload)
    if isinstance(workload, Steady):
        load_mw = case.load_mw * workload.shape(len(case.load_mw), case.step_h)
        return _with_work(run_load(case, design, load_mw, initial_soc_fraction), workload)
    return _following(case, design, workload, initial_soc_fraction)


def _with_work(run: Dispatch, workload: FirmLoad | Steady) -> FlexibleRun:
    """A run of a load that is known beforehand, with what its computers did."""
    case, unserved_mw = run.case, run.flow("unserved_mw")
    restarted, lost = np.zeros(len(run.load_mw)), np.zeros(len(run.load_mw))
    offered = np.ones(len(run.load_mw))
    if isinstance(workload, Steady):
        offered = workload.shape(len(run.load_mw), case.step_h)
        up = ~run.loss_of_load
        # What runs at the end ran before the first step.
        restarted = (up & ~np.roll(up, 1)).astype(float)
        lost_h = workload.checkpoint_h / 2 + workload.restart_h
        lost = _pay(up.astype(float), restarted * lost_h, case.step_h)
        useful = up - lost
    else:
        useful = np.maximum(1.0 - unserved_mw / run.load_mw, 0.0)
    it_mw = case.datacenter.it_mw
    drawn = np.maximum(run.load_mw - unserved_mw, 0.0) / case.load_mw
    work = np.column_stack(
        [it_mw * drawn, it_mw * offered, it_mw * useful, restarted, it_mw * lost]
    )
    return FlexibleRun(**vars_of(run), workload=workload, work=work)


def vars_of(run: Dispatch) -> dict[str, Any]:
    """The fields of a run."""
    return {name: getattr(run, name) for name in Dispatch.__dataclass_fields__}


def _following(
    case: Case,
    design: Design,
    workload: Interruptible | PowerCapped | Queue,
    initial_soc_fraction: float | None,
) -> FlexibleRun:
    """Run a load that follows the battery."""
    plant, steps = parameters_of(case, design), len(case.load_mw)
    run_kernel, rule, reserves = rule_of(case, design, workload)
    flows, load_mw, work = np.empty((steps, len(FLOWS))), np.empty(steps), np.empty((steps, 5))

    def run(initial_soc_mwh: float, before: float) -> tuple[float, float]:
        end: tuple[float, float] = run_kernel(
            plant, rule, case.solar, case.load_mw, case.day_slots, reserve_of(case, design),
            case.grid_open, reserves, initial_soc_mwh, before, flows, load_mw, work,
        )  # fmt: skip
        return end

    # Nothing waited, or all ran, before a run that has a start.
    first = 0.0 if isinstance(workload, Queue) else 1.0
    if initial_soc_fraction is None:
        initial_soc_mwh = _settled(run, plant.usable_mwh, first)
    else:
        initial_soc_mwh = initial_soc_fraction * plant.usable_mwh
        run(initial_soc_mwh, first)
    cyclic = initial_soc_fraction is None
    return FlexibleRun(case, design, load_mw, flows, initial_soc_mwh, cyclic, workload, work)


def _settled(
    run: Callable[[float, float], tuple[float, float]], usable_mwh: float, first: float
) -> float:
    """Run until the end is the start, as `cyclic_soc`; return the charge at the last start."""
    for full in (usable_mwh, 0.0):
        end = (full, first)
        for _ in range(MOST_ROUNDS):
            start = end
            end = run(*start)
            settled = abs(end[0] - start[0]) <= 1e-9 * max(usable_mwh, 1e-9)
            if settled and abs(end[1] - start[1]) <= 1e-9 * max(start[1], 1.0):
                return start[0]
    return start[0]


class FollowingRule(NamedTuple):
    """How an interruptible or capped load follows the battery, as its kernel takes it.

    At level x the load is full load times rest + (1 - rest) x; at 0 it is `idle_fraction`. With
    `parts` the level is a whole number of them and what runs keeps running; 0 is one run under a
    cap. `rise` is how much the level may rise in a step.
    """

    levels: Array
    rest_fraction: float
    idle_fraction: float
    parts: int
    rise: float
    lost_h: float
    exponent: float
    it_mw: float
    step_h: float


class QueueRule(NamedTuple):
    """How a queue follows the battery, as its kernel takes it."""

    levels: Array
    idle_fraction: float
    offered_load_fraction: float
    wait_steps: int
    it_mw: float
    step_h: float


def rule_of(
    case: Case, design: Design, workload: Interruptible | PowerCapped | Queue
) -> tuple[Callable[..., Any], FollowingRule | QueueRule, Array]:
    """The kernel of a workload, its rule, and the SOC reserves of its levels in the mean days."""
    idle, it_mw, step_h = workload.idle_fraction, case.datacenter.it_mw, case.step_h
    if isinstance(workload, Queue):
        # A queue reserves for what comes in, however much of it is done at once.
        offered = workload.offered_load_fraction
        loads = np.full(LEVELS, idle + (1.0 - idle) * offered)
        wait = int((workload.slack_h - workload.job_h) / step_h + ROUNDING)
        queue = QueueRule(np.linspace(0.0, 1.0, LEVELS), idle, offered, wait, it_mw, step_h)
        return run_queue, queue, _reserves(case, design, loads)
    if isinstance(workload, PowerCapped):
        least, parts, exponent, rest = workload.least_fraction, 0, workload.exponent, 0.0
    else:
        least, parts, exponent, rest = 1.0 / workload.parts, workload.parts, 1.0, idle
    levels = np.linspace(least, 1.0, LEVELS if least < 1.0 else 1)
    rise = workload.ramp_fraction_per_min * 60.0 * step_h
    rule = FollowingRule(levels, rest, idle, parts, rise, workload.lost_h, exponent, it_mw, step_h)
    return run_following, rule, _reserves(case, design, rest + (1.0 - rest) * levels)


def _reserves(case: Case, design: Design, loads: Array) -> Array:
    """SOC reserves [MWh] for fractions of the full load, of shape (loads, steps of mean days).

    Without steps where the design keeps no reserve.
    """
    if design.reserve_conservatism == 0:
        return np.zeros((len(loads), 0))
    return np.array([monthly_reserve(case, design, float(load)) for load in loads])


# --- kernels ------------------------------------------------------------------------------------


@kernel()
def _pay(running: Array, owed_h: Array, step_h: float) -> Array:
    """Fraction of each step's compute that goes to hours of work owed, as they come."""
    paid = np.zeros(len(running))
    owed = 0.0
    for t in range(len(running)):
        owed += owed_h[t]
        paid[t] = min(owed / step_h, running[t])
        owed -= paid[t] * step_h
    return paid


@kernel()
def _highest_level(
    plant: PlantParameters,
    reserves: Array,
    levels: Array,
    slot: int,
    rest_fraction: float,
    retained_mwh: float,
    source_mw: float,
    load_mw: float,
) -> float:
    """The highest level after which the battery holds the reserve for that level; or 0.

    What is left over it is concave in the level, so the line between two levels is on its safe
    side. No reserve is larger than the battery, so that one overfull here is a full one.
    """
    above = 0.0
    for k in range(len(levels) - 1, -1, -1):
        net = source_mw - load_mw * (rest_fraction + (1.0 - rest_fraction) * levels[k])
        end = retained_mwh + (
            min(max(net, 0.0), plant.battery_mw) * plant.stored_per_mw
            - max(-net, 0.0) * plant.drawn_per_mw
        )
        over = end - reserves[k, slot]
        if over >= 0.0:
            if k == len(levels) - 1:
                return float(levels[k])
            return float(levels[k] + (levels[k + 1] - levels[k]) * over / (over - above))
        above = over
    return 0.0


@inlined
def _next_level(
    plant: PlantParameters,
    rule: FollowingRule,
    reserves: Array,
    slot: int,
    generation_mw: float,
    load_mw: float,
    retained_mwh: float,
    level: float,
) -> float:
    """The level of an interruptible or capped load in a step; `load_mw` is full load."""
    rest, least = rule.rest_fraction, rule.levels[0]
    source_mw = generation_mw + (plant.backup_mw + plant.grid_mw)
    reach = source_mw + min(plant.battery_mw, retained_mwh / plant.drawn_per_mw)
    most = (reach / load_mw - rest) / (1.0 - rest)
    room = min(plant.battery_mw, (plant.usable_mwh - retained_mwh) / plant.stored_per_mw)
    unused = ((generation_mw - room) / load_mw - rest) / (1.0 - rest)
    allowed = 1.0
    if reserves.shape[1] > 0:
        allowed = _highest_level(
            plant, reserves, rule.levels, slot, rest, retained_mwh, source_mw, load_mw
        )
    # Many runs keep going as long as they can; a capped one goes down to its least before.
    keep = level if rule.parts > 0 else (least if level > 0.0 else 0.0)
    up = max(level, least) + max(rule.rise, least if rule.parts > 0 else 0.0)
    now = min(max(allowed, unused, keep), most, up, 1.0)
    if rule.parts > 0:
        now = np.floor(now * rule.parts + ROUNDING) / rule.parts
    return now if now >= least - ROUNDING else 0.0


@inlined
def _write(
    flow: StepFlows, generation_mw: float, before_mwh: float, after_mwh: float, step_h: float,
    row: Array,
) -> None:  # fmt: skip
    """Write a step's flows, columns as `FLOWS`; state of charge before and after self-discharge."""
    row[0] = generation_mw
    row[1] = flow.charge_mw
    row[2] = flow.discharge_mw
    row[3] = flow.backup_mw
    row[4] = flow.grid_mw
    row[5] = flow.unserved_mw
    row[6] = flow.curtailed_mw
    row[7] = flow.soc_mwh
    row[8] = (before_mwh - after_mwh) / step_h


@kernel()
def run_following(
    plant: PlantParameters,
    rule: FollowingRule,
    solar: Array,
    full_mw: Array,
    slots: NDArray[np.int64],
    reserve_mwh: Array,
    grid_open: Array,
    reserves: Array,
    initial_soc_mwh: float,
    before: float,
    flows: Array,
    load_mw: Array,
    work: Array,
) -> tuple[float, float]:
    """Run a plant whose load follows the battery; write flows, load and work.

    `before` is the level before the first step. Returns the state of charge and the level at the
    end.
    """
    soc, level, owed, reserve, at_hand = initial_soc_mwh, before, 0.0, 0.0, plant
    for t in range(len(full_mw)):
        generation, full = solar[t] * plant.solar_mw, full_mw[t]
        given = generation - plant.own_use_mw
        retained = soc * plant.retained_fraction
        if len(grid_open) > 0:
            at_hand = with_grid_open(plant, grid_open[t])
        now = _next_level(at_hand, rule, reserves, slots[t], given, full, retained, level)
        fraction = rule.idle_fraction
        if now > 0.0:
            fraction = rule.rest_fraction + (1.0 - rule.rest_fraction) * now
        load_mw[t] = full * fraction
        net = given - load_mw[t]
        if len(reserve_mwh) > 0:
            reserve = reserve_mwh[t]
        flow = step(at_hand, soc, net, reserve, needs_dispatchable(at_hand, soc, net, reserve))
        _write(flow, generation, soc, retained, rule.step_h, flows[t])
        restarted = max(now - level, 0.0) if rule.parts > 0 or level == 0.0 else 0.0
        restarted = 1.0 if rule.parts == 0 and restarted > 0.0 else restarted
        owed += restarted * rule.lost_h
        done = now**rule.exponent if now > 0.0 else 0.0
        lost = min(owed / rule.step_h, done)
        owed -= lost * rule.step_h
        work[t, 0] = rule.it_mw * max(load_mw[t] - flow.unserved_mw, 0.0) / full
        work[t, 1] = rule.it_mw
        work[t, 2] = rule.it_mw * (done - lost)
        work[t, 3] = restarted
        work[t, 4] = rule.it_mw * lost
        soc, level = flow.soc_mwh, now
    return soc, level


@kernel()
def run_queue(
    plant: PlantParameters,
    rule: QueueRule,
    solar: Array,
    full_mw: Array,
    slots: NDArray[np.int64],
    reserve_mwh: Array,
    grid_open: Array,
    reserves: Array,
    initial_soc_mwh: float,
    before: float,
    flows: Array,
    load_mw: Array,
    work: Array,
) -> tuple[float, float]:
    """Run a plant for a queue; write flows, load and work.

    The oldest work is done first, and what is missed is gone as well, so that one sum gives both
    what waits and what is due. `before` is what waited before the first step, in steps of all
    computers; it came as evenly as the rest. Returns the state of charge and what still waits.
    """
    idle, offered = rule.idle_fraction, rule.offered_load_fraction
    soc, gone, reserve, at_hand = initial_soc_mwh, -before, 0.0, plant
    for t in range(len(full_mw)):
        generation, full = solar[t] * plant.solar_mw, full_mw[t]
        given = generation - plant.own_use_mw
        retained = soc * plant.retained_fraction
        if len(grid_open) > 0:
            at_hand = with_grid_open(plant, grid_open[t])
        waiting = max(offered * (t + 1) - gone, 0.0)
        due = min(max(offered * (t + 1 - rule.wait_steps) - gone, 0.0), 1.0)
        by_pv = max((given / full - idle) / (1.0 - idle), 0.0)
        reach = given + min(plant.battery_mw, retained / plant.drawn_per_mw)
        ahead = (reach / full - idle) / (1.0 - idle)
        if reserves.shape[1] > 0:
            allowed = _highest_level(
                plant, reserves, rule.levels, slots[t], idle, retained, given, full
            )
            ahead = min(ahead, allowed)
        level = max(min(max(by_pv, ahead), waiting, 1.0), due)
        load_mw[t] = full * (idle + (1.0 - idle) * level)
        net = given - load_mw[t]
        if len(reserve_mwh) > 0:
            reserve = reserve_mwh[t]
        flow = step(at_hand, soc, net, reserve, needs_dispatchable(at_hand, soc, net, reserve))
        _write(flow, generation, soc, retained, rule.step_h, flows[t])
        gone += level
        work[t, 0] = rule.it_mw * max(load_mw[t] - flow.unserved_mw, 0.0) / full
        work[t, 1] = rule.it_mw * level
        # What lacks is idle power last: work goes first.
        work[t, 2] = rule.it_mw * max(level - flow.unserved_mw / full / (1.0 - idle), 0.0)
        work[t, 3] = 0.0
        work[t, 4] = 0.0
        soc = flow.soc_mwh
    return soc, max(offered * len(full_mw) - gone, 0.0)
