"""Guildhall: an organization directory of your own that speaks Atlassian's Organizations REST API."""

__version__ = "0.1.0"
