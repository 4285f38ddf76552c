"""Plants whose target holds with failures of equipment, not with the weather alone.

In: `Case` and a target of reliability. Out: `Sizing` of a plant that meets it when parts break.

PV and battery alone are made larger along the least-cost plants of more of the energy, until what
failures leave is enough. With engines behind them, units are added to the cheapest plant one by
one (N+k). Both are judged by the same seeded failures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from energy.case import Case
from energy.errors import InfeasibleError, InputError
from energy.evaluation import Evaluation, evaluate
from energy.outages import FailureRun, fail, reachable
from energy.sizing.solution import Sizing, size
from energy.sizing.target import Target

#: Draws of the failures that sizes are judged by.
DRAWS = 40

#: The nines of the energy are halved so often: to a thousandth of a nine.
HALVINGS = 10

#: Most engines that are added.
MOST_UNITS = 20

#: Targets that failures have a measure for.
TARGETS = ("served_fraction", "available_fraction", "nines", "lolh_hours_per_year")


def size_with_failures(
    case: Case,
    target: Target | None = None,
    *,
    backup: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
    **given: float | None,
) -> Sizing:
    """The cheapest plant found that meets a target with failures of its equipment.

    `Sizing.failures` has the failures that it was judged by.

    Parameters
    ----------
    case, target
        As `size`; a fraction of the energy or of the hours, nines or LOLH.
    backup
        Engines may be part of it; then they are what is added.
    draws, seed
        As `energy.outages.fail`.

    Raises
    ------
    InputError
        For another target.
    InfeasibleError
        When the common parts put it out of reach: which one, and what redundancy would mend it.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> sized = en.sizing.size_with_failures(case, served_fraction=0.95)
    >>> en.outages.fail(sized.evaluation.run).availability_with_failures["served_fraction"] > 0.9499
    True
    """
    aim = Target.of(target, **given)
    if problem := failure_target_problem(aim):
        raise InputError(problem)
    bound = aim.constraint(case)
    if problems := reachable(case, bound.bound, with_backup=backup):
        raise InfeasibleError(f"{case.site.name}: " + "; ".join(problems))

    def judged(evaluation: Evaluation) -> FailureRun | None:
        """The failures of a plant that meets the target with them; None of one that does not."""
        found = fail(evaluation.run, draws=draws, seed=seed)
        return found if found.availability_with_failures[bound.measure] >= bound.bound else None

    if backup:
        return _with_units(size(case, aim, backup=True), judged)
    low_nines = -math.log10(max(1.0 - bound.bound, 1e-9))
    # A plant for so many nines more is the largest that is looked at, and the first.
    high_nines = low_nines + 1.5
    best: Sizing | None = None
    for step in range(HALVINGS + 1):
        nines = high_nines if step == 0 else (low_nines + high_nines) / 2.0
        tried = size(case, served_fraction=1.0 - 10.0**-nines)
        failures = judged(tried.evaluation)
        if failures is not None:
            high_nines = nines
            best = replace(tried, target=aim, failures=failures, failures_in_target=True)
        elif step == 0:
            raise InfeasibleError(
                f"{case.site.name}: a plant for {1.0 - 10.0**-nines:.6g} of the energy still "
                f"misses {aim.description} once its equipment fails; ask for less, add engines, or "
                "give parts of higher availability in [failures]"
            )
        else:
            low_nines = nines
    if best is None:
        raise RuntimeError("no plant was kept; please report this case")
    return best


def failure_target_problem(aim: Target) -> str:
    """Why a target is none that can hold with failures; empty where it is one."""
    if aim.name in TARGETS:
        return ""
    *names, last = TARGETS
    return f"with failures a plant is sized for {', '.join(names)} or {last}; got {aim.name}"


def _with_units(sized: Sizing, judged: Callable[[Evaluation], FailureRun | None]) -> Sizing:
    """The plant with as many more engines as it takes."""
    case, design = sized.case, sized.design
    unit_mw = sized.evaluation.run.unit_mw or case.assumptions.backup.unit_mw
    for more in range(MOST_UNITS + 1):
        tried = evaluate(case, design.replace(backup_mw=design.backup_mw + more * unit_mw))
        failures = judged(tried)
        if failures is not None:
            return replace(
                sized, evaluation=tried, neighbours=pd.DataFrame(), failures=failures,
                failures_in_target=True,
            )  # fmt: skip
    raise InfeasibleError(
        f"{case.site.name}: {MOST_UNITS} engines more than the weather alone asks for do not hold "
        f"{sized.target.description} with failures; ask for less, or give parts of higher "
        "availability in [failures]"
    )
