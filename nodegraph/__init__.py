"""Node-graph pipelines for animators: declare, run and trace image work.

All that a node's author needs is imported from here.
"""

import os

from nodegraph.context import Cancelled, Context, Held
from nodegraph.node import (
    Choice,
    Color,
    File,
    FromShot,
    MissingError,
    NodeType,
    NodeTypeError,
    Number,
    Port,
    Role,
    SettingError,
    Slider,
    Text,
    Toggle,
    node,
)
from nodegraph.values import Encoded, Identity, Image, Mask, Portrait

# onnxruntime would keep an id of the machine and send what is run to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "Cancelled",
    "Choice",
    "Color",
    "Context",
    "Encoded",
    "File",
    "FromShot",
    "Held",
    "Identity",
    "Image",
    "Mask",
    "MissingError",
    "NodeType",
    "NodeTypeError",
    "Number",
    "Port",
    "Portrait",
    "Role",
    "SettingError",
    "Slider",
    "Text",
    "Toggle",
    "node",
]
