"""How long a plant carries the load when something is out: the probability to ride through N hours.

In: `Dispatch`. Out: one row an outage length, without and with sun, without and with engines.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from energy.dispatch import Dispatch
from energy.errors import InputError
from energy.steps import Array

#: Longest outage that is looked at [h], where nothing else is said.
LONGEST_H = 72


def ride_through(run: Dispatch, hours: int = LONGEST_H, *, seed: int = 0) -> pd.DataFrame:
    """Probability to serve all load for N hours of an outage.

    The outage begins at any step of the run, each as likely, with the charge that the battery has
    then; behind the last step comes the first. The battery's own use is load. There is no grid, and
    PV and battery do not fail.

    Engines start and fail as `[failures]` has them, as in `energy.outages.survival`, nothing is
    repaired meanwhile, and their surplus charges the battery. What they do is drawn anew for each
    step at which the outage may begin, which over a year leaves a standard error of at most .006;
    without engines the probabilities are exact.

    Parameters
    ----------
    run
        A plant's run.
    hours
        The longest outage.
    seed
        The same seed gives the same engines.

    Returns
    -------
    DataFrame
        One row an hour of outage length `outage_h`, from 1: `probability`, of the battery alone,
        without sun and engines; `with_sun`; and where the plant has engines `with_engines` and
        `with_sun_and_engines`.

    Raises
    ------
    InputError
        For hours that are no whole number from 1 to 8760, and a seed below 0.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> run = en.simulate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> bool(en.outages.ride_through(run).loc[[1, 24], "probability"].is_monotonic_decreasing)
    True
    """
    problems = []
    if not (isinstance(hours, int) and 1 <= hours <= 8760):
        problems.append(f"hours must be a whole number from 1 to 8760; got {hours!r}")
    if not (isinstance(seed, int) and seed >= 0):
        problems.append(f"seed must be a whole number of 0 or more; got {seed!r}")
    if problems:
        raise InputError(problems)
    steps = round(hours / run.case.step_h)
    found = {
        "probability": _survival(run, steps, sun=False),
        "with_sun": _survival(run, steps, sun=True),
    }
    if run.design.backup_mw > 0:
        for name, sun in (("with_engines", False), ("with_sun_and_engines", True)):
            found[name] = _survival(run, steps, sun=sun, engines_mw=_engines_mw(run, steps, seed))
    per_h = max(round(1.0 / run.case.step_h), 1)
    index = pd.RangeIndex(1, hours + 1, name="outage_h")
    return pd.DataFrame(
        {name: values[per_h - 1 :: per_h] for name, values in found.items()}, index=index
    )


def _survival(
    run: Dispatch, steps: int, *, sun: bool, engines_mw: Iterator[Array] | None = None
) -> Array:
    """Fraction of the starts from which all load is served until each step of the outage."""
    plant = run.parameters
    load_mw = run.load_mw + run.own_use_mw
    net_mw = run.case.solar * plant.solar_mw - load_mw if sun else -load_mw
    # Charge before each step: what the one before left.
    soc = np.roll(run.flow("soc_mwh"), 1)
    if not run.cyclic:
        soc[0] = run.initial_soc_mwh
    alive = np.ones(len(load_mw), dtype=bool)
    found = np.empty(steps)
    for step in range(steps):
        # What an outage that began at each step has now.
        net = np.roll(net_mw, -step)
        if engines_mw is not None:
            net = net + next(engines_mw)
        taken = np.clip(net, 0.0, plant.battery_mw)
        given = np.maximum(-net, 0.0)
        soc = soc * plant.retained_fraction + taken * plant.stored_per_mw
        soc = np.minimum(soc, plant.usable_mwh) - given * plant.drawn_per_mw
        alive &= (given <= plant.battery_mw * (1.0 + 1e-12)) & (soc >= -1e-9 * plant.usable_mwh)
        soc = np.maximum(soc, 0.0)
        found[step] = alive.mean()
    return found


def _engines_mw(run: Dispatch, steps: int, seed: int) -> Iterator[Array]:
    """What the engines give in each step of the outage, one value for each step of its begin."""
    failures = run.case.assumptions.failures
    units = round(run.design.backup_mw / run.unit_mw)
    rng = np.random.default_rng([seed, 11])
    starts = failures.unit_availability * (1.0 - failures.start_failure)
    goes_on = 1.0 - min(run.case.step_h / failures.unit_mttf_h, 1.0)
    running = rng.binomial(units, starts, len(run.load_mw))
    for _ in range(steps):
        running = rng.binomial(running, goes_on)
        yield np.asarray(running * run.unit_mw, dtype=float)
