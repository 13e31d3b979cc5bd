"""Which passwords are accepted, and how they are stored."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 1_000

# A password that a guesser with lists of leaked passwords, words, names, dates and keyboard rows reaches in
# the first million tries is a common one. zxcvbn counts the tries; it looks at 72 characters at most.
_COMMON_WITHIN_GUESSES = 1_000_000
_ZXCVBN_CHARACTERS = 72

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106, §4, second choice

# Well formed, with today's parameters, of no known password: checking it costs what checking a real one does.
_HASH_OF_NOBODY = (
    f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    f"${'A' * 22}${'A' * 43}"
)


def check(password: str, *, email: str, name: str) -> list[str]:
    """Say what is wrong with a new password of the person `name`: no sentence means that it is accepted."""
    if len(password) > MOST_CHARACTERS:
        return [f"Choose a password of at most {MOST_CHARACTERS:,} characters."]
    if not _is_text(password):
        return ["Choose another password: this one holds a broken character."]
    password = _normal(password)
    if len(password) < LEAST_CHARACTERS:
        return [f"Choose a password of at least {LEAST_CHARACTERS} characters."]
    known = [email, email.partition("@")[0], name]
    if password.casefold() in {_normal(text).casefold() for text in known}:
        return ["Choose a password that is not your own name or e-mail address."]
    if _is_common(password, known):
        return [
            (
                "This password is among the first that attackers try. "
                "Choose another, for example four words that have nothing to do with each other."
            )
        ]
    return []


def digest(password: str) -> str:
    """Hash a password that `check` accepted."""
    return _hasher.hash(_normal(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one behind the hash `stored`.

    Without a hash (no such account) the same work is done, so that the time taken tells nothing.
    """
    # What cannot be anyone's is compared as the empty password, which nobody has.
    typed = _normal(password) if len(password) <= MOST_CHARACTERS and _is_text(password) else ""
    try:
        _hasher.verify(stored or _HASH_OF_NOBODY, typed)
    except VerifyMismatchError:
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _normal(text: str) -> str:
    # One keyboard sends "é" as one character, another as two: both must open the same account.
    return unicodedata.normalize("NFKC", text)


def _is_text(password: str) -> bool:
    # Half a surrogate pair, as a terminal passes on bytes that are not UTF-8, has no UTF-8 form to hash.
    return not any("\ud800" <= character <= "\udfff" for character in password)


def _is_common(password: str, known: list[str]) -> bool:
    from zxcvbn import zxcvbn  # noqa: PLC0415 (its word lists take 10 MB, in workers that check passwords only)

    words = [*known, *" ".join(known).replace("@", " ").replace(".", " ").split(), "leapter"]
    result = zxcvbn(password[:_ZXCVBN_CHARACTERS], user_inputs=words)
    return bool(result["guesses"] < _COMMON_WITHIN_GUESSES)
