"""What compute costs: plant, hall, computers and guards per IT MWh, accelerator hour and run.

In: `FlexibleRun` (a plant and what its computers do) and `Cluster` (the computers). Out:
`ComputeCost`; `TrainingConcurrency`, one sprint against many patient runs; `budget`, beside the one
of 2023.

The case's `it_mw` is drawn power; the hall is filled with as many of the cluster's accelerators as
draw it. Computers cost their capital whether busy or idle, which is what decides how much plant is
worth building. Maintenance of computers, staff beside guards and hall, tax and profit are not
counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from energy.analysis.flexibility import size_for_work
from energy.case import Case
from energy.datacenter import DOLLAR_YEAR, Cluster
from energy.datacenter.workload import Interruptible, Steady
from energy.dispatch.flexible import FlexibleRun, run_workload
from energy.errors import InputError
from energy.finance import Cost, capital_recovery_factor, only_before_tax, price
from energy.parameters import (
    Fraction,
    Input,
    Lifetime,
    NotNegative,
    parameter_field,
    parameters_of,
    price_factor,
    shipped,
    sources,
    with_parameters,
)
from energy.tables import Result, Shown

DATA_FILE = "compute-2025.toml"

#: Lines of a budget; those that the one of 2023 has come first.
LINES = (
    "design", "wafers", "finishing", "panels", "land", "construction", "yield", "batteries",
    "backup", "grid", "switchgear", "cooling", "security",
)  # fmt: skip

#: Parts of the plant's cost -> the line of the budget.
PARTS = {
    "solar": "panels",
    "battery_energy": "batteries",
    "battery_power": "batteries",
    "backup": "backup",
    "grid": "grid",
    "land": "land",
    "integration": "switchgear",
}

SQUARE_METRES_PER_ACRE = 4046.8564

#: Hours in a mean year.
YEAR_H = 8766.0

_parameter = partial(parameter_field, DATA_FILE, "premises")


class Premises(Shown, Input):
    """What stands around plant and computers: hall, cooling, fence and guards.

    Prices are in dollars of 2025.
    """

    hall_usd_per_mw: NotNegative = _parameter("hall_usd_per_mw")
    cooling_fraction: Fraction = _parameter("cooling_fraction")
    hall_lifetime_years: Lifetime = _parameter("hall_lifetime_years")
    hall_om_fraction_per_year: Fraction = _parameter("hall_om_fraction_per_year")
    guard_posts: NotNegative = _parameter("guard_posts")
    guards_per_post: Annotated[float, Field(ge=0, le=20)] = _parameter("guards_per_post")
    guard_usd_per_year: NotNegative = _parameter("guard_usd_per_year")
    fence_usd_per_m: NotNegative = _parameter("fence_usd_per_m")
    fence_lifetime_years: Lifetime = _parameter("fence_lifetime_years")

    @property
    def guards_usd_per_year(self) -> float:
        """Wages of all guards [$]."""
        return self.guard_posts * self.guards_per_post * self.guard_usd_per_year

    def fence_usd(self, acres: float) -> float:
        """Fence and cameras around a square of land [$]."""
        return 4.0 * math.sqrt(acres * SQUARE_METRES_PER_ACRE) * self.fence_usd_per_m

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        return sources(self.model_dump(), shipped(DATA_FILE)["premises"])


@dataclass(frozen=True, eq=False)
class ComputeCost(Result):
    """What the compute of a plant costs; `compute_cost` makes one."""

    run: FlexibleRun
    cluster: Cluster
    premises: Premises = field(default_factory=Premises)

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.run.case.title}, {self.cluster.accelerator.name}: costs by line"

    @property
    def parameters(self) -> pd.DataFrame:
        """Every number assumed of plant, datacenter, workload, cluster and premises."""
        frames = [
            self.run.case.parameters, parameters_of(self.run.workload), self.cluster.parameters,
            parameters_of(self.premises),
        ]  # fmt: skip
        return pd.concat([frame for frame in frames if len(frame)])

    def with_parameters(self, values: Mapping[str, float]) -> ComputeCost:
        """The same with other values for some names of `parameters`; the design stays.

        The workload is run again where the case or the workload changed.

        Raises
        ------
        InputError
            For values out of bounds.
        """
        known = self.run.case.parameters.index
        ours = {name: value for name, value in values.items() if name in known}
        case = self.run.case.with_parameters(ours) if ours else self.run.case
        workload = with_parameters(self.run.workload, values)
        run = self.run
        if case is not run.case or workload is not run.workload:
            run = run_workload(case, run.design, workload)
        cluster = self.cluster.with_parameters(values)
        return ComputeCost(run, cluster, with_parameters(self.premises, values))

    @cached_property
    def plant_cost(self) -> Cost:
        """Cost of PV, battery, backup and grid."""
        return price(self.run)

    @property
    def installed(self) -> int:
        """Accelerators in the hall, in whole sets, spares among them."""
        accelerator = self.cluster.accelerator
        each_mw = accelerator.power_kw * self.cluster.training.load_fraction / 1000.0
        sets = self.run.case.datacenter.it_mw / each_mw / accelerator.sold_by
        return math.floor(sets + 1e-9) * accelerator.sold_by

    @property
    def working(self) -> float:
        """Accelerators at work; the others are spares."""
        return self.installed / (1.0 + self.cluster.training.spare_fraction)

    @property
    def wafers(self) -> float:
        """Wafers that the accelerators are cut from; 0 for what is bought by the shelf."""
        silicon = self.cluster.accelerator.silicon
        if silicon is None or self.cluster.yield_fraction is None:
            return 0.0
        return self.installed / (silicon.gross_dies * self.cluster.yield_fraction)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a line of `LINES`: `capital_usd`, `lifetime_years`, `annual_usd`.

        *finishing* is all of an accelerator but its die, or the whole of one that is bought;
        *yield* the wafers that are lost to bad dies; *construction* the hall without its cooling.
        *batteries* sum energy and power.
        """
        assumptions, it_mw = self.run.case.assumptions, self.run.case.datacenter.it_mw
        rate = assumptions.finance.real_discount_fraction
        factor = price_factor(DOLLAR_YEAR, assumptions.finance.dollar_year)
        around, accelerator = self.premises, self.cluster.accelerator
        silicon, fraction = accelerator.silicon, self.cluster.yield_fraction or 1.0
        wafers_usd = self.wafers * silicon.wafer_price_usd if silicon else 0.0
        hall_usd = around.hall_usd_per_mw * it_mw
        fence_usd = around.fence_usd(self.plant_cost.land_acres)
        lifetime = assumptions.computers.lifetime_years
        own = {  # line: capital, life, yearly beside it
            "design": (silicon.design_usd if silicon else 0.0, lifetime, 0.0),
            "wafers": (wafers_usd * fraction, lifetime, 0.0),
            "yield": (wafers_usd * (1.0 - fraction), lifetime, 0.0),
            "finishing": (
                self.installed * accelerator.price_usd, lifetime, 0.0,
            ),
            "construction": (
                hall_usd * (1.0 - around.cooling_fraction), around.hall_lifetime_years,
                hall_usd * (1.0 - around.cooling_fraction) * around.hall_om_fraction_per_year,
            ),
            "cooling": (
                hall_usd * around.cooling_fraction, around.hall_lifetime_years,
                hall_usd * around.cooling_fraction * around.hall_om_fraction_per_year,
            ),
            "security": (fence_usd, around.fence_lifetime_years, around.guards_usd_per_year),
        }  # fmt: skip
        rows = {
            line: {
                "capital_usd": usd * factor,
                "lifetime_years": float(life),
                "annual_usd": (usd * capital_recovery_factor(rate, life) + yearly_usd) * factor,
            }
            for line, (usd, life, yearly_usd) in own.items()
        }
        for part, row in self.plant_cost.frame.iterrows():
            line = rows.setdefault(
                PARTS[str(part)],
                {
                    "capital_usd": 0.0,
                    "lifetime_years": float(row["lifetime_years"]),
                    "annual_usd": 0.0,
                },
            )
            for name in ("capital_usd", "annual_usd"):
                line[name] += float(row[name])
        return pd.DataFrame.from_dict(rows, orient="index").loc[list(LINES)].rename_axis("line")

    @property
    def capital_usd(self) -> float:
        """Everything on the first day [$]."""
        return float(self.frame["capital_usd"].sum())

    @property
    def annual_usd(self) -> float:
        """A year of everything [$]."""
        return float(self.frame["annual_usd"].sum())

    @property
    def computers_usd_per_year(self) -> float:
        """A year of the computers [$]: design, wafers and finishing, over their life."""
        lines = ["design", "wafers", "yield", "finishing"]
        return float(self.frame.loc[lines, "annual_usd"].sum())

    @property
    def idle_usd_per_year(self) -> float:
        """What of that is paid for hours without useful compute [$]."""
        return self.computers_usd_per_year * (1.0 - self.run.utilization_fraction)

    @property
    def usd_per_it_mwh(self) -> float:
        """Cost of a useful IT MWh [$]."""
        return self._per(self.run.useful_mwh_per_year)

    @property
    def usd_per_accelerator_h(self) -> float:
        """Cost of a useful hour of one working accelerator [$]: of a GPU hour, where they are
        GPUs.
        """
        full_h = self.run.useful_mwh_per_year / self.run.case.datacenter.it_mw
        return self._per(self.working * full_h)

    @property
    def flop_per_year(self) -> float:
        """Operations done in a year [FLOP]."""
        full_h = self.run.useful_mwh_per_year / self.run.case.datacenter.it_mw
        rate = self.cluster.accelerator.flop_per_s * self.cluster.training.utilization_fraction
        return self.working * rate * full_h * 3600.0

    @property
    def runs_per_year(self) -> float:
        """Training runs in a year, one after the other or side by side."""
        return self.flop_per_year / self.cluster.training.flop

    @property
    def usd_per_run(self) -> float:
        """Cost of one training run [$]."""
        return self._per(self.runs_per_year)

    def _per(self, amount: float) -> float:
        return self.annual_usd / amount if amount > 0 else math.inf

    @property
    def budget(self) -> pd.DataFrame:
        """Capital line by line beside the budget of 2023, in dollars of the assumptions' year.

        Columns `founder_usd` and `model_usd`; the last row is the total.
        """
        year = self.run.case.assumptions.finance.dollar_year
        founder = {
            line: parameter.in_dollars_of(year).value
            for line, parameter in shipped(DATA_FILE)["founder"].items()
        }
        frame = pd.DataFrame(
            {
                "founder_usd": pd.Series({line: founder.get(line, 0.0) for line in LINES}),
                "model_usd": self.frame["capital_usd"],
            }
        ).loc[list(LINES)]
        frame.loc["total"] = frame.sum()
        return frame.rename_axis("line")

    def _record(self) -> dict[str, Any]:
        """Numbers and lines as data."""
        names = (
            "installed", "capital_usd", "annual_usd", "computers_usd_per_year",
            "idle_usd_per_year", "usd_per_it_mwh", "usd_per_accelerator_h", "runs_per_year",
            "usd_per_run",
        )  # fmt: skip
        values = {name: getattr(self, name) for name in names}
        return {
            "accelerator": self.cluster.accelerator.name,
            "work": self.run.to_dict(),
            "lines": self.frame.to_dict(orient="index"),
            "budget": self.budget.to_dict(orient="index"),
        } | values


