"""A comparison as a file that people send on: HTML, Markdown or PDF.

In: the sizings of a comparison. Out: a file, whole or not at all.

`data` gathers the numbers, `words` says them, `page` and `markdown` lay them out, `tables` are the
downloads, `pdf` prints the page with a browser, `file` writes it into place.
"""

from typing import TYPE_CHECKING

from energy.errors import answer_unknown
from energy.report.content import report_data
from energy.report.file import ENDINGS, check_path, write_report
from energy.report.html import page
from energy.report.markdown import markdown

__all__ = ["ENDINGS", "check_path", "markdown", "page", "report_data", "write_report"]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
