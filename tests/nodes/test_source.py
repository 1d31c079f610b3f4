"""Source, Output and Reroute: the nodes that make no recipe."""

import pytest

from nodegraph import Image, Mask, Port, Role
from nodes.output import output
from nodes.reroute import reroute
from nodes.source import source


def test_a_source_outside_a_run_says_how_to_run_it():
    with pytest.raises(ValueError, match=r"'a\.png' was not imported: run it through"):
        source("a.png")


def test_a_source_may_wait_for_a_batch_to_fill_it_in():
    assert source.input("file").default == ""
    assert source.role is Role.SOURCE


@pytest.mark.parametrize("node", [output, reroute], ids=lambda node: node.name)
def test_whatever_comes_in_goes_out(node, picture):
    value = picture(7, 5)

    assert node(value) is value


@pytest.mark.parametrize("node", [output, reroute], ids=lambda node: node.name)
@pytest.mark.parametrize("kind", [Image, Mask, float, str])
def test_a_link_of_any_type_may_end_here(node, kind):
    assert node.input("value").refusal(Port("result", kind)) == ""


def test_an_output_can_be_told_from_another_by_name():
    assert output.role is Role.OUTPUT
    assert output.input("name").is_setting


def test_a_reroute_passes_and_has_no_settings():
    assert reroute.role is Role.PASS
    assert [port.name for port in reroute.inputs] == ["value"]
