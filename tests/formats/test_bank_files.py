"""Files within batches: exact bytes both ways, and nothing that is no file."""

from __future__ import annotations

import pytest

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.bank_files import FILE_BYTES_MAX, FILE_MESSAGE, BankFile, read_file, write_file
from bankklient_lab.formats.batches import DECLARATION, Batch, Message, read_batch, write_batch
from bankklient_lab.sealing.identity import BatchIdentity


@pytest.mark.parametrize("content", [b"", bytes(range(256)), b"</Message>\r\n<!DOCTYPE", b"x" * FILE_BYTES_MAX])
def test_a_file_comes_out_of_a_batch_byte_by_byte(content: bytes) -> None:
    file = BankFile("rates-20261123.xml", content)
    batch = Batch(BatchIdentity(600, 20_001, 31, 2026, 1), False, (), [write_file(file)])
    (message,) = read_batch(write_batch(batch)).messages
    assert read_file(message) == file


@pytest.mark.parametrize("name", ["", "../banks.csv", "a/b", ".hidden", 'x"y', "ř.csv", "a" * 101])
def test_a_name_that_leads_elsewhere_is_refused_on_both_sides(name: str) -> None:
    with pytest.raises(BadArgument):
        write_file(BankFile(name, b""))
    if '"' not in name:
        with pytest.raises(FormatError):
            read_file(_message(f'<File name="{name}"></File>'))


@pytest.mark.parametrize(
    "body",
    ["", '<File name="a">%</File>', '<File name="a"><b/></File>', '<File name="a"/><File name="b"/>', "<Other/>"],
)
def test_what_is_no_file_is_refused(body: str) -> None:
    with pytest.raises(FormatError):
        read_file(_message(body))


def test_a_file_that_is_too_large_is_not_written() -> None:
    with pytest.raises(BadArgument, match="at most"):
        write_file(BankFile("a", bytes(FILE_BYTES_MAX + 1)))


@pytest.mark.parametrize("name", ["file.1.2", "File.1", "file", "pain.001.001.9"])
def test_a_message_of_no_known_form_of_name_is_not_put_into_a_batch(name: str) -> None:
    message = Message(name, DECLARATION + b"<Document/>")
    with pytest.raises(BadArgument, match="is named like"):
        write_batch(Batch(BatchIdentity(600, 20_001, 31, 2026, 1), False, (), [message]))


def _message(body: str) -> Message:
    text = f'<Document xmlns="urn:bankklient:message:{FILE_MESSAGE}">{body}</Document>\n'
    return Message(FILE_MESSAGE, DECLARATION + text.encode())
