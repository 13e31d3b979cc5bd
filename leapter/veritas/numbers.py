"""The number model: IEEE doubles, read and written as ECMAScript reads and writes them."""

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

# What ECMAScript 5 counts as white space and line ends (§7.2, §7.3).
WHITE_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

# Each character can be read in one way only; else a long text that is nearly a number would be tried over
# and over.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")
_INFINITY = {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}
# Room for the exact digits of any double (767 significant ones) and for 400 places.
_EXACT = Context(prec=1200)
_NO_FRACTIONS = 1.5 * 2.0**52


def number_to_text(value: float) -> str:
    """The shortest text that reads back as `value`, in the form of ECMAScript 5 §9.8.1."""
    if math.isnan(value):
        return "NaN"
    if -1e15 < value < 1e15:
        whole = int(value)
        if whole == value:
            return str(whole)
    elif value in (math.inf, -math.inf):
        return "Infinity" if value > 0 else "-Infinity"
    sign, digits, written_exponent = Decimal(repr(value)).as_tuple()
    exponent = int(written_exponent)
    text = "".join(map(str, digits)).rstrip("0")
    exponent += len(digits) - len(text)
    count = len(text)
    point = count + exponent  # the decimal point stands behind this many digits
    if count <= point <= 21:
        text += "0" * (point - count)
    elif 0 < point <= 21:
        text = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        power = point - 1
        mantissa = text if count == 1 else f"{text[0]}.{text[1:]}"
        text = f"{mantissa}e{'+' if power >= 0 else '-'}{abs(power)}"
    return f"-{text}" if sign else text


class SpelledNumber(float):
    """A double that writers of JSON spell otherwise than ECMAScript does, as 1e20 or 0.000001. To all else it
    is the float that it is; who writes JSON takes `number_to_text` for it.
    """

    __slots__ = ()


def json_number(value: float) -> float:
    """A finite double as it goes into JSON: an int where it is whole and has no more than 63 bits, a
    SpelledNumber where writers of JSON need to be told how to spell it.
    """
    if -9007199254740992.0 <= value <= 9007199254740992.0:
        return int(value) if value.is_integer() else fraction(value)
    size = abs(value)
    # ECMAScript writes up to 21 digits, the last of them zeros; JSON writers take whole numbers of 63 bits.
    if size < 2.0**63:
        return int(number_to_text(value))
    return SpelledNumber(value) if size < 1e21 else value


def fraction(value: float) -> float:
    """`json_number` of a number that is not whole."""
    return SpelledNumber(value) if 1e-6 <= abs(value) < 1e-5 else value


def spelled(value: object) -> object:
    """JSON that was read back, with its numbers as `json_number` gives them."""
    if type(value) is float:
        return json_number(value)
    if isinstance(value, list):
        return [spelled(element) for element in value]
    if isinstance(value, dict):
        return {name: spelled(member) for name, member in value.items()}
    return value


def text_to_number(text: str) -> float:
    """`Number(text)` of ECMAScript 5 §9.3.1: blank text is 0, what is not a number is NaN."""
    stripped = text.strip(WHITE_SPACE)
    if not stripped:
        return 0.0
    if _DECIMAL.fullmatch(stripped):
        return float(stripped)
    if stripped in _INFINITY:
        return _INFINITY[stripped]
    if _HEXADECIMAL.fullmatch(stripped):
        # 2**1024 and more is infinite; the int of a very long text would be slow to make.
        return float(int(stripped, 16)) if len(stripped.lstrip("0xX")) < 256 else math.inf
    return math.nan


def to_integer(value: float) -> float:
    """ES5 §9.4 ToInteger: NaN is 0, the rest is cut towards zero; infinities stay."""
    if math.isnan(value):
        return 0.0
    if value in (math.inf, -math.inf):
        return value
    return float(math.trunc(value))


