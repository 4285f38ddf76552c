"""Where: places with their weather, normals, land and gas prices.

In: a catalog name, a site's TOML file, or a weather file that carries its own place.
Out: `Site`, and the weather that belongs to it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PrivateAttr, field_validator

from energy.countries import COUNTRIES, MEANT, in_the_united_states
from energy.errors import InputError, SiteError
from energy.parameters import Input, read_toml, validate
from energy.weather import Climate, Place, Weather, adapt, read_weather, resample
from energy.weather.quality import QualityCheck, check_quality

if TYPE_CHECKING:
    from energy.weather.fetch import Source

#: A weather file further from its site than this [km] brings a warning with it.
NEAR_KM = 25.0

#: Normals of a site no further away than this [km] are taken for a place.
NORMALS_KM = 50.0

Text = Annotated[str, Field(min_length=1)]


#: Twelve clear-sky indices, or spreads of them, January first.
MonthlyIndex = Annotated[
    list[Annotated[float, Field(gt=0, le=2)]], Field(min_length=12, max_length=12)
]


class Normals(Input):
    """Twelve monthly means, January first.

    `clear_day_index` is the clear-sky index of a clear day (95th percentile of the days), and
    `day_index_spread` the standard deviation of the days' index within a month: what a neighbor's
    years are adapted to, as `energy.weather.Climate` has it. `wind_speed_m_s` is the year's mean
    at the 10 m of an airport.
    """

    ghi_kwh_m2_day: Annotated[
        list[Annotated[float, Field(ge=0, le=12)]], Field(min_length=12, max_length=12)
    ]
    temp_air_c: Annotated[
        list[Annotated[float, Field(ge=-60, le=50)]], Field(min_length=12, max_length=12)
    ]
    clear_day_index: MonthlyIndex | None = None
    day_index_spread: MonthlyIndex | None = None
    wind_speed_m_s: Annotated[float, Field(gt=0, le=30)] | None = None
    source: Text


class SnowNormals(Input):
    """Mean snowfall of each month [cm], January first, where it was read, what to say of it."""

    monthly_cm: Annotated[
        list[Annotated[float, Field(ge=0, le=500)]], Field(min_length=12, max_length=12)
    ]
    source: Text
    warnings: tuple[Text, ...] = Field(default=(), strict=False)


class MonthlyAlbedo(Input):
    """Albedo of the ground without snow in each month, January first, and where it was read."""

    monthly_fraction: Annotated[
        list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=12, max_length=12)
    ]
    source: Text


class LocalPrice(Input):
    """A price that a place has: its value, its dollar-year and where it was read."""

    value: Annotated[float, Field(ge=0)]
    dollar_year: Annotated[int, Field(ge=2000, le=2100)]
    source: Text


class LocalWait(Input):
    """How long a place waits for a grid connection, and where that was read."""

    value: Annotated[float, Field(ge=0, le=50)]
    source: Text


class LocalCarbon(Input):
    """What a MWh from a place's grid emits [kg CO2e/MWh], and where that was read."""

    value: Annotated[float, Field(ge=0, le=2000)]
    source: Text


class SiteWeather(Input):
    """The file that holds a site's hours, and what is to be said of it."""

    file: Text
    credit: str = ""
    warnings: tuple[str, ...] = Field(default=(), strict=False)


