"""What the user wants to keep."""

from typing import Any

from nodegraph import Role, node


@node("Output", role=Role.OUTPUT)
def output(value: Any, name: str = "") -> Any:
    """Mark its input, a picture or a mask, as a result: it is exported and becomes a take.

    name: part of the exported file's name, to tell several outputs of a graph apart;
        may stay empty where there is one.

    The file is lossless unless the picture comes from Convert or Compress: then their
    very bytes are written.
    """
    return value
