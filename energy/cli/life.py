"""What wears and what breaks, for the commands of one plant.

In: `LifeOptions`, a plant. Out: records for JSON, tables on stdout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from energy.cli.options import LifeOptions, PlantOptions
from energy.cli.render import print_table
from energy.errors import InputError
from energy.units import heading, show

if TYPE_CHECKING:
    import pandas as pd

    from energy.case import Case
    from energy.evaluation import Evaluation
    from energy.life import Life
    from energy.outages import FailureRun
    from energy.sizing import Target


def check_life(
    words: LifeOptions, *, parts: PlantOptions | None = None, backup: str | None = None
) -> None:
    """Refuse options that do not go together; `parts` are those that sizing may take.

    Raises
    ------
    InputError
        With all of them.
    """
    problems = []
    if not words.life:
        problems += [
            f"{name} goes with --life"
            for name, value in (
                ("--over-life", words.over_life), ("--augmentation", words.augmentation),
            )
            if value is not None
        ]  # fmt: skip
    elif parts is None and words.over_life is not None:
        problems.append("--over-life is for sizing; energy run shows every year")
    elif parts is None and words.augmentation == "chosen":
        problems.append(
            "energy run takes --augmentation none or keep; energy size --life chooses additions"
        )
    elif parts is not None and (backup or parts.grid_mw):
        problems.append("--life sizes PV and battery alone; leave out backup and grid")
    if words.failures_in_target:
        if parts is None:
            problems.append("--failures-in-target is for sizing; energy run takes --failures")
        elif parts.grid_mw or parts.max_backup_energy_fraction is not None:
            problems.append(
                "--failures-in-target adds PV and battery, or engines with --backup; leave out "
                "--grid-mw and --max-backup-energy-fraction"
            )
        if words.life:
            problems.append(
                "--failures-in-target sizes the plant as it is built; leave out --life, or take "
                "--failures to see them beside its years"
            )
    if problems:
        raise InputError(problems)


def check_life_target(words: LifeOptions, target: Target) -> None:
    """Refuse a target that is not sized for over a life, or with failures.

    Raises
    ------
    InputError
        Over a life for any but a fraction of the energy; with failures for what they have no
        measure for.
    """
    from energy.sizing.failure_sizing import failure_target_problem

    problems = []
    if words.life and not target.is_exact:
        problems.append(f"--life sizes for --served-fraction; got {target.name}")
    if words.failures_in_target and (problem := failure_target_problem(target)):
        problems.append(problem)
    if problems:
        raise InputError(problems)


def life_of(words: LifeOptions, evaluation: Evaluation) -> Life | None:
    """The years of a plant that was given; None where they were not asked for."""
    from energy.life import live

    return live(evaluation, augmentation=words.augmentation or "none") if words.life else None


def life_sizer(words: LifeOptions) -> Callable[[Case, Target], Life] | None:
    """What sizes a case for its years; None where that was not asked for."""
    from functools import partial

    from energy.sizing import size_for_life

    if not words.life:
        return None
    return partial(
        size_for_life,
        augmentation=words.augmentation or "chosen",
        over_life=words.over_life or "mean",
    )


def failures_of(words: LifeOptions, evaluation: Evaluation) -> FailureRun | None:
    """The plant with failures; None where they were not asked for."""
    from energy.outages import fail

    return fail(evaluation.run) if words.failures else None


def with_life(
    record: dict[str, Any], failures: FailureRun | None, life: Life | None
) -> dict[str, Any]:
    """A plant's record for JSON, and what it says of failures and of its years."""
    if failures is not None:
        record |= failures.plant_record
    if life is not None:
        record |= life.to_dict()
        record["notes"] = [*record["notes"], *life.notes]
    return record


def show_life(failures: FailureRun | None, life: Life | None) -> None:
    """Reliability with failures beside that without, and the years of life."""
    if failures is not None:
        _show_failures(failures)
    if life is None:
        return
    columns = ("solar_fraction", "battery_fraction", "served_fraction", "lolh_hours_per_year")
    frame = life.frame
    shown = [1, *range(5, len(frame) + 1, 5)]
    rows = [
        [str(year), *(show(name, frame[name].to_numpy()[year - 1]) for name in columns)]
        for year in shown
    ]
    print_table(("year of service", *map(heading, columns)), rows, left=(0,))
    added = life.augmentation
    if len(added):
        rows = [
            [
                str(row["year"]), str(row["kind"]), show("battery_mwh", row["battery_mwh"]),
                show("capital_usd", row["usd"]),
            ]
            for row in added.to_dict(orient="records")
        ]  # fmt: skip
        print_table(
            ("at the start of year", "what", heading("battery_mwh"), heading("capital_usd")),
            rows,
            left=(0, 1),
        )
    print(f"levelized cost over the life: {life.levelized_usd_per_mwh:,.1f} $/MWh served")


def show_one_more(table: pd.DataFrame) -> None:
    """What one part more would take off the hours that are not served in full.

    Parameters
    ----------
    table
        That of `energy.outages.one_more`.
    """
    columns = ("change_lolh_hours_per_year", "standard_error_lolh_hours_per_year")
    rows = [
        [str(part), *(show("lolh_hours_per_year", value) for value in (-change, error))]
        for part, change, error in table.drop(index="as it is")[list(columns)].itertuples()
    ]
    print_table(("one part more", "takes off LOLH [h a year]", "standard error"), rows, left=(0,))


def _show_failures(failures: FailureRun) -> None:
    from energy.reliability import assess

    without, found = assess(failures.run).to_dict(), failures.availability_with_failures
    rows = [
        [
            heading(name), show(name, without[name]), show(name, value),
            show(name, failures.standard_errors[name]),
        ]
        for name, value in found.items()
    ]  # fmt: skip
    print_table(("", "weather alone", "with failures", "standard error"), rows, left=(0,))
    causes = failures.outage_hours_by_cause
    told = ", ".join(f"{cause} {hours:,.1f}" for cause, hours in causes.items())
    print(f"hours a year that are not served in full, by cause: {told}\n")
    _show_survival(failures)


#: Lengths of an outage that the survival table has [h].
OUTAGES_H = (1, 4, 12, 24, 48, 72)

#: Heads of the columns of `ride_through`.
RIDDEN_BY = {
    "probability": "battery alone",
    "with_sun": "and sun",
    "with_engines": "battery and {backup}",
    "with_sun_and_engines": "and sun",
}


def _show_survival(failures: FailureRun) -> None:
    """Probability to ride through an outage of all else, by its length."""
    from energy.outages import ride_through

    found = ride_through(failures.run, OUTAGES_H[-1])
    rows = [
        [f"{hours}", *(f"{probability:.1%}" for probability in found.loc[hours])]
        for hours in OUTAGES_H
    ]
    words = failures.run.case.assumptions.backup.words
    heads = ("outage of [h]", *(RIDDEN_BY[name].format(backup=words) for name in found.columns))
    print("probability to serve all load through an outage that begins at any time, by")
    print_table(heads, rows, left=(0,))
