"""The source that a new Blueprint starts from."""

TEMPLATE_SOURCE = '''\
//* Discount
"""What a customer saves on an order. Make it a rule of your own; every line has a label."""
function discount(
    //* Total of the order
    total: number,
    //* Level of the customer
    level: type _text choice ["regular", "gold"] = "regular"
) ->
    //* Amount saved
    saved: type number = 0
{
    //* Does the customer get a discount?
    choose {
        //* Gold customers always do
        if (level is "gold") {
            //* Ten percent
            saved = round(total * 0.1, 2);
        }
        //* Others do on large orders
        if (total >= 100) {
            //* Five percent
            saved = round(total * 0.05, 2);
        }
    }
}
'''
