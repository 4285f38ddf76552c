"""How uncertainty a sizing is: draws that repeat, single years, nines that so many years can
support.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

import energy as en
from energy.finance import annual_usd_per_size
from energy.sizing.weather_uncertainty import WeatherUncertainty


@pytest.fixture(scope="module")
def muleshoe() -> en.sizing.Sizing:
    """Two weather years, of which the first is a leap year."""
    return en.size(no_snow("muleshoe"), served_fraction=0.95)


@pytest.fixture(scope="module")
def uncertainty(muleshoe: en.sizing.Sizing) -> WeatherUncertainty:
    return en.weather_uncertainty(muleshoe, draws=300, seed=5)


@pytest.fixture(scope="module")
def golden() -> en.sizing.Sizing:
    return en.size(en.Case(en.read_site("golden"), en.Datacenter(it_mw=100)), served_fraction=0.9)


@pytest.fixture(scope="module")
def one_year(el_paso: en.Case) -> WeatherUncertainty:
    return en.weather_uncertainty(en.size(el_paso, served_fraction=0.95), draws=20)


def test_the_same_seed_draws_the_same_and_another_does_not(muleshoe, uncertainty):
    again = en.weather_uncertainty(muleshoe, draws=300, seed=5)
    assert again.drawn.equals(uncertainty.drawn)
    assert again.frame.equals(uncertainty.frame)
    assert not en.weather_uncertainty(muleshoe, draws=300, seed=6).drawn.equals(uncertainty.drawn)


def no_snow(name: str) -> en.Case:
    """A case without snow, whose estimated days hang together over all years of a chain."""
    return en.Case(en.read_site(name), en.Datacenter(it_mw=100), snow_loss=en.snow.no_snow_loss)


def only(case: en.Case, year: int) -> en.Case:
    """The case of one of its weather years."""
    weather = case.weather
    frame = weather.frame[np.asarray(weather.local_middle.year) == year]
    one = replace(
        weather, frame=frame, provenance=weather.provenance.replace(first_year=year, last_year=year)
    )
    return en.Case(case.site.with_weather(one), case.datacenter, snow_loss=case.snow_loss)


def test_a_single_year_costs_what_size_gives_for_it_alone(muleshoe, uncertainty):
    case = muleshoe.case
    assert list(uncertainty.single_years.index) == [2012, 2013]
    per_mw = annual_usd_per_size(case)["load"]
    for year, row in uncertainty.single_years.iterrows():
        alone = only(case, int(year))
        # Switchgear is for the peak of all years; a year's own may be lower.
        more_usd = per_mw * (case.load_mw.max() - alone.load_mw.max())
        alone_usd = en.size(alone, served_fraction=0.95).evaluation.cost.annual_usd
        assert row["annual_usd"] == pytest.approx(alone_usd + more_usd, rel=1e-6)


def test_the_sized_plants_own_years_stand_beside_them(muleshoe, uncertainty):
    by_year = muleshoe.evaluation.availability.by_year
    for name in ("served_fraction", "available_fraction"):
        assert uncertainty.single_years[name].tolist() == by_year[name].tolist()


def test_two_years_can_be_drawn_in_three_ways_and_each_is_what_its_years_give(
    muleshoe, uncertainty
):
    # Twice the first, twice the second, or one of each: that is the chain itself.
    single, drawn = uncertainty.single_years, uncertainty.drawn
    ways = drawn["served_fraction"].round(12).value_counts()
    assert len(ways) == 3
    load = [muleshoe.case.load_mw[muleshoe.case.year_numbers == y].sum() for y in (0, 1)]
    both = float(np.average(single["served_fraction"], weights=load))
    assert both == pytest.approx(0.95)
    expected = {round(float(v), 12) for v in (*single["served_fraction"], both)}
    assert np.allclose(sorted(ways.index), sorted(expected), atol=2e-12)
    # A quarter, a quarter, a half of 300 draws; four standard deviations are 30 and 35.
    for year in single.index:
        alike = drawn[np.isclose(drawn["served_fraction"], single.loc[year, "served_fraction"])]
        assert 45 <= len(alike) <= 105
    mixed = drawn[np.isclose(drawn["served_fraction"], both)]
    assert 115 <= len(mixed) <= 185
    steps = np.array([(muleshoe.case.year_numbers == y).sum() for y in (0, 1)])
    hours = float(np.average(single["available_fraction"], weights=steps))
    assert mixed["available_fraction"].to_numpy() == pytest.approx(hours)


def test_an_interval_holds_nine_tenths_of_the_draws_and_its_value(uncertainty):
    for name in ("served_fraction", "available_fraction"):
        row, drawn = uncertainty.frame.loc[name], uncertainty.drawn[name]
        assert row["low"] <= row["value"] * (1 + 1e-6)
        assert row["high"] >= row["value"] * (1 - 1e-6)
        assert ((drawn >= row["low"]) & (drawn <= row["high"])).mean() >= 0.9 - 1e-9
        assert row["low"] == np.percentile(drawn, 5)
        assert row["high"] == np.percentile(drawn, 95)


def test_an_interval_by_hand(uncertainty):
    # Of 0, 1, ... 100 the 5th and the 95th percentile are 5 and 95.
    hundred = pd.DataFrame(dict.fromkeys(uncertainty.drawn.columns, np.arange(101.0)))
    frame = replace(uncertainty, drawn=hundred).frame.loc[list(hundred)]
    assert frame["low"].tolist() == pytest.approx([5] * 2)
    assert frame["high"].tolist() == pytest.approx([95] * 2)


def test_the_interval_of_the_cost_is_that_of_the_sizing(uncertainty):
    low, high = uncertainty.sizing.cost_interval.levelized_usd_per_mwh
    row = uncertainty.frame.loc["levelized_usd_per_mwh"]
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    whole = uncertainty.frame.loc["annual_usd"]
    assert whole["high"] / whole["value"] == pytest.approx(row["high"] / row["value"])


def test_fewer_years_are_less_sure(golden):
    # The same years, of which a case has only two that are far apart, or all.
    case = golden.case
    every = en.weather_uncertainty(golden, draws=200, seed=1)
    single = every.single_years["annual_usd"]
    lowest, highest = int(single.idxmin()), int(single.idxmax())
    weather = case.weather
    year = np.asarray(weather.local_middle.year)
    frame = weather.frame[(year == lowest) | (year == highest)]
    two = replace(weather, frame=frame)
    few = en.weather_uncertainty(
        en.size(en.Case(case.site.with_weather(two), case.datacenter), served_fraction=0.9),
        draws=200, seed=1,
    )  # fmt: skip
    widths = [s.frame.loc["annual_usd", "high"] - s.frame.loc["annual_usd", "low"]
              for s in (every, few)]  # fmt: skip
    assert widths[1] > 1.2 * widths[0] > 0
    assert few.nines_supported < every.nines_supported


# --- one year -------------------------------------------------------------------------------------


def test_one_typical_year_has_the_interval_of_typical_years_and_says_so(one_year):
    reliability = one_year.frame.loc[["served_fraction", "available_fraction"]]
    assert reliability[["low", "high"]].isna().all(axis=None)
    assert set(one_year.cost_interval.parts) == {"typical"}
    assert one_year.frame["value"].notna().all()
    assert "one weather year: what it hides is known from long records" in one_year.notes


def test_a_single_year_is_the_sizing_itself(one_year):
    own = one_year.sizing.evaluation.cost.annual_usd
    assert one_year.single_years["annual_usd"].tolist() == pytest.approx([own], rel=1e-8)


# --- nines ----------------------------------------------------------------------------------------


def test_the_nines_that_years_support_by_hand(one_year, uncertainty):
    # No event in a year: with 95 % confidence below -ln(.05) = 3.0 a year; each a night of 12 h:
    # 35.95 of 8760 h, 2.387 nines. In two years half of it, log10(2) = .301 nines more.
    assert one_year.nines_supported == pytest.approx(-math.log10(-math.log(0.05) * 12 / 8760))
    assert one_year.nines_supported == pytest.approx(2.387, abs=5e-4)
    assert uncertainty.nines_supported == pytest.approx(2.387 + 0.301, abs=1e-3)


def test_the_nines_a_plant_has_at_least_follow_from_its_events(uncertainty):
    availability = uncertainty.sizing.evaluation.availability
    count, length_h = len(availability.events), availability.events["length_h"].mean()
    # Garwood's upper limit m of a count n: no more than n events in one of 20 trials at m.
    hours = (
        10**-uncertainty.nines_at_least
        * 8760
        * uncertainty.sizing.case.weather.years_exact
        / length_h
    )
    assert poisson.cdf(count, hours) == pytest.approx(0.05, abs=1e-9)
    assert uncertainty.nines_at_least < availability.nines


def test_a_plant_without_outage_has_the_nines_that_its_years_support(el_paso):
    uncertainty = en.weather_uncertainty(en.size(el_paso, served_fraction=1.0), draws=1)
    assert math.isinf(uncertainty.sizing.evaluation.availability.nines)
    assert uncertainty.nines_at_least == pytest.approx(uncertainty.nines_supported)
    assert any("no outage in the run is not a claim" in note for note in uncertainty.notes)


def test_nines_within_what_the_years_support_need_no_note(uncertainty, one_year):
    assert uncertainty.notes == []
    assert len(one_year.notes) == 1


# --- told, and refused ----------------------------------------------------------------------------


def test_the_record_is_plain_data_without_nan(uncertainty, one_year):
    for one in (uncertainty, one_year):
        record = json.loads(json.dumps(one.to_dict(), allow_nan=False))
        assert set(record) == {
            "level", "levelized_usd_per_mwh", "middle_usd_per_mwh", "parts", "interval_90",
            "single_years", "draws", "nines_supported", "nines_at_least", "notes",
        }  # fmt: skip
    assert one_year.to_dict()["interval_90"]["served_fraction"]["low"] is None
    assert uncertainty.to_dict()["draws"] == 300


def test_a_sizing_for_hours_is_taken_for_the_energy_that_it_serves(el_paso):
    sized = en.size(el_paso, nines=1.5)
    uncertainty = en.weather_uncertainty(sized, draws=1)
    share = sized.evaluation.availability.served_fraction
    exact = en.size(el_paso, served_fraction=share).evaluation.cost.annual_usd
    assert uncertainty.single_years["annual_usd"].iloc[0] == pytest.approx(exact, rel=1e-8)


def test_every_wrong_number_is_told(muleshoe):
    with pytest.raises(en.InputError) as caught:
        en.weather_uncertainty(muleshoe, draws=0, seed=-1)
    assert len(caught.value.problems) == 2
    with pytest.raises(en.InputError, match="100000"):
        en.weather_uncertainty(muleshoe, draws=100_001)
