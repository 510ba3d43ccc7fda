"""The folder of a run: swapped in whole, taken up again, never taken from a run at work."""

import os

import pytest

from crisiskit.errors import UserError
from crisiskit.runs import record
from crisiskit.runs.workspace import open_workspace, place, process_started


def filled(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.html").write_text(text)
    record.write_json(folder / record.NAME, {"status": "complete"})


def test_the_new_run_takes_the_place_of_the_old_one(tmp_path):
    filled(tmp_path / "study", "old")
    workspace = open_workspace(tmp_path, "study")
    filled(workspace.partial, "new")
    assert (tmp_path / "study" / "page.html").read_text() == "old"
    workspace.commit()
    assert (tmp_path / "study" / "page.html").read_text() == "new"
    assert os.listdir(tmp_path) == ["study"]


def test_an_unfinished_run_is_taken_up_again(tmp_path):
    first = open_workspace(tmp_path, "study").partial
    assert open_workspace(tmp_path, "study").partial == first
    assert open_workspace(tmp_path, "other").partial != first


def test_a_swap_that_was_cut_short_is_put_right(tmp_path):
    filled(tmp_path / ".study.old-1", "last good")
    open_workspace(tmp_path, "study")
    assert (tmp_path / "study" / "page.html").read_text() == "last good"


def test_a_swap_that_fails_puts_the_old_run_back(tmp_path):
    filled(tmp_path / "study", "old")
    workspace = open_workspace(tmp_path, "study")
    workspace.partial.rmdir()
    with pytest.raises(UserError, match="cannot be moved into place"):
        workspace.commit()
    assert (tmp_path / "study" / "page.html").read_text() == "old"


def running(folder, pid, started):
    partial = open_workspace(folder, "study").partial
    record.write_json(partial / record.NAME, {"status": "running", "pid": pid, "pid_started": started})


def test_a_run_at_work_is_left_alone(tmp_path):
    import psutil

    parent = os.getppid()
    running(tmp_path, parent, psutil.Process(parent).create_time())
    with pytest.raises(UserError, match=f"at work in .* \\(process {parent}\\)"):
        open_workspace(tmp_path, "study")


def test_a_process_number_used_again_by_another_is_no_run_at_work(tmp_path):
    running(tmp_path, os.getppid(), 1.0)
    open_workspace(tmp_path, "study")


def test_a_run_that_was_killed_is_taken_up_again(tmp_path):
    running(tmp_path, 2**22 + 1, process_started())
    open_workspace(tmp_path, "study")


@pytest.mark.parametrize("links", [True, False])
def test_a_file_is_placed_as_a_link_or_a_copy(tmp_path, monkeypatch, links):
    def refuse(*_):
        raise OSError("no links here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_text("text")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a").write_text("older")
    place(tmp_path / "a", tmp_path / "b" / "a")
    assert (tmp_path / "b" / "a").read_text() == "text"


def test_a_record_is_never_half_written(tmp_path, monkeypatch):
    path = tmp_path / record.NAME
    record.write_json(path, {"status": "complete"})
    monkeypatch.setattr(record.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        record.write_json(path, {"status": "running"})
    assert record.read_json(path) == {"status": "complete"}
