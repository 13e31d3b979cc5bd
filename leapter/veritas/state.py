"""The account of one run: what it has used of its limits."""

import sys
from collections.abc import Iterable, Mapping
from time import monotonic
from types import MappingProxyType
from typing import Protocol

from leapter.veritas.errors import LimitExceeded, OperationFailed
from leapter.veritas.limits import DEFAULT_LIMITS, Limits
from leapter.veritas.numbers import number_to_text

# The clock is read once in this many statements (50 ns against some 4 µs) …
STATEMENTS_PER_CHECK = 128
# … and once in this many elements or characters that a single operation goes through.
_WORK_PER_CHECK = 200_000

TEXT_BYTES = 64
BYTES_PER_CHARACTER = 2
BYTES_PER_CHARACTER_OUTSIDE = 6
_SHORT_TEXT = 100
# With the 100 bytes that it takes to know each list and object again while the memory is measured.
LIST_BYTES = 170
BYTES_PER_ELEMENT = 40
OBJECT_BYTES = 350
BYTES_PER_MEMBER = 200


class Callee(Protocol):
    """A Blueprint as another one calls it."""

    def call(
        self, state: "State", names: tuple[str, ...], /, *arguments: object
    ) -> dict[str, object]: ...  # pragma: no cover - a declaration


