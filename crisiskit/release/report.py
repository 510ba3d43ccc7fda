"""What a notebook works with: the standard tables, the ledger, the quality record and where its figures go."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crisiskit.errors import UserError, nearest
from crisiskit.release import demo
from crisiskit.release.figures import Figures, sources_named
from crisiskit.release.period import inside
from crisiskit.release.sections import demo_kind, notebooks
from crisiskit.release.view import View
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.impact.study import Study
    from crisiskit.measures.tables import Tables

FISCAL_YEARS = {
    "calendar": "January to December",
    "state": "July to June, named after the year in which it ends",
    "federal": "October to September, named after the year in which it ends",
}
MANY = 6  # the most groups that are told apart in one figure


@dataclass(frozen=True)
class Report:
    """One notebook's material. `ask` answers questions with measures; nothing else computes a published number."""

    notebook: str
    title: str
    folder: Path
    figures: Figures
    ledger: dict[str, Any] = field(repr=False)
    quality: dict[str, Any] = field(repr=False)
    fiscal_year: str
    thresholds: dict[str, float]
    within_h: float
    period: tuple[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)  # further parameters of the notebook, by name
    answers: dict[tuple[Any, ...], "pd.DataFrame"] = field(default_factory=dict, repr=False)

    @cached_property
    def whole(self) -> "Tables":
        """The standard tables, open in the engine, with all their rows; what was asked of them is not asked again."""
        from crisiskit.measures import load
        from crisiskit.measures.tables import Tables

        opened = load(self.folder)
        return Tables(opened.backend, opened.tables, known={})

    @cached_property
    def data(self) -> "Tables":
        """The standard tables with the rows that lie in the study's period; all of them where no period is set."""
        from crisiskit.measures.tables import Tables

        if self.period == ("", ""):
            return self.whole
        kept = {name: inside(table, *self.period) for name, table in self.whole.tables.items()}
        return Tables(self.whole.backend, kept, known=self.whole.known)

    @cached_property
    def period_note(self) -> str:
        """A sentence that says what the study's period leaves out; "" where none is set."""
        if self.period == ("", "") or "interventions" not in self.whole.tables:
            return ""
        every, kept = (int(tables.tables["interventions"].count().execute()) for tables in (self.whole, self.data))
        first, last = self.period[0] or "the beginning", self.period[1] or "the end"
        return (
            f" The study looks at {first} to {last}: {every - kept:,} of {every:,} records lie outside or have no date."
        )

    @property
    def dated(self) -> bool:
        """Whether any intervention has a date."""
        return "period_start" in self.recorded.get("interventions", ())

    @property
    def simulated(self) -> bool:
        """Whether any source is simulated."""
        return self.figures.simulated

    @cached_property
    def recorded(self) -> dict[str, frozenset[str]]:
        """Table to the columns in which at least one row holds a known value (a kind of missing is not one)."""
        return {name: frozenset(_known(self.data, name)) for name in self.data.tables}

    @cached_property
    def recorded_by_source(self) -> dict[str, frozenset[str]]:
        """Source to the columns of interventions in which at least one of its rows holds a known value, by name."""
        if "interventions" not in self.data.tables:
            return {}
        counts = _known_counts(self.data, "interventions", "source").dropna(subset="source").set_index("source")
        return {str(name): frozenset(counts.columns[row > 0]) for name, row in counts.sort_index().iterrows()}

    @cached_property
    def split(self) -> str:
        """The column whose groups are not to be added up unsaid: source, else record_kind; "" where each has one."""
        for column in ("source", "record_kind"):
            if 1 < len(self.groups(column)) <= MANY:
                return column
        return ""

    def groups(self, column: str) -> list[str]:
        """The distinct values of a column of interventions, in order; empty where there is no such table."""
        table = self.data.tables.get("interventions")
        return [] if table is None else sorted(self.data.fetch(table.select(column).distinct())[column].dropna())

    @cached_property
    def spans(self) -> dict[str, tuple[date, date]]:
        """Group of the split column ("" where there is none) to the first and the last local day that it covers."""
        import pandas as pd

        table = self.data.tables["interventions"]
        days = {"first": table.period_start.min(), "last": table.period_end.max()}
        grouped = table.group_by(self.split).aggregate(**days) if self.split else table.aggregate(**days)
        found = self.data.fetch(grouped).dropna(subset=["first", "last"])
        names = sorted(found[self.split]) if self.split else [""]
        rows = found.set_index(self.split) if self.split else found.set_axis(names[: len(found)])
        return {name: tuple(pd.Timestamp(day).date() for day in rows.loc[name, ["first", "last"]])  # type: ignore[misc]
                for name in names if name in rows.index}  # fmt: skip

    @cached_property
    def span(self) -> tuple[date, date]:
        """First and last local day that any intervention covers. UserError where none has a date."""
        if not self.spans:
            raise UserError("no record has a date")
        return min(first for first, _ in self.spans.values()), max(last for _, last in self.spans.values())

    @cached_property
    def slack(self) -> int:
        """Days without a record that are usual in this source: an end that is no nearer still counts as covered."""
        table = self.data.tables["interventions"]
        days = int(self.data.fetch(table.aggregate(days=table.period_end.nunique())).iloc[0, 0])
        return -(-((self.span[1] - self.span[0]).days + 1) // days) - 1

    @property
    def pooled(self) -> str:
        """A sentence that names what a figure that is not split adds up; "" where there is one source of one kind."""
        column = self.split
        return f" Added up over {column.replace('_', ' ')}: {', '.join(self.groups(column))}." if column else ""

    def changes(self, first: date, last: date) -> list[tuple[Any, str]]:
        """(Day, what) of the changes of the sources that fall between two days, from their mappings."""
        import pandas as pd

        every = [
            (pd.Timestamp(item["on"]), item["what"]) for about in self.quality["about"] for item in about["changes"]
        ]
        return sorted(item for item in every if pd.Timestamp(first) <= item[0] <= pd.Timestamp(last))

    def spread(self, start: str, end: str) -> "pd.DataFrame":
        """Records by whole minutes (rounded up) from `start` to `end`, by group where the report is split.

        As in the measure of the interval: rows that cover a period, negative and over-long intervals are left out.
        Columns: the split column, `minutes`, `records`.
        """
        import ibis

        table = self.data.tables["interventions"]
        apart = table[end].delta(table[start], unit="microsecond")
        kept = table.filter(
            ~table.is_aggregate.fill_null(False), apart >= 0, apart <= int(self.within_h * 3_600_000_000)
        )
        kept = kept.mutate(minutes=(apart / 60_000_000).ceil().cast("int64"))
        keys = [self.split, "minutes"] if self.split else ["minutes"]
        return self.data.fetch(kept.group_by(keys).aggregate(records=ibis._.count()).order_by(keys))

    @cached_property
    def study(self) -> "Study | None":
        """The evaluation of the programme that the settings ask for; None where they ask for none."""
        from crisiskit.release.impact_study import open_study

        return open_study(self)

    def heading(self) -> View:
        """The study's title and its sources, with a warning above them where the data are simulated."""
        warning = "SIMULATED data: nothing here describes a real service." if self.simulated else ""
        licences = dict.fromkeys(about["licence"] for about in self.quality["about"] if about.get("licence"))
        terms = f" Licence: {'; '.join(licences)}." if licences else ""
        return View(f"{self.title}. Source: {self.figures.source_line}.{terms}", warning=warning)

    def ask(self, name: str, by: Sequence[str] = (), **options: Any) -> "pd.DataFrame":
        """The answer of measure `name`, grouped by columns or dimensions, with the study's fiscal year; asked once."""
        from crisiskit.measures import measure

        question = (name, *by, *((option, str(value)) for option, value in options.items()))
        if question not in self.answers:
            self.answers[question] = measure(self.data, name, by=tuple(by), fiscal=self.fiscal_year, **options)
        return self.answers[question].copy()


def open_report(
    notebook: str,
    tables: str = "",
    figures: str = "",
    title: str = "",
    source_line: str = "",
    fiscal_year: str = "calendar",
    thresholds: str = "{}",
    clock_cap_h: float = 24.0,
    period_from: str = "",
    period_to: str = "",
    **settings: Any,
) -> Report:
    """Open a standardized folder for a notebook; with `tables` empty, a simulated one is made on the spot.

    `figures` empty: a temporary folder. `source_line` empty: written from what the mapping says of its source.
    `thresholds` is a JSON object {check id: share of rows}; `period_from` and `period_to` are days, YYYY-MM-DD, both
    inclusive. `settings` are what only this notebook knows of, such as the service hours; its views read them. Raises
    UserError for a parameter that is not right.
    """
    if fiscal_year not in FISCAL_YEARS:
        right = nearest(fiscal_year, FISCAL_YEARS) or f"; one of {', '.join(FISCAL_YEARS)}"
        raise UserError(f"fiscal_year: '{fiscal_year}' is not known{right}")
    folder = Path(tables) if tables else demo.tables(demo_kind(notebook))
    if not tables and settings.get("impact") == "":
        settings["impact"] = demo.QUESTION
    ledger, quality = _json(folder / "ledger.json"), _json(folder / "quality.json")
    if not tables and notebook == "00_data_quality":
        quality["checks"] = demo.checks(folder)
    about = quality["about"]
    line = source_line or sources_named(about)
    simulated = any(source["simulated"] for source in about)
    context = {"notebook": notebook, "sources": quality["source"], "fiscal_year": fiscal_year}
    return Report(
        notebook=notebook,
        title=title or notebooks()[notebook],
        folder=folder,
        figures=Figures(Path(figures) if figures else demo.temporary_folder(), line, simulated, context),
        ledger=ledger,
        quality=quality,
        fiscal_year=fiscal_year,
        thresholds=_thresholds(thresholds),
        within_h=float(clock_cap_h),
        period=(_day("period_from", period_from), _day("period_to", period_to)),
        settings=settings,
    )


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UserError(f"'{path.parent}' lacks {path.name}; name a folder that `crisiskit standardize` made")
    return json.loads(path.read_text("utf-8"))


def _day(name: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError as error:
        raise UserError(f"{name}: '{text}' is no day; write it like 2024-12-31") from error


def _thresholds(text: str) -> dict[str, float]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise UserError(f"thresholds: '{text}' is no JSON; write it like {{\"contacts_missing\": 0.01}}") from error
    if not isinstance(values, dict):
        raise UserError(f"thresholds: '{text}' must be a JSON object of check id and share")
    return {name: _share(name, value) for name, value in values.items()}


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise UserError(f"thresholds: {name}: '{value}' is no share of rows from 0 to 1")
    return float(value)


def _known(data: "Tables", name: str) -> list[str]:
    """Columns of one table with at least one known value, in dictionary order; one pass over the table."""
    counts = _known_counts(data, name).iloc[0]
    return [column for column in counts.index if counts[column] > 0]


def _known_counts(data: "Tables", name: str, *by: str) -> "pd.DataFrame":
    """Known values of every column of one table, by group: a kind of missing is not one."""
    table = data.tables[name]
    tests = {}
    for column in (column for column in dictionary.table(name).columns if column not in by):
        value = table[column]
        if value.type().is_array():
            tests[column] = (value.length() > 0).sum()
        elif value.type().is_string():
            tests[column] = (value.notnull() & value.notin(dictionary.KINDS)).sum()
        else:
            tests[column] = value.count()
    return data.fetch(table.aggregate(by=list(by), **tests)).fillna(dict.fromkeys(tests, 0))
