"""What `crisiskit check` says: whether a mapping or an evaluation can be carried out, and which checks fail."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crisiskit.errors import UserError
from crisiskit.runs import question, record
from crisiskit.runs.plan import Plan, make_plan
from crisiskit.runs.runner import read_all

FATES = ("rows_read", "standardized", "collapsed", "excluded", "quarantined", "rejected")


@dataclass(frozen=True)
class Verdict:
    """What was found, line by line, and whether the data stand: no check of severity `error` fails.

    Where the file asks about a programme, they stand only if the tables hold what the question names.
    """

    lines: tuple[str, ...]
    stands: bool


def verdict(file: Path, data: Path | None) -> Verdict:
    """Read all that an evaluation or a mapping names, keep nothing, and tell what was found.

    Raises UserError for what cannot be read at all.
    """
    plan = make_plan(file, data)
    with tempfile.TemporaryDirectory(prefix="crisiskit-check-") as temporary:
        tables = read_all(plan, data, Path(temporary))
        ledger, quality = (record.read_json(tables / f"{name}.json") for name in ("ledger", "quality"))
        answered, answers = _question(plan, tables)
    failing = [check for check in quality["checks"] if check["status"] in ("fail", "error")]
    lines = (*_ledger(ledger), *_units(quality), *_checks(quality, failing), *answered)
    return Verdict(lines, answers and not any(check["severity"] == "error" for check in failing))


def _question(plan: Plan, tables: Path) -> tuple[list[str], bool]:
    """What the tables say to the question of an evaluation, where it has one, and whether they can answer."""
    if (given := question.asked(plan)) is None:
        return [], True
    try:
        return question.lines(question.hold(given, tables, plan.study.path), given.step), True
    except UserError as error:
        return [str(error)], False


def _ledger(ledger: dict[str, Any]) -> list[str]:
    total = {fate: sum(file[fate] for file in ledger["files"]) for fate in FATES}
    told = ", ".join(f"{number:,} {fate.replace('_', ' ')}" for fate, number in total.items())
    tables = ", ".join(f"{rows:,} {name}" for name, rows in ledger["tables"].items())
    reasons = Counter[tuple[str, str]]()
    for reason in ledger["reasons"]:
        reasons[reason["kind"], reason["reason"]] += reason["rows"]
    files = f"{len(ledger['files'])} file{'' if len(ledger['files']) == 1 else 's'}"
    return [
        f"{files}: {told}; the ledger {'closes' if ledger['closes'] else 'DOES NOT CLOSE'}",
        f"tables: {tables}",
        *(f"  {rows:,} {kind.replace('_', ' ')}: {reason}" for (kind, reason), rows in reasons.most_common(12)),
    ]


def _units(quality: dict[str, Any]) -> list[str]:
    doubtful = Counter((unit["column"], unit["verdict"]) for unit in quality["units"] if unit["verdict"] != "agrees")
    return [f"unit of {column}: {verdict} in {places} places" for (column, verdict), places in doubtful.items()]


def _checks(quality: dict[str, Any], failing: list[dict[str, Any]]) -> list[str]:
    tally = Counter(check["status"] for check in quality["checks"])
    lines = [f"checks: {', '.join(f'{number} {status}' for status, number in tally.items()) or 'none'}"]
    for check in failing:
        share = "" if check["share"] is None else f" in {check['numerator']:,} of {check['denominator']:,} rows"
        lines.append(f"  {check['severity']}: {check['title']} ({check['table']}, {check['id']}){share}")
    return lines
