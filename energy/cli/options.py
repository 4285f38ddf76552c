"""The options of the command, each declared once, in groups that commands take whole.

In: a function with groups among its parameters. Out: a command with every option of the groups.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand

PLACE, WEATHER, DATACENTER = "Place", "Weather", "Datacenter"
ASSUMPTIONS, TARGET, PLANT, OUTPUT = "Assumptions", "Target (one of)", "Plant", "Output"
LIFE = "Wear and failures"
MONEY = "Money after tax"

#: Options and commands of version 0.1 -> what they are called now.
RENAMED = {
    "--machine": "--cluster",
    "--device": "--accelerator",
    "--utilisation": "--utilization",
    "--decades": "--resampled-years",
    "--sure": "--uncertainty",
    "--fossil": "--by-backup-energy",
    "--max-fossil-fraction": "--max-backup-energy-fraction",
    "--reserve-fraction": "--reserve-conservatism",
    "machine": "cluster",
    "odds": "monte-carlo",
}


def _option(panel: str, *names: str, help: str) -> Any:  # noqa: A002
    return typer.Option(*names, help=help, rich_help_panel=panel)


@dataclass(frozen=True)
class SiteOption:
    """Where: one site, or any point on land."""

    site: Annotated[
        str | None,
        typer.Argument(metavar="SITE", help="A name from `energy sites`, a TOML or weather file"),
    ] = None
    lat: Annotated[
        float | None, _option(PLACE, "--lat", help="Any place instead of a SITE: degrees north")
    ] = None
    lon: Annotated[
        float | None, _option(PLACE, "--lon", help="Degrees east; its hours are synthetic")
    ] = None


@dataclass(frozen=True)
class SitesOption:
    """Where: several sites, or any point on land."""

    sites: Annotated[
        list[str] | None, typer.Argument(metavar="SITE...", help="Names, TOML or weather files")
    ] = None
    lat: Annotated[
        float | None, _option(PLACE, "--lat", help="Any place besides the SITEs: degrees north")
    ] = None
    lon: Annotated[
        float | None, _option(PLACE, "--lon", help="Degrees east; its hours are synthetic")
    ] = None


@dataclass(frozen=True)
class WeatherOptions:
    """Which hours a site has."""

    weather: Annotated[
        Path | None,
        _option(WEATHER, "--weather", help="Hours for one site: an EPW, TMY3, NSRDB, ... file"),
    ] = None
    source: Annotated[
        str | None,
        _option(WEATHER, "--source", help="Hours from `energy fetch`: nasa-power, pvgis, nsrdb"),
    ] = None
    years: Annotated[
        str | None,
        _option(WEATHER, "--years", help="Such as 2001-2024: real years, fetched where they lack"),
    ] = None
    resampled_years: Annotated[
        int | None,
        _option(WEATHER, "--resampled-years", help="Years resampled from the recorded ones"),
    ] = None
    seed: Annotated[
        int, _option(WEATHER, "--seed", help="Seed of resampled and synthetic years")
    ] = 0


@dataclass(frozen=True)
class DatacenterOptions:
    """What for: the computers and how they are cooled."""

    it_mw: Annotated[
        float | None, _option(DATACENTER, "--it-mw", help="IT power [MW]; 100 without it")
    ] = None
    cluster: Annotated[
        Path | None,
        _option(DATACENTER, "--cluster", help="A cluster's TOML file: its IT load, not --it-mw"),
    ] = None
    cooling: Annotated[
        str | None,
        _option(DATACENTER, "--cooling", help="A building: dry, adiabatic, chiller or tower"),
    ] = None
    supply_temp_c: Annotated[
        float | None,
        _option(DATACENTER, "--supply-temp-c", help="With --cooling: supply water [°C]; 40"),
    ] = None


@dataclass(frozen=True)
class AssumptionOptions:
    """What is assumed."""

    assumptions: Annotated[
        Path | None,
        _option(ASSUMPTIONS, "--assumptions", help="A file instead of the shipped assumptions"),
    ] = None
    prices: Annotated[
        str | None,
        _option(ASSUMPTIONS, "--prices", help="A price book, such as us-2025, or a book's file"),
    ] = None
    tilt_deg: Annotated[
        float | None,
        _option(ASSUMPTIONS, "--tilt-deg", help="Fixed rows at this tilt, not trackers [°]"),
    ] = None
    max_angle_deg: Annotated[
        float | None,
        _option(ASSUMPTIONS, "--max-angle-deg", help="Trackers that turn to this angle [°]"),
    ] = None
    gcr_fraction: Annotated[
        float | None,
        _option(ASSUMPTIONS, "--gcr-fraction", help="Fraction of the ground that rows cover"),
    ] = None
    dc_ac_ratio: Annotated[
        float | None,
        _option(ASSUMPTIONS, "--dc-ac-ratio", help="MWdc of modules to a MWac of inverters"),
    ] = None
    backup: Annotated[
        str | None,
        _option(ASSUMPTIONS, "--backup", help="Backup: engine, turbine, diesel or fuel-cell"),
    ] = None
    modules: Annotated[
        str,
        _option(ASSUMPTIONS, "--modules", help="Modules and losses: bifacial, or NREL's pvwatts"),
    ] = "bifacial"
    snow: Annotated[
        str,
        _option(ASSUMPTIONS, "--snow", help="Snow on the rows: none, coverage, townsend or mean"),
    ] = "mean"


@dataclass(frozen=True)
class TargetOptions:
    """What a plant has to meet."""

    served_fraction: Annotated[
        str | None,
        _option(TARGET, "--served-fraction", help="Fraction of the energy, such as 0.99"),
    ] = None
    available_fraction: Annotated[
        float | None,
        _option(TARGET, "--available-fraction", help="Fraction of the hours served in full"),
    ] = None
    nines: Annotated[
        float | None, _option(TARGET, "--nines", help="Nines of the hours served in full")
    ] = None
    lolh_hours_per_year: Annotated[
        float | None,
        _option(TARGET, "--lolh-hours-per-year", help="Loss of load hours a year, at most"),
    ] = None
    max_outage_h: Annotated[
        float | None, _option(TARGET, "--max-outage-h", help="Longest outage, at most [h]")
    ] = None
    worst_year_served_fraction: Annotated[
        float | None,
        _option(TARGET, "--worst-year-served-fraction", help="Fraction of energy in every year"),
    ] = None
    budget_usd: Annotated[
        float | None, _option(TARGET, "--budget-usd", help="Most energy for this price [$]")
    ] = None
    load_usd_per_mw: Annotated[
        float | None,
        _option(TARGET, "--load-usd-per-mw", help="Least cost with computers at this price"),
    ] = None
    compute_usd_per_mwh: Annotated[
        float | None,
        _option(TARGET, "--compute-usd-per-mwh", help="Most earned with an IT MWh at this price"),
    ] = None


@dataclass(frozen=True)
class PlantOptions:
    """What a plant may be made of; `--backup` lets it have backup."""

    grid_mw: Annotated[
        float, _option(PLANT, "--grid-mw", help="Grid connection, at most this large [MW]")
    ] = 0.0
    max_backup_energy_fraction: Annotated[
        float | None,
        _option(PLANT, "--max-backup-energy-fraction", help="Fraction of the energy, at most"),
    ] = None


@dataclass(frozen=True)
class GridOptions:
    """On what terms the grid of `--grid-mw` is had."""

    grid_curtailed_hours: Annotated[
        float | None,
        _option(PLANT, "--grid-curtailed-hours", help="Hours a year in which it may be cut"),
    ] = None
    grid_calendar: Annotated[
        Path | None,
        _option(PLANT, "--grid-calendar", help="When it is cut: a csv of start,end"),
    ] = None
    grid_usd_per_mwh: Annotated[
        float | None,
        _option(PLANT, "--grid-usd-per-mwh", help="Price of its energy [$/MWh]"),
    ] = None
    grid_wait_years: Annotated[
        float | None,
        _option(PLANT, "--grid-wait-years", help="Years until it gives power"),
    ] = None


@dataclass(frozen=True)
class ArrayOptions:
    """Which arrays may be the plant's; what `AssumptionOptions` give of it is held."""

    array: Annotated[
        str | None,
        _option(PLANT, "--array", help="Array: best, best on tracker or fixed, or as assumed"),
    ] = None
    best_array: Annotated[
        bool, typer.Option("--best-array", help="The same as --array best", hidden=True)
    ] = False


