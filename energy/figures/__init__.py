"""Results as figures to look at once and understand.

In: results of the package. Out: matplotlib figures; `save` writes them as PNG or SVG.
"""

from typing import TYPE_CHECKING

from energy.errors import answer_unknown
from energy.figures.cost_curves import backup_frontier, frontier, frontiers
from energy.figures.life import life, outage_causes, survival
from energy.figures.losses import losses
from energy.figures.plant_week import week
from energy.figures.snowy_week import snowy_week
from energy.figures.style import ENDINGS, save
from energy.figures.uncertainty import monte_carlo, sensitivity
from energy.figures.weather_at_a_glance import weather

__all__ = [
    "ENDINGS",
    "backup_frontier",
    "frontier",
    "frontiers",
    "life",
    "losses",
    "monte_carlo",
    "outage_causes",
    "save",
    "sensitivity",
    "snowy_week",
    "survival",
    "weather",
    "week",
]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
