"""What a run would produce, told without reading data or starting a kernel."""

import json
from collections.abc import Iterator
from pathlib import Path

from crisiskit.release import sections
from crisiskit.runs.plan import Plan, Source


def preview(plan: Plan, out: Path) -> Iterator[str]:
    """Lines of a dry run: what would be read, what would be written, and which columns each section lacks."""
    evaluation = plan.study.evaluation
    yield f"{evaluation.title}: a dry run; nothing is read, written or started"
    for source in plan.sources:
        made = f"simulated {source.simulate.kind}, seed {source.simulate.seed}" if source.simulate else ""
        size = f"{sum(file['bytes'] for file in source.inputs) / 1e6:,.1f} MB"
        files = f"{len(source.inputs)} file{'' if len(source.inputs) == 1 else 's'}, {size}"
        yield f"would {source.step.id}: {made or files}"
    yield f"would write to {out / evaluation.evaluation}: index.html, run.json, tables/, restricted/"
    recorded = _recorded(plan.sources)
    for notebook in plan.notebooks:
        yield f"  reports/{notebook.name}.html, notebooks/{notebook.name}.ipynb, figures/{notebook.name}/"
        if notebook.name not in sections.notebooks():
            continue
        for title, lacks in sections.plan(notebook.name, recorded):
            yield f"    {title}: not recorded, lacks {', '.join(lacks)}" if lacks else f"    {title}"


def _recorded(sources: tuple[Source, ...]) -> dict[str, set[str]]:
    """Table to the columns that at least one source fills; a simulated source can fill them all."""
    from crisiskit.intake.standardize import filled
    from crisiskit.standard import dictionary

    found: dict[str, set[str]] = {}
    for source in sources:
        if source.mapping is None:
            for table in dictionary.tables().values():
                found.setdefault(table.name, set()).update(table.columns)
        else:
            for table_map in source.mapping.tables.values():
                found.setdefault(table_map.into, set()).update(filled(table_map))
    return found


def opening(notebook: Path) -> dict[str, str]:
    """A notebook's heading and the first paragraph under it, for the page that leads to its report."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    lines = next(("".join(cell["source"]).splitlines() for cell in cells if cell["cell_type"] == "markdown"), [])
    title = next((line.lstrip("# ") for line in lines if line.startswith("# ")), notebook.stem)
    rest = "\n".join(line for line in lines if not line.startswith("#")).strip()
    return {"title": title, "lead": " ".join(rest.split("\n\n")[0].split())}
