"""A file of any form becomes rows that a door takes: a mapping is data, this is its parser.

The rules are told for people in `examples/README.md`.
"""

from writeoff.mapping.files import Broken, Row, read_rows
from writeoff.mapping.mapping import Form, Mapped, Mapping, Problem, map_file, read_mapping

__all__ = [
    "Broken",
    "Form",
    "Mapped",
    "Mapping",
    "Problem",
    "Row",
    "map_file",
    "read_mapping",
    "read_rows",
]
