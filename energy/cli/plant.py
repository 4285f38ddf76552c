"""Commands about one plant at one site: run, size, frontier.

In: options. Out: tables or JSON on stdout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from energy.cli.inputs import (
    Problems,
    arrays_from,
    calendar_from,
    case_from,
    check_files,
    on_grid_terms,
    sizer_from,
    target_from,
)
from energy.cli.life import (
    check_life,
    check_life_target,
    failures_of,
    life_of,
    life_sizer,
    show_life,
    show_one_more,
    with_life,
)
from energy.cli.money import after_tax_only, on_terms, show_money, terms_from, with_money
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
    TargetOptions,
    WeatherOptions,
    command,
)
from energy.cli.render import bar, blocks, number, print_json, print_table, printable, progress, say
from energy.cli.weather import print_case_notes, say_drawn
from energy.errors import InputError
from energy.units import heading, show

if TYPE_CHECKING:
    import pandas as pd

    from energy.case import Case
    from energy.evaluation import Evaluation
    from energy.sizing import BackupFrontier, Frontier, Sizing, WeatherUncertainty

app = typer.Typer()


@command(app)
def run(
    place: SiteOption,
    hours: WeatherOptions,
    computers: DatacenterOptions,
    assumed: AssumptionOptions,
    grid: GridOptions,
    aging: LifeOptions,
    paid: MoneyOptions,
    output: OutputOptions,
    solar_mw: Annotated[float, typer.Option("--solar-mw", help="PV capacity [MWdc]")],
    battery_mwh: Annotated[float, typer.Option("--battery-mwh", help="Battery [MWh]")] = 0.0,
    battery_mw: Annotated[float, typer.Option("--battery-mw", help="Battery [MWac]")] = 0.0,
    backup_mw: Annotated[float, typer.Option("--backup-mw", help="Backup [MW]")] = 0.0,
    grid_mw: Annotated[float, typer.Option("--grid-mw", help="Grid connection [MW]")] = 0.0,
    reserve_conservatism: Annotated[
        float,
        typer.Option("--reserve-conservatism", help="How cautiously charge is held, 0 to 1"),
    ] = 0.0,
) -> None:
    """Run one plant at one site."""
    from energy.dispatch import Design
    from energy.evaluation import evaluate
    from energy.tables import write_result

    with Problems() as problems:
        with problems:
            check_files(output.csv)
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
            check_life(aging)
        with problems:
            terms = terms_from(paid)
        with problems:
            calendar = calendar_from(grid, grid_mw)
        with problems:
            case = case_from(place, hours, computers, assumed)
    case = on_grid_terms(case, grid, calendar)
    evaluation = evaluate(on_terms(case, terms, after_tax=paid.after_tax), design)
    failures, life = failures_of(aging, evaluation), life_of(aging, evaluation)
    if output.csv is not None:
        write_result(evaluation, output.csv)
        if (failures is not None or life is not None) and not output.quiet:
            say(f"{output.csv}: the plant as it is built; its years and failures are in --json")
    if output.as_json:
        served = evaluation.availability.served_fraction
        record = with_life(evaluation.to_dict(), failures, life)
        record = with_money(record, evaluation, terms)
        print_json(records([record], evaluation, served))
        return
    show_plant(evaluation, output.quiet)
    show_money(evaluation, terms, life=aging.life)
    show_life(failures, life)
    for note in life.notes if life is not None and not output.quiet else []:
        say(note)


@command(app)
def size(
    place: SiteOption,
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
    uncertainty: Annotated[
        bool,
        typer.Option("--uncertainty", help="Also how sure the cost is"),
    ] = False,
) -> None:
    """Find the cheapest plant at one site for one target."""
    from energy.outages import one_more
    from energy.sizing import choose_array
    from energy.tables import plain_rows, write_result

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
            if uncertainty and (assumed.backup or parts.grid_mw):
                raise InputError(
                    "--uncertainty is for PV and battery alone; leave out backup and grid"
                )
            if uncertainty and (aging.life or aging.failures_in_target):
                raise InputError(
                    "--uncertainty is about a plant as it is built, by the weather alone; leave "
                    "out --life and --failures-in-target"
                )
        with problems:
            terms = terms_from(paid)
        with problems:
            calendar = calendar_from(grid, parts.grid_mw)
        with problems:
            case = case_from(place, hours, computers, assumed)
    case = on_grid_terms(case, grid, calendar)
    case = on_terms(case, terms, after_tax=paid.after_tax)
    tried = None
    if choices is None:
        sized = sizer(case, target)
    else:
        choice = choose_array(
            case, target, sizer=sizer, progress=progress(output.quiet, "arrays"), **choices
        )
        sized = choice.sizing
        # Asked for in so many words, the others are shown too.
        tried = choice.frame if arrays.array or arrays.best_array else None
    interval = _uncertainty_of(sized, output.quiet) if uncertainty else None
    sized_for_life = life_sizer(aging)
    if sized_for_life is not None:
        sized = sized.for_life(sized_for_life(sized.case, target))
    if aging.failures:
        sized = sized.with_failures()
    more = None
    if sized.failures is not None and sized.failures_in_target:
        more = one_more(sized.evaluation.run, draws=sized.failures.draws, seed=sized.failures.seed)
    if output.csv is not None:
        write_result(sized, output.csv)
        if (sized.failures is not None or sized.life is not None) and not output.quiet:
            say(f"{output.csv}: the plant as it is built; its years and failures are in --json")
    if output.as_json:
        record = with_money(sized.to_dict(), sized.evaluation, terms)
        if interval is not None:
            record["uncertainty"] = interval.to_dict()
        if tried is not None:
            record["arrays"] = plain_rows(tried)
        if more is not None:
            record["one_more"] = plain_rows(more.reset_index())
        print_json(records([record], sized.evaluation, sized.served_fraction))
        return
    print(printable(f"This is {sized.title}.") + "\n")
    show_plant(sized, output.quiet)
    show_money(sized.evaluation, terms, life=aging.life)
    show_life(sized.failures, sized.life)
    if more is not None:
        show_one_more(more)
    _show_proof(sized)
    if tried is not None:
        _show_arrays(tried)
    if interval is not None:
        _show_uncertainty(interval)


@command(app)
def frontier(
    place: SiteOption,
    target_options: TargetOptions,
    hours: WeatherOptions,
    computers: DatacenterOptions,
    assumed: AssumptionOptions,
    arrays: ArrayOptions,
    paid: MoneyOptions,
    output: OutputOptions,
    by_backup_energy: Annotated[
        bool,
        typer.Option(
            "--by-backup-energy",
            help="Cost for one target against the energy from backup instead (default target: "
            "0.999 of the energy)",
        ),
    ] = False,
    full_start: Annotated[
        bool, typer.Option("--full-start", help="Start full, not with what the end leaves")
    ] = False,
    plot: PlotFile = None,
) -> None:
    """Cost against reliability: the cheapest plant for every fraction of the energy."""
    from functools import partial

    from energy.sizing import Target, array_frontier, backup_frontier, choose_array
    from energy.sizing import frontier as frontier_of
    from energy.sizing import size as size_of
    from energy.tables import write_result

    with Problems() as problems:
        with problems:
            check_files(output.csv)
        with problems:
            target = target_from(target_options, Target("served_fraction", 0.999))
            if not by_backup_energy and target != Target("served_fraction", 0.999):
                raise InputError("a frontier has every target; one goes with --by-backup-energy")
        with problems:
            choices = arrays_from(arrays, assumed)
        with problems:
            after_tax_only(paid)
            terms = terms_from(paid)
        with problems:
            case = case_from(place, hours, computers, assumed)
    case = on_terms(case, terms, after_tax=paid.after_tax)
    curve: Frontier | BackupFrontier
    if by_backup_energy:
        if choices is not None:
            case = choose_array(case, target, sizer=partial(size_of, backup=True), **choices).case
        curve = backup_frontier(case, target, progress=progress(output.quiet, "ceilings"))
    elif choices is None:
        curve = frontier_of(case, cyclic=not full_start)
    else:
        bar_of = progress(output.quiet, "arrays")
        curve = array_frontier(case, cyclic=not full_start, progress=bar_of, **choices)
    if plot is not None:
        _draw(curve, plot)
    if output.csv is not None:
        write_result(curve, output.csv)
    if output.as_json:
        print_json(curve.to_dict())
        return
    _show_frontier(curve)
    print_case_notes(case, output.quiet)
    say_drawn(plot, output.quiet)


def _draw(curve: Frontier | BackupFrontier, plot: Any) -> None:
    from energy import figures
    from energy.sizing import BackupFrontier

    if isinstance(curve, BackupFrontier):
        figures.save(figures.backup_frontier(curve), plot)
    else:
        figures.save(figures.frontier(curve), plot)


def records(
    sites: list[dict[str, Any]], first: Evaluation, served_fraction: float
) -> dict[str, Any]:
    """The JSON contract of run, size and compare."""
    return {
        "served_fraction": served_fraction,
        "it_mw": first.case.datacenter.it_mw,
        "sites": sites,
    }


def print_notes(results: Sequence[Evaluation | Sizing], quiet: bool) -> None:
    """Each note once, with the sites that it holds for."""
    sites: dict[str, list[str]] = {}
    for result in [] if quiet else results:
        for note in result.notes:
            sites.setdefault(note, []).append(result.case.site.name)
    for note, names in sites.items():
        say(f"{', '.join(names)}: {note}")


def range_text(evaluation: Evaluation) -> str:
    """Levelized cost with all prices low, and high."""
    low, high = evaluation.levelized_range_usd_per_mwh
    return f"{low:.0f}-{high:.0f}"


def nines_text(evaluation: Evaluation) -> str:
    """Nines of the hours."""
    nines = evaluation.availability.nines
    return f"{nines:.2f}" if nines != float("inf") else "no outage"


def show_plant(result: Evaluation | Sizing, quiet: bool) -> None:
    """Everything about one plant, sized or given."""
    evaluation = result.evaluation if hasattr(result, "evaluation") else result
    case, cost = evaluation.case, evaluation.cost
    title = f"{case.site.title}: {case.datacenter.it_mw:g} MW of computers"
    print(printable(f"{title}, {case.assumptions.dollars}") + "\n")
    rows = (
        _weather_rows(case)
        | _part_rows(evaluation, chosen=getattr(result, "array_chosen", False))
        | _reliability_rows(evaluation)
        | _cost_rows(evaluation)
        | _carbon_rows(evaluation)
    )
    print_table(("", ""), rows.items(), left=(0, 1))
    columns = (
        "capital_usd", "lifetime_years", "capital_recovery_usd", "fixed_om_usd",
        "variable_om_usd", "fuel_usd", "annual_usd",
    )  # fmt: skip
    parts = [
        (str(part), number(row["size"], 1), *(show(name, row[name]) for name in columns))
        for part, row in cost.frame.iterrows()
    ]
    print_table(("part", "size", *map(heading, columns)), parts, left=(0,))
    print_notes([result], quiet)


def _weather_rows(case: Case) -> dict[str, str]:
    weather = case.weather
    return {
        "weather": weather.source,
        "  years, hours": f"{weather.years}, {len(weather.frame) * weather.step_h:,.0f}",
        "  GHI": f"{weather.ghi_kwh_m2_day:.2f} kWh/m2/day",
        "  temperature": f"{weather.temp_air_c:.1f} degC",
        "PV yield by month": months_line(case),
    }


def _part_rows(evaluation: Evaluation, *, chosen: bool) -> dict[str, str]:
    case, design, run = evaluation.case, evaluation.design, evaluation.run
    lifetime_mean = case.assumptions.solar.lifetime_mean_fraction
    rows = {
        "PV": f"{design.solar_mw:,.1f} MWdc on {evaluation.cost.land_acres:,.0f} acres",
        "  array": case.assumptions.solar.title + ", the cheapest of those tried" * chosen,
        "  yield when new": f"{case.kwh_per_kwdc_year:,.0f} kWh/kWdc a year",
        "  lost to snow": f"{case.snow_loss_fraction:.1%} of the yield ({case.snow_model})",
        "  AC capacity factor": f"{case.capacity_factor_ac:.3f}",
        "  over its lifetime": f"{lifetime_mean:.3f} of new, and run so",
        "battery": f"{design.battery_mwh:,.1f} MWh, {design.battery_mw:,.1f} MW",
    }
    if run.own_use_mw > 0:
        rows["  takes for itself"] = f"{run.own_use_mw:,.1f} MW"
    if design.backup_mw > 0:
        rows["backup"] = (
            f"{design.backup_mw:,.1f} MW of {case.assumptions.backup.words}, "
            f"{run.backup_energy_fraction:.2%} of the load"
        )
    if design.grid_mw > 0:
        rows["grid"] = f"{design.grid_mw:,.1f} MW, {run.grid_fraction:.2%} of the load"
        cut_h, drawn_h = evaluation.grid_cut_h
        if cut_h > 0:
            rows["  cut"] = f"{cut_h:,.0f} h a year, {drawn_h:,.0f} h of them when it is wanted"
    if design.backup_mw + design.grid_mw > 0:
        rows["  reserve conservatism"] = f"{design.reserve_conservatism:.2f}"
    return rows | {
        "time to power": f"{evaluation.cost.time_to_power_years:g} years",
        "load": f"{case.mean_load_mw:,.1f} MW",
        "  PUE": f"{case.mean_load_mw / case.datacenter.it_mw:.3f}",
    }


def _reliability_rows(evaluation: Evaluation) -> dict[str, str]:
    availability, weather = evaluation.availability, evaluation.case.weather
    rows = {
        "energy served": f"{availability.served_fraction:.4%}",
        "hours served in full": f"{availability.available_fraction:.4%}, "
        f"nines {nines_text(evaluation)}",
        "  LOLE": f"{availability.lole_days_per_year:,.1f} days a year",
        "  LOLH": f"{availability.lolh_hours_per_year:,.1f} h a year",
        "  LOLEv": f"{availability.lolev_events_per_year:,.1f} events a year",
        "  EUE": f"{availability.eue_mwh_per_year:,.0f} MWh a year, "
        f"{availability.normalized_eue_ppm:,.0f} ppm",
        "  longest event": f"{availability.longest_event_h:g} h",
    }
    if weather.years > 1:
        worst = availability.worst_year
        name = "of the synthetic or resampled ones" if weather.relabeled else worst.name
        rows["  worst year"] = f"{name}, {worst['served_fraction']:.4%} of the energy"
    return rows


def _cost_rows(evaluation: Evaluation) -> dict[str, str]:
    cost = evaluation.cost
    return {
        "capital": f"{cost.capital_usd / 1e6:,.1f} M$",
        "annualized cost": f"{cost.annual_usd / 1e6:,.2f} M$ a year",
        "levelized cost": f"{cost.levelized_usd_per_mwh:,.1f} $/MWh served",
        "  prices": cost.run.case.assumptions.prices_title,
        "  all prices low-high": f"{range_text(evaluation)} $/MWh served",
        "  at the computers": f"{cost.levelized_usd_per_it_mwh:,.1f} $/MWh",
    }


def _carbon_rows(evaluation: Evaluation) -> dict[str, str]:
    carbon, run = evaluation.carbon, evaluation.run
    low, high = carbon.range_kg_per_mwh
    tonnes = carbon.frame["t_per_year"]
    made = tonnes[["solar", "battery", "backup"]].sum()
    rows = {
        "carbon": f"{carbon.kg_per_mwh:,.0f} kg CO2e/MWh served, {low:,.0f}-{high:,.0f}",
        "  a year": f"{carbon.t_per_year:,.0f} t CO2e",
        "  making the parts": f"{made:,.0f} t a year of their life",
    }
    if run.design.backup_mw > 0:
        rows["  fuel"] = (
            f"{tonnes['fuel']:,.0f} t, and {tonnes['upstream']:,.0f} upstream, "
            f"{tonnes['unburnt']:,.0f} unburnt"
        )
    if run.design.grid_mw > 0:
        rows["  grid"] = f"{tonnes['grid']:,.0f} t, {carbon.grid.value:,.0f} kg/MWh"
    return rows


def months_line(case: Case) -> str:
    """The twelve months' yield of the new array as a line of blocks, with its ends."""
    from energy.weather.quality import MONTHS

    month, eight = case.weather.local_middle.month, blocks()
    kwh = [case.weather.per_year(case.solar_new * (month == number)) for number in range(1, 13)]
    most, least = max(kwh), min(kwh)
    line = "".join(eight[min(int(8 * value / most), 7)] if most else eight[0] for value in kwh)
    ends = ", ".join(f"{MONTHS[kwh.index(end)]} {end:,.0f}" for end in (least, most))
    return f"{line} Jan-Dec; {ends} kWh/kWdc"


