"""The language of the program: numbers, rows, breaks, documents. Standard library only, no I/O, no clock."""
