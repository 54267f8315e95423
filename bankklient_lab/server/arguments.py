"""Arguments of a call against the function's signature: names, types, and plain JSON texts for days and decimals."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from bankklient_lab.errors import BadArgument
from bankklient_lab.jobs import Job

JOB = "job"  # the argument that a long action reports progress to; it stays on its side
_FROM_TEXT: dict[type, Callable[[str], Any]] = {
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    Decimal: Decimal,
}


@cache
def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the type of each parameter after `lab`, by name, those of a TypedDict in `**name` among them."""
    annotations = inspect.get_annotations(function)
    scope = getattr(function, "__globals__", {})
    types: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        kind = _evaluated(annotations[name], scope)
        if parameter.kind is parameter.VAR_KEYWORD:  # Unpack[a TypedDict]
            types |= get_type_hints(get_args(kind)[0])
        else:
            types[name] = kind
    return types


def _evaluated(annotation: Any, scope: dict[str, Any]) -> Any:
    return eval(annotation, scope) if isinstance(annotation, str) else annotation  # noqa: S307 - our own annotation


def by_name(function: Callable[..., Any], args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
    """Return the given arguments after `lab` by name; TypeError, as of a direct call, when they don't fit."""
    signature = inspect.signature(function)
    given = dict(list(signature.bind(None, *args, **kwargs).arguments.items())[1:])
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            given |= given.pop(parameter.name, {})
    return given


def of_call(
    function: Callable[..., Any], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> tuple[dict[str, object], Job | None]:
    """Return the arguments of a call by name, with the name of a file where one is asked for, and its job apart."""
    given = by_name(function, args, kwargs)
    job = given.pop(JOB, None)
    if "name" in inspect.signature(function).parameters and given.get("name") is None:
        given["name"] = next((str(path) for path in given.values() if isinstance(path, Path)), None)
    return given, job if isinstance(job, Job) else None


def checked(function: Callable[..., Any], given: Mapping[str, object]) -> dict[str, object]:
    """Return the arguments as the function takes them; BadArgument names the first that does not fit."""
    known = parameters(function)
    for name in given:
        if name not in known or name == JOB:
            raise BadArgument(f"{function.__name__} takes no argument {name!r}; it takes {', '.join(known)}")
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if parameter.default is parameter.empty and name not in given and parameter.kind is not parameter.VAR_KEYWORD:
            raise BadArgument(f"{function.__name__} needs the argument {name!r}")
    return {name: _fitting(name, known[name], value) for name, value in given.items()}


def takes_job(function: Callable[..., Any]) -> bool:
    """Tell whether the function reports progress and can be cancelled."""
    return JOB in parameters(function)


def _fitting(name: str, kind: Any, value: object) -> object:
    if _fits(kind, value):
        return value
    if isinstance(value, str):
        for choice in _choices(kind):
            if choice in _FROM_TEXT:
                try:
                    return _FROM_TEXT[choice](value)
                except (ValueError, InvalidOperation):
                    continue
    raise BadArgument(f"{name} can't be {value!r:.80}; it takes {_said(kind)}")


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _fits(kind: Any, value: object) -> bool:  # noqa: PLR0911 - one line a kind of type
    if kind in (Any, object):
        return True
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return any(_fits(choice, value) for choice in get_args(kind))
    if origin is Literal:
        return value in get_args(kind)
    if kind in (None, NoneType):
        return value is None
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind in (Decimal, float):
        return isinstance(value, (kind, int))
    plain = origin or kind
    return not isinstance(plain, type) or (isinstance(value, plain) and _items_fit(plain, get_args(kind), value))


def _items_fit(plain: type, inner: tuple[Any, ...], value: Any) -> bool:
    if not inner or not issubclass(plain, Collection):
        return True
    if isinstance(value, Mapping):
        return all(_fits(inner[0], key) and _fits(inner[1], item) for key, item in value.items())
    if plain is tuple and inner[-1] is not Ellipsis:
        return len(inner) == len(value) and all(map(_fits, inner, value))
    return all(_fits(inner[0], item) for item in value)


def _said(kind: Any) -> str:
    names = [
        "|".join(map(repr, get_args(choice)))
        if get_origin(choice) is Literal
        else "nothing"
        if choice in (None, NoneType)
        else getattr(get_origin(choice) or choice, "__name__", str(choice))
        for choice in _choices(kind)
    ]
    return " or ".join("a file" if name == Path.__name__ else name for name in names)
