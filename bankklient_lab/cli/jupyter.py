"""The command that works on a lab in JupyterLab."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from bankklient_lab.cli.options import LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines
from bankklient_lab.cli.serving import stopping
from bankklient_lab.errors import BadArgument, StoreError

SECONDS_TO_START = 90
SECONDS_TO_END = 20
_SECONDS_BETWEEN_LOOKS = 0.1


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lab")(jupyter)


def jupyter(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Folder to work in; gets a copy of each notebook that it lacks.")
    ] = "notebooks",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 is a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Work on a lab in JupyterLab: with its notebooks, in your name, while others use it.

    The lab is served in the background unless a process serves it already. It ends with Ctrl-C or SIGTERM.
    """
    from bankklient_lab.lab import lab_path
    from bankklient_lab.runs.tokens import begin_jupyter, end_jupyter

    path, work = lab_path(lab or None), working_copy(Path(folder))
    with stopping() as stop, _served(path, passphrase_file), opened(str(path), "") as one:
        given = begin_jupyter(one)
        try:
            with _running(path, work, port, given["token"]) as (process, url):
                lines([str(work), url])
                sys.stdout.flush()
                if browser:
                    typer.launch(url)
                _wait(process, stop)
        finally:
            if given["token_id"]:
                end_jupyter(one, given["token_id"])


def working_copy(folder: Path) -> Path:
    """Return the folder with a copy of each of the package's notebooks; what is there already stays as it is."""
    work = folder.expanduser().absolute()
    try:
        work.mkdir(parents=True, exist_ok=True)
        for source in Path(str(files("bankklient_lab.notebooks"))).glob("*.ipynb"):
            if not (work / source.name).exists():
                shutil.copyfile(source, work / source.name)
    except OSError as error:
        raise BadArgument(f"the folder {work} can't be used ({error.strerror})") from None
    return work


@contextmanager
def _served(lab: Path, passphrase_file: str) -> Iterator[None]:
    """See that a process owns the lab: the one that does, or a new one that ends with the block."""
    from bankklient_lab.store.owner import current_owner

    if current_owner(lab) is not None:
        yield
        return
    command = [sys.executable, "-m", "bankklient_lab.cli", "serve", "--lab", str(lab)]
    command += ["--passphrase-file", passphrase_file] if passphrase_file else []
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        try:
            if not server.stdout.readline():  # it could not start, and says why
                said = server.stderr.read().strip().removeprefix("bankklient: ")
                raise StoreError(said or f"{lab} could not be served", path=str(lab))
            threading.Thread(target=shutil.copyfileobj, args=(server.stderr, sys.stderr), daemon=True).start()
            yield
        finally:
            _end(server)


@contextmanager
def _running(lab: Path, work: Path, port: int, token: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Give a JupyterLab of this machine alone and its address, which lets in who has it."""
    from bankklient_lab.lab import ENVIRONMENT_LAB
    from bankklient_lab.runs.kernel import kernel_environment

    with tempfile.TemporaryDirectory(prefix="bankklient-jupyter-") as runtime:
        own = {ENVIRONMENT_LAB: str(lab), "JUPYTER_RUNTIME_DIR": runtime, "JUPYTER_TOKEN": secrets.token_hex(24)}
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--log-level=ERROR", "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}", f"--ServerApp.port_retries={0 if port else 50}",
            f"--ServerApp.root_dir={work}", "--ServerApp.allow_remote_access=False",
        ]  # fmt: skip
        if os.geteuid() == 0:
            command.append("--allow-root")
        with subprocess.Popen(  # noqa: S603 - as above
            command, cwd=work, env=kernel_environment(token) | own, stdin=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                yield process, f"{_address(process, Path(runtime))}lab?token={own['JUPYTER_TOKEN']}"
            finally:
                _end(process)


def _address(process: subprocess.Popen[bytes], runtime: Path) -> str:
    """Return the address of a JupyterLab once it answers."""
    import httpx2

    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        for card in runtime.glob("jpserver-*.json"):
            try:
                url = str(json.loads(card.read_text("utf-8"))["url"])
                if httpx2.get(f"{url}api", trust_env=False).status_code == httpx2.codes.OK:
                    return url
            except (ValueError, httpx2.TransportError):  # still being written, not listening yet
                pass
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    raise StoreError("JupyterLab did not start; what it said stands above")


def _wait(process: subprocess.Popen[bytes], stop: threading.Event) -> None:
    """Wait until somebody ends JupyterLab, there or here."""
    while process.poll() is None and not stop.wait(_SECONDS_BETWEEN_LOOKS):
        pass


def _end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
