"""The floor that the server is measured against: bare Flask, which gives back the JSON that it was sent."""

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/echo")
def echo() -> Response:
    """Give the body back."""
    return jsonify(request.get_json())
