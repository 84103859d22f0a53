"""The operations that the vendor has in version 1: some deprecated, some without a successor."""
