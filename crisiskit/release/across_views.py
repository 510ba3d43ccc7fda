"""Section of the gaps notebook across jurisdictions: sources side by side, with a gate between them."""

from typing import TYPE_CHECKING, Any

from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.outcome_views import FLAGS
from crisiskit.release.sections import Section
from crisiskit.release.tables import minutes_text, reasons_text, share, text_of
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

TOGGLES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("contacts per population", "rate_per_population", {}),
    ("minutes per contact", "time_per_contact", {}),
    ("answered, of offered", "answer_rate", {}),
    ("abandoned, all", "abandonment", {"threshold_s": 0}),
    ("abandoned after 20 s or more", "abandonment", {"threshold_s": 20}),
    ("answered within 20 s, of offered", "service_level", {"threshold_s": 20, "denominator": "offered"}),
    ("answered within 20 s, of answered", "service_level", {"threshold_s": 20, "denominator": "answered"}),
    ("received to dispatched, median", "dispatch_time", {"within_h": 24}),
    ("received to arrived, median", "response_time", {"within_h": 24}),
    ("eligible contacts reached", "reach", {}),
    *((text, flag, {}) for flag, text in FLAGS.items()),
)
"""(Words, measure, values of its variants): where several definitions are in use, each stands in a row of its own."""
ABSENT = "not recorded"
NEEDED = {
    "rate_per_population": ("area_id", "period_start"),
    "time_per_contact": ("contacts", "duration_min"),
    "answer_rate": ("answered", "offered"),
    "abandonment": ("abandoned", "offered"),
    "service_level": ("answered", "offered"),
    "dispatch_time": ("received_at", "dispatched_at"),
    "response_time": ("received_at", "arrived_at"),
    "reach": ("eligible", "arrived_at"),
}
"""Measure to the columns without which a source is not asked for it; a finding needs its own column."""


@shows(NOTEBOOK, "across")
def across(report: "Report", section: Section) -> View:
    """Every measure that two sources or more record, side by side, with the verdict of the gate."""
    import pandas as pd

    from crisiskit.measures.across import comparable, verdict_of

    recorded = report.recorded_by_source
    if len(recorded) < 2:
        return nothing_known(section, "there is one source of records; a study of several sets them side by side")
    rows, gates, alone, refused = [], [], [], []
    for text, measure, options in TOGGLES:
        needed = NEEDED.get(measure, (measure,))
        having = [name for name, columns in recorded.items() if set(needed) <= columns]
        if len(having) == 1:
            alone.append(f"{text} ({having[0]})")
        if len(having) < 2:
            continue
        answer = report.ask(measure, ("source",), where={"source": tuple(having)}, **options)
        if answer["value"].isna().all():
            refused.append(f"{text}: {reasons_text(answer['reasons'].iloc[0])}")
            continue
        gate = comparable(report.data, measure, where={"source": having}, **options)
        rows.append({"measure": text} | _numbers(answer) | {"may be compared": verdict_of(gate)})
        gates.append(gate.astype("object").assign(measure=text))
    lines = [f"Recorded by one source only, so that there is nothing to compare: {joined(alone)}."] if alone else []
    lines += [f"Not answered for the sources together: {'; '.join(refused)}."] if refused else []
    if not rows:
        return View("\n".join(["No measure is answered for two sources.", *lines]))
    table = pd.DataFrame(rows).fillna(ABSENT)
    fair = int((table["may be compared"] == "comparable").sum())
    note = (
        f"{fair} of {counted(len(table), 'definition')} may be compared between {joined(recorded)}. Where the gate "
        "says no, the numbers are shown and their difference is not to be read as one of the services."
    )
    gate = pd.concat(gates, ignore_index=True)
    gate = gate[["measure", *(name for name in gate.columns if name != "measure")]]
    return View("\n".join([note, *lines]), table=table, caption="Sources side by side",
                folds=(("The gate, condition by condition", gate),))  # fmt: skip


def _numbers(answer: "pd.DataFrame") -> dict[str, str]:
    """Each source's number in words; the median, where a measure gives several statistics."""
    rows = answer[answer["statistic"] == "median"] if "statistic" in answer else answer
    return {str(row.source): _written(row, answer.attrs["unit"]) for row in rows.itertuples()}


def _written(item: Any, unit: str) -> str:
    """A source's number with its n and interval."""
    if item.value != item.value:
        return ABSENT
    if hasattr(item, "statistic"):
        ends = f"{minutes_text(item.low)} to {minutes_text(item.high)}"
        return f"{minutes_text(item.value)} (n = {item.rows_used:,}; {ends})"
    if unit != "share":
        what = f"per {item.per:,.0f} a year" if hasattr(item, "per") else unit
        return f"{text_of(item.value)} {what} ({text_of(item.low)} to {text_of(item.high)}; n = {item.rows_used:,})"
    return f"{share(item.numerator, item.denominator)}, {100 * item.low:.1f} to {100 * item.high:.1f} %"
