"""The page that explains every key of a question, made from the model itself."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from crisiskit.impact.cost_plan import Costs, Diversion, OfficerTime
from crisiskit.impact.encounters import EncounterPlan
from crisiskit.impact.question import Outcome, Published, Question, Running, Shock

PARTS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("The question: `impact`", "What an evaluation says of its programme.", Question),
    ("A line of `roll_out`", "One stretch of days in one area; also the columns of a `roll_out_file`.", Running),
    ("An outcome", "`outcome`, and every entry of `secondary`, `definitions`, `negative_control`, `recording` and "
     "`outside_hours`.", Outcome),
    ("A shock", "Something else that happened.", Shock),
    ("A published result", "Shown as context, never as proof.", Published),
    ("Encounters: `encounters`", "Who is compared with whom, in what, made alike in what.", EncounterPlan),
    ("Costs: `costs`", "Every figure is written as value, low, high, source and unit; the source is required.", Costs),
    ("Officer minutes: `costs.officer_minutes_saved`", "A figure with its counterfactual.", OfficerTime),
    ("A diversion: an entry of `costs.diversions`", "Gross, and net of what would have happened anyway.", Diversion),
)  # fmt: skip


def page() -> str:
    """The page in Markdown: a table per part, a row per key, with what it means and its default."""
    lines = ["# What a question can say", "", "Keys of `impact` in an evaluation file. An unknown key is an error.", ""]
    for title, about, model in PARTS:
        lines += [f"## {title}", "", about, "", "| key | default | meaning |", "|---|---|---|"]
        for name, field in model.model_fields.items():
            default = "**required**" if field.is_required() else _shown(field.default)
            lines.append(f"| `{field.alias or name}` | {default} | {_meaning(field)} |")
        lines.append("")
    return "\n".join(lines)


def _shown(default: Any) -> str:
    if default in ("", None) or default == () or default == {}:
        return "–"
    return f"`{default}`" if not isinstance(default, tuple) else f"`{list(default)}`"


def _meaning(field: Any) -> str:
    """The description, with the choices where the type has some."""
    text = (field.description or "").replace("|", "\\|")
    choices = _choices(field.annotation)
    if choices and not all(choice in text for choice in choices):
        text += f"{'; ' if text else ''}one of {', '.join(choices)}"
    return text


def _choices(annotation: Any) -> list[str]:
    from typing import Literal

    if get_origin(annotation) is Literal:
        return [str(choice) for choice in get_args(annotation)]
    if get_origin(annotation) in (Union, UnionType):
        return [choice for part in get_args(annotation) for choice in _choices(part)]
    return []
