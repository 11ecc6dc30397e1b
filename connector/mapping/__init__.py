"""The mapping language: what a target's record should look like for an incident, said in YAML by the customer.

    text ─► document (shape) ─► compose (with what it extends) ─► compile (meaning) ─► check, joint, examples
         ─► CompiledMapping.apply(snapshot, old)

Pure: no clock, chance, network, database, logging or event loop, so that a record is a function of the incident, the
previous revision and the route's vars, and of nothing else.
"""

from connector.mapping.compile import load_mapping
from connector.mapping.compiled import CompiledMapping
from connector.mapping.compose import SHIPPED, Bases
from connector.mapping.examples import Difference, ExampleResult, run_examples

__all__ = [
    "SHIPPED",
    "Bases",
    "CompiledMapping",
    "Difference",
    "ExampleResult",
    "load_mapping",
    "run_examples",
]
