"""HTML: structure and texts, and that no text becomes an element, an attribute or a script."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import lxml.html
import pytest
from lxml.html import HtmlElement

from bankklient_lab.errors import BadArgument
from bankklient_lab.reports.html import cash_position_html, statement_html
from bankklient_lab.reports.model import NOT_THE_BANKS, REPORT_LIMITS, StatementOptions
from tests.reports.samples import TEXTS, a_cash_position, a_statement, entries_of, statement_of

PLAIN = StatementOptions()
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</td></tr></table><iframe src=x>",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %}",
    "<!-- ",
    "&lt;b&gt;",
    "<style>*{display:none}</style>",
)
ELEMENTS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "section",
    "h1",
    "h2",
    "dl",
    "div",
    "dt",
    "dd",
    "span",
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "br",
    "small",
    "footer",
    "svg",
    "line",
    "text",
    "polyline",
}
ATTRIBUTES = {
    "lang",
    "charset",
    "name",
    "content",
    "http-equiv",
    "class",
    "scope",
    "colspan",
    "data-name",
    "viewbox",
    "role",
    "aria-label",
    "x1",
    "x2",
    "y1",
    "y2",
    "x",
    "y",
    "stroke",
    "stroke-width",
    "text-anchor",
    "fill",
    "points",
}


def parsed(content: bytes) -> HtmlElement:
    return lxml.html.document_fromstring(content.decode("utf-8"))


def check_harmless(page: HtmlElement) -> None:
    """Check that there are only elements and attributes of the template and no link at all."""
    for element in page.iter():
        assert isinstance(element.tag, str), element
        assert element.tag in ELEMENTS
        assert {name.lower() for name in element.attrib} <= ATTRIBUTES
    assert not list(page.iterlinks())


def cells(page: HtmlElement, number: int) -> list[str]:
    return [row[number].text_content().strip() for row in page.xpath("//tbody/tr[not(@class='total')]")]


def test_a_statement_shows_its_head_and_each_entry() -> None:
    report = a_statement(30)
    page = parsed(statement_html([report], PLAIN))
    check_harmless(page)
    assert page.findtext(".//title") == "Account statement \u2013 Provozní účet"
    facts = [dt.text_content() + "=" + dt.getnext().text_content() for dt in page.xpath("//dl[@class='facts']/dt")]
    assert "Account=CZ65 0800 0000 1920 0014 5399" in facts
    assert "Period=2026-10-01 \u2013 2026-10-31" in facts
    amounts = [Decimal(text.replace("\u2009", "").replace("\u2212", "-")) for text in cells(page, 3)]
    assert amounts == report.entries["amount"].to_pylist()
    names = cells(page, 1)
    assert len(names) == 30
    assert names[0].startswith("Žluťoučký kůň s.r.o.\nCZ65 0800 0000 1920 0014 5399\nFaktura č. 1000")
    assert page.xpath("//tr[@class='total']")[-1].text_content().startswith("Closing balance")


@pytest.mark.spec("BNK-006")
@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("CZK", "1234.5", "1\u2009234.50"), ("JPY", "1234", "1\u2009234"), ("KWD", "1234.5", "1\u2009234.500")],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, amount: str, shown: str) -> None:
    entries = entries_of([{"amount": Decimal(amount)}], opening=Decimal(0), currency=currency)
    page = parsed(statement_html([statement_of(entries, opening=Decimal(0), currency=currency)], PLAIN))
    amounts = [cell.text_content() for cell in page.xpath("//tbody//td[contains(@class, 'amount')]")]
    assert amounts == [{"CZK": "0.00", "JPY": "0", "KWD": "0.000"}[currency], *[shown] * 4]


def test_a_narrow_screen_names_what_the_hidden_header_would() -> None:
    """Below 40rem a row is laid out as lines, without header: the amounts beside the main one carry their names."""
    statement = parsed(statement_html([a_statement(2)], PLAIN))
    assert statement.xpath("//tbody/tr[2]/td[@data-name]/@data-name") == ["Balance"]
    assert statement.xpath("//tbody/tr[last()]/td[@data-name]/@data-name") == ["Change", "Balance"]
    position = parsed(cash_position_html(a_cash_position()))
    assert position.xpath("(//table)[3]/tbody/tr[3]/td[@data-name]/@data-name") == ["EUR", "Known on", "Rate of"]


def test_the_page_says_that_it_does_not_replace_the_statement_of_the_bank() -> None:
    assert NOT_THE_BANKS in parsed(statement_html([a_statement(1)], PLAIN)).xpath("//footer")[0].text_content()


@pytest.mark.spec("BNK-016")
def test_shading_tints_every_second_entry_and_is_off_by_default() -> None:
    def shaded(options: StatementOptions) -> list[bool]:
        page = parsed(statement_html([a_statement(5)], options))
        return [row.get("class") == "shaded" for row in page.xpath("//tbody/tr[not(@class='total')]")]

    assert shaded(StatementOptions()) == [False] * 5
    assert shaded(StatementOptions(shading=True)) == [False, True, False, True, False]


@pytest.mark.parametrize("field", TEXTS)
def test_no_text_of_an_entry_becomes_an_element(field: str) -> None:
    entries = entries_of({"amount": Decimal(1), "counterparty_name": "x", field: text} for text in PAYLOADS)
    page = parsed(statement_html([statement_of(entries)], StatementOptions(all_texts=True)))
    check_harmless(page)
    shown = page.text_content()
    for text in PAYLOADS:
        assert text.strip() in shown


@pytest.mark.parametrize("field", ["label", "owner", "bank", "account", "numbers", "currency"])
def test_no_text_of_the_head_becomes_an_element(field: str) -> None:
    for text in PAYLOADS:
        page = parsed(statement_html([a_statement(1, **{field: text})], PLAIN))
        check_harmless(page)
        assert text.strip() in page.text_content()


def test_no_text_of_a_cash_position_becomes_an_element() -> None:
    report = a_cash_position(currency='"><script>')
    balances = report.balances
    for number, name in enumerate(["account", "currency", "bank"]):
        balances = balances.set_column(number, name, [list(PAYLOADS[:5])])
    page = parsed(cash_position_html(replace(report, balances=balances.set_column(4, "label", [list(PAYLOADS[5:])]))))
    check_harmless(page)
    assert all(text.strip() in page.text_content() for text in PAYLOADS)


def test_the_page_stands_alone_without_script() -> None:
    for content in (statement_html([a_statement(3)], PLAIN), cash_position_html(a_cash_position())):
        page = parsed(content)
        check_harmless(page)
        (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy == "default-src 'none'; style-src 'unsafe-inline'"
        style = page.findtext(".//style")
        assert "url(" not in style
        assert "@import" not in style
        assert "prefers-color-scheme: dark" in style
        assert "@media print" in style


def test_cash_position_shows_totals_and_the_line_of_days() -> None:
    report = a_cash_position()
    page = parsed(cash_position_html(report))
    text = " ".join(page.text_content().split())
    assert "EUR" in text
    tables = [
        [[cell.text_content() for cell in row] for row in table.xpath("tbody/tr")] for table in page.xpath("//table")
    ]
    assert ["EUR", "81\u2009200.50", "1\u2009997\u2009532.30"] in tables[0]
    assert ["unknown bank", "20\u2009999.79"] in tables[1]
    assert tables[2][-1] == ["Total in CZK", "3\u2009203\u2009099.98", ""]
    (points,) = page.xpath("//polyline/@points")
    assert len(points.split()) == report.days.num_rows


def test_too_many_entries_are_refused() -> None:
    report = a_statement(1)
    many = report.entries.take([0] * (REPORT_LIMITS.html_rows + 1))
    with pytest.raises(BadArgument, match="at most 50,000"):
        statement_html([replace(report, entries=many)], PLAIN)
