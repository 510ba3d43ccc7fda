"""Site sheets of the gaps notebook: for each site what is complete, in doubt, late or unlike its peers, and its worth.

Worth is counted in records: how many would gain a value if the site mended a field, the most first. An answer that a
person declined is no defect and is not counted.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crisiskit.release import gap_plots
from crisiskit.release.data_gap_views import ENOUGH, FIELDS, NOTEBOOK, completed, each_source, held
from crisiskit.release.outcome_views import FLAGS
from crisiskit.release.sections import Section
from crisiskit.release.site_pages import write_pages
from crisiskit.release.tables import share, text_of, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

MORE_FIELDS = ("need", "responder", "duration_min", "language")
MENDABLE = ("blank", "unknown", "not_asked", "set_aside")
SHEETS = 40  # sites with the most records
DRAWN = 16
COMPARED = 4  # findings that are set against the peers
OUTLYING = ("far above", "far below")
DOUBTFUL = ("contradicts", "mixed")


@dataclass(frozen=True)
class Sheet:
    """One site's sheet: its records, the lines in order of worth, and what was seen of units, late entry and peers."""

    site: str
    source: str
    records: int
    lines: "pd.DataFrame"
    remarks: tuple[str, ...]

    @property
    def name(self) -> str:
        """The site, with its source where there are several."""
        return f"{self.site} ({self.source})" if self.source else self.site

    @property
    def worth(self) -> int:
        """Values that mending would bring back, over all lines."""
        return int(self.lines["records to gain"].sum())


@shows(NOTEBOOK, "site_sheets")
def site_sheets(report: "Report", section: Section) -> View:
    """One sheet per site, folded, with a page of its own where the study has a folder for them."""
    import pandas as pd

    sheets = [sheet for name, where in each_source(report) for sheet in make_sheets(report, name, where)]
    sheets = sorted(sheets, key=lambda sheet: -sheet.worth)[:SHEETS]
    if not sheets:
        return nothing_known(section, "no record names a site")
    first = pd.concat([sheet.lines.assign(site=sheet.name) for sheet in sheets], ignore_index=True)
    first = first[first["records to gain"] > 0].sort_values("records to gain", ascending=False, kind="stable")
    data = _ends(sheets)
    pages = write_pages(report, sheets)
    folds = tuple((f"{sheet.name}: {counted(sheet.records, 'record')}", _folded(sheet)) for sheet in sheets)
    if first.empty or data.empty:
        return View("No site has a value to mend in the fields that are looked at.", folds=folds, links=pages)
    top = joined(f"{row['what']} at {row['site']} ({row['records to gain']:,.0f} records)"
                 for _, row in first.head(3).iterrows())  # fmt: skip
    figure = report.figures.save(
        gap_plots.dumbbell(data, "label", ("now", "mended"), ("known now", "if mended"), "values known (%)"),
        "site_sheets",
        title="What mending would bring back, by site",
        caption="Share of the values of place, demographics, outcome and need that are known, of those that apply: "
        "now, and if all that is blank, unknown, not asked or set aside were found out. What people declined stays "
        "missing.",
        alt="; ".join(f"{row.label} from {100 * row.now:.0f} to {100 * row.mended:.0f} %" for row in data.itertuples())
        + ".",
        data=data,
        n=int(data["applicable"].sum()),
        unit="share",
        counted="values that apply",
        left_out=f"{len(sheets) - len(data)} sites with fewer values" if len(sheets) > len(data) else "",
    )
    table = first[["site", "what", "known here", "known at peers", "records to gain"]].head(20).reset_index(drop=True)
    return View(f"Most worth mending: {top}.", figure, table, "What to mend first", folds, links=pages)


def make_sheets(report: "Report", source: str, where: dict[str, str]) -> list[Sheet]:
    """The sheets of one source's sites; none where it names no site."""
    recorded = held(report, source)
    if "site" not in recorded:
        return []
    fields = [field for names in FIELDS.values() for field in names if field != "site" and field in recorded]
    fields += [field for field in MORE_FIELDS if field in recorded and field not in fields]
    data = completed(report, ("site",), tuple(fields))
    data = data[data["source"] == source] if source else data
    peers = data[data["denominator"] >= ENOUGH].groupby("field")["value"].median()
    remarks = _peers(report, recorded, where)
    late = _late(report, where) if {"reported_at", "recorded_on"} & set(recorded) else {}
    sheets = []
    for site, rows in data.groupby("site", sort=True):
        doubt = _units(report, str(site))
        lines = _lines(rows, peers, doubt)
        told = [_aggregates(rows), doubt[1], late.get(str(site), "Late entry cannot be seen: no stamp of writing."),
                *remarks.get(str(site), ["Unlike its peers in none of the findings compared."])]  # fmt: skip
        sheets.append(Sheet(str(site), source, int(rows["records"].max()), lines, tuple(filter(None, told))))
    return sheets


