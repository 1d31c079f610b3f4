"""Node types: what a signature declares, and what is refused with which words."""

from inspect import Parameter, Signature
from typing import Annotated, Any, NamedTuple

import pytest

from nodegraph import (
    Choice,
    Color,
    Context,
    File,
    FromShot,
    Identity,
    Image,
    Mask,
    NodeTypeError,
    Number,
    Role,
    SettingError,
    Slider,
    Text,
    Toggle,
    node,
)
from nodegraph.context import Cancelled, Held, outcome_of
from nodegraph.node import REQUIRED
from nodegraph.values import fits


class Parts(NamedTuple):
    picture: Image
    mask: Mask


@node("Filter", version=3, deadline=9.5)
def blur(
    context: Context,
    image: Image,
    mask: Mask | None = None,
    radius: Annotated[float, Slider(0, 50)] = 2,
    passes: int = 1,
    edge: str = "clamp",
    fast: bool = False,
    shot: Annotated[str, FromShot("name")] = "",
) -> Image:
    """Soften a picture.

    radius: in pixels.
    """
    return image


def port(name):
    return blur.input(name)


def test_a_parameter_without_a_default_must_be_linked():
    assert port("image").required
    assert not port("image").is_setting


def test_a_parameter_with_a_default_is_a_setting_with_a_widget():
    assert port("radius").widget == Slider(0, 50)
    assert port("passes").widget == Number()
    assert port("edge").widget == Text()
    assert port("fast").widget == Toggle()
    assert all(port(name).is_setting for name in ("radius", "passes", "edge", "fast"))


def test_an_optional_picture_may_stay_unlinked_and_is_no_setting():
    assert port("mask").type is Mask
    assert not port("mask").required
    assert not port("mask").is_setting
    assert port("mask").widget is None


def test_a_list_takes_any_number_of_links():
    @node("Layout")
    def sheet(images: list[Image], title: str = "") -> Image: ...

    assert sheet.input("images").many
    assert sheet.input("images").type is Image
    assert sheet.gathers
    assert not blur.gathers


def test_the_context_is_no_port():
    assert blur.context == "context"
    assert blur.input("context") is None


def test_what_comes_from_the_shot_is_neither_set_nor_linked():
    assert not port("shot").is_setting
    assert "filled from the shot" in port("shot").refusal(port("edge"))


def test_a_single_output_is_called_result():
    assert [(out.name, out.type) for out in blur.outputs] == [("result", Image)]
    assert blur.output("pixels") is None


def test_a_named_tuple_gives_an_output_for_each_field():
    @node("Mask")
    def split(image: Image) -> Parts: ...

    assert [(out.name, out.type) for out in split.outputs] == [
        ("picture", Image),
        ("mask", Mask),
    ]


def test_name_label_help_and_version_are_read_from_the_function():
    @node("Colour")
    def color_match(image: Image) -> Image: ...

    assert (blur.name, blur.version, blur.deadline) == ("blur", "3", 9.5)
    assert (color_match.label, color_match.version) == ("Color match", "1")
    assert blur.help.startswith("Soften a picture.\n")
    assert color_match.help == ""


def test_an_async_function_waits_on_a_network():
    @node("AI")
    async def ask(image: Image) -> Image: ...

    assert ask.is_async
    assert not blur.is_async


def test_calling_a_node_type_calls_its_function():
    assert blur(Context(), "the picture") == "the picture"


def test_the_role_and_the_hooks_are_kept():
    def resolve(settings):
        return settings

    @node("Input", role=Role.SOURCE, resolve=resolve, account=str, estimate=len)
    def source(file: Annotated[str, File((".png",))] = "") -> Image: ...

    assert source.role is Role.SOURCE
    assert (source.resolve, source.estimate, source.account) == (resolve, len, str)
    assert blur.role is Role.WORK


def declare(annotations, defaults=(), returns=Image):
    """A node called `bad` with parameters of these types and defaults."""

    def bad(): ...

    defaults = dict(defaults)
    bad.__signature__ = Signature(
        Parameter(name, Parameter.KEYWORD_ONLY, default=defaults.get(name, REQUIRED))
        for name in annotations
    )
    hints = annotations | {"return": returns}
    bad.__annotations__ = {k: type_ for k, type_ in hints.items() if type_ is not None}
    return node("Test")(bad)


@pytest.mark.parametrize(
    ("annotations", "defaults", "message"),
    [
        ({"image": None}, {}, "bad: give parameter 'image' a type"),
        ({"image": bytes}, {}, "'image' is a bytes; an edge carries Image, Mask"),
        ({"data": dict[str, int]}, {}, "'data' is a dict"),
        ({"mask": Mask | str}, {}, r"'mask' may be `T \| None = None` at most"),
        ({"mask": Mask | None}, {}, r"'mask' may be `T \| None = None` at most"),
        (
            {"radius": Annotated[float, Slider(0, 5)]},
            {"radius": 6},
            "the default of radius is 6.0: choose a number from 0 to 5",
        ),
        (
            {"mood": Annotated[str, Choice(("day", "night"))]},
            {"mood": "noon"},
            "the default of mood is 'noon': choose one of day, night",
        ),
        (
            {"ink": Annotated[str, Color()]},
            {"ink": "red"},
            "the default of ink is 'red': write a colour as #rrggbb",
        ),
        ({"count": int}, {"count": 1.5}, "the default of count is 1.5: give a whole"),
        (
            {"shot": Annotated[str, FromShot("colour")]},
            {"shot": ""},
            "'shot' asks the shot for 'colour'; there is name, sequence",
        ),
        (
            {"shot": Annotated[str, FromShot("missing")]},
            {"shot": ""},
            "asks the shot for 'missing'",
        ),
        ({"shot": Annotated[str, FromShot("name")]}, {}, "give 'shot' a default"),
    ],
    ids=str,
)
def test_a_signature_that_cannot_be_a_node_says_what_to_change(
    annotations, defaults, message
):
    with pytest.raises(NodeTypeError, match=message):
        declare(annotations, defaults)


