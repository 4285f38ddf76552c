"""The internal rate of return of a cash flow.

In: yearly amounts. Out: the rates at which their present value is zero, and the one that counts.
"""

from __future__ import annotations

import math

import numpy as np

from energy.steps import Array

#: Rates at and below which no return is looked for.
LOWEST_RATE = -0.99

#: Discount factors of one year between which a lone root is bracketed: 1e8 to -99 % a year.
_FACTORS = np.geomspace(1e-8, 1.0 / (1.0 + LOWEST_RATE), 400)


def present_value(flows_usd: Array, discount_fraction: float) -> float:
    """Value of yearly amounts in the year of the first [$]: sum of a_t / (1 + d)^t."""
    return float(flows_usd @ (1.0 + discount_fraction) ** -np.arange(float(len(flows_usd))))


def internal_rates(flows_usd: Array) -> list[float]:
    """All rates above -99 % at which the present value is zero, ascending.

    With one change of sign there is at most one (Descartes' rule of signs); with more, they are the
    real roots of the polynomial in the discount factor.

    Parameters
    ----------
    flows_usd
        Yearly amounts [$], shape (years,), the first year first.
    """
    signs = np.sign(flows_usd[flows_usd != 0.0])
    changes = int(np.count_nonzero(signs[1:] != signs[:-1]))
    if changes == 0:
        return []
    scaled = flows_usd / np.abs(flows_usd).max()
    years = np.arange(float(len(scaled)))

    if changes > 1:
        return _many(scaled)
    values = scaled @ _FACTORS ** years[:, None]
    at = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    if not len(at):
        return []
    low, high = _FACTORS[at[0]], _FACTORS[at[0] + 1]
    return [1.0 / _root(scaled, low, high) - 1.0]


def _root(scaled: Array, low: float, high: float) -> float:
    """The discount factor between two at which the present value is zero.

    Newton's steps, and a halving where one leaves what holds the root. Its own so that a command
    that prints one return does not load a library of optimization.
    """
    years = np.arange(float(len(scaled)))
    sign, factor = np.sign(scaled @ low**years), (low + high) / 2.0
    for _ in range(200):
        value = float(scaled @ factor**years)
        low, high = (factor, high) if np.sign(value) == sign else (low, factor)
        slope = float((scaled[1:] * years[1:]) @ factor ** years[:-1])
        step = value / slope if slope else math.inf
        after = factor - step if low < factor - step < high else (low + high) / 2.0
        if abs(after - factor) <= 1e-15 * factor:
            return float(after)
        factor = after
    return float(factor)


def _many(scaled: Array) -> list[float]:
    """Real roots above -99 % of a flow whose sign changes more than once."""
    # The polynomial's highest power first; a root of it is a discount factor.
    powers = np.trim_zeros(scaled)[::-1]
    slope = np.polyder(powers)
    rates: list[float] = []
    for root in np.roots(powers):
        if root.real <= 0.0 or abs(root.imag) > 1e-6 * abs(root.real):
            continue
        factor = float(root.real)
        for _ in range(4):  # the eigenvalues leave a few digits open
            steepness = float(np.polyval(slope, factor))
            step = float(np.polyval(powers, factor)) / steepness if steepness else 0.0
            factor -= step if abs(step) < 1e-3 * factor else 0.0
        rate = 1.0 / factor - 1.0
        if rate > LOWEST_RATE:
            rates.append(rate)
    rates.sort()
    return [
        rate for n, rate in enumerate(rates) if n == 0 or rate - rates[n - 1] > 1e-9 * (1 + rate)
    ]


def internal_rate(flows_usd: Array) -> float:
    """The internal rate of return of yearly amounts; NaN where no rate makes their value zero.

    Of several rates it is the highest, where NREL SAM's search ends too: at any higher rate the
    present value has the sign of the first amount. Where returns are several, judge by the net
    present value.

    Parameters
    ----------
    flows_usd
        Yearly amounts [$], shape (years,), the first year first.

    Examples
    --------
    >>> import numpy as np
    >>> from energy.finance import internal_rate
    >>> round(internal_rate(np.array([-100.0, 60.0, 60.0])), 6)
    0.130662
    >>> internal_rate(np.array([100.0, 60.0]))
    nan
    """
    return max(internal_rates(np.asarray(flows_usd, dtype=float)), default=math.nan)
