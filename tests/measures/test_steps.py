"""Steps and contacts: the join multiplies nothing, and what meets nothing is counted."""

import ibis
import pandas as pd
import pytest
from followed import followed
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import measure, steps
from crisiskit.measures.request import ask

RECORDS = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=8)


@settings(max_examples=15, deadline=None)
@given(RECORDS, RECORDS)
def test_joining_keeps_every_step_once_and_every_contact_once(records: list, followed_records: list) -> None:
    data = followed({"record_id": records, "area_id": "n"}, {"record_id": followed_records, "step": "survey"})
    request = ask(data, "duty_completed", variant={"duty": "survey"})
    joined = steps.with_contact(request)
    after = request.tables.fetch(joined.tables.tables["follow_ups"].select("follow_up_id", "linked", "area_id"))
    assert sorted(after["follow_up_id"]) == sorted(data["follow_ups"]["follow_up_id"])
    alone = [record for record in records if record is not None and records.count(record) == 1]
    assert after["linked"].sum() == sum(record in alone for record in followed_records)
    assert (after["area_id"].notna() == after["linked"]).all()
    contacts = steps.contacts(request, steps.of_kind(request, "survey"), {})
    assert contacts is not None
    assert int(request.tables.fetch(contacts.table.count().as_table()).iloc[0, 0]) == len(records)
    lost = sum(record not in records or record is None for record in followed_records)
    assert contacts.note == (f"steps that meet no contact: {lost}" if lost else "")


def test_equal_record_ids_of_two_sources_are_two_records() -> None:
    data = followed({"record_id": ["a", "a"], "source": ["s", "t"], "area_id": ["n", "s"]},
                    {"record_id": ["a", "a"], "source": ["s", "t"], "step": "needs_assessment", "met": [True, False]})
    frame = measure(data, "unmet_need", by="area_id").set_index("area_id")
    assert frame["value"].to_dict() == {"n": 0, "s": 1}


def test_a_step_is_grouped_by_the_month_of_its_contact() -> None:
    data = followed({"record_id": ["a", "b"]}, {"record_id": ["a", "b", "x"], "step": "needs_assessment", "met": True})
    data["interventions"]["period_start"] = pd.to_datetime(["2025-01-31", "2025-02-01"]).date
    frame = measure(data, "unmet_need", by="month")
    assert frame["month"].to_list()[:2] == ["2025-01", "2025-02"]
    assert frame["denominator"].to_list() == [1, 1, 1]
    assert pd.isna(frame["month"].iloc[2])
    assert frame["reasons"].str.contains("steps that meet no contact: 1").all()


def test_without_contacts_their_columns_are_null_and_their_shares_have_no_number() -> None:
    data = followed(None, {"record_id": ["a"], "step": "needs_assessment", "met": True})
    row = measure(data, "unmet_need", by="area_id").iloc[0]
    assert row["denominator"] == 1
    assert "'area_id' is null in every row" in row["reasons"]
    for name in ("follow_up_offered", "referral_made", "repeat_recorded"):
        assert measure(data, name)["reasons"].iloc[0] == "not recorded in this source: table 'interventions'"


def test_a_list_of_the_contact_puts_a_step_in_each_of_its_values() -> None:
    data = followed({"record_id": ["a"], "needs": [["grief", "legal"]]},
                    {"record_id": ["a"], "step": "needs_assessment", "met": True})
    frame = measure(data, "unmet_need", by="needs")
    assert frame["needs"].to_list() == ["grief", "legal"]
    assert frame["reasons"].str.contains("multi-response").all()


def test_conditions_on_a_contact_do_not_break_what_is_not_recorded() -> None:
    data = followed({"record_id": ["a"], "area_id": "n"}, {"record_id": ["a"], "step": "survey", "score": 4})
    row = measure(data, "unmet_need", where={"area_id": "n"}).iloc[0]
    assert row["reasons"] == "not recorded in this source: step 'needs_assessment'"
    blank = measure(data, "satisfaction", table="follow_ups", where={"area_id": "s"}).iloc[0]
    assert blank["reasons"].startswith("no row meets the conditions")
    with pytest.raises(UserError, match="area_ids.*area_id"):
        measure(data, "satisfaction", table="follow_ups", by="area_ids")
    with pytest.raises(UserError, match="area_ids.*area_id"):
        measure(data, "unmet_need", by="area_ids")


def test_ibis_tables_answer_as_frames_do() -> None:
    data = followed({"record_id": ["a", "b"]}, {"record_id": ["a", "b"], "step": "referral",
                                                "status": ["attended", "refused"]})
    connection = ibis.duckdb.connect()
    tables = {name: connection.create_table(name, frame) for name, frame in data.items()}
    pd.testing.assert_frame_equal(measure(tables, "referral_attended"), measure(data, "referral_attended"))
