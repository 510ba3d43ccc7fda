"""The examples in the README and in docs/ are carried out as they stand, in their order, in one folder."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from crisiskit.release.sections import notebooks, sections

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in (*notebooks(), "python"))]
BLOCK = re.compile(r"^( *)```(sh|python|yaml)\n(.*?)^ *```", flags=re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(kind, textwrap.dedent(text)) for _, kind, text in BLOCK.findall(page.read_text("utf-8"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("examples")


@pytest.mark.skipif(shutil.which("sh") is None, reason="the examples are for a POSIX shell")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_work(page, folder, monkeypatch):
    """Pages come in order: the later ones look at what the README made."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("CRISISKIT_KEY_FILE", str(folder / "key" / "key"))
    monkeypatch.chdir(folder)
    for kind, text in blocks(page):
        if kind == "yaml":
            name = re.match(r"# (\S+\.yaml)\n", text)
            assert name, f"a YAML example begins with the name of its file: {text}"
            (folder / name[1]).write_text(text, encoding="utf-8")
            continue
        command = ["sh", "-e", "-c", text] if kind == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=400)
        expected = (0, 1) if "crisiskit check" in text else (0,)  # simulated records have their faults
        assert done.returncode in expected, f"{text}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", PAGES[1:-1], ids=lambda page: page.stem)
def test_every_section_of_a_notebook_is_explained(page):
    explained = re.findall(r"^\| ([^|]+) \|", page.read_text("utf-8"), flags=re.MULTILINE)
    assert [section.title for section in sections(page.stem).values()] == explained[1:]


@pytest.mark.parametrize("page", [PAGES[0], *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
