"""More weather files: every label, unit and refusal by hand; lacking columns made from the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest

from energy.errors import WeatherError
from energy.weather.checks import sun_problems
from energy.weather.decomposition import WIND_M_S, complete, erbs_driesse
from energy.weather.read import read_weather, recognize
from energy.weather.read.assemble import without_codes, years_of
from energy.weather.read.rows import step_of
from energy.weather.read.text import contents, decoded
from energy.weather.series import Place

MIAMI = Path(pvlib.__file__).parent / "data" / "12839.tm2"
TURIN = {"latitude": 45.0, "longitude": 8.0, "elevation": 250.0}


@dataclass
class Found:
    """The rows of a file, its columns by start of step, UTC."""

    data: pd.DataFrame
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    utc_offset_h: float
    source: str
    recorded_years: list[int]


def read(path: Path) -> Found:
    lines = decoded(contents(path)).split("\n")
    rows = recognize(lines, path)[1](lines, path)
    index = pd.DatetimeIndex(rows.likeliest) - pd.Timedelta(hours=rows.clock_h)
    step_h = step_of(rows.start)
    middle = rows.likeliest + np.timedelta64(round(1800 * step_h), "s")
    return Found(
        without_codes(rows.data).set_index(index.tz_localize("UTC")),
        rows.latitude_deg,
        rows.longitude_deg,
        rows.elevation_m,
        rows.utc_offset_h,
        rows.source,
        list(rows.recorded_years) or years_of(middle, step_h),
    )


def named(path: Path) -> str:
    return recognize(decoded(contents(path)).split("\n"), path)[0]


def refused(path: Path) -> list[str]:
    with pytest.raises(WeatherError) as told:
        read(path)
    assert all(problem.startswith(str(path)) for problem in told.value.problems)
    return [problem.removeprefix(f"{path}: ") for problem in told.value.problems]


def light(middle: pd.DatetimeIndex, latitude_deg: float, longitude_deg: float) -> pd.DataFrame:
    """A sky that lets .75 of the beam through, the sun taken at `middle`."""
    sun = pvlib.solarposition.get_solarposition(middle, latitude_deg, longitude_deg)
    cosine = np.cos(np.radians(sun["zenith"])).clip(lower=0.0)
    dni = np.where(cosine > 0.06, 1000 * 0.75, 0.0)
    dhi = 80.0 * np.sqrt(cosine)
    return pd.DataFrame({"ghi": dhi + dni * cosine, "dni": dni, "dhi": dhi}, index=middle)


def follows_the_sun(rows: Found) -> bool:
    """Light and sun agree to a few minutes: GHI = DHI + DNI cos Z fits best at the middle."""
    frame = rows.data.tz_convert("UTC")
    assert sun_problems(frame, rows.latitude_deg, rows.longitude_deg, 1.0) == []

    def misfit(minutes: int) -> float:
        middle = frame.index + pd.Timedelta(minutes=30 + minutes)
        sun = pvlib.solarposition.get_solarposition(middle, rows.latitude_deg, rows.longitude_deg)
        cosine = np.cos(np.radians(sun["zenith"])).clip(lower=0.0).to_numpy()
        return float(((frame["ghi"] - frame["dhi"] - frame["dni"] * cosine) ** 2).sum())

    return misfit(0) < min(misfit(-8), misfit(8))


# --- PVGIS -------------------------------------------------------------------------------------


def pvgis_hours(path: Path, slope: str = "0 deg.", components: bool = True) -> pd.DataFrame:
    stamps = pd.date_range("2019-01-01 00:10", "2019-12-31 23:10", freq="h", tz="UTC")
    sky = light(stamps, 45.0, 8.0)
    rows = pd.DataFrame({"time": stamps.strftime("%Y%m%d:%H%M")})
    if components:
        rows["Gb(i)"] = (sky["ghi"] - sky["dhi"]).to_numpy()
        rows["Gd(i)"], rows["Gr(i)"] = sky["dhi"].to_numpy(), 0.0
    else:
        rows["G(i)"] = sky["ghi"].to_numpy()
    rows = rows.assign(H_sun=0.0, T2m=11.5, WS10m=2.5, Int=0.0)
    if path.suffix == ".json":
        plane = {"fixed": {"slope": {"value": int(slope.split()[0]), "optimal": False}}}
        inputs = {
            "location": TURIN,
            "meteo_data": {"radiation_db": "PVGIS-SARAH3"},
            "mounting_system": plane if slope != "- deg." else {"two_axis": {}},
        }
        hourly = rows.to_dict(orient="records")
        text = {"inputs": inputs, "outputs": {"hourly": hourly}, "meta": {"inputs": {}}}
        path.write_text(json.dumps(text), encoding="utf-8")
    else:
        head = (
            "Latitude (decimal degrees):\t45.000\nLongitude (decimal degrees):\t8.000\n"
            "Elevation (m):\t250\nRadiation database:\tPVGIS-SARAH3\n\n\n"
            f"Slope: {slope} \nAzimuth: 0 deg. \n"
        )
        end = "\nT2m: 2-m air temperature (degree Celsius)\n"
        path.write_text(head + rows.to_csv(index=False) + end, encoding="utf-8")
    return sky


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_pvgis_hours_are_instants_in_the_middle_of_their_step(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"hours.{ending}"
    sky = pvgis_hours(path)
    assert named(path) == "a PVGIS file"
    rows = read(path)
    assert rows.data.index[0] == pd.Timestamp("2018-12-31 23:40", tz="UTC")
    assert (rows.latitude_deg, rows.longitude_deg, rows.elevation_m) == (45.0, 8.0, 250.0)
    assert (rows.utc_offset_h, rows.recorded_years) == (1.0, [2019])
    assert rows.source == "PVGIS-SARAH3 45, 8"
    assert rows.data["ghi"].to_numpy() == pytest.approx(sky["ghi"].to_numpy(), abs=1e-6)
    assert "dni" not in rows.data
    frame, notes = complete(rows.data, Place(45.0, 8.0, 250.0), 1.0)
    assert notes == ("the file has no dni; it is (ghi - dhi) / cos Z",)
    assert frame["dni"].max() == pytest.approx(750.0, rel=1e-3)


def test_pvgis_hours_without_components_have_ghi_alone(tmp_path: Path) -> None:
    path = tmp_path / "hours.csv"
    pvgis_hours(path, components=False)
    assert not {"dni", "dhi"} & set(read(path).data.columns)


@pytest.mark.parametrize(
    ("name", "slope", "plane"),
    [
        ("hours.csv", "30 deg.", "a plane of 30 deg"),
        ("hours.csv", "37 deg. (optimum)", "a plane of 37 deg"),
        ("hours.csv", "- deg.", "a tracking plane"),
        ("hours.json", "30 deg.", "a plane of 30 deg"),
    ],
)
def test_pvgis_hours_on_a_tilted_plane_are_refused(
    tmp_path: Path, name: str, slope: str, plane: str
) -> None:
    path = tmp_path / name
    pvgis_hours(path, slope)
    (problem,) = refused(path)
    assert problem.startswith(f"PVGIS hours on {plane}; ask PVGIS for slope 0")


def pvgis_tmy(path: Path) -> pd.DataFrame:
    """A typical year whose months come from twelve years; its light is .1761 h after the stamps."""
    stamps = pd.date_range("2006-01-01", "2006-12-31 23:00", freq="h", tz="UTC")
    sky = light(stamps + pd.Timedelta(hours=0.1761), 45.0, 8.0).round(2)
    year = 2004 + stamps.month
    time = year.astype(str) + stamps.strftime("%m%d:%H%M")
    rows = pd.DataFrame({"time(UTC)": time, "T2m": 11.5, "RH": 60.0})
    rows["G(h)"], rows["Gb(n)"], rows["Gd(h)"] = (sky[n].to_numpy() for n in ("ghi", "dni", "dhi"))
    rows = rows.assign(**{"IR(h)": 300.0, "WS10m": 2.5, "WD10m": 10.0, "SP": 99000.0})
    months = [{"month": m, "year": 2004 + m} for m in range(1, 13)]
    if path.suffix == ".json":
        inputs = {
            "location": TURIN | {"irradiance_time_offset": 0.1761},
            "meteo_data": {"radiation_db": "PVGIS-SARAH3"},
        }
        outputs = {"months_selected": months, "tmy_hourly": rows.to_dict(orient="records")}
        text = json.dumps({"inputs": inputs, "outputs": outputs, "meta": {"inputs": {}}})
    elif path.suffix == ".csv":
        text = (
            "Latitude (decimal degrees): 45.000\nLongitude (decimal degrees): 8.000\n"
            "Elevation (m): 250.0\nIrradiance Time Offset (h): 0.1761\nmonth,year\n"
        )
        text += "".join(f"{m['month']},{m['year']}\n" for m in months) + rows.to_csv(index=False)
    else:
        text = "LOCATION,unknown,-,unknown,ECMWF/ERA,unknown,45.000000,8.000000,1,250\n"
        text += "DESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\n"
        text += "HOLIDAYS/DAYLIGHT SAVING,No,0,0,0\nCOMMENTS 1,ERA\n"
        text += "COMMENTS 2,Irradiance Time Offset (h):-0.8239\n"
        text += "DATA PERIODS,1,1,Data,Thursday, 1/ 1,12/31\n"
        for stamp, of, (ghi, dni, dhi) in zip(stamps, year, sky.to_numpy(), strict=True):
            text += (
                f"{of},{stamp.month},{stamp.day},{stamp.hour + 1},0,?,11.5,1,60,99000,9999,9999,"
                f"300,{ghi},{dni},{dhi},9,9,9,9,10,2.5,99,99,9999,99999,9,9,999,.9,999,99,9,9,9\n"
            )
    path.write_text(text, encoding="utf-8")
    return sky


@pytest.mark.parametrize("ending", ["csv", "json", "epw"])
def test_the_three_forms_of_a_pvgis_typical_year_are_one(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"tmy.{ending}"
    sky = pvgis_tmy(path)
    assert named(path) == ("an EPW file" if ending == "epw" else "a PVGIS file")
    rows = read(path)
    # 11 minutes after the stamp is the middle of the step: it starts 19 minutes before the stamp.
    assert rows.data.index[0] == pd.Timestamp("2004-12-31 23:41", tz="UTC")
    assert rows.recorded_years == list(range(2005, 2017))
    assert (rows.utc_offset_h, rows.elevation_m) == (1.0, 250.0)
    for name in ("ghi", "dni", "dhi"):
        assert rows.data[name].to_numpy() == pytest.approx(sky[name].to_numpy())
    # Written into one year, as the reader of files does, light and sun agree.
    middle = rows.data.index + pd.Timedelta(minutes=30)
    one_year = pd.DatetimeIndex([time.replace(year=2006) for time in middle])
    moved = rows.data.set_index(one_year - pd.Timedelta(minutes=30))
    assert follows_the_sun(replace(rows, data=moved))


FIELDS = [name for name in Found.__dataclass_fields__ if name != "data"]


# --- TMY2 --------------------------------------------------------------------------------------


def test_miami_s_tmy2_is_as_pvlib_reads_it() -> None:
    rows = read(MIAMI)
    theirs, header = pvlib.iotools.read_tmy2(MIAMI)
    assert (rows.latitude_deg, rows.longitude_deg) == (header["latitude"], header["longitude"])
    assert (rows.elevation_m, rows.utc_offset_h) == (2.0, -5.0)
    assert rows.source == "TMY2 Miami, FL"
    assert (rows.recorded_years[0], rows.recorded_years[-1]) == (1961, 1988)
    assert rows.data.index[0] == pd.Timestamp("1962-01-01 05:00", tz="UTC")  # hour 1 ends at 1
    columns = {"ghi": "GHI", "dni": "DNI", "dhi": "DHI", "temp_air": "DryBulb"}
    for ours, name in (columns | {"wind_speed": "Wspd"}).items():
        unit = 10.0 if ours in ("temp_air", "wind_speed") else 1.0
        assert rows.data[ours].to_numpy() == pytest.approx(theirs[name].to_numpy() / unit)
    assert follows_the_sun(rows)


def test_a_tmy2_of_a_city_of_two_words_is_read(tmp_path: Path) -> None:
    lines = MIAMI.read_text(encoding="ascii").splitlines()
    lines[0] = " 24127 SALT LAKE CITY         UT  -7 S 40 46 E 111 58  1288"
    path = tmp_path / "24127.tm2"
    path.write_text("\n".join(lines[:49]) + "\n", encoding="ascii")
    rows = read(path)
    assert rows.source == "TMY2 Salt Lake City, UT"
    assert rows.latitude_deg == pytest.approx(-(40 + 46 / 60))
    assert rows.longitude_deg == pytest.approx(111 + 58 / 60)
    assert (rows.elevation_m, rows.utc_offset_h, len(rows.data)) == (1288.0, -7.0, 48)


# --- NASA POWER --------------------------------------------------------------------------------


def power(
    path: Path,
    clock: str = " in UTC",
    unit: str = "Wh/m^2",
    factor: float = 1.0,
    columns: str = "YEAR,MO,DY,HR",
    wind: str = "WS10M",
) -> pd.DataFrame:
    """Two June days at Cheyenne, whose longitude makes LST seven hours less than UTC."""
    shift = pd.Timedelta(hours=-7 if clock.endswith("LST") else 0)
    start = pd.date_range("2019-06-01", periods=48, freq="h", tz="UTC")
    sky = light(start - shift + pd.Timedelta(minutes=30), 41.15, -104.8)
    names = ("ALLSKY_SFC_SW_DWN", "ALLSKY_SFC_SW_DNI", "ALLSKY_SFC_SW_DIFF")
    head = [
        "-BEGIN HEADER-",
        "NASA/POWER Source Native Resolution Hourly Data ",
        f"Dates (month/day/year): 06/01/2019 through 06/02/2019{clock}",
        "Location: Latitude  41.15   Longitude -104.8 ",
        "Elevation from MERRA-2: Average for 0.5 x 0.625 degree lat/lon region = 1867.5 meters",
        "The value for missing source data that cannot be computed or is outside of the sources "
        "availability range: -999 ",
        "Parameter(s): ",
        *(f"{name}     CERES SYN1deg All Sky Surface Irradiance ({unit}) " for name in names),
        "T2M                   MERRA-2 Temperature at 2 Meters (C) ",
        f"{wind}                 MERRA-2 Wind Speed (m/s) ",
        "-END HEADER-",
        f"{columns},{','.join(names)},T2M,{wind}",
    ]
    for at, (ghi, dni, dhi) in zip(start, sky.to_numpy() / factor, strict=True):
        warm = -999 if at.hour == 5 else 15.5
        head.append(f"{at.year},{at.month},{at.day},{at.hour},{ghi},{dni},{dhi},{warm},3.25")
    path.write_text("\n".join(head) + "\n", encoding="utf-8")
    return sky


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("W/m^2", 1.0),
        ("Wh/m^2", 1.0),
        ("kW-hr/m^2", 1000.0),
        ("MJ/hr", 1e6 / 3600),
        ("MJ/m^2/hr", 1e6 / 3600),
    ],
)
def test_nasa_power_s_units_are_those_of_its_header(
    tmp_path: Path, unit: str, factor: float
) -> None:
    path = tmp_path / "power.csv"
    sky = power(path, unit=unit, factor=factor)
    rows = read(path)
    for name in ("ghi", "dni", "dhi"):
        assert rows.data[name].to_numpy() == pytest.approx(sky[name].to_numpy())
    assert (rows.elevation_m, rows.utc_offset_h, rows.recorded_years) == (1867.5, -7.0, [2019])
    assert rows.data["temp_air"].isna().sum() == 2  # -999 at five o'clock of two days
    assert rows.data["wind_speed"].unique().tolist() == [3.25]


def test_nasa_power_s_hours_are_starts_in_utc_or_by_the_sun(tmp_path: Path) -> None:
    path = tmp_path / "power.csv"
    power(path, " in UTC")
    utc = read(path)
    assert utc.data.index[0] == pd.Timestamp("2019-06-01 00:00", tz="UTC")
    power(path, " in LST", wind="WS2M")
    local = read(path)
    assert local.data.index[0] == pd.Timestamp("2019-06-01 07:00", tz="UTC")
    assert follows_the_sun(utc)
    assert follows_the_sun(local)
    assert "wind_speed" in local.data


def test_nasa_power_in_another_unit_or_without_a_clock_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "power.csv"
    power(path, clock="", unit="kW-hr/m^2/day", columns="YEAR,MO,DY,HOUR")
    problems = refused(path)
    assert len(problems) == 5
    assert problems[0].startswith("the header has no 'Dates ... in LST' or '... in UTC'")
    assert problems[1].startswith("no column HR; hourly data is needed")
    assert problems[2] == "ALLSKY_SFC_SW_DWN is in 'kW-hr/m^2/day'; ask POWER for W/m^2 or Wh/m^2"


def test_nasa_power_cut_in_its_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "power.csv"
    path.write_text("-BEGIN HEADER-\nNASA/POWER\n", encoding="utf-8")
    assert refused(path) == ["no '-END HEADER-' line; is the file cut short?"]


# --- a plain csv -------------------------------------------------------------------------------

PLACE = "# latitude_deg: 41.15\n# longitude_deg: -104.8\n# elevation_m: 1867\n# utc_offset_h: -7\n"


@pytest.fixture
def plain(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "mast.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_csv_with_named_columns_by_hand(plain: Callable[[str], Path]) -> None:
    path = plain(
        PLACE + "# source: our mast\n"
        "start,ghi_w_m2,dni_w_m2,dhi_w_m2,temp_air_c,wind_speed_m_s\n"
        "2019-06-01T12:00,800,850,90,21.5,4\n2019-06-01T13:00,,840,95,22,5\n"
    )
    assert named(path) == "a csv with named columns"
    rows = read(path)
    assert [getattr(rows, name) for name in FIELDS] == [
        41.15, -104.8, 1867.0, -7.0, "our mast", [2019],
    ]  # fmt: skip
    assert rows.data.index[0] == pd.Timestamp("2019-06-01 19:00", tz="UTC")  # 12:00 at UTC-7
    assert rows.data.iloc[0].tolist() == [800.0, 850.0, 90.0, 21.5, 4.0]
    assert np.isnan(rows.data["ghi"].iloc[1])


@pytest.mark.parametrize(
    ("column", "given", "ours", "value"),
    [
        ("ghi_kw_m2", 0.8, "ghi", 800.0),
        ("ghi_wh_m2", 400.0, "ghi", 800.0),  # in half an hour
        ("dni_kwh_m2", 0.4, "dni", 800.0),
        ("dhi_j_m2", 180_000.0, "dhi", 100.0),
        ("ghi_mj_m2", 1.44, "ghi", 800.0),
        ("temp_air_f", 68.0, "temp_air", 20.0),
        ("temp_air_k", 293.15, "temp_air", 20.0),
        ("wind_speed_km_h", 36.0, "wind_speed", 10.0),
        ("wind_speed_mph", 10.0, "wind_speed", 4.4704),
        ("wind_speed_kn", 10.0, "wind_speed", 5.1444),
    ],
)
def test_units_come_from_the_end_of_the_name(
    plain: Callable[[str], Path], column: str, given: float, ours: str, value: float
) -> None:
    rows = f"start,{column}\n2019-06-01T12:00,{given}\n2019-06-01T12:30,{given}\n"
    data = read(plain(PLACE + rows)).data
    assert data[ours].tolist() == pytest.approx([value, value], abs=1e-4)


@pytest.mark.parametrize(
    ("label", "stamp", "start"),
    [
        ("start", "2019-06-01T12:00", "2019-06-01 19:00"),
        ("middle", "2019-06-01T12:00", "2019-06-01 18:30"),
        ("end", "2019-06-01T12:00", "2019-06-01 18:00"),
        ("end", "2019-06-01 12:00:00", "2019-06-01 18:00"),
        ("start", "2019-06-01T12:00Z", "2019-06-01 12:00"),
        ("start", "2019-06-01T12:00+05:30", "2019-06-01 06:30"),
    ],
)
def test_the_time_column_says_what_it_labels(
    plain: Callable[[str], Path], label: str, stamp: str, start: str
) -> None:
    after = stamp.replace("12:00", "13:00", 1)
    path = plain(f"{PLACE}{label},ghi_w_m2\n{stamp},1\n{after},2\n")
    assert read(path).data.index[0] == pd.Timestamp(start, tz="UTC")


def test_a_year_of_utc_is_one_year_though_its_place_is_in_another(
    plain: Callable[[str], Path],
) -> None:
    times = pd.date_range("2019-01-01", "2020-01-01", freq="h", inclusive="left")
    text = "".join(f"{time:%Y-%m-%dT%H:%M}Z,1\n" for time in times)
    assert read(plain(PLACE + "start,ghi_w_m2\n" + text)).recorded_years == [2019]


def test_all_that_is_wrong_with_a_csv_is_told_at_once(plain: Callable[[str], Path]) -> None:
    problems = refused(
        plain(
            "# latitude_deg: 141\n# longitud_deg: -104.8\n# elevation_m: high\n"
            "# utc_offset_h: -7\ntime,ghi,dni_w_m2,dni_kw_m2,temp_air_celsius\n1,2,3,4,5\n"
        )
    )
    assert problems == [
        "unknown key '# longitud_deg:'; did you mean 'longitude_deg'?",
        "latitude_deg must lie within -90..90; got '141'",
        "no line '# longitude_deg: ...' before the columns",
        "elevation_m must be a number; got 'high'",
        "one time column called start, middle or end is needed; got time, ghi, dni_w_m2, "
        "dni_kw_m2, temp_air_celsius",
        "unknown column 'time'; known: start, middle, end, ghi_w_m2, ghi_kw_m2, ghi_wh_m2, "
        "ghi_kwh_m2, ghi_j_m2, ghi_mj_m2, dni_w_m2, dni_kw_m2, dni_wh_m2, dni_kwh_m2, dni_j_m2, "
        "dni_mj_m2, dhi_w_m2, dhi_kw_m2, dhi_wh_m2, dhi_kwh_m2, dhi_j_m2, dhi_mj_m2, temp_air_c, "
        "temp_air_f, temp_air_k, wind_speed_m_s, wind_speed_km_h, wind_speed_mph, wind_speed_kn, "
        "temp_dew_c, temp_dew_f, temp_dew_k, "
        "snowfall_cm, snowfall_mm, snowfall_m, snowfall_in, "
        "snow_depth_cm, snow_depth_mm, snow_depth_m, snow_depth_in",
        "column 'ghi' has no unit; call it one of ghi_w_m2, ghi_kw_m2, ghi_wh_m2, ghi_kwh_m2, "
        "ghi_j_m2, ghi_mj_m2",
        "'dni_w_m2' and 'dni_kw_m2' are both dni; keep one",
        "unknown column 'temp_air_celsius'; did you mean 'temp_air_c'?",
    ]


def test_cells_that_are_no_time_or_number_are_told_with_their_line(
    plain: Callable[[str], Path],
) -> None:
    problems = refused(
        plain(
            PLACE + "start,ghi_w_m2\n2019-06-01T12:00,1\n2019-06-01T13:00Z,many\nnoon,3\n"
            "2019-06-01T15:00,nan\n"
        )
    )
    assert problems == [
        "'noon' in line 8 is not a time (1 in all); give ISO 8601, as 2019-01-31T14:00 or "
        "2019-01-31T14:00-07:00",
        "1 times carry an offset from UTC and 3 do not; give all of them one, or none",
        "ghi_w_m2 is 'many' in line 7 (1 in all); give a number or leave it empty",
    ]


def test_a_csv_of_one_row_is_refused(plain: Callable[[str], Path]) -> None:
    path = plain(PLACE + "start,ghi_w_m2\n2019-06-01T12:00,1\n")
    assert refused(path) == ["1 rows; a whole year is needed"]


@pytest.mark.parametrize(
    "head",
    [
        "",
        "LOCATION,Denver,CO,USA,TMY3,725650,39.83,-104.65,-7,1650\nDESIGN CONDITIONS,0\n",
        "Source,Location ID\nNSRDB,1\nYear,Month,Day,Hour,Minute\n",
        '{"inputs": {}, "outputs": {"monthly": []}}',
        "Date,Power\n1,2\n",
        "# a remark\nx,y\n",
    ],
)
def test_files_of_other_kinds_are_refused(tmp_path: Path, head: str) -> None:
    path = tmp_path / "other.txt"
    path.write_text(head, encoding="utf-8")
    with pytest.raises(WeatherError, match=r"Known: EPW|is empty|begins as|without a line"):
        read_weather(path)


# --- lacking columns ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    start = pd.date_range("2019-06-01", periods=72, freq="h", tz="UTC")
    sky = light(start + pd.Timedelta(minutes=30), 41.15, -104.8).set_index(start)
    return sky.assign(temp_air=15.0, wind_speed=3.0)


def made(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    return complete(frame, Place(41.15, -104.8, 1867.0), 1.0)


def test_a_whole_frame_is_left_as_it_is(whole: pd.DataFrame) -> None:
    frame, notes = made(whole.assign(humidity=5.0))
    pd.testing.assert_frame_equal(frame, whole)
    assert notes == ()


@pytest.mark.parametrize("name", ["ghi", "dhi"])
def test_one_light_of_three_is_made_from_the_others(whole: pd.DataFrame, name: str) -> None:
    for lacking in (whole.drop(columns=name), whole.assign(**{name: np.nan})):
        frame, notes = made(lacking)
        assert frame[name].to_numpy() == pytest.approx(whole[name].to_numpy(), abs=1e-3)
        assert len(notes) == 1
        assert notes[0].startswith(f"the file has no {name}; it is")


def test_a_lacking_beam_is_made_while_the_sun_is_up(whole: pd.DataFrame) -> None:
    frame, notes = made(whole.drop(columns="dni"))
    middle = whole.index + pd.Timedelta(minutes=30)
    zenith = pvlib.solarposition.get_solarposition(middle, 41.15, -104.8)["zenith"].to_numpy()
    high = zenith < 86.0
    assert frame["dni"][high].to_numpy() == pytest.approx(whole["dni"][high].to_numpy())
    assert (frame["dni"][zenith > 87.0] == 0).all()
    assert notes == ("the file has no dni; it is (ghi - dhi) / cos Z",)


def test_ghi_alone_is_split_without_gain_or_loss(whole: pd.DataFrame) -> None:
    frame, notes = made(whole[["ghi", "temp_air", "wind_speed"]])
    middle = whole.index + pd.Timedelta(minutes=30)
    zenith = pvlib.solarposition.get_solarposition(middle, 41.15, -104.8)["zenith"]
    beam = frame["dni"].to_numpy() * np.cos(np.radians(zenith)).clip(lower=0.0).to_numpy()
    assert (frame["dhi"] + beam).to_numpy() == pytest.approx(frame["ghi"].to_numpy())
    assert 0.6 < frame["dni"].sum() / whole["dni"].sum() < 1.1
    assert "estimated (erbs_driesse)" in notes[0]


def test_a_wrong_clock_makes_no_beam_stronger_than_the_sun(whole: pd.DataFrame) -> None:
    late = whole[["ghi", "temp_air", "wind_speed"]].set_index(whole.index + pd.Timedelta(hours=2))
    frame, _ = made(late)
    assert frame["dni"].max() < 0.867 * 1413.0
    assert (frame["dhi"] <= frame["ghi"] + 1e-9).all()
    assert frame["dhi"].min() >= 0.0


def test_another_decomposition_is_passed_as_a_function(whole: pd.DataFrame) -> None:
    def all_diffuse(
        ghi: np.ndarray, zenith_deg: np.ndarray, times: pd.DatetimeIndex
    ) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(len(times)), ghi

    frame, notes = complete(
        whole.drop(columns=["dni", "dhi"]), Place(41.15, -104.8, 1867.0), 1.0, all_diffuse
    )
    assert (frame["dni"] == 0).all()
    assert (frame["dhi"] == whole["ghi"]).all()
    assert "(all_diffuse)" in notes[0]


def test_the_default_decomposition_is_as_erbs_published_it() -> None:
    # kt = .5 -> .9511 - .1604 kt + 4.388 kt2 - 16.638 kt3 + 12.336 kt4 = .6592 (Erbs 1982, eq. 1)
    times = pd.DatetimeIndex(["2019-06-01"], tz="UTC")
    extra = float(pvlib.irradiance.get_extra_radiation(times).iloc[0])
    ghi = np.array([0.5 * extra * 0.5])  # at a zenith angle of 60 deg
    dni, dhi = erbs_driesse(ghi, np.array([60.0]), times)
    assert dhi[0] / ghi[0] == pytest.approx(0.6592, abs=5e-4)
    assert dni[0] == pytest.approx((ghi[0] - dhi[0]) / 0.5)


def test_lacking_wind_is_the_mean_of_the_globe_and_is_told(whole: pd.DataFrame) -> None:
    frame, notes = made(whole.drop(columns="wind_speed"))
    assert (frame["wind_speed"] == WIND_M_S).all()
    assert len(notes) == 1
    assert "no wind; 2 m/s" in notes[0]


def test_times_without_any_light_are_not_made_up(whole: pd.DataFrame) -> None:
    holed = whole.copy()
    holed.iloc[3] = np.nan
    frame, notes = made(holed)
    assert frame.iloc[3].isna().all()
    assert notes == ()


@pytest.mark.parametrize("lacking", [["ghi"], ["dni"], ["dhi"], ["dni", "dhi"]])
def test_light_of_single_times_is_made_as_that_of_a_whole_column(
    whole: pd.DataFrame, lacking: list[str]
) -> None:
    all_made, _ = made(whole.drop(columns=lacking))
    holed = whole.copy()
    holed.loc[holed.index[5:9], lacking] = np.nan
    frame, (note,) = made(holed)
    pd.testing.assert_frame_equal(frame.iloc[5:9], all_made.iloc[5:9])
    pd.testing.assert_frame_equal(frame.drop(frame.index[5:9]), whole.drop(whole.index[5:9]))
    assert note.startswith(f"{' and '.join(lacking)} missing at 4 times: made from ")


def test_what_cannot_be_made_is_told_at_once(whole: pd.DataFrame) -> None:
    with pytest.raises(WeatherError) as told:
        made(whole[["dni"]])
    light_problem, temperature = told.value.problems
    assert light_problem == "irradiance: dni given; give ghi, or both dni and dhi"
    assert temperature.startswith("no air temperature; give temp_air in degC")
