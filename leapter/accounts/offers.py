"""What a new server offers its first person to begin with.

This capability may not know the ones above it, so they put their offers into `app.extensions[OFFERS]` in
their `init_app`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from leapter.accounts.access import Actor

OFFERS = "leapter_first_run_offers"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One thing to begin with; `accept` gives it to the person, and raises a LeapterError if it cannot."""

    name: str
    label: str
    description: str
    accept: Callable[[Actor], object]
