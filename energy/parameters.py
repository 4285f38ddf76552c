"""Base of all inputs: frozen, strict, no unknown keys, all problems at once.

In: values from Python or from a TOML file. Out: a validated, immutable object, or one InputError.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from energy.errors import InputError

T = TypeVar("T", bound="Input")

Fraction = Annotated[float, Field(ge=0, le=1)]
PositiveFraction = Annotated[float, Field(gt=0, le=1)]
OpenFraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
DcAcRatio = Annotated[float, Field(gt=0, le=5)]
Lifetime = Annotated[int, Field(ge=1, le=100)]


class Input(BaseModel):
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
        if not isinstance(other, Input) or type(self) is not type(other):
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


# --- parameters in data files

FOLDER = Path(__file__).parent / "data"

#: What the source of a number says that differs from the shipped one.
BY_USER = "set by the user"


@cache
def shipped(file: str) -> Mapping[str, Any]:
    """The content of a shipped data file, read once."""
    return read_toml(FOLDER / file)


def parameter_field(file: str, section: str, key: str) -> Any:
    """A field of an input whose default is a shipped belief, read when it is first needed."""
    return Field(default_factory=partial(_value, file, section, key))


def _value(file: str, section: str, key: str) -> Any:
    return shipped(file)[section][key]["value"]


def sources(
    values: Mapping[str, Any],
    quantities: Mapping[str, Any],
    factor: Callable[[Mapping[str, Any]], float] = lambda _: 1,
) -> pd.DataFrame:
    """One row a number: name, value in use, low, high, unit, source.

    Parameters
    ----------
    values
        The numbers in use by name; None is left out.
    quantities
        What is shipped by the same names; what is not there is the user's.
    factor
        Moves a shipped price to the dollars in use.
    """
    rows = {}
    for name, value in values.items():
        if value is None:
            continue
        known = quantities.get(name)
        scale = factor(known) if known else math.nan
        same = known is not None and math.isclose(value, known["value"] * scale)
        rows[name] = {
            "value": value,
            "low": known["low"] * scale if known else math.nan,
            "high": known["high"] * scale if known else math.nan,
            "unit": known["unit"] if known else "",
            "source": known["source"] if known and same else BY_USER,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("name")


#: The shipped file that holds the price index.
PRICES_FILE = "assumptions-2025.toml"


def price_factor(
    from_year: int, to_year: int | None, index: Mapping[str, float] | None = None, where: str = ""
) -> float:
    """How many dollars of `to_year` one dollar of `from_year` is, by US consumer prices [1].

    Raises
    ------
    InputError
        When the price index has no number for one of the years.

    References
    ----------
    [1] US Bureau of Labor Statistics, CPI-U, in `energy/data/assumptions-2025.toml`.
    """
    index = shipped(PRICES_FILE)["price_index"] if index is None else index
    absent = [str(year) for year in (from_year, to_year) if str(year) not in index]
    if absent:
        raise InputError(
            f"{where}: no price index for {', '.join(absent)}; known: {', '.join(index)}"
        )
    return float(index[str(to_year)]) / float(index[str(from_year)])


def fraction_problems(name: str, fraction: float) -> list[str]:
    """What is wrong with a fraction that has to lie above 0 and at most at 1; empty when nothing."""
    if 0 < fraction <= 1:
        return []
    hint = f"; write {fraction / 100:g}" if 1 < fraction <= 100 else ""
    return [f"{name} is a fraction above 0 and at most 1; got {fraction!r}{hint}"]
