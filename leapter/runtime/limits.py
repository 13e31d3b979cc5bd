"""How often one key may run Blueprints."""

import math
import threading
import time
from dataclasses import dataclass

import limits
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from structlog import get_logger

from leapter.config import RateLimit
from leapter.errors import LeapterError

log = get_logger("leapter.limits")


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """What a key has left: `remaining` runs of `limit`; the next one it lacks comes in `reset_s` seconds."""

    limit: RateLimit
    remaining: int
    reset_s: int

    def headers(self) -> list[tuple[str, str]]:
        """The header fields of draft-ietf-httpapi-ratelimit-headers."""
        return [
            ("RateLimit-Policy", f'"key";q={self.limit.runs};w={self.limit.window_s}'),
            ("RateLimit", f'"key";r={self.remaining};t={self.reset_s}'),
        ]


class RateLimitedError(LeapterError):
    """The key has used its allowance up."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__()
        self.allowance = allowance


class KeyLimiter:
    """Counts the runs of each key in a moving window.

    Counts live where `storage` says: `memory://` is this process alone, so that each worker allows the whole
    limit; `redis://…` is shared by all workers and nodes. When that cannot be reached, runs go on unlimited
    and the log says so: a limit protects the service, it does not guard a secret.
    """

    def __init__(self, limit: RateLimit, storage: str) -> None:
        self._limit = limit
        self._item = limits.RateLimitItemPerSecond(limit.runs, limit.window_s, namespace="leapter")
        self._address = storage
        self._limiter: MovingWindowRateLimiter | None = None
        self._lock = threading.Lock()

    def peek(self, key_id: str) -> Allowance | None:
        """Return what is left without counting, or None when the storage cannot be reached."""
        try:
            stats = (self._limiter or self._connect()).get_window_stats(self._item, key_id)
        except limits.errors.StorageError:
            return None
        # Without a run in the window, what is left is all and the reset is now.
        reset_s = min(self._limit.window_s, max(1, math.ceil(stats.reset_time - time.time())))
        return Allowance(limit=self._limit, remaining=max(0, stats.remaining), reset_s=reset_s)

    def take(self, key_id: str) -> Allowance | None:
        """Count one run; return what is left, or None when the storage cannot be reached.

        Raises:
            RateLimitedError: nothing was left.
        """
        try:
            limiter = self._limiter or self._connect()
            allowed = limiter.hit(self._item, key_id)
            stats = limiter.get_window_stats(self._item, key_id)
        except limits.errors.StorageError as error:
            log.warning("rate_limit_storage_unavailable", error=type(error.storage_error).__name__)
            return None
        # Rounded up: a client that waits exactly this long is let in.
        reset_s = min(self._limit.window_s, max(1, math.ceil(stats.reset_time - time.time())))
        remaining = min(max(0, stats.remaining), self._limit.runs - 1)
        allowance = Allowance(limit=self._limit, remaining=remaining if allowed else 0, reset_s=reset_s)
        if not allowed:
            raise RateLimitedError(allowance)
        return allowance

    def _connect(self) -> MovingWindowRateLimiter:
        # Only when it is first needed: the memory storage starts a thread, which would not survive a fork.
        with self._lock:
            if self._limiter is None:
                storage = storage_from_string(self._address, wrap_exceptions=True)
                if not isinstance(storage, Storage):
                    raise TypeError(f"{self._address} has no storage for threads")
                self._limiter = MovingWindowRateLimiter(storage)
            return self._limiter
