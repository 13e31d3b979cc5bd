"""Paths of values inside a value, as in `items[3].price`."""


def member_path(path: str, key: str) -> str:
    """The path of a member: `rates.eu`, or `rates["e.u"]` where the key is not a name."""
    if key.isidentifier():
        return f"{path}.{key}"
    shown = key if len(key) <= 60 else key[:59] + "…"
    return f'{path}["{shown}"]'
