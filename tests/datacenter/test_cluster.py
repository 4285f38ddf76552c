"""Cluster: a training run to chips and megawatts, by hand and said again by plain loops."""

from __future__ import annotations

import json
import math
import random
import tomllib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import energy as en
from energy.datacenter import (
    YIELD_MODELS,
    Silicon,
    accelerator_names,
    murphy_yield,
    negative_binomial_yield,
    poisson_yield,
    seeds_yield,
)
from energy.datacenter.cluster import trainable
from energy.parameters import FOLDER

POST = {"utilization_fraction": 1.0, "spare_fraction": 0.0}


def silicon(**changes: object) -> Silicon:
    wafer = en.read_accelerator("wafer-3nm").silicon
    assert wafer is not None
    return wafer.replace(**changes)


# --- by hand -----------------------------------------------------------------------------------


def test_a_run_in_a_day_by_hand() -> None:
    # 3e25 / 86,400 s = 3.4722e20 FLOP/s: the post's 347,000,000 TFLOP/s
    assert en.Training(flop=3e25, days=1).flop_per_s == pytest.approx(3.4722e20, rel=1e-4)


# A = 6 cm2. At .1/cm2, d = .6: e^-.6 = .5488; ((1 - .5488) / .6)^2 = .7520^2 = .5655;
# 1 / 1.6 = .6250; 1.2^-3 = .5787. At .2: .3012, (.6988 / 1.2)^2 = .3391, 1 / 2.2 = .4545,
# 1.4^-3 = .3644. At .07, d = .42: .6570, (.3430 / .42)^2 = .6669, 1 / 1.42 = .7042, 1.14^-3 = .6750
@pytest.mark.parametrize(
    ("defects_per_cm2", "told"),
    [
        (0.1, (0.549, 0.565, 0.625, 0.579)),
        (0.2, (0.301, 0.339, 0.455, 0.364)),
        (0.07, (0.657, 0.667, 0.704, 0.675)),
    ],
)
def test_yields_by_hand(defects_per_cm2: float, told: tuple[float, ...]) -> None:
    models = (poisson_yield, murphy_yield, seeds_yield, negative_binomial_yield)
    wafer = silicon(defects_per_cm2=defects_per_cm2)
    assert [wafer.yield_fraction(model) for model in models] == pytest.approx(told, abs=6e-4)


def test_dies_per_wafer_by_hand() -> None:
    # pi 150^2 / 600 = 117.81; pi 300 / sqrt(1200) = 27.21; 90.60, so 90. The post says 89.
    assert silicon().gross_dies == 90
    # with 3 mm of edge left out: pi 147^2 / 600 = 113.15; pi 294 / 34.64 = 26.66; 86.48
    assert silicon(diameter_mm=294.0).gross_dies == 86
    # H100: pi 150^2 / 814 = 86.84; pi 300 / sqrt(1628) = 23.36; 63.48
    assert silicon(die_area_cm2=8.14).gross_dies == 63


def test_gpus_and_megawatts_by_hand() -> None:
    # 2.1e25 / 86,400 / (.4 x 989e12) = 614,400.2 -> 614,401, sold by 8: 614,408; x 1.275 kW
    run = en.Training(flop=2.1e25, days=1, utilization_fraction=0.4, spare_fraction=0.0)
    cluster = en.build_cluster(run, en.read_accelerator("h100"))
    assert cluster.accelerators == pytest.approx(614_400, abs=2)
    assert cluster.installed == math.ceil(cluster.accelerators / 8) * 8
    assert cluster.nameplate_mw == pytest.approx(783.36, abs=0.02)
    # 614,400 x 50 k$ = 30.72 G$
    assert cluster.capital_usd == pytest.approx(30.72e9, rel=1e-4)


def test_spares_and_whole_racks_by_hand() -> None:
    # 1e15 x 100 asked at half of 2.5e15: 80 accelerators; .02 of spares: 81.6; racks of 72: 144
    run = en.Training(flop=1e17 * 86400, days=1, utilization_fraction=0.5, spare_fraction=0.02)
    cluster = en.build_cluster(run, en.read_accelerator("gb200-nvl72"))
    assert (cluster.accelerators, cluster.installed) == (80, 144)
    assert cluster.nameplate_mw == pytest.approx(144 * 1.667 / 1000)


