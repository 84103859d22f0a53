"""Requests read into structs: queries, bodies, preferences."""
