"""What the model believes: solar, battery, backup, grid, cooling and finance, with the sources.

In: a TOML file where each number has value, low, high, unit, source and, for a price, dollar-year.
Out: `Assumptions`, all prices in real dollars of `finance.dollar_year`, and `.frame`, its sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from energy.backup import BACKUP_KINDS, Backup
from energy.battery import Battery
from energy.datacenter.facility import Cooling
from energy.errors import InputError
from energy.grid import Grid
from energy.parameters import (
    Input,
    Lifetime,
    NotNegative,
    Positive,
    price_factor,
    read_toml,
    validate,
)
from energy.solar import FixedTilt, Solar, Tracker

DEFAULT_FILE = Path(__file__).parent / "data" / "assumptions-2025.toml"


class Integration(Input):
    """Switchgear, controls and balance of plant, per kW of peak load."""

    capital_usd_per_kw: NotNegative
    fixed_om_usd_per_kw_year: NotNegative
    # Of array, battery and switchgear together.
    lead_years: NotNegative
    lifetime_years: Lifetime


class Computers(Input):
    """The computers that the plant feeds."""

    lifetime_years: Lifetime


class Finance(Input):
    """Cost of capital and the year of the dollars."""

    wacc_fraction: Annotated[float, Field(gt=-0.5, lt=1)]
    inflation_fraction: Annotated[float, Field(gt=-0.5, lt=1)]
    project_years: Lifetime
    dollar_year: Annotated[int, Field(ge=2000, le=2100)]

    @property
    def real_discount_fraction(self) -> float:
        """Yearly discount rate without inflation: (1 + wacc) / (1 + inflation) - 1."""
        return (1 + self.wacc_fraction) / (1 + self.inflation_fraction) - 1


class Limits(Input):
    """The largest plant that sizing looks at, and the most panels to an inverter."""

    solar_mw_per_load_mw: Positive
    battery_h: Positive
    dc_ac_ratio: Annotated[float, Field(ge=1, le=5)]


class Assumptions(Input):
    """Everything that is an assumption rather than chosen; `read_assumptions` makes one."""

    solar: Solar
    battery: Battery
    backup: Backup
    grid: Grid
    cooling: Cooling
    integration: Integration
    computers: Computers
    finance: Finance
    limits: Limits

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a number: name, value in use, low, high, unit, source.

        Prices, lows and highs are in dollars of `finance.dollar_year`. A number that differs from
        the shipped file says so in its source.
        """
        mount = "tracker" if isinstance(self.solar.mount, Tracker) else "fixed"
        content = _content(DEFAULT_FILE)
        unused = ({"tracker", "fixed"} | set(BACKUP_KINDS)) - {mount, self.backup.kind}
        rows = []
        for section, quantities in content.items():
            if section in ("price_index", *unused):
                continue
            holder = self._holder(section)
            for key, quantity in quantities.items():
                factor = _to_dollar_year(quantity, content, self.finance.dollar_year, DEFAULT_FILE)
                value, default = getattr(holder, key), quantity["value"] * factor
                source = quantity["source"]
                if abs(value - default) > 1e-12 * max(1.0, abs(default)):
                    source = f"set by the user (shipped: {default:g})"
                rows.append(
                    {
                        "name": f"{section}.{key}",
                        "value": value,
                        "low": quantity["low"] * factor,
                        "high": quantity["high"] * factor,
                        "unit": quantity["unit"],
                        "source": source,
                    }
                )
        return pd.DataFrame(rows).set_index("name")

    def number(self, name: str) -> float:
        """The value in use of a name of `frame`."""
        section, key = name.split(".")
        return float(getattr(self._holder(section), key))

    def _holder(self, section: str) -> Input:
        """What has the numbers of a section of `frame`."""
        if section in ("tracker", "fixed"):
            return self.solar.mount
        holder: Input = self.backup if section in BACKUP_KINDS else getattr(self, section)
        return holder

    def at_prices(self, bound: Literal["low", "high"]) -> Assumptions:
        """The same assumptions with every dollar price at the low or the high end of its range."""
        prices = self.frame[self.frame["unit"].str.startswith("USD")][bound]
        return self.with_values({str(name): float(price) for name, price in prices.items()})

    def with_values(self, values: Mapping[str, float]) -> Assumptions:
        """The same assumptions but for some numbers, by their names in `frame`.

        Years of life and the like are whole numbers and are rounded.

        Raises
        ------
        InputError
            For names that `frame` does not have, and for values out of bounds.
        """
        unknown = [name for name in values if name not in self.frame.index]
        if unknown:
            known = ", ".join(self.frame.index)
            raise InputError(f"no assumption called {', '.join(unknown)}; known: {known}")
        changed: dict[str, Any] = {}
        for name, value in values.items():
            section, key = name.split(".")
            whole = isinstance(getattr(self._holder(section), key), int)
            changed.setdefault(section, {})[key] = round(value) if whole else float(value)
        solar = dict(changed.pop("solar", {}))
        for section in ("tracker", "fixed"):
            if section in changed:
                solar["mount"] = self.solar.mount.replace(**changed.pop(section))
        if self.backup.kind in changed:
            changed["backup"] = changed.pop(self.backup.kind)
        parts = {name: getattr(self, name).replace(**keys) for name, keys in changed.items()}
        return self.replace(solar=self.solar.replace(**solar), **parts)


