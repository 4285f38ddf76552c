"""What all figures share: size, colors, an empty figure, and writing it to a file.

In: a path. Out: a matplotlib `Figure`; a PNG or SVG file.

Matplotlib is an extra, `pip install 'sunrack[plot]'`, used without pyplot's hidden state. Colors
are Okabe and Ito's and matplotlib's perceptual maps, which color-blind readers can tell apart.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from energy.errors import InputError
from energy.files import replace_file
from energy.weather.quality import MONTHS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Size [inch] and dots an inch: 1200 x 900.
SIZE, DPI = (12.0, 9.0), 100

#: Okabe and Ito: data, what is expected of it, what is wrong.
BLUE, ORANGE, RED, GREY = "#0072B2", "#E69F00", "#D55E00", "#777777"

#: Okabe and Ito's colors for things side by side; their yellow is too light for a line.
HUES = (BLUE, RED, "#009E73", "#CC79A7", "#56B4E9", ORANGE, "#000000")

#: Endings that `save` knows.
ENDINGS = (".png", ".svg")

#: Days of the worst weeks that are drawn.
DAYS = 7


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG or SVG, as the ending says: beside the path first, then in its place.

    Raises
    ------
    InputError
        For another ending, a folder, or a place that cannot be written; an old file stays.
    """
    import matplotlib

    path = Path(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{path}: figures end in {' or '.join(ENDINGS)}; got {ending!r}")
    drawn = io.BytesIO()
    # Without the date and with fixed ids the same figure is the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "sunrack"}):
        dateless = {"Date": None} if ending == ".svg" else None
        figure.savefig(drawn, format=ending[1:], dpi=DPI, metadata=dateless)
    replace_file(path, drawn.getvalue())


def new_figure() -> Figure:
    """An empty figure; matplotlib is asked for only here.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
        from matplotlib.text import Text
    except ImportError:
        raise InputError("figures need matplotlib: pip install 'sunrack[plot]'") from None

    class LiteralFigure(Figure):
        """A figure whose texts are shown as they are: a `$` in a site's title is no formula."""

        def draw(self, renderer: Any) -> None:
            """Draw; the axes' own exponents stay formulas."""
            for axes in self.axes:
                for axis in (axes.xaxis, axes.yaxis):
                    axis.get_ticklabels(which="both")  # labels are empty until asked for
            for text in self.findobj(Text):
                if text.get_text() and r"\mathdefault" not in text.get_text():
                    text.set_parse_math(False)
            super().draw(renderer)

    return LiteralFigure(
        figsize=SIZE, dpi=DPI, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    )


def bare(axes: Axes) -> None:
    """Take away what carries no information: ticks of names, and the frame but for its floor."""
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def day_axis(panels: Sequence[Axes], dates: pd.DatetimeIndex, *, typical: bool) -> None:
    """Panels above each other, a day a unit: names of the days below, lines between them."""
    names = [f"{date.day} {MONTHS[date.month - 1]}" for date in dates]
    if not typical:
        names = [f"{text} {date.year}" for text, date in zip(names, dates, strict=True)]
    panels[-1].set_xticks(np.arange(len(dates)) + 0.5, names)
    panels[-1].set_xlim(0, DAYS)
    for axes in panels:
        for edge in range(1, DAYS):
            axes.axvline(edge, color="#DDDDDD", linewidth=0.8, zorder=0)
        axes.tick_params(axis="x", length=0)
        axes.spines[["top", "right"]].set_visible(False)
