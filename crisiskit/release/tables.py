"""Tables as accessible HTML, and numbers as text: one way to write a count, a share with its n, a missing value."""

import html
import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MISSING = "–"
ACRONYMS = ("cit", "ems")
MAX_ROWS = 400  # what a page shows of a table; the CSV beside it holds every row


def text_of(value: Any) -> str:
    """Write one value for a reader: thousands with commas, four significant digits, missing as a dash, never nan."""
    if isinstance(value, (list, tuple)):
        return ", ".join(text_of(item) for item in value)
    if value is None or str(value) in ("nan", "NaT", "<NA>", ""):
        return MISSING
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if isinstance(value, float) or hasattr(value, "dtype"):
        number = float(value)
        if math.isinf(number):
            return MISSING
        return f"{number:,.0f}" if number.is_integer() or abs(number) >= 1000 else f"{number:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def share(part: float, whole: float) -> str:
    """Write a percentage with its n: "12.3 % (123 of 1,000)"; "none of 0" where there is nothing to divide by."""
    if not whole:
        return f"none of {text_of(whole)}"
    percent = 100 * part / whole
    edge = "under 0.1" if 0 < percent < 0.05 else "over 99.9" if 99.95 <= percent < 100 else f"{percent:.1f}"
    return f"{edge} % ({text_of(part)} of {text_of(whole)})"


def name_of(value: Any, column: str) -> str:
    """A group's name for a reader: a source keeps the name that its mapping gives it, a code is written as words."""
    return str(value) if column == "source" else words(value)


def reasons_text(reasons: str) -> str:
    """Reasons of a measure with thousands in commas: "end missing 1151; blank 3" -> "end missing 1,151; blank 3"."""
    text = (reasons or "").replace("kept: ", "among those used: ")
    return re.sub(r"(?<= )\d+(?=$|[;,])", lambda number: f"{int(number[0]):,}", text)


def minutes_text(minutes: float) -> str:
    """A duration for a reader: seconds under one minute, else minutes with one decimal."""
    if minutes != minutes:
        return MISSING
    return f"{minutes * 60:.0f} s" if minutes < 1 else f"{minutes:,.1f} min"


def table_html(data: "pd.DataFrame", caption: str, limit: int = MAX_ROWS) -> str:
    """Return `data` as an HTML table with caption, scopes and row headers; a long table says how many rows it shows."""
    shown = data.head(limit)
    more = f" (first {limit:,} of {len(data):,} rows; the CSV file holds all)" if len(data) > limit else ""
    head = "".join(f'<th scope="col">{html.escape(words(name))}</th>' for name in shown.columns)
    numeric = [data[name].dtype.kind in "iuf" for name in shown.columns]
    body = "".join(_row(row, numeric) for row in shown.itertuples(index=False, name=None))
    label = html.escape(caption + more)
    return (
        f'<div class="table" role="region" tabindex="0" aria-label="{label}"><table><caption>{label}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def words(name: object) -> str:
    """A column's name or a code as words: "rows_read" -> "rows read", "cit_officer" -> "CIT officer"."""
    spelled = str(name).replace("co_responder", "co-responder").replace("_", " ").split(" ")
    return " ".join(word.upper() if word in ACRONYMS else word for word in spelled)


def _row(row: tuple[Any, ...], numeric: list[bool]) -> str:
    cells = []
    for place, (value, number) in enumerate(zip(row, numeric, strict=True)):
        tag, scope = ("th", ' scope="row"') if place == 0 else ("td", "")
        text = text_of(value)
        look = "text-align:right;white-space:nowrap" if number else "text-align:left"
        look += ";min-width:16rem" if len(text) > 80 else ""
        cells.append(f'<{tag}{scope} style="{look}">{html.escape(text)}</{tag}>')
    return f"<tr>{''.join(cells)}</tr>"
