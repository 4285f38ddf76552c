"""The money of a plant after tax as a spreadsheet, with formulas that can be followed.

In: `AfterTax`. Out: the bytes of an .xlsx file: pro forma, parts, terms, notes.

Of the pro forma, EBITDA, debt service, cumulative cash flow, totals, net present value and
internal rate of return are formulas; each carries its value, so that a viewer that does not
calculate shows it. It needs `xlsxwriter`, the extra `sunrack[xlsx]`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from energy.errors import InputError
from energy.finance.after_tax import AfterTax
from energy.parameters import parameters_of
from energy.units import heading

NO_WRITER = "a spreadsheet needs xlsxwriter: pip install 'sunrack[xlsx]'; or write --csv"

#: Columns of the pro forma that are sums of others: what is added, and what is taken off.
SUMS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ebitda_usd": (
        ("revenue_usd", "salvage_usd"),
        ("om_usd", "fuel_usd", "insurance_usd", "property_tax_usd"),
    ),
    "debt_service_usd": (("interest_usd", "principal_usd"), ()),
}

#: Columns whose sum over the years says nothing.
WITHOUT_TOTAL = ("price_usd_per_mwh", "debt_usd", "reserve_usd", "cumulative_usd")

#: Where the table of the pro forma begins: its row of years, and its first column of a year.
YEARS_ROW, FIRST_YEAR = 7, 2


def spreadsheet(money: AfterTax) -> bytes:
    """The cash flow by year and what it rests on, as an .xlsx file.

    Raises
    ------
    InputError
        Where `xlsxwriter` is not installed.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise InputError(NO_WRITER) from None
    content = io.BytesIO()
    options = {"in_memory": True, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(content, options) as book:
        formats = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format({"bold": True, "bottom": 1}),
            "number": book.add_format({"num_format": "#,##0;[Red]-#,##0"}),
            "price": book.add_format({"num_format": "#,##0.00"}),
            "percent": book.add_format({"num_format": "0.00%"}),
            "bold": book.add_format({"bold": True, "num_format": "#,##0;[Red]-#,##0"}),
        }
        _pro_forma(book.add_worksheet("Pro forma"), money, formats)
        _table(book.add_worksheet("Parts"), _parts(money), formats)
        _table(book.add_worksheet("Terms"), _terms(money), formats)
        notes = pd.DataFrame({"note": money.notes})
        _table(book.add_worksheet("Notes"), notes, formats)
    return content.getvalue()


def _pro_forma(sheet: Any, money: AfterTax, formats: Mapping[str, Any]) -> None:
    """One row an amount, one column a year, as such tables are read."""
    from xlsxwriter.utility import xl_rowcol_to_cell as cell

    found = money.pro_forma
    frame = found.frame
    rows = {str(name): YEARS_ROW + 1 + at for at, name in enumerate(frame.columns)}
    last = FIRST_YEAR + len(frame) - 1
    sheet.write(0, 0, money.cost.run.case.title, formats["title"])
    sheet.write(1, 0, f"{money.cost.run.case.assumptions.dollars}; amounts are nominal")
    discount = float(found.options["discount_fraction"])
    flows = [cell(rows["cash_flow_usd"], at) for at in (FIRST_YEAR, last)]
    first = int(frame.index[0])
    sheet.write(2, 0, "discount rate")
    sheet.write(2, 1, discount, formats["percent"])
    # NPV counts its first amount as a year away; years of construction lie before year 0.
    npv = f"=NPV($B$3,{flows[0]}:{flows[1]})*(1+$B$3)^{1 - first}"
    _summary(sheet, 3, "net present value [$]", npv, found.npv_usd, formats["number"])
    rate = found.irr_fraction
    irr = f"=IRR({flows[0]}:{flows[1]},{rate if math.isfinite(rate) else 0.1:.4f})"
    _summary(sheet, 4, "internal rate of return", irr, rate, formats["percent"])
    sheet.write(5, 0, "levelized cost, nominal [$/MWh]")
    sheet.write(5, 1, found.lcoe_nominal_usd_per_mwh, formats["price"])
    sheet.write(YEARS_ROW, 0, "year", formats["head"])
    sheet.write(YEARS_ROW, 1, "total", formats["head"])
    for at, year in enumerate(frame.index):
        sheet.write(YEARS_ROW, FIRST_YEAR + at, int(year), formats["head"])
    for name, row in rows.items():
        kind = formats["price"] if name == "price_usd_per_mwh" else formats["number"]
        sheet.write(row, 0, _heading(name))
        values = frame[name].to_numpy(dtype=float)
        if name not in WITHOUT_TOTAL:
            span = f"{cell(row, FIRST_YEAR)}:{cell(row, last)}"
            sheet.write_formula(row, 1, f"=SUM({span})", formats["bold"], float(values.sum()))
        formula = _formula_of(name, rows, cell)
        for at, value in enumerate(values):
            column = FIRST_YEAR + at
            if formula is None:
                sheet.write_number(row, column, float(value), kind)
            else:
                sheet.write_formula(row, column, formula(column), kind, float(value))
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, last, 14)
    sheet.freeze_panes(YEARS_ROW + 1, FIRST_YEAR)