def _show_proof(sized: Sizing) -> None:
    """What a sizing says beside its plant: what money is worth, and the certificate."""
    for name, value in sized.value.items():
        print(f"{name}: {value:,.2f}")
    if not sized.neighbours.empty:
        tried, met = len(sized.certificate), int(sized.certificate["met"].sum())
        print(
            f"certificate: of {tried} plants half a percent or more cheaper, {met} meet the target"
        )


def _show_arrays(arrays: pd.DataFrame) -> None:
    columns = (
        "mount", "tilt_deg", "max_angle_deg", "gcr_fraction", "dc_ac_ratio",
        "december_kwh_per_kwdc", "levelized_usd_per_mwh",
    )  # fmt: skip
    rows = [
        [show(name, value) for name, value in zip(columns, row, strict=True)]
        for row in arrays[list(columns)].head(8).itertuples(index=False)
    ]
    print_table(map(heading, columns), rows, left=(0,))


#: Draws of all prices behind `--uncertainty`.
PRICE_DRAWS = 128


def _uncertainty_of(sized: Sizing, quiet: bool) -> WeatherUncertainty:
    """How sure a sizing is by its weather, and its cost by prices too."""
    from energy.analysis.monte_carlo import monte_carlo
    from energy.sizing import weather_uncertainty

    drawn = monte_carlo(
        [sized.case],
        sized.target,
        draws=PRICE_DRAWS,
        weather=False,
        progress=progress(quiet, "draws"),
    )
    factors = drawn.levelized_usd_per_mwh[:, 0] / drawn.base_usd_per_mwh[0]
    return weather_uncertainty(sized, price_factors=factors)


