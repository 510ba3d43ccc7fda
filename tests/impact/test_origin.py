"""The sources of a study: those of its outcomes and of what stands beside them, and no others."""

import pandas as pd
import pytest

from crisiskit.impact.origin import sources_of
from crisiskit.impact.question import Question
from crisiskit.measures.tables import open_tables


@pytest.fixture(scope="module")
def tables():
    counts = pd.DataFrame({
        "source": ["police", "police", "team", "census", "other"],
        "measure": ["theft", "noise", "sent", "people", "calls"], "value": 1.0,
    })  # fmt: skip
    return open_tables({"counts": counts, "interventions": pd.DataFrame({"source": ["team", "ward"]})})


def asked(**more):
    return Question.model_validate({
        "programme": "x", "roll_out": [{"area": "a", "start": "2024-01-01"}],
        "outcome": {"label": "theft", "measure": "theft"}, **more})  # fmt: skip


@pytest.mark.parametrize(("more", "names"), [
    ({}, ("police",)),
    ({"dose_measure": "sent", "exposure": "people"}, ("census", "police", "team")),
    ({"covariates": ["calls"]}, ("other", "police")),
    ({"outcome": {"label": "x", "dates": {"seen": "noise", "told": "theft"}}}, ("police",)),
    ({"negative_control": {"label": "y", "table": "interventions", "source": "ward"}}, ("police", "ward")),
    ({"outcome": {"label": "y", "table": "interventions"}}, ("team", "ward")),
])  # fmt: skip
def test_sources(tables, more, names):
    assert sources_of(tables, asked(**more)) == names
