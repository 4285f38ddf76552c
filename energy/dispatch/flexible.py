"""What the computers do, and how their power follows sun and battery.

In: `Case` (its load is full power), `Design` and a workload: firm, steady training, interruptible,
power-capped or a queue with deadlines. Out: `FlexibleRun`: flows of every step and the useful compute.

Load goes with IT power: a hall at half power draws half of its step's load, so part load costs
nothing extra and saves nothing either. What is at rest draws `idle_fraction`. All rules are causal:
they know this step's sun, what is stored, the waiting work and typical days of each month.

*FirmLoad* and *steady* loads are known beforehand; the plant serves them as in `energy.dispatch.run`.

*Interruptible* and *power-capped* loads take, in each step, the highest power after which the store
still holds the reserve that typical days would ask for at that power (`dispatch.soc_reserve`). The
design's `reserve_conservatism` says how much the plan distrusts the sun: with 0 they run on until the
store is empty. Sun that nothing else can use is always used. What cannot be carried stops; what
stops comes back when the plan allows, and loses half a checkpoint and the restart.

A *queue* gets work evenly and each piece may wait. What the sun gives goes to waiting work first,
then into the store. What is due is served from the store down to empty; what is not due only as
long as the store keeps the reserve of typical days with what comes in. With `reserve_conservatism` 1 it
never works ahead from the store; its power is then known for each array, and more battery never
misses more.

Otherwise more battery need not do more under the same rule. With `reserve_conservatism` 0, restarts
that cost nothing and a load that can go down to nothing it never does less. A lowest power can make
it spend now what would have done a little more later, by less than a step at full power; restarts
may come at other times; and with a plan a larger store asks for a larger reserve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Any

import numba as nb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from energy.case import Case
from energy.dispatch.run import (
    FLOWS,
    LOSS_OF_LOAD_TOLERANCE,
    Design,
    Dispatch,
    _dispatchable,
    _store,
    cyclic_start,
    kernel_arguments,
    run_flows,
    soc_reserve,
    unit_of,
)
from energy.errors import InputError
from energy.finance import Cost, price
from energy.parameters import (
    Input,
    NotNegative,
    Positive,
    PositiveFraction,
    parameter_field,
    shipped,
    sources,
)
from energy.units import Array

DATA_FILE = "workload-2025.toml"

#: Columns that work adds to the flows, in this order: load that is asked of the plant, IT power,
#: IT power wanted, useful compute as power of computers at full, share of them that restarts,
#: compute lost by restarting.
WORK = ("load_mw", "it_mw", "wanted_mw", "useful_mw", "restarted_fraction", "lost_mw")

#: Powers between the lowest and full for which a plan is made; between two it is a line.
PLANNED = 9

#: Shares of the computers below which nothing is meant: rounding stops no run.
DUST = 1e-9

_steady = partial(parameter_field, DATA_FILE, "steady")
_stop = partial(parameter_field, DATA_FILE, "stop")
_cap = partial(parameter_field, DATA_FILE, "cap")


# --- kinds of workload --------------------------------------------------------------------------


class _Kind(Input):
    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        quantities: dict[str, Any] = {}
        for section in ("steady", "stop", "cap"):
            quantities |= shipped(DATA_FILE)[section]
        return sources(self.model_dump(), quantities)

    def _repr_html_(self) -> str:
        return str(self.frame.to_html())


class FirmLoad(_Kind):
    """Full power at all times; of what is not served, the share that is counts as useful."""


class Steady(_Kind):
    """A training run at full power, its hours as measured; it stops when power is short.

    The shape is drawn once and for all from the measured spread: hours of the data follow each
    other without pattern. Swings within seconds are the converters' matter and not seen here; the
    ramp binds only where a step is shorter than the change takes, never in hours. Failures of the
    computers themselves are in `Training.utilization_fraction`.
    """

    sd_fraction: Annotated[float, Field(ge=0, le=0.5)] = _steady("sd_fraction")
    min_fraction: PositiveFraction = _steady("min_fraction")
    max_fraction: Annotated[float, Field(ge=1, le=2)] = _steady("max_fraction")
    ramp_fraction_per_min: Positive = _stop("ramp_fraction_per_min")
    checkpoint_h: NotNegative = _stop("checkpoint_h")
    restart_h: NotNegative = _stop("restart_h")

    def shape(self, steps: int, step_h: float) -> Array:
        """Power of each step as a share of the mean, (steps,); always the same."""
        noise = np.random.default_rng(0).normal(1.0, self.sd_fraction, steps)
        shape = np.clip(noise, self.min_fraction, self.max_fraction)
        most = self.ramp_fraction_per_min * 60.0 * step_h
        return shape if most >= np.ptp(shape) else _ramped(shape, most)


class _Stops(_Kind):
    checkpoint_h: NotNegative = _stop("checkpoint_h")
    restart_h: NotNegative = _stop("restart_h")
    idle_fraction: Annotated[float, Field(ge=0, lt=1)] = _stop("idle_fraction")
    ramp_fraction_per_min: Positive = _stop("ramp_fraction_per_min")

    @property
    def lost_h(self) -> float:
        """Hours of work that a restart costs: half a checkpoint's, and the restart."""
        return self.checkpoint_h / 2 + self.restart_h


