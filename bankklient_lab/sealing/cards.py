"""Keys on chip cards, through the card's own library (PKCS#11): the card signs, and the private key never leaves it.

Whoever starts the program names the library in BANKKLIENT_PKCS11_MODULE, since loading one runs its code. A card is
named by its serial number, a key on it by its certificate. Keys are ECDSA on P-256: any card hashes nothing and signs
32 bytes. Each signature logs in anew and out again, so that nothing stays open on the card between two of them.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from bankklient_lab.errors import BadArgument, Refused, SealBroken, UnknownName, Unreachable
from bankklient_lab.sealing.keys import SigningKey

if TYPE_CHECKING:
    from bankklient_lab.sealing.certificates import Certificate

    Buffer = bytes | bytearray | memoryview

ENVIRONMENT_MODULE = "BANKKLIENT_PKCS11_MODULE"
_COORDINATE_BYTES = 32
_POINT_BYTES = 1 + 2 * _COORDINATE_BYTES  # uncompressed, as X9.62 writes it
_ID_BYTES = 8
_USING = threading.RLock()  # being logged in holds for all sessions of a process with a card


class CardKey(NamedTuple):
    """A key that a card has: its own number of it (hexadecimal), and its label."""

    number: str
    label: str


class Card(NamedTuple):
    """A card that is there, with its keys that can sign here."""

    serial: str
    label: str
    keys: list[CardKey]


class PrivateKeyOnCard(ec.EllipticCurvePrivateKey):
    """A private key on a card, with the PIN that it is used with; nothing brings it out of there."""

    def __init__(self, serial: str, pin: str, public: ec.EllipticCurvePublicKey) -> None:
        self._serial, self._pin, self._public = serial, pin, public

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the signature (DER); SHA-256 alone. Unreachable, SealBroken as `opened_on_card`."""
        from pkcs11 import Mechanism

        if isinstance(signature_algorithm.algorithm, Prehashed) or signature_algorithm.algorithm.name != SHA256.name:
            raise BadArgument("a card signs the SHA-256 of what it is given")
        with _session(self._serial, self._pin) as session:
            key = _private(session, self._public)
            raw = bytes(key.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA))
        r, s = raw[:_COORDINATE_BYTES], raw[_COORDINATE_BYTES:]
        return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public key."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """The size in bits."""
        return self._public.key_size

    def exchange(self, *_: object, **__: object) -> NoReturn:
        """Refuse: it signs."""
        raise BadArgument("a key on a card signs, and does nothing else")

    def private_numbers(self) -> NoReturn:
        """Refuse: it stays on the card."""
        raise BadArgument("a private key does not leave its card")

    def private_bytes(self, *_: object, **__: object) -> NoReturn:
        """Refuse: it stays on the card."""
        raise BadArgument("a private key does not leave its card")

    def __copy__(self) -> PrivateKeyOnCard:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> PrivateKeyOnCard:
        return self


def cards() -> list[Card]:
    """Return the cards that are there; Refused when no library for cards is set up, Unreachable when it fails."""
    with _library() as library:
        found = [token for token in library.get_tokens() if token.serial]
        return [Card(_text(token.serial), token.label, _keys(token)) for token in found]


def opened_on_card(serial: str, pin: str, certificate: Certificate) -> SigningKey:
    """Return the key of a certificate that is on a card.

    SealBroken "key" for a wrong PIN. Unreachable when the card is not there or has not the key, Refused when it has
    locked the PIN: the PIN was not judged then.
    """
    public = certificate.public_key
    assert isinstance(public, ec.EllipticCurvePublicKey)  # no other was ever registered with a card
    with _session(serial, pin) as session:
        _private(session, public)
    return SigningKey(PrivateKeyOnCard(serial, pin, public), certificate)


def demand_card(serial: str) -> None:
    """Raise Unreachable, or Refused, unless a card is there that judges its PIN."""
    from pkcs11 import TokenFlag

    with _library() as library:
        if TokenFlag.USER_PIN_LOCKED in _token(library, serial).flags:
            raise Refused(f"card {serial} has locked its PIN; unlock it with the tool of the card")


def made_on_card(serial: str, pin: str, label: str) -> PrivateKeyOnCard:
    """Make a key on a card; UnknownName, SealBroken "key", Unreachable as `opened_on_card`."""
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_named_curve_parameters

    with _session(serial, pin, write=True) as session:
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        public, _ = session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(
            store=True, label=label, id=secrets.token_bytes(_ID_BYTES),
            private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )  # fmt: skip
        return PrivateKeyOnCard(serial, pin, _point(public))


def found_on_card(serial: str, pin: str, number: str) -> PrivateKeyOnCard:
    """Return a key that a card has, by its number there; UnknownName when it has none such that signs here."""
    with _session(serial, pin) as session:
        public = next((one for one in _public_keys(session) if one.id.hex() == number), None)
        if public is None:
            raise UnknownName("key on the card", number, "`bankklient keys cards` shows them")
        _private(session, _point(public))
        return PrivateKeyOnCard(serial, pin, _point(public))


def forget_on_card(key: PrivateKeyOnCard) -> None:
    """Destroy a key that was made a moment ago and is not registered."""
    with _session(key._serial, key._pin, write=True) as session:
        public = next(one for one in _public_keys(session) if _point(one) == key.public_key())
        _private(session, key.public_key()).destroy()
        public.destroy()


@contextmanager
def _library() -> Iterator[Any]:
    """Give the card's library to one thread; what it raises becomes a sentence."""
    path = os.environ.get(ENVIRONMENT_MODULE, "")
    if not path:
        raise Refused(f"no library for chip cards is set up; name it in {ENVIRONMENT_MODULE} where the lab is opened")
    try:
        import pkcs11
    except ImportError:
        raise Refused("chip cards need the package python-pkcs11: install bankklient_lab[cards]") from None
    with _USING:
        try:
            yield pkcs11.lib(path)
        except pkcs11.PinIncorrect:
            raise SealBroken("key", "the PIN is not that of the card") from None
        except pkcs11.PinLenRange:
            raise SealBroken("key", "the card has no PIN of that length") from None
        except pkcs11.PinLocked:
            raise Refused("the card has locked its PIN; unlock it with the tool of the card") from None
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            why = str(error) or type(error).__name__
            raise Unreachable(f"the chip card can't be reached ({why}); check its connection") from None


