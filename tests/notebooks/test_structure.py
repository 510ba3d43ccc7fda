"""Notebooks are prose and calls: short cells, text before each of them, no stored outputs, typed parameters."""

import ast
import json
import re
import statistics
from pathlib import Path

import pytest

from crisiskit.release.sections import notebooks, sections

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    return request.param.stem, json.loads(request.param.read_text("utf-8"))


def source(cell):
    return "".join(cell["source"])


def code(content):
    return [cell for cell in content["cells"] if cell["cell_type"] == "code"]


def test_the_notebooks_are_those_of_the_sections_file():
    assert [path.stem for path in PATHS] == list(notebooks())


def test_no_output_is_stored(notebook):
    for cell in code(notebook[1]):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_code_cells_are_short_and_each_has_text_before_it(notebook):
    lengths = [len(source(cell).splitlines()) for cell in code(notebook[1])]
    assert max(lengths) <= 15
    assert statistics.median(lengths) <= 2
    kinds = [cell["cell_type"] for cell in notebook[1]["cells"]]
    assert kinds[0] == "markdown"
    for before, here in zip(kinds, kinds[1:], strict=False):
        assert (before, here) != ("code", "code")
    for cell in notebook[1]["cells"]:
        assert source(cell).strip()


def test_a_notebook_begins_with_its_heading_and_what_it_is(notebook):
    name, content = notebook
    lines = source(content["cells"][0]).splitlines()
    assert lines[0] == f"# {notebooks()[name]}"
    assert len(" ".join(lines[2:])) > 80
    assert sum(source(cell).startswith("# ") for cell in content["cells"] if cell["cell_type"] == "markdown") == 1


def test_parameters_are_typed_commented_and_the_first_code(notebook):
    cell = code(notebook[1])[0]
    assert cell["metadata"]["tags"] == ["parameters"]
    tree = ast.parse(source(cell))
    assert {node.target.id for node in tree.body} >= {"tables", "figures", "title", "source_line"}
    for node, line in zip(tree.body, source(cell).splitlines(), strict=True):
        assert isinstance(node, ast.AnnAssign), line
        assert type(ast.literal_eval(node.value)).__name__ == ast.unparse(node.annotation)
        assert re.search(r"  # \S{2,}", line), line


def test_every_parameter_is_used(notebook):
    cells = code(notebook[1])
    rest = "\n".join(source(cell) for cell in cells[1:])
    for node in ast.parse(source(cells[0])).body:
        assert re.search(rf"\b{node.target.id}\b", rest), node.target.id


def test_every_section_has_its_heading_its_text_and_its_call_in_order(notebook):
    name, content = notebook
    headings = [source(cell).splitlines()[0] for cell in content["cells"] if source(cell).startswith("## ")]
    assert headings[: len(sections(name))] == [f"## {section.title}" for section in sections(name).values()]
    calls = [match[1] for cell in code(content) if (match := re.fullmatch(r"\w+\.(\w+)\(report\)", source(cell)))]
    assert calls[: len(sections(name))] == list(sections(name))


def test_nothing_is_unfinished_or_tied_to_one_machine(notebook):
    text = json.dumps(notebook[1], ensure_ascii=False)
    assert not re.search(r"TODO|FIXME|XXX|/(?:home|work|tmp|root|Users)/|[A-Z]:\\\\|https?://", text)
    assert notebook[1]["metadata"]["kernelspec"]["name"] == "python3"


def test_ids_are_unique_and_say_what_the_cell_is(notebook):
    ids = [cell["id"] for cell in notebook[1]["cells"]]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", name) for name in ids)
