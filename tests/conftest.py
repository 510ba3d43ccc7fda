"""Shared fixtures. Tests that need the public data files skip, with the reason, where those are absent."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data: $CRISISKIT_DATA, or a `shared/data` folder beside the repository."""
    folder = Path(os.environ.get("CRISISKIT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public data files are not here: set CRISISKIT_DATA to their folder")
    return folder
