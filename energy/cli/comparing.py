"""Commands about many plants: compare, sensitivity, monte-carlo.

In: options. Out: tables or JSON on stdout; a report.
"""

from __future__ import annotations

import math
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from energy.cli.inputs import (
    Problems,
    arrays_from,
    assumptions_from,
    calendar_from,
    case_from,
    check_files,
    datacenter_from,
    grid_assumptions,
    grid_site,
    site_from,
    sizer_from,
    snow_loss_from,
    target_from,
)
from energy.cli.life import check_life, check_life_target, life_sizer
from energy.cli.money import AS_BUILT, after_tax_only, on_terms, terms_from, with_money
from energy.cli.options import (
    ArrayOptions,
    AssumptionOptions,
    DatacenterOptions,
    GridOptions,
    LifeOptions,
    MoneyOptions,
    OutputOptions,
    PlantOptions,
    PlotFile,
    SiteOption,
    SitesOption,
    TargetOptions,
    WeatherOptions,
    command,
)
from energy.cli.plant import nines_text, print_notes, range_text
from energy.cli.render import (
    bar,
    fail,
    print_json,
    print_table,
    printable,
    progress,
    say,
    terminal_width,
)
from energy.cli.weather import print_case_notes, say_drawn
from energy.errors import InputError
from energy.units import heading, show

if TYPE_CHECKING:
    from energy.analysis.comparison import Comparison
    from energy.analysis.monte_carlo import MonteCarlo
    from energy.analysis.sensitivity import Sensitivity
    from energy.assumptions import Assumptions
    from energy.case import Case
    from energy.finance import Terms
    from energy.site import Site
    from energy.sizing import Sizing, Target

app = typer.Typer()

#: Draws of all assumptions behind a report's probability of lowest cost.
REPORT_DRAWS = 256


def _sites_from(
    words: SitesOption, hours: WeatherOptions
) -> tuple[list[Site], dict[str, list[str]]]:
    """The places that are meant, and the problems of the others by name."""
    if not words.sites and words.lat is None and words.lon is None:
        raise InputError(
            "usage: energy compare SITE... --served-fraction 0.99; "
            "give a SITE, or --lat and --lon of a place"
        )
    if hours.weather is not None and len(words.sites or []) + (words.lat is not None) > 1:
        raise InputError("--weather gives hours to one site; give other files as sites themselves")
    places, bad = [], {}
    for name in words.sites or []:
        try:
            places.append(site_from(SiteOption(site=name), hours))
        except InputError as error:
            bad[name] = error.problems
    if words.lat is not None or words.lon is not None:
        places.append(site_from(SiteOption(lat=words.lat, lon=words.lon), hours))
    return places, bad


