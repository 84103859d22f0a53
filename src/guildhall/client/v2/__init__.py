"""The operations of the current version of the vendor's API."""
