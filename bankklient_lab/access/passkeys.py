"""Passkeys (WebAuthn): a browser or key signs a challenge with a key that never leaves it.

What a passkey is bound to, host and origin of the pages, is not for the caller to say: the process that serves the
pages sets it as `lab.rights.site`. A challenge is kept in memory, for one answer and five minutes.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from bankklient_lab.access.factors import insert_factor, own_login
from bankklient_lab.access.recovery import first_codes
from bankklient_lab.actions import action
from bankklient_lab.errors import LoginRefused, Refused
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Site
from bankklient_lab.rights.keeper import Keeper

CHALLENGE_LASTS = timedelta(minutes=5)
CHALLENGES_MAX = 1_000
_NAME = "bankklient"


class _Asked(NamedTuple):
    """For whom and what a challenge was made."""

    user_id: int
    registering: bool
    until: datetime


_challenges: WeakKeyDictionary[Keeper, dict[bytes, _Asked]] = WeakKeyDictionary()
_changing = threading.Lock()


@action(proof=True, secret=True)
def begin_passkey(lab: Lab) -> str:
    """Return what a browser needs to make a passkey for the caller (JSON of PublicKeyCredentialCreationOptions)."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AttestationConveyancePreference,
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        UserVerificationRequirement,
    )

    own_login(lab)
    options = generate_registration_options(
        rp_id=_site(lab).host,
        rp_name=_NAME,
        user_id=f"{lab.caller.user_id}".encode(),
        user_name=lab.user,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            user_verification=UserVerificationRequirement.DISCOURAGED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=bytes.fromhex(key["id"])) for _, _, key in _keys(lab, lab.caller.user_id)
        ],
    )
    _ask(lab, options.challenge, lab.caller.user_id, registering=True)
    return str(options_to_json(options))


@action(secret=True)
def add_passkey(lab: Lab, name: str, answer: str) -> list[str]:
    """Take a passkey into use by the browser's answer (JSON) to `begin_passkey`.

    Returns new recovery codes, if the user has none. Raises LoginRefused for an answer that is not right.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    own_login(lab)
    site, challenge = _site(lab), _answered(lab, answer, lab.caller.user_id, registering=True)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise LoginRefused(f"the passkey was not taken ({type(error).__name__}); try again") from None
    kept = {"id": made.credential_id.hex(), "key": made.credential_public_key.hex(), "host": site.host}
    with lab.database.tx("ops") as cursor:
        insert_factor(
            lab,
            cursor,
            kind="passkey",
            name=name,
            secret=json.dumps(kept),
            last_step=made.sign_count,
            confirmed=True,
        )
        lab.log(cursor, "add_factor", lab.user, kind="passkey", name=name)
        return first_codes(lab, cursor)


def login_options(lab: Lab, user_id: int) -> str:
    """Return what a browser needs to use a passkey of a user (JSON), empty where no pages are served for it."""
    site = lab.rights.site
    keys = [key for _, _, key in _keys(lab, user_id) if site is not None and key["host"] == site.host]
    if site is None or not keys:
        return ""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.host,
        allow_credentials=[PublicKeyCredentialDescriptor(id=bytes.fromhex(key["id"])) for key in keys],
        user_verification=UserVerificationRequirement.DISCOURAGED,
    )
    _ask(lab, options.challenge, user_id, registering=False)
    return str(options_to_json(options))


def is_answered(lab: Lab, user_id: int, answer: str) -> bool:
    """Tell whether a browser's answer (JSON) to `login_options` is right, and use the challenge up."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        site, challenge = _site(lab), _answered(lab, answer, user_id, registering=False)
        with lab.database.tx("ops") as cursor:
            factor_id, count, key = next(one for one in _keys(lab, user_id) if one[2]["id"] == _credential(answer))
            seen = verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=bytes.fromhex(key["key"]),
                credential_current_sign_count=count,
            )
            cursor.execute("UPDATE ops.factor SET last_step = ? WHERE factor_id = ?", [seen.new_sign_count, factor_id])
    except (WebAuthnException, LoginRefused, Refused, StopIteration, ValueError, KeyError, TypeError):
        return False
    return True


def _site(lab: Lab) -> Site:
    if lab.rights.site is None:
        raise Refused("passkeys belong to the pages of a server; log in there, or give a code")
    return lab.rights.site


def _keys(lab: Lab, user_id: int) -> list[tuple[int, int, dict[str, str]]]:
    """Return number, counter and key of each passkey of a user."""
    found = lab.rows(
        "SELECT factor_id, last_step, secret FROM ops.factor"
        " WHERE user_id = $id AND kind = 'passkey' AND confirmed AND removed_at IS NULL ORDER BY factor_id",
        {"id": user_id},
    )
    return [(factor_id, count, json.loads(secret)) for factor_id, count, secret in found]


def _ask(lab: Lab, challenge: bytes, user_id: int, *, registering: bool) -> None:
    with _changing:
        asked = _challenges.setdefault(lab.rights, {})
        asked[challenge] = _Asked(user_id, registering, lab.clock() + CHALLENGE_LASTS)
        while len(asked) > CHALLENGES_MAX:
            del asked[next(iter(asked))]


def _answered(lab: Lab, answer: str, user_id: int, *, registering: bool) -> bytes:
    """Return the challenge that an answer names and use it up; LoginRefused when it was not made for this."""
    from webauthn.helpers import base64url_to_bytes, parse_client_data_json

    try:
        told: Any = json.loads(answer)
        challenge = parse_client_data_json(base64url_to_bytes(told["response"]["clientDataJSON"])).challenge
    except Exception:
        raise LoginRefused("the answer is not one of a browser's passkey; try again") from None
    with _changing:
        asked = _challenges.get(lab.rights, {}).pop(challenge, None)
    if asked is None or (asked.user_id, asked.registering) != (user_id, registering) or asked.until < lab.clock():
        raise LoginRefused("the passkey came too late or twice; try again")
    return challenge


def _credential(answer: str) -> str:
    from webauthn.helpers import base64url_to_bytes

    return base64url_to_bytes(json.loads(answer)["rawId"]).hex()
