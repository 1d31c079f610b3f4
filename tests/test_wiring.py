"""Which nodes a graph needs, what it gives, and where values arise."""

from dataclasses import replace

import pytest
from engine import (
    by_node,
    graph,
    laid_out,
    plans,
)

from nodegraph.plan import (
    PlanError,
    UnknownTypeError,
    UnsettledError,
)

SIMPLE = ("source soft", "source>soft.image")


# What makes no recipe


@pytest.mark.parametrize("role", ["reroute", "output"])
def test_reroute_and_output_make_no_recipe(role: str) -> None:
    links = (f"source>{role}.value", f"{role}>soft.image", "soft>end.value")
    [planned] = plans(laid_out(graph(f"source {role} soft end:output", *links)))

    [plain] = plans(laid_out(graph(*SIMPLE)))
    assert [task.key for task in planned.tasks] == [task.key for task in plain.tasks]


def test_a_bypassed_node_hands_its_first_fitting_input_on() -> None:
    links = ("source>split.image", "split.light>mix.b", "split.dark>mix.mask")
    made = graph("source split mix soft", *links, "source>mix.a", "mix>soft.image")
    mix = replace(made.node("mix"), bypass=True)
    [planned] = plans(laid_out(made.put(mix)))

    assert by_node(planned).keys() == {"soft"}
    assert planned.tasks[0].recipe.inputs == {"image": "drawing-0"}


def test_a_bypassed_source_stays_what_it_is() -> None:
    made = graph(*SIMPLE)
    bypassed = made.put(replace(made.node("source"), bypass=True))

    [one], [other] = plans(laid_out(bypassed)), plans(laid_out(made))
    assert one.tasks == other.tasks


def test_a_mute_takes_what_needs_it_away_and_leaves_the_rest() -> None:
    links = ("source>soft.image", "soft>end.image", "source>level.image")
    made = graph("source soft end:soft level", *links)
    muted = made.put(replace(made.node("soft"), mute=True))
    [planned] = plans(laid_out(muted))

    assert by_node(planned).keys() == {"level"}


def test_a_mute_before_an_optional_input_leaves_it_unlinked() -> None:
    links = (
        "source>split.image",
        "source>mix.a",
        "source>mix.b",
        "split.dark>mix.mask",
    )
    made = graph("source split mix", *links)
    muted = made.put(replace(made.node("split"), mute=True))
    [planned] = plans(laid_out(muted))

    assert by_node(planned)["mix"].recipe.inputs.keys() == {"a", "b"}


def test_a_graph_that_gives_nothing_is_refused() -> None:
    with pytest.raises(PlanError, match="gives nothing: add a node"):
        laid_out(graph("source"))


# Results


def test_the_only_result_needs_no_name() -> None:
    layout = laid_out(
        graph(
            "source soft output", SIMPLE[1], "soft>output.value", output={"name": "x"}
        )
    )

    assert [(r.name, r.origin.node) for r in layout.results] == [("", "soft")]


def test_outputs_are_named_by_their_setting_or_their_label() -> None:
    links = ("source>soft.image", "soft>one.value", "source>two.value")
    made = graph("source soft one:output two:output", *links, one={"name": "softened"})

    assert {r.name for r in laid_out(made).results} == {"softened", "two"}


def test_two_outputs_of_one_name_are_refused() -> None:
    links = ("source>one.value", "source>two.value")
    made = graph(
        "source one:output two:output", *links, one={"name": "x"}, two={"name": "x"}
    )

    with pytest.raises(PlanError, match="two outputs are called 'x'"):
        laid_out(made)


def test_without_an_output_all_unconnected_outputs_are_results() -> None:
    layout = laid_out(
        graph("source split soft", "source>split.image", "source>soft.image")
    )

    assert {r.name for r in layout.results} == {"split light", "split dark", "soft"}


def test_an_output_keeps_what_leads_to_it_and_drops_the_rest() -> None:
    links = ("source>soft.image", "soft>output.value", "source>level.image")
    [planned] = plans(laid_out(graph("source soft output level", *links)))

    assert by_node(planned).keys() == {"soft"}


def test_results_are_kept_as_finished_pictures_and_nothing_else_is() -> None:
    links = ("source>one.image", "one>split.image", "split.light>output.value")
    [planned] = plans(laid_out(graph("source one:soft split output", *links)))

    kept = {name: task.keep for name, task in by_node(planned).items()}
    assert kept == {"one": frozenset(), "split": frozenset({"light"})}


def test_a_source_may_be_a_result() -> None:
    layout = laid_out(graph("source output", "source>output.value"))
    [planned] = plans(layout)

    assert planned.tasks == ()
    assert planned.made[layout.results[0].origin] == "drawing-0"


# Sources and node types


def test_the_board_enters_the_source_whose_file_is_not_set() -> None:
    links = ("a>mix.a", "b>mix.b")
    layout = laid_out(graph("a:source b:source mix", *links, a={"file": "x.png"}))

    assert layout.entry == "b"
    [planned] = plans(layout)
    assert planned.tasks[0].recipe.inputs == {"a": "a.png", "b": "drawing-0"}


def test_several_open_sources_are_named() -> None:
    with pytest.raises(UnsettledError, match="'a', 'b'; say which with --input"):
        laid_out(graph("a:source b:source mix", "a>mix.a", "b>mix.b"))


def test_a_source_that_nothing_needs_asks_for_nothing() -> None:
    layout = laid_out(
        graph("a:source b:source soft output", "a>soft.image", "soft>output.value")
    )

    assert layout.entry == "a"


def test_an_unknown_node_type_that_nothing_needs_is_let_be() -> None:
    links = ("source>soft.image", "soft>output.value", "source>odd.image")
    layout = laid_out(graph("source soft output odd:from_afar", *links))

    assert layout.versions == {"soft": "1"}


@pytest.mark.parametrize("tail", [(), ("odd>output.value",)])
def test_an_unknown_node_type_that_is_needed_is_named(tail: tuple[str, ...]) -> None:
    nodes = "source odd:from_afar" + " output" * bool(tail)
    with pytest.raises(UnknownTypeError, match="'odd': no node type 'from_afar'"):
        laid_out(graph(nodes, "source>odd.image", *tail))
