"""How far one run may go."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The bounds of one run; crossing one raises `LimitExceeded` with the name of the field.

    `allocation_bytes` bounds the memory that a run can hold: every text, list and object that it makes is
    charged with what it takes at most (2 bytes a character, 40 a list element, 200 an object's member). What
    a run holds at any moment, besides its inputs, its outputs as JSON and the compiled program, stays below
    this bound; by default 128 MiB.
    """

    statements: int = 1_000_000
    call_depth: int = 64
    list_elements: int = 100_000
    string_characters: int = 1_000_000
    wall_time_s: float = 5.0
    allocation_bytes: int = 128 * 1024 * 1024


DEFAULT_LIMITS = Limits()