def test_capital_of_ones_own_chip_by_hand() -> None:
    # 1,000 dies x 10 k$ = 10 M$; half are good: 1,000 / 45 = 22.2, 23 wafers x 20 k$ = .46 M$;
    # design 650 M$: 660.46 M$
    accelerator = en.read_accelerator("wafer-3nm")
    run = en.Training(flop=1000 * accelerator.flop_per_s * 86400, days=1, **POST)
    cluster = en.build_cluster(run, accelerator, yield_model=lambda _: 0.5)
    assert (cluster.installed, cluster.wafers) == (1000, 23)
    assert cluster.capital_usd == pytest.approx(660.46e6)


def test_the_posts_wafers_by_hand() -> None:
    # 3e25 in a day at the whole peak, 89 perfect dies of 100/89 PFLOP/s: 3,472 wafers
    accelerator = en.read_accelerator("wafer-3nm")
    assert accelerator.silicon is not None
    post = accelerator.replace(
        flop_per_s=1e17 / 89,
        power_kw=23.0 / 89,
        silicon=accelerator.silicon.replace(dies_per_wafer=89, defects_per_cm2=0.0),
    )
    cluster = en.build_cluster(en.Training(flop=3e25, days=1, **POST), post)
    assert cluster.yield_fraction == 1.0
    assert cluster.wafers == 3473  # 3,472.2
    # the post's own 3,450 at a CS-3's 23 kW: 79.35 MW; 675 MW over 3,450: 195.7 kW a wafer
    assert 3450 * 89 * post.power_kw / 1000 == pytest.approx(79.35)
    assert pytest.approx(195.65, abs=0.01) == 675e3 / 3450
    assert 3450 * 89 * en.read_accelerator("wafer-3nm").frame.loc[
        "power_kw", "high"
    ] == pytest.approx(675e3, rel=2e-3)


# "Yield could be double": 1 / .565 = 1.77 times with Murphy at .1/cm2; it takes .123/cm2 to double.
@pytest.mark.parametrize(
    ("model", "defects_per_cm2", "times"),
    [
        (murphy_yield, 0.10, 1.768), (poisson_yield, 0.10, 1.822), (seeds_yield, 0.10, 1.600),
        (negative_binomial_yield, 0.10, 1.728), (murphy_yield, 0.20, 2.949),
        (murphy_yield, 0.07, 1.499), (murphy_yield, 0.123, 1.999),
    ],
)  # fmt: skip
def test_by_how_much_yield_multiplies_the_wafers(model, defects_per_cm2, times) -> None:
    accelerator = en.read_accelerator("wafer-3nm")
    assert accelerator.silicon is not None
    wafers = []
    for defects in (0.0, defects_per_cm2):
        made = accelerator.replace(silicon=accelerator.silicon.replace(defects_per_cm2=defects))
        run = en.Training(flop=3e25, days=1, **POST)
        wafers.append(en.build_cluster(run, made, yield_model=model).wafers)
    assert wafers[1] / wafers[0] == pytest.approx(times, abs=2e-3)


def test_a_wafer_with_spare_cores_is_not_lost() -> None:
    # 462.25 cm2 x .1 = 46 defects, each at most one core of 970,000; 70,000 may be bad (7.2 %)
    accelerator = en.read_accelerator("wse-3")
    assert accelerator.silicon is not None
    assert accelerator.silicon.defects_per_die == pytest.approx(46.2, abs=0.05)
    for model in YIELD_MODELS.values():
        assert accelerator.silicon.yield_fraction(model) == pytest.approx(1.0, abs=1e-12)
    assert 1 - accelerator.silicon.cores_needed / accelerator.silicon.cores == pytest.approx(
        0.072, abs=1e-3
    )
    # without spares it is: e^-46.2 = 8e-21
    bare = accelerator.silicon.replace(cores=1, cores_needed=1)
    assert bare.yield_fraction(poisson_yield) == pytest.approx(math.exp(-46.225))


def test_spare_cores_by_hand() -> None:
    # two cores of which one is needed, each good with e^-.3 = .7408: 1 - .2592^2 = .9328
    wafer = silicon(cores=2, cores_needed=1)
    assert wafer.yield_fraction(poisson_yield) == pytest.approx(0.93282, abs=1e-5)
    # both needed and no clusters: as the whole, e^-.6
    whole = silicon(cores=2, cores_needed=2)
    assert whole.yield_fraction(poisson_yield) == pytest.approx(math.exp(-0.6))


def test_memory_by_hand() -> None:
    # 1.8e12 x 16 B = 28.8 TB: 360 H100 of 80 GB; 655 WSE-3 of 44 GB (654.5)
    run = en.Training(flop=3e25, days=1, parameters=1.8e12)
    assert en.build_cluster(run, en.read_accelerator("h100")).accelerators_for_memory == 360
    assert en.build_cluster(run, en.read_accelerator("wse-3")).accelerators_for_memory == 655


