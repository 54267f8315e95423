"""Small bank files for tests, written out as a bank would."""

from __future__ import annotations

from pathlib import Path

ACCOUNT = "CZ6508000000192000145399"


def mt940(
    folder: Path,
    name: str = "statement.sta",
    *,
    account: str = ACCOUNT,
    currency: str = "CZK",
    number: str = "1",
    opening: str = "1000,00",
    closing: str = "1150,00",
    first: str = "261101",
    last: str = "261102",
    entries: tuple[tuple[str, str, str], ...] = (("261101", "C200,00", "REF1"), ("261102", "D50,00", "REF2")),
) -> Path:
    """Write an MT940 file with one statement; an entry is (YYMMDD, side and amount, bank reference)."""
    lines = [":20:TEST", f":25:{account}", f":28C:{number}/1", f":60F:C{first}{currency}{opening}"]
    for day, amount, reference in entries:
        lines += [f":61:{day}{day[2:]}{amount}NTRFNONREF//{reference}", f":86:Payment {reference}"]
    lines += [f":62F:C{last}{currency}{closing}", "-"]
    path = folder / name
    path.write_text("\r\n".join(lines) + "\r\n", "ascii")
    return path


def mt942(
    folder: Path,
    name: str = "interim.sta",
    *,
    account: str = ACCOUNT,
    currency: str = "CZK",
    entries: tuple[tuple[str, str, str], ...] = (("261103", "C70,00", "REF3"),),
) -> Path:
    """Write an MT942 interim report."""
    lines = [":20:TEST", f":25:{account}", ":28C:1/1", f":34F:{currency}0,", ":13D:2611031200+0100"]
    for day, amount, reference in entries:
        lines += [f":61:{day}{day[2:]}{amount}NTRFNONREF//{reference}", f":86:Payment {reference}"]
    lines += [":90D:0CZK0,", ":90C:1CZK70,00", "-"]
    path = folder / name
    path.write_text("\r\n".join(lines) + "\r\n", "ascii")
    return path
