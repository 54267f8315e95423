"""ASN.1 structures that asn1crypto does not have; import this where it is used, since loading it takes a moment."""

from __future__ import annotations

from asn1crypto import core


class GcmParameters(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """GCMParameters of RFC 5084: AES-GCM within CMS."""

    _fields = [("nonce", core.OctetString), ("tag_bytes", core.Integer)]  # noqa: RUF012 - asn1crypto completes it


class Signatures(core.SequenceOf):  # type: ignore[misc]
    """Detached signatures, each a message of its own."""

    _child_spec = core.OctetString


class Package(core.Sequence):  # type: ignore[misc]
    """What lies innermost in a container (version 1)."""

    _fields = [  # noqa: RUF012 - asn1crypto completes it
        ("version", core.Integer),
        ("identity", core.UTF8String),
        ("record_format", core.UTF8String),
        ("signatures", Signatures),
        ("payload", core.OctetString),
    ]
