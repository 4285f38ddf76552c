"""Many plants side by side, for maps of reliability over sizes and for searches.

In: `Case` and designs, or a table of their sizes. Out: one row of measures a design.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from energy.steps import Array, energy_mwh, for_kernels
from energy.threads import side_by_side

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

#: Before the chain its last days are run, full at first: most batteries then hold what they end
#: with. Of these the last days count how long an event at the chain's end is.
LEAD_IN_DAYS, COUNTED_DAYS = 60, 10

#: A plant has settled when it ends as it starts, to this fraction of its usable energy: rounding.
SETTLED_FRACTION = 1e-12


def simulate_many(case: Case, designs: Sequence[Design] | pd.DataFrame) -> pd.DataFrame:
    """Run many plants side by side.

    Each plant is run through the last `LEAD_IN_DAYS` of the chain, full at first, and then through
    the chain. Where it ends as it started, that is a cyclic run, as in `simulate`. Any other
    plant goes twice through the whole chain, full at first, and the second time counts: one that
    never settles (it drains year after year) looks better here than in `simulate`.

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
        for_kernels(sizes[list(SIZES)].to_numpy()),
    )  # fmt: skip
    return measures


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

    Without a minimum load a fuller battery stays the fuller one. A whole round from full starts the
    last days no fuller than the lead-in does; so where a plant ends the chain as the lead-in left
    it, the whole round would have ended there too, and nothing is lost. Plants that do not are run
    once more, after a whole round. With a minimum load a plant can have more than one cyclic run,
    and this may find another than a whole round does: none of 6,400 plants at four sites, 18 of
    860,000 under random weather, each with one large unit.
    """

    def run(plants: Array, lead_in: int) -> tuple[Array, NDArray[np.bool_]]:
        measures = np.zeros((len(plants), len(MEASURES)))
        settled = np.zeros(len(plants), dtype=np.bool_)

        def block(number: int) -> None:
            rows = slice(number * BLOCK, (number + 1) * BLOCK)
            run_block(
                common, minimum_load_fraction, solar, load_mw, grid_open, year, day_slot, mean_days,
                plants[rows], lead_in, measures[rows], settled[rows],
            )  # fmt: skip

        side_by_side(block, -(-len(plants) // BLOCK))
        return measures, settled

    steps, lead_in = len(load_mw), LEAD_IN_DAYS * (len(mean_days) // 12)
    measures, settled = run(sizes, min(lead_in, steps))
    if lead_in < steps and not settled.all():
        measures[~settled] = run(sizes[~settled], steps)[0]
    return measures


# Where the rows of a block's state begin: the sizes, in the order of `SIZES`; what follows from
# them; what the plants hold; what is counted.
(
    SOLAR, USABLE, BATTERY, BACKUP, GRID, CONSERVATISM, OWN_USE, UNIT,
    MINIMUM, PER_UNIT,
    SOC, EVENT, RUNNING, FIRST_SOC, FIRST_EVENT, FIRST_RUNNING,
    UNSERVED, LOST, LONGEST, BACKUP_SUM, GRID_SUM, STARTS,
    END,
) = range(0, 23 * BLOCK, BLOCK)  # fmt: skip


@kernel(fastmath={"nnan", "ninf", "nsz", "contract"})
def run_block(
    common: PlantParameters,
    minimum_load_fraction: float,
    solar: Array,
    load_mw: Array,
    grid_open: Array,
    year: NDArray[np.int64],
    day_slot: NDArray[np.int64],
    mean_days: Array,
    sizes: Array,
    lead_in: int,
    measures: Array,
    settled: NDArray[np.bool_],
) -> None:
    """Run up to `BLOCK` plants and write their `measures`, and whether they ended as they started.

    The chain's last `lead_in` steps are run first, full at first; then the chain, which counts. An
    event at the end goes on at the start: the chain's end leads to its start.

    The plants of a block take each step together, so that the processor works on several of them
    at once. It does so only while it knows that what it writes is not what it reads: so all they
    hold is one array, whose rows begin at places known to the compiler. A block without backup and
    grid skips what is asked of them, and counts nothing while each plant has more sun than load.
    """
    steps, count = len(load_mw), len(sizes)
    state = np.zeros(END)
    least_solar, most_own_use, with_dispatchable = np.inf, 0.0, False
    for i in range(BLOCK):
        # The last plant fills the block.
        for k in range(len(SIZES)):
            state[k * BLOCK + i] = sizes[min(i, count - 1), k]
        if state[BACKUP + i] == 0.0:
            state[UNIT + i] = 1.0
        state[MINIMUM + i] = state[UNIT + i] * minimum_load_fraction
        state[PER_UNIT + i] = 1.0 / state[UNIT + i]
        state[SOC + i] = state[USABLE + i]
        least_solar = min(least_solar, state[SOLAR + i])
        most_own_use = max(most_own_use, state[OWN_USE + i])
        if state[BACKUP + i] + state[GRID + i] > 0.0:
            with_dispatchable = True
    reserves = np.zeros((len(mean_days) if with_dispatchable else 1, BLOCK))
    asked, reserve_mwh = np.empty((len(mean_days), 2)), np.empty(len(mean_days))
    for i in range(BLOCK):
        dispatchable = state[BACKUP + i] + state[GRID + i]
        if state[CONSERVATISM + i] > 0.0 and dispatchable > 0.0:
            for k in range(len(mean_days)):
                asked[k, 0] = mean_days[k, 0]
                asked[k, 1] = mean_days[k, 1] + state[OWN_USE + i]
            soc_reserve(
                asked, state[SOLAR + i], state[USABLE + i], dispatchable, state[CONSERVATISM + i],
                common.stored_per_mw, common.drawn_per_mw, reserve_mwh,
            )  # fmt: skip
            for k in range(len(mean_days)):
                reserves[k, i] = reserve_mwh[k]
    years = 0
    for t in range(steps):
        years = max(years, year[t] + 1)
    unserved_by_year = np.zeros((years, BLOCK))
    with_cuts = len(grid_open) > 0
    # A whole round counts from its start: its event may be as long.
    silent = 0 if lead_in == steps else lead_in * (LEAD_IN_DAYS - COUNTED_DAYS) // LEAD_IN_DAYS
    for first in (steps - lead_in, 0):
        counts = first + silent
        silent = 0
        for i in range(BLOCK):
            state[FIRST_SOC + i] = state[SOC + i]
            state[FIRST_EVENT + i] = state[EVENT + i]
            state[FIRST_RUNNING + i] = state[RUNNING + i]
        for i in range(UNSERVED, END):
            state[i] = 0.0
        for y in range(years):
            for i in range(BLOCK):
                unserved_by_year[y, i] = 0.0
        for t in range(first, steps):
            generation, load = solar[t], load_mw[t]
            tolerance = LOSS_OF_LOAD_TOLERANCE * load
            if with_dispatchable:
                part_open = grid_open[t] if with_cuts else 1.0
                reserve = reserves[day_slot[t]]
                for i in range(BLOCK):
                    plant = PlantParameters(
                        state[SOLAR + i], state[USABLE + i], state[BATTERY + i], state[BACKUP + i],
                        state[GRID + i] * part_open, common.retained_fraction,
                        common.stored_per_mw, common.drawn_per_mw, state[UNIT + i],
                        state[MINIMUM + i], common.grid_first, state[OWN_USE + i],
                    )  # fmt: skip
                    net = generation * state[SOLAR + i] - load - state[OWN_USE + i]
                    flow = step(plant, state[SOC + i], net, reserve[i], True)
                    state[SOC + i] = flow.soc_mwh
                    state[UNSERVED + i] += flow.unserved_mw
                    is_lost = 1.0 if flow.unserved_mw > tolerance else 0.0
                    state[LOST + i] += is_lost
                    event = (state[EVENT + i] + 1.0) * is_lost
                    state[EVENT + i] = event
                    state[LONGEST + i] = max(state[LONGEST + i], event)
                    state[BACKUP_SUM + i] += flow.backup_mw
                    state[GRID_SUM + i] += flow.grid_mw
                    units = np.ceil(flow.backup_mw * state[PER_UNIT + i] - ROUNDING)
                    state[STARTS + i] += max(units - state[RUNNING + i], 0.0)
                    state[RUNNING + i] = units
            elif t < counts or generation * least_solar >= load + most_own_use:
                for i in range(BLOCK):
                    plant = PlantParameters(
                        state[SOLAR + i], state[USABLE + i], state[BATTERY + i], 0.0, 0.0,
                        common.retained_fraction, common.stored_per_mw, common.drawn_per_mw,
                        1.0, 0.0, False, state[OWN_USE + i],
                    )  # fmt: skip
                    net = generation * state[SOLAR + i] - load - state[OWN_USE + i]
                    state[SOC + i] = step(plant, state[SOC + i], net, 0.0, False).soc_mwh
                    state[EVENT + i] = 0.0
            else:
                for i in range(BLOCK):
                    plant = PlantParameters(
                        state[SOLAR + i], state[USABLE + i], state[BATTERY + i], 0.0, 0.0,
                        common.retained_fraction, common.stored_per_mw, common.drawn_per_mw,
                        1.0, 0.0, False, state[OWN_USE + i],
                    )  # fmt: skip
                    net = generation * state[SOLAR + i] - load - state[OWN_USE + i]
                    flow = step(plant, state[SOC + i], net, 0.0, False)
                    state[SOC + i] = flow.soc_mwh
                    state[UNSERVED + i] += flow.unserved_mw
                    is_lost = 1.0 if flow.unserved_mw > tolerance else 0.0
                    state[LOST + i] += is_lost
                    event = (state[EVENT + i] + 1.0) * is_lost
                    state[EVENT + i] = event
                    state[LONGEST + i] = max(state[LONGEST + i], event)
            if t + 1 == steps or year[t + 1] != year[t]:
                unserved = unserved_by_year[year[t]]
                for i in range(BLOCK):
                    unserved[i] += state[UNSERVED + i]
                    state[UNSERVED + i] = 0.0
    year_load = np.zeros(years)
    for t in range(steps):
        year_load[year[t]] += load_mw[t]
    for i in range(count):
        for y in range(years):
            measures[i, 0] += unserved_by_year[y, i]
            if year_load[y] > 0.0:  # a year in which nothing is asked lacks nothing
                measures[i, 3] = max(measures[i, 3], unserved_by_year[y, i] / year_load[y])
        measures[i, 1] = state[LOST + i]
        measures[i, 2] = min(state[LONGEST + i], float(steps))
        measures[i, 4] = state[BACKUP_SUM + i]
        measures[i, 5] = state[GRID_SUM + i]
        measures[i, 6] = state[STARTS + i]
        drift = abs(state[SOC + i] - state[FIRST_SOC + i])
        # An event of the whole chain is as long as that, whatever led to it.
        same_event = state[EVENT + i] == state[FIRST_EVENT + i] or state[EVENT + i] >= steps
        settled[i] = (
            drift <= SETTLED_FRACTION * state[USABLE + i]
            and same_event
            and state[RUNNING + i] == state[FIRST_RUNNING + i]
        )
