"""A page of a PDF as a picture, which has no script, link or form; drawn in the reader process alone (reading)."""

from __future__ import annotations

import io
import math

import pypdfium2

from bankklient_lab.errors import FormatError

WIDTH_PX, PIXELS_MAX = 1_240, 8_000_000  # an A4 page at 150 dots an inch, and pages that are much higher than wide


def page_picture(content: bytes, page: int) -> tuple[int, bytes]:
    """Return how many pages a PDF has, and one of them (from 1) as PNG; FormatError when that can't be drawn."""
    try:
        with pypdfium2.PdfDocument(content) as document:
            count = len(document)
            if not 1 <= page <= count:
                raise FormatError(f"the document has {count} pages, and no page {page}")
            return count, _picture(document[page - 1])
    except pypdfium2.PdfiumError:  # its code may be the one of another document
        raise FormatError("the PDF is damaged or locked, and can't be shown; it can be saved as it came") from None


def _picture(page: pypdfium2.PdfPage) -> bytes:
    width, height = page.get_size()
    if not (width >= 1 and height >= 1):
        raise FormatError("the page has no size and can't be shown", field="MediaBox")
    scale = min(WIDTH_PX / width, math.sqrt(PIXELS_MAX / (width * height)))
    found = io.BytesIO()
    page.render(scale=scale, may_draw_forms=False).to_pil().save(found, "PNG")
    return found.getvalue()
