"""What a notebook cell shows: a figure with its numbers, a table, and in words what was seen or is not recorded."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from crisiskit.release.sections import Section, sections
from crisiskit.release.tables import table_html

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.figures import SavedFigure
    from crisiskit.release.report import Report


@dataclass(frozen=True)
class View:
    """One result for reading: `note` says the numbers seen, `points` are a list, `table` stands open under `caption`.

    `folds` are (caption, table) pairs that open on demand; `links` are (words, address) of further pages. `absent`
    marks a line that says what is not recorded; `warning` stands above everything.
    """

    note: str = ""
    figure: "SavedFigure | None" = None
    table: "pd.DataFrame | None" = None
    caption: str = ""
    folds: "tuple[tuple[str, pd.DataFrame], ...]" = ()
    points: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    absent: bool = False
    warning: str = ""

    def _repr_html_(self) -> str:
        parts = [f'<p class="simulated"><strong>{html.escape(self.warning)}</strong></p>'] if self.warning else []
        parts += [self.figure._repr_html_()] if self.figure else []
        if self.table is not None:
            parts.append(table_html(self.table, self.caption))
        for caption, table in self.folds:
            parts.append(f"<details><summary>{html.escape(caption)}</summary>{table_html(table, caption)}</details>")
        kind = "absent" if self.absent else "seen"
        parts += [f'<p class="{kind}">{html.escape(part)}</p>' for part in self.note.split("\n") if part]
        if self.points:
            parts.append(f"<ul>{''.join(f'<li>{html.escape(point)}</li>' for point in self.points)}</ul>")
        if self.links:
            items = (f'<li><a href="{html.escape(to)}">{html.escape(words)}</a></li>' for words, to in self.links)
            parts.append(f"<ul>{''.join(items)}</ul>")
        return "".join(parts)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        plain = "\n".join([*filter(None, [self.warning]), self.note, *(f"- {point}" for point in self.points)])
        return {"text/html": self._repr_html_(), "text/plain": plain}


def not_recorded(section: Section, lacks: tuple[str, ...]) -> View:
    """The one line that stands for a section whose columns a source does not have."""
    return View(
        f"Not recorded in this source: {_lower(section.title)} (needs {section.asks or joined(lacks)}).", absent=True
    )


def nothing_known(section: Section, reason: str) -> View:
    """The one line that stands for a section whose columns are there but hold no value to show."""
    return View(f"Nothing to show for {_lower(section.title)}: {reason}.", absent=True)


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


def shows(notebook: str, name: str) -> Callable[[Callable[["Report", Section], View]], Callable[["Report"], View]]:
    """Make a function the view of one section: it is called only for a source that records what the section needs."""
    section = sections(notebook)[name]

    def decorate(function: Callable[["Report", Section], View]) -> Callable[["Report"], View]:
        @wraps(function)
        def view(report: "Report") -> View:
            lacks = section.lacks(report.recorded)
            return not_recorded(section, lacks) if lacks else function(report, section)

        return view

    return decorate


def tabled(note: str, table: "pd.DataFrame", caption: str, rows: int = 30) -> View:
    """A view of a table: its first rows open, all of it folded where it is longer."""
    if len(table) <= rows:
        return View(note, table=table, caption=caption)
    return View(note, table=table.head(rows), caption=caption, folds=((f"{caption}: all {len(table):,}", table),))


def joined(words: Any, last: str = "and") -> str:
    """Words as a list in a sentence: "a", "a and b", "a, b and c"."""
    items = [str(word) for word in words]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 row", "1,234 rows"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
