"""JSON files: their text to values, and where in the text a value stands."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

# A place in a JSON value: names of members and numbers of elements, from the outside in.
Path = tuple[str | int, ...]

# Lists and objects inside each other.
MAX_DEPTH = 100

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BOM = b"\xef\xbb\xbf"


class JsonFault(ValueError):  # noqa: N818 - it is what is wrong, not an error of the program
    """Text that is no JSON, or none that this product reads. `offset` counts characters."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


def decode(content: bytes) -> str:
    """The text of a JSON file, without a byte order mark. Raises JsonFault where it is not UTF-8."""
    content = content.removeprefix(_BOM)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = len(content[: error.start].decode("utf-8"))
        raise JsonFault(offset, "The file is not UTF-8 text.") from None


def parse(text: str) -> tuple[Any, bool]:
    """The value, and whether an object in it has a member twice (the last one counts).

    Raises JsonFault: it is not JSON, nested deeper than MAX_DEPTH, or holds a number past double precision or
    half a surrogate pair.
    """
    has_twins = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_twins
        made = dict(pairs)
        has_twins = has_twins or len(made) < len(pairs)
        return made

    try:
        value = json.loads(
            text, object_pairs_hook=members, parse_float=_float, parse_int=_int, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        raise JsonFault(error.pos, f"The text is not JSON: {_sentence(error.msg)}") from None
    except _NumberFault as fault:
        raise JsonFault(_place_of(text, fault.written), fault.message) from None
    except RecursionError:
        raise _too_deep() from None
    if _depth(value) > MAX_DEPTH:
        raise _too_deep()
    half = _SURROGATE.search(text)
    if half:
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise JsonFault(half.start(), "The text holds half a character: one surrogate.") from None
    return value, has_twins


def places(text: str) -> tuple[Mapping[Path, int], list[tuple[Path, int]]]:
    """Where each value of a JSON text that `parse` has read begins, and where members stand again."""
    found: dict[Path, int] = {}
    twins: list[tuple[Path, int]] = []
    stack: list[int | str] = []  # of each open list the number of the element, of each object the member
    kinds: list[str] = []
    is_name = False
    for match in _TOKEN.finditer(text):
        word, offset = match.group(), match.start()
        if word in "]}":
            kinds.pop()
            stack.pop()
            is_name = False
        elif word == ",":
            if kinds[-1] == "[":
                stack[-1] = int(stack[-1]) + 1
            is_name = kinds[-1] == "{"
        elif word == ":":
            is_name = False
        elif is_name:
            stack[-1] = json.loads(word)
            if tuple(stack) in found:
                twins.append((tuple(stack), offset))
        else:
            found[tuple(stack)] = offset
            if word in "[{":
                kinds.append(word)
                stack.append(0 if word == "[" else "")
                is_name = word == "{"
    return found, twins


class _NumberFault(ValueError):  # noqa: N818 - see JsonFault
    def __init__(self, written: str, message: str) -> None:
        super().__init__(message)
        self.written = written
        self.message = message


def _float(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise _NumberFault(written, "The number is too large; the largest that can be read is about 1.8e308.")
    return number


def _int(written: str) -> int:
    # More digits than a double can have: told here, since Python itself refuses some of them.
    if len(written) > 310 or math.isinf(float(written)):
        raise _NumberFault(written, "The number is too large; the largest that can be read is about 1.8e308.")
    return int(written)


def _constant(written: str) -> NoReturn:
    raise _NumberFault(written, f"{written} is not JSON.")


def _place_of(text: str, written: str) -> int:
    """Where a number stands: the first token that is it, which the same characters in a text are not."""
    return next(match.start() for match in _TOKEN.finditer(text) if match.group() == written)


def _depth(value: object) -> int:
    deepest = 0
    left: list[tuple[object, int]] = [(value, 1)]
    while left:
        one, depth = left.pop()
        deepest = max(deepest, depth)
        if isinstance(one, dict):
            left.extend((inner, depth + 1) for inner in one.values())
        elif isinstance(one, list):
            left.extend((inner, depth + 1) for inner in one)
    return deepest


def _too_deep() -> JsonFault:
    return JsonFault(0, f"The file is nested too deeply: {MAX_DEPTH} lists and objects inside each other.")


def _sentence(message: str) -> str:
    return f"{message[:1].lower()}{message[1:]}."
