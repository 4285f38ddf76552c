"""The command `energy`.

In: words on the command line. Out: a table or JSON on stdout; all else goes to stderr.
Exit 0: done. 1: no design meets the target. 2: something given is wrong.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from energy.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from energy.analysis.monte_carlo import MonteCarlo
    from energy.analysis.sensitivity import Sensitivity
    from energy.assumptions import Assumptions
    from energy.case import Case
    from energy.datacenter import Cluster, Datacenter
    from energy.evaluation import Evaluation
    from energy.site import Site
    from energy.sizing import BackupFrontier, Frontier, Sizing
    from energy.sizing.weather_uncertainty import WeatherUncertainty
    from energy.weather.fetch import Source

T = TypeVar("T")

#: Draws of all assumptions behind the monte_carlo of a report.
REPORT_DRAWS = 256

app = typer.Typer(
    name="energy",
    help="How much power sun and batteries give a datacenter at a site, how often it goes dark, "
    "and what it costs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

SiteArgument = Annotated[
    str, typer.Argument(metavar="SITE", help="A name from `energy sites`, a TOML or weather file.")
]
SiteOrPlace = Annotated[
    str | None,
    typer.Argument(metavar="[SITE]", help="A name from `energy sites`, a TOML or weather file."),
]
Latitude = Annotated[
    float | None, typer.Option("--lat", help="Any place instead of a SITE: degrees north.")
]
Longitude = Annotated[
    float | None, typer.Option("--lon", help="Degrees east; its hours are made up, offline.")
]
SourceName = Annotated[
    str | None,
    typer.Option("--source", help="Hours from `energy fetch`: nasa-power, pvgis or nsrdb."),
]
Decades = Annotated[
    int | None, typer.Option("--decades", help="Run this many years resampled from the real ones.")
]
Seed = Annotated[int, typer.Option("--seed", help="Of what is resampled or made up.")]
ItMw = Annotated[
    float | None, typer.Option("--it-mw", help="Power of the computers [MW]; 100 without it.")
]
ClusterFile = Annotated[
    Path | None,
    typer.Option("--machine", help="A cluster's TOML file; its IT power instead of --it-mw."),
]
CoolingName = Annotated[
    str | None,
    typer.Option("--cooling", help="A building: dry, adiabatic, chiller or tower."),
]
SupplyTempC = Annotated[
    float | None,
    typer.Option("--supply-temp-c", help="With --cooling: water to the computers [degC]; 40."),
]
ServedFraction = Annotated[
    str, typer.Option("--served-fraction", help="Fraction of the energy to serve, e.g. 0.99.")
]
WeatherFile = Annotated[
    Path | None,
    typer.Option("--weather", help="Hours for the site: EPW, TMY3, NSRDB or SAM csv file."),
]
TiltDeg = Annotated[
    float | None,
    typer.Option("--tilt-deg", help="Fixed rows at this tilt instead of trackers [deg]."),
]
AssumptionsFile = Annotated[
    Path | None,
    typer.Option("--assumptions", help="A file of assumptions instead of the shipped one."),
]
BackupOption = Annotated[
    str | None,
    typer.Option("--backup", help="What backup there is: engine, turbine or diesel."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AsCsv = Annotated[
    Path | None,
    typer.Option(
        "--csv", help="Also write the table, full precision, to this .csv, .parquet or .json file."
    ),
]
PlotFile = Annotated[Path | None, typer.Option("--plot", help="Also draw it: a PNG or SVG file.")]


#: What the words on the command line say of how much is told beside the answer.
_MANNER = {"quiet": False}


def _be_quiet(quiet: bool) -> bool:
    _MANNER["quiet"] = quiet
    return quiet


Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", callback=_be_quiet, help="Only the answer: no notes, no progress."
    ),
]


def _quiet() -> bool:
    return _MANNER["quiet"]


@app.command()
def sites(as_json: AsJson = False) -> None:
    """List the shipped sites."""
    from energy.site import read_site, site_names

    places = [read_site(name) for name in site_names()]
    if as_json:
        fields = ("latitude_deg", "longitude_deg", "elevation_m")
        records = [
            {"site": place.name}
            | {name: getattr(place, name) for name in fields}
            | {"years": place.series.years, "source": place.series.source}
            for place in places
        ]
        _print_json({"sites": records})
        return
    rows = [
        (
            place.name,
            place.title,
            f"{place.latitude_deg:.2f}",
            f"{place.longitude_deg:.2f}",
            f"{place.elevation_m:.0f}",
            f"{place.series.ghi_kwh_m2_day:.2f}",
            f"{place.series.temp_air_c:.1f}",
            place.series.source,
        )
        for place in places
    ]
    heads = ("site", "place", "lat", "lon", "m", "GHI kWh/m2/d", "degC", "weather")
    _print_table(heads, rows, left=(0, 1, 7))


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Site or weather files.")],
) -> None:
    """Check site and weather files; every problem of every file is told."""
    from energy.site import read_site

    problems: list[str] = []
    for name in files:
        try:
            place = read_site(name)
            series = place.series
        except InputError as error:
            problems.extend(error.problems)
            continue
        print(
            _plain(
                f"{name}: good; {series.source}; {len(series.frame)} steps of {series.step_h:g} h, "
                f"GHI {series.ghi_kwh_m2_day:.2f} kWh/m2/day, {series.temp_air_c:.1f} degC"
            )
        )
        for note in place.notes:
            print(_plain(f"{name}: note: {note}"))
    if problems:
        raise InputError(problems)


@app.command()
def fetch(
    site: SiteArgument,
    source: Annotated[str, typer.Option("--source", help="nasa-power, pvgis or nsrdb.")],
    years: Annotated[str, typer.Option("--years", help="Such as 2001-2024.")],
    quiet: Quiet = False,
) -> None:
    """Fetch a site's hours from a weather service, year by year, and keep them."""
    from energy.site import read_site
    from energy.weather.fetch import fetch as fetch_years

    with _Problems() as problems:
        with problems:
            place = read_site(site)
        with problems:
            service = _source(source)
        with problems:
            wanted = _years(years)
    series = fetch_years(
        service,
        place.latitude_deg,
        place.longitude_deg,
        place.elevation_m,
        None,
        wanted,
        progress=partial(_progress, description="fetching"),
    )
    print(
        _plain(
            f"{place.name}: {series.source}; GHI {series.ghi_kwh_m2_day:.2f} kWh/m2/day, "
            f"{series.temp_air_c:.1f} degC; use it with --source {source}"
        )
    )


