"""The ledger: every row that was read has exactly one fate, and the sum is proven for every file at every run."""

from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = ("standardized", "collapsed", "excluded", "quarantined", "rejected")


class LedgerDoesNotClose(RuntimeError):
    """Rows read and rows accounted for differ: a fault of the kit, never of the data."""


@dataclass
class FileEntry:
    """One file: what it was, how many data rows were read, and what became of them."""

    file: str
    sha256: str
    bytes: int
    encoding: str | None
    delimiter: str | None
    format: str
    rows_read: int
    standardized: int = 0
    collapsed: int = 0
    excluded: int = 0
    quarantined: int = 0
    rejected: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def closes(self) -> bool:
        """Whether the fates add up to the rows read."""
        return self.rows_read == sum(getattr(self, kind) for kind in KINDS)


@dataclass
class Ledger:
    """All files of one or more sources, the reasons, and the rows of the tables that came out."""

    source: str | list[str]
    files: list[FileEntry] = field(default_factory=list)
    reasons: list[dict[str, Any]] = field(default_factory=list)
    unmapped_columns: dict[str, list[str]] = field(default_factory=dict)
    unmapped_codes: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)

    @property
    def closes(self) -> bool:
        """Whether every file closes."""
        return all(entry.closes for entry in self.files)

    def total(self, kind: str) -> int:
        """Rows of one fate (or `rows_read`) over all files."""
        return sum(getattr(entry, kind) for entry in self.files)

    def prove(self) -> None:
        """Raise LedgerDoesNotClose where a file does not close, or its reasons do not add up to its rows."""
        for entry in self.files:
            if not entry.closes:
                fates = ", ".join(f"{kind} {getattr(entry, kind)}" for kind in KINDS)
                raise LedgerDoesNotClose(f"{entry.file}: {entry.rows_read} rows read, but {fates}")
            for kind in KINDS[1:]:
                said = sum(r["rows"] for r in self.reasons if r["file"] == entry.file and r["kind"] == kind)
                if said != getattr(entry, kind):
                    raise LedgerDoesNotClose(
                        f"{entry.file}: {getattr(entry, kind)} rows {kind}, but {said} with a reason"
                    )

    def as_dict(self) -> dict[str, Any]:
        """What `ledger.json` holds."""
        return {
            "source": self.source,
            "closes": self.closes,
            "files": [asdict(e) for e in self.files],
            "reasons": self.reasons,
            "unmapped_columns": self.unmapped_columns,
            "unmapped_codes": self.unmapped_codes,
            "tables": self.tables,
        }


def brief(reasons: list[tuple[str, int]], most: int = 20) -> list[tuple[str, int]]:
    """Reasons, most frequent first; where more than `most`, those that differ only after ': ' are put together."""
    reasons = sorted(reasons, key=lambda pair: (-pair[1], pair[0]))
    if len(reasons) <= most:
        return reasons
    together: dict[str, list[tuple[str, int]]] = {}
    for reason, rows in reasons:
        together.setdefault(reason.split(": ")[0], []).append((reason, rows))
    short = []
    for head, members in together.items():
        values = [reason.split(": ", 1)[-1] for reason, _ in members[:3]]
        text = (
            members[0][0]
            if len(members) == 1
            else f"{head}: {len(members)} different values, such as {'; '.join(values)}"
        )
        short.append((text, sum(rows for _, rows in members)))
    return sorted(short, key=lambda pair: (-pair[1], pair[0]))
