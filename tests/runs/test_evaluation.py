"""The evaluation file, its schemas, and the evaluations and mappings that the kit brings."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from crisiskit.errors import UserError
from crisiskit.params import load_yaml, to_model
from crisiskit.runs.evaluation import Evaluation, read_study, schemas

ROOT = Path(__file__).resolve().parents[2]
EVALUATIONS = sorted((ROOT / "params" / "evaluations").glob("*.yaml"))
SOURCES = sorted((ROOT / "params" / "sources").glob("*.yaml"))
LEAST = {"evaluation": "a", "title": "A", "sources": ["x"]}


def plain(tree):
    """A tree of text with numbers and booleans as an editor reads them (YAML 1.2)."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(item) for item in tree]
    number = isinstance(tree, str) and re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?|true|false", tree)
    return json.loads(tree) if number else tree


@pytest.mark.parametrize("name", ["evaluation.schema.json", "source.schema.json"])
def test_the_schemas_are_those_of_the_models(name):
    written = json.loads((ROOT / "params" / "schema" / name).read_text("utf-8"))
    assert written == json.loads(json.dumps(schemas()[name])), "run: crisiskit schema"


@pytest.mark.parametrize("path", EVALUATIONS + SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_editors_accept_every_file_that_the_kit_brings(path):
    kind = path.parent.name.removesuffix("s")
    assert path.read_text("utf-8").startswith(f"# yaml-language-server: $schema=../schema/{kind}.schema.json\n")
    tree = load_yaml(path)
    if "extends" in tree:
        pytest.skip("what it leaves out stands in the mapping that it extends")
    jsonschema.validate(plain(tree), schemas()[f"{kind}.schema.json"])


@pytest.mark.parametrize("path", EVALUATIONS, ids=lambda path: path.stem)
def test_every_evaluation_finds_what_it_names(path):
    study = read_study(path)
    assert study.evaluation.evaluation == path.stem
    assert len(study.mappings) == len(study.evaluation.sources)


def test_editors_refuse_an_unknown_key():
    with pytest.raises(jsonschema.ValidationError, match="fiscal_yr"):
        jsonschema.validate({**LEAST, "fiscal_yr": "state"}, schemas()["evaluation.schema.json"])


def test_a_source_may_be_named_in_one_word():
    evaluation = to_model({**LEAST, "sources": ["one", {"mapping": "two"}]}, Evaluation, "e.yaml")
    assert [entry.mapping for entry in evaluation.sources] == ["one", "two"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"evaluation": "Two Words"}, "evaluation: 'Two Words' should match pattern"),
        ({"evaluation": "../away"}, "evaluation: '../away' should match pattern"),
        ({"sources": []}, "sources: a list of 0 should have at least 1 item"),
        ({"sources": [{}]}, "sources[1]: a source needs mapping: NAME or simulate: {kind: demo}"),
        ({"sources": [{"simulate": {"seed": "-1"}}]}, "sources[1].simulate.seed: '-1' should be greater than or equal"),
        ({"period": {"from": "2020", "to": "2021-01-01"}}, "period.from: '2020' is no day; write YYYY-MM-DD"),
        ({"period": {"from": "2021-02-29", "to": "2021-03-01"}}, "period.from: '2021-02-29' is no day"),
        ({"period": {"from": "2021-02-01", "to": "2021-01-31"}}, "period: ends on 2021-01-31, before it begins"),
        ({"fiscal_year": "federl"}, "fiscal_year: 'federl' should be 'calendar', 'state' or 'federal'; did you"),
        ({"thresholds": {"x": "5%"}}, "thresholds.x: '5%' should be a valid number"),
        ({"thresholds": {"x": "1.5"}}, "thresholds.x: '1.5' should be less than or equal to 1"),
        ({"clock_cap_h": "0"}, "clock_cap_h: '0' should be greater than 0 (hours beyond which"),
        ({"notebooks": ["a", "b/a.ipynb"]}, "notebooks: notebook 'a' is listed twice"),
        ({"parameters": {"10_pattern": {}}}, "parameters: '10_pattern' is not among the notebooks"),
    ],
)
def test_a_wrong_value_is_told_with_what_would_be_right(change, message):
    with pytest.raises(UserError) as caught:
        to_model({**LEAST, **change}, Evaluation, "e.yaml")
    assert message in str(caught.value)
