"""How a plant's battery grows old at its place: by heat, charge and cycles.

In: state of charge and air temperature by step, assumptions of wear. Out: what is left of a battery
in each year of its age.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from energy.errors import InputError
from energy.fade import fade
from energy.parameters import Input, NotNegative
from energy.steps import Array


class Wear(Input):
    """How a battery ages at a place and what it costs to add to it.

    Cells are as warm as the air and `cell_rise_c`, but no colder than they are heated and no warmer
    than they are cooled. A container loses `pack_loss_factor` times what its cells lose.
    """

    cell_rise_c: Annotated[float, Field(ge=0, le=40)]
    cell_min_c: Annotated[float, Field(ge=-40, le=60)]
    cell_max_c: Annotated[float, Field(ge=-40, le=60)]
    pack_loss_factor: Annotated[float, Field(ge=0, le=5)]
    price_change_per_year: Annotated[float, Field(gt=-0.5, lt=0.5)]
    upkeep_fraction_per_year: Annotated[float, Field(ge=0, lt=1)]
    event_usd: NotNegative

    @model_validator(mode="after")
    def _bounds_of_cells(self) -> Self:
        if self.cell_max_c < self.cell_min_c:
            raise ValueError(
                f"cell_max_c must be at least cell_min_c; got {self.cell_max_c:g} and "
                f"{self.cell_min_c:g}"
            )
        return self

    def cell_temp_c(self, air_c: Array) -> Array:
        """Temperature of the cells [degC] at that of the air, one value a step."""
        return np.clip(air_c + self.cell_rise_c, self.cell_min_c, self.cell_max_c)

    def price_factor(self, year: int) -> float:
        """Real price of batteries after so many years, as a multiple of the first."""
        return float((1.0 + self.price_change_per_year) ** year)


def battery_by_age(
    soc_fraction: Array,
    air_c: Array,
    *,
    usable_fraction: float,
    step_h: float,
    years: int,
    wear: Wear,
    model: str = "lfp-250ah",
) -> Array:
    """Energy of a battery in each year of its own age, as a fraction of a new one's.

    Parameters
    ----------
    soc_fraction
        State of charge by step, as a fraction of the usable energy. The usable part lies in the
        middle of what the cells can hold.
    air_c
        Temperature of the air by step [degC].
    usable_fraction, step_h
        Usable part of the nameplate energy; length of a step [h].
    years
        Years of age.
    wear, model
        What is assumed; cells, as `energy.battery.fade`.

    Returns
    -------
    Array
        Shape (years,): the mean of each year's start and end.

    Raises
    ------
    InputError
        For a battery that is dead before its time.
    """
    per_day = round(24.0 / step_h)
    steps = len(soc_fraction) // per_day * per_day
    within = (1.0 - usable_fraction) / 2.0 + usable_fraction * np.clip(soc_fraction, 0.0, 1.0)
    cells = fade(
        within[:steps], wear.cell_temp_c(air_c)[:steps], step_h=step_h, years=years, model=model
    )
    ends = np.append(1.0, 1.0 - (1.0 - cells) * wear.pack_loss_factor)
    dead = np.flatnonzero((ends <= 0.0) | (np.append(1.0, cells) <= 0.0))
    if len(dead):
        raise InputError(
            f"the battery is dead in year {int(dead[0])}, before its lifetime of {years} years; "
            "give battery.lifetime_years below that, or cool it (wear.cell_max_c)"
        )
    return np.asarray((ends[1:] + ends[:-1]) / 2.0)
