"""From a training run to chips, wafers and megawatts, and back.

In: a training run (arithmetic, days), an accelerator and what is an assumption of both, a model of
yield. Out: `Cluster`: accelerators, wafers, IT power, capital, and what binds; or what a plant can
train.

Arithmetic is dense bfloat16, a multiply-add counted as two. Powers are those of the computers with
their hosts and networks; the building's own is in `energy.datacenter.facility`.

References
----------
[1] J. Hennessy, D. Patterson, Computer Architecture: A Quantitative Approach, 6th ed., 2019,
    section 1.6: dies per wafer, and yield with clustered defects.
[2] B. Murphy, Cost-size optima of monolithic integrated circuits, Proc. IEEE 52 (1964) 1537.
[3] R. Seeds, Yield and cost analysis of bipolar LSI, IEEE Int. Electron Devices Meeting, 1967.
[4] C. Stapper, Defect density distribution for LSI yield calculations, IEEE Trans. Electron
    Devices 20 (1973) 655: the negative binomial.
[5] S. Rajbhandari et al., ZeRO: Memory optimizations toward training trillion parameter models,
    SC 2020: bytes a parameter.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from energy.datacenter.chip_yield import YieldModel, murphy_yield, named_yield_model
from energy.errors import InputError
from energy.parameters import (
    BY_USER,
    PRICES_FILE,
    Input,
    Parameter,
    PositiveFraction,
    T,
    parameter_field,
    parameters_of,
    read_toml,
    shipped,
    sources,
    validate,
    with_parameters,
)
from energy.tables import Result, Shown

DATA_FILE = "clusters-2025.toml"

#: The section of the file that is about training; every other one is an accelerator.
TRAINING = "training"

SECONDS_PER_DAY = 86400.0

#: A part of an accelerator too small to be meant: 1.02 x 50 is 51.00000000000001.
ROUNDING = 1e-12

#: Prices are in dollars of this year.
DOLLAR_YEAR = 2025

# --- inputs -------------------------------------------------------------------------------------

Positive = Annotated[float, Field(gt=0, le=1e40)]
NotNegative = Annotated[float, Field(ge=0, le=1e40)]
Count = Annotated[int, Field(ge=1, le=10**9)]


_parameter = partial(parameter_field, DATA_FILE, TRAINING)


class Training(Input):
    """A training run: `flop` operations in `days`.

    `utilization_fraction` of the peak arithmetic is used, restarts included; `load_fraction` of
    the nameplate power is drawn meanwhile.
    With `parameters`, memory and network are looked at too. What is not given is an assumption, see
    `energy/data/clusters-2025.toml`.

    Examples
    --------
    >>> import energy as en
    >>> round(en.Training(flop=3e25, days=1.0).flop_per_s / 1e20, 2)
    3.47
    """

    flop: Positive
    days: Annotated[float, Field(ge=1e-6, le=36525)]
    parameters: Positive | None = None
    utilization_fraction: Annotated[float, Field(gt=0, le=1)] = _parameter("utilization_fraction")
    load_fraction: PositiveFraction = _parameter("load_fraction")
    spare_fraction: Annotated[float, Field(ge=0, le=1)] = _parameter("spare_fraction")
    bytes_per_parameter: Positive = _parameter("bytes_per_parameter")
    gradient_bytes_per_parameter: Positive = _parameter("gradient_bytes_per_parameter")
    batch_tokens: Positive = _parameter("batch_tokens")

    @property
    def flop_per_s(self) -> float:
        """Operations a second that the run asks for [FLOP/s]."""
        return self.flop / (self.days * SECONDS_PER_DAY)


class Silicon(Input):
    """The wafer that an accelerator is cut from, and the cores that it may lose.

    A die has `cores` alike that fill its area; it is sold when `cores_needed` of them are good.
    """

    diameter_mm: Annotated[float, Field(gt=0, le=1000)]
    die_area_cm2: Positive
    dies_per_wafer: Count | None = None
    defects_per_cm2: NotNegative
    cores: Count = 1
    cores_needed: Count = 1
    wafer_price_usd: NotNegative
    design_usd: NotNegative

    @model_validator(mode="after")
    def _fits(self) -> Silicon:
        if self.cores_needed > self.cores:
            raise ValueError(f"cores_needed is {self.cores_needed} of only {self.cores} cores")
        if self.gross_dies < 1:
            raise ValueError(
                f"no die of {self.die_area_cm2:g} cm2 fits a wafer of {self.diameter_mm:g} mm; "
                "make it smaller, or give dies_per_wafer"
            )
        return self

    @property
    def gross_dies(self) -> int:
        """Whole dies on a wafer: pi r^2 / A - pi d / sqrt(2 A) [1], or `dies_per_wafer`.

        Without the edge that is left out and without saw lanes. For 6 cm2 on 300 mm it gives 90;
        squares laid out one by one give 97, and 93 with an edge of 3 mm and lanes of .1 mm.
        """
        if self.dies_per_wafer is not None:
            return self.dies_per_wafer
        area_mm2 = self.die_area_cm2 * 100.0
        whole = math.pi * (self.diameter_mm / 2) ** 2 / area_mm2
        return math.floor(whole - math.pi * self.diameter_mm / math.sqrt(2 * area_mm2))

    @property
    def defects_per_die(self) -> float:
        """Mean number of defects on a die."""
        return self.die_area_cm2 * self.defects_per_cm2

    def yield_fraction(self, yield_model: YieldModel) -> float:
        """Fraction of dies that can be sold.

        Cores are taken to fail one by one, each with the model's yield for its own area. Where
        defects cluster, they fail together and a die with spares does better than this.

        Raises
        ------
        InputError
            When the model gives something that is no fraction above 0 and at most 1.
        """
        fraction = float(yield_model(self.defects_per_die / self.cores))
        if self.cores > 1:
            from scipy.stats import binom

            fraction = float(binom.sf(self.cores_needed - 1, self.cores, fraction))
        if not 0 < fraction <= 1:
            raise InputError(
                f"the yield must be a fraction above 0 and at most 1; got {fraction:g} with "
                f"{self.defects_per_die:g} defects a die; give smaller dies, fewer defects or "
                "spare cores"
            )
        return fraction


class Accelerator(Shown, Input):
    """One accelerator: a GPU, a wafer or a die with its share of host, network and racks.

    `flop_per_s` is its peak; `link_gb_per_s` leaves it, each way; `sold_by` is the smallest set
    that can be had. `silicon` is there for what is made, not bought: then `price_usd` is that of
    all but the die. `read_accelerator` makes one.
    """

    name: Annotated[str, Field(min_length=1)]
    flop_per_s: Positive
    power_kw: Positive
    price_usd: NotNegative
    memory_gb: Positive
    link_gb_per_s: Positive
    sold_by: Count = 1
    silicon: Silicon | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, and of a shipped one low, high, unit, source."""
        values = self.model_dump(exclude={"name", "silicon"})
        values |= self.silicon.model_dump() if self.silicon else {}
        return sources(values, _known(self.name))


