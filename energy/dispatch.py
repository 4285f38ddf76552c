"""Hour by hour: sun to load, surplus to battery, deficit from battery, then backup, then dark.

In: `Case` and `Design`. Out: `Dispatch`, every flow of every step.

The store is told in energy inside the battery. Its round-trip efficiency is split evenly, its
power limit holds on the AC side both ways, and a standing loss takes its share before each step.
The chain of all weather years is one run; the store is carried over from year to year.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numba as nb
import numpy as np
import pandas as pd
from pydantic import Field

from energy.assumptions import Battery
from energy.case import Case
from energy.errors import InputError
from energy.spec import Spec
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
    "unserved_mw",
    "curtailed_mw",
    "stored_mwh",
    "standing_loss_mw",
)

#: Designs that one core steps side by side: few enough for its first cache, enough to fill it.
BLOCK = 32


class Design(Spec):
    """What is chosen: the sizes of a plant.

    `solar_mw` is MWdc of panels; `battery_mwh` nameplate energy, of which the assumptions say how
    much is usable; `battery_mw` AC power each way; `backup_mw` AC power of the engines.
    """

    solar_mw: Annotated[float, Field(gt=0, le=1e7)]
    battery_mwh: Size = 0.0
    battery_mw: Size = 0.0
    backup_mw: Size = 0.0


@dataclass(frozen=True, eq=False)
class Dispatch:
    """Every flow of one plant over all weather years.

    Parameters
    ----------
    case, design
        The question and the answer that was run.
    flows
        One row a step, columns as `FLOWS`; power in MW, the store at the end of the step in MWh.
    start_mwh
        What the battery held before the first step.
    """

    case: Case
    design: Design
    flows: Array
    start_mwh: float

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All flows, one row a step, indexed by its start in UTC; none is negative.

        load_mw = solar_to_load_mw + discharge_mw + backup_mw + unserved_mw, and
        solar_mw = solar_to_load_mw + charge_mw + curtailed_mw.
        """
        frame = pd.DataFrame(self.flows, columns=list(FLOWS), index=self.case.weather.index)
        frame.insert(0, "load_mw", self.case.load_mw)
        frame.insert(2, "solar_to_load_mw", np.minimum(frame["solar_mw"], frame["load_mw"]))
        return frame

    def flow(self, name: str) -> Array:
        """One flow [MW, or MWh for the store], one value a step."""
        return self.flows[:, FLOWS.index(name)]

    def energy_mwh(self, name: str) -> float:
        """Energy of a flow over all years [MWh]."""
        return energy_mwh(self.flow(name), self.case.step_h)

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
        return str(self.frame.describe().loc[["mean", "min", "max"]].round(2).to_html())


def simulate(case: Case, design: Design, *, start_fraction: float | None = None) -> Dispatch:
    """Run a plant through all weather years.

    Parameters
    ----------
    case, design
        The question and a plant.
    start_fraction
        Charge before the first step, as a share of the usable energy. Without it the chain is run
        as a circle: the battery starts with what it ends with, so that no energy comes from
        nowhere. A run shorter than a few weeks shows its start.

    Raises
    ------
    InputError
        When `start_fraction` is not between 0 and 1.
    """
    if start_fraction is not None and not 0 <= start_fraction <= 1:
        raise InputError(f"start_fraction must lie between 0 and 1; got {start_fraction!r}")
    arguments = kernel_arguments(case, design)
    usable_mwh = arguments["usable_mwh"]
    if start_fraction is None:
        start_mwh = cyclic_start(case.solar, case.load_mw, **arguments)
    else:
        start_mwh = start_fraction * usable_mwh
    flows = np.empty((len(case.load_mw), len(FLOWS)))
    run_flows(case.solar, case.load_mw, start_mwh=start_mwh, flows=flows, **arguments)
    return Dispatch(case, design, flows, start_mwh)


def kernel_arguments(case: Case, design: Design) -> dict[str, float]:
    """What the kernels take beside the series: sizes and battery numbers per step."""
    battery = case.assumptions.battery
    return {
        "solar_mw": design.solar_mw,
        "usable_mwh": design.battery_mwh * battery.usable_fraction,
        "battery_mw": design.battery_mw,
        "backup_mw": design.backup_mw,
        "one_way_fraction": battery.round_trip_fraction**0.5,
        "kept_fraction": kept_fraction(battery, case.step_h),
        "step_h": case.step_h,
    }


