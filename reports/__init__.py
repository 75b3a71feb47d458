"""The reports: one file each, ending in ``REPORT = Report(...)``, that builds a Document from a period's Books.

A report knows no renderer and a renderer knows no report. What several reports show alike is built once, in _tables,
so that a workbook and a page never disagree.
"""
