"""What sources record of what benchmarks rest on: by source, and together, without asking a measure."""

import pandas as pd
import pytest

from crisiskit.measures.held import held
from crisiskit.measures.tables import open_tables
from crisiskit.standard.benchmarks import benchmarks

LINE = benchmarks()["nena_15s"]


@pytest.fixture
def known(rows):
    """Source a records a line, b records nothing of it, c holds totals, and d a population."""
    one = rows(contacts=[1, 1], source=["a", "b"], offered=[1, None], answered=[1, None], wait_s=[3.0, None],
               access=["911", "911"])
    counts = pd.DataFrame([{"source": "c", "measure": "offered", "value": 1.0, "source_row": 1},
                           {"source": "d", "measure": "population", "value": 1.0, "source_row": 2}])
    return held(open_tables({**one, "counts": counts}), benchmarks().values())


def test_sources_that_hold_only_a_population_are_no_services(known) -> None:
    assert known.sources == ["a", "b", "c"]


@pytest.mark.parametrize(("table", "source", "reason"), [
    ("interventions", "a", ""), ("interventions", "", ""), ("counts", "c", ""), ("counts", "", ""),
    ("interventions", "b", "not recorded in this source: answered, offered, wait_s"),
    ("interventions", "c", "not recorded in this source: access, answered, offered, wait_s"),
    ("counts", "a", "not recorded in this source: totals of a line")])
def test_what_is_lacking_is_named(known, table: str, source: str, reason: str) -> None:
    assert known.lacking(LINE, table, source) == reason


def test_without_tables_nothing_is_held() -> None:
    empty = held(open_tables({"follow_ups": pd.DataFrame({"step": ["referral"]})}), benchmarks().values())
    assert empty.sources == []
    assert empty.lacking(LINE, "interventions", "").startswith("not recorded in this source: access")
