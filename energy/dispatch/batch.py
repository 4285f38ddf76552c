"""Many plants side by side, for maps of reliability over sizes and for searches.

In: `Case` and designs, or a table of their sizes. Out: one row of measures a design.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.backup import unit_of
from energy.case import Case
from energy.compiled import kernel
from energy.dispatch.design import Design
from energy.dispatch.reserve import soc_reserve
from energy.dispatch.run import part_numbers
from energy.dispatch.step import (
    LOSS_OF_LOAD_TOLERANCE,
    ROUNDING,
    PlantParameters,
    plant_parameters,
    step,
)
from energy.steps import Array, energy_mwh

#: Columns of `run_many`, in this order: energy as a sum over the steps [MW].
MEASURES = (
    "unserved",
    "loss_of_load_steps",
    "longest_event_steps",
    "worst_year_unserved_fraction",
    "backup",
    "grid",
    "unit_starts",
)

#: Columns of the sizes that `run_many` takes, in this order.
SIZES = (
    "solar_mw", "usable_mwh", "battery_mw", "backup_mw", "grid_mw", "reserve_conservatism",
    "own_use_mw", "unit_mw",
)  # fmt: skip

#: Designs that one core steps side by side: few enough for its first cache, enough to fill it.
BLOCK = 32


def simulate_many(case: Case, designs: Sequence[Design] | pd.DataFrame) -> pd.DataFrame:
    """Run many plants side by side.

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

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> designs = [en.Design(solar_mw=mw, battery_mwh=2000, battery_mw=300) for mw in (500, 900)]
    >>> en.simulate_many(case, designs)["served_fraction"].round(2).tolist()
    [0.87, 0.97]
    """
    if not isinstance(designs, pd.DataFrame):
        designs = pd.DataFrame([design.model_dump() for design in designs])
    frame = designs.reindex(columns=[*Design.model_fields]).astype(float)
    got = dict(zip(MEASURES, _measures(case, frame).T, strict=True))
    years, step_h = case.weather.years_exact, case.step_h
    load_mwh = energy_mwh(case.load_mw, step_h)
    return frame.assign(
        served_fraction=np.maximum(1.0 - got["unserved"] * step_h / load_mwh, 0.0),
        available_fraction=1.0 - got["loss_of_load_steps"] / len(case.load_mw),
        longest_event_h=got["longest_event_steps"] * step_h,
        worst_year_served_fraction=1.0 - got["worst_year_unserved_fraction"],
        backup_mwh_per_year=got["backup"] * step_h / years,
        grid_mwh_per_year=got["grid"] * step_h / years,
        starts_per_year=got["unit_starts"] / years,
    )


def _measures(case: Case, frame: pd.DataFrame) -> Array:
    """Columns as `MEASURES`, one row a plant of `frame`."""
    battery, backup = case.assumptions.battery, case.assumptions.backup
    sizes = frame.assign(
        usable_mwh=frame["battery_mwh"] * battery.usable_fraction,
        unit_mw=unit_of(frame["backup_mw"].to_numpy(), backup.unit_mw),
        own_use_mw=battery.own_use_mw(1.0) * frame["battery_mwh"],
    )
    common = plant_parameters(solar_mw=0.0, usable_mwh=0.0, battery_mw=0.0, **part_numbers(case))
    measures: Array = run_many(
        common, backup.minimum_load_fraction, case.solar, case.load_mw, case.grid_open,
        case.year_numbers, case.day_slots, case.mean_days,
        np.ascontiguousarray(sizes[list(SIZES)].to_numpy()),
    )  # fmt: skip
    return measures


@kernel(parallel=True, fastmath={"nnan", "ninf", "nsz", "contract"})
def run_many(
    common: PlantParameters,
    minimum_load_fraction: float,
    solar: Array,
    load_mw: Array,
    grid_open: Array,
    year: NDArray[np.int64],
    day_slot: NDArray[np.int64],
    mean_days: Array,
    sizes: Array,
) -> Array:
    """Run many plants, `BLOCK` at a time on each core: one row a plant, columns as `MEASURES`.

    `common` holds what all plants share; `sizes` has one row a plant, columns as `SIZES`;
    `grid_open` is the part of the grid's limit that is open in each step, of no steps where it is
    never cut; `year` numbers the year of each step from 0; `day_slot` and `mean_days` are the
    case's, for the reserves.

    The plants of a block take each step together, so that the processor works on several of them
    at once; it does so only while all arrays of a block are made here, not in a function that is
    called. A block without backup and grid skips what is asked of them. An event at the end of the
    first round goes on in the second: the chain's end leads to its start.
    """
    count = len(sizes)
    blocks = (count + BLOCK - 1) // BLOCK
    measures = np.zeros((blocks * BLOCK, len(MEASURES)))
    years = year.max() + 1
    year_load = np.zeros(years)
    for t in range(len(load_mw)):
        year_load[year[t]] += load_mw[t]
    with_cuts = len(grid_open) > 0
    for block in nb.prange(blocks):
        size = np.zeros((len(SIZES), BLOCK))
        size[7] = 1.0  # a plant that only fills the block has units all the same
        for i in range(min(BLOCK, count - block * BLOCK)):
            for k in range(len(SIZES)):
                size[k, i] = sizes[block * BLOCK + i, k]
            if size[3, i] == 0.0:
                size[7, i] = 1.0
        solar_mw, usable, battery, backup_mw, grid_mw, conservatism, own_use, unit = size
        with_dispatchable = (backup_mw + grid_mw).max() > 0.0
        least = unit * minimum_load_fraction
        per_unit = 1.0 / unit
        reserves = np.zeros((len(mean_days) if with_dispatchable else 1, BLOCK))
        for i in range(BLOCK):
            if conservatism[i] > 0.0 and backup_mw[i] + grid_mw[i] > 0.0:
                asked = mean_days.copy()
                asked[:, 1] += own_use[i]
                soc_reserve(
                    asked, solar_mw[i], usable[i], backup_mw[i] + grid_mw[i], conservatism[i],
                    common.stored_per_mw, common.drawn_per_mw, reserves[:, i],
                )  # fmt: skip
        unserved_by_year = np.zeros((years, BLOCK))
        lost = np.zeros(BLOCK)
        event = np.zeros(BLOCK)
        longest = np.zeros(BLOCK)
        backup_sum = np.zeros(BLOCK)
        grid_sum = np.zeros(BLOCK)
        running = np.zeros(BLOCK)
        starts = np.zeros(BLOCK)
        soc = usable.copy()
        for _ in range(2):
            unserved_by_year[:] = 0.0
            lost[:] = 0.0
            longest[:] = 0.0
            backup_sum[:] = 0.0
            grid_sum[:] = 0.0
            starts[:] = 0.0
            for t in range(len(load_mw)):
                generation, load = solar[t], load_mw[t]
                part_open = grid_open[t] if with_cuts else 1.0
                tolerance = LOSS_OF_LOAD_TOLERANCE * load
                unserved = unserved_by_year[year[t]]
                if with_dispatchable:
                    reserve = reserves[day_slot[t]]
                    for i in range(BLOCK):
                        plant = PlantParameters(
                            solar_mw[i], usable[i], battery[i], backup_mw[i],
                            grid_mw[i] * part_open, common.retained_fraction,
                            common.stored_per_mw, common.drawn_per_mw, unit[i], least[i],
                            common.grid_first, own_use[i],
                        )  # fmt: skip
                        net = generation * solar_mw[i] - load - own_use[i]
                        flow = step(plant, soc[i], net, reserve[i], True)
                        soc[i] = flow.soc_mwh
                        unserved[i] += flow.unserved_mw
                        is_lost = 1.0 if flow.unserved_mw > tolerance else 0.0
                        lost[i] += is_lost
                        event[i] = (event[i] + 1.0) * is_lost
                        longest[i] = max(longest[i], event[i])
                        backup_sum[i] += flow.backup_mw
                        grid_sum[i] += flow.grid_mw
                        units = np.ceil(flow.backup_mw * per_unit[i] - ROUNDING)
                        starts[i] += max(units - running[i], 0.0)
                        running[i] = units
                else:
                    for i in range(BLOCK):
                        plant = PlantParameters(
                            solar_mw[i], usable[i], battery[i], 0.0, 0.0, common.retained_fraction,
                            common.stored_per_mw, common.drawn_per_mw, 1.0, 0.0, False, own_use[i],
                        )  # fmt: skip
                        net = generation * solar_mw[i] - load - own_use[i]
                        flow = step(plant, soc[i], net, 0.0, False)
                        soc[i] = flow.soc_mwh
                        unserved[i] += flow.unserved_mw
                        is_lost = 1.0 if flow.unserved_mw > tolerance else 0.0
                        lost[i] += is_lost
                        event[i] = (event[i] + 1.0) * is_lost
                        longest[i] = max(longest[i], event[i])
        for i in range(BLOCK):
            row = measures[block * BLOCK + i]
            for y in range(years):
                row[0] += unserved_by_year[y, i]
                row[3] = max(row[3], unserved_by_year[y, i] / year_load[y])
            row[1], row[2] = lost[i], min(longest[i], len(load_mw))
            row[4], row[5], row[6] = backup_sum[i], grid_sum[i], starts[i]
    return measures[:count]
