"""How things are kept: all SQL of the program, one module per subject, one text for both engines."""
