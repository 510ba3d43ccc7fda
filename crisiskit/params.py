"""Strict parameters: YAML whose scalars stay text -> frozen models, with every mistake named at once.

YAML 1.1 guesses types (06075 -> 3133, NO -> False, 12:30 -> 750, 1.10 -> 1.1) and lets a duplicate key win silently.
Here every scalar is text until a model's declared type coerces it, and a duplicate is an error.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from crisiskit.errors import UserError, nearest

MOST_NODES = 200_000  # an anchor that quotes itself again and again can grow without end
YAML = "tag:yaml.org,2002:"
SCALARS = {YAML + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")}
CONTAINERS = {  # pydantic's words for a shape -> ours
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "dict_type": "a mapping (key: value)",
    "list_type": "a list ([a, b] or lines that begin with -)",
    "tuple_type": "a list ([a, b] or lines that begin with -)",
}
TYPES = ("string", "bool", "int", "float", "date")
SHAPES = {*CONTAINERS, *(f"{kind}_type" for kind in TYPES), "literal_error", "none_required", "too_short"}

M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """Base of every parameter model: frozen, and a key that is not declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...])]
"""One name, or a list of them."""


class Keys(dict[str, Any]):
    """A YAML mapping that remembers the line of each key, so that a message can point at it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


def load_yaml(path: Path) -> Any:
    """Read one YAML document as mappings, lists and text; empty, `null` and `~` are None (`NULL` stays text).

    Raises UserError with file and line for what cannot be read or is not plain YAML: syntax, tabs, duplicate keys,
    several documents, an anchor that contains itself, tags, an empty file.
    """
    try:
        nodes = list(yaml.compose_all(Path(path).read_bytes(), Loader=yaml.SafeLoader))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.MarkedYAMLError as error:
        raise UserError(_syntax(path, error)) from error
    except yaml.reader.ReaderError as error:
        raise UserError(f"{path}: is not plain text in UTF-8 (position {error.position}: {error.reason})") from error
    except RecursionError as error:
        raise UserError(f"{path}: lists or mappings are nested too deeply") from error
    if not nodes or (isinstance(nodes[0], yaml.ScalarNode) and not nodes[0].value):
        raise UserError(f"{path}: the file is empty; it should hold `key: value` lines")
    if len(nodes) > 1:
        raise UserError(f"{path}, line {nodes[1].start_mark.line}: a second document begins (`---`); keep one per file")
    return _Builder(path).build(nodes[0], ())


def _syntax(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"{path}, line {mark.line + 1}" if mark else f"{path}"
    if "'\\t'" in (error.problem or ""):
        return f"{where}: a tab stands where YAML wants spaces; indent with spaces"
    return f"{where}: {'; '.join(filter(None, (error.context, error.problem)))}"


class _Builder:
    """Turn composed YAML nodes into text trees; one instance per file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.nodes = 0

    def fail(self, node: yaml.Node, problem: str) -> UserError:
        return UserError(f"{self.path}, line {node.start_mark.line + 1}: {problem}")

    def build(self, node: yaml.Node, above: tuple[yaml.Node, ...]) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.fail(node, f"anchors make this file larger than {MOST_NODES:,} values; write it out instead")
        if any(node is upper for upper in above):
            raise self.fail(node, "an anchor (&name) contains an alias (*name) of itself")
        if isinstance(node, yaml.ScalarNode):
            if node.tag not in SCALARS:
                raise self.fail(node, f"tag '{node.tag}' is not allowed here; write the plain value")
            return None if node.style is None and node.value in ("", "null", "~") else node.value
        if isinstance(node, yaml.SequenceNode) and node.tag == YAML + "seq":
            return [self.build(item, (*above, node)) for item in node.value]
        if isinstance(node, yaml.MappingNode) and node.tag == YAML + "map":
            return self.mapping(node, (*above, node))
        raise self.fail(node, f"tag '{node.tag}' is not allowed here; write a plain list or mapping")

    def mapping(self, node: yaml.MappingNode, above: tuple[yaml.Node, ...]) -> Keys:
        """One mapping; keys are text, `<<: *base` fills in the keys that the mapping does not write itself."""
        found, merged = Keys(), []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag not in SCALARS:
                raise self.fail(key, "a key must be plain text")
            content = self.build(value, above)
            if key.tag == YAML + "merge" and key.style is None:
                merged += content if isinstance(content, list) else [content]
            elif key.value in found:
                raise self.fail(key, f"key '{key.value}' is written twice (first on line {found.lines[key.value]})")
            else:
                found[key.value] = content
                found.lines[key.value] = key.start_mark.line + 1
        for base in merged:
            if not isinstance(base, Keys):
                raise self.fail(node, "`<<` takes an alias of a mapping")
            for name in base.keys() - found.keys():
                found[name], found.lines[name] = base[name], base.lines[name]
        return found


def load(path: Path, model: type[M]) -> M:
    """Read a YAML file as `model`."""
    return to_model(load_yaml(path), model, path)


