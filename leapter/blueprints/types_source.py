"""What a first types document may look like."""

STARTER_SOURCE = """\
// A list of allowed values: whoever sends another one is told which there are.
define Tier "How loyal a customer is" as _text constrained_to ["basic", "silver", "gold"]

// A number that is shown as money.
@format: "currency" @currency: "EUR" @fractionDigits: 2
define Euro "An amount of money" as number

// An object with named fields. A question mark makes a field optional.
define Customer "Who buys" {
    name: _text "Full name"
    tier: Tier "Loyalty tier"
    turnover: Euro "Bought in the last twelve months"
    birth_date: date? "Date of birth"
}
"""