def compute_cost(
    run: FlexibleRun, cluster: Cluster, premises: Premises | None = None
) -> ComputeCost:
    """What compute costs when a plant's hall is filled with the accelerators of a cluster.

    Raises
    ------
    InputError
        When the hall's power does not carry one set of accelerators; for terms of money after tax.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> design = en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300)
    >>> run = en.run_workload(case, design, en.Interruptible(parts=50))
    >>> training = en.Training(flop=2.1e25, days=30.0)
    >>> cluster = en.build_cluster(training, en.read_accelerator("b200"))
    >>> en.compute_cost(run, cluster).usd_per_it_mwh > 0
    True
    """
    only_before_tax(run.case, "the cost of compute")
    cost = ComputeCost(run, cluster, premises or Premises())
    if cost.installed == 0:
        accelerator = cluster.accelerator
        raise InputError(
            f"{run.case.datacenter.it_mw:g} MW carry no set of {accelerator.sold_by} "
            f"{accelerator.name}; "
            "give more it_mw"
        )
    return cost


# --- one sprint or many patient runs ------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class TrainingConcurrency(Result):
    """One training run after the other at full power, against many at once that can wait."""

    sprint: ComputeCost
    patient: Sequence[ComputeCost]
    runs: int

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.sprint.run.case.title}: one run after the other, and {self.runs} at once"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a way: the sprint, patient runs on its plant, patient runs on their own plants.

        `utilization_fraction` of the computers; sizes; `plant_capital_usd`, `plant_usd_per_year`;
        `days_per_run` from start to end; `runs_per_year`; `usd_per_run`, all costs; and
        `cross_usd_per_mw`: training_concurrency at this plant is cheaper per run than the sprint as
        long as the computers cost less than this per IT MW. Below 0 it never is: the hall alone
        costs more than the plant saves. NaN for what does no less than the sprint.
        """
        rows = {}
        first = self.sprint
        names = ["sprint", "patient, same plant"]
        names += [f"patient {cost.run.utilization_fraction:.2f}" for cost in self.patient[1:]]
        for name, cost in zip(names, (first, *self.patient), strict=True):
            at_once = 1 if name == "sprint" else self.runs
            rows[name] = {
                "utilization_fraction": cost.run.utilization_fraction,
                "solar_mw": cost.run.design.solar_mw,
                "battery_mwh": cost.run.design.battery_mwh,
                "battery_mw": cost.run.design.battery_mw,
                "plant_capital_usd": cost.plant_cost.capital_usd,
                "plant_usd_per_year": cost.plant_cost.annual_usd,
                "days_per_run": at_once * YEAR_H / 24.0 / cost.runs_per_year,
                "runs_per_year": cost.runs_per_year,
                "usd_per_run": cost.usd_per_run,
                "cross_usd_per_mw": self._cross(cost),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("way")

    def _cross(self, cost: ComputeCost) -> float:
        """Price of computers [$/MW] at which a run costs the same both ways.

        With plant A, all else H and computers r p a year for useful fraction u, (A + H + r p) / u
        is the same for both.
        """
        one, other = self.sprint, cost
        fraction, less = one.run.utilization_fraction, other.run.utilization_fraction
        if not less < fraction:
            return math.nan
        assumptions = one.run.case.assumptions
        recovery = capital_recovery_factor(
            assumptions.finance.real_discount_fraction, assumptions.computers.lifetime_years
        )
        rest = [c.annual_usd - c.computers_usd_per_year for c in (one, other)]
        computers_usd = (rest[0] / fraction - rest[1] / less) / (1.0 / less - 1.0 / fraction)
        return computers_usd / recovery / one.run.case.datacenter.it_mw

    @property
    def computers_usd_per_mw(self) -> float:
        """Price of the cluster's computers [$ per IT MW drawn], to hold against the crossings."""
        lines = ["design", "wafers", "yield", "finishing"]
        capital_usd = float(self.sprint.frame.loc[lines, "capital_usd"].sum())
        return capital_usd / self.sprint.run.case.datacenter.it_mw

    def _record(self) -> dict[str, Any]:
        """The table as data."""
        return {
            "runs": self.runs,
            "computers_usd_per_mw": self.computers_usd_per_mw,
            "ways": self.frame.to_dict(orient="index"),
        }


