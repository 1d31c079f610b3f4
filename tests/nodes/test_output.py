"""Output: hands on whatever comes in."""

import pytest

from nodegraph import Image, Mask, Port, Role
from nodes.output import output


def test_whatever_comes_in_goes_out(picture):
    value = picture(7, 5)

    assert output(value) is value


@pytest.mark.parametrize("kind", [Image, Mask, float, str])
def test_a_link_of_any_type_may_end_here(kind):
    assert output.input("value").refusal(Port("result", kind)) == ""


def test_an_output_can_be_told_from_another_by_name():
    assert output.role is Role.OUTPUT
    assert output.input("name").is_setting
