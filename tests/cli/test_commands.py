"""The command: its JSON contract, its tables, its exit codes."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest

import energy as en
from energy import cli, read_result

RESULT = {
    "weather": ["source", "first_year", "last_year", "years", "hours", "ghi_kwh_m2_day",
                "temp_air_c"],
    "solar": ["kwh_per_kwdc_year", "capacity_factor_ac"],
    "load": ["mean_mw", "pue"],
    "design": ["solar_mw", "battery_mwh", "battery_mw", "backup_mw"],
    "availability": ["served_fraction", "available_fraction", "nines", "lole_days_per_year",
                     "lolh_hours_per_year", "lolev_events_per_year", "eue_mwh_per_year",
                     "longest_event_h"],
    "cost": ["capital_usd", "annual_usd", "levelized_usd_per_mwh", "parts"],
    "carbon": ["kg_per_mwh", "low_kg_per_mwh", "high_kg_per_mwh", "t_per_year"],
}  # fmt: skip


@pytest.fixture
def energy(monkeypatch, capsys):
    """Runs the command; gives exit code, stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["energy", *words])
        code: int | str | None = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        return int(code or 0), out, err

    return call


def assert_contract(record: dict) -> None:
    assert set(record) == {"served_fraction", "it_mw", "sites"}
    for site in record["sites"]:
        assert isinstance(site["site"], str)
        for part, keys in RESULT.items():
            assert set(keys) <= set(site[part]), part
        assert site["sources"]
        parts = site["cost"]["parts"].values()
        assert sum(p["annual_usd"] for p in parts) == pytest.approx(site["cost"]["annual_usd"])


def test_compare_prints_ranked_sites_as_json(energy):
    code, out, err = energy(
        "compare", "wyoming", "el-paso", "--it-mw", "50", "--served-fraction", "0.95", "--json"
    )
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert_contract(record)
    assert (record["served_fraction"], record["it_mw"]) == (0.95, 50)
    assert [site["site"] for site in record["sites"]] == ["el-paso", "wyoming"]
    costs = [site["cost"]["levelized_usd_per_mwh"] for site in record["sites"]]
    assert costs == sorted(costs)
    assert "Fort Collins" in record["sites"][1]["weather"]["source"]


def test_size_and_run_of_the_same_plant_agree(energy):
    _, out, _ = energy("size", "phoenix", "--served-fraction", "0.9", "--json")
    sized = json.loads(out)
    assert_contract(sized)
    array = sized["sites"][0]["array"]
    assert array["chosen"] is True
    told = ("tilt_deg", "max_angle_deg", "gcr_fraction", "dc_ac_ratio")
    parts = sized["sites"][0]["design"] | {name: array[name] for name in told if array[name]}
    flags = [f"--{name.replace('_', '-')}={value!r}" for name, value in parts.items()]
    _, out, _ = energy("run", "phoenix", *flags, "--json")
    ran = json.loads(out)
    assert_contract(ran)
    assert ran["sites"][0]["availability"] == sized["sites"][0]["availability"]
    assert ran["sites"][0]["array"] == array | {"chosen": False}
    assert ran["served_fraction"] == sized["sites"][0]["availability"]["served_fraction"]


def test_sites_are_listed_as_json(energy):
    _, out, _ = energy("sites", "--json")
    sites = {site["site"]: site for site in json.loads(out)["sites"]}
    assert {"wyoming", "el-paso", "phoenix", "fort-collins", "greensboro"} <= set(sites)
    keys = {"site", "latitude_deg", "longitude_deg", "elevation_m", "years", "source",
            "real_years", "basis", "distance_km"}  # fmt: skip
    assert set(sites["wyoming"]) == keys


def test_the_table_has_a_row_a_site_and_says_whose_clouds_wyoming_has(energy):
    code, out, _ = energy("compare", "wyoming", "el-paso", "--served-fraction", "0.95")
    assert code == 0
    assert out.index("el-paso") < out.index("wyoming")
    assert "clouds of Fort Collins CO" in out
    for head in (
        "by weather",
        "by prices",
        "[MWdc]",
        "[MWh]",
        "LOLH",
        "EUE",
        "longest",
        "capital",
        "acres",
    ):
        assert head in out
    assert "\x1b" not in out


