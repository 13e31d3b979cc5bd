"""The signs and built-ins of expressions, in words."""

from collections.abc import Iterable

# By what an `ExpressionReader` meets: the way it is written, and what it means.
_NOTATION: dict[str, tuple[str, str]] = {
    "string": ('"a"', "a text: what is between the quotes, letter by letter"),
    "duration": ('"P1Y6M"', "a duration: 1 year and 6 months; P14D is 14 days, PT8H is 8 hours"),
    "true": ("true, false", "yes, no; below a condition at the head of a table: it holds, it does not"),
    "any": ("any", "in a table: every value fits"),
    "is": ("a is b", 'a equals b, in kind too: 1 is "1" does not hold'),
    "isnt": ("a isnt b", 'a does not equal b, or is of another kind: 1 isnt "1" holds'),
    "+": ('"a" + b', "joins texts: b behind a; a number is joined as its digits"),
    "%": ("a % b", "what is left over when a is divided by b"),
    "?": ("a ? b : c", "b where a holds, otherwise c"),
    "==": ("a == b", 'a equals b, where a text may stand for a number: 1 == "1" holds'),
    "!=": ("a != b", "the opposite of a == b"),
    "+=": ("a += b", "adds b to a, or appends it to a text"),
    "-=": ("a -= b", "takes b off a"),
    "*=": ("a *= b", "multiplies a by b"),
    "/=": ("a /= b", "divides a by b"),
    "%=": ("a %= b", "makes a what is left over when it is divided by b"),
    "[i]": ("a[i]", "the element of the list a at place i, or the field of that name; the first place is 0"),
    "null": ("null", "a value that is empty on purpose"),
    "absent": ("absent", "no value at all"),
    "round()": ("round(a, n)", "a to n decimals (to none without n); halves away from zero"),
    "sum()": ("sum(list)", "all numbers of the list added up; absent ones are skipped"),
    "min()": ("min(list)", "the smallest number of the list"),
    "min(,)": ("min(list, b)", "the smallest number of the list, or b where the list is empty"),
    "max()": ("max(list)", "the largest number of the list"),
    "max(,)": ("max(list, b)", "the largest number of the list, or b where the list is empty"),
    "sort()": ("sort(list, order)", "the list in ascending or descending order"),
    "find()": ("find(list, field, value)", "the first record whose field has this value, or null"),
    "contains()": ("contains(list, a)", "whether a is in the list"),
    "if_absent()": ("if_absent(a, b)", "a, or b where a is absent"),
    "is_before()": ("is_before(a, b)", "whether the date a is earlier than b"),
    "is_after()": ("is_after(a, b)", "whether the date a is later than b"),
    "is_same_date()": ("is_same_date(a, b)", "whether a and b are the same date"),
    "days_between()": ("days_between(a, b)", "the days from a to b; negative where b is earlier"),
    "add_duration()": ("add_duration(a, d)", "the date a plus a duration, such as P1M for a month"),
    "subtract_duration()": ("subtract_duration(a, d)", "the date a minus a duration, such as P1M"),
    "year_of()": ("year_of(a)", "the year of the date a"),
    "month_of()": ("month_of(a)", "the month of the date a, 1 to 12"),
    "day_of()": ("day_of(a)", "the day of the month of the date a"),
    ".round": ("Math.round(a)", "a to the nearest whole number; halves up"),
    ".floor": ("Math.floor(a)", "a rounded down to a whole number"),
    ".ceil": ("Math.ceil(a)", "a rounded up to a whole number"),
    ".abs": ("Math.abs(a)", "a without its sign"),
    ".min": ("Math.min(a, b, …)", "the smallest of the numbers"),
    ".max": ("Math.max(a, b, …)", "the largest of the numbers"),
    ".pow": ("Math.pow(a, b)", "a to the power of b"),
    ".sqrt": ("Math.sqrt(a)", "the square root of a"),
    ".length": ("a.length", "how many elements the list a has, or characters the text a"),
    ".push": ("list.push(a)", "appends a to the list"),
    ".pop": ("list.pop()", "takes the last element off the list, and gives it"),
    ".indexOf": ("a.indexOf(b)", "the place of b in a; the first place is 0, and −1 means none"),
    ".slice": ("a.slice(i, j)", "the part of the list or text a from place i up to, and without, place j"),
    ".splice": ("list.splice(i, n, …)", "takes n elements off the list at place i, and puts others there"),
    ".reverse": ("list.reverse()", "turns the order of the list round"),
    ".join": ("list.join(b)", "the elements of the list as one text, with b between them"),
    ".concat": ("list.concat(b)", "the list with b, or the elements of b, behind it"),
    ".substring": ("a.substring(i, j)", "the part of the text a from place i up to, and without, place j"),
    ".charAt": ("a.charAt(i)", "the character of the text a at place i; the first place is 0"),
    ".toLowerCase": ("a.toLowerCase()", "the text a in small letters"),
    ".toUpperCase": ("a.toUpperCase()", "the text a in capitals"),
    ".trim": ("a.trim()", "the text a without spaces at its ends"),
    ".split": ("a.split(b)", "the parts of the text a between each b, as a list"),
    ".replace": ("a.replace(b, c)", "the text a with the first b in it replaced by c"),
    ".toFixed": ("a.toFixed(n)", "the number a as a text with n decimals"),
}  # fmt: skip

BUILT_INS = frozenset(name.removesuffix("()") for name in _NOTATION if name.endswith("()"))


def explained(met: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """What was met and needs a word: pairs of how it is written and what it means, always in one order."""
    known = set(met)
    return tuple(pair for name, pair in _NOTATION.items() if name in known)
