"""CSV by column mappings."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.errors import BadArgument, FormatError, HintNeeded, LimitExceeded, NotRecognised, UnknownName
from bankklient_lab.formats import detect
from bankklient_lab.formats.base import LIMITS, SNIFF_BYTES
from bankklient_lab.formats.mappings import FOLDER_VARIABLE, locate, mappings, parse_mapping
from bankklient_lab.formats.schema import Kind
from tests.corpus import SAMPLES, corpus, corpus_files, expected_of, sample_files
from tests.formats.reading import Read, differences, ids, read, recognised

FILES = [*sample_files("csv"), *corpus_files("csv")]
HINTS = {"account": "CZ6508000000192000145399"}
FIRST_DIRECT = (SAMPLES / "csv" / "first_direct.csv").read_bytes()
CESKA = (SAMPLES / "csv" / "ceska_sporitelna.csv").read_bytes()

# Files without a currency: what the caller says. Then (entries, credit, debit, opening, closing, findings) of the
# files that expected.csv does not list, read by eye.
CURRENCY = {
    "bank2ynab__2018-04-14_10-52-13_bunq-transactieoverzicht.csv": "EUR",
    "bank2ynab__2019-03-02_11-50-46_bunq-statement.csv": "EUR",
    "first_direct.csv": "GBP",
    "bank2ynab__20180226_12345678.csv": "GBP",
    "bank2ynab__dba33fceecd62c3c727893361e0ba4d3.P000000027355791.csv": "SGD",
    "bank2ynab__test_BOI_TransactionExport.csv": "EUR",
    "oca__balance.csv": "USD",
    "oca__debit_credit.csv": "USD",
    "oca__debit_credit_amount.csv": "USD",
    "oca__original_currency.csv": "USD",
    "oca__original_currency_empty.csv": "USD",
    "oca__original_currency_no_header.csv": "USD",
    "oca__sample_statement_credit_card_inverse_sign_en.csv": "USD",
    "oca__sample_statement_en.csv": "USD",
}
FIGURES: dict[str, tuple[int, str, str, str | None, str | None, list[str]]] = {
    "first_direct.csv": (3, "1005.00", "8.20", "0", "996.80", []),
    "ceska_sporitelna.csv": (2, "1234.50", "1234.50", None, None, []),
    "bank2ynab__2018-04-14_10-52-13_bunq-transactieoverzicht.csv": (3, "750.00", "21.46", None, None, []),
    "bank2ynab__2019-03-02_11-50-46_bunq-statement.csv": (7, "15.86", "39.68", None, None, []),
    # three purchases are pending
    "bank2ynab__MS_JANE_SMITH_01-12-2019_14-12-2019.csv": (13, "1100.00", "1499.99", None, None, []),
    "bank2ynab__MonzoDataExport_February2018_2018-02-26_174335.csv": (1, "0", "10", None, None, []),
    "bank2ynab__TH_20180101-20180523_page_1.csv": (9, "0", "2599.99", None, None, []),
    "bank2ynab__TransactionHistory_20180418043121.csv": (8, "0", "173.28", None, "6666.66", []),
    "bank2ynab__W80844_EBH_201945.202122.csv": (2, "1290", "350", "-234.44", "2345.56", []),
    "bank2ynab__dba33fceecd62c3c727893361e0ba4d3.P000000027355791.csv": (1, "0", "7.80", None, None, []),
    "bank2ynab__export_BE11123456789012_20180304_1422.csv": (1, "0", "3.40", "223.35", "219.95", []),
    "bank2ynab__export_KBC-Mastercard_Business_Essential_20200204_1604.csv": (3, "35.77", "33.04", None, None, []),
    "bank2ynab__kta_ei.dat": (11, "0", "6152.22", None, None, []),
    "bank2ynab__statement_1.csv": (1, "0", "20.59", None, None, []),
    # the balance is anonymised: 100 on some rows, none on the last
    "bank2ynab__test_BOI_TransactionExport.csv": (27, "3841.22", "4260.83", "-328.03", None, []),
    "bank2ynab__umsatz-1234________1234-20180227.CSV": (1, "0", "5.00", None, None, []),
    "bankstatementparser__csv_european_decimals.csv": (3, "3500.00", "1239.06", None, None, []),
    "bankstatementparser__csv_french_headers.csv": (3, "3500.00", "1239.06", None, None, []),
    "bankstatementparser__csv_garbled_amount.csv": (2, "100.00", "0", None, None, ["bad_amount"]),
    "bankstatementparser__csv_spanish_headers.csv": (3, "3500.00", "1239.06", None, None, []),
    "oca__balance.csv": (2, "1533.50", "33.50", "10", "1510", []),
    "oca__debit_credit.csv": (2, "1533.50", "33.50", "10", "1510", []),
    # its balances contradict its amounts: history says that it does not add up
    "oca__debit_credit_amount.csv": (4, "33.50", "1533.50", "-30", "1510", []),
    # its bank is two hellers off, too
    "oca__meta_data_separated_credit_debit.csv": (4, "1300", "230.68", "30000.77", "31070.11", []),
    "oca__multi_currency.csv": (2, "1525.00", "33.50", None, None, []),
    "oca__original_currency.csv": (1, "1525.00", "0", None, None, []),
    "oca__original_currency_empty.csv": (1, "1525.00", "0", None, None, []),
    "oca__original_currency_no_header.csv": (1, "1525.00", "0", None, None, []),
    # a credit card: its owner names the mapping oca_credit_card, which turns the signs
    "oca__sample_statement_credit_card_inverse_sign_en.csv": (2, "33.50", "1525.00", None, None, []),
    "ofxstatement-czech__erasvet01.txt": (99, "19923.26", "58391.49", "19231.89", "19648.87", []),
    "ofxstatement-czech__maxibps.txt": (3, "1743.00", "1589.36", "10791.48", "10000.87", []),
}
FINDINGS = {
    "bank2ynab__CSV_A_20180414_112204.csv": ["bad_character"],  # a quote is missing before an account
    "bank2ynab__test_raiffeisen_01.csv": ["unknown_record"],  # "A null transaction, just to confuse things"
}


def _read(path: Path) -> Read:
    hints = HINTS | ({"currency": CURRENCY[path.name]} if path.name in CURRENCY else {})
    return read("csv", path.read_bytes(), **hints)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_corpus_file_gives_the_figures_that_it_states(path: Path) -> None:
    assert recognised(path.read_bytes()).name == "csv"
    if path.name == "oca__empty_statement_en.csv":
        with pytest.raises(FormatError, match="no entry"):
            _read(path)
        return
    found = _read(path)
    wanted = None if path.is_relative_to(SAMPLES) else expected_of(path)
    if wanted is not None:
        assert differences(found, wanted) == []
        assert found.findings == FINDINGS.get(path.name, [])
        return
    entries, credit, debit, opening, closing, findings = FIGURES[path.name]
    amounts = [row["amount"] for row in found.entries if row["amount"] is not None]
    assert len(found.entries) == entries
    assert sum(amount for amount in amounts if amount > 0) == Decimal(credit)
    assert -sum(amount for amount in amounts if amount < 0) == Decimal(debit)
    assert {row["opening"] for row in found.statements} == {Decimal(opening) if opening else None}
    assert {row["closing"] for row in found.statements} == {Decimal(closing) if closing else None}
    assert found.findings == findings


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_no_two_mappings_claim_one_file(path: Path) -> None:
    data = path.read_bytes()
    claiming = []
    for mapping in mappings().values():
        if not mapping.only_by_hint:
            text = data.decode(mapping.encodings[0], "replace").removeprefix("\ufeff")
            other = data.decode(mapping.encodings[-1], "replace")
            if locate([line.rstrip("\r") for line in text.split("\n")], mapping) or locate(
                [line.rstrip("\r") for line in other.split("\n")], mapping
            ):
                claiming.append(mapping.name)
    assert claiming == [detect(data[:SNIFF_BYTES]).version]


def test_headers_of_mappings_tell_them_apart() -> None:
    own = [mapping for mapping in mappings().values() if mapping.header and not mapping.only_by_hint]
    for mapping in own:
        if mapping.layout != "blocks":
            line = mapping.delimiter.join(cell.replace("{currency}", "EUR") for cell in mapping.header)
            assert [other.name for other in own if locate([line], other)] == [mapping.name]


def test_each_file_of_the_corpus_is_of_another_mapping_or_the_same_bank() -> None:
    if corpus() is None:
        assert mappings()
        return
    used = {detect(path.read_bytes()[:SNIFF_BYTES]).version for path in corpus_files("csv")}
    assert set(mappings()) - used == {"oca_credit_card"}


def test_newest_first_with_running_balance() -> None:
    found = read("csv", FIRST_DIRECT, account="1", currency="GBP")
    (statement,) = found.statements
    assert (statement["opening"], statement["closing"]) == (0, Decimal("996.800"))
    assert (statement["first_day"], statement["last_day"]) == (date(2026, 2, 10), date(2026, 2, 12))
    assert [row["amount"] for row in found.entries] == [Decimal("-3.2"), -5, 1005]
    assert [row["entry_no"] for row in found.entries] == [1, 2, 3]
    assert found.entries[0]["place"] == "row 2"
    assert found.entries[0]["raw"] == "12/02/2026,Coffee, large,-3.20,996.80"


def test_windows_1250_and_a_cell_of_two_lines() -> None:
    first, second = read("csv", CESKA, account="1").entries
    assert (first["counterparty_name"], first["remittance"]) == ("Pekárna Žďár", "Faktura na dva řádky")
    assert (first["amount"], first["currency"]) == (Decimal("-1234.5"), "CZK")
    assert (first["variable_symbol"], first["constant_symbol"], first["specific_symbol"]) == ("123", "308", None)
    assert (first["reversal"], second["reversal"]) == (False, True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1250"])
def test_encodings(encoding: str) -> None:
    data = CESKA.decode("cp1250").encode(encoding)
    assert recognised(data).name == "csv"
    assert read("csv", data, account="1").entries[0]["counterparty_name"] == "Pekárna Žďár"


def test_a_diacritic_far_behind_the_head_decides_the_encoding() -> None:
    header, first, *_ = CESKA.decode("cp1250").encode("ascii", "ignore").split(b"\n")
    del first
    header = CESKA.split(b"\n")[0].replace(b"\xe1", b"\xe1")
    plain = b'"x";"2026/03/02";"-1,00";"1";"2026/03/02";"1";;"Novak";;;;;;;;\n'
    late = b'"x";"2026/03/02";"-1,00";"1";"2026/03/02";"1";;"Nov\xe1k";;;;;;;;\n'
    found = read("csv", header + b"\n" + plain * 3000 + late, account="1")
    assert found.entries[-1]["counterparty_name"] == "Novák"
    assert found.findings == []


def test_what_the_file_does_not_say_is_asked_for() -> None:
    with pytest.raises(HintNeeded, match="--account"):
        read("csv", FIRST_DIRECT, currency="GBP")
    with pytest.raises(HintNeeded, match="--currency"):
        read("csv", FIRST_DIRECT, account="1")


def test_accounts_and_currencies_are_statements_of_their_own() -> None:
    head = "Fecha;Concepto;Importe;Moneda;Cuenta;Referencia\n"
    rows = "".join(f"2026-04-0{day};x;1,00;{currency};{account};\n" for day, currency, account in (
        (1, "EUR", "A"), (2, "USD", "A"), (3, "EUR", "B"), (4, "EUR", "A"),
    ))  # fmt: skip
    found = read("csv", (head + rows).encode())
    assert [(row["account"], row["currency"]) for row in found.statements] == [("A", "EUR"), ("A", "USD"), ("B", "EUR")]
    assert [(row["statement_no"], row["entry_no"]) for row in found.entries] == [(1, 1), (2, 1), (3, 1), (1, 2)]
    assert [(row["first_day"].day, row["last_day"].day) for row in found.statements] == [(1, 4), (2, 2), (3, 3)]


def test_an_account_written_in_several_ways_is_one_statement() -> None:
    compact, spaced = "NL77RABO0311467415", "nl77 rabo 0311 4674 15"
    header = ",".join(f'"{name}"' for name in mappings()["rabobank"].header)
    rows = (
        f'"{account}","EUR","RABONL2U","1","2026-10-0{day}","2026-10-0{day}","{amount}","{balance}"' + ',""' * 18
        for account, day, amount, balance in (
            (compact, 1, "+10,00", "+110,00"),
            (spaced, 2, "+20,00", "+130,00"),
            (compact, 3, "-5,00", "+125,00"),
        )
    )
    found = read("csv", "\n".join([header, *rows]).encode())
    (statement,) = found.statements
    assert (statement["account"], statement["opening"], statement["closing"]) == (compact, Decimal(100), Decimal(125))
    assert [entry["entry_no"] for entry in found.entries] == [1, 2, 3]


def test_thousands_of_accounts_keep_their_own_names() -> None:
    head = b"Rekeningnummer;Rubrieknaam;Naam;Munt;Afschriftnummer;Datum;Omschrijving;Valuta;Bedrag;Saldo;credit;debet;"
    head += b"rekeningnummer tegenpartij;BIC tegenpartij;Naam tegenpartij;Adres tegenpartij;"
    head += b"gestructureerde mededeling;Vrije mededeling\n"
    row = b"%d;;Owner %d;EUR;1;28/02/2026;x;28/02/2026;-3,40;219,95;;;;;;;;\n"
    found = read("csv", head + b"".join(row % (number, number) for number in range(1, 3001)))
    assert len(found.statements) == 3000
    assert all(row["account_name"] == f"Owner {row['account']}" for row in found.statements)


@pytest.mark.parametrize(
    ("cell", "amount", "findings"),
    [
        ("1.234,56", "1234.56", []),
        ("1 234,56", "1234.56", []),
        ("1'234,56", "1234.56", []),
        ("1.234", "1234", []),
        ("-5", "-5", []),
        ("5,00-", "-5", []),
        ("\u22125,00", "-5", []),
        ("€ 5,00", "5", []),
        ("5,0000", "5", []),
        ("5,1234", None, ["too_many_decimals"]),
        ("1.23.4", None, ["bad_amount"]),
        ("12,,34", None, ["bad_amount"]),
        ("9" * 16, None, ["too_many_decimals"]),
        ("NaN", None, ["bad_amount"]),
        ("1e5", None, ["bad_amount"]),
        ("", None, ["bad_amount"]),
    ],
)
def test_amounts(cell: str, amount: str | None, findings: list[str]) -> None:
    data = f"Fecha;Concepto;Importe;Moneda;Cuenta;Referencia\n2026-04-01;x;{cell};EUR;A;\n".encode()
    found = read("csv", data)
    assert found.entries[0]["amount"] == (Decimal(amount) if amount else None)
    assert found.findings == findings


@pytest.mark.parametrize("cell", ["2026-02-30", "", "yesterday", "0000-00-00"])
def test_a_day_that_does_not_exist_is_a_finding(cell: str) -> None:
    found = read("csv", f"Fecha;Concepto;Importe;Moneda;Cuenta;Referencia\n{cell};x;1;EUR;A;\n".encode())
    assert found.entries[0]["booking_day"] is None
    assert found.findings == ["bad_date"]


def test_pending_rows_are_no_bookings() -> None:
    head = b"Date Processed,Description,Amount,\n"
    found = read("csv", head + "Pending,Shop,£67.40,\n02-Dec-2026,Paid,+ £10.00,CR\n".encode(), account="1")
    assert [(row["status"], row["amount"]) for row in found.entries] == [("PDNG", Decimal("-67.4")), ("BOOK", 10)]


def test_unknown_header_says_what_to_do() -> None:
    data = b"Wann,Was,Wieviel\n1.1.2026,Brot,3\n"
    with pytest.raises(NotRecognised, match=r"'Wann', 'Was', 'Wieviel'.*--mapping"):
        recognised(data)
    with pytest.raises(NotRecognised, match="--mapping"):
        read("csv", data)


def test_a_mapping_can_be_forced() -> None:
    data = b"Date,Label,Currency,Amount,Amount Currency,Partner Name,Bank Account\n12/15/2026,Shop,,33.50,,,\n"
    given = {"account": "1", "currency": "USD"}
    assert read("csv", data, **given).entries[0]["amount"] == Decimal("33.5")
    assert read("csv", data, mapping="oca_credit_card", **given).entries[0]["amount"] == Decimal("-33.5")
    with pytest.raises(UnknownName, match="unknown mapping 'nobody'"):
        read("csv", data, mapping="nobody")
    with pytest.raises(FormatError, match="'rabobank' does not fit"):
        read("csv", data, mapping="rabobank")


def test_own_mappings_join_through_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'name = "mine"\ntitle = "Mine"\ndates = ["%d.%m.%Y"]\nheader = ["Wann", "Was", "Wieviel"]\n'
    columns = '[columns]\nbooking_day = "Wann"\nremittance = "Was"\namount = "Wieviel"\n'
    (tmp_path / "mine.toml").write_text(text + columns, "utf-8")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    mappings.cache_clear()
    try:
        data = b"Wann,Was,Wieviel\n1.1.2026,Brot,3\n"
        assert detect(data).version == "mine"
        assert read("csv", data, account="1", currency="EUR").entries[0]["amount"] == 3
        shutil.copy(tmp_path / "mine.toml", tmp_path / "twice.toml")
        mappings.cache_clear()
        with pytest.raises(BadArgument, match="taken"):
            mappings()
    finally:
        monkeypatch.undo()
        mappings.cache_clear()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[columns]", "colour = 1\n[columns]"), "unknown key 'colour'"),
        (('amount = "Wieviel"', ""), "column amount"),
        (('booking_day = "Wann"', ""), "column booking_day"),
        (('remittance = "Was"', 'weather = "Was"'), "no field of an entry"),
        (("header", "first_line"), "header"),
        (("[columns]", 'layout = "round"\n[columns]'), "layout"),
        (("[columns]", 'decimal = ";"\n[columns]'), "decimal"),
        (("[columns]", "[columns"), "mapping"),
    ],
)
def test_a_wrong_mapping_is_named(change: tuple[str, str], message: str) -> None:
    text = 'name = "m"\ntitle = "M"\ndates = ["%d.%m.%Y"]\nheader = ["Wann", "Was", "Wieviel"]\n'
    text += '[columns]\nbooking_day = "Wann"\nremittance = "Was"\namount = "Wieviel"\n'
    assert parse_mapping(text).name == "m"
    with pytest.raises(BadArgument, match=message):
        parse_mapping(text.replace(*change).replace('first_line = ["Wann", "Was", "Wieviel"]', "header = []"))


def test_ragged_row_is_refused_with_its_cells() -> None:
    with pytest.raises(FormatError, match="2 cells where 4 are expected"):
        read("csv", FIRST_DIRECT + b"09/02/2026,half a ro\n", account="1", currency="GBP")


def test_a_quote_that_never_ends_is_refused() -> None:
    data = FIRST_DIRECT + b'09/02/2026,"no end' + b"\nx,x,x,x" * 2_000_000
    with pytest.raises(FormatError):
        read("csv", data, account="1", currency="GBP")


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        read("csv", FIRST_DIRECT + b"x" * (6 * LIMITS.line_bytes), account="1", currency="GBP")
    with pytest.raises(LimitExceeded):
        read("csv", FIRST_DIRECT + b"09/02/2026," + b"x" * 200_000 + b",1,1\n", account="1", currency="GBP")


def test_many_rows_keep_their_order() -> None:
    count = 120_000
    rows = b"".join(b"01/02/2026,row %d,1.00,%d.00\n" % (number, number) for number in range(1, count + 1))
    found = read("csv", b"Date,Description,Amount,Balance\n" + rows, account="1", currency="GBP")
    entries = found.table(Kind.ENTRY)
    assert entries["entry_no"].to_pylist() == list(range(1, count + 1))
    assert entries["remittance"].to_pylist() == [f"row {number}" for number in range(1, count + 1)]
    assert found.statements[0]["opening"] == 0
    assert found.statements[0]["closing"] == count
