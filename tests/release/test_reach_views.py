"""Reach: areas drawn to the mean, groups with the bound of what is not known, classes as ratios of sums, who came."""

from datetime import UTC, date, datetime

import pytest

from crisiskit.release import reach_views as reach

NOTEBOOK = "20_gaps"
YEAR = {"period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31)}
AREA = {"area_level": "county", "area_basis": "residence"}


def people(area, value, row, **values):
    return {"source": "census", "measure": "population", "unit": "persons", "value": float(value), "area_id": area,
            "area_level": "county", "source_file": "f", "source_row": row, **YEAR, **values}  # fmt: skip


def contacts(record, area, number, first, **values):
    days = [date(2024, 1, 1), date(2024, 12, 31)]  # the records cover the whole year, which has 366 days
    return [record(first + i, area_id=area, period_start=days[i % 2], **AREA, **values) for i in range(number)]


def served(record):
    """A planted gap: the last of six areas has a fifth of the contacts that its size calls for; one area is tiny."""
    sizes = {"a": 40, "b": 44, "c": 38, "d": 41, "tiny": 1, "poor": 8}
    rows = [row for place, (area, number) in enumerate(sizes.items())
            for row in contacts(record, area, number, 1000 * place)]  # fmt: skip
    counts = [people(area, 2000 if area == "tiny" else 40_000, place) for place, area in enumerate(sizes)]
    return rows, counts


def test_the_underserved_area_is_found_and_the_tiny_one_is_not_called_so(report, record):
    view = reach.reach_areas(report(NOTEBOOK, *served(record)))
    table = view.folds[0][1].set_index("area_id")
    assert table.loc["poor", "finding"] == "below"
    assert table.loc["tiny", "finding"] == "not told apart"
    assert view.note.startswith("below the mean")
    assert "poor (" in view.note.split(";")[0]


def test_a_small_area_is_drawn_further_to_the_mean_than_a_large_one(report, record):
    table = reach.reach_areas(report(NOTEBOOK, *served(record))).folds[0][1].set_index("area_id")
    moved = (table["shrunk"] - table["value"]).abs()
    assert moved["tiny"] > moved["a"]
    assert table["numerator"].sum() == 172


def test_without_a_population_the_reason_is_said(report, record):
    counts = [{"source": "c", "measure": "offences", "value": 5.0, "source_file": "f", "source_row": 1}]
    view = reach.reach_areas(report(NOTEBOOK, contacts(record, "a", 3, 0), counts))
    assert view.absent
    assert "population" in view.note


def test_a_group_carries_the_bound_of_contacts_of_unknown_group(report, record):
    rows = contacts(record, "a", 10, 0, gender="female") + contacts(record, "a", 6, 100, gender="male")
    rows += contacts(record, "a", 4, 200, gender="unknown")
    counts = [people("a", 1000, 1)]
    counts += [people("a", 500, row, group="gender", level=level) for row, level in ((2, "female"), (3, "male"))]
    data = reach.reach_groups(report(NOTEBOOK, rows, counts)).figure.data.set_index("label")
    assert data.loc["gender: female", "value"] == pytest.approx(2000, rel=0.01)  # 10 of 500 residents in a year
    assert data.loc["gender: female", "bound_high"] == pytest.approx(2800, rel=0.01)  # were all four unknown women


def test_rural_and_urban_are_ratios_of_sums(report, record):
    rows = contacts(record, "a", 10, 0) + contacts(record, "b", 2, 100) + contacts(record, "c", 30, 200)
    counts = [people("a", 1000, 1), people("b", 9000, 2), people("c", 10_000, 3)]
    counts += [people(area, 1, 10 + place, measure="counties", group="rural_urban", level=level)
               for place, (area, level) in enumerate((("a", "rural"), ("b", "rural"), ("c", "urban")))]  # fmt: skip
    table = reach.rural_urban(report(NOTEBOOK, rows, counts)).table.set_index("class")
    assert table.loc["rural", "rate"] == pytest.approx(120, rel=0.01)  # 12 of 10,000; the mean of the rates is 511
    assert table.loc["urban", "rate"] == pytest.approx(300, rel=0.01)


def test_those_not_triaged_widen_the_bounds_of_who_was_reached(report, record):
    came = {"arrived_at": datetime(2024, 1, 1, 12, 0, tzinfo=UTC)}
    rows = [record(i, triaged=True, eligible=True, **(came if i < 6 else {})) for i in range(8)]
    rows += [record(20 + i, triaged=False) for i in range(2)]
    note = reach.reach_eligible(report(NOTEBOOK, rows)).note
    assert note.startswith("75.0 % (6 of 8) eligible contacts were reached by any responder; bounds 60.0 to 75.0 %.")
    assert "not triaged 2" in note


def test_a_named_programme_counts_its_own_responders_only(report, record):
    came = {"arrived_at": datetime(2024, 1, 1, 12, 0, tzinfo=UTC), "triaged": True, "eligible": True}
    rows = [record(i, responder="police" if i < 3 else "mobile_crisis", **came) for i in range(4)]
    note = reach.reach_eligible(report(NOTEBOOK, rows, programme="mobile_crisis")).note
    assert note.startswith("25.0 % (1 of 4) eligible contacts were reached by a responder of the programme")