class State:
    """Counters of one run. Compiled code holds `statements` and `next_check` in its own locals between
    checks.
    """

    # What every run starts with stands on the class: setting it for each run would cost a quarter of a
    # microsecond.
    statements = 0
    depth = 0
    allocated = 0
    _worked = 0
    # Of the Blueprint that is running: its depth, and what was held when it was called. It shares nothing
    # with its callers, so what it holds can be measured by itself.
    base_depth = 0
    base = 0
    # The Blueprints that this run can call, by call identifier.
    library: Mapping[str, Callee] = MappingProxyType({})
    is_traced = False
    limits = DEFAULT_LIMITS
    max_elements = DEFAULT_LIMITS.list_elements
    max_text = DEFAULT_LIMITS.string_characters
    max_allocated = DEFAULT_LIMITS.allocation_bytes
    # Past this many bytes, what is still reachable is measured at the next turn of a loop.
    measure_at = DEFAULT_LIMITS.allocation_bytes // 2
    next_check = STATEMENTS_PER_CHECK

    def __init__(self, limits: Limits) -> None:
        if limits is not DEFAULT_LIMITS:
            self._keep_to(limits)
        self._deadline = monotonic() + limits.wall_time_s

    def _keep_to(self, limits: Limits) -> None:
        self.limits = limits
        self.max_elements = limits.list_elements
        self.max_text = limits.string_characters
        self.max_allocated = limits.allocation_bytes
        self.measure_at = limits.allocation_bytes // 2
        statements = limits.statements
        self.next_check = statements if statements < STATEMENTS_PER_CHECK else STATEMENTS_PER_CHECK

    def check(self, statements: int) -> int:
        """Called by compiled code when its count passes `next_check`; returns the next count to call at."""
        if statements > self.limits.statements:
            self.statements_exceeded()
        self.check_time()
        if self.allocated > self.measure_at and self.depth == self.base_depth:
            self.measure(sys._getframe(1).f_locals.values())
        return min(self.limits.statements, statements + STATEMENTS_PER_CHECK)

    def check_shared(self) -> None:
        """`check` for programs of several functions, which count in the state itself."""
        if self.statements > self.limits.statements:
            self.statements_exceeded()
        self.check_time()
        if self.allocated > self.measure_at and self.depth == self.base_depth:
            self.measure(sys._getframe(1).f_locals.values())
        self.next_check = min(self.limits.statements, self.statements + STATEMENTS_PER_CHECK)

    def statements_exceeded(self) -> None:
        bound = self.limits.statements
        raise LimitExceeded(
            "statements",
            bound,
            f"The run was ended after {bound:,} statements, the most that one run may execute.",
        )

    def check_time(self) -> None:
        if monotonic() > self._deadline:
            bound = self.limits.wall_time_s
            raise LimitExceeded(
                "wall_time_s",
                bound,
                f"The run was ended after {number_to_text(bound)} seconds, the longest a run may take.",
            )

    def work(self, amount: int) -> None:
        """Accounts for going through `amount` elements or characters."""
        self._worked += amount
        if self._worked > _WORK_PER_CHECK:
            self._worked = 0
            self.check_time()

    def text(self, length: int) -> None:
        """Accounts for a new text of `length` code units."""
        if length > self.max_text:
            raise LimitExceeded(
                "string_characters",
                self.max_text,
                f"A text would be longer than {self.max_text:,} characters, the most that is allowed.",
            )
        self.allocate(TEXT_BYTES + BYTES_PER_CHARACTER * length)

    def copy_text(self, length: int) -> None:
        """Accounts for a text that leaves the run: as a copy, or in JSON, where a character takes 6 bytes at
        most.
        """
        self.allocate(TEXT_BYTES + BYTES_PER_CHARACTER_OUTSIDE * length)

    def elements(self, length: int, added: int) -> None:
        """Accounts for a list that now has `length` elements, `added` of them new."""
        if length > self.max_elements:
            raise LimitExceeded(
                "list_elements",
                self.max_elements,
                f"A list would have more than {self.max_elements:,} elements, the most that is allowed.",
            )
        self.allocate(LIST_BYTES + BYTES_PER_ELEMENT * added)

    def members(self, count: int) -> None:
        """Accounts for a new object of `count` members."""
        self.allocate(OBJECT_BYTES + BYTES_PER_MEMBER * count)

    def allocate(self, size: int) -> None:
        self.allocated += size
        if self.allocated > self.max_allocated:
            raise LimitExceeded(
                "allocation_bytes",
                self.max_allocated,
                f"The run needs more than {self.max_allocated / 1048576:.0f} MiB of memory, its limit.",
            )

    def enter(self) -> None:
        """Accounts for a call; `leave` undoes it."""
        self.depth += 1
        if self.depth > self.limits.call_depth:
            bound = self.limits.call_depth
            raise LimitExceeded(
                "call_depth", bound, f"Calls are nested more than {bound} deep, the most that is allowed."
            )

    def leave(self) -> None:
        self.depth -= 1

    def callee(self, identifier: str) -> Callee:
        """The Blueprint that a call names. The checker knew it; since then it may have been taken away."""
        found = self.library.get(identifier)
        if found is None:
            raise OperationFailed(
                f"The Blueprint `{identifier}`, which is called here, cannot run: it has errors or is gone."
            )
        return found

    def count_call(self) -> None:
        """Accounts for a call of a Blueprint, which is a statement more and a level deeper."""
        self.enter()
        self.statements += 1
        if self.statements > self.next_check:
            self.check_shared()

    def account(self) -> tuple[int, int, int, int]:
        """What `end_callee` goes back to."""
        return self.allocated, self.measure_at, self.base, self.base_depth

    def begin_callee(self) -> None:
        """From here on, a Blueprint runs that was called, with nothing of its own yet but its arguments."""
        self.base, self.base_depth = self.allocated, self.depth

    def end_callee(self, account: tuple[int, int, int, int], size: int) -> None:
        """All that came into being since `account` is out of reach now but outputs of `size` bytes."""
        held, self.measure_at, self.base, self.base_depth = account
        self.allocated = held + size
        self.leave()

    def measure(self, values: Iterable[object]) -> None:
        """Replaces what was charged by what can still be reached from `values`, which must be all that lives
        of the Blueprint that is running: what came and went does not count.
        """
        size = 0
        # By id, what several may hold. Of short texts there can be millions, and an id here takes some 100
        # bytes: they are told apart within their list only.
        seen: set[int] = set()
        pending: list[object] = list(values)
        visited = 0
        while pending:
            value = pending.pop()
            if isinstance(value, str):
                size += TEXT_BYTES + BYTES_PER_CHARACTER * len(value)
                if len(value) > _SHORT_TEXT:
                    if id(value) in seen:
                        size -= TEXT_BYTES + BYTES_PER_CHARACTER * len(value)
                    seen.add(id(value))
                continue
            if not isinstance(value, list | dict) or id(value) in seen:
                continue
            seen.add(id(value))
            visited += 1 + len(value) // 100
            if visited > 1_000:
                visited = 0
                self.check_time()
            if isinstance(value, list):
                size += LIST_BYTES + BYTES_PER_ELEMENT * len(value)
                pending.extend({id(inner): inner for inner in value if isinstance(inner, str)}.values())
                pending.extend(inner for inner in value if isinstance(inner, list | dict))
            else:
                size += OBJECT_BYTES + BYTES_PER_MEMBER * len(value)
                pending.extend(value.values())
        self.allocated = self.base + size
        # Beside much that callers hold, little would else be measured at every turn.
        headroom = max(size // 2, self.max_allocated // 64)
        self.measure_at = max(self.max_allocated // 2, self.allocated + headroom)
