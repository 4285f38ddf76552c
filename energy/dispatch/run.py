"""Hour by hour: sun to load, surplus to battery, deficit from battery, grid and backup, then dark.

In: `Case` and `Design`. Out: `Dispatch`, every flow of every step.

The store is told in energy inside the battery. Its round-trip efficiency is split evenly, its
power limit holds on the AC side both ways, and a standing loss takes its share before each step.
The chain of all weather years is one run; the store is carried over from year to year.

The rule looks at this step and at a plan. The sun serves the load, a surplus charges the battery,
and the battery serves the deficit as long as that leaves its reserve in it. Otherwise the firm
sources, grid and backup, the one that is cheaper to run first, give what the battery's power cannot
reach and what it takes to end the step at the reserve: first in the battery's place, then, beyond
the load, by charging it. What they cannot give the battery gives, down to empty; the rest is dark.

The reserve is what the battery must hold so that the coming days are served if they are typical
days of their month, of whose sun and firm power only a share comes: (1 - r) / r, with r the
design's `reserve_conservatism`. It is high at dusk and low at dawn, high in winter and low in summer,
and nothing where that share of grid and backup carries the load alone. With r = 0 the plan trusts
without limit and there is no reserve; at .5 it trusts the mean; with r = 1 it trusts nothing, and
the reserve is the whole battery. It foresees no weather: it knows the climate, and what is stored.
On eleven real years the cheapest plants of 99.9 % with 5 % of backup all have r close to .6, and
cost 1.8 to 4.1 % more than with perfect foresight (`tests/oracles`); without a reserve, or with one
that is the same at all hours, up to 5.8 %.

Without a reserve the firm sources wait until the battery is empty, and then one of 60 MW carries
60 of 100 MW while an empty battery cannot add a thing: the larger its power the sooner it is
empty, and the less is served. With r = 1 a plant serves the most that any rule could, with or
without foresight, because the store is always as full as can be; so served energy then never
falls with any size. In between lies less fuel. For any r more battery energy never serves less,
but for what a minimum load adds.

Backup is made of equal units, as few as keep each at most the assumed size. A unit that runs
gives at least its minimum load: what nobody needs of it takes the grid's place, then charges the
battery, then is dumped. It binds only where one unit runs, for more share their load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numba as nb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from energy.battery import Battery
from energy.case import Case, backup_usd_per_mwh, grid_usd_per_mwh
from energy.errors import InputError
from energy.parameters import Input
from energy.tables import html_table
from energy.units import Array, energy_mwh

Size = Annotated[float, Field(ge=0, le=1e7)]

#: Hours in the month that the standing loss is given for: a twelfth of 8766.
HOURS_PER_MONTH = 730.5

#: Columns of the kernel's flows, in this order.
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

#: Columns of `run_many`, in this order.
MEASURES = (
    "unserved_mwh",
    "short_steps",
    "longest_event_steps",
    "worst_year_unserved_fraction",
    "backup_mwh",
    "grid_mwh",
    "unit_starts",
)

#: Designs that one core steps side by side: few enough for its first cache, enough to fill it.
BLOCK = 32


class Design(Input):
    """What is chosen: the sizes of a plant.

    `solar_mw` is MWdc of panels; `battery_mwh` nameplate energy, of which the assumptions say how
    much is usable; `battery_mw` AC power each way; `backup_mw` AC power of the engines, turbines
    or gensets; `grid_mw` the grid connection. `reserve_conservatism` says how much the plan for the
    battery's reserve distrusts sun and firm power: 0 keeps none, 1 the whole battery full.
    """

    solar_mw: Annotated[float, Field(gt=0, le=1e7)]
    battery_mwh: Size = 0.0
    battery_mw: Size = 0.0
    backup_mw: Size = 0.0
    grid_mw: Size = 0.0
    reserve_conservatism: Annotated[float, Field(ge=0, le=1)] = 0.0


@dataclass(frozen=True, eq=False)
class Dispatch:
    """Every flow of one plant over all weather years.

    Parameters
    ----------
    case, design
        The question and the answer that was run.
    flows
        One row a step, columns as `FLOWS`; power in MW, the store at the end of the step in MWh.
    initial_soc_mwh
        What the battery held before the first step.
    """

    case: Case
    design: Design
    flows: Array
    initial_soc_mwh: float

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All flows, one row a step, indexed by its start in UTC; none is negative.

        load_mw = solar_to_load_mw + discharge_mw + dispatchable_to_load_mw + unserved_mw, and
        solar_mw + backup_mw + grid_mw = solar_to_load_mw + dispatchable_to_load_mw + charge_mw +
        curtailed_mw. Of the charge, dispatchable_to_battery_mw is what the sun did not give; it is part of
        charge_mw.
        """
        frame = pd.DataFrame(self.flows, columns=list(FLOWS), index=self.case.weather.index)
        frame.insert(0, "load_mw", self.case.load_mw)
        sun, load = frame["solar_mw"], frame["load_mw"]
        frame.insert(2, "solar_to_load_mw", np.minimum(sun, load))
        firm = frame["backup_mw"] + frame["grid_mw"]
        frame["dispatchable_to_load_mw"] = np.minimum(firm, (load - sun).clip(lower=0.0))
        surplus = (sun - load).clip(lower=0.0)
        frame["dispatchable_to_battery_mw"] = (frame["charge_mw"] - surplus).clip(lower=0.0)
        return frame

    def flow(self, name: str) -> Array:
        """One flow [MW, or MWh for the store], one value a step."""
        return self.flows[:, FLOWS.index(name)]

    def energy_mwh(self, name: str) -> float:
        """Energy of a flow over all years [MWh]."""
        return energy_mwh(self.flow(name), self.case.step_h)

    @property
    def unit_mw(self) -> float:
        """Power of one backup unit [MW]; 0 without backup."""
        return unit_of(self.design.backup_mw, self.case.assumptions.backup.unit_mw)

    @property
    def starts_per_year(self) -> float:
        """Starts of backup units a year; what runs at the end ran before the first step."""
        if self.design.backup_mw == 0:
            return 0.0
        units = np.ceil(self.flow("backup_mw") / self.unit_mw - DUST)
        starts = np.maximum(units - np.roll(units, 1), 0.0).sum()
        return float(starts) / self.case.weather.years_exact

    @property
    def backup_energy_fraction(self) -> float:
        """Energy from the backup, dumped or not, as a share of the load's."""
        return self._share_of_load("backup_mw")

    @property
    def grid_fraction(self) -> float:
        """Energy from the grid as a share of the load's."""
        return self._share_of_load("grid_mw")

    def _share_of_load(self, name: str) -> float:
        return self.energy_mwh(name) / energy_mwh(self.case.load_mw, self.case.step_h)

    @property
    def served_mwh_per_year(self) -> float:
        """Load that was served, a year [MWh]."""
        return self.case.weather.per_year(self.case.load_mw - self.flow("unserved_mw"))

    @property
    def served_it_mwh_per_year(self) -> float:
        """The computers' share of what was served, a year [MWh]; cooling not counted."""
        served_share = 1.0 - self.flow("unserved_mw") / self.case.load_mw
        return self.case.weather.per_year(self.case.datacenter.it_mw * served_share)

    def _repr_html_(self) -> str:
        flows = self.frame.agg(["mean", "min", "max"]).T
        return html_table(flows, f"{self.case.title}: flows of all steps", by_row=True)