def test_one_plant_is_told_in_full(energy):
    code, out, _ = energy(
        "run", "wyoming", "--solar-mw", "1200", "--battery-mwh", "3000", "--battery-mw", "450",
        "--backup-mw", "50",
    )  # fmt: skip
    assert code == 0
    for word in ("LOLE", "EUE", "longest event", "$/MWh served", "battery_energy", "backup"):
        assert word in out


def test_a_plant_that_never_fails_has_null_nines(energy):
    _, out, _ = energy(
        "run", "phoenix", "--solar-mw", "5000", "--battery-mwh", "20000", "--battery-mw", "2000",
        "--json",
    )  # fmt: skip
    availability = json.loads(out)["sites"][0]["availability"]
    assert availability["nines"] is None
    assert availability["served_fraction"] == 1


def test_fixed_rows_yield_less_than_trackers(energy):
    yields = []
    for tilt in ([], ["--tilt-deg", "32"]):
        _, out, _ = energy("run", "el-paso", "--solar-mw", "100", *tilt, "--json")
        yields.append(json.loads(out)["sites"][0]["solar"]["kwh_per_kwdc_year"])
    assert yields[1] < yields[0]


def test_a_narrow_terminal_gets_tables_that_fit(energy, monkeypatch):
    monkeypatch.setattr("energy.cli.render.terminal_width", lambda: 80)
    _, out, _ = energy("compare", "el-paso", "--served-fraction", "0.9")
    table = [line for line in out.splitlines() if not line.startswith(("el-paso:", "Cheapest"))]
    assert max(map(len, table)) <= 80
    # Cost and array, sizes and carbon, reliability, weather: each begins with the site.
    assert sum(line.startswith(" el-paso ") for line in table) == 4


def test_decades_of_moved_weather_say_that_it_was_moved(energy):
    _, out, _ = energy(
        "size",
        "wyoming",
        "--served-fraction",
        "0.9",
        "--resampled-years",
        "3",
        "--seed",
        "1",
        "--json",
    )
    (site,) = json.loads(out)["sites"]
    assert site["weather"]["years"] == 3
    said = " ".join(site["notes"])
    assert "clouds of Fort Collins CO" in said
    assert "resampled" in said
    assert any("NSRDB of NREL" in source for source in site["sources"])


# --- cluster -----------------------------------------------------------------------------------


def test_machine_as_table_and_json_agree(energy):
    words = ("cluster", "--flop", "3e25", "--days", "1", "--accelerator", "wafer-3nm",
             "--yield-model", "murphy", "--defects-per-cm2", "0.1",
             "--parameters", "1.8e12")  # fmt: skip
    code, out, err = energy(*words)
    assert (code, err) == (0, "")
    _, told, _ = energy(*words, "--json")
    record = json.loads(told)
    assert f"{record['wafers']:,}" in out
    assert f"{record['nameplate_mw']:,.1f} MW" in out
    assert record["binding"] == "arithmetic"
    assert record["yield_fraction"] == pytest.approx(0.5655, abs=1e-4)


def test_machine_from_a_file_is_the_machine_of_the_flags(energy, tmp_path):
    path = tmp_path / "cluster.toml"
    path.write_text("[training]\nflop = 2.1e25\ndays = 1\n[accelerator]\nname = 'b200'\n")
    _, file, _ = energy("cluster", "--cluster", str(path), "--json")
    _, flags, _ = energy("cluster", "--flop", "2.1e25", "--accelerator", "b200", "--json")
    assert json.loads(file) == json.loads(flags)
    code, _, err = energy("cluster", "--cluster", str(path), "--accelerator", "b200")
    assert code == 2
    assert "without their flags" in err


