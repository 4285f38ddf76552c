"""What can go wrong, as one small tree.

EnergyError
├── InputError         something given is wrong; the command exits 2
│   ├── SiteError      a site or its file
│   └── WeatherError   a weather file or series
└── InfeasibleError    no design meets the target; the command exits 1

EnergyWarning marks what changes an answer without making it wrong.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn


class EnergyError(Exception):
    """Base of every error that sunrack raises on purpose."""


class InputError(EnergyError, ValueError):
    """Something given is wrong: which, what rule, what was got, what to do.

    Parameters
    ----------
    problems
        One message, or all that were found; each becomes a line.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        """Keep the problems as a list, printed one a line."""
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class SiteError(InputError):
    """A site that is unknown, or whose file does not describe one."""


class WeatherError(InputError):
    """A weather file or series that the model cannot stand on."""


class InfeasibleError(EnergyError):
    """No design within the allowed sizes meets the target; the message says what is missing.

    Parameters
    ----------
    message
        What is missing and what would be a remedy.
    details
        The same as plain data, for JSON.
    """

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        """Keep the plain data beside the message."""
        super().__init__(message)
        self.details = dict(details) if details else {"message": message}


class EnergyWarning(UserWarning):
    """Something that changes the answer and that the reader should know."""


def unknown_name(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for a name that a module does not have; it says which names are near."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.4)
    hint = f"; did you mean {', '.join(near)}?" if near else f"; known: {', '.join(sorted(known))}"
    return AttributeError(f"{module} has no {name!r}{hint}")


def answer_unknown(module: str, known: Iterable[str]) -> Callable[[str], NoReturn]:
    """A module's `__getattr__`, which answers a name that is not there with its neighbors."""
    names = list(known)

    def answer(name: str) -> NoReturn:
        raise unknown_name(module, name, names)

    return answer
