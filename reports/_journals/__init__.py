"""Journals for other programs: one file a format, ending in ``FORMAT = Format(...)``, that writes a Journal down."""