def kept_fraction(battery: Battery, step_h: float) -> float:
    """Share of the stored energy that is left after standing for one step."""
    return float((1.0 - battery.standing_loss_fraction_per_month) ** (step_h / HOURS_PER_MONTH))


def simulate_many(case: Case, designs: list[Design]) -> pd.DataFrame:
    """Run many plants side by side; for maps of availability over sizes.

    Each plant goes twice through the chain, full at first; the second time counts, so that a
    plant that never settles (it drains year after year) looks better here than in `simulate`.

    Returns
    -------
    DataFrame
        One row a design: its sizes, `served_fraction` of energy and `available_fraction` of hours.
    """
    arguments = [kernel_arguments(case, design) for design in designs]
    sizes = np.array(
        [[a["solar_mw"], a["usable_mwh"], a["battery_mw"], a["backup_mw"]] for a in arguments]
    ).reshape(len(designs), 4)
    shared = arguments[0] if arguments else {"one_way_fraction": 1.0, "kept_fraction": 1.0}
    unserved_mwh, short_steps = run_many(
        case.solar,
        case.load_mw,
        sizes,
        shared["one_way_fraction"],
        shared["kept_fraction"],
        case.step_h,
    )
    frame = pd.DataFrame([design.model_dump() for design in designs])
    frame["served_fraction"] = 1.0 - unserved_mwh / energy_mwh(case.load_mw, case.step_h)
    frame["available_fraction"] = 1.0 - short_steps / len(case.load_mw)
    return frame


#: A step counts as short when more than this share of its load is not served: rounding is not
#: an outage.
SHORT_FRACTION = 1e-6


def cyclic_start(solar: Array, load_mw: Array, **arguments: float) -> float:
    """The charge [MWh] that the battery ends the chain with when it starts with it.

    End as a function of start is a clip, so a full start leads to the highest such charge in two
    rounds unless the plant loses energy round after round; then it is the end of an empty start.
    """
    start = _end(solar, load_mw, start_mwh=arguments["usable_mwh"], **arguments)
    for _ in range(4):
        end = _end(solar, load_mw, start_mwh=start, **arguments)
        if abs(end - start) <= 1e-9 * max(arguments["usable_mwh"], 1e-9):
            return end
        start = end
    return _end(solar, load_mw, start_mwh=0.0, **arguments)


def _end(solar: Array, load_mw: Array, **arguments: Any) -> float:
    return float(run_totals(solar, load_mw, **arguments)[3])


@nb.njit(cache=True, inline="always")
def _step(
    soc: float,
    solar_mw: float,
    load_mw: float,
    usable_mwh: float,
    battery_mw: float,
    backup_mw: float,
    stored_per_mw: float,
    drawn_per_mw: float,
    kept_fraction: float,
) -> tuple[float, float, float, float, float, float, float]:
    """One step: end of store, charge, discharge, backup, unserved, curtailed, standing loss.

    The store takes what it is asked for and is clipped to its room: what is cut off at the top is
    curtailed, at the bottom unserved. Clipping, rather than asking how much fits, keeps the chain
    of dependent operations short, which is what bounds the speed of one run.
    """
    surplus = max(solar_mw - load_mw, 0.0)
    deficit = max(load_mw - solar_mw, 0.0)
    offered = min(surplus, battery_mw)
    asked = min(deficit, battery_mw)
    kept = soc * kept_fraction
    wish = kept + (offered * stored_per_mw - asked * drawn_per_mw)
    end = min(max(wish, 0.0), usable_mwh)
    charge = offered - max(wish - usable_mwh, 0.0) / stored_per_mw
    discharge = asked - max(-wish, 0.0) / drawn_per_mw
    # A full store's leak can leave a step with a hair less than it was asked to take.
    charge = max(charge, 0.0)
    discharge = max(discharge, 0.0)
    left = deficit - discharge
    backup = min(left, backup_mw)
    return end, charge, discharge, backup, left - backup, surplus - charge, soc - kept


