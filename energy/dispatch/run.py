"""One plant, hour by hour: PV generation to load, surplus to battery, deficit from battery, backup
and grid, then unserved.

In: `Case` and `Design`. Out: `Dispatch`, every flow of every step.

The chain of all weather years is one run; the battery is carried over from year to year. What
happens in a step is in `energy.dispatch.step`, what is held back in `energy.dispatch.reserve`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from energy.case import Case, backup_usd_per_mwh, grid_usd_per_mwh
from energy.compiled import kernel
from energy.dispatch.design import Design
from energy.dispatch.reserve import soc_reserve
from energy.dispatch.step import (
    LOSS_OF_LOAD_TOLERANCE,
    ROUNDING,
    PlantParameters,
    needs_dispatchable,
    plant_parameters,
    step,
    with_grid_open,
)
from energy.errors import InputError
from energy.steps import Array, energy_mwh
from energy.tables import Result

#: Columns of the flows, in this order.
FLOWS = (
    "solar_mw",
    "charge_mw",
    "discharge_mw",
    "backup_mw",
    "grid_mw",
    "unserved_mw",
    "curtailed_mw",
    "soc_mwh",
    "self_discharge_mw",
)

#: Rounds of the chain after which a battery that has not come back to its start is left.
MOST_ROUNDS = 5

#: Halvings of the battery after which a cyclic start is as near as it gets: 1e-9 of it.
HALVINGS = 32


@dataclass(frozen=True, eq=False)
class Dispatch(Result):
    """Every flow of one plant over all weather years; `simulate` makes one.

    Parameters
    ----------
    case, design
        The question and the plant that was run.
    load_mw
        What was asked of the plant in each step [MW]; of a flexible load less than the case's.
    flows
        One row a step, columns as `FLOWS`; power in MW, state of charge at the step's end in MWh.
    initial_soc_mwh
        What the battery held before the first step.
    cyclic
        True where the battery ends as it starts, so that the chain's end leads to its start.
    """

    by_row = True

    case: Case
    design: Design
    load_mw: Array
    flows: Array
    initial_soc_mwh: float
    cyclic: bool

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All flows, one row a step, indexed by its start in UTC; none is negative.

        load_mw + own_use_mw = solar_to_load_mw + discharge_mw + dispatchable_to_load_mw +
        unserved_mw: what the battery takes for itself is served as the load is; and
        solar_mw + backup_mw + grid_mw = solar_to_load_mw + dispatchable_to_load_mw + charge_mw +
        curtailed_mw. Of the charge, dispatchable_to_battery_mw is what PV did not give; it is part
        of charge_mw.
        """
        frame = pd.DataFrame(self.flows, columns=list(FLOWS), index=self.case.weather.index)
        frame.insert(0, "load_mw", self.load_mw)
        frame.insert(1, "own_use_mw", self.own_use_mw)
        generation, load = frame["solar_mw"], frame["load_mw"] + self.own_use_mw
        frame.insert(3, "solar_to_load_mw", np.minimum(generation, load))
        dispatchable = frame["backup_mw"] + frame["grid_mw"]
        deficit = (load - generation).clip(lower=0.0)
        frame["dispatchable_to_load_mw"] = np.minimum(dispatchable, deficit)
        surplus = (generation - load).clip(lower=0.0)
        frame["dispatchable_to_battery_mw"] = (frame["charge_mw"] - surplus).clip(lower=0.0)
        return frame

    def flow(self, name: str) -> Array:
        """The load or one flow [MW, or MWh for the state of charge], one value a step."""
        return self.load_mw if name == "load_mw" else self.flows[:, FLOWS.index(name)]

    def energy_mwh(self, name: str) -> float:
        """Energy of a flow over all years [MWh]."""
        return energy_mwh(self.flow(name), self.case.step_h)

    @cached_property
    def loss_of_load(self) -> np.ndarray:
        """Whether each step has loss of load: more unserved than rounding leaves."""
        return np.asarray(self.flow("unserved_mw") > LOSS_OF_LOAD_TOLERANCE * self.load_mw)

    @property
    def own_use_mw(self) -> float:
        """What the battery takes for itself at all times [MW]."""
        return self.parameters.own_use_mw

    @property
    def unit_mw(self) -> float:
        """Power of one backup unit [MW]; 0 without backup."""
        return self.parameters.unit_mw

    @cached_property
    def parameters(self) -> PlantParameters:
        """The plant as the kernels take it."""
        return parameters_of(self.case, self.design)

    @property
    def starts_per_year(self) -> float:
        """Starts of backup units a year; what runs at the end ran before the first step."""
        if self.design.backup_mw == 0:
            return 0.0
        units = np.ceil(self.flow("backup_mw") / self.unit_mw - ROUNDING)
        starts = np.maximum(units - np.roll(units, 1), 0.0).sum()
        return float(starts) / self.case.weather.years_exact

    @property
    def backup_energy_fraction(self) -> float:
        """Energy from the backup, dumped or not, over that of the load."""
        return self._fraction_of_load("backup_mw")

    @property
    def grid_fraction(self) -> float:
        """Energy from the grid over that of the load."""
        return self._fraction_of_load("grid_mw")

    def _fraction_of_load(self, name: str) -> float:
        return self.energy_mwh(name) / energy_mwh(self.load_mw, self.case.step_h)

    @property
    def served_mwh_per_year(self) -> float:
        """Load that was served, a year [MWh]."""
        return self.case.weather.per_year(self.load_mw - self.flow("unserved_mw"))

    @property
    def served_it_mwh_per_year(self) -> float:
        """The computers' part of what was served, a year [MWh]; cooling not counted."""
        served = (self.load_mw - self.flow("unserved_mw")) / self.case.load_mw
        return self.case.weather.per_year(self.case.datacenter.it_mw * served)

    @property
    def unsettled_mwh(self) -> float:
        """How far a cyclic run's end is from its start [MWh]; 0 for a run that is not cyclic."""
        if not self.cyclic:
            return 0.0
        return abs(float(self.frame["soc_mwh"].iloc[-1]) - self.initial_soc_mwh)

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: flows of all steps"

    @property
    def shown(self) -> pd.DataFrame:
        """Mean, least and most of each flow [MW]."""
        return self.frame.agg(["mean", "min", "max"]).T


