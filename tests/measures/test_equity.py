"""Gaps between groups: intervals against other libraries, bounds, small groups said, mix not taken for a gap."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.equity import gap


def people(*groups: tuple, **fixed) -> dict[str, pd.DataFrame]:
    """Return interventions; each group is (gender, records, referred, and optionally not recorded)."""
    rows = []
    for gender, total, yes, *blank in groups:
        lost = blank[0] if blank else 0
        rows += [(gender, True)] * yes + [(gender, False)] * (total - yes) + [(gender, None)] * lost
    frame = pd.DataFrame(rows, columns=["gender", "referred"]).assign(contacts=1, **fixed)
    return {"interventions": frame.assign(referred=frame["referred"].astype("boolean"))}


def test_differences_and_ratios_as_statsmodels() -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep as limits

    frame = gap(people(("female", 80, 56), ("male", 120, 48)), "referred", "gender").set_index("gender")
    row = frame.loc["female"]
    assert row["reference"] == "male"  # the larger group
    assert (row["difference"], row["ratio"]) == pytest.approx((0.3, 1.75))
    assert row[["difference_low", "difference_high"]].to_list() == pytest.approx(limits(56, 80, 48, 120, "newcomb"))
    assert row[["ratio_low", "ratio_high"]].to_list() == pytest.approx(limits(56, 80, 48, 120, "log", "ratio"))
    assert frame.loc["male", ["difference", "ratio"]].to_list() == [0, 1]
    assert np.isnan(frame.loc["male", "difference_low"])


def test_newcombe_published() -> None:
    """Newcombe 1998, table II (a), method 10: 56/70 against 48/80 gives 0.0524 to 0.3339."""
    frame = gap(people(("female", 70, 56), ("male", 80, 48)), "referred", "gender").set_index("gender")
    found = frame.loc["female", ["difference", "difference_low", "difference_high"]].to_list()
    assert found == pytest.approx([0.2, 0.0524, 0.3339], abs=5e-5)


def test_missing_answers_widen_the_difference() -> None:
    """20 of 40 against 30 of 60, with 10 and 20 not recorded: from 20/50 - 50/80 to 30/50 - 30/80."""
    frame = gap(people(("female", 40, 20, 10), ("male", 60, 30, 20)), "referred", "gender").set_index("gender")
    row = frame.loc["female"]
    assert row["difference"] == 0
    assert [row["difference_bound_low"], row["difference_bound_high"]] == pytest.approx([0.4 - 0.625, 0.6 - 0.375])
    assert row["reasons"] == "blank 10"


def test_small_groups_are_put_together_and_named() -> None:
    frame = gap(people(("female", 50, 25), ("male", 60, 30), ("x", 6, 3), ("y", 5, 1), ("unknown", 20, 5)),
                "referred", "gender").set_index("gender")
    assert "x" not in frame.index
    row = frame.loc["small groups"]
    assert (row["numerator"], row["denominator"], row["rows_used"], row["reasons"]) == (4, 11, 11, "put together: x, y")
    assert row["difference"] == pytest.approx(4 / 11 - 0.5)
    assert (frame.loc["unknown", "value"], frame.loc["unknown", "reference"]) == (0.25, None)
    assert np.isnan(frame.loc["unknown", "difference"])  # not a group


def test_one_small_group_is_left_without_numbers_and_said() -> None:
    frame = gap(people(("female", 50, 25), ("male", 60, 30), ("x", 9, 3)), "referred", "gender").set_index("gender")
    assert frame.loc["x", ["numerator", "denominator", "value", "low", "difference", "ratio"]].isna().all()
    assert frame.loc["x", "reasons"] == "denominator below 10: not shown"
    shown = gap(people(("female", 50, 25), ("x", 9, 3)), "referred", "gender", min_n=9).set_index("gender")
    assert shown.loc["x", "value"] == pytest.approx(1 / 3)


def test_the_reference_can_be_chosen() -> None:
    data = people(("female", 50, 25), ("male", 60, 30), ("x", 3, 1))
    frame = gap(data, "referred", "gender", reference="female").set_index("gender")
    assert frame.loc["male", "reference"] == "female"
    with pytest.raises(UserError, match="did you mean 'female'"):
        gap(data, "referred", "gender", reference="femal")
    with pytest.raises(UserError, match="below min_n=10"):
        gap(data, "referred", "gender", reference="x")


def test_a_gap_of_mix_is_none_within_strata() -> None:
    """Within each need both sexes are referred alike (80 % and 20 %); women ask more often about the first."""
    data = pd.concat([people(("female", 80, 64), ("male", 20, 16), need="suicide")["interventions"],
                      people(("female", 20, 4), ("male", 80, 16), need="grief")["interventions"]])
    frame = gap({"interventions": data}, "referred", "gender", reference="male", within="need").set_index("gender")
    row = frame.loc["female"]
    assert row["difference"] == pytest.approx(0.36)
    assert row["difference_low"] > 0.2
    assert row["adjusted_difference"] == pytest.approx(0, abs=1e-12)
    assert row["adjusted_odds_ratio"] == pytest.approx(1)
    assert row["adjusted_odds_ratio_low"] < 1 < row["adjusted_odds_ratio_high"]


def test_values_that_a_group_never_has_are_zero() -> None:
    """No woman was arrested: the gap in arrests is there, and its reference is the same group as in the others."""
    data = pd.DataFrame({"contacts": 1, "gender": ["female"] * 20 + ["male"] * 30,
                         "outcome": ["resolved"] * 20 + ["arrested"] * 15 + ["resolved"] * 15})
    frame = gap({"interventions": data}, "outcome_share", "gender").set_index(["outcome", "gender"])
    row = frame.loc[("arrested", "female")]
    assert (row["numerator"], row["denominator"], row["difference"], row["reference"]) == (0, 20, -0.5, "male")
    assert set(frame["reference"]) == {"male"}
    assert np.isnan(row["ratio_low"])


def test_rates_are_compared_as_rates() -> None:
    """20 and 10 contacts of 1000 each: ratio 2, exact conditional limits; as statsmodels' Clopper-Pearson odds."""
    from statsmodels.stats.proportion import proportion_confint

    rows = pd.DataFrame({"area_id": "a", "area_level": "county", "area_basis": "residence", "contacts": [20, 10, 0],
                         "gender": ["female", "male", "male"],
                         "period_start": ["2020-01-01", "2020-12-31", "2020-05-01"]})
    counts = pd.DataFrame({"measure": "population", "area_id": "a", "area_level": "county", "value": [1000, 1000.0],
                           "group": "gender", "level": ["female", "male"], "period_start": "2020-01-01",
                           "period_end": "2020-12-31"})
    tables = {"interventions": rows, "counts": counts}
    row = gap(tables, "rate_per_population", "gender", reference="male", per=1000).set_index("gender").loc["female"]
    odds = np.array(proportion_confint(20, 30, method="beta"))
    assert (row["difference"], row["ratio"]) == pytest.approx((10, 2))
    assert [row["ratio_low"], row["ratio_high"]] == pytest.approx(odds / (1 - odds))
    low, high = (row[f"difference_{end}"] for end in ("low", "high"))
    assert low < 10 < high
    with pytest.raises(UserError, match="within is for shares"):
        gap(tables, "rate_per_population", "gender", within="need")


