"""The demo that a notebook runs on when it is given no tables: simulated on the spot, gone when Python ends."""

import atexit
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

AREAS = ("Ashvale", "Birchmere", "Coldwater Bend", "Dunmoor")
PROGRAMME: dict[str, Any] = {"areas": 20, "treated": len(AREAS)}
QUESTION = json.dumps(
    {
        "programme": "the simulated programme",
        "roll_out": [{"area": area, "start": "2024-01-01"} for area in AREAS],
        "outcome": {"label": "targeted offences", "measure": "targeted_offences", "better": "fewer"},
        "negative_control": {"label": "other offences", "measure": "other_offences"},
        "dose_measure": "programme_contacts",
        "known_relative": -0.25,
    }
)
"""What is asked of the simulated programme, whose effect is known."""


def tables(kind: str = "call_for_service") -> Path:
    """Simulate one kind of record from a fixed seed into a standardized folder that is removed when Python ends."""
    from crisiskit.simulate import simulate, write_tables

    folder = temporary_folder()
    write_tables(simulate(kind, seed=144, **(PROGRAMME if kind == "programme" else {})), folder)
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
