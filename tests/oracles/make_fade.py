"""BLAST-Lite's fade of a battery at five places, in the use that a plant makes of it.

Run twice: `python make_fade.py profiles` where `energy` is installed writes the state of charge and
the cells' temperature of a year of the plant for 99 % of the energy (`fade_sites.parquet`); `python
make_fade.py blast` where BLAST-Lite 1.1.1 is (it needs numpy below 2) writes what is left of the
capacity at the end of each of 20 years (`fade_blast.csv`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent
SITES = ("wyoming", "el-paso", "phoenix", "chicago", "tampa")
YEARS = 20


def profiles() -> None:
    import energy as en

    columns = {}
    for name in SITES:
        case = en.Case(en.read_site(name), en.Datacenter(it_mw=100))
        run = en.size(case, served_fraction=0.99).evaluation.run
        usable = case.assumptions.battery.usable_fraction
        held = run.flow("soc_mwh")[:8760] / run.parameters.usable_mwh
        columns[f"{name} soc"] = np.round(0.5 - usable / 2 + usable * held, 3)
        air = case.weather.frame["temp_air"].to_numpy(dtype=float)[:8760]
        columns[f"{name} temp_c"] = np.round(case.assumptions.wear.cell_temp_c(air), 1)
    pd.DataFrame(columns).astype("float32").to_parquet(
        FOLDER / "fade_sites.parquet", compression="zstd", index=False
    )


def blast() -> None:
    from blast.models import Lfp_Gr_250AhPrismatic, Lfp_Gr_SonyMurata3Ah_Battery

    given = pd.read_parquet(FOLDER / "fade_sites.parquet").astype(float)
    models = {"lfp-250ah": Lfp_Gr_250AhPrismatic, "lfp-sony-murata": Lfp_Gr_SonyMurata3Ah_Battery}
    rows = {}
    for site in SITES:
        soc, temp_c = given[f"{site} soc"].to_numpy(), given[f"{site} temp_c"].to_numpy()
        series = {
            "Time_s": 3600.0 * np.arange(8761),
            "SOC": np.append(soc, soc[0]),
            "Temperature_C": np.append(temp_c, temp_c[0]),
        }
        for model, kind in models.items():
            cell = kind()
            cell.simulate_battery_life(series, threshold_time=YEARS)
            years, left = np.asarray(cell.stressors["t_days"]) / 365, np.asarray(cell.outputs["q"])
            rows[(site, model)] = np.interp(np.arange(1, YEARS + 1), years, left)
    frame = pd.DataFrame(rows, index=pd.RangeIndex(1, YEARS + 1, name="year")).T
    frame.rename_axis(["site", "model"]).round(5).to_csv(FOLDER / "fade_blast.csv")


if __name__ == "__main__":
    {"profiles": profiles, "blast": blast}[sys.argv[1]]()
