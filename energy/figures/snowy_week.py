"""The week in which snow takes the most PV, step by step.

In: `Case`. Out: a matplotlib `Figure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from energy.errors import InputError
from energy.figures.style import BLUE, DAYS, GREY, ORANGE, day_axis, new_figure
from energy.solar import ac_per_mwdc

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from energy.case import Case


def snowy_week(case: Case) -> Figure:
    """The week in which snow takes the most energy from the rows: PV with and without it, the snow.

    Raises
    ------
    InputError
        When matplotlib is not installed, or snow takes nothing at the case's site.
    """
    if not case.snow_lost.any():
        raise InputError(f"{case.site.title}: snow takes nothing from the rows; nothing to draw")
    clean, snowy = ac_per_mwdc(case.clean.dc, case.assumptions.solar), case.solar_new
    steps_per_day = round(24 / case.step_h)
    local = case.weather.local_middle
    date = local.normalize()
    day = np.flatnonzero(np.concatenate([[True], date[1:] != date[:-1]]))
    taken = np.concatenate([[0.0], np.cumsum(clean - snowy)])
    ends = np.minimum(day + DAYS * steps_per_day, len(clean))
    whole = ends - day == DAYS * steps_per_day
    first = int(day[np.argmax(np.where(whole, taken[ends] - taken[day], -1.0))])
    steps = slice(first, first + DAYS * steps_per_day)
    hours = (np.arange(DAYS * steps_per_day) + 0.5) / steps_per_day
    figure = new_figure()
    power, snow = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    power.fill_between(hours, clean[steps], color=ORANGE, alpha=0.3, linewidth=0,
                       label="taken by snow")  # fmt: skip
    power.fill_between(hours, snowy[steps], color=ORANGE, linewidth=0, label="PV generation")
    power.set_ylabel("MW per MWdc")
    power.set_ylim(0, 1.15 * max(float(clean[steps].max()), 0.1))
    power.legend(frameon=False, ncols=2, loc="upper left")
    fall = case.snowfall
    snow.fill_between(hours, fall.depth_cm[steps], color=GREY, alpha=0.4, linewidth=0,
                      label="on the ground")  # fmt: skip
    snow.bar(hours, fall.fall_cm[steps], width=1 / steps_per_day, color=BLUE, label="falls")
    snow.set_ylabel("snow [cm]")
    snow.set_ylim(bottom=0)
    snow.legend(frameon=False, ncols=2, loc="upper left")
    day_axis((power, snow), local[steps][::steps_per_day], typical=case.weather.typical)
    basis = " (days estimated)" if fall.basis == "estimated" else ""
    power.set_title(
        f"{case.site.title}: snow takes {case.snow_loss_fraction:.1%} of the year, "
        f"{1 - snowy[steps].sum() / clean[steps].sum():.0%} of this week{basis}",
        loc="left",
        parse_math=False,
    )
    return figure
