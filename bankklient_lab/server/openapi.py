"""The description of the API (OpenAPI 3.1), made from the actions themselves: signatures, docstrings, permissions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from bankklient_lab.actions import ACTIONS, Action
from bankklient_lab.errors import LabError
from bankklient_lab.rights.permissions import permission
from bankklient_lab.server import limits, wire
from bankklient_lab.server.arguments import JOB, parameters, takes_job
from bankklient_lab.server.idempotency import takes_key
from bankklient_lab.server.problems import MEDIA_TYPE, OF_THE_SERVER, described, kinds

Schema = dict[str, Any]
_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    Decimal: {"type": ["string", "integer"], "pattern": r"^-?\d+(\.\d+)?$", "description": "an exact amount"},
    Path: {"$ref": "#/components/schemas/File"},
    NoneType: {"type": "null"},
    None: {"type": "null"},
}
_ABOUT = (
    "Every action of a lab. Log in with the action login and send the secret of the session, or a token, as"
    " Authorization: Bearer. Amounts are texts, so that they stay exact; days are YYYY-MM-DD."
)


def schema(kind: Any) -> Schema:
    """Return the schema of an argument's type."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [schema(one) for one in inner]}
    if origin is Literal:
        return {"enum": list(inner)}
    plain = origin or kind
    if isinstance(plain, type) and issubclass(plain, Mapping):
        return {"type": "object", "additionalProperties": schema(inner[1]) if inner else True}
    if isinstance(plain, type) and issubclass(plain, Collection):
        return {"type": "array", "items": schema(inner[0]) if inner else {}}
    return {}


def arguments(action: Action[..., Any]) -> Schema:
    """Return the schema of an action's arguments."""
    types = {name: kind for name, kind in parameters(action.function).items() if name != JOB}
    known = list(inspect.signature(action.function).parameters.items())[1:]
    needed = [n for n, p in known if p.default is p.empty and p.kind is not p.VAR_KEYWORD and n in types]
    properties = {name: schema(kind) for name, kind in types.items()}
    for name, parameter in known:
        default = parameter.default
        if name in properties and isinstance(default, (str, int, tuple)) and "$ref" not in properties[name]:
            properties[name] = {
                **properties[name], "default": list(default) if isinstance(default, tuple) else default,
            }  # fmt: skip
    described_as: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**described_as, "required": needed} if needed else described_as


