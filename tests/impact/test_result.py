"""What an estimate says of itself: one row, one sentence, and nothing that it does not know."""

from dataclasses import FrozenInstanceError, replace

import pytest

from crisiskit.impact.result import FIELDS, Check, Estimate

NAN = float("nan")
FEWER = Estimate(
    design="did", outcome="thefts", scale="log", estimate=-0.25, se=0.1, low=-0.45, high=-0.05, p=0.0124,
    relative=-0.2212, relative_low=-0.3624, relative_high=-0.0488, n=1440, units=36, treated_units=8, clusters=36,
    method="Poisson", correction="G/(G-1)",
)  # fmt: skip


def test_tidy_is_one_row_of_the_fields_in_order():
    row = FEWER.tidy()
    assert list(row.columns) == list(FIELDS)
    assert len(row) == 1
    assert row.iloc[0].to_dict() == {name: getattr(FEWER, name) for name in FIELDS}


def test_the_sentence_says_size_interval_p_and_base():
    assert FEWER.sentence() == (
        "Thefts: 22.1% fewer than without the programme (95 % interval -36.2% to -4.9%, p 0.012; "
        "1,440 observations, 36 areas of which 8 treated; Poisson)."
    )


def test_more_is_said_with_the_size_alone():
    said = replace(FEWER, relative=0.5, relative_low=0.1, relative_high=1.0).sentence()
    assert "50.0% more than without" in said
    assert "+10.0% to +100.0%" in said


@pytest.mark.parametrize(("p", "said"), [(0.0009, "p under 0.001"), (0.001, "p 0.001"), (0.9996, "p 1.000")])
def test_a_small_p_is_not_printed_as_nothing(p, said):
    assert f", {said};" in replace(FEWER, p=p).sentence()


def test_an_unknown_p_is_not_mentioned():
    assert ", p " not in replace(FEWER, p=NAN).sentence()


def test_an_unknown_interval_is_said_to_be_none():
    said = replace(FEWER, low=NAN, high=NAN, relative_low=NAN, relative_high=NAN).sentence()
    assert "no interval" in said
    assert "nan" not in said


def test_without_a_relative_effect_the_difference_is_said():
    said = replace(FEWER, scale="difference", relative=NAN, relative_low=NAN, relative_high=NAN).sentence()
    assert "a difference of -0.25 than" in said
    assert "95 % interval -0.45 to -0.05" in said


def test_the_level_of_the_interval_is_the_estimates_own():
    assert "90 % interval" in replace(FEWER, confidence=0.9).sentence()
    assert "99.5 % interval" in replace(FEWER, confidence=0.995).sentence()


def test_a_single_series_has_no_areas():
    said = replace(FEWER, units=0, treated_units=0).sentence()
    assert "1,440 observations; Poisson" in said
    assert "areas" not in said


def test_results_cannot_be_changed_and_keep_table_and_model_out_of_comparison():
    with pytest.raises(FrozenInstanceError):
        FEWER.estimate = 0.0
    assert replace(FEWER, model=object()) == FEWER
    assert replace(FEWER, estimate=-0.24) != FEWER


def test_a_check_compares_by_what_it_found():
    found = Check("placebo_date", "Placebo date", "pass", "Nothing.", {"p": 0.4})
    assert replace(found, table=object()) == found
    assert replace(found, status="warn") != found
    assert found.asks == ""