@dataclass(frozen=True)
class LifeOptions:
    """What wears and what breaks."""

    failures: Annotated[
        bool,
        _option(LIFE, "--failures", help="Also how reliable it is when equipment fails"),
    ] = False
    failures_in_target: Annotated[
        bool,
        _option(
            LIFE,
            "--failures-in-target",
            help="The target holds with failures: more PV and battery, or engines (N+k)",
        ),
    ] = False
    life: Annotated[
        bool, _option(LIFE, "--life", help="Year by year, as array and battery fade")
    ] = False
    over_life: Annotated[
        str | None,
        _option(
            LIFE,
            "--over-life",
            help="With --life the target holds on the mean or the worst "
            "of its years: mean (default) or worst",
        ),
    ] = None
    augmentation: Annotated[
        str | None,
        _option(
            LIFE,
            "--augmentation",
            help="With --life, battery is added when it pays (chosen), "
            "only replaced (none), or kept up by O&M (keep)",
        ),
    ] = None


@dataclass(frozen=True)
class MoneyOptions:
    """On what terms the plant is paid for; names as the fields of `energy.finance.Terms`."""

    after_tax: Annotated[
        bool,
        _option(MONEY, "--after-tax", help="Costs are after tax, the plant the cheapest after tax"),
    ] = False
    starts: Annotated[
        str | None,
        _option(MONEY, "--starts", help="When construction starts, such as 2027-03; 2027-01"),
    ] = None
    in_service: Annotated[
        str | None,
        _option(MONEY, "--in-service", help="When it gives power; after its time to power"),
    ] = None
    equity_irr_fraction: Annotated[
        float | None,
        _option(MONEY, "--equity-irr-fraction", help="Wanted return of equity after tax; 0.1"),
    ] = None
    debt_fraction: Annotated[
        float | None, _option(MONEY, "--debt-fraction", help="Debt over capital; 0.6")
    ] = None
    debt_rate_fraction: Annotated[
        float | None, _option(MONEY, "--debt-rate-fraction", help="Its interest; 0.07")
    ] = None
    debt_years: Annotated[
        int | None, _option(MONEY, "--debt-years", help="Years in which it is repaid; 18")
    ] = None
    energy_community: Annotated[
        bool, _option(MONEY, "--energy-community", help="The bonus credit of one is earned")
    ] = False
    domestic_content: Annotated[
        bool, _option(MONEY, "--domestic-content", help="The bonus credit for it is earned")
    ] = False


