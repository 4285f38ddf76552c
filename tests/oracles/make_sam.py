"""Makes the oracle of the solar model: NREL SAM's PVWatts 8 on the shipped sites.

In: the hours under sites/weather/ and PySAM (`pip install nrel-pysam`).
Out: sam_annual.csv, yields of a year and of its December [kWh/kWdc] with the inputs of every run;
sam_steps.parquet, the AC power of every step [W/kWdc, whole watts]. Both say which program and
version made them.

The weather goes to SAM as SAM csv, never as EPW: an EPW's minute column moves SAM's sun by half an
hour. Hourly files carry no minute column: SAM then takes an hour as a mean, with the sun at its
middle (at sunrise and sunset at the middle of its daylight). Half-hours need minutes: they are
those of the middle of each step, where SAM takes the sun of an instant.

SAM lays its array out in a square of rows to shade it: at 1 kW that is two rows of one module,
whose ends let light through and of which one stands free. So it is asked for 100 MW, hundreds of
rows.

Run: python tests/oracles/make_sam.py
"""

from __future__ import annotations

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from energy.site import Site, read_site

HERE = Path(__file__).parent
ANNUAL = HERE / "sam_annual.csv"
STEPS = HERE / "sam_steps.parquet"

SITES = ("el-paso", "fort-collins", "greensboro", "phoenix")

#: Array -> SAM's inputs. array_type 0: fixed open rack, 3: one axis with backtracking (2 is one
#: axis *without* it, shaded by its rows), both with SAM's rotation limit of 45 deg.
ARRAYS = {
    "tracker": {"array_type": 3, "tilt": 0.0, "gcr": 0.4, "dc_ac_ratio": 1.3},
    "fixed-25-alone": {"array_type": 0, "tilt": 25.0, "gcr": 0.01, "dc_ac_ratio": 1.3},
    "fixed-20-rows": {"array_type": 0, "tilt": 20.0, "gcr": 0.4, "dc_ac_ratio": 1.2},
    "fixed-40-rows": {"array_type": 0, "tilt": 40.0, "gcr": 0.4, "dc_ac_ratio": 1.3},
    "fixed-60-rows": {"array_type": 0, "tilt": 60.0, "gcr": 0.4, "dc_ac_ratio": 1.3},
}

#: The rest, the same for every array; all else is the default of "PVWattsNone".
COMMON = {"azimuth": 180.0, "losses": 14.0757, "inv_eff": 96.0, "module_type": 0}
ALBEDO = 0.2
CAPACITY_KWDC = 100_000.0


def write_sam_csv(site: Site, path: Path) -> None:
    """The site's series as a SAM csv in local standard time, labels as the docstring above says."""
    weather = site.series
    middle = weather.local_middle
    hourly = weather.step_h == 1
    label = middle - pd.Timedelta(minutes=30) if hourly else middle
    parts = (
        ("year", "month", "day", "hour") if hourly else ("year", "month", "day", "hour", "minute")
    )
    columns = {part.capitalize(): getattr(label, part) for part in parts}
    names = {"GHI": "ghi", "DNI": "dni", "DHI": "dhi", "Tdry": "temp_air", "Wspd": "wind_speed"}
    columns |= {name: weather.frame[ours].to_numpy() for name, ours in names.items()}
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Latitude,Longitude,Time Zone,Elevation\n")
        place = (site.latitude_deg, site.longitude_deg, weather.utc_offset_h, site.elevation_m)
        file.write(",".join(f"{number:g}" for number in place) + "\n")
        pd.DataFrame(columns).to_csv(file, index=False)


def run(site: Site, array: str) -> np.ndarray:
    """SAM's AC power of every step [kW/kWdc], in the order of the site's series."""
    from PySAM import Pvwattsv8

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.csv"
        write_sam_csv(site, path)
        model = Pvwattsv8.default("PVWattsNone")
        model.SolarResource.solar_resource_file = str(path)
        model.SolarResource.albedo = [ALBEDO]
        model.SystemDesign.system_capacity = CAPACITY_KWDC
        for name, value in (COMMON | ARRAYS[array]).items():
            setattr(model.SystemDesign, name, value)
        model.execute(0)
        ac = np.array(model.Outputs.ac) / 1000.0 / CAPACITY_KWDC  # W -> kW/kWdc
    assert len(ac) == len(site.series.frame)
    return ac


def fingerprint(site: Site) -> dict[str, float]:
    """What tells whether an oracle was made from these hours: their means."""
    means = site.series.frame.mean()
    return {f"mean_{name}": round(float(means[name]), 6) for name in means.index}


def main() -> None:
    """Run SAM for every site and array and write both files."""
    said = {
        "program": "NREL SAM, PVWatts 8, through nrel-pysam",
        "version": version("nrel-pysam"),
        "command": "python tests/oracles/make_sam.py",
        "inputs": "sites/weather/*.parquet; the arrays in sam_annual.csv; "
        + ", ".join(f"{name} {value:g}" for name, value in COMMON.items())
        + f", albedo {ALBEDO:g}, {CAPACITY_KWDC:g} kWdc, otherwise the defaults of PVWattsNone",
    }
    annual, steps = [], []
    for name in SITES:
        site = read_site(name)
        for array, design in ARRAYS.items():
            ac = run(site, array)
            december = np.asarray(site.series.local_middle.month) == 12
            sums = {"kwh_per_kwdc": ac, "december_kwh_per_kwdc": np.where(december, ac, 0.0)}
            kwh = {key: round(site.series.per_year(power), 4) for key, power in sums.items()}
            annual.append({"site": name, "array": array, **design, **kwh})
            annual[-1] |= fingerprint(site)
            watts = np.round(ac * 1000).astype(np.int16)
            steps.append({"site": name, "array": array, "ac_w_per_kwdc": watts})
    with ANNUAL.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"# {key}: {text}\n" for key, text in said.items())
        pd.DataFrame(annual).to_csv(file, index=False)
    schema = pa.schema(
        [("site", pa.string()), ("array", pa.string()), ("ac_w_per_kwdc", pa.list_(pa.int16()))],
        metadata={"oracle": json.dumps(said | {"steps": "AC power in whole watts per kWdc"})},
    )
    table = pa.Table.from_pylist(steps, schema=schema)
    pq.write_table(table, STEPS, compression="zstd", compression_level=19)
    print(pd.DataFrame(annual).iloc[:, :8].to_string(index=False))
    print(f"{ANNUAL.stat().st_size / 1000:.0f} kB and {STEPS.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
