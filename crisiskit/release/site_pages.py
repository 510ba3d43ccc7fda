"""Pages of the site sheets: one per site, for the people who can mend its records."""

import html
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crisiskit.release.html import plain_page
from crisiskit.release.tables import table_html
from crisiskit.release.view import counted

if TYPE_CHECKING:
    from crisiskit.release.report import Report
    from crisiskit.release.site_sheets import Sheet

SHOWN = ["what", "known here", "known at peers", "records to gain", "of them", "declined"]
LEAD = (
    "What is missing in the records of this site, in the order of what mending would bring back. An answer that a "
    "person declined is no defect. Nobody should press a caller for the sake of a form."
)


def write_pages(report: "Report", sheets: "Sequence[Sheet]") -> tuple[tuple[str, str], ...]:
    """Write a page per sheet into the study's folder for them, if it has one; return (words, address) of each."""
    folder = report.settings.get("sheets", "")
    if not folder:
        return ()
    links, taken = [], set[str]()
    for sheet in sheets:
        name = _name(sheet.site, taken)
        taken.add(name)
        remarks = "".join(f'<p class="seen">{html.escape(remark)}</p>' for remark in sheet.remarks)
        about = f"<p>{html.escape(LEAD)}</p><p>{counted(sheet.records, 'record')}. {html.escape(_source(report))}</p>"
        table = table_html(sheet.lines[SHOWN], f"What to mend at {sheet.name}, in order of worth")
        plain_page(Path(folder) / f"{name}.html", f"Site sheet: {sheet.name}", f"{about}{table}{remarks}",
                   study=report.title, simulated=report.simulated, home="../20_gaps.html")  # fmt: skip
        links.append((f"Sheet of {sheet.name}", f"{folder}/{name}.html"))
    return tuple(links)


def _source(report: "Report") -> str:
    return f"Source: {report.figures.source_line}."


def _name(site: str, taken: set[str]) -> str:
    """A file's name from a site's: letters and digits only, and not one that another site has."""
    plain = unicodedata.normalize("NFKD", site).encode("ascii", "ignore").decode("ascii").lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "site"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name