def test_the_measure_of_the_catalogue() -> None:
    frame = measure(people(("female", 80, 56), ("male", 120, 48)), "difference", of="referred").set_index("gender")
    row = frame.loc["female"]
    assert row[["numerator", "denominator", "value", "group_value", "reference_value"]].to_list() == \
        pytest.approx([56, 80, 0.3, 0.7, 0.4])
    assert row["reasons"] == "compared with male"
    assert frame.loc["male", "reasons"] == "the reference"
    assert row["label"] == "Difference of referred by gender, from a reference group"
    assert (row["rows_used"], row["rows_left_out"]) == (80, 0)


def test_groups_within_others() -> None:
    data = pd.concat([people(("female", 20, 10), ("male", 30, 15), site="n")["interventions"],
                      people(("female", 40, 10), ("male", 30, 15), site="s")["interventions"]])
    frame = measure({"interventions": data}, "difference", by="site").set_index(["site", "gender"])
    assert frame["value"].to_dict() == {("n", "female"): 0, ("n", "male"): 0, ("s", "female"): 0, ("s", "male"): 0.25}


def test_what_is_not_recorded_is_said() -> None:
    row = gap({"interventions": pd.DataFrame({"contacts": [1], "gender": ["female"]})}, "referred", "gender").iloc[0]
    assert row["reasons"] == "not recorded in this source: referred"
    assert row[["value", "difference"]].isna().all()


def test_what_cannot_be_compared() -> None:
    data = people(("female", 50, 25))
    with pytest.raises(UserError, match="'contacts' is in contacts"):
        gap(data, "contacts", "gender")
    with pytest.raises(UserError, match="by 'gender' already"):
        measure(data, "difference", by="gender")
