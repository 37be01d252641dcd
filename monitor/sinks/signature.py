"""Signatures of the Standard Webhooks specification 1.0 (https://www.standardwebhooks.com), version `v1`: HMAC-SHA256.

Signed is `ID.TIMESTAMP.BODY`: what a receiver has seen it recognises by the id, what is old by the time, what is forged by the
signature. A secret is `whsec_` and the base64 of 24 to 64 bytes.
"""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
_BYTES = range(24, 65)


def secret_key(secret: str) -> bytes:
    """The key of a secret. Raises `ValueError` where it is none; the secret is not told."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in _BYTES:
        raise ValueError(
            "a secret is whsec_ and the base64 of 24 to 64 bytes; make one with: echo whsec_$(openssl rand -base64 32)"
        )
    return key


def signature(key: bytes, delivery: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature` for one key.

    >>> key = secret_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
