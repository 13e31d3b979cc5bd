"""What other languages call a function, an operator or a statement, and what to write here."""

from leapter.veritas.types import WORDS

_LOOP = "a loop: for (var x in list) { … }"
INSTEAD: dict[str, str] = {
    "map": _LOOP + " that pushes to a new list",
    "filter": _LOOP + " with choose { if (…) { kept.push(x); } }",
    "forEach": _LOOP,
    "reduce": _LOOP + ", or sum(list)",
    "reduceRight": _LOOP,
    "some": _LOOP + " with break, or contains(list, value)",
    "every": _LOOP + " with break",
    "find": "find(list, field, value)",
    "findIndex": _LOOP + ", or list.indexOf(value)",
    "findLast": _LOOP,
    "flatMap": _LOOP,
    "flat": _LOOP + " with concat",
    "includes": "contains(list, value) for lists, text.indexOf(part) >= 0 for text",
    "contains": "contains(list, value)",
    "sort": 'sort(list, "ascending")',
    "sum": "sum(list)",
    "min": "min(list)",
    "max": "max(list)",
    "round": "round(n, decimals)",
    "shift": "list.splice(0, 1)",
    "unshift": "list.splice(0, 0, x)",
    "append": "list.push(x)",
    "add": "list.push(x)",
    "remove": "list.splice(position, 1)",
    "lastIndexOf": _LOOP + ", or indexOf",
    "at": "list[i]",
    "fill": _LOOP,
    "keys": "the fields by name",
    "size": "length",
    "count": "length",
    "len": "length",
    "startsWith": "text.indexOf(part) === 0",
    "endsWith": "text.slice(-n) === part",
    "substr": "text.substring(start, end) or text.slice(start, end)",
    "replaceAll": "text.split(old).join(new)",
    "padStart": "a while loop that adds characters",
    "padEnd": "a while loop that adds characters",
    "repeat": "a while loop that adds characters",
    "trimStart": "text.trim()",
    "trimEnd": "text.trim()",
    "strip": "text.trim()",
    "lower": "text.toLowerCase()",
    "upper": "text.toUpperCase()",
    "toString": '"" + value',
    "toPrecision": "n.toFixed(decimals)",
    "match": "indexOf, slice or split",
    "search": "text.indexOf(part)",
    "test": "text.indexOf(part) >= 0",
    "charCodeAt": "text.charAt(position)",
    "hasOwnProperty": "object.field != absent",
    "parseInt": "+text for a number, Math.floor to cut it",
    "parseFloat": "+text",
    "Number": "+text",
    "String": '"" + value',
    "Boolean": "!!value",
    "isNaN": "x !== x, which is true for NaN only",
    "len_": "list.length",
    "abs": "Math.abs(n)",
    "floor": "Math.floor(n)",
    "ceil": "Math.ceil(n)",
    "pow": "Math.pow(base, exponent)",
    "sqrt": "Math.sqrt(n)",
    "if_null": "if_absent(value, fallback)",
    "coalesce": "if_absent(value, fallback)",
    "trunc": "Math.floor(n) or Math.ceil(n)",
    "sign": "n > 0 ? 1 : n < 0 ? -1 : 0",
    "print": "an output: assign to it what is to be seen",
    "random": "nothing: a Blueprint is deterministic, so pass the value as an input",
    "IF": "condition ? value : other",
    "If": "condition ? value : other",
    "iif": "condition ? value : other",
    "error": 'throw "what is wrong"',
    "getFullYear": "year_of(date)",
    "getYear": "year_of(date)",
    "getMonth": "month_of(date)",
    "getDate": "day_of(date)",
    "getDay": "day_of(date)",
    "getTime": "days_between(a, b)",
    "date_diff": "days_between(a, b)",
    "add_days": 'add_duration(date, "P1D")',
    "range": "for (i = 0; i < n; i += 1) { … }",
    "log": "an output: assign to it what is to be seen",
    "now": "an input: a Blueprint has no clock",
}

# Names that other languages have without a declaration, and what to write here.
FOREIGN_NAMES: dict[str, str] = {
    "undefined": "Write absent or null.",
    "nil": "Write absent or null.",
    "None": "Write absent or null.",
    "none": "Write absent or null.",
    "empty": "Write absent or null.",
    "yes": "Write true.",
    "no": "Write false.",
    "NaN": "Test with x !== x, which is true for NaN only.",
    "Infinity": "Write 1 / 0.",
    "console": "Assign what is to be seen to an output.",
    "Date": "Take the date as an input; a date is a text such as 2026-01-31.",
    "Object": "Write an object: {…}",
    "Array": "Write a list: [].",
    "JSON": "Inputs and outputs are JSON already.",
    "Number": "Write +text for the number in a text.",
    "String": 'Write "" + value for a text.',
    "this": "Names stand alone, without `this`.",
    "self": "Names stand alone, without `self`.",
    "math": "Write Math.",
    "arguments": "Inputs are used by their names.",
}

