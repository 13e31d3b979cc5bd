"""How values are written for people, as the annotations of the types document wish it.

`@format` is "currency", "percent" or "number", `@currency` the currency's code, `@fractionDigits` how many
decimals there are.
A run and its answer know nothing of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal, TypeGuard

from leapter import veritas

_MEANT = frozenset({"format", "currency", "fractionDigits"})
_MAX_DIGITS = 10
# Every double, written out, fits into it.
_PRECISE = Context(prec=400)
_MAX_CURRENCY_CHARACTERS = 8
_KINDS: dict[str, Literal["currency", "percent", "number"]] = {
    "currency": "currency",
    "percent": "percent",
    "number": "number",
    "decimal": "number",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DisplayFormat:
    """`digits` behind the point; None shows as many as there are, two at least for money."""

    kind: Literal["currency", "percent", "number"]
    currency: str
    digits: int | None

    @property
    def words(self) -> str:
        """The format in words: "money in EUR, with 2 decimals"."""
        what = {"currency": "money", "percent": "percentage", "number": "number"}[self.kind]
        if self.currency:
            what += f" in {self.currency}"
        if self.digits is None:
            return what
        return f"{what}, with {self.digits or 'no'} {'decimal' if self.digits == 1 else 'decimals'}"

    def write(self, value: float) -> str:
        """A number as people read it: "1,234.50 EUR"."""
        # By the shortest decimal that stands for it: 1.005 is to become 1.01, as people would round it.
        number = Decimal(repr(value)) * (100 if self.kind == "percent" else 1)
        digits = self.digits
        if digits is None:
            present = max(-int(number.normalize().as_tuple().exponent), 0)
            digits = min(max(present, 2) if self.kind == "currency" else present, _MAX_DIGITS)
        text = f"{number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _PRECISE):,f}"
        return f"{text} {'%' if self.kind == 'percent' else self.currency}".rstrip()


def format_of(annotations: Mapping[str, object]) -> DisplayFormat | None:
    """The display format that annotations ask for; one that is not known here is none."""
    kind = _kind(annotations.get("format", "currency" if "currency" in annotations else "number"))
    if kind is None or not _MEANT & annotations.keys():
        return None
    currency = annotations.get("currency")
    digits = annotations.get("fractionDigits")
    return DisplayFormat(
        kind=kind,
        currency=currency if isinstance(currency, str) and len(currency) <= _MAX_CURRENCY_CHARACTERS else "",
        digits=int(digits) if _is_count(digits) else None,
    )


def display_words(annotations: Mapping[str, object]) -> str:
    """How a value is shown: "money in EUR, with 2 decimals"; those that mean nothing here as written."""
    shown = format_of(annotations)
    left = annotations.keys() - (_MEANT if shown else ())
    others = [f"{name}: {annotations[name]}" for name in annotations if name in left]
    return ", ".join([shown.words, *others] if shown else others)


def find_format(declared: veritas.Type, types: veritas.Types) -> DisplayFormat | None:
    """The display format of a type: its own, or that of the alias that it is made from."""
    while isinstance(definition := types.definitions.get(declared.name), veritas.Alias):
        found = format_of(definition.annotations)
        if found is not None:
            return found
        declared = definition.base
    return DisplayFormat(kind="percent", currency="", digits=None) if declared.kind == "percent" else None


def _is_count(digits: object) -> TypeGuard[float]:
    if not isinstance(digits, int | float) or isinstance(digits, bool):
        return False
    return 0 <= digits <= _MAX_DIGITS and digits == int(digits)


def _kind(word: object) -> Literal["currency", "percent", "number"] | None:
    return _KINDS.get(word) if isinstance(word, str) else None
