"""The secret of an API key: its form, its digest, its display prefix.

A key is `lpt_` and 36 characters of 0-9A-Za-z: 30 random ones (178 bits) and the CRC-32 of all that precedes,
written in base 62 with six digits. The checksum tells a typo or a key cut short from a real key without a
look-up, and lets secret scanners match `lpt_[0-9A-Za-z]{36}` without false positives.
"""

import hashlib
import re
import secrets
import string
import zlib
from typing import Literal

MARK = "lpt_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase

PREFIX_CHARACTERS = len(MARK) + 8

Fault = Literal["quotes", "blanks", "around", "short", "long", "wrong", "other"]

_RANDOM_CHARACTERS = 30
_CHECKSUM_CHARACTERS = 6
CHARACTERS = len(MARK) + _RANDOM_CHARACTERS + _CHECKSUM_CHARACTERS

_QUOTES = "\"'`´“”„‘’‚«»"
_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
_FORM = re.compile(f"{MARK}[0-9A-Za-z]{{{_RANDOM_CHARACTERS + _CHECKSUM_CHARACTERS}}}")
_BEGINNING = re.compile(f"{MARK}[0-9A-Za-z]{{{PREFIX_CHARACTERS - len(MARK)}}}")


def mint() -> str:
    """Return a new key. It is held nowhere: whoever asked for it has the only copy."""
    body = MARK + "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM_CHARACTERS))
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Whether `text` has the form of a key and its checksum is right; says nothing of whether it exists."""
    return (
        _FORM.fullmatch(text) is not None
        and _checksum(text[:-_CHECKSUM_CHARACTERS]) == text[-_CHECKSUM_CHARACTERS:]
    )


def contains_key(text: str) -> bool:
    """Whether a well-formed key stands anywhere in `text`, where it should not be."""
    return any(is_well_formed(found) for found in _FORM.findall(text))


def resembles_key(text: str) -> bool:
    """Whether something of the form of a key stands anywhere in `text`, whatever its checksum."""
    return _FORM.search(text) is not None


def find_fault(text: str) -> Fault:
    """What is wrong with `text`, which is no well-formed key.

    "quotes" stand around it, "blanks" within, something else is "around" a whole key; it is too "short" or
    too "long", or has "wrong" characters; "other" is what does not begin like a key at all.
    """
    bare = text.strip(_QUOTES)
    if bare != text and bare.startswith(MARK):
        return "quotes"
    if not text.startswith(MARK):
        return "around" if contains_key(text) else "other"
    if len(text.split()) > 1:
        return "blanks"
    if len(text) < CHARACTERS:
        return "short"
    return "wrong" if len(text) == CHARACTERS else "long"


def digest(text: str) -> str:
    """The SHA-256 of a whole key, in 64 hexadecimal digits: what the database holds in its place.

    A fast hash is right here: nobody guesses 178 random bits, however fast (ASVS 5.0, §11.5.1).
    """
    return hashlib.sha256(text.encode()).hexdigest()


def find_prefix(text: str) -> str:
    """The display prefix of what begins like a key anywhere in `text`, "" if nothing does.

    It tells which key was cut short, or copied with something around it.
    """
    found = _BEGINNING.search(text)
    return found.group() if found else ""


def display_prefix(text: str) -> str:
    """The part of a key that may be shown: `lpt_` and its first eight characters."""
    return text[:PREFIX_CHARACTERS]


def _checksum(body: str) -> str:
    rest = zlib.crc32(body.encode("ascii"))
    rest, last = divmod(rest, len(_PAIRS))
    first, middle = divmod(rest, len(_PAIRS))
    return _PAIRS[first] + _PAIRS[middle] + _PAIRS[last]
