"""How far one run may go."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The bounds of one run; crossing one raises `LimitExceeded` with the name of the field.

    `allocation_bytes` bounds the memory that a run can hold: every text, list and object that it makes is
    charged with what it takes at most (2 bytes a character, 40 a list element, 200 an object's member; 6 a
    character of the outputs). What a run holds at any moment, its outputs included, stays below this bound;
    by default 128 MiB. What comes on top: its inputs, the compiled program, what one operation needs while it
    works (less than 32 MiB), and at the end the outputs' text as JSON, of no more bytes than this bound.

    A traced run may also hold its trace, of 32 MiB at most, and takes up to two seconds more where much is to
    be looked through. What records is compiled before its first run, outside the wall time: in some four
    seconds for a source as large as may be.
    """

    statements: int = 1_000_000
    call_depth: int = 64
    list_elements: int = 100_000
    string_characters: int = 1_000_000
    wall_time_s: float = 5.0
    allocation_bytes: int = 128 * 1024 * 1024


DEFAULT_LIMITS = Limits()
