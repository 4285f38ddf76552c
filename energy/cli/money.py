"""Money after tax, for the commands of a plant, and `energy finance`.

In: `MoneyOptions`, a plant. Out: a record for JSON, a line or the pro forma on stdout.
"""

from __future__ import annotations

from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from energy.cli.inputs import (
    Problems,
    arrays_from,
    case_from,
    check_files,
    sizer_from,
    target_from,
)
from energy.cli.options import (
    ArrayOptions,
    AssumptionOptions,
    DatacenterOptions,
    MoneyOptions,
    OutputOptions,
    PlantOptions,
    SiteOption,
    TargetOptions,
    WeatherOptions,
    command,
)
from energy.cli.render import print_json, print_table, printable, progress, say
from energy.errors import InputError
from energy.units import heading, show

if TYPE_CHECKING:
    from energy.case import Case
    from energy.evaluation import Evaluation
    from energy.finance import AfterTax, Terms

app = typer.Typer()

#: What the price after tax does not know beside a life.
AS_BUILT = "the price after tax is that of the plant as it is first built, kept up by its O&M"

#: Columns of the pro forma that are printed; all are in its CSV.
PRINTED = (
    "price_usd_per_mwh", "revenue_usd", "om_usd", "fuel_usd", "augmentation_usd",
    "debt_service_usd", "federal_tax_usd", "itc_usd", "cash_flow_usd",
)  # fmt: skip


def terms_from(words: MoneyOptions, price_usd_per_mwh: float | None = None) -> Terms:
    """The terms that the options give, the rest as shipped."""
    from energy.finance import Terms
    from energy.finance.recovery import credits_of

    given: dict[str, Any] = {
        "start": words.starts,
        "in_service": words.in_service,
        "equity_irr_fraction": words.equity_irr_fraction,
        "debt_fraction": words.debt_fraction,
        "debt_rate_fraction": words.debt_rate_fraction,
        "debt_years": words.debt_years,
        "price_usd_per_mwh": price_usd_per_mwh,
        "energy_community": words.energy_community,
        "domestic_content": words.domestic_content,
    }
    terms = Terms(**{name: value for name, value in given.items() if value is not None})
    credits_of(terms, ("battery",), "US", 1.0)  # dates that no law file knows are told now
    return terms


def after_tax_only(words: MoneyOptions) -> None:
    """Refuse terms of money where nothing is made of them without --after-tax.

    Raises
    ------
    InputError
        Naming the options.
    """
    given = [
        f"--{field.name.replace('_', '-')}"
        for field in fields(words)
        if getattr(words, field.name) not in (None, False)
    ]
    if given and not words.after_tax:
        raise InputError(f"{', '.join(given)}: costs are before tax here; add --after-tax")


def check_spreadsheet(path: Path | None) -> None:
    """Refuse a spreadsheet that cannot be written, before anything is worked out.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    if path is None:
        return
    from energy.files import unwritable
    from energy.finance.spreadsheet import NO_WRITER

    problems = []
    if path.suffix.lower() != ".xlsx":
        problems.append(f"--xlsx is a file ending in .xlsx; got {path}")
    if told := unwritable(path):
        problems.append(f"{path}: {told}")
    if find_spec("xlsxwriter") is None:
        problems.append(NO_WRITER)
    if problems:
        raise InputError(problems)


def on_terms(case: Case, terms: Terms, *, after_tax: bool) -> Case:
    """The question with costs after tax, where that is asked for."""
    if not after_tax:
        return case
    return case.replace(assumptions=case.assumptions.replace(terms=terms))


def with_money(record: dict[str, Any], evaluation: Evaluation, terms: Terms) -> dict[str, Any]:
    """A plant's record for JSON and its money after tax."""
    from energy.finance import after_tax

    found = after_tax(evaluation.cost, terms).to_dict()
    if "life" in record:
        found["notes"] = [*found["notes"], AS_BUILT]
    return record | {"finance": found}


