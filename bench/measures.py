"""Time and memory of the measures of notebook 10 on fifty million interventions, beside DuckDB SQL written for each.

    python bench/measures.py [FOLDER [ROWS [ROUNDS]]]

A question to the kit and its SQL run in turn, each in a process of its own, on the same Parquet file. The SQL gives
what the kit gives: numbers, rows left out by reason, the contacts behind them. Prints seconds, ratio and memory.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import many

HERE = Path(__file__).resolve().parent
LEDGER = """count(*), sum(contacts), count(contacts), sum(contacts) filter (where is_aggregate)"""
MONTH = """case when time_precision is null or time_precision in ('second','minute','hour','day','week','month')
    then date_trunc('month', period_start) end"""


def _lacks(column: str, coded: bool = True) -> str:
    """The cases of a missing value: by a code of its own, by a token of column `missing`, or blank."""
    cases = []
    for place, kind in enumerate(("unknown", "declined", "not_asked", "not_applicable", "set_aside"), 1):
        text = f"{column}={kind}"
        token = f"{column} is null and (starts_with(missing, '{text}') or contains(missing, ';{text}'))"
        own = f"{column} = '{kind}' or " if coded and kind != "set_aside" else ""
        cases.append(f"when {own}({token}) then {place}")
    return " ".join([*cases, f"when {column} is null then 6 else -1"])


def _mix(column: str, by: str = "") -> str:
    key = f"{by}, " if by else ""
    return f"""select {key}{column}, case when contacts is null then 0 {_lacks(column)} end w, {LEDGER}
        from t group by all"""


def _percentiles(start: str, end: str) -> str:
    return f"""with e as (select source, is_aggregate, contacts, epoch_us({end}) - epoch_us({start}) x,
          {start} is null s from t),
        j as (select *, case when is_aggregate then 0 when x is null and s then 1 when x is null then 2
          when x < 0 then 3
          when x > 86400000000 then 4 else -1 end w from e),
        c as (select source, w, {LEDGER}, sum(x) a, sum((x / 60e6) ** 2) b,
          count(*) filter (where x = 0) z from j group by all),
        q as (select source, quantile_cont(x, [0.5, 0.75, 0.9, 0.4998, 0.5002, 0.7498, 0.7502, 0.8998, 0.9002]) v
          from j where w = -1 group by all)
        select * from c left join q using (source)"""


QUESTIONS = {  # measure, by, variants, SQL
    "contacts": ("contacts", (), {}, f"select {LEDGER} from t"),
    "contacts by month": ("contacts", ("month",), {}, f"select {MONTH} m, {LEDGER} from t group by all"),
    "contacts by hour of the week": (
        "contacts", ("weekday", "hour"), {},
        f"""select case when time_precision is null or time_precision in ('second','minute','hour','day')
            then isodow(period_start) end d, hour(received_local) h, is_aggregate w, {LEDGER} from t group by all""",
    ),
    "share by access": ("share", (), {"of": "access"}, _mix("access")),
    "share by need and source": ("share", ("source",), {"of": "need"}, _mix("need", "source")),
    "outcome by responder": (
        "outcome_share", ("responder",), {},
        f"""select responder, outcome, case when is_aggregate then 0 {_lacks("outcome")} end w, {LEDGER}
            from t group by all""",
    ),
    "force used by responder": (
        "force_used", ("responder",), {},
        f"""select responder, case when is_aggregate then 0 {_lacks("force_used", coded=False)} end w,
            {LEDGER}, sum(force_used::int) from t group by all""",
    ),
    "minutes per contact": (
        "time_per_contact", (), {},
        f"""select case when duration_min is null then 0 when contacts is null then 1 else -1 end w, {LEDGER},
            sum(duration_min), sum(duration_min * duration_min), sum(duration_min * contacts), sum(contacts * contacts)
            from t group by all""",
    ),
    "response time by source": (
        "response_time", ("source",), {"within_h": 24}, _percentiles("received_at", "arrived_at"),
    ),
    "travel time by source": (
        "travel_time", ("source",), {"within_h": 24}, _percentiles("dispatched_at", "arrived_at"),
    ),
}


def ask(side: str, question: str, folder: Path) -> tuple[float, float]:
    """Seconds of one question, without the start of the process, and peak memory [MB] of that process."""
    name, by, variants, sql = QUESTIONS[question]
    if side == "kit":
        from crisiskit.measures import load, measure

        tables = load(folder)
        measure(tables, "records", where={"source": "none"})  # imports and opening are not what is compared
        begin = time.perf_counter()
        measure(tables, name, by, **variants)
    else:
        import duckdb

        con = duckdb.connect(config={"memory_limit": "1GB"})
        con.execute(f"create view t as select * from '{folder / 'interventions.parquet'}'")
        begin = time.perf_counter()
        con.execute(sql).fetchall()
    return time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder: Path, rows: int, rounds: int) -> None:
    """Ask every question of both sides in turn and print medians and ratios."""
    if not (folder / "interventions.parquet").exists():
        many.write(folder, rows)
    print(f"{'question':32}{'kit s':>8}{'SQL s':>8}{'ratio':>7}{'kit MB':>8}")
    for question in QUESTIONS:
        found: dict[str, list[tuple[float, float]]] = {"kit": [], "sql": []}
        for _ in range(rounds):
            for side, answers in found.items():
                call = [sys.executable, __file__, "--ask", side, question, str(folder)]
                done = subprocess.run(call, check=True, capture_output=True, text=True)
                answers.append(tuple(map(float, done.stdout.split())))  # type: ignore[arg-type]
        kit, sql = ([seconds for seconds, _ in found[side]] for side in ("kit", "sql"))
        ratio = statistics.median(a / b for a, b in zip(kit, sql, strict=True))
        memory = max(megabytes for _, megabytes in found["kit"])
        medians = f"{statistics.median(kit):8.2f}{statistics.median(sql):8.2f}"
        print(f"{question:32}{medians}{ratio:7.2f}{memory:8.0f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        print(*ask(sys.argv[2], sys.argv[3], Path(sys.argv[4])))
    else:
        place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="crisiskit-many-"))
        main(place, int(sys.argv[2]) if len(sys.argv) > 2 else 50_000_000, int(sys.argv[3]) if len(sys.argv) > 3 else 3)
