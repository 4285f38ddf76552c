"""The cheapest plant of a case over the years of its life, with the battery that is added later.

In: `Case`, a fraction of the energy, how the battery is kept up. Out: `Life`.

How a battery fades follows from its use, and its use from the plant's size: sizing and aging take
turns until the battery's years stay what they are. Where additions may be chosen, they come every
so many years, and how many is what costs least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from energy.case import Case
from energy.dispatch import Design, simulate
from energy.errors import InfeasibleError, InputError
from energy.evaluation import evaluate
from energy.finance import real_return_fraction
from energy.finance.additions import AdditionPrices, addition_prices
from energy.life import AUGMENTATIONS, OVER_LIFE, SETTLED, Life, ages_of
from energy.sizing.frontier import frontier, problem_of
from energy.sizing.life_search import FINE_GAP, LifePlant, LifeProblem, LifeSearch
from energy.sizing.target import Target
from energy.steps import Array, energy_mwh

#: Rounds of sizing and aging after which it is taken as it is; three or four are usual.
MOST_ROUNDS = 12

#: Battery is added every so many years, or not at all.
RHYTHMS = (5, 3, 2, 4, 1, 7, 10)

#: A search among others may be this much off.
ROUGH_GAP = 1e-6


def size_for_life(
    case: Case,
    target: Target | None = None,
    *,
    augmentation: str = "chosen",
    over_life: str = "mean",
    model: str = "lfp-250ah",
    **given: float | None,
) -> Life:
    """The cheapest PV, battery and later additions that serve a fraction of the energy for life.

    Exact for the battery's years that it ends with: nothing with additions in the same years is
    cheaper by more than 1e-9 (`Life.bound_usd`). The years are the cheapest of `RHYTHMS`.

    Parameters
    ----------
    case
        The question; its life is `finance.project_years`.
    target
        A `served_fraction`; also as a keyword.
    augmentation
        "chosen": battery is added when it pays; "none": it fades and is replaced when its lifetime
        is over; "keep": O&M keeps its energy.
    over_life
        "mean": the target holds on the mean of the years of life, as they are and as money counts
        them (discounted); "worst": in every one.
    model
        As `energy.live`.

    Raises
    ------
    InputError
        With everything that is wrong; for a battery that is dead before its lifetime is over.
    InfeasibleError
        When no plant within `assumptions.limits` meets the target for life.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    >>> life = en.sizing.size_for_life(case, served_fraction=0.95, augmentation="none")
    >>> round(life.served_fraction, 4)
    0.95
    """
    aim = _aim(target, given, augmentation, over_life)
    kept = augmentation == "keep"
    prices = addition_prices(case, kept_by_om=kept)
    sizes = frontier(case, [aim.value]).plants.to_numpy()[0, 1:]
    if np.isnan(sizes).any():
        raise _infeasible(case, aim, over_life)
    usable = case.assumptions.battery.usable_fraction
    near = np.array([sizes[0], sizes[2], sizes[1] * usable])
    added = _replacements(case)
    ages = np.ones(added[1] if len(added) > 1 else len(prices.usd_per_mwh))
    search = LifeSearch(_problem(case, aim, ages, prices, over_life == "worst"))
    rows: list[dict[str, float]] = []
    for number in range(MOST_ROUNDS):
        run = simulate(case, _design(near, usable))
        lived = ages_of(run, kept_by_om=kept, model=model)
        moved = float(np.abs(lived - ages).max()) if number else float("nan")
        if number and moved <= SETTLED:
            break
        ages = lived
        # Planes of the years hold whatever is left of the battery: later rounds begin with them.
        search = search.aged(ages)
        if number == 0 and augmentation == "chosen":
            added = _chosen(search, added, near, prices)
        # While the battery's years still move, a rough plant is near enough to age it by.
        near, plant = _cheapest(search, added, near, ROUGH_GAP, case, aim, over_life)
        rows.append(
            {
                "solar_mw": plant.solar_mw,
                "battery_mwh": plant.added_mwh[0] / usable,
                "battery_mw": plant.battery_mw,
                "annual_usd": plant.annual_usd,
                "last_battery_fraction": float(ages[-1]),
                "moved": moved,
            }
        )
    near, plant = _cheapest(search, added, near, FINE_GAP, case, aim, over_life)
    mwh = {year: size / usable for year, size in plant.added_mwh.items() if size > 0 or year == 0}
    life = Life(
        evaluate(case, _design(near, usable)), ages, mwh, kept, over_life,
        pd.DataFrame(rows).rename_axis("round").reset_index(), moved,
    )  # fmt: skip
    # What the search does not count: the load's own parts, and what each addition costs beside.
    return replace(life, bound_usd=plant.bound_usd + life.annual_usd - plant.annual_usd)


def _cheapest(
    search: LifeSearch,
    added: Sequence[int],
    near: Array,
    gap: float,
    case: Case,
    aim: Target,
    over_life: str,
) -> tuple[Array, LifePlant]:
    """The cheapest plant, and it as a start for the next one."""
    plant = search.cheapest(added, near, gap)
    if plant is None:
        raise _infeasible(case, aim, over_life)
    return np.array([plant.solar_mw, plant.battery_mw, plant.added_mwh[0]]), plant


def _aim(
    target: Target | None, given: dict[str, float | None], augmentation: str, over_life: str
) -> Target:
    problems, aim = [], None
    try:
        aim = Target.of(target, **given)
        if not aim.is_exact:
            problems.append(f"sizing over a life takes served_fraction; got {aim.name}")
    except InputError as error:
        problems += error.problems
    for name, got, known in (
        ("augmentation", augmentation, AUGMENTATIONS), ("over_life", over_life, OVER_LIFE),
    ):  # fmt: skip
        if got not in known:
            problems.append(f"{name} is one of {', '.join(known)}; got {got!r}")
    if problems or aim is None:
        raise InputError(problems)
    return aim


def _design(near: Array, usable_fraction: float) -> Design:
    return Design(
        solar_mw=float(near[0]),
        battery_mwh=float(near[2]) / usable_fraction,
        battery_mw=float(near[1]),
    )


def _replacements(case: Case) -> list[int]:
    """Years at whose start a battery is replaced, and the first."""
    assumptions = case.assumptions
    years = int(assumptions.finance.project_years)
    return list(range(0, years, int(min(assumptions.battery.lifetime_years, years))))


def _problem(
    case: Case, aim: Target, ages: Array, prices: AdditionPrices, worst: bool
) -> LifeProblem:
    problem = replace(problem_of(case), solar=np.ascontiguousarray(case.solar_new))
    solar = case.assumptions.solar
    return LifeProblem(
        problem=problem,
        solar_by_year=solar.fraction_by_year(len(prices.annual_usd_per_mwh)),
        battery_by_age=ages,
        usd_per_mwh_by_year=prices.annual_usd_per_mwh / case.assumptions.battery.usable_fraction,
        allowed_mwh=(1.0 - aim.value) * energy_mwh(case.load_mw, case.step_h),
        weights=_weights(case, len(prices.annual_usd_per_mwh), worst),
    )


def _weights(case: Case, years: int, worst: bool) -> Array:
    """The means over the years of life that have to meet the target.

    Every year by itself, or the mean of all twice: by years, and by what a dollar of each is worth
    today. Without the second, money would be saved by serving less first and more later.
    """
    if worst:
        return np.eye(years)
    worth = (1.0 + real_return_fraction(case)) ** -np.arange(years)
    return np.array([np.full(years, 1.0 / years), worth / worth.sum()])


def _chosen(
    search: LifeSearch, replaced: Sequence[int], near: Array, prices: AdditionPrices
) -> list[int]:
    """The years of addition: the rhythm, beside the replacements, that costs least with its events.

    Every so many years from each replacement on; a rhythm is given up once its planes say that it
    cannot be cheaper.
    """
    years, lifetime = search.given.years, len(search.given.battery_by_age)
    best, least = list(replaced), np.inf
    for every in (lifetime, *RHYTHMS):
        tried = [year for year in range(years) if year % lifetime % every == 0]
        events = float(sum(prices.annual_event_usd[year] for year in tried if year not in replaced))
        plant = search.cheapest(tried, near, ROUGH_GAP, below_usd=least - events)
        if plant is not None and plant.annual_usd + events < least:
            best, least = tried, plant.annual_usd + events
    return best


def _infeasible(case: Case, aim: Target, over_life: str) -> InfeasibleError:
    limits = case.assumptions.limits
    return InfeasibleError(
        f"{case.site.name}: no plant within limits.solar_mw_per_load_mw "
        f"{limits.solar_mw_per_load_mw:g} and limits.battery_h {limits.battery_h:g} serves "
        f"{aim.value:g} of the energy {OVER_LIFE[over_life]}; raise the limits, ask for less, or "
        "keep the battery by O&M (augmentation 'keep')"
    )
