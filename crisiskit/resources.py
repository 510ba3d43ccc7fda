"""Where the kit's own files are: notebooks and parameter files, in a checkout or inside an installed wheel."""

from pathlib import Path

from crisiskit.errors import UserError, nearest

PACKAGE = Path(__file__).resolve().parent


def shared(name: str) -> Path:
    """The folder `notebooks` or `params`: in `_share` of an installed wheel, at the top of the repository otherwise."""
    packaged = PACKAGE / "_share" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


def names(folder: Path, suffix: str) -> list[str]:
    """The names of the files in a folder, without their suffix, in order."""
    return sorted(path.stem for path in folder.glob(f"*{suffix}"))


def find_mapping(name: str, beside: Path | None = None) -> Path:
    """The mapping file of a path, relative to the file that names it (else to here), or of a name like `lane_county`.

    Names are looked for in the folder `sources` beside that of the naming file, then among the kit's, then as paths.
    Raises UserError that names every place looked at.
    """
    file = name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"
    here = Path.cwd() if beside is None else beside.parent
    folders = [shared("params") / "sources"]
    if beside is not None:
        folders.insert(0, here.parent / "sources")
    folders = [here, *folders] if file == name else [*folders, here]
    for folder in folders:
        if (folder / file).is_file():
            return (folder / file).resolve()
    known = [known for folder in folders for known in names(folder, ".yaml")]
    places = ", ".join(dict.fromkeys(str(folder) for folder in folders))
    raise UserError(f"mapping '{name}': no such file in {places}{nearest(Path(file).stem, known)}")


def find_study(name: str) -> Path:
    """The file of a path, or of the name of an evaluation or a mapping that the kit brings, in this order.

    Raises UserError when there is none.
    """
    if Path(name).is_file():
        return Path(name)
    folders = [shared("params") / kind for kind in ("evaluations", "sources")]
    for folder in folders:
        if name in names(folder, ".yaml"):
            return folder / f"{name}.yaml"
    known = [known for folder in folders for known in names(folder, ".yaml")]
    raise UserError(f"'{name}' is no file, and no evaluation or mapping of the kit{nearest(Path(name).stem, known)}")


def find_notebook(name: str, beside: Path | None = None) -> Path:
    """The notebook of a name or path, looked for beside the file that names it and among the kit's notebooks."""
    file = name if name.endswith(".ipynb") else f"{name}.ipynb"
    folders = ([beside.parent] if beside else []) + [shared("notebooks")]
    for folder in folders:
        if (folder / file).is_file():
            return (folder / file).resolve()
    known = [known for folder in folders for known in names(folder, ".ipynb")]
    places = ", ".join(map(str, folders))
    raise UserError(f"notebook '{name}': no such file in {places}{nearest(Path(file).stem, known)}")
