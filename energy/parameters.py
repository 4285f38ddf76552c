"""Base of all inputs, and the numbers that are taken as given.

In: values from Python or from a TOML file. Out: a validated, immutable `Input`; `Parameter`, a
number with range, unit and source; or one InputError with all problems.
"""

from __future__ import annotations

import datetime
import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Protocol, Self, TypeVar, cast

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from energy.errors import InputError
from energy.files import read_bytes

T = TypeVar("T", bound="Input")

#: The largest TOML file that is read [MB]; the shipped ones have .04.
LARGEST_MB = 5.0

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
        """Validate `values`; every problem is reported in one InputError."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InputError(problems(error, type(self), type(self).__name__)) from None

    # Fields of this type inside another are validated with it, not through this method, so that
    # the problems of the whole are reported together.
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
        return tomllib.loads(read_bytes(path, LARGEST_MB).decode("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8; a site is a TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: not valid TOML: nested too deeply") from None


def validate(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """An object of `kind` from `values`; every problem is reported with `where` before it."""
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


# --- parameters in data files ---------------------------------------------------------------------

FOLDER = Path(__file__).parent / "data"

#: The shipped file that holds the price index.
PRICES_FILE = "assumptions-2025.toml"

#: What the source of a number says that differs from the one in its file.
BY_USER = "set by the user"

#: No number of this model is larger; one that is was mistyped.
LARGEST = 1e30

Number = Annotated[int | float, Field(ge=-LARGEST, le=LARGEST)]
Words = Annotated[str, Field(min_length=1)]


def _iso(value: Any) -> Any:
    """A date of TOML as its text."""
    return value.isoformat() if isinstance(value, datetime.date) else value


#: A year, month or day, such as "2026-05".
Date = Annotated[
    str,
    BeforeValidator(_iso),
    Field(pattern=r"^(19|20)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"),
]


class Parameter(Input):
    """One number that is taken as given, with what is known of it.

    Parameters
    ----------
    value, low, high
        The number in use and the ends of its plausible range.
    unit, source
        In words.
    dollar_year
        Of a price: the year of the dollars that its source gives.
    as_of
        Date of what the source says, such as "2026-05".
    """

    value: Number
    low: Number
    high: Number
    unit: Words
    source: Words
    dollar_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    as_of: Date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Parameter:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} lies above high {self.high:g}")
        if self.is_price != (self.dollar_year is not None):
            needs = (
                "needs dollar_year" if self.is_price else "has a dollar_year but no price's unit"
            )
            raise ValueError(f"{needs}; its unit is {self.unit!r}")
        return self

    @property
    def is_price(self) -> bool:
        """Whether it is an amount of dollars."""
        return "USD" in self.unit

    def in_dollars_of(
        self, year: int | None, index: Mapping[str, float] | None = None
    ) -> Parameter:
        """The same parameter in dollars of another year; itself where it is no price.

        Raises
        ------
        InputError
            When the price index has no number for one of the years.
        """
        if self.dollar_year is None or self.dollar_year == year:
            return self
        factor = price_factor(self.dollar_year, year, index)
        ends = {name: getattr(self, name) * factor for name in ("value", "low", "high")}
        return self.replace(**ends, dollar_year=year)


#: The parameters of a file: by section and key.
Sections = Mapping[str, Mapping[str, Parameter]]


@dataclass(frozen=True)
class ParameterFile:
    """What a data file holds; `read_parameters` reads one."""

    path: Path
    sections: Sections
    price_index: Mapping[str, float]


def read_parameters(path: Path) -> ParameterFile:
    """The parameters of a TOML file of tables such as [battery.lifetime_years].

    Raises
    ------
    InputError
        With every problem: what is no table, missing or unknown keys, values that are no numbers,
        ends of a range in the wrong order, a price without its dollar-year.
    """
    content = read_toml(path)
    index = content.pop("price_index", {})
    problems = _index_problems(path, index)
    sections: dict[str, dict[str, Parameter]] = {}
    for section, quantities in content.items():
        if not isinstance(quantities, dict):
            problems.append(
                f"{path}: '{section}' must be a table such as [solar.lifetime_years]; "
                f"got {quantities!r}"
            )
            continue
        sections[section] = {}
        for key, quantity in quantities.items():
            try:
                sections[section][key] = _parameter(quantity, f"{path}: {section}.{key}")
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(problems)
    return ParameterFile(path, sections, index)


def _index_problems(path: Path, index: Any) -> list[str]:
    if not isinstance(index, dict):
        return [f"{path}: price_index must be a table of years; got {index!r}"]
    return [
        f"{path}: price_index.{year} must be a number above 0; got {value!r}"
        for year, value in index.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < LARGEST
    ]


def _parameter(quantity: Any, where: str) -> Parameter:
    if not isinstance(quantity, dict):
        raise InputError(f"{where} needs a table with value, low, high, unit, source")
    needed = {"value", "low", "high", "unit", "source"}
    if "USD" in str(quantity.get("unit", "")):
        needed.add("dollar_year")
    if missing := needed - quantity.keys():
        raise InputError(f"{where} needs {', '.join(sorted(missing))}")
    return validate(Parameter, quantity, where)


@cache
def shipped(file: str) -> Sections:
    """The parameters of a shipped data file, read once."""
    return read_parameters(FOLDER / file).sections


@cache
def shipped_file(path: Path) -> ParameterFile:
    """A shipped file, read once; others may be changed between two calls."""
    return read_parameters(path)


def parameter_field(file: str, section: str, key: str) -> Any:
    """A field of an input whose default is a shipped parameter, read when it is first needed."""
    return Field(
        default_factory=lambda: shipped(file)[section][key].value,
        json_schema_extra={"parameter": [file, section, key]},
    )


def parameters_of(given: Input) -> pd.DataFrame:
    """The numbers of an input, and of the inputs in it, that have a shipped parameter.

    One row a number, by its name such as `dry_cooler.approach_k`: value in use, low, high, unit,
    source.
    """
    return pd.DataFrame.from_dict(_rows_of(given), orient="index", columns=COLUMNS).rename_axis(
        "name"
    )


def _rows_of(given: Input) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for name, info in type(given).model_fields.items():
        value = getattr(given, name)
        if isinstance(value, Input):
            rows.update(_rows_of(value))
        elif isinstance(info.json_schema_extra, dict) and "parameter" in info.json_schema_extra:
            file, section, key = cast(list[str], info.json_schema_extra["parameter"])
            rows[f"{section}.{key}"] = _row(value, shipped(file)[section][key])
    return rows


def with_parameters(given: T, values: Mapping[str, float]) -> T:
    """An input with other values for names of `parameters_of`; names of others are left out."""
    changes: dict[str, Any] = {}
    for name, info in type(given).model_fields.items():
        value = getattr(given, name)
        if isinstance(value, Input):
            inner = with_parameters(value, values)
            if inner is not value:
                changes[name] = inner
        elif isinstance(info.json_schema_extra, dict) and "parameter" in info.json_schema_extra:
            _, section, key = cast(list[str], info.json_schema_extra["parameter"])
            if f"{section}.{key}" in values:
                other = values[f"{section}.{key}"]
                changes[name] = round(other) if isinstance(value, int) else float(other)
    return given.replace(**changes) if changes else given


#: Columns of a table of parameters.
COLUMNS = ("value", "low", "high", "unit", "source", "dollar_year")


def _row(value: float, known: Parameter) -> dict[str, Any]:
    same = math.isclose(value, known.value, rel_tol=1e-12)
    return {
        "value": value,
        "low": known.low,
        "high": known.high,
        "unit": known.unit,
        "source": known.source if same else f"{BY_USER} (before: {known.value:g})",
        "dollar_year": math.nan if known.dollar_year is None else known.dollar_year,
    }


def sources(values: Mapping[str, Any], known: Mapping[str, Parameter]) -> pd.DataFrame:
    """One row a number: name, value in use, low, high, unit, source.

    Parameters
    ----------
    values
        The numbers in use by name; None is left out.
    known
        Parameters by the same names; what is not there is the user's.
    """
    unknown = {"low": math.nan, "high": math.nan, "unit": "", "source": BY_USER}
    unknown["dollar_year"] = math.nan
    rows = {
        name: _row(value, known[name]) if name in known else {"value": value} | unknown
        for name, value in values.items()
        if value is not None
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).rename_axis("name")


class HasParameters(Protocol):
    """What can be varied: a case, a cost of compute."""

    @property
    def parameters(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""

    def with_parameters(self, values: Mapping[str, float]) -> Self:
        """The same with other values for some names of `parameters`."""


def price_factor(
    from_year: int, to_year: int | None, index: Mapping[str, float] | None = None
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
    index = shipped_file(FOLDER / PRICES_FILE).price_index if index is None else index
    absent = [str(year) for year in (from_year, to_year) if str(year) not in index]
    if absent:
        raise InputError(f"no price index for {', '.join(absent)}; known: {', '.join(index)}")
    return float(index[str(to_year)]) / float(index[str(from_year)])


def fraction_problems(name: str, fraction: float) -> list[str]:
    """What is wrong with a fraction above 0 and at most 1; empty when nothing."""
    if 0 < fraction <= 1:
        return []
    hint = f"; write {fraction / 100:g}" if 1 < fraction <= 100 else ""
    return [f"{name} is a fraction above 0 and at most 1; got {fraction!r}{hint}"]
