"""Every check fails on a row that breaks it and passes on one that does not; consequences, verdicts, counts."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import ibis
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.engine import connect
from crisiskit.errors import UserError
from crisiskit.intake import checks
from crisiskit.intake.rules import ROW
from crisiskit.standard import catalogue, dictionary

TODAY = date(2024, 6, 1)
EXAMPLES = yaml.load((Path(__file__).parent / "check_examples.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)


def examples(table: str) -> dict[str, dict]:
    """The failing and the passing row of every row check of a table, braces filled like the catalogue's."""
    given, found = EXAMPLES[f"{table}_rows"], {}
    for entry in dictionary.read_yaml("checks.yaml")["checks"]:
        if entry["table"] != table or entry["rule"]["kind"] not in ROW:
            continue
        for words in entry.get("each", [{}]):
            words = {"column": words} if isinstance(words, str) else words
            check_id = entry["id"].format_map(words)
            example = given.get(check_id) or given[entry["id"]]
            found[check_id] = {
                key: {name.format_map(words): text.format_map(words) if isinstance(text, str) else text
                      for name, text in row.items()}
                for key, row in example.items()
            }
    return found


@pytest.fixture(scope="module", params=dictionary.TABLES)
def judged(request, table_of):
    """Per check: what it says of its failing and of its passing row, as ((applies, fails), (applies, fails))."""
    rows = examples(request.param)
    table = table_of(request.param, [row for pair in rows.values() for row in (pair["fails"], pair["passes"])])
    compiled = {one.check.id: one for one in checks.compiled(request.param, table, today=TODAY)}
    said = table.select("nr", **{f"a_{name}": one.applies for name, one in compiled.items()},
                        **{f"f_{name}": one.fails for name, one in compiled.items()}).order_by("nr").to_pyarrow()
    answers = {}
    for i, name in enumerate(rows):
        answers[name] = [(said[f"a_{name}"][2 * i + j].as_py(), said[f"f_{name}"][2 * i + j].as_py()) for j in (0, 1)]
    return request.param, answers, said


def test_every_row_check_has_a_row_that_fails_and_one_that_passes(judged):
    table, answers, _ = judged
    listed = {check.id for check in catalogue.of_table(table) if check.rule["kind"] in ROW}
    assert answers.keys() == listed
    wrong = {name: found for name, found in answers.items() if found != [(True, True), (True, False)]}
    assert wrong == {}


def test_verdicts_are_never_null_and_nothing_fails_where_it_does_not_apply(judged):
    _, _, said = judged
    for name in (column for column in said.column_names if column.startswith("f_")):
        applies, fails = said[f"a_{name[2:]}"].to_pylist(), said[name].to_pylist()
        assert None not in applies, name
        assert None not in fails, name
        assert all(a or not f for a, f in zip(applies, fails, strict=True)), name


NOTHING_TO_SAY = {
    "age_outside_band": [{"age": "30", "age_band": "30 or so"}, {"age": "30"}, {"age_band": "20-29"}],
    "outcome_known": [{"outcome": "not_applicable"}],
    "duration_over_24h": [{"duration_min": "9999", "contacts": "0"}, {"duration_min": "9999"}],
    "answered_abandoned_over_offered": [{"offered": "3"}, {"answered": "3"}],
    "need_in_needs": [{"need": "unknown", "needs": ["suicide"]}, {"need": "suicide"}],
    "arrested_contradicts_outcome": [{"outcome": "arrested"}, {"outcome": "cited", "arrested": "false"}],
    "cleared_at_before_arrived_at": [{"arrived_at": "2024-05-01 10:00:00"}, {"cleared_at": "2024-05-01 10:00:00"}],
    "age_heap": [{"age": "0"}, {}],
    "wait_over_4h": [{"is_aggregate": "true", "wait_s": "20000"}],
    "aggregate_received_local": [{"is_aggregate": "true", "time_precision": "hour", "received_local": "$ok"}],
}


