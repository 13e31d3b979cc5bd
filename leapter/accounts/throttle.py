"""Wrong passwords slow the next attempt down; they are counted in the database, for all workers."""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from leapter.accounts.models import SignInFailure
from leapter.clock import now
from leapter.db import transaction
from leapter.errors import LeapterError

# So many wrong passwords are free; each one after them doubles the wait, from two seconds on.
FREE_PER_ACCOUNT_AND_ADDRESS = 5
FREE_PER_ADDRESS = 50
LONGEST_WAIT_S = 15 * 60

# One failure is forgotten in each quarter of an hour. With the bound on what is counted, a row that is older
# than a day counts nothing any more, and is removed.
_FORGET_EVERY = timedelta(minutes=15)
_MOST_COUNTED = 96
_FORGOTTEN_AFTER = _FORGET_EVERY * _MOST_COUNTED


class TooManyAttemptsError(LeapterError):
    """So many passwords were wrong that the next one is not looked at yet.

    Args:
        wait_s: seconds until the next attempt is looked at, at least 1.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class _Count:
    subject: str
    free: int


def reserve_attempt(email: str, address: str) -> None:
    """Count an attempt as failed before its password is looked at.

    Counted afterwards, attempts that arrive together would all be looked at before the first of them counts.
    The answer is the same whether or not the account exists.

    Raises:
        TooManyAttemptsError: it has to wait; it was not counted.
    """
    with transaction() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.last_failed_at < now() - _FORGOTTEN_AFTER))
    try:
        _reserve(email, address)
    except IntegrityError:
        _reserve(email, address)  # another worker made the same row in between; now it is there


def _reserve(email: str, address: str) -> None:
    with transaction() as session:
        rows = []
        # Always in this order, so that two attempts never wait for each other.
        for count in (_of_account(email, address), _of_address(address)):
            row = session.get(SignInFailure, count.subject, with_for_update=True)
            if row is None:
                row = SignInFailure(subject=count.subject, failures=0, last_failed_at=now())
                session.add(row)
                session.flush()
            _check_wait(row, count.free)
            rows.append(row)
        for row in rows:
            row.failures = min(_remembered(row) + 1, _MOST_COUNTED)
            row.last_failed_at = now()


def forgive(email: str, address: str) -> None:
    """Take back an attempt whose password was right, and all failures of this account from this address."""
    with transaction() as session:
        account = _of_account(email, address).subject
        session.execute(delete(SignInFailure).where(SignInFailure.subject == account))
        # The address keeps its other failures: an attacker with an own account would else start afresh.
        session.execute(
            update(SignInFailure)
            .where(SignInFailure.subject == _of_address(address).subject, SignInFailure.failures > 0)
            .values(failures=SignInFailure.failures - 1)
        )


def _check_wait(row: SignInFailure, free: int) -> None:
    over = row.failures - free
    if over < 0:
        return
    wait_s = min(2.0 ** (over + 1), LONGEST_WAIT_S)
    left_s = wait_s - (now() - row.last_failed_at).total_seconds()
    if left_s > 0:
        raise TooManyAttemptsError(ceil(left_s))


def _remembered(row: SignInFailure) -> int:
    return max(0, row.failures - (now() - row.last_failed_at) // _FORGET_EVERY)


def _of_account(email: str, address: str) -> _Count:
    return _Count(_digest("account", email, _network(address)), FREE_PER_ACCOUNT_AND_ADDRESS)


def _of_address(address: str) -> _Count:
    return _Count(_digest("address", _network(address)), FREE_PER_ADDRESS)


def _network(address: str) -> str:
    """One IPv4 address, or the /64 of an IPv6 address: a single household has all of those."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