def show_money(evaluation: Evaluation, terms: Terms, *, life: bool) -> None:
    """The price after tax in a line; `life`: the years of the plant are shown too."""
    from energy.finance import after_tax

    say(_line(after_tax(evaluation.cost, terms)) + (f"; {AS_BUILT}" if life else ""))
    print()


def _line(money: AfterTax) -> str:
    known = money.itc_fraction.items()
    shown = ", ".join(f"{part.replace('_', ' ')} {100 * f:g} %" for part, f in known)
    return (
        f"after tax: {money.price_usd_per_mwh:,.1f} $/MWh in the first year, growing with "
        f"inflation, gives equity {money.pro_forma.irr_fraction:.2%} (construction "
        f"{money.credits.start}, power {money.credits.in_service}; tax credit: {shown})"
    )


@command(app)
def finance(
    place: SiteOption,
    target_options: TargetOptions,
    hours: WeatherOptions,
    computers: DatacenterOptions,
    assumed: AssumptionOptions,
    parts: PlantOptions,
    arrays: ArrayOptions,
    paid: MoneyOptions,
    output: OutputOptions,
    price_usd_per_mwh: Annotated[
        float | None,
        typer.Option(
            "--price-usd-per-mwh",
            help="What the load pays in the first year; without it what gives the wanted return",
        ),
    ] = None,
    xlsx: Annotated[
        Path | None,
        typer.Option("--xlsx", help="Also write a spreadsheet with formulas: an .xlsx file"),
    ] = None,
) -> None:
    """The cash flow of the cheapest plant after tax, and the price that gives its owner a return.

    The plant is sized after tax, with or without --after-tax.
    """
    from energy.finance import after_tax, price
    from energy.sizing import choose_array
    from energy.tables import write_result

    with Problems() as problems:
        with problems:
            check_files(output.csv)
        with problems:
            check_spreadsheet(xlsx)
        with problems:
            target = target_from(target_options)
        sizer = sizer_from(parts, assumed.backup)
        with problems:
            choices = arrays_from(arrays, assumed)
        with problems:
            terms = terms_from(paid, price_usd_per_mwh)
        with problems:
            case = case_from(place, hours, computers, assumed)
    case = on_terms(case, terms, after_tax=True)
    if choices is None:
        sized = sizer(case, target)
    else:
        bar = progress(output.quiet, "arrays")
        sized = choose_array(case, target, sizer=sizer, progress=bar, **choices).sizing
    found = after_tax(sized.evaluation.cost, terms)
    if output.csv is not None:
        write_result(found, output.csv)
    if xlsx is not None:
        from energy.files import replace_file
        from energy.finance.spreadsheet import spreadsheet

        replace_file(xlsx, spreadsheet(found))
    if output.as_json:
        record = {"site": case.site.name, "design": sized.design.model_dump()}
        print_json(record | {"finance": found.to_dict(), "pro_forma": found.pro_forma.to_dict()})
        return
    print(printable(f"{case.site.title}: {sized.title}") + "\n")
    say(_line(found))
    costs, evaluation = found.pro_forma, sized.evaluation
    plain = evaluation.case.replace(assumptions=evaluation.case.assumptions.before_tax)
    before = price(replace(evaluation.run, case=plain)).levelized_usd_per_mwh
    say(
        f"levelized cost {costs.lcoe_nominal_usd_per_mwh:,.1f} $/MWh nominal, "
        f"{costs.lcoe_real_usd_per_mwh:,.1f} real; before tax, annualized: "
        f"{before:,.1f}"
    )
    say(
        f"least debt service coverage {costs.min_dscr:.2f}; payback after "
        f"{costs.payback_years:.1f} years; a month of idle computers "
        f"{found.waiting_usd_per_month / 1e6:,.1f} M$"
    )
    print()
    rows = [
        [str(year), *(show(name, row[name]) for name in PRINTED)]
        for year, row in found.frame.iterrows()
    ]
    print_table(("year", *map(heading, PRINTED)), rows, left=(0,))
    for note in [] if output.quiet else found.notes:
        say(note)
