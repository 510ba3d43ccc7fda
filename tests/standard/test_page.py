"""The committed documentation pages are those that the YAML files give."""

import pytest

from crisiskit.standard import catalogue, dictionary, page


@pytest.mark.parametrize("name", page.pages())
def test_the_committed_page_is_up_to_date(name, root):
    committed = (root / "docs" / name).read_text("utf-8")
    assert committed == page.pages()[name], "run `python -m crisiskit.standard.page docs`"


def test_every_column_and_every_check_is_on_its_page():
    text = page.dictionary_page()
    for table in dictionary.tables().values():
        assert all(f"**`{column}`**" in text for column in table.columns)
    assert all(f"| `{check}` |" in page.checks_page() for check in catalogue.checks())


def test_rows_of_the_checks_table_have_seven_cells():
    rows = [line for line in page.checks_page().splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {8}


def test_write_puts_every_page_in_its_place(tmp_path):
    paths = page.write(tmp_path / "docs")
    assert {path.relative_to(tmp_path / "docs").as_posix() for path in paths} == page.pages().keys()
    assert (tmp_path / "docs" / "checks.md").read_text("utf-8") == page.checks_page()