class Interruptible(_Stops):
    """`parts` equal runs that can be stopped one by one; 1 is all or nothing."""

    parts: Annotated[int, Field(ge=1, le=10**6)] = 1


class PowerCapped(_Stops):
    """One run whose power may be capped between `least_fraction` and full; below it stops.

    Throughput is power to the `exponent`, both as shares of full: monotone and concave.
    """

    least_fraction: PositiveFraction = _cap("least_fraction")
    exponent: PositiveFraction = _cap("exponent")

    @model_validator(mode="after")
    def _rests_below(self) -> PowerCapped:
        if self.idle_fraction > self.least_fraction:
            raise ValueError(
                f"at rest it would draw {self.idle_fraction:g} of full power, more than at its "
                f"lowest cap of {self.least_fraction:g}; lower idle_fraction or raise "
                "least_fraction"
            )
        return self

    def throughput_fraction(self, power_fraction: Array | float) -> Array:
        """Compute at a cap, both as shares of full; 0 below the least.

        Raises
        ------
        InputError
            For a cap that is no share from 0 to 1.
        """
        power = np.asarray(power_fraction, dtype=float)
        if not np.all((power >= 0) & (power <= 1)):
            raise InputError(f"a power cap is a share of full power, 0 to 1; got {power_fraction}")
        works = power >= self.least_fraction
        return np.where(works, np.where(works, power, 1.0) ** self.exponent, 0.0)


class Queue(_Kind):
    """Jobs of `job_h` that come evenly; each must be done `slack_h` after it came.

    They ask for `offered_load_fraction` of what the computers could do in all. A job has to start when
    only its own length is left, so work waits `slack_h - job_h` at most; what is not done by then
    is missed and dropped. Jobs are many and small, so that stopping one costs nothing.
    """

    slack_h: Annotated[float, Field(ge=0, le=8760)]
    offered_load_fraction: PositiveFraction
    job_h: NotNegative = 0.0
    idle_fraction: Annotated[float, Field(ge=0, lt=1)] = _stop("idle_fraction")

    @model_validator(mode="after")
    def _fits(self) -> Queue:
        if self.job_h > self.slack_h:
            raise ValueError(
                f"a job of {self.job_h:g} h cannot be done within {self.slack_h:g} h; give more "
                "slack_h or a shorter job_h"
            )
        return self


Workload = FirmLoad | Steady | Interruptible | PowerCapped | Queue


