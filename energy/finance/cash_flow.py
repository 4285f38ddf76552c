"""The yearly cash flow of a plant after tax, and what its owner earns.

In: capital, energy, running cost, price and the terms of debt and tax, as plain numbers. Out:
`ProForma`: the cash flow by year, net present value, internal rate of return, levelized cost; the
price that gives a wanted return.

All money is nominal. A year's amounts fall at its end; year 0 ends construction, year 1 is the
first of service. The owner uses tax losses and credits at once, against other income: nothing is
carried forward. Conventions are those of NREL SAM's Single Owner model [1]:

- O&M, fuel and insurance grow with inflation plus their own escalation, added, not compounded.
- The investment tax credit comes in year 1; half of it is taken off the depreciable basis.
- State tax is deducted from federal income, credits are not taxed, salvage is.
- Debt is a fraction of the installed cost with interest during construction and initial reserve,
  or what cash flow available for debt service (CFADS) carries at a coverage ratio (DSCR).
- Levelized cost is the present value of revenue less the net present value, per present MWh:
  what the energy costs after tax *at the price that is given*, whose tax is in it [1, 2].

Interest during construction runs from the middle of each construction year, as ATB has it [3].

References
----------
[1] NREL, System Advisor Model, Help: Financial Models, Single Owner; reproduced live in
    `tests/finance/test_cash_flow.py`.
[2] Short, Packey and Holt, NREL/TP-462-5173, 1995: nominal and real levelized cost.
[3] NREL, Annual Technology Baseline: construction finance factor.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from energy.errors import InputError
from energy.finance.depreciation import depreciation_fractions
from energy.finance.rate_of_return import LOWEST_RATE, internal_rate, internal_rates
from energy.steps import Array
from energy.tables import Result

#: The longest life and the longest construction [years].
LONGEST_YEARS = 100
LONGEST_CONSTRUCTION_YEARS = 20

#: The highest return that a price is looked for.
HIGHEST_RETURN = 10.0

#: The largest amounts that are taken [$, MWh, $/MWh]: more is a wrong unit, and grown over a life
#: it might be beyond what a number holds.
LARGEST_USD = 1e15
LARGEST_MWH = 1e12
LARGEST_USD_PER_MWH = 1e6

#: How debt may be repaid.
REPAYMENTS = ("level", "sculpted")


@dataclass(frozen=True)
class CapitalPart:
    """A part of the capital with its own tax treatment.

    Parameters
    ----------
    usd
        Installed cost [$].
    itc_fraction, depreciation, bonus_fraction
        Its investment tax credit, depreciation class and bonus depreciation; None takes what
        `pro_forma` is given for all.
    """

    usd: float
    itc_fraction: float | None = None
    depreciation: str | None = None
    bonus_fraction: float | None = None


#: Capital as one sum, or by part.
Capital = float | Sequence[CapitalPart] | Mapping[str, CapitalPart]


@dataclass(frozen=True, eq=False)
class ProForma(Result):
    """A plant's cash flow after tax, by year.

    Parameters
    ----------
    frame
        One row a year; construction years are 0 and below. All amounts are nominal and count in the
        direction of their name; taxes, taxable income and cash flows may be negative. Columns:

        - `energy_mwh`, `price_usd_per_mwh`, `revenue_usd`
        - `om_usd`, `fuel_usd`, `insurance_usd`, `property_tax_usd`, `salvage_usd`, `ebitda_usd`
          (revenue and salvage less the four costs)
        - `capital_usd`, `augmentation_usd`
        - `construction_drawn_usd`, `construction_repaid_usd` (with its interest),
          `debt_drawn_usd`, `interest_usd`, `principal_usd`, `debt_service_usd`, `debt_usd` (at the
          year's end), `reserve_usd` (the same), `reserve_interest_usd`
        - `depreciation_usd`, `state_depreciation_usd`, `taxable_income_usd`, `state_tax_usd`,
          `federal_tax_usd`, `itc_usd`, `ptc_usd`
        - `cash_flow_usd` of equity after tax, `cumulative_usd`
    options
        What `pro_forma` was given, defaults included.
    notes
        What a reader should know of this answer, such as a second rate of return.
    """

    frame: pd.DataFrame
    options: Mapping[str, Any] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def npv_usd(self) -> float:
        """Net present value of equity's cash flow in year 0 [$]."""
        return self._present_usd("cash_flow_usd")

    @cached_property
    def irr_fraction(self) -> float:
        """After-tax internal rate of return of equity, a fraction a year.

        NaN where there is none; of several the highest, and `notes` tells them all.
        """
        return internal_rate(self.frame["cash_flow_usd"].to_numpy())

    @property
    def lcoe_nominal_usd_per_mwh(self) -> float:
        """Levelized cost [$/MWh], the same in the money of every year."""
        return self._cost_usd / self._present_mwh(float(self.options["discount_fraction"]))

    @property
    def lcoe_real_usd_per_mwh(self) -> float:
        """Levelized cost [$/MWh] in the money of year 0; nominal it grows with inflation."""
        inflation = float(self.options["inflation_fraction"])
        return self._cost_usd / self._present_mwh(
            (1.0 + float(self.options["discount_fraction"])) / (1.0 + inflation) - 1.0
        )

    @property
    def payback_years(self) -> float:
        """Years of service until the cash flows of equity add up to zero; inf if they never do."""
        total = self.frame["cumulative_usd"].to_numpy()
        years = self.frame.index.to_numpy()
        owed = np.flatnonzero(total < 0.0)
        if not len(owed):
            return 0.0
        paid = np.flatnonzero(total[owed[0] :] >= 0.0)
        if not len(paid):
            return math.inf
        at = owed[0] + paid[0]
        part = -total[at - 1] / (total[at] - total[at - 1])
        return max(float(years[at - 1] + part), 0.0)

    @property
    def dscr(self) -> pd.Series[float]:
        """Debt service coverage ratio: CFADS over debt service, for each year that has any.

        CFADS, cash flow available for debt service, is EBITDA less augmentation.
        """
        owing = self.frame[self.frame["debt_service_usd"] > 0.0]
        ratio = (owing["ebitda_usd"] - owing["augmentation_usd"]) / owing["debt_service_usd"]
        return ratio.rename("dscr_ratio")

    @property
    def min_dscr(self) -> float:
        """The least coverage ratio of any year; inf without debt."""
        ratio = self.dscr
        return float(ratio.min()) if len(ratio) else math.inf

    @property
    def debt_usd(self) -> float:
        """Debt at the start of service [$]."""
        return float(self.frame["debt_usd"].loc[0])

    @property
    def equity_usd(self) -> float:
        """What equity pays until the start of service [$]; negative where debt leaves some over."""
        return -float(self.frame["cash_flow_usd"].loc[:0].sum())

    def price_for_irr(self, irr_fraction: float) -> float:
        """Price of year 1 that gives this return, all else the same [$/MWh]; see the function."""
        return price_for_irr(irr_fraction, **self.options)

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        rate = self.irr_fraction
        earned = "no internal rate of return" if math.isnan(rate) else f"IRR {rate:.2%}"
        return (
            f"{self.options['years']} years at {self.options['price_usd_per_mwh']:,.2f} $/MWh: "
            f"{earned}, NPV {self.npv_usd / 1e6:,.2f} M$, levelized cost "
            f"{self.lcoe_nominal_usd_per_mwh:,.2f} $/MWh nominal, "
            f"{self.lcoe_real_usd_per_mwh:,.2f} real"
        )

    def _record(self) -> dict[str, Any]:
        """Results, notes and the years, for JSON."""
        names = (
            "npv_usd", "irr_fraction", "lcoe_nominal_usd_per_mwh", "lcoe_real_usd_per_mwh",
            "payback_years", "min_dscr", "debt_usd", "equity_usd",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {
            "price_usd_per_mwh": self.options["price_usd_per_mwh"],
            "notes": list(self.notes),
            "rows": self.frame.reset_index().to_dict(orient="records"),
        }

    @property
    def _cost_usd(self) -> float:
        return self._present_usd("revenue_usd") - self.npv_usd

    def _present_usd(self, column: str) -> float:
        discount = float(self.options["discount_fraction"])
        years = self.frame.index.to_numpy(dtype=float)
        return float(self.frame[column].to_numpy() @ (1.0 + discount) ** -years)

    def _present_mwh(self, rate: float) -> float:
        years = self.frame.index.to_numpy(dtype=float)
        return float(self.frame["energy_mwh"].to_numpy() @ (1.0 + rate) ** -years)


def pro_forma(
    *,
    capital_usd: Capital,
    energy_mwh: float,
    om_usd: float,
    price_usd_per_mwh: float,
    years: int,
    discount_fraction: float,
    tax_fraction: float = 0.21,
    inflation_fraction: float = 0.025,
    om_escalation_fraction: float = 0.0,
    price_escalation_fraction: float = 0.0,
    fade_fraction_per_year: float = 0.0,
    debt_fraction: float = 0.0,
    debt_rate_fraction: float = 0.07,
    debt_years: int = 18,
    itc_fraction: float = 0.0,
    bonus_fraction: float = 0.0,
    depreciation: str = "macrs-5",
    fuel_usd: float = 0.0,
    fuel_escalation_fraction: float = 0.0,
    state_tax_fraction: float = 0.0,
    state_bonus_fraction: float = 0.0,
    property_tax_fraction: float = 0.0,
    property_tax_decline_fraction: float = 0.0,
    insurance_fraction: float = 0.0,
    salvage_fraction: float = 0.0,
    ptc_usd_per_mwh: float = 0.0,
    ptc_years: int = 10,
    ptc_escalation_fraction: float = 0.0,
    dscr: float | None = None,
    max_debt_fraction: float = 1.0,
    debt_repayment: str | None = None,
    debt_reserve_months: float = 0.0,
    reserve_interest_fraction: float = 0.0,
    construction_draw_fractions: Sequence[float] = (1.0,),
    construction_rate_fraction: float = 0.0,
    construction_loan_fraction: float | None = None,
    augmentation_usd: Mapping[int, float] | None = None,
    augmentation_depreciation: str | None = None,
) -> ProForma:
    """The cash flow of a plant after tax, year by year, and what equity earns.

    Parameters
    ----------
    capital_usd
        Installed cost [$], without interest during construction; or its parts, as a sequence or a
        mapping of `CapitalPart`, each with its own credit and depreciation.
    energy_mwh, om_usd, price_usd_per_mwh
        Energy sold [MWh], O&M [$] and price [$/MWh] of year 1.
    years
        Years of service.
    discount_fraction, inflation_fraction
        Nominal discount rate of equity, and inflation.
    tax_fraction
        Federal income tax.
    om_escalation_fraction
        Yearly growth of O&M above inflation.
    price_escalation_fraction
        Yearly growth of the price, inflation included: 0 is a flat nominal price.
    fade_fraction_per_year
        Energy lost from each year to the next, compounding.
    debt_fraction, debt_rate_fraction, debt_years
        Debt as a fraction of the total cost, its interest rate and its tenor. Rate and tenor do
        nothing without debt.
    itc_fraction, bonus_fraction, depreciation
        Investment tax credit, bonus depreciation in year 1 and depreciation class (see
        `depreciation_fractions`) of all parts that have none of their own.
    fuel_usd, fuel_escalation_fraction
        Fuel of year 1 [$] and its growth above inflation.
    state_tax_fraction, state_bonus_fraction
        State income tax, and the bonus depreciation that the state allows.
    property_tax_fraction, property_tax_decline_fraction
        Property tax on the installed cost, whose assessed value falls by this fraction of the first
        one every year.
    insurance_fraction
        Yearly insurance as a fraction of the installed cost; it grows with inflation.
    salvage_fraction
        What the plant is sold for in its last year, as a fraction of the installed cost [nominal].
    ptc_usd_per_mwh, ptc_years, ptc_escalation_fraction
        Production tax credit of year 1, how many years it lasts, and its yearly growth, which is
        not rounded.
    dscr
        Sizes the debt instead of `debt_fraction`: the ratio of CFADS to debt service, at most
        `max_debt_fraction` of the total cost. CFADS is EBITDA less augmentation; a year without any
        carries no debt.
    debt_repayment
        `level`, equal yearly payments, or `sculpted`, in proportion to CFADS. None is level with
        `debt_fraction`, sculpted with `dscr`. Level with `dscr` meets it in the weakest year.
    debt_reserve_months, reserve_interest_fraction
        Months of the next year's debt service that are held in reserve from year 0, as a part of
        the cost, and the interest that it earns, which is taxed.
    construction_draw_fractions
        How the installed cost is spread over the years of construction; the last of them is year 0.
    construction_rate_fraction, construction_loan_fraction
        Interest rate of a construction loan, from the middle of the year of each draw, and the
        fraction of each draw that it pays. The interest is capitalized: it raises debt, basis and
        credit. Debt and equity repay the loan in year 0. None is the debt's fraction of the
        installed cost.
    augmentation_usd
        Year -> what is added to the plant in it [$ of that year, nominal]; paid by equity without a
        credit, depreciated from then on by `augmentation_depreciation` (None: `depreciation`).

    Raises
    ------
    InputError
        With everything that is wrong.

    Notes
    -----
    Depreciation that would fall after the last year is not claimed; `notes` tells how much.

    Examples
    --------
    NREL SAM's Single Owner gives the same (100 MW, its default discount rate):

    >>> import energy as en
    >>> plant = dict(capital_usd=110e6, energy_mwh=219_000, om_usd=1.7e6, years=25,
    ...              discount_fraction=1.064 * 1.025 - 1, debt_fraction=0.6)
    >>> money = en.finance.pro_forma(price_usd_per_mwh=50, **plant)
    >>> round(money.npv_usd), round(money.irr_fraction, 6)
    (-8257740, 0.062296)
    >>> round(money.lcoe_nominal_usd_per_mwh, 3), round(money.lcoe_real_usd_per_mwh, 3)
    (53.857, 42.761)

    A credit on the battery only, and the price that gives equity 10 %:

    >>> parts = {"solar": en.finance.CapitalPart(70e6),
    ...          "battery": en.finance.CapitalPart(40e6, itc_fraction=0.3)}
    >>> round(money.price_for_irr(0.10), 2)
    56.56
    >>> round(en.finance.price_for_irr(0.10, **plant | {"capital_usd": parts}), 2)
    50.23
    """
    options = dict(locals())
    terms = _terms(options)
    amounts, notes = _year_by_year(terms, terms.price_usd_per_mwh)
    index = pd.Index(terms.calendar, name="year")
    frame = pd.DataFrame(amounts, index=index)
    rates = internal_rates(amounts["cash_flow_usd"])
    if not rates:
        notes.append("no rate of return: the cash flow of equity has none above -99 %")
    elif len(rates) > 1:
        notes.append(
            f"{len(rates)} rates of return, as the cash flow changes its sign more than once: "
            f"{', '.join(f'{rate:.2%}' for rate in rates)}; the highest is given, judge by the "
            f"net present value"
        )
    if rates and amounts["cash_flow_usd"][np.flatnonzero(amounts["cash_flow_usd"])[0]] > 0.0:
        notes.append("equity is paid before it pays: the rate of return is what that costs it")
    return ProForma(frame, options, tuple(notes))


def price_for_irr(irr_fraction: float, **options: Any) -> float:
    """Price of year 1 at which equity earns this return after tax [$/MWh].

    It is the price at which the net present value at that rate is zero; that is linear in the
    price, unless debt is sized or sculpted by the cash flow, where the price is searched. A cash
    flow that has several rates of return has this one among them.

    Parameters
    ----------
    irr_fraction
        The wanted return.
    **options
        As for `pro_forma`; a price among them is not looked at, nor is the discount rate.

    Raises
    ------
    InputError
        With everything that is wrong, and where no price gives that return.

    Examples
    --------
    >>> from energy.finance import price_for_irr
    >>> plant = dict(capital_usd=110e6, energy_mwh=219_000, om_usd=1.7e6, years=25)
    >>> round(price_for_irr(0.08, **plant), 2)
    59.06
    """
    terms, worth = _terms_at(irr_fraction, options)

    def value(price: float) -> float:
        return float(_year_by_year(terms, price, search=True)[0]["cash_flow_usd"] @ worth)

    # A price that pays capital back within the life is of the right size.
    scale = max((terms.total_usd / terms.years + terms.om_usd + terms.fuel_usd), 1.0)
    scale /= terms.energy_mwh
    at_zero, at_scale = value(0.0), value(scale)
    size = abs(at_zero) + abs(at_scale)
    price = math.nan
    if abs(at_scale - at_zero) > 1e-12 * size:
        price = -at_zero * scale / (at_scale - at_zero)
        if abs(value(price)) > 1e-10 * size:
            price = _searched(value, price, scale)
    met = False
    if math.isfinite(price):
        flows = _year_by_year(terms, price, search=True)[0]["cash_flow_usd"]
        invested_usd = -float(flows[: len(terms.construction_draw_fractions)].sum())
        met = invested_usd > 1e-9 * terms.total_usd and any(
            abs(rate - irr_fraction) < 1e-4 * (1 + abs(rate)) for rate in internal_rates(flows)
        )
    if not met:
        raise InputError(_no_price(irr_fraction))
    return price


def level_revenue(irr_fraction: float, **options: Any) -> float:
    """Revenue of year 1, growing as the price does, at which equity earns this return [$].

    As `price_for_irr` for one MWh a year, for debt that is a fraction of the capital and repaid
    in level payments: present value is linear in the price then, and two years by year are enough.

    Raises
    ------
    InputError
        With everything that is wrong, and where no revenue gives that return.

    Examples
    --------
    >>> from energy.finance.cash_flow import level_revenue
    >>> round(level_revenue(0.08, capital_usd=110e6, om_usd=1.7e6, years=25) / 219_000, 2)
    59.06
    """
    terms, worth = _terms_at(irr_fraction, {"om_usd": 0.0} | options | {"energy_mwh": 1.0})
    if terms.dscr is not None or terms.sculpted:
        raise InputError("level_revenue is for level debt by debt_fraction; use price_for_irr")
    scale = max(terms.total_usd / terms.years + terms.om_usd + terms.fuel_usd, 1e-300)
    flows = [_year_by_year(terms, price)[0]["cash_flow_usd"] for price in (0.0, scale)]
    at_zero, at_scale = (float(flow @ worth) for flow in flows)
    built = len(terms.construction_draw_fractions)
    invested_usd = -float(flows[0][:built].sum())
    if (
        abs(at_scale - at_zero) <= 1e-12 * (abs(at_zero) + abs(at_scale))
        or invested_usd <= 1e-9 * terms.total_usd
    ):
        raise InputError(_no_price(irr_fraction))
    return -at_zero * scale / (at_scale - at_zero)


def _terms_at(irr_fraction: float, options: Mapping[str, Any]) -> tuple[_Terms, Array]:
    """The options, checked together with a rate of return, and what a dollar of each year is worth.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    filled = {"discount_fraction": 0.0} | dict(options) | {"price_usd_per_mwh": 0.0}
    bound = inspect.signature(pro_forma).bind(**filled)
    bound.apply_defaults()
    problems = _Problems()
    problems.number("irr_fraction", irr_fraction, LOWEST_RATE, HIGHEST_RETURN, above=True)
    try:
        terms = _terms(bound.arguments)
    except InputError as error:
        problems.found += error.problems
    problems.raise_if_any()
    return terms, (1.0 + float(irr_fraction)) ** -terms.calendar.astype(float)


def _no_price(irr_fraction: float) -> str:
    return (
        f"irr_fraction: no price gives equity a return of {irr_fraction:.4g}: whatever the "
        f"price, tax takes all of it or equity pays nothing; lower taxes or debt"
    )


def _searched(value: Any, guess: float, scale: float) -> float:
    """The root of a value that is not linear in the price, from a guess; NaN without any."""
    from scipy.optimize import brentq

    reach = 0.05 * scale
    for _ in range(40):
        low, high = guess - reach, guess + reach
        if value(low) * value(high) <= 0.0:
            return float(brentq(value, low, high, xtol=1e-12 * (scale + abs(guess)), rtol=1e-14))
        reach *= 2.0
    return math.nan


# --- what is given --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A capital part with nothing left open; fractions by year of service, shape (years,)."""

    usd: float
    itc_fraction: float
    federal: Array
    state: Array


@dataclass(frozen=True)
class _Terms:
    """The options of `pro_forma`, checked, with nothing left open."""

    parts: tuple[_Part, ...]
    augmentation: Array
    augmentation_depreciation: Array
    energy_mwh: float
    om_usd: float
    price_usd_per_mwh: float
    years: int
    tax_fraction: float
    inflation_fraction: float
    om_escalation_fraction: float
    price_escalation_fraction: float
    fade_fraction_per_year: float
    debt_fraction: float
    debt_rate_fraction: float
    debt_years: int
    fuel_usd: float
    fuel_escalation_fraction: float
    state_tax_fraction: float
    property_tax_fraction: float
    property_tax_decline_fraction: float
    insurance_fraction: float
    salvage_fraction: float
    ptc_usd_per_mwh: float
    ptc_years: int
    ptc_escalation_fraction: float
    dscr: float | None
    max_debt_fraction: float
    sculpted: bool
    debt_reserve_months: float
    reserve_interest_fraction: float
    construction_draw_fractions: tuple[float, ...]
    construction_rate_fraction: float
    construction_loan_fraction: float | None

    @property
    def calendar(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The years, those of construction first; shape (construction + service,)."""
        return np.arange(1 - len(self.construction_draw_fractions), self.years + 1)

    @property
    def total_usd(self) -> float:
        """Installed cost of all parts [$]."""
        return sum(part.usd for part in self.parts)


class _Problems:
    """Collects what is wrong, one line each."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def raise_if_any(self) -> None:
        """One InputError with all of it."""
        if self.found:
            raise InputError(self.found)

    def number(
        self, name: str, value: Any, low: float, high: float, *, above: bool = False, why: str = ""
    ) -> bool:
        """Whether `value` is a finite number within its bounds, or above the lower one."""
        if not _is_number(value):
            self.found.append(f"{name} must be a finite number; got {value!r}")
            return False
        if value < low or value > high or (above and value == low):
            rule = f"{'above' if above else 'at least'} {low:g} and at most {high:g}"
            self.found.append(f"{name} must be {rule}{why}; got {value!r}")
            return False
        return True

    def whole(self, name: str, value: Any, low: int, high: int) -> bool:
        """Whether `value` is a whole number within its bounds."""
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not whole or not low <= int(value) <= high:
            self.found.append(f"{name} must be a whole number, {low} to {high}; got {value!r}")
            return False
        return True

    def depreciation(self, where: str, name: Any) -> Array:
        """Fractions of a class; none for one that is not known."""
        try:
            return depreciation_fractions(name)
        except InputError as error:
            prefix = "" if where == "depreciation" else f"{where}: "
            self.found += [prefix + problem for problem in error.problems]
            return np.zeros(0)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, Real) and not isinstance(value, bool | np.bool_) and math.isfinite(value)
    )


_RATE = " (a fraction: 7 % is 0.07)"
_PART = " (a fraction: 30 % is 0.3)"

#: Option -> lower bound, upper bound, whether it must be above the lower one, and why.
_BOUNDS: dict[str, tuple[float, float, bool, str]] = {
    "energy_mwh": (0.0, LARGEST_MWH, True, ""),
    "om_usd": (0.0, LARGEST_USD, False, ""),
    "fuel_usd": (0.0, LARGEST_USD, False, ""),
    "price_usd_per_mwh": (-LARGEST_USD_PER_MWH, LARGEST_USD_PER_MWH, False, ""),
    "discount_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "inflation_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "om_escalation_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "fuel_escalation_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "price_escalation_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "ptc_escalation_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "debt_rate_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "reserve_interest_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "construction_rate_fraction": (LOWEST_RATE, 1.0, False, _RATE),
    "fade_fraction_per_year": (0.0, 0.99, False, _PART),
    "tax_fraction": (0.0, 1.0, False, _PART),
    "state_tax_fraction": (0.0, 1.0, False, _PART),
    "state_bonus_fraction": (0.0, 1.0, False, _PART),
    "property_tax_fraction": (0.0, 1.0, False, _PART),
    "property_tax_decline_fraction": (0.0, 1.0, False, _PART),
    "insurance_fraction": (0.0, 1.0, False, _PART),
    # Of the last year's dollars, which are worth less than those of the installed cost.
    "salvage_fraction": (0.0, 100.0, False, ""),
    "debt_fraction": (0.0, 1.0, False, ", debt is no more than 100 % of the cost"),
    "max_debt_fraction": (0.0, 1.0, False, ", debt is no more than 100 % of the cost"),
    "ptc_usd_per_mwh": (0.0, LARGEST_USD_PER_MWH, False, ""),
    "debt_reserve_months": (0.0, 12.0, False, ""),
}

_CREDIT = ", credits add up to no more than 100 % of the cost"


def _terms(options: Mapping[str, Any]) -> _Terms:
    """The options, checked.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    given = dict(options)
    problems = _Problems()
    sound = problems.whole("years", given["years"], 1, LONGEST_YEARS)
    years = int(given["years"]) if sound else 1
    for name, (low, high, above, why) in _BOUNDS.items():
        problems.number(name, given[name], low, high, above=above, why=why)
    for kind in ("om", "fuel"):
        rates = (given["inflation_fraction"], given[f"{kind}_escalation_fraction"])
        if all(map(_is_number, rates)) and sum(rates) < LOWEST_RATE:
            problems.found.append(
                f"inflation_fraction and {kind}_escalation_fraction must add up to at least "
                f"{LOWEST_RATE}; got {rates[0]!r} and {rates[1]!r}"
            )
    parts = _parts(given, years, problems)
    _check_debt(given, sound, years, problems)
    augmentation = _augmentation(given["augmentation_usd"], sound, years, problems)
    class_ = given["augmentation_depreciation"]
    later = (
        np.zeros(0)  # that of all parts was checked with them
        if class_ is None
        else problems.depreciation("augmentation_depreciation", class_)
    )
    draws = _draws(given["construction_draw_fractions"], problems)
    loan = given["construction_loan_fraction"]
    if loan is not None:
        problems.number("construction_loan_fraction", loan, 0.0, 1.0, why=_PART)
    problems.whole("ptc_years", given["ptc_years"], 1, LONGEST_YEARS)
    problems.raise_if_any()
    if class_ is None:
        later = depreciation_fractions(given["depreciation"])
    sized = given["dscr"] is not None
    repayment = given["debt_repayment"] or ("sculpted" if sized else "level")
    return _Terms(
        parts=parts,
        augmentation=augmentation,
        augmentation_depreciation=later,
        construction_draw_fractions=draws,
        construction_loan_fraction=None if loan is None else float(loan),
        sculpted=repayment == "sculpted",
        dscr=float(given["dscr"]) if sized else None,
        years=years,
        debt_years=int(given["debt_years"]),
        ptc_years=int(given["ptc_years"]),
        **{
            name: float(given[name])
            for name in _BOUNDS
            if name not in ("discount_fraction", "state_bonus_fraction")
        },
    )


def _parts(given: Mapping[str, Any], years: int, problems: _Problems) -> tuple[_Part, ...]:
    """The parts of the capital, each with its own credit and depreciation or that of all."""
    default = {name: given[name] for name in ("itc_fraction", "depreciation", "bonus_fraction")}
    capital = given["capital_usd"]
    named: dict[str, Any]
    if isinstance(capital, Mapping):
        named = {f"capital_usd[{name!r}]": part for name, part in capital.items()}
    elif isinstance(capital, Sequence) and not isinstance(capital, str | bytes):
        named = {f"capital_usd[{n}]": part for n, part in enumerate(capital)}
    else:
        named = {"": CapitalPart(capital)}
    if not named:
        problems.found.append("capital_usd must have at least one part; got none")
    problems.number("itc_fraction", default["itc_fraction"], 0.0, 1.0, why=_CREDIT)
    problems.number("bonus_fraction", default["bonus_fraction"], 0.0, 1.0, why=_PART)
    problems.depreciation("depreciation", default["depreciation"])
    state_bonus = given["state_bonus_fraction"]
    parts = []
    for where, part in named.items():
        if not isinstance(part, CapitalPart):
            problems.found.append(f"{where} must be a CapitalPart; got {part!r}")
            continue
        problems.number(f"{where}.usd" if where else "capital_usd", part.usd, 0.0, LARGEST_USD)
        itc, bonus, class_ = part.itc_fraction, part.bonus_fraction, part.depreciation
        if itc is not None:
            problems.number(f"{where}.itc_fraction", itc, 0.0, 1.0, why=_CREDIT)
        if bonus is not None:
            problems.number(f"{where}.bonus_fraction", bonus, 0.0, 1.0, why=_PART)
        if class_ is not None:
            problems.depreciation(f"{where}.depreciation", class_)
        if problems.found:
            continue
        line = depreciation_fractions(default["depreciation"] if class_ is None else class_)
        parts.append(
            _Part(
                float(part.usd),
                float(default["itc_fraction"] if itc is None else itc),
                _claimed(line, default["bonus_fraction"] if bonus is None else bonus, years),
                _claimed(line, state_bonus, years),
            )
        )
    return tuple(parts)


def _claimed(line: Array, bonus_fraction: float, years: int) -> Array:
    """Fractions of the basis by year with a bonus in the first, shape (years,)."""
    claimed = np.zeros(years)
    count = min(len(line), years)
    claimed[:count] = line[:count] * (1.0 - bonus_fraction)
    if count:  # what is not depreciated has no bonus either
        claimed[0] += bonus_fraction
    return claimed


def _check_debt(given: Mapping[str, Any], sound: bool, years: int, problems: _Problems) -> None:
    """Whether the terms of the debt fit together."""
    sized, repayment = given["dscr"], given["debt_repayment"]
    if sized is not None:
        problems.number("dscr", sized, 1.0, 1e6, why=", else the cash does not pay the debt")
    owes = sized is not None or (_is_number(given["debt_fraction"]) and given["debt_fraction"] > 0)
    if sized is not None and _is_number(given["debt_fraction"]) and given["debt_fraction"] > 0:
        problems.found.append(
            f"give debt_fraction or dscr, not both: each sizes the debt; got "
            f"{given['debt_fraction']!r} and {sized!r}; max_debt_fraction limits what dscr gives"
        )
    tenor = given["debt_years"]
    whole = problems.whole("debt_years", tenor, 1, LONGEST_YEARS)
    if owes and whole and sound and tenor > years:
        problems.found.append(
            f"debt_years, the tenor, must not exceed years, the life; got {tenor} of {years}; "
            f"shorten the tenor"
        )
    if repayment is not None and repayment not in REPAYMENTS:
        problems.found.append(
            f"debt_repayment must be {' or '.join(REPAYMENTS)}; got {repayment!r}"
        )


def _augmentation(value: Any, sound: bool, years: int, problems: _Problems) -> Array:
    """What is added in each year [$], shape (years,)."""
    added = np.zeros(years)
    if value is None:
        return added
    if not isinstance(value, Mapping):
        problems.found.append(f"augmentation_usd must map years to dollars; got {value!r}")
        return added
    for year, usd in value.items():
        within = not sound or problems.whole("augmentation_usd: a year", year, 1, years)
        paid = problems.number(f"augmentation_usd[{year!r}]", usd, 0.0, LARGEST_USD)
        if sound and within and paid:
            added[int(year) - 1] = usd
    return added


def _draws(value: Any, problems: _Problems) -> tuple[float, ...]:
    """How the capital is spread over construction."""
    name = "construction_draw_fractions"
    try:
        draws = tuple(value)
    except TypeError:
        problems.found.append(f"{name} must be a sequence of fractions; got {value!r}")
        return (1.0,)
    if not 1 <= len(draws) <= LONGEST_CONSTRUCTION_YEARS:
        problems.found.append(
            f"{name} must have 1 to {LONGEST_CONSTRUCTION_YEARS} years; got {len(draws)}"
        )
        return (1.0,)
    good = [problems.number(f"{name}[{n}]", x, 0.0, 1.0, why=_PART) for n, x in enumerate(draws)]
    if all(good) and abs(sum(draws) - 1.0) > 1e-9:
        problems.found.append(f"{name} must add up to 1; got {sum(draws):g}")
    return tuple(map(float, draws)) if all(good) else (1.0,)


# --- the years ------------------------------------------------------------------------------------


def _year_by_year(
    terms: _Terms, price_usd_per_mwh: float, *, search: bool = False
) -> tuple[dict[str, Array], list[str]]:
    """All amounts by year of `terms.calendar`, and what a reader should know of them.

    A search also asks for prices at which no cash is left for sculpted debt: it is level there.
    """
    before, age = len(terms.construction_draw_fractions), np.arange(float(terms.years))
    notes: list[str] = []
    total_usd, inflation = terms.total_usd, terms.inflation_fraction

    energy = terms.energy_mwh * (1.0 - terms.fade_fraction_per_year) ** age
    price = price_usd_per_mwh * (1.0 + terms.price_escalation_fraction) ** age
    om = terms.om_usd * (1.0 + inflation + terms.om_escalation_fraction) ** age
    fuel = terms.fuel_usd * (1.0 + inflation + terms.fuel_escalation_fraction) ** age
    insurance = terms.insurance_fraction * total_usd * (1.0 + inflation) ** age
    assessed = np.maximum(1.0 - terms.property_tax_decline_fraction * age, 0.0)
    property_tax = terms.property_tax_fraction * total_usd * assessed
    salvage = np.zeros(terms.years)
    salvage[-1] = terms.salvage_fraction * total_usd
    revenue = energy * price
    ebitda = revenue + salvage - om - fuel - insurance - property_tax

    debt = _debt(terms, ebitda - terms.augmentation, notes, search=search)
    capital = total_usd * np.array(terms.construction_draw_fractions)
    loan = debt.loan_fraction * capital
    cost_usd = total_usd + debt.construction_interest_usd
    grown = cost_usd / total_usd if total_usd > 0.0 else 1.0

    federal, state, credit = np.zeros(terms.years), np.zeros(terms.years), 0.0
    for part in terms.parts:
        part_credit = part.itc_fraction * part.usd * grown
        basis = part.usd * grown - part_credit / 2.0
        credit += part_credit
        federal += basis * part.federal
        state += basis * part.state
        lost = basis * (1.0 - part.federal.sum()) if part.federal.any() else 0.0
        if lost > 1e-9 * basis:
            notes.append(f"depreciation of {lost:,.0f} $ falls after the last year: not claimed")
    for year in np.flatnonzero(terms.augmentation):
        line = terms.augmentation_depreciation[: terms.years - year]
        federal[year : year + len(line)] += terms.augmentation[year] * line
        state[year : year + len(line)] += terms.augmentation[year] * line

    reserve_interest = terms.reserve_interest_fraction * debt.reserve[:-1]
    income = ebitda + reserve_interest - debt.interest
    state_tax = terms.state_tax_fraction * (income - state)
    taxable = income - federal - state_tax
    federal_tax = terms.tax_fraction * taxable
    itc = np.zeros(terms.years)
    itc[0] = credit
    ptc = energy * terms.ptc_usd_per_mwh * (1.0 + terms.ptc_escalation_fraction) ** age
    ptc[terms.ptc_years :] = 0.0

    def served(amounts: Array) -> Array:
        return np.concatenate([np.zeros(before), amounts])

    def built(amounts: Array) -> Array:
        return np.concatenate([amounts, np.zeros(terms.years)])

    def in_year_0(usd: float) -> Array:
        amounts = np.zeros(before + terms.years)
        amounts[before - 1] = usd
        return amounts

    repaid = float(loan.sum()) + debt.construction_interest_usd
    reserve = np.concatenate([np.zeros(before - 1), debt.reserve])
    cash = (
        served(
            ebitda - terms.augmentation + reserve_interest - debt.interest - debt.principal
            - state_tax - federal_tax + itc + ptc
        )
        + built(loan - capital)
        + in_year_0(debt.usd - repaid)
        - np.diff(reserve, prepend=0.0)
    )  # fmt: skip
    return {
        "energy_mwh": served(energy),
        "price_usd_per_mwh": served(price),
        "revenue_usd": served(revenue),
        "om_usd": served(om),
        "fuel_usd": served(fuel),
        "insurance_usd": served(insurance),
        "property_tax_usd": served(property_tax),
        "salvage_usd": served(salvage),
        "ebitda_usd": served(ebitda),
        "capital_usd": built(capital),
        "augmentation_usd": served(terms.augmentation),
        "construction_drawn_usd": built(loan),
        "construction_repaid_usd": in_year_0(repaid),
        "debt_drawn_usd": in_year_0(debt.usd),
        "interest_usd": served(debt.interest),
        "principal_usd": served(debt.principal),
        "debt_service_usd": served(debt.interest + debt.principal),
        "debt_usd": np.concatenate([np.zeros(before - 1), debt.balance]),
        "reserve_usd": reserve,
        "reserve_interest_usd": served(reserve_interest),
        "depreciation_usd": served(federal),
        "state_depreciation_usd": served(state),
        "taxable_income_usd": served(taxable),
        "state_tax_usd": served(state_tax),
        "federal_tax_usd": served(federal_tax),
        "itc_usd": served(itc),
        "ptc_usd": served(ptc),
        "cash_flow_usd": cash,
        "cumulative_usd": np.cumsum(cash),
    }, notes


@dataclass(frozen=True)
class _Debt:
    """The debt of a plant; arrays by year of service, balances with year 0 before them."""

    usd: float
    loan_fraction: float
    construction_interest_usd: float
    interest: Array
    principal: Array
    balance: Array
    reserve: Array


def _debt(terms: _Terms, cfads: Array, notes: list[str], *, search: bool) -> _Debt:
    """The debt that the terms give, or that the cash flow carries.

    Raises
    ------
    InputError
        Where there is no cash to repay it by, or its reserve takes all that is borrowed.
    """
    total_usd, tenor = terms.total_usd, min(terms.debt_years, terms.years)
    owes = terms.dscr is not None or terms.debt_fraction > 0.0
    worth = (1.0 + terms.debt_rate_fraction) ** -np.arange(1.0, tenor + 1.0)
    carried = np.maximum(cfads[:tenor], 0.0)
    # Yearly payments of one dollar of debt.
    shape = carried if terms.sculpted else np.ones(tenor)
    if owes and terms.sculpted and not carried.any():
        if terms.dscr is None and not search:
            raise InputError(
                "debt_repayment: no year of the tenor has cash for sculpted debt service; "
                "raise the price or take 'level'"
            )
        shape = np.ones(tenor)  # nothing is borrowed
    payment = shape / (shape @ worth)
    months = terms.debt_reserve_months / 12.0

    fraction = terms.debt_fraction
    sized_usd = 0.0
    if terms.dscr is not None:
        if terms.sculpted:
            sized_usd = float(carried @ worth) / terms.dscr
        else:
            sized_usd = float(carried.min() * worth.sum()) / terms.dscr
        fraction = min(sized_usd / total_usd, terms.max_debt_fraction) if total_usd > 0.0 else 0.0
    loan = terms.construction_loan_fraction
    loan_fraction = fraction if loan is None else loan
    interest_usd = 0.0
    rate = 1.0 + terms.construction_rate_fraction
    for ago, draw in enumerate(reversed(terms.construction_draw_fractions)):
        interest_usd += loan_fraction * draw * total_usd * (rate ** (ago + 0.5) - 1.0)

    # The reserve is a part of the cost of which the debt is a fraction, and grows with the debt.
    limit = terms.debt_fraction if terms.dscr is None else terms.max_debt_fraction
    held = months * float(payment[0])
    if owes and limit * held >= 1.0:
        raise InputError(
            f"debt_reserve_months: a reserve of {held:.3g} of the debt takes all that is borrowed; "
            f"got {terms.debt_reserve_months:g} months at a tenor of {tenor} years"
        )
    debt_usd = limit * (total_usd + interest_usd) / (1.0 - limit * held) if owes else 0.0
    if terms.dscr is not None:
        if sized_usd > debt_usd:
            notes.append(
                f"debt is held at {terms.max_debt_fraction:.0%} of the cost; the cash flow would "
                f"carry {sized_usd:,.0f} $ at a coverage of {terms.dscr:g}"
            )
        debt_usd = min(sized_usd, debt_usd)

    service = np.zeros(terms.years)
    service[:tenor] = debt_usd * payment
    interest, principal = np.zeros(terms.years), np.zeros(terms.years)
    balance = np.zeros(terms.years + 1)
    balance[0] = left = debt_usd
    for year in range(tenor):
        interest[year] = left * terms.debt_rate_fraction
        principal[year] = service[year] - interest[year]
        left = left - principal[year] if year < tenor - 1 else 0.0
        balance[year + 1] = left
    return _Debt(
        usd=debt_usd,
        loan_fraction=loan_fraction,
        construction_interest_usd=interest_usd,
        interest=interest,
        principal=principal,
        balance=balance,
        reserve=np.append(months * service, 0.0),
    )