def _summary(sheet: Any, row: int, label: str, formula: str, value: float, form: Any) -> None:
    sheet.write(row, 0, label)
    shown: float | str = float(value) if math.isfinite(value) else "none"
    sheet.write_formula(row, 1, formula, form, shown)


def _formula_of(
    name: str, rows: Mapping[str, int], cell: Callable[[int, int], str]
) -> Callable[[int], str] | None:
    """The formula of an amount in a year's column; None where it has none."""
    if name == "revenue_usd":
        return lambda at: (
            "=" + "*".join(cell(rows[part], at) for part in ("energy_mwh", "price_usd_per_mwh"))
        )
    if name in SUMS:
        added, taken = SUMS[name]
        return lambda at: (
            "="
            + "+".join(cell(rows[part], at) for part in added)
            + "".join(f"-{cell(rows[part], at)}" for part in taken)
        )
    if name == "cumulative_usd":
        return lambda at: (
            "="
            + "+".join(
                [cell(rows["cash_flow_usd"], at)]
                + ([cell(rows[name], at - 1)] if at > FIRST_YEAR else [])
            )
        )
    return None


def _heading(name: str) -> str:
    """A column's heading, its money in dollars as it stands in the sheet."""
    return heading(name).replace("[M$ a year]", "[$]").replace("[M$]", "[$]")


def _parts(money: AfterTax) -> pd.DataFrame:
    """Each part's capital with its tax treatment."""
    capital = money.pro_forma.options["capital_usd"]
    return pd.DataFrame(
        {
            "part": list(capital),
            "capital [$]": [part.usd for part in capital.values()],
            "tax credit": [part.itc_fraction for part in capital.values()],
            "depreciation": [part.depreciation for part in capital.values()],
            "bonus depreciation": [part.bonus_fraction for part in capital.values()],
        }
    )


def _terms(money: AfterTax) -> pd.DataFrame:
    """The terms with their ranges and sources."""
    return parameters_of(money.terms).reset_index()


def _table(sheet: Any, frame: pd.DataFrame, formats: Mapping[str, Any]) -> None:
    for column, name in enumerate(frame.columns):
        sheet.write(0, column, str(name), formats["head"])
        values: Sequence[Any] = frame[name].tolist()
        for row, value in enumerate(values, start=1):
            if isinstance(value, float) and math.isnan(value):
                sheet.write_blank(row, column, None)
            else:
                sheet.write(row, column, value)
        widest = max([len(str(name)), *(len(str(value)) for value in values)], default=10)
        sheet.set_column(column, column, min(widest + 2, 100))
