"""Results as tables: what is shown, what files hold, and that they come back as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.tables import check_place, html_table, write_table

RESULTS = ["Comparison", "Sizing", "Frontier", "Sensitivity", "MonteCarlo", "Availability", "Cost",
"Evaluation",
           "Dispatch", "WeatherUncertainty"]  # fmt: skip


@pytest.fixture(scope="module")
def results(el_paso: en.Case) -> dict[str, object]:
    ranking = en.compare(["el-paso", "phoenix"], served_fraction=0.9)
    sizing = ranking.sizings[0]
    return {
        "Comparison": ranking,
        "Sizing": sizing,
        "Frontier": en.frontier(el_paso, [0.5, 0.9, 1.0]),
        "Sensitivity": en.sensitivity(el_paso, served_fraction=0.9),
        "MonteCarlo": en.monte_carlo(ranking, served_fraction=0.9, draws=4),
        "Availability": sizing.evaluation.availability,
        "Cost": sizing.evaluation.cost,
        "Evaluation": sizing.evaluation,
        "Dispatch": sizing.evaluation.run,
        "WeatherUncertainty": en.weather_uncertainty(sizing, draws=2),
    }


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("ending", [".json", ".parquet", ".csv"])
def test_a_result_comes_back_from_a_file_as_it_was(results, name, ending, tmp_path):
    result, path = results[name], tmp_path / f"result{ending}"
    en.write_result(result, path)
    back = en.read_result(path)
    if ending == ".csv":
        # The table alone, every digit, its index as the first column.
        frame = result.frame
        counted = isinstance(frame.index, pd.RangeIndex)
        numbers = frame.select_dtypes("number").columns
        pd.testing.assert_frame_equal(
            back.frame[numbers].astype(float),
            frame[numbers].reset_index(drop=True).astype(float),
            check_exact=True,
        )
        assert len(back.frame.columns) == len(frame.columns) + (not counted)
        return
    pd.testing.assert_frame_equal(back.frame, result.frame, check_exact=True, check_freq=False)
    assert back.kind == type(result).__name__
    assert back.record == (result.to_dict() if hasattr(result, "to_dict") else {})


@pytest.mark.parametrize("name", RESULTS)
def test_a_notebook_shows_a_caption_units_and_no_long_tail_of_digits(results, name):
    shown = results[name]._repr_html_()
    assert shown.startswith("<table><caption>")
    assert "[M" in shown or "[$" in shown or "[%]" in shown
    cells = [cell.split("<")[0] for cell in shown.split('text-align:right">')[1:]]
    assert max(len(cell) for cell in cells if cell.replace(".", "").isdigit()) <= 9


def test_cells_by_hand():
    frame = pd.DataFrame(
        {"capital_usd": [1_911_600_000.0], "served_fraction": [0.99], "battery_mwh": [3320.4],
         "levelized_usd_per_mwh": [169.97], "nines": [np.inf], "marginal_usd_per_mwh": [np.nan],
         "eue_mwh_per_year": [12345.6], "first_year": [1999.0]},
        index=pd.Index(["<script>alert(1)</script>"], name="site"),
    )  # fmt: skip
    shown = html_table(frame, "a & b")
    for head in (
        "capital [M$]",
        "energy served [%]",
        "battery [MWh]",
        "levelized cost [$/MWh]",
        "nines of the hours",
        "EUE [MWh a year]",
    ):
        assert f"<th>{head}</th>" in shown
    cells = [cell.split("<")[0] for cell in shown.split('text-align:right">')[1:]]
    assert cells == ["1,912", "99", "3,320", "170", "∞", "", "12,346", "1999"]
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<caption>a &amp; b</caption>" in shown


def test_by_row_the_rows_names_carry_the_units():
    frame = pd.DataFrame({"value": {"cost.capital_usd": 2e6, "solar.kwh_per_kwdc_year": 1659.2}})
    shown = html_table(frame, "", by_row=True)
    assert "<th>cost: capital [M$]</th>" in shown
    assert "<th>solar: yield when new [kWh/kWdc a year]</th>" in shown
    assert ">2<" in shown
    assert ">1,659<" in shown


def test_times_and_infinities_come_back_from_json(tmp_path):
    frame = pd.DataFrame(
        {"nines": [np.inf, -np.inf, np.nan], "whole": [1, 2, 3], "yes": [True, False, True],
         "start": pd.date_range("2018-01-01", periods=3, freq="h", tz="UTC")},
    )  # fmt: skip
    write_table(frame, tmp_path / "a.json")
    pd.testing.assert_frame_equal(en.read_result(tmp_path / "a.json").frame, frame)


# --- what is refused ---------------------------------------------------------------------------


def test_places_that_cannot_be_written_are_refused_and_the_old_file_stays(tmp_path):
    frame = pd.DataFrame({"a": [1.0]})
    (tmp_path / "folder.csv").mkdir()
    old = tmp_path / "old.csv"
    old.write_text("old")
    old.chmod(0o400)
    for name, told in {"a.txt": "tables end in .csv, .parquet, .json; got '.txt'",
                       "folder.csv": "is a folder", "none/a.csv": "cannot be written",
                       "old.csv": "is read-only"}.items():  # fmt: skip
        with pytest.raises(en.InputError, match=told):
            write_table(frame, tmp_path / name)
    assert old.read_text() == "old"


def test_places_are_checked_before_the_work(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name, told in {"a": "tables end in", "folder.csv": "is a folder",
                       "none/a.csv": "is no folder"}.items():  # fmt: skip
        with pytest.raises(en.InputError, match=told):
            check_place(tmp_path / name)
    check_place(tmp_path / "good.json")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2", b'{"kind": "x", "frame": 3}', b"\xff"])
@pytest.mark.parametrize("name", ["a.json", "a.parquet"])
def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(en.InputError, match="not a table that sunrack wrote"):
        en.read_result(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(en.InputError, match="no such file"):
        en.read_result(tmp_path / "a.csv")
