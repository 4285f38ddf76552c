"""Makes the oracle of the light on the rear: NREL SAM's detailed PV model with bifacial modules.

In: the hours under sites/weather/ and PySAM. Out: sam_rear.csv, light on the rear by month
[kWh/m2] and what the rear adds to the year's DC energy.

SAM's own tracker stands 1 m above ground with rows 3.33 m wide, so that they would turn into the
ground; "default" keeps that, "tracker" has rows of one module 1.5 m above ground.

Run: python tests/oracles/make_sam_rear.py
"""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import make_sam
import numpy as np
import pandas as pd

from energy.site import Site, read_site

TABLE = Path(__file__).parent / "sam_rear.csv"

SITES = ("el-paso", "fort-collins", "great-falls", "greensboro", "minnesota", "phoenix")

#: Length of SAM's default module [m], from its area of 1.631 m2 and its aspect ratio of 1.7.
MODULE_M = (1.631 * 1.7) ** 0.5

#: Tracker or not, modules along the slant, height of the axis or of the lower edge [m].
ARRAYS: dict[str, tuple[bool, int, float]] = {
    "tracker": (True, 1, 1.5),
    "tracker-default": (True, 2, 1.0),
    "fixed-30": (False, 1, 0.8),
    "fixed-30-default": (False, 2, 1.0),
}

COMMON = {
    "subarray1_azimuth": 180.0,
    "subarray1_rotlim": 45.0,
    "subarray1_backtrack": 1,
    "subarray1_gcr": 0.4,
    "subarray1_soiling": [0.0] * 12,
    "albedo": [make_sam.ALBEDO] * 12,
    # Strings of 13 modules run within the inverter's window of 545 to 820 V; SAM's default of 21
    # stands at its upper end, far from their best voltage, and loses a fifth.
    "subarray1_modules_per_string": 13,
    "subarray1_nstrings": 24803,
    # So many inverters that nothing is clipped: what the rear adds would be lost in it.
    "inverter_count": 200,
}


def run(path: Path, array: str, *, bifacial: bool) -> Any:
    """SAM's detailed model, run; the caller keeps it, as its outputs live in it."""
    from PySAM import Pvsamv1

    tracker, modules, height_m = ARRAYS[array]
    model = Pvsamv1.default("FlatPlatePVNone")
    own = {
        "solar_resource_file": str(path),
        "subarray1_track_mode": 1 if tracker else 0,
        "subarray1_tilt": 0.0 if tracker else 30.0,
        "subarray1_nmody": modules,
        "cec_bifacial_ground_clearance_height": height_m,
        "cec_is_bifacial": int(bifacial),
    }
    for name, value in (COMMON | own).items():
        model.value(name, value)
    model.execute(0)
    return model


def rows_of(site: Site) -> list[dict[str, Any]]:
    """One row an array."""
    month = np.asarray(site.series.local_middle.month)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.csv"
        make_sam.write_sam_csv(site, path)
        for array, (_, modules, height_m) in ARRAYS.items():
            with_rear, without = (run(path, array, bifacial=both) for both in (True, False))
            gain = sum(with_rear.Outputs.dc_net) / sum(without.Outputs.dc_net) - 1.0
            rear = np.array(with_rear.Outputs.subarray1_poa_rear) * site.series.step_h / 1000.0
            monthly = np.bincount(month, rear, 13)[1:]
            rows.append(
                {"site": site.name, "array": array, "height_m": height_m}
                | {"row_width_m": round(modules * MODULE_M, 4), "dc_gain": round(gain, 5)}
                | {f"month_{n}": round(kwh, 3) for n, kwh in enumerate(monthly, start=1)}
            )
    return rows


def main() -> None:
    """Run SAM for every site and array and write the table."""
    rows = [row for name in SITES for row in rows_of(read_site(name))]
    said = {
        "program": "NREL SAM, detailed PV model (Pvsamv1), through nrel-pysam",
        "version": version("nrel-pysam"),
        "command": "python tests/oracles/make_sam_rear.py",
        "inputs": "sites/weather/*.parquet; otherwise the defaults of FlatPlatePVNone "
        "(bifaciality .7) but ground cover .4, albedo .2, limit 45 deg, no soiling, no clipping",
        "unit": "month_n: light on the rear behind its glass, kWh/m2",
    }
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"# {key}: {text}\n" for key, text in said.items())
        pd.DataFrame(rows).to_csv(file, index=False)


if __name__ == "__main__":
    main()
