"""A plant over the years of its life, what its outages are due to, and how long it survives one.

In: `Life`; `FailureRun`s by name; `Dispatch`. Out: a matplotlib `Figure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from energy.figures.style import BLUE, GREY, ORANGE, RED, new_figure
from energy.outages.ride_through import LONGEST_H, ride_through

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from energy.dispatch import Dispatch
    from energy.life import Life
    from energy.outages import FailureRun

#: Columns of `energy.outages.ride_through` -> label, color and line.
SURVIVORS = {
    "probability": ("battery alone", BLUE, "-"),
    "with_sun": ("battery and PV", ORANGE, "-"),
    "with_engines": ("battery and {backup}, no sun", GREY, "--"),
    "with_sun_and_engines": ("battery, PV and {backup}", RED, "--"),
}

#: Color of each cause.
CAUSES = {"weather": BLUE, "both": ORANGE, "equipment": RED}


def life(life: Life) -> Figure:
    """Energy served in each year of service above, what is left of array and battery below.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame = life.frame
    figure = new_figure()
    served, left = figure.subplots(2, 1, sharex=True)
    served.plot(frame.index, 100 * frame["served_fraction"], color=BLUE, marker="o")
    mean = 100 * life.served_fraction
    served.axhline(mean, color=GREY, linestyle="--", label=f"mean of the life, {mean:.2f} %")
    served.set_ylabel("energy served [%]")
    served.legend()
    left.plot(frame.index, 100 * frame["solar_fraction"], color=ORANGE, label="array")
    left.plot(frame.index, 100 * frame["battery_fraction"], color=BLUE, label="battery")
    for row in life.augmentation.to_dict(orient="records"):
        left.axvline(row["year"], color=GREY, linewidth=1, linestyle=":")
    left.set_ylabel("of what was built first [%]")
    left.set_ylim(bottom=0)
    left.set_xlabel("year of service; dotted: battery is added or replaced")
    left.legend()
    served.set_title(life.caption)
    return figure


def outage_causes(plants: Mapping[str, FailureRun]) -> Figure:
    """Hours a year without full supply of each plant, by what they are due to.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    figure = new_figure()
    axes = figure.subplots()
    at, left = np.arange(len(plants)), np.zeros(len(plants))
    for cause, color in CAUSES.items():
        hours = np.array([plant.outage_hours_by_cause[cause] for plant in plants.values()])
        axes.barh(at, hours, left=left, height=0.6, color=color, label=cause)
        left += hours
    axes.set_yticks(at, list(plants))
    axes.invert_yaxis()
    axes.set_xlabel("LOLH [h a year] with failures of equipment, by cause")
    axes.legend()
    return figure


def survival(run: Dispatch, hours: int = LONGEST_H) -> Figure:
    """Probability to serve all load through an outage of so many hours, beginning at any time.

    Raises
    ------
    InputError
        As `energy.outages.ride_through`, and when matplotlib is not installed.
    """
    table = ride_through(run, hours)
    figure = new_figure()
    axes = figure.subplots()
    for name, values in table.items():
        label, color, line = SURVIVORS[str(name)]
        label = label.format(backup=run.case.assumptions.backup.words)
        # Nothing is lost before an outage begins.
        axes.plot(
            [0, *table.index], [100.0, *(100 * values)], color=color, linestyle=line, label=label
        )
    axes.set_ylim(0, 102)
    axes.set_xlim(0, hours)
    axes.set_xlabel("length of the outage [h]")
    axes.set_ylabel("all load is served [% of the times that it may begin]")
    axes.set_title(f"{run.case.title}: survival of an outage")
    axes.legend()
    return figure
