"""From words on the command line to sites, datacenters, targets and cases.

In: groups of options. Out: objects of the package; every problem in one InputError.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy.cli.options import (
    ArrayOptions,
    AssumptionOptions,
    DatacenterOptions,
    GridOptions,
    PlantOptions,
    SiteOption,
    TargetOptions,
    WeatherOptions,
)
from energy.errors import InputError, WeatherError

if TYPE_CHECKING:
    from energy.assumptions import Assumptions
    from energy.case import Case
    from energy.curtailment import GridCalendar
    from energy.datacenter import Cluster, Datacenter
    from energy.price_books import PriceBook
    from energy.site import Site
    from energy.sizing import Sizing, Target
    from energy.snow import SnowLoss
    from energy.weather.fetch import Source


class Problems:
    """Collects the InputErrors of several `with` blocks and raises them as one.

    Used as `with Problems() as problems:` around blocks of `with problems:`; a block that fails
    is left, the next one is tried, and the outermost raises what all of them found.
    """

    def __init__(self) -> None:
        """Nothing is found yet."""
        self.found: list[str] = []
        self.depth = 0

    def __enter__(self) -> Problems:
        """Enter a block."""
        self.depth += 1
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        """Keep a block's problems; the outermost raises all."""
        self.depth -= 1
        if isinstance(error, InputError):
            self.found.extend(error.problems)
        elif error is not None:
            return False
        if self.depth == 0 and self.found:
            raise InputError(dict.fromkeys(self.found))
        return True


def check_files(*paths: Path | None) -> None:
    """Refuse files that could not be written before the work for them is done."""
    from energy.tables import check_place

    with Problems() as problems:
        for path in paths:
            if path is not None:
                with problems:
                    check_place(path)


def target_from(words: TargetOptions, default: Target | None = None) -> Target:
    """The target that is given, or the default where none is."""
    from energy.sizing.target import Target

    given: dict[str, Any] = asdict(words)
    if default is not None and all(value is None for value in given.values()):
        return default
    if given["served_fraction"] is not None:
        given["served_fraction"] = fraction_from("--served-fraction", given["served_fraction"])
    return Target.of(**given)


def fraction_from(option: str, text: str) -> float:
    """A fraction above 0 and at most 1."""
    try:
        fraction = float(text)
    except ValueError:
        raise InputError(f"{option} is a fraction such as 0.99; got {text!r}") from None
    if not 0 < fraction <= 1:
        raise InputError(f"{option} is a fraction above 0 and at most 1; got {text}")
    return fraction


def assumptions_from(words: AssumptionOptions, site: Site | None = None) -> Assumptions:
    """What is assumed; without a file or a price book at the prices of the site's market."""
    from energy.assumptions import DEFAULT_FILE, read_assumptions
    from energy.price_books import book_for

    if words.tilt_deg is not None and words.max_angle_deg is not None:
        raise InputError("--tilt-deg is for fixed rows, --max-angle-deg for trackers; give one")
    prices: str | PriceBook | None = words.prices
    if prices is None and words.assumptions is None and site is not None:
        prices = book_for(site.market)
    assumptions = read_assumptions(
        words.assumptions or DEFAULT_FILE,
        tilt_deg=words.tilt_deg,
        backup="engine" if words.backup is None else words.backup,
        modules=words.modules,
        prices=prices,
    )
    kind = assumptions.solar.mount.kind
    given = {
        "tracker.max_angle_deg": words.max_angle_deg,
        f"{kind}.gcr_fraction": words.gcr_fraction,
        "solar.dc_ac_ratio": words.dc_ac_ratio,
    }
    return assumptions.with_values({name: at for name, at in given.items() if at is not None})


def snow_loss_from(words: AssumptionOptions) -> SnowLoss:
    """The model of what snow takes."""
    from energy.snow import SNOW_MODELS

    if words.snow not in SNOW_MODELS:
        raise InputError(f"--snow is one of {', '.join(SNOW_MODELS)}; got {words.snow!r}")
    return SNOW_MODELS[words.snow]


