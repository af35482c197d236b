"""Who may come into the broker: passwords made of one secret, so that nothing about them need be kept or renewed.

A machine's password is bound to its key: enrolled anew, it has another one. For brokers of others (Mosquitto) the
same accounts are written as files; passwords stand in them as PBKDF2-SHA512 digests, Mosquitto's kind 7.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from domain.nudges import CENTRE, Nudge

_ROUNDS = 101  # Mosquitto's own default; the passwords are 192 random bits, so guessing them is hopeless anyway
_SALT_BYTES = 12
MOSQUITTO_ACL = "".join(
    (
        f"user {CENTRE}\n",
        *(f"topic write tiengloa/+/{what.value}\n" for what in Nudge),
        "pattern read tiengloa/%u/+\n",
    )
)
"""Mosquitto's rules: the centre nudges, a machine hears its own nudges, and nobody may do anything else."""


def centre_password(secret: bytes) -> str:
    """Return the password with which the centre sends nudges."""
    return _password(secret, CENTRE)


def machine_password(secret: bytes, machine_id: str, public_key: str) -> str:
    """Return the password with which a machine hears its nudges."""
    return _password(secret, f"{machine_id}\n{public_key}")


def passwords(secret: bytes, keys: Mapping[str, str]) -> dict[str, str]:
    """Return the password of every user: the centre, and each machine of `keys` (id to public key)."""
    machines = {machine_id: machine_password(secret, machine_id, key) for machine_id, key in keys.items()}
    return {CENTRE: centre_password(secret), **machines}


def mosquitto_passwords(known: Mapping[str, str]) -> str:
    """Return the text of Mosquitto's password file for these users and their passwords."""
    return "".join(f"{user}:{_digest(password)}\n" for user, password in sorted(known.items()))


def _password(secret: bytes, subject: str) -> str:
    digest = hmac.new(secret, b"broker\n" + subject.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def _digest(password: str) -> str:
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
