"""The glossary: alphabetical, each term once, no column that the dictionary does not have."""

import re

from crisiskit.standard import dictionary


def test_terms_stand_in_order_and_once(root):
    terms = re.findall(r"^\*\*(.+?)\.\*\*", (root / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)
    plain = [re.sub("[^a-z0-9 ]", "", term.lower()) for term in terms]
    assert len(terms) > 60
    assert plain == sorted(set(plain))


def test_columns_that_it_names_exist(root):
    named = re.findall(r"`([a-z_]+)`", (root / "GLOSSARY.md").read_text("utf-8"))
    columns = {column for table in dictionary.tables().values() for column in table.columns}
    assert set(named) <= columns | set(dictionary.TABLES) | set(dictionary.KINDS)