def datacenter_from(words: DatacenterOptions) -> Datacenter:
    """The computers: their power, or a cluster's, and how they are cooled."""
    from energy.datacenter import (
        AdiabaticCooler,
        Chiller,
        CoolingTower,
        Datacenter,
        DryCooler,
        read_cluster,
    )

    kinds = {"dry": DryCooler, "adiabatic": AdiabaticCooler, "chiller": Chiller,
             "tower": CoolingTower}  # fmt: skip
    mw, cooler = 100.0 if words.it_mw is None else words.it_mw, None
    with Problems() as problems:
        with problems:
            if words.cluster is not None and words.it_mw is not None:
                raise InputError("--cluster and --it-mw both give the power; give one of them")
            if words.cluster is not None:
                mw = read_cluster(words.cluster).it_load_mw
        with problems:
            if words.cooling is not None and words.cooling not in kinds:
                raise InputError(f"--cooling is one of {', '.join(kinds)}; got {words.cooling!r}")
            if words.cooling is not None:
                supply = 40.0 if words.supply_temp_c is None else words.supply_temp_c
                cooler = kinds[words.cooling](supply_temp_c=supply)
            elif words.supply_temp_c is not None:
                raise InputError("--supply-temp-c goes with --cooling")
        with problems:
            Datacenter(it_mw=mw)
    return Datacenter(it_mw=mw, cooling=cooler)


def site_from(place: SiteOption, words: WeatherOptions) -> Site:
    """The place that is meant, with its hours read, so that all problems are known at once."""
    from energy.site import read_site, site_at
    from energy.weather import read_weather

    with Problems() as problems:
        if (place.site is None) == (place.lat is None and place.lon is None):
            raise InputError("give a SITE, or --lat and --lon of a place")
        if words.weather is not None and words.source is not None:
            raise InputError("--weather and --source both give hours; give one of them")
        with problems:
            if place.site is not None:
                site = read_site(place.site)
            elif place.lat is None or place.lon is None:
                raise InputError("a place needs both --lat and --lon")
            else:
                site = site_at(place.lat, place.lon, seed=words.seed)
            if words.weather is None and words.source is None:
                site.series  # noqa: B018
        if words.weather is not None:
            with problems:
                given = read_weather(words.weather)
        if words.source is not None:
            with problems:
                service = source_from(words.source)
        if words.years is not None:
            with problems:
                wanted = years_from(words.years)
                if words.weather is not None:
                    raise InputError("--weather and --years both give hours; give one of them")
    if words.years is not None:
        site = _with_years(site, service if words.source else _best_source(site), wanted)
    elif words.source is not None:
        from energy.weather.fetch import cached

        given = cached(service, site.latitude_deg, site.longitude_deg, site.elevation_m)
        site = site.with_weather(given, f"--source {words.source}")
    elif words.weather is not None:
        site = site.with_weather(given, words.weather)
    if words.resampled_years is not None:
        site = site.with_resampled_years(words.resampled_years, seed=words.seed)
    return site


def _best_source(site: Site) -> Source:
    """NSRDB with a key and in the Americas, else NASA POWER, which has the whole Earth."""
    from energy.weather.fetch import SOURCES

    in_the_americas = -170.0 <= site.longitude_deg <= -25.0
    with_key = all(os.environ.get(name) for name in SOURCES["nsrdb"].secrets.values())
    return SOURCES["nsrdb" if in_the_americas and with_key else "nasa-power"]


def _with_years(site: Site, source: Source, years: list[int]) -> Site:
    """The site on fetched years; on the hours that it has, and a word about it, where none come.

    Years that are kept are not asked for again. `SUNRACK_WEATHER_URL` is another address of the
    service, such as a mirror.
    """
    from energy.cli.render import progress

    try:
        return site.with_fetched_years(
            source,
            years,
            retries=1,
            url=os.environ.get("SUNRACK_WEATHER_URL"),
            progress=progress(False, f"{site.name}: fetching"),
        )
    except WeatherError as error:
        return site.with_note(
            f"{source.name} did not give {years[0]}-{years[-1]} ({error}); on the hours at hand "
            f"instead: {site.series.source}"
        )


