"""Weather: what the sun, the air and the wind did, step by step.

In: a weather file or a shipped series. Out: a checked `Weather`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from energy.errors import answer_unknown
from energy.weather.adaptation import Climate, Neighbor, adapt
from energy.weather.quality import QualityCheck, check_quality
from energy.weather.read import read_weather
from energy.weather.resampling import resample
from energy.weather.series import COLUMNS, Place, Provenance, Weather

__all__ = [
    "COLUMNS",
    "Climate",
    "Neighbor",
    "Place",
    "Provenance",
    "QualityCheck",
    "Weather",
    "adapt",
    "check_quality",
    "read_weather",
    "resample",
]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
