"""The notebooks of the package: without stored output, with described parameters, and running on a demo company."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from html import unescape
from io import BytesIO
from pathlib import Path

import nbformat
import pytest

import bankklient_lab as bl
from bankklient_lab import demo
from bankklient_lab.errors import RunFailed
from bankklient_lab.lab import Lab, created
from bankklient_lab.reports.texts import amount_text
from bankklient_lab.runs.execute import Run, execute
from bankklient_lab.runs.notebooks import parameters_of, registered
from tests.analysis.ahead import tell
from tests.analysis.test_forecast import IBAN, TODAY, a_year
from tests.orders.labs import equip

BOOKS = registered([])
ACCOUNT = "Operating EUR"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a demo company of two months that this process owns; kernels go through it."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "files").mkdir()
    with created(folder / "company.lab") as one:
        demo.fill(one, folder / "files", today=date(2026, 11, 1), entries=600, months=2)
    with bl.open(folder / "company.lab") as one:
        yield one


def run(lab: Lab, out: Path, name: str, **parameters: object) -> Run:
    return execute(lambda: nullcontext(lab), name, parameters, out)


def text_of(page: Path) -> str:
    """Return the words of an exported page."""
    return unescape(re.sub(r"<[^>]*>", " ", page.read_text("utf-8")))


def test_there_are_the_nine_notebooks() -> None:
    assert sorted(BOOKS) == [
        "bank_day", "cash_position", "deposits", "fx_forwards", "liquidity_forecast", "payments_workflow",
        "reconciliation", "statement_run", "tutorial",
    ]  # fmt: skip


@pytest.mark.parametrize("path", BOOKS.values(), ids=BOOKS)
def test_nothing_that_came_out_of_a_notebook_is_stored(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags"}
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.parametrize("path", BOOKS.values(), ids=BOOKS)
def test_one_cell_has_the_parameters_and_each_says_its_kind_and_meaning(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    [tagged] = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    parameters = parameters_of(path)
    assert len(parameters) == len(tagged.source.splitlines())
    assert [p.name for p in parameters.values() if not p.kind or not p.help] == []


@pytest.mark.parametrize("path", BOOKS.values(), ids=BOOKS)
def test_notebooks_use_only_what_is_public(path: Path) -> None:
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    assert not re.search(r"\b_\w|\.database\b|\.query\(|\.rows\(|import duckdb", code)


def test_the_statement_of_a_month(lab: Lab, tmp_path: Path) -> None:
    done = run(lab, tmp_path, "statement_run", account=ACCOUNT, month="2026-10", in_currency="CZK")
    made = "statement_Operating-EUR_2026-10"
    assert list(done.files) == [f"{made}.pdf", f"{made}.xlsx", "statement_run.html", "statement_run.ipynb"]
    october = {"since": date(2026, 10, 1), "until": date(2026, 11, 1)}
    [head] = bl.statement_head.arrow(lab, ACCOUNT, **october).to_pylist()
    page = text_of(tmp_path / "statement_run.html")
    for amount in (head["opening"], head["sum_credit"], head["sum_debit"], head["closing"]):
        assert amount_text(amount, "EUR") in page
    lines = bl.statement.arrow(lab, ACCOUNT, **october).to_pylist()
    assert lines
    for line in lines:
        assert amount_text(line["balance"], "EUR") in page
    assert "<svg" in (tmp_path / "statement_run.html").read_text("utf-8")
    assert pdf_text(tmp_path / f"{made}.pdf").count(amount_text(head["closing"], "EUR")) >= 1
    assert head["closing"] in cells_of(tmp_path / f"{made}.xlsx")


def test_the_cash_position_of_a_day(lab: Lab, tmp_path: Path) -> None:
    done = run(lab, tmp_path, "cash_position", on="2026-10-30")
    made = "cash_position_2026-10-30"
    assert list(done.files) == ["cash_position.html", "cash_position.ipynb", f"{made}.pdf", f"{made}.xlsx"]
    rows = bl.balances.arrow(lab, on=date(2026, 10, 30), in_currency="CZK").to_pylist()
    assert len(rows) == 12
    page = text_of(tmp_path / "cash_position.html")
    for row in rows:
        assert amount_text(row["balance"], row["currency"]) in page
        assert amount_text(row["converted"], "CZK") in page
    total = sum(row["converted"] for row in rows)
    assert f"Total: {total:,} CZK" in page
    assert amount_text(total, "CZK") in pdf_text(tmp_path / f"{made}.pdf")


def test_the_tutorial(lab: Lab, tmp_path: Path) -> None:
    done = run(lab, tmp_path, "tutorial", entries=500)
    assert list(done.files) == ["tutorial.html", "tutorial.ipynb"]
    page = text_of(tmp_path / "tutorial.html")
    assert "already" in page
    assert "A statement number is missing before this one" in page
    cells = nbformat.read(tmp_path / "tutorial.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert [output for output in outputs if output.output_type in ("error", "stream")] == []
    assert "'imported'" in json.dumps(outputs)


@pytest.mark.spec("ORD-207", "ORD-208", "ORD-218", "ORD-219", "ORD-420")
def test_the_way_of_payments(lab: Lab, tmp_path: Path) -> None:
    done = run(lab, tmp_path, "payments_workflow", entries=200)
    assert {"orders.pdf", "payments.xml", "payments_workflow.html"} <= set(done.files)
    cells = nbformat.read(tmp_path / "payments_workflow.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert [output for output in outputs if output.output_type == "error"] == []
    told = text_of(tmp_path / "payments_workflow.html")
    for code in ("31", "63", "73"):
        assert f"'code': {code}," in told
    assert "is not verified: Amount" in told
    assert "so another person gives the second" in told
    assert "it pays the same as order" in told
    assert "'confirmed twice'" in told
    assert "By account" in pdf_text(tmp_path / "orders.pdf")
    assert "Stahlwerk Nordtal GmbH" in (tmp_path / "payments.xml").read_text("utf-8")


def test_a_day_with_the_bank(lab: Lab, tmp_path: Path) -> None:
    run(lab, tmp_path, "bank_day")
    cells = nbformat.read(tmp_path / "bank_day.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert [output for output in outputs if output.output_type == "error"] == []
    told = text_of(tmp_path / "bank_day.html")
    for status in ("not sent", "insolvency", "in processing", "done"):
        assert status in told
    assert "[('26000101.02', 2), ('26000111.02', 1)]" in told
    assert "'CZ9506000000002001480009': Decimal('17000.000')" in told


def test_forward_deals_and_their_rate_by_hand(lab: Lab, tmp_path: Path) -> None:
    run(lab, tmp_path, "fx_forwards")
    told = text_of(tmp_path / "fx_forwards.html")
    assert "60,000.00 EUR are bought, paid in CZK from 2001480009/0600 on 2027-02-24" in told
    assert "Forward deal FW1" in told
    with pytest.raises(RunFailed, match="amount is at least 500,000"):
        run(lab, tmp_path, "fx_forwards", amount="10 000,00")


def test_a_forecast_says_when_money_will_be_short(tmp_path: Path) -> None:
    with created(tmp_path / "ahead.lab") as one:
        tell(equip(one), tmp_path, a_year(), account=IBAN, first=date(2025, 9, 1), last=TODAY)
    with bl.open(tmp_path / "ahead.lab") as lab:
        run(lab, tmp_path, "liquidity_forecast", on="2026-11-22", days=40, least="-350 000,00")
        with pytest.raises(RunFailed, match="no account is held in GBP"):
            run(lab, tmp_path, "liquidity_forecast", on="2026-11-22", currency="gbp")
    told = text_of(tmp_path / "liquidity_forecast.html")
    assert "Lowest: -356,100.00 CZK on 2026-12-04" in told
    assert "Less than -350,000.00 CZK is expected: from 2026-12-04 on" in told
    assert (tmp_path / "liquidity_forecast_CZK_2026-11-22.xlsx").exists()


def test_deposits_and_their_interest_by_hand(lab: Lab, tmp_path: Path) -> None:
    run(lab, tmp_path, "deposits")
    told = text_of(tmp_path / "deposits.html")
    assert "earned 2,673.61 CZK, penalty 1,187.50 CZK" in told  # 35 days at 2.75 percent, 57 at 0.75
    assert "1,001,486.11 CZK came back of 1,000,000.00" in told


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("statement_run", {"account": "Nobody", "month": "2026-10"}, "unknown account 'Nobody'; `bankklient accounts`"),
        ("statement_run", {"account": ACCOUNT, "month": "October"}, "'October' is not a month; write it like 2026-10"),
        ("reconciliation", {"month": "10/2026"}, "'10/2026' is not a month; write it like 2026-10"),
        ("cash_position", {"on": "31.10.2026"}, "'31.10.2026' is not a day; write it like 2026-10-31"),
        ("cash_position", {"on": "2026-10-30", "in_currency": "XYZ"}, "there are no exchange rates for XYZ"),
    ],
)
def test_a_wrong_value_is_the_sentence_of_the_function(
    lab: Lab, tmp_path: Path, name: str, parameters: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RunFailed, match=rf"notebook {name} stopped in cell In \[\d\] .*: ") as failure:
        run(lab, tmp_path, name, **parameters)
    assert sentence in failure.value.message


def pdf_text(path: Path) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def cells_of(path: Path) -> list[object]:
    """Return the values of a workbook, numbers as exact as their texts."""
    from decimal import Decimal

    from openpyxl import load_workbook

    book = load_workbook(BytesIO(path.read_bytes()))
    values = [value for sheet in book for row in sheet.iter_rows(values_only=True) for value in row]
    return [Decimal(str(value)) if isinstance(value, (int, float)) else value for value in values]
