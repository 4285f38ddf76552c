"""A week of a plant, step by step.

In: `Dispatch`. Out: a matplotlib `Figure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from energy.errors import InputError
from energy.figures.style import BLUE, DAYS, GREY, ORANGE, RED, day_axis, new_figure
from energy.reliability import worst_week

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from energy.dispatch import Dispatch


def week(run: Dispatch, first_day: str | None = None) -> Figure:
    """A week of a plant, step by step: where the load's power comes from, and the battery.

    Parameters
    ----------
    run
        The plant's run.
    first_day
        The week's first day, local standard time, such as "2018-12-20"; without it the week in
        which most is not served, or, where all is, the emptiest battery's.

    Raises
    ------
    InputError
        When matplotlib is not installed, or the run has no such week.
    """
    case, frame = run.case, run.frame
    steps_per_day = round(24 / case.step_h)
    steps = DAYS * steps_per_day
    local = case.weather.local_middle
    if first_day is None:
        first = int(worst_week(run, DAYS)[0])
    else:
        try:
            wanted = pd.Timestamp(first_day, tz=local.tz)
        except ValueError:
            raise InputError(f"first_day is a day such as 2018-12-20; got {first_day!r}") from None
        found = np.flatnonzero(local.normalize() == wanted)
        if not len(found):
            raise InputError(f"the run has no {first_day}; its years are "
                             f"{', '.join(map(str, local.year.unique()))}")  # fmt: skip
        first = int(found[0])
    # By steps, not by dates: the chain's years need not follow each other.
    week, dates = frame.iloc[first : first + steps], local[first : first + steps : steps_per_day]
    day = (np.arange(len(week)) + 0.5) / steps_per_day
    figure = new_figure()
    power, store = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    parts = {
        "solar_to_load_mw": ("PV", ORANGE),
        "discharge_mw": ("battery", BLUE),
        "dispatchable_to_load_mw": ("backup and grid", GREY),
        "unserved_mw": ("unserved", RED),
    }
    if run.design.backup_mw == run.design.grid_mw == 0:
        del parts["dispatchable_to_load_mw"]
    labels, colours = zip(*parts.values(), strict=True)
    power.stackplot(day, [week[name] for name in parts], labels=labels, colors=colours, linewidth=0)
    power.plot(day, week["solar_mw"], color="black", linewidth=1, label="PV generation")
    power.set_ylabel("MW")
    power.set_ylim(
        0,
        1.15
        * max(float(week["solar_mw"].max()), float((week["load_mw"] + week["own_use_mw"]).max())),
    )
    power.legend(frameon=False, ncols=5, loc="upper left")
    store.fill_between(day, week["soc_mwh"], color=BLUE, alpha=0.75, linewidth=0)
    store.set_ylabel("in the battery [MWh]")
    usable_mwh = run.design.battery_mwh * case.assumptions.battery.usable_fraction
    store.set_ylim(0, 1.05 * max(usable_mwh, 1.0))
    day_axis((power, store), dates, typical=case.weather.typical)
    design = run.design
    power.set_title(
        f"{case.title}: {design.solar_mw:,.0f} MWdc of PV, "
        f"battery {design.battery_mwh:,.0f} MWh, {design.battery_mw:,.0f} MW",
        loc="left",
        parse_math=False,
    )
    return figure
