"""The roll-out: files as they come, days counted by hand, and one clear message for each mistake."""

from datetime import date

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import rollout
from crisiskit.impact.question import Running

STARTS = tuple(date(2020, month, 1) for month in (1, 2, 3, 4))
ENDS = (date(2020, 1, 31), date(2020, 2, 29), date(2020, 3, 31), date(2020, 4, 30))


def run(area, start, end=None, **more):
    return Running(area=area, start=start, end=end, **more)


@pytest.fixture
def read(tmp_path):
    def written(text, encoding="utf-8"):
        path = tmp_path / "roll_out.csv"
        path.write_bytes(text.encode(encoding))
        return rollout.read(path)

    return written


WANTED = (run("0123", "2020-06-01", "2020-08-31", hours="Mon-Fri 10:00-18:00", dose=120), run("21", "2020-07-01"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("text", [
    "area,start,end,hours,dose\n0123,2020-06-01,2020-08-31,Mon-Fri 10:00-18:00,120\n21,2020-07-01,,,\n",
    "\r\n Area ; start;end; hours;dose;;\r\n 0123 ; 2020-06-01;2020-08-31 ;Mon-Fri 10:00-18:00;120;;\r\n;;;;;;\r\n\r\n"
    "21;2020-07-01;;;;;\r\n",
])  # fmt: skip
def test_read(read, text, encoding):
    assert read(text, encoding) == WANTED


@pytest.mark.parametrize(("text", "words"), [
    ("", "the file is empty"),
    ("area,start\n", "no line below its header"),
    ("area,strat\n", "line 1: unknown column 'strat'.*did you mean 'start'"),
    ("area,end\n", "line 1: column 'start' is missing"),
    ("area,start,start\n", "'start' stands twice"),
    ("area,start\n1,2020-06-01\n\n2,01.06.2020\n", "line 4, start: '01.06.2020' is no day"),
    ("area,start\n1,2020-02-30\n", "line 2, start: '2020-02-30' is no day"),
    ("area,start\n1,\n", "line 2: area '1' has no start"),
    ("area,start\n,2020-01-01\n", "line 2: the area is empty"),
    ("area,start,end\n1,2020-06-02,2020-06-01\n", "line 2: area '1' ends on 2020-06-01, before it starts"),
    ("area,start,dose\n1,2020-06-02,-1\n", "line 2: dose -1 should be 0 or more"),
    ("area,start,dose\n1,2020-06-02,nan\n", "line 2: dose nan should be"),
    ("area,start,dose\n1,2020-06-02,many\n", "line 2: dose 'many' is no number"),
    ("area,start\n1,2020-06-02,x\n", "line 2: 3 cells, but the header has 2"),
    ("area,start,end\n1,2020-06-02,\n2,2020-01-01,\n1,2020-09-01,\n", "line 4: area '1' starts.*has no end"),
    ("area,start,end\n1,2020-06-02,2020-07-01\n1,2020-07-01,\n", "line 3.*ends on 2020-07-01"),
])  # fmt: skip
def test_read_refuses(read, text, words):
    with pytest.raises(UserError, match=f"roll_out.csv.*{words}"):
        read(text)


def test_read_refuses_a_file_that_is_not_there_or_not_utf8(read, tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        rollout.read(tmp_path / "none.csv")
    with pytest.raises(UserError, match="not text in UTF-8"):
        read("area,start\nZürich,2020-01-01\n", "latin-1")


def test_status_staggered_paused_and_at_the_half():
    paused = (run("c", "2020-02-01", "2020-02-29"), run("c", "2020-04-01"))
    runs = (run("a", "2020-02-15"), run("b", "2020-02-16"), *paused)
    found = rollout.status(runs, ("a", "b", "c", "d"), STARTS, ENDS)
    # a: 15 of 29 days of February; b: 14 of 29, under half
    assert found.tolist() == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]]
    assert rollout.status(runs[:1], ("a",), STARTS, ENDS, share=0.6).tolist() == [[0, 0, 1, 1]]


def test_exactly_half_of_the_days_counts_and_stretches_add_up():
    assert rollout.status((run("a", "2020-04-16"),), ("a",), STARTS, ENDS).tolist() == [[0, 0, 0, 1]]
    two = (run("a", "2020-04-01", "2020-04-08"), run("a", "2020-04-20", "2020-04-26"))
    share = rollout.served(two, ("a",), STARTS, ENDS)
    np.testing.assert_allclose(share, [[0, 0, 0, 15 / 30]])
    assert rollout.status(two, ("a",), STARTS, ENDS).tolist() == [[0, 0, 0, 1]]


def test_partly():
    found = rollout.partly((run("a", "2020-02-16"),), ("a",), STARTS, ENDS)
    assert found == (rollout.Partly("a", date(2020, 2, 1), 14 / 29, False),)


@pytest.mark.parametrize(("runs", "words"), [
    ([run("11", "2020-02-01")], "area '11' is none of the 2 areas of the data; did you mean '111'"),
    ([run("111", "2020-05-01")], "starts on 2020-05-01, after the data end on 2020-04-30"),
    ([run("111", "2019-05-01", "2019-06-01")], "ends on 2019-06-01, before the data begin on 2020-01-01"),
    ([run("111", "2019-05-01")], "in or before the first period \\(2020-01-01 to 2020-01-31\\)"),
    ([run("111", "2020-01-20")], "in or before the first period"),
    ([run("111", "2020-02-01"), run("111", "2020-02-01")], "must not overlap"),
])  # fmt: skip
def test_status_refuses(runs, words):
    with pytest.raises(UserError, match=words):
        rollout.status(runs, ("111", "222"), STARTS, ENDS)


@pytest.mark.parametrize(("status", "kept"), [
    ([[0, 0, 1, 1], [0, 0, 0, 1]], 3),  # the second is compared with until it starts
    ([[0, 1, 0, 1], [0, 0, 1, 1]], 3),  # on and off before the end
    ([[0, 0, 1, 1], [0, 0, 1, 1]], 4),  # at once: nothing to compare with at any length
    ([[0, 0, 1, 1], [0, 0, 0, 0]], 4),  # one is never treated
    ([[0, 0, 1, 0], [0, 1, 1, 1]], 4),  # one stops: it can be compared with again
])  # fmt: skip
def test_periods_with_something_to_compare_with(status, kept):
    assert rollout.compared(np.array(status, float)) == kept