def _show_uncertainty(found: WeatherUncertainty) -> None:
    rows = [
        (heading(str(name)), *(show(str(name), row[key]) for key in ("value", "low", "high")))
        for name, row in found.frame.iterrows()
    ]
    print_table(("90 % interval", "value", "low", "high"), rows, left=(0,))
    if found.cost_interval is not None:
        parts = [
            (f"by {name} alone", *(f"{end:,.1f}" for end in ends))
            for name, ends in found.cost_interval.to_dict()["parts"].items()
            if ends is not None
        ]
        print_table(("levelized cost [$/MWh]", "low", "high"), parts, left=(0,))
    most = float(found.single_years["annual_usd"].max())
    years = [
        (
            str(year),
            show("annual_usd", row["annual_usd"]) if row["annual_usd"] > 0 else "no plant",
            bar(row["annual_usd"] / most),
            f"{row['served_fraction']:.4%}",
        )
        for year, row in found.single_years.iterrows()
    ]
    print_table(("year", "M$ a year, sized alone", "", "energy served"), years, left=(0, 2))
    print(
        f"nines of the hours: at least {found.nines_at_least:.1f} with 95 % confidence; so many "
        f"years can support {found.nines_supported:.1f}"
    )
    for note in found.notes:
        print(note)


def _show_frontier(curve: Frontier | BackupFrontier) -> None:
    from energy.sizing import Frontier

    case, frame = curve.case, curve.frame
    title = f"{case.site.title}: {case.datacenter.it_mw:g} MW of computers"
    print(printable(f"{title}, {case.assumptions.dollars}"))
    columns = ["annual_usd", "levelized_usd_per_mwh", "", "solar_mw", "battery_mwh", "battery_mw"]
    if isinstance(curve, Frontier):
        start = "the charge that the end leaves" if curve.cyclic else "full"
        print(f"{case.weather.years} weather year(s); the battery starts with {start}\n")
        columns = ["served_fraction", *columns, "marginal_usd_per_mwh", "available_fraction",
                   "longest_event_h"]  # fmt: skip
        columns += ["array"] * ("array" in frame)
    else:
        print(f"{curve.target.description}, {case.assumptions.backup.words}\n")
        columns = ["max_backup_energy_fraction", "backup_energy_fraction", *columns, "backup_mw",
                   "reserve_conservatism"]  # fmt: skip
    most = float(frame["levelized_usd_per_mwh"].max())
    rows = [
        [
            (row[name] if name == "array" else show(name, float(row[name])))
            if name
            else bar(row["levelized_usd_per_mwh"] / most, 16)
            for name in columns
        ]
        for _, row in frame.iterrows()
    ]
    heads = [heading(name) if name else "" for name in columns]
    texts = {"", "array"}
    print_table(heads, rows, left=[at for at, name in enumerate(columns) if name in texts])
    if isinstance(curve, Frontier) and curve.unreachable:
        fractions = ", ".join(f"{fraction:g}" for fraction in curve.unreachable)
        print(f"no plant within the limits serves {fractions} of the energy")
