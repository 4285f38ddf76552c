"""The command: its JSON contract, its tables, its exit codes."""

from __future__ import annotations

import json
import sys

import pytest

from energy import cli, read_record

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
    design = sized["sites"][0]["design"]
    flags = [f"--{name.replace('_', '-')}={value!r}" for name, value in design.items()]
    _, out, _ = energy("run", "phoenix", *flags, "--json")
    ran = json.loads(out)
    assert_contract(ran)
    assert ran["sites"][0]["availability"] == sized["sites"][0]["availability"]
    assert ran["served_fraction"] == sized["sites"][0]["availability"]["served_fraction"]


def test_sites_are_listed_as_json(energy):
    _, out, _ = energy("sites", "--json")
    sites = {site["site"]: site for site in json.loads(out)["sites"]}
    assert {"wyoming", "el-paso", "phoenix", "fort-collins", "greensboro"} <= set(sites)
    keys = {"site", "latitude_deg", "longitude_deg", "elevation_m", "years", "source"}
    assert set(sites["wyoming"]) == keys


def test_the_table_has_a_row_a_site_and_says_whose_clouds_wyoming_has(energy):
    code, out, _ = energy("compare", "wyoming", "el-paso", "--served-fraction", "0.95")
    assert code == 0
    assert out.index("el-paso") < out.index("wyoming")
    assert "clouds of Fort Collins CO" in out
    for head in ("solar MWdc", "battery MWh", "LOLH", "EUE", "longest", "capital", "acres"):
        assert head in out
    assert "\x1b" not in out


def test_one_plant_is_told_in_full(energy):
    code, out, _ = energy(
        "run", "wyoming", "--solar-mw", "1200", "--battery-mwh", "3000", "--battery-mw", "450",
        "--backup-mw", "50",
    )  # fmt: skip
    assert code == 0
    for word in ("LOLE", "EUE", "longest event", "per MWh served", "battery_energy", "backup"):
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
    monkeypatch.setattr(cli, "_width", lambda: 80)
    _, out, _ = energy("compare", "el-paso", "--served-fraction", "0.9")
    table = [line for line in out.splitlines() if not line.startswith(("el-paso:", "Cheapest"))]
    assert max(map(len, table)) <= 80
    # Sizes and cost, reliability, weather: each begins with the site.
    assert sum(line.startswith(" el-paso ") for line in table) == 3


def test_decades_of_moved_weather_say_that_it_was_moved(energy):
    _, out, _ = energy(
        "size", "wyoming", "--served-fraction", "0.9", "--decades", "3", "--seed", "1", "--json"
    )
    (site,) = json.loads(out)["sites"]
    assert site["weather"]["years"] == 3
    said = " ".join(site["notes"])
    assert "clouds of Fort Collins CO" in said
    assert "resampled" in said
    assert any("NSRDB of NREL" in source for source in site["sources"])


# --- machine -----------------------------------------------------------------------------------


def test_machine_as_table_and_json_agree(energy):
    words = ("machine", "--flop", "3e25", "--days", "1", "--device", "wafer-3nm",
             "--yield-model", "murphy", "--defects-per-cm2", "0.1",
             "--parameters", "1.8e12")  # fmt: skip
    code, out, err = energy(*words)
    assert (code, err) == (0, "")
    _, told, _ = energy(*words, "--json")
    record = json.loads(told)
    assert f"{record['wafers']:,}" in out
    assert f"{record['it_mw']:,.1f} MW" in out
    assert record["binding"] == "arithmetic"
    assert record["yield_fraction"] == pytest.approx(0.5655, abs=1e-4)


def test_machine_from_a_file_is_the_machine_of_the_flags(energy, tmp_path):
    path = tmp_path / "machine.toml"
    path.write_text("[training]\nflop = 2.1e25\ndays = 1\n[device]\nname = 'b200'\n")
    _, file, _ = energy("machine", "--machine", str(path), "--json")
    _, flags, _ = energy("machine", "--flop", "2.1e25", "--device", "b200", "--json")
    assert json.loads(file) == json.loads(flags)
    code, _, err = energy("machine", "--machine", str(path), "--device", "b200")
    assert code == 2
    assert "without their flags" in err


