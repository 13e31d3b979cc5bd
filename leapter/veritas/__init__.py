"""Veritas, the language Blueprints are written in. Standard library only."""
