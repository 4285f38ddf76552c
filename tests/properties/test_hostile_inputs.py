"""Hostile words, numbers and files: one message each, no traceback, no code but 0, 1, 2 and 4.

Each test draws from all combinations by a seed and takes few of them; run long by hand with
`SUNRACK_HOSTILE=5000 pytest tests/properties/test_hostile_inputs.py`.
"""

from __future__ import annotations

import copy
import json
import math
import os
import random
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import energy as en
from energy import cli
from energy.assumptions import DEFAULT_FILE

#: How many draws each test takes.
DRAWS = int(os.environ.get("SUNRACK_HOSTILE", "60"))

NUMBERS = (
    "nan", "inf", "-inf", "1e308", "-1e308", "1e-300", "-1", "0", "-0.0", "1" * 5000, "", " ",
    "word", "1,5", "0x10", "٣", "1e999", "--", "\u202e", "1_000", "True", "None", "1/3",
)  # fmt: skip
TEXTS = (
    "", " ", "..", "/", "/dev/zero", "a\0b", "x" * 5000, "\x1b[31m", "$$", "=1+1", "-", "--", "~",
    "el-paso\n", "EL-PASO.", "../../etc/passwd", "con", "\u202eabc", "*", "http://example.org/a.epw",
)  # fmt: skip

#: Command -> words that make it quick, and the options that a hostile value is put into.
OPTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "run": (("el-paso", "--solar-mw", "300", "--battery-mwh", "500", "--battery-mw", "100"),
            ("--solar-mw", "--battery-mwh", "--battery-mw", "--backup-mw", "--grid-mw", "--it-mw",
             "--tilt-deg", "--resampled-years", "--seed", "--supply-temp-c"),
            ("--backup", "--assumptions", "--weather", "--cluster", "--cooling", "--source",
             "--csv")),
    "size": (("el-paso", "--served-fraction", "0.4"),
             ("--served-fraction", "--nines", "--budget-usd", "--max-outage-h", "--it-mw",
              "--lolh-hours-per-year", "--load-usd-per-mw", "--max-backup-energy-fraction"),
             ("--assumptions", "--weather", "--backup", "--csv", "--cluster")),
    "frontier": (("el-paso",), ("--it-mw", "--tilt-deg"), ("--weather", "--csv")),
    "compare": (("el-paso", "--served-fraction", "0.4"), ("--it-mw", "--served-fraction"),
                ("--report", "--csv", "--assumptions")),
    "cluster": ((), ("--flop", "--days", "--utilization"), ("--accelerator", "--yield", "--csv")),
    "check": ((), (), ()),
    "fetch": (("el-paso", "--source", "pvgis"), (), ("--years", "--source")),
}  # fmt: skip


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Runs the command in an empty folder without a network; gives code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUNRACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["energy", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call


def sound(words: tuple[str, ...], code: int, out: str, err: str) -> str:
    """What is wrong with an answer; empty when all is right."""
    if code not in (0, 1, 2, 4):
        return f"{words}: exit {code}: {err[-300:]}"
    if "Traceback" in err + out:
        return f"{words}: a traceback"
    if code == 2 and not err.strip():
        return f"{words}: refused without a word"
    if any(len(line) > 2000 for line in err.splitlines()):
        return f"{words}: a message of {max(map(len, err.splitlines()))} characters"
    if any(ord(char) < 32 and char not in "\n\t" for char in err + out):
        return f"{words}: a raw control character"
    return ""


def test_hostile_words_are_one_message(command) -> None:
    draw = random.Random(20261126)
    faults = []
    for _ in range(DRAWS):
        name = draw.choice(list(OPTIONS))
        base, numbers, texts = OPTIONS[name]
        words = [name, *base]
        if name in ("check", "cluster") or draw.random() < 0.2:
            words.append(draw.choice(TEXTS))
        for option in draw.sample([*numbers, *texts], min(len(numbers) + len(texts), 1)):
            words += [option, draw.choice(NUMBERS if option in numbers else TEXTS)]
        faults.append(sound(tuple(words), *command(*words)))
    assert [fault for fault in faults if fault] == []


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--lat", "inf", "--lon", "0", "--solar-mw", "1"),
        ("run", "--lat", "nan", "--lon", "0", "--solar-mw", "1"),
        ("run", "a\0b", "--solar-mw", "1"),
        ("run", "el-paso", "--solar-mw", "1" * 5000),
        ("run", "el-paso", "--solar-mw", "1", "--backup", ""),
        ("cluster", "--flop", "3e25", "--days", "1e-300"),
        ("cluster", "--accelerator", ""),
        ("fetch", "el-paso", "--source", "pvgis", "--years", "1-1000000000000"),
        ("fetch", "el-paso", "--source", "pvgis", "--years", "2020-1990"),
        ("size", "el-paso", "--served-fraction", "0.9", "--assumptions", "/dev/zero"),
        ("check", "/dev/zero"),
        ("check", "/dev/stdin"),
    ],
)
def test_known_words_that_were_answered_badly(command, words: tuple[str, ...]) -> None:
    code, out, err = command(*words)
    assert sound(words, code, out, err) == ""
    assert code == 2
    assert len(err.splitlines()) == 1


