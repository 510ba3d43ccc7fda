"""The ledger closes or stops the run; long lists of reasons are shortened without losing a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiskit.intake.ledger import FileEntry, Ledger, LedgerDoesNotClose, brief


def entry(**fates: int) -> FileEntry:
    return FileEntry("a.csv", "0", 1, "utf-8", ",", "csv", 10, **fates)


def test_a_file_closes_when_its_fates_add_up():
    assert entry(standardized=5, collapsed=1, excluded=1, quarantined=2, rejected=1).closes
    assert not entry(standardized=9).closes


def test_a_lost_row_and_a_row_without_a_reason_stop_the_run():
    with pytest.raises(LedgerDoesNotClose, match=r"a\.csv: 10 rows read"):
        Ledger("s", [entry(standardized=9)]).prove()
    with pytest.raises(LedgerDoesNotClose, match="1 rows excluded, but 0 with a reason"):
        Ledger("s", [entry(standardized=9, excluded=1)]).prove()


@given(st.dictionaries(st.text("ab: ", min_size=1, max_size=8), st.integers(1, 50), max_size=60))
def test_brief_reasons_keep_every_row(reasons):
    short = brief(list(reasons.items()), most=20)
    assert sum(rows for _, rows in short) == sum(reasons.values())


def test_reasons_that_differ_in_the_value_are_put_together():
    short = brief([(f"no usable date: {i}", 1) for i in range(30)])
    assert short == [("no usable date: 30 different values, such as 0; 1; 10", 30)]
