"""Source: where a file enters the graph."""

import pytest

from nodegraph import Role
from nodes.source import source


def test_a_source_outside_a_run_says_how_to_run_it():
    with pytest.raises(ValueError, match=r"'a\.png' was not imported: run it through"):
        source("a.png")


def test_a_source_may_wait_for_a_batch_to_fill_it_in():
    assert source.input("file").default == ""
    assert source.role is Role.SOURCE


def test_a_source_takes_no_link_for_its_file():
    refusal = source.input("file").refusal(source.output("result"))

    assert "a file to choose" in refusal