def case_from(
    place: SiteOption,
    weather: WeatherOptions,
    datacenter: DatacenterOptions,
    assumptions: AssumptionOptions,
) -> Case:
    """The question that the options ask."""
    from energy.case import Case

    with Problems() as problems:
        with problems:
            computers = datacenter_from(datacenter)
        with problems:
            assumptions_from(assumptions)  # told with the others, before the site is known
        with problems:
            snow_loss = snow_loss_from(assumptions)
        with problems:
            site = site_from(place, weather)
    assumed = assumptions_from(assumptions, site)
    return Case(site, computers, assumed, snow_loss=snow_loss)


def calendar_from(words: GridOptions, grid_mw: float) -> GridCalendar | None:
    """When the grid is cut, where a calendar says; all terms of the grid are looked at.

    Raises
    ------
    InputError
        For terms of a grid that there is not, terms out of bounds, and what is wrong in the file.
    """
    from energy.curtailment import YEAR_H, read_grid_calendar

    inf = float("inf")
    bounds = {
        "--grid-curtailed-hours": (words.grid_curtailed_hours, YEAR_H, f"lie in 0..{YEAR_H:g}"),
        "--grid-usd-per-mwh": (words.grid_usd_per_mwh, inf, "be a price of 0 or more"),
        "--grid-wait-years": (words.grid_wait_years, 50.0, "lie in 0..50"),
    }
    with Problems() as problems:
        for option, (value, most, rule) in bounds.items():
            with problems:
                if value is not None and not (0 <= value <= most and value < inf):
                    raise InputError(f"{option} must {rule}; got {value:g}")
        with problems:
            if words.grid_curtailed_hours is not None and words.grid_calendar is not None:
                raise InputError(
                    "--grid-curtailed-hours and --grid-calendar both say when the grid is cut; "
                    "give one of them"
                )
        given = [name for name, value in asdict(words).items() if value is not None]
        with problems:
            if given and not grid_mw:
                options = ", ".join("--" + name.replace("_", "-") for name in given)
                raise InputError(f"{options}: of a grid; give --grid-mw too")
        with problems:
            path = words.grid_calendar
            calendar = None if path is None else read_grid_calendar(path)
    return calendar


def grid_site(site: Site, words: GridOptions, assumptions: Assumptions) -> Site:
    """The site with the price and the wait of its grid that are given."""
    from energy.site import LocalPrice, LocalWait

    year, usd, years = (
        assumptions.finance.dollar_year, words.grid_usd_per_mwh, words.grid_wait_years,
    )  # fmt: skip
    given: dict[str, Any] = {}
    if usd is not None:
        source = f"--grid-usd-per-mwh {usd:g}"
        given["grid_usd_per_mwh"] = LocalPrice(value=usd, dollar_year=year, source=source)
    if years is not None:
        source = f"--grid-wait-years {years:g}"
        given["grid_wait_years"] = LocalWait(value=years, source=source)
    return site.replace(**given) if given else site


def grid_assumptions(assumptions: Assumptions, words: GridOptions) -> Assumptions:
    """What is assumed, with the hours in which the grid may be cut that are given."""
    hours = words.grid_curtailed_hours
    if hours is None:
        return assumptions
    return assumptions.with_values({"grid.curtailed_hours_per_year": hours})


def on_grid_terms(case: Case, words: GridOptions, calendar: GridCalendar | None) -> Case:
    """The question with the grid on the terms that are given."""
    assumptions = grid_assumptions(case.assumptions, words)
    site = grid_site(case.site, words, assumptions)
    if site is not case.site or assumptions is not case.assumptions:
        case = case.replace(site=site, assumptions=assumptions)
    if calendar is not None:
        case = case.replace(grid_open=calendar.grid_open(case.weather))
    return case


#: What --array may be.
ARRAYS = ("best", "tracker", "fixed", "assumed")


