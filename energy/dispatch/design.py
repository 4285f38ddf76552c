"""What is chosen: the sizes of a plant.

In: numbers. Out: `Design`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from energy.parameters import Fraction, Input

Size = Annotated[float, Field(ge=0, le=1e7)]


class Design(Input):
    """The sizes of a plant: what is chosen, apart from what is assumed.

    Parameters
    ----------
    solar_mw
        PV capacity [MWdc].
    battery_mwh, battery_mw
        Nameplate energy [MWh], of which the assumptions say how much is usable; AC power each way
        [MW].
    backup_mw, grid_mw
        AC power of engines, turbines or gensets, and of the grid connection [MW].
    reserve_conservatism
        How cautiously charge is held for the coming days while there is backup or grid: 0 keeps
        none, 1 keeps the battery full (`energy.dispatch.reserve`).

    Examples
    --------
    >>> import energy as en
    >>> en.Design(solar_mw=1200, battery_mwh=3000, battery_mw=450).backup_mw
    0.0
    """

    solar_mw: Annotated[float, Field(gt=0, le=1e7)]
    battery_mwh: Size = 0.0
    battery_mw: Size = 0.0
    backup_mw: Size = 0.0
    grid_mw: Size = 0.0
    reserve_conservatism: Fraction = 0.0
