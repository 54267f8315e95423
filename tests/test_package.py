"""The package as a whole: what it offers, what it ships, what it starts with, and what its files never say."""

from __future__ import annotations

import ast
import csv
import importlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# The folders that become the package, by their names in it.
SHIPPED = {
    "bankklient_lab": "bankklient_lab",
    "dashboards": "bankklient_lab/dashboards",
    "notebooks": "bankklient_lab/notebooks",
    "data": "bankklient_lab/data",
}
HEAVY = ("pandas", "panel", "bokeh", "holoviews", "hvplot", "lxml", "papermill", "typst", "xlsxwriter")


def tracked() -> list[Path]:
    """Return the files under version control, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [path for name in listed.stdout.split("\0") if name and (ROOT / (path := Path(name))).is_file()]


def sources() -> list[Path]:
    """Return the package's Python files, absolute."""
    return sorted(path for folder in SHIPPED for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    """Return the name that a source file has in the installed package."""
    inside = path.relative_to(ROOT)
    parts = [*SHIPPED[inside.parts[0]].split("/"), *inside.with_suffix("").parts[1:]]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has after a statement."""
    code = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_every_module_imports_and_keeps_its_promises(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    names = list(getattr(module, "__all__", []))
    assert len(names) == len(set(names))
    assert not [name for name in names if not hasattr(module, name)]


def test_the_package_says_what_it_offers() -> None:
    package = importlib.import_module("bankklient_lab")
    assert "open" in package.__all__


@pytest.mark.parametrize("module", ["bankklient_lab", "bankklient_lab.cli"])
def test_start_imports_nothing_heavy(module: str) -> None:
    assert not imported_by(f"import {module}") & set(HEAVY)


def test_only_the_command_line_imports_pages() -> None:
    """The checker of import directions can't see this: pages join the package only when it is installed."""
    package = ROOT / "bankklient_lab"
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] != "cli"
        for name in imports(ast.parse(path.read_text("utf-8")))
        if name.startswith("bankklient_lab.dashboards")
    ]
    assert not wrong


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the full names of what a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def finding_codes() -> set[str]:
    """Return the codes of data/codebooks/findings.csv."""
    with (ROOT / "data" / "codebooks" / "findings.csv").open(encoding="utf-8", newline="") as rows:
        return {row["code"] for row in csv.DictReader(rows)}


def found_codes() -> Iterator[tuple[str, str]]:
    """Yield place and code of every call of `findings.add("code", ...)`."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("findings.add") and node.args):
                continue
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", part.value


def test_findings_have_a_row_in_the_codebook() -> None:
    known = finding_codes()
    assert not [f"{place}: {code}" for place, code in found_codes() if code not in known]


def test_every_row_of_the_codebook_is_used() -> None:
    texts = [path.read_text("utf-8") for path in [*sources(), *(ROOT / "bankklient_lab").rglob("*.sql")]]
    written = set(re.findall(r"[\"']([a-z_]+)[\"']", "\n".join(texts)))
    assert not finding_codes() - written


def test_the_lock_has_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
    names = {re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0].lower().replace("_", "-") for line in wanted}
    assert not names - locked - {"bankklient-lab"}, "run `make lock`"  # by which one extra names another


# Written in parts, so that this file does not name them itself.
FORBIDDEN = re.compile("|".join(["/wor" + "k/", "sha" + "red/", "pypi" + r"\.org", "python" + r"hosted\.org"]))
ALLOWED = {(".ci/run", "sha" + "red/")}  # the one place that knows where the corpus may stand


def test_files_name_no_machine_and_no_registry() -> None:
    found = []
    for path in tracked():
        text = (ROOT / path).read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path}: {hit}" for hit in set(FORBIDDEN.findall(text)) if (path.as_posix(), hit) not in ALLOWED]
    assert not found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from what a clean checkout has, as `pip install .` does, and return it unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in tracked():
        copy = folder / "checkout" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / path).read_bytes())
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(folder)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(folder / "checkout")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    [built] = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_wheel_has_everything(wheel: Path) -> None:
    expected = {
        f"{SHIPPED[path.parts[0]]}/{path.relative_to(path.parts[0]).as_posix()}"
        for path in tracked()
        if path.parts[0] in SHIPPED
    }
    shipped = {path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()}
    assert not expected - shipped
    assert not [name for name in shipped - expected if ".dist-info/" not in name]


def test_the_wheel_works_by_itself(wheel: Path) -> None:
    code = (
        "import bankklient_lab.dashboards as pages, bankklient_lab.notebooks as notebooks, bankklient_lab.cli as cli\n"
        "from importlib.resources import files\n"
        "assert files('bankklient_lab.data').joinpath('codebooks', 'findings.csv').is_file()\n"
        "print(pages.__file__, notebooks.__file__, cli.__file__, sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(wheel)!r})\n{code}"],
        check=False,
        cwd=wheel,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert [line for line in done.stdout.splitlines() if not Path(line).is_relative_to(wheel)] == []
