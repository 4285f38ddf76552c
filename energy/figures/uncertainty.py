"""What the cost depends on, and the probability of lowest cost.

In: `Sensitivity`, `MonteCarlo`. Out: a matplotlib `Figure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from energy.figures.style import BLUE, ORANGE, new_figure
from energy.units import heading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from energy.analysis.monte_carlo import MonteCarlo
    from energy.analysis.sensitivity import Sensitivity

#: Assumptions of a sensitivity that are drawn, the widest first.
ASSUMPTIONS = 15


def sensitivity(sensitivity: Sensitivity) -> Figure:
    """Levelized cost at both ends of each assumption, the ones that move it most on top.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame = sensitivity.frame[sensitivity.frame["swing_usd_per_mwh"] > 0.0].head(ASSUMPTIONS)
    base, case = sensitivity.base_usd_per_mwh, sensitivity.case
    figure = new_figure()
    axes = figure.subplots()
    at = np.arange(len(frame))
    for end, colour in (("low", BLUE), ("high", ORANGE)):
        usd = frame[f"levelized_{end}_usd_per_mwh"]
        label = f"assumption at its {end} end"
        axes.barh(at, usd - base, left=base, height=0.7, color=colour, label=label)
    edges = frame[["levelized_low_usd_per_mwh", "levelized_high_usd_per_mwh"]]
    for row, (low, high) in enumerate(edges.itertuples(index=False)):
        ends = frame.iloc[row]
        # Where both ends lie on one side of the base, both are drawn at the outer one.
        for usd, end, other in ((low, ends["low"], high), (high, ends["high"], low)):
            if not np.isfinite(usd) or (usd == base and other != base):
                continue
            right = usd > base or (usd == base and other < base)
            if (other > base) == (usd > base) and abs(other - base) > abs(usd - base):
                continue
            axes.annotate(f"{end:.4g}", (usd, row), xytext=(4 if right else -4, 0), va="center",
                          textcoords="offset points", ha="left" if right else "right",
                          fontsize=9)  # fmt: skip
    axes.axvline(base, color="black", linewidth=1)
    axes.set_yticks(at, [heading(str(name)) for name in frame.index])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(f"$/MWh served, {case.assumptions.dollars}; "
                    "the plant is sized anew each time")  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    axes.set_title(
        f"{case.title}, {sensitivity.target.description}: {base:,.0f} $/MWh, and what moves it",
        loc="left",
        parse_math=False,
    )
    return figure


def monte_carlo(monte_carlo: MonteCarlo) -> Figure:
    """How often each site is the cheapest, and the spread of what its energy costs.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame, case = monte_carlo.frame, monte_carlo.cases[0]
    columns = {
        one.site.name: usd
        for one, usd in zip(monte_carlo.cases, monte_carlo.levelized_usd_per_mwh.T, strict=True)
    }
    figure = new_figure()
    often, spread = figure.subplots(1, 2, sharey=True, width_ratios=(1, 2))
    at = np.arange(len(frame))
    fraction = 100 * frame["lowest_cost_fraction"].to_numpy()
    bars = often.barh(at, fraction, height=0.6, color=BLUE)
    often.bar_label(bars, [f"{value:.3g}%" for value in fraction], padding=4)
    often.set_xlim(0, 118)
    often.set_xticks(range(0, 101, 25))
    often.set_xlabel("draws in which it is the cheapest [%]")
    often.set_yticks(at, list(frame.index))
    often.invert_yaxis()
    for row, name in enumerate(frame.index):
        usd = columns[str(name)]
        usd = usd[np.isfinite(usd)]
        if len(usd) > 1 and np.ptp(usd) > 0:
            shape = spread.violinplot([usd], [row], orientation="horizontal", widths=0.8,
                                      showextrema=False)  # fmt: skip
            for body in shape["bodies"]:
                body.set(facecolor=BLUE, alpha=0.35)
    low, middle, high = (frame[f"{name}_usd_per_mwh"].to_numpy() for name in ("p05", "p50", "p95"))
    spread.hlines(at, low, high, color="black", linewidth=1.5, label="90 % of the draws")
    spread.plot(middle, at, "o", color="black", label="median")
    spread.plot(frame["base_usd_per_mwh"], at, "D", color=ORANGE, markeredgecolor="black",
                label="assumptions as they are")  # fmt: skip
    spread.set_xlabel(f"$/MWh served, {case.assumptions.dollars}")
    spread.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 1.06), ncols=3)
    spread.grid(axis="x", alpha=0.3)
    for axes in (often, spread):
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle(
        f"{case.datacenter.it_mw:g} MW of computers, {monte_carlo.target.description}: "
        f"{len(monte_carlo.assumptions):,} draws of the assumptions, the same for all sites",
        fontsize=13,
    )
    return figure
