"""The command about the wait for power: `energy time-to-power`.

In: options. Out: a table or JSON on stdout.
"""

from __future__ import annotations

from typing import Annotated, cast

import typer

from energy.cli.inputs import Problems, arrays_from, case_from, check_files, target_from
from energy.cli.money import after_tax_only, on_terms, terms_from
from energy.cli.options import (
    ArrayOptions,
    AssumptionOptions,
    DatacenterOptions,
    MoneyOptions,
    OutputOptions,
    SiteOption,
    TargetOptions,
    WeatherOptions,
    command,
)
from energy.cli.render import print_json, print_table, printable, progress, say
from energy.errors import InputError
from energy.units import heading, show

app = typer.Typer()

#: Columns of the table, after the option's name.
PRINTED = (
    "months_to_power", "first_served_fraction", "months_to_all", "served_fraction", "capital_usd",
    "power_usd_per_mwh", "waiting_usd_per_mwh", "total_usd_per_mwh",
)  # fmt: skip


@command(app, "time-to-power")
def time_to_power(
    place: SiteOption,
    target_options: TargetOptions,
    hours: WeatherOptions,
    computers: DatacenterOptions,
    assumed: AssumptionOptions,
    arrays: ArrayOptions,
    paid: MoneyOptions,
    output: OutputOptions,
    until_power: Annotated[
        str,
        typer.Option("--until-power", help="Computers are idle (bought) or unbought until then"),
    ] = "idle",
    waiting_usd_per_mw_month: Annotated[
        float | None,
        typer.Option(
            "--waiting-usd-per-mw-month", help="What a month without power costs, instead [$/MW]"
        ),
    ] = None,
) -> None:
    """Power and the wait for it: solar and battery, gas, the grid, and in stages."""
    from energy.analysis.time_to_power import time_to_power as ways
    from energy.finance.after_tax import Computers
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
            if assumed.backup is not None:
                raise InputError("--backup: every kind of backup is an option here; leave it out")
        with problems:
            after_tax_only(paid)
            terms = terms_from(paid)
        with problems:
            case = case_from(place, hours, computers, assumed)
    case = on_terms(case, terms, after_tax=paid.after_tax)
    if choices is not None:
        case = choose_array(case, target, **choices).case
    found = ways(
        case,
        target,
        computers=cast(Computers, until_power),
        waiting_usd_per_mw_month=waiting_usd_per_mw_month,
        progress=progress(output.quiet, "options"),
    )
    if output.csv is not None:
        write_result(found, output.csv)
    if output.as_json:
        print_json(found.to_dict())
        return
    print(printable(found.caption) + "\n")
    rows = []
    for name, row in found.frame.iterrows():
        ends = (row["total_low_usd_per_mwh"], row["total_high_usd_per_mwh"])
        shown = "-".join(show("total_usd_per_mwh", round(end)) for end in ends)
        rows.append([str(name), *(show(key, row[key]) for key in PRINTED), shown])
    heads = ("option", *map(heading, PRINTED), "by months")
    print_table(heads, rows, left=(0,))
    for note in [] if output.quiet else [*found.notes, *case.price_notes]:
        say(note)
