"""The nearest known name to a misspelled one."""

from collections.abc import Collection, Iterable
from itertools import islice

_MOST_COMPARED = 500


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name with the fewest changed letters, if they are few enough for a slip; else None."""
    # One letter of one or two is no slip but another name: there only the case may differ.
    allowed = 0 if len(name) <= 2 else 1 if len(name) <= 4 else 2 if len(name) <= 8 else 3
    best: str | None = None
    best_distance = allowed + 1
    lowered = name.lower()[:60]
    for candidate in islice(known, _MOST_COMPARED):
        if abs(len(candidate) - len(lowered)) >= best_distance:
            continue
        distance = _distance(lowered, candidate.lower())
        if distance < best_distance:
            best, best_distance = candidate, distance
    return best


class Speller:
    """Looks for the nearest names of many misspelled ones, until it has compared enough.

    To compare two names takes up to half a millisecond. Text with thousands of unknown names, written to
    keep a server busy, is told of its faults all the same, the later of them without a suggestion.
    """

    __slots__ = ("_left",)

    def __init__(self, most_compared: int) -> None:
        self._left = most_compared

    def nearest(self, name: str, known: Collection[str]) -> str | None:
        """As the function `nearest`; None, too, once it has compared `most_compared` names."""
        if self._left <= 0:
            return None
        self._left -= min(len(known), _MOST_COMPARED)
        return nearest(name, known)


def _distance(left: str, right: str) -> int:
    """Letters to insert, remove, replace, or swap with their neighbour."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
