"""One price calculation, as a Blueprint of 40 statements and written by hand in Python."""

import math
from typing import Any

from leapter.veritas.numbers import round_half_away

SOURCE = '''\
//* Order Price
"""What an order costs: the goods with their discounts, the delivery, the tax, and what the customer pays."""
function order_price(
    //* Customer group
    customer: type _text choice ["new", "regular", "gold"],
    //* Country of delivery
    country: type _text choice ["DE", "AT", "CH"],
    //* Price of one piece (EUR)
    unit_price: number,
    //* Pieces
    quantity: number,
    //* Weights of the parcels (kg)
    weights: list of number,
    //* Coupon
    coupon: type _text = "",
    //* Express delivery?
    express: type boolean = false,
    //* Days until payment
    payment_days: type number = 14
) ->
    //* Goods after discounts (EUR)
    goods: type number = 0,
    //* Discounts together (EUR)
    discount: type number = 0,
    //* Delivery (EUR)
    delivery: type number = 0,
    //* Tax (EUR)
    tax: type number = 0,
    //* To pay (EUR)
    total: type number = 0,
    //* Price level
    level: type _text = "standard",
    //* Remarks for the invoice
    remarks: list of _text
{
    section "Goods" {
        //* List price and rates
        var list_price: number = round(unit_price * quantity, 2);
        //* Rates
        var quantity_rate: number = 0, customer_rate: number = 0, coupon_amount: number = 0;
        //* Discount for quantity
        choose {
            //* Large
            if (quantity >= 100) {
                //* Twelve per cent
                quantity_rate = 0.12;
                //* Say so
                level = "wholesale";
            }
            //* Medium
            if (quantity >= 20) {
                //* Five per cent
                quantity_rate = 0.05;
                //* Say so
                level = "volume";
            }
        }
        //* Discount of the group
        decide first
        | customer  | list_price >= 500 | -> customer_rate |
        | --------- | ----------------- | ---------------- |
        | "gold"    | true              | 0.08             |
        | "gold"    | any               | 0.05             |
        | "regular" | true              | 0.03             |
        | any       | any               | 0                |
        //* Coupon
        choose {
            //* Ten euros off, from a hundred on
            if (coupon is "TEN" and list_price >= 100) {
                //* Ten euros
                coupon_amount = 10;
                //* Remark
                remarks.push("Coupon TEN: 10 EUR off");
            }
            //* Half of the quantity discount again
            if (coupon is "MORE") {
                //* One and a half times
                quantity_rate = quantity_rate * 1.5;
            }
        }
        //* No more than fifteen per cent in all
        var rate: number = Math.min(quantity_rate + customer_rate, 0.15);
        //* All discounts
        discount = round(list_price * rate + coupon_amount, 2);
        //* What is left
        goods = round(list_price - discount, 2);
        //* A small order?
        choose {
            //* Under 25 EUR
            if (goods < 25) {
                //* Surcharge
                goods = goods + 5;
                //* Remark
                remarks.push("Surcharge for a small order: 5 EUR");
            }
        }
    }
    section "Delivery" {
        //* Sum of weights, and the price of a kilogram
        var weight: number = 0, per_kilogram: number, base: number;
        //* Every parcel
        for (var parcel in weights) {
            //* At least one kilogram each
            weight += Math.max(parcel, 1);
        }
        //* Started kilograms count whole
        weight = Math.ceil(weight);
        //* Tariff by country
        decide first
        | country | -> base | per_kilogram |
        | ------- | ------- | ------------ |
        | "DE"    | 3.9     | 0.45         |
        | "AT"    | 6.9     | 0.8          |
        | "CH"    | 12.5    | 1.6          |
        //* Base and weight
        delivery = base + weight * per_kilogram;
        //* Express?
        choose {
            //* Yes
            if (express) {
                //* Three quarters more
                delivery = delivery * 1.75;
                //* Remark
                remarks.push("Express");
            }
        }
        //* Free from 200 EUR within the country
        choose {
            //* Free
            if (country is "DE" and goods >= 200 and not express) {
                //* Nothing to pay
                delivery = 0;
                //* Remark
                remarks.push("Free delivery");
            }
            //* To the cent
            else {
                //* Round it
                delivery = round(delivery, 2);
            }
        }
    }
    section "Payment" {
        //* Tax rate
        var tax_rate: number = country is "CH" ? 0 : country is "AT" ? 0.2 : 0.19;
        //* Tax
        tax = round((goods + delivery) * tax_rate, 2);
        //* Together
        total = round(goods + delivery + tax, 2);
        //* Early payment
        choose {
            //* Within a week
            if (payment_days <= 7) {
                //* Two per cent off
                total = round(total * 0.98, 2);
                //* Remark
                remarks.push("2 % for early payment");
            }
        }
    }
}
'''

