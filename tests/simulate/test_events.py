import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.simulate import simulate
from crisiskit.simulate.events import events, scene, to_local, to_utc
from crisiskit.simulate.settings import settings_for


def drawn(months=24, areas=8, start="2023-01-01", **given):
    settings = settings_for("call_for_service", given)
    stage = scene(settings, 144, months, start, areas, 4)
    return settings, stage, *events(settings, stage)


def test_counts_per_area_and_month_are_poisson_about_the_truth():
    _, stage, found, truth = drawn(rate=200.0)
    wanted = np.array([list(months.values()) for months in truth["expected_first_events"].values()])
    month = (found.local.astype("M8[M]") - stage.months[0]).astype(int)
    got = np.bincount(found.area * 24 + month, minlength=wanted.size).reshape(wanted.shape)
    z = (got - wanted) / np.sqrt(wanted)
    assert abs(z).max() < 4.5
    assert z.var() == pytest.approx(1, abs=4.5 * np.sqrt(2 / z.size))  # Poisson, neither more nor less


def test_the_rate_is_per_average_month_and_ratio():
    _, stage, _, truth = drawn(months=48, areas=2, area_ratio=(1, 2.5), trend_share=0, season_share=0, weekday=(1,) * 7)
    sums = [sum(months.values()) for months in truth["expected_first_events"].values()]
    assert sums == pytest.approx([80 * 48, 80 * 48 * 2.5], rel=1e-3)  # 1,461 days are 48 average months
    assert stage.ratio.tolist() == [1, 2.5]


def test_trend_season_weekday_and_hour_are_planted(close):
    hour = (1,) * 12 + (3,) * 12
    planted = {"hour": hour, "weekday": (1, 1, 1, 1, 1, 2, 2), "trend_share": 0.2}
    _, _, found, truth = drawn(rate=400.0, areas=1, area_ratio=(1,), **planted)
    n, days = len(found), found.local.astype("M8[D]")
    assert close((found.hour >= 12).sum(), n, 0.75)
    assert close(((days.astype(int) + 3) % 7 >= 5).sum(), n, 4 / 9)
    months = list(next(iter(truth["expected_first_events"].values())).values())
    assert sum(months[12:]) / sum(months[:12]) == pytest.approx(1.2, abs=0.01)
    assert months[6] / months[0] == pytest.approx(1.12 / 0.88 * 1.2**0.5, rel=0.03)  # July against January


def test_the_effect_begins_in_treated_areas_at_their_start():
    start = {"effect_ratio": 0.5, "stagger_months": 2, "programme_start": "2023-03-01"}
    plain, treated = (drawn(rate=10.0, treated=n, **start)[3]["expected_first_events"] for n in (0, 2))
    months = ("2023-02", "2023-03", "2023-04", "2023-05")
    ratios = [[treated[area][month] / plain[area][month] for month in months] for area in list(plain)[:3]]
    assert np.round(ratios, 3).tolist() == [[1, 0.5, 0.5, 0.5], [1, 1, 1, 0.5], [1, 1, 1, 1]]


def test_repeats_follow_with_the_share_and_gap_asked_for(close):
    _, stage, found, truth = drawn(rate=300.0, repeat_share=0.3, repeat_days=20.0)
    order = np.lexsort((found.at, found.person))
    person, at = found.person[order], found.at[order]
    next_is_same = np.append(person[1:] == person[:-1], False)
    gap = np.append((at[1:] - at[:-1]).astype(float) / 86400, np.inf)
    followed = (stage.days[-1] - at).astype("m8[D]").astype(int) >= 90
    within = next_is_same & (gap <= 30)
    assert truth["expected_repeat_share"]["within_30_days"] == pytest.approx(0.3 * (1 - np.exp(-1.5)), abs=1e-4)
    assert close((within & followed).sum(), followed.sum(), truth["expected_repeat_share"]["within_30_days"])
    assert truth["repeat_events"] == int(found.repeat.sum()) == len(found) - len(np.unique(found.person))


def test_events_stand_in_order_of_time_inside_the_window():
    _, stage, found, _ = drawn(repeat_share=0.4)
    assert (np.diff(found.at) >= np.timedelta64(0)).all()
    assert found.local.min() >= stage.days[0]
    assert found.local.max() < stage.days[-1] + 1


def test_wall_clock_and_instant_agree_at_clock_changes():
    """In Chicago on 2023-11-05 the hour from 1:00 repeats; on 2023-03-12 the hour from 2:00 is skipped."""
    wall = np.array(["2023-11-05T01:30:00"] * 2 + ["2023-03-12T02:30:00"], "M8[s]")
    at = to_utc(wall, "America/Chicago", np.array([True, False, False]))
    assert at.astype(str).tolist() == ["2023-11-05T06:30:00", "2023-11-05T07:30:00", "2023-03-12T08:30:00"]
    assert to_local(at, "America/Chicago").astype(str).tolist() == [*wall[:2].astype(str), "2023-03-12T03:30:00"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"start": "2023-1-1"}, "'2023-1-1' is not a date"),
        ({"start": "2023-01-02"}, "2023-01-02 is not the first day"),
        ({"months": 0}, "months: 0 is less than 1"),
        ({"areas": 0}, "areas: 0 is less than 1"),
        ({"treated": 9}, "treated: 9 areas of 8"),
        ({"area_ratio": (1, 2)}, "2 ratios given for 8 areas"),
        ({"treated": 1, "programme_start": "soon"}, "'soon' is not a date"),
    ],
)
def test_a_wrong_stage_is_refused(given, message):
    with pytest.raises(UserError, match=message):
        simulate("call_for_service", **given)


def test_no_events_make_empty_tables():
    for kind in ("call_for_service", "field_response", "hotline_contact", "non_client_contact", "programme"):
        assert len(simulate(kind, rate=0, months=1).interventions) == 0
