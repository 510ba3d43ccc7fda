"""The command line: exit codes, one message per mistake, nothing heavy before it is needed."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from crisiskit.cli import main
from crisiskit.errors import UserError

HEAVY = (
    "pandas", "numpy", "ibis", "duckdb", "pyarrow", "pydantic", "matplotlib", "seaborn", "statsmodels", "papermill",
)  # fmt: skip


@pytest.fixture
def call():
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def python(code: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, **environment}, timeout=60)


@pytest.mark.parametrize("module", ["crisiskit", "crisiskit.cli"])
def test_nothing_heavy_is_imported_before_it_is_needed(module):
    done = python(f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("code", "limit_s"), [("import crisiskit", 0.3), ("from crisiskit.cli import main; main(['--help'])", 0.5)]
)
def test_it_starts_at_once(code, limit_s):
    """Processor time, the best of five, so that a busy machine does not decide."""
    timed = (
        "import subprocess, sys, resource\n"
        f"subprocess.run([sys.executable, '-c', {code!r}], stdout=subprocess.DEVNULL, check=False)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\nprint(used.ru_utime + used.ru_stime)"
    )
    if sys.platform == "win32":
        pytest.skip("processor time of a child is measured otherwise there")
    assert min(float(python(timed).stdout) for _ in range(5)) < limit_s


@pytest.mark.parametrize("name", ["", *main.commands])
def test_every_command_has_help(call, name):
    result = call(*([name] if name else []), "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: main")
    assert len(result.output.splitlines()[2].strip()) > 20


def test_every_command_is_in_the_readme(root):
    text = (root / "README.md").read_text("utf-8")
    assert [name for name in main.commands if f"crisiskit {name}" not in text] == []


@pytest.mark.parametrize(
    "words",
    [
        ("no-such-command",),
        ("run",),
        ("run", "demo", "--dry"),
        ("measure", "contacts", "--tables", "x", "--format", "xml"),
        ("measure", "contacts", "--tables", "x", "--where", "agency"),
        ("simulate", "demo", "--out", "x", "--months", "0"),
        ("init",),
        ("init", "no-such-file.csv"),
    ],
)
def test_wrong_usage_ends_with_2(call, words):
    assert call(*words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "demmo"), "Error: 'demmo' is no file, and no evaluation or mapping of the kit; did you mean 'demo'?"),
        (("check", "lane_conty"), "did you mean 'lane_county'?"),
        (("describe", "contcts"), "did you mean 'contacts'?"),
        (("describe", "interventions.agge"), "did you mean 'age'?"),
        (("measure", "contcts", "--tables", "x"), "did you mean 'contacts'?"),
        (("measure", "contacts", "--tables", "no-such-folder"), "no-such-folder"),
        (("simulate", "demoo", "--out", "x"), "did you mean 'demo'?"),
    ],
)
def test_a_users_mistake_is_one_message_and_ends_with_1(call, words, message):
    result = call(*words)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def raising(monkeypatch):
    """A command `fail` that ends with the given exception."""

    def add(error: BaseException) -> None:
        @click.command()
        def fail() -> None:
            raise error

        monkeypatch.setitem(main.commands, "fail", fail)

    return add


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (UserError("column 'x' is missing"), 1, "Error: column 'x' is missing\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (KeyboardInterrupt("interrupted. Go on with: crisiskit run"), 130, "interrupted. Go on with: crisiskit run\n"),
    ],
)
def test_how_a_command_ends(call, raising, error, code, told):
    raising(error)
    result = call("fail")
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", told)


def test_a_bug_keeps_its_traceback(call, raising):
    raising(ZeroDivisionError("a bug"))
    result = call("fail")
    assert isinstance(result.exception, ZeroDivisionError)


def test_output_is_utf_8_whatever_the_terminal_says():
    code = "from crisiskit.cli import main; main(['describe', 'linea_144'])"
    done = python(code, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "Línea 144" in done.stdout


def test_python_m_crisiskit_is_the_command_line():
    command = [sys.executable, "-m", "crisiskit", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("crisiskit, version ")


def test_schemas_are_written_where_they_are_wanted(call, tmp_path):
    result = call("schema", "--out", tmp_path / "new")
    assert result.exit_code == 0
    assert sorted(os.listdir(tmp_path / "new")) == ["evaluation.schema.json", "source.schema.json"]


@pytest.mark.parametrize("name", ["", "counts", "interventions.age", "measures", "sources", "checks", "answer_rate"])
def test_describe_speaks_to_people_and_to_programs(call, name):
    words = [name] if name else []
    assert call("describe", *words).stdout.strip()
    assert json.loads(call("describe", *words, "--format", "json").stdout)


def test_describe_lists_every_mapping_of_the_kit(call, root):
    listed = [entry["id"] for entry in json.loads(call("describe", "sources", "--format", "json").stdout)]
    assert listed == sorted(path.stem for path in (root / "params" / "sources").glob("*.yaml"))


def test_the_data_folder_comes_from_the_environment(call, tmp_path, monkeypatch):
    monkeypatch.setenv("CRISISKIT_DATA", str(tmp_path / "elsewhere"))
    assert "elsewhere does not exist" in call("check", "lane_county").stderr
    monkeypatch.delenv("CRISISKIT_DATA")
    monkeypatch.chdir(tmp_path)
    assert "the data folder data does not exist" in call("check", "lane_county").stderr
