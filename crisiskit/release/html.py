"""HTML pages of a run: a report per executed notebook, and an index. They load nothing from anywhere and print well."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crisiskit import __version__
from crisiskit.release.tables import text_of

TEMPLATES = Path(__file__).with_name("template")


def to_html(notebook_path: Path, out_path: Path, title: str, *, simulated: bool = False, home: str = "") -> Path:
    """Write an executed notebook as a report for readers: prose, figures with alternative text, tables; code only if
    its cell is tagged `show`, nothing of a cell tagged `hide`.

    `title` names the study and stands in the page's title after the notebook's own heading; `home` is the address of
    the index page.
    """
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    settings = Config({"HTMLExporter": {"exclude_anchor_links": True, "template_name": "report"}})
    exporter = HTMLExporter(config=settings, extra_template_basedirs=[str(TEMPLATES)])
    body, _ = exporter.from_filename(str(notebook_path))
    heading, lead, rest = _first_heading(body)
    contents, rest = _anchored(rest)
    mark = "SIMULATED: " if simulated else ""
    page = _template("page.html.j2").render(
        page_title=f"{mark}{html.unescape(heading)} – {title}" if heading else f"{mark}{title}",
        study=title,
        simulated=simulated and 'class="simulated"' not in body,  # the notebook's own heading has the warning
        home=home,
        lead=lead,
        contents=contents,
        body=rest,
        footer=_footer(),
        style=_style(),
    )
    out_path.write_text(page, encoding="utf-8")
    return out_path


def plain_page(out_path: Path, heading: str, body: str, *, study: str, simulated: bool = False, home: str = "") -> Path:
    """Write one page of its own, such as the sheet of a site: a heading and a body that is HTML already.

    `study` is the study's title; `home` is the address of the page that it belongs to. The folder is made if need be.
    """
    page = _template("page.html.j2").render(
        page_title=f"{'SIMULATED: ' if simulated else ''}{heading} – {study}",
        study=study,
        simulated=simulated,
        home=home,
        lead="",
        contents=[],
        body=f"<h1>{html.escape(heading)}</h1>{body}",
        footer=_footer(),
        style=_style(),
    )
    out_path.parent.mkdir(parents=True, exist_ok=True)
    out_path.write_text(page, encoding="utf-8")
    return out_path


def index_page(
    folder: Path,
    *,
    title: str,
    reports: Sequence[Mapping[str, str]],
    ledger: Mapping[str, Any] | None = None,
    run: Mapping[str, Any] | None = None,
    simulated: bool = False,
) -> Path:
    """Write `folder`/index.html: what was run, links to the reports, whether the ledger closes, and every figure.

    `reports` are {title, href, lead}; `ledger` is the content of ledger.json; `run` are facts to list (parameters,
    versions, inputs). Figures are found by their sidecars in `folder`/figures and its sub-folders.
    """
    figures = gallery(folder)
    made = f"{text_of(len(reports))} {'report' if len(reports) == 1 else 'reports'}"
    drawn = f"{text_of(len(figures))} {'figure' if len(figures) == 1 else 'figures'}"
    body = _template("index_page.html.j2").render(
        title=title,
        summary=f"This run made {made} and {drawn}. The pages need no network and may be copied with this folder.",
        reports=reports,
        ledger=_ledger(ledger),
        run=_facts(run or {}),
        figures=figures,
    )
    page = _template("page.html.j2").render(
        page_title=f"{'SIMULATED: ' if simulated else ''}{title}",
        study="crisiskit run",
        simulated=simulated,
        home="",
        lead="",
        contents=[],
        body=body,
        footer=_footer(),
        style=_style(),
    )
    out = folder / "index.html"
    out.write_text(page, encoding="utf-8")
    return out


def gallery(folder: Path) -> list[dict[str, Any]]:
    """The sidecars of all figures under `folder`/figures, by path, each with its address relative to `folder`."""
    found = []
    for path in sorted((folder / "figures").rglob("*.json")):
        sidecar = json.loads(path.read_text("utf-8"))
        found.append(sidecar | {"href": path.with_suffix("").relative_to(folder).as_posix()})
    return found


def _first_heading(body: str) -> tuple[str, str, str]:
    """Split a body at its second-level headings: text of the first h1, what stands before the first h2, the rest."""
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", body, flags=re.DOTALL)
    start = re.search(r"<h2[ >]", body)
    cut = start.start() if start else len(body)
    return re.sub(r"<[^>]+>", "", heading[1]) if heading else "", body[:cut], body[cut:]


def _anchored(body: str) -> tuple[list[tuple[str, str]], str]:
    """Give every h2 an id; return the (id, words) list for the contents and the body with the ids."""
    contents: list[tuple[str, str]] = []

    def name(match: re.Match[str]) -> str:
        words = match[1]
        slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"<[^>]+>|&\w+;", "", words).lower()).strip("-") or "section"
        while slug in dict(contents):
            slug += "-again"
        contents.append((slug, words))
        return f'<h2 id="{slug}">{words}</h2>'

    body = re.sub(r"<h2[^>]*>(.*?)</h2>", name, body, flags=re.DOTALL)
    return contents, body


def _ledger(ledger: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Words and table of a ledger for the index page; None where no file was read."""
    from crisiskit.release.tables import table_html

    if not ledger or not ledger.get("files"):
        return None
    import pandas as pd

    columns = ["file", "rows_read", "standardized", "collapsed", "excluded", "quarantined", "rejected"]
    table = pd.DataFrame(ledger["files"])[columns]
    read, kept = int(table["rows_read"].sum()), int(table["standardized"].sum())
    closes = bool(ledger["closes"])
    words = (
        f"Yes: {read:,} rows were read and {kept:,} became standard records; every other row is counted with a reason."
        if closes
        else "No: the ledger does not close. Do not use these figures."
    )
    return {"closes": closes, "words": words, "table": table_html(table, "Rows by file")}


def _facts(facts: Mapping[str, Any]) -> str:
    """Facts as a two-column table; nested mappings are written as compact lines."""
    import pandas as pd

    from crisiskit.release.tables import table_html, words

    def written(value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(
                f"{words(key)} {written(item)}" for key, item in value.items() if item not in (None, "", {}, [])
            )
        if isinstance(value, (list, tuple)):
            return "; ".join(written(item) for item in value)
        return text_of(value)

    facts = {key: value for key, value in facts.items() if value not in (None, "", {}, [])}
    if not facts:
        return "<p>Nothing was recorded about this run.</p>"
    rows = pd.DataFrame({"what": [words(key) for key in facts], "value": [written(value) for value in facts.values()]})
    return table_html(rows, "Parameters and versions")


def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).get_template(name)


def _style() -> str:
    return (TEMPLATES / "style.css").read_text("utf-8")


def _footer() -> str:
    return f"Made with crisiskit {__version__}. A report may hold small counts: review it before it is published."
