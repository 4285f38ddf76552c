"""Failures of equipment joined with the weather: the reliability of a plant whose parts break.

In: `Dispatch`. Out: `FailureRun`, the measures of `Availability` with failures, their standard
errors, and the hours without full supply by cause.

Inverter blocks, battery containers and backup units fail and come back in a seeded simulation over
all weather years. Transformer, feeder and controls, of which there is one each, fail too seldom to
be drawn: the measures are a mixture over their states, exactly. With all up the simulation holds;
with transformer or feeder out there is neither PV nor battery, and units and grid serve what they
can; with controls out nothing is served. What such an outage leaves of the battery for the hours
behind it is not followed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from energy.dispatch import FLOWS, Dispatch
from energy.dispatch.run import cyclic_soc, reserve_of, run_flows
from energy.dispatch.step import LOSS_OF_LOAD_TOLERANCE
from energy.errors import InputError
from energy.failures import COMMON_PARTS, Failures, repair_problem, step_probabilities
from energy.outages.simulation import GROUPS, STREAMS, SUMS, run_failures
from energy.steps import Array
from energy.tables import Result

#: Draws of the chain of weather years, where nothing else is said.
DRAWS = 200

#: Parts of a kind that are followed at most; more are a wrong unit.
MOST_PARTS = 100_000

#: What an hour without full supply is due to.
CAUSES = ("weather", "equipment", "both")


@dataclass(frozen=True)
class CommonOutages:
    """What transformer, feeder and controls do, exactly.

    Parameters
    ----------
    up_fraction, units_only_fraction, dark_fraction
        Fractions of the time with all of them up; with transformer or feeder out; with controls
        out.
    short_fraction, short_by_weather_fraction, short_days_fraction
        With transformer or feeder out, units and grid alone: steps that are short; those of them
        that are short by the weather too; days with a short step.
    unserved_mw
        Mean unserved load then [MW].
    """

    up_fraction: float
    units_only_fraction: float
    dark_fraction: float
    short_fraction: float
    short_by_weather_fraction: float
    short_days_fraction: float
    unserved_mw: float


@dataclass(frozen=True, eq=False)
class FailureRun(Result):
    """Reliability of one run when its equipment fails; `fail` makes one.

    Parameters
    ----------
    run
        The plant without failures beyond the mean loss of its array.
    draws, seed
        Size of the sample.
    parts
        How many inverter blocks, containers and units the plant has.
    sums
        Shape (draws, SUMS): sums over the steps of each draw, common parts up.
    common
        What the common parts do.
    short_by_weather_fraction
        Steps that are short with all equipment up, over all.
    """

    by_row = True

    run: Dispatch
    draws: int
    seed: int
    parts: dict[str, int]
    sums: Array = field(repr=False)
    common: CommonOutages
    short_by_weather_fraction: float

    @property
    def _failures(self) -> Failures:
        return self.run.case.assumptions.failures

    @property
    def _years(self) -> float:
        return self.run.case.weather.years_exact

    @cached_property
    def _year_h(self) -> float:
        """Hours of load a year."""
        return len(self.run.load_mw) * self.run.case.step_h / self._years

    def _sum(self, name: str) -> Array:
        return self.sums[:, SUMS.index(name)]

    def _common_rates(self) -> dict[str, tuple[float, float]]:
        """Of each common part: outages a year that cost load, and their mean length [h]."""
        rates = {}
        for part in COMMON_PARTS:
            repair_h = self._failures.repair_h(part)
            costs = 1.0 if part == "controls" else self.common.short_days_fraction
            down = 1.0 - self._failures.availability(part)
            rates[part] = (down / repair_h * self._year_h * costs, repair_h)
        return rates

    @cached_property
    def _longest_h(self) -> Array:
        """Longest event of each draw [h], outages of common parts drawn beside."""
        longest = self._sum("longest") * self.run.case.step_h
        rng = np.random.default_rng([self.seed, 99])
        for rate, repair_h in self._common_rates().values():
            outages = rng.poisson(rate * self._years, self.draws)
            # The longest of n exponential times, by the inverse of its distribution.
            u = rng.random(self.draws)
            drawn = -repair_h * np.log1p(-(u ** (1.0 / np.maximum(outages, 1))))
            longest = np.where(outages > 0, np.maximum(longest, drawn), longest)
        return longest

    @cached_property
    def _per_draw(self) -> dict[str, Array]:
        """The measures of each draw, mixed with what the common parts do."""
        case, common = self.run.case, self.common
        mean_load = float(np.mean(self.run.load_mw))
        steps = len(self.run.load_mw)
        lacking_mw = common.up_fraction * self._sum("unserved") / steps
        lacking_mw = lacking_mw + common.units_only_fraction * common.unserved_mw
        lacking_mw += common.dark_fraction * mean_load
        short = common.up_fraction * self._sum("short") / steps
        short = short + common.units_only_fraction * common.short_fraction + common.dark_fraction
        rates = self._common_rates().values()
        step_h = case.step_h
        # An outage of a common part counts where there is none already.
        free = 1.0 - self._sum("short") / steps
        free_days = 1.0 - self._sum("days") / self._years / (self._year_h / 24.0)
        # An outage of n steps that may begin at any of a day touches 1 + (n - 1) steps/day days.
        days = sum(rate * (1.0 + (repair_h - step_h) / 24.0) for rate, repair_h in rates)
        days_per_year = self._year_h / 24.0
        return {
            "served_fraction": np.maximum(1.0 - lacking_mw / mean_load, 0.0),
            "available_fraction": 1.0 - short,
            "lole_days_per_year": np.minimum(
                common.up_fraction * self._sum("days") / self._years + days * free_days,
                days_per_year,
            ),
            "lolh_hours_per_year": short * self._year_h,
            "lolev_events_per_year": common.up_fraction * self._sum("events") / self._years
            + free * sum(rate for rate, _ in rates),
            "eue_mwh_per_year": lacking_mw * self._year_h,
            "longest_event_h": self._longest_h,
        }

    @cached_property
    def availability_with_failures(self) -> dict[str, float]:
        """The measures of `Availability` by name, with failures; means over the draws.

        Events and days of common parts are added to those of the rest, as far as these leave hours
        and days without an outage: their rate of failure, and the days that an outage of mean
        length touches. Where units and grid stand in for a
        transformer or feeder, only the fraction of days counts on which they are not enough.
        `longest_event_h` is the mean over the draws of the longest event in all weather years.
        """
        mean = {name: float(values.mean()) for name, values in self._per_draw.items()}
        lacking = 1.0 - mean["available_fraction"]
        nines = -math.log10(lacking) if lacking > 0.0 else math.inf
        order = (
            "served_fraction", "available_fraction", "nines", "lole_days_per_year",
            "lolh_hours_per_year", "lolev_events_per_year", "eue_mwh_per_year", "longest_event_h",
        )  # fmt: skip
        return {name: nines if name == "nines" else mean[name] for name in order}

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each of the measures, from the spread of the draws.

        What few weather years leave open is not in it.
        """
        error = {
            name: float(values.std(ddof=1)) / math.sqrt(self.draws)
            for name, values in self._per_draw.items()
        }
        lacking = 1.0 - self.availability_with_failures["available_fraction"]
        error["nines"] = error["available_fraction"] / lacking / math.log(10) if lacking else 0.0
        return {name: error[name] for name in self.availability_with_failures}

    @cached_property
    def outage_hours_by_cause(self) -> dict[str, float]:
        """Hours a year without full supply by cause; together the loss of load hours.

        weather: short also with all equipment up, and equipment alone would not do it. equipment:
        not short with all equipment up, and short also if PV gave its rating at all hours whenever
        it is up. both: all else, where neither alone would do it, or each would.
        """
        common, steps = self.common, len(self.run.load_mw)
        hours = {
            cause: common.up_fraction * float(self._sum(cause).mean()) / steps * self._year_h
            for cause in CAUSES
        }
        # No sun helps without transformer, feeder or controls: equipment alone would do it.
        both = common.units_only_fraction * common.short_by_weather_fraction
        both += common.dark_fraction * self.short_by_weather_fraction
        either = common.units_only_fraction * common.short_fraction + common.dark_fraction
        hours["both"] += both * self._year_h
        hours["equipment"] += (either - both) * self._year_h
        return hours

    @property
    def frame(self) -> pd.DataFrame:
        """All measures, one row each: `value` and `standard_error`."""
        return pd.DataFrame(
            {
                "value": pd.Series(self.availability_with_failures, dtype=float),
                "standard_error": pd.Series(self.standard_errors, dtype=float),
            }
        )

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.run.case.title}: reliability with failures of equipment"

    @property
    def plant_record(self) -> dict[str, Any]:
        """What the record of a plant says of it: two siblings of `availability`, and the sample."""
        told = self.to_dict()
        beside = {
            name: told.pop(name) for name in ("availability_with_failures", "outage_hours_by_cause")
        }
        return beside | {"failures": told}

    def _record(self) -> dict[str, Any]:
        """All of it as data."""
        return {
            "draws": self.draws,
            "seed": self.seed,
            "parts": self.parts,
            "availability_with_failures": self.availability_with_failures,
            "standard_errors": self.standard_errors,
            "outage_hours_by_cause": self.outage_hours_by_cause,
        }