def test_memory_binds_when_the_run_is_slow() -> None:
    # 1e22 in 365 days is 3.2e14 FLOP/s, one H100 at .4 of 9.89e14; memory asks for 360
    run = en.Training(flop=1e22, days=365, parameters=1.8e12, spare_fraction=0.0)
    cluster = en.build_cluster(run, en.read_accelerator("h100"))
    assert (cluster.accelerators_for_flop, cluster.accelerators, cluster.binding) == (
        1,
        360,
        "memory",
    )
    assert any("memory" in note for note in cluster.notes)


def test_network_bound_by_hand() -> None:
    # 6 x 16e6 tokens x 360 x 50e9 B/s / (2 x 2 B x 3.956e14) = 1.0920e6 H100
    run = en.Training(flop=3e25, days=1, parameters=1.8e12, utilization_fraction=0.4)
    cluster = en.build_cluster(run, en.read_accelerator("h100"))
    assert cluster.accelerators_for_network == pytest.approx(1.0920e6, rel=1e-4)
    assert cluster.binding == "arithmetic"
    # half the tokens a step halve it: 546,000 are fewer than the 877,711 of the arithmetic
    small = en.build_cluster(run.replace(batch_tokens=8e6), en.read_accelerator("h100"))
    assert small.binding == "network"
    # 877,711 / 546,006 = 1.61
    assert "1.6 times as long" in small.notes[0]


def test_the_way_back_by_hand() -> None:
    # 100 MW / 1.25 / 1.275 kW = 62,745 -> 7,843 sets of 8: 62,744; a fiftieth spare: 61,513.7
    # x 989e12 x .4 x 86,400 x .99 = 2.0815e24 a day
    run = en.Training(flop=2.1e25, days=1, utilization_fraction=0.4, spare_fraction=0.02)
    answer = trainable(
        run, en.read_accelerator("h100"), plant_mw=100, served_fraction=0.99, pue=1.25
    )
    assert answer.installed == 62_744
    assert answer.flop_per_day == pytest.approx(2.0815e24, rel=1e-4)
    assert answer.days_per_run == pytest.approx(2.1e25 / 2.0815e24, rel=1e-4)
    assert answer.runs_per_year == pytest.approx(365 * 2.0815e24 / 2.1e25, rel=1e-4)


def test_a100s_of_gpt4_by_hand() -> None:
    # 25,000 A100 of 312 TFLOP/s for 95 days hold 6.40e25; 2.15e25 in them is .336 (told: 32-36 %)
    a100 = en.read_accelerator("h100").replace(name="a100", flop_per_s=3.12e14, sold_by=1)
    run = en.Training(flop=2.15e25, days=95, utilization_fraction=0.336, spare_fraction=0.0)
    assert en.build_cluster(run, a100).accelerators == pytest.approx(25_000, rel=0.01)


# --- always true -------------------------------------------------------------------------------


@given(st.floats(1e-6, 50))
def test_no_clusters_are_the_worst_and_exponential_ones_the_best(defects: float) -> None:
    poisson, seeds = poisson_yield(defects), seeds_yield(defects)
    for model in YIELD_MODELS.values():
        assert poisson * (1 - 1e-12) <= model(defects) <= seeds * (1 + 1e-12)


@given(st.floats(0, 20))
def test_clustering_goes_from_seeds_to_poisson(defects: float) -> None:
    assert negative_binomial_yield(defects, alpha=1.0) == pytest.approx(seeds_yield(defects))
    assert negative_binomial_yield(defects, alpha=1e9) == pytest.approx(
        poisson_yield(defects), rel=1e-5
    )


@pytest.mark.parametrize("model", YIELD_MODELS.values())
def test_no_defects_lose_nothing_and_more_lose_more(model) -> None:
    assert model(0.0) == 1.0
    shares = [model(defects) for defects in np.linspace(0, 10, 101)]
    assert (np.diff(shares) < 0).all()


