"""Identity of a batch: ranges, batch order and file name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab.errors import BadArgument
from bankklient_lab.sealing.identity import BatchIdentity, read_line


@pytest.mark.spec("TRN-001", "TRN-002", "BAS-102", "BAS-103", "BAS-109", "BAS-110")
def test_an_identity_names_its_order_and_its_files() -> None:
    batch = BatchIdentity(20_001, 1, 1, 2014, 7)
    assert batch.order == "20140007"
    assert [batch.file_name(form) for form in ("00", "02", "06")] == ["14000701.00", "14000701.02", "14000701.06"]
    twelfth = BatchIdentity(20_001, 1, 1, 2014, 12)
    assert (twelfth.order, twelfth.file_name("02"), twelfth.file_name("06")) == (
        "20140012", "14001201.02", "14001201.06",
    )  # fmt: skip


@pytest.mark.spec("BAS-103")
def test_an_unknown_record_format_has_no_file_name() -> None:
    with pytest.raises(BadArgument, match="'01'"):
        BatchIdentity(20_001, 1, 1, 2014, 7).file_name("01")


@pytest.mark.parametrize(
    "parts",
    [
        (0, 1, 1, 2026, 1),
        (65_536, 1, 1, 2026, 1),
        (20_001, 0, 1, 2026, 1),
        (20_001, 65_536, 1, 2026, 1),
        (20_001, 1, -1, 2026, 1),
        (20_001, 1, 100, 2026, 1),
        (20_001, 1, 1, 1999, 1),
        (20_001, 1, 1, 2100, 1),
        (20_001, 1, 1, 2026, 0),
        (20_001, 1, 1, 2026, 10_000),
        (20_001, 20_001, 1, 2026, 1),
    ],
)
def test_parts_out_of_range_are_refused(parts: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(BadArgument):
        BatchIdentity(*parts)


@pytest.mark.spec("BAS-104")
@given(
    st.integers(20_001, 65_535), st.integers(1, 20_000), st.integers(0, 99), st.integers(2000, 2099),
    st.integers(1, 9_999),
)  # fmt: skip
def test_a_line_gives_the_identity_back(sender: int, recipient: int, kind: int, year: int, number: int) -> None:
    batch = BatchIdentity(sender, recipient, kind, year, number)
    assert read_line(batch.line) == batch


@pytest.mark.parametrize(
    "line", ["", "20001|1|1|20260000", "020001|1|1|20260001", "20001|1|1|2026001", "20001|1|1|20260001\n", "1|1|1|1"]
)
def test_other_lines_identify_nothing(line: str) -> None:
    with pytest.raises(BadArgument):
        read_line(line)
