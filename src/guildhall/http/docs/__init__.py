"""The published description of the API, and its page."""
