"""What a plant has to meet, said as people say it.

In: a number for one of `NAMES`. Out: `Target`, and the `Constraint` that it puts on a plant.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.case import Case
from energy.errors import InputError
from energy.parameters import fraction_problems
from energy.steps import Array

#: A fraction that is missed by less is met: two programs' sums differ in their last digits.
ROUNDING = 1e-9

#: Targets that a plant's reliability has to reach.
RELIABILITY = (
    "served_fraction", "available_fraction", "nines", "lolh_hours_per_year", "max_outage_h",
    "worst_year_served_fraction",
)  # fmt: skip

#: Targets that say what money there is, or what the load is worth.
MONEY = ("budget_usd", "load_usd_per_mw", "compute_usd_per_mwh")

#: All of them.
NAMES = (*RELIABILITY, *MONEY)


@dataclass(frozen=True)
class Target:
    """What a plant has to meet; `size`, `compare`, `sensitivity` and the others take it.

    Parameters
    ----------
    name
        One of `served_fraction`, of the energy; `available_fraction`, of the hours served in
        full; `nines` of those hours; `lolh_hours_per_year`, hours a year that are not;
        `max_outage_h`, the longest outage; `worst_year_served_fraction`, of the energy in every
        single weather year; `budget_usd`, the most energy for this price on the first day;
        `load_usd_per_mw`, the lowest cost of plant and computers per useful MWh, with computers
        at this price per IT MW, idle or not; `compute_usd_per_mwh`, the highest yearly earnings
        with an IT MWh sold at this price.
    value
        The number.

    Raises
    ------
    InputError
        For an unknown name, and a value that is out of bounds.

    Examples
    --------
    >>> import energy as en
    >>> en.Target("nines", 3).description
    '3 nines of the hours served in full'
    """

    name: str
    value: float

    def __post_init__(self) -> None:
        """Refuse what is no target."""
        problems = _name_problems([self.name]) or _value_problems(self.name, self.value)
        if problems:
            raise InputError(problems)

    @classmethod
    def of(cls, target: Target | None = None, **given: float | None) -> Target:
        """The one target that is given, itself or by name; None is not given.

        Raises
        ------
        InputError
            With everything wrong: unknown names, more or fewer than one, values out of bounds.

        Examples
        --------
        >>> import energy as en
        >>> en.Target.of(served_fraction=0.99, nines=None)
        Target(name='served_fraction', value=0.99)
        """
        problems = _name_problems(given)
        known = {n: value for n, value in given.items() if value is not None and n in NAMES}
        count = len(known) + (target is not None)
        if count != 1 and not problems:
            got = [f"{name}={value!r}" for name, value in known.items()]
            got += [repr(target)] if target is not None else []
            problems = [f"give one target of {', '.join(NAMES)}; got {', '.join(got) or 'none'}"]
        for name, value in known.items():
            problems += _value_problems(name, value)
        if problems:
            raise InputError(problems)
        return target if target is not None else cls(*next(iter(known.items())))

    @property
    def is_reliability(self) -> bool:
        """Whether it is a bound on reliability, rather than an amount of money."""
        return self.name in RELIABILITY

    @property
    def is_exact(self) -> bool:
        """Whether the cheapest plant for it is found exactly: a fraction of the energy is."""
        return self.name == "served_fraction"

    @property
    def description(self) -> str:
        """The target in words, such as "0.99 of the energy served"."""
        value, name = self.value, self.name
        return {
            "served_fraction": f"{value:g} of the energy served",
            "available_fraction": f"{value:g} of the hours served in full",
            "nines": f"{value:g} nines of the hours served in full",
            "lolh_hours_per_year": f"at most {value:g} hours of loss of load a year",
            "max_outage_h": f"no outage longer than {value:g} h",
            "worst_year_served_fraction": f"{value:g} of the energy served in every single year",
            "budget_usd": f"the most energy for {value:,.0f} $",
            "load_usd_per_mw": (
                f"the lowest cost per useful MWh with computers at {value:,.0f} $/MW"
            ),
            "compute_usd_per_mwh": f"the highest earnings at {value:g} $ for an IT MWh",
        }[name]

    @property
    def requirement(self) -> str:
        """What a plant that meets it does, such as "serves 0.99 of the energy"."""
        value = f"{self.value:g}"
        return {
            "served_fraction": f"serves {value} of the energy",
            "available_fraction": f"serves {value} of the hours in full",
            "nines": f"serves {value} nines of the hours in full",
            "lolh_hours_per_year": f"serves all but {value} hours a year in full",
            "max_outage_h": f"keeps every outage within {value} h",
            "worst_year_served_fraction": f"serves {value} of the energy in every single year",
        }.get(self.name, f"has {self.description}")

    @property
    def title(self) -> str:
        """What a plant for it is, in words."""
        if self.is_reliability:
            return f"the cheapest plant that {self.requirement}"
        return f"the plant with {self.description}"

    def constraint(self, case: Case) -> Constraint:
        """The bound that it puts on the measures of a plant.

        Nines n are a fraction of the hours of 1 - 10^-n, and LOLH of h hours a year one of
        1 - h / year.

        Raises
        ------
        InputError
            For an amount of money, which is no bound.
        """
        match self.name:
            case "served_fraction" | "available_fraction" | "worst_year_served_fraction":
                return Constraint(self.name, self.value)
            case "nines":
                return Constraint("available_fraction", 1.0 - 10.0**-self.value)
            case "lolh_hours_per_year":
                year_h = len(case.load_mw) * case.step_h / case.weather.years_exact
                return Constraint("available_fraction", 1.0 - self.value / year_h)
            case "max_outage_h":
                return Constraint("longest_event_h", self.value)
            case _:
                raise InputError(f"{self.name} is no bound on a plant's reliability")

    def to_dict(self) -> dict[str, Any]:
        """The target as plain data, for JSON."""
        return {self.name: self.value, "description": self.description}


@dataclass(frozen=True)
class Constraint:
    """One measure of `energy.simulate_many` and the bound that it has to keep.

    Parameters
    ----------
    measure
        `served_fraction`, `available_fraction`, `worst_year_served_fraction`, `useful_fraction`,
        at least `bound`; or `longest_event_h`, `backup_energy_fraction` (energy from backup over
        the load's), at most `bound`.
    bound
        The number.
    """

    measure: str
    bound: float

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


def _name_problems(names: Any) -> list[str]:
    problems = []
    for name in names:
        if name not in NAMES:
            near = difflib.get_close_matches(str(name), NAMES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(NAMES)}"
            problems.append(f"unknown target {name!r}; {hint}")
    return problems


def _value_problems(name: str, value: Any) -> list[str]:
    """What is wrong with the value of a target; empty when nothing."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return [f"{name} must be a number; got {value!r}"]
    try:
        float(value)
    except OverflowError:
        return [f"{name} must be a number that a float can hold; got a larger one"]
    if name.endswith("_fraction"):
        return fraction_problems(name, float(value))
    number = float(value)
    good, rule = {
        "nines": (0 < number <= 9, "is a number of nines above 0 and at most 9, such as 3"),
        "lolh_hours_per_year": (0 <= number < 8760, "is hours a year, at least 0 and below 8760"),
        "max_outage_h": (0 <= number < 8760, "is hours, at least 0 and below 8760"),
    }.get(name, (0 < number < math.inf, "must be dollars above 0"))
    return [] if good else [f"{name} {rule}; got {value!r}"]
