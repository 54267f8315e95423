"""Where a lab is served: addresses, names, TLS, and a proxy in front."""

from __future__ import annotations

import ipaddress
import ssl
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from bankklient_lab.errors import BadArgument

LOOPBACK = "127.0.0.1"
PROXIES = "127.0.0.1,::1"  # whose forwarded headers are believed, behind a proxy


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and the names under which callers reach it: as `Host` says them, without the port or with it."""

    host: str = LOOPBACK
    port: int = 0
    names: frozenset[str] = field(default_factory=frozenset)
    tls: ssl.SSLContext | None = None
    proxy_origin: str = ""

    @property
    def behind_proxy(self) -> bool:
        """Whether a proxy of this machine ends TLS and says who asks."""
        return bool(self.proxy_origin) and self.tls is None

    @property
    def is_near(self) -> bool:
        """Whether only programs of this machine reach it, and no proxy brings others."""
        return is_loopback(self.host) and not self.proxy_origin

    def origins(self, port: int) -> list[str]:
        """Return the addresses of the pages at a port that browsers use besides the loopback ones, the best first."""
        own = [f"https://{name}:{port}" for name in sorted(self.names)] if self.tls else []
        return [self.proxy_origin] if self.proxy_origin else own


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself; BadArgument for what is no address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise BadArgument(f"--host {host!r} is no address; give one such as {LOOPBACK} or 0.0.0.0") from None


def place_for(
    *, host: str = LOOPBACK, port: int = 0, certificate: str = "", key: str = "", proxy_origin: str = ""
) -> Place:
    """Return the place that the options of `bankklient serve` ask for.

    BadArgument for one where passwords would travel readably: beyond this machine only with TLS.
    """
    near = is_loopback(host)
    if bool(certificate) != bool(key):
        raise BadArgument("--certificate and --key belong together; give both")
    if not near and not certificate:
        raise BadArgument(
            f"--host {host} lets other machines in, so it needs TLS: give --certificate and --key, or stay at"
            f" {LOOPBACK} and give --proxy-origin of a proxy on this machine"
        )
    if certificate and not port:
        raise BadArgument("with TLS the pages need a --port of their own, which browsers can know")
    names = {host} if not near and not ipaddress.ip_address(host).is_unspecified else set()
    names = {f"[{name}]" if ":" in name else name for name in names}
    if proxy_origin:
        proxy_origin = _checked_origin(proxy_origin)
        names.add(urlsplit(proxy_origin).netloc)
    tls = None
    if certificate:
        tls = _context(Path(certificate), Path(key))
        names |= set(_names_in(Path(certificate)))
    return Place("127.0.0.1" if host == "localhost" else host, port, frozenset(names), tls, proxy_origin)


def _checked_origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or parts.username or text.rstrip("/") != f"https://{parts.netloc}":
        raise BadArgument(f"--proxy-origin is what browsers see, such as https://cash.example.com, not {text[:80]!r}")
    return text.rstrip("/").lower()


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if stat.S_IMODE(key.stat().st_mode) & 0o007:
            raise BadArgument(f"everybody may read the key {key}; run `chmod o= {key}` first")
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise BadArgument(f"{certificate} and {key} are no certificate with its key ({error})") from None
    return context


def _names_in(certificate: Path) -> list[str]:
    """Return the names and addresses that a certificate is for; those with * are nobody's."""
    found = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    hosts = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    addresses = [
        f"[{address}]" if ":" in str(address) else str(address) for address in names.get_values_for_type(x509.IPAddress)
    ]
    return [name for name in (*hosts, *addresses) if "*" not in name]
