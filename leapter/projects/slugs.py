"""Slugs: the names that Blueprints have in files and addresses."""

import re
import unicodedata

MAX_SLUG_CHARACTERS = 100


def slug_of(text: str) -> str:
    """Turn `text` into a slug: lower-case ASCII letters and digits, joined by hyphens; "" if none is left.

    A slug comes back unchanged.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_SLUG_CHARACTERS].strip("-")


def title_of(slug: str) -> str:
    """A name to read for a slug: "late-fee" is "Late fee"."""
    return slug.replace("-", " ").capitalize()
