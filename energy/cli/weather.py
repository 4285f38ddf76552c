"""Commands about places and their weather: sites, check, fetch, weather.

In: options. Out: tables, JSON or messages on stdout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from energy.cli.inputs import Problems, check_files, site_from, source_from, years_from
from energy.cli.options import OutputOptions, PlotFile, SiteOption, WeatherOptions, command
from energy.cli.render import cell, print_json, print_table, printable, progress, say
from energy.errors import InputError

if TYPE_CHECKING:
    from energy.case import Case
    from energy.site import Site

app = typer.Typer()


@command(app)
def sites(output: OutputOptions) -> None:
    """List the shipped sites."""
    from energy.site import read_site, site_names
    from energy.tables import write_table

    check_files(output.csv)
    places = [read_site(name) for name in site_names()]
    if output.csv is not None:
        write_table(_sites_frame(places), output.csv)
    if output.as_json:
        fields = ("latitude_deg", "longitude_deg", "elevation_m")
        records = [
            {"site": place.name}
            | {name: getattr(place, name) for name in fields}
            | {"years": place.series.years, "source": place.series.source}
            | _years_behind(place)
            for place in places
        ]
        print_json({"sites": records})
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
            str(place.series.real_years or ""),
            place.series.basis,
            f"{place.distance_km:.0f}" if place.series.real_years else "",
            place.series.source,
        )
        for place in places
    ]
    heads = ("site", "place", "lat", "lon", "m", "GHI kWh/m²/d", "°C", "recorded years", "basis",
             "from [km]", "weather")  # fmt: skip
    print_table(heads, rows, left=(0, 1, 8, 10))


def _years_behind(place: Site) -> dict[str, Any]:
    """How many recorded years stand behind a site's hours, whose, and from how far."""
    series = place.series
    return {
        "real_years": series.real_years,
        "basis": series.basis,
        "distance_km": place.distance_km,
    }


def _sites_frame(places: list[Site]):  # type: ignore[no-untyped-def]
    import pandas as pd

    names = ("name", "title", "latitude_deg", "longitude_deg", "elevation_m")
    rows = [
        {name: getattr(place, name) for name in names} | _years_behind(place) for place in places
    ]
    return pd.DataFrame(rows).set_index("name")


#: What `check` says of a file, best first, and its exit code; with `--strict` notes have one too.
GOOD, NOTED, UNUSABLE = "good", "usable with notes", "not usable"
CODE_NOTED = 4


@command(app)
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Site or weather files")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 4, not 0, where a file has notes")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of lines")] = False,
) -> None:
    """Say of site and weather files: good, usable with notes, or not usable, and all why.

    Exit 0 where all can be used, 2 where one cannot.
    """
    records = [_checked(name) for name in files]
    bad = [text for record in records for text in record["problems"]]
    if as_json:
        print_json({"files": records})
    else:
        for record in records:
            if record["verdict"] != UNUSABLE:
                print(
                    printable(
                        f"{record['file']}: {record['verdict']}; {record['source']}; "
                        f"{record['steps']} steps of {record['step_h']:g} h, "
                        f"GHI {record['ghi_kwh_m2_day']:.2f} kWh/m2/day, "
                        f"{record['temp_air_c']:.1f} degC"
                    )
                )
            for note in record["notes"]:
                print(printable(f"{record['file']}: note: {note}"))
        # Of one file the messages say it; among many it has its line.
        unusable = [record["file"] for record in records if record["verdict"] == UNUSABLE]
        for name in unusable if len(records) > 1 else []:
            print(printable(f"{name}: {UNUSABLE}"))
    if bad:
        raise InputError(bad)
    if strict and any(record["verdict"] == NOTED for record in records):
        raise typer.Exit(CODE_NOTED)


def _checked(name: str) -> dict[str, Any]:
    """What is to be said of one file."""
    from energy.site import read_site

    try:
        place = read_site(name)
        series, notes = place.series, place.notes
    except InputError as error:
        return {"file": name, "verdict": UNUSABLE, "problems": error.problems, "notes": []}
    return {
        "file": name,
        "verdict": NOTED if notes else GOOD,
        "problems": [],
        "notes": notes,
        "source": series.source,
        "first_year": series.first_year,
        "last_year": series.last_year,
        "typical": series.typical,
        "steps": len(series.frame),
        "step_h": series.step_h,
        "utc_offset_h": series.utc_offset_h,
        "ghi_kwh_m2_day": series.ghi_kwh_m2_day,
        "temp_air_c": series.temp_air_c,
    }


@command(app)
def fetch(
    site: Annotated[str, typer.Argument(metavar="SITE", help="A name, a TOML or weather file")],
    source: Annotated[str, typer.Option("--source", help="nasa-power, pvgis or nsrdb")],
    years: Annotated[str, typer.Option("--years", help="Such as 2001-2024")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress")] = False,
) -> None:
    """Fetch a site's hours from a weather service, year by year, and keep them."""
    from energy.site import read_site
    from energy.weather.fetch import fetch as fetch_years

    with Problems() as problems:
        with problems:
            place = read_site(site)
        with problems:
            service = source_from(source)
        with problems:
            wanted = years_from(years)
    series = fetch_years(
        service,
        place.latitude_deg,
        place.longitude_deg,
        place.elevation_m,
        None,
        wanted,
        progress=progress(quiet, "fetching"),
    )
    print(
        printable(
            f"{place.name}: {series.source}; GHI {series.ghi_kwh_m2_day:.2f} kWh/m2/day, "
            f"{series.temp_air_c:.1f} degC; use it with --source {source}"
        )
    )


@command(app)
def weather(
    place: SiteOption, hours: WeatherOptions, output: OutputOptions, plot: PlotFile = None
) -> None:
    """Check the quality of a site's or a file's weather."""
    from energy.tables import write_table

    with Problems() as problems:
        with problems:
            check_files(output.csv)
        with problems:
            site = site_from(place, hours)
    found = site.quality_check
    if plot is not None:
        from energy import figures

        figures.save(figures.weather(site.series, found), plot)
    if output.csv is not None:
        write_table(found.frame, output.csv)
    if output.as_json:
        print_json({"site": site.name} | found.to_dict())
        return
    print(printable(f"{site.title}: {site.series.source}") + "\n")
    rows = [
        (str(measure), *map(cell, (row["value"], row["unit"], row["verdict"])))
        for measure, row in found.frame.iterrows()
    ]
    print_table(("measure", "value", "unit", "verdict"), rows, left=(0, 2, 3))
    for frame in (found.monthly, found.low_irradiance_periods):
        heads = (str(frame.index.name or ""), *(str(column) for column in frame.columns))
        lines = [(str(index), *map(cell, line)) for index, *line in frame.itertuples()]
        print_table(heads, lines, left=(0,))
    print_site_notes(site, output.quiet)
    say_drawn(plot, output.quiet)


def print_site_notes(site: Site, quiet: bool) -> None:
    """What a reader of a result at a site should know."""
    for note in [] if quiet else site.notes:
        say(f"{site.name}: {note}")


def print_case_notes(case: Case, quiet: bool) -> None:
    """What a reader of a cost at a site should know."""
    for note in [] if quiet else case.notes:
        say(f"{case.site.name}: {note}")


def say_drawn(plot: PlotFile, quiet: bool) -> None:
    """Name the figure that was written."""
    if plot is not None and not quiet:
        print(printable(f"{plot}: drawn"))
