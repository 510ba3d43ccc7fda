"""Code lists that come as files: read once, the first meaning of a key counts."""

from pathlib import Path
from typing import Any

from crisiskit.intake.compile import Headers
from crisiskit.intake.mapping import ColumnMap, TableMap
from crisiskit.intake.mapping_parts import CodeBook
from crisiskit.intake.read import ReadSpec, read_files


def code_book(book: CodeBook, con: Any, data: Path, work: Path) -> dict[str, str]:
    """A code list read from a file; of a key that stands twice the first meaning counts.

    Raises UserError where the file or one of the two columns is missing.
    """
    spec = book.read or ReadSpec(files=(book.file,))
    codes: dict[str, str] = {}
    for read in read_files(con, spec, data, work):
        headers = Headers(read.columns, read.file)
        key, value = headers.find(book.key), headers.find(book.value)
        frame = read.table.order_by("source_row")[[key, value]].execute()
        for one, meaning in zip(frame[key], frame[value], strict=True):
            if isinstance(one, str) and isinstance(meaning, str) and one.strip():
                codes.setdefault(one.strip(), meaning.strip())
    return codes


def with_code_books(table_map: TableMap, con: Any, data: Path, work: Path) -> dict[str, ColumnMap]:
    """The column maps with their code files read in."""
    return {
        name: spec
        if spec.codes_file is None
        else spec.model_copy(update={"codes": {**code_book(spec.codes_file, con, data, work), **spec.codes}})
        for name, spec in table_map.columns.items()
    }
