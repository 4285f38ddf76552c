"""A report's file: refused before the work where it cannot be written, whole or not at all.

In: what is ranked and a path. Out: the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from energy.errors import InputError
from energy.files import replace_file, unwritable
from energy.report.content import Framed, Ranked, report_data
from energy.report.html import page
from energy.report.markdown import markdown
from energy.report.pdf import NO_BROWSER, browser, pdf
from energy.sizing import Sizing

#: What a report can be, by the ending of its path.
ENDINGS = (".html", ".md", ".pdf")


def write_report(
    comparison: Ranked,
    path: str | Path,
    *,
    command: str = "",
    sensitivity: Framed | None = None,
    monte_carlo: Framed | None = None,
    progress: Callable[[Iterable[Sizing]], Iterable[Sizing]] = iter,
) -> Path:
    """Write a comparison as a report; what stood at the path stays until the new one is whole.

    Parameters
    ----------
    comparison, command, sensitivity, monte_carlo, progress
        As `report_data`.
    path
        Ends in one of `ENDINGS`.

    Raises
    ------
    InputError
        For a path that cannot be written, and as `report_data`.
    """
    path = check_path(path)
    data = report_data(
        comparison,
        command=command,
        sensitivity=sensitivity,
        monte_carlo=monte_carlo,
        progress=progress,
    )
    if path.suffix.lower() == ".md":
        content = markdown(data).encode()
    else:
        html = page(data)
        content = pdf(html) if path.suffix.lower() == ".pdf" else html.encode()
    replace_file(path, content)
    return path


def check_path(path: str | Path) -> Path:
    """The path, if a report can be written there as far as that shows without writing.

    Raises
    ------
    InputError
        With the reason.
    """
    path = Path(path)
    why = ""
    try:
        if "\0" in str(path):
            why = unwritable(path)
        elif path.is_dir():
            why = "is a folder; give the name of a file in it, such as sites.html"
        elif path.suffix.lower() not in ENDINGS:
            why = f"a report ends in {', '.join(ENDINGS)}; got {path.suffix or 'no ending'!r}"
        elif not path.absolute().parent.is_dir():
            why = f"there is no folder {path.parent}; make it first"
        elif found := unwritable(path):
            why = found
        elif path.suffix.lower() == ".pdf" and browser() is None:
            why = NO_BROWSER
    except OSError as error:
        why = f"cannot be written ({error})"
    if why:
        raise InputError(f"{path}: {why}")
    return path
