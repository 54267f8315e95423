"""The notebooks that may be run, and their parameters: those of the package and of folders that were registered."""

from __future__ import annotations

import json
import keyword
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, RunFailed, UnknownName
from bankklient_lab.lab import Lab, absolute

# Given by the run itself, when the notebook has them: the lab's file and the folder for the files it makes.
GIVEN = ("lab", "output")
FOLDERS_SETTING = "notebook_folders"
_NUMBER_TYPES = {"int": int, "float": float}


def preload() -> None:
    """Import what notebooks are read with, which takes over a second, before somebody waits for it."""
    import papermill  # noqa: F401


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a notebook; one whose default is None must be given."""

    name: str
    kind: str  # str, int, float, bool, list, or "" when the notebook does not say
    default: str  # as written in the notebook
    help: str

    @property
    def required(self) -> bool:
        """Tell whether it must be given."""
        return self.default == "None"


@action("2", proof=True)
def register_notebooks(lab: Lab, folder: str) -> None:
    """Let the notebooks of a folder be run, by whoever may run any and in the name of others by their schedules.

    BadArgument when there is no such folder or it has a name that is taken.
    """
    path = absolute(folder)
    if not path.is_dir():
        raise BadArgument(f"there is no folder {path}")
    known = folders_of(lab)
    if str(path) not in known:
        registered([*known, str(path)])
        _keep(lab, "register_notebooks", str(path), [*known, str(path)])


@action("2", proof=True)
def unregister_notebooks(lab: Lab, folder: str) -> None:
    """Take a registration of a folder back; UnknownName when it is not registered."""
    path = str(absolute(folder))
    known = folders_of(lab)
    if path not in known:
        raise UnknownName("folder of notebooks", path, f"registered are: {', '.join(known) or 'none'}")
    _keep(lab, "unregister_notebooks", path, [folder for folder in known if folder != path])


def _keep(lab: Lab, done: str, path: str, folders: list[str]) -> None:
    with lab.database.tx("ops") as cursor:
        cursor.execute("INSERT OR REPLACE INTO ops.setting VALUES (?, ?)", [FOLDERS_SETTING, json.dumps(folders)])
        lab.log(cursor, done, path)


@action("930", mode="standard")
def notebook_folders(lab: Lab) -> list[str]:
    """Return the registered folders."""
    return folders_of(lab)


def folders_of(lab: Lab) -> list[str]:
    """Return the registered folders, in the process that owns the lab."""
    rows = lab.rows("SELECT value FROM ops.setting WHERE name = $name", {"name": FOLDERS_SETTING})
    return [str(folder) for folder in json.loads(rows[0][0])] if rows else []


@table_action("930")
def notebooks(lab: Lab) -> pa.Table:
    """Return the notebooks that may be run, by name. Columns: notebook, title, parameters (JSON), path.

    Each parameter is an object with name, kind, default (as written), required and help.
    """
    rows = [
        {
            "notebook": name,
            "title": title_of(path),
            "parameters": json.dumps([_described(p) for p in parameters_of(path).values()], ensure_ascii=False),
            "path": str(path),
        }
        for name, path in sorted(registered(folders_of(lab)).items())
    ]
    text = pa.string()
    return pa.Table.from_pylist(
        rows, schema=pa.schema([(name, text) for name in ("notebook", "title", "parameters", "path")])
    )


def _described(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "default": parameter.default,
        "required": parameter.required,
        "help": parameter.help,
    }


def registered(folders: Sequence[str]) -> dict[str, Path]:
    """Return name -> file of the notebooks of the package and of `folders`; BadArgument when a name is there twice."""
    found: dict[str, Path] = {}
    for folder in (Path(str(files("bankklient_lab.notebooks"))), *map(Path, folders)):
        for path in sorted(folder.glob("*.ipynb")):
            if path.stem in found:
                raise BadArgument(f"two notebooks are called {path.stem}: {found[path.stem]} and {path}; rename one")
            found[path.stem] = path
    return found


def notebook_named(name: str, folders: Sequence[str]) -> Path:
    """Return the file of a registered notebook; UnknownName otherwise."""
    known = registered(folders)
    if name not in known:
        raise UnknownName("notebook", name, f"known are {', '.join(sorted(known))}")
    return known[name]


def title_of(path: Path) -> str:
    """Return the first heading of a notebook, its name when it has none."""
    cells = _read(path).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown" and cell.source.startswith("# ")]
    return str(texts[0]).splitlines()[0].removeprefix("# ").strip() if texts else path.stem


def parameters_of(path: Path) -> dict[str, Parameter]:
    """Return the parameters of a notebook (its cell tagged `parameters`) by name; RunFailed when it can't be read."""
    from papermill import inspect_notebook

    notebook = _read(path)
    notebook.metadata["kernelspec"] = {  # as it will be run
        "name": "python3",
        "language": "python",
        "display_name": "Python 3",
    }
    logging.getLogger("papermill").setLevel(logging.ERROR)
    return {
        name: Parameter(name, _kind(found["inferred_type_name"]), found["default"], found["help"])
        for name, found in inspect_notebook(notebook).items()
    }


def _kind(annotation: str) -> str:
    return "" if annotation == "None" else annotation.partition("[")[0]


def _read(path: Path) -> Any:
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except Exception as error:  # whatever the libraries for JSON and schemas raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise RunFailed(f"{path} can't be read as a notebook ({reason})", notebook=path.stem) from None
    return notebook


def check_parameters(path: Path, given: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters as the notebook takes them.

    Texts stand for numbers, truth values and lists (parted by commas) where the notebook asks for these. BadArgument
    names the first that is unknown, missing or of a wrong type.
    """
    known = parameters_of(path)
    free = [name for name in known if name not in GIVEN]
    for name in given:
        if name in GIVEN:
            raise BadArgument(f"the parameter {name} of {path.stem} is given by the run itself; leave it out")
        if name not in known:
            raise BadArgument(f"{path.stem} has no parameter {name!r}; it has {', '.join(free) or 'none'}")
    for name in free:
        if known[name].required and given.get(name) is None:
            hint = known[name].help
            raise BadArgument(f"{path.stem} needs the parameter {name!r}" + (f" ({hint})" if hint else ""))
    return {name: _fitting(known[name], value) for name, value in given.items()}


def _fitting(parameter: Parameter, value: object) -> object:
    assert parameter.name.isidentifier()
    assert not keyword.iskeyword(parameter.name)
    kind = parameter.kind
    if kind in _NUMBER_TYPES and isinstance(value, str):
        try:
            return _NUMBER_TYPES[kind](value)
        except ValueError:
            pass
    elif kind == "bool" and value in ("true", "false"):
        return value == "true"
    elif kind == "list" and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    elif _fits(kind, value):
        return value
    wanted = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "list": "a list"}
    raise BadArgument(f"the parameter {parameter.name} takes {wanted.get(kind, 'a plain value')}, not {value!r:.80}")


def _fits(kind: str, value: object) -> bool:
    match kind:
        case "str":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list) and all(_fits("", item) for item in value)
        case _:
            return value is None or isinstance(value, (str, int, float, bool))
