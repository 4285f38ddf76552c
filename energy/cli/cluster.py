"""The command about computers: a training run as chips, wafers, MW and money, and back.

In: options. Out: a table or JSON on stdout.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from energy.cli.inputs import check_files, cluster_from
from energy.cli.options import OutputOptions, command
from energy.cli.render import print_json, print_table, printable
from energy.errors import InputError

if TYPE_CHECKING:
    from energy.datacenter.cluster import Cluster, Trainable

app = typer.Typer()


@command(app)
def cluster(
    output: OutputOptions,
    flop: Annotated[float | None, typer.Option("--flop", help="Size of the run [FLOP]")] = None,
    days: Annotated[float, typer.Option("--days", help="Days for it")] = 1.0,
    accelerator: Annotated[
        str | None,
        typer.Option(
            "--accelerator", help="h100, b200, gb200-nvl72, wse-3 or wafer-3nm (default h100)"
        ),
    ] = None,
    yield_model: Annotated[
        str | None,
        typer.Option("--yield-model", help="murphy (default), poisson, seeds, negative-binomial"),
    ] = None,
    yield_fraction: Annotated[
        float | None, typer.Option("--yield-fraction", help="Fraction of good dies, no model")
    ] = None,
    defects_per_cm2: Annotated[
        float | None, typer.Option("--defects-per-cm2", help="Defects of the wafer [1/cm²]")
    ] = None,
    utilization: Annotated[
        float | None, typer.Option("--utilization", help="Fraction of peak arithmetic used")
    ] = None,
    parameters: Annotated[
        float | None, typer.Option("--parameters", help="Of the model, for memory and network")
    ] = None,
    plant_mw: Annotated[
        float | None, typer.Option("--plant-mw", help="The way back: what this load trains [MW]")
    ] = None,
    served_fraction: Annotated[
        float, typer.Option("--served-fraction", help="Fraction of the plant's energy served")
    ] = 1.0,
    file: Annotated[
        Path | None, typer.Option("--cluster", help="A TOML file of a cluster instead")
    ] = None,
) -> None:
    """Turn a training run into chips, wafers, megawatts and money, or megawatts into runs."""
    from energy.datacenter import read_cluster, trainable
    from energy.tables import write_result

    check_files(output.csv)
    given = (
        flop, accelerator, yield_model, yield_fraction, defects_per_cm2, utilization, parameters,
    )  # fmt: skip
    if file is not None and any(value is not None for value in given):
        raise InputError("--cluster gives the run and the accelerator; give it without their flags")
    if file is not None:
        built = read_cluster(file)
    else:
        built = cluster_from(
            {"flop": flop, "days": days, "parameters": parameters}
            | {"utilization_fraction": utilization},
            {"name": accelerator or "h100", "defects_per_cm2": defects_per_cm2},
            yield_model,
            yield_fraction,
        )
    answer: Cluster | Trainable = built
    if plant_mw is not None:
        answer = trainable(
            built.training, built.accelerator, plant_mw=plant_mw, served_fraction=served_fraction
        )
    if output.csv is not None:
        write_result(answer, output.csv)
    if output.as_json:
        print_json(answer.to_dict())
        return
    rows = _cluster_rows(built) if answer is built else _trainable_rows(answer)  # type: ignore[arg-type]
    print_table(("", ""), rows.items(), left=(0, 1))
    for note in [] if output.quiet or answer is not built else built.notes:
        print(printable(note))


def _trainable_rows(answer: Trainable) -> dict[str, str]:
    return {
        "plant": f"{answer.plant_mw:,.1f} MW, PUE {answer.pue:.3f}, "
        f"{answer.served_fraction:g} of the energy served",
        "accelerator": f"{answer.accelerator.name}, {answer.installed:,} installed",
        "a day": f"{answer.flop_per_day:.3g} FLOP",
        "a year": f"{answer.flop_per_year:.3g} FLOP",
        f"runs of {answer.training.flop:.3g} FLOP": f"{answer.runs_per_year:,.2f} a year",
        "  each": f"{answer.days_per_run:,.2f} days",
    }


def _cluster_rows(cluster: Cluster) -> dict[str, str]:
    run, accelerator = cluster.training, cluster.accelerator
    silicon = accelerator.silicon
    low, high = cluster.ends
    rows = {
        "run": f"{run.flop:.3g} FLOP in {run.days:g} days",
        "  arithmetic": f"{cluster.flop_per_s:.3g} FLOP/s at {run.utilization_fraction:g} of peak",
        "accelerator": f"{accelerator.name}, {accelerator.flop_per_s:.3g} FLOP/s, "
        f"{accelerator.power_kw:g} kW",
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
    return rows | {
        "nameplate power": f"{cluster.nameplate_mw:,.1f} MW",
        "  low-high": f"{low.nameplate_mw:,.0f}-{high.nameplate_mw:,.0f} MW",
        "IT load in training": f"{cluster.it_load_mw:,.1f} MW",
        "capital": f"{cluster.capital_usd / 1e6:,.0f} M$",
        "  prices low-high": f"{low.capital_usd / 1e6:,.0f}-{high.capital_usd / 1e6:,.0f} M$",
    }
