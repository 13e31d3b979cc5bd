"""What the record of a run says of the error that ended it."""

import re

from leapter import veritas

MAX_CHARACTERS = 2_000

_WHAT_HAPPENED: dict[type[veritas.RunError], str] = {
    veritas.BlueprintThrown: "The Blueprint refused",
    veritas.LimitExceeded: "A limit of runs was reached",
    veritas.OperationFailed: "The Blueprint failed",
}


def recorded_message(error: veritas.RunError, signature: veritas.Signature, *, keeps_data: bool) -> str:
    """The sentence to store for `error`, at most `MAX_CHARACTERS` long and such that any database takes it.

    A message may quote the caller's values, and so may the path of a fault: a key of a map, the name of an
    input that does not exist. Without `keeps_data` only what stands in the Blueprint itself is stored.
    """
    if keeps_data:
        return storable(sentence(error))
    if isinstance(error, veritas.InputError):
        return storable(_inputs(error, signature))
    where = "" if error.node is None else f" at {_place(error.node)}"
    if error.node is not None and error.calls:
        where += f" of {error.node.blueprint}"
    what = next(
        (words for kind, words in _WHAT_HAPPENED.items() if isinstance(error, kind)), "The run failed"
    )
    return storable(f"{what}{where}.")


def sentence(error: veritas.RunError) -> str:
    """What a caller is told: the message, and the Blueprint where it happened if that is another one.

    What a Blueprint throws are words for the caller, and stays as it is.
    """
    if error.node is None or not error.calls or isinstance(error, veritas.BlueprintThrown):
        return error.message
    return f"{error.message} It happened in the Blueprint `{error.node.blueprint}`, {_place(error.node)}."


def _place(node: veritas.Node) -> str:
    return f"“{node.label}”, line {node.line}" if node.label else f"line {node.line}"


def storable(text: str) -> str:
    """`text` without what PostgreSQL does not store (NUL) or no driver takes (half a surrogate pair), cut."""
    text = text[:MAX_CHARACTERS].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode("utf-8")


def _inputs(error: veritas.InputError, signature: veritas.Signature) -> str:
    declared = {parameter.name for parameter in signature.inputs}
    roots = [re.split(r"[.\[]", fault.path, maxsplit=1)[0] for fault in error.faults]
    # A dict, since it keeps the order; an input may have many faults.
    shown = [f"`{name}`" for name in dict.fromkeys(roots) if name in declared]
    if any(name not in declared for name in roots):
        shown.append("names that are no inputs of this Blueprint")
    return f"Inputs do not fit: {', '.join(shown)}."
