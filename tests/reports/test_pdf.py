"""PDF: what stands on the pages, totals from page to page, and that no text becomes markup."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest

from bankklient_lab.errors import BadArgument
from bankklient_lab.reports.model import NOT_THE_BANKS, REPORT_LIMITS, StatementOptions, StatementReport
from bankklient_lab.reports.pdf import cash_position_pdf, statement_pdf
from tests.reports.samples import TEXTS, a_cash_position, a_statement, entries_of, statement_of

PLAIN = StatementOptions()
AMOUNT = r"\u2212?\d[\d\u2009]*\.\d{2}"
MARKUP = (
    "#import sys: *",
    "$ x^2 $",
    r"\ backslash \u{41}",
    "@someone <label>",
    "*strong* _emph_ `raw`",
    "= Heading",
    "- item",
    "https://example.com",
    "#panic()",
    '"quoted" -- ... ~',
    "/* comment */ // too",
    "]]) #]",
)


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def flat(text: str) -> str:
    return " ".join(text.split())


def number(text: str) -> Decimal:
    return Decimal(text.replace("\u2009", "").replace("\u2212", "-"))


def movement(page: str) -> list[tuple[Decimal, Decimal]]:
    """Return amount and balance of each entry of a page: the only lines that end with two amounts and no words."""
    found = re.findall(rf"(?<!\S)({AMOUNT}) ({AMOUNT})$", page, re.MULTILINE)
    return [(number(amount), number(balance)) for amount, balance in found]


def carried(page: str, title: str) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return credits, debits, net and balance of a line of totals."""
    line = re.search(rf"^{title} credits ({AMOUNT}), debits ({AMOUNT}) ({AMOUNT}) ({AMOUNT})$", page, re.MULTILINE)
    assert line, page[-300:]
    credit, debit, net, balance = map(number, line.groups())
    return credit, debit, net, balance


@pytest.mark.parametrize("options", [PLAIN, StatementOptions(all_texts=True, shading=True, brief=True)])
def test_totals_are_carried_from_page_to_page_and_lead_to_the_closing_balance(options: StatementOptions) -> None:
    report = a_statement(333)
    pages = pages_of(statement_pdf([report], options))
    assert len(pages) > 5
    balance, credit, debit, entries = report.head.opening, Decimal(0), Decimal(0), 0
    for page_no, page in enumerate(pages, start=1):
        assert f"Page {page_no} of {len(pages)}" in page
        if page_no > 1:
            assert carried(page, "Brought forward") == (credit, debit, credit + debit, balance)
        titles = ("Brought forward", "Carried forward", "Closing balance")
        lines = [line for line in page.splitlines() if not line.startswith(titles)]
        for amount, running in movement("\n".join(lines)):
            balance += amount
            assert running == balance
            credit, debit, entries = credit + max(amount, Decimal(0)), debit + min(amount, Decimal(0)), entries + 1
        title = "Closing balance" if page_no == len(pages) else "Carried forward"
        assert carried(page, title) == (credit, debit, credit + debit, balance)
    assert entries == 333
    assert (balance, credit, -debit) == (report.head.closing, report.head.sum_credit, report.head.sum_debit)


@pytest.mark.spec("BNK-006")
def test_every_page_says_that_it_does_not_replace_the_statement_of_the_bank() -> None:
    pages = pages_of(statement_pdf([a_statement(60)], PLAIN))
    assert len(pages) > 1
    assert all(NOT_THE_BANKS in page for page in pages)


@pytest.mark.spec("BNK-017")
def test_the_head_shows_account_period_balances_and_sums() -> None:
    report = a_statement(3)
    (page,) = pages_of(statement_pdf([report], PLAIN))
    for text in (
        "Account statement \u2013 Provozní účet",
        "CZ65 0800 0000 1920 0014 5399",
        "Příbramské strojírny a.s.",
        "2026-10-01 \u2013 2026-10-31",
        "Bank's statements 10",
        "Opening balance CZK\n1\u2009000.00",
    ):
        assert text in page
    head = report.head
    assert f"{-head.sum_debit:,.2f}".replace(",", "\u2009").replace("-", "\u2212") in page


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ("106, 107, 108, 110", "106 \u2013 108, 110"),
        ("1, 2, 4", "1, 2, 4"),
        ("008, 009, 010", "008 \u2013 010"),
        ("1/2026, 2/2026, 3/2026", "1/2026, 2/2026, 3/2026"),
        ("9, 10, 11, 12, 1, 2, 3", "9 \u2013 12, 1 \u2013 3"),
    ],
)
def test_numbers_of_statements_that_follow_one_another_are_shown_as_first_and_last(numbers: str, shown: str) -> None:
    (page,) = pages_of(statement_pdf([a_statement(1, numbers=numbers)], PLAIN))
    assert f"Bank's statements {shown}\n" in page


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [
        ("CZK", "1234.5", "1\u2009234.50"),
        ("JPY", "1234", "1\u2009234"),
        ("KWD", "1234.5", "1\u2009234.500"),
        ("JPY", "0.5", "0.500"),  # a digit that the currency does not have is shown
    ],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, amount: str, shown: str) -> None:
    entries = entries_of([{"amount": Decimal(amount)}], opening=Decimal(0), currency=currency)
    (page,) = pages_of(statement_pdf([statement_of(entries, opening=Decimal(0), currency=currency)], PLAIN))
    assert f"\n2026-10-01 {shown} {shown}\n" in page
    zero = {"CZK": "0.00", "JPY": "0", "KWD": "0.000"}[currency]
    assert f"Closing balance credits {shown}, debits {zero} {shown} {shown}" in page
    assert f"Credits {currency}\n{shown}" in page


