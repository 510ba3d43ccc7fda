"""The command line: parse, call, print. Whatever it does is a function of the package that Python can call as well."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import click

from crisiskit import __version__
from crisiskit.errors import UserError

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
FORMAT = click.Choice(["json", "csv", "table"])


class Commands(click.Group):
    """Commands that end in one message: 1 for faulty data or parameters, 130 for Ctrl-C; a bug keeps its traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command and leave with its exit code."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        if kwargs.get("standalone_mode", True):
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; turn a user's mistake into a message."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt as error:
            click.echo(str(error) or "interrupted", err=True)
            ctx.exit(130)


def data_option(command: Any) -> Any:
    """Add --data: where the files are."""
    text = "Folder of the source files.  [env: CRISISKIT_DATA; default: data]"
    return click.option("--data", type=FOLDER, envvar="CRISISKIT_DATA", default=Path("data"), help=text)(command)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="crisiskit")
def main() -> None:
    """From the records that crisis services keep to figures that may be defended.

    Begin with `crisiskit init FILE`, which drafts a mapping of your file, or with `crisiskit run demo`.
    """


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=FILE, help="Where the mapping is written.  [default: FILE's name with .yaml, here]")
@click.option("--time-zone", metavar="ZONE", help="Zone of the clocks in the files, such as America/Chicago.")
def init(files: tuple[Path, ...], out: Path | None, time_zone: str | None) -> None:
    """Profile one or more FILES of the same kind and draft a mapping, with confidence and examples per column."""
    from crisiskit.intake.suggest import draft

    target = out or Path(f"{files[0].name.split('.')[0]}.yaml")
    if target.exists():
        raise UserError(f"{target} is there already; move it, or name another file with --out")
    click.echo(draft(list(files), target, time_zone))


@main.command()
@click.argument("file")
@data_option
def check(file: str, data: Path) -> None:
    """Read what FILE, an evaluation or a mapping, names, and tell what was found: ledger, units, failing checks.

    Nothing is kept. FILE may be the name of one that the kit brings. Ends with 1 when a check of severity error fails.
    """
    from crisiskit.resources import find_study
    from crisiskit.runs.verdict import verdict

    found = verdict(find_study(file), data)
    click.echo("\n".join(found.lines))
    if not found.stands:
        click.get_current_context().exit(1)


@main.command()
@click.argument("source")
@data_option
@click.option("--out", type=FOLDER, required=True, help="Folder for the standard tables.")
@click.option("--mended", type=FOLDER, help="A quarantine folder whose rows were put right.")
def standardize(source: str, data: Path, out: Path, mended: Path | None) -> None:
    """Read the files of SOURCE, a mapping (path or name), into standard tables with ledger, quality and quarantine."""
    from crisiskit.intake.standardize import standardize
    from crisiskit.resources import find_mapping

    ledger = standardize(find_mapping(source), data, out, mended)
    fates = ("rows_read", "standardized", "collapsed", "excluded", "quarantined", "rejected")
    click.echo(", ".join(f"{fate.replace('_', ' ')} {ledger.total(fate):,}" for fate in fates))
    click.echo(f"the ledger closes; wrote {', '.join(ledger.tables)} to {out}")


@main.command()
@click.argument("name")
@click.option("--tables", type=FOLDER, required=True, help="A folder of standard tables.")
@click.option("--by", default="", help="Columns or calendar parts to group by, with commas: month,responder.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Keep only these rows (may be repeated).")
@click.option("--set", "settings", multiple=True, metavar="VARIANT=VALUE", help="A variant, such as confidence=0.9.")
@click.option("--format", "form", type=FORMAT, default="table", show_default=True)
def measure(name: str, tables: Path, by: str, where: tuple[str, ...], settings: tuple[str, ...], form: str) -> None:
    """Compute measure NAME; each value comes with numerator, denominator, interval and what was left out."""
    from crisiskit.measures import measure
    from crisiskit.measures.output import write

    columns = tuple(part.strip() for part in by.split(",") if part.strip())
    result = measure(tables, name, columns, where=_pairs(where, "--where") or None, **_pairs(settings, "--set"))
    click.echo(write(result, form), nl=False)


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise click.UsageError(f"{option} takes NAME=VALUE, not '{text}'")
    return dict(text.split("=", 1) for text in texts)  # type: ignore[misc]


@main.command()
@click.argument("name", default="")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def describe(name: str, form: str) -> None:
    """Explain NAME: a table, TABLE.COLUMN, a measure, or one of the lists measures, sources, checks."""
    from crisiskit.runs.describe import describe

    found = describe(name)
    click.echo(json.dumps(found.data, indent=1, ensure_ascii=False) if form == "json" else found.text)


@main.command()
@click.argument("name", default="demo")
@click.option("--out", type=FOLDER, required=True, help="Folder for the simulated tables or files.")
@click.option("--seed", type=click.IntRange(min=0), default=144, show_default=True, help="Same seed, same data.")
@click.option("--months", type=click.IntRange(1, 240), help="Length; each kind and form has its own default.")
@click.option("--set", "settings", multiple=True, metavar="SETTING=VALUE", help="A setting of the simulator.")
def simulate(name: str, out: Path, seed: int, months: int | None, settings: tuple[str, ...]) -> None:
    """Make data with known truth: NAME is a kind of record (standard tables), a raw form, or demo (raw files)."""
    from crisiskit.simulate import run_simulate

    for path in run_simulate(name, out, seed, months, _pairs(settings, "--set")):
        click.echo(path)


@main.command()
@click.argument("evaluation")
@data_option
@click.option("--out", type=FOLDER, default=Path("runs"), show_default=True, help="The run goes to a folder in here.")
@click.option("--dry-run", is_flag=True, help="Only say what would be produced and what each section lacks.")
@click.option("--force", is_flag=True, help="Do every step again, changed or not.")
def run(evaluation: str, data: Path, out: Path, dry_run: bool, force: bool) -> None:
    """Carry out EVALUATION: read its sources, execute its notebooks, write reports and an index page.

    EVALUATION is a file or the name of one that the kit brings. A mapping stands for an evaluation of its source.
    """
    from crisiskit.resources import find_study
    from crisiskit.runs.runner import run

    run(find_study(evaluation), data, out, dry_run, force, click.echo)


@main.command()
@click.argument("evaluation")
@data_option
@click.option("--out", type=FOLDER, default=Path("power"), show_default=True, help="Folder for table and curve.")
def power(evaluation: str, data: Path, out: Path) -> None:
    """Before the programme: which effects EVALUATION could detect, by simulation from the site's own history.

    Power by effect, months and number of areas, beside the smallest effect that would be worth funding.
    """
    from crisiskit.resources import find_study
    from crisiskit.runs.power import power

    power(find_study(evaluation), data, out, click.echo)


@main.command()
@click.option("--out", type=FOLDER, default=Path("params/schema"), show_default=True)
def schema(out: Path) -> None:
    """Write the JSON Schemas of mappings and evaluations, with which editors complete and check the YAML files."""
    from crisiskit.runs.evaluation import schemas

    out.mkdir(parents=True, exist_ok=True)
    for name, content in schemas().items():
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (out / name).write_text(text, encoding="utf-8", newline="\n")
        click.echo(f"wrote {out / name}")
