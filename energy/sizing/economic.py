"""What money is best spent on: a budget, idle computers, or what computers earn.

In: `Case` and an amount of money. Out: the fraction of the energy that is worth serving.

All of these lie on the frontier: for any fraction the cheapest plant is the best one, and what is
left is to choose the fraction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from energy.case import Case
from energy.dispatch import Design
from energy.errors import InfeasibleError
from energy.finance import (
    annual_usd_per_size,
    capital_recovery_factor,
    capital_usd_per_size,
    only_before_tax,
)
from energy.sizing.cutting_planes import Problem, solve
from energy.sizing.frontier import SERVED_FRACTIONS, design_of, problem_of
from energy.sizing.target import Target
from energy.steps import Array

#: Fractions that are tried before the search between them; a small budget buys little.
TRIED = np.array([0.001, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, *SERVED_FRACTIONS])

#: More nines of the energy than this are searched as all of it.
MOST_NINES = 6.0


def economic_optimum(case: Case, target: Target) -> tuple[Design, dict[str, float]]:
    """The plant for an amount of money, and figures of what it is worth.

    Raises
    ------
    InputError
        For terms of money after tax: computers and what they earn are before it.
    InfeasibleError
        When the budget buys no plant, or none earns what it costs.
    """
    only_before_tax(case, f"the target {target.name}")
    amount, energy_mwh = target.value, it_mwh_per_year(case)
    if target.name == "budget_usd":
        return most_for_budget(case, amount), {}
    if target.name == "load_usd_per_mw":
        computers_usd = computers_usd_per_year(case, amount)
        design, value = _optimum(
            case, lambda fraction, usd: -(usd + computers_usd) / (fraction * energy_mwh)
        )
        return design, {"usd_per_useful_it_mwh": -value, "computers_usd_per_year": computers_usd}
    design, value = _optimum(case, lambda fraction, usd: amount * fraction * energy_mwh - usd)
    if value <= 0:
        raise InfeasibleError(
            f"{case.site.name}: at {amount:g} $ for an IT MWh no plant earns what it costs; the "
            f"one that loses least loses {-value:,.0f} $ a year",
            {"site": case.site.name, "target": target.description, "best_usd_per_year": value},
        )
    return design, {"earned_usd_per_year": value}


def most_for_budget(case: Case, budget_usd: float) -> Design:
    """The plant that serves the most energy for its price on the first day [$].

    Raises
    ------
    InfeasibleError
        When the budget does not pay for what every plant needs, or hardly for any array.
    """
    fixed_usd = capital_usd_per_size(case)["load"] * case.peak_load_mw
    problem = problem_of(case, by_capital=True)

    def capital_usd(fractions: Array) -> Array:
        return np.nan_to_num(solve(problem, fractions)[:, 3], nan=np.inf) + fixed_usd

    tried_usd = capital_usd(TRIED)
    if tried_usd[0] > budget_usd:
        raise InfeasibleError(
            f"{case.site.name}: {budget_usd:,.0f} $ buys no plant: switchgear and controls for "
            f"{case.peak_load_mw:,.0f} MW cost {fixed_usd:,.0f} $, and with {TRIED[0]:g} of the "
            f"energy served the whole costs {tried_usd[0]:,.0f} $",
            {
                "site": case.site.name,
                "target": f"the most energy for {budget_usd:g} $",
                "fixed_usd": fixed_usd,
                "least_usd": float(tried_usd[0]),
            },
        )
    last = int(np.flatnonzero(tried_usd <= budget_usd)[-1])
    fraction = float(TRIED[last])
    if last + 1 < len(TRIED) and np.isfinite(tried_usd[last + 1]):
        from scipy.optimize import brentq

        fraction = brentq(
            lambda fraction: float(capital_usd(np.array([fraction]))[0]) - budget_usd,
            TRIED[last], TRIED[last + 1], xtol=1e-12, rtol=1e-12,
        )  # fmt: skip
    plant = _plant(case, problem, fraction)
    # The root may lie a hair on the expensive side.
    over = sum(
        getattr(plant, name) * usd for name, usd in capital_usd_per_size(case).items()
        if name != "load"
    ) + fixed_usd - budget_usd  # fmt: skip
    return _plant(case, problem, fraction - 1e-9) if over > 0 else plant


def _optimum(case: Case, value: Callable[[Array, Array], Array]) -> tuple[Design, float]:
    """The plant for which `value` is greatest, of all that are the cheapest for their fraction.

    Parameters
    ----------
    case
        The question.
    value
        From fractions of the energy and what the plants cost a year [$], each of shape (n,), to
        what is to be as large as can be.

    Returns
    -------
    The plant, and its value.
    """
    from scipy.optimize import minimize_scalar

    fixed_usd = annual_usd_per_size(case)["load"] * case.peak_load_mw
    problem = problem_of(case)

    def values(fractions: Array) -> Array:
        annual_usd = solve(problem, fractions)[:, 3] + fixed_usd
        return np.nan_to_num(value(fractions, annual_usd), nan=-np.inf)

    tried = values(TRIED)
    best = int(tried.argmax())
    nines = -np.log10(np.maximum(1.0 - TRIED, 10.0**-MOST_NINES))
    found = minimize_scalar(
        lambda n: -float(values(np.array([1.0 - 10.0**-n]))[0]),
        bounds=(nines[max(best - 1, 0)], nines[min(best + 1, len(nines) - 1)]),
        method="bounded",
        options={"xatol": 1e-4},
    )
    if -found.fun > tried[best]:
        return _plant(case, problem, 1.0 - 10.0**-found.x), float(-found.fun)
    return _plant(case, problem, float(TRIED[best])), float(tried[best])


def computers_usd_per_year(case: Case, load_usd_per_mw: float) -> float:
    """Annualized cost of the computers [$]: capital recovery over their life, busy or idle."""
    assumptions = case.assumptions
    recovery = capital_recovery_factor(
        assumptions.finance.real_discount_fraction, assumptions.computers.lifetime_years
    )
    return load_usd_per_mw * case.datacenter.it_mw * recovery


def it_mwh_per_year(case: Case) -> float:
    """What the computers would draw in a year without an outage [MWh]."""
    return case.datacenter.it_mw * len(case.load_mw) * case.step_h / case.weather.years_exact


def _plant(case: Case, problem: Problem, fraction: float) -> Design:
    sizes = solve(problem, [fraction])[0, :3]
    sizes[1] /= case.assumptions.battery.usable_fraction
    return design_of(sizes)
