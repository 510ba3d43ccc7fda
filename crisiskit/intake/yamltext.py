"""YAML as text with comments, and a plain table for the terminal: the two faces of a drafted mapping."""

import re
from collections.abc import Sequence
from typing import Any

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./()+-]*[A-Za-z0-9_./()+]|[A-Za-z0-9_]")
WIDTH = 110


def flow(value: Any) -> str:
    """A value on one line. Text is quoted unless it is plain letters and cannot be taken for anything else."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    text = str(value)
    if PLAIN.fullmatch(text) and text.lower() not in ("null", "y", "n", "yes", "no", "on", "off") and "  " not in text:
        return text
    return "'" + text.replace("'", "''") + "'"


def tree_text(tree: Any, indent: int) -> list[str]:
    """Lines of a mapping or a list: on one line what fits there, else one line per key."""
    pad, out = " " * indent, []
    if isinstance(tree, list):
        return [f"{pad}- {flow(item)}" for item in tree]
    for key, value in tree.items():
        line = f"{pad}{flow(key)}: {flow(value)}"
        nested = isinstance(value, dict) and (len(value) > 4 or any(isinstance(v, dict) for v in value.values()))
        if nested or (isinstance(value, dict | list) and len(line) > WIDTH):
            out += [f"{pad}{flow(key)}:", *tree_text(value, indent + 2)]
        else:
            out.append(line)
    return out


def comment(*texts: str, indent: int = 0) -> list[str]:
    """Comment lines, broken at blanks where they are too long; control characters cannot end one."""
    out = []
    for text in texts:
        lead = re.match(" *", text)[0]  # type: ignore[index]
        line = ""
        for word in re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text.strip()).split(" "):
            if line and len(line) + len(word) > WIDTH:
                out.append(f"{' ' * indent}# {line}")
                line = lead + "  "
            line += (" " if line.strip() else lead if not line else "") + word
        out.append(f"{' ' * indent}# {line}".rstrip())
    return out


def summary_table(head: Sequence[str], rows: Sequence[Sequence[str]], widest: int = 44) -> list[str]:
    """A plain table: columns padded, long cells cut with dots."""
    cut = [
        [cell if len(cell) <= widest else cell[: widest - 3] + "..." for cell in map(_one_line, row)]
        for row in (head, *rows)
    ]
    widths = [max(len(row[i]) for row in cut) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
