"""The graph: what every change keeps, and what is refused with which words."""

from dataclasses import FrozenInstanceError, replace

import pytest

from nodegraph import File, Image, Mask, Role, node
from nodegraph.graph import Edge, Endpoint, Frame, Graph, GraphError, Node, Note


@node("Input", role=Role.SOURCE)
def source(file: str = "") -> Image: ...


@node("Filter")
def blur(image: Image, mask: Mask | None = None, radius: float = 1) -> Image: ...


@node("Layout")
def sheet(images: list[Image]) -> Image: ...


@node("Mask")
def shape(image: Image) -> Mask: ...


TYPES = {t.name: t for t in (source, blur, sheet, shape)}


def link(start, end):
    """The edge between `node.port` and `node.port`; a bare start means its result."""
    name, _, port = start.partition(".")
    return Edge(Endpoint(name, port or "result"), Endpoint(*end.split(".")))


def chain(length):
    nodes = [Node(f"n{i}", "blur") for i in range(length)]
    edges = [link(f"n{i}", f"n{i + 1}.image") for i in range(length - 1)]
    return nodes, edges


@pytest.fixture
def graph():
    """A source and two blurs, the first linked to the source."""
    nodes = [Node("in", "source"), Node("a", "blur", name="Soft"), Node("b", "blur")]
    return Graph.of(nodes, [link("in", "a.image")], TYPES)


def test_a_change_leaves_the_graph_before_it_as_it_was(graph):
    before = replace(graph, nodes=dict(graph.nodes))

    graph.put(Node("c", "blur"))
    graph.remove("a")
    graph.connect(link("a", "b.image"))
    graph.disconnect(graph.edges[0])
    graph.set("a", radius=5)

    assert graph == before


def test_neither_graph_nor_node_can_be_assigned_to(graph):
    with pytest.raises(FrozenInstanceError):
        graph.edges = ()
    with pytest.raises(FrozenInstanceError):
        graph.nodes["a"].name = "x"


def test_setting_one_setting_keeps_the_others(graph):
    changed = graph.set("a", radius=1, mode="x").set("a", radius=2)

    assert changed.nodes["a"].settings == {"radius": 2, "mode": "x"}


def test_a_node_is_called_by_its_name_or_its_id(graph):
    assert [node.label for node in graph.nodes.values()] == ["in", "Soft", "b"]
    assert graph.named("Soft").id == "a"
    assert graph.named("b").id == "b"


def test_an_unknown_name_is_told_with_those_there_are(graph):
    with pytest.raises(GraphError, match=r"no node 'x': choose one of Soft, b, in"):
        graph.named("x")
    with pytest.raises(GraphError, match=r"choose one of \(none\)"):
        Graph().named("a")


def test_a_name_is_known_in_any_case_and_so_is_an_id(graph):
    soft = graph.named("Soft")

    assert graph.named("soft") is soft
    assert graph.named(soft.id) is soft


def test_an_unknown_id_is_told():
    for change in (Graph().node, Graph().remove, Graph().set):
        with pytest.raises(GraphError, match="there is no node 'x'"):
            change("x")


@pytest.mark.parametrize("other", [Node("c", "blur", name="Soft"), Node("Soft", "x")])
def test_two_nodes_are_never_called_the_same(graph, other):
    with pytest.raises(GraphError, match="a node called 'Soft' already"):
        graph.put(other)


def test_a_node_is_replaced_by_one_of_its_id_and_keeps_its_links(graph):
    changed = graph.put(Node("a", "blur", name="Soft", mute=True))

    assert changed.nodes["a"].mute
    assert changed.edges == graph.edges


def test_removing_a_node_takes_its_links(graph):
    both = graph.connect(link("a", "b.image"))

    assert both.remove("a").edges == ()
    assert list(both.remove("a").nodes) == ["in", "b"]


def test_frames_and_notes_stay_through_every_change(graph):
    frame = Frame("f", "Look", (0.0, 0.0), (9.0, 9.0))
    note = Note("n", "warmer", (1.0, 2.0))
    graph = replace(graph, frames=(frame,), notes=(note,))

    changed = graph.put(Node("c", "blur")).connect(link("a", "c.image")).remove("b")

    assert (changed.frames, changed.notes) == ((frame,), (note,))


def test_a_link_to_a_taken_input_takes_the_place_of_the_other(graph):
    linked = graph.connect(link("a", "b.image")).connect(link("in", "b.image"), TYPES)

    assert linked.edges == (link("in", "a.image"), link("in", "b.image"))


def test_a_link_made_again_is_there_once(graph):
    assert graph.connect(link("in", "a.image"), TYPES).edges == graph.edges


def test_a_link_made_again_to_an_input_of_many_moves_to_the_end(graph):
    graph = graph.put(Node("s", "sheet"))

    for start in ("in", "a", "in"):
        graph = graph.connect(link(start, "s.images"), TYPES)

    assert [edge.source.node for edge in graph.edges[1:]] == ["a", "in"]


def test_an_input_of_many_keeps_its_links_in_order(graph):
    graph = graph.put(Node("s", "sheet"))

    for start in ("b", "in", "a"):
        graph = graph.connect(link(start, "s.images"), TYPES)

    assert [edge.source.node for edge in graph.edges[1:]] == ["b", "in", "a"]


