"""Statements of checks, exports, seeds, folds and bulk loads."""
