"""The vendor's Organizations API, version 1: deprecated, and still called by many scripts (contract 3, 4)."""