def fail(run: Dispatch, *, draws: int = DRAWS, seed: int = 0) -> FailureRun:
    """The reliability of a run when its equipment fails.

    Inverters fail so often that their mean loss is `solar.availability_fraction`, which the run's
    array has lost already: it is given back, and the fraction of blocks that are up is taken
    instead. What is in a failing container is lost, and a repaired one comes back empty, so that
    many small containers are a little worse than a battery that is smaller by their mean. A unit
    whose start fails goes to repair, and the next is tried in the same step.

    Parameters
    ----------
    run
        A plant's run.
    draws
        How often all weather years are run through.
    seed
        The same seed gives the same numbers.

    Raises
    ------
    InputError
        With everything that is wrong.

    Examples
    --------
    >>> import energy as en
    >>> from energy.outages import fail
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> run = en.simulate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> found = fail(run, draws=10).availability_with_failures
    >>> found["nines"] < en.assess(run).nines
    True
    """
    return fail_with(run, draws, seed, {})


def fail_with(run: Dispatch, draws: int, seed: int, more: dict[str, int]) -> FailureRun:
    """The same with some parts more: inverter, container, unit -> how many."""
    case, design, plant = run.case, run.design, run.parameters
    failures, solar = case.assumptions.failures, case.assumptions.solar
    inverter_up = 1.0 - solar.availability_fraction
    _check(run, draws, seed)
    parts = count_parts(run)
    _check_parts(parts)
    counts = np.array([*parts.values(), *(more.get(name, 0) for name in parts)], dtype=np.int64)
    chains = [
        (inverter_up, failures.inverter_repair_h),
        (failures.container_availability, failures.container_repair_h),
        (failures.unit_availability, failures.unit_repair_h),
    ] * 2
    probabilities = np.array([step_probabilities(a, r, case.step_h) for a, r in chains])
    all_up = case.solar / inverter_up
    reserve_mwh = reserve_of(case, design)
    initial_mwh, flows = run.initial_soc_mwh, run.flows
    if inverter_up < 1.0:
        if run.cyclic:
            initial_mwh = cyclic_soc(plant, all_up, run.load_mw, reserve_mwh, case.grid_open)
        flows = np.empty((len(run.load_mw), len(FLOWS)))
        run_flows(
            plant, all_up, run.load_mw, reserve_mwh, case.grid_open, case.step_h, initial_mwh, flows
        )
    by_weather = flows[:, FLOWS.index("unserved_mw")] > LOSS_OF_LOAD_TOLERANCE * run.load_mw
    day = pd.factorize(case.weather.local_middle.normalize())[0].astype(np.int64)
    first_up = np.column_stack(
        [
            np.random.default_rng([seed, group]).binomial(
                counts[group], chains[group][0], draws + 1
            )
            for group in range(len(GROUPS))
        ]
    ).astype(np.int64)
    seeds = np.random.default_rng([seed, 10]).integers(
        0, 2**63, (draws + 1, STREAMS), dtype=np.uint64
    )
    sums = np.zeros((draws + 1, len(SUMS)))
    run_failures(
        plant, all_up, run.load_mw, reserve_mwh, case.grid_open, by_weather, day, counts,
        np.ascontiguousarray(probabilities[:, 0]), np.ascontiguousarray(probabilities[:, 1]),
        case.step_h / failures.unit_mttf_h, failures.start_failure, first_up, seeds,
        initial_mwh, run.cyclic, sums,
    )  # fmt: skip
    return FailureRun(
        run=run,
        draws=draws,
        seed=seed,
        parts=parts,
        sums=sums[1:],
        common=_common(run, int(counts[2] + counts[5]), by_weather, day),
        short_by_weather_fraction=float(by_weather.mean()),
    )