def test_megawatts_back_to_runs(energy):
    code, out, _ = energy("cluster", "--flop", "2.1e25", "--plant-mw", "100", "--json",
                          "--served-fraction", "0.99")  # fmt: skip
    assert code == 0
    assert json.loads(out)["runs_per_year"] == pytest.approx(41.18, abs=0.01)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--days", "1"), ["--flop is missing"]),
        (("--flop", "-3e25", "--days", "0"), ["flop must be greater", "days must be greater"]),
        (("--flop", "1e24", "--utilization", "1.2"), ["utilization_fraction must be less"]),
        (("--flop", "1e24", "--utilization", "0"), ["utilization_fraction must be greater"]),
        (
            ("--flop", "1e24", "--accelerator", "wse3"),
            ["no accelerator called 'wse3'; did you mean 'wse-3'"],
        ),
        (
            ("--flop", "1e24", "--accelerator", "wafer-3nm", "--yield-fraction", "0"),
            ["fraction above 0"],
        ),
        (("--flop", "1e24", "--accelerator", "wafer-3nm", "--yield-fraction", "1.2"), ["got 1.2"]),
        (
            ("--flop", "1e24", "--accelerator", "wafer-3nm", "--yield-model", "x"),
            ["one of poisson"],
        ),
        (("--flop", "1e24", "--defects-per-cm2", ".1"), ["by the shelf"]),
        (("--flop", "1e24", "--yield-model", "seeds"), ["by the shelf"]),
        (("--flop", "1e24", "--plant-mw", "-5"), ["plant_mw must be above 0"]),
        (("--cluster", "nowhere.toml"), ["no such file"]),
    ],
)
def test_machines_that_cannot_be(energy, words, told):
    code, out, err = energy("cluster", *words)
    assert (code, out) == (2, "")
    for text in told:
        assert text in err
    assert "Traceback" not in err


# --- every target, frontier, files ----------------------------------------------------------------


