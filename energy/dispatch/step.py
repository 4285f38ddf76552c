"""One step of a plant: what battery, backup and grid do in it.

In: `PlantParameters`, the state of charge, PV generation and load. Out: `StepFlows`.

Every kernel of this package inlines this one step. The battery is stated in energy inside it. Its
round-trip efficiency is split evenly, its power limit holds on the AC side both ways, and
self-discharge is taken before each step.

PV generation serves the load, a surplus charges the battery, and the battery serves the deficit as
long as that leaves its SOC reserve in it. Otherwise backup and grid, the cheaper one first, give
what the battery's power cannot reach and what it takes to end the step at the reserve: first in
the battery's place, then, beyond the load, by charging it. What they cannot give the battery
gives, down to empty; the rest is unserved.

Backup is made of equal units, as few as keep each at most the assumed size. A unit that runs gives
at least its minimum load: what nobody needs of it takes the grid's place, then charges the
battery, then is dumped. The minimum binds only where one unit runs, for more share their load.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from energy.backup import unit_of
from energy.compiled import inlined

#: A step has loss of load when more than this fraction of its load is unserved: rounding is not
#: an outage.
LOSS_OF_LOAD_TOLERANCE = 1e-6

#: Fraction of a unit's power below which it does not run: rounding is not a start.
ROUNDING = 1e-9


class PlantParameters(NamedTuple):
    """What a step needs to know of a plant; `plant_parameters` makes one.

    Power in MW, energy in MWh. `stored_per_mw` is what a MW of charging adds to the battery in a
    step, `drawn_per_mw` what a MW of discharging takes from it [MWh/MW]. `own_use_mw` is what the
    battery takes for itself, beside the load.
    """

    solar_mw: float
    usable_mwh: float
    battery_mw: float
    backup_mw: float
    grid_mw: float
    retained_fraction: float
    stored_per_mw: float
    drawn_per_mw: float
    unit_mw: float
    minimum_mw: float
    grid_first: bool
    own_use_mw: float


class StepFlows(NamedTuple):
    """What happens in a step: power in MW, state of charge at its end in MWh.

    `unclipped_soc_mwh` is the state of charge that a battery without walls would end with.
    """

    soc_mwh: float
    charge_mw: float
    discharge_mw: float
    backup_mw: float
    grid_mw: float
    unserved_mw: float
    curtailed_mw: float
    unclipped_soc_mwh: float


def plant_parameters(
    *,
    solar_mw: float,
    usable_mwh: float,
    battery_mw: float,
    backup_mw: float = 0.0,
    grid_mw: float = 0.0,
    one_way_efficiency: float,
    retained_fraction: float = 1.0,
    step_h: float,
    largest_unit_mw: float = np.inf,
    minimum_load_fraction: float = 0.0,
    grid_first: bool = False,
    own_use_mw: float = 0.0,
) -> PlantParameters:
    """A plant's sizes [MW, MWh] and what is assumed of its parts, as the kernels take them."""
    unit_mw = unit_of(backup_mw, largest_unit_mw)
    return PlantParameters(
        float(solar_mw), float(usable_mwh), float(battery_mw), float(backup_mw), float(grid_mw),
        float(retained_fraction), float(one_way_efficiency * step_h),
        float(step_h / one_way_efficiency), float(unit_mw), float(unit_mw * minimum_load_fraction),
        bool(grid_first), float(own_use_mw),
    )  # fmt: skip


@inlined
def with_grid_open(plant: PlantParameters, grid_open: float) -> PlantParameters:
    """The plant in a step in which a part of the grid's limit is open: 0 is cut, 1 is all of it."""
    return PlantParameters(
        plant.solar_mw, plant.usable_mwh, plant.battery_mw, plant.backup_mw,
        plant.grid_mw * grid_open, plant.retained_fraction, plant.stored_per_mw,
        plant.drawn_per_mw, plant.unit_mw, plant.minimum_mw, plant.grid_first, plant.own_use_mw,
    )  # fmt: skip


@inlined
def needs_dispatchable(
    plant: PlantParameters, soc_mwh: float, net_mw: float, soc_reserve_mwh: float
) -> bool:
    """Whether backup and grid have anything to do: the battery alone is not enough for a step.

    A run of one plant asks this first, for in most steps it is; plants side by side cannot branch.
    """
    if plant.backup_mw + plant.grid_mw == 0.0:
        return False
    unclipped = soc_mwh * plant.retained_fraction + (
        min(max(net_mw, 0.0), plant.battery_mw) * plant.stored_per_mw
        - max(-net_mw, 0.0) * plant.drawn_per_mw
    )
    return not (net_mw >= -plant.battery_mw and unclipped >= soc_reserve_mwh)


@inlined
def dispatchable_mw(
    plant: PlantParameters, retained_mwh: float, net_mw: float, soc_reserve_mwh: float
) -> tuple[float, float]:
    """What backup and grid give in a step [MW]; `net_mw` is PV generation less load."""
    surplus = max(net_mw, 0.0)
    deficit = max(-net_mw, 0.0)
    offered = min(surplus, plant.battery_mw)
    asked = min(deficit, plant.battery_mw)
    end_mwh = retained_mwh + (offered * plant.stored_per_mw - asked * plant.drawn_per_mw)
    lacking_mwh = max(soc_reserve_mwh - end_mwh, 0.0)
    in_its_place = min(lacking_mwh * (1.0 / plant.drawn_per_mw), asked)
    top_up = max(lacking_mwh - asked * plant.drawn_per_mw, 0.0) * (1.0 / plant.stored_per_mw)
    top_up = min(top_up, plant.battery_mw - offered)
    both = min(deficit - asked + in_its_place + top_up, plant.backup_mw + plant.grid_mw)
    backup = min(max(both - plant.grid_mw, 0.0) if plant.grid_first else both, plant.backup_mw)
    backup = max(backup, plant.minimum_mw) if backup > ROUNDING * plant.unit_mw else 0.0
    return backup, min(max(both - backup, 0.0), plant.grid_mw)


@inlined
def step(
    plant: PlantParameters,
    soc_mwh: float,
    net_mw: float,
    soc_reserve_mwh: float,
    with_dispatchable: bool,
) -> StepFlows:
    """One step from a state of charge; `net_mw` is PV generation less load and own use.

    The battery takes what it is asked for and is clipped to its room: what is cut off at the top
    is curtailed, at the bottom unserved. Clipping, rather than working out how much fits, keeps
    the chain of dependent operations short, which is what bounds the speed of one run.
    """
    retained = soc_mwh * plant.retained_fraction
    backup, grid = 0.0, 0.0
    if with_dispatchable:
        backup, grid = dispatchable_mw(plant, retained, net_mw, soc_reserve_mwh)
    net = net_mw + (backup + grid)
    surplus = max(net, 0.0)
    deficit = max(-net, 0.0)
    offered = min(surplus, plant.battery_mw)
    asked = min(deficit, plant.battery_mw)
    unclipped = retained + (offered * plant.stored_per_mw - asked * plant.drawn_per_mw)
    soc = min(max(unclipped, 0.0), plant.usable_mwh)
    # A full battery's self-discharge can leave a step with a hair less than it was to take.
    over_mwh = max(unclipped - plant.usable_mwh, 0.0)
    charge = max(offered - over_mwh * (1.0 / plant.stored_per_mw), 0.0)
    discharge = max(asked - max(-unclipped, 0.0) * (1.0 / plant.drawn_per_mw), 0.0)
    return StepFlows(
        soc, charge, discharge, backup, grid, deficit - discharge, surplus - charge, unclipped
    )
