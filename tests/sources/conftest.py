"""Sources under test: each is standardized once per session, and its figures are read from the tables that came out."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crisiskit.intake.mapping import load
from crisiskit.intake.standardize import standardize
from crisiskit.measures import clock_audit, measure
from crisiskit.measures import load as load_tables


@dataclass(frozen=True)
class Source:
    """One standardized source: its folder, its mapping, and the figures that its tables give."""

    name: str
    folder: Path
    data: Path

    @cached_property
    def ledger(self) -> dict[str, Any]:
        """ledger.json"""
        return json.loads((self.folder / "ledger.json").read_text(encoding="utf-8"))

    @cached_property
    def quality(self) -> dict[str, Any]:
        """quality.json"""
        return json.loads((self.folder / "quality.json").read_text(encoding="utf-8"))

    @cached_property
    def tables(self) -> Any:
        """The tables, opened once for the measures."""
        return load_tables(self.folder)

    @cached_property
    def interventions(self) -> pd.DataFrame:
        """interventions.parquet"""
        return pd.read_parquet(self.folder / "interventions.parquet")

    @cached_property
    def counts(self) -> pd.DataFrame:
        """counts.parquet"""
        return pd.read_parquet(self.folder / "counts.parquet")

    def total(self, kind: str) -> int:
        """Rows of one fate over all files of the ledger."""
        return sum(entry[kind] for entry in self.ledger["files"])

    def set_aside(self, column: str, words: str = "") -> int:
        """Values of a column that were set aside for a reason that holds `words`."""
        reasons = [r for r in self.ledger["reasons"] if r["kind"] == "set_aside"]
        return sum(r["rows"] for r in reasons if r["reason"].startswith(f"{column}: ") and words in r["reason"])

    def check(self, name: str) -> int:
        """Rows that fail a check."""
        return next(check["numerator"] for check in self.quality["checks"] if check["id"] == name)

    def measure(self, name: str, **asked: Any) -> pd.DataFrame:
        """A measure of this source."""
        return measure(self.tables, name, **asked)

    def contacts(self, by: str, where: dict[str, Any] | None = None) -> dict[str, int]:
        """Contacts by a dimension, those without a value left out."""
        found = self.measure("contacts", by=by, where=where).dropna(subset=[by])
        return {str(key): int(value) for key, value in zip(found[by], found["numerator"], strict=True)}

    def known(self, column: str) -> dict[str, int]:
        """Rows by the value of a column of interventions, blanks left out, kinds of missing kept."""
        return {str(key): int(n) for key, n in self.interventions[column].value_counts().items()}

    def shares(self, name: str, **asked: Any) -> dict[str, dict[str, Any]]:
        """Shares of a measure as published figures state them: k, n, share and Wilson limits to six decimals."""
        found = self.measure(name, **asked)
        key = found.columns[0] if found.columns[0] != "numerator" else None
        rows = found.dropna(subset=["value"])
        return {str(row[key]) if key else name: share(row) for _, row in rows.iterrows()}

    def clock(self, name: str, clock: str = "instant", **asked: Any) -> dict[str, Any]:
        """What a clock counts, and its median and p90 in minutes to four decimals."""
        audit = clock_audit(self.tables, clock=clock, where=asked.get("where")).set_index("clock").loc[name]
        found = {key: int(audit[key]) for key in COUNTED}
        values = self.measure(name, clock=clock, **asked).set_index("statistic")["value"]
        return found | {key: round(float(values[key]), 4) for key in ("median", "p90")}


COUNTED = ("n", "start_missing", "end_missing_start_present", "negative", "zero", "over_24h")


def share(row: pd.Series) -> dict[str, Any]:
    """One share of an answer, rounded as published."""
    names = {"value": "share", "low": "lo", "high": "hi"}
    whole = {"k": int(row["numerator"]), "n": int(row["denominator"])}
    return whole | {short: round(float(row[name]), 6) for name, short in names.items()}


@pytest.fixture(scope="session")
def make_source(root, tmp_path_factory):
    """A function that standardizes the files of a folder by a mapping's name, once per session, as a Source."""
    done: dict[str, Source] = {}

    def get(name: str, data: Path) -> Source:
        if name not in done:
            folder = tmp_path_factory.mktemp("sources") / name
            standardize(root / "params" / "sources" / f"{name}.yaml", data, folder)
            done[name] = Source(name, folder, data)
        return done[name]

    return get


@pytest.fixture(scope="session")
def source(shared_data, make_source):
    """A function that gives a source of the public data by its name."""
    return lambda name: make_source(name, shared_data)


@pytest.fixture(scope="session")
def expected(shared_data):
    """A function that gives the published figures of a data folder."""

    def figures(folder: str) -> dict[str, Any]:
        return json.loads((shared_data / folder / "expected.json").read_text(encoding="utf-8"))["figures"]

    return figures


@pytest.fixture(scope="session")
def count_records(shared_data):
    """A function that counts the records of delimited files without the kit: csv module, header left out."""

    def count(*files: str, encoding: str = "utf-8-sig") -> int:
        found = 0
        for file in files:
            path = shared_data / file
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found += sum(1 for row in csv.reader(io.StringIO(raw.decode(encoding), newline="")) if row) - 1
        return found

    return count


@pytest.fixture(scope="session")
def closes(root):
    """A function that asserts what every source must keep: a closed ledger, and who and what the mapping names."""

    def check(source: Source, rows: int) -> None:
        assert source.ledger["closes"]
        assert source.total("rows_read") == rows
        fates = ("standardized", "collapsed", "excluded", "quarantined", "rejected")
        assert sum(source.total(kind) for kind in fates) == rows
        mapping = load(root / "params" / "sources" / f"{source.name}.yaml")
        assert mapping.source == source.name
        about = source.quality["about"][0]
        for key in ("publisher", "dataset", "address", "licence", "time_zone"):
            assert about[key]
        assert len(about["cannot_tell"]) >= 2
        assert about["next_export"]

    return check
