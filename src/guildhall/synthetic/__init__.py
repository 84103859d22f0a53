"""Synthetic organizations of any size: what they look like, and how they get into a database."""
