"""One plant over the years of its life: what array and battery still give, and what is added.

In: `Evaluation`, additions of battery. Out: `Life`, one row a year.

In each year of `finance.project_years` the plant sees all weather years, with the array as it is
then and what is left of every battery that was added. A battery ages by the heat of the place and
by its own use, as the plant's run has it (`energy.wear`), serves its lifetime and is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from energy.case import Case
from energy.dispatch import Dispatch, simulate_many
from energy.errors import InputError
from energy.evaluation import Evaluation
from energy.finance.additions import AdditionPrices, addition_prices
from energy.steps import Array
from energy.tables import Result
from energy.wear import battery_by_age

#: What keeps the battery's energy up: additions in years of their own, nothing but a replacement
#: at the end of its lifetime, or the O&M that is paid for it.
Augmentation = Literal["chosen", "none", "keep"]
AUGMENTATIONS: tuple[Augmentation, ...] = ("chosen", "none", "keep")


#: How a target over a life is meant, in words.
OVER_LIFE = {"mean": "on the mean of its years of life", "worst": "in every year of its life"}

#: A battery's years have settled when none moves by more than this from round to round of sizing.
SETTLED = 1e-6


@dataclass(frozen=True, eq=False)
class Life(Result):
    """A plant over its years; `live` and `energy.sizing.size_for_life` make one.

    Parameters
    ----------
    evaluation
        The plant as it is built, run as a new battery and a mean array.
    battery_by_age
        Shape (ages,): energy of a battery in each year of its age, as a fraction of a new one's.
    added_mwh
        Nameplate MWh by the year at whose start they come, the plant's own in year 0 among them.
    kept_by_om
        Whether O&M pays for keeping the battery's energy.
    over_life
        For which the plant was sized, one of `OVER_LIFE`; empty for a plant that was given.
    iterations
        Rounds of sizing and aging, where it was sized: sizes, cost and by how much the battery's
        years still moved.
    moved
        By how much the battery's years moved in the last round; more than a millionth says that
        sizing and aging had not settled.
    bound_usd
        What no plant of the same target and years of addition can cost less than [$/year]; NaN for
        a plant that was given.
    """

    evaluation: Evaluation
    battery_by_age: Array
    added_mwh: Mapping[int, float]
    kept_by_om: bool
    over_life: str = ""
    iterations: pd.DataFrame = field(default_factory=pd.DataFrame)
    moved: float = 0.0
    bound_usd: float = float("nan")

    @property
    def case(self) -> Case:
        """The question."""
        return self.evaluation.case

    @property
    def years(self) -> int:
        """Years of life."""
        return int(self.case.assumptions.finance.project_years)

    @cached_property
    def energy_mwh(self) -> Array:
        """Nameplate energy that is left in each year [MWh]."""
        left = np.zeros(self.years)
        for year, mwh in self.added_mwh.items():
            ages = self.battery_by_age[: self.years - year]
            left[year : year + len(ages)] += mwh * ages
        return left

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a year of service, from 1.

        Columns: `solar_fraction` and `battery_fraction` of what was built first (of its largest
        battery where a plant begins without one), `battery_mwh` left, and
        `served_fraction`, `available_fraction`, `lolh_hours_per_year` over all weather years.
        """
        case, design = self.case, self.evaluation.design
        solar = case.assumptions.solar.fraction_by_year(self.years)
        plants = pd.DataFrame([design.model_dump()] * self.years)
        plants["solar_mw"] *= solar / case.assumptions.solar.lifetime_mean_fraction
        plants["battery_mwh"] = self.energy_mwh
        got = simulate_many(case, plants)
        hours = len(case.load_mw) * case.step_h / case.weather.years_exact
        # A plant may begin without a battery and get one later.
        built = design.battery_mwh or float(self.energy_mwh.max())
        return pd.DataFrame(
            {
                "solar_fraction": solar,
                "battery_fraction": self.energy_mwh / built if built > 0 else 1.0,
                "battery_mwh": self.energy_mwh,
                "served_fraction": got["served_fraction"].to_numpy(),
                "available_fraction": got["available_fraction"].to_numpy(),
                "lolh_hours_per_year": (1.0 - got["available_fraction"].to_numpy()) * hours,
            },
            index=pd.RangeIndex(1, self.years + 1, name="year"),
        )

    @property
    def served_fraction(self) -> float:
        """Fraction of the load's energy that is served, over the life."""
        return float(self.frame["served_fraction"].mean())

    @property
    def worst_year(self) -> int:
        """The year of service, from 1, in which least is served."""
        return int(self.frame["served_fraction"].to_numpy().argmin()) + 1

    @cached_property
    def prices(self) -> AdditionPrices:
        """Prices of battery energy by year."""
        return addition_prices(self.case, kept_by_om=self.kept_by_om)

    def _replaces(self, year: int) -> bool:
        """Whether what comes at the start of a year, from 0, stands in for a retired battery."""
        lifetime = len(self.battery_by_age)
        return year % lifetime == 0 and self.added_mwh.get(year - lifetime, 0.0) > 0

    @cached_property
    def augmentation(self) -> pd.DataFrame:
        """What is added after the first year: `year` (of service), `battery_mwh`, `usd`, `kind`.

        A replacement comes when the first battery's lifetime is over; the rest are additions.
        """
        rows = []
        for year, mwh in sorted(self.added_mwh.items()):
            if year == 0 or mwh <= 0:
                continue
            replaced = self._replaces(year)
            usd = mwh * self.prices.usd_per_mwh[year] + (0.0 if replaced else self.prices.event_usd)
            kind = "replacement" if replaced else "addition"
            rows.append({"year": year + 1, "battery_mwh": mwh, "usd": usd, "kind": kind})
        return pd.DataFrame(rows, columns=["year", "battery_mwh", "usd", "kind"])

    @property
    def annual_usd(self) -> float:
        """Annualized cost with the battery's whole life [$/year]."""
        parts = self.evaluation.cost.frame["annual_usd"]
        return float(parts.drop("battery_energy").sum()) + self.battery_usd_per_year

    @property
    def battery_usd_per_year(self) -> float:
        """Annualized cost of all the battery energy that is ever added [$/year]."""
        prices, usd = self.prices, 0.0
        for year, mwh in self.added_mwh.items():
            usd += mwh * float(prices.annual_usd_per_mwh[year])
            if mwh > 0 and year > 0 and not self._replaces(year):
                usd += float(prices.annual_event_usd[year])
        return usd

    @property
    def levelized_usd_per_mwh(self) -> float:
        """Annualized cost per MWh of load that is served over the life [$/MWh]."""
        case = self.case
        served_mwh = self.served_fraction * case.weather.per_year(case.load_mw)
        return self.annual_usd / served_mwh if served_mwh > 0 else float("inf")

    @property
    def notes(self) -> list[str]:
        """What the years do to the plant, in words."""
        worst = self.worst_year
        in_worst = float(self.frame["served_fraction"].to_numpy()[worst - 1])
        how = {
            True: "its energy kept by O&M",
            False: f"its own fade ({self.battery_by_age[-1]:.3f} of a new one in its last year)",
        }[self.kept_by_om]
        later = []
        if self.over_life:
            later.append(
                "reliability and cost beside the years are those of the battery of the first year "
                "on the mean array; what is added later is in the years alone"
            )
        if self.moved > SETTLED:
            later.append(
                f"sizing and aging had not settled: the battery's years still moved by "
                f"{self.moved:.2g} in the last round"
            )
        return [
            f"over {self.years} years, with {how}, the plant serves {self.served_fraction:.4g} of "
            f"the energy; in year {worst}, its worst, {in_worst:.4g}",
            *later,
        ]

    @property
    def sources(self) -> list[str]:
        """Where the numbers of its wear come from, each once."""
        told = self.case.assumptions.frame
        return list(dict.fromkeys(told.loc[told.index.str.startswith("wear."), "source"]))

    def _record(self) -> dict[str, Any]:
        """Years, additions and cost, for JSON."""
        columns = ["solar_fraction", "battery_fraction", "served_fraction"]
        record: dict[str, Any] = {
            "life": self.frame[columns].reset_index().to_dict(orient="records"),
            "augmentation": self.augmentation.to_dict(orient="records"),
            "life_cost": {
                "annual_usd": self.annual_usd,
                "levelized_usd_per_mwh": self.levelized_usd_per_mwh,
                "served_fraction": self.served_fraction,
                "worst_year": self.worst_year,
                "kept_by_om": self.kept_by_om,
            },
        }
        if len(self.iterations):
            record["life_cost"] |= {
                "over_life": self.over_life,
                "iterations": self.iterations.to_dict(orient="records"),
            }
        return record

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: {self.years} years of service"


