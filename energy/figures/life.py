"""A plant over the years of its life, and what its outages are due to.

In: `Life`; `FailureRun`s by name. Out: a matplotlib `Figure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from energy.figures.style import BLUE, GREY, ORANGE, RED, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from energy.life import Life
    from energy.outages import FailureRun

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
