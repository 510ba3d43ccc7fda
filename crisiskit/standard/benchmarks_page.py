"""The documentation page of the benchmarks: a table per topic, with conflicts, editions and what was verified."""

from crisiskit.standard.benchmarks import Benchmark, benchmarks, of_topic, topics

HEAD = ("benchmark", "figure", "kind", "compared with", "only for", "source, edition", "verified", "conflicts with",
        "note")

INTRODUCTION = """\
Published figures that the numbers of a source can be set beside. Where published figures conflict, all of them stand,
and the kit does not choose. Figures that circulate without a source are not here.

- **kind**: a *standard* is a mark that services are held to, a *planning* figure serves planning, a *study* found it.
- **verified**: *yes* where it was read in the source named, *no* where it is quoted from memory or second hand.
- **compared with**: the measure of the kit and its variant. Under *only for* stand the rows that may be compared, and
  the fewest contacts or records on which a comparison may rest.

A comparison ends in one of these words, and it rests on the interval, never on the point alone:

- *meets*, *does not meet*: the whole interval lies on one side of the mark.
- *lies within it*, *lies outside it*: the same for a span that a study found, which is no mark to reach.
- *cannot tell: the interval includes it*, or *cannot tell: what is not recorded could change it*.
- *not comparable, because ...*: each condition that is not met.

```python
from crisiskit.measures.benchmarks import compare
compare("tables", topic="911_answering")
```"""


def benchmarks_page() -> str:
    """Return the page of all benchmarks, in Markdown."""
    made = "<!-- Made from crisiskit/standard/benchmarks.yaml; change it there, then run `python -m " \
           "crisiskit.standard.page docs`. -->"
    lines = ["# Benchmarks", "", made, "", f"{len(benchmarks())} figures.", "", INTRODUCTION, ""]
    for topic in topics():
        lines += [f"## {topic}", "", f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
        lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in _cells(item))} |"
                  for item in of_topic(topic)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _cells(item: Benchmark) -> list[str]:
    source = f"[{item.source}]({item.address})" if item.address else item.source
    return [
        f"`{item.id}`: {item.title}", item.figure or "none printed", item.kind, _compared(item), _only_for(item),
        f"{source}, {item.edition or 'edition not stated'}", "yes" if item.verified else "no",
        ", ".join(f"`{other}`" for other in item.conflicts), item.note,
    ]


def _compared(item: Benchmark) -> str:
    if item.never:
        return f"nothing, because {item.never}"
    variant = ", ".join(f"{name}={value}" for name, value in {**item.variant, **item.select}.items())
    also = "; ".join(f"{name}={value}" for change in item.also for name, value in change.items())
    return f"`{item.measure}`" + (f" ({variant})" if variant else "") + (f", shown beside: {also}" if also else "")


def _only_for(item: Benchmark) -> str:
    if item.never:
        return ""
    rows = [f"{table}: " + " and ".join(f"{name} {' or '.join(values)}" for name, values in columns.items())
            for table, columns in item.where.items()]
    return "; ".join([*rows, f"at least {item.minimum_n:,}"])