def simulate(case: Case, design: Design, *, initial_soc_fraction: float | None = None) -> Dispatch:
    """Run a plant through all weather years.

    Parameters
    ----------
    case, design
        The question and a plant.
    initial_soc_fraction
        Charge before the first step, as a fraction of the usable energy. Without it the run has a
        cyclic boundary condition: the battery starts with what it ends with, so that no energy
        comes from nowhere. A run shorter than a few weeks shows its start.

    Raises
    ------
    InputError
        When `initial_soc_fraction` is not between 0 and 1.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> run = en.simulate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> len(run.frame), round(run.backup_energy_fraction, 2)
    (8760, 0.0)
    """
    check_initial_soc(initial_soc_fraction)
    return run_load(case, design, case.load_mw, initial_soc_fraction)


def check_initial_soc(initial_soc_fraction: float | None) -> None:
    """Refuse a charge that no battery has.

    Raises
    ------
    InputError
        When it is not between 0 and 1.
    """
    if initial_soc_fraction is not None and not 0 <= initial_soc_fraction <= 1:
        raise InputError(
            f"initial_soc_fraction must lie between 0 and 1; got {initial_soc_fraction!r}"
        )


def run_load(
    case: Case, design: Design, load_mw: Array, initial_soc_fraction: float | None = None
) -> Dispatch:
    """Run a plant for a load [MW] of the shape of the case's, known beforehand."""
    plant, reserve_mwh = parameters_of(case, design), reserve_of(case, design)
    if initial_soc_fraction is None:
        initial_mwh = cyclic_soc(plant, case.solar, load_mw, reserve_mwh, case.grid_open)
    else:
        initial_mwh = initial_soc_fraction * plant.usable_mwh
    flows = np.empty((len(load_mw), len(FLOWS)))
    run_flows(
        plant, case.solar, load_mw, reserve_mwh, case.grid_open, case.step_h, initial_mwh, flows
    )
    return Dispatch(case, design, load_mw, flows, initial_mwh, initial_soc_fraction is None)


def parameters_of(case: Case, design: Design) -> PlantParameters:
    """A design of a case as the kernels take it."""
    return plant_parameters(
        solar_mw=design.solar_mw,
        usable_mwh=design.battery_mwh * case.assumptions.battery.usable_fraction,
        battery_mw=design.battery_mw,
        backup_mw=design.backup_mw,
        grid_mw=design.grid_mw,
        own_use_mw=case.assumptions.battery.own_use_mw(design.battery_mwh),
        **part_numbers(case),
    )


def part_numbers(case: Case) -> dict[str, Any]:
    """What all plants of a case share: efficiency, self-discharge, units, order of dispatch."""
    battery, backup = case.assumptions.battery, case.assumptions.backup
    return {
        "one_way_efficiency": battery.one_way_efficiency,
        "retained_fraction": battery.retained_fraction(case.step_h),
        "step_h": case.step_h,
        "largest_unit_mw": backup.unit_mw,
        "minimum_load_fraction": backup.minimum_load_fraction,
        "grid_first": grid_first(case),
    }


def grid_first(case: Case) -> bool:
    """Whether a MWh from the grid costs no more than fuel and variable O&M of one from backup."""
    return grid_usd_per_mwh(case) <= sum(backup_usd_per_mwh(case))


