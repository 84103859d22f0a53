"""The wires that speak JSON to programs."""