@settings(deadline=None)
@example(flop=8.252040724299101e26, days=1.0, name="wafer-3nm", parameters=None)
@given(
    flop=st.floats(1e20, 1e27), days=st.floats(1, 1000), name=st.sampled_from(accelerator_names()),
    parameters=st.none() | st.floats(1e8, 1e14),
)  # fmt: skip
def test_a_machine_does_its_run(flop, days, name, parameters) -> None:
    run = en.Training(flop=flop, days=days, parameters=parameters)
    accelerator = en.read_accelerator(name)
    cluster = en.build_cluster(run, accelerator)
    done = cluster.accelerators * accelerator.flop_per_s * run.utilization_fraction * days * 86400
    assert done >= flop * (1 - 1e-9)
    assert cluster.installed >= cluster.accelerators
    assert cluster.installed % accelerator.sold_by == 0
    low, high = cluster.ends
    assert low.nameplate_mw <= cluster.nameplate_mw <= high.nameplate_mw
    assert low.capital_usd <= cluster.capital_usd <= high.capital_usd
    # the same power does the run in no more than its days, there and back
    back = trainable(run, accelerator, plant_mw=cluster.nameplate_mw, pue=1.0)
    assert back.days_per_run <= days * (1 + 1e-9)
    if cluster.wafers is not None:
        good = cluster.wafers * accelerator.silicon.gross_dies * cluster.yield_fraction
        assert good >= cluster.installed * (1 - 1e-9)


# --- said again --------------------------------------------------------------------------------


def test_die_count_lies_below_dies_laid_out_one_by_one() -> None:
    """Squares on a grid, the best of many offsets: the formula is 3 to 7 % below."""
    side_mm, best = math.sqrt(600), {}
    for diameter_mm, lane_mm in ((300, 0.0), (294, 0.1)):
        pitch = side_mm + lane_mm
        counts = []
        for right in np.linspace(0, pitch, 15, endpoint=False):
            for up in np.linspace(0, pitch, 15, endpoint=False):
                edges_x = np.arange(-10, 10) * pitch + right
                edges_y = np.arange(-10, 10) * pitch + up
                far_x = np.maximum(abs(edges_x), abs(edges_x + side_mm))
                far_y = np.maximum(abs(edges_y), abs(edges_y + side_mm))
                counts.append(int((np.hypot.outer(far_x, far_y) <= diameter_mm / 2).sum()))
        best[diameter_mm] = max(counts)
    assert best == {300: 97, 294: 93}
    assert 0.92 < silicon().gross_dies / best[300] < 1
    assert 0.95 < silicon().gross_dies / best[294] < 1


def test_defects_thrown_one_by_one_give_the_yields() -> None:
    """Poisson counts on densities that are one, exponential, triangular, gamma of shape 3."""
    draw, n = random.Random(7), 40_000
    densities = {
        poisson_yield: lambda: 1.0,
        seeds_yield: lambda: draw.expovariate(1.0),
        murphy_yield: lambda: draw.triangular(0, 2, 1),
        negative_binomial_yield: lambda: draw.gammavariate(3, 1 / 3),
    }
    for model, density in densities.items():
        good = sum(draw.expovariate(1.0) > 0.6 * density() for _ in range(n))
        assert good / n == pytest.approx(model(0.6), abs=0.012)


# --- what is shipped ---------------------------------------------------------------------------


def test_every_number_has_a_range_and_a_source() -> None:
    content = tomllib.loads((FOLDER / "clusters-2025.toml").read_text(encoding="utf-8"))
    for section, quantities in content.items():
        for key, quantity in quantities.items():
            where = f"{section}.{key}"
            assert quantity["low"] <= quantity["value"] <= quantity["high"], where
            assert quantity["source"], where
            assert quantity["unit"], where
            assert ("dollar_year" in quantity) == key.endswith("usd"), where


@pytest.mark.parametrize("name", accelerator_names())
def test_every_device_can_be_read_and_shows_its_sources(name: str) -> None:
    accelerator = en.read_accelerator(name)
    assert (accelerator.frame["source"] != "set by the user").all()
    assert "<table" in accelerator._repr_html_()
    changed = accelerator.replace(power_kw=7.0)
    assert changed.frame.loc["power_kw", "source"].startswith("set by the user")
    cluster = en.build_cluster(en.Training(flop=1e24, days=30), changed)
    assert [end.accelerator.power_kw for end in cluster.ends] == [7.0, 7.0]


def test_results_show_themselves_and_become_json() -> None:
    run = en.Training(flop=3e25, days=1, parameters=1.8e12)
    cluster = en.build_cluster(run, en.read_accelerator("wafer-3nm"))
    again = json.loads(json.dumps(cluster.to_dict(), allow_nan=False))
    assert again["wafers"] == cluster.wafers
    assert cluster.frame.loc["nameplate_mw", "value"] == cluster.nameplate_mw
    assert "<table" in cluster._repr_html_()
    answer = trainable(run, cluster.accelerator, plant_mw=0.0001)
    assert json.loads(json.dumps(answer.to_dict(), allow_nan=False))["days_per_run"] is None
    assert "<table" in answer._repr_html_()


