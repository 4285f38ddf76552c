"""Sites compared on plants for their life, and with failures of equipment."""

from __future__ import annotations

import math
from functools import partial

import pytest

import energy as en
from energy.analysis.comparison import Comparison
from energy.sizing import size_for_life, size_with_failures
from energy.tables import read_result

#: The quickest life: no years of addition are searched.
QUICK = partial(size_for_life, augmentation="none")

BESIDE = {
    "life_levelized_usd_per_mwh", "life_served_fraction", "life_worst_year_served_fraction",
    "served_with_failures_fraction", "lolh_with_failures_hours_per_year",
}  # fmt: skip


@pytest.fixture(scope="module")
def ranking() -> Comparison:
    return en.compare(
        ["tampa", "el-paso"], served_fraction=0.95, sizer=en.size, life=QUICK, failures=True
    )


@pytest.fixture(scope="module")
def plain() -> Comparison:
    return en.compare(["tampa", "el-paso"], served_fraction=0.95, sizer=en.size)


def test_each_site_has_the_plant_of_its_life(ranking):
    for sizing in ranking.sizings:
        alone = QUICK(sizing.case, served_fraction=0.95)
        row = ranking.frame.loc[sizing.case.site.name]
        assert row["life_levelized_usd_per_mwh"] == alone.levelized_usd_per_mwh
        assert row["battery_mwh"] == alone.evaluation.design.battery_mwh
        assert row["life_served_fraction"] == pytest.approx(0.95, abs=1e-8)
        assert row["life_worst_year_served_fraction"] < 0.95
        found = en.outages.fail(alone.evaluation.run).availability_with_failures
        assert row["lolh_with_failures_hours_per_year"] == found["lolh_hours_per_year"]
        assert row["served_with_failures_fraction"] == found["served_fraction"]


def test_sites_are_ranked_by_the_cost_over_the_life_and_what_the_weather_leaves_open(ranking):
    middles = []
    for sizing in ranking.sizings:
        interval = sizing.cost_interval
        assert interval.usd_per_mwh == sizing.life.levelized_usd_per_mwh
        factor = math.exp(interval.total.shift)
        middles.append(sizing.life.levelized_usd_per_mwh * factor)
        low, high = ranking.frame.loc[
            sizing.case.site.name, ["levelized_p05_usd_per_mwh", "levelized_p95_usd_per_mwh"]
        ]
        assert low < middles[-1] < high
    assert middles == sorted(middles)


def test_columns_of_life_and_failures_come_only_where_they_were_asked_for(ranking, plain):
    assert set(ranking.frame.columns) - set(plain.frame.columns) == BESIDE
    assert not BESIDE & set(plain.frame.columns)
    record = plain.to_dict()["sites"][0]
    assert not {"life", "failures", "outage_hours_by_cause"} & set(record)


def test_the_record_of_a_site_has_its_years_and_its_failures(ranking, tmp_path):
    for site in ranking.to_dict()["sites"]:
        assert site["availability_with_failures"].keys() == site["availability"].keys()
        assert len(site["life"]) == 30
        assert [row["kind"] for row in site["augmentation"]] == ["replacement"]
        assert site["life_cost"]["over_life"] == site["sized_for"]["over_life"] == "mean"
        assert site["sized_for"]["title"].endswith("on the mean of its years of life")
        assert any("over 30 years" in note for note in site["notes"])
    ranking.save(tmp_path / "ranking.csv")
    assert set(read_result(tmp_path / "ranking.csv").frame.columns) >= BESIDE


def test_a_life_takes_a_fraction_of_the_energy_and_no_failures_in_the_target():
    with pytest.raises(en.InputError, match="takes served_fraction; got nines"):
        en.compare(["tampa"], nines=2, sizer=None, life=QUICK)
    case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    with_failures = size_with_failures(case, served_fraction=0.9, draws=2)
    with pytest.raises(en.InputError, match="for its life or with failures"):
        with_failures.for_life(QUICK(case, served_fraction=0.9))
    with pytest.raises(en.InputError, match="not a given plant's"):
        en.size(case, served_fraction=0.9).for_life(en.live(with_failures.evaluation))