@dataclass(frozen=True)
class OutputOptions:
    """How the answer is given."""

    as_json: Annotated[bool, _option(OUTPUT, "--json", help="JSON instead of a table")] = False
    csv: Annotated[
        Path | None,
        _option(OUTPUT, "--csv", help="Also write the table: .csv, .parquet or .json"),
    ] = None
    quiet: Annotated[
        bool, _option(OUTPUT, "--quiet", "-q", help="Only the answer: no notes, no progress")
    ] = False


PlotFile = Annotated[
    Path | None, _option(OUTPUT, "--plot", help="Also draw it: a .png or .svg file")
]

#: The groups of every command that has a case.
CASE_GROUPS = (WeatherOptions, DatacenterOptions, AssumptionOptions, OutputOptions)


class OutputClosedError(Exception):
    """Whoever read the output has closed it, as `head` does."""


class _Grouped(TyperCommand):
    """A command whose help lists its options group by group."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section a group, in the order in which they are declared."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            if (row := option.get_help_record(ctx)) is not None:
                other = "Arguments" if option.param_type_name == "argument" else "Options"
                group = getattr(option, "rich_help_panel", None) or other
                sections.setdefault(group, []).append(row)
        for group, rows in sections.items():
            with formatter.section(group):
                formatter.write_dl(rows)


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Any]:
    """Make a function a command; a parameter that is a group becomes the options of the group."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        groups: dict[str, Any] = {n: kind for n, kind in hints.items() if is_dataclass(kind)}
        options = [
            option
            for parameter in inspect.signature(function).parameters.values()
            for option in (
                _options_of(groups[parameter.name])
                if parameter.name in groups
                else [parameter.replace(annotation=hints[parameter.name])]
            )
        ]

        @wraps(function)
        def run(**words: Any) -> None:
            taken = {
                name: kind(**{field.name: words.pop(field.name) for field in fields(kind)})
                for name, kind in groups.items()
            }
            try:
                function(**taken, **words)
            except BrokenPipeError:
                raise OutputClosedError from None

        by_keyword = [option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in options]
        run.__signature__ = inspect.Signature(by_keyword)  # type: ignore[attr-defined]
        run.__annotations__ = {option.name: option.annotation for option in options}
        app.command(name, cls=_Grouped)(run)
        return function

    return register


def _options_of(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]  # fmt: skip
