"""The example on the mapping page does what the page says."""

import re

import pandas as pd

from crisiskit.intake.standardize import standardize


def test_the_whole_example_runs_as_the_page_tells(root, tmp_path):
    page = (root / "docs" / "mapping.md").read_text(encoding="utf-8")
    (tmp_path / "calls.csv").write_text(re.search(r"```csv\n(.*?)```", page, re.DOTALL)[1], encoding="utf-8")
    (tmp_path / "my_city.yaml").write_text(re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1], encoding="utf-8")
    ledger = standardize(tmp_path / "my_city.yaml", tmp_path, tmp_path / "out")
    entry = ledger.files[0]
    assert (entry.standardized, entry.excluded, entry.quarantined, ledger.closes) == (2, 1, 1, True)
    rows = pd.read_parquet(tmp_path / "out" / "interventions.parquet").set_index("record_id")
    assert rows.loc["24-002", "flags"] == "arrived_at:next_day"
    assert (rows["arrived_at"] - rows["received_at"]).dt.total_seconds().tolist() == [720, 1500]
    assert rows.loc["24-001", "missing"] == "age=unknown"
    assert rows["outcome"].tolist() == ["cited", "resolved"]


def test_every_key_of_the_models_is_on_the_page(root):
    from crisiskit.intake.mapping import ColumnMap, SourceMap, TableMap

    page = (root / "docs" / "mapping.md").read_text(encoding="utf-8")
    for model in (SourceMap, TableMap, ColumnMap):
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}" in page, f"{model.__name__}.{name}"
