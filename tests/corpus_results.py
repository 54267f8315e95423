"""What came of every file of statements, rates and payment orders of the corpus.

`python -m tests.corpus_results` writes
docs/corpus-results.md.

A file is imported into a lab of its own kind, compared with the figures that an independent reader found, and
withdrawn.
What differs, or is refused, needs a reason in tests/corpus_reasons.csv that a reader of the file agrees with.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import bankklient_lab as bl
from bankklient_lab.errors import FormatError
from bankklient_lab.formats import payments
from bankklient_lab.formats.base import SNIFF_BYTES
from bankklient_lab.formats.payments import base as payments_base
from bankklient_lab.formats.payments import schema as payments_schema
from bankklient_lab.lab import Lab, open_here
from tests.corpus import Expected, corpus, corpus_files, expected_of

FOLDERS = (
    "mt940", "mt942", "camt052", "camt053", "camt054", "gpc", "bai2", "ofx", "coda", "cfonb", "norma43", "csv",
    "cnb_rates", "ecb_rates",
)  # fmt: skip
PAYMENT_FOLDERS = ("kpc", "pain001", "pain008", "mt101")
RATES = ("cnb_rates", "ecb_rates")
# What the command line would be asked for when a file does not say it.
HINTS = {"account": "CORPUS", "currency": "EUR", "bank": "0100"}
CURRENCIES = {"gpc": "CZK"}
REASONS = Path(__file__).with_name("corpus_reasons.csv")


class Result(NamedTuple):
    """What came of one file; `differences` name figures that are not the expected ones."""

    path: Path
    status: str
    message: str
    given: tuple[str, ...]
    statements: int
    entries: int
    findings: tuple[str, ...]
    expected: bool
    differences: tuple[str, ...]


def results(folder: str, lab: Lab) -> Iterator[Result]:
    """Import every file of a folder of the corpus and give what came of it."""
    for path in corpus_files(folder):
        yield result(path, lab)


def result(path: Path, lab: Lab) -> Result:
    """Import one file, compare it, and withdraw it."""
    given: dict[str, str] = {}
    while True:
        report = bl.import_file(lab, path, **given)
        hint = report["hint"]
        if report["status"] != "refused" or hint is None or hint in given or hint not in HINTS:
            break
        given[hint] = _hint(hint, path)
    if report["import_id"] is not None:
        bl.withdraw_import(lab, report["import_id"], reason="corpus")
    wanted = expected_of(path)
    statements = report["statements"]
    differences = () if wanted is None or path.parent.name in RATES else tuple(_differences(wanted, statements))
    return Result(
        path, report["status"], report["message"], tuple(given), len(statements),
        sum(s["entries"] for s in statements), tuple(sorted({f["code"] for f in report["findings"]} - {"new_account"})),
        wanted is not None, differences,
    )  # fmt: skip


def payment_result(path: Path, charset: str = "utf-8") -> Result:
    """Read one file of payment orders and compare it: its groups are the statements of expected.csv."""
    groups: dict[int, list[dict[str, Any]]] = {}
    findings: set[str] = set()
    message = ""
    try:
        data = path.read_bytes()
        for part in payments.detect(data[:SNIFF_BYTES]).format.read(io.BytesIO(data), payments_base.Options(charset)):
            if part.kind is payments_schema.Kind.PAYMENT:
                for row in part.batch.to_pylist():
                    groups.setdefault(row["group_no"], []).append(row)
            elif part.kind is payments_schema.Kind.FINDING:
                findings |= set(part.batch["code"].to_pylist())
    except FormatError as error:
        message, groups = str(error), {}
    root = corpus()
    wanted = expected_of(path) if root and path.is_relative_to(root) else None
    differences = () if wanted is None or message else tuple(_group_differences(wanted, list(groups.values())))
    return Result(
        path, "refused" if message else "imported", message, (), len(groups), sum(map(len, groups.values())),
        tuple(sorted(findings)), wanted is not None, differences,
    )  # fmt: skip


def _group_differences(wanted: list[Expected], found: list[list[dict[str, Any]]]) -> Iterator[str]:
    if len(wanted) != len(found):
        yield f"groups {len(found)}, expected {len(wanted)}"
        return
    for no, (one, group) in enumerate(zip(wanted, found, strict=True), start=1):
        total = sum(row["amount"] for row in group)
        if one.entries is not None and one.entries != len(group):
            yield f"group {no} payments {len(group)}, expected {one.entries}"
        # The independent reader gives the sum of collections as credit; of mixed files only one of both.
        if (sums := {one.sum_credit, one.sum_debit} - {None}) and total not in sums:
            yield f"group {no} sum {total}, expected {' or '.join(map(str, sums))}"


def _hint(name: str, path: Path) -> str:
    """Return what to say: the currency that the independent reader took, where there is one."""
    if name != "currency":
        return HINTS[name]
    found = [one.currency for one in expected_of(path) or [] if one.currency]
    return found[0] if found else CURRENCIES.get(path.parent.name, HINTS[name])


def _differences(wanted: list[Expected], found: list[dict[str, Any]]) -> Iterator[str]:
    if len(wanted) != len(found):
        yield f"statements {len(found)}, expected {len(wanted)}"
        return
    for no, (one, other) in enumerate(zip(wanted, found, strict=True), start=1):
        for name in ("entries", "opening", "closing", "sum_credit", "sum_debit", "currency"):
            value = getattr(one, name)
            if value is not None and not _equal(value, other[name]):
                yield f"statement {no} {name} {other[name]}, expected {value}"


def _equal(value: object, other: object) -> bool:
    return Decimal(value) == other if isinstance(value, Decimal) and isinstance(other, Decimal) else value == other


def reasons() -> dict[str, str]:
    """Return path -> why the file differs from the expected figures or is refused."""
    with REASONS.open(encoding="utf-8", newline="") as rows:
        return {row["path"]: row["reason"] for row in csv.DictReader(rows)}


def _total(name: str, found: list[Result]) -> str:
    """Return the line of a format in the table."""
    equal = sum(r.expected and r.status == "imported" and not r.differences for r in found)
    return (
        f"| {name} | {len(found)} | {sum(r.status == 'imported' for r in found)} | {sum(r.expected for r in found)} "
        f"| {equal} | {sum(r.status == 'refused' for r in found)} |"
    )


def main() -> None:
    """Write docs/corpus-results.md."""
    root = corpus()
    assert root is not None, "BANKKLIENT_CORPUS is not set"
    known = reasons()
    totals, sections = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name in FOLDERS:
            with open_here(Path(folder) / f"{name}.lab", create=True) as lab:
                found = list(results(name, lab))
            totals.append(_total(name, found))
            sections += _section(name, [r for r in found if r.status == "refused" or r.differences], known)
    for name in PAYMENT_FOLDERS:
        read = [payment_result(path) for path in corpus_files(name)]
        totals.append(_total(name, read))
        sections += _section(name, [r for r in read if r.status == "refused" or r.differences], known)
    target = Path(__file__).parents[1] / "docs/corpus-results.md"
    target.write_text("\n".join([*_HEAD, *totals, "", *sections]).rstrip() + "\n", "utf-8")
    print(f"wrote {target}")


_HEAD = [
    "# Results on the corpus of real bank files",
    "",
    "Made by `make corpus-results`. Every file is imported; what it does not say itself (account, currency, bank) is",
    "given as on the command line. *Equal* counts files whose statements, entries, balances, sums and currencies are",
    "those that an independent reader found; of a file of payment orders (kpc, pain001, pain008, mt101), which is read",
    "only, its groups and their sums. Every file that differs or is refused is listed with the reason.",
    "",
    "| format | files | imported | with expected figures | equal | refused |",
    "|---|---:|---:|---:|---:|---:|",
]


def _section(name: str, odd: list[Result], known: dict[str, str]) -> Iterator[str]:
    if not odd:
        return
    yield from (f"## {name}", "", "| file | outcome | reason |", "|---|---|---|")
    for r in odd:
        outcome = f"refused: {r.message}" if r.status == "refused" else "imported; " + "; ".join(r.differences[:3])
        reason = known.get(f"{name}/{r.path.name}", "")
        yield (
            "| "
            + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in (r.path.name, outcome, reason))
            + " |"
        )
    yield ""


if __name__ == "__main__":
    main()
