"""The page of the benchmarks: every figure with all its cells, and what is never compared says why."""

from crisiskit.standard.benchmarks import benchmarks
from crisiskit.standard.benchmarks_page import HEAD, benchmarks_page


def rows() -> dict[str, list[str]]:
    lines = [line for line in benchmarks_page().splitlines() if line.startswith("| `")]
    return {line.split("`")[1]: [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines}


def test_every_benchmark_is_on_the_page_with_all_cells():
    assert list(rows()) == list(benchmarks())
    assert {len(cells) for cells in rows().values()} == {len(HEAD)}


def test_what_is_never_compared_says_why():
    cells = dict(zip(HEAD, rows()["star_offences"], strict=True))
    assert cells["compared with"].startswith("nothing, because it is the effect of a programme")
    assert cells["only for"] == ""
    assert cells["source, edition"].startswith("[Dee and Pyne 2022, Science Advances](https://doi.org/")


def test_conditions_editions_and_doubts_are_printed():
    cells = dict(zip(HEAD, rows()["nfpa_1225_10s"], strict=True))
    assert cells["verified"] == "no"
    assert cells["compared with"].startswith("`service_level` (threshold_s=10, denominator=offered), shown beside: ")
    assert cells["only for"] == "interventions: access 911; counts: level 911; at least 100"
    assert "edition not stated" in rows()["nfpa_1221_15s"][HEAD.index("source, edition")]
