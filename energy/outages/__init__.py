"""What breaks: engines in an outage, and failures of equipment joined with the weather.

In: numbers of an outage; a `Dispatch`. Out: probabilities of survival; `FailureRun`.
"""

from typing import TYPE_CHECKING

from energy.errors import answer_unknown
from energy.outages.equipment import FailureRun, fail
from energy.outages.remedies import one_more, reachable
from energy.outages.ride_through import ride_through
from energy.outages.survival import survival

__all__ = ["FailureRun", "fail", "one_more", "reachable", "ride_through", "survival"]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
