"""The array that makes the cheapest plant: tracker or fixed rows, tilt, DC/AC ratio, pitch.

In: `Case` and a target. Out: `ArrayChoice`: the case with its best array, the plant, the others.

A plant for many nines is sized by its darkest weeks, not by its year: a tracker, which lies flat at
noon, yields more in the year and less in December than fixed rows. So every array that is tried
gets its own exact least-cost plant, and the cheapest plant decides. (Dark weeks are overcast: most
light is diffuse then, of which a flat array sees most, so the best tilt may lie below the
latitude.) The cost is smooth in tilt and ratio: a scan of tilts finds the valley, a compass search
[1] with halving steps its floor.

References
----------
[1] Kolda, Lewis and Torczon, Optimization by direct search, SIAM Review 45 (2003) 385.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from energy.assumptions import read_assumptions
from energy.case import Case
from energy.dispatch import Design
from energy.errors import InfeasibleError, InputError
from energy.evaluation import evaluate
from energy.parameters import price_factor
from energy.sizing.solution import Sizing, size
from energy.sizing.target import Target
from energy.solar import FixedTilt, Solar, Tracker, ac_per_mwdc
from energy.steps import Array
from energy.tables import Result

#: The kinds of mount by name.
MOUNTS: dict[str, type[Tracker | FixedTilt]] = {kind.kind: kind for kind in (Tracker, FixedTilt)}

#: Tilts that are scanned first lie this far apart [deg].
SCAN_DEG = 15.0

#: First and last step of the search in tilt [deg] and in DC/AC ratio; it halves them in between.
FIRST_STEP, LAST_STEP = (8.0, 0.4), (1.0, 0.05)

Mounting = Tracker | FixedTilt
Bounds = tuple[float, float]


@dataclass(frozen=True, eq=False)
class ArrayChoice(Result):
    """The array whose least-cost plant is the cheapest, that plant, and the arrays beside it.

    `frame` has one row an array that was tried, cheapest first: `mount`, `tilt_deg` (NaN on a
    tracker), `gcr_fraction`, `dc_ac_ratio`; its yields when new, `kwh_per_kwdc_year`,
    `december_kwh_per_kwdc`, `june_kwh_per_kwdc`; its plant, `solar_mw`, `battery_mwh`,
    `battery_mw`, `annual_usd`, `levelized_usd_per_mwh`. An array with which no plant meets the
    target is not among them.
    """

    sizing: Sizing
    frame: pd.DataFrame

    @property
    def case(self) -> Case:
        """The question, with the best array among its assumptions."""
        return self.sizing.case

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: arrays that were tried, cheapest plant first"


def choose_array(
    case: Case,
    target: Target | None = None,
    *,
    mounts: Sequence[str] = tuple(MOUNTS),
    tilts_deg: Bounds = (0.0, 90.0),
    dc_ac_ratios: Bounds | None = None,
    gcr_fractions: Sequence[float] | None = None,
    progress: Callable[[Iterable[Mounting]], Iterable[Mounting]] = iter,
    **given: float | None,
) -> ArrayChoice:
    """The mount, tilt and DC/AC ratio of the cheapest plant for a target.

    Parameters
    ----------
    case
        The question. Its own mount is one candidate; the other kind is the shipped one, as much
        more expensive or cheaper than it as the shipped two differ.
    served_fraction
        Fraction of the load's energy to serve.
    mounts
        Of "tracker" and "fixed", those to try.
    tilts_deg, dc_ac_ratios
        Lowest and highest tilt of fixed rows and DC/AC ratio to try, found to 1 deg and .05; two
        equal ones hold it still. Without ratios 1 to `assumptions.limits.dc_ac_ratio`.
    gcr_fractions
        Fractions of ground covered to try; without them each mount's own. Rows farther apart cost
        land here, not their longer cables and roads.
    progress
        Wraps the mounts while arrays on them are tried, for a progress bar.

    Raises
    ------
    InputError
        With every argument that is out of bounds.
    InfeasibleError
        When with no array a plant within `assumptions.limits` serves the target; the message is
        that of the first array tried.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> choice = en.choose_array(
    ...     case, served_fraction=0.9, mounts=["fixed"], tilts_deg=(30, 30),
    ...     dc_ac_ratios=(1.3, 1.3))
    >>> choice.frame["mount"].tolist()
    ['fixed']
    """
    dc_ac_ratios = dc_ac_ratios or (1.0, case.assumptions.limits.dc_ac_ratio)
    aim, problems = None, _problems(mounts, tilts_deg, dc_ac_ratios, gcr_fractions)
    try:
        aim = Target.of(target, **given)
    except InputError as error:
        problems = [*error.problems, *problems]
    if problems or aim is None:
        raise InputError(problems)
    tried: list[_Tried] = []
    failures: list[InfeasibleError] = []
    for mount in progress(_candidates(case, mounts, gcr_fractions)):
        tilts = tilts_deg if isinstance(mount, FixedTilt) else (0.0, 0.0)
        for outcome in _arrays_on(mount, case, aim, tilts, dc_ac_ratios):
            if isinstance(outcome, InfeasibleError):
                failures.append(outcome)
            else:
                tried.append(outcome)
    if not tried:
        raise failures[0]
    tried.sort(key=lambda one: one.annual_usd)
    best = tried[0]
    dc = case.dc_per_mwdc(best.solar)
    sizing = Sizing(
        evaluate(_with_array(case, best.solar, dc), best.design), aim, array_chosen=True
    )
    return ArrayChoice(sizing, pd.DataFrame([_row(one) for one in tried]))


class _Tried(NamedTuple):
    """An array, its yields and its least-cost plant."""

    solar: Solar
    yields: dict[str, float]
    design: Design
    annual_usd: float
    levelized_usd_per_mwh: float


def _row(tried: _Tried) -> dict[str, Any]:
    mount, design = tried.solar.mount, tried.design
    return {
        "mount": mount.kind,
        "tilt_deg": mount.tilt_deg if isinstance(mount, FixedTilt) else math.nan,
        "gcr_fraction": mount.gcr_fraction,
        "dc_ac_ratio": tried.solar.dc_ac_ratio,
        **tried.yields,
        "solar_mw": design.solar_mw,
        "battery_mwh": design.battery_mwh,
        "battery_mw": design.battery_mw,
        "annual_usd": tried.annual_usd,
        "levelized_usd_per_mwh": tried.levelized_usd_per_mwh,
    }


def _problems(
    mounts: Sequence[str],
    tilts_deg: Bounds,
    dc_ac_ratios: Bounds,
    gcr_fractions: Sequence[float] | None,
) -> list[str]:
    known = " and ".join(f"'{name}'" for name in MOUNTS)
    if isinstance(mounts, str) or not isinstance(mounts, Sequence) or not mounts:
        problems = [f"mounts must be a list of {known}; got {mounts!r}"]
    else:
        problems = [
            f"mounts: unknown mount {name!r}; known: {known}"
            for name in mounts
            if name not in list(MOUNTS)
        ]
    ranges: list[tuple[str, Any, Callable[[float], bool], str]] = [
        ("tilts_deg", tilts_deg, lambda tilt: 0 <= tilt <= 90, "from 0 to 90"),
        ("dc_ac_ratios", dc_ac_ratios, lambda ratio: 0 < ratio <= 5, "above 0 and at most 5"),
    ]
    for name, bounds, fits, rule in ranges:
        pair = _numbers(bounds)
        if len(pair) != 2 or not all(map(fits, pair)) or pair[0] > pair[1]:
            problems.append(f"{name} must be a lowest and a highest, {rule}; got {bounds!r}")
    if gcr_fractions is not None:
        fractions = _numbers(gcr_fractions)
        if not fractions or not all(0 < fraction < 1 for fraction in fractions):
            problems.append(
                f"gcr_fractions must list numbers above 0 and below 1; got {gcr_fractions!r}"
            )
    return problems


def _numbers(values: Any) -> list[float]:
    """The values if all are numbers, else nothing."""
    listed = list(values) if isinstance(values, Sequence) else []
    return listed if all(isinstance(value, int | float) for value in listed) else []


def _candidates(
    case: Case, mounts: Sequence[str], gcr_fractions: Sequence[float] | None
) -> list[Mounting]:
    """A mount of each kind and pitch, the case's own kind first."""
    assumptions, own = case.assumptions, case.assumptions.solar.mount
    shipped = {"tracker": read_assumptions(), "fixed": read_assumptions(tilt_deg=0.0)}
    prices = {name: each.solar.mount.capital_usd_per_kwdc for name, each in shipped.items()}
    found: list[Mounting] = []
    for kind in sorted(set(mounts), key=lambda kind: kind != own.kind):
        mount = own
        if kind != own.kind:
            year = shipped[kind].finance.dollar_year
            dearer_usd = (prices[kind] - prices[own.kind]) * price_factor(
                year, assumptions.finance.dollar_year
            )
            mount = shipped[kind].solar.mount.replace(
                capital_usd_per_kwdc=own.capital_usd_per_kwdc + dearer_usd
            )
        found += [mount.replace(gcr_fraction=gcr) for gcr in gcr_fractions or [mount.gcr_fraction]]
    return found