@pytest.mark.parametrize(("check_id", "rows"), NOTHING_TO_SAY.items(), ids=NOTHING_TO_SAY)
def test_checks_say_nothing_of_rows_that_they_do_not_apply_to(check_id, rows, table_of):
    table = table_of("interventions", rows)
    one = next(one for one in checks.compiled("interventions", table) if one.check.id == check_id)
    assert table.select(a=one.applies, f=one.fails).to_pyarrow().to_pylist() == [{"a": False, "f": False}] * len(rows)


def test_an_unknown_code_among_the_members_of_a_list_fails(table_of):
    rows = [{"outcomes": ["resolved", "vanished"]}, {"outcomes": ["resolved", "unknown"]}, {"outcomes": []}, {}]
    table = table_of("interventions", rows)
    one = next(one for one in checks.compiled("interventions", table) if one.check.id == "outcomes_codes")
    assert table.order_by("nr").select(one.fails).to_pyarrow()[0].to_pylist() == [True, False, False, False]


@pytest.mark.parametrize(("numerator", "denominator", "threshold", "expected"), [
    (0, 0, 0.5, "not applicable"), (0, 10, 0, "pass"), (1, 10, 0, "fail"), (1, 10, 0.1, "pass with failures"),
    (3, 10, 0.3, "pass with failures"), (2, 10, 0.1, "fail"), (10, 10, 1, "pass with failures"), (1, 10**9, 0, "fail"),
])
def test_status_at_its_boundaries(numerator, denominator, threshold, expected):
    assert checks.status(numerator, denominator, threshold) == expected


@given(st.integers(1, 10**7), st.data(), st.floats(0, 1))
def test_status_agrees_with_its_definition(denominator, data, threshold):
    numerator = data.draw(st.integers(0, denominator))
    expected = "pass" if numerator == 0 else "fail" if numerator / denominator > threshold else "pass with failures"
    assert checks.status(numerator, denominator, threshold) == expected


ROWS = [
    {"contacts": "1", "age": "190", "arrived_at": "2024-05-01 10:10:00", "cleared_at": "2024-05-01 10:00:00"},
    {"contacts": "1", "latitude": "0", "longitude": "0", "missing": "age=declined"},
    {"contacts": "-1", "period_start": "1900-01-01", "age": "30"},
    {"contacts": "2", "period_start": "2024-05-01", "age": "120", "wait_s": "0"},
]


@pytest.fixture(scope="module")
def applied(table_of):
    """ROWS after the consequences."""
    table = table_of("interventions", ROWS)
    found = checks.apply(table, checks.compiled("interventions", table, today=TODAY))
    return found.order_by("nr").to_pyarrow().to_pylist()


