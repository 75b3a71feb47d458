"""One file a venue or format, ending in SOURCE. What begins with an underscore is shared and is no source.

A source that asks over a network does so through ``_http``, the one guarded way out.
"""
