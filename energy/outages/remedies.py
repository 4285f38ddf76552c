"""What would mend a plant's failures: a second common part, or one part more of a kind.

In: a `Case` and a target; a `Dispatch`. Out: sentences for an error; a table.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from energy.case import Case
from energy.dispatch import Dispatch
from energy.failures import COMMON_PARTS
from energy.outages.equipment import DRAWS, fail_with

#: Spare containers of a battery, as a fraction of those that it has.
SPARE_FRACTION = 0.02


def reachable(case: Case, target_fraction: float, *, with_backup: bool = False) -> list[str]:
    """Why the common parts put a fraction of energy or hours out of reach; empty where they do not.

    Parameters
    ----------
    case
        The question.
    target_fraction
        Fraction of the energy or of the hours.
    with_backup
        Whether engines or a grid stand in for transformer and feeder; controls alone bind then.

    Returns
    -------
    list
        One sentence: the weakest parts, and what a second one of each in parallel would reach.
    """
    failures = case.assumptions.failures
    names = ("controls",) if with_backup else COMMON_PARTS
    parts = {part: failures.availability(part) for part in names}
    reached = math.prod(parts.values())
    if reached >= target_fraction:
        return []
    said = f"the {' and the '.join(parts)} are up {reached:.6g} of the time"
    said = f"{said}, below the target of {target_fraction:.6g} whatever the plant's size"
    weakest = sorted(parts, key=lambda part: parts[part])
    doubled: list[str] = []
    for part in weakest:
        doubled.append(part)
        two = {
            name: 1.0 - (1.0 - a) ** 2 if name in doubled else a for name, a in parts.items()
        }  # as good as two whose failures are independent
        if math.prod(two.values()) >= target_fraction:
            break
    after = math.prod(two.values())
    remedy = f"a second {' and a second '.join(doubled)} in parallel would make it {after:.6g}"
    if after < target_fraction:
        remedy += ", which is not enough either"
    return [f"{said}; the weakest is the {weakest[0]} ({parts[weakest[0]]:.6g}), and {remedy}"]


def one_more(run: Dispatch, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """What one part more would change, all others failing as they do without it.

    Returns
    -------
    DataFrame
        One row a change: `lolh_hours_per_year`, `eue_mwh_per_year`, their changes from the plant
        as it is, and the standard errors of these.
    """
    as_is = fail_with(run, draws, seed, {})
    spare = math.ceil(SPARE_FRACTION * as_is.parts["container"])
    rows = {
        "one more unit": {"unit": 1},
        "one more container": {"container": 1},
        f"2 % more containers ({spare})": {"container": spare},
        "one more inverter block with its modules": {"inverter": 1},
    }
    table = {"as it is": as_is} | {
        name: fail_with(run, draws, seed, more)
        for name, more in rows.items()
        if as_is.parts[next(iter(more))] > 0
    }
    columns: dict[str, list[float]] = {}
    for measure in ("lolh_hours_per_year", "eue_mwh_per_year"):
        columns[measure] = [found.availability_with_failures[measure] for found in table.values()]
        changes = [found._per_draw[measure] - as_is._per_draw[measure] for found in table.values()]
        columns[f"change_{measure}"] = [float(change.mean()) for change in changes]
        columns[f"standard_error_{measure}"] = [
            float(np.std(change, ddof=1)) / math.sqrt(draws) for change in changes
        ]
    return pd.DataFrame(columns, index=pd.Index(list(table), name="plant"))
