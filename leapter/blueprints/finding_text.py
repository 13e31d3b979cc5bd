"""Findings as the command line prints them."""

from collections.abc import Iterator

from leapter import veritas


def finding_lines(path: str, finding: veritas.Finding) -> Iterator[str]:
    """The finding with its place; below it, indented, the line of the source with a caret, and the fix.

    Args:
        path: the file that the finding is about.
    """
    yield f"{path}:{finding.line}:{finding.column}: {finding.severity}: {finding.message}"
    if finding.excerpt.split("\n", 1)[0].strip():
        yield from (f"    {line}".rstrip() for line in finding.excerpt.splitlines())
    if finding.fix:
        yield f"  Fix: {finding.fix}"
