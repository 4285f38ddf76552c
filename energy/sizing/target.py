"""What a plant is asked to reach, said as people say it.

In: a number for one of the measures. Out: `Target`, which tells whether measured plants meet it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.case import Case
from energy.sizing.cutting_planes import fraction_problems
from energy.units import Array

#: A share that is missed by less is met: two programs' sums differ in their last digits.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Target:
    """One measure of `energy.simulate_many` and the bound that it has to keep.

    Parameters
    ----------
    measure
        `served_fraction`, `available_fraction`, `worst_year_served_fraction`, at least `bound`; or
        `longest_event_h`, `backup_energy_fraction` (share of the load's energy from backup), at most
        `bound`.
    bound
        The number.
    words
        The target as it is told, such as "0.999 of the hours".
    """

    measure: str
    bound: float
    words: str

    @property
    def at_most(self) -> bool:
        """Whether the bound is a ceiling rather than a floor."""
        return self.measure in ("longest_event_h", "backup_energy_fraction")

    def margin(self, measures: pd.DataFrame) -> Array:
        """By how much each measured plant is better than the bound; below 0 it is worse."""
        got = measures[self.measure].to_numpy(dtype=float)
        return np.asarray(self.bound - got if self.at_most else got - self.bound)

    def met(self, measures: pd.DataFrame) -> NDArray[np.bool_]:
        """Whether each measured plant meets it."""
        return np.asarray(self.margin(measures) >= -ROUNDING)

    def to_dict(self) -> dict[str, Any]:
        """The target as plain data, for JSON."""
        return {"measure": self.measure, "bound": self.bound, "words": self.words}


def target_of(case: Case, name: str, value: float) -> Target:
    """The target that a keyword of `size` means; `target_problems` has found nothing wrong.

    Nines n are a share of the hours of 1 - 10^-n, and LOLH of h hours a year one of 1 - h / year.
    """
    match name:
        case "served_fraction":
            return Target(name, value, f"{value:g} of the energy")
        case "available_fraction":
            return Target(name, value, f"{value:g} of the hours in full")
        case "nines":
            words = f"{value:g} nines of the hours in full"
            return Target("available_fraction", 1.0 - 10.0**-value, words)
        case "lolh_hours_per_year":
            year_h = len(case.load_mw) * case.step_h / case.weather.years_exact
            words = f"all but {value:g} hours a year in full"
            return Target("available_fraction", 1.0 - value / year_h, words)
        case "max_outage_h":
            return Target("longest_event_h", value, f"all but outages of at most {value:g} h")
        case _:
            words = f"{value:g} of the energy in every single year"
            return Target("worst_year_served_fraction", value, words)


def target_problems(name: str, value: float) -> list[str]:
    """What is wrong with the value of a target; empty when nothing."""
    if name in ("served_fraction", "available_fraction", "worst_year_served_fraction"):
        return fraction_problems(name, value)
    rules = {
        "nines": (0 < value <= 9, "a number of nines above 0 and at most 9, such as 3"),
        "lolh_hours_per_year": (0 <= value < 8760, "hours a year, at least 0 and below 8760"),
        "max_outage_h": (0 <= value < 8760, "hours, at least 0 and below 8760"),
    }
    good, rule = rules[name]
    return [] if good else [f"{name} is {rule}; got {value!r}"]