@app.command()
def weather(
    site: SiteOrPlace = None,
    source: SourceName = None,
    lat: Latitude = None,
    lon: Longitude = None,
    decades: Decades = None,
    seed: Seed = 0,
    plot: PlotFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Say how good a site's or a file's weather is."""
    place = _place(site, None, source, lat, lon, decades, seed)
    quality_check = place.quality_check
    if plot is not None:
        from energy.figures import save, weather_figure

        save(weather_figure(place.series, quality_check), plot)
    if as_json:
        _print_json({"site": place.name} | quality_check.to_dict())
        return
    print(_plain(f"{place.title}: {place.series.source}") + "\n")
    frame = quality_check.frame
    rows = [
        (str(measure), *map(_cell, (row["value"], row["unit"], row["verdict"])))
        for measure, row in frame.iterrows()
    ]
    _print_table(("measure", "value", "unit", "verdict"), rows, left=(0, 2, 3))
    for frame in (quality_check.monthly, quality_check.low_irradiance_periods):
        heads = (str(frame.index.name or ""), *(str(column) for column in frame.columns))
        lines = [(str(index), *map(_cell, line)) for index, *line in frame.itertuples()]
        _print_table(heads, lines, left=(0,))
    _print_site_notes(place)
    if plot is not None:
        print(_plain(f"{plot}: drawn"))


@app.command()
def run(
    solar_mw: Annotated[float, typer.Option("--solar-mw", help="Panels [MWdc].")],
    site: SiteOrPlace = None,
    it_mw: ItMw = None,
    cluster: ClusterFile = None,
    cooling: CoolingName = None,
    supply_temp_c: SupplyTempC = None,
    battery_mwh: Annotated[float, typer.Option("--battery-mwh", help="Battery [MWh].")] = 0.0,
    battery_mw: Annotated[float, typer.Option("--battery-mw", help="Battery [MWac].")] = 0.0,
    backup_mw: Annotated[float, typer.Option("--backup-mw", help="Backup [MW].")] = 0.0,
    grid_mw: Annotated[float, typer.Option("--grid-mw", help="Grid connection [MW].")] = 0.0,
    reserve_conservatism: Annotated[
        float,
        typer.Option("--reserve-fraction", help="Distrust that keeps charge for backup, 0 to 1."),
    ] = 0.0,
    backup: BackupOption = None,
    weather: WeatherFile = None,
    source: SourceName = None,
    lat: Latitude = None,
    lon: Longitude = None,
    decades: Decades = None,
    seed: Seed = 0,
    tilt_deg: TiltDeg = None,
    assumptions: AssumptionsFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run one plant at one site."""
    from energy.dispatch import Design
    from energy.evaluation import evaluate

    with _Problems() as problems:
        with problems:
            design = Design(
                solar_mw=solar_mw,
                battery_mwh=battery_mwh,
                battery_mw=battery_mw,
                backup_mw=backup_mw,
                grid_mw=grid_mw,
                reserve_conservatism=reserve_conservatism,
            )
        with problems:
            case = _case(
                partial(_datacenter, it_mw, cluster, cooling, supply_temp_c),
                tilt_deg,
                assumptions,
                partial(_place, site, weather, source, lat, lon, decades, seed),
                backup,
            )
    _show_plant(evaluate(case, design), None, as_json)


@app.command()
def size(
    site: SiteOrPlace = None,
    served_fraction: Annotated[
        str | None, typer.Option("--served-fraction", help="Fraction of the energy, e.g. 0.99.")
    ] = None,
    nines: Annotated[
        float | None, typer.Option("--nines", help="Nines of the hours served in full, e.g. 3.")
    ] = None,
    available_fraction: Annotated[
        float | None, typer.Option("--available-fraction", help="Fraction of the hours in full.")
    ] = None,
    lolh_hours_per_year: Annotated[
        float | None,
        typer.Option("--lolh-hours-per-year", help="Hours a year not served in full, at most."),
    ] = None,
    max_outage_h: Annotated[
        float | None, typer.Option("--max-outage-h", help="Longest outage, at most [h].")
    ] = None,
    worst_year_served_fraction: Annotated[
        float | None,
        typer.Option("--worst-year-served-fraction", help="Fraction of the energy in every year."),
    ] = None,
    budget_usd: Annotated[
        float | None, typer.Option("--budget-usd", help="Serve the most for this price [$].")
    ] = None,
    load_usd_per_mw: Annotated[
        float | None,
        typer.Option("--load-usd-per-mw", help="Least cost of plant and computers at this price."),
    ] = None,
    compute_usd_per_mwh: Annotated[
        float | None,
        typer.Option("--compute-usd-per-mwh", help="Most earned with an IT MWh at this price."),
    ] = None,
    it_mw: ItMw = None,
    cluster: ClusterFile = None,
    cooling: CoolingName = None,
    supply_temp_c: SupplyTempC = None,
    backup: BackupOption = None,
    grid_mw: Annotated[
        float, typer.Option("--grid-mw", help="Grid connection, at most this large [MW].")
    ] = 0.0,
    max_backup_energy_fraction: Annotated[
        float | None,
        typer.Option("--max-fossil-fraction", help="Fraction of the energy from backup, at most."),
    ] = None,
    best_array: Annotated[
        bool, typer.Option("--best-array", help="Choose mount, tilt and DC/AC ratio too.")
    ] = False,
    uncertainty: Annotated[
        bool,
        typer.Option("--uncertainty", help="Also tell how sure: single years, draws of years."),
    ] = False,
    weather: WeatherFile = None,
    source: SourceName = None,
    lat: Latitude = None,
    lon: Longitude = None,
    decades: Decades = None,
    seed: Seed = 0,
    tilt_deg: TiltDeg = None,
    assumptions: AssumptionsFile = None,
    csv: AsCsv = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Find the cheapest plant at one site for one target."""
    from energy.sizing import choose_array
    from energy.sizing import size as size_case
    from energy.sizing.weather_uncertainty import weather_uncertainty
    from energy.tables import write_result

    amounts = {
        "available_fraction": available_fraction,
        "nines": nines,
        "lolh_hours_per_year": lolh_hours_per_year,
        "max_outage_h": max_outage_h,
        "worst_year_served_fraction": worst_year_served_fraction,
        "budget_usd": budget_usd,
        "load_usd_per_mw": load_usd_per_mw,
        "compute_usd_per_mwh": compute_usd_per_mwh,
    }
    target = {name: value for name, value in amounts.items() if value is not None}
    with _Problems() as problems:
        with problems:
            _check_places(csv)
        with problems:
            if served_fraction is not None:
                target["served_fraction"] = _share(served_fraction)
        with problems:
            if best_array and (served_fraction is None or backup or grid_mw):
                raise InputError("--best-array goes with --served-fraction, of sun and battery")
            if uncertainty and (backup or grid_mw):
                raise InputError(
                    "--uncertainty is for sun and battery alone; leave out backup and grid"
                )
        with problems:
            case = _case(
                partial(_datacenter, it_mw, cluster, cooling, supply_temp_c),
                tilt_deg,
                assumptions,
                partial(_place, site, weather, source, lat, lon, decades, seed),
                backup,
            )
    if best_array:
        choice = choose_array(
            case,
            served_fraction=target.pop("served_fraction"),
            progress=partial(_progress, description="arrays"),
        )
        sized, arrays = choice.sizing, choice.frame
    else:
        sized, arrays = (
            size_case(
                case,
                backup=backup is not None,
                grid_mw=grid_mw,
                max_backup_energy_fraction=max_backup_energy_fraction,
                **target,
            ),
            None,
        )
    spread = weather_uncertainty(sized) if uncertainty else None
    if csv is not None:
        write_result(sized, csv)
    share = target.get("served_fraction")
    if as_json:
        record = sized.to_dict()
        if spread is not None:
            record["uncertainty"] = spread.to_dict()
        if arrays is not None:
            record["arrays"] = json.loads(arrays.to_json(orient="records", double_precision=15))
        _print_json(_records([record], sized.evaluation, share))
        return
    print(_plain(f"This is {sized.title}.") + "\n")
    _show_plant(sized.evaluation, share, as_json=False)
    _show_sizing(sized, spread, arrays)


@app.command()
def frontier(
    site: SiteOrPlace = None,
    it_mw: ItMw = None,
    cluster: ClusterFile = None,
    cooling: CoolingName = None,
    supply_temp_c: SupplyTempC = None,
    fossil: Annotated[
        bool,
        typer.Option("--fossil", help="Cost against the share of the energy from backup instead."),
    ] = False,
    served_fraction: Annotated[
        str, typer.Option("--served-fraction", help="With --fossil: share of the energy to serve.")
    ] = "0.999",
    backup: Annotated[
        str, typer.Option("--backup", help="With --fossil: engine, turbine or diesel.")
    ] = "engine",
    full_start: Annotated[
        bool, typer.Option("--full-start", help="Start full, not with what the end leaves.")
    ] = False,
    plot: PlotFile = None,
    weather: WeatherFile = None,
    source: SourceName = None,
    lat: Latitude = None,
    lon: Longitude = None,
    decades: Decades = None,
    seed: Seed = 0,
    tilt_deg: TiltDeg = None,
    assumptions: AssumptionsFile = None,
    csv: AsCsv = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Cost against availability: the cheapest plant for every share of the energy."""
    from energy.sizing import BackupFrontier, backup_frontier
    from energy.sizing import frontier as frontier_of
    from energy.tables import write_result

    with _Problems() as problems:
        with problems:
            _check_places(csv)
        with problems:
            share = _share(served_fraction)
        with problems:
            case = _case(
                partial(_datacenter, it_mw, cluster, cooling, supply_temp_c),
                tilt_deg,
                assumptions,
                partial(_place, site, weather, source, lat, lon, decades, seed),
                backup,
            )
    curve: Frontier | BackupFrontier
    if fossil:
        curve = backup_frontier(
            case, served_fraction=share, progress=partial(_progress, description="fossil shares")
        )
    else:
        curve = frontier_of(case, cyclic=not full_start)
    if plot is not None:
        from energy.figures import backup_frontier_figure, frontier_figure, save

        figure = (
            backup_frontier_figure(curve)
            if isinstance(curve, BackupFrontier)
            else frontier_figure(curve)
        )
        save(figure, plot)
    if csv is not None:
        write_result(curve, csv)
    if as_json:
        _print_json(curve.to_dict())
        return
    _show_frontier(curve)
    if plot is not None:
        print(_plain(f"{plot}: drawn"))


@app.command()
def compare(
    served_fraction: ServedFraction,
    sites: Annotated[
        list[str] | None,
        typer.Argument(metavar="SITE...", help="Names, TOML or weather files."),
    ] = None,
    it_mw: ItMw = None,
    cluster: ClusterFile = None,
    cooling: CoolingName = None,
    supply_temp_c: SupplyTempC = None,
    source: SourceName = None,
    lat: Latitude = None,
    lon: Longitude = None,
    decades: Decades = None,
    seed: Seed = 0,
    tilt_deg: TiltDeg = None,
    assumptions: AssumptionsFile = None,
    csv: AsCsv = None,
    quiet: Quiet = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Also write a report: a file ending in .html, .md or .pdf."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Size the cheapest plant at each site and rank the sites.

    With --report a site that is wrong or has no plant is named, and the others are reported.
    """
    from energy.analysis.comparison import compare as compare_sites
    from energy.tables import write_result

    with _Problems() as problems:
        with problems:
            _check_places(csv)
        with problems:
            share = _share(served_fraction)
        with problems:
            datacenter = _datacenter(it_mw, cluster, cooling, supply_temp_c)
        with problems:
            read = _beliefs(assumptions, tilt_deg)
        with problems:
            if report is not None:
                from energy.report import check_path

                check_path(report)
        places = []
        bad: dict[str, list[str]] = {}
        for name in sites or []:
            try:
                places.append(_place(name, None, source, None, None, decades, seed))
            except InputError as error:
                bad[name] = error.problems
        if not sites and lat is None and lon is None:
            with problems:
                raise InputError(
                    "usage: energy compare SITE... --served-fraction 0.99; "
                    "give a SITE, or --lat and --lon of a place"
                )
        elif lat is not None or lon is not None:
            with problems:
                places.append(_place(None, None, source, lat, lon, decades, seed))
        with problems:
            if bad and (report is None or not places or problems.found):
                raise InputError([problem for found in bad.values() for problem in found])
    ranking = compare_sites(
        places,
        served_fraction=share,
        datacenter=datacenter,
        assumptions=read,
        keep_going=report is not None,
        progress=_progress,
    )
    plants = [sizing.evaluation for sizing in ranking.sizings]
    if csv is not None:
        write_result(ranking, csv)
    without_plant = list(ranking.lacking.values())
    if report is not None:
        from energy.analysis.monte_carlo import monte_carlo as monte_carlo_of
        from energy.analysis.sensitivity import sensitivity

        lacking = {name: "; ".join(found) for name, found in bad.items()} | dict(ranking.lacking)
        cases = [sizing.case for sizing in ranking.sizings]
        replace(ranking, lacking=lacking).report(
            report,
            command=shlex.join(["energy", *sys.argv[1:]]),
            sensitivity=sensitivity(
                cases[0],
                served_fraction=share,
                progress=partial(_progress, description="assumptions"),
            ),
            monte_carlo=monte_carlo_of(
                cases,
                served_fraction=share,
                draws=REPORT_DRAWS,
                progress=partial(_progress, description="draws"),
            ),
            progress=partial(_progress, description="reporting"),
        )
    if as_json:
        _print_json(_record(plants, share))
    else:
        _print_ranking(plants, share, ranking.notes)
        if report is not None:
            print(_plain(f"{report}: written"))
    if bad or without_plant:
        told = [
            problem if name in problem else f"{name}: {problem}"
            for name, found in bad.items()
            for problem in found
        ] + without_plant
        _fail([f"{problem} (left out of {report})" for problem in told], 2 if bad else 1)


@app.command()
def sensitivity(
    served_fraction: ServedFraction,
    site: SiteOrPlace = None,
    it_mw: ItMw = None,
    cluster: ClusterFile = None,
    cooling: CoolingName = None,
    supply_temp_c: SupplyTempC = None,
    plot: PlotFile = None,
    weather: WeatherFile = None,
    source: SourceName = None,
    lat: Latitude = None,
    lon: Longitude = None,
    decades: Decades = None,
    seed: Seed = 0,
    tilt_deg: TiltDeg = None,
    assumptions: AssumptionsFile = None,
    csv: AsCsv = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What the cost hangs on: each belief at both its ends, the plant sized anew."""
    from energy.analysis.sensitivity import sensitivity
    from energy.tables import write_result

    with _Problems() as problems:
        with problems:
            share = _share(served_fraction)
        with problems:
            _check_places(csv)
        with problems:
            case = _case(
                partial(_datacenter, it_mw, cluster, cooling, supply_temp_c),
                tilt_deg,
                assumptions,
                partial(_place, site, weather, source, lat, lon, decades, seed),
            )
    found = sensitivity(
        case, served_fraction=share, progress=partial(_progress, description="assumptions")
    )
    if plot is not None:
        from energy.figures import save, sensitivity_figure

        save(sensitivity_figure(found), plot)
    if csv is not None:
        write_result(found, csv)
    if as_json:
        _print_json(found.to_dict())
        return
    _show_sensitivity(found)
    if plot is not None and not quiet:
        print(_plain(f"{plot}: drawn"))


@app.command("monte-carlo")
def monte_carlo(
    served_fraction: ServedFraction,
    sites: Annotated[
        list[str], typer.Argument(metavar="SITE...", help="Names, TOML or weather files.")
    ],
    it_mw: ItMw = None,
    cluster: ClusterFile = None,
    cooling: CoolingName = None,
    supply_temp_c: SupplyTempC = None,
    draws: Annotated[int, typer.Option("--draws", help="How many times all are sized.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same draws.")] = 0,
    plot: PlotFile = None,
    source: SourceName = None,
    tilt_deg: TiltDeg = None,
    assumptions: AssumptionsFile = None,
    csv: AsCsv = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """How probable it is that each site is the cheapest, with all assumptions drawn at once."""
    from energy.analysis.monte_carlo import monte_carlo as monte_carlo_of
    from energy.case import Case
    from energy.tables import write_result

    with _Problems() as problems:
        with problems:
            share = _share(served_fraction)
        with problems:
            _check_places(csv)
        with problems:
            datacenter = _datacenter(it_mw, cluster, cooling, supply_temp_c)
        with problems:
            read = _beliefs(assumptions, tilt_deg)
        places = []
        for name in sites:
            with problems:
                places.append(_place(name, None, source, None, None, None, 0))
    found = monte_carlo_of(
        [Case(place, datacenter, read) for place in places],
        served_fraction=share,
        draws=draws,
        seed=seed,
        progress=partial(_progress, description="draws"),
    )
    if plot is not None:
        from energy.figures import monte_carlo_figure, save

        save(monte_carlo_figure(found), plot)
    if csv is not None:
        write_result(found, csv)
    if as_json:
        _print_json(found.to_dict())
        return
    _show_monte_carlo(found)
    if plot is not None and not quiet:
        print(_plain(f"{plot}: drawn"))


@app.command()
def cluster(
    flop: Annotated[float | None, typer.Option("--flop", help="Size of the run [FLOP].")] = None,
    days: Annotated[float, typer.Option("--days", help="Days for it.")] = 1.0,
    accelerator: Annotated[
        str | None,
        typer.Option(
            "--device", help="h100, b200, gb200-nvl72, wse-3 or wafer-3nm (default h100)."
        ),
    ] = None,
    yield_model: Annotated[
        str | None,
        typer.Option("--yield-model", help="murphy (default), poisson, seeds, negative-binomial."),
    ] = None,
    yield_fraction: Annotated[
        float | None, typer.Option("--yield-fraction", help="Fraction of good dies, no model.")
    ] = None,
    defects_per_cm2: Annotated[
        float | None, typer.Option("--defects-per-cm2", help="Defects of the wafer [1/cm2].")
    ] = None,
    utilization: Annotated[
        float | None, typer.Option("--utilization", help="Fraction of peak arithmetic used.")
    ] = None,
    parameters: Annotated[
        float | None, typer.Option("--parameters", help="Of the model, for memory and network.")
    ] = None,
    plant_mw: Annotated[
        float | None, typer.Option("--plant-mw", help="The way back: what this load trains [MW].")
    ] = None,
    served_fraction: Annotated[
        float, typer.Option("--served-fraction", help="Fraction of the plant's energy served.")
    ] = 1.0,
    file: Annotated[
        Path | None, typer.Option("--machine", help="A TOML file of a cluster instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Turn a training run into chips, wafers, megawatts and money, or megawatts into runs."""
    from energy.datacenter import read_cluster, trainable

    told = (
        flop,
        accelerator,
        yield_model,
        yield_fraction,
        defects_per_cm2,
        utilization,
        parameters,
    )
    if file is not None and any(value is not None for value in told):
        raise InputError("--machine tells the run and the accelerator; give it without their flags")
    if file is not None:
        built = read_cluster(file)
    else:
        built = _cluster(
            {"flop": flop, "days": days, "parameters": parameters}
            | {"utilization_fraction": utilization},
            {"name": accelerator or "h100", "defects_per_cm2": defects_per_cm2},
            yield_model,
            yield_fraction,
        )
    if plant_mw is None:
        _show_cluster(built, as_json)
        return
    answer = trainable(
        built.training, built.accelerator, plant_mw=plant_mw, served_fraction=served_fraction
    )
    if as_json:
        _print_json(answer.to_dict())
        return
    rows = {
        "plant": f"{plant_mw:,.1f} MW, PUE {answer.pue:.3f}, {served_fraction:g} served",
        "accelerator": f"{answer.accelerator.name}, {answer.installed:,} installed",
        "a day": f"{answer.flop_per_day:.3g} FLOP",
        "a year": f"{answer.flop_per_year:.3g} FLOP",
        f"runs of {answer.training.flop:.3g} FLOP": f"{answer.runs_per_year:,.2f} a year",
        "  each": f"{answer.days_per_run:,.2f} days",
    }
    _print_table(("", ""), rows.items(), left=(0, 1))


# --- from words to objects ----------------------------------------------------------------------


class _Problems:
    """Collects the InputErrors of several `with` blocks and raises them as one.

    Used as `with _Problems() as problems:` around blocks of `with problems:`; a block that fails
    is left, the next one is tried, and the outermost raises what all of them found.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.depth = 0

    def __enter__(self) -> _Problems:
        self.depth += 1
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        self.depth -= 1
        if isinstance(error, InputError):
            self.found.extend(error.problems)
        elif error is not None:
            return False
        if self.depth == 0 and self.found:
            raise InputError(dict.fromkeys(self.found))
        return True


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        raise InputError(f"--served-fraction is a share such as 0.99; got {text!r}") from None
    if not 0 < share <= 1:
        raise InputError(f"--served-fraction is a share above 0 and at most 1; got {text}")
    return share


def _beliefs(path: Path | None, tilt_deg: float | None, backup: str | None = None) -> Assumptions:
    from energy.assumptions import DEFAULT_FILE, read_assumptions

    return read_assumptions(path or DEFAULT_FILE, tilt_deg=tilt_deg, backup=backup or "engine")


def _case(
    datacenter: Callable[[], Datacenter],
    tilt_deg: float | None,
    assumptions: Path | None,
    place: Callable[[], Site],
    backup: str | None = None,
) -> Case:
    from energy.case import Case

    with _Problems() as problems:
        with problems:
            computers = datacenter()
        with problems:
            read = _beliefs(assumptions, tilt_deg, backup)
        with problems:
            site = place()
    return Case(site, computers, read)


def _datacenter(
    it_mw: float | None, cluster: Path | None, cooling: str | None, supply_temp_c: float | None
) -> Datacenter:
    """The computers that are meant: their power, or a cluster's, and how they are cooled."""
    from energy.datacenter import (
        AdiabaticCooler,
        Chiller,
        CoolingTower,
        Datacenter,
        DryCooler,
        read_cluster,
    )

    kinds = {"dry": DryCooler, "adiabatic": AdiabaticCooler, "chiller": Chiller,
             "tower": CoolingTower}  # fmt: skip
    mw = 100.0 if it_mw is None else it_mw
    cooler = None
    with _Problems() as problems:
        with problems:
            if cluster is not None and it_mw is not None:
                raise InputError("--machine and --it-mw both give the power; give one of them")
            if cluster is not None:
                mw = read_cluster(cluster).it_mw
        with problems:
            if cooling is not None and cooling not in kinds:
                raise InputError(f"--cooling is one of {', '.join(kinds)}; got {cooling!r}")
            if cooling is not None:
                cooler = kinds[cooling](
                    supply_temp_c=40.0 if supply_temp_c is None else supply_temp_c
                )
            elif supply_temp_c is not None:
                raise InputError("--supply-temp-c goes with --cooling")
        with problems:
            Datacenter(it_mw=mw)
    return Datacenter(it_mw=mw, cooling=cooler)


def _place(
    name: str | None,
    weather: Path | None,
    source: str | None,
    lat: float | None,
    lon: float | None,
    decades: int | None,
    seed: int,
) -> Site:
    """The place that is meant, with its hours read, so that all problems are told at once."""
    from energy.site import read_site, site_at
    from energy.weather import read_weather

    with _Problems() as problems:
        if (name is None) == (lat is None and lon is None):
            raise InputError("give a SITE, or --lat and --lon of a place")
        if weather is not None and source is not None:
            raise InputError("--weather and --source both give hours; give one of them")
        with problems:
            if name is not None:
                place = read_site(name)
            elif lat is None or lon is None:
                raise InputError("a place needs both --lat and --lon")
            else:
                place = site_at(lat, lon, seed=seed)
            if weather is None and source is None:
                place.series  # noqa: B018
        if weather is not None:
            with problems:
                given = read_weather(weather)
        if source is not None:
            with problems:
                service = _source(source)
    if source is not None:
        from energy.weather.fetch import cached

        given = cached(service, place.latitude_deg, place.longitude_deg, place.elevation_m)
        place = place.with_weather(given, f"--source {source}")
    elif weather is not None:
        place = place.with_weather(given, weather)
    if decades is not None:
        place = place.with_resampled_years(decades, seed=seed)
    return place


def _cluster(
    run: dict[str, float | None],
    accelerator: dict[str, Any],
    yield_model: str | None,
    yield_fraction: float | None,
) -> Cluster:
    """The cluster that the flags tell; what they do not tell is an assumption."""
    from energy.datacenter import (
        Cluster,
        Training,
        build_cluster,
        described_accelerator,
        named_yield_model,
    )

    def given(values: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if value is not None}

    with _Problems() as problems:
        if run["flop"] is None:
            with problems:
                raise InputError("--flop is missing: the size of the run, such as 3e25")
        else:
            with problems:
                training = Training(**given(run))
        with problems:
            made = described_accelerator(given(accelerator), "--device")
            if made.silicon is None and (yield_model or yield_fraction is not None):
                raise InputError(
                    f"{made.name} is bought by the shelf, its price holds its yield; yields are "
                    "for wse-3 and wafer-3nm"
                )
        with problems:
            if yield_model is not None and yield_fraction is not None:
                raise InputError("--yield-model and --yield-fraction both tell the yield; give one")
            model = named_yield_model(yield_model or "murphy")
        if yield_fraction is not None:
            with problems:
                if not 0 < yield_fraction <= 1:
                    raise InputError(
                        f"--yield-fraction is a share above 0 and at most 1; got {yield_fraction:g}"
                    )
    if yield_fraction is not None:
        return Cluster(training, made, yield_fraction)
    return build_cluster(training, made, yield_model=model)


def _source(name: str) -> Source:
    from energy.weather.fetch import SOURCES

    if name not in SOURCES:
        raise InputError(f"--source is one of {', '.join(SOURCES)}; got {name!r}")
    return SOURCES[name]


def _years(text: str) -> list[int]:
    try:
        spans = [[int(year) for year in span.split("-")] for span in text.split(",")]
    except ValueError:
        raise InputError(f"--years is such as 2001-2024 or 2001,2005-2008; got {text!r}") from None
    return [year for span in spans for year in range(span[0], span[-1] + 1)]


def _progress(items: Iterable[T], description: str = "sizing") -> Iterator[T]:
    """The items, with a bar on stderr when that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    if not console.is_terminal or _quiet():
        yield from items
        return
    yield from track(list(items), description=description, console=console, transient=True)


# --- from objects to words ----------------------------------------------------------------------


def _record(plants: list[Evaluation], served_fraction: float | None) -> dict[str, Any]:
    """The JSON contract; without a target, the share that the one plant serves."""
    return _records([plant.to_dict() for plant in plants], plants[0], served_fraction)


def _records(
    records: list[dict[str, Any]], plant: Evaluation, served_fraction: float | None
) -> dict[str, Any]:
    share = plant.availability.served_fraction if served_fraction is None else served_fraction
    return {"served_fraction": share, "it_mw": plant.case.datacenter.it_mw, "sites": records}


def _check_places(*paths: Path | None) -> None:
    """Refuse files that could not be written before the work for them is done."""
    from energy.tables import check_place

    with _Problems() as problems:
        for path in paths:
            if path is not None:
                with problems:
                    check_place(path)


def _print_json(record: dict[str, Any]) -> None:
    print(json.dumps(record, indent=2, allow_nan=False))


def _plain(text: str) -> str:
    """Text whose control characters are shown, not sent: a site's name may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _say(text: str) -> None:
    """Print a sentence, folded where a terminal's lines end."""
    import textwrap

    width, text = _width(), _plain(text)
    print(text if width is None else textwrap.fill(text, width))


def _width() -> int | None:
    """Columns of the terminal; None when the output is piped and lines may be of any length."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


#: Columns of text are folded down to this width before a table is split.
FOLDED = 24


def _console() -> Console:
    from rich.console import Console

    plain = bool(os.environ.get("NO_COLOR"))
    width = _width() or 400
    return Console(highlight=False, width=width, color_system=None if plain else "auto")


def _print_table(heads: Iterable[str], rows: Iterable[Iterable[str]], left: Iterable[int]) -> None:
    """A table; where the terminal is too narrow for it, several that repeat the first column.

    Columns in `left` hold text, which may be folded; numbers and their heads' words never are.
    """
    heads, cells = list(heads), [[_plain(cell) for cell in row] for row in rows]
    width = _width()
    least = []
    for at, head in enumerate(heads):
        column = [row[at] for row in cells]
        word = max(map(len, [*head.split(), *" ".join(column).split(), ""]))
        whole = max(map(len, [*head.split(), *column, ""]))
        least.append(min(whole, max(FOLDED, word)) if at in left else whole)
    groups: list[list[int]] = [[]]
    for at in range(len(heads)):
        wide = sum(least[other] + 3 for other in [*groups[-1], at])
        if width is not None and len(groups[-1]) > 1 and wide - 1 > width:
            groups.append([0])
        groups[-1].append(at)
    for group in groups:
        natural = [max(map(len, [heads[at], *(row[at] for row in cells)])) for at in group]
        widths = _widths([least[at] for at in group], natural, [at in left for at in group], width)
        _print_part([heads[at] for at in group], [[row[at] for at in group] for row in cells],
                    widths, [at in left for at in group])  # fmt: skip


def _widths(least: list[int], natural: list[int], text: list[bool], most: int | None) -> list[int]:
    """Widths of columns on a line of `most`: what is left goes to text first, then to heads."""
    if most is None or sum(natural) + 3 * len(natural) - 1 <= most:
        return natural
    widths = list(least)
    spare = most - sum(widths) - 3 * len(widths) + 1
    for at in sorted(range(len(widths)), key=lambda at: not text[at]):
        more = max(min(natural[at] - widths[at], spare), 0)
        widths[at] += more
        spare -= more
    return widths


def _print_part(
    heads: list[str], rows: list[list[str]], widths: list[int], left: list[bool]
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, show_header=any(heads))
    for head, width, text in zip(heads, widths, left, strict=True):
        table.add_column(Text(head), justify="left" if text else "right", overflow="fold",
                         width=width)  # fmt: skip
    for row in rows:
        table.add_row(*map(Text, row))
    _console().print(table)
    print()


def _cell(value: object) -> str:
    """A cell of a frame: four digits of a number, the day of a time."""
    if isinstance(value, float):
        return f"{value:.4g}" if value == value else ""  # nothing for what is not known
    return f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else str(value)


def _number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}"


def _nines(plant: Evaluation) -> str:
    nines = plant.availability.nines
    return f"{nines:.2f}" if nines != float("inf") else "no outage"


def _range(plant: Evaluation) -> str:
    low, high = plant.levelized_range_usd_per_mwh
    return f"{low:.0f}-{high:.0f}"


def _print_ranking(plants: list[Evaluation], served_fraction: float, notes: list[str]) -> None:
    year = plants[0].case.assumptions.finance.dollar_year
    print(
        f"Cheapest solar and battery for {plants[0].case.datacenter.it_mw:g} MW of computers,\n"
        f"{served_fraction:g} of the energy served; {year} dollars, cheapest site first.\n"
    )
    columns = {
        "site": [plant.case.site.name for plant in plants],
        "$/MWh served": [_number(plant.cost.levelized_usd_per_mwh) for plant in plants],
        "low-high": [_range(plant) for plant in plants],
        "solar MWdc": [_number(plant.design.solar_mw) for plant in plants],
        "battery MWh": [_number(plant.design.battery_mwh) for plant in plants],
        "MW": [_number(plant.design.battery_mw) for plant in plants],
        "capital M$": [_number(plant.cost.capital_usd / 1e6) for plant in plants],
        "acres": [_number(plant.cost.land_acres) for plant in plants],
        "energy": [f"{plant.availability.served_fraction:.4%}" for plant in plants],
        "hours": [f"{plant.availability.available_fraction:.3%}" for plant in plants],
        "nines": [_nines(plant) for plant in plants],
        "LOLH h/yr": [_number(plant.availability.lolh_hours_per_year) for plant in plants],
        "EUE MWh/yr": [_number(plant.availability.eue_mwh_per_year) for plant in plants],
        "longest h": [_number(plant.availability.longest_event_h, 1) for plant in plants],
        "years": [str(plant.case.weather.years) for plant in plants],
        "weather": [plant.case.weather.source for plant in plants],
    }  # fmt: skip
    _print_table(list(columns), zip(*columns.values(), strict=True), left=(0, len(columns) - 1))
    if _quiet():
        return
    print("energy, hours: share served, share fully served. low-high: with all prices so.")
    for note in notes:
        _say(note)
    _print_notes(plants)


def _print_site_notes(site: Site) -> None:
    for note in [] if _quiet() else site.notes:
        _say(f"{site.name}: {note}")


def _print_notes(plants: list[Evaluation]) -> None:
    """Each note once, with the sites that it holds for."""
    if _quiet():
        return
    sites: dict[str, list[str]] = {}
    for plant in plants:
        for note in plant.notes:
            sites.setdefault(note, []).append(plant.case.site.name)
    for note, names in sites.items():
        _say(f"{', '.join(names)}: {note}")


def _show_plant(plant: Evaluation, served_fraction: float | None, as_json: bool) -> None:
    if as_json:
        _print_json(_record([plant], served_fraction))
        return
    case, design, weather = plant.case, plant.design, plant.case.weather
    availability, cost = plant.availability, plant.cost
    worst = availability.worst_year
    title = f"{case.site.title}: {case.datacenter.it_mw:g} MW of computers"
    print(_plain(f"{title}, {case.assumptions.finance.dollar_year} dollars") + "\n")
    rows = {
        "weather": weather.source,
        "  years, hours": f"{weather.years}, {len(weather.frame) * weather.step_h:,.0f}",
        "  GHI": f"{weather.ghi_kwh_m2_day:.2f} kWh/m2/day",
        "  temperature": f"{weather.temp_air_c:.1f} degC",
        "sun by month": _months(case),
        "array": f"{design.solar_mw:,.1f} MWdc on {cost.land_acres:,.0f} acres",
        "  yield when new": f"{case.kwh_per_kwdc_year:,.0f} kWh/kWdc a year",
        "  AC capacity factor": f"{case.capacity_factor_ac:.3f}",
        "  over its life": f"{case.assumptions.solar.lifetime_mean_fraction:.3f} of new, and run so",
        "battery": f"{design.battery_mwh:,.1f} MWh, {design.battery_mw:,.1f} MW",
        "backup": f"{design.backup_mw:,.1f} MW, {plant.run.backup_energy_fraction:.2%} of the load",
        "grid": f"{design.grid_mw:,.1f} MW, {plant.run.grid_fraction:.2%} of the load",
        "  reserve": f"{design.reserve_conservatism:.2f}",
        "years to power": f"{cost.time_to_power_years:g}",
        "load": f"{case.mean_load_mw:,.1f} MW",
        "  PUE": f"{case.mean_load_mw / case.datacenter.it_mw:.3f}",
        "energy served": f"{availability.served_fraction:.4%}",
        "hours fully served": f"{availability.available_fraction:.4%}, nines {_nines(plant)}",
        "  LOLE": f"{availability.lole_days_per_year:,.1f} days a year",
        "  LOLH": f"{availability.lolh_hours_per_year:,.1f} h a year",
        "  LOLEv": f"{availability.lolev_events_per_year:,.1f} events a year",
        "  EUE": f"{availability.eue_mwh_per_year:,.0f} MWh a year, "
        f"{availability.normalized_eue_ppm:,.0f} ppm",
        "  longest event": f"{availability.longest_event_h:g} h",
        "  worst year": f"{'of the made ones' if weather.made else worst.name}, "
        f"{worst['served_fraction']:.4%} of the energy",
        "capital": f"{cost.capital_usd / 1e6:,.1f} M$",
        "a year": f"{cost.annual_usd / 1e6:,.2f} M$",
        "per MWh served": f"{cost.levelized_usd_per_mwh:,.1f} $",
        "  all prices low-high": f"{_range(plant)} $",
        "per MWh to computers": f"{cost.levelized_usd_per_it_mwh:,.1f} $",
    }
    if weather.years == 1:
        del rows["  worst year"]
    if design.backup_mw == 0:
        del rows["backup"]
    if design.grid_mw == 0:
        del rows["grid"]
    if design.backup_mw == design.grid_mw == 0:
        del rows["  reserve"]
    _print_table(("", ""), rows.items(), left=(0, 1))
    parts = [
        (
            str(part),
            _number(row["size"], 1),
            _number(row["capital_usd"] / 1e6, 1),
            "no end" if row["lifetime_years"] == float("inf") else f"{row['lifetime_years']:g}",
            _number(row["capital_recovery_usd"] / 1e6, 2),
            _number((row["fixed_om_usd"] + row["variable_om_usd"]) / 1e6, 2),
            _number(row["fuel_usd"] / 1e6, 2),
            _number(row["annual_usd"] / 1e6, 2),
        )
        for part, row in cost.frame.iterrows()
    ]
    heads = ("part", "size", "capital M$", "life", "recovery", "O&M", "fuel", "M$ a year")
    _print_table(heads, parts, left=(0,))
    _print_notes([plant])


def _bar(share: float, width: int = 20) -> str:
    """A bar of a share in 0..1; none for NaN."""
    return _blocks()[-1] * round(width * min(max(0.0, share), 1.0))  # max(0, NaN) is 0


def _blocks() -> str:
    """Eight characters, each higher than the one before, that the output can show."""
    try:
        "▁█".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "12345678"
    return "▁▂▃▄▅▆▇█"


def _months(case: Case) -> str:
    """The twelve months' yield of the new array as a line of blocks, with its ends told."""
    from energy.weather.quality import MONTHS

    month, blocks = case.weather.local_middle.month, _blocks()
    kwh = [case.weather.per_year(case.solar_new * (month == number)) for number in range(1, 13)]
    most, least = max(kwh), min(kwh)
    line = "".join(blocks[min(int(8 * value / most), 7)] if most else blocks[0] for value in kwh)
    ends = ", ".join(f"{MONTHS[kwh.index(end)]} {end:,.0f}" for end in (least, most))
    return f"{line} Jan-Dec; {ends} kWh/kWdc"


def _show_sizing(
    sized: Sizing, uncertainty: WeatherUncertainty | None, arrays: pd.DataFrame | None
) -> None:
    """What a sizing says beside its plant: proof, worth, arrays, how sure it is."""
    for name, value in sized.worth.items():
        print(f"{name}: {value:,.2f}")
    if not sized.exact:
        tried, met = len(sized.certificate), int(sized.certificate["met"].sum())
        print(
            f"certificate: of {tried} plants half a percent or more cheaper, {met} meet the target"
        )
    if arrays is not None:
        columns = ("mount", "tilt_deg", "dc_ac_ratio", "december_kwh_per_kwdc",
                   "levelized_usd_per_mwh")  # fmt: skip
        rows = [
            tuple(map(_cell, row)) for row in arrays[list(columns)].head(8).itertuples(index=False)
        ]
        _print_table(columns, rows, left=(0,))
    if uncertainty is None:
        return
    rows = [
        (str(name), *(_cell(float(row[key])) for key in ("value", "low", "high")))
        for name, row in uncertainty.frame.iterrows()
    ]
    _print_table(("90 % interval", "value", "low", "high"), rows, left=(0,))
    most = float(uncertainty.single_years["annual_usd"].max())
    years = [
        (str(year),
         _number(row["annual_usd"] / 1e6, 1) if row["annual_usd"] > 0 else "no plant",
         _bar(row["annual_usd"] / most), f"{row['served_fraction']:.4%}")
        for year, row in uncertainty.single_years.iterrows()
    ]  # fmt: skip
    _print_table(("year", "M$/yr sized alone", "", "energy served"), years, left=(0, 2))
    print(
        f"nines of the hours: at least {uncertainty.nines_at_least:.1f} with 95 % confidence; so many "
        f"years can support {uncertainty.nines_supported:.1f}"
    )
    for note in uncertainty.notes:
        print(note)


def _show_frontier(curve: Frontier | BackupFrontier) -> None:
    from energy.sizing import Frontier

    case, frame = curve.case, curve.frame
    most = float(frame["levelized_usd_per_mwh"].max())
    title = f"{case.site.title}: {case.datacenter.it_mw:g} MW of computers"
    print(_plain(f"{title}, {case.assumptions.finance.dollar_year} dollars"))
    shown: dict[str, tuple[str, Callable[[float], str]]] = {
        "M$/yr": ("annual_usd", lambda usd: _number(usd / 1e6, 1)),
        "$/MWh": ("levelized_usd_per_mwh", _number),
        "": ("levelized_usd_per_mwh", lambda usd: _bar(usd / most, 16)),
        "solar MWdc": ("solar_mw", _number),
        "MWh": ("battery_mwh", _number),
        "MW": ("battery_mw", _number),
    }
    if isinstance(curve, Frontier):
        start = "the charge that the end leaves" if curve.cyclic else "full"
        print(f"{case.weather.years} weather year(s); the battery starts with {start}\n")
        shown = {"energy": ("served_fraction", "{:.3%}".format)} | shown | {
            "last MWh $": ("marginal_usd_per_mwh", lambda usd: _number(usd) if usd == usd else ""),
            "hours": ("available_fraction", "{:.3%}".format),
            "longest h": ("longest_event_h", "{:g}".format),
        }  # fmt: skip
    else:
        print(f"{curve.served_fraction:g} of the energy served, {case.assumptions.backup.kind}\n")
        shown = {"at most": ("max_backup_energy_fraction", "{:.1%}".format),
                 "fossil": ("backup_energy_fraction", "{:.2%}".format)} | shown | {
            "backup MW": ("backup_mw", _number),
            "reserve": ("reserve_conservatism", "{:.2f}".format),
        }  # fmt: skip
    rows = [
        [tell(float(row[name])) for name, tell in shown.values()] for _, row in frame.iterrows()
    ]
    _print_table(list(shown), rows, left=(list(shown).index(""),))
    if isinstance(curve, Frontier) and curve.unreachable:
        shares = ", ".join(f"{share:g}" for share in curve.unreachable)
        print(f"no plant within the limits serves {shares} of the energy")
    _print_site_notes(case.site)


def _show_sensitivity(found: Sensitivity) -> None:
    """Every belief that moves the cost, widest first; the others are counted."""
    frame, case = found.frame, found.case
    moving = frame[frame["swing_usd_per_mwh"] != 0.0]
    print(_plain(f"{case.title}, {found.served_fraction:g} of the energy served:"))
    print(
        f"{found.base_usd_per_mwh:,.1f} $/MWh in {case.assumptions.finance.dollar_year} dollars, "
        "and at both ends of each assumption, the plant\nsized anew.\n"
    )
    most = float(moving["swing_usd_per_mwh"].max())
    rows = [
        (
            str(name),
            _cell(float(row["low"])),
            _cell(float(row["high"])),
            _number(row["levelized_low_usd_per_mwh"], 1),
            _number(row["levelized_high_usd_per_mwh"], 1),
            _number(row["swing_usd_per_mwh"], 1),
            _bar(row["swing_usd_per_mwh"] / most, 12),
            str(row["source"]),
        )
        for name, row in moving.iterrows()
    ]
    heads = ("assumption", "low", "high", "$/MWh at low", "at high", "swing", "", "source")
    wide = (_width() or 400) >= 160
    _print_table(heads if wide else heads[:-1], rows if wide else [r[:-1] for r in rows],
                 left=(0, 6, 7))  # fmt: skip
    if not _quiet():
        print(f"{len(frame) - len(moving)} others with a range do not move it.")
        _print_site_notes(case.site)


def _show_monte_carlo(found: MonteCarlo) -> None:
    frame, case = found.frame, found.cases[0]
    print(
        f"{case.datacenter.it_mw:g} MW of computers, {found.served_fraction:g} of the energy "
        f"served; {len(found.assumptions):,} draws of all assumptions,\nseed {found.seed}, "
        f"$/MWh served in {case.assumptions.finance.dollar_year} dollars.\n"
    )
    costs = {"as assumed": "base_usd_per_mwh", "5 %": "p05_usd_per_mwh",
             "median": "p50_usd_per_mwh", "95 %": "p95_usd_per_mwh"}  # fmt: skip
    rows = [
        (
            str(site),
            f"{row['lowest_cost_fraction']:.1%}",
            _bar(row["lowest_cost_fraction"], 16),
            *(_number(row[name]) for name in costs.values()),
            f"{row['without_plant_fraction']:.1%}",
        )
        for site, row in frame.iterrows()
    ]
    _print_table(("site", "cheapest in", "", *costs, "no plant in"), rows, left=(0, 2))
    if _quiet():
        return
    for note in found.notes:
        _say(note)
    print(f"largest error on draws that were sized exactly too: {found.error_fraction:.3%}")


def _show_cluster(cluster: Cluster, as_json: bool) -> None:
    if as_json:
        _print_json(cluster.to_dict())
        return
    run, accelerator, silicon = cluster.training, cluster.accelerator, cluster.accelerator.silicon
    low, high = cluster.ends
    rows = {
        "run": f"{run.flop:.3g} FLOP in {run.days:g} days",
        "  arithmetic": f"{cluster.flop_per_s:.3g} FLOP/s at {run.utilization_fraction:g} of peak",
        "accelerator": f"{accelerator.name}, {accelerator.flop_per_s:.3g} FLOP/s, {accelerator.power_kw:g} kW",
        "  for arithmetic": f"{cluster.accelerators_for_flop:,}",
    }
    if cluster.accelerators_for_memory is not None and cluster.accelerators_for_network is not None:
        rows["  for memory"] = f"{cluster.accelerators_for_memory:,}"
        rows["  at most, by network"] = f"{cluster.accelerators_for_network:,.0f}"
    rows["  binding"] = cluster.binding
    rows["installed"] = f"{cluster.installed:,}, spares of {run.spare_fraction:g} among them"
    if silicon is not None and cluster.wafers is not None:
        rows["wafers"] = f"{cluster.wafers:,} of {silicon.gross_dies} dies"
        rows["  yield"] = (
            f"{cluster.yield_fraction:.3f} at {silicon.defects_per_die:.3g} defects a die"
        )
    rows["IT power"] = f"{cluster.it_mw:,.1f} MW"
    rows["  power low-high"] = f"{low.it_mw:,.0f}-{high.it_mw:,.0f} MW"
    rows["capital"] = f"{cluster.capital_usd / 1e6:,.0f} M$"
    rows["  prices low-high"] = f"{low.capital_usd / 1e6:,.0f}-{high.capital_usd / 1e6:,.0f} M$"
    _print_table(("", ""), rows.items(), left=(0, 1))
    for note in cluster.notes:
        print(_plain(note))


def main() -> None:
    """Run the command; turn this package's errors into one clear message and an exit code."""
    import warnings

    def tell(message: Warning | str, *_: object, **__: object) -> None:
        if not _quiet():
            print(f"energy: {_plain(str(message))}", file=sys.stderr)

    warnings.showwarning = tell
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except InfeasibleError as error:
        if "--json" in sys.argv:
            _print_json({"infeasible": error.record})
        _fail([str(error)], 1)
    except InputError as error:
        _fail(error.problems, 2)


def _fail(messages: list[str], code: int) -> None:
    for message in messages:
        print(f"energy: {_plain(message)}", file=sys.stderr)
    sys.exit(code)
