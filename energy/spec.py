"""Base of all inputs: frozen, strict, no unknown keys, all problems at once.

In: values from Python or from a TOML file. Out: a validated, immutable object, or one InputError.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from energy.errors import InputError

T = TypeVar("T", bound="Spec")


class Spec(BaseModel):
    """An input: immutable, strictly typed, no unknown keys, no infinities.

    Raises
    ------
    InputError
        On construction and on `replace`, one line for every problem.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )

    def __init__(self, /, **values: Any) -> None:
        """Validate `values`; every problem is told in one InputError."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InputError(problems(error, type(self), type(self).__name__)) from None

    # Fields of this type inside another are validated with it, not through this method, so that
    # the problems of the whole are told together.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        """Whether all fields are equal; what was worked out from them does not count."""
        if not isinstance(other, Spec) or type(self) is not type(other):
            return NotImplemented
        return self.__pydantic_private__ == other.__pydantic_private__ and all(
            getattr(self, name) == getattr(other, name) for name in type(self).model_fields
        )

    def replace(self, **changes: Any) -> Self:
        """A copy with `changes`, validated again (pydantic's `model_copy` does not)."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**values | changes)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises
    ------
    InputError
        When the file is missing, unreadable or not TOML, naming the file and the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8; a site is a TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: not valid TOML: nested too deeply") from None


def validate(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """An object of `kind` from `values`; every problem is told with `where` before it."""
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise InputError(problems(error, kind, where)) from None


def problems(error: ValidationError, kind: type[BaseModel], where: str) -> list[str]:
    """One line a problem: where, which key, what rule, what was got."""
    return [f"{where}: {_problem(detail, kind)}" for detail in error.errors()]


def _problem(detail: Any, kind: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    got = detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            known = list(_fields_at(kind, detail["loc"][:-1]))
            near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}"
            return f"unknown key '{key}'; {hint}"
        case "missing":
            return f"'{key}' is missing"
        case "value_error":
            message = detail["msg"].removeprefix("Value error, ")
            return f"{key}: {message}" if key else message
        case _:
            rule = detail["msg"].removeprefix("Input ").replace("should", "must")
            return f"{key} {rule}; got {got!r}"


def _fields_at(kind: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Names of the fields of the nested model that `path` leads to."""
    for part in path:
        field = kind.model_fields.get(str(part))
        nested = field.annotation if field else None
        candidates = [nested, *getattr(nested, "__args__", ())]
        models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not models:
            return []
        kind = models[0]
    return list(kind.model_fields)