def live(
    evaluation: Evaluation,
    *,
    augmentation: str = "none",
    model: str = "lfp-250ah",
) -> Life:
    """A given plant over the years of its life, aging as `assumptions.wear` says.

    Parameters
    ----------
    evaluation
        The plant.
    augmentation
        "none": the battery fades and is replaced by the same when its lifetime is over; "keep": O&M
        keeps its energy.
    model
        Its cells, as `energy.battery.fade`.

    Raises
    ------
    InputError
        For an unknown augmentation, and a battery that is dead before its lifetime is over.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> plant = en.evaluate(case, en.Design(solar_mw=900, battery_mwh=2500, battery_mw=350))
    >>> life = en.live(plant)
    >>> life.frame["served_fraction"].iloc[[0, -1]].round(3).tolist()
    [0.961, 0.937]
    """
    if augmentation not in ("none", "keep"):
        raise InputError(
            f"augmentation of a given plant is 'none' or 'keep'; got {augmentation!r} (additions "
            "are chosen by energy.sizing.size_for_life)"
        )
    kept = augmentation == "keep"
    ages = ages_of(evaluation.run, kept_by_om=kept, model=model)
    years = int(evaluation.case.assumptions.finance.project_years)
    mwh = evaluation.design.battery_mwh
    added = dict.fromkeys(range(0, years, len(ages)), mwh)
    return Life(evaluation, ages, added, kept)


def ages_of(run: Dispatch, *, kept_by_om: bool, model: str = "lfp-250ah") -> Array:
    """Energy of a battery in each year of its lifetime when it is used as in a run."""
    case = run.case
    battery = case.assumptions.battery
    lifetime = int(min(battery.lifetime_years, case.assumptions.finance.project_years))
    usable_mwh = run.parameters.usable_mwh
    if kept_by_om or usable_mwh <= 0:
        return np.ones(lifetime)
    return battery_by_age(
        run.flow("soc_mwh") / usable_mwh,
        case.weather.frame["temp_air"].to_numpy(dtype=float),
        usable_fraction=battery.usable_fraction,
        step_h=case.step_h,
        years=lifetime,
        wear=case.assumptions.wear,
        model=model,
    )
