"""Standardised rates of a measure: strata are people, and areas of another age are compared as if of one."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.funnel import funnel
from crisiskit.measures.standardise import direct

BANDS = ("0-17", "18+")


@pytest.fixture(name="tables")
def tables_fixture() -> dict[str, pd.DataFrame]:
    """Two counties with the same rates by age (20 and 5 per 1000) and another mix of ages: 1:3 and 3:1."""
    size = {("young", "0-17"): 3000, ("young", "18+"): 1000, ("old", "0-17"): 1000, ("old", "18+"): 3000}
    seen = {("young", "0-17"): 60, ("young", "18+"): 5, ("old", "0-17"): 20, ("old", "18+"): 15}
    counts = pd.DataFrame([{"area_id": area, "group": "age_band", "level": band, "value": number}
                           for (area, band), number in size.items()])
    rows = [{"area_id": area, "age_band": band, "contacts": number, "period_start": "2020-06-01"}
            for (area, band), number in seen.items()]
    ends = [{"area_id": "old", "age_band": "18+", "contacts": 0, "period_start": day}
            for day in ("2020-01-01", "2020-12-31")]
    return {"interventions": pd.DataFrame(rows + ends).assign(area_level="county", area_basis="residence"),
            "counts": counts.assign(measure="population", area_level="county", period_start="2020-01-01",
                                    period_end="2020-12-31")}


def test_what_differs_by_age_alone_is_the_same_once_standardised(tables) -> None:
    """Pooled weights are even: (20 + 5) / 2 per 1000 in both counties; by hand weights 3:1 give 16.25."""
    pooled = measure(tables, "rate_per_population", per=1000, standard={"by": "age_band"}).set_index("area_id")
    assert pooled["value"].to_dict() == pytest.approx({"old": 12.5, "young": 12.5})
    given = measure(tables, "rate_per_population", per=1000,
                    standard={"by": "age_band", "weights": {"0-17": 3, "18+": "1"}}).set_index("area_id")
    assert given["value"].to_dict() == pytest.approx({"old": 16.25, "young": 16.25})
    known = direct([60, 5], [3000, 1000], [3, 1], 1000)
    assert given.loc["young", ["low", "high"]].to_list() == pytest.approx([known.low, known.high])
    assert given.loc["young", ["numerator", "denominator"]].to_list() == [65, 4000]
    assert given["label"].iloc[0].endswith(", directly standardised by age_band (given weights)")


def test_indirect_is_a_ratio_to_the_rates_of_all(tables) -> None:
    frame = measure(tables, "rate_per_population", standard={"by": "age_band", "method": "indirect"})
    assert frame["value"].to_list() == pytest.approx([1, 1])
    assert frame["denominator"].to_list() == pytest.approx([35, 65])
    assert set(funnel(frame)["verdict"]) == {"inside"}


def test_a_direct_rate_has_no_funnel_of_its_crude_numbers(tables) -> None:
    with pytest.raises(UserError, match="indirectly standardised"):
        funnel(measure(tables, "rate_per_population", standard={"by": "age_band"}))


def test_contacts_of_unknown_age_are_left_out_and_in_the_bounds(tables) -> None:
    """The worst that 2 contacts can do to `young` is both in its adults: 1000 people who weigh a half."""
    extra = {"area_id": ["young"] * 2, "age_band": [None, "unknown"], "contacts": [1, 1], "period_start": "2020-03-01",
             "area_level": "county", "area_basis": "residence"}
    tables["interventions"] = pd.concat([tables["interventions"], pd.DataFrame(extra)])
    frame = measure(tables, "rate_per_population", per=1000, standard={"by": "age_band"})
    row = frame.set_index("area_id").loc["young"]
    assert row["value"] == pytest.approx(12.5)
    assert row["bound_high"] == pytest.approx(12.5 + 2 / 1000 * 0.5 * 1000)
    assert row["reasons"] == "age_band unknown 1; age_band blank 1"


def test_few_contacts_are_not_standardised(tables) -> None:
    tables["interventions"] = tables["interventions"].assign(contacts=[4, 5, 20, 15, 0, 0])
    frame = measure(tables, "rate_per_population", standard={"by": "age_band"}).set_index("area_id")
    assert np.isnan(frame.loc["young", "value"])
    assert frame.loc["young", "reasons"] == "not standardised: fewer than 10 contacts"
    assert frame.loc["old", "value"] > 0


@pytest.mark.parametrize(("standard", "message"), [
    ("direct", "strata are needed"), ({"weights": "pooled"}, "strata are needed"),
    ({"by": "need"}, "strata of people, not 'need'"), ({"by": "age_bands"}, "did you mean 'age_band'"),
    ({"by": "age_band", "methods": "direct"}, "did you mean 'method'"),
    ({"by": "age_band", "method": "indirectly"}, "did you mean 'indirect'"),
    ({"by": "age_band", "method": "indirect", "weights": {"0-17": 1}}, "must be 'pooled'"),
    ({"by": "age_band", "weights": "europe"}, "'pooled' or a mapping"),
    ({"by": "age_band", "weights": {"0-17": -1, "18+": 1}}, "0 or more"),
    ({"by": "age_band", "weights": {"0-17": "x", "18+": 1}}, "must be numbers"),
    ({"by": "age_band", "weights": {"0-17": 1, "19+": 1}}, "18\\+, 19\\+ stands in one of them only"),
])
def test_a_standard_that_is_not_right(tables, standard, message: str) -> None:
    with pytest.raises(UserError, match=message):
        measure(tables, "rate_per_population", standard=standard)


def test_a_stratum_cannot_be_grouped_by(tables) -> None:
    with pytest.raises(UserError, match="both a stratum and in by"):
        measure(tables, "rate_per_population", by="age_band", standard={"by": "age_band"})


def test_other_measures_are_not_standardised(tables) -> None:
    with pytest.raises(UserError, match="'contacts' is not standardised"):
        measure(tables, "contacts", standard={"by": "age_band"})
