"""Time and memory of standardizing five million CAD rows: the kit, hand-written DuckDB SQL, and pandas, in turn.

    python bench/standardize.py [FOLDER [ROWS [ROUNDS]]]

Each contender runs as a process of its own, round by round, and does the same: read as text, hash the file, give every
row its lineage, parse three wall clocks to instants, translate codes, count the same checks, quarantine rows without a
date whole, write the standard table as Parquet with all its columns, and close a ledger. Prints medians and ratios.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cad

HERE = Path(__file__).resolve().parent


def kit(folder: Path) -> None:
    """The kit itself."""
    from crisiskit.intake.standardize import standardize

    standardize(folder / "cad.yaml", folder, folder / "out_kit")


def sql(folder: Path) -> None:
    """DuckDB SQL written for this file alone."""
    import by_hand

    by_hand.with_duckdb(folder, folder / "out_sql")


def pandas(folder: Path) -> None:
    """The same in pandas."""
    import by_hand

    by_hand.with_pandas(folder, folder / "out_pandas")


def once(name: str, folder: Path) -> tuple[float, float]:
    """Wall seconds and peak memory [MB] of one contender in a process of its own."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--run", name, str(folder)], check=True, capture_output=True, text=True
    )
    return time.perf_counter() - begin, float(done.stdout.split()[-1])


def main(folder: Path, rows: int, rounds: int) -> None:
    """Run the contenders in turn and print medians and ratios."""
    if not (folder / "cad.csv").exists():
        cad.write(folder, rows)
    names = ("kit", "sql", "pandas")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    memory = dict.fromkeys(names, 0.0)
    for i in range(rounds):
        for name in names if i == 0 else names[:2]:  # pandas is slow and steady: one round is enough
            took, peak = once(name, folder)
            seconds[name].append(took)
            memory[name] = max(memory[name], peak)
            print(f"round {i + 1}: {name:7} {took:7.1f} s  {peak:7.0f} MB", flush=True)
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    totals = [json.loads((folder / f"out_{n}" / "ledger.json").read_text("utf-8"))["tables"] for n in names]
    print(f"rows out: {totals}")
    pairs = list(zip(seconds["kit"], seconds["sql"], strict=True))
    print(f"kit / hand-written SQL: {statistics.median(a / b for a, b in pairs):.2f}")
    print(f"pandas / kit:           {middle['pandas'] / middle['kit']:.1f}")
    print(f"peak memory of the kit: {memory['kit']:.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        {"kit": kit, "sql": sql, "pandas": pandas}[sys.argv[2]](Path(sys.argv[3]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="crisiskit-bench-"))
        place.mkdir(parents=True, exist_ok=True)
        main(place, int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000, int(sys.argv[3]) if len(sys.argv) > 3 else 3)
