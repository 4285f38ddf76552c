"""Why there is no plant: which days fall short, how deep, and what would be a remedy.

In: the largest plant that sizing searches, and a target. Out: `Infeasibility`, as one message
and as plain data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from energy.errors import InfeasibleError
from energy.evaluation import Evaluation
from energy.sizing.cutting_planes import Problem
from energy.sizing.frontier import SIZES, problem_of
from energy.sizing.storage_curve import (
    REACHED,
    VALUE,
    smallest_batteries,
    smallest_lossy_battery,
    storage_curve,
)
from energy.sizing.target import Target
from energy.steps import energy_mwh

#: The deepest events that are reported.
EVENTS = 3

#: An array that is larger than the limit by more than this factor remedies nothing in practice.
MOST_TIMES = 1000.0


@dataclass(frozen=True, eq=False)
class Infeasibility:
    """What the largest plant within `assumptions.limits` lacks for a target.

    Parameters
    ----------
    largest
        That plant.
    target
        What it was to meet.
    served_fraction
        The fraction of the energy that the target needs; all of it where the target is no fraction
        of the energy, which is enough for any.
    """

    largest: Evaluation
    target: Target
    served_fraction: float

    @property
    def lacking_mwh_per_year(self) -> float:
        """Energy that is missing to the target, a year [MWh]."""
        case, served = self.largest.case, self.largest.availability.served_fraction
        return max(self.served_fraction - served, 0.0) * case.weather.per_year(case.load_mw)

    @cached_property
    def events(self) -> pd.DataFrame:
        """The deepest events of the largest plant in order of time, as `Availability.events`."""
        return self.largest.availability.events.nlargest(EVENTS, "energy_mwh").sort_values("start")

    @cached_property
    def _allowed_mwh(self) -> float:
        case = self.largest.case
        return (1.0 - self.served_fraction) * energy_mwh(case.load_mw, case.step_h)

    @cached_property
    def solar_mw(self) -> float | None:
        """The array [MWdc] that is enough with the largest battery; None when none is."""
        problem, largest = problem_of(self.largest.case), self.largest.design

        def enough(solar_mw: float) -> bool:
            return _battery(problem, solar_mw, problem.largest[1], self._allowed_mwh) is not None

        low, high = largest.solar_mw, 2.0 * largest.solar_mw
        while not enough(high):
            low, high = high, 2.0 * high
            if high > MOST_TIMES * largest.solar_mw:
                return None
        while high > 1.001 * low:
            middle = (low * high) ** 0.5
            low, high = (low, middle) if enough(middle) else (middle, high)
        return high

    @cached_property
    def battery_mwh(self) -> float | None:
        """The battery [MWh] that is enough with the largest array; None when none is."""
        case = self.largest.case
        found = _battery(
            problem_of(case), self.largest.design.solar_mw, math.inf, self._allowed_mwh
        )
        return None if found is None else found / case.assumptions.battery.usable_fraction

    @cached_property
    def backup_mw(self) -> float:
        """Backup [MW] that is enough behind the largest array and battery."""
        case = self.largest.case
        unserved = np.sort(self.largest.run.flow("unserved_mw"))[::-1]
        # With so much backup as the k-th deepest step lacks, the k deeper ones lack the rest.
        count = np.arange(1, len(unserved) + 1)
        left_mwh = (np.cumsum(unserved) - count * unserved) * case.step_h
        at = int(np.searchsorted(left_mwh, self._allowed_mwh, side="right")) - 1
        over = (self._allowed_mwh - left_mwh[at]) / case.step_h / count[at]
        return float(max(unserved[at] - over, 0.0))

    @property
    def backup_mwh_per_year(self) -> float:
        """What that backup gives, a year [MWh]."""
        unserved = self.largest.run.flow("unserved_mw")
        return self.largest.case.weather.per_year(np.minimum(unserved, self.backup_mw))

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, for JSON; null where no size remedies it."""
        design, availability = self.largest.design, self.largest.availability
        events = [
            {"start": f"{event['start']:%Y-%m-%dT%H:%M}"}
            | {name: float(event[name]) for name in ("length_h", "depth_mw", "energy_mwh")}
            for _, event in self.events.iterrows()
        ]
        return {
            "site": self.largest.case.site.name,
            "target": self.target.description,
            "largest": {name: getattr(design, name) for name in SIZES}
            | {"served_fraction": availability.served_fraction},
            "lacking_mwh_per_year": self.lacking_mwh_per_year,
            "events": events,
            "remedy": {
                "solar_mw": self.solar_mw,
                "battery_mwh": self.battery_mwh,
                "backup_mw": self.backup_mw,
                "backup_mwh_per_year": self.backup_mwh_per_year,
            },
        }

    def __str__(self) -> str:
        """All of it in one message."""
        case, design = self.largest.case, self.largest.design
        unlabelled = case.weather.typical or case.weather.relabeled
        when = "%d %B" if unlabelled else "%d %B %Y"
        spells = "; ".join(
            f"{event['start']:{when}}, {event['length_h'] / 24:.1f} days, up to "
            f"{event['depth_mw']:,.0f} MW, {event['energy_mwh']:,.0f} MWh"
            for _, event in self.events.iterrows()
        )
        remedies = [
            f"an array of {self.solar_mw:,.0f} MWdc" if self.solar_mw else "",
            f"a battery of {self.battery_mwh:,.0f} MWh" if self.battery_mwh else "",
            f"{self.backup_mw:,.0f} MW of backup that gives "
            f"{self.backup_mwh_per_year:,.0f} MWh a year",
        ]
        return (
            f"{case.site.name}: no plant {self.target.requirement}. The "
            "largest that is looked at "
            f"({design.solar_mw:,.0f} MWdc, {design.battery_mwh:,.0f} MWh) serves "
            f"{self.largest.availability.served_fraction:.6f} of the energy and lacks "
            f"{self.lacking_mwh_per_year:,.0f} MWh a year. Its largest losses of load: {spells}. "
            f"It would take {', or '.join(filter(None, remedies))}; or ask for less"
        )

    def error(self) -> InfeasibleError:
        """The error that says it."""
        return InfeasibleError(str(self), self.to_dict())


def _battery(problem: Problem, solar_mw: float, max_mwh: float, allowed_mwh: float) -> float | None:
    """The smallest store [MWh] behind one array, with power for all its sun; None when none is."""
    power_mw = float(max(problem.load_mw.max(), solar_mw * problem.solar.max()))
    half_cycles, totals = storage_curve(
        problem.solar, problem.load_mw, solar_mw, power_mw, problem.one_way_efficiency,
        problem.step_h, problem.cyclic,
    )  # fmt: skip
    found = smallest_batteries(
        half_cycles,
        totals,
        problem.one_way_efficiency,
        np.array([allowed_mwh]),
        max_mwh,
        problem.cyclic,
    )[0]
    if found[REACHED] == 1.0 and (problem.retained_fraction < 1.0 or problem.own_use_mw_per_mwh):
        # A store with losses is never smaller.
        found = smallest_lossy_battery(
            problem.solar, problem.load_mw, solar_mw, power_mw, problem.one_way_efficiency,
            problem.retained_fraction, problem.step_h, problem.cyclic, allowed_mwh,
            float(found[VALUE]), max_mwh, problem.own_use_mw_per_mwh,
        )  # fmt: skip
    return float(found[VALUE]) if found[REACHED] == 1.0 else None