@nb.njit(cache=True)
def run_flows(
    solar: Array,
    load_mw: Array,
    solar_mw: float,
    usable_mwh: float,
    battery_mw: float,
    backup_mw: float,
    one_way_fraction: float,
    kept_fraction: float,
    step_h: float,
    start_mwh: float,
    flows: Array,
) -> None:
    """Run one plant and write its flows, one row a step, columns as `FLOWS`."""
    stored, drawn = one_way_fraction * step_h, step_h / one_way_fraction
    soc = start_mwh
    for t in range(len(load_mw)):
        sun = solar[t] * solar_mw
        soc, charge, discharge, backup, unserved, curtailed, lost = _step(
            soc, sun, load_mw[t], usable_mwh, battery_mw, backup_mw, stored, drawn, kept_fraction
        )
        flows[t, 0] = sun
        flows[t, 1] = charge
        flows[t, 2] = discharge
        flows[t, 3] = backup
        flows[t, 4] = unserved
        flows[t, 5] = curtailed
        flows[t, 6] = soc
        flows[t, 7] = lost / step_h


@nb.njit(cache=True)
def run_totals(
    solar: Array,
    load_mw: Array,
    solar_mw: float,
    usable_mwh: float,
    battery_mw: float,
    backup_mw: float,
    one_way_fraction: float,
    kept_fraction: float,
    step_h: float,
    start_mwh: float,
) -> tuple[float, float, int, float]:
    """Run one plant for its sums: unserved MWh, backup MWh, short steps, store at the end."""
    stored, drawn = one_way_fraction * step_h, step_h / one_way_fraction
    soc, unserved_sum, backup_sum, short = start_mwh, 0.0, 0.0, 0
    for t in range(len(load_mw)):
        soc, _, _, backup, unserved, _, _ = _step(
            soc, solar[t] * solar_mw, load_mw[t], usable_mwh, battery_mw, backup_mw,
            stored, drawn, kept_fraction,
        )  # fmt: skip
        unserved_sum += unserved
        backup_sum += backup
        short += unserved > SHORT_FRACTION * load_mw[t]
    return unserved_sum * step_h, backup_sum * step_h, short, soc


@nb.njit(cache=True, parallel=True, fastmath={"nnan", "ninf", "nsz", "contract"})
def run_many(
    solar: Array,
    load_mw: Array,
    sizes: Array,
    one_way_fraction: float,
    kept_fraction: float,
    step_h: float,
) -> tuple[Array, Array]:
    """Run many plants, `BLOCK` at a time on each core: unserved MWh and short steps of each.

    `sizes` has one row a plant: solar MWdc, usable MWh, battery MW, backup MW. The plants of a
    block take each step together, so that the processor works on several of them at once.
    """
    count = len(sizes)
    blocks = (count + BLOCK - 1) // BLOCK
    unserved_mwh = np.zeros(blocks * BLOCK)
    short_steps = np.zeros(blocks * BLOCK)
    stored, drawn = one_way_fraction * step_h, step_h / one_way_fraction
    for block in nb.prange(blocks):
        panel = np.zeros(BLOCK)
        room = np.zeros(BLOCK)
        power = np.zeros(BLOCK)
        engine = np.zeros(BLOCK)
        unserved_sum = np.zeros(BLOCK)
        short = np.zeros(BLOCK)
        for i in range(min(BLOCK, count - block * BLOCK)):
            panel[i], room[i], power[i], engine[i] = sizes[block * BLOCK + i]
        soc = room.copy()
        for _ in range(2):
            unserved_sum[:] = 0.0
            short[:] = 0.0
            for t in range(len(load_mw)):
                sun, load = solar[t], load_mw[t]
                limit = SHORT_FRACTION * load
                for i in range(BLOCK):
                    net = sun * panel[i] - load
                    deficit = max(-net, 0.0)
                    asked = min(deficit, power[i])
                    offered = min(max(net, 0.0), power[i])
                    wish = soc[i] * kept_fraction + (offered * stored - asked * drawn)
                    soc[i] = min(max(wish, 0.0), room[i])
                    discharge = asked - max(-wish, 0.0) / drawn
                    unserved = max(deficit - discharge - engine[i], 0.0)
                    unserved_sum[i] += unserved
                    short[i] += 1.0 if unserved > limit else 0.0
        unserved_mwh[block * BLOCK : (block + 1) * BLOCK] = unserved_sum * step_h
        short_steps[block * BLOCK : (block + 1) * BLOCK] = short
    return unserved_mwh[:count], short_steps[:count]
