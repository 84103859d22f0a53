"""Who calls, from where, and what browsers may."""