def reserve_of(case: Case, design: Design) -> Array:
    """The SOC reserve of each step [MWh]; of no steps where the design keeps none."""
    dispatchable_mw = design.backup_mw + design.grid_mw
    if dispatchable_mw == 0 or design.reserve_conservatism == 0:
        return np.empty(0)
    return monthly_reserve(case, design)[case.day_slots]


def monthly_reserve(case: Case, design: Design, load_fraction: float = 1.0) -> Array:
    """The SOC reserve [MWh] in the steps of `Case.mean_days`, their load times a fraction."""
    plant, reserve_mwh = parameters_of(case, design), np.empty(len(case.mean_days))
    days = case.mean_days * [1.0, load_fraction] + [0.0, plant.own_use_mw]
    soc_reserve(
        days, plant.solar_mw, plant.usable_mwh, design.backup_mw + design.grid_mw,
        design.reserve_conservatism, plant.stored_per_mw, plant.drawn_per_mw, reserve_mwh,
    )  # fmt: skip
    return reserve_mwh


def cyclic_soc(
    plant: PlantParameters, solar: Array, load_mw: Array, reserve_mwh: Array, grid_open: Array
) -> float:
    """The charge [MWh] that the battery ends the chain with when it starts with it.

    Without dispatchable power the end as a function of the start is a clip, so a full start leads
    to the highest such charge in two rounds unless the plant loses energy round after round; then
    it is the end of an empty start. With it a few more rounds may be needed, up to four; a plant
    that has not settled then is searched by halving between an empty and a full start.
    """

    def end_of(start: float) -> float:
        return float(run_totals(plant, solar, load_mw, reserve_mwh, grid_open, start)[3])

    small = 1e-9 * max(plant.usable_mwh, 1e-9)
    for start in (plant.usable_mwh, 0.0):
        for _ in range(MOST_ROUNDS):
            end = end_of(start)
            if abs(end - start) <= small:
                return end
            start = end
    low, high = 0.0, float(plant.usable_mwh)
    for _ in range(HALVINGS):
        start = (low + high) / 2
        end = end_of(start)
        if abs(end - start) <= small:
            break
        low, high = (start, high) if end > start else (low, start)
    return end


@kernel()
def run_flows(
    plant: PlantParameters,
    solar: Array,
    load_mw: Array,
    reserve_mwh: Array,
    grid_open: Array,
    step_h: float,
    initial_soc_mwh: float,
    flows: Array,
) -> None:
    """Run one plant and write its flows, one row a step, columns as `FLOWS`.

    `reserve_mwh` is the SOC reserve at the end of each step, of no steps for none; `grid_open` the
    part of the grid's limit that is open in it, of no steps where it is never cut.
    """
    soc, reserve, now = initial_soc_mwh, 0.0, plant
    for t in range(len(load_mw)):
        generation = solar[t] * plant.solar_mw
        net = generation - load_mw[t] - plant.own_use_mw
        if len(reserve_mwh) > 0:
            reserve = reserve_mwh[t]
        if len(grid_open) > 0:
            now = with_grid_open(plant, grid_open[t])
        flow = step(now, soc, net, reserve, needs_dispatchable(now, soc, net, reserve))
        flows[t, 0] = generation
        flows[t, 1] = flow.charge_mw
        flows[t, 2] = flow.discharge_mw
        flows[t, 3] = flow.backup_mw
        flows[t, 4] = flow.grid_mw
        flows[t, 5] = flow.unserved_mw
        flows[t, 6] = flow.curtailed_mw
        flows[t, 7] = flow.soc_mwh
        flows[t, 8] = (soc - soc * plant.retained_fraction) / step_h
        soc = flow.soc_mwh


@kernel()
def run_totals(
    plant: PlantParameters,
    solar: Array,
    load_mw: Array,
    reserve_mwh: Array,
    grid_open: Array,
    initial_soc_mwh: float,
) -> tuple[float, float, int, float]:
    """Run one plant for its sums over the steps.

    Returns
    -------
    unserved [MW], backup [MW], steps with loss of load, charge at the end [MWh].
    """
    soc, reserve, unserved, backup, lost = initial_soc_mwh, 0.0, 0.0, 0.0, 0
    now = plant
    for t in range(len(load_mw)):
        net = solar[t] * plant.solar_mw - load_mw[t] - plant.own_use_mw
        if len(reserve_mwh) > 0:
            reserve = reserve_mwh[t]
        if len(grid_open) > 0:
            now = with_grid_open(plant, grid_open[t])
        flow = step(now, soc, net, reserve, needs_dispatchable(now, soc, net, reserve))
        soc = flow.soc_mwh
        unserved += flow.unserved_mw
        backup += flow.backup_mw
        lost += flow.unserved_mw > LOSS_OF_LOAD_TOLERANCE * load_mw[t]
    return unserved, backup, lost, soc
