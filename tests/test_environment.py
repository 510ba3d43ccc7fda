"""One list of packages: pyproject.toml says what, requirements.lock which exactly, and nothing else says otherwise."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def locked(root) -> dict[str, list[Requirement]]:
    lines = (root / "requirements.lock").read_text("utf-8").splitlines()
    found: dict[str, list[Requirement]] = {}
    for line in lines:
        if line and not line.startswith(" "):
            requirement = Requirement(line.removesuffix("\\"))
            found.setdefault(requirement.name.lower(), []).append(requirement)
    return found


def asked(project) -> list[Requirement]:
    return [Requirement(text) for text in project["project"]["dependencies"] + project["dependency-groups"]["dev"]]


def test_every_requirement_is_locked_within_its_bounds(project, locked):
    for requirement in asked(project):
        pinned = [item for item in locked[requirement.name.lower()] if item.marker is None or item.marker.evaluate()]
        (pin,) = [specifier.version for item in pinned for specifier in item.specifier]
        assert requirement.specifier.contains(pin), requirement


def test_the_lock_names_no_index_and_hashes_every_package(root, locked):
    text = (root / "requirements.lock").read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:)", text, flags=re.MULTILINE)
    blocks = re.findall(r"^[a-z0-9][^\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, flags=re.MULTILINE)
    assert len(blocks) == sum(len(pins) for pins in locked.values())


def test_what_is_tested_is_what_is_locked(project, locked):
    for requirement in asked(project):
        pins = {specifier.version for item in locked[requirement.name.lower()] for specifier in item.specifier}
        assert version(requirement.name) in pins, f"{requirement.name}: make a new .venv from requirements.lock"


def test_the_constraints_are_the_lock_without_hashes(root, locked):
    lines = (root / "constraints.txt").read_text("utf-8").splitlines()
    assert [str(Requirement(line)) for line in lines] == [str(pin) for pins in locked.values() for pin in pins]


def test_conda_gets_python_pip_and_the_package_under_the_constraints(root, project):
    environment = yaml.safe_load((root / "environment.yml").read_text("utf-8"))
    python, pip, packages = environment["dependencies"]
    assert Requirement(python).specifier == SpecifierSet(project["project"]["requires-python"])
    assert pip == "pip"
    assert packages == {"pip": ["-c constraints.txt", "-e ."]}


def test_duckdb_stays_below_2_while_ibis_calls_what_it_removed(project):
    duckdb = next(item for item in asked(project) if item.name == "duckdb")
    assert not duckdb.specifier.contains("2.0.0")


def test_a_wheel_brings_notebooks_parameters_and_data_files(root, tmp_path):
    """Built from what is committed or about to be, by the backend of the lock, without an index."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder, pattern in (("notebooks", "*.ipynb"), ("params", "*/*.yaml")):
        for path in (root / folder).glob(pattern):
            assert f"crisiskit/_share/{path.relative_to(root).as_posix()}" in inside
    data = [path for path in (root / "crisiskit").rglob("*") if path.suffix in (".yaml", ".css", ".j2")]
    assert data
    assert {path.relative_to(root).as_posix() for path in data} <= inside
