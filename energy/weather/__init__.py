"""Weather: what the sun, the air and the wind did, step by step.

In: a weather file or a shipped series. Out: a checked `Weather`.
"""

from __future__ import annotations

from energy.weather.decades import resample
from energy.weather.examine import Examination, examine
from energy.weather.files import read_weather
from energy.weather.moved import move
from energy.weather.series import COLUMNS, Weather

__all__ = [
    "COLUMNS",
    "Examination",
    "Weather",
    "examine",
    "move",
    "read_weather",
    "resample",
]
