"""Crisis resource need: the arithmetic by hand, ranges in order, ratios that do not add up refused."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from crisiskit.errors import UserError
from crisiskit.measures.capacity import ASSUMED, PUBLISHED, SETTINGS, Parameters, Range, listed, need, published


def one(value: float) -> Range:
    return Range(value, value, value)


def test_half_a_million_people_by_hand() -> None:
    """5 x 230 = 1 150 events; 32, 54 and 14 %; 368 / (3 x 20) teams; 621 x 2.5 / (30.4375 x 0.85) beds."""
    table = need(500_000).set_index("quantity")
    assert table.loc["events", ["low", "central", "high"]].tolist() == [1000, 1150, 1150]
    assert table.loc[list(SETTINGS), "central"].tolist() == pytest.approx([368, 621, 161])
    assert table.loc["mobile", "low"] == pytest.approx(320)
    assert table.loc["mobile teams, by load", "central"] == pytest.approx(368 / 60)
    assert table.loc["mobile teams, by load", "low"] == pytest.approx(320 / (4 * 22))
    assert table.loc["mobile teams, one on duty at all hours", "central"] == pytest.approx(3 * 30.4375 / 20)
    assert table.loc["facility beds", "central"] == pytest.approx(621 * 2.5 / (30.4375 * 0.85))
    assert table.loc["facility beds", "high"] == pytest.approx(621 * 4 / (30.4375 * 0.7))
    assert table["low"].le(table["central"]).all()
    assert table["central"].le(table["high"]).all()


def test_what_was_published_and_what_is_assumed_is_said() -> None:
    rests = need(1000).set_index("quantity")["rests_on"]
    assert rests[["events", *SETTINGS]].eq(PUBLISHED).all()
    assert rests[["mobile teams, by load", "facility beds"]].eq(ASSUMED).all()
    assert "not verified" in PUBLISHED
    assert need(1000, published())["rests_on"].eq("parameters as given").all()


def test_the_published_ratios_are_those_of_the_registry() -> None:
    ratios = published()
    assert (ratios.events_per_100k.low, ratios.events_per_100k.central) == (200, 230)
    assert [getattr(ratios, name).central for name in SETTINGS] == [0.32, 0.54, 0.14]
    assert listed(ratios).set_index("parameter").loc["mobile", "central"] == 0.32


def test_a_small_county_needs_the_floor_and_not_the_load() -> None:
    table = need(5_000).set_index("quantity")["central"]
    assert table["mobile teams, by load"] < 0.1
    assert table["mobile teams, one on duty at all hours"] > 4


@settings(deadline=None, max_examples=30)
@given(some.floats(1, 1e8), some.floats(1.01, 10))
def test_need_grows_in_step_with_the_population(population: float, factor: float) -> None:
    small, large = need(population).set_index("quantity"), need(population * factor).set_index("quantity")
    for name in ("events", *SETTINGS, "facility beds"):
        assert large.loc[name, "central"] == pytest.approx(factor * small.loc[name, "central"], rel=1e-9)
    assert sum(small.loc[list(SETTINGS), "central"]) == pytest.approx(small.loc["events", "central"], rel=1e-9)


def test_ratios_that_do_not_add_up_to_one_are_refused() -> None:
    with pytest.raises(UserError, match=r"add up to 0.99; they must add up to 1"):
        dataclasses.replace(published(), mobile=one(0.31))


@pytest.mark.parametrize(("change", "message"), [
    ({"occupancy": Range(0.8, 0.9, 1.1)}, "occupancy goes up to 1.1"),
    ({"events_per_shift": Range(0, 3, 4)}, "events_per_shift must be above 0"),
    ({"facility": Range(0.5, 0.54, 1.2)}, "facility goes up to 1.2"),
    ({"shift_h": 0}, "a shift of 0 h"),
    ({"days_per_month": float("nan")}, "nan days a month")])
def test_impossible_parameters_are_refused(change: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        dataclasses.replace(published(), **change)


@pytest.mark.parametrize("values", [(2, 1, 3), (-1, 0, 1), (1, 2, float("inf")), (float("nan"), 1, 2)])
def test_a_range_is_in_order(values: tuple) -> None:
    with pytest.raises(UserError, match="in the order low, central, high"):
        Range(*values)


@pytest.mark.parametrize("population", [0, -5, float("nan"), float("inf"), True])
def test_a_population_is_above_zero(population: float) -> None:
    with pytest.raises(UserError, match="population must be a number above 0"):
        need(population)


def test_every_parameter_is_in_the_list() -> None:
    assert listed(published())["parameter"].tolist() == [item.name for item in dataclasses.fields(Parameters)]
