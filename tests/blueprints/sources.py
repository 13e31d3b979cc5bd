"""Sources that tests store and run."""


def fee(label: str = "Late Fee", *, amount: str = "5", extra: str = "") -> str:
    """A Blueprint without inputs: `fee` is `amount`."""
    return f"""\
//* {label}
\"\"\"What is due.\"\"\"
function late_fee() ->
    //* Fee (EUR)
    fee: type number = 0
{{
    //* Set the fee
    fee = {amount};
{extra}}}
"""


BROKEN = fee(amount="unknown_name")

INPUTS = """\
//* Every Input
function every_input(
    //* Weight (kg)
    \"\"\"On the scale.\"\"\"
    weight: number,
    //* Note
    note: type _text,
    //* Remote?
    remote: type boolean,
    //* Zone
    zone: type _text choice ["eu", "world"],
    //* Level
    level: type number choice [1, 2.5] = 2.5,
    //* Prices
    prices: list of number,
    //* Names
    names: type list of _text = ["a", "b"],
    //* Greeting
    greeting: type _text = "hello"
) ->
    //* Total
    total: type number = 0,
    //* Text
    text: type _text
{
    //* Add it all up
    total = weight + sum(prices) + level;
    //* Does it fail?
    choose {
        //* On request
        if (note is "fail") {
            //* Say so
            throw "It was asked to fail.";
        }
        //* Otherwise
        if (note is "tell") {
            //* Put it all together
            text = zone + " " + names.join("+") + " " + greeting + " " + remote;
        }
    }
}
"""