def to_model(tree: Any, model: type[M], path: Path | str) -> M:
    """Validate a tree of text as `model`; one UserError lists every problem: `file, line N: key.path: ...`."""
    if not isinstance(tree, dict):
        raise UserError(f"{path}: should hold `key: value` lines, not {_show(tree)}")
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        problems = _problems(error, tree, model)
        raise UserError("\n".join(f"{path}{line}: {text}" for line, text in problems)) from error


def _problems(error: ValidationError, tree: Any, model: type[BaseModel]) -> list[tuple[str, str]]:
    """(", line N" or "", message) per place; of the shapes that a union tried, those nearest to what stands there."""
    places: dict[tuple[str | int, ...], list[dict[str, Any]]] = {}
    for item in error.errors(include_url=False):
        places.setdefault(_path(item["loc"], tree, item["type"]), []).append(dict(item))
    problems = []
    for path, items in places.items():
        deeper = any(len(other) > len(path) and other[: len(path)] == path for other in places)
        telling = [item for item in items if item["type"] not in SHAPES]
        if deeper and not telling:
            continue
        plain = not isinstance(items[0]["input"], dict | list)
        scalar = [item for item in items if plain and item["type"] not in CONTAINERS]
        messages = list(dict.fromkeys(_message(item, path, model) for item in telling or scalar or items))
        problems.append((_line(tree, path), f"{_dotted(path)}: {' or '.join(messages)}"))
    return problems


def _path(loc: tuple[str | int, ...], tree: Any, kind: str) -> tuple[str | int, ...]:
    """The part of pydantic's location that stands in the file: names of tried union branches are taken out."""
    path: list[str | int] = []
    for place, part in enumerate(loc):
        if (isinstance(tree, dict) and part in tree) or (isinstance(tree, list) and isinstance(part, int)):
            tree = tree[part]  # type: ignore[index]
            path.append(part)
        elif kind == "missing" and place == len(loc) - 1:
            path.append(part)
    return tuple(path)


def _dotted(path: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "the file"


def _line(tree: Any, path: tuple[str | int, ...]) -> str:
    line = None
    for part in path:
        if isinstance(tree, Keys):
            line = tree.lines.get(str(part), line)
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            break
    return "" if line is None else f", line {line}"


def _message(item: dict[str, Any], path: tuple[str | int, ...], model: type[BaseModel]) -> str:
    """Say what stands there and what would be right, in the words of the model (its choices, descriptions)."""
    kind, value, text = item["type"], item["input"], item["msg"]
    fields = {name: field for above in _annotations(model, path[:-1]) for name, field in _keys(above).items()}
    if kind == "extra_forbidden":
        return f"unknown key{nearest(str(path[-1]), fields) or '; known here: ' + ', '.join(fields)}"
    field = fields.get(str(path[-1])) if path else None
    about = f" ({field.description})" if field is not None and field.description else ""
    if kind == "missing":
        return f"this key is missing{about}"
    if kind == "value_error":
        return str(item["ctx"]["error"])
    if kind in ("literal_error", "enum"):
        choices = re.findall(r"'([^']*)'", item["ctx"]["expected"])
        return f"{_show(value)} should be {item['ctx']['expected']}{nearest(str(value), choices)}{about}"
    if kind in CONTAINERS:
        return f"{_show(value)} should be {CONTAINERS[kind]}{about}"
    text = re.sub(r"^(Input|String|Tuple|List|Dictionary|Value) should", "should", text).split(" after validation")[0]
    return f"{_show(value)} {text.replace('should be a valid string', 'should be text')}{about}"


def _show(value: Any) -> str:
    if value is None:
        return "an empty value"
    if isinstance(value, dict):
        return f"a mapping with the keys {', '.join(map(str, list(value)[:6]))}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"'{str(value)[:80]}'"


def _keys(annotation: Any) -> dict[str, FieldInfo]:
    """The keys that a model takes, as they are written in the file; none for what is no model."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in annotation.model_fields.items()}


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types that an annotation allows, with Annotated, aliases and unions opened."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        for option in get_args(annotation):
            yield from _alternatives(option)
    elif hasattr(annotation, "__metadata__"):
        yield from _alternatives(get_args(annotation)[0])
    else:
        yield annotation


def _annotations(model: type[BaseModel], path: tuple[str | int, ...]) -> Iterator[Any]:
    """The declared types that may stand at a path of the file."""
    at: list[Any] = [model]
    for part in path:
        inside: list[Any] = []
        for annotation in at:
            if part in (keys := _keys(annotation)):
                inside.append(keys[str(part)].annotation)
            elif isinstance(part, int):
                inside += [option for option in get_args(annotation) if option is not Ellipsis]
            elif get_origin(annotation) is dict:
                inside.append(get_args(annotation)[1])
        at = [option for annotation in inside for option in _alternatives(annotation)]
    yield from at


class _ForEditors(GenerateJsonSchema):
    """A schema for editors, which read `06075` as a number: where text is declared, every plain scalar is allowed."""

    def str_schema(self, schema: Any) -> dict[str, Any]:
        """As pydantic's, with number and boolean beside string."""
        return {**super().str_schema(schema), "type": ["string", "number", "boolean"]}


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a parameter file, with which editors complete and check it."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **model.model_json_schema(schema_generator=_ForEditors)}
