"""The backup: gas engines, gas turbines, diesel gensets or fuel cells.

In: values from the assumptions, words for a kind. Out: `Backup`; a kind; the power of one unit.
"""

from __future__ import annotations

import difflib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from energy.parameters import Input, Lifetime, NotNegative, Positive
from energy.steps import Array

BackupKind = Literal["engine", "turbine", "diesel", "fuel_cell"]

#: What backup may be; each has its own table in the file.
BACKUP_KINDS: tuple[BackupKind, ...] = ("engine", "turbine", "diesel", "fuel_cell")

#: Several of a kind, in words.
_WORDS: dict[BackupKind, str] = {
    "engine": "engines",
    "turbine": "turbines",
    "diesel": "gensets",
    "fuel_cell": "fuel cells",
}

#: What people call backup -> the kinds that they may mean.
_MEANT: dict[str, tuple[BackupKind, ...]] = {
    "gas": ("engine", "turbine", "fuel_cell"),
    "natural_gas": ("engine", "turbine", "fuel_cell"),
    "generator": ("engine", "diesel"),
    "genset": ("diesel", "engine"),
    "reciprocating": ("engine",),
    "ccgt": ("turbine",),
    "sofc": ("fuel_cell",),
    "bloom": ("fuel_cell",),
}


class Backup(Input):
    """What stands behind the battery: gas engines, gas turbines, gensets or fuel cells."""

    kind: BackupKind
    capital_usd_per_kw: NotNegative
    fixed_om_usd_per_kw_year: NotNegative
    variable_om_usd_per_mwh: NotNegative
    start_usd_per_mw: NotNegative
    heat_rate_btu_per_kwh: Positive
    fuel_usd_per_mmbtu: NotNegative
    unit_mw: Positive
    # Units share a load of more than one, each above a half: the minimum binds one unit only.
    minimum_load_fraction: Annotated[float, Field(ge=0, le=0.5)]
    lead_years: NotNegative
    lifetime_years: Lifetime

    @property
    def words(self) -> str:
        """Several of its kind, in words: "engines", "fuel cells"."""
        return _WORDS[self.kind]

    @property
    def burns_gas(self) -> bool:
        """Whether its fuel is natural gas, so that a place's gas price is its price."""
        return self.kind != "diesel"


def unit_of(backup_mw: Array | float, largest_unit_mw: float) -> Array:
    """Power of one unit [MW] when as few equal units as possible make up the backup [MW]."""
    return np.asarray(backup_mw / np.maximum(np.ceil(backup_mw / largest_unit_mw), 1.0))


def kind_problem(kind: str) -> str:
    """What is wrong with a kind of backup, with those that may be meant; empty when nothing.

    >>> kind_problem("gas")
    "backup must be one of engine, turbine, diesel, fuel_cell; got 'gas'; did you mean engine, \
turbine or fuel_cell?"
    """
    if kind in BACKUP_KINDS:
        return ""
    word = kind.lower().replace(" ", "_").removesuffix("s")
    known = (*BACKUP_KINDS, *_MEANT)
    near = difflib.get_close_matches(word, known, n=1)
    meant: tuple[str, ...] = _MEANT.get(near[0], (near[0],)) if near else ()
    hint = " or ".join(filter(None, (", ".join(meant[:-1]), *meant[-1:])))
    told = f"backup must be one of {', '.join(BACKUP_KINDS)}; got {kind[:60]!r}"
    return told + (f"; did you mean {hint}?" if hint else "")