def test_megawatts_back_to_runs(energy):
    code, out, _ = energy("machine", "--flop", "2.1e25", "--plant-mw", "100", "--json",
                          "--served-fraction", "0.99")  # fmt: skip
    assert code == 0
    assert json.loads(out)["runs_per_year"] == pytest.approx(41.18, abs=0.01)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--days", "1"), ["--flop is missing"]),
        (("--flop", "-3e25", "--days", "0"), ["flop must be greater", "days must be greater"]),
        (("--flop", "1e24", "--utilisation", "1.2"), ["utilisation_fraction must be less"]),
        (("--flop", "1e24", "--utilisation", "0"), ["utilisation_fraction must be greater"]),
        (("--flop", "1e24", "--device", "wse3"), ["no device called 'wse3'; did you mean 'wse-3'"]),
        (("--flop", "1e24", "--device", "wafer-3nm", "--yield-fraction", "0"), ["share above 0"]),
        (("--flop", "1e24", "--device", "wafer-3nm", "--yield-fraction", "1.2"), ["got 1.2"]),
        (("--flop", "1e24", "--device", "wafer-3nm", "--yield-model", "x"), ["one of poisson"]),
        (("--flop", "1e24", "--defects-per-cm2", ".1"), ["by the shelf"]),
        (("--flop", "1e24", "--yield-model", "seeds"), ["by the shelf"]),
        (("--flop", "1e24", "--plant-mw", "-5"), ["plant_mw must be above 0"]),
        (("--machine", "nowhere.toml"), ["no such file"]),
    ],
)
def test_machines_that_cannot_be(energy, words, told):
    code, out, err = energy("machine", *words)
    assert (code, out) == (2, "")
    for text in told:
        assert text in err
    assert "Traceback" not in err


# --- sensitivity and odds ------------------------------------------------------------------------


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
    table = read_record(tmp_path / "t.csv").frame
    assert list(table["name"]) == [row["name"] for row in record["assumptions"]]
    assert list(table["swing_usd_per_mwh"]) == [
        row["swing_usd_per_mwh"] for row in record["assumptions"]
    ]


def test_odds_are_the_same_for_the_same_seed(energy, tmp_path):
    words = ("odds", "el-paso", "phoenix", "--served-fraction", "0.9", "--draws", "6", "--seed")
    code, out, err = energy(*words, "3", "--json", "--plot", str(tmp_path / "o.svg"))
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert (record["draws"], record["seed"]) == (6, 3)
    assert sum(site["cheapest_fraction"] for site in record["sites"]) == pytest.approx(1)
    assert energy(*words, "3", "--json")[1] == out
    assert energy(*words, "4", "--json")[1] != out
    table = energy(*words, "3")[1]
    assert "largest error on draws that were sized exactly too" in table
    assert (tmp_path / "o.svg").is_file()


def test_compare_writes_its_table(energy, tmp_path):
    path = tmp_path / "ranking.parquet"
    code, out, _ = energy("compare", "phoenix", "el-paso", "--served-fraction", "0.9",
                          "--csv", str(path), "--json")  # fmt: skip
    assert code == 0
    back = read_record(path)
    assert back.record == json.loads(out)
    assert list(back.frame.index) == [site["site"] for site in json.loads(out)["sites"]]


def test_every_problem_of_the_odds_is_told_before_anything_runs(energy, tmp_path):
    code, out, err = energy("odds", "el-pas", "phoenix", "--served-fraction", "99",
                            "--csv", str(tmp_path / "a.xls"))  # fmt: skip
    assert (code, out) == (2, "")
    for told in ("did you mean 'el-paso'", "share above 0", "tables end in .csv"):
        assert told in err
    assert energy("odds", "--served-fraction", "0.9")[0] == 2