# Words that other languages have in expressions.
FOREIGN_WORDS = {
    "new": "Write a literal: [] or {…}.",
    "typeof": "The type of every input and local is declared; nothing needs to ask for it.",
    "delete": "Assign null instead.",
    "void": "Write absent.",
    "await": "Nothing here has to be waited for.",
    "NOT": "Write not",
    "Not": "Write not",
}
# Operators of other languages: what to write, and the operator that the rest is read with.
FOREIGN_OPERATORS = {
    "&": ("Write and, or + to join texts.", "&&"),
    "|": ("Write or", "||"),
    "^": ("Write Math.pow(base, exponent) for a power, isnt for “either, not both”.", "*"),
    "in": ("Write contains(list, value)", "==="),
    "mod": ("Write %", "%"),
    "div": ("Write Math.floor(a / b)", "/"),
    "xor": ("Write isnt", "!=="),
    "equals": ("Write is", "==="),
    "between": ("Write x >= a and x <= b", ">="),
    "instanceof": ("The type of every input and local is declared; nothing needs to ask for it.", "==="),
    "AND": ("Write and", "&&"),
    "OR": ("Write or", "||"),
    "IS": ("Write is", "==="),
    "ISNT": ("Write isnt", "!=="),
    "MOD": ("Write %", "%"),
    "And": ("Write and", "&&"),
    "Or": ("Write or", "||"),
    "Is": ("Write is", "==="),
}
# The same, for two signs that stand side by side.
FOREIGN_PAIRS = {
    "**": ("Write Math.pow(base, exponent)", "*"),
    "<>": ("Write isnt", "!=="),
    "=<": ("Write <= for “less or equal”.", "<="),
    "??": ("Write if_absent(value, fallback)", "||"),
    "not in": ("Write !contains(list, value)", "==="),
}
FOREIGN_STARTS = frozenset(("&", "|", "^", "in", "name", "*", "<", "=", "?", "not"))

# Words that begin statements in other languages, and what to write here.
FOREIGN_STATEMENTS = {
    "switch": "Write choose { if (…) { … } else { … } }, or a decision table: decide first.",
    "do": "Write while (…) { … }.",
    "try": "There is nothing to catch: test with choose first.",
    "foreach": "Write for (var x in list) { … }",
    "until": "Write while (!(…)) { … }.",
    "unless": "Write choose { if (!(…)) { … } }.",
    "loop": "Write while (…) { … }.",
    "repeat": "Write while (…) { … }.",
    "import": "A Blueprint is called by its call identifier; nothing is imported.",
    "export": "Nothing is exported: the outputs are the result.",
    "class": "Use an object {…} or a list.",
    "def": "A function is declared with the word function, before the Blueprint's.",
    "set": "Write x = …",
    "print": "Assign what is to be seen to an output.",
    "call": "Write the call alone: list.push(x);",
    "assert": 'Write choose { if (!(…)) { throw "…"; } }.',
    "raise": "Write throw.",
}
# What to write for words that begin or end statements in other languages.
STATEMENTS_INSTEAD = {
    "if": "choose { if (…) { … } else { … } }",
    "else": "choose { if (…) { … } else { … } }",
    "for": "for (var x in list) { … }",
    "while": "while (…) { … }",
    "end": "A block ends with }.",
    "case": "choose { if (…) { … } else { … } }",
    "when": "choose { if (…) { … } else { … } }",
}
# Blocks that go with the statement before them: `try { } catch (e) { }`, `do { } while (c)`.
FOLLOWERS = {"try": ("catch", "finally"), "do": ("while",)}
# Words that are the language's own but for their case, and what may follow them.
MISWRITTEN = {
    "function": ("name",),
    "var": ("name",),
    "if": ("(",),
    "else": ("{", "if"),
    "for": ("(",),
    "while": ("(",),
    "throw": ("string", "name"),
    "return": (";", "}"),
    "break": (";", "}"),
    "continue": (";", "}"),
    "choose": ("{",),
    "section": ("string",),
    "decide": ("name",),
}
FUNCTION_WORDS = frozenset(("func", "def", "fn", "fun", "sub", "procedure", "proc"))
# Words that other languages write before `function`.
MODIFIERS = frozenset(("export", "async", "public", "private", "static", "default"))
# Words that other languages declare a local with.
DECLARING = (
    frozenset(("let", "const", "int", "float", "double", "bool", "str", "auto", "val", "dim", "String"))
    | WORDS.keys()
)
