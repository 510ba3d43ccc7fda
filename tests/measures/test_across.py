"""Two sources side by side: what differs between them is named and judged, and one reason is enough against them."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures.across import Tolerance, across, comparable


@pytest.fixture
def sources(rows):
    """Ten records of each of two sources, alike but for what a test changes: sources(column=(north, south))."""
    def make(**changes):
        common = {"record_kind": "call_for_service", "contacts": 1, "is_aggregate": False, "time_precision": "second",
                  "received_at": "2025-01-01T00:00:00Z", "arrived_at": "2025-01-01T00:05:00Z"}
        parts = [rows(**{name: [value] * 10 for name, value in (common | {key: pair[place] for key, pair in
                 changes.items()}).items()}, source=[name] * 10)["interventions"]
                 for place, name in enumerate(("north", "south"))]
        return {"interventions": pd.concat(parts, ignore_index=True)}
    return make


def judged(gate: pd.DataFrame) -> dict[str, str]:
    return dict(zip(gate["condition"], gate["comparable"], strict=True))


def test_alike_sources_are_comparable(sources) -> None:
    found = across(sources(), "response_time")
    assert found.verdict == "comparable"
    assert set(found.answer["source"]) == {"north", "south"}
    assert judged(found.gate) == {
        "record_kind": "yes", "area_basis": "has no bearing on it", "time_precision": "yes",
        "eligibility": "has no bearing on it", "call_type": "has no bearing on it",
        "share of contacts on period totals": "yes", "missing received_at": "yes", "missing arrived_at": "yes"}


@pytest.mark.parametrize(("column", "pair", "why"), [
    ("record_kind", ("call_for_service", "field_response"),
     "record kind differs (north: call_for_service; south: field_response)"),
    ("time_precision", ("second", "minute"), "time precision differs (north: second; south: minute)"),
    ("is_aggregate", (False, True), "share of contacts on period totals differs by more than 10 points "
                                    "(north: 0.0 %; south: 100.0 %)"),
    ("arrived_at", ("2025-01-01T00:05:00Z", None), "missing arrived_at differs by more than 10 points "
                                                   "(north: 0.0 % of 10 rows; south: 100.0 % of 10 rows)")])
def test_a_difference_is_a_reason_against(sources, column: str, pair: tuple, why: str) -> None:
    assert across(sources(**{column: pair}), "response_time").verdict == f"not comparable, because {why}"


def test_an_area_of_another_basis_bears_on_figures_by_area_only(sources) -> None:
    data = sources(area_basis=("incident", "residence"), area_id=("1", "2"))
    assert across(data, "contacts").verdict == "comparable"
    assert across(data, "contacts", where={"area_id": ["1", "2"]}).verdict == \
        "not comparable, because area basis differs (north: incident; south: residence)"
    silent = sources(area_basis=("incident", None), area_id=("1", "2"))
    assert across(silent, "contacts", where={"area_id": ["1", "2"]}).verdict == \
        "cannot tell: area basis is not recorded for south"


def test_a_rule_of_eligibility_must_be_stated(sources) -> None:
    data = sources(eligible=(True, True), call_type_initial=("A", "A"))
    met = {"where": {"eligible": True}}
    assert across(data, "contacts", **met).verdict == \
        "cannot tell: eligibility is decided by a rule that is not stated for north, south"
    rule = {"north": {"eligibility": "list of 2024"}, "south": {"eligibility": "list of 2024"}}
    assert across(data, "contacts", **met, stated=rule).verdict == "comparable"
    rule["south"] = {"eligibility": "any call"}
    assert "eligibility differs" in across(data, "contacts", **met, stated=rule).verdict


def test_initial_and_final_call_types_are_not_alike(sources) -> None:
    data = sources(need=("suicide", "suicide"), call_type_initial=("A", None), call_type_final=(None, "A"))
    gate = comparable(data, "contacts", where={"need": "suicide"})
    assert judged(gate)["call_type"] == "no"
    assert gate.set_index("condition").loc["call_type", ["north", "south"]].tolist() == ["initial", "final"]


def test_the_tolerance_is_a_parameter(sources) -> None:
    data = sources()
    data["interventions"].loc[0, "arrived_at"] = pd.NaT
    assert across(data, "response_time").verdict == "comparable"  # 10 points, no more
    assert "more than 5 points" in across(data, "response_time", tolerance=Tolerance(missing_share=0.05)).verdict


def test_one_source_is_nothing_to_compare(sources) -> None:
    data = sources()["interventions"]
    with pytest.raises(UserError, match="hold one source, north"):
        across({"interventions": data[data["source"] == "north"]}, "contacts")


def test_totals_of_counts_have_no_kind_of_record() -> None:
    counts = pd.DataFrame([{"source": source, "measure": name, "value": value, "source_row": 1}
                           for source in ("north", "south") for name, value in (("offered", 10), ("answered", 9))])
    found = across({"counts": counts}, "answer_rate")
    assert found.answer["value"].tolist() == [0.9, 0.9]
    assert found.gate.set_index("condition").loc["record_kind", "why"] == "table 'counts' has no record_kind"