def accelerator_names() -> list[str]:
    """Names of the shipped accelerators."""
    return list(_accelerators())


def _accelerators() -> dict[str, Mapping[str, Parameter]]:
    return {name: table for name, table in shipped(DATA_FILE).items() if name != TRAINING}


def _known(name: str) -> dict[str, Parameter]:
    """Parameters of a shipped accelerator in dollars of `DOLLAR_YEAR`; none of another."""
    table = _accelerators().get(name, {})
    return {key: parameter.in_dollars_of(DOLLAR_YEAR) for key, parameter in table.items()}


def read_accelerator(name: str) -> Accelerator:
    """A shipped accelerator by name, prices in dollars of `DOLLAR_YEAR`.

    Raises
    ------
    InputError
        For an unknown name, with the nearest that is known.

    Examples
    --------
    >>> import energy as en
    >>> en.read_accelerator("h100").power_kw
    1.275
    """
    return described_accelerator({"name": name}, "accelerator")


def described_accelerator(values: Mapping[str, Any], where: str) -> Accelerator:
    """An accelerator by the name of a shipped one and what differs, or given in full.

    Raises
    ------
    InputError
        With every problem, `where` before each.
    """
    name = values.get("name")
    parts = Silicon.model_fields.keys()
    quantities = _known(str(name))
    if not quantities and len(values) < 2:
        near = difflib.get_close_matches(str(name).lower(), accelerator_names(), n=1, cutoff=0.4)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise InputError(
            f"{where}: no accelerator called {name!r}; {hint}known: "
            f"{', '.join(accelerator_names())}"
        )
    known = {key: parameter.value for key, parameter in quantities.items()}
    merged = known | dict(values)
    silicon = {key: merged.pop(key) for key in list(merged) if key in parts}
    if silicon and known and not parts & known.keys():
        raise InputError(
            f"{where}: {name} is bought by the shelf, its price holds its yield; "
            f"{', '.join(silicon)} is for an accelerator with a wafer, such as wafer-3nm"
        )
    return validate(Accelerator, merged | ({"silicon": silicon} if silicon else {}), where)


