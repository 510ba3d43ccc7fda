"""How far an estimate moves, and how it is judged and said."""

import math

import pytest

from crisiskit.errors import UserError
from crisiskit.impact.checks.common import attempt, movement, periods, said, share, stability, without
from crisiskit.impact.material import Quick


def quick(relative, p=0.01, half=0.1):
    b = math.log1p(relative)
    return Quick(b, b - half, b + half, p, relative, relative - half, relative + half, 0.0, 10, 3)


def test_a_move_is_a_share_of_the_main_estimate():
    assert movement(quick(-0.4), quick(-0.3)) == pytest.approx(0.25)
    assert movement(quick(-0.4), quick(0.2)) == pytest.approx(1.5)


def test_a_move_within_the_noise_of_no_effect_is_small():
    assert movement(quick(-0.01, p=0.8, half=0.2), quick(0.01, p=0.8)) == pytest.approx(0.02 / 0.2)


def test_without_a_share_the_scale_of_the_model_is_used():
    nan = float("nan")
    main, other = (Quick(b, b - 1, b + 1, 0.01, nan, nan, nan, nan, 5, 1) for b in (-4.0, -3.0))
    assert movement(main, other) == pytest.approx(0.25)
    assert said(main) == "a difference of -4 (interval -5 to -3, p 0.010)"


@pytest.mark.parametrize(
    ("main", "other", "status"),
    [
        (quick(-0.4), quick(-0.31), "pass"),
        (quick(-0.4), quick(-0.29), "warn"),  # moved, still an effect
        (quick(-0.4), quick(-0.39, p=0.06), "warn"),  # no effect any more, hardly moved
        (quick(-0.4), quick(-0.29, p=0.06), "fail"),
        (quick(-0.4), quick(0.01, p=0.9), "fail"),
        (quick(-0.02, p=0.7, half=0.2), quick(0.01, p=0.9), "pass"),  # the sign of nothing
        (quick(-0.02, p=0.7, half=0.2), quick(-0.2, p=0.01), "warn"),
    ],
)
def test_stability_by_its_rules(main, other, status):
    assert stability(main, [quick(-0.4) if main.p < 0.05 else main, other]) == status


def test_only_data_that_cannot_answer_are_caught():
    def cannot():
        raise UserError("no zeros under a logarithm")

    def bug():
        raise ZeroDivisionError

    assert attempt(("x",), cannot).note == "no zeros under a logarithm"
    with pytest.raises(ZeroDivisionError):
        attempt(("x",), bug)


def test_sides_of_the_comparison_cannot_be_emptied(panel_of):
    panel = panel_of(areas=4, treated=1, months=6, start=3)
    assert without(panel, ["a003"]).units == ("a000", "a001", "a002")
    for gone, message in ((["a000"], "no treated area"), (["a001", "a002", "a003"], "to compare with")):
        with pytest.raises(UserError, match=message):
            without(panel, gone)
    with pytest.raises(UserError, match="after the start"):
        periods(panel, panel.before)
    with pytest.raises(UserError, match="before the start"):
        periods(panel, ~panel.before)


@pytest.mark.parametrize(
    ("value", "words"),
    [(-0.344, "-34.4%"), (float("inf"), "without bound"), (1e20, "over +1000%"), (float("nan"), "unknown")],
)
def test_shares_are_said_in_words(value, words):
    assert share(value) == words
