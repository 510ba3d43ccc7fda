"""`crisiskit init`: profile files and draft a mapping that runs at once, with confidence, examples and reasons."""

import os
import re
import tempfile
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from crisiskit import engine
from crisiskit.errors import UserError, nearest
from crisiskit.intake import cells, evidence, totals
from crisiskit.intake.daytimes import joined, settle
from crisiskit.intake.draft import Draft, of_records, of_totals
from crisiskit.intake.identifiers import plain
from crisiskit.intake.layout import opened
from crisiskit.intake.mapping import load
from crisiskit.intake.matching import LOW, MEDIUM, choose
from crisiskit.intake.profile import profiles, together
from crisiskit.intake.proposal import slug
from crisiskit.intake.yamltext import comment, flow, summary_table, tree_text


def draft(files: list[Path], out: Path | None = None, zone: str | None = None) -> str:
    """Draft a mapping of one or more files of the same kind; write it to `out` and return a summary for the terminal.

    Without `out` the text of the mapping is returned. Raises UserError for a file that cannot be read, an unknown
    zone, and files that hold neither a date nor totals (a code list belongs into `codes_file` of another mapping).
    """
    if zone is not None and zone not in available_timezones():
        raise UserError(f"'{zone}' is no IANA time zone{nearest(zone, available_timezones())}")
    paths = [Path(file) for file in files]
    with tempfile.TemporaryDirectory(prefix="crisiskit-init-") as temporary:
        work = Path(temporary)
        con = engine.connect(work)
        try:
            made = _drafted(con, paths, zone, work)
            text = _text(made)
            (work / "draft.yaml").write_text(text, "utf-8")
            load(work / "draft.yaml")
        finally:
            con.disconnect()
    if out is None:
        return text
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, "utf-8")
    return _summary(made, out)


def _drafted(con: Any, paths: list[Path], zone: str | None, work: Path) -> Draft:
    layout = opened(con, paths, work)
    if not sum(read.rows_read - len(read.rejects) for read in layout.reads):
        raise UserError(
            f"{', '.join(path.name for path in paths)}: no rows under the header, so nothing can be drafted"
        )
    rows, columns = together(con, layout.reads)
    found = profiles(rows, columns)
    order, why = settle(rows, found)
    names = plain(" ".join(f"{path.parent.name} {path.name.split('.')[0]}" for path in paths[:1]))
    pairs = joined(found)
    chosen = choose([*found, *pairs])
    made = Draft(
        _source(paths), layout, "interventions", zone and (zone, "as asked") or evidence.zone_of(paths, found, chosen)
    )
    made.blanks = {
        v: "blank" for p in found for v, kind in p.missing.items() if kind == "blank" and not re.match(r"-?\d", v)
    }
    made.blanks = {cells.fold(v): "blank" for v in made.blanks}
    counted = totals.find(rows, found, chosen, plain(paths[0].name.split(".")[0]), made.zone[0])
    if counted:
        of_totals(made, counted, found)
    else:
        of_records(made, rows, found, chosen, names)
    if layout.remark:
        made.remarks.append(layout.remark)
    if why and any(p.dates and p.dates.order == "tie" for p in found):
        made.remarks.append(f"dates: {why}")
    return made


def _source(paths: list[Path]) -> str:
    """The name of the source out of the file names: what they have in common, without numbers at its end."""
    stems = [path.name.split(".")[0] for path in paths]
    common = os.path.commonprefix(stems)
    name = slug(common if len(common) > 2 else stems[0])
    return re.sub(r"(_?\d+)+$", "", name) or name


def _text(made: Draft) -> str:
    """The mapping as YAML, a comment per column."""
    reads = made.layout.reads
    head = [
        "# Drafted from the files; nothing here is certain until someone who knows them has read it.",
        "# high, medium, low: how sure the draft is of a column. Words in capitals ask for a look.",
        f"source: {made.source}",
        "publisher: to be filled   # who publishes or keeps these records",
        f"dataset: {flow(', '.join(read.file for read in reads[:3]) + (' ...' if len(reads) > 3 else ''))}",
        "licence: not stated",
        *comment(made.zone[1]),
        f"time_zone: {made.zone[0]}",
        *comment("cannot_tell: [...]   # what these records cannot tell, shown beside every figure"),
        "tables:",
        f"  {'totals' if made.into == 'counts' else 'records'}:",
        f"    into: {made.into}",
        "    read:",
        *tree_text(made.layout.spec, 6),
    ]
    body = comment(*made.remarks, indent=4)
    if made.blanks:
        body += ["    missing:   # spellings that mean nothing in any column", *tree_text(made.blanks, 6)]
    for key, value in made.extra.items():
        body += [f"    {key}:", *tree_text(value, 6)]
    body += comment(*made.offers, indent=4)
    if made.drop:
        body += ["    drop:   # they look like identifiers; unmapped columns are never stored"]
        body += [f"      - {flow(name)}   # {kind}" for name, kind in made.drop.items()]
    body.append("    columns:")
    for line in made.lines:
        filled = f"; {line.share:.0%} filled" if line.share is not None else ""
        body += comment(
            f"{line.confidence}: {line.why}{filled}" + (f"; e.g. {line.examples}" if line.examples else ""), indent=6
        )
        body += comment(*line.after, indent=6)
        body += tree_text({line.column: line.spec}, 6)
    if made.left:
        body += comment("", "not mapped, and so not stored:", indent=4)
        body += comment(
            *(
                f"  {p.name}: {why or f'{p.kind}, {p.share:.0%} filled, {p.distinct:,} different'}"
                + (f"; e.g. {p.examples()}" if p.values else "")
                for p, why in made.left
            ),
            indent=4,
        )
    return "\n".join([*head, *body]) + "\n"


def _summary(made: Draft, out: Path) -> str:
    """What the terminal shows: the columns, what is left, what to check, and the command that comes next."""
    rows = [
        (
            line.column,
            line.label or flow(line.spec),
            line.confidence,
            "" if line.share is None else f"{line.share:.0%}",
            line.examples,
        )
        for line in made.lines
    ]
    if made.into == "counts":
        rows += [
            (f"value ({rule['measure']})", rule["pattern"], LOW if rule["unit"] == "count" else MEDIUM, "", "")
            for rule in made.extra["wide"]
        ]
    read = sum(one.rows_read for one in made.layout.reads)
    look = [f"time_zone {made.zone[0]}: {made.zone[1]}", *made.remarks]
    look += [f"{line.column}: {text}" for line in made.lines for text in line.after if text.split()[0].isupper()]
    text = [
        f"{read:,} rows in {len(made.layout.reads)} file{'s' * (len(made.layout.reads) > 1)} -> {made.into}",
        "",
        *summary_table(("standard column", "source column", "confidence", "filled", "examples"), rows),
        "",
    ]
    if made.drop:
        text.append("dropped as identifiers: " + ", ".join(f"{name} ({kind})" for name, kind in made.drop.items()))
    if made.left:
        text.append("not mapped: " + ", ".join(p.name for p, _ in made.left))
    text += ["to check: " + look[0], *(f"          {line}" for line in look[1:])]
    text += [
        "",
        f"Wrote {out}. Read it, then: crisiskit standardize {out} --data {made.layout.data} --out standardized",
    ]
    return "\n".join(text)
