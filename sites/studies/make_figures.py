"""Make the figures of the README: a real report's first screen and a frontier.

In: shipped sites. Out: report.png and frontier.png beside this file.

Run: python sites/studies/make_figures.py     (needs Chromium and `sunrack[plot]`)
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import energy as en
from energy.figures import save
from energy.report.pdf import browser, browser_flags

HERE = Path(__file__).parent
SITES = ("wyoming", "el-paso", "phoenix")


def main() -> None:
    """Write both."""
    case = en.Case(en.read_site("wyoming"), en.Datacenter(it_mw=100))
    save(en.figures.frontier(en.array_frontier(case)), HERE / "frontier.png")
    command = browser()
    if command is None:
        raise SystemExit("the report's figure needs Chromium on the search path")
    with tempfile.TemporaryDirectory() as folder:
        page = en.compare(SITES, served_fraction=0.99).report(Path(folder, "report.html"))
        image = HERE / "report.png"
        subprocess.run(
            [command, *browser_flags(f"{folder}/profile"), "--window-size=1200,1500",
             f"--screenshot={image}", page.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip


if __name__ == "__main__":
    main()
