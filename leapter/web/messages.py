"""Messages about sources and runs as pages show them: what stands between backticks is code."""

import re

from flask import Flask
from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")
# What is to be done begins with a word of a sentence, or with a name that the sentence is about.
_SENTENCE = re.compile(r"`|[A-Z][a-z]*(?:[ ,:]|\.$)")


def with_code(text: object) -> Markup:
    """The text, escaped, with each `…` as code. Markup stays as it is."""
    if isinstance(text, Markup):
        return text
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(_CODE.split(str(text)))
    )


def shown_fix(fix: str) -> Markup:
    """What to do about a finding. A fix that is no sentence is code to write, and says so."""
    if _SENTENCE.match(fix):
        return with_code(fix)
    return Markup("Write: <code>{}</code>").format(fix)


def init_app(app: Flask) -> None:
    """Give templates the filters `with_code` and `shown_fix`."""
    app.jinja_env.filters.update(with_code=with_code, shown_fix=shown_fix)
