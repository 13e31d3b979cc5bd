"""How the benchmarks measure: in one process, in turn, on the clock of the process."""

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """The least, the middle and the most of several rounds."""

    least: float
    middle: float
    most: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.least:.2f} to {self.most:.2f})"


def spread(values: Sequence[float]) -> Spread:
    return Spread(least=min(values), middle=median(values), most=max(values))


def rounds(works: Sequence[Callable[[], object]], *, count: int, milliseconds: float) -> list[list[float]]:
    """Seconds that one call of each of `works` takes, for each of `count` rounds.

    In a round, each is called for about as many milliseconds, one after the other, in an order that turns:
    what disturbs the machine disturbs all of them alike. The clock counts the time of this process only.
    """
    repeats = [_repeats(work, milliseconds / 1000) for work in works]
    seconds: list[list[float]] = []
    for number in range(count):
        taken = [0.0] * len(works)
        for offset in range(len(works)):
            position = (number + offset) % len(works)
            work = works[position]
            started = time.process_time()
            for _ in range(repeats[position]):
                work()
            taken[position] = (time.process_time() - started) / repeats[position]
        seconds.append(taken)
    return seconds


def _repeats(work: Callable[[], object], seconds: float) -> int:
    """How often `work` can be called in `seconds`, once it is warm."""
    calls = 0
    started = time.process_time()
    while time.process_time() - started < seconds or calls < 3:
        work()
        calls += 1
    return max(1, int(calls * seconds / (time.process_time() - started)))


def machine() -> str:
    """The processor and the Python that run this."""
    name = platform.processor() or platform.machine()
    about = Path("/proc/cpuinfo")
    if about.exists():
        for line in about.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{name}, {platform.system()}, {python}"