def read_assumptions(
    path: str | Path = DEFAULT_FILE,
    *,
    tilt_deg: float | None = None,
    backup: str = "engine",
) -> Assumptions:
    """The assumptions of a TOML file, prices moved to dollars of its `finance.dollar_year`.

    Parameters
    ----------
    path
        The file; without it the one that is shipped, `energy/data/assumptions-2025.toml`.
    tilt_deg
        Fixed rows facing the equator at this tilt [deg] instead of trackers.
    backup
        What stands behind the battery: gas engines, gas turbines or diesel gensets.

    Raises
    ------
    InputError
        With every problem: unknown names, missing numbers, values out of bounds, no source.
    """
    if backup not in BACKUP_KINDS:
        raise InputError(f"backup must be one of {', '.join(BACKUP_KINDS)}; got {backup!r}")
    path = Path(path)
    content = _content(path)
    problems = [
        f"{path}: '{section}' must be a table such as [solar.lifetime_years]; got {quantities!r}"
        for section, quantities in content.items()
        if not isinstance(quantities, dict)
    ]
    problems += [
        f"{path}: price_index.{year} must be a number above 0; got {value!r}"
        for year, value in _tables(content).get("price_index", {}).items()
        if not isinstance(value, int | float) or not value > 0
    ]
    problems += [
        f"{path}: {section}.{key} needs {', '.join(sorted(missing))}"
        for section, quantities in _tables(content).items()
        if section != "price_index"
        for key, quantity in quantities.items()
        if (missing := _missing(quantity))
    ]
    if problems:
        raise InputError(problems)
    year = content.get("finance", {}).get("dollar_year", {}).get("value")
    values: dict[str, dict[str, Any]] = {
        section: {
            key: quantity["value"] * _to_dollar_year(quantity, content, year, path)
            if "dollar_year" in quantity
            else quantity["value"]
            for key, quantity in quantities.items()
        }
        for section, quantities in content.items()
        if section != "price_index"
    }
    tracker, fixed = values.pop("tracker", {}), values.pop("fixed", {})
    mount: Tracker | FixedTilt
    if tilt_deg is None:
        mount = validate(Tracker, tracker, f"{path}: [tracker]")
    else:
        mount = validate(FixedTilt, fixed | {"tilt_deg": float(tilt_deg)}, f"{path}: [fixed]")
    if "solar" in values:
        values["solar"]["mount"] = mount
    kinds: dict[str, dict[str, Any]] = {kind: values.pop(kind, {}) for kind in BACKUP_KINDS}
    behind = validate(Backup, kinds[backup] | {"kind": backup}, f"{path}: [{backup}]")
    return validate(Assumptions, values | {"backup": behind}, str(path))


@cache
def _shipped() -> Mapping[str, Any]:
    return read_toml(DEFAULT_FILE)


def _content(path: Path) -> Mapping[str, Any]:
    """A file's content; the shipped one is read once, others may be changed between two calls."""
    return _shipped() if path == DEFAULT_FILE else read_toml(path)


def _tables(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: table for name, table in content.items() if isinstance(table, dict)}


def _missing(quantity: Any) -> set[str]:
    """What a number lacks of value, range, unit, source and, for a price, dollar-year."""
    if not isinstance(quantity, dict):
        return {"a table with value, low, high, unit, source"}
    needed = {"value", "low", "high", "unit", "source"}
    if "USD" in str(quantity.get("unit", "")):
        needed.add("dollar_year")
    return needed - quantity.keys()


def _to_dollar_year(
    quantity: Mapping[str, Any], content: Mapping[str, Any], year: int | None, path: Path
) -> float:
    """Factor that moves a price from its own dollar-year to `year`; 1 for what is no price."""
    if "dollar_year" not in quantity:
        return 1.0
    return price_factor(quantity["dollar_year"], year, content.get("price_index", {}), str(path))