# --- numbers of an assumptions file ---------------------------------------------------------------

RAW = (
    "'word'", "''", "2020-01-01", "[1, 2]", "{a = 1}", "true", str(10**400), str(10**30), "1e308",
    "-1e308", "nan", "inf", "-1.0", "0.0", "1e-300", "1e999",
)  # fmt: skip


def written(table: dict[str, Any], place: tuple[str, str, str], raw: str) -> str:
    """Assumptions as TOML, one value of one parameter as given."""
    lines = []
    for section, keys in table.items():
        plain = {k: v for k, v in keys.items() if not (isinstance(v, dict) and "value" in v)}
        if plain:
            lines.append(f"[{section}]")
            lines += [f"{json.dumps(k)} = {json.dumps(v)}" for k, v in plain.items()]
        for key, parameter in keys.items():
            if key in plain:
                continue
            lines.append(f"[{section}.{key}]")
            lines += [
                f"{name} = {raw if (section, key, name) == place else json.dumps(value)}"
                for name, value in parameter.items()
            ]
    return "\n".join(lines) + "\n"


def test_every_number_of_an_assumptions_file_is_refused_or_gives_finite_answers(tmp_path) -> None:
    table = tomllib.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    places = [
        (section, key, name)
        for section, keys in table.items()
        for key, parameter in keys.items()
        if isinstance(parameter, dict) and "value" in parameter
        for name in ("value", "low", "high", "unit")
        if name in parameter
    ]
    draw = random.Random(11)
    path = tmp_path / "mine.toml"
    site = en.read_site("el-paso")
    faults = []
    for _ in range(DRAWS):
        place, raw = draw.choice(places), draw.choice(RAW)
        path.write_text(written(copy.deepcopy(table), place, raw), encoding="utf-8")
        try:
            case = en.Case(site, en.Datacenter(it_mw=100), en.read_assumptions(str(path)))
            run = en.simulate(case, en.Design(solar_mw=600, battery_mwh=2000, battery_mw=300))
            numbers = [*leaves(en.price(run).to_dict()), *leaves(en.assess(run).to_dict())]
        except en.InputError as error:
            if not all(len(problem) < 1000 for problem in error.problems):
                faults.append((place, raw, "a long message"))
            continue
        if not all(map(math.isfinite, numbers)):
            faults.append((place, raw, "not finite"))
    assert faults == []