class TestApply:
    def test_impossible_values_are_set_aside_and_the_record_stays(self, applied):
        assert applied[0]["age"] is None
        assert applied[0]["cleared_at"] is None
        assert applied[0]["arrived_at"] == datetime(2024, 5, 1, 10, 10, tzinfo=UTC)
        assert sorted(applied[0]["missing"].split(";")) == ["age=set_aside", "cleared_at=set_aside"]

    def test_the_raw_value_and_the_reason_are_kept(self, applied):
        entries = [entry.split("\x1f") for entry in applied[0]["_aside"].rstrip("\x1e").split("\x1e")]
        assert sorted(entries) == [
            ["age", "Age is not between 0 and 120 (age_out_of_range)", "190"],
            ["cleared_at", "Cleared before arrival (cleared_at_before_arrived_at)", "2024-05-01 10:00:00+00"],
        ]

    def test_tokens_are_added_to_those_that_are_there(self, applied):
        assert applied[1]["latitude"] is applied[1]["longitude"] is None
        assert set(applied[1]["missing"].split(";")) == {"age=declined", "latitude=set_aside", "longitude=set_aside"}

    def test_the_first_fatal_check_names_the_problem(self, applied):
        assert applied[2]["_row_problem"] == "Number of contacts is negative (contacts_negative)"
        assert applied[2]["age"] == 30
        assert [row["_row_problem"] for row in applied[:2]] == [None, None]

    def test_a_sound_record_is_left_alone(self, applied):
        sound = applied[3]
        assert (sound["age"], sound["wait_s"], sound["contacts"]) == (120, 0.0, 2)
        assert sound["_row_problem"] is sound["_aside"] is sound["missing"] is None

    def test_entries_that_are_there_come_first(self, table_of):
        table = table_of("interventions", [{"age": "130"}]).mutate(_aside=ibis.literal("due\x1fno date\x1fsoon\x1e"))
        row = checks.apply(table, checks.compiled("interventions", table)).to_pyarrow().to_pylist()[0]
        assert re.findall(r"(\w+)\x1f[^\x1e]*\x1e", row["_aside"]) == ["due", "age"]

    def test_a_check_that_the_caller_takes_out_has_no_consequence_and_no_verdict(self, table_of):
        table = table_of("interventions", [{}])
        found = [one for one in checks.compiled("interventions", table) if one.check.id != "contacts_missing"]
        assert checks.apply(table, found).to_pyarrow()["_row_problem"].to_pylist() == [None]
        result = {entry["id"]: entry for entry in checks.results("interventions", table, found)}["contacts_missing"]
        assert (result["numerator"], result["status"]) == (None, "not applicable")


@pytest.fixture
def results(table_of):
    """The entries of quality.json for rows of text, by check id: results("counts", [{"value": "3"}])."""

    def go(name, rows, **options):
        table = table_of(name, rows)
        compiled = checks.compiled(name, table, today=TODAY, **options)
        return {entry["id"]: entry for entry in checks.results(name, table, compiled, today=TODAY, **options)}

    return go


def test_results_keep_numerator_denominator_and_share(results):
    rows = [{"age": "30"}, {"age": "200"}, {"age": "-1"}, {}]
    found = results("interventions", rows)["age_out_of_range"]
    assert (found["numerator"], found["denominator"], found["share"], found["status"]) == (2, 3, 2 / 3, "fail")


def test_results_cover_the_catalogue_in_its_order(results):
    assert list(results("counts", [{"value": "1"}])) == [check.id for check in catalogue.of_table("counts")]


def test_an_empty_table_fails_nothing(results):
    assert {entry["status"] for entry in results("interventions", []).values()} == {"not applicable"}


def test_checks_on_columns_that_the_source_lacks_are_not_applicable(results):
    found = results("interventions", [{"contacts": "1", "age": "200"}], mapped={"contacts"})
    assert found["contacts_missing"]["status"] == "pass"
    assert found["age_out_of_range"]["status"] == "not applicable"
    assert found["age_out_of_range"]["numerator"] is None


def test_thresholds_replace_the_catalogue(results):
    rows = [{"age": "30"}, {"age": "200"}]
    assert results("interventions", rows, thresholds={"age_out_of_range": 0.5})["age_out_of_range"]["status"] == \
        "pass with failures"
    with pytest.raises(UserError, match="did you mean 'age_out_of_range'"):
        results("interventions", rows, thresholds={"age_out_of_rang": 0.5})


def test_a_rule_that_does_not_fit_the_table_is_an_error_with_its_message(table_of):
    table = table_of("interventions", [{"contacts": "1", "age": "200"}])
    table = table.drop("wait_s").mutate(cleared_at=ibis.literal("x"))
    mapped = {"age", "wait_s", "arrived_at", "cleared_at"}
    compiled = checks.compiled("interventions", table, mapped=mapped)
    found = {entry["id"]: entry for entry in checks.results("interventions", table, compiled, mapped=mapped)}
    assert found["wait_s_negative"]["status"] == "error"
    assert "wait_s" in found["wait_s_negative"]["message"]
    assert found["cleared_at_before_arrived_at"]["status"] == "error"
    assert found["age_out_of_range"]["status"] == "fail"


