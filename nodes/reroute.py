"""A bend in a wire."""

from typing import Any

from nodegraph import Role, node


@node("Input", role=Role.PASS)
def reroute(value: Any) -> Any:
    """Give its input as it is: a bend to lead a wire around other nodes."""
    return value
