"""Makes the oracle of a whole plant of today: NREL SAM's detailed PV model with our losses.

In: the hours under sites/weather/, the shipped assumptions and PySAM. Out: sam_detailed.csv, AC
energy of the year and of December [kWh/kWdc], without snow.

Run: python tests/oracles/make_sam_detailed.py
"""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

import make_sam
import numpy as np
import pandas as pd
from make_sam_rear import COMMON, MODULE_M, SITES

from energy.array import Tracker
from energy.assumptions import read_assumptions
from energy.site import read_site

TABLE = Path(__file__).parent / "sam_detailed.csv"

#: Rated DC power of the array [kW]: 24,803 strings of 13 modules of 310 W or so.
NAMEPLATE_KW = 100002.58


def run(path: Path, tilt_deg: float | None) -> np.ndarray:
    """AC power of every step [kW/kWdc] with the shipped losses and rows as high over the ground."""
    from PySAM import Pvsamv1

    solar = read_assumptions(tilt_deg=tilt_deg).solar
    mount, tracker = solar.mount, tilt_deg is None
    height_m = mount.lower_edge_m
    if isinstance(mount, Tracker):
        height_m += mount.row_width_m / 2 * np.sin(np.radians(mount.max_angle_deg))
    model = Pvsamv1.default("FlatPlatePVNone")
    inverter_kw = model.value("inv_snl_paco") / 1000.0
    own = {
        "solar_resource_file": str(path),
        "subarray1_track_mode": int(tracker),
        "subarray1_tilt": 0.0 if tracker else tilt_deg,
        "subarray1_nmody": 2,
        # As high as ours against the width of the rows, which is two modules here.
        "cec_bifacial_ground_clearance_height": height_m * 2 * MODULE_M / mount.row_width_m,
        "cec_is_bifacial": 1,
        "inverter_count": round(NAMEPLATE_KW / solar.dc_ac_ratio / inverter_kw),
        "subarray1_soiling": [100 * solar.soiling_fraction] * 12,
        "subarray1_nameplate_loss": 100 * solar.light_induced_fraction,
        "adjust_constant": 100 * solar.availability_fraction,
        "acwiring_loss": 100 * (1 - solar.ac_kept_fraction),
    }
    for name, value in (COMMON | own).items():
        model.value(name, value)
    model.execute(0)
    return np.array(model.Outputs.gen) / NAMEPLATE_KW


def main() -> None:
    """Run SAM for every site on a tracker and on fixed rows and write the table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in SITES:
            weather, path = read_site(name).series, Path(folder) / f"{name}.csv"
            make_sam.write_sam_csv(read_site(name), path)
            month = np.asarray(weather.local_middle.month)
            for array, tilt_deg in (("tracker", None), ("fixed-30", 30.0)):
                kwh = run(path, tilt_deg) * weather.step_h
                december = float(kwh[month == 12].sum())
                rows.append(
                    {"site": name, "array": array, "kwh_per_kwdc": round(float(kwh.sum()), 2),
                     "december_kwh_per_kwdc": round(december, 3)}
                )  # fmt: skip
    text = (
        "# NREL SAM, Pvsamv1, bifacial modules, losses of assumptions-2025.toml, DC/AC 1.3, ground "
        f"cover .4, nrel-pysam {version('nrel-pysam')}; python tests/oracles/make_sam_detailed.py\n"
    ) + pd.DataFrame(rows).to_csv(index=False)
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