@command(app)
def compare(
    where: SitesOption,
    target_options: TargetOptions,
    hours: WeatherOptions,
    computers: DatacenterOptions,
    assumed: AssumptionOptions,
    parts: PlantOptions,
    grid: GridOptions,
    arrays: ArrayOptions,
    aging: LifeOptions,
    paid: MoneyOptions,
    output: OutputOptions,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Also write a report: a file ending in .html, .md or .pdf"),
    ] = None,
) -> None:
    """Size the cheapest plant at each site and rank the sites.

    With --report a site that is wrong or has no plant is named, and the others are reported.
    """
    from energy.analysis.comparison import compare as compare_sites
    from energy.sizing import choose_array
    from energy.tables import write_result

    places: list[Site] = []
    bad: dict[str, list[str]] = {}
    with Problems() as problems:
        with problems:
            check_files(output.csv)
        with problems:
            target = target_from(target_options)
            check_life_target(aging, target)
        sizer = sizer_from(parts, assumed.backup, failures_in_target=aging.failures_in_target)
        with problems:
            check_life(aging, parts=parts, backup=assumed.backup)
        with problems:
            choices = arrays_from(arrays, assumed)
        with problems:
            datacenter = datacenter_from(computers)
        with problems:
            assumptions_from(assumed)
        with problems:
            snow_loss = snow_loss_from(assumed)
        with problems:
            terms = terms_from(paid)
        calendar = None
        with problems:
            calendar = calendar_from(grid, parts.grid_mw)
        with problems:
            if report is not None:
                from energy.report import check_path

                check_path(report)
                if aging.life or aging.failures_in_target:
                    raise InputError(
                        "--report is about plants as they are built, by the weather alone; leave "
                        "out --life and --failures-in-target"
                    )
        with problems:
            places, bad = _sites_from(where, hours)
        with problems:
            if bad and (report is None or not places or problems.found):
                raise InputError([problem for found in bad.values() for problem in found])
        for place in places:
            with problems:
                if calendar is not None:
                    calendar.grid_open(place.series)

    def assumptions_of(place: Site) -> Assumptions:
        found = grid_assumptions(assumptions_from(assumed, place), grid)
        return found.replace(terms=terms) if paid.after_tax else found

    def sized(case: Case, aim: Target) -> Sizing:
        if calendar is not None:
            case = case.replace(grid_open=calendar.grid_open(case.weather))
        if choices is None:
            return sizer(case, aim)
        return choose_array(case, aim, sizer=sizer, **choices).sizing

    ranking = compare_sites(
        [grid_site(place, grid, assumptions_of(place)) for place in places],
        target,
        datacenter=datacenter,
        assumptions=assumptions_of,
        snow_loss=snow_loss,
        sizer=sized,
        life=life_sizer(aging),
        failures=aging.failures,
        keep_going=report is not None,
        progress=progress(output.quiet, "sizing"),
    )
    if output.csv is not None:
        write_result(ranking, output.csv)
    if report is not None:
        _write_report(ranking, report, bad, output.quiet)
    if output.as_json:
        record = ranking.to_dict()
        plants = zip(record["sites"], ranking.sizings, strict=True)
        sites = [with_money(site, sizing.evaluation, terms) for site, sizing in plants]
        print_json(record | {"sites": sites})
    else:
        _show_ranking(ranking, terms, output.quiet)
        if report is not None:
            print(printable(f"{report}: written"))
    if bad or ranking.infeasible:
        left_out = [
            problem if name in problem else f"{name}: {problem}"
            for name, found in bad.items()
            for problem in found
        ] + list(ranking.infeasible.values())
        fail([f"{problem} (left out of {report})" for problem in left_out], 2 if bad else 1)


def _write_report(ranking: Comparison, path: Path, bad: dict[str, list[str]], quiet: bool) -> None:
    from energy.analysis.monte_carlo import monte_carlo as draw
    from energy.analysis.sensitivity import sensitivity as vary

    missing = {name: "; ".join(found) for name, found in bad.items()} | dict(ranking.infeasible)
    options: dict[str, Any] = {
        "command": shlex.join(["energy", *sys.argv[1:]]),
        "progress": progress(quiet, "reporting"),
    }
    if ranking.target.is_exact:
        first = ranking.sizings[0].case
        options["sensitivity"] = vary(
            first, ranking.target, progress=progress(quiet, "assumptions")
        )
        options["monte_carlo"] = draw(
            ranking, draws=REPORT_DRAWS, progress=progress(quiet, "draws")
        )
    replace(ranking, infeasible=missing).report(path, **options)


@command(app)
def sensitivity(
    place: SiteOption,
    target_options: TargetOptions,
    hours: WeatherOptions,
    computers: DatacenterOptions,
    assumed: AssumptionOptions,
    arrays: ArrayOptions,
    paid: MoneyOptions,
    output: OutputOptions,
    plot: PlotFile = None,
) -> None:
    """What the cost depends on: each assumption at both its ends, the plant sized anew."""
    from energy.analysis.sensitivity import sensitivity as vary
    from energy.sizing import choose_array
    from energy.tables import write_result

    with Problems() as problems:
        with problems:
            target = target_from(target_options)
        with problems:
            check_files(output.csv)
        with problems:
            choices = arrays_from(arrays, assumed)
        with problems:
            after_tax_only(paid)
            terms = terms_from(paid)
        with problems:
            case = case_from(place, hours, computers, assumed)
    case = on_terms(case, terms, after_tax=paid.after_tax)
    if choices is not None:
        case = choose_array(case, target, **choices).case
    found = vary(case, target, progress=progress(output.quiet, "assumptions"))
    if plot is not None:
        from energy import figures

        figures.save(figures.sensitivity(found), plot)
    if output.csv is not None:
        write_result(found, output.csv)
    if output.as_json:
        print_json(found.to_dict())
        return
    _show_sensitivity(found, output.quiet)
    say_drawn(plot, output.quiet)