def _arrays_on(
    mount: Mounting,
    case: Case,
    target: Target,
    tilts_deg: Bounds,
    dc_ac_ratios: Bounds,
) -> list[_Tried | InfeasibleError]:
    """Arrays on one mount, tried until none that is a last step away is cheaper."""
    outcomes: list[_Tried | InfeasibleError] = []
    solar = case.assumptions.solar

    def placed(tilt_deg: float) -> Solar:
        tilted = mount.replace(tilt_deg=tilt_deg) if isinstance(mount, FixedTilt) else mount
        return solar.replace(mount=tilted)

    @cache
    def dc(tilt_deg: float) -> Array:
        return case.dc_per_mwdc(placed(tilt_deg))

    @cache
    def annual_usd(tilt_deg: float, ratio: float) -> float:
        array = placed(tilt_deg).replace(dc_ac_ratio=ratio)
        outcome = _least_cost(_with_array(case, array, dc(tilt_deg)), target)
        outcomes.append(outcome)
        return math.inf if isinstance(outcome, InfeasibleError) else outcome.annual_usd

    def at(tilt_deg: float, ratio: float) -> tuple[float, float]:
        """The nearest point within bounds; rounded, so that steps meet again where they met."""
        pairs = ((round(tilt_deg, 6), tilts_deg), (round(ratio, 6), dc_ac_ratios))
        tilt, of = (float(np.clip(value, *bounds)) for value, bounds in pairs)
        return tilt, of

    count = math.ceil((tilts_deg[1] - tilts_deg[0]) / SCAN_DEG) + 1
    scan = [at(round(tilt), solar.dc_ac_ratio) for tilt in np.linspace(*tilts_deg, count)]
    here = min(scan, key=lambda point: annual_usd(*point))
    by_deg, by_ratio = FIRST_STEP
    while by_deg >= LAST_STEP[0]:
        around = [
            at(here[0] + more_deg, here[1] + more_ratio)
            for more_deg, more_ratio in ((-by_deg, 0), (by_deg, 0), (0, -by_ratio), (0, by_ratio))
        ]
        there = min(around, key=lambda point: annual_usd(*point))
        if annual_usd(*there) < annual_usd(*here):
            here = there
        else:
            by_deg, by_ratio = by_deg / 2, by_ratio / 2
    return outcomes


def _with_array(case: Case, solar: Solar, dc: Array) -> Case:
    """The case with another array, whose power before the inverter is at hand."""
    assumptions = case.assumptions.replace(solar=solar)
    return case.replace(assumptions=assumptions, solar_new=ac_per_mwdc(dc, solar))


def _least_cost(case: Case, target: Target) -> _Tried | InfeasibleError:
    """A case's exact least-cost plant, or why there is none."""
    try:
        sizing = size(case, target)
    except InfeasibleError as error:
        return error
    weather, cost = case.weather, sizing.evaluation.cost
    month = np.asarray(weather.local_middle.month)
    yields = {
        "kwh_per_kwdc_year": case.kwh_per_kwdc_year,
        "december_kwh_per_kwdc": weather.per_year(np.where(month == 12, case.solar_new, 0.0)),
        "june_kwh_per_kwdc": weather.per_year(np.where(month == 6, case.solar_new, 0.0)),
    }
    return _Tried(
        case.assumptions.solar, yields, sizing.design, cost.annual_usd, cost.levelized_usd_per_mwh
    )
