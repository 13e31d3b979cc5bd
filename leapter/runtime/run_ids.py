"""Ids of runs: UUIDs of version 7, which begin with the moment they were made (RFC 9562, §5.7).

Rows that are inserted in the order of their key touch one page of the index where random ones touch many, and
the id itself says whether a run is so young that its record may still be on its way.
"""

import random
import time
import uuid


def new_run_id() -> str:
    """Return a new id."""
    milliseconds = time.time_ns() // 1_000_000
    # Ids are to differ, not to be secret. Asking the system lets other threads go first, each time.
    bits = random.getrandbits(80)
    # 48 bits of time, 4 of version, 12 random, 2 of variant, 62 random.
    number = (milliseconds << 80) | (0x7 << 76) | ((bits >> 68) << 64) | (0b10 << 62) | (bits & _LOW_62)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def age_s(run_id: str) -> float | None:
    """Return how long ago an id was made, in seconds; None if the text is no id of a run."""
    try:
        number = uuid.UUID(run_id)
    except ValueError:
        return None
    return time.time() - (number.int >> 80) / 1000 if number.version == 7 else None


_LOW_62 = (1 << 62) - 1