@command(app, "monte-carlo")
def monte_carlo(
    where: SitesOption,
    target_options: TargetOptions,
    hours: WeatherOptions,
    computers: DatacenterOptions,
    assumed: AssumptionOptions,
    arrays: ArrayOptions,
    paid: MoneyOptions,
    output: OutputOptions,
    draws: Annotated[int, typer.Option("--draws", help="How many times all are sized")] = 1000,
    draw_seed: Annotated[
        int, typer.Option("--draw-seed", help="The same seed gives the same draws")
    ] = 0,
    plot: PlotFile = None,
) -> None:
    """Probability that each site has the lowest cost, with all assumptions drawn at once."""
    from energy.analysis.monte_carlo import monte_carlo as draw
    from energy.case import Case
    from energy.sizing import choose_array
    from energy.tables import write_result

    with Problems() as problems:
        with problems:
            target = target_from(target_options)
        with problems:
            check_files(output.csv)
        with problems:
            datacenter = datacenter_from(computers)
        with problems:
            assumptions_from(assumed)
        with problems:
            snow_loss = snow_loss_from(assumed)
        with problems:
            choices = arrays_from(arrays, assumed)
        with problems:
            after_tax_only(paid)
            terms = terms_from(paid)
        with problems:
            places, bad = _sites_from(where, hours)
            if bad:
                raise InputError([problem for found in bad.values() for problem in found])
    cases = [
        on_terms(
            Case(place, datacenter, assumptions_from(assumed, place), snow_loss=snow_loss),
            terms,
            after_tax=paid.after_tax,
        )
        for place in places
    ]
    if choices is not None:
        cases = [choose_array(case, target, **choices).case for case in cases]
    found = draw(
        cases,
        target,
        draws=draws,
        seed=draw_seed,
        progress=progress(output.quiet, "draws"),
    )
    if plot is not None:
        from energy import figures

        figures.save(figures.monte_carlo(found), plot)
    if output.csv is not None:
        write_result(found, output.csv)
    if output.as_json:
        print_json(found.to_dict())
        return
    _show_monte_carlo(found, output.quiet)
    say_drawn(plot, output.quiet)


#: Columns of the ranking, as `Comparison.frame` has them; "by weather" and "by prices" are ranges
#: of the levelized cost, "after tax" is the price on the terms of money.
RANKING = (
    "levelized_usd_per_mwh", "by weather", "by prices", "after tax", "lowest_cost_fraction",
    "array", "solar_mw", "battery_mwh", "battery_mw", "backup_mw",
    "capital_usd", "land_acres", "carbon_kg_per_mwh", "served_fraction",
    "available_fraction", "nines", "lolh_hours_per_year", "eue_mwh_per_year", "longest_event_h",
    "weather_years", "weather",
)  # fmt: skip

#: Columns of the second table, where they were asked for: years of life and failures.
BESIDE = (
    "life_levelized_usd_per_mwh", "life_served_fraction", "life_worst_year_served_fraction",
    "served_with_failures_fraction", "lolh_with_failures_hours_per_year",
)  # fmt: skip


def _show_ranking(ranking: Comparison, terms: Terms, quiet: bool) -> None:
    from energy.finance import after_tax
    from energy.life import OVER_LIFE

    evaluations = [sizing.evaluation for sizing in ranking.sizings]
    first, frame = evaluations[0].case, ranking.frame
    life, what = ranking.sizings[0].life, ranking.target.description
    if life is not None:
        what += f", {OVER_LIFE[life.over_life]}"
    if ranking.sizings[0].failures_in_target:
        what += ", with failures of the equipment"
    parts = "PV and battery"
    if (frame["backup_mw"] > 0).any():
        parts = "PV, battery and backup"
    print(
        f"Cheapest {parts} for {first.datacenter.it_mw:g} MW of computers, "
        f"{what};\n{first.assumptions.dollars}, "
        "most probably cheapest first.\n"
        f"Prices: {ranking.prices_title}.\n"
    )
    absent = set() if (frame["backup_mw"] > 0).any() else {"backup_mw"}
    if first.assumptions.terms is not None:  # the levelized cost is after tax itself
        absent.add("after tax")
    unknown = frame["levelized_p05_usd_per_mwh"].isna()
    if unknown.all():
        absent.add("by weather")
    if len(frame) == 1 or frame["lowest_cost_fraction"].isna().any():
        absent.add("lowest_cost_fraction")
    names = [name for name in RANKING if name not in absent]
    rows = []
    for evaluation, (site, row) in zip(evaluations, frame.iterrows(), strict=True):
        texts = {
            "by weather": "-".join(
                show(name, round(row[name]))
                for name in ("levelized_p05_usd_per_mwh", "levelized_p95_usd_per_mwh")
                if not math.isnan(row[name])
            ),
            "by prices": range_text(evaluation),
            "after tax": show(
                "levelized_usd_per_mwh", after_tax(evaluation.cost, terms).price_usd_per_mwh
            ),
            "lowest_cost_fraction": f"{100 * row['lowest_cost_fraction']:.0f}",
            "nines": nines_text(evaluation),
            "array": row["array"],
        }
        rows.append([str(site), *(texts.get(name) or show(name, row[name]) for name in names)])
    told = ("by weather", "by prices", "after tax")
    heads = ["site", *(name if name in told else heading(name) for name in names)]
    print_table(heads, rows, left=(0, 1 + names.index("array"), len(heads) - 1))
    beside = [name for name in BESIDE if name in frame]
    if beside:
        rows = [
            [str(site), *(show(name, row[name]) for name in beside)]
            for site, row in frame[beside].iterrows()
        ]
        print_table(("site", *map(heading, beside)), rows, left=(0,))
    if quiet:
        return
    if "by weather" in names:
        which = "that cost" if life is None else "the cost over the life"
        say(f"by weather: 90 % interval of {which}, as few, typical or distant years leave it")
    if life is not None:
        say("what does not say life is of the plant as it is first built")
    say("by prices: that cost with all prices at the low, and at the high end of their range")
    if "after tax" in names:
        say(
            f"after tax: the first year's price at which equity earns "
            f"{terms.equity_irr_fraction:.2%}; --after-tax sizes and ranks by it"
            + (f"; {AS_BUILT}" if life is not None else "")
        )
    for note in ranking.notes:
        say(note)
    print_notes(ranking.sizings, quiet)


