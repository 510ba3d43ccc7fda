"""How a user's settings are read and checked against the defaults."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any
from zoneinfo import available_timezones

from crisiskit.errors import UserError, nearest
from crisiskit.simulate.defaults import BOUNDS, DRAWN, EFFECTS, KINDS


def settings_for(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a kind with `given` laid over the defaults; a value may be text, as the command line brings it.

    Raises UserError for an unknown kind, setting or key (with the nearest known one),
    a wrong type and a value out of range.
    """
    if kind not in KINDS:
        raise UserError(f"'{kind}' cannot be simulated (kinds: {', '.join(KINDS)}){nearest(kind, KINDS)}")
    settings = overlay(KINDS[kind], given, kind)
    _check_effect(kind, settings["effect_outcome"], settings["effect_ratio"])
    _check_missing(settings)
    if (zone := settings["time_zone"]) not in available_timezones():
        raise UserError(f"time_zone: '{zone}' is no IANA time zone{nearest(zone, available_timezones())}")
    for name in DRAWN & settings.keys():
        weights = settings[name]
        if not sum(weights.values() if isinstance(weights, dict) else weights):
            raise UserError(f"{name}: all weights are zero; one at least must be larger")
    return settings


def _check_effect(kind: str, outcome: str, ratio: float) -> None:
    if outcome not in EFFECTS[kind]:
        raise UserError(f"effect_outcome: '{outcome}' is not one of {', '.join(EFFECTS[kind])} for {kind}")
    if outcome in EFFECTS["call_for_service"][1:] and ratio > 1:
        raise UserError(f"effect_ratio: {ratio} cannot raise '{outcome}'; use 0 to 1")


def _check_missing(settings: dict[str, Any]) -> None:
    field, group, known = settings["mnar_field"], settings["mnar_group"], settings["missing"]
    if field not in known:
        raise UserError(f"mnar_field: '{field}' is not one of {', '.join(known)}{nearest(field, known)}")
    if isinstance(groups := settings.get(field), dict) and group not in groups:
        raise UserError(f"mnar_group: '{group}' is not one of {', '.join(groups)}{nearest(group, groups)}")


def overlay(defaults: Mapping[str, Any], given: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Lay `given` (dotted keys or nested mappings) over a copy of `defaults`, key by key."""
    merged = deepcopy(dict(defaults))
    for name, value in given.items():
        head, _, rest = name.partition(".")
        if head not in merged:
            hint = nearest(head, merged) or f" (known: {', '.join(merged)})"
            raise UserError(f"'{head}' is no setting of {owner}{hint}")
        if isinstance(merged[head], dict):
            inner = {rest: value} if rest else value
            if not isinstance(inner, Mapping):
                raise UserError(f"{head}: set it key by key, for example {head}.{next(iter(merged[head]))}=0.5")
            merged[head] = overlay(merged[head], inner, head)
        elif rest:
            raise UserError(f"'{name}': {head} has no parts; write {head}=VALUE")
        else:
            merged[head] = _coerced(head, value, merged[head])
            _check_range(head, merged[head], owner)
    return merged


def from_words(words: Iterable[str]) -> dict[str, str]:
    """Read `key=value` words as the command line brings them."""
    pairs = [word.partition("=") for word in words]
    for key, sign, _ in pairs:
        if not (key and sign):
            raise UserError(f"--set {key}: write key=value")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _coerced(name: str, value: Any, default: Any) -> Any:
    """`value` in the type of `default`; text is parsed, tuples are numbers separated by commas."""
    wanted = {bool: "true or false", int: "a whole number", float: "a number", tuple: "numbers separated by commas"}
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[str(value).lower()]
        if isinstance(default, tuple):
            items = value.split(",") if isinstance(value, str) else value
            return tuple(float(item) for item in items)
        if isinstance(default, int) and float(value) != int(float(value)):
            raise ValueError
        return type(default)(float(value) if isinstance(default, int) else value)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{name}: '{value}' is not {wanted.get(type(default))}") from error


def _check_range(name: str, value: Any, owner: str) -> None:
    """Shares lie in 0..1 (growth from -1), everything else that is a number is not negative."""
    values = value if isinstance(value, tuple) else (value,)
    share = name.endswith("_share") or owner.endswith("_share") or owner in ("missing",)
    low, high = BOUNDS.get(name, (0, 1 if share else 1e9))
    for number in values:
        if not isinstance(number, str) and not low <= number <= high:
            raise UserError(f"{name}: {number} is out of range ({low} to {high:g})")
    lengths = {"weekday": (7,), "hour": (24,), "priority_ratio": (4,)}
    if name in lengths and len(values) not in lengths[name]:
        raise UserError(f"{name}: {len(values)} numbers given, {lengths[name][0]} needed")
