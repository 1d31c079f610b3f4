"""Settings given when queueing: for every shot, or for single ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from nodegraph.graph import Graph, Node
from nodegraph.lineage import Override, Shot
from nodegraph.node import NodeType, Port, SettingError
from nodegraph.plan import Digest, UnknownSettingError, decide
from nodegraph.preset import Preset
from nodegraph.shots import named_shot
from nodegraph.store import ProjectStore

Types = Mapping[str, NodeType]
Changes = dict[str, dict[str, dict[str, Any]]]
"""Settings of single shots, by shot and node."""


class Assignment(NamedTuple):
    """`--set NODE.SETTING[@SHOT]=VALUE`, as the user wrote it."""

    node: str
    setting: str
    shot: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "Assignment":
        """Read one; raises `UnknownSettingError` where it has another form."""
        place, equals, value = text.partition("=")
        place, _, shot = place.partition("@")
        node, dot, setting = place.rpartition(".")
        if not (equals and dot and node and setting):
            raise UnknownSettingError(
                f"{text!r} is no setting: write NODE.SETTING=VALUE"
            )
        return cls(node, setting, shot, value)


def assigned(graph: Graph, assignments: Sequence[Assignment], types: Types) -> Graph:
    """The graph with the settings that are given for every shot."""
    for each in assignments:
        if not each.shot:
            node = graph.named(each.node)
            graph = graph.set(node.id, **{each.setting: _typed(node, each, types)})
    return graph


def own_settings(
    preset: Preset,
    graph: Graph,
    types: Types,
    assignments: Sequence[Assignment],
    shots: Sequence[Shot],
    store: ProjectStore,
) -> Changes:
    """Settings of single shots: the preset's, those recorded, those given now.

    One given without a value takes back what was recorded.
    """
    own: Changes = {}
    for shot in shots:
        mine = own.setdefault(shot.id, {})
        for node_id, settings in preset.overrides.get(shot.name, {}).items():
            mine.setdefault(node_id, {}).update(settings)
        for kept in store.by(Override, "shot", shot.id):
            if kept.graph == preset.name:
                mine.setdefault(kept.node, {}).update(kept.settings)
    for each in assignments:
        if each.shot:
            node, shot = graph.named(each.node), named_shot(each.shot, shots)
            settings = own[shot.id].setdefault(node.id, {})
            settings.pop(each.setting, None)
            if each.value:
                settings[each.setting] = _typed(node, each, types)
    return own


def keep(
    name: str,
    assignments: Sequence[Assignment],
    own: Changes,
    graph: Graph,
    shots: Sequence[Shot],
    store: ProjectStore,
) -> None:
    """Record what was given for single shots of the preset called `name`."""
    for each in assignments:
        if each.shot:
            node, shot = graph.named(each.node), named_shot(each.shot, shots)
            key = Override.key(name, node.id, shot.id)
            settings = own[shot.id][node.id]
            kept = Override(key, name, node.id, shot.id, settings, shot.digest)
            with store.record():
                if settings:
                    store.put(kept)
                elif store.get(Override, key) is not None:
                    store.remove(Override, [key])


def decided(
    own: Changes, asked: Graph, graph: Graph, types: Types, digest: Digest
) -> Changes:
    """What single shots have otherwise than `graph`, every setting decided.

    `asked` is the graph before its settings were decided.
    """
    changes: Changes = {}
    for shot, nodes in own.items():
        for node_id, settings in nodes.items():
            node = asked.nodes.get(node_id)
            if not settings or node is None or node.type not in types:
                continue
            mine = replace(node, settings={**node.settings, **settings})
            final = decide(mine, types[node.type], digest)
            base = graph.nodes[node_id].settings
            differs = {k: v for k, v in final.items() if v != base.get(k)}
            if differs:
                changes.setdefault(shot, {})[node_id] = differs
    return changes


def _typed(node: Node, each: Assignment, types: Types) -> Any:
    """The value as the setting's type; text stays text."""
    type_ = types.get(node.type)
    port = type_.input(each.setting) if type_ else None
    if type_ is None or port is None or not port.is_setting:
        known = [p.name for p in type_.inputs if p.is_setting] if type_ else []
        raise UnknownSettingError(
            f"{node.label!r} has no setting {each.setting!r}: "
            f"it has {', '.join(known) or 'none'}"
        )
    try:
        return port.check(_parsed(port, each.value))
    except SettingError as error:
        raise UnknownSettingError(f"{node.label!r}: {error}") from None


def _parsed(port: Port, text: str) -> Any:
    if port.type is str:
        return text
    if port.type is bool:
        words = {"true": True, "yes": True, "on": True, "1": True}
        words |= {"false": False, "no": False, "off": False, "0": False}
        return words.get(text.strip().lower(), text)
    try:
        return float(text) if port.type is float else int(text)
    except ValueError:
        return text
