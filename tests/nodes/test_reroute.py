"""Reroute: hands on whatever comes in."""

import pytest

from nodegraph import Image, Mask, Port, Role
from nodes.reroute import reroute


def test_whatever_comes_in_goes_out(picture):
    value = picture(7, 5)

    assert reroute(value) is value


@pytest.mark.parametrize("kind", [Image, Mask, float, str])
def test_a_link_of_any_type_may_end_here(kind):
    assert reroute.input("value").refusal(Port("result", kind)) == ""


def test_a_reroute_makes_no_result_and_has_no_settings():
    assert reroute.role is Role.PASS
    assert [port.name for port in reroute.inputs] == ["value"]
