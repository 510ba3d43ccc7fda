"""Published marks for a curve of waiting times: "90 % within 15 s" is the point at 15 s and 90 %."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crisiskit.standard.benchmarks import Benchmark, find

if TYPE_CHECKING:
    from crisiskit.release.report import Report

SHARES = {"median": 0.5, "p75": 0.75, "p90": 0.9}


@dataclass(frozen=True)
class Mark:
    """A point that a curve should pass on the left or above: `at` in the unit of the axis, and `share` from 0 to 1."""

    at: float
    share: float
    label: str


def marks(report: "Report", measures: Sequence[str]) -> list[Mark]:
    """The marks of the registry for any of `measures` whose kind of record this source holds in sufficient number.

    A benchmark that may never be compared with a number of the kit is not among them. One pass over the table.
    """
    items = [item for name in measures for item in find(name) if not item.never and "interventions" in item.where]
    points = [(item, point) for item in items if (point := _point(item)) is not None]
    if not points:
        return []
    table = report.data.tables["interventions"]
    held = {}
    for place, (item, _) in enumerate(points):
        meets = table[next(iter(item.where["interventions"]))].notnull()
        for column, values in item.where["interventions"].items():
            meets = meets & table[column].cast("string").isin(list(values))
        held[str(place)] = meets.sum()
    rows = report.data.fetch(table.aggregate(**held)).iloc[0].fillna(0)
    return [Mark(*point, _label(item)) for place, (item, point) in enumerate(points)
            if rows[str(place)] >= max(item.minimum_n, 1)]  # fmt: skip


def _point(item: Benchmark) -> tuple[float, float] | None:
    """Place of a mark: a share within so many seconds, or a percentile of at most so many minutes."""
    if item.unit == "share" and "threshold_s" in item.variant and item.low is not None:
        return float(item.variant["threshold_s"]), item.low
    if item.statistic in SHARES and item.high is not None:
        return item.high, SHARES[item.statistic]
    return None


def _label(item: Benchmark) -> str:
    """The benchmark with its source and edition; one that was not read in its source says so."""
    edition = f", {item.edition}" if item.edition and item.edition not in item.source else ""
    doubt = ", unverified" if not item.verified else ""
    return f"{item.title}, {item.figure}{doubt} ({item.source}{edition})"