# --- a run --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FlexibleRun:
    """Every flow of one plant and what its computers did; `run_workload` makes one.

    Parameters
    ----------
    case, design, workload
        The question, the plant and what the computers do.
    flows
        As `Dispatch.flows`.
    work
        One row a step, columns as `WORK`.
    initial_soc_mwh
        What the battery held before the first step.
    """

    case: Case
    design: Design
    workload: Workload
    flows: Array
    work: Array
    initial_soc_mwh: float

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All flows, one row a step, indexed by its start in UTC.

        load_mw (what is asked of the plant) = solar_to_load_mw + discharge_mw + dispatchable_to_load_mw +
        unserved_mw; with `it_mw`, `wanted_mw` (IT power without any limit), `useful_mw` (compute
        done, as power of computers at full) and `lost_mw` (compute lost by restarting).
        """
        index = self.case.weather.index
        flows = pd.DataFrame(self.flows, columns=list(FLOWS), index=index)
        work = pd.DataFrame(self.work, columns=list(WORK), index=index)
        frame = pd.concat([work[["load_mw"]], flows, work.drop(columns="load_mw")], axis=1)
        sun, load = frame["solar_mw"], frame["load_mw"]
        frame.insert(2, "solar_to_load_mw", np.minimum(sun, load))
        firm = frame["backup_mw"] + frame["grid_mw"]
        frame["dispatchable_to_load_mw"] = np.minimum(firm, (load - sun).clip(lower=0.0))
        return frame

    def flow(self, name: str) -> Array:
        """One flow or column of the work, one value a step."""
        if name in WORK:
            return self.work[:, WORK.index(name)]
        return self.flows[:, FLOWS.index(name)]

    def _mwh_per_year(self, name: str) -> float:
        return self.case.weather.per_year(self.flow(name))

    @property
    def useful_mwh_per_year(self) -> float:
        """Useful compute a year, as energy of computers at full power [MWh]."""
        return self._mwh_per_year("useful_mw")

    @property
    def missed_mwh_per_year(self) -> float:
        """Compute a year that was asked for and not done [MWh]; what still waits is neither."""
        if isinstance(self.workload, Queue):
            return self._mwh_per_year("wanted_mw") - self.useful_mwh_per_year
        full_mw = np.full(len(self.flows), self.case.datacenter.it_mw)
        return self.case.weather.per_year(full_mw) - self.useful_mwh_per_year

    @property
    def useful_fraction(self) -> float:
        """Useful compute as a share of what was asked for; all but a queue ask for full power."""
        useful = self.useful_mwh_per_year
        asked = useful + self.missed_mwh_per_year
        return useful / asked if asked > 0 else 1.0

    @property
    def utilization_fraction(self) -> float:
        """Useful compute as a share of that of the same computers at full power all the time."""
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
        """Compute lost by restarting, as a share of the useful."""
        useful = self.useful_mwh_per_year
        return self._mwh_per_year("lost_mw") / useful if useful > 0 else 0.0

    @property
    def load_mwh_per_useful_mwh(self) -> float:
        """Energy that the plant gave per useful compute [MWh/MWh]."""
        served = self.case.weather.per_year(self.flow("load_mw") - self.flow("unserved_mw"))
        useful = self.useful_mwh_per_year
        return served / useful if useful > 0 else np.inf

    @property
    def curtailed_fraction(self) -> float:
        """Fraction of the sun's energy that nobody used."""
        sun = self.flow("solar_mw").sum()
        return float(self.flow("curtailed_mw").sum() / sun) if sun > 0 else 0.0

    @cached_property
    def cost(self) -> Cost:
        """Cost of the plant; its levelized numbers are those of a firm load, see `annual_usd`."""
        return price(Dispatch(self.case, self.design, self.flows, self.initial_soc_mwh))

    @property
    def annual_usd(self) -> float:
        """A year's cost of the plant [$]."""
        return self.cost.annual_usd

    @property
    def usd_per_useful_mwh(self) -> float:
        """A year's cost of the plant per useful IT MWh [$/MWh]; computers not counted."""
        useful = self.useful_mwh_per_year
        return self.annual_usd / useful if useful > 0 else np.inf

    def to_dict(self) -> dict[str, Any]:
        """The run's numbers as plain data, for JSON."""
        names = (
            "useful_fraction", "utilization_fraction", "deadlines_met_fraction",
            "useful_mwh_per_year", "missed_mwh_per_year", "restarts_per_year", "lost_fraction",
            "load_mwh_per_useful_mwh", "curtailed_fraction", "annual_usd", "usd_per_useful_mwh",
        )  # fmt: skip
        return {
            "site": self.case.site.name,
            "it_mw": self.case.datacenter.it_mw,
            "workload": {"kind": type(self.workload).__name__} | self.workload.model_dump(),
            "design": self.design.model_dump(),
        } | {name: _plain(getattr(self, name)) for name in names}

    def _repr_html_(self) -> str:
        numbers = {k: v for k, v in self.to_dict().items() if isinstance(v, int | float)}
        return str(pd.DataFrame({"value": pd.Series(numbers, dtype=float)}).to_html())


