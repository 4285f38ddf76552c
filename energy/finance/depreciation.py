"""What part of a price is deducted from taxable income in each year.

In: the name of a depreciation class. Out: its fractions by year.

MACRS, half-year convention [1]: the cost is recovered from the middle of the first year, so a class
of N years takes N + 1 of them. Straight line is by the same convention: half a year's part in the
first and in the last year. Tables of the 3- to 10-year classes are double declining balance, those
of 15 and 20 years 150 % declining balance, both until straight line gives more.

References
----------
[1] IRS Publication 946, How To Depreciate Property, appendix A, table A-1.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from energy.errors import InputError
from energy.steps import Array

#: Recovery period of MACRS [years] -> percent of the basis in each year, table A-1 of [1].
MACRS_PERCENT: dict[int, tuple[float, ...]] = {
    3: (33.33, 44.45, 14.81, 7.41),
    5: (20.0, 32.0, 19.2, 11.52, 11.52, 5.76),
    7: (14.29, 24.49, 17.49, 12.49, 8.93, 8.92, 8.93, 4.46),
    10: (10.0, 18.0, 14.4, 11.52, 9.22, 7.37, 6.55, 6.55, 6.56, 6.55, 3.28),
    15: (
        5.0, 9.5, 8.55, 7.7, 6.93, 6.23, 5.9, 5.9, 5.91, 5.9, 5.91, 5.9, 5.91, 5.9, 5.91, 2.95,
    ),
    20: (
        3.75, 7.219, 6.677, 6.177, 5.713, 5.285, 4.888, 4.522, 4.462, 4.461, 4.462, 4.461, 4.462,
        4.461, 4.462, 4.461, 4.462, 4.461, 4.462, 4.461, 2.231,
    ),
}  # fmt: skip

#: The longest straight line [years].
LONGEST_YEARS = 100

#: What a class may be called, for messages.
KNOWN = (
    *(f"macrs-{years}" for years in MACRS_PERCENT),
    "straight-line-N (N years, such as straight-line-20)",
    "none",
)


def depreciation_fractions(name: str) -> Array:
    """Fractions of the depreciable basis by year of service, from year 1; their sum is 1.

    Parameters
    ----------
    name
        `macrs-3`, `-5`, `-7`, `-10`, `-15` or `-20`; `straight-line-N` of N years; `none` for what
        is not depreciated, such as land.

    Returns
    -------
    Array
        Shape (years of service + 1,); shape (0,) for `none`. It is shared: do not write to it.

    Raises
    ------
    InputError
        For a name that is none of these; it lists those that are.

    Examples
    --------
    >>> from energy.finance import depreciation_fractions
    >>> depreciation_fractions("macrs-5").tolist()
    [0.2, 0.32, 0.192, 0.1152, 0.1152, 0.0576]
    >>> depreciation_fractions("straight-line-4").tolist()
    [0.125, 0.25, 0.25, 0.25, 0.125]
    """
    fractions = _fractions(name) if isinstance(name, str) else None
    if fractions is None:
        raise InputError(f"depreciation: unknown class {name!r}; known: {', '.join(KNOWN)}")
    return fractions


@lru_cache(maxsize=256)
def _fractions(name: str) -> Array | None:
    if name == "none":
        return _frozen(np.zeros(0))
    parts = re.fullmatch(r"(macrs|straight-line)-([1-9][0-9]{0,2})", name, re.ASCII)
    if parts is None:
        return None
    years = int(parts[2])
    if parts[1] == "macrs":
        percent = MACRS_PERCENT.get(years)
        return None if percent is None else _frozen(np.array(percent) / 100.0)
    if years > LONGEST_YEARS:
        return None
    line = np.full(years + 1, 1.0 / years)
    line[[0, -1]] /= 2.0
    return _frozen(line)


def _frozen(fractions: Array) -> Array:
    fractions.setflags(write=False)
    return fractions
