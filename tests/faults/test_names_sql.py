"""Hostile texts in every text argument of every action: bound as values, never a part of SQL, refused in a sentence."""

from __future__ import annotations

import inspect
import json
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.actions import ACTIONS, Action
from bankklient_lab.errors import MESSAGE_CHARS_MAX, LabError, StoreError
from bankklient_lab.lab import Lab, open_here
from tests.clocks import NOON
from tests.faults.material import broken
from tests.statements import ACCOUNT, mt940

for room in (
    "keys",
    "balancing",
    "exchange",
    "orders",
    "history",
    "analysis",
    "reports",
    "runs",
    "services",
):  # every module with actions
    package = import_module(f"bankklient_lab.{room}")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")

HOSTILE = (
    "'; DROP TABLE history.entry; --", '" OR 1=1 --', "x') UNION SELECT file_name FROM ops.import --",
    "$$; DELETE FROM ops.import; $$", "%' OR '1'='1", "' || (SELECT getenv('HOME')) || '", "read_text('/etc/passwd')",
    "$account", "?", "{x}", "%(x)s%n", "\\", "\x00", "a\x00'; DROP TABLE ops.log; --", "a\ud800b", "\u202eabc",
    "\r\n\x1b[2J", "../../etc/passwd", "/etc/passwd", "~nobody-of-that-name",
    "--help", "", " ", "x" * 100_000, "{{ 7*7 }}", "=1+1",
)  # fmt: skip

VALID: dict[str, Any] = {
    "since": date(2026, 11, 1), "until": date(2026, 12, 1), "on": date(2026, 11, 2), "account": ACCOUNT,
    "suffix": ".csv", "import_id": 1, "statement_no": 1, "entry_no": 1, "name": "name", "criteria": {}, "held": False,
    "reason": "test", "notebook": "cash.ipynb", "cron": "0 8 * * *", "zone": "Europe/Prague", "output": "out",
    "parameters": {}, "runner": "runner", "folder": "folder", "target": "backup", "run_id": 1, "state": "done",
    "schedule_id": 1, "number": ACCOUNT, "user": "tester", "role": "VIEW", "reference": "RF", "password": "Geheim-12x",
    "text": "SELECT 1", "old": "", "new": "Geheim-12y", "permissions": [], "values": {},
    "transmission_id": 1, "line": "1/1/1/0",
    "token_id": 1, "factor_id": 1, "session_id": 1, "party": "party", "purpose": "purpose", "scope": [],
    "code": "000000", "answer": "{}", "what": "entries", "rows": 1,
    "before": date(2020, 1, 1), "archive_id": 1, "kind": "domestic_payment", "order_id": 1, "order_ids": [1],
    "pattern_id": 1, "group": 0, "arranged": [], "regular_payment_id": 1, "periodicity": "month", "day": 1,
    "valid_from": date(2026, 11, 1), "counterparty_id": 1, "changes": {}, "texts": {}, "setting": 1, "position": "both",
    "system": 1, "format": "csv", "chosen": {}, "batch_id": 1, "key_id": 1, "fingerprint": "00",
    "signature_class": "E", "currency": "CZK", "right_id": 1, "sha256": "00", "previous_password": "Eight-8x",
    "message_id": 1, "detail_id": 1, "subject": "subject", "card": "0123", "document_id": 1, "document_ids": [1],
    "request_id": 1, "request_ids": [1], "amount": Decimal(1), "into": "EUR", "file_no": 1, "batch_order": 20260001,
    "debtor_ids": [1],
}  # fmt: skip
KINDS = {  # annotation -> the argument that carries the text
    "str": lambda text: text,
    "str | None": lambda text: text,
    "Collection[str]": lambda text: [text],
    "Sequence[str]": lambda text: [text],
    "list[str] | None": lambda text: [text],
    "Mapping[str, str] | None": lambda text: {"label": text, text: text},
    "dict[str, Any]": lambda text: {text: text},
    "dict[str, Any] | None": lambda text: {text: text},
    "dict[str, str]": lambda text: {text: text},
    "dict[str, str] | None": lambda text: {text: text},
    "list[dict[str, Any]]": lambda text: [{"name": text, "place": 1, "label": text, "shown": True}],
    "CatchUp": lambda text: text,
    "Ending": lambda text: text,
    "Channel": lambda text: text,
    "Within": lambda text: text,
}


def text_arguments() -> Iterator[tuple[str, str]]:
    """Yield action and argument for each argument of an action that is or holds text."""
    for name, action in sorted(ACTIONS.items()):
        for argument, annotation in annotations(action):
            if annotation in KINDS:
                yield name, argument
            else:
                known = ("date", "int", "list[int]", "bool", "Decimal", "Path", "Job")
                assert annotation.startswith(known), f"{name}: {argument}: {annotation}"


