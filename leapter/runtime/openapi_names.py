"""Names in an OpenAPI document that must differ from those that people gave their structures."""

import re
from collections.abc import Iterable


class Names:
    """Gives out names, none twice. What is alike to generators of code is the same: `A.b` and `a_B`.

    Args:
        taken: the names that are there already.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {_skeleton(name) for name in taken}

    def free(self, wanted: str) -> str:
        """`wanted`, or as many times `Leapter` before it as makes it differ from all others."""
        name = wanted
        while _skeleton(name) in self._taken:
            name = f"Leapter{name}"
        self._taken.add(_skeleton(name))
        return name


def _skeleton(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
