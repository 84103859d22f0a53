"""Checks, exports and folds of a whole database."""