def annotations(action: Action[..., Any]) -> Iterator[tuple[str, str]]:
    """Yield each argument and its annotation, those of a TypedDict one by one."""
    for parameter in list(inspect.signature(action.function).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            criteria = action.function.__globals__[parameter.annotation.removeprefix("Unpack[").removesuffix("]")]
            yield from ((name, kind.__forward_arg__) for name, kind in criteria.__annotations__.items())
        else:
            yield parameter.name, parameter.annotation


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a closed lab with one statement."""
    folder = tmp_path_factory.mktemp("names")
    with open_here(folder / "names.lab", create=True, user="tester") as lab:
        bl.import_file(lab, mt940(folder))
    return folder / "names.lab"


def catalog(lab: Lab) -> list[tuple[Any, ...]]:
    return lab.rows("SELECT schema_name, table_name, sql FROM duckdb_tables() WHERE database_name = 'lab' ORDER BY ALL")


def call(lab: Lab, action: Action[..., Any], given: dict[str, Any]) -> None:
    """Call an action; what it raises must be a LabError in one sentence."""
    try:
        action.run(lab, **given)
    except LabError as error:
        message = str(error)
    else:
        return
    assert message
    assert "\n" not in message
    assert len(message) <= MESSAGE_CHARS_MAX


@pytest.mark.parametrize(("name", "argument"), list(text_arguments()))
def test_a_hostile_text_is_a_value(
    name: str, argument: str, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    action, file = ACTIONS[name], mt940(tmp_path)
    parameters = list(inspect.signature(action.function).parameters.values())[1:]
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    given = {one: VALID[one] for one in needed if one != "path"}
    if any(p.name == "path" for p in parameters):
        given["path"] = file
    wrap = KINDS[dict(annotations(action))[argument]]
    path = Path(shutil.copy(filled, tmp_path / "names.lab"))
    with open_here(path, clock=lambda: NOON, user="tester") as lab:
        tables = catalog(lab)
        for text in HOSTILE:
            try:
                call(lab, action, given | {argument: wrap(text)})
            except BaseException as error:
                error.add_note(f"{name}({argument}={text[:60]!r})")
                raise
        assert catalog(lab) == tables
        assert lab.rows("SELECT count(*) FROM history.entry") == [(2,)]
        assert broken(lab) == []


def test_what_was_stored_is_the_text_itself(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    for text in HOSTILE:
        shown = " ".join(text.split())
        if not 0 < len(shown) <= 60 or not text.isprintable():
            continue
        bl.rename_account(lab, ACCOUNT, text)
        assert bl.accounts.arrow(lab)["name"].to_pylist() == [shown]
        assert bl.balances.arrow(lab, on=date(2026, 11, 2), accounts=[shown]).num_rows == 1
        bl.save_selection(lab, text, {"text": text})
        kept = {row["name"]: json.loads(row["criteria"]) for row in bl.selections.arrow(lab).to_pylist()}
        assert kept == {shown: {"text": text}}
        bl.delete_selection(lab, shown)
    bl.withdraw_import(lab, 1, reason=HOSTILE[0])
    ((details,),) = lab.rows("SELECT details FROM ops.log WHERE action = 'withdraw_import'")
    assert json.loads(details)["reason"] == HOSTILE[0]


def test_every_public_function_is_among_those_that_are_tried() -> None:
    tried = {inspect.unwrap(action.function) for action in ACTIONS.values()}
    assert {name for name in bl.__all__ if inspect.unwrap(getattr(bl, name)) not in tried} == {
        "Lab",
        "LabError",
        "open",
    }


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()])
def test_a_lab_of_a_hostile_name_is_missing_in_a_sentence(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("circle").symlink_to("circle")
    for name in (text, f"circle/{text}"):
        with pytest.raises(LabError) as refused:
            bl.open(name)
        assert "\n" not in refused.value.message
        assert len(refused.value.message) <= MESSAGE_CHARS_MAX


@pytest.mark.parametrize(
    "name", ["';--.lab", 'a"b.lab', "a' (READ_ONLY).lab", "$x.lab", "a*b[1]{2}#%20&=:\\.lab", "-l.lab", "a\nb.lab"]
)
def test_a_lab_may_have_any_name(name: str, tmp_path: Path) -> None:
    with open_here(tmp_path / name, create=True) as lab:
        assert bl.import_file(lab, mt940(tmp_path))["status"] == "imported"
    with open_here(tmp_path / name) as lab:
        assert bl.imports.arrow(lab).num_rows == 1


def test_a_lab_with_a_question_mark_in_its_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="question mark"):
        open_here(tmp_path / "what?.lab", create=True)
    assert list(tmp_path.glob("what*lab")) == []
