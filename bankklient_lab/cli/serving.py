"""Commands that serve a lab: serve, link, unit."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_json, shown
from bankklient_lab.errors import LabError, Refused
from bankklient_lab.jobs import Job

if TYPE_CHECKING:
    from bankklient_lab.dashboards.app import DashboardServer
    from bankklient_lab.lab import Lab
    from bankklient_lab.server.places import Place

SECONDS_BETWEEN_RUNS = 60.0
SECONDS_OF_A_TURN = 0.0005  # of a thread that computes while others wait; a call waits a dozen times
_PROGRAM = "/usr/local/bin/bankklient"  # in the unit file
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the pages; 0 is a free one.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (serve, link, unit):
        app.command(command.__name__)(command)


def serve(
    lab: LabOption = "",
    port: Port = 0,
    api_port: Annotated[
        int, typer.Option(min=-1, max=65535, help="Port of the open HTTP API; 0 is a free one, -1 none.")
    ] = -1,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; beyond this machine with TLS only.")
    ] = "127.0.0.1",
    certificate: Annotated[str, typer.Option(metavar="FILE", help="Certificate (PEM, with its chain) for TLS.")] = "",
    key: Annotated[str, typer.Option(metavar="FILE", help="Private key of the certificate.")] = "",
    proxy_origin: Annotated[
        str, typer.Option(metavar="URL", help="Address that browsers use, where a proxy on this machine ends TLS.")
    ] = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Own the lab, show the dashboards, let other commands and the API in and make what falls due: runs, transmissions.

    Served beyond this machine, through a proxy or by the API, the lab asks everybody to log in. It ends cleanly with
    Ctrl-C or SIGTERM.
    """
    from bankklient_lab.server.places import place_for

    place = place_for(host=host, port=port, certificate=certificate, key=key, proxy_origin=proxy_origin)
    passphrase_file = passphrase_file or credential("passphrase")
    with stopping() as stop, opened(lab, passphrase_file, share_after=0.0, pandas=True, serving=True) as one:
        serve_lab(one, port, stop, place=place, api_port=None if api_port < 0 else api_port)


def link(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """Print another one-time link to the dashboards that `serve` shows, for one more browser."""
    from bankklient_lab.server.links import new_link

    with opened(lab, passphrase_file) as one:
        url = new_link(one)
    if as_json:
        print_json({"url": url})
    else:
        lines([url])


def unit() -> None:
    """Print a unit file for systemd that serves a lab with few rights; see docs/how-to/serve.md."""
    text = files("bankklient_lab.data").joinpath("systemd", "bankklient.service").read_text("utf-8")
    program = Path(sys.executable).with_name("bankklient")
    lines(text.replace(_PROGRAM, str(program)).splitlines())


def credential(name: str) -> str:
    """Return the file of a credential that systemd hands over, empty when there is none."""
    file = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / name
    return str(file) if "CREDENTIALS_DIRECTORY" in os.environ and file.is_file() else ""


def serve_lab(
    lab: Lab, port: int, stop: threading.Event, *, place: Place | None = None, api_port: int | None = None
) -> None:
    """Serve a lab that this process owns until `stop` is set; Refused when another process owns it.

    With an `api_port`, or at a `place` that others reach, everybody logs in; Refused when nobody could.
    """
    if lab.remote is not None:
        from bankklient_lab.store.owner import current_owner

        owner = current_owner(lab.path)
        who = f"process {owner.pid} ({owner.command}, since {owner.since})" if owner else "another process"
        raise Refused(f"{lab.path} is already open in {who}; use it there or end that first")
    from bankklient_lab.dashboards.app import start
    from bankklient_lab.server.places import Place

    place = place or Place()
    if api_port is not None or not place.is_near:
        _ask_everybody(lab)
    sys.setswitchinterval(SECONDS_OF_A_TURN)
    said = [str(lab.path)]
    api = None if api_port is None else _open_api(lab, place, api_port)
    pages = start(lab, port=port, address=place.host, origins=place.origins(port), tls=place.tls)
    try:
        sys.stdout.write("\n".join([*said, pages.url, *([api] if api else [])]) + "\n")
        sys.stdout.flush()
        notify("READY=1")
        threading.Thread(target=_settle, args=(pages,), name="settling", daemon=True).start()
        job = Job()
        runs = threading.Thread(target=_do_due, args=(lab, stop, job), name="scheduled runs", daemon=True)
        runs.start()
        stop.wait()
        notify("STOPPING=1")
        job.cancel()
        runs.join()
    finally:
        pages.stop()


def _settle(pages: DashboardServer) -> None:
    """Spare the collector of garbage what was imported: it would go through all of that while every call waits."""
    pages.preloading.join()
    gc.collect()
    gc.freeze()


def _ask_everybody(lab: Lab) -> None:
    """Turn access control on; Refused where nobody could log in then."""
    if not lab.rows("SELECT 1 FROM ops.user WHERE valid AND password_hash IS NOT NULL LIMIT 1"):
        raise Refused(
            f"nobody could log in to {lab.path}, because no user has a password; give yourself one first"
            " (set_password), or serve the pages on this machine only"
        )
    lab.rights.served = True


def _open_api(lab: Lab, place: Place, port: int) -> str:
    """Serve the open API and return its address."""
    from dataclasses import replace

    from bankklient_lab.opening import Offer

    assert isinstance(lab.sharing, Offer)
    listening = lab.sharing.open_to(replace(place, port=port))
    return f"{'https' if place.tls else 'http'}://{place.host}:{listening}"


def notify(state: str) -> None:
    """Tell systemd how this service is (sd_notify), where it was asked for."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


def _do_due(lab: Lab, stop: threading.Event, job: Job) -> None:
    while not stop.wait(SECONDS_BETWEEN_RUNS):
        for work in (_receive_due, _run_due):
            try:
                for failure in work(lab, job):
                    sys.stderr.write(f"bankklient: {shown(failure)}\n")
            except LabError as error:
                if not stop.is_set():
                    sys.stderr.write(f"bankklient: {shown(error.message)}\n")
            except Exception:  # a fault of one look must not end all later ones
                logging.getLogger(__name__).exception("looking for what is due failed")


def _receive_due(lab: Lab, job: Job) -> Iterator[str]:
    """Make the automated transmission that is due and yield how it failed."""
    from bankklient_lab.rights.identity import SCHEDULER
    from bankklient_lab.runs.automated import FAILED, attend

    told = attend(lab.acting(SCHEDULER), job)
    if told is not None and told["state"] == FAILED:
        yield f"automated transmission failed: {told['message']}"


def _run_due(lab: Lab, job: Job) -> Iterator[str]:
    """Make the runs that are due and yield how each of them failed."""
    from bankklient_lab.rights.identity import SCHEDULER
    from bankklient_lab.runs.execute import run_due

    for run in run_due(lambda: nullcontext(lab.acting(SCHEDULER)), job):
        if run.state == "failed":
            yield f"run {run.run_id} failed: {run.message}"


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give an event that SIGTERM, SIGINT and SIGHUP set."""
    stop = threading.Event()
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, lambda *_: stop.set()) for number in signals]
    try:
        yield stop
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
