"""Headers of every answer: what a page may load, and from where."""

from __future__ import annotations

import re
import secrets

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: {socket}; worker-src blob:;"
    " frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SCRIPT = re.compile(rb"<script\b")


class SecurityHeaders(OutputTransform):
    """Adds the headers to every answer; only scripts that this server wrote into the page carry the nonce."""

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        host = request.host if re.fullmatch(r"[a-z0-9.:-]+", request.host) else "127.0.0.1"
        self._socket = f"{'wss' if request.protocol == 'https' else 'ws'}://{host}"

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Complete the headers, and the script tags of a page."""
        nonce = secrets.token_urlsafe(16)
        headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce, socket=self._socket)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"  # with none, our own forms would come without an origin
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if finishing and headers.get("Content-Type", "").startswith("text/html"):
            headers["Cache-Control"] = "no-store"
            chunk = _SCRIPT.sub(f'<script nonce="{nonce}"'.encode(), chunk)
            headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk
