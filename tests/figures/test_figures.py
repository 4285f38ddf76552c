"""Pictures: what they show, how they are written, and what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.errors import InputError
from energy.figures import save
from energy.figures import weather as weather_figure
from energy.figures.uncertainty import ASSUMPTIONS
from energy.figures.weather_at_a_glance import _rise_and_set
from energy.reliability import worst_week
from energy.site import read_site
from energy.weather import Place, Provenance, Weather
from energy.weather.quality import MONTHS, QualityCheck, check_quality

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def seen() -> tuple[Weather, QualityCheck]:
    site = read_site("el-paso")
    assert site.normals is not None
    normals = site.normals.ghi_kwh_m2_day
    return site.series, check_quality(site.series, normals_ghi_kwh_m2_day=normals)


@pytest.fixture(scope="module")
def made_up() -> Weather:
    """Two years on the equator with the clock of UTC: light from 6 to 18 h, 500 or 400 W/m2."""
    index = pd.date_range("2001", "2003", freq="h", inclusive="left", tz="UTC", name="start")
    up = (index.hour >= 6) & (index.hour < 18)
    ghi = np.where(up, np.where(index.year == 2001, 500.0, 400.0), 0.0)
    frame = pd.DataFrame(
        {"ghi": ghi, "dni": 0.0, "dhi": ghi, "temp_air": 20.0, "wind_speed": 3.0}, index=index
    )
    return Weather(frame, Place(0.0, 0.0, 0.0), 0.0, Provenance("made up at $5 and $6", 2001, 2002))


def test_four_panels_have_titles_and_axes_with_units(seen: tuple[Weather, QualityCheck]) -> None:
    figure = weather_figure(*seen)
    hours, months, lull, days, colours = figure.axes
    assert all(axes.get_title() for axes in (hours, months, lull, days))
    assert hours.get_ylabel() == "local standard time, UTC-7 [h]"
    assert colours.get_ylabel() == "GHI [W/m²]"
    assert months.get_ylabel() == "GHI [kWh/m²/day]"
    assert lull.get_ylabel() == "GHI [W/m²]"
    assert days.get_xlabel() == "fraction of days [%]"
    title = figure.get_suptitle()
    assert seen[0].source in title
    assert "31.77° N, 106.50° W, 1186 m; typical year of 1980 to 2005" in title


def test_the_panels_show_the_series_by_hand(made_up: Weather) -> None:
    # Months: 12 h x 500 or 400 W/m2 are 6 and 4.8 kWh/m2, 5.4 on average. A week of 2002 is the
    # darkest; every day of a year is alike but for the clear sky.
    quality_check = check_quality(made_up)
    hours, months, lull, days, _ = weather_figure(made_up, quality_check).axes
    heat = np.asarray(hours.collections[0].get_array())
    assert heat.shape == (24, 12)
    assert heat[6:18] == pytest.approx(450.0)
    assert heat[:6].max() == heat[18:].max() == 0
    assert [bar.get_height() for bar in months.patches] == pytest.approx([5.4] * 12)
    spread = months.collections[0].get_segments()
    assert np.asarray(spread)[:, :, 1] == pytest.approx(np.array([[4.8, 6.0]] * 12))
    assert "(2002): 4.80 kWh/m²/day" in lull.get_title()
    assert lull.lines[0].get_xdata()[:2] == pytest.approx([0.5 / 24, 1.5 / 24])
    assert len(lull.lines[0].get_xdata()) == 7 * 24
    assert len(days.lines) == 2 + 1 + 1  # each year, all, and the clear sky
    assert (np.diff(days.lines[2].get_ydata()) >= 0).all()


def test_normals_are_drawn_where_they_are_known(seen: tuple[Weather, QualityCheck]) -> None:
    labels = [text.get_text() for text in weather_figure(*seen).axes[1].get_legend().get_texts()]
    assert labels == ["this series", "clear sky", "normals"]
    without = weather_figure(seen[0], check_quality(seen[0])).axes[1]
    assert "normals" not in [text.get_text() for text in without.get_legend().get_texts()]


def test_the_sun_rises_at_six_on_the_equator_and_does_not_beyond_the_polar_circle(
    made_up: Weather,
) -> None:
    _, rise, set_ = _rise_and_set(made_up)
    assert (set_ - rise) == pytest.approx(12.0)
    assert rise.mean() == pytest.approx(6.0, abs=0.01)
    _, rise, _ = _rise_and_set(replace(made_up, place=replace(made_up.place, latitude_deg=70.0)))
    assert np.isnan(rise).sum() > 100  # two months of night, two of day
    assert np.isfinite(rise).sum() > 200


def test_a_place_without_sun_for_weeks_is_drawn(made_up: Weather, tmp_path: Path) -> None:
    dark = made_up.local_middle.month.isin([1, 12])
    frame = made_up.frame.assign(ghi=made_up.frame["ghi"].where(~dark, 0.0))
    frame["dhi"] = frame["ghi"]
    weather = replace(made_up, frame=frame, place=replace(made_up.place, latitude_deg=75.0))
    save(weather_figure(weather, check_quality(weather)), tmp_path / "polar.png")


def test_what_is_suspicious_stands_under_the_picture(made_up: Weather) -> None:
    quality_check = check_quality(made_up)
    shown = weather_figure(made_up, quality_check).get_supxlabel()
    assert "Suspicious: " in shown
    assert "year-to-year" not in shown
    assert weather_figure(made_up, replace(quality_check, warnings=())).get_supxlabel() == ""


def test_a_picture_is_1200_by_900(seen: tuple[Weather, QualityCheck], tmp_path: Path) -> None:
    save(weather_figure(*seen), tmp_path / "a.png")
    head = (tmp_path / "a.png").read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert [int.from_bytes(head[at : at + 4]) for at in (16, 20)] == [1200, 900]


def test_the_same_picture_is_the_same_bytes(
    seen: tuple[Weather, QualityCheck], tmp_path: Path
) -> None:
    for name in ("a.svg", "b.svg", "A.PNG", "b.png"):
        save(weather_figure(*seen), str(tmp_path / name))
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "A.PNG").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A.PNG", "a.svg", "b.png", "b.svg"]


def test_a_dollar_in_a_source_is_a_dollar(made_up: Weather, tmp_path: Path) -> None:
    save(weather_figure(made_up, check_quality(made_up)), tmp_path / "a.svg")


def test_pyplot_is_left_alone(seen: tuple[Weather, QualityCheck]) -> None:
    before = "matplotlib.pyplot" in sys.modules
    weather_figure(*seen)
    assert ("matplotlib.pyplot" in sys.modules) == before


# --- what is refused ---------------------------------------------------------------------------


def test_a_place_that_cannot_be_written_is_refused_and_the_old_file_stays(
    seen: tuple[Weather, QualityCheck], tmp_path: Path
) -> None:
    figure = weather_figure(*seen)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "old.png").write_bytes(b"old")
    (tmp_path / "old.png").chmod(0o400)
    for name, told in {
        "a.jpg": "figures end in .png or .svg; got '.jpg'",
        "a": "figures end in .png or .svg; got ''",
        "folder.png": "is a folder",
        "none/a.png": "cannot be written",
        "old.png/a.png": "cannot be written",
        "old.png": "is read-only",
    }.items():
        with pytest.raises(InputError) as caught:
            save(figure, tmp_path / name)
        assert told in str(caught.value)
        assert str(tmp_path / name) in str(caught.value)
    assert (tmp_path / "old.png").read_bytes() == b"old"


def test_without_matplotlib_the_way_to_get_it_is_told(
    seen: tuple[Weather, QualityCheck], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match=r"pip install 'sunrack\[plot\]'"):
        weather_figure(*seen)


def test_the_examination_of_another_series_is_refused(
    seen: tuple[Weather, QualityCheck], made_up: Weather
) -> None:
    with pytest.raises(InputError, match="another series"):
        weather_figure(made_up, seen[1])


# --- plants, assumptions and sites
# -----------------------------------------------------------------


def test_a_week_s_parts_add_up_to_the_load_and_its_worst_is_chosen(el_paso: en.Case) -> None:
    run = en.simulate(el_paso, en.Design(solar_mw=900, battery_mwh=2500, battery_mw=400))
    power, store = en.figures.week(run).axes
    names = [text.get_text() for text in power.get_legend().get_texts()]
    assert names == ["PV", "battery", "unserved", "PV generation"]
    steps = worst_week(run)
    first = el_paso.weather.local_middle[steps[0]]
    assert store.get_xticklabels()[0].get_text() == f"{first.day} {MONTHS[first.month - 1]}"
    top = power.collections[-1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(run.frame["load_mw"].iloc[steps].max(), rel=0.02)


def test_a_week_can_be_asked_for_and_one_that_is_not_there_is_refused(wyoming: en.Case) -> None:
    run = en.simulate(wyoming, en.Design(solar_mw=900, battery_mwh=2500, battery_mw=400))
    store = en.figures.week(run, "2017-06-20").axes[1]
    assert [text.get_text() for text in store.get_xticklabels()][:2] == [
        "20 Jun 2017", "21 Jun 2017",
    ]  # fmt: skip
    with pytest.raises(InputError, match="no 2016-06-20; its years are 1999, 2012, 2017"):
        en.figures.week(run, "2016-06-20")
    with pytest.raises(InputError, match="such as 2018-12-20; got 'soon'"):
        en.figures.week(run, "soon")


def test_a_snowy_week_shows_what_snow_takes(wyoming: en.Case, el_paso: en.Case) -> None:
    figure = en.figures.snowy_week(wyoming)
    power, snow = figure.axes
    assert "of this week (days estimated)" in power.get_title(loc="left")
    assert snow.get_ylabel() == "snow [cm]"
    bare = el_paso.replace(snow_loss=en.snow.no_snow_loss)
    with pytest.raises(en.InputError, match="nothing to draw"):
        en.figures.snowy_week(bare)


def test_a_tornado_s_bars_end_at_the_costs_of_its_ends(el_paso: en.Case) -> None:
    sensitivity = en.sensitivity(el_paso, served_fraction=0.9)
    (axes,) = en.figures.sensitivity(sensitivity).axes
    bars = axes.patches[: 2 * ASSUMPTIONS]
    ends = [bar.get_x() + bar.get_width() for bar in bars]
    frame = sensitivity.frame.head(ASSUMPTIONS)
    assert ends[:ASSUMPTIONS] == pytest.approx(list(frame["levelized_low_usd_per_mwh"]))
    assert ends[ASSUMPTIONS:] == pytest.approx(list(frame["levelized_high_usd_per_mwh"]))
    assert axes.get_yticklabels()[0].get_text() == "battery: energy [$/kWh]"
    assert "$/MWh served, 2025 dollars" in axes.get_xlabel()


def test_the_odds_are_drawn_as_they_are_told(el_paso: en.Case) -> None:
    phoenix = en.Case(en.read_site("phoenix"), el_paso.datacenter)
    monte_carlo = en.monte_carlo([el_paso, phoenix], served_fraction=0.9, draws=8)
    often, spread = en.figures.monte_carlo(monte_carlo).axes
    widths = [bar.get_width() for bar in often.patches]
    assert widths == pytest.approx(list(100 * monte_carlo.frame["lowest_cost_fraction"]))
    median = next(line for line in spread.lines if line.get_label() == "median")
    assert list(median.get_xdata()) == pytest.approx(list(monte_carlo.frame["p50_usd_per_mwh"]))


def test_frontiers_stand_side_by_side_each_with_its_name(el_paso: en.Case) -> None:
    curve = en.frontier(el_paso, [0.5, 0.9, 0.99])
    (axes,) = en.figures.frontiers([curve, curve]).axes
    assert [text.get_text() for text in axes.texts] == ["el-paso", "el-paso"]
    assert list(axes.lines[0].get_ydata()) == list(curve.frame["levelized_usd_per_mwh"])
    assert axes.lines[0].get_color() != axes.lines[1].get_color()
    with pytest.raises(InputError, match="one to 7"):
        en.figures.frontiers([])


def test_a_dollar_in_a_title_is_a_dollar_and_exponents_stay_exponents(tmp_path: Path) -> None:
    from matplotlib.text import Text

    from energy.figures.style import new_figure

    figure = new_figure()
    axes = figure.subplots()
    axes.set_title(r"a $\frac{broken$ title, $$")
    axes.semilogy([0, 1], [1, 1e5])
    axes.set_xticks([0, 1], ["$$", "$a"])
    save(figure, tmp_path / "dollars.svg")
    labels = {label.get_text(): label.get_parse_math() for label in figure.findobj(Text)}
    assert not labels[r"a $\frac{broken$ title, $$"]
    assert not labels["$$"]
    assert all(parsed for text, parsed in labels.items() if "mathdefault" in text)
    assert any("mathdefault" in text for text in labels)


def test_the_losses_lead_down_to_the_load() -> None:
    case = en.Case(read_site("el-paso"), en.Datacenter(it_mw=100))
    plant = en.size(case, served_fraction=0.9).evaluation
    frame = plant.losses
    # What is left at the end is what PV and battery serve.
    served_mwh = 0.9 * case.weather.per_year(case.load_mw)
    left = frame["kwh_per_kwdc_year"].iloc[-1]
    assert left * plant.design.solar_mw == pytest.approx(served_mwh, rel=1e-6)
    kept = (1 - frame["loss_fraction"]).prod() * frame["kwh_per_kwdc_year"].iloc[0]
    assert kept == pytest.approx(left)
    axes = en.figures.losses(plant).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "sun on the horizontal (GHI)"
    assert labels[-3:] == ["curtailment", "battery", "to the load"]
    assert "nameplate" not in labels  # nothing is lost there
    assert [bar.get_width() for bar in axes.patches][-1] == pytest.approx(left)
    alone = en.figures.losses(case).axes[0]
    assert alone.get_yticklabels()[-1].get_text() == "over the lifetime"


def test_a_life_is_drawn_year_by_year_and_outages_by_cause(el_paso: en.Case) -> None:
    plant = en.evaluate(el_paso, en.Design(solar_mw=900, battery_mwh=2500, battery_mw=350))
    life = en.live(plant)
    served, left = en.figures.life(life).axes
    assert served.lines[0].get_ydata() == pytest.approx(100 * life.frame["served_fraction"])
    assert len(left.lines) == 2 + len(life.augmentation)
    found = en.outages.fail(plant.run, draws=2)
    (axes,) = en.figures.outage_causes({"el-paso": found}).axes
    widths = sum(bar.get_width() for bar in axes.patches)
    assert widths == pytest.approx(found.availability_with_failures["lolh_hours_per_year"])


def test_survival_is_drawn_by_outage_length(el_paso: en.Case) -> None:
    design = en.Design(solar_mw=900, battery_mwh=2500, battery_mw=350, backup_mw=40)
    run = en.simulate(el_paso, design)
    (axes,) = en.figures.survival(run, 48).axes
    table = en.outages.ride_through(run, 48)
    assert [line.get_label() for line in axes.lines] == [
        "battery alone", "battery and PV", "battery and engines, no sun", "battery, PV and engines",
    ]  # fmt: skip
    for line, name in zip(axes.lines, table, strict=True):
        assert line.get_ydata()[0] == 100.0
        assert line.get_ydata()[1:] == pytest.approx(100 * table[name])
    assert (table["with_sun_and_engines"] >= table["with_sun"]).all()
