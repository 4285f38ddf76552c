"""The money of a plant as a spreadsheet: its formulas give the values that stand in it."""

from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest

import energy as en
from energy import cli
from energy.finance import Terms, after_tax
from energy.finance.spreadsheet import spreadsheet

openpyxl = pytest.importorskip("openpyxl")


@pytest.fixture(scope="module")
def money():
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    plant = en.evaluate(case, en.Design(solar_mw=900, battery_mwh=3000, battery_mw=380))
    return after_tax(plant.cost, Terms(debt_fraction=0.5))


@pytest.fixture(scope="module")
def books(money):
    content = spreadsheet(money)
    return [openpyxl.load_workbook(io.BytesIO(content), data_only=only) for only in (False, True)]


def amount(formula: str, sheet) -> float:
    """What a formula gives from the values of the other cells."""

    def value(match: re.Match[str]) -> str:
        return repr(float(sheet[match.group().replace("$", "")].value))

    def cells(span: str) -> list[float]:
        return [float(one.value) for row in sheet[span] for one in row]

    if found := re.fullmatch(r"=SUM\((.*)\)", formula):
        return sum(cells(found[1]))
    if found := re.fullmatch(r"=NPV\(\$B\$3,(.*)\)\*\(1\+\$B\$3\)\^(-?\d+)", formula):
        rate, flows = float(sheet["B3"].value), cells(found[1])
        worth = sum(usd / (1 + rate) ** at for at, usd in enumerate(flows, start=1))
        return worth * (1 + rate) ** int(found[2])
    if found := re.fullmatch(r"=IRR\((.*),(.*)\)", formula):
        return float(en.finance.internal_rate(np.array(cells(found[1]))))
    return float(eval(re.sub(r"\$?[A-Z]+\$?\d+", value, formula[1:])))


def test_every_formula_gives_the_value_that_stands_beside_it(books):
    formulas, values = (book["Pro forma"] for book in books)
    checked = 0
    for row in formulas.iter_rows():
        for one in row:
            if isinstance(one.value, str) and one.value.startswith("="):
                shown = float(values[one.coordinate].value)
                assert amount(one.value, values) == pytest.approx(shown, rel=1e-9, abs=1e-3)
                checked += 1
    assert checked > 100


def test_it_holds_the_answer(money, books):
    sheet = books[1]["Pro forma"]
    labels = {row[0].value: row for row in sheet.iter_rows() if row[0].value}
    assert labels["net present value [$]"][1].value == pytest.approx(money.pro_forma.npv_usd)
    assert labels["internal rate of return"][1].value == pytest.approx(0.1)
    cash = [one.value for one in labels["cash flow [$]"][2:]]
    assert cash == pytest.approx(money.frame["cash_flow_usd"].tolist())
    assert [one.value for one in labels["year"][2:]] == list(money.frame.index)
    parts = books[1]["Parts"]
    usd = [row[1].value for row in parts.iter_rows(min_row=2)]
    assert sum(usd) == pytest.approx(money.cost.capital_usd)
    terms = {row[0].value: row for row in books[1]["Terms"].iter_rows(min_row=2)}
    assert terms["terms.debt_fraction"][1].value == 0.5
    assert [row[0].value for row in books[1]["Notes"].iter_rows(min_row=2)] == money.notes


def test_the_command_writes_it_and_refuses_other_names(monkeypatch, capsys, tmp_path):
    path = tmp_path / "plant.xlsx"
    words = ["energy", "finance", "el-paso", "--served-fraction", "0.5", "--array", "assumed"]
    monkeypatch.setattr(sys, "argv", [*words, "--xlsx", str(path)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    assert openpyxl.load_workbook(path).sheetnames == ["Pro forma", "Parts", "Terms", "Notes"]
    assert [one.name for one in tmp_path.iterdir()] == ["plant.xlsx"]
    bad = tmp_path / "none" / "plant.xls"
    monkeypatch.setattr(sys, "argv", [*words, "--xlsx", str(bad)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "a file ending in .xlsx" in told
    assert "is no folder" in told
