"""The catalogue: every entry can be computed, names columns that exist, and stands on the page."""

import subprocess
import sys
from pathlib import Path

import ibis
import pytest

from crisiskit.measures import catalogue, page
from crisiskit.measures.tables import conform
from crisiskit.standard import dictionary

MEASURES = list(catalogue().values())


@pytest.mark.parametrize("item", MEASURES, ids=lambda item: item.id)
def test_an_entry_is_whole(item) -> None:
    assert callable(item.compute())
    table = dictionary.table(item.table)
    for alternative in item.needs:
        for column in alternative:
            assert column in table.columns
    for text in (item.label, item.formula, item.unit, item.left_out, item.interval, item.source, item.trap):
        assert text
    assert item.title(item.accept({}))
    assert {"fiscal", "confidence"} <= set(item.variants)


def test_numbers_of_variants_are_numbers() -> None:
    accepted = catalogue()["service_level"].accept({"threshold_s": "15", "short_s": 2.5})
    assert accepted["threshold_s"] == 15
    assert accepted["short_s"] == 2.5
    assert accepted["denominator"] == "offered"
    assert accepted["table"] is None
    assert catalogue()["abandonment"].accept({})["threshold_s"] == 0


def test_the_page_is_up_to_date(root: Path) -> None:
    """Write it anew with: python -c "from crisiskit.measures import page; print(page(), end='')" > docs/measures.md"""
    assert (root / "docs" / "measures.md").read_text("utf-8") == page()


def test_the_page_names_every_measure_and_variant() -> None:
    text = page()
    for item in MEASURES:
        assert f"\n## {item.id}\n" in text
        for variant in item.variants:
            assert f"`{variant}`" in text or variant in ("fiscal", "confidence")


def test_the_example_on_the_page_runs(rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows(received_at=["2025-01-01T00:00:00Z"], arrived_at=["2025-01-01T00:05:00Z"], access=["911"])
    (tmp_path / "tables").mkdir()
    conform("interventions", ibis.memtable(data["interventions"])).to_parquet(tmp_path / "tables/interventions.parquet")
    monkeypatch.chdir(tmp_path)
    example = page().split("```python\n")[1].split("```")[0]
    *setup, call = example.strip().splitlines()
    space: dict = {}
    exec("\n".join(setup), space)
    assert eval(call, space)["value"].to_list() == [5, 5, 5, 5]


def test_importing_the_catalogue_loads_no_engine() -> None:
    heavy = "[name for name in ('pandas', 'ibis', 'scipy') if name in sys.modules]"
    code = f"import sys, crisiskit.measures; crisiskit.measures.catalogue(); print({heavy})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
