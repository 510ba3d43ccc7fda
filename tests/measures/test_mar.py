"""Missing at random: the test agrees with hand computation, size counts beside p, and it cannot see everything."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.mar import Judgement, missingness
from crisiskit.simulate import simulate


def two_sites(rows, lost: tuple[int, int], known: tuple[int, int], **more) -> dict[str, pd.DataFrame]:
    """Records of two sites, of which so many lack the age."""
    sites, ages = [], []
    for site, gone, held in zip(("north", "south"), lost, known, strict=True):
        sites += [site] * (gone + held)
        ages += [None] * gone + [30] * held
    return rows(contacts=[1] * len(sites), site=sites, age=pd.array(ages, "Int64"), **more)


def test_the_chi_square_is_that_of_the_table(rows) -> None:
    """10 of 40 against 20 of 40: 80 (10 * 20 - 20 * 30)^2 / (30 * 50 * 40 * 40) = 5.3333, V = sqrt(5.3333 / 80)."""
    row = missingness(two_sites(rows, (10, 20), (30, 20)), "age", against=["site"]).iloc[0]
    assert row["chi_square"] == pytest.approx(16 / 3)
    assert row["cramers_v"] == pytest.approx(np.sqrt(1 / 15))
    assert row["p"] == pytest.approx(0.0209213, abs=1e-7)  # of a chi-square of one degree: 2 (1 - Phi(2.3094))
    assert (row["n"], row["missing"], row["missing_share"], row["levels"], row["degrees"]) == (80, 30, 0.375, 2, 1)
    assert (row["finding"], row["verdict"]) == ("differs", "not completely at random: differs by site")


def test_p_is_adjusted_over_the_columns_tested(rows) -> None:
    """Holm: the smallest of two is doubled; the other is not below it."""
    data = two_sites(rows, (10, 20), (30, 20), need=["legal", "grief"] * 40)
    frame = missingness(data, "age", against=["site", "need"]).set_index("against")
    assert frame.loc["site", "p_holm"] == pytest.approx(2 * frame.loc["site", "p"])
    assert frame.loc["need", "p_holm"] == pytest.approx(frame.loc["need", "p"])
    assert set(frame["verdict"]) == {"not completely at random: differs by site"}


def test_with_many_records_a_difference_of_no_size_is_not_a_finding(rows) -> None:
    """The trap: 20 % against 21.5 % of 40 000 records is significant, and V is 0.018."""
    data = two_sites(rows, (4000, 4300), (16000, 15700))
    row = missingness(data, "age", against=["site"]).iloc[0]
    assert row["p_holm"] < 0.001
    assert row["cramers_v"] == pytest.approx(0.0185, abs=5e-4)
    assert row["finding"] == "differs, below the material size"
    assert row["verdict"] == "no material difference found; small ones by site"
    strict = missingness(data, "age", against=["site"], judgement=Judgement(material_v=0.01))
    assert strict["verdict"].iloc[0] == "not completely at random: differs by site"


def test_too_few_to_tell(rows) -> None:
    """At 3 missing of 20, fewer than five are expected at either site."""
    row = missingness(two_sites(rows, (1, 2), (9, 8)), "age", against=["site"]).iloc[0]
    assert np.isnan(row["p"])
    assert (row["finding"], row["verdict"]) == ("too few", "too few")


def test_small_levels_are_pooled_and_said(rows) -> None:
    data = two_sites(rows, (20, 20), (20, 20))
    data["interventions"]["need"] = ["legal"] * 36 + ["grief"] * 2 + ["suicide"] * 2 + ["legal"] * 32 + ["other"] * 8
    row = missingness(data, "age", against=["need"]).iloc[0]
    assert (row["levels"], row["pooled_levels"], row["degrees"]) == (4, 3, 1)


def test_what_does_not_apply_is_not_missing_and_unknown_levels_are_counted(rows) -> None:
    data = two_sites(rows, (20, 20), (20, 20))
    frame = data["interventions"]
    frame["missing"] = ["age=not_applicable"] * 5 + ["age=declined"] * 5 + [None] * 70
    frame["is_aggregate"] = [False] * 79 + [True]
    frame.loc[[40, 41, 42], "site"] = ["unknown", None, "declined"]
    row = missingness(data, "age", against=["site"]).iloc[0]
    assert (row["n"], row["missing"], row["level_unknown"]) == (80 - 5 - 1 - 3, 15 + 17, 3)


def test_what_is_not_recorded_is_said_and_has_no_numbers(rows) -> None:
    data = two_sites(rows, (10, 20), (30, 20))
    frame = missingness(data, "age", against=["responder", "site"]).set_index("against")
    assert frame.loc["responder", "finding"] == "not recorded in this source: responder"
    assert frame.loc["responder", ["n", "chi_square", "p_holm", "cramers_v"]].isna().all()
    assert frame.loc["site", "verdict"] == "not completely at random: differs by site"
    assert missingness(data, "housing", against=["site"])["verdict"].iloc[0] == "not recorded in this source: housing"
    whole = missingness(two_sites(rows, (0, 0), (30, 20)), "age", against=["site", "responder"])
    assert whole["verdict"].iloc[0] == "nothing is missing"


def test_a_column_that_is_known_only_where_the_field_is_cannot_be_tested(rows) -> None:
    data = two_sites(rows, (20, 20), (20, 20))
    data["interventions"]["need"] = data["interventions"]["age"].notna().map({True: "legal", False: None})
    row = missingness(data, "age", against=["need"]).iloc[0]
    assert (row["finding"], row["n"], row["level_unknown"]) == ("nothing is missing where need is known", 40, 40)


def test_by_month_and_band_of_the_day(rows) -> None:
    data = two_sites(rows, (0, 30), (40, 10))
    frame = data["interventions"]
    frame["received_local"] = pd.to_datetime(["2025-01-06T09:00:00"] * 40 + ["2025-02-06T23:00:00"] * 40)
    frame["period_start"], frame["time_precision"] = frame["received_local"].dt.date, "minute"
    found = missingness(data, "age", against=["month", "hour_band"])
    assert found["levels"].to_list() == [2, 2]
    assert set(found["verdict"]) == {"not completely at random: differs by month, hour_band"}


@pytest.mark.parametrize(("field", "against", "message"), [
    ("age", ["needs"], "'needs' holds lists"), ("age", ["age"], "tested against itself"),
    ("age", ["sit"], "did you mean 'site'"), ("aeg", ["site"], "did you mean 'age'"),
    ("month", ["site"], "derived from the calendar")])
def test_what_cannot_be_tested_is_refused(rows, field: str, against: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        missingness(two_sites(rows, (1, 1), (1, 1)), field, against=against)


def test_planted_missing_not_at_random_is_bounded_though_no_test_can_see_it() -> None:
    """One group's answer is lost more often: shares of known answers are wrong, and the bounds hold every true share.

    Values go missing by themselves and not by site, month, need or responder, so the test finds nothing: that is its
    limit, and the reason for bounds.
    """
    made = simulate("field_response", months=12, areas=4, mnar_ratio=3.0)
    data = {"interventions": made.interventions[~made.interventions["outcome"].isin(["unable_to_locate", "cancelled"])]}
    truth = made.truth["missing"]["race_ethnicity"]
    frame = measure(data, "share", of="race_ethnicity").set_index("race_ethnicity")
    for code, number in truth["complete"].items():
        assert frame.loc[code, "bound_low"] <= number / truth["asked"] <= frame.loc[code, "bound_high"]
    assert frame.loc["black", "high"] < truth["complete"]["black"] / truth["asked"]
    assert set(missingness(data, "race_ethnicity")["verdict"]) == {"no difference found"}


def test_planted_missing_at_one_site_is_found() -> None:
    made = simulate("field_response", months=6, areas=4).interventions
    site = sorted(made["site"].dropna().unique())[0]
    draws = np.random.default_rng(1).random(len(made))
    made["housing"] = made["housing"].where((made["site"] != site) | (draws < 0.5), "not_asked")
    frame = missingness({"interventions": made}, "housing")
    assert set(frame["verdict"]) == {"not completely at random: differs by site"}
