"""Applying a seed file to an organization, subject by subject; `operations.seed` is the way in."""
