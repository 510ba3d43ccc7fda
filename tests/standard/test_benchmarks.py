"""The registry of benchmarks: whole entries, conflicts named on both sides, a mistaken entry told."""

import dataclasses

import pytest

from crisiskit.errors import UserError
from crisiskit.measures import catalogue
from crisiskit.standard import benchmarks as registry

ITEMS = list(registry.benchmarks().values())
ENTRY = {"topic": "t", "title": "T", "kind": "standard", "direction": "at_least", "low": "0.9", "unit": "share",
         "measure": "answer_rate", "where": {"interventions": {"access": ["911"]}}, "source": "s", "edition": "",
         "verified": "false"}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_an_entry_is_whole(item):
    for text in (item.topic, item.title, item.unit, item.source):
        assert text
    assert not item.title.endswith(".")
    if item.measure:
        measure = catalogue()[item.measure]
        assert measure.accept(item.variant)
        assert bool(item.statistic) == (measure.family == "clocks")
    if not item.address:
        assert "http" not in item.source


@pytest.mark.parametrize(("name", "figure", "verified"), [
    ("nena_15s", "at least 90 %", True), ("nena_20s", "at least 95 %", True),
    ("nfpa_1225_10s", "at least 90 %", False), ("nfpa_1225_processing_60s", "at most 1 min", False),
    ("nfpa_1221_15s", "at least 95 %", True), ("nfpa_1221_40s", "at least 99 %", True),
    ("line_20s", "at least 95 %", False), ("line_abandonment", "below 5 %", False),
    ("line_rollover", "below 10 %", False), ("line_in_state", "at least 90 %", False),
    ("crisis_events_per_100k", "230 events per 100 000 people a month", False), ("crisis_share_mobile", "32 %", False),
    ("crisis_share_facility", "54 %", False), ("crisis_share_emergency_department", "14 %", False),
    ("bheard_eligible", "22 % to 30 %", True), ("bheard_reached", "53 % to 73 %", True),
    ("bheard_unserved", "35 %", True), ("star_offences", "34 %", True), ("star_dose", "1,400 offences", True),
    ("star_cost", "151 USD per offence", True), ("star_cost_usual", "646 USD per offence", True),
    ("mobile_without_hospital", "at most 45 %", True), ("police_without_hospital", "72 %", True),
    ("mobile_cost", "23 %", True), ("mobile_arrests", "", True)])
def test_figures_are_those_that_were_published(name, figure, verified):
    item = registry.benchmarks()[name]
    assert (item.figure, item.verified) == (figure, verified)


def test_conflicting_answering_standards_all_stand():
    """Three published standards give four marks for the answering of 911 calls; none is dropped for another."""
    marks = {item.id for item in registry.find("service_level") if item.topic == "911_answering"}
    assert marks == {"nena_15s", "nena_20s", "nfpa_1225_10s", "nfpa_1221_15s", "nfpa_1221_40s"}
    assert set(registry.benchmarks()["nfpa_1225_10s"].conflicts) == marks - {"nfpa_1225_10s"}


def test_effects_and_needs_are_never_set_beside_a_description():
    assert all(item.never for item in registry.of_topic("crisis_capacity"))
    assert all(registry.benchmarks()[name].never for name in ("star_offences", "star_dose", "star_cost", "mobile_cost"))


def test_records_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ITEMS[0].low = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        ITEMS[0].variant["threshold_s"] = "99"  # type: ignore[index]


@pytest.mark.parametrize(("change", "message"), [
    ({"sourc": "x"}, "there is no key 'sourc'; did you mean 'source'?"),
    ({"verified": "yes"}, "verified cannot be 'yes'"),
    ({"kind": "standrd"}, "kind cannot be 'standrd'; did you mean 'standard'?"),
    ({"low": "ninety"}, "low must be a number such as 0.9, not 'ninety'"),
    ({"direction": "within"}, "direction within needs 'high'"),
    ({"measure": ""}, "needs measure, direction and where, or 'never' with the reason"),
    ({"where": {"interventions": {"acess": ["911"]}}}, "no column 'acess'; did you mean 'access'?"),
    ({"where": {"intervention": {}}}, "did you mean 'interventions'?"),
    ({"conflicts": ["b"]}, "conflicts with 'b', which is not there")])
def test_a_mistaken_entry_is_told(change, message):
    with pytest.raises(UserError) as told:
        registry.parse({"a": {**ENTRY, **change}})
    assert message in str(told.value)


def test_a_missing_key_and_a_conflict_named_on_one_side_are_told():
    with pytest.raises(UserError, match="'edition' is missing"):
        registry.parse({"a": {key: value for key, value in ENTRY.items() if key != "edition"}})
    with pytest.raises(UserError, match="'b': must name 'a' among its conflicts"):
        registry.parse({"a": {**ENTRY, "conflicts": ["b"]}, "b": ENTRY})


def test_topics_and_measures_are_found():
    assert [item.id for item in registry.find("hospitalized")] == ["mobile_without_hospital"]
    assert registry.find("contacts") == []
    with pytest.raises(UserError, match="did you mean 'crisis_line'"):
        registry.of_topic("crisis_lines")
