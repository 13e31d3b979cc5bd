"""The two values Python has no like of: null and absent.

Inside a run a number is a float, text a str, a truth value a bool, a list a list and an object a dict.
Text is held as UTF-16 code units, so that lengths and positions are those of ECMAScript: a character outside
the
Basic Multilingual Plane is two surrogates (`to_code_units`, `from_code_units`).

`NULL` and `ABSENT` answer Python's operators by the rules of ECMAScript. That lets compiled code use a bare
`a * b` wherever the operands are known to be numbers, null or absent.
"""

import codecs
import math
from collections.abc import Iterable
from typing import ClassVar, Final, final


def _number(value: object) -> float:
    if isinstance(value, float):
        return value
    return 0.0 if value is NULL else math.nan


class _Missing:
    """What null and absent share: arithmetic and order with numbers, and with each other."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __add__(self, other: object) -> float:
        return _number(self) + _number(other)

    __radd__ = __add__

    def __mul__(self, other: object) -> float:
        return _number(self) * _number(other)

    __rmul__ = __mul__

    def __sub__(self, other: object) -> float:
        return _number(self) - _number(other)

    def __rsub__(self, other: object) -> float:
        return _number(other) - _number(self)

    def __truediv__(self, other: object) -> float:
        # Compiled code divides directly only by what it knows is not zero.
        return _number(self) / _number(other)

    def __neg__(self) -> float:
        return -_number(self)

    def __lt__(self, other: object) -> bool:
        return _number(self) < _number(other)

    def __le__(self, other: object) -> bool:
        return _number(self) <= _number(other)

    def __gt__(self, other: object) -> bool:
        return _number(self) > _number(other)

    def __ge__(self, other: object) -> bool:
        return _number(self) >= _number(other)


@final
class Null(_Missing):
    __slots__ = ()

    def __repr__(self) -> str:
        return "null"


@final
class Absent(_Missing):
    __slots__ = ()

    def __repr__(self) -> str:
        return "absent"


# Python reads the code of a codec from its files when it is first asked for: now, and not during a run.
codecs.lookup("utf-16-le")

NULL: Final = Null()
ABSENT: Final = Absent()


def to_code_units(text: str) -> str:
    """`text` with every character above U+FFFF as two surrogates."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    return "".join(
        chr(unit) for unit in memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H").tolist()
    )


def from_code_units(text: str) -> str:
    """The reverse of `to_code_units`; half a pair becomes U+FFFD, since JSON in UTF-8 cannot carry it."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Record(dict[str, object]):
    """An object of a structure, as inputs bring it: a run may assign any of its fields, absent ones too."""

    __slots__ = ()

    fields: ClassVar[frozenset[str]] = frozenset()


def record_class(fields: Iterable[str]) -> type[Record]:
    """The class of the objects of one structure."""
    return type("Record", (Record,), {"__slots__": (), "fields": frozenset(fields)})
