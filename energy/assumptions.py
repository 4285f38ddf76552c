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

from energy.errors import InputError
from energy.spec import Spec, read_toml, validate

DEFAULT_FILE = Path(__file__).parent / "data" / "assumptions-2025.toml"

Share = Annotated[float, Field(ge=0, le=1)]
PositiveShare = Annotated[float, Field(gt=0, le=1)]
OpenShare = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
DcAcRatio = Annotated[float, Field(gt=0, le=5)]
Life = Annotated[int, Field(ge=1, le=100)]


class Mount(Spec):
    """Rows of panels: price at `Solar.priced_dc_ac_ratio`, pitch, land at `land_gcr_fraction`."""

    capital_usd_per_kwdc: Positive
    gcr_fraction: OpenShare
    land_acres_per_mwdc: NotNegative
    land_gcr_fraction: OpenShare

    @property
    def acres_per_mwdc(self) -> float:
        """Land at this pitch [acre/MWdc]: the wider the rows stand, the more."""
        return self.land_acres_per_mwdc * (self.land_gcr_fraction / self.gcr_fraction)


class Tracker(Mount):
    """Horizontal single-axis tracker, axis north-south, with backtracking."""

    max_angle_deg: Annotated[float, Field(gt=0, le=90)]


class FixedTilt(Mount):
    """Rows at a fixed tilt; azimuth clockwise from north, None faces the equator."""

    tilt_deg: Annotated[float, Field(ge=0, le=90)]
    azimuth_deg: Annotated[float, Field(ge=0, lt=360)] | None = None


class Solar(Spec):
    """The array, per MWdc, and how it is mounted."""

    mount: Tracker | FixedTilt
    dc_ac_ratio: DcAcRatio
    priced_dc_ac_ratio: DcAcRatio
    inverter_usd_per_kwac: NotNegative
    loss_fraction: Annotated[float, Field(ge=0, lt=1)]
    inverter_efficiency_fraction: PositiveShare
    temperature_coefficient_per_c: Annotated[float, Field(gt=-0.02, le=0)]
    noct_c: Annotated[float, Field(gt=20, lt=80)]
    module_efficiency_fraction: PositiveShare
    albedo_fraction: Share
    degradation_fraction_per_year: Annotated[float, Field(ge=0, lt=0.1)]
    fixed_om_usd_per_kwdc_year: NotNegative
    life_years: Life

    @property
    def capital_usd_per_kwdc(self) -> float:
        """Price of the array [$/kWdc]: the mount's, with more or less inverter than it counts."""
        inverter_kw_per_kwdc = 1.0 / self.dc_ac_ratio - 1.0 / self.priced_dc_ac_ratio
        return self.mount.capital_usd_per_kwdc + self.inverter_usd_per_kwac * inverter_kw_per_kwdc

    @property
    def life_mean_fraction(self) -> float:
        """Output averaged over the array's life, as a share of its output when new."""
        kept = 1.0 - self.degradation_fraction_per_year
        return sum(kept**year for year in range(self.life_years)) / self.life_years


class Battery(Spec):
    """The battery: efficiency, window and prices per nameplate kWh and per AC kW."""

    round_trip_fraction: PositiveShare
    usable_fraction: PositiveShare
    standing_loss_fraction_per_month: Annotated[float, Field(ge=0, lt=1)]
    energy_usd_per_kwh: Positive
    power_usd_per_kw: NotNegative
    fixed_om_fraction_per_year: Share
    life_years: Life


BackupKind = Literal["engine", "turbine", "diesel"]

#: What backup may be; each has its own table in the file.
BACKUP_KINDS: tuple[BackupKind, ...] = ("engine", "turbine", "diesel")


class Backup(Spec):
    """What stands behind the battery: gas engines, gas turbines or diesel gensets."""

    kind: BackupKind
    capital_usd_per_kw: NotNegative
    fixed_om_usd_per_kw_year: NotNegative
    variable_om_usd_per_mwh: NotNegative
    start_usd_per_mw: NotNegative
    heat_rate_btu_per_kwh: Positive
    fuel_usd_per_mmbtu: NotNegative
    unit_mw: Positive
    # Units share a load of more than one, each above a half: the minimum binds one unit only.
    minimum_load_fraction: Annotated[float, Field(ge=0, le=0.5)]
    lead_years: NotNegative
    life_years: Life

    @property
    def burns_gas(self) -> bool:
        """Whether a place's gas price is its fuel's price."""
        return self.kind != "diesel"


class Grid(Spec):
    """A connection to the grid: its price, what is paid for having it, its energy, the wait."""

    capital_usd_per_kw: NotNegative
    demand_usd_per_kw_year: NotNegative
    energy_usd_per_mwh: NotNegative
    wait_years: NotNegative
    life_years: Life


class Cooling(Spec):
    """Power usage effectiveness as a line in the outdoor temperature, between two bounds."""

    pue: Annotated[float, Field(ge=1)]
    pue_temp_c: float
    pue_slope_per_c: float
    pue_min: Annotated[float, Field(ge=1)]
    pue_max: Annotated[float, Field(ge=1)]


class Integration(Spec):
    """Switchgear, controls and balance of plant, per kW of peak load."""

    capital_usd_per_kw: NotNegative
    fixed_om_usd_per_kw_year: NotNegative
    # Of array, battery and switchgear together.
    lead_years: NotNegative
    life_years: Life


class Computers(Spec):
    """The computers that the plant feeds."""

    life_years: Life


class Finance(Spec):
    """Cost of capital and the year of the dollars."""

    wacc_fraction: Annotated[float, Field(gt=-0.5, lt=1)]
    inflation_fraction: Annotated[float, Field(gt=-0.5, lt=1)]
    project_years: Life
    dollar_year: Annotated[int, Field(ge=2000, le=2100)]

    @property
    def real_discount_fraction(self) -> float:
        """Yearly discount rate without inflation: (1 + wacc) / (1 + inflation) - 1."""
        return (1 + self.wacc_fraction) / (1 + self.inflation_fraction) - 1


class Limits(Spec):
    """The largest plant that sizing looks at, and the most panels to an inverter."""

    solar_mw_per_load_mw: Positive
    battery_h: Positive
    dc_ac_ratio: Annotated[float, Field(ge=1, le=5)]


class Assumptions(Spec):
    """Everything that is believed rather than chosen; `read_assumptions` makes one."""

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

    def _holder(self, section: str) -> Spec:
        """What has the numbers of a section of `frame`."""
        if section in ("tracker", "fixed"):
            return self.solar.mount
        holder: Spec = self.backup if section in BACKUP_KINDS else getattr(self, section)
        return holder

    def at_prices(self, bound: Literal["low", "high"]) -> Assumptions:
        """The same beliefs with every dollar price at the low or the high end of its range."""
        prices = self.frame[self.frame["unit"].str.startswith("USD")][bound]
        return self.with_values({str(name): float(price) for name, price in prices.items()})

    def with_values(self, values: Mapping[str, float]) -> Assumptions:
        """The same beliefs but for some numbers, by their names in `frame`.

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
    """The beliefs of a TOML file, prices moved to dollars of its `finance.dollar_year`.

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
        f"{path}: '{section}' must be a table such as [solar.life_years]; got {quantities!r}"
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
    index = _content(DEFAULT_FILE)["price_index"] if index is None else index
    absent = [str(year) for year in (from_year, to_year) if str(year) not in index]
    if absent:
        raise InputError(
            f"{where}: no price index for {', '.join(absent)}; known: {', '.join(index)}"
        )
    return float(index[str(to_year)]) / float(index[str(from_year)])
