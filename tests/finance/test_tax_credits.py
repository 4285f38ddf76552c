"""Tax credits and depreciation by part and date: boundary days by hand, and what always holds."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import energy as en
from energy.finance import Credit, TaxCredits, tax_credits, tax_law
from energy.finance.tax_rules import PARTS


def credit_of(part: str, start: str, in_service: str, **options) -> Credit:
    return tax_credits(start=start, in_service=in_service, parts=(part,), **options)[part]


def itc(part: str, start: str, in_service: str = "2037-12", **options) -> float:
    return credit_of(part, start, in_service, **options).itc_fraction


def said(credit: Credit) -> str:
    return "\n".join(credit.reasons)


# --- solar ----------------------------------------------------------------------------------------


def test_by_default_solar_has_no_credit_and_storage_has_30_percent():
    found = tax_credits(start="2027-03", in_service="2029-06")
    assert found.itc_fraction == {"solar": 0.0, "battery": 0.3}
    assert found["solar"].reasons[0] == (
        "solar: no credit, construction starts 2027-03, after 4 July 2026, and it enters service "
        "2029-06, after 31 December 2027"
    )
    assert found["battery"].reasons[0] == (
        "battery: 30 % credit, construction starts 2027-03, before 2034"
    )


@pytest.mark.parametrize(
    ("start", "in_service", "fraction"),
    [
        ("2026-07-03", "2030-06", 0.3),
        ("2026-07-04", "2030-06", 0.3),  # "after" the day: the day itself is in time
        ("2026-07-05", "2030-06", 0.0),
        ("2026-07-05", "2028-01-01", 0.0),
        ("2026-07-05", "2027-12-31", 0.3),  # either of the two suffices
        ("2026-07-05", "2027-12", 0.3),
        ("2026-06", "2030-06", 0.3),
        ("2026-07", "2030-06", 0.0),  # a month counts as its last day
        ("2024-12-31", "2028-12", 0.3),  # section 48, which has no end of service
    ],
)
def test_solar_starts_by_4_july_2026_or_serves_by_the_end_of_2027(start, in_service, fraction):
    assert itc("solar", start, in_service) == fraction


def test_a_month_with_the_last_day_in_it_is_said_to_be_taken_as_its_end():
    assert "2026-07 (taken as its last day), after 4 July 2026" in said(
        credit_of("solar", "2026-07", "2030-06")
    )
    assert "taken" not in said(credit_of("solar", "2026-07-31", "2030-06"))


@pytest.mark.parametrize(
    ("start", "in_service", "told"),
    [
        ("2025-09-01", "2028-06", False),
        ("2025-09-02", "2028-06", True),
        ("2025-09", "2028-06", True),
        ("2025-09-02", "2027-12", False),  # in service in time: the start decides nothing
    ],
)
def test_solar_from_2_september_2025_starts_by_physical_work(start, in_service, told):
    assert ("physical work" in said(credit_of("solar", start, in_service))) is told
    shelter = said(credit_of("solar", start, in_service, safe_harbor=True))
    assert ("uncertain law" in shelter) is told
    assert ("6 June 2026" in shelter) is told


def test_the_work_test_is_not_for_storage():
    assert "uncertain" not in said(credit_of("battery", "2026-03", "2028-06", safe_harbor=True))


def test_solar_may_take_the_production_credit_instead():
    def ptc(**options) -> float:
        return credit_of("solar", "2026-03", "2028-06", **options).ptc_usd_per_mwh

    assert ptc() == 30.0
    assert ptc(wage=False) == 6.0
    assert ptc(energy_community=True, domestic_content=True) == 36.0  # 30 + a tenth, twice
    assert credit_of("solar", "2027-03", "2029-06").ptc_usd_per_mwh == 0.0
    assert credit_of("battery", "2026-03", "2028-06").ptc_usd_per_mwh == 0.0


# --- storage --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "fraction"),
    [
        ("2033-12-31", 0.30),
        ("2034-01-01", 0.225),  # .75 * .30
        ("2034-12-31", 0.225),
        ("2035-01-01", 0.15),  # .50 * .30
        ("2035-12-31", 0.15),
        ("2036-01-01", 0.0),
        ("2045-06", 0.0),
    ],
)
def test_storage_falls_in_three_steps_by_the_year_of_its_start(start, fraction):
    assert itc("battery", start, "2049-12") == fraction
    assert itc("fuel_cell", start, "2049-12") == fraction


def test_the_last_year_of_storage_is_told():
    assert "after 2035, the last year with a credit" in said(
        credit_of("battery", "2036-01", "2037-01")
    )
    assert "75 % of 30 % is left" in said(credit_of("battery", "2034-01", "2036-01"))


def test_storage_is_the_battery():
    assert tuple(tax_credits(start="2027-03", in_service="2028-01", parts=("storage",))) == (
        "battery",
    )


@pytest.mark.parametrize(
    ("wage", "community", "content", "fraction"),
    [
        (True, False, False, 0.30),
        (True, True, False, 0.40),
        (True, False, True, 0.40),
        (True, True, True, 0.50),
        (False, False, False, 0.06),
        (False, True, False, 0.08),
        (False, True, True, 0.10),
    ],
)
def test_bonuses_are_10_points_and_2_at_the_base_rate(wage, community, content, fraction):
    options = {"wage": wage, "energy_community": community, "domestic_content": content}
    assert itc("battery", "2027-03", **options) == fraction
    # the phase-down takes its part of the bonuses, too
    assert itc("battery", "2035-03", **options) == pytest.approx(fraction / 2, abs=1e-12)


def test_the_first_weeks_of_2023_have_the_full_rate_whatever_the_wage():
    assert itc("battery", "2023-01-28", "2024-06", wage=False) == 0.30
    assert itc("battery", "2023-01-29", "2024-06", wage=False) == 0.06
    claimed = {"battery": 0.3}
    assert itc("battery", "2023-01-28", "2024-06", wage=False, claimed=claimed) == 0.30


# --- prohibited foreign entities ------------------------------------------------------------------

#: Lowest ratios by year of start: Notice 2026-15, Husch Blackwell.
NEEDED = {2026: (0.40, 0.55), 2027: (0.45, 0.60), 2028: (0.50, 0.65), 2029: (0.55, 0.70),
          2030: (0.60, 0.75), 2033: (0.60, 0.75)}  # fmt: skip


@pytest.mark.parametrize(("year", "needed"), NEEDED.items())
def test_the_ratio_that_a_start_needs_rises_to_2030(year, needed):
    for part, lowest in zip(("fuel_cell", "battery"), needed, strict=True):
        assert itc(part, f"{year}-02", non_foreign_fraction=lowest) == 0.30  # equal suffices
        assert itc(part, f"{year}-02", non_foreign_fraction=lowest - 0.001) == 0.0


def test_starts_of_2025_need_no_ratio():
    assert itc("battery", "2025-12-31", "2028-01", non_foreign_fraction=0.0) == 0.30
    assert itc("battery", "2026-01-01", "2028-01", non_foreign_fraction=0.0) == 0.0


def test_the_ratio_may_differ_by_part():
    found = tax_credits(
        start="2026-03", in_service="2028-06", non_foreign_fraction={"solar": 0.45, "storage": 0.5}
    )
    assert found.itc_fraction == {"solar": 0.3, "battery": 0.0}
    assert "50 % of the cost of its equipment is not from prohibited foreign entities, below the "
    assert "55 % that a start in 2026 needs" in said(found["battery"])


def test_a_ratio_that_is_not_given_is_assumed_to_suffice_and_said_so():
    assert "assumed: at least 60 %" in said(credit_of("battery", "2027-03", "2028-06"))
    assert "assumed" not in said(
        credit_of("battery", "2027-03", "2028-06", non_foreign_fraction=0.9)
    )
    assert "assumed" not in said(credit_of("battery", "2025-03", "2028-06"))


# --- other parts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["engine", "turbine", "diesel", "grid"])
def test_what_burns_fuel_and_the_grid_have_no_credit(part):
    credit = credit_of(part, "2025-03", "2027-06", energy_community=True)
    assert credit.itc_fraction == 0.0
    assert "no credit" in credit.reasons[0]


def test_fuel_cells_have_a_gap_in_2025():
    assert itc("fuel_cell", "2024-12-31", "2027-01") == 0.30
    assert itc("fuel_cell", "2025-01-01", "2027-01") == 0.0
    assert itc("fuel_cell", "2025-12-31", "2027-01") == 0.0
    assert itc("fuel_cell", "2026-01-01", "2027-01") == 0.30


def test_fuel_cells_from_2026_need_no_wage_and_have_no_bonus():
    bonuses = {"energy_community": True, "domestic_content": True}
    assert itc("fuel_cell", "2026-03", wage=False, **bonuses) == 0.30
    assert itc("fuel_cell", "2026-03", wage=False, claimed={"fuel_cell": 0.3}) == 0.30
    assert "no bonus" in said(credit_of("fuel_cell", "2026-03", "2028-01", **bonuses))
    assert itc("fuel_cell", "2024-03", "2026-01", wage=False) == 0.06
    assert "3,000 $" in said(credit_of("fuel_cell", "2024-03", "2026-01"))


# --- depreciation ---------------------------------------------------------------------------------


def test_depreciation_by_part():
    found = tax_credits(start="2027-03", in_service="2029-06", parts=PARTS)
    assert {part: credit.depreciation for part, credit in found.items()} == {
        "solar": "macrs-5", "battery": "macrs-5", "engine": "macrs-15", "turbine": "macrs-15",
        "fuel_cell": "macrs-5", "diesel": "macrs-15", "grid": "macrs-20",
    }  # fmt: skip
    assert {part for part, credit in found.items() if credit.bonus_fraction == 1.0} == (
        set(PARTS) - {"grid"}
    )
    assert found["grid"].bonus_fraction == 0.0


def test_too_much_from_prohibited_foreign_entities_also_costs_the_short_recovery_period():
    found = tax_credits(
        start="2027-03", in_service="2029-06", parts=("solar", "battery", "fuel_cell"),
        non_foreign_fraction=0.1,
    )  # fmt: skip
    assert [credit.depreciation for credit in found.values()] == [
        "macrs-20", "macrs-7", "macrs-15",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "in_service", "fraction"),
    [
        ("2025-01-20", "2026-06", 1.0),
        ("2025-01-19", "2026-06", 0.2),
        ("2025-01-19", "2025-12-31", 0.4),
        ("2025-01-19", "2027-01-01", 0.0),
        ("2023-01", "2023-12", 0.8),
        ("2023-06", "2024-06", 0.6),
        ("2023-06", "2030-06", 0.0),
    ],
)
def test_bonus_depreciation_is_whole_from_20_january_2025(start, in_service, fraction):
    credit = credit_of("engine", start, in_service)
    assert credit.bonus_fraction == fraction
    assert ("bonus depreciation" in said(credit)) is (fraction < 1)


# --- continuity -----------------------------------------------------------------------------------


def test_four_calendar_years_after_that_of_the_start_count_as_continuous():
    assert "continuous" not in said(credit_of("battery", "2027-03", "2031-12-31"))
    late = credit_of("battery", "2027-03", "2032-01-01")
    assert late.itc_fraction == 0.3  # a note, no refusal
    assert "in service after 2031, so continuous construction must be proven" in said(late)
    assert "the credit is lost" in said(credit_of("solar", "2026-03", "2031-01"))


# --- elsewhere ------------------------------------------------------------------------------------


def test_no_credit_is_known_outside_the_us():
    credit = credit_of("battery", "2027-03", "2029-06", country="Australia")
    assert (credit.itc_fraction, credit.bonus_fraction) == (0.0, 0.0)
    assert credit.reasons[0] == "battery: no tax credit is known for Australia"
    abroad = tax_credits(start="1999-03", in_service="2060-06", country="Chile")
    assert abroad.caption == "Tax credits: none is known for Chile"


@pytest.mark.parametrize("country", ["US", "us", "USA", " United States "])
def test_the_us_has_several_names(country):
    assert itc("battery", "2027-03", country=country) == 0.3


# --- what is claimed ------------------------------------------------------------------------------


def test_less_than_the_law_gives_may_be_claimed():
    credit = credit_of("battery", "2027-03", "2029-06", claimed={"storage": 0.2})
    assert credit.itc_fraction == 0.2
    assert "20 % of it is claimed" not in said(credit)
    assert "battery: 20 % is claimed" in said(credit)


@pytest.mark.parametrize(
    ("claimed", "options", "told"),
    [
        (0.5, {"energy_community": True}, "battery 50 % is more than the law gives"),
        (0.6, {}, "stacked beyond the law, which gives at most 50 % with prevailing wage"),
        (0.2, {"wage": False}, "at most 10 % without prevailing wage"),
        (0.4, {}, "battery 40 % is more than the law gives; battery: 30 % credit"),
        (0.1, {"wage": False}, "battery 10 % is more than the law gives; battery: 6 % credit"),
    ],
)
def test_more_than_the_law_gives_is_refused(claimed, options, told):
    with pytest.raises(en.InputError) as error:
        credit_of("battery", "2027-03", "2029-06", claimed={"battery": claimed}, **options)
    assert told in str(error.value)


# --- what is refused ------------------------------------------------------------------------------


def test_all_problems_are_in_one_error():
    with pytest.raises(en.InputError) as error:
        tax_credits(
            start="2028-03", in_service="2027-06", parts=("solr", "battery"), wage=1,
            non_foreign_fraction=float("nan"), claimed={"battery": 2.0, "engine": 0.1}, country="",
        )  # fmt: skip
    told = error.value.problems
    assert len(told) == 7
    for words in (
        "dates out of order: in_service 2027-06 lies before start 2028-03",
        "unknown part 'solr'; did you mean 'solar'?",
        "wage must be True or False; got 1",
        "non_foreign_fraction must be a fraction from 0 to 1; got nan",
        "claimed: battery must be a fraction from 0 to 1; got 2.0",
        "claimed: 'engine' is none of the parts battery",
        "country must be a name",
    ):
        assert any(words in line for line in told), words


@pytest.mark.parametrize(
    "given_date",
    ["2027", "2027-13", "2027-02-30", "2027-3", "27-03-01", "soon", "", 2027, None, 2027.5, pd.NaT],
)
def test_what_is_no_date_is_refused(given_date):
    with pytest.raises(en.InputError, match="start must be a month such as 2027-03"):
        tax_credits(start=given_date, in_service="2029-06")


@pytest.mark.parametrize(
    ("start", "in_service", "what"),
    [
        ("2022-12-31", "2024-01", "start"),
        ("2027-01", "2051-01-01", "in_service"),
        ("0001-01", "2024-01", "start"),
    ],
)
def test_years_that_the_law_file_does_not_know_are_refused(start, in_service, what):
    with pytest.raises(en.InputError, match=rf"{what} must lie within 2023 to 2050"):
        tax_credits(start=start, in_service=in_service)
    tax_credits(start="2023-01-01", in_service="2050-12-31")


def test_a_plant_may_enter_service_in_the_month_in_which_it_starts():
    assert itc("battery", "2027-03", "2027-03") == 0.3
    assert itc("battery", "2027-03", "2027-03-02") == 0.3
    with pytest.raises(en.InputError, match="out of order"):
        tax_credits(start="2027-03-02", in_service="2027-03-01")


@pytest.mark.parametrize("parts", [(), None, ("wind",), (None,), 3])
def test_parts_that_are_none_are_refused(parts):
    with pytest.raises(en.InputError, match="part"):
        tax_credits(start="2027-03", in_service="2029-06", parts=parts)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, "half", True, {"solar": 2}, {"wind": 0.5}, [0.5]])
def test_a_ratio_that_is_no_fraction_is_refused(fraction):
    with pytest.raises(en.InputError, match="non_foreign_fraction"):
        tax_credits(start="2027-03", in_service="2029-06", non_foreign_fraction=fraction)


# --- as a result ----------------------------------------------------------------------------------


def test_dates_may_be_dates():
    by_date = tax_credits(start=date(2027, 3, 15), in_service=pd.Timestamp("2029-06-01"))
    by_text = tax_credits(start="2027-03-15", in_service="2029-06-01")
    assert by_date.to_dict() == by_text.to_dict()


def test_credits_are_a_mapping_a_table_and_json(tmp_path):
    found = tax_credits(start="2027-03", in_service="2029-06", parts=("battery", "engine"))
    assert isinstance(found, TaxCredits)
    assert list(found) == list(found.frame.index) == ["battery", "engine"]
    assert found.itc_fraction == {"battery": 0.3}
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["parts"]["engine"]["depreciation"] == "macrs-15"
    assert "November 2026" in found._repr_html_()
    found.save(tmp_path / "credits.json")
    assert len(en.read_result(tmp_path / "credits.json").frame) == 2


def test_every_line_of_the_law_has_its_source_and_date():
    lines = tax_law()
    assert lines["source"].str.len().min() > 20
    assert all(isinstance(day, date) for day in lines["as_of"])
    assert max(lines["as_of"]) <= date(2026, 11, 30)
    assert lines.loc[lines["source"].str.contains("judgement"), "judgement"].mean() > 0.8


# --- always true ----------------------------------------------------------------------------------

DAYS = st.dates(date(2023, 1, 1), date(2050, 12, 31))
OPTIONS = st.fixed_dictionaries(
    {
        "wage": st.booleans(),
        "energy_community": st.booleans(),
        "domestic_content": st.booleans(),
        "safe_harbor": st.booleans(),
        "non_foreign_fraction": st.none() | st.floats(0, 1),
    }
)


@settings(deadline=None)
@given(DAYS, DAYS, OPTIONS)
def test_no_credit_exceeds_one_half_and_every_part_has_its_reason(one, other, options):
    start, in_service = sorted((one, other))
    found = tax_credits(start=start, in_service=in_service, parts=PARTS, **options)
    for part, credit in found.items():
        assert 0 <= credit.itc_fraction <= 0.5
        assert 0 <= credit.bonus_fraction <= 1
        assert credit.depreciation in {"macrs-5", "macrs-7", "macrs-15", "macrs-20"}
        assert ("no credit" in credit.reasons[0]) is (credit.itc_fraction == 0)
        assert all(line.startswith(part.replace("_", " ") + ": ") for line in credit.reasons)
        assert (credit.ptc_usd_per_mwh > 0) is (part == "solar" and credit.itc_fraction > 0)


@settings(deadline=None)
@given(DAYS, DAYS, DAYS, OPTIONS)
def test_a_later_start_never_gives_more_credit(one, other, third, options):
    # fuel cells, whose credit came back in 2026, are left out
    first, second, in_service = sorted((one, other, third))
    parts = [part for part in PARTS if part != "fuel_cell"]
    early = tax_credits(start=first, in_service=in_service, parts=parts, **options)
    late = tax_credits(start=second, in_service=in_service, parts=parts, **options)
    assert all(late[part].itc_fraction <= early[part].itc_fraction for part in parts)


@settings(deadline=None)
@given(DAYS, DAYS, DAYS, OPTIONS)
def test_later_service_never_gives_more_credit(one, other, third, options):
    start, first, second = sorted((one, other, third))
    early = tax_credits(start=start, in_service=first, parts=PARTS, **options)
    late = tax_credits(start=start, in_service=second, parts=PARTS, **options)
    assert all(late[part].itc_fraction <= early[part].itc_fraction for part in PARTS)


@settings(deadline=None)
@given(DAYS, OPTIONS, st.sampled_from(["wage", "energy_community", "domestic_content"]))
def test_what_a_project_meets_never_costs_it_credit(start, options, name):
    in_service = min(start + timedelta(days=700), date(2050, 12, 31))
    without = tax_credits(
        start=start, in_service=in_service, parts=PARTS, **options | {name: False}
    )
    with_it = tax_credits(start=start, in_service=in_service, parts=PARTS, **options | {name: True})
    assert all(without[part].itc_fraction <= with_it[part].itc_fraction for part in PARTS)
