"""The page for those who call the functions: every call that it names is there."""

import importlib
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"


def test_every_call_named_in_the_table_exists():
    table = "".join(line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| "))
    named = re.findall(r"`(\w+)\.(\w+)", table)
    assert len(named) > 20
    for module, name in named:
        assert callable(getattr(importlib.import_module(f"crisiskit.impact.{module}"), name)), f"{module}.{name}"