def count_parts(run: Dispatch) -> dict[str, int]:
    """How many inverter blocks, containers and backup units, as few as keep each at its size."""
    failures, design = run.case.assumptions.failures, run.design
    ac_mw = design.solar_mw / run.case.assumptions.solar.dc_ac_ratio
    return {
        "inverter": math.ceil(ac_mw / failures.inverter_block_mw - 1e-9),
        "container": math.ceil(design.battery_mwh / failures.container_mwh - 1e-9),
        "unit": round(design.backup_mw / run.unit_mw) if design.backup_mw > 0 else 0,
    }


def running_availability(failures: Failures, step_h: float) -> float:
    """Fraction of the time that a unit which is always asked for runs.

    From running it fails with 1 / MTTF in a step; from repair it comes back with 1 / repair time,
    unless its start fails.
    """
    fails = step_h / failures.unit_mttf_h
    back = step_h / failures.unit_repair_h * (1.0 - failures.start_failure)
    return back / (fails + back)


def _common(run: Dispatch, units: int, by_weather: Any, day: Any) -> CommonOutages:
    """The states of the common parts, and what units and grid serve alone.

    Units that run for as long as a transformer is out fail as running ones do, so that so many
    are up as in the long run of units that are always asked for.
    """
    from scipy.stats import binom

    failures, load = run.case.assumptions.failures, run.load_mw
    connected = failures.transformer_availability * failures.feeder_availability
    controls = failures.controls_availability
    up = running_availability(failures, run.case.step_h)
    grid_mw = run.design.grid_mw * (run.case.grid_open if len(run.case.grid_open) else 1.0)
    sums = np.zeros(4)
    for running, weight in enumerate(binom.pmf(np.arange(units + 1), units, up)):
        power_mw = grid_mw + running * run.unit_mw
        unserved = np.maximum(load - power_mw, 0.0)
        short = unserved > LOSS_OF_LOAD_TOLERANCE * load
        lacking_mw = np.full(int(day.max()) + 1, -np.inf)
        np.maximum.at(lacking_mw, day, load * (1.0 - LOSS_OF_LOAD_TOLERANCE) - power_mw)
        sums += weight * np.array(
            [
                short.mean(),
                (short & by_weather).mean(),
                (lacking_mw > 0.0).mean(),
                unserved.mean(),
            ]
        )
    return CommonOutages(
        connected * controls, (1.0 - connected) * controls, 1.0 - controls,
        *(float(value) for value in sums),
    )  # fmt: skip