def _show_sensitivity(found: Sensitivity, quiet: bool) -> None:
    """Every assumption that moves the cost, widest first; the others are counted."""
    frame, case = found.frame, found.case
    moving = frame[frame["swing_usd_per_mwh"] != 0.0]
    print(printable(f"{case.title}, {found.target.description}:"))
    print(
        f"{found.base_usd_per_mwh:,.1f} $/MWh in {case.assumptions.dollars}, "
        "and at both ends of each assumption, the plant\nsized anew.\n"
    )
    most = float(moving["swing_usd_per_mwh"].max())
    rows = [
        (
            str(name),
            f"{row['low']:.4g}",
            f"{row['high']:.4g}",
            show("levelized_usd_per_mwh", row["levelized_low_usd_per_mwh"]),
            show("levelized_usd_per_mwh", row["levelized_high_usd_per_mwh"]),
            show("swing_usd_per_mwh", row["swing_usd_per_mwh"]),
            bar(row["swing_usd_per_mwh"] / most, 12),
            str(row["source"]),
        )
        for name, row in moving.iterrows()
    ]
    heads = ("assumption", "low", "high", "$/MWh at low", "at high", "swing", "", "source")
    last = None if (terminal_width() or 400) >= 160 else -1
    print_table(heads[:last], [row[:last] for row in rows], left=(0, 6, 7))
    if not quiet:
        print(f"{len(frame) - len(moving)} others with a range do not move it.")
        books = (f"{name} {usd:,.1f}" for name, usd in found.books_usd_per_mwh.items())
        say(f"At the prices of other books, sized anew [$/MWh]: {', '.join(books)}.")
    print_case_notes(case, quiet)


def _show_monte_carlo(found: MonteCarlo, quiet: bool) -> None:
    frame, case = found.frame, found.cases[0]
    print(
        f"{case.datacenter.it_mw:g} MW of computers, {found.target.description}; "
        f"{len(found.assumptions):,} draws of all assumptions,\nseed {found.seed}, "
        f"$/MWh served in {case.assumptions.dollars}.\n"
    )
    costs = {"as assumed": "base_usd_per_mwh", "5 %": "p05_usd_per_mwh",
             "median": "p50_usd_per_mwh", "95 %": "p95_usd_per_mwh"}  # fmt: skip
    rows = [
        (
            str(site),
            f"{row['lowest_cost_fraction']:.1%}",
            bar(row["lowest_cost_fraction"], 16),
            *(show(name, row[name]) for name in costs.values()),
            f"{row['without_plant_fraction']:.1%}",
        )
        for site, row in frame.iterrows()
    ]
    heads = ("site", "probability of lowest cost", "", *costs, "no plant in")
    print_table(heads, rows, left=(0, 2))
    if quiet:
        return
    for note in found.notes:
        say(note)
    print(f"largest error on draws that were sized in full too: {found.error_fraction:.3%}")
