"""An executed notebook as one HTML page for readers: no script, nothing loaded from elsewhere."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

# Texts of banks stand in tables and charts: whatever they contain, the page runs nothing and asks no network.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_META = f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)


def write_html(notebook: Path, target: Path, *, code: bool) -> None:
    """Write the page of the executed notebook, with its code or only what came out of it."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        exclude_input=not code,
        exclude_input_prompt=not code,
        exclude_output_prompt=not code,
        mathjax_url="",
        require_js_url="",
        jquery_url="",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on cells without output
        body, _ = exporter.from_filename(str(notebook))
    page, heads = re.subn(r"<head>", _META, _SCRIPT.sub("", body), count=1)
    assert heads == 1
    target.write_text(page, "utf-8")
