"""What follows from a change: counts, seats, grants, standings."""
