"""A small source written on the spot: a mapping, its files, and what standardizing them gives."""

from pathlib import Path
from textwrap import dedent, indent

import pandas as pd

from crisiskit.intake.ledger import Ledger
from crisiskit.intake.standardize import standardize

HEAD = """
source: small
publisher: a test
dataset: made up
time_zone: America/New_York
tables:
  rows:
    into: {into}
    read: {{files: [{files}]}}
"""


def write(folder: Path, table: str, into: str = "interventions", **files: str | bytes) -> Path:
    """Write `files` (name with __ for the dot) and their mapping into `folder`; `table` is the rest of it."""
    names = []
    for name, content in files.items():
        names.append(name.replace("__", "."))
        path = folder / names[-1]
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).lstrip().encode())
    text = HEAD.format(into=into, files=", ".join(names)) + indent(dedent(table).strip(), "    ") + "\n"
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return folder / "small.yaml"


def run(
    folder: Path, table: str, into: str = "interventions", **files: str | bytes
) -> tuple[Ledger, pd.DataFrame, Path]:
    """Standardize such a source: its ledger, the rows that came out (index: record_id or position), and the folder."""
    mapping, out = write(folder, table, into, **files), folder / "out"
    ledger = standardize(mapping, folder, out)
    frame = pd.read_parquet(out / f"{into}.parquet")
    return ledger, frame.set_index("record_id") if into == "interventions" else frame, out


def reasons(ledger: Ledger, kind: str) -> dict[str, int]:
    """The reasons of one kind with their rows."""
    return {entry["reason"]: entry["rows"] for entry in ledger.reasons if entry["kind"] == kind}
