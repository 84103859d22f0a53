"""The format of seed files: from text to structs, and back (docs/seed-files.md)."""
