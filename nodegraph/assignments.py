"""Settings given when queueing: for every shot, or for single ones."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from nodegraph.graph import Graph, Node, Types
from nodegraph.lineage import Override, Shot
from nodegraph.node import Port, Role, SettingError
from nodegraph.plan import Digest, UnknownSettingError, decide
from nodegraph.preset.file import Preset
from nodegraph.shots import named_shot
from nodegraph.store import ProjectStore
from nodegraph.wiring import not_installed

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
            value = _typed(node, _port(node, each.setting, types), each.value)
            graph = graph.set(node.id, **{each.setting: value})
    return graph


def own_settings(
    preset: Preset, own: Sequence[Override], shots: Sequence[Shot]
) -> Changes:
    """Settings of single shots: the preset's, and over them `own`, a person's."""
    found: Changes = {}
    for shot in shots:
        nodes = preset.overrides.get(shot.path) or preset.overrides.get(shot.name, {})
        found[shot.id] = {node: dict(settings) for node, settings in nodes.items()}
    for each in own:
        found[each.shot].setdefault(each.node, {}).update(each.settings)
    return found


def persons(
    name: str,
    graph: Graph,
    types: Types,
    assignments: Sequence[Assignment],
    shots: Sequence[Shot],
    store: ProjectStore,
) -> list[Override]:
    """What a person set for single shots of the preset called `name`, then and now.

    A setting given without a value is taken back; what is empty then is a record to
    remove.
    """
    kept = {
        own.id: own
        for shot in shots
        for own in store.by(Override, "shot", shot.id)
        if own.graph == name
    }
    for each in assignments:
        if not each.shot:
            continue
        node, shot = graph.named(each.node), named_shot(each.shot, shots)
        port = _port(node, each.setting, types)
        _refuse_what_holds_for_all(node, types)
        key = Override.key(name, node.id, shot.id)
        before = kept.get(key) or Override(key, name, node.id, shot.id, {})
        settings = {k: v for k, v in before.settings.items() if k != each.setting}
        if each.value:
            settings[each.setting] = _typed(node, port, each.value)
        kept[key] = replace(before, settings=settings, drawing=shot.digest)
    return list(kept.values())


def keep(own: Sequence[Override], store: ProjectStore) -> None:
    """Record what has changed of what a person set for single shots."""
    changed = [each for each in own if store.get(Override, each.id) != each]
    if changed:
        with store.record():
            store.put(*(each for each in changed if each.settings))
            store.remove(Override, [each.id for each in changed if not each.settings])


def _refuse_what_holds_for_all(node: Node, types: Types) -> None:
    type_ = types.get(node.type)
    if type_ is not None and (type_.role is not Role.WORK or type_.gathers):
        raise UnknownSettingError(
            f"{node.label!r} is set for all shots alike: leave out the @SHOT"
        )


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


def _port(node: Node, setting: str, types: Types) -> Port:
    """The setting of a node; raises `UnknownSettingError` and `UnknownTypeError`."""
    if node.type not in types:
        raise not_installed(node)
    known = types[node.type].settings
    if setting in known:
        return known[setting]
    raise UnknownSettingError(
        f"{node.label!r} has no setting {setting!r}: it has {', '.join(known) or 'none'}"
    )


def _typed(node: Node, port: Port, text: str) -> Any:
    """The value as the setting's type; text stays text."""
    try:
        return port.check(_parsed(port, text))
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
