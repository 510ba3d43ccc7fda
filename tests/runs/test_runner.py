"""A run appears whole or not at all, does no step twice, and says what failed and how to go on."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crisiskit.errors import UserError
from crisiskit.runs import record, runner


def carry_out(study: Path, **options) -> list[str]:
    """Run the study into `runs` beside it; returns what was said."""
    said: list[str] = []
    runner.run(study, study.parent / "data", study.parent / "runs", say=said.append, **options)
    return said


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def command(study: Path) -> list[str]:
    folder = study.parent
    data, out = ("--data", str(folder / "data")), ("--out", str(folder / "runs"))
    return [sys.executable, "-m", "crisiskit", "run", str(study), *data, *out]


@pytest.fixture(scope="session")
def finished(tmp_path_factory, make_study) -> Path:
    """The folder of a study that was run once; a copy of it shares the steps of that run."""
    folder = tmp_path_factory.mktemp("finished") / "a {brace} and a space"
    carry_out(make_study(folder))
    return folder


@pytest.fixture
def study(finished, tmp_path) -> Path:
    """The evaluation file of a study with a good run beside it, free to be changed."""
    shutil.copytree(finished, tmp_path / "study")
    return tmp_path / "study" / "small.yaml"


def test_a_run_holds_reports_figures_notebooks_tables_and_a_record(finished):
    folder = finished / "runs" / "small"
    run = record.read_json(folder / "run.json")
    expected = {
        "index.html", "reports/count.html", "figures/count/note.txt", "notebooks/count.ipynb",
        "tables/interventions.parquet", "tables/ledger.json", "tables/quality.json",
    }
    assert expected <= contents(folder).keys()
    assert run["status"] == "complete"
    assert run["outputs"] == record.hashes(folder, [path for path in folder.iterdir() if path.name != "run.json"])
    assert run["inputs"][0] | {"bytes": 0} == {
        "source": "calls", "file": "calls.csv", "bytes": 0, "sha256": record.sha256(finished / "data" / "calls.csv")
    }
    assert run["versions"]["pandas"].startswith("3.")
    assert [step["id"] for step in run["steps"]] == ["read calls", "tables", "notebook count", "index"]
    ledger = record.read_json(folder / "tables" / "ledger.json")
    assert ledger["closes"]
    assert ledger["tables"] == {"interventions": 8}


def test_a_run_tells_no_path_of_the_machine_and_never_links_the_restricted_folder(finished):
    files = contents(finished / "runs" / "small")
    shown = {name: text for name, text in files.items() if name.endswith((".html", ".ipynb", ".json"))}
    assert [name for name, text in shown.items() if finished.name.encode() in text] == []
    assert b"restricted" not in files["index.html"]


def test_nothing_is_left_beside_a_finished_run(finished):
    assert [path.name for path in (finished / "runs").iterdir()] == ["small"]


def test_the_kernel_is_this_interpreter_whatever_python3_means_elsewhere(study, rewrite, monkeypatch, tmp_path):
    spec = tmp_path / "elsewhere" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["/nowhere/python", "-f", "{connection_file}"], "display_name": "other"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "elsewhere"))
    rewrite(study, "import sys\nprint(sys.prefix)", alone=True)
    carry_out(study)
    executed = (study.parent / "runs" / "small" / "notebooks" / "count.ipynb").read_text(encoding="utf-8")
    printed = [output["text"] for cell in json.loads(executed)["cells"] for output in cell.get("outputs", [])]
    assert printed == [[sys.prefix + "\n"]]


def test_a_second_run_does_no_step_again_and_says_so(study):
    before = contents(study.parent / "runs" / "small")
    assert [line.split(":")[1] for line in carry_out(study)[:-1]] == [" nothing has changed, taken over"] * 3
    after = contents(study.parent / "runs" / "small")
    assert [name for name in before | after if before.get(name) != after.get(name)] == ["run.json"]
    assert all(step["reused"] for step in json.loads(after["run.json"])["steps"])


@pytest.mark.parametrize(
    ("file", "old", "new", "taken_over"),
    [
        ("data/calls.csv", "1,2024-01-01", "1,2024-01-02", []),
        ("calls.yaml", "publisher: A county", "publisher: B county", []),
        ("small.yaml", "title: A small study", "title: Another name", ["read calls", "tables"]),
        ("small.yaml", "sources:", "thresholds: {contacts_missing: 0.5}\nsources:", ["read calls"]),
        ("small.yaml", "sources:", "parameters: {count: {top: 5}}\nsources:", ["read calls", "tables"]),
        ("runs/small/tables/ledger.json", "}", "} ", ["read calls", "notebook count", "index"]),
    ],
)
def test_only_what_depends_on_a_change_is_done_again(study, file, old, new, taken_over):
    path = study.parent / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    carry_out(study)
    run = record.read_json(study.parent / "runs" / "small" / "run.json")
    assert [step["id"] for step in run["steps"] if step["reused"]] == taken_over


def test_force_does_every_step_again_with_the_same_result(study):
    before = contents(study.parent / "runs" / "small")
    carry_out(study, force=True)
    run = record.read_json(study.parent / "runs" / "small" / "run.json")
    assert not any(step["reused"] for step in run["steps"])
    after = contents(study.parent / "runs" / "small")
    assert {name for name in before if before[name] != after[name]} <= {"run.json", "index.html"}


def test_two_sources_share_the_tables_and_keep_their_name(study):
    import pyarrow.parquet as pq

    mapping = (study.parent / "calls.yaml").read_text(encoding="utf-8")
    (study.parent / "more.yaml").write_text(mapping.replace("source: calls", "source: more"), encoding="utf-8")
    text = study.read_text(encoding="utf-8").replace("[calls.yaml]", "[calls.yaml, more.yaml]")
    study.write_text(text, encoding="utf-8")
    said = carry_out(study)
    assert said[0] == "read calls: nothing has changed, taken over"
    tables = study.parent / "runs" / "small" / "tables"
    rows = pq.read_table(tables / "interventions.parquet", columns=["source"])["source"].to_pylist()
    assert (rows.count("calls"), rows.count("more")) == (8, 8)
    ledger, quality = record.read_json(tables / "ledger.json"), record.read_json(tables / "quality.json")
    assert (ledger["source"], ledger["tables"]) == (["calls", "more"], {"interventions": 16})
    one = record.read_json(study.parent / "runs" / "small" / "restricted" / "more" / "quality.json")
    doubled = [(check["id"], check["denominator"] and 2 * check["denominator"]) for check in one["checks"]]
    assert [(check["id"], check["denominator"]) for check in quality["checks"]] == doubled


def test_a_failing_cell_leaves_the_last_good_run_and_is_named(study, rewrite):
    before = contents(study.parent / "runs" / "small")
    rewrite(study, "print('more')", "1 / len([])")
    with pytest.raises(UserError) as caught:
        carry_out(study)
    first, second, third = str(caught.value).splitlines()
    assert first == (
        "notebook count, section 'Part 3', in the cell that begins `1 / len([])`: ZeroDivisionError: division by zero"
    )
    assert "is untouched. What was finished is kept in" in second
    assert third.split()[:2] == ["crisiskit", "run"]
    assert contents(study.parent / "runs" / "small") == before
    partial = next((study.parent / "runs").glob(".small.partial-*"))
    assert record.read_json(partial / "run.json")["status"] == "failed"
    rewrite(study)
    carry_out(study)
    assert contents(study.parent / "runs" / "small").keys() == before.keys()
    assert not partial.exists()


def test_a_kernel_that_dies_is_a_failure_in_the_cell_that_ran(study, rewrite):
    rewrite(study, "import os\nos._exit(1)")
    with pytest.raises(UserError, match="section 'Part 2', in the cell that begins `import os`: the kernel died"):
        carry_out(study)


def wait_for(path: Path, process: subprocess.Popen) -> None:
    for _ in range(600):
        if path.is_file():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError(f"{path} never came")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_is_finished_and_ends_the_kernel(study, rewrite, number):
    import psutil

    before = contents(study.parent / "runs" / "small")
    flag = study.parent / "kernel"
    new = f"open({str(flag)!r} + '.new', 'w').write(str(os.getpid()))"
    rewrite(study, f"import os, time\n{new}\nos.rename({str(flag)!r} + '.new', {str(flag)!r})\ntime.sleep(120)")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    # A test runner that was started in the background ignores Ctrl-C, and its children would too.
    process = subprocess.Popen(command(study), **pipes, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    wait_for(flag, process)
    with pytest.raises(UserError, match="another run of 'small' is at work"):
        carry_out(study)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted." in told
    assert "go on with:" in told
    assert "Traceback" not in told
    for _ in range(50):
        if not psutil.pid_exists(int(flag.read_text())):
            break
        time.sleep(0.1)
    assert not psutil.pid_exists(int(flag.read_text()))
    assert contents(study.parent / "runs" / "small") == before
    rewrite(study)
    done = subprocess.run(command(study), capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "read calls: nothing has changed, taken over", "tables: nothing has changed, taken over"
    ]


def test_a_full_disk_is_one_message_and_leaves_the_last_good_run(study, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = contents(study.parent / "runs" / "small")
    monkeypatch.setattr("crisiskit.runs.tables.combine", full)
    study.write_text(study.read_text(encoding="utf-8") + "thresholds: {contacts_missing: 0.5}\n", encoding="utf-8")
    with pytest.raises(UserError, match="the disk is full .* Make room, then go on. The last good run"):
        carry_out(study)
    assert contents(study.parent / "runs" / "small") == before


def test_a_fault_of_the_kit_keeps_its_traceback_and_says_how_to_go_on(study, monkeypatch):
    def broken(*_):
        raise KeyError("a bug")

    monkeypatch.setattr(runner, "_tables", broken)
    with pytest.raises(KeyError) as caught:
        carry_out(study)
    assert "go on with:" in caught.value.__notes__[0]


@pytest.fixture
def no_process(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("titel: x", "line 5: titel: unknown key; did you mean 'title'?"),
        ("thresholds: {contacts_mising: 0.1}", "no check 'contacts_mising'; did you mean 'contacts_missing'?"),
        ("thresholds: {contacts_missing: 5}", "thresholds.contacts_missing: '5' should be less than or equal to 1"),
        ("parameters: {count: {topp: 5}}", "count.topp: the notebook has no such parameter; did you mean 'top'?"),
        ("parameters: {count: {top: five}}", "parameters.count.top: 'five' is no int"),
        ("parameters: {count: {tables: x}}", "parameters.count.tables: is set by the run itself"),
        ("title: again", "line 5: key 'title' is written twice (first on line 2)"),
    ],
)
def test_a_wrong_parameter_is_told_before_anything_starts(make_study, tmp_path, no_process, change, message):
    study = make_study(tmp_path / "new")
    study.write_text(study.read_text(encoding="utf-8") + change + "\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        carry_out(study)
    assert message in str(caught.value)
    assert not (tmp_path / "new" / "runs").exists()


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ("data/calls.csv", "no file 'calls.csv'"),
        ("calls.yaml", "mapping 'calls.yaml': no such file"),
        ("count.ipynb", "notebook 'count.ipynb': no such file"),
    ],
)
def test_an_absent_file_is_told_before_anything_starts(make_study, tmp_path, no_process, absent, message):
    study = make_study(tmp_path / "new")
    (study.parent / absent).unlink()
    with pytest.raises(UserError, match=message):
        carry_out(study)
    assert not (tmp_path / "new" / "runs").exists()


def test_a_notebook_without_parameters_is_refused(make_study, tmp_path, no_process, rewrite):
    study = make_study(tmp_path / "new")
    rewrite(study, parameters="size = 1")
    with pytest.raises(UserError, match="its parameters cell has no `tables`"):
        carry_out(study)


def test_further_parameters_reach_the_notebook_in_their_type(make_study, tmp_path):
    study = make_study(tmp_path / "new")
    study.write_text(study.read_text(encoding="utf-8") + "parameters: {count: {top: 07}}\n", encoding="utf-8")
    plan = runner.make_plan(study, study.parent / "data")
    assert plan.notebooks[0].parameters == {
        "tables": "../tables", "figures": "../figures/count", "title": "A small study", "top": 7
    }


def test_a_dry_run_writes_nothing_and_starts_nothing(make_study, tmp_path, no_process):
    study = make_study(tmp_path / "new")
    said = carry_out(study, dry_run=True)
    assert said[0] == "A small study: a dry run; nothing is read, written or started"
    assert "would read calls: 1 file, 0.0 MB" in said
    assert not (tmp_path / "new" / "runs").exists()


def test_a_dry_run_says_which_columns_each_section_lacks(make_study, tmp_path, no_process):
    study = make_study(tmp_path / "new")
    text = study.read_text(encoding="utf-8").replace("[count.ipynb]", "[count.ipynb, 10_response_patterns]")
    study.write_text(text, encoding="utf-8")
    said = "\n".join(carry_out(study, dry_run=True))
    assert "    Who responded\n" in said
    assert "    How it ended: not recorded, lacks outcome\n" in said


def test_a_folder_that_is_no_run_is_left_alone(make_study, tmp_path):
    study = make_study(tmp_path / "new")
    (tmp_path / "new" / "runs" / "small").mkdir(parents=True)
    (tmp_path / "new" / "runs" / "small" / "thesis.docx").write_text("years of work")
    with pytest.raises(UserError, match="is not the folder of a run and is left alone"):
        carry_out(study)
    assert os.listdir(tmp_path / "new" / "runs" / "small") == ["thesis.docx"]


def test_a_dry_run_imports_nothing_that_executes_or_draws(make_study, tmp_path):
    study = make_study(tmp_path / "new")
    heavy = ["papermill", "nbclient", "nbconvert", "matplotlib", "seaborn", "statsmodels", "scipy"]
    code = (
        "import sys; from pathlib import Path; from crisiskit.runs.runner import run\n"
        f"run(Path({str(study)!r}), Path({str(study.parent / 'data')!r}), Path('runs'), dry_run=True)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_pages_beside_a_report_belong_to_the_step_that_wrote_them(make_study, rewrite, tmp_path):
    study = make_study(tmp_path / "new")
    write = "(Path(sheets) / 'north.html').write_text('a page', encoding='utf-8')"
    parameters = 'tables: str = ""\nfigures: str = ""\ntitle: str = ""\nsheets: str = ""'
    rewrite(study, f"Path(sheets).mkdir(parents=True)\n{write}", parameters=parameters)
    carry_out(study)
    folder = study.parent / "runs" / "small"
    assert (folder / "reports" / "sites" / "north.html").read_text("utf-8") == "a page"
    step = next(step for step in record.read_json(folder / "run.json")["steps"] if step["id"] == "notebook count")
    assert "reports/sites/north.html" in step["outputs"]
    assert "notebook count: nothing has changed, taken over" in carry_out(study)
    assert (folder / "reports" / "sites" / "north.html").is_file()