@contextmanager
def _session(serial: str, pin: str, *, write: bool = False) -> Iterator[Any]:
    with _library() as library, _token(library, serial).open(rw=write, user_pin=pin) as session:
        yield session


def _token(library: Any, serial: str) -> Any:
    """Return a card; a library that sees new cards only when it begins begins anew for one that it lacks."""
    for looked_again in (False, True):
        if looked_again:
            library.reinitialize()
        found = next((token for token in library.get_tokens() if _text(token.serial) == serial), None)
        if found is not None:
            return found
    raise Unreachable(f"the chip card {serial[:40]} can't be reached; check its connection")


def _keys(token: Any) -> list[CardKey]:
    with token.open() as session:
        return [CardKey(one.id.hex(), one.label) for one in _public_keys(session)]


def _public_keys(session: Any) -> list[Any]:
    """Return the public keys of a card that are on P-256."""
    from pkcs11 import Attribute, KeyType, ObjectClass
    from pkcs11.util.ec import encode_named_curve_parameters

    wanted = {
        Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.KEY_TYPE: KeyType.EC,
        Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1"),
    }  # fmt: skip
    return list(session.get_objects(wanted))


def _private(session: Any, public: ec.EllipticCurvePublicKey) -> Any:
    """Return the private key of a public one; Unreachable when it is on another card."""
    from pkcs11 import Attribute, ObjectClass

    for one in _public_keys(session):
        if _point(one) == public:
            found = list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: one.id}))
            if found:
                return found[0]
    raise Unreachable("the chip card has not this key; check which card is connected")


def _point(public: Any) -> ec.EllipticCurvePublicKey:
    from pkcs11 import Attribute

    # CKA_EC_POINT is the point as an OCTET STRING; some libraries give the point alone.
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public[Attribute.EC_POINT][-_POINT_BYTES:])


def _text(serial: bytes | str) -> str:
    return (serial.decode("ascii", "replace") if isinstance(serial, bytes) else serial).strip()
