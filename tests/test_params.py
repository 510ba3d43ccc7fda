"""Parameters are text until a declared type coerces them, and every mistake is named with its line."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from crisiskit.errors import UserError
from crisiskit.params import Strict, json_schema, load, load_yaml, to_model


class ByColumn(Strict):
    by: str
    values: dict[str, Literal["hours", "minutes"]]


class Column(Strict):
    source: str | None = None
    unit: Literal["hours", "minutes", "auto"] | ByColumn = "auto"
    share: Annotated[float, Field(ge=0, le=1, description="share of rows, 0 to 1")] = 0.5


class Filter(Strict):
    values: tuple[str, ...] = Field((), alias="is")
    because: str


class Study(Strict):
    name: str
    weekend: bool = False
    months: int = 12
    columns: dict[str, Column] = {}
    files: tuple[str, ...] = ()
    keep_where: tuple[Filter, ...] = ()


@pytest.fixture
def write(tmp_path):
    def to_file(text: str | bytes) -> Path:
        path = tmp_path / "study.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file


def problem(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(path, Study)
    return str(caught.value).replace(f"{path}", "study.yaml")


@pytest.mark.parametrize(
    "text", ["06075", "NO", "yes", "12:30", "1.10", "1e3", "0x1F", "2020-01-01", "N/A", "NULL", ".inf", "1_000", "="]
)
def test_scalars_stay_as_they_are_written(write, text):
    assert load_yaml(write(f"a: {text}\nb: [{text}]\n{text}: c\n"))["a"] == text
    assert load(write(f"name: {text}"), Study).name == text


@pytest.mark.parametrize("text", ["", "null", "~", " # nothing"])
def test_an_empty_value_is_none(write, text):
    assert load_yaml(write(f"a: {text}\n")) == {"a": None}


@pytest.mark.parametrize("text", ['""', "''", '"null"', "'~'"])
def test_a_quoted_empty_value_is_text(write, text):
    assert load_yaml(write(f"a: {text}\n")) == {"a": text[1:-1]}


def test_text_is_coerced_by_the_declared_type(write):
    study = load(write("name: 007\nweekend: NO\nmonths: 06\ncolumns: {age: {share: .25}}\nfiles: [1.10]\n"), Study)
    assert (study.name, study.weekend, study.months, study.files) == ("007", False, 6, ("1.10",))
    assert study.columns["age"].share == 0.25


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_editors(write, encoding):
    assert load(write("name: Línea 144\r\nmonths: 3\r\n".encode(encoding)), Study).name == "Línea 144"


def test_anchors_and_merges_are_written_out(write):
    tree = load_yaml(write("base: &b {unit: hours, source: x}\ncolumns:\n  age: {<<: *b, source: y}\n"))
    assert tree["columns"]["age"] == {"unit": "hours", "source": "y"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "study.yaml, line 3: key 'a' is written twice (first on line 1)"),
        ("c:\n  1: x\n  '1': y\n", "study.yaml, line 3: key '1' is written twice (first on line 2)"),
        ("a: &x [1, *x]\n", "study.yaml, line 1: an anchor (&name) contains an alias (*name) of itself"),
        ("a: &x\n  b: *x\n", "study.yaml, line 1: an anchor (&name) contains an alias (*name) of itself"),
        ("a: !secret 1\n", "study.yaml, line 1: tag '!secret' is not allowed here; write the plain value"),
        ("a: !!python/name:os.system ''\n", "study.yaml, line 1: tag 'tag:yaml.org,2002:python/name:os.system' is"),
        ("a: 1\n---\nb: 2\n", "study.yaml, line 2: a second document begins (`---`); keep one per file"),
        ("a:\n\tb: 1\n", "study.yaml, line 2: a tab stands where YAML wants spaces; indent with spaces"),
        ("", "study.yaml: the file is empty"),
        ("# only a remark\n", "study.yaml: the file is empty"),
        ("- a\n", "study.yaml: should hold `key: value` lines, not a list of 1"),
        ("a: [1\n", "study.yaml, line 2: while parsing a flow sequence"),
        ("a: *b\n", "study.yaml, line 1: found undefined alias 'b'"),
        (b"a: \xff\n", "study.yaml: is not plain text in UTF-8 (position 3"),
        (b"a: \x00\n", "study.yaml: is not plain text in UTF-8"),
        ("[" * 5000, "study.yaml: lists or mappings are nested too deeply"),
    ],
)
def test_what_is_not_plain_yaml_is_named_with_its_line(write, text, message):
    assert message in problem(write(text))


def test_anchors_that_multiply_are_stopped(write):
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    assert "anchors make this file larger" in problem(write("\n".join(lines)))


def test_a_missing_file_is_a_user_error(tmp_path):
    assert "No such file" in problem(tmp_path / "absent.yaml")


def test_every_problem_is_listed_in_one_error(write):
    text = problem(
        write(
            "nam: x\n"
            "months: twelve\n"
            "weekend: perhaps\n"
            "columns:\n"
            "  age: {unit: hourz, share: 3}\n"
            "  sex: {souce: x, unit: {bye: c, values: {a: hous}}}\n"
            "  zip: 12\n"
            "files: a.csv\n"
        )
    )
    assert text.splitlines() == [
        "study.yaml: name: this key is missing",
        "study.yaml, line 3: weekend: 'perhaps' should be a valid boolean, unable to interpret input",
        "study.yaml, line 2: months: 'twelve' should be a valid integer, unable to parse string as an integer",
        "study.yaml, line 5: columns.age.unit: 'hourz' should be 'hours', 'minutes' or 'auto'; did you mean 'hours'?",
        "study.yaml, line 5: columns.age.share: '3' should be less than or equal to 1 (share of rows, 0 to 1)",
        "study.yaml, line 6: columns.sex.unit.by: this key is missing",
        "study.yaml, line 6: columns.sex.unit.values.a: 'hous' should be 'hours' or 'minutes'; did you mean 'hours'?",
        "study.yaml, line 6: columns.sex.unit.bye: unknown key; did you mean 'by'?",
        "study.yaml, line 6: columns.sex.souce: unknown key; did you mean 'source'?",
        "study.yaml, line 7: columns.zip: '12' should be a mapping (key: value)",
        "study.yaml, line 8: files: 'a.csv' should be a list ([a, b] or lines that begin with -)",
        "study.yaml, line 1: nam: unknown key; did you mean 'name'?",
    ]


def test_an_unknown_key_with_no_near_name_lists_the_known_ones(write):
    text = problem(write("name: x\nzzz: 1\n"))
    assert "zzz: unknown key; known here: name, weekend, months, columns, files, keep_where" in text


def test_the_nearest_key_is_the_one_that_is_written_not_the_field_of_the_model(write):
    text = problem(write("name: x\nkeep_where:\n  - is: [a]\n    becuase: late\n  - iss: [b]\n    because: late\n"))
    assert "line 4: keep_where[1].becuase: unknown key; did you mean 'because'?" in text
    assert "line 5: keep_where[2].iss: unknown key; did you mean 'is'?" in text


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_numbers_are_finite(write, value):
    assert "should be a finite number" in problem(write(f"name: x\ncolumns: {{a: {{share: {value}}}}}\n"))


@given(st.dictionaries(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), st.text(max_size=20)))
def test_a_tree_of_text_survives_the_file(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("yaml") / "tree.yaml"
    path.write_text(yaml.safe_dump(tree or {"a": "x"}), encoding="utf-8")
    assert load_yaml(path) == (tree or {"a": "x"})


def test_models_are_frozen():
    study = to_model({"name": "x"}, Study, "study.yaml")
    with pytest.raises(ValueError, match="frozen"):
        study.name = "y"


def test_the_schema_completes_choices_and_allows_plain_scalars_for_text():
    schema = json_schema(Study)
    assert schema["properties"]["name"]["type"] == ["string", "number", "boolean"]
    assert schema["$defs"]["Column"]["properties"]["unit"]["anyOf"][0]["enum"] == ["hours", "minutes", "auto"]
    assert schema["additionalProperties"] is False
