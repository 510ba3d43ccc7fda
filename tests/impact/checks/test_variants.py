"""The variants of a study and their panels."""

from dataclasses import replace

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.checks.variants import BESIDE, LISTED, MOST_PANELS, Variant, Variants, most

DATES = {"occurred": "a", "reported": "b"}
RICH = {
    "outcome": {"label": "calls", "dates": DATES},
    "date": "reported",
    "definitions": [{"label": "wide", "dates": DATES}, {"label": "narrow", "measure": "n"}],
    "alternative_areas": {"two": ["a000", "a001"]},
    "neighbours": ["a010"],
}


@pytest.fixture
def study(make, panel_of):
    def built(**settings):
        panel = panel_of(months=36, start=20)
        keys = [("calls", "occurred"), ("calls", "reported"), ("wide", "occurred"), ("wide", "reported"), "narrow"]
        panels = {key: replace(panel, label=str(key)) for key in keys}
        return make(panel, **{"window": (10, 30), "panels": panels, **RICH, **settings})

    return built


def test_the_full_cross_is_counted_by_hand(study):
    """(2 + 2 + 1) outcomes by date x 3 lists of areas x 3 models x 3 windows."""
    every = Variants(study()).every()
    assert len(every) == len(set(every)) == 5 * 3 * 3 * 3
    assert every[0] == Variants(study()).main == Variant("calls", "reported", LISTED, "poisson", "main")


def test_the_symmetric_window_has_half_of_the_shorter_side(study):
    windows = Variants(study()).windows
    assert [len(days) for days in windows.values()] == [20, 36, 10]
    assert list(windows)[2] == "5 months each side"


def test_windows_that_do_not_differ_are_no_variants(make, panel_of):
    assert list(Variants(make(panel_of(months=10, start=5))).windows) == ["main"]


def test_near_variants_come_first_and_the_order_hangs_on_the_seed_alone(study):
    first, again, other = (list(Variants(study(seed=seed)).in_order()) for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(first) == sorted(other) == sorted(Variants(study()).every())
    differ = [sum(a != b for a, b in zip(item, first[0], strict=True)) for item in first]
    assert differ[0] == 0
    near = differ.count(1)
    assert differ[1 : near + 1] == [1] * near


def test_panels_put_together_anew_are_limited(study):
    definitions = [{"label": f"d{k:02d}", "dates": DATES} for k in range(20)]
    variants = Variants(study(definitions=definitions))
    order = list(variants.in_order())
    assert len({(v.outcome, v.date, v.areas) for v in order if v.areas != BESIDE}) == MOST_PANELS
    assert len(variants.every()) > len(order) > 24


def test_panels_hold_what_the_variant_says(study):
    material = study()
    variants = Variants(material)
    main = variants.panel(variants.main)
    assert main.starts == material.panel.starts
    np.testing.assert_array_equal(main.outcome, material.panel.outcome)
    two = variants.panel(variants.main._replace(areas="two", window="all data"))
    assert [name for name, was in zip(two.units, two.treated, strict=True) if was] == ["a000", "a001"]
    assert two.starts == material.whole.starts
    beside = variants.panel(variants.main._replace(areas=BESIDE))
    assert set(main.units) - set(beside.units) == {"a010"}
    assert variants.panel(variants.main._replace(outcome="wide", date="occurred")).label == "('wide', 'occurred')"


def test_a_panel_is_put_together_once_also_where_it_fails(study):
    calls = []
    material = study()

    def rebuild(**given):
        calls.append((given["outcome"] and given["outcome"].label, given["date"], given["treated"]))
        if given["date"] == "occurred":
            raise UserError("not recorded")
        return material.rebuild(**given)

    variants = Variants(replace(material, rebuild=rebuild))
    for item in variants.every():
        if item.date == "occurred":
            with pytest.raises(UserError, match="not recorded"):
                variants.panel(item)
        else:
            variants.panel(item)
    assert len(calls) == len(set(calls)) == 5 * 2 - 1


@pytest.mark.parametrize(("areas", "months", "limit"), [(36, 12, 240), (200, 60, 100), (1000, 60, 24)])
def test_larger_panels_get_fewer_variants(panel_of, areas, months, limit):
    assert most(panel_of(areas=areas, months=months, start=months // 2)) == limit


@pytest.mark.parametrize(("design", "count"), [("did", 3), ("staggered", 3), ("its", 1), ("synthetic_control", 1)])
def test_a_design_with_a_model_of_its_own_has_no_other(study, design, count):
    material = study()
    found = Variants(replace(material, estimate=replace(material.estimate, design=design)))
    assert len(found.models) == count
