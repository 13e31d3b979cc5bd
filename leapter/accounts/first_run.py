"""The token of the set-up link: whoever can read the server's terminal makes the first account."""

import base64
import hmac

_PURPOSE = b"leapter set-up link"


def token(secret_key: str) -> str:
    """The token of a server: derived, so that all workers and starts agree on it and nothing is stored."""
    mac = hmac.digest(secret_key.encode(), _PURPOSE, "sha256")
    return base64.urlsafe_b64encode(mac[:24]).decode("ascii")


def is_token(candidate: str, secret_key: str) -> bool:
    """Whether `candidate` is the token, in a time that does not tell how much of it is right."""
    return hmac.compare_digest(candidate.encode("utf-8", "backslashreplace"), token(secret_key).encode())