# --- a cluster ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Cluster(Result):
    """The accelerators that carry a training run; `build_cluster` makes one."""

    by_row = True

    training: Training
    accelerator: Accelerator
    yield_fraction: float | None  # of the accelerator's dies; None for what is bought by the shelf

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return (
            f"{self.training.flop:g} FLOP in {self.training.days:g} days on {self.accelerator.name}"
        )

    @property
    def parameters(self) -> pd.DataFrame:
        """The numbers assumed of training and accelerator: value, low, high, unit, source."""
        frame = self.accelerator.frame
        frame = frame[frame["low"].notna()].rename(lambda key: f"{self.accelerator.name}.{key}")
        return pd.concat([parameters_of(self.training), frame])

    def with_parameters(self, values: Mapping[str, float]) -> Cluster:
        """The same cluster with other values for some names of `parameters`; its yield stays."""
        prefix = f"{self.accelerator.name}."
        own = {
            name.removeprefix(prefix): value
            for name, value in values.items()
            if name.startswith(prefix)
        }
        accelerator, silicon = self.accelerator, self.accelerator.silicon
        if silicon is not None:
            silicon = _changed(silicon, own)
        accelerator = _changed(accelerator, own).replace(silicon=silicon)
        return Cluster(with_parameters(self.training, values), accelerator, self.yield_fraction)

    @property
    def flop_per_s(self) -> float:
        """Arithmetic that the run asks for [FLOP/s]; the peak is more by 1 / utilization."""
        return self.training.flop_per_s

    @property
    def accelerators_for_flop(self) -> int:
        """Accelerators that the arithmetic needs."""
        each = self.accelerator.flop_per_s * self.training.utilization_fraction
        return math.ceil(self.flop_per_s / each)

    @property
    def accelerators_for_memory(self) -> int | None:
        """Accelerators that hold one copy of weights, gradients and optimizer; None if size
        unknown.
        """
        if self.training.parameters is None:
            return None
        needed = self.training.parameters * self.training.bytes_per_parameter
        return math.ceil(needed / (self.accelerator.memory_gb * 1e9))

    @property
    def accelerators_for_network(self) -> float | None:
        """The most accelerators whose network keeps up, by one bound; None if size unknown.

        Copies of the model, each over `accelerators_for_memory` accelerators, sum their gradients
        once a step: a ring sends and takes twice each accelerator's part. That must not last longer
        than the step's arithmetic of 6 operations a parameter and token, behind which it can hide:

            2 g N / (M link) <= 6 N batch / (D flop_per_s utilization)

        with g bytes a gradient, N parameters, M accelerators a copy and D accelerators in all. It
        is rough both ways: traffic within a copy, latency and congestion come on top, while copies
        spread over more accelerators than memory needs send less each.
        """
        copy = self.accelerators_for_memory
        if copy is None:
            return None
        each = self.accelerator.flop_per_s * self.training.utilization_fraction
        bytes_sent = 2 * self.training.gradient_bytes_per_parameter
        link = self.accelerator.link_gb_per_s * 1e9
        return 6 * self.training.batch_tokens * copy * link / (bytes_sent * each)

    @property
    def accelerators(self) -> int:
        """Accelerators at work: enough for arithmetic and memory."""
        return max(self.accelerators_for_flop, self.accelerators_for_memory or 0)

    @property
    def binding(self) -> Literal["arithmetic", "memory", "network"]:
        """What decides the number of accelerators; "network" when no number would do."""
        copy, most = self.accelerators_for_memory, self.accelerators_for_network
        # A single copy has nobody to sum gradients with.
        if copy is not None and most is not None and self.accelerators > max(copy, most):
            return "network"
        return "arithmetic" if self.accelerators == self.accelerators_for_flop else "memory"

    @property
    def installed(self) -> int:
        """Accelerators bought: at work, spare, and rounded up to whole sets."""
        wanted = self.accelerators * (1.0 + self.training.spare_fraction)
        return _whole_above(wanted / self.accelerator.sold_by) * self.accelerator.sold_by

    @property
    def wafers(self) -> int | None:
        """Wafers to be made; None for what is bought by the shelf."""
        silicon = self.accelerator.silicon
        if silicon is None or self.yield_fraction is None:
            return None
        return _whole_above(self.installed / (silicon.gross_dies * self.yield_fraction))

    @property
    def nameplate_mw(self) -> float:
        """Nameplate power of all accelerators installed [MW]; spares are kept running."""
        return self.installed * self.accelerator.power_kw / 1000.0

    @property
    def it_load_mw(self) -> float:
        """What they draw in training [MW]: the `it_mw` of a datacenter for them."""
        return self.nameplate_mw * self.training.load_fraction

    @property
    def capital_usd(self) -> float:
        """Accelerators, wafers and design [$]; no building, no power."""
        capital = self.installed * self.accelerator.price_usd
        if self.accelerator.silicon is not None and self.wafers is not None:
            silicon = self.accelerator.silicon
            capital += self.wafers * silicon.wafer_price_usd + silicon.design_usd
        return capital

    @cached_property
    def ends(self) -> tuple[Cluster, Cluster]:
        """The same cluster with shipped powers and prices at the low and high ends of their range.

        A number that was set by the user stays.
        """
        frame = self.accelerator.frame
        frame = frame[~frame["source"].str.startswith(BY_USER)]
        clusters = []
        for end in ("low", "high"):
            prices = {str(key): float(value) for key, value in frame[end].items()}
            silicon = self.accelerator.silicon
            if silicon is not None:
                silicon = silicon.replace(**_taken(prices, ("wafer_price_usd", "design_usd")))
            accelerator = self.accelerator.replace(
                silicon=silicon, **_taken(prices, ("power_kw", "price_usd"))
            )
            clusters.append(Cluster(self.training, accelerator, self.yield_fraction))
        return clusters[0], clusters[1]

    @property
    def notes(self) -> list[str]:
        """What changes the answer and is not in the numbers."""
        notes = []
        if self.binding == "network":
            ratio = self.accelerators / (self.accelerators_for_network or math.nan)
            notes.append(
                f"summing gradients takes {ratio:.2g} times as long as the arithmetic it hides "
                f"behind at {self.training.batch_tokens:g} tokens a step: the run will take longer "
                "than asked; give more days, larger steps or a faster link"
            )
        if self.binding == "memory":
            fraction = self.accelerators_for_flop / self.accelerators
            notes.append(
                f"memory asks for more accelerators than the arithmetic: {fraction:.2g} of "
                "them would do; "
                "the run may end sooner"
            )
        if self.training.parameters is None:
            notes.append("without parameters, memory and network are not looked at")
        return notes

    def _record(self) -> dict[str, Any]:
        """The cluster as data."""
        low, high = self.ends
        return {
            "training": self.training.model_dump(),
            "accelerator": self.accelerator.model_dump(),
            "flop_per_s": self.flop_per_s,
            "accelerators_for_flop": self.accelerators_for_flop,
            "accelerators_for_memory": self.accelerators_for_memory,
            "accelerators_for_network": self.accelerators_for_network,
            "binding": self.binding,
            "accelerators": self.accelerators,
            "installed": self.installed,
            "dies_per_wafer": self.accelerator.silicon.gross_dies
            if self.accelerator.silicon
            else None,
            "yield_fraction": self.yield_fraction,
            "wafers": self.wafers,
            "nameplate_mw": self.nameplate_mw,
            "nameplate_mw_low": low.nameplate_mw,
            "nameplate_mw_high": high.nameplate_mw,
            "it_load_mw": self.it_load_mw,
            "capital_usd": self.capital_usd,
            "capital_usd_low": low.capital_usd,
            "capital_usd_high": high.capital_usd,
            "notes": self.notes,
        }

    @property
    def frame(self) -> pd.DataFrame:
        """The record's numbers, one row each."""
        numbers = {
            key: value
            for key, value in self.to_dict().items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
        return pd.DataFrame({"value": pd.Series(numbers, dtype=float)})


def _changed(given: T, values: Mapping[str, float]) -> T:
    """An input with those of the values that it has; whole numbers are rounded."""
    changes = {
        key: round(value) if isinstance(getattr(given, key), int) else float(value)
        for key, value in values.items()
        if key in type(given).model_fields
    }
    return given.replace(**changes)


def _whole_above(count: float) -> int:
    return math.ceil(count * (1 - ROUNDING))


def _taken(values: Mapping[str, float], keys: tuple[str, ...]) -> dict[str, float]:
    return {key: values[key] for key in keys if key in values}


def build_cluster(
    training: Training, accelerator: Accelerator, *, yield_model: YieldModel = murphy_yield
) -> Cluster:
    """The cluster of these accelerators that carries a training run.

    Parameters
    ----------
    training
        The run and how it uses a cluster.
    accelerator
        As from `read_accelerator`, perhaps with `replace`.
    yield_model
        Fraction of good dies from the mean number of defects on one (or on one core of many):
        `poisson_yield`, `murphy_yield`, `seeds_yield`, `negative_binomial_yield`, or your own.

    Raises
    ------
    InputError
        When the yield is no fraction above 0 and at most 1.

    Examples
    --------
    >>> import energy as en
    >>> run = en.Training(flop=2.1e25, days=30.0)
    >>> en.build_cluster(run, en.read_accelerator("b200")).binding
    'arithmetic'
    """
    silicon = accelerator.silicon
    return Cluster(training, accelerator, silicon.yield_fraction(yield_model) if silicon else None)


def read_cluster(path: str | Path) -> Cluster:
    """The cluster that a TOML file describes.

    Tables `[training]` (fields of `Training`) and `[accelerator]` (`name` of a shipped one and what
    differs, or all fields of `Accelerator` and `Silicon`), and `yield_model`, one of
    `YIELD_MODELS`.

    Raises
    ------
    InputError
        With every problem of the file.

    Examples
    --------
    >>> import energy as en
    >>> en.read_cluster("cluster.toml").it_load_mw  # doctest: +SKIP
    12.3
    """
    content = dict(read_toml(Path(path)))
    named = content.pop("yield_model", "murphy")
    problems: list[str] = []
    found: dict[str, Any] = {}
    for table, read in (
        ("training", partial(validate, Training)),
        ("accelerator", described_accelerator),
    ):
        values = content.pop(table, None)
        if not isinstance(values, dict):
            problems.append(f"{path}: a table [{table}] is needed; got {values!r}")
            continue
        try:
            found[table] = read(values, f"{path}: [{table}]")
        except InputError as error:
            problems.extend(error.problems)
    problems += [
        f"{path}: unknown key '{key}'; known: training, accelerator, yield_model" for key in content
    ]
    try:
        model = named_yield_model(named)
    except InputError as error:
        problems += [f"{path}: {problem}" for problem in error.problems]
    if problems:
        raise InputError(problems)
    return build_cluster(found["training"], found["accelerator"], yield_model=model)


# --- and back -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Trainable(Result):
    """What a plant's power can train; `trainable` makes one."""

    by_row = True

    training: Training
    accelerator: Accelerator
    plant_mw: float
    pue: float
    served_fraction: float

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"What {self.plant_mw:g} MW can train on {self.accelerator.name}"

    @property
    def installed(self) -> int:
        """Accelerators that the plant carries, spares among them, in whole sets."""
        sets = (
            self.plant_mw * 1000 / self.pue / self.accelerator.power_kw / self.accelerator.sold_by
        )
        return math.floor(sets * (1 + ROUNDING)) * self.accelerator.sold_by

    @property
    def flop_per_day(self) -> float:
        """Operations done on a mean day [FLOP]: the accelerators stand still for what is not
        served.
        """
        working = self.installed / (1.0 + self.training.spare_fraction)
        rate = working * self.accelerator.flop_per_s * self.training.utilization_fraction
        return rate * SECONDS_PER_DAY * self.served_fraction

    @property
    def flop_per_year(self) -> float:
        """Operations done in 365 days [FLOP]."""
        return 365 * self.flop_per_day

    @property
    def days_per_run(self) -> float:
        """Days that the run takes; infinite when the plant carries no accelerator."""
        return self.training.flop / self.flop_per_day if self.flop_per_day else math.inf

    @property
    def runs_per_year(self) -> float:
        """Such runs in 365 days, one after the other."""
        return self.flop_per_year / self.training.flop

    def _record(self) -> dict[str, Any]:
        """The answer as data."""
        return {
            "training": self.training.model_dump(),
            "accelerator": self.accelerator.model_dump(),
            "plant_mw": self.plant_mw,
            "pue": self.pue,
            "served_fraction": self.served_fraction,
            "installed": self.installed,
            "flop_per_day": self.flop_per_day,
            "flop_per_year": self.flop_per_year,
            "days_per_run": self.days_per_run if self.installed else None,
            "runs_per_year": self.runs_per_year,
        }

    @property
    def frame(self) -> pd.DataFrame:
        """The record's numbers, one row each."""
        numbers = {k: v for k, v in self.to_dict().items() if isinstance(v, int | float)}
        return pd.DataFrame({"value": pd.Series(numbers, dtype=float)})


def trainable(
    training: Training,
    accelerator: Accelerator,
    *,
    plant_mw: float,
    served_fraction: float = 1.0,
    pue: float | None = None,
) -> Trainable:
    """What a plant can train: the way back from megawatts.

    Parameters
    ----------
    training
        The run to count in; its `days` play no part.
    accelerator
        What the plant is filled with.
    plant_mw
        Power of the load [MW], building included.
    served_fraction
        Fraction of the load's energy that the plant serves.
    pue
        Load over IT power; without it the shipped assumption.

    Raises
    ------
    InputError
        With all that is out of bounds.
    """
    pue = float(shipped(PRICES_FILE)["cooling"]["pue"].value) if pue is None else pue
    problems = [
        f"{name} must be {rule}; got {value:g}"
        for name, value, rule, good in (
            ("plant_mw", plant_mw, "above 0 and at most 1e6 MW", 0 < plant_mw <= 1e6),
            (
                "served_fraction",
                served_fraction,
                "a fraction from 0 to 1",
                0 <= served_fraction <= 1,
            ),
            ("pue", pue, "at least 1 and at most 10", 1 <= pue <= 10),
        )
        if not good
    ]
    if problems:
        raise InputError(problems)
    return Trainable(training, accelerator, plant_mw, pue, served_fraction)
