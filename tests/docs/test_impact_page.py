"""The page of the question's keys is the model's own, and leaves no key unexplained."""

from pathlib import Path

import pytest

from crisiskit.impact.question_page import PARTS, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "impact_question.md"


def test_the_page_is_made_from_the_models():
    assert PAGE.read_text("utf-8") == page(), "write it anew from crisiskit.impact.question_page.page()"


@pytest.mark.parametrize("model", [model for _, _, model in PARTS], ids=lambda model: model.__name__)
def test_every_key_stands_on_it(model):
    for name, field in model.model_fields.items():
        assert f"| `{field.alias or name}` |" in page()