class Site(Input):
    """A place where a datacenter might stand.

    `latitude_deg` north and `longitude_deg` east are positive. Prices are those of the place:
    `land_usd_per_acre`, `gas_usd_per_mmbtu` (fuel of gas engines and turbines) and
    `grid_usd_per_mwh`; `grid_wait_years` is the wait for a connection. Without one of the last
    three the assumption holds, as it does without `albedo`, that of the ground in each month.
    `grid_kg_per_mwh` is what the grid's energy emits, without it that of the country.
    `snow` is the mean snowfall of each month, for series whose hours carry none. `country` is the
    code of ISO 3166, such as US, which says whose prices the place has.

    Examples
    --------
    >>> import energy as en
    >>> en.read_site("wyoming").title
    'Cheyenne, Wyoming, USA'
    """

    name: Text
    title: Text
    aliases: tuple[Text, ...] = Field(default=(), strict=False)
    country: Text | None = None
    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    longitude_deg: Annotated[float, Field(ge=-180, le=180)]
    elevation_m: Annotated[float, Field(ge=-450, le=9000)]
    weather: SiteWeather
    land_usd_per_acre: LocalPrice
    gas_usd_per_mmbtu: LocalPrice | None = None
    grid_usd_per_mwh: LocalPrice | None = None
    grid_wait_years: LocalWait | None = None
    grid_kg_per_mwh: LocalCarbon | None = None
    normals: Normals | None = None
    snow: SnowNormals | None = None
    albedo: MonthlyAlbedo | None = None

    _folder: Path = PrivateAttr(default=Path())
    _given: Weather | None = PrivateAttr(default=None)

    @field_validator("name", "title")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("is blank; give the place a name")
        return text

    @field_validator("country")
    @classmethod
    def _known_country(cls, code: str | None) -> str | None:
        if code is None or code in COUNTRIES:
            return code
        meant = MEANT.get(code.upper(), code.upper())
        hint = f"; did you mean {meant}?" if meant in COUNTRIES else ""
        raise ValueError(f"must be two letters of ISO 3166 such as US; got {code[:60]!r}{hint}")

    def replace(self, **changes: Any) -> Site:
        """A copy with `changes`, validated again; the hours are the same unless `weather` is."""
        other = super().replace(**changes)
        other._folder = self._folder
        other._given = None if "weather" in changes else self._given
        return other

    @property
    def market(self) -> str | None:
        """The country whose prices the place has; None where it is not known.

        A place that does not say is in the US where it lies within its outlines.
        """
        if self.country is None and in_the_united_states(self.latitude_deg, self.longitude_deg):
            return "US"
        return self.country

    @property
    def place(self) -> Place:
        """The point where the plant stands."""
        return Place(self.latitude_deg, self.longitude_deg, self.elevation_m)

    @cached_property
    def series(self) -> Weather:
        """The site's weather, read once.

        Raises
        ------
        WeatherError
            As `energy.weather.read_weather`.
        """
        return self._given if self._given is not None else read_weather(self.weather_path)

    @property
    def weather_path(self) -> Path:
        """The weather file; a relative path counts from the site's own file."""
        return self._folder / self.weather.file

    @cached_property
    def quality_check(self) -> QualityCheck:
        """How good the site's weather is, measure by measure."""
        normals = self.normals
        return check_quality(
            self.series,
            normals_ghi_kwh_m2_day=normals.ghi_kwh_m2_day if normals else None,
            normals_temp_air_c=normals.temp_air_c if normals else None,
            normals_source=normals.source if normals else "",
        )

    @cached_property
    def notes(self) -> list[str]:
        """What a reader of any result at this site should know about its weather."""
        series = self.series
        notes = [*self._origins, *self.weather.warnings, *series.warnings]
        shipped = self._given is None and self._folder == sites_folder()
        if not shipped and not series.relabeled:
            # What is shipped, and how hours are made, has been examined; tests say so.
            notes.extend(self.quality_check.warnings)
        distance_km = self.place.distance_km(series.place)
        if distance_km > NEAR_KM:
            notes.append(
                f"the weather file is for {series.place.latitude_deg:g}, "
                f"{series.place.longitude_deg:g}, "
                f"{distance_km:.0f} km from the site"
            )
        return notes

    @property
    def _origins(self) -> list[str]:
        """Whose recorded years an adapted series holds."""
        origins = self.series.origins
        theirs = [origin.words(self.place) for origin in origins if origin.adapted]
        own = [str(year) for origin in origins if not origin.adapted for year in origin.years]
        if not theirs:
            return []
        return [
            f"{self.series.real_years} recorded years: "
            + (f"its own {', '.join(own)}, and " if own else "")
            + f"clouds of {'; '.join(theirs)}; adapted to {self.title}: its own sun and clear sky, "
            "and the mean and spread of the light of its months"
        ]

    @property
    def distance_km(self) -> float:
        """How far away [km] the farthest of its recorded years was recorded."""
        series = self.series
        return max(series.distance_km, self.place.distance_km(series.place))

    def with_weather(self, series: Weather, path: str | Path = "given") -> Site:
        """The same place with other hours, read from `path`."""
        return self._with(series, SiteWeather(file=str(path)))

    def with_note(self, note: str) -> Site:
        """The same place and hours, with something more that every result there has to say."""
        series = self.series
        noted = replace(series, provenance=series.provenance.replace(note))
        return self._with(noted, self.weather)

    def with_fetched_years(self, source: Source, years: Sequence[int], **options: Any) -> Site:
        """The same place with years from a weather service, fetched where they are not kept.

        Light of a large cell (NASA POWER, ERA5) is too even. Where the place has hours that are not
        synthetic, the fetched years get the mean and the spread of their days, month by month
        (`energy.weather.adapt`); else they stay as they are, and the interval of a cost says so.

        Parameters
        ----------
        source
            One of `energy.weather.fetch.SOURCES`.
        years
            Local years.
        **options
            As for `energy.weather.fetch.fetch`: `url`, `cache`, `retries`, `progress`, ...

        Raises
        ------
        WeatherError
            With what failed; years that came are kept.
        """
        from energy.weather.fetch import fetch

        place = self.place
        series = fetch(
            source, place.latitude_deg, place.longitude_deg, place.elevation_m, None, years,
            **options,
        )  # fmt: skip
        known = self.series
        if series.provenance.coarse and not known.provenance.synthetic:
            provenance = series.provenance
            fitted = adapt(
                series,
                place,
                Climate.of(known),
                source=f"{series.source}, with the mean and spread of the days of: {known.source}",
            )
            series = replace(fitted, provenance=replace(
                fitted.provenance, adapted=False, coarse=False, origins=provenance.origins,
            ))  # fmt: skip
        return self.with_weather(series, f"{source.name} {series.first_year}-{series.last_year}")

    def with_resampled_years(self, years: int, *, seed: int = 0) -> Site:
        """The same place with years resampled from its own; what is said of those stays said.

        Raises
        ------
        WeatherError
            As `energy.weather.resample`.
        """
        return self._with(resample(self.series, years=years, seed=seed), self.weather)

    def _with(self, series: Weather, weather: SiteWeather) -> Site:
        site = self.replace(weather=weather)
        site._given = series
        return site