def arrays_from(words: ArrayOptions, assumed: AssumptionOptions) -> dict[str, Any] | None:
    """What `choose_array` may choose; None where the array is as the assumptions have it.

    Raises
    ------
    InputError
        For what is no choice, and for choices that contradict each other.
    """
    # A file says what its array is like.
    default = "best" if assumed.assumptions is None or words.best_array else "assumed"
    array = default if words.array is None else words.array
    if array not in ARRAYS:
        raise InputError(f"--array is one of {', '.join(ARRAYS)}; got {array!r}")
    if array == "assumed":
        return None
    told = {
        "tracker": {"--max-angle-deg": assumed.max_angle_deg},
        "fixed": {"--tilt-deg": assumed.tilt_deg},
    }
    problems = [
        f"{option} is for {kind} arrays, --array says {array}"
        for kind, options in told.items()
        for option, value in options.items()
        if value is not None and array not in ("best", kind)
    ]
    if problems:
        raise InputError(problems)
    own = [kind for kind, options in told.items() if any(v is not None for v in options.values())]
    mounts = own or (["tracker", "fixed"] if array == "best" else [array])
    held = {
        "tilts_deg": assumed.tilt_deg,
        "max_angles_deg": assumed.max_angle_deg,
        "gcr_fractions": assumed.gcr_fraction,
        "dc_ac_ratios": assumed.dc_ac_ratio,
    }
    return {"mounts": mounts} | {
        name: (value, value) for name, value in held.items() if value is not None
    }


def sizer_from(
    words: PlantOptions, backup: str | None, *, failures_in_target: bool = False
) -> Callable[..., Sizing]:
    """What sizes a case for a target with the parts that are allowed."""
    from functools import partial

    from energy.sizing import size, size_with_failures

    if failures_in_target:
        return partial(size_with_failures, backup=backup is not None)
    if backup is None and not words.grid_mw and words.max_backup_energy_fraction is None:
        return size
    return partial(
        size,
        backup=backup is not None,
        grid_mw=words.grid_mw,
        max_backup_energy_fraction=words.max_backup_energy_fraction,
    )


def cluster_from(
    run: dict[str, float | None],
    accelerator: dict[str, Any],
    yield_model: str | None,
    yield_fraction: float | None,
) -> Cluster:
    """The cluster that the options describe; what they do not say is assumed."""
    from energy.datacenter import (
        Cluster,
        Training,
        build_cluster,
        described_accelerator,
        named_yield_model,
    )

    def given(values: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if value is not None}

    with Problems() as problems:
        with problems:
            if run["flop"] is None:
                raise InputError("--flop is missing: the size of the run, such as 3e25")
            training = Training(**given(run))
        with problems:
            made = described_accelerator(given(accelerator), "--accelerator")
            if made.silicon is None and (yield_model or yield_fraction is not None):
                raise InputError(
                    f"{made.name} is bought by the shelf, its price holds its yield; yields are "
                    "for wse-3 and wafer-3nm"
                )
        with problems:
            if yield_model is not None and yield_fraction is not None:
                raise InputError("--yield-model and --yield-fraction both give the yield; give one")
            model = named_yield_model(yield_model or "murphy")
        with problems:
            if yield_fraction is not None and not 0 < yield_fraction <= 1:
                raise InputError(
                    f"--yield-fraction is a fraction above 0 and at most 1; got {yield_fraction:g}"
                )
    if yield_fraction is not None:
        return Cluster(training, made, yield_fraction)
    return build_cluster(training, made, yield_model=model)


def source_from(name: str) -> Source:
    """A weather service by name."""
    from energy.weather.fetch import SOURCES

    if name not in SOURCES:
        raise InputError(f"--source is one of {', '.join(SOURCES)}; got {name!r}")
    return SOURCES[name]


def years_from(text: str) -> list[int]:
    """Years such as 2001-2024 or 2001,2005-2008."""
    spans = [re.fullmatch(r"\s*(\d{4})(?:-(\d{4}))?\s*", span) for span in text.split(",")]
    pairs = [(int(span[1]), int(span[2] or span[1])) for span in spans if span]
    if len(pairs) < len(spans) or not all(1900 <= a <= b <= 2100 for a, b in pairs):
        raise InputError(
            f"--years is such as 2001-2024 or 2001,2005-2008, from 1900 to 2100; got {text[:60]!r}"
        )
    return [year for a, b in pairs for year in range(a, b + 1)]
