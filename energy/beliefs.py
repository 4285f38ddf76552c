"""Numbers that are believed, in data files beside the code: value, range, unit, source.

In: a TOML file of tables such as [section.key]. Out: defaults of input fields; their sources.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from energy.spec import read_toml

FOLDER = Path(__file__).parent / "data"

#: What the source of a number says that differs from the shipped one.
BY_USER = "set by the user"


@cache
def shipped(file: str) -> Mapping[str, Any]:
    """The content of a shipped data file, read once."""
    return read_toml(FOLDER / file)


def believed(file: str, section: str, key: str) -> Any:
    """A field of an input whose default is a shipped belief, read when it is first needed."""
    return Field(default_factory=partial(_value, file, section, key))


def _value(file: str, section: str, key: str) -> Any:
    return shipped(file)[section][key]["value"]


def sources(
    values: Mapping[str, Any],
    quantities: Mapping[str, Any],
    factor: Callable[[Mapping[str, Any]], float] = lambda _: 1,
) -> pd.DataFrame:
    """One row a number: name, value in use, low, high, unit, source.

    Parameters
    ----------
    values
        The numbers in use by name; None is left out.
    quantities
        What is shipped by the same names; what is not there is the user's.
    factor
        Moves a shipped price to the dollars in use.
    """
    rows = {}
    for name, value in values.items():
        if value is None:
            continue
        known = quantities.get(name)
        scale = factor(known) if known else math.nan
        same = known is not None and math.isclose(value, known["value"] * scale)
        rows[name] = {
            "value": value,
            "low": known["low"] * scale if known else math.nan,
            "high": known["high"] * scale if known else math.nan,
            "unit": known["unit"] if known else "",
            "source": known["source"] if known and same else BY_USER,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("name")
