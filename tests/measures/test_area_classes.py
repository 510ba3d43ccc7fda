"""Rates by class of area: sums over sums, and no area twice or lost unsaid."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.area_classes import by_class, classes
from crisiskit.measures.intervals import garwood


@pytest.fixture(name="tables")
def tables_fixture() -> dict[str, pd.DataFrame]:
    """Two rural counties of 1000 and 3000 people, an urban one, one without a class, a contact without a place."""
    size = {"a": 1000, "b": 3000, "c": 10000, "d": 500}
    people = pd.DataFrame({"area_id": list(size), "value": list(size.values()), "measure": "population"})
    kinds = pd.DataFrame({"area_id": ["a", "b", "c"], "level": ["rural", "rural", "urban"], "group": "rural_urban",
                          "value": 1, "measure": "counties"})
    counts = pd.concat([people, kinds]).assign(area_level="county", period_start="2020-01-01",
                                               period_end="2020-12-31")
    rows = pd.DataFrame({"area_id": ["a", "b", "c", "x", None], "contacts": [10, 2, 20, 5, 3], "area_level": "county",
                         "area_basis": "residence", "period_start": ["2020-01-01", "2020-12-31"] + ["2020-05-01"] * 3})
    return {"interventions": rows, "counts": counts}


def test_sums_over_sums(tables) -> None:
    """12 of 4000, not the mean of 10 and 2/3 per 1000."""
    answer = measure(tables, "rate_per_population", per=1000)
    frame = by_class(answer, classes(tables, "rural_urban")).set_index("class")
    row = frame.loc["rural"]
    assert row[["areas", "numerator", "denominator", "value"]].to_list() == [2, 12, 4000, 3]
    assert [row["low"], row["high"]] == pytest.approx([limit / 4 for limit in garwood(12)])
    assert (row["bound_low"], row["bound_high"]) == pytest.approx((3, 15 / 4))
    assert row["reasons"] == "areas without a rate, in no class: 2"
    assert frame.loc["urban", "value"] == 2
    unclassed = frame[frame.index.isna()].iloc[0]
    assert (unclassed["areas"], unclassed["value"], unclassed["reasons"]) == (1, 0, "not classed")


def test_what_is_no_class_of_areas(tables) -> None:
    with pytest.raises(UserError, match="did you mean 'rural_urban'"):
        classes(tables, "rural_urbn")
    both = pd.DataFrame({"area_id": ["a", "a"], "level": ["female", "male"], "group": "gender", "value": [1, 2],
                         "measure": "population"})
    with pytest.raises(UserError, match="several, such as 'a'"):
        classes(tables | {"counts": both}, "gender")
    with pytest.raises(UserError, match="by area_id alone"):
        by_class(measure(tables, "rate_per_population", by="area_level"), classes(tables, "rural_urban"))
    assert classes({"interventions": tables["interventions"]}, "rural_urban").empty
