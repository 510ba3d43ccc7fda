"""Shocks: told from the programme where they can be, and said where they cannot."""

from dataclasses import replace

import numpy as np
import pytest

from crisiskit.impact.checks.shocks import covid, shocks


def hit(panel, columns, factor, rows=slice(None)):
    outcome = panel.outcome.copy()
    outcome[rows, columns] = np.round(outcome[rows, columns] * factor)
    return replace(panel, outcome=outcome)


def flood(first, last, *areas):
    return {"shocks": [{"name": "flood", "days": {"from": first, "to": last}, "areas": list(areas)}]}


def test_a_panel_before_the_pandemic_passes(make, panel_of):
    found = covid(make(panel_of(year=2016)))
    assert (found.status, found.table) == ("pass", None)
    assert "2020-03-15 to 2021-06-30" in found.finding


def test_the_pandemic_is_looked_at_unasked(make, panel_of):
    """24 months from January 2020, start in January 2021: twelve months before, of which two are calm."""
    found = covid(make(panel_of(year=2020, seed=3)))
    assert found.table["variant"].tolist() == ["without its periods", "against the same periods a year before"]
    assert found.status == "pass"
    assert found.table["relative"].tolist() == pytest.approx([np.expm1(-0.4)] * 2, abs=0.06)


def test_a_programme_inside_the_pandemic_cannot_be_told_from_it(make, panel_of):
    """June to November 2020 against the half-year before, in data from 2018 on."""
    panel = panel_of(months=35, start=29, year=2018)
    found = covid(make(panel, window=(23, 35)))
    assert found.status == "warn"
    assert "every period after the start lies inside it" in found.finding
    assert found.table["relative"].isna().tolist() == [True, False]


def test_the_same_months_a_year_before_are_those(make, panel_of):
    seen = []
    material = make(panel_of(months=35, start=29, year=2018), window=(23, 35))

    def spy(panel, model=""):
        seen.append([str(start)[:7] for start in panel.starts])
        return material.main

    covid(replace(material, refit=spy))
    assert seen == [[f"{year}-{month:02d}" for year in (2019, 2020) for month in range(6, 12)]]


def test_an_effect_that_the_pandemic_makes_fails(make, panel_of):
    """Treated areas lost half of their calls in the pandemic alone; the programme ran from January 2020 on."""
    panel = panel_of(effect=0.0, year=2019, months=24, start=12, mean=300.0)
    panel = hit(panel, slice(14, 24), 0.5, slice(0, 5))
    found = covid(make(panel))
    assert found.status == "fail"


def test_days_of_the_question_replace_the_default(make, panel_of):
    days = {"shocks": [{"name": "Covid-19", "days": {"from": "2018-03-01", "to": "2018-04-30"}}]}
    material = make(panel_of(), **days)
    assert covid(material).table["shock"].tolist() == ["Covid-19", "Covid-19"]
    assert shocks(material).status == "not possible"


def test_a_shock_that_makes_the_effect_fails(make, panel_of):
    panel = hit(panel_of(effect=0.0, months=12, start=6, mean=300.0), slice(6, 8), 0.3, slice(0, 5))
    found = shocks(make(panel, **flood("2018-07-01", "2018-08-31")))
    assert found.status == "fail"


def test_a_shock_that_hit_all_alike_passes(make, panel_of):
    panel = hit(panel_of(mean=300.0), slice(14, 16), 0.5)
    assert shocks(make(panel, **flood("2019-03-01", "2019-04-30"))).status == "pass"


def test_areas_it_hit_are_left_out(make, panel_of):
    panel = panel_of(mean=300.0)
    found = shocks(make(panel, **flood("2019-03-01", "2019-04-30", "a001", "a010")))
    assert found.table["variant"].tolist() == ["without its periods", "without the areas it hit"]
    assert found.status == "pass"


def test_where_it_hit_every_treated_area_its_cells_are_unknown(make, panel_of):
    panel = panel_of(mean=300.0)
    found = shocks(make(panel, **flood("2019-03-01", "2019-04-30", *panel.units[:5])))
    notes = dict(zip(found.table["variant"], found.table["note"], strict=True))
    assert notes["without the areas it hit"] == "no treated area is left"
    assert notes["without its periods in those areas"] == ""
    assert found.status == "pass"


def test_a_shock_for_as_long_as_the_programme_is_a_doubt(make, panel_of):
    panel = panel_of()
    found = shocks(make(panel, **flood("2019-01-01", "2019-12-31")))
    assert found.status == "warn"
    assert found.numbers["not_separable"] == 1
    assert found.finding.startswith("Cannot be left out: flood")


@pytest.mark.parametrize("where", [("2031-01-01", "2031-02-01"), ("2019-03-01", "2019-04-30", "elsewhere")])
def test_a_shock_elsewhere_passes(make, panel_of, where):
    assert shocks(make(panel_of(), **flood(*where))).status == "pass"
