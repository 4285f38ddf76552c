"""How many dies of a wafer are good.

In: the mean number of defects on a die. Out: the fraction of dies that can be sold.

References
----------
[1] J. Hennessy, D. Patterson, Computer Architecture: A Quantitative Approach, 6th ed., 2019,
    section 1.6: yield with clustered defects.
[2] B. Murphy, Cost-size optima of monolithic integrated circuits, Proc. IEEE 52 (1964) 1537.
[3] R. Seeds, Yield and cost analysis of bipolar LSI, IEEE Int. Electron Devices Meeting, 1967.
[4] C. Stapper, Defect density distribution for LSI yield calculations, IEEE Trans. Electron
    Devices 20 (1973) 655: the negative binomial.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from energy.errors import InputError, answer_unknown

#: What gives the fraction of good dies from the mean number of defects on one.
YieldModel = Callable[[float], float]


def poisson_yield(defects: float) -> float:
    """Fraction of dies without a defect when defects fall anywhere alike: exp(-defects)."""
    return math.exp(-defects)


def murphy_yield(defects: float) -> float:
    """Fraction of good dies when densities spread as a triangle: ((1 - exp(-d)) / d)^2 [2]."""
    return (-math.expm1(-defects) / defects) ** 2 if defects > 0 else 1.0


def seeds_yield(defects: float) -> float:
    """Fraction of good dies when densities spread exponentially: 1 / (1 + d) [3]."""
    return 1.0 / (1.0 + defects)


def negative_binomial_yield(defects: float, *, alpha: float = 3.0) -> float:
    """Fraction of good dies when defects cluster: (1 + d / alpha)^-alpha [4].

    A smaller `alpha` clusters more: 1 is Seeds' model, infinity Poisson's; modern processes are
    said to lie between .5 and 3.
    """
    return float((1.0 + defects / alpha) ** -alpha)


#: The models by the names that the command and files use.
YIELD_MODELS: dict[str, YieldModel] = {
    "poisson": poisson_yield,
    "murphy": murphy_yield,
    "seeds": seeds_yield,
    "negative-binomial": negative_binomial_yield,
}


def named_yield_model(name: object) -> YieldModel:
    """The yield model that a word stands for.

    Raises
    ------
    InputError
        For an unknown word.
    """
    if name not in YIELD_MODELS:
        raise InputError(f"the yield model is one of {', '.join(YIELD_MODELS)}; got {name!r}")
    return YIELD_MODELS[str(name)]


#: Names that `energy.chip_yield` offers.
__all__ = [
    "murphy_yield",
    "named_yield_model",
    "negative_binomial_yield",
    "poisson_yield",
    "seeds_yield",
]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
