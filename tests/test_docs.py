"""The documentation is true: links lead somewhere, commands run, every command is described."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from scripts import cli_reference, spec_status

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "docs" / "spec"
PAGES = sorted(
    page for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if page.parent != SPEC or page.name == "README.md"
)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(?P<title>.+?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
CONSOLE = re.compile(
    r"(?:^<!-- not run:(?P<reason>.*?)-->\n+)?^```console\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL
)
PROMPT = "$ "


class Block(NamedTuple):
    """The commands of one ```console block; `reason` says why it is not run, None when it is."""

    commands: list[str]
    reason: str | None


def blocks(page: Path) -> list[Block]:
    """Return the console blocks of a page that call bankklient, in order."""
    found = []
    for block in CONSOLE.finditer(page.read_text("utf-8")):
        commands = list(joined(block["text"]))
        if any("bankklient" in command for command in commands):
            found.append(Block(commands, block["reason"]))
    return found


def joined(text: str) -> Iterator[str]:
    """Yield the commands behind the prompt, a backslash at a line's end joins the next line."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith(PROMPT):
            yield line.removeprefix(PROMPT).strip()


def anchors(page: Path) -> set[str]:
    """Return the names that links can give for the headings of a page."""
    titles = (found["title"] for found in HEADING.finditer(FENCE.sub("", page.read_text("utf-8"))))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for found in LINK.finditer(CODE.sub("", FENCE.sub("", page.read_text("utf-8")))):
        name, _, anchor = found["target"].partition("#")
        if re.match(r"[a-z]+:", name):
            continue
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(found["target"])
    assert not broken


def test_the_index_lists_every_decision() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    records = [path for path in sorted(folder.glob("[0-9]*.md")) if path.stem != "0000-template"]
    titles = {path.name: path.read_text("utf-8").partition("\n")[0].lstrip("# ") for path in records}
    assert not [name for name in titles if f"]({name})" not in index]
    assert not [name for name, title in titles.items() if title[:4] != name[:4]]


COMMAND_PAGES = [page for page in PAGES if blocks(page)]


@pytest.mark.parametrize("page", COMMAND_PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_of_the_documentation_run(page: Path, tmp_path: Path, demo_lab: Path) -> None:
    """Run a page's commands one after another in an empty folder, with BANKKLIENT_LAB naming a demo lab."""
    lab = shutil.copy(demo_lab, tmp_path / "demo.lab")
    environment = os.environ | {
        "BANKKLIENT_LAB": str(lab),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    for block in blocks(page):
        if block.reason is not None:
            assert block.reason.strip(), f"{page.name}: 'not run' without a reason before {block.commands[0]}"
            continue
        for command in block.commands:
            done = subprocess.run(
                command,
                check=False,
                shell=True,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def test_every_command_has_a_help_text() -> None:
    commands = cli_reference.commands(cli_reference.root())
    silent = [name for name, command in commands if not (command.help or "").strip()]
    assert not silent


def test_commands_named_in_the_documentation_exist() -> None:
    known = {tuple(name.split()[1:]) for name, _ in cli_reference.commands(cli_reference.root())}
    called = [(page, shlex.split(c)) for page in PAGES for block in blocks(page) for c in block.commands]
    unknown = [
        f"{page.name}: {shlex.join(words)}"
        for page, words in called
        if words[0] == "bankklient" and words[1:2] != ["--help"] and not {tuple(words[1:2]), tuple(words[1:3])} & known
    ]
    assert not unknown


@pytest.mark.parametrize("made", [cli_reference, spec_status], ids=["cli", "spec-status"])
def test_pages_made_from_the_code_are_current(made: ModuleType) -> None:
    assert made.PAGE.read_text("utf-8") == made.page(), "run `make docs`"