def sized(energy, *words: str, site: str = "el-paso") -> dict:
    code, out, err = energy("size", site, *words, "--json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert_contract(record)
    return record["sites"][0]


@pytest.mark.parametrize(
    ("flag", "value", "measure"),
    [
        ("served-fraction", 0.9, lambda told: told["served_fraction"] >= 0.9 - 1e-9),
        ("nines", 1.5, lambda told: told["nines"] >= 1.5),
        ("available-fraction", 0.95, lambda told: told["available_fraction"] >= 0.95),
        ("lolh-hours-per-year", 500, lambda told: told["lolh_hours_per_year"] <= 500),
        ("max-outage-h", 16, lambda told: told["longest_event_h"] <= 16),
        ("worst-year-served-fraction", 0.95, lambda told: told["served_fraction"] >= 0.95 - 1e-9),
        ("budget-usd", 1e9, lambda told: told["served_fraction"] > 0.5),
        ("load-usd-per-mw", 5e6, lambda told: told["served_fraction"] > 0.5),
        ("compute-usd-per-mwh", 200, lambda told: told["served_fraction"] > 0.5),
    ],
)
def test_every_target_has_its_flag(energy, flag, value, measure):
    site = sized(energy, f"--{flag}", str(value))
    assert measure(site["availability"])
    told = site["sized_for"]
    assert told[flag.replace("-", "_")] == value
    assert told["title"]
    if not told["exact"]:
        assert told["certificate"]["plants_tried"] == 73
        assert told["certificate"]["plants_that_meet_it"] == 0


def test_backup_and_grid_come_with_their_limits(energy):
    site = sized(
        energy, "--served-fraction", "0.9", "--backup", "diesel",
        "--max-backup-energy-fraction", "0.05", "--grid-mw", "10", "--it-mw", "50",
    )  # fmt: skip
    assert site["backup"]["kind"] == "diesel"
    assert site["backup"]["backup_energy_fraction"] <= 0.05 + 1e-9
    assert site["design"]["grid_mw"] <= 10
    assert site["sized_for"]["title"] == (
        "the cheapest plant that serves 0.9 of the energy, at most 0.05 of the energy from backup"
    )
    assert site["sized_for"]["certificate"]["plants_that_meet_it"] == 0


RUN = ("run", "el-paso", "--solar-mw", "500", "--battery-mwh", "500", "--battery-mw", "100")


@pytest.mark.parametrize("word", ["fuel-cell", "fuel_cell"])
def test_fuel_cells_are_a_backup(energy, word):
    code, out, err = energy(*RUN, "--backup-mw", "60", "--backup", word, "--json")
    assert (code, err) == (0, "")
    (site,) = json.loads(out)["sites"]
    assert site["backup"]["kind"] == "fuel_cell"
    assert site["finance"]["itc_fraction"]["fuel_cell"] == 0.3
    code, out, _ = energy(*RUN, "--backup-mw", "60", "--backup", word)
    assert "60.0 MW of fuel cells, " in out
    assert "fuel cell 30 %" in out
    code, out, _ = energy(*RUN, "--backup-mw", "60", "--backup", word, "--failures", "--quiet")
    assert code == 0
    assert "battery and fuel cells" in out


def test_a_kind_of_backup_that_is_nearly_known_is_told(energy):
    code, out, err = energy(*RUN, "--backup", "gas")
    assert (code, out) == (2, "")
    assert "got 'gas'; did you mean engine, turbine or fuel_cell?" in err


def test_carbon_stands_beside_the_cost(energy):
    words = ("--backup-mw", "60", "--grid-mw", "10")
    _, out, _ = energy(*RUN, *words, "--json")
    carbon = json.loads(out)["sites"][0]["carbon"]
    assert all(isinstance(value, float) for value in carbon.values())
    _, out, _ = energy(*RUN, *words)
    assert f"{carbon['kg_per_mwh']:,.0f} kg CO2e/MWh served" in out
    assert f"{carbon['fuel_t_per_year']:,.0f} t, and " in out
    assert f"{carbon['grid_t_per_year']:,.0f} t, " in out
    assert "carbon is that of fuel from the well on" in out
    code, out, _ = energy("compare", "el-paso", "--served-fraction", "0.5")
    assert code == 0
    assert "carbon [kg CO2e/MWh]" in out


@pytest.mark.parametrize(
    "words",
    [("run", "--solar-mw", "100"), ("size", "--served-fraction", "0.99", "--array", "assumed")],
)
def test_the_terms_of_a_grid_reach_the_plant_and_are_told(energy, words):
    code, out, err = energy(
        words[0], "el-paso", *words[1:], "--grid-mw", "110", "--json", "--grid-curtailed-hours",
        "24", "--grid-usd-per-mwh", "100", "--grid-wait-years", "1.5",
    )  # fmt: skip
    assert (code, err) == (0, "")
    (site,) = json.loads(out)["sites"]
    assert site["grid"]["curtailed_hours_per_year"] == 24
    assert 0 < site["grid"]["curtailed_hours_drawn_per_year"] <= 24
    # Of a kW 102 $ of 2022 over 40 years and 90 $ of 2025 a year; the rest is energy at 100 $/MWh.
    grid_mwh = site["grid"]["grid_fraction"] * site["load"]["mean_mw"] * 8760
    fixed_usd = site["cost"]["parts"]["grid"]["annual_usd"] - 100 * grid_mwh
    assert 90e3 < fixed_usd / site["design"]["grid_mw"] < 100e3
    assert site["cost"]["time_to_power_years"] >= 1.5
    assert "--grid-usd-per-mwh 100" in site["sources"]
    assert any("the grid is cut 24 h a year" in note for note in site["notes"])


def test_a_grid_by_calendar_is_cut_when_it_says(energy, tmp_path):
    calendar = tmp_path / "cuts.csv"
    calendar.write_text("start,end\n01-05 00:00,01-06 12:00\n", encoding="utf-8")
    plant = ("--solar-mw", "100", "--grid-mw", "110", "--grid-calendar", str(calendar))
    code, out, _ = energy("run", "el-paso", *plant)
    assert code == 0
    assert "36 h a year, 36 h of them when it is wanted" in " ".join(out.split())
    assert "el-paso: the grid is cut 36 h a year, by the calendar" in " ".join(out.split())
    _, out, _ = energy(
        "compare", "el-paso", "golden", "--served-fraction", "0.9", "--array", "assumed", "--json",
        "--grid-mw", "110", "--grid-calendar", str(calendar), "--grid-usd-per-mwh", "100",
    )  # fmt: skip
    for site in json.loads(out)["sites"]:
        assert site["grid"]["curtailed_hours_per_year"] == pytest.approx(36, rel=0.01)
        assert "--grid-usd-per-mwh 100" in site["sources"]


def test_a_table_says_what_the_plant_is_for_and_its_proof(energy):
    code, out, _ = energy("size", "el-paso", "--lolh-hours-per-year", "500", "--uncertainty")
    assert code == 0
    assert out.startswith("This is the cheapest plant that serves all but 500 hours a year in full")
    assert "certificate: of 73 plants half a percent or more cheaper, 0 meet the target" in out
    for word in ("90 % interval", "sized alone", "nines of the hours: at least", "one weather"):
        assert word in out
    _, out, _ = energy("size", "el-paso", "--compute-usd-per-mwh", "200")
    assert out.startswith("This is the plant with the highest earnings")
    assert "earned_usd_per_year: " in out
    assert "certificate" not in out


def test_the_best_array_and_how_sure_are_in_the_record(energy):
    site = sized(energy, "--served-fraction", "0.6", "--best-array", "--uncertainty")
    assert set(site["uncertainty"]) >= {"interval_90", "single_years", "nines_supported", "notes"}
    assert site["uncertainty"]["interval_90"]["served_fraction"]["low"] is None
    low, high = site["uncertainty"]["levelized_usd_per_mwh"]
    assert low < site["cost"]["levelized_usd_per_mwh"] < high
    assert all(site["uncertainty"]["parts"][name] for name in ("typical", "prices"))
    arrays = site["arrays"]
    assert {array["mount"] for array in arrays} == {"tracker", "fixed"}
    costs = [array["annual_usd"] for array in arrays]
    assert costs == sorted(costs)
    assert site["cost"]["annual_usd"] == pytest.approx(costs[0])
    code, out, _ = energy("size", "el-paso", "--served-fraction", "0.6", "--best-array")
    assert code == 0
    assert "December yield" in out


def test_the_frontier_is_a_table_with_bars(energy):
    code, out, err = energy("frontier", "el-paso")
    assert (code, err) == (0, "")
    assert "1 weather year(s); the battery starts with the charge that the end leaves" in out
    for head in (
        "energy served [%]",
        "annualized cost",
        "last MWh",
        "longest event",
        "99.999",
        "█",
    ):
        assert head in out
    _, full, _ = energy("frontier", "el-paso", "--full-start")
    assert "the battery starts with full" in full


def test_the_frontier_is_json_csv_and_a_picture(energy, tmp_path):
    table, picture = tmp_path / "curve.csv", tmp_path / "curve.svg"
    code, out, err = energy(
        "frontier", "el-paso", "--full-start", "--json", "--csv", str(table), "--plot", str(picture)
    )
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert record["start"] == "full"
    assert record["unreachable"] == []
    frame = pd.read_csv(table)
    assert len(frame) == len(record["plants"]) == 30
    for name in ("served_fraction", "annual_usd", "longest_event_h"):
        assert frame[name].tolist() == [plant[name] for plant in record["plants"]]
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curve.csv", "curve.svg"]


def test_the_fossil_frontier_is_told_in_both_ways(energy, tmp_path, monkeypatch, el_paso):
    # The command's eleven ceilings take a while; two show what is printed of them.
    curve = en.backup_frontier(el_paso, served_fraction=0.8, max_backup_energy_fractions=[0.0, 1.0])
    asked = {}

    def found(case, target, *, progress):
        asked.update(kind=case.assumptions.backup.kind, served_fraction=target.value)
        return curve

    monkeypatch.setattr("energy.sizing.backup_frontier", found)
    words = (
        "frontier",
        "el-paso",
        "--by-backup-energy",
        "--served-fraction",
        "0.8",
        "--backup",
        "turbine",
    )
    code, out, err = energy(*words, "--json", "--csv", str(tmp_path / "fossil.csv"))
    assert (code, err) == (0, "")
    assert asked == {"kind": "turbine", "served_fraction": 0.8}
    rows = json.loads(out)["plants"]
    assert [row["max_backup_energy_fraction"] for row in rows] == [0.0, 1.0]
    assert pd.read_csv(tmp_path / "fossil.csv")["annual_usd"].tolist() == [
        row["annual_usd"] for row in rows
    ]
    code, out, err = energy(*words, "--plot", str(tmp_path / "fossil.png"))
    assert (code, err) == (0, "")
    for word in (
        "ceiling",
        "energy from backup",
        "backup [MW]",
        "reserve",
        "100",
        "0.8 of the energy served",
    ):
        assert word in out
    assert (tmp_path / "fossil.png").read_bytes().startswith(b"\x89PNG")


def test_a_csv_holds_the_names_and_the_numbers_of_the_plant(energy, tmp_path):
    table = tmp_path / "plant.csv"
    code, out, _ = energy(
        "size", "el-paso", "--served-fraction", "0.5", "--json", "--csv", str(table)
    )
    assert code == 0
    site = json.loads(out)["sites"][0]
    told = pd.read_csv(table, index_col=0)["value"]
    assert float(told["design.solar_mw"]) == site["design"]["solar_mw"]
    assert float(told["cost.annual_usd"]) == site["cost"]["annual_usd"]


def test_no_plant_is_exit_1_with_why_as_json(energy):
    code, out, err = energy("size", "kiruna", "--nines", "2", "--json")
    assert code == 1
    (why,) = json.loads(out).values()
    assert why["site"] == "kiruna"
    assert set(why["remedy"]) == {
        "solar_mw", "battery_mwh", "backup_mw", "backup_mwh_per_year",
    }  # fmt: skip
    assert err.startswith("energy: kiruna: no plant serves 2 nines of the hours in full")
    code, out, err = energy("size", "el-paso", "--budget-usd", "1000", "--json")
    assert code == 1
    assert json.loads(out)["infeasible"]["least_usd"] > 1e6
    code, out, err = energy("size", "kiruna", "--nines", "2")
    assert (code, out) == (1, "")


def test_a_year_that_alone_has_no_plant_is_told_so(energy, monkeypatch, el_paso):
    uncertainty = en.weather_uncertainty(en.size(el_paso, served_fraction=0.5), draws=1)
    uncertainty.single_years["annual_usd"] = float("nan")
    monkeypatch.setattr("energy.sizing.weather_uncertainty", lambda *_, **__: uncertainty)
    code, out, err = energy("size", "el-paso", "--served-fraction", "0.5", "--uncertainty")
    assert (code, err) == (0, "")
    assert "no plant" in out
    site = sized(energy, "--served-fraction", "0.5", "--uncertainty")
    (year,) = site["uncertainty"]["single_years"].values()
    assert year["annual_usd"] is None


# --- sensitivity and monte_carlo
# ------------------------------------------------------------------------


def test_sensitivity_tells_its_widest_belief_first_and_draws_it(energy, tmp_path):
    words = ("sensitivity", "el-paso", "--served-fraction", "0.9")
    code, out, err = energy(*words, "--plot", str(tmp_path / "t.png"),
                            "--csv", str(tmp_path / "t.csv"))  # fmt: skip
    assert (code, err) == (0, "")
    first = next(line for line in out.splitlines() if line.startswith(" battery."))
    assert first.split()[0] == "battery.energy_usd_per_kwh"
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    _, told, _ = energy(*words, "--json")
    record = json.loads(told)
    table = read_result(tmp_path / "t.csv").frame
    assert list(table["name"]) == [row["name"] for row in record["assumptions"]]
    assert list(table["swing_usd_per_mwh"]) == [
        row["swing_usd_per_mwh"] for row in record["assumptions"]
    ]


def test_odds_are_the_same_for_the_same_seed(energy, tmp_path):
    words = (
        "monte-carlo",
        "el-paso",
        "phoenix",
        "--served-fraction",
        "0.9",
        "--draws",
        "6",
        "--draw-seed",
    )
    code, out, err = energy(*words, "3", "--json", "--plot", str(tmp_path / "o.svg"))
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert (record["draws"], record["seed"]) == (6, 3)
    assert sum(site["lowest_cost_fraction"] for site in record["sites"]) == pytest.approx(1)
    assert energy(*words, "3", "--json")[1] == out
    assert energy(*words, "4", "--json")[1] != out
    table = energy(*words, "3")[1]
    assert "largest error on draws that were sized in full too" in table
    assert (tmp_path / "o.svg").is_file()


def test_compare_writes_its_table(energy, tmp_path):
    path = tmp_path / "ranking.parquet"
    code, out, _ = energy("compare", "phoenix", "el-paso", "--served-fraction", "0.9",
                          "--csv", str(path), "--json")  # fmt: skip
    assert code == 0
    back = read_result(path)
    printed = json.loads(out)
    for site in printed["sites"]:
        del site["finance"]  # of the command's own terms, not of the ranking
    assert back.record == printed
    assert list(back.frame.index) == [site["site"] for site in json.loads(out)["sites"]]


def test_every_problem_of_the_odds_is_told_before_anything_runs(energy, tmp_path):
    code, out, err = energy("monte-carlo", "el-pas", "phoenix", "--served-fraction", "99",
                            "--csv", str(tmp_path / "a.xls"))  # fmt: skip
    assert (code, out) == (2, "")
    for told in ("did you mean 'el-paso'", "fraction above 0", "tables end in .csv"):
        assert told in err
    assert energy("monte-carlo", "--served-fraction", "0.9")[0] == 2


# --- the groups of options ------------------------------------------------------------------------


def options_of(name: str) -> set[str]:
    import inspect

    (found,) = [c for c in cli.app.registered_commands if c.callback.__name__ == name]
    return set(inspect.signature(found.callback).parameters)


@pytest.mark.parametrize(
    "name", ["weather", "run", "size", "frontier", "compare", "sensitivity", "monte_carlo"]
)
def test_a_command_with_a_case_has_every_group_of_options(name: str) -> None:
    from dataclasses import fields

    from energy.cli.options import CASE_GROUPS, WeatherOptions

    groups = (WeatherOptions,) if name == "weather" else CASE_GROUPS
    wanted = {field.name for group in groups for field in fields(group)}
    assert wanted <= options_of(name)


@pytest.mark.parametrize("name", ["size", "compare", "sensitivity", "monte_carlo", "frontier"])
def test_a_command_that_sizes_takes_every_target(name: str) -> None:
    from dataclasses import fields

    from energy.cli.options import TargetOptions

    assert {field.name for field in fields(TargetOptions)} <= options_of(name)


def test_the_help_lists_options_by_group(energy) -> None:
    code, out, err = energy("size", "--help")
    assert (code, err) == (0, "")
    heads = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert [head.rstrip(":") for head in heads[1:]] == [
        "Arguments", "Place", "Target (one of)", "Weather", "Datacenter", "Assumptions", "Plant",
        "Wear and failures", "Money after tax", "Output", "Options",
    ]  # fmt: skip


def test_every_cost_says_whose_prices_it_has(energy) -> None:
    words = ("--solar-mw", "600", "--battery-mwh", "900", "--battery-mw", "200")
    code, out, _ = energy("run", "tampa", *words, "--prices", "global-2026")
    assert code == 0
    assert "World outside the US and China, 2026 (global-2026)" in out
    assert (
        "tampa: prices are those of the world outside the US and China (global-2026); this site is "
        "in US; --prices us-20"
    ) in " ".join(out.split())
    code, out, _ = energy("run", "tampa", *words, "--prices", "us-2025", "--json")
    site = json.loads(out)["sites"][0]
    assert site["cost"]["prices"] == "us-2025"
    assert not [note for note in site["notes"] if "prices" in note]


def test_a_ranking_says_whose_prices_it_has(energy) -> None:
    code, out, _ = energy(
        "compare", "tampa", "seattle", "--served-fraction", "0.5", "--array", "assumed",
        "--prices", "offgridai-2025",
    )  # fmt: skip
    assert code == 0
    assert "Prices: offgridai.us 2025 (offgridai-2025)." in out
    assert "the price book offgridai-2025 has no prices of grid" in " ".join(out.split())


def test_a_ranking_with_a_grid_shows_no_interval_of_the_weather(energy):
    code, out, _ = energy(
        "compare", "tampa", "seattle", "--served-fraction", "0.9", "--grid-mw", "60",
        "--array", "assumed",
    )  # fmt: skip
    assert code == 0
    assert "by prices" in out
    assert "by weather" not in out
    assert "nan" not in out


def test_run_says_what_wears_and_what_breaks(energy):
    code, out, _ = energy(
        "run", "tampa", "--solar-mw", "900", "--battery-mwh", "2500", "--battery-mw", "350",
        "--failures", "--life", "--json",
    )  # fmt: skip
    assert code == 0
    site = json.loads(out)["sites"][0]
    assert site["availability_with_failures"].keys() == site["availability"].keys()
    causes = site["outage_hours_by_cause"]
    assert causes.keys() == {"weather", "equipment", "both"}
    assert sum(causes.values()) == pytest.approx(
        site["availability_with_failures"]["lolh_hours_per_year"]
    )
    assert [row["year"] for row in site["life"]] == list(range(1, 31))
    assert site["life"][0].keys() == {
        "year", "solar_fraction", "battery_fraction", "served_fraction",
    }  # fmt: skip
    assert site["augmentation"][0]["year"] == 21


def test_size_for_life_says_its_years_and_additions(energy):
    code, out, err = energy(
        "size", "tampa", "--served-fraction", "0.95", "--life", "--augmentation", "none",
        "--over-life", "worst", "--array", "assumed",
    )  # fmt: skip
    assert code == 0, err
    assert "year of service" in out
    assert "replacement" in out
    assert "levelized cost over the life" in out
    assert "0.95 of the energy, in every year of its life" in out
    assert "without" not in err  # what snow costs the plant of today is no word about this one


def test_options_of_a_life_that_do_not_go_together_are_refused(energy):
    code, _, err = energy("size", "tampa", "--nines", "2", "--augmentation", "keep")
    assert code == 2
    assert "--augmentation goes with --life" in err
    code, _, err = energy("size", "tampa", "--nines", "2", "--life", "--backup", "engine")
    assert code == 2
    assert "--life sizes for --served-fraction; got nines" in err
    assert "leave out backup and grid" in err


def test_a_target_that_holds_with_failures_says_so_and_what_one_more_part_buys(energy):
    words = ("size", "tampa", "--served-fraction", "0.95", "--failures-in-target", "--array",
             "assumed")  # fmt: skip
    code, out, err = energy(*words, "--json")
    assert (code, err) == (0, "")
    site = json.loads(out)["sites"][0]
    assert site["sized_for"]["with_failures"] is True
    assert site["sized_for"]["exact"] is False
    assert site["sized_for"]["title"].endswith("0.95 of the energy, with failures of its equipment")
    assert 0.95 <= site["availability_with_failures"]["served_fraction"] < 0.9505
    assert site["availability"]["served_fraction"] > 0.95
    as_is, *more = site["one_more"]
    assert as_is["plant"] == "as it is"
    assert all(row["change_lolh_hours_per_year"] < 0 for row in more)
    code, out, _ = energy(*words)
    assert code == 0
    assert "with failures of its equipment." in out
    taken = -next(r for r in more if r["plant"] == "one more container")[
        "change_lolh_hours_per_year"
    ]
    line = next(line for line in out.splitlines() if "one more container" in line)
    assert float(line.split()[3]) == pytest.approx(taken, rel=1e-3)
    assert "certificate" not in out


def test_compare_says_of_each_site_what_size_says_of_one(energy):
    words = (
        "--served-fraction", "0.95", "--array", "assumed", "--failures", "--life",
        "--augmentation", "none", "--over-life", "worst",
    )  # fmt: skip
    code, out, err = energy("compare", "tampa", "el-paso", *words, "--json")
    assert (code, err) == (0, "")
    ranked = {site["site"]: site for site in json.loads(out)["sites"]}
    _, out, _ = energy("size", "tampa", *words, "--json")
    alone = json.loads(out)["sites"][0]
    assert ranked["tampa"] == alone
    assert {"availability_with_failures", "outage_hours_by_cause", "life", "augmentation",
            "life_cost"} <= set(alone)  # fmt: skip
    code, out, err = energy("compare", "tampa", "el-paso", *words)
    assert code == 0
    assert "0.95 of the energy served, in every year of its life" in out
    for head in ("levelized cost over the life", "LOLH with failures", "energy served over the"):
        assert head in out
    assert "by weather: 90 % interval of the cost over the life" in err + out


def test_a_comparison_on_failures_alone_keeps_its_plants(energy):
    words = ("compare", "tampa", "--served-fraction", "0.9", "--array", "assumed", "--json")
    _, out, _ = energy(*words)
    plain = json.loads(out)["sites"][0]
    _, out, _ = energy(*words, "--failures")
    beside = json.loads(out)["sites"][0]
    assert {name: beside[name] for name in plain} == plain
    assert set(beside) - set(plain) == {
        "availability_with_failures", "outage_hours_by_cause", "failures",
    }  # fmt: skip


def test_failures_show_how_long_an_outage_is_ridden_through(energy):
    plant = ("--solar-mw", "900", "--battery-mwh", "3000", "--battery-mw", "350")
    code, out, _ = energy("run", "tampa", *plant, "--failures")
    assert code == 0
    case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    run = en.simulate(case, en.Design(solar_mw=900, battery_mwh=3000, battery_mw=350))
    found = en.outages.ride_through(run, 72).loc[12]
    line = next(line.split() for line in out.splitlines() if line.split()[:1] == ["12"])
    assert line == ["12", f"{found['probability']:.1%}", f"{found['with_sun']:.1%}"]