@cache
def description() -> Schema:
    """Return the whole description; every action must be registered."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "bankklient_lab", "version": version("bankklient_lab"), "description": _ABOUT},
        "paths": {f"/actions/{name}": {"post": _operation(one)} for name, one in sorted(ACTIONS.items())} | _others(),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Table": _TABLE,
                "Problem": _problem(),
                "File": {
                    "type": "object",
                    "description": "a file that was sent by POST /files",
                    "properties": {"$file": _HEX},
                    "required": ["$file"],
                    "additionalProperties": False,
                },
            },
            "responses": {
                "Problem": {
                    "description": "refused; `code` says why",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            },
        },
        "security": [{"bearer": []}],
    }


def _operation(action: Action[..., Any]) -> Schema:
    text = inspect.cleandoc(action.function.__doc__ or action.name)
    first = re.split(r"(?<=\.)\s|;\s|\n\n", text, maxsplit=1)[0].rstrip(".")
    needs = action.declared.needs
    takes = arguments(action)
    operation: Schema = {
        "operationId": action.name,
        "summary": " ".join(first.split()),
        "description": f"{text}\n\n{_permission(needs)}",
        "tags": [action.function.__module__.split(".")[1]],
        "x-permission": needs,
        "x-mode": action.declared.mode,
        "parameters": _parameters(action),
        "requestBody": {"content": {"application/json": {"schema": takes}}, "required": bool(takes.get("required"))},
        "responses": {"200": _answer(action), "default": {"$ref": "#/components/responses/Problem"}},
    }
    return operation | ({"security": []} if action.declared.public else {})


def _permission(needs: str) -> str:
    if not needs:
        return "Needs no permission."
    numbers = sorted({int(number) for number in re.findall(r"\d+", needs)})
    names = "; ".join(f"{number}: {permission(number).name}" for number in numbers)
    return f"Needs permission {needs.replace('|', ' or ').replace('&', ' and ')} ({names})."


def _parameters(action: Action[..., Any]) -> list[Schema]:
    found = []
    if takes_key(action):
        found.append(
            _header("Idempotency-Key", "a new one for each call; repeated with it, the call has one effect",
                    {"type": "string", "minLength": limits.KEY_CHARS_MIN, "maxLength": limits.KEY_CHARS_MAX})
        )  # fmt: skip
    if takes_job(action.function):
        found.append(
            _header("X-Job", "to ask for progress at /jobs/ID", {"type": "string", "pattern": "^[0-9a-f]{32}$"})
        )
    if _gives_table(action):
        found += [
            {"name": name, "in": "query", "description": said, "schema": {"type": "integer", **bounds}}
            for name, said, bounds in _PAGING
        ]
    return found


_HEX: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_PAGING: tuple[tuple[str, str, Schema], ...] = (
    ("limit", "rows of a page", {"minimum": 1, "maximum": limits.ROWS_A_PAGE_MAX, "default": limits.ROWS_A_PAGE}),
    ("offset", "rows before it", {"minimum": 0, "default": 0}),
)


def _header(name: str, said: str, kind: Schema) -> Schema:
    return {"name": name, "in": "header", "required": False, "description": said, "schema": kind}


def _gives_table(action: Action[..., Any]) -> bool:
    returned = str(inspect.signature(action.function).return_annotation)
    return "pa.Table" in returned or "Read" in returned


def _answer(action: Action[..., Any]) -> Schema:
    if _gives_table(action):
        return {
            "description": "the table; with `next` where more rows follow",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Table"}},
                wire.ARROW_STREAM: {"schema": {"type": "string", "contentMediaType": wire.ARROW_STREAM}},
            },
        }
    result = {"type": "object", "properties": {"result": {}}, "required": ["result"]}
    return {"description": "what the action returns", "content": {"application/json": {"schema": result}}}


_TABLE: Schema = {
    "type": "object",
    "required": ["columns", "rows", "next"],
    "properties": {
        "columns": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "type"],
                "properties": {
                    "name": {"type": "string"},
                    "type": {"type": "string", "description": "of Arrow"},
                },
            },
        },
        "rows": {"type": "array", "items": {"type": "array"}},
        "next": {"type": ["string", "null"], "description": "address of the next page, for the same body"},
    },
}


def _problem() -> Schema:
    known = sorted({*OF_THE_SERVER, *kinds()})
    return {
        "type": "object",
        "required": ["type", "title", "status", "code", "detail", "details"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"enum": known},
            "detail": {"type": "string", "description": "a sentence: what, where, why, what to do"},
            "details": {"type": "object"},
        },
        "example": {**described(LabError.code), "detail": "a sentence", "details": {}},
    }


def _others() -> dict[str, Schema]:
    def get(said: str, kind: str = "application/json", *, public: bool = False, **more: Any) -> Schema:
        content = {kind: {"schema": {"type": "string"} if kind.startswith("text/") else {"type": "object"}}}
        responses = {"200": {"description": said, "content": content}, "default": _REFUSED}
        return {"summary": said, "responses": responses, **({"security": []} if public else {}), **more}

    def named(name: str) -> list[Schema]:
        return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}]

    octets = {"required": True, "content": {"application/octet-stream": {}}}
    return {
        "/files": {"post": get("Send the content of a file; answers its id for one call", requestBody=octets)},
        "/jobs/{id}": {
            "parameters": named("id"),
            "get": get("How far a call is"),
            "delete": get("Cancel a call"),
        },
        "/health": {"get": get("The lab answers a query", public=True)},
        "/metrics": {"get": get("Counts and times for Prometheus", "text/plain")},
        "/openapi.json": {"get": get("This description", public=True)},
        "/problems/{code}": {"parameters": named("code"), "get": get("What a kind of problem is")},
    }


_REFUSED = {"$ref": "#/components/responses/Problem"}