def _check_parts(parts: dict[str, int]) -> None:
    problems = [
        f"the plant has {count:,} {part}s, more than the {MOST_PARTS:,} that can be followed; give "
        f"[failures] a larger {part}"
        for part, count in parts.items()
        if count > MOST_PARTS
    ]
    if problems:
        raise InputError(problems)


def _check(run: Dispatch, draws: int, seed: int) -> None:
    failures, step_h = run.case.assumptions.failures, run.case.step_h
    problems = []
    if not (isinstance(draws, Integral) and 2 <= draws <= 100_000):
        problems.append(f"draws must be a whole number from 2 to 100000; got {draws!r}")
    if not (isinstance(seed, Integral) and seed >= 0):
        problems.append(f"seed must be a whole number of 0 or more; got {seed!r}")
    up = 1.0 - run.case.assumptions.solar.availability_fraction
    if problem := repair_problem(up, failures.inverter_repair_h):
        problems.append(f"inverters: {problem}; see solar.availability_fraction")
    problems += [
        f"{part}_repair_h must be at least one step of {step_h:g} h"
        for part in ("inverter", "container", "unit")
        if failures.repair_h(part) < step_h
    ]
    if failures.unit_mttf_h < step_h:
        problems.append(f"unit_mttf_h must be at least one step of {step_h:g} h")
    if problems:
        raise InputError(problems)