def to_unsigned(value: float) -> int:
    """ES5 §9.6 ToUint32: cut towards zero, then what is left over by 2**32; what is not finite is 0."""
    return math.trunc(value) % 4294967296 if value - value == 0 else 0


def modulo(left: float, right: float) -> float:
    """`left % right`: the sign is that of `left`."""
    if right == 0 or left in (math.inf, -math.inf):
        return math.nan
    return math.fmod(left, right)


def divide(left: float, right: float) -> float:
    if right:
        return left / right
    if math.isnan(right) or math.isnan(left) or left == 0:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def power(base: float, exponent: float) -> float:
    """`Math.pow` of ES5 §15.8.2.13, which differs from C for a base of ±1 with an infinite or NaN
    exponent.
    """
    if exponent == 0:
        return 1.0
    if math.isnan(exponent) or (abs(base) == 1 and exponent in (math.inf, -math.inf)):
        return math.nan
    try:
        return math.pow(base, exponent)
    except OverflowError:
        odd = math.fmod(exponent, 2) in (1.0, -1.0)
        return -math.inf if base < 0 and odd else math.inf
    except ValueError:
        if base == 0:
            odd = math.fmod(exponent, 2) in (1.0, -1.0)
            return math.copysign(math.inf, base) if odd else math.inf
        return math.nan


def floor(value: float) -> float:
    if not -1e16 < value < 1e16:  # already integral, infinite or NaN
        return value
    return float(math.floor(value)) or math.copysign(0.0, value)


def ceiling(value: float) -> float:
    if not -1e16 < value < 1e16:
        return value
    return float(math.ceil(value)) or math.copysign(0.0, value)


def round_half_up(value: float) -> float:
    """`Math.round`: a half goes towards positive infinity, so -2.5 becomes -2."""
    if not -1e16 < value < 1e16:
        return value
    whole = math.floor(value)
    return float(whole + 1 if value - whole >= 0.5 else whole) or math.copysign(0.0, value)


def round_half_away(value: float, decimals: float) -> float:
    """`round(n, decimals)`: half away from zero, judged on the number as it is printed.

    1.005 is a little less than 1.005 as a double, yet everyone who sees it printed expects 1.01; so the
    decimal digits that are shown decide.
    """
    places = to_integer(decimals)
    if not -1e300 < value < 1e300 or places > 400:
        return value
    if places < -400:
        return 0.0
    places = int(places)
    if 0 <= places <= 6:
        # Far enough from a tie, binary arithmetic cannot go wrong: the product is off by less than 1e-6.
        scale = 10.0**places
        scaled = value * scale
        if -1e9 < scaled < 1e9:
            whole = round(scaled)
            if -0.49999 < scaled - whole < 0.49999:
                return whole / scale
    exact = Decimal(repr(value))
    exponent = int(exact.as_tuple().exponent)
    if exponent >= -places:
        return value
    # Adding 0 makes a negative zero plain.
    return float(exact.quantize(Decimal((0, (1,), -places)), ROUND_HALF_UP, _EXACT)) + 0.0


def round_scaled(value: float, scale: float, decimals: float) -> float:
    """`round_half_away` for 0 to 6 decimals that the compiler knows; `scale` is 10 to their power."""
    scaled = value * scale
    # Beyond 2**52 doubles have no fractions, so the sum is rounded: in a third of the time of `round`.
    whole = scaled + _NO_FRACTIONS - _NO_FRACTIONS
    if -0.49999 < scaled - whole < 0.49999 and -1e9 < scaled < 1e9:
        return whole / scale
    return round_half_away(value, decimals)


def to_fixed(value: float, decimals: int) -> str:
    """`Number.prototype.toFixed` (ES5 §15.7.4.5) for 0 to 100 decimals; exact, a half going up."""
    if not abs(value) < 1e21:
        return number_to_text(value)
    exact = Decimal(abs(value)).quantize(Decimal((0, (1,), -decimals)), ROUND_HALF_UP, _EXACT)
    text = f"{exact:f}"
    return f"-{text}" if value < 0 else text
