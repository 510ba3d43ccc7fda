"""The demo that a notebook runs on when it is given no tables: simulated on the spot, gone when Python ends."""

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any


def tables() -> Path:
    """Simulate calls for service from a fixed seed into a standardized folder that is removed when Python ends."""
    from crisiskit.simulate import simulate, write_tables

    folder = temporary_folder()
    write_tables(simulate("call_for_service", seed=144), folder)
    return folder


def checks(folder: Path) -> list[dict[str, Any]]:
    """The checks of the demo, which no intake has read: simulated tables are written as standard ones."""
    from crisiskit.intake.checks import compiled, results
    from crisiskit.measures import load

    table = load(folder).tables["interventions"]
    return results("interventions", table, compiled("interventions", table))


def temporary_folder() -> Path:
    """A new folder that is removed when Python ends."""
    folder = Path(tempfile.mkdtemp(prefix="crisiskit-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
