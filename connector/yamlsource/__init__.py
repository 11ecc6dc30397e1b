"""YAML as engineers mean it: YAML 1.2 scalars, every key once, and a line and column for each complaint.

PyYAML composes the nodes, because they know where they stand, and this package gives them meaning: YAML 1.1 turns
`no`, `on` and `0123` into other things than what was typed, silently keeps the last of two equal keys, and expands
aliases without bound. Here such words stay text, equal keys are refused, and so are anchors, aliases and tags.
"""

from connector.yamlsource.document import MAX_BYTES, Document, Path, load
from connector.yamlsource.parts import Part
from connector.yamlsource.secrecy import sounds_secret
from connector.yamlsource.validation import nearest, problems_of, validate

__all__ = [
    "MAX_BYTES",
    "Document",
    "Part",
    "Path",
    "load",
    "nearest",
    "problems_of",
    "sounds_secret",
    "validate",
]