# --- files and wrong input ---------------------------------------------------------------------


def test_a_file_tells_a_machine(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(
        'yield_model = "seeds"\n[training]\nflop = 3e25\ndays = 1\n'
        '[accelerator]\nname = "wafer-3nm"\ndefects_per_cm2 = 0.2\n'
    )
    cluster = en.read_cluster(path)
    assert cluster.yield_fraction == pytest.approx(1 / 2.2)
    assert cluster.accelerator.power_kw == en.read_accelerator("wafer-3nm").power_kw


def test_a_file_tells_a_device_that_is_not_shipped(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(
        "[training]\nflop = 1e24\ndays = 10\n[accelerator]\nname = 'own'\nflop_per_s = 1e15\n"
        "power_kw = 1\nprice_usd = 20000\nmemory_gb = 100\nlink_gb_per_s = 50\n"
    )
    assert en.read_cluster(path).accelerator.name == "own"


def test_every_problem_of_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(
        'yield_model = "murfy"\ncolour = 1\n[training]\nflop = -1\ndays = 0\n'
        '[accelerator]\nname = "h200"\n'
    )
    with pytest.raises(en.InputError) as caught:
        en.read_cluster(path)
    text = str(caught.value)
    for part in ("murfy", "colour", "flop must be greater than 0", "days must", "did you mean"):
        assert part in text


@pytest.mark.parametrize("share", [0.0, 1.2, -0.5, math.nan])
def test_a_yield_is_a_fraction(share: float) -> None:
    with pytest.raises(en.InputError, match="yield must be a fraction"):
        en.build_cluster(
            en.Training(flop=1e24, days=1),
            en.read_accelerator("wafer-3nm"),
            yield_model=lambda _: share,
        )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"die_area_cm2": 400.0}, "no die of 400 cm2 fits"),
        ({"cores": 4, "cores_needed": 5}, "cores_needed is 5 of only 4"),
        ({"defects_per_cm2": -1.0}, "defects_per_cm2 must"),
    ],
)
def test_silicon_that_cannot_be(changes: dict, told: str) -> None:
    with pytest.raises(en.InputError, match=told):
        silicon(**changes)


def test_a_plant_that_cannot_be_is_told_with_all_its_problems() -> None:
    run, accelerator = en.Training(flop=1e24, days=1), en.read_accelerator("h100")
    with pytest.raises(en.InputError) as caught:
        trainable(run, accelerator, plant_mw=0, served_fraction=1.2, pue=0.9)
    assert len(caught.value.problems) == 3


def test_a_yield_model_may_be_ones_own() -> None:
    clustered = partial(negative_binomial_yield, alpha=0.5)
    accelerator = en.read_accelerator("wafer-3nm")
    cluster = en.build_cluster(en.Training(flop=1e24, days=1), accelerator, yield_model=clustered)
    # (1 + .6 / .5)^-.5 = 2.2^-.5 = .6742
    assert cluster.yield_fraction == pytest.approx(0.6742, abs=1e-4)


def test_a_cluster_file_gives_the_same_load_to_the_command_and_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import json
    import sys

    from energy import cli

    path = tmp_path / "cluster.toml"
    path.write_text("[training]\nflop = 2.1e25\ndays = 30\n[accelerator]\nname = 'b200'\n")
    cluster = en.read_cluster(path)
    words = ["energy", "run", "el-paso", "--solar-mw", "500", "--cluster", str(path), "--json"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        cli.main()
    assert json.loads(capsys.readouterr().out)["it_mw"] == cluster.it_load_mw
    assert cluster.it_load_mw == pytest.approx(0.76 * cluster.nameplate_mw)


def test_the_wafer_scale_engine_is_counted_dense() -> None:
    # 900,000 cores x 8 wide x 2 operations x 1.1 GHz
    dense = en.read_accelerator("wse-3").flop_per_s
    assert dense == pytest.approx(900_000 * 8 * 2 * 1.1e9, rel=0.01)


def test_parameters_of_a_cluster_can_be_varied() -> None:
    run = en.Training(flop=3e25, days=1.0)
    cluster = en.build_cluster(run, en.read_accelerator("wafer-3nm"))
    names = cluster.parameters.index
    assert {"training.utilization_fraction", "wafer-3nm.wafer_price_usd"} <= set(names)
    dear = cluster.with_parameters({"wafer-3nm.wafer_price_usd": 1e6, "training.load_fraction": 1})
    assert dear.capital_usd > cluster.capital_usd
    assert dear.it_load_mw == dear.nameplate_mw
