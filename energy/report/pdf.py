"""The report as PDF, by a browser that is installed.

In: the HTML of a report. Out: a PDF's bytes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from energy.errors import InputError

#: Names that Chromium and its relatives have on a search path.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

NO_BROWSER = (
    "a PDF needs Chromium or Chrome on the search path, or in SUNRACK_CHROMIUM; or write an .html "
    "report and print it from any browser"
)

#: Seconds that a browser may take.
TIMEOUT_S = 120


def browser() -> str | None:
    """The browser to print with: that of the environment, or the first on the search path."""
    named = os.environ.get("SUNRACK_CHROMIUM")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


def browser_flags(profile: str) -> list[str]:
    """What a browser is told so that it shows the page and does nothing else."""
    flags = [
        "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
        "--hide-scrollbars", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", f"--user-data-dir={profile}",
    ]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium's sandbox refuses to run as root
    return flags


def pdf(html: str) -> bytes:
    """The page as a PDF.

    Raises
    ------
    InputError
        When there is no browser, or it prints nothing.
    """
    command = browser()
    if command is None:
        raise InputError(NO_BROWSER)
    with tempfile.TemporaryDirectory() as folder:
        page, printed = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(html, encoding="utf-8")
        try:
            done = subprocess.run(
                [
                    command, *browser_flags(f"{folder}/profile"), f"--print-to-pdf={printed}",
                    page.as_uri(),
                ],
                capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"{command} did not print the report: {error}") from None
        if not printed.is_file():
            message = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
            raise InputError(f"{command} did not print the report: {message}")
        return printed.read_bytes()