def leaves(value: Any) -> Iterator[float]:
    """All numbers of nested plain data."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, float):
        yield value


def test_a_range_whose_low_is_above_its_high_is_refused(tmp_path) -> None:
    table = tomllib.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    table["battery"]["energy_usd_per_kwh"] |= {"value": 50.0, "low": 60.0, "high": 40.0}
    path = tmp_path / "mine.toml"
    path.write_text(written(table, ("", "", ""), ""), encoding="utf-8")
    with pytest.raises(en.InputError, match="energy_usd_per_kwh"):
        en.read_assumptions(str(path))


@pytest.mark.parametrize("value", ["word", 10**400, math.nan, math.inf, -1.0, True])
def test_targets_and_places_of_odd_values_are_one_message(value) -> None:
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    for name in ("served_fraction", "nines", "max_outage_h", "budget_usd"):
        with pytest.raises(en.InputError, match=name):
            en.size(case, **{name: value})
    if value is not True and value != -1.0:
        with pytest.raises(en.InputError, match="latitude"):
            en.site_at(value, 0.0)


def test_two_sites_of_one_name_are_refused() -> None:
    with pytest.raises(en.InputError, match="el-paso: more than one site of that name"):
        en.compare(["el-paso", "phoenix", "el-paso"], served_fraction=0.5)


# --- result files ---------------------------------------------------------------------------------

ODD = (
    None, 1, "x", [], {}, [1], {"a": 1}, True, 1e308, "NaN", [[]], "int64", "datetime64[ns]",
    "float", "foo", "object", {"name": None, "dtype": "float64", "values": [1]},
)  # fmt: skip


def changed(value: Any, draw: random.Random) -> Any:
    """Nested plain data with one part of it replaced by something odd."""
    if isinstance(value, dict | list) and value and draw.random() < 0.7:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = draw.choice(list(keys))
        copied = copy.copy(value)
        copied[key] = changed(value[key], draw) if draw.random() < 0.6 else draw.choice(ODD)
        return copied
    return draw.choice(ODD)


def test_a_result_file_with_odd_parts_is_read_or_refused(tmp_path) -> None:
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    path = tmp_path / "frontier.json"
    en.write_result(en.frontier(case, [0.5, 0.9]), path)
    whole = json.loads(path.read_text(encoding="utf-8"))
    draw = random.Random(7)
    refused = 0
    for _ in range(5 * DRAWS):
        path.write_text(json.dumps(changed(whole, draw)), encoding="utf-8")
        try:
            assert en.read_result(path)._repr_html_()
        except en.InputError as error:
            refused += str(path) in str(error)
            continue
    assert refused > DRAWS


# --- clusters and workloads -----------------------------------------------------------------------

CLUSTER = {
    "training": {"flop": "3e25", "days": "30.0", "parameters": "1e12"},
    "accelerator": {"name": '"b200"', "power_w": "1000.0"},
}  # fmt: skip


def test_every_number_of_a_cluster_file_is_refused_or_gives_finite_answers(tmp_path) -> None:
    from energy.datacenter import cluster

    draw = random.Random(12)
    path = tmp_path / "cluster.toml"
    fields = [("training", name) for name in en.Training.model_fields]
    fields += [("accelerator", name) for name in cluster.Accelerator.model_fields]
    fields += [("accelerator", f"silicon.{name}") for name in ("defects_per_cm2", "cores")]
    faults = []
    for _ in range(DRAWS):
        table, name, raw = *draw.choice(fields), draw.choice(RAW)
        content = {key: dict(values) for key, values in CLUSTER.items()}
        content[table][name] = raw
        lines = [
            f"[{key}]\n" + "\n".join(f"{k} = {v}" for k, v in values.items())
            for key, values in content.items()
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        try:
            made = en.read_cluster(path)
            json.dumps(made.to_dict(), allow_nan=False)
            assert made._repr_html_()
        except en.InputError as error:
            if not all(len(problem) < 1000 for problem in error.problems):
                faults.append((table, name, raw, "a long message"))
        except Exception as error:  # whatever else it is, it is a fault
            faults.append((table, name, raw, repr(error)[:200]))
    assert faults == []


ODD_NUMBERS = (
    math.nan, math.inf, -math.inf, 1e308, -1e308, 1e-300, -1.0, 0.0, 10**400, True, None, "word",
    [1.0], {"a": 1}, 0.5,
)  # fmt: skip


def test_every_field_of_a_workload_is_refused_or_gives_finite_answers() -> None:
    kinds = [en.Steady, en.Interruptible, en.PowerCapped, en.Queue]
    needed = {en.Queue: {"slack_h": 24.0, "offered_load_fraction": 0.5}}
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    design = en.Design(solar_mw=600, battery_mwh=2000, battery_mw=300)
    draw = random.Random(13)
    faults = []
    for _ in range(DRAWS):
        kind = draw.choice(kinds)
        name, value = draw.choice(list(kind.model_fields)), draw.choice(ODD_NUMBERS)
        try:
            run = en.run_workload(case, design, kind(**needed.get(kind, {}) | {name: value}))
            json.dumps(run.to_dict(), allow_nan=False)
            json.dumps(en.price(run).to_dict(), allow_nan=False)
        except en.InputError as error:
            if not all(len(problem) < 1000 for problem in error.problems):
                faults.append((kind.__name__, name, value, "a long message"))
        except Exception as error:  # whatever else it is, it is a fault
            faults.append((kind.__name__, name, value, repr(error)[:200]))
    assert faults == []


def test_extreme_designs_have_records_that_json_can_hold() -> None:
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    for solar_mw in (1e-300, 1e-9, 1e6):
        run = en.simulate(case, en.Design(solar_mw=solar_mw))
        for result in (en.assess(run), en.price(run), en.evaluate(case, run.design)):
            json.dumps(result.to_dict(), allow_nan=False)
            assert result._repr_html_()