@pytest.mark.parametrize(
    ("returns", "message"),
    [(None, "bad: annotate what it returns"), (bytes, "'result' is a bytes")],
)
def test_a_node_says_what_it_returns(returns, message):
    with pytest.raises(NodeTypeError, match=message):
        declare({"image": Image}, returns=returns)


def test_every_parameter_has_a_name():
    with pytest.raises(NodeTypeError, match="'images' must be a named value"):

        @node("Test")
        def sheet(*images: Image) -> Image: ...


def test_a_gathering_node_may_ask_what_is_missing():
    @node("Layout")
    def sheet(
        images: list[Image],
        missing: Annotated[list[str], FromShot("missing")] = (),  # type: ignore[assignment]
        names: Annotated[list[str], FromShot("name")] = (),  # type: ignore[assignment]
    ) -> Image: ...

    assert sheet.input("missing").from_shot == "missing"
    assert not sheet.input("names").many


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("radius", 0, 0.0),
        ("radius", 50, 50.0),
        ("radius", 1.5, 1.5),
        ("passes", 3.0, 3),
        ("edge", "", ""),
        ("fast", True, True),
    ],
)
def test_a_setting_comes_back_in_its_own_type(name, value, wanted):
    checked = port(name).check(value)

    assert checked == wanted
    assert type(checked) is type(wanted)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("radius", 50.01, "radius is 50.01: choose a number from 0 to 50"),
        ("radius", -1, "choose a number from 0 to 50"),
        ("radius", float("nan"), "give a number"),
        ("radius", float("inf"), "give a number"),
        ("radius", "3", "radius is '3': give a number"),
        ("radius", True, "radius is True: give a number"),
        ("radius", None, "give a number"),
        ("radius", 10**400, "give a number"),
        ("passes", 1.5, "passes is 1.5: give a whole number"),
        ("passes", float("inf"), "give a whole number"),
        ("passes", 2**63, "give a whole number"),
        ("passes", False, "give a whole number"),
        ("edge", 3, "edge is 3: give a text"),
        ("edge", ["a"], "give a text"),
        ("fast", 1, "fast is 1: give a switch"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_value_that_does_not_fit_is_refused_with_what_fits(name, value, message):
    with pytest.raises(SettingError, match=message):
        port(name).check(value)


@pytest.mark.parametrize("text", ["#a0B1c2", "#00000080"])
def test_colours_are_hexadecimal_with_or_without_alpha(text):
    assert colour().check(text) == text


@pytest.mark.parametrize(
    "text", ["", "#", "#fff", "a0b1c2", "#a0b1c", "#a0b1cg", "#²²²²²²"]
)
def test_other_texts_are_no_colours(text):
    with pytest.raises(SettingError, match="write a colour as #rrggbb"):
        colour().check(text)


def colour():
    @node("Test")
    def fill(image: Image, ink: Annotated[str, Color()] = "#ffffff") -> Image: ...

    return fill.input("ink")


@pytest.mark.parametrize(
    ("source", "target", "fit"),
    [
        (Image, Image, True),
        (Image, Mask, False),
        (Mask, Image, False),
        (Identity, Image, False),
        (Image, Any, True),
        (Any, Mask, True),
        (int, float, True),
        (float, int, False),
        (bool, int, False),
        (bool, float, False),
        (int, bool, False),
        (str, str, True),
        (int, str, False),
    ],
)
def test_only_whole_numbers_travel_to_another_type(source, target, fit):
    assert fits(source, target) is fit


def test_progress_is_told_between_none_and_all():
    told = []
    context = Context(report=told.append)

    for fraction in (-1, 0.25, 7):
        context.progress(fraction)

    assert told == [0.0, 0.25, 1.0]


def test_progress_of_a_cancelled_task_stops_it():
    with pytest.raises(Cancelled):
        Context(cancelled=lambda: True).progress(0.5)


def test_what_a_node_says_is_kept_with_its_result():
    context = Context()

    context.note("faces", 2)
    context.certify(changed=0)
    assert outcome_of(context.said) == "done"
    context.outcome("no_mask", "nothing is selected")

    assert outcome_of(context.said) == "no_mask"
    assert context.said == {
        "notes": {"faces": 2},
        "certificate": {"changed": 0},
        "outcome": "no_mask",
        "message": "nothing is selected",
    }


def test_a_node_that_holds_asks_a_person():
    with pytest.raises(Held, match="choose a face") as held:
        Context().hold("choose a face", "ambiguous")

    assert held.value.outcome == "ambiguous"
