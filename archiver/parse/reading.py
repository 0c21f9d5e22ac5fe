"""A parser's full reading of an entry as JSON text: what we map to no column is kept all the same."""

import json
import time
from collections.abc import Callable, Iterable, Mapping

_DEEPEST = 6


def as_json(
    values: Mapping[str, object], *, without: Iterable[str] = (), shown: Callable[[str], str] | None = None
) -> str:
    """Write a reading as JSON with sorted keys, without the texts under the named keys; never fails.

    Addresses in it are as `shown` makes them.
    """
    left_out = frozenset(without)
    try:
        plain = {key: _plain(value, key in left_out, 0) for key, value in values.items()}
        kept = {
            str(key): value
            for key, value in plain.items()
            if key not in left_out or isinstance(value, (list, dict))
        }
        if shown is not None:
            kept = {key: _shown(value, shown) for key, value in kept.items()}
        text = json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str)
        text.encode("utf-8")
    except (ValueError, TypeError, RecursionError):
        return "{}"
    return text


def _plain(value: object, textless: bool, depth: int) -> object:
    """Reduce a value to what JSON knows; `textless` drops `value`, where feedparser keeps a text's words."""
    if isinstance(value, str):  # most are, and to tell a mapping takes long
        return value
    if isinstance(value, time.struct_time):
        year, month, day, hour, minute, second = value[:6]
        return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    if isinstance(value, Mapping):
        if depth >= _DEEPEST:
            return None
        return {
            str(key): _plain(part, textless, depth + 1)
            for key, part in value.items()
            if not (textless and key == "value")
        }
    if isinstance(value, (list, tuple)):
        return None if depth >= _DEEPEST else [_plain(part, textless, depth + 1) for part in value]
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    return str(value)


def _shown(value: object, shown: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return shown(value) if value.lower().startswith(("http://", "https://")) else value
    if isinstance(value, dict):
        return {key: _shown(part, shown) for key, part in value.items()}
    return [_shown(part, shown) for part in value] if isinstance(value, list) else value
