"""The vendor's Organizations API, version 2 (contract 2 and 4)."""
