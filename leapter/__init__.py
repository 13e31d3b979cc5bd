"""Leapter, self-hosted."""