def _plain(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else value


def run_workload(
    case: Case, design: Design, workload: Workload, *, initial_soc_fraction: float | None = None
) -> FlexibleRun:
    """Run a plant for a workload, step by step.

    Parameters
    ----------
    case
        The question; its load is that of the computers at full power.
    design
        The plant; its `reserve_conservatism` is also how much the rule of interruptible and capped
        loads distrusts the coming sun.
    workload
        `FirmLoad`, `Steady`, `Interruptible`, `PowerCapped` or `Queue`.
    initial_soc_fraction
        As in `energy.simulate`: without it the battery ends as it starts.

    Raises
    ------
    InputError
        When `initial_soc_fraction` is not between 0 and 1.
    """
    if initial_soc_fraction is not None and not 0 <= initial_soc_fraction <= 1:
        raise InputError(
            f"initial_soc_fraction must lie between 0 and 1; got {initial_soc_fraction!r}"
        )
    arguments = kernel_arguments(case, design)
    if not isinstance(workload, FirmLoad | Steady):
        return _following(case, design, workload, initial_soc_fraction, arguments)
    load_mw, wanted = case.load_mw, np.ones(len(case.load_mw))
    if isinstance(workload, Steady):
        wanted = workload.shape(len(load_mw), case.step_h)
        load_mw = load_mw * wanted
    if initial_soc_fraction is None:
        initial_soc_mwh = cyclic_start(case.solar, load_mw, **arguments)
    else:
        initial_soc_mwh = initial_soc_fraction * arguments["usable_mwh"]
    flows = np.empty((len(load_mw), len(FLOWS)))
    run_flows(case.solar, load_mw, initial_soc_mwh=initial_soc_mwh, flows=flows, **arguments)
    unserved_mw = flows[:, FLOWS.index("unserved_mw")]
    restarted, lost = np.zeros(len(load_mw)), np.zeros(len(load_mw))
    if isinstance(workload, Steady):
        up = unserved_mw <= LOSS_OF_LOAD_TOLERANCE * load_mw
        # What runs at the end ran before the first step.
        restarted = (up & ~np.roll(up, 1)).astype(float)
        lost_h = workload.checkpoint_h / 2 + workload.restart_h
        lost = _pay(up.astype(float), restarted * lost_h, case.step_h)
        useful = up - lost
    else:
        useful = 1.0 - unserved_mw / load_mw
    it_mw = case.datacenter.it_mw
    drawn = (load_mw - unserved_mw) / case.load_mw
    work = np.column_stack(
        [load_mw, it_mw * drawn, it_mw * wanted, it_mw * useful, restarted, it_mw * lost]
    )
    return FlexibleRun(case, design, workload, flows, work, initial_soc_mwh)


def _following(
    case: Case,
    design: Design,
    workload: Interruptible | PowerCapped | Queue,
    initial_soc_fraction: float | None,
    arguments: Mapping[str, Any],
) -> FlexibleRun:
    """Run a load that follows the store."""
    kernel, rule = _rule(case, design, workload, arguments)
    usable_mwh = arguments["usable_mwh"]
    flows = np.empty((len(case.load_mw), len(FLOWS)))
    work = np.empty((len(case.load_mw), len(WORK)))

    def run(initial_soc_mwh: float, before: float) -> tuple[float, float]:
        end_mwh, after = kernel(
            case.solar, case.load_mw, case.day_slots, initial_soc_mwh=initial_soc_mwh, before=before,
            it_mw=case.datacenter.it_mw, flows=flows, work=work, **arguments, **rule,
        )  # fmt: skip
        return end_mwh, after

    # Nothing waited, or all ran, before a run that has a start.
    first = 0.0 if isinstance(workload, Queue) else 1.0
    if initial_soc_fraction is not None:
        initial_soc_mwh = initial_soc_fraction * usable_mwh
        run(initial_soc_mwh, first)
        return FlexibleRun(case, design, workload, flows, work, initial_soc_mwh)
    # As `cyclic_start`: from full, and from empty where that drains round after round.
    for full in (usable_mwh, 0.0):
        end = (full, first)
        for _ in range(6):
            start = end
            end = run(*start)
            settled = abs(end[0] - start[0]) <= 1e-9 * max(usable_mwh, 1e-9)
            if settled and abs(end[1] - start[1]) <= 1e-9 * max(start[1], 1.0):
                return FlexibleRun(case, design, workload, flows, work, start[0])
    return FlexibleRun(case, design, workload, flows, work, start[0])


def _rule(
    case: Case,
    design: Design,
    workload: Interruptible | PowerCapped | Queue,
    arguments: Mapping[str, Any],
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The kernel of a workload, and what it takes beside the plant."""
    idle = workload.idle_fraction
    if isinstance(workload, Queue):
        # A queue plans for what comes in, however much of it is done at once.
        levels = np.linspace(0.0, 1.0, PLANNED)
        loads = np.full(PLANNED, idle + (1.0 - idle) * workload.offered_load_fraction)
        wait = int((workload.slack_h - workload.job_h) / case.step_h + DUST)
        return run_queue, {
            "plans": _plans(case, design, loads, arguments),
            "levels": levels,
            "idle_fraction": idle,
            "offered_load_fraction": workload.offered_load_fraction,
            "wait_steps": wait,
        }
    if isinstance(workload, PowerCapped):
        least, parts, exponent, rest = workload.least_fraction, 0, workload.exponent, 0.0
    else:
        least, parts, exponent, rest = 1.0 / workload.parts, workload.parts, 1.0, idle
    levels = np.linspace(least, 1.0, PLANNED if least < 1.0 else 1)
    return run_following, {
        "plans": _plans(case, design, rest + (1.0 - rest) * levels, arguments),
        "levels": levels,
        "rest_fraction": rest,
        "idle_fraction": idle,
        "parts": parts,
        "rise": workload.ramp_fraction_per_min * 60.0 * case.step_h,
        "lost_h": workload.lost_h,
        "exponent": exponent,
    }


def _plans(case: Case, design: Design, loads: Array, arguments: Mapping[str, Any]) -> Array:
    """What the store should hold in each step of the typical days, for shares of the full load.

    Of shape (loads, steps of the typical days); without steps where the design keeps no reserve.
    """
    if design.reserve_conservatism == 0:
        return np.zeros((len(loads), 0))
    plans = np.zeros((len(loads), len(case.typical_days)))
    one_way, step_h = arguments["one_way_efficiency"], arguments["step_h"]
    for plan, load in zip(plans, loads, strict=True):
        soc_reserve(
            case.typical_days * [1.0, load], design.solar_mw, arguments["usable_mwh"],
            design.backup_mw + design.grid_mw, design.reserve_conservatism, one_way * step_h,
            step_h / one_way, plan,
        )  # fmt: skip
    return plans


# --- kernels ------------------------------------------------------------------------------------


@nb.njit(cache=True, nogil=True)
def _ramped(shape: Array, most: float) -> Array:
    """A series whose steps change by `most` at most."""
    ramped = shape.copy()
    for t in range(1, len(shape)):
        ramped[t] = min(max(shape[t], ramped[t - 1] - most), ramped[t - 1] + most)
    return ramped


@nb.njit(cache=True, nogil=True)
def _pay(running: Array, owed_h: Array, step_h: float) -> Array:
    """Fraction of each step's compute that goes to hours of work owed, as they come."""
    paid = np.zeros(len(running))
    owed = 0.0
    for t in range(len(running)):
        owed += owed_h[t]
        paid[t] = min(owed / step_h, running[t])
        owed -= paid[t] * step_h
    return paid


@nb.njit(cache=True, nogil=True)
def _planned(
    plans: Array, levels: Array, slot: int, rest_fraction: float, kept: float, source_mw: float,
    load_mw: float, battery_mw: float, stored: float, drawn: float,
) -> float:  # fmt: skip
    """The highest level after which the store holds what the plan asks for at that level; or 0.

    What is left over it is concave in the level, so the line between two levels is on its safe
    side. No reserve is larger than the store, so that a store overfull here is a full one.
    """
    above = 0.0
    for k in range(len(levels) - 1, -1, -1):
        net = source_mw - load_mw * (rest_fraction + (1.0 - rest_fraction) * levels[k])
        end = kept + (min(max(net, 0.0), battery_mw) * stored - max(-net, 0.0) * drawn)
        over = end - plans[k, slot]
        if over >= 0.0:
            if k == len(levels) - 1:
                return float(levels[k])
            return float(levels[k] + (levels[k + 1] - levels[k]) * over / (over - above))
        above = over
    return 0.0


@nb.njit(cache=True, nogil=True)
def run_following(
    solar: Array, load_mw: Array, slots: NDArray[np.int64], plans: Array, levels: Array,
    rest_fraction: float, idle_fraction: float, parts: int, rise: float, lost_h: float,
    exponent: float, solar_mw: float, usable_mwh: float, battery_mw: float, backup_mw: float,
    one_way_efficiency: float, retained_fraction: float, step_h: float, initial_soc_mwh: float, before: float,
    it_mw: float,
    flows: Array, work: Array, grid_mw: float = 0.0, soc_reserve_mwh: Array | None = None,
    largest_unit_mw: float = np.inf, minimum_load_fraction: float = 0.0, grid_first: bool = False,
) -> tuple[float, float]:  # fmt: skip
    """Run one plant whose load follows the store; write flows and work, return store and level.

    At level x the load is full load times rest + (1 - rest) x; at 0 it is `idle_fraction`. With
    `parts` the level is a whole number of them and what runs keeps running; 0 is one run under a
    cap. `levels` starts with the lowest; `before` is the level before the first step.
    """
    stored, drawn = one_way_efficiency * step_h, step_h / one_way_efficiency
    unit_mw = unit_of(backup_mw, largest_unit_mw)
    least_unit_mw = unit_mw * minimum_load_fraction
    dispatchable_mw = backup_mw + grid_mw
    least, soc, level, owed = levels[0], initial_soc_mwh, before, 0.0
    for t in range(len(load_mw)):
        sun, load, kept = solar[t] * solar_mw, load_mw[t], soc * retained_fraction
        reach = sun + dispatchable_mw + min(battery_mw, kept / drawn)
        most = (reach / load - rest_fraction) / (1.0 - rest_fraction)
        room = min(battery_mw, (usable_mwh - kept) / stored)
        unused = ((sun - room) / load - rest_fraction) / (1.0 - rest_fraction)
        planned = 1.0
        if plans.shape[1] > 0:
            planned = _planned(
                plans, levels, slots[t], rest_fraction, kept, sun + dispatchable_mw, load, battery_mw,
                stored, drawn,
            )  # fmt: skip
        # Many runs keep going as long as they can; a capped one goes down to its least before.
        keep = level if parts > 0 else (least if level > 0.0 else 0.0)
        up = max(level, least) + max(rise, least if parts > 0 else 0.0)
        now = min(max(planned, unused, keep), most, up, 1.0)
        now = np.floor(now * parts + DUST) / parts if parts > 0 else now
        now = now if now >= least - DUST else 0.0
        share = rest_fraction + (1.0 - rest_fraction) * now if now > 0.0 else idle_fraction
        asked = load * share
        net = sun - asked
        backup, grid, reserve = 0.0, 0.0, 0.0
        if soc_reserve_mwh is not None:
            reserve = soc_reserve_mwh[t]
        if dispatchable_mw > 0.0:
            backup, grid = _dispatchable(
                kept, net, battery_mw, backup_mw, grid_mw, reserve, unit_mw, least_unit_mw,
                grid_first, stored, drawn,
            )  # fmt: skip
        end, charge, discharge, unserved, curtailed = _store(
            kept, net + (backup + grid), usable_mwh, battery_mw, stored, drawn
        )
        restarted = max(now - level, 0.0) if parts > 0 or level == 0.0 else 0.0
        restarted = 1.0 if parts == 0 and restarted > 0.0 else restarted
        owed += restarted * lost_h
        done = now**exponent if now > 0.0 else 0.0
        lost = min(owed / step_h, done)
        owed -= lost * step_h
        flows[t, 0] = sun
        flows[t, 1] = charge
        flows[t, 2] = discharge
        flows[t, 3] = backup
        flows[t, 4] = grid
        flows[t, 5] = unserved
        flows[t, 6] = curtailed
        flows[t, 7] = end
        flows[t, 8] = (soc - kept) / step_h
        work[t, 0] = asked
        work[t, 1] = it_mw * (asked - unserved) / load
        work[t, 2] = it_mw
        work[t, 3] = it_mw * (done - lost)
        work[t, 4] = restarted
        work[t, 5] = it_mw * lost
        soc, level = end, now
    return soc, level


@nb.njit(cache=True, nogil=True)
def run_queue(
    solar: Array, load_mw: Array, slots: NDArray[np.int64], plans: Array, levels: Array,
    idle_fraction: float, offered_load_fraction: float, wait_steps: int, solar_mw: float,
    usable_mwh: float, battery_mw: float, backup_mw: float, one_way_efficiency: float,
    retained_fraction: float, step_h: float, initial_soc_mwh: float, before: float, it_mw: float,
    flows: Array, work: Array,
    grid_mw: float = 0.0, soc_reserve_mwh: Array | None = None, largest_unit_mw: float = np.inf,
    minimum_load_fraction: float = 0.0, grid_first: bool = False,
) -> tuple[float, float]:  # fmt: skip
    """Run one plant for a queue; write flows and work, return store and what still waits.

    The oldest work is done first, and what is missed is gone as well, so that one sum tells both
    what waits and what is due. `before` is what waited before the first step, in steps of all
    computers; it came as evenly as the rest.
    """
    stored, drawn = one_way_efficiency * step_h, step_h / one_way_efficiency
    unit_mw = unit_of(backup_mw, largest_unit_mw)
    least_unit_mw = unit_mw * minimum_load_fraction
    soc, gone = initial_soc_mwh, -before
    for t in range(len(load_mw)):
        sun, load, kept = solar[t] * solar_mw, load_mw[t], soc * retained_fraction
        waiting = max(offered_load_fraction * (t + 1) - gone, 0.0)
        due = min(max(offered_load_fraction * (t + 1 - wait_steps) - gone, 0.0), 1.0)
        by_sun = max((sun / load - idle_fraction) / (1.0 - idle_fraction), 0.0)
        reach = sun + min(battery_mw, kept / drawn)
        ahead = (reach / load - idle_fraction) / (1.0 - idle_fraction)
        if plans.shape[1] > 0:
            planned = _planned(
                plans, levels, slots[t], idle_fraction, kept, sun, load, battery_mw, stored,
                drawn,
            )  # fmt: skip
            ahead = min(ahead, planned)
        level = max(min(max(by_sun, ahead), waiting, 1.0), due)
        asked = load * (idle_fraction + (1.0 - idle_fraction) * level)
        net = sun - asked
        backup, grid, reserve = 0.0, 0.0, 0.0
        if soc_reserve_mwh is not None:
            reserve = soc_reserve_mwh[t]
        if backup_mw + grid_mw > 0.0:
            backup, grid = _dispatchable(
                kept, net, battery_mw, backup_mw, grid_mw, reserve, unit_mw, least_unit_mw,
                grid_first, stored, drawn,
            )  # fmt: skip
        end, charge, discharge, unserved, curtailed = _store(
            kept, net + (backup + grid), usable_mwh, battery_mw, stored, drawn
        )
        gone += level
        flows[t, 0] = sun
        flows[t, 1] = charge
        flows[t, 2] = discharge
        flows[t, 3] = backup
        flows[t, 4] = grid
        flows[t, 5] = unserved
        flows[t, 6] = curtailed
        flows[t, 7] = end
        flows[t, 8] = (soc - kept) / step_h
        work[t, 0] = asked
        work[t, 1] = it_mw * (asked - unserved) / load
        work[t, 2] = it_mw * level
        # What lacks is idle power last: work goes first.
        work[t, 3] = it_mw * max(level - unserved / load / (1.0 - idle_fraction), 0.0)
        work[t, 4] = 0.0
        work[t, 5] = 0.0
        soc = end
    return soc, max(offered_load_fraction * len(load_mw) - gone, 0.0)