def test_letters_of_many_languages_are_printed() -> None:
    text = flat(" ".join(pages_of(statement_pdf([a_statement(4)], PLAIN))))
    for name in ("Žluťoučký kůň s.r.o.", "Zażółć gęślą jaźń", "Ξεσκεπάζω Τράπεζα", "Müller & Söhne"):
        assert name in text


def test_each_statement_begins_on_a_page_of_its_own_with_its_own_numbers() -> None:
    pages = pages_of(statement_pdf([a_statement(30), a_statement(2, label="Druhý")], PLAIN))
    assert "Page 1 of 2" in pages[0]
    assert "Page 2 of 2" in pages[1]
    assert "Druhý" in pages[2]
    assert "Page 1 of 1" in pages[2]


def test_a_statement_without_entries_has_its_balances() -> None:
    (page,) = pages_of(statement_pdf([a_statement(0)], PLAIN))
    assert "Opening balance" in page
    assert carried(page, "Closing balance")[3] == Decimal(1000)


def test_a_difference_to_the_closing_balance_of_the_bank_is_said() -> None:
    report = a_statement(2, difference=Decimal("-0.50"))
    assert "differs from opening balance and entries by \u22120.50 CZK" in flat(
        pages_of(statement_pdf([report], PLAIN))[0]
    )


@pytest.mark.parametrize("field", TEXTS)
def test_no_field_of_an_entry_is_read_as_markup(field: str) -> None:
    entries = entries_of({"amount": Decimal(1), "counterparty_name": "x", field: text} for text in MARKUP)
    pages = pages_of(statement_pdf([statement_of(entries)], StatementOptions(all_texts=True)))
    shown = flat(" ".join(pages)).replace(" ", "")
    for text in MARKUP:
        assert text.replace(" ", "") in shown


@pytest.mark.parametrize("field", ["label", "owner", "bank", "account", "numbers", "currency"])
def test_no_field_of_the_head_is_read_as_markup(field: str) -> None:
    for text in MARKUP:
        pages = pages_of(statement_pdf([a_statement(20, **{field: text})], PLAIN))
        assert text.replace(" ", "") in flat(pages[0]).replace(" ", "")


def test_characters_that_hide_or_turn_text_are_shown_as_such() -> None:
    entries = entries_of(
        [{"amount": Decimal(1), "counterparty_name": "pay \u202e00.1\u202c \x07 me \u200b\u061c\xad\u2060"}]
    )
    text = "".join(pages_of(statement_pdf([statement_of(entries)], PLAIN)))
    assert "\u202e" not in text
    assert text.count("\ufffd") == 7


def test_a_long_text_goes_on_over_pages_and_nothing_of_it_is_lost() -> None:
    words = [f"slovo{number:05d}" for number in range(3000)]
    rows = [{"amount": Decimal(5), "remittance": "before"}, {"amount": Decimal(7), "remittance": " ".join(words)}]
    pages = pages_of(statement_pdf([statement_of(entries_of(rows))], PLAIN))
    assert len(pages) > 5
    assert re.findall(r"slovo\d{5}", " ".join(pages)) == words
    assert carried(pages[-1], "Closing balance")[3] == Decimal(1012)


def test_a_word_wider_than_its_column_is_broken_and_stays_whole() -> None:
    word = "W" * 500
    rows = [{"amount": Decimal(5), "remittance": word, "variable_symbol": "9" * 40}]
    text = "".join(pages_of(statement_pdf([statement_of(entries_of(rows))], PLAIN)))
    assert word in text.replace("\n", "")


def test_the_largest_amounts_keep_all_their_digits_inside_their_columns() -> None:
    largest = Decimal("999999999999999.999")
    entries = entries_of([{"amount": -largest}], opening=largest)
    pdf = statement_pdf([statement_of(entries, opening=largest, currency="KWD")], PLAIN)
    (page,) = pages_of(pdf)
    assert "\u2212999\u2009999\u2009999\u2009999\u2009999.999" in page


