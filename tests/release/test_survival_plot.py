"""The curve and the numbers below it are those that went in."""

import pandas as pd

from crisiskit.release.survival_plot import still_waiting

CURVE = pd.DataFrame(
    {
        "time_s": [0.0, 7.0, 20.0, 30.0],
        "at_risk": [9, 9, 4, 1],
        "survival": [1.0, 0.8, 0.5, 0.0],
        "low": [1.0, 0.7, 0.3, 0.0],
        "high": [1.0, 0.9, 0.7, 0.0],
    }
)


def test_the_curve_falls_in_steps_of_its_own_numbers():
    axes = still_waiting(CURVE, "seconds").axes[0]
    assert list(axes.lines[0].get_xdata()) == [0, 7, 20, 30]
    assert list(axes.lines[0].get_ydata()) == [100, 80, 50, 0]


def test_below_each_tick_stands_who_still_waits_when_the_next_is_answered():
    figure = still_waiting(CURVE, "seconds", until=40)
    numbers = {text.xy[0]: text.get_text() for text in figure.axes[1].texts}
    assert numbers[0] == "9"
    assert numbers[10] == "4"  # the next answer is at 20 s
    assert numbers[20] == "4"
    assert numbers[30] == "1"
    assert 35 not in numbers  # nobody is answered after 30 s: no number, and no zero either
    assert 40 not in numbers


def test_groups_keep_their_own_numbers():
    data = pd.concat([CURVE.assign(line="b"), CURVE.assign(line="a", at_risk=70)])
    table = still_waiting(data, "seconds", "line").axes[1]
    assert [label.get_text() for label in table.get_yticklabels()] == ["b", "a"]
    assert {text.get_text() for text in table.texts if text.xy[1] == 1} == {"70"}