CASES: tuple[dict[str, Any], ...] = (
    {
        "customer": "gold",
        "country": "DE",
        "unit_price": 7.49,
        "quantity": 120,
        "weights": [4.2, 0.7, 12.5],
        "coupon": "TEN",
        "payment_days": 7,
    },
    {
        "customer": "regular",
        "country": "AT",
        "unit_price": 24.9,
        "quantity": 24,
        "weights": [3, 3.5],
        "coupon": "MORE",
        "express": True,
    },
    {"customer": "new", "country": "CH", "unit_price": 9, "quantity": 2, "weights": [1.25]},
)


def by_hand(inputs: dict[str, Any]) -> dict[str, Any]:
    """The same in plain Python, with no checks and no limits: the least that any way of running it must do.

    It takes and gives the same JSON, rounds as a Blueprint does, and gives whole numbers without a point.
    """
    customer = inputs["customer"]
    country = inputs["country"]
    quantity = inputs["quantity"]
    coupon = inputs.get("coupon", "")
    express = inputs.get("express", False)
    level = "standard"
    remarks = []

    list_price = _cents(inputs["unit_price"] * quantity)
    quantity_rate = 0.0
    coupon_amount = 0
    if quantity >= 100:
        quantity_rate = 0.12
        level = "wholesale"
    elif quantity >= 20:
        quantity_rate = 0.05
        level = "volume"
    if customer == "gold":
        customer_rate = 0.08 if list_price >= 500 else 0.05
    elif customer == "regular" and list_price >= 500:
        customer_rate = 0.03
    else:
        customer_rate = 0.0
    if coupon == "TEN" and list_price >= 100:
        coupon_amount = 10
        remarks.append("Coupon TEN: 10 EUR off")
    elif coupon == "MORE":
        quantity_rate *= 1.5
    discount = _cents(list_price * min(quantity_rate + customer_rate, 0.15) + coupon_amount)
    goods = _cents(list_price - discount)
    if goods < 25:
        goods += 5
        remarks.append("Surcharge for a small order: 5 EUR")

    weight = 0
    for parcel in inputs["weights"]:
        weight += max(parcel, 1)
    weight = math.ceil(weight)
    base, per_kilogram = _TARIFFS[country]
    delivery = base + weight * per_kilogram
    if express:
        delivery *= 1.75
        remarks.append("Express")
    if country == "DE" and goods >= 200 and not express:
        delivery = 0.0
        remarks.append("Free delivery")
    else:
        delivery = _cents(delivery)

    tax = _cents((goods + delivery) * _TAX_RATES[country])
    total = _cents(goods + delivery + tax)
    if inputs.get("payment_days", 14) <= 7:
        total = _cents(total * 0.98)
        remarks.append("2 % for early payment")
    return {
        "goods": _plain(goods),
        "discount": _plain(discount),
        "delivery": _plain(delivery),
        "tax": _plain(tax),
        "total": _plain(total),
        "level": level,
        "remarks": remarks,
    }


_TARIFFS = {"DE": (3.9, 0.45), "AT": (6.9, 0.8), "CH": (12.5, 1.6)}
_TAX_RATES = {"DE": 0.19, "AT": 0.2, "CH": 0.0}


def _cents(value: float) -> float:
    # The quick way unless the third decimal is near a tie, as in leapter.veritas.numbers.
    scaled = value * 100
    whole = round(scaled)
    if -0.49999 < scaled - whole < 0.49999:
        return whole / 100
    return round_half_away(value, 2)


def _plain(value: float) -> float:
    return int(value) if value.is_integer() else value