def _lines(rows: "pd.DataFrame", peers: "pd.Series", doubt: tuple[int, str]) -> "pd.DataFrame":
    """Fields in order of worth: what is known here and at the median peer, and the records that mending would bring."""
    import pandas as pd

    made: list[dict[str, Any]] = []
    for row in rows.itertuples():
        missing = {kind: int(getattr(row, kind)) for kind in MENDABLE if getattr(row, kind)}
        made.append({
            "what": words(row.field), "known here": share(row.known, row.denominator),
            "known at peers": f"{100 * peers[row.field]:.1f} % (median site)" if row.field in peers else text_of(None),
            "records to gain": sum(missing.values()),
            "of them": ", ".join(f"{words(kind)} {number:,}" for kind, number in missing.items()),
            "declined": int(row.declined), "known": int(row.known), "applicable": int(row.denominator),
        })  # fmt: skip
    if doubt[0]:
        made.append({"what": "unit of durations", "known here": text_of(None), "known at peers": text_of(None),
                     "records to gain": doubt[0], "of them": "unit in doubt", "declined": 0, "known": 0,
                     "applicable": 0})  # fmt: skip
    return pd.DataFrame(made).sort_values("records to gain", ascending=False, kind="stable", ignore_index=True)


def _units(report: "Report", site: str) -> tuple[int, str]:
    """Durations of a site whose unit is in doubt, and the verdict in words."""
    tests = [test for test in report.quality["units"] if str(test["site"]) == site]
    if not tests:
        return 0, "Units: no duration of this site was tested."
    rows = sum(test["rows"] for test in tests)
    wrong = sum(test["rows"] for test in tests if test["verdict"] in DOUBTFUL)
    periods = joined(dict.fromkeys(test["period"] for test in tests if test["verdict"] in DOUBTFUL))
    when = f", in {periods}" if periods else ""
    return wrong, f"Units: {share(wrong, rows)} durations in groups whose declared unit is in doubt{when}."


def _aggregates(rows: "pd.DataFrame") -> str:
    covered = float(rows["aggregate_share"].max())
    if not covered > 0:
        return ""
    contacts = rows["contacts_used"].astype("float64").max()
    return f"Records that cover a period hold {share(round(covered * contacts), contacts)} contacts."


def _late(report: "Report", where: dict[str, str]) -> dict[str, str]:
    """Share of each site's records that were written within a week of the contact."""
    options: dict[str, Any] = {"where": where} if where else {}
    asked = report.ask("recorded_within", ("site",), **options).dropna(subset=["value", "site"])
    return {str(row.site): f"Late entry: {share(row.numerator, row.denominator)} records written within a week of the "
            f"contact (95 % interval {100 * row.low:.1f} to {100 * row.high:.1f} %)." for row in asked.itertuples()}


def _peers(report: "Report", recorded: frozenset[str], where: dict[str, str]) -> dict[str, list[str]]:
    """Findings in which a site lies far outside what chance gives a site of its size, by site."""
    from crisiskit.measures.funnel import funnel

    measures = {flag: text for flag, text in FLAGS.items() if flag in recorded}
    measures |= {"answer_rate": "answered"} if {"offered", "answered"} <= set(recorded) else {}
    options: dict[str, Any] = {"where": where} if where else {}
    found: dict[str, list[str]] = {}
    for measure, text in list(measures.items())[-COMPARED:]:
        asked = report.ask(measure, ("site",), **options).dropna(subset=["value", "site"])
        if len(asked) < 2:
            continue
        judged = funnel(asked, overdispersed=True)
        for row in judged[judged["verdict"].isin(OUTLYING)].itertuples():
            found.setdefault(str(row.site), []).append(
                f"Unlike its peers: {text} {share(row.numerator, row.denominator)}, {row.verdict} what chance gives a "
                f"site of its size (all sites {100 * row.baseline:.1f} %). Practice, clientele or recording may differ."
            )
    return found


def _ends(sheets: list[Sheet]) -> "pd.DataFrame":
    """Share of values known `now` and if `mended`, with `known` and `applicable`, of the sites with most to gain."""
    import pandas as pd

    rows = []
    for sheet in sheets:
        known, applicable = int(sheet.lines["known"].sum()), int(sheet.lines["applicable"].sum())
        gain = int(sheet.lines.loc[sheet.lines["applicable"] > 0, "records to gain"].sum())
        if applicable:
            rows.append({"label": sheet.name, "known": known,
                         "applicable": applicable, "now": known / applicable, "mended": (known + gain) / applicable})
    return pd.DataFrame(rows).head(DRAWN)


def _folded(sheet: Sheet) -> "pd.DataFrame":
    """A sheet as one table: the lines in order of worth, then the remarks."""
    import pandas as pd

    lines = sheet.lines[["what", "known here", "known at peers", "records to gain", "of them", "declined"]]
    told = pd.DataFrame({"what": [remark.partition(":")[0].rstrip(".") for remark in sheet.remarks],
                         "known here": [remark.partition(":")[2].strip() or "–" for remark in sheet.remarks]})
    return pd.concat([lines, told], ignore_index=True)