def sites_folder() -> Path:
    """Where the shipped sites are: inside an installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "sites"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "sites"


def catalog() -> dict[str, Path]:
    """Name -> TOML file of each site that is known by name.

    Those in the folder that the environment names in `SUNRACK_SITES` come before the shipped ones.

    Raises
    ------
    SiteError
        When there is no such folder.
    """
    own = os.environ.get("SUNRACK_SITES")
    if own and not Path(own).is_dir():
        raise SiteError(f"SUNRACK_SITES names {own}, which is no folder; correct or unset it")
    folders = [sites_folder(), *([Path(own)] if own else [])]
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def site_names() -> list[str]:
    """Names of the sites that are known by name, sorted.

    Examples
    --------
    >>> import energy as en
    >>> "wyoming" in en.site_names()
    True
    """
    return sorted(catalog())


@cache
def _aliases(files: tuple[Path, ...]) -> dict[str, str]:
    """Other name -> name of the site that it means."""
    named = {path.stem: read_toml(path) for path in files}
    return {alias: name for name, values in named.items() for alias in values.get("aliases", ())}


def read_site(name: str | Path) -> Site:
    """A site by catalog name, by its TOML file, or by a weather file that carries its place.

    Raises
    ------
    SiteError
        For an unknown name (with the nearest that is known) and for every problem of a file.
    WeatherError
        For a weather file that cannot be used.

    Examples
    --------
    >>> import energy as en
    >>> en.read_site("el-paso").series.years
    7
    """
    text = str(name)
    path = Path(name)
    known = catalog()
    if text in known:
        path = known[text]
    elif text in (aliases := _aliases(tuple(known.values()))):
        return read_site(aliases[text])
    elif not _looks_like_a_file(text):
        near = difflib.get_close_matches(text.lower(), [*known, *aliases], n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise SiteError(
            f"no site called {text!r}; {hint}known: {', '.join(sorted(known))}; "
            "or give the path of a site's TOML file or of a weather file"
        )
    if path.suffix.lower() != ".toml":
        return site_of_weather(read_weather(path), path.stem)
    try:
        site = validate(Site, read_toml(path), str(path))
    except InputError as error:
        raise SiteError(error.problems) from None
    site._folder = path.absolute().parent
    return site


def _looks_like_a_file(text: str) -> bool:
    try:
        return bool(Path(text).suffix) or "/" in text or Path(text).is_file()
    except (OSError, ValueError):  # longer than any file name, or with a NUL
        return False


def _nearest(place: Place, what: str) -> Site | None:
    """The shipped site within `NORMALS_KM` that has some kind of normals; None where none has."""
    known = [site for name in site_names() if getattr(site := read_site(name), what) is not None]
    nearest = min(known, key=lambda site: place.distance_km(site.place))
    return nearest if place.distance_km(nearest.place) <= NORMALS_KM else None


def site_of_weather(series: Weather, name: str, title: str = "") -> Site:
    """The place that a weather series is for, with prices of the whole US.

    Its snowfall is that of a shipped site within `NORMALS_KM`, where there is one.
    """
    values: dict[str, Any] = {
        "name": name,
        "title": title or series.source,
        **asdict(series.place),
        "weather": {"file": name},
        "land_usd_per_acre": {
            "value": 1920.0,
            "dollar_year": 2025,
            "source": "US average pasture, USDA NASS Land Values, August 2025",
        },
    }
    if (near := _nearest(series.place, "snow")) is not None:
        values["snow"] = near.snow
    site = validate(Site, values, name)
    site._given = series
    return site


def site_at(latitude_deg: float, longitude_deg: float, *, years: int = 20, seed: int = 0) -> Site:
    """Any place on land, with hours made up for it; see `energy.weather.synthetic`.

    Where a shipped site with normals is within `NORMALS_KM`, the months are made to meet them.

    Raises
    ------
    InputError, WeatherError
        As `energy.weather.synthetic.synthesize`.

    Examples
    --------
    >>> import energy as en
    >>> en.site_at(41.1, -104.8, years=1).series.provenance.synthetic  # doctest: +SKIP
    True
    """
    from energy.weather.synthetic import synthesize

    near = _nearest(Place(latitude_deg, longitude_deg, 0.0), "normals")
    normals = near.normals if near is not None else None
    series = synthesize(
        latitude_deg,
        longitude_deg,
        years=years,
        seed=seed,
        normals_ghi_kwh_m2_day=normals.ghi_kwh_m2_day if normals else None,
        normals_temp_air_c=normals.temp_air_c if normals else None,
        normals_source=normals.source if normals else "",
    )
    name = f"{latitude_deg:g},{longitude_deg:g}"
    return site_of_weather(series, name, title=f"{latitude_deg:g}, {longitude_deg:g}")
