"""What may be done: all rules, as plain functions `(tx, caller, …) -> model`."""