def test_a_link_that_closes_a_loop_is_refused(graph):
    linked = graph.connect(link("a", "b.image"))

    with pytest.raises(GraphError, match="linking 'b' to 'Soft' would close a loop"):
        linked.connect(link("b", "a.image"))
    with pytest.raises(GraphError, match="linking 'b' to 'b' would close a loop"):
        linked.connect(link("b", "b.image"))


def test_two_ways_to_one_node_are_no_loop(graph):
    linked = graph.connect(link("in", "b.image")).put(Node("s", "sheet"))

    for start in ("a", "b"):
        linked = linked.connect(link(start, "s.images"), TYPES)

    assert linked.order()[-1] == "s"


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        (link("gone", "a.image"), "names the node 'gone', which is not there"),
        (link("in", "gone.image"), "names the node 'gone', which is not there"),
        (link("in.pixels", "b.image"), "'in' has no output 'pixels'"),
        (link("in", "b.picture"), "'b' has no input 'picture'"),
        (link("in", "b.mask"), "cannot link 'in' to 'b': 'mask' takes a mask, not a"),
        (link("in", "b.radius"), "'radius' takes a number, not a picture"),
    ],
    ids=str,
)
def test_a_link_that_cannot_be_is_refused_with_a_sentence(graph, edge, message):
    with pytest.raises(GraphError, match=message):
        graph.connect(edge, TYPES)
    with pytest.raises(GraphError, match=message):
        Graph.of(graph.nodes.values(), [edge], TYPES)


def test_links_of_unknown_node_types_pass(graph):
    graph = graph.put(Node("odd", "not_installed"))

    linked = graph.connect(link("odd.anything", "b.mask"), TYPES)
    linked = linked.connect(link("in", "odd.whatever"), TYPES)

    assert linked.problems(TYPES) == []


def test_an_unknown_node_s_input_keeps_one_link_when_linked_again(graph):
    graph = graph.put(Node("odd", "not_installed"))

    for start in ("in", "a"):
        graph = graph.connect(link(start, "odd.image"), TYPES)

    assert graph.edges[1:] == (link("a", "odd.image"),)


def test_an_unknown_node_s_input_may_have_been_one_of_many():
    nodes = [Node("a", "source"), Node("b", "source"), Node("odd", "not_installed")]
    edges = [link("a", "odd.images"), link("b", "odd.images")]

    assert Graph.of(nodes, edges, TYPES).edges == tuple(edges)


def test_order_puts_each_node_after_those_it_needs(graph):
    nodes, edges = chain(50)
    shuffled = Graph.of(nodes[::-1], edges[1::2] + edges[::2])

    assert shuffled.order() == [f"n{i}" for i in range(50)]


def test_a_loop_in_the_order_is_told_in_the_user_s_names():
    nodes = [Node("a", "blur", name="Soft"), Node("b", "blur")]
    looped = Graph(
        {n.id: n for n in nodes}, (link("a", "b.image"), link("b", "a.image"))
    )

    with pytest.raises(GraphError, match=r"Soft → b → Soft is a loop"):
        looped.order()
    assert looped.problems({}) == ["Soft → b → Soft is a loop"]


def test_all_problems_are_told_at_once():
    nodes = [Node("a", "blur", name="x"), Node("b", "blur", name="x")]
    edges = (
        link("a", "b.image"),
        link("a", "b.image"),
        link("a", "b.mask"),
        link("a", "gone.image"),
    )

    assert Graph({n.id: n for n in nodes}, edges).problems(TYPES) == [
        "two nodes are called 'x'",
        "cannot link 'x' to 'x': 'mask' takes a mask, not a picture",
        "a link names the node 'gone', which is not there",
        "'x': 'image' has more than one link",
    ]


def test_a_file_to_choose_takes_no_link():
    from typing import Annotated

    @node("Look")
    def lut(image: Image, file: Annotated[str, File((".cube",))] = "") -> Image: ...

    @node("Text")
    def words(image: Image) -> str: ...

    types = TYPES | {"lut": lut, "words": words}
    graph = Graph.of([Node("w", "words"), Node("l", "lut")])

    with pytest.raises(GraphError, match="'file' is a file to choose"):
        graph.connect(link("w", "l.file"), types)


def test_ten_thousand_nodes_in_a_chain_need_no_recursion():
    nodes, edges = chain(10_000)
    graph = Graph.of(nodes, edges, TYPES)

    assert graph.order()[-1] == "n9999"
    with pytest.raises(GraphError, match="would close a loop"):
        graph.connect(link("n9999", "n0.image"), TYPES)
    looped = replace(graph, edges=(*edges, link("n9999", "n0.image")))
    assert "is a loop" in looped.problems(TYPES)[0]


class Counted(dict):
    """A mapping that counts how often it is asked."""

    asked = 0

    def __getitem__(self, key):
        Counted.asked += 1
        return super().__getitem__(key)

    def __contains__(self, key):
        Counted.asked += 1
        return super().__contains__(key)

    def __iter__(self):
        Counted.asked += len(self)
        return super().__iter__()


def test_checking_a_graph_takes_steps_in_proportion_to_its_size():
    def steps(length):
        nodes, edges = chain(length)
        graph = Graph(Counted({n.id: n for n in nodes}), tuple(edges))
        Counted.asked = 0
        assert graph.problems(TYPES) == []
        return Counted.asked

    assert steps(2_000) < 2.1 * steps(1_000)
