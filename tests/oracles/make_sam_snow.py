"""Makes the oracle of snow on the rows: NREL SAM's PVWatts 8 and its detailed model, with snow.

In: the hours under sites/weather/ with a depth of snow made from `NORMALS`, and PySAM.
Out: sam_snow.csv, the energy that snow takes in each month [kWh/kWdc].

The depth is our own estimate, so that what is compared is the model of the rows and not the snow.

Run: python tests/oracles/make_sam_snow.py
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import make_sam
import make_sam_rear
import numpy as np
import pandas as pd

from energy.site import Site, read_site
from energy.weather.snowfall import snowfall_of

TABLE = Path(__file__).parent / "sam_snow.csv"

#: Monthly snowfall [cm] that the depth is made from; nobody's measurements.
NORMALS = {
    "fort-collins": [20, 20, 32, 17, 2, 0, 0, 0, 2, 10, 22, 22],
    "great-falls": [20, 18, 25, 16, 4, 0, 0, 0, 3, 9, 18, 18],
    "minnesota": [35, 28, 30, 15, 3, 0, 0, 0, 0, 5, 25, 38],
}
ARRAYS = ("tracker", "fixed-20-rows", "fixed-40-rows")


#: Arrays of the detailed model: tracker or not, modules of one side, two in portrait.
DETAILED = {"tracker-detailed": True, "fixed-40-detailed": False}


def snowy(name: str) -> Site:
    """A shipped site whose hours have the depth of snow."""
    site = read_site(name)
    weather = site.series
    depth = np.round(snowfall_of(weather, NORMALS[name]).depth_cm, 4)
    return site.with_weather(
        replace(weather, frame=weather.frame.assign(snow_depth_cm=depth)), "with snow"
    )


def write_weather(site: Site, path: Path) -> None:
    """The site's hours as SAM reads them, with the depth of snow."""
    make_sam.write_sam_csv(site, path)
    place, values, heads, *rows = path.read_text(encoding="utf-8").splitlines()
    depth = site.series.frame["snow_depth_cm"]
    rows = [f"{row},{cm:.4f}" for row, cm in zip(rows, depth, strict=True)]
    path.write_text("\n".join([place, values, f"{heads},Snow Depth", *rows]) + "\n")


def run(path: Path, array: str, *, snow: bool) -> np.ndarray:
    """SAM's power of every step [kW/kWdc]: AC, of the detailed model DC."""
    from PySAM import Pvsamv1, Pvwattsv8

    if array in DETAILED:
        detailed = Pvsamv1.default("FlatPlatePVNone")
        settings = make_sam_rear.COMMON | {
            "solar_resource_file": str(path),
            "subarray1_track_mode": int(DETAILED[array]),
            "subarray1_tilt": 0.0 if DETAILED[array] else 40.0,
            "cec_is_bifacial": 0,
            "en_snow_model": int(snow),
        }
        for name, value in settings.items():
            detailed.value(name, value)
        detailed.execute(0)
        # Before the inverter, where it is for our rows too.
        return np.array(detailed.Outputs.dc_net) / float(detailed.value("system_capacity"))
    model = Pvwattsv8.default("PVWattsNone")
    model.SolarResource.solar_resource_file = str(path)
    model.SolarResource.albedo = [make_sam.ALBEDO]
    model.SystemDesign.system_capacity = make_sam.CAPACITY_KWDC
    for name, value in (make_sam.COMMON | make_sam.ARRAYS[array]).items():
        setattr(model.SystemDesign, name, value)
    model.SystemDesign.en_snowloss = int(snow)
    model.execute(0)
    return np.array(model.Outputs.ac) / 1000.0 / make_sam.CAPACITY_KWDC


def main(folder: Path) -> None:
    """Run SAM with and without snow and write what it takes; `folder` is for the weather."""
    rows = []
    for name in NORMALS:
        site = snowy(name)
        month = np.asarray(site.series.local_middle.month)
        path = folder / f"{name}.csv"
        write_weather(site, path)
        for array in (*ARRAYS, *DETAILED):
            clear, lost = run(path, array, snow=False), run(path, array, snow=True)
            step_h = site.series.step_h
            taken = np.bincount(month, clear - lost, 13)[1:] * step_h
            rows.append(
                {
                    "site": name,
                    "array": array,
                    "kwh_per_kwdc": round(float(clear.sum() * step_h), 3),
                }
                | {f"lost_{number}": round(float(kwh), 4) for number, kwh in enumerate(taken, 1)}
            )
    text = (
        f"# NREL SAM, PVWatts 8 with en_snowloss and, where an array is called detailed, Pvsamv1 "
        f"with en_snow_model (DC energy), nrel-pysam {version('nrel-pysam')}; "
        "python tests/oracles/make_sam_snow.py\n"
    ) + pd.DataFrame(rows).to_csv(index=False)
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as weather:
        main(Path(weather))
