"""Write an answer for others to read: JSON records, CSV, or aligned text with the reasons beneath. Nothing is rounded
but in the text table, which is for the eye."""

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from crisiskit.errors import UserError, nearest

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("json", "csv", "table")


def write(frame: "pd.DataFrame", form: str) -> str:
    """Return an answer as text in one of `FORMATS`, ending in a newline."""
    if form not in FORMATS:
        raise UserError(f"there is no format '{form}'{nearest(form, FORMATS)} (formats: {', '.join(FORMATS)})")
    return {"json": to_json, "csv": to_csv, "table": to_table}[form](frame)


def to_json(frame: "pd.DataFrame") -> str:
    """Return a JSON list with one object per row: keys in the order of the columns, nulls for what is missing."""
    records = [{name: _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
    return json.dumps(records, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(frame: "pd.DataFrame") -> str:
    """Return CSV with a header; what is missing is an empty cell, and numbers are written in full."""
    return frame.to_csv(index=False, lineterminator="\n")


def to_table(frame: "pd.DataFrame") -> str:
    """Return aligned text: label, numbers to four significant digits, and beneath, the reasons row by row."""
    shown = frame.drop(columns=[name for name in ("reasons", "label") if name in frame])
    cells = [[_text(_plain(value)) for value in row] for row in shown.itertuples(index=False)]
    widths = [max(map(len, column)) for column in zip(list(shown.columns), *cells, strict=True)]
    lines = [str(label) for label in frame.get("label", frame.iloc[:, 0]).drop_duplicates()] if "label" in frame else []
    for row in [list(shown.columns), *cells]:
        lines.append("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for text, numbered in groupby(enumerate(frame.get("reasons", []), 1), key=itemgetter(1)):
        numbers = [number for number, _text in numbered]
        rows = f"row {numbers[0]}" if len(numbers) == 1 else f"rows {numbers[0]}-{numbers[-1]}"
        lines += [f"{rows}: {text}"] if text else []
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> Any:
    """Return a cell as Python knows it: None for what is missing, whole floats as whole numbers."""
    import pandas as pd

    if pd.isna(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
