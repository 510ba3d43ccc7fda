"""Fixtures of the impact tests: published results with their data, where they are."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def benchmarks(root: Path) -> Path:
    """The folder of published results: $CRISISKIT_BENCHMARKS, or `shared/benchmarks` beside the repository."""
    folder = Path(os.environ.get("CRISISKIT_BENCHMARKS", root.parent / "shared" / "benchmarks"))
    if not folder.is_dir():
        pytest.skip("the published results are not here: set CRISISKIT_BENCHMARKS to their folder")
    return folder
