"""How long the battery alone carries the load: the probability to ride through N hours.

In: `Dispatch`. Out: one row an outage length.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from energy.dispatch import Dispatch
from energy.errors import InputError

#: Longest outage of sun and engines that is looked at [h], where nothing else is said.
LONGEST_H = 72


def ride_through(run: Dispatch, hours: int = LONGEST_H) -> pd.DataFrame:
    """Probability that the battery serves all load for N hours without sun, engines or grid.

    The outage begins at any step of the run, each as likely, with the charge that the battery has
    then; behind the last step comes the first. The battery's own use is load.

    Parameters
    ----------
    run
        A plant's run.
    hours
        The longest outage.

    Returns
    -------
    DataFrame
        One row an hour of outage length `outage_h`, from 1: `probability`.

    Raises
    ------
    InputError
        For hours that are no whole number from 1 to 8760.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> run = en.simulate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> bool(en.outages.ride_through(run).loc[[1, 24], "probability"].is_monotonic_decreasing)
    True
    """
    if not (isinstance(hours, int) and 1 <= hours <= 8760):
        raise InputError(f"hours must be a whole number from 1 to 8760; got {hours!r}")
    plant, step_h = run.parameters, run.case.step_h
    load_mw = run.load_mw + run.own_use_mw
    # Charge before each step: what the one before left.
    soc = np.roll(run.flow("soc_mwh"), 1)
    if not run.cyclic:
        soc[0] = run.initial_soc_mwh
    alive = np.ones(len(load_mw), dtype=bool)
    found = []
    steps = round(hours / step_h)
    for step in range(steps):
        load = np.roll(load_mw, -step)
        soc = soc * plant.retained_fraction - load * plant.drawn_per_mw
        alive &= (load <= plant.battery_mw * (1.0 + 1e-12)) & (soc >= -1e-9 * plant.usable_mwh)
        found.append(float(alive.mean()))
    per_h = max(round(1.0 / step_h), 1)
    index = pd.RangeIndex(1, hours + 1, name="outage_h")
    return pd.DataFrame({"probability": found[per_h - 1 :: per_h]}, index=index)
