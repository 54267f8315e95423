"""Pages of PDF files as pictures: whatever a file is, there is a picture of bounded size or a sentence."""

from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.pdf_pages import PIXELS_MAX, WIDTH_PX, page_picture
from bankklient_lab.formats.reading import reader


def pdf(*sizes: tuple[float, float], content: bytes = b"", password: str = "") -> bytes:
    """Return a PDF with a page of each size."""
    with pikepdf.new() as made:
        for size in sizes:
            made.add_blank_page(page_size=size)
        made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        for page in made.pages:
            page.Contents = made.make_stream(content)
        found = io.BytesIO()
        made.save(found, encryption=pikepdf.Encryption(user=password, owner=password) if password else None)
        return found.getvalue()


def size(content: bytes, page: int = 1) -> tuple[int, int]:
    with Image.open(io.BytesIO(page_picture(content, page)[1])) as picture:
        assert picture.format == "PNG"
        return picture.size


def test_a_page_is_drawn_as_wide_as_can_be_read_and_never_larger_than_the_limit() -> None:
    content = pdf((595, 842), (842, 595))
    assert (size(content)[0], size(content, 2)[0]) == (WIDTH_PX, WIDTH_PX)
    for odd in ((3, 14_400), (14_400, 3), (14_400, 14_400)):
        width, height = size(pdf(odd))
        assert width * height <= PIXELS_MAX * 1.01
        assert width <= WIDTH_PX + 1


@pytest.mark.parametrize(
    "content",
    [
        b"", b"%PDF-1.7\nsome content\n%%EOF\n", pdf((595, 842))[:200], pdf((595, 842), password="secret"), pdf(),
    ],
    ids=("empty", "text", "cut off", "locked", "no page"),
)  # fmt: skip
def test_what_can_not_be_drawn_is_told_in_a_sentence(content: bytes) -> None:
    with reader() as one, pytest.raises(FormatError, match="is damaged or locked, and can't be shown"):
        one.read_page(content, 1)


def test_after_whatever_a_file_does_the_next_one_is_drawn() -> None:
    with reader() as one:
        assert one.read_page(pdf((595, 842), content=b"q 1 0 0 1 0 0 cm /X Do Q " * 100_000), 1)[0] == 1
        with pytest.raises(FormatError):
            one.read_page(b"%PDF-1.7\n" + b"[" * 5_000_000 + b"\n%%EOF", 1)
        assert one.read_page(pdf((595, 842)), 1)[0] == 1
