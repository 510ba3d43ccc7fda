"""Rows saved as a file, drafted, and standardized by the draft as it stands."""

from pathlib import Path

import other_files as drafts
import pandas as pd

from crisiskit.intake.mapping import SourceMap, load
from crisiskit.intake.standardize import standardize
from crisiskit.intake.suggest import draft


def run(rows: list[dict], folder: Path, name: str) -> tuple[SourceMap, pd.DataFrame, str]:
    """The drafted mapping, the standard table that it gives, and what the terminal shows."""
    said = draft([drafts.save(folder / name, rows)], folder / "draft.yaml")
    source = load(folder / "draft.yaml")
    assert standardize(source, folder, folder / "out").closes
    (table,) = source.tables.values()
    return source, pd.read_parquet(folder / "out" / f"{table.into}.parquet"), said
