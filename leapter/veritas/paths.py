"""Paths of values inside a value, as in `items[3].price`."""

_MOST_SHOWN = 200


def shown_name(name: str) -> str:
    """A name of a source as a path shows it: whole, unless it is absurdly long."""
    return name if len(name) <= _MOST_SHOWN else name[: _MOST_SHOWN - 1] + "…"


def member_path(path: str, key: str) -> str:
    """The path of a member: `rates.eu`, or `rates["e.u"]` where the key is not a name."""
    # A path is made for every element below: a key of a million characters must not be copied each time.
    shown = key if len(key) <= 60 else key[:59] + "…"
    return f"{path}.{shown}" if key.isidentifier() else f'{path}["{shown}"]'