def test_the_same_report_gives_the_same_bytes() -> None:
    assert statement_pdf([a_statement(50)], PLAIN) == statement_pdf([a_statement(50)], PLAIN)
    later = replace(a_statement(50), made_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert statement_pdf([later], PLAIN) != statement_pdf([a_statement(50)], PLAIN)


@pytest.mark.spec("BNK-016")
def test_shading_tints_every_second_entry_and_is_off_by_default() -> None:
    def tinted(report: StatementReport, options: StatementOptions) -> int:
        (page,) = pypdf.PdfReader(io.BytesIO(statement_pdf([report], options))).pages
        content = page.get_contents()
        assert content is not None
        return len(re.findall(rb"\bf\*?\s", content.get_data()))

    report = a_statement(10)
    without = tinted(report, PLAIN)
    assert tinted(report, StatementOptions(shading=True)) - without == 5 * 5  # cells of five entries
    assert StatementOptions(shading=False) == PLAIN


@pytest.mark.spec("BNK-014")
def test_brief_format_ends_pages_earlier_and_is_off_by_default() -> None:
    def last_line(options: StatementOptions) -> float:
        """Return the least height above the paper's edge of a page's line of totals, over pages of many fillings."""
        heights: list[float] = []

        def note(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
            if "Carried forward" in text:
                heights.append(tm[5] * cm[3] + cm[5])

        for page in pypdf.PdfReader(io.BytesIO(statement_pdf([a_statement(300)], options))).pages:
            page.extract_text(visitor_text=note)
        return min(heights)

    assert last_line(PLAIN) < last_line(StatementOptions(brief=True)) - 15
    assert StatementOptions(brief=False) == PLAIN


def test_all_texts_prints_what_the_short_form_leaves_out() -> None:
    row = {
        "amount": Decimal(1),
        "counterparty_name": "Payer",
        "remittance": "of the payer",
        "additional_info": "of the bank",
        "client_reference": "ours-1",
        "end_to_end_id": "e2e-1",
        "bank_reference": "bank-1",
    }
    report = statement_of(entries_of([row]))
    short, full = (
        pages_of(statement_pdf([report], StatementOptions(all_texts=all_texts)))[0] for all_texts in (False, True)
    )
    assert "of the payer" in short
    assert "of the payer" in full
    for text in ("of the bank", "ours-1", "e2e-1", "bank-1"):
        assert text not in short
        assert text in full


def test_too_many_entries_are_refused_with_a_way_out() -> None:
    report = a_statement(2)
    many = report.entries.take([0] * (REPORT_LIMITS.pdf_rows + 1))
    with pytest.raises(BadArgument, match=r"10,001 rows and takes at most 10,000; .* CSV"):
        statement_pdf([replace(report, entries=many)], PLAIN)


def test_a_statement_is_tagged_and_titled_for_screen_readers() -> None:
    reader = pypdf.PdfReader(io.BytesIO(statement_pdf([a_statement(2)], PLAIN)))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "Account statement \u2013 Provozní účet"


def test_cash_position_shows_totals_by_currency_bank_and_account_and_a_chart() -> None:
    report = a_cash_position()
    reader = pypdf.PdfReader(io.BytesIO(cash_position_pdf(report)))
    text = reader.pages[0].extract_text()
    assert "Cash position \u2013 2026-10-31" in text
    for line in (
        "EUR 81\u2009200.50 1\u2009997\u2009532.30",
        "unknown bank 20\u2009999.79",
        "Total 3\u2009203\u2009099.98",
        "Müller & Söhne",
        "2026-10-30",
        "Total in CZK, 2025-11-01 \u2013 2026-10-31",
    ):
        assert line in text
    content = reader.pages[0].get_contents()
    assert content is not None
    assert len(re.findall(rb" l\s", content.get_data())) >= report.days.num_rows - 1  # segments of the line
    assert not any(page.images for page in reader.pages)


def test_cash_position_of_no_days_and_hostile_names() -> None:
    report = a_cash_position()
    balances = report.balances.set_column(4, "label", [list(MARKUP[:5])])
    text = flat(
        cash_text := " ".join(pages_of(cash_position_pdf(replace(report, balances=balances, days=report.days[:0]))))
    )
    assert "Total in" not in cash_text
    for hostile in MARKUP[:5]:
        assert hostile.replace(" ", "") in text.replace(" ", "")


def test_day_of_the_report_is_inclusive_end_of_period() -> None:
    report = a_statement(1, since=date(2026, 10, 5), until=date(2026, 10, 6))
    assert "Period 2026-10-05\n" in pages_of(statement_pdf([report], PLAIN))[0]


def test_memory_of_a_large_statement_is_given_back_before_the_next() -> None:
    """Typst keeps what it worked out of documents; of large ones that would be gigabytes in a long-lived process."""
    script = """
import resource
from bankklient_lab.reports.model import StatementOptions
from bankklient_lab.reports.pdf import statement_pdf
from tests.reports.samples import a_statement
for number in range(5):
    statement_pdf([a_statement(800, label=f"Account {number}")], StatementOptions())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    first, *_, last = map(int, done.stdout.split())
    assert last - first < 80, done.stdout  # megabytes; each holds some 50 while it is made