def training_concurrency(
    case: Case,
    cluster: Cluster,
    *,
    runs: int = 50,
    sprint_fraction: float = 0.99,
    fractions: Sequence[float] = (0.3, 0.5, 0.7, 0.9),
    premises: Premises | None = None,
) -> TrainingConcurrency:
    """One run at a time on a firm plant, against many at once on plants that let them wait.

    The same computers do the same work per useful hour. A sprint needs all of them, so that a hour
    short of power is a hour lost; of many runs some go on.

    Parameters
    ----------
    case
        The question, with the cluster's `it_load_mw` as `it_mw`.
    cluster
        The computers, and the training run to count in.
    runs
        Patient runs at once.
    sprint_fraction
        Fraction of full compute that the sprint's plant has to give.
    fractions
        The same for the patient runs' plants.
    premises
        What stands around; without it the shipped assumptions.

    Raises
    ------
    InputError
        When there are fewer than two runs, or a fraction is out of bounds.
    InfeasibleError
        When no plant gives one of the fractions.

    Examples
    --------
    >>> import energy as en
    >>> en.training_concurrency(case, cluster).frame  # doctest: +SKIP
    """
    if runs < 2:
        raise InputError(f"training_concurrency is for 2 runs at once or more; got {runs}")
    many = Interruptible(parts=runs)
    first = size_for_work(case, Steady(), useful_fraction=sprint_fraction)
    others = [run_workload(case, first.design, many)]
    others += [size_for_work(case, many, useful_fraction=fraction) for fraction in fractions]
    return TrainingConcurrency(
        compute_cost(first, cluster, premises),
        [compute_cost(run, cluster, premises) for run in others],
        runs,
    )
