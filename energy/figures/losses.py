"""What becomes of the sun on its way to the load, loss by loss.

In: `Evaluation` or `Case`. Out: a matplotlib `Figure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from energy.figures.style import BLUE, GREY, RED, new_figure
from energy.units import loss_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from energy.case import Case
    from energy.evaluation import Evaluation

#: Losses smaller than this are left out of the picture, not of the sums.
SHOWN = 1e-4


def losses(plant: Evaluation | Case) -> Figure:
    """A waterfall from the sun on the horizontal to the load, in kWh a year of a kWdc of PV.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame = plant.losses
    case = plant if not hasattr(plant, "case") else plant.case
    left, lost = frame["kwh_per_kwdc_year"], frame["loss_fraction"]
    before = left.shift(1)
    shown = [name for name in frame.index if name == "ghi" or abs(lost[name]) >= SHOWN]
    figure = new_figure()
    axes = figure.subplots()
    for row, name in enumerate(shown):
        if name == "ghi":
            axes.barh(row, left[name], color=GREY)
        else:
            color = RED if lost[name] > 0 else BLUE
            axes.barh(row, left[name] - before[name], left=before[name], color=color)
        text = f" {left[name]:,.0f}" + ("" if name == "ghi" else f"  ({-lost[name]:+.1%})")
        axes.text(max(left[name], before[name] if name != "ghi" else 0.0), row, text, va="center")
    axes.barh(len(shown), left.iloc[-1], color=GREY)
    axes.text(left.iloc[-1], len(shown), f" {left.iloc[-1]:,.0f}", va="center")
    last = "to the load" if "battery" in frame.index else "over the lifetime"
    axes.set_yticks(range(len(shown) + 1), [*map(loss_words, shown), last])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * float(left.max()))
    axes.set_xlabel("kWh a year of a kWdc of PV")
    axes.set_title(
        f"{case.site.title}: {left.iloc[-1]:,.0f} of {left['ghi']:,.0f} kWh {last}",
        loc="left",
        parse_math=False,
    )
    return figure