def simulate(case: Case, design: Design, *, initial_soc_fraction: float | None = None) -> Dispatch:
    """Run a plant through all weather years.

    Parameters
    ----------
    case, design
        The question and a plant.
    initial_soc_fraction
        Charge before the first step, as a share of the usable energy. Without it the chain is run
        as a circle: the battery starts with what it ends with, so that no energy comes from
        nowhere. A run shorter than a few weeks shows its start.

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
    usable_mwh = arguments["usable_mwh"]
    if initial_soc_fraction is None:
        initial_soc_mwh = cyclic_start(case.solar, case.load_mw, **arguments)
    else:
        initial_soc_mwh = initial_soc_fraction * usable_mwh
    flows = np.empty((len(case.load_mw), len(FLOWS)))
    run_flows(case.solar, case.load_mw, initial_soc_mwh=initial_soc_mwh, flows=flows, **arguments)
    return Dispatch(case, design, flows, initial_soc_mwh)


def kernel_arguments(case: Case, design: Design) -> dict[str, Any]:
    """What `run_totals` and `run_flows` take beside sun, load and start."""
    sizes, shared = plant_sizes(case, design), shared_arguments(case)
    dispatchable_mw = design.backup_mw + design.grid_mw
    if dispatchable_mw == 0 or design.reserve_conservatism == 0:
        soc_reserve_mwh = None
    else:
        table = np.empty(len(case.typical_days))
        one_way, step_h = shared["one_way_efficiency"], shared["step_h"]
        soc_reserve(
            case.typical_days, design.solar_mw, sizes["usable_mwh"], dispatchable_mw,
            design.reserve_conservatism, one_way * step_h, step_h / one_way, table,
        )  # fmt: skip
        soc_reserve_mwh = table[case.day_slots]
    return sizes | shared | {"soc_reserve_mwh": soc_reserve_mwh}


def plant_sizes(case: Case, design: Design) -> dict[str, float]:
    """The sizes that the kernels take: `SIZES` but for the reserve."""
    return {
        "solar_mw": design.solar_mw,
        "usable_mwh": design.battery_mwh * case.assumptions.battery.usable_fraction,
        "battery_mw": design.battery_mw,
        "backup_mw": design.backup_mw,
        "grid_mw": design.grid_mw,
    }


def shared_arguments(case: Case) -> dict[str, Any]:
    """What all plants of a case share: battery and backup numbers per step."""
    battery, backup = case.assumptions.battery, case.assumptions.backup
    return {
        "one_way_efficiency": battery.round_trip_efficiency**0.5,
        "retained_fraction": retained_fraction(battery, case.step_h),
        "step_h": case.step_h,
        "largest_unit_mw": backup.unit_mw,
        "minimum_load_fraction": backup.minimum_load_fraction,
        "grid_first": grid_first(case),
    }


#: The sizes that `run_many` takes, in this order.
SIZES = ("solar_mw", "usable_mwh", "battery_mw", "backup_mw", "grid_mw", "reserve_conservatism")


def grid_first(case: Case) -> bool:
    """Whether a MWh from the grid is no dearer than fuel and variable O&M of one from backup."""
    return grid_usd_per_mwh(case) <= sum(backup_usd_per_mwh(case))


def retained_fraction(battery: Battery, step_h: float) -> float:
    """Fraction of the stored energy that is left after standing for one step."""
    return float((1.0 - battery.self_discharge_fraction_per_month) ** (step_h / HOURS_PER_MONTH))


def simulate_many(case: Case, designs: Sequence[Design] | pd.DataFrame) -> pd.DataFrame:
    """Run many plants side by side; for maps of reliability over sizes, and for searches.

    Each plant goes twice through the chain, full at first; the second time counts, so that a
    plant that never settles (it drains year after year) looks better here than in `simulate`.

    Parameters
    ----------
    case
        The question.
    designs
        Plants; or a frame with one row a plant and the fields of `Design` as columns, which is
        taken as it is.

    Returns
    -------
    DataFrame
        One row a design: its sizes, `served_fraction` of energy and `available_fraction` of hours,
        `longest_event_h`, `worst_year_served_fraction`, `backup_mwh_per_year`,
        `grid_mwh_per_year` and `starts_per_year` of backup units.
    """
    if not isinstance(designs, pd.DataFrame):
        designs = pd.DataFrame([design.model_dump() for design in designs])
    frame = designs.reindex(columns=[*Design.model_fields]).astype(float)
    usable_mwh = frame["battery_mwh"] * case.assumptions.battery.usable_fraction
    measures = run_many(
        case.solar,
        case.load_mw,
        case.year_numbers,
        case.day_slots,
        case.typical_days,
        np.ascontiguousarray(frame.assign(usable_mwh=usable_mwh)[list(SIZES)].to_numpy()),
        **shared_arguments(case),
    )
    got = dict(zip(MEASURES, measures.T, strict=True))
    years = case.weather.years_exact
    return frame.assign(
        served_fraction=1.0 - got["unserved_mwh"] / energy_mwh(case.load_mw, case.step_h),
        available_fraction=1.0 - got["short_steps"] / len(case.load_mw),
        longest_event_h=got["longest_event_steps"] * case.step_h,
        worst_year_served_fraction=1.0 - got["worst_year_unserved_fraction"],
        backup_mwh_per_year=got["backup_mwh"] / years,
        grid_mwh_per_year=got["grid_mwh"] / years,
        starts_per_year=got["unit_starts"] / years,
    )


#: A step counts as short when more than this share of its load is not served: rounding is not
#: an outage.
LOSS_OF_LOAD_TOLERANCE = 1e-6

#: Fraction of a unit's power below which it does not run: rounding is not a start.
DUST = 1e-9


def cyclic_start(solar: Array, load_mw: Array, **arguments: Any) -> float:
    """The charge [MWh] that the battery ends the chain with when it starts with it.

    Without firm sources the end as a function of the start is a clip, so a full start leads to
    the highest such charge in two rounds unless the plant loses energy round after round; then it
    is the end of an empty start. With them a few more rounds may be needed, up to four.
    """
    for start in (arguments["usable_mwh"], 0.0):
        for _ in range(5):
            end = _end(solar, load_mw, initial_soc_mwh=start, **arguments)
            if abs(end - start) <= 1e-9 * max(arguments["usable_mwh"], 1e-9):
                return end
            start = end
    return end


def _end(solar: Array, load_mw: Array, **arguments: Any) -> float:
    return float(run_totals(solar, load_mw, **arguments)[3])


@nb.njit(cache=True)
def unit_of(backup_mw: float, largest_unit_mw: float) -> float:
    """Power of one unit when as few equal units as possible make up the backup [MW]."""
    return float(backup_mw / max(np.ceil(backup_mw / largest_unit_mw), 1.0))


#: How far the plan for the reserve looks [days]; no reserve is larger than their load.
PLAN_DAYS = 10


@nb.njit(cache=True)
def soc_reserve(
    typical_days: Array,
    solar_mw: float,
    usable_mwh: float,
    dispatchable_mw: float,
    reserve_conservatism: float,
    stored_per_mw: float,
    drawn_per_mw: float,
    soc_reserve_mwh: Array,
) -> None:
    """Write the reserve at the end of each step of the typical days of `Case.typical_days`.

    Backwards through the same day again and again, as many as `PLAN_DAYS` or until it repeats
    itself: what a step lacks must be there before it, what it has over need not.
    """
    steps = len(typical_days) // 12
    trusted = (1.0 - reserve_conservatism) / max(reserve_conservatism, 1e-12)
    for month in range(12):
        needed = 0.0
        for _ in range(PLAN_DAYS):
            before = needed
            for t in range((month + 1) * steps - 1, month * steps - 1, -1):
                soc_reserve_mwh[t] = needed
                sun, load = typical_days[t, 0], typical_days[t, 1]
                net = trusted * (sun * solar_mw + dispatchable_mw) - load
                needed -= net * (stored_per_mw if net > 0.0 else drawn_per_mw)
                needed = min(max(needed, 0.0), usable_mwh)
            if needed == before:
                break


@nb.njit(cache=True, inline="always")
def _dispatchable(
    kept: float,
    net_mw: float,
    battery_mw: float,
    backup_mw: float,
    grid_mw: float,
    soc_reserve_mwh: float,
    unit_mw: float,
    least_mw: float,
    grid_first: bool,
    stored_per_mw: float,
    drawn_per_mw: float,
) -> tuple[float, float]:
    """What backup and grid give in a step that has `kept` MWh and `net_mw` of sun less load."""
    surplus = max(net_mw, 0.0)
    deficit = max(-net_mw, 0.0)
    offered = min(surplus, battery_mw)
    asked = min(deficit, battery_mw)
    lacking = max(soc_reserve_mwh - (kept + (offered * stored_per_mw - asked * drawn_per_mw)), 0.0)
    in_its_place = min(lacking * (1.0 / drawn_per_mw), asked)
    top_up = max(lacking - asked * drawn_per_mw, 0.0) * (1.0 / stored_per_mw)
    top_up = min(top_up, battery_mw - offered)
    firm = min(deficit - asked + in_its_place + top_up, backup_mw + grid_mw)
    backup = min(max(firm - grid_mw, 0.0) if grid_first else firm, backup_mw)
    backup = max(backup, least_mw) if backup > DUST * unit_mw else 0.0
    return backup, min(max(firm - backup, 0.0), grid_mw)


@nb.njit(cache=True, inline="always")
def _stays_above(
    kept: float,
    net_mw: float,
    battery_mw: float,
    soc_reserve_mwh: float,
    stored_per_mw: float,
    drawn_per_mw: float,
) -> bool:
    """Whether the battery alone serves the step and keeps its reserve: firm sources are off.

    A run of one plant asks this first, for most steps are such; plants side by side cannot branch.
    """
    wish = kept + (
        min(max(net_mw, 0.0), battery_mw) * stored_per_mw - max(-net_mw, 0.0) * drawn_per_mw
    )
    return net_mw >= -battery_mw and wish >= soc_reserve_mwh


@nb.njit(cache=True, inline="always")
def _store(
    kept: float,
    net_mw: float,
    usable_mwh: float,
    battery_mw: float,
    stored_per_mw: float,
    drawn_per_mw: float,
) -> tuple[float, float, float, float, float]:
    """One step of the store: its end, charge, discharge, unserved, curtailed.

    `net_mw` is sun and firm power less load. The store takes what it is asked for and is clipped
    to its room: what is cut off at the top is curtailed, at the bottom unserved. Clipping, rather
    than asking how much fits, keeps the chain of dependent operations short, which is what bounds
    the speed of one run.
    """
    surplus = max(net_mw, 0.0)
    deficit = max(-net_mw, 0.0)
    offered = min(surplus, battery_mw)
    asked = min(deficit, battery_mw)
    wish = kept + (offered * stored_per_mw - asked * drawn_per_mw)
    end = min(max(wish, 0.0), usable_mwh)
    # A full store's leak can leave a step with a hair less than it was asked to take.
    charge = max(offered - max(wish - usable_mwh, 0.0) * (1.0 / stored_per_mw), 0.0)
    discharge = max(asked - max(-wish, 0.0) * (1.0 / drawn_per_mw), 0.0)
    return end, charge, discharge, deficit - discharge, surplus - charge


@nb.njit(cache=True)
def run_flows(
    solar: Array,
    load_mw: Array,
    solar_mw: float,
    usable_mwh: float,
    battery_mw: float,
    backup_mw: float,
    one_way_efficiency: float,
    retained_fraction: float,
    step_h: float,
    initial_soc_mwh: float,
    flows: Array,
    grid_mw: float = 0.0,
    soc_reserve_mwh: Array | None = None,
    largest_unit_mw: float = np.inf,
    minimum_load_fraction: float = 0.0,
    grid_first: bool = False,
) -> None:
    """Run one plant and write its flows, one row a step, columns as `FLOWS`.

    `soc_reserve_mwh` is what the battery should hold at the end of each step; None is nothing.
    """
    stored, drawn = one_way_efficiency * step_h, step_h / one_way_efficiency
    unit_mw = unit_of(backup_mw, largest_unit_mw)
    least_mw = unit_mw * minimum_load_fraction
    with_dispatchable = backup_mw + grid_mw > 0.0
    soc = initial_soc_mwh
    for t in range(len(load_mw)):
        sun = solar[t] * solar_mw
        net, kept = sun - load_mw[t], soc * retained_fraction
        backup, grid, reserve = 0.0, 0.0, 0.0
        if soc_reserve_mwh is not None:
            reserve = soc_reserve_mwh[t]
        if with_dispatchable and not _stays_above(kept, net, battery_mw, reserve, stored, drawn):
            backup, grid = _dispatchable(
                kept, net, battery_mw, backup_mw, grid_mw, reserve, unit_mw, least_mw,
                grid_first, stored, drawn,
            )  # fmt: skip
        end, charge, discharge, unserved, curtailed = _store(
            kept, net + (backup + grid), usable_mwh, battery_mw, stored, drawn
        )
        flows[t, 0] = sun
        flows[t, 1] = charge
        flows[t, 2] = discharge
        flows[t, 3] = backup
        flows[t, 4] = grid
        flows[t, 5] = unserved
        flows[t, 6] = curtailed
        flows[t, 7] = end
        flows[t, 8] = (soc - kept) / step_h
        soc = end


@nb.njit(cache=True)
def run_totals(
    solar: Array,
    load_mw: Array,
    solar_mw: float,
    usable_mwh: float,
    battery_mw: float,
    backup_mw: float,
    one_way_efficiency: float,
    retained_fraction: float,
    step_h: float,
    initial_soc_mwh: float,
    grid_mw: float = 0.0,
    soc_reserve_mwh: Array | None = None,
    largest_unit_mw: float = np.inf,
    minimum_load_fraction: float = 0.0,
    grid_first: bool = False,
) -> tuple[float, float, int, float]:
    """Run one plant for its sums: unserved MWh, backup MWh, short steps, store at the end."""
    stored, drawn = one_way_efficiency * step_h, step_h / one_way_efficiency
    unit_mw = unit_of(backup_mw, largest_unit_mw)
    least_mw = unit_mw * minimum_load_fraction
    with_dispatchable = backup_mw + grid_mw > 0.0
    soc, unserved_sum, backup_sum, short = initial_soc_mwh, 0.0, 0.0, 0
    for t in range(len(load_mw)):
        net, kept = solar[t] * solar_mw - load_mw[t], soc * retained_fraction
        backup, grid, reserve = 0.0, 0.0, 0.0
        if soc_reserve_mwh is not None:
            reserve = soc_reserve_mwh[t]
        if with_dispatchable and not _stays_above(kept, net, battery_mw, reserve, stored, drawn):
            backup, grid = _dispatchable(
                kept, net, battery_mw, backup_mw, grid_mw, reserve, unit_mw, least_mw,
                grid_first, stored, drawn,
            )  # fmt: skip
        soc, _, _, unserved, _ = _store(
            kept, net + (backup + grid), usable_mwh, battery_mw, stored, drawn
        )
        unserved_sum += unserved
        backup_sum += backup
        short += unserved > LOSS_OF_LOAD_TOLERANCE * load_mw[t]
    return unserved_sum * step_h, backup_sum * step_h, short, soc


@nb.njit(cache=True, parallel=True, fastmath={"nnan", "ninf", "nsz", "contract"})
def run_many(
    solar: Array,
    load_mw: Array,
    year: NDArray[np.int64],
    day_slot: NDArray[np.int64],
    typical_days: Array,
    sizes: Array,
    one_way_efficiency: float,
    retained_fraction: float,
    step_h: float,
    largest_unit_mw: float = np.inf,
    minimum_load_fraction: float = 0.0,
    grid_first: bool = False,
) -> Array:
    """Run many plants, `BLOCK` at a time on each core: one row a plant, columns as `MEASURES`.

    `sizes` has one row a plant, columns as `SIZES`; `year` numbers the year of each step from 0;
    `day_slot` and `typical_days` are the case's, for the reserves. The plants of a block take each
    step together, so that the processor works on several of them at once. Blocks without firm
    sources skip what is asked of them.
    """
    count = len(sizes)
    blocks = (count + BLOCK - 1) // BLOCK
    measures = np.zeros((blocks * BLOCK, len(MEASURES)))
    stored, drawn = one_way_efficiency * step_h, step_h / one_way_efficiency
    years = year.max() + 1
    year_load = np.zeros(years)
    for t in range(len(load_mw)):
        year_load[year[t]] += load_mw[t]
    for block in nb.prange(blocks):
        size = np.zeros((len(SIZES), BLOCK))
        for i in range(min(BLOCK, count - block * BLOCK)):
            for k in range(len(SIZES)):
                size[k, i] = sizes[block * BLOCK + i, k]
        panel, room, power, engine, line, caution = size
        with_dispatchable = (engine + line).max() > 0.0
        unit = np.ones(BLOCK)
        for i in range(BLOCK):
            if engine[i] > 0.0:
                unit[i] = unit_of(engine[i], largest_unit_mw)
        least = unit * minimum_load_fraction
        per_unit = 1.0 / unit
        reserves = np.zeros((len(typical_days) if with_dispatchable else 1, BLOCK))
        for i in range(BLOCK):
            if caution[i] > 0.0 and engine[i] + line[i] > 0.0:
                soc_reserve(
                    typical_days, panel[i], room[i], engine[i] + line[i], caution[i],
                    stored, drawn, reserves[:, i],
                )  # fmt: skip
        unserved_by_year = np.zeros((years, BLOCK))
        short = np.zeros(BLOCK)
        event = np.zeros(BLOCK)
        longest = np.zeros(BLOCK)
        backup_sum = np.zeros(BLOCK)
        grid_sum = np.zeros(BLOCK)
        running = np.zeros(BLOCK)
        starts = np.zeros(BLOCK)
        soc = room.copy()
        for _ in range(2):
            unserved_by_year[:] = 0.0
            short[:] = 0.0
            event[:] = 0.0
            longest[:] = 0.0
            backup_sum[:] = 0.0
            grid_sum[:] = 0.0
            starts[:] = 0.0
            for t in range(len(load_mw)):
                sun, load = solar[t], load_mw[t]
                limit = LOSS_OF_LOAD_TOLERANCE * load
                unserved_sum = unserved_by_year[year[t]]
                if with_dispatchable:
                    reserve = reserves[day_slot[t]]
                    for i in range(BLOCK):
                        kept = soc[i] * retained_fraction
                        net = sun * panel[i] - load
                        backup, grid = _dispatchable(
                            kept, net, power[i], engine[i], line[i], reserve[i], unit[i],
                            least[i], grid_first, stored, drawn,
                        )  # fmt: skip
                        soc[i], _, _, unserved, _ = _store(
                            kept, net + (backup + grid), room[i], power[i], stored, drawn
                        )
                        unserved_sum[i] += unserved
                        is_short = 1.0 if unserved > limit else 0.0
                        short[i] += is_short
                        event[i] = (event[i] + 1.0) * is_short
                        longest[i] = max(longest[i], event[i])
                        backup_sum[i] += backup
                        grid_sum[i] += grid
                        units = np.ceil(backup * per_unit[i] - DUST)
                        starts[i] += max(units - running[i], 0.0)
                        running[i] = units
                else:
                    for i in range(BLOCK):
                        soc[i], _, _, unserved, _ = _store(
                            soc[i] * retained_fraction, sun * panel[i] - load, room[i], power[i],
                            stored, drawn,
                        )  # fmt: skip
                        unserved_sum[i] += unserved
                        is_short = 1.0 if unserved > limit else 0.0
                        short[i] += is_short
                        event[i] = (event[i] + 1.0) * is_short
                        longest[i] = max(longest[i], event[i])
        for i in range(BLOCK):
            row = measures[block * BLOCK + i]
            for y in range(years):
                row[0] += unserved_by_year[y, i] * step_h
                row[3] = max(row[3], unserved_by_year[y, i] / year_load[y])
            row[1] = short[i]
            row[2] = longest[i]
            row[4] = backup_sum[i] * step_h
            row[5] = grid_sum[i] * step_h
            row[6] = starts[i]
    return measures[:count]
