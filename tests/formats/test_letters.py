"""Messages between bank and client: both ways the same, nothing that runs, nothing that is none."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.formats.batches import DECLARATION, Message
from bankklient_lab.formats.letters import (
    ATTACHMENT_BYTES_MAX,
    LETTER_MESSAGE,
    STATE_MESSAGE,
    SUBJECT_CHARS_MAX,
    TEXT_CHARS_MAX,
    Letter,
    LetterState,
    plain_text,
    read_letter,
    read_state,
    safe_html,
    write_letter,
    write_state,
)

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
PLAIN = Letter(1, "Hours", "Open & <closed>\nat 5", AT)
WHOLE = PLAIN._replace(
    kind="notice 1", individual=False, confidential=True, reply="one", html=True, until=date(2026, 12, 31), answers=7,
    attachment=BankFile("list.csv", bytes(range(256))),
)  # fmt: skip


@pytest.mark.parametrize("letter", [PLAIN, WHOLE])
def test_a_letter_is_read_as_it_was_written(letter: Letter) -> None:
    assert read_letter(write_letter(letter)) == letter


@pytest.mark.parametrize("state", [LetterState(3, "PR"), LetterState(3, "ER", "a <virus>")])
def test_a_state_is_read_as_it_was_written(state: LetterState) -> None:
    assert read_state(write_state(state)) == state


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": ""}, {"subject": "two\nlines"}, {"subject": "x" * (SUBJECT_CHARS_MAX + 1)}, {"text": " "},
        {"text": "x" * (TEXT_CHARS_MAX + 1)}, {"text": "\x07"}, {"reply": "perhaps"}, {"kind": "<b>"},
        {"attachment": BankFile("../../etc/passwd", b"")},
        {"attachment": BankFile("a.b", bytes(ATTACHMENT_BYTES_MAX + 1))},
    ],
)  # fmt: skip
def test_what_can_be_no_letter_is_not_written(changes: dict[str, object]) -> None:
    with pytest.raises(BadArgument):
        write_letter(PLAIN._replace(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('number="1"', 'number="0"'), ('sent="2026', 'sent="today'), ("+00:00", ""), ('html="false"', 'html="no"'),
        ("<Subject>", "<Subject>a</Subject><Subject>"), ("<Text>", "<Attachment/><Text>"), ('reply="none"', 'reply=""'),
        ("Hours", " "), ("<Text>", '<Attachment name="../x">YQ==</Attachment><Text>'),
        ("<Text>", '<Attachment name="x">%</Attachment><Text>'), ("number=", 'until="soon" number='),
    ],
)  # fmt: skip
def test_what_is_no_letter_is_refused(old: str, new: str) -> None:
    content = write_letter(PLAIN).content.decode()
    assert old in content
    with pytest.raises(FormatError):
        read_letter(Message(LETTER_MESSAGE, content.replace(old, new, 1).encode()))


def test_an_unknown_state_is_refused() -> None:
    text = f'<Document xmlns="urn:bankklient:message:{STATE_MESSAGE}"><State number="1" status="RV"/></Document>'
    with pytest.raises(FormatError, match="PR, OK, ER"):
        read_state(Message(STATE_MESSAGE, DECLARATION + text.encode()))


@pytest.mark.spec("BNK-131")
@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '<a href="javascript:alert(1)">a</a>',
        '<iframe src="https://evil.test"></iframe>', '<p style="background:url(https://evil.test/x)">a</p>',
        '<link rel="stylesheet" href="https://evil.test">', "<svg onload=alert(1)>", '<form action="/x"><input></form>',
        "<style>@import 'https://evil.test'</style>", '<div onclick="alert(1)">a</div>', "<!-- x --><object data=x>",
        "<meta http-equiv=refresh content='0;url=https://evil.test'>",
        "<math><mtext></table><img src onerror=alert(1)>",
    ],
)  # fmt: skip
def test_html_keeps_nothing_that_runs_loads_or_leads_away(html: str) -> None:
    shown = safe_html(f"<h2>Dear client</h2><p>we <b>write</b></p>{html}")
    assert shown.startswith("<h2>Dear client</h2><p>we <b>write</b></p>")
    left = shown.lower()
    assert not [bad for bad in ("script", "evil", "onerror", "onload", "onclick", "href", "style", "<img", "<form",
                                "<svg", "<object", "<meta") if bad in left]  # fmt: skip


def test_html_as_plain_text_is_its_words() -> None:
    assert plain_text("<h1>A &amp; B</h1><p>one<br>two</p><script>x</script>") == "A & B\none\ntwo"
