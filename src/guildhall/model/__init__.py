"""What things are: frozen structs, enums, ids and the error family. No input or output."""