def test_a_rule_that_fails_while_it_runs_does_not_take_the_others_with_it(table_of):
    table = table_of("interventions", [{"age": "200", "priority": "high"}])
    table = table.mutate(age=table.priority.cast("int64"), contacts=ibis.literal(1000))
    compiled = checks.compiled("interventions", table, mapped={"age"})
    found = {entry["id"]: entry for entry in checks.results("interventions", table, compiled, mapped={"age"})}
    assert found["age_out_of_range"]["status"] == "error"
    assert "Could not convert string 'high' to INT64" in found["age_out_of_range"]["message"]
    assert found["contacts_over_999"]["status"] == "fail"


class TestReassess:
    entries = [
        {"id": "age_out_of_range", "numerator": 2, "denominator": 10, "threshold": 0.0, "status": "fail"},
        {"id": "area_id_known", "numerator": None, "denominator": None, "threshold": 0.05, "status": "not applicable"},
        {"id": "wait_over_4h", "numerator": None, "denominator": None, "threshold": 0.0, "status": "error"},
    ]

    def test_other_thresholds_give_other_verdicts_from_the_same_counts(self):
        judged = checks.reassess(self.entries, {"age_out_of_range": 0.2})
        assert [entry["status"] for entry in judged] == ["pass with failures", "not applicable", "error"]
        assert judged[0]["threshold"] == 0.2
        assert self.entries[0]["status"] == "fail"

    def test_without_thresholds_nothing_changes(self):
        assert checks.reassess(self.entries, {}) == self.entries

    def test_what_was_not_counted_keeps_its_verdict(self):
        assert checks.reassess(self.entries, {"wait_over_4h": 1})[2]["status"] == "error"

    @pytest.mark.parametrize(("thresholds", "message"), [
        ({"age_out_of_rnge": 0.2}, "no check 'age_out_of_rnge'; did you mean 'age_out_of_range'"),
        ({"age_out_of_range": 20}, "age_out_of_range is 20; it must be a share from 0 to 1"),
    ])
    def test_mistakes_are_told(self, thresholds, message):
        with pytest.raises(UserError, match=message):
            checks.reassess(self.entries, thresholds)


cells = st.fixed_dictionaries({}, optional={
    "age": st.integers(-5, 200).map(str), "contacts": st.integers(-2, 60).map(str),
    "is_aggregate": st.sampled_from(["true", "false"]), "outcome": st.sampled_from(["resolved", "odd", "unknown"]),
    "arrived_at": st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)).map(str),
    "cleared_at": st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)).map(str),
    "latitude": st.floats(-100, 100).map(str), "longitude": st.floats(-200, 200).map(str),
})


@settings(max_examples=6, deadline=None)
@given(st.lists(cells, min_size=1, max_size=40))
def test_counts_are_bounded_and_what_is_set_aside_passes_afterwards(table_of, rows):
    con = connect(threads=1)
    table = table_of("interventions", rows, con)
    mapped = {"age", "contacts", "outcome", "arrived_at", "cleared_at", "latitude", "longitude"}
    compiled = checks.compiled("interventions", table, mapped=mapped, today=TODAY)
    for entry in checks.results("interventions", table, compiled, mapped=mapped, today=TODAY):
        if entry["numerator"] is not None:
            assert 0 <= entry["numerator"] <= entry["denominator"] <= len(rows)
    con.con.register("after", checks.apply(table, compiled).to_pyarrow())
    after = con.table("after")
    again = checks.compiled("interventions", after, mapped=mapped, today=TODAY)
    mended = {e["id"]: e for e in checks.results("interventions", after, again, mapped=mapped, today=TODAY)}
    for one in compiled:
        if one.check.consequence == "value":
            assert mended[one.check.id]["numerator"] == 0
    assert after.count().execute() == len(rows)
