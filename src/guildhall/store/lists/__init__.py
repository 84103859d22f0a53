"""How filtered lists are read."""
