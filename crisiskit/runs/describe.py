"""`crisiskit describe` over all that the kit knows: the dictionary, checks, benchmarks, measures and sources."""

from typing import Any

from crisiskit.measures.definitions import catalogue
from crisiskit.resources import names, shared
from crisiskit.standard.describe import Description
from crisiskit.standard.describe import describe as describe_among


def describe(name: str) -> Description:
    """Explain `name`; mappings are read only when sources are asked for, or when nothing else has that name."""
    folder = shared("params") / "sources"
    known = names(folder, ".yaml")
    wanted = known if name == "sources" else [name] if name in known else []
    return describe_among(name, measures(), [source(file) for file in wanted])


def measures() -> list[dict[str, Any]]:
    """The catalogue of measures as plain data."""
    return [
        {**vars(item), "variants": {key: vars(variant) for key, variant in item.variants.items()}}
        for item in catalogue().values()
    ]


def source(name: str) -> dict[str, Any]:
    """What a mapping of the kit says about its source, and which columns it fills, as plain data."""
    from crisiskit.intake.mapping import load

    mapping = load(shared("params") / "sources" / f"{name}.yaml")
    about = mapping.model_dump(mode="json", exclude={"tables", "extends"})
    tables = {
        key: {"into": table.into, "files": list(table.read.files), "columns": list(table.columns)}
        for key, table in mapping.tables.items()
    }
    return {"id": name, **about, "tables": tables}
