"""Cost against reliability, and against energy from backup.

In: `Frontier`s or a `BackupFrontier`. Out: a matplotlib `Figure`.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from energy.errors import InputError
from energy.figures.style import BLUE, GREY, HUES, ORANGE, RED, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from energy.sizing import BackupFrontier, Frontier


def frontier(frontier: Frontier) -> Figure:
    """Cost and sizes of the cheapest plants against the nines of the energy that they serve.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame = frontier.frame
    frame = frame[frame["served_fraction"] < 1.0]
    all_of_it = frontier.frame[frontier.frame["served_fraction"] == 1.0]
    figure = new_figure()
    case = frontier.case
    cost, sizes = figure.subplots(2, 1, sharex=True)
    nines = -np.log10(1.0 - frame["served_fraction"])
    cost.plot(nines, frame["levelized_usd_per_mwh"], "o-", color=BLUE, markersize=4,
              label="all of it: annualized cost per MWh served")  # fmt: skip
    cost.plot(nines, frame["marginal_usd_per_mwh"], ".:", color=ORANGE,
              label="the last MWh")  # fmt: skip
    cost.set_yscale("log")
    cost.set_ylabel(f"$/MWh, {case.assumptions.dollars}")
    for usd in all_of_it["levelized_usd_per_mwh"]:
        cost.axhline(usd, color=GREY, linewidth=0.8, linestyle="--", label="without an outage")
    cost.legend(frameon=False)
    sizes.plot(nines, frame["solar_mw"] / case.mean_load_mw, color=ORANGE)
    sizes.set_ylabel("PV [MWdc per MW of mean load]", color=ORANGE)
    sizes.set_ylim(bottom=0)
    hours = sizes.twinx()
    hours.plot(nines, frame["battery_mwh"] / case.mean_load_mw, color=BLUE)
    hours.set_ylabel("battery [hours of mean load]", color=BLUE)
    hours.set_ylim(bottom=0)
    _share_ticks(sizes, float(nines.max()))
    sizes.set_xlim(float(nines.min()), float(nines.max()))
    sizes.set_xlabel("fraction of the energy served")
    for axes in (cost, sizes):
        axes.grid(alpha=0.3)
        axes.spines[["top"]].set_visible(False)
    weather = case.weather
    cost.set_title(
        textwrap.fill(f"{case.site.title}: {case.datacenter.it_mw:g} MW of computers on PV and "
                      f"battery; {weather.years} weather year(s), {weather.source}", 110),
        loc="left",
    )  # fmt: skip
    return figure


def frontiers(frontiers: Sequence[Frontier]) -> Figure:
    """Cost against the nines of the energy for several sites.

    Raises
    ------
    InputError
        When matplotlib is not installed, or for no or more than seven frontiers.
    """
    if not 1 <= len(frontiers) <= len(HUES):
        raise InputError(f"give one to {len(HUES)} frontiers, the most that colors tell apart")
    figure = new_figure()
    axes = figure.subplots()
    longest = 0.0
    for frontier, colour in zip(frontiers, HUES, strict=False):
        frame = frontier.frame[frontier.frame["served_fraction"] < 1.0]
        nines = -np.log10(1.0 - frame["served_fraction"])
        usd = frame["levelized_usd_per_mwh"]
        axes.plot(nines, usd, "o-", color=colour, markersize=3)
        axes.annotate(frontier.case.site.name, (nines.iloc[-1], usd.iloc[-1]), xytext=(6, 0),
                      textcoords="offset points", va="center", color=colour)  # fmt: skip
        longest = max(longest, float(nines.max()))
    _share_ticks(axes, longest)
    axes.set_xlim(left=-math.log10(0.5), right=longest * 1.12)
    axes.set_ylim(bottom=0)
    case = frontiers[0].case
    axes.set_xlabel("fraction of the energy served")
    axes.set_ylabel(f"$/MWh served, {case.assumptions.dollars}")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        f"{case.datacenter.it_mw:g} MW of computers: the cheapest plants of PV and battery",
        loc="left",
    )
    return figure


def _share_ticks(axes: Axes, most_nines: float) -> None:
    """Ticks at whole nines, labeled as fractions."""
    ticks = np.arange(0, math.ceil(most_nines) + 1)
    axes.set_xticks(ticks, [f"{1.0 - 10.0**-tick:.{max(tick - 2, 0)}%}" for tick in ticks])


def backup_frontier(frontier: BackupFrontier) -> Figure:
    """Cost of the cheapest plants against the fraction of the energy that backup gives.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame, case = frontier.frame, frontier.case
    figure = new_figure()
    cost, sizes = figure.subplots(2, 1, sharex=True)
    backup_percent = 100 * frame["backup_energy_fraction"]
    cost.plot(backup_percent, frame["levelized_usd_per_mwh"], "o-", color=BLUE, markersize=4)
    cost.set_ylabel(f"$/MWh served, {case.assumptions.dollars}")
    for name, colour, words in (
        ("solar_mw", ORANGE, "PV [MWdc]"),
        ("battery_mw", BLUE, "battery [MW]"),
        ("backup_mw", RED, f"{case.assumptions.backup.words} [MW]"),
    ):
        sizes.plot(backup_percent, frame[name], "o-", color=colour, markersize=3, label=words)
    sizes.legend(frameon=False)
    sizes.set_ylabel("MW")
    sizes.set_xlabel("fraction of the load's energy from backup [%]")
    for axes in (cost, sizes):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    cost.set_title(
        f"{case.site.title}: {case.datacenter.it_mw:g} MW of computers, "
        f"{frontier.target.description} served",
        loc="left",
    )
    return figure
