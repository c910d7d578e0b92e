"""Constructors, written by hand or made of fields, as schemas."""

from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import pytest
from annotated_types import Ge

from sondage.commands.describe import _paragraph, documented
from sondage.contracts import Encoder, Metric
from sondage.errors import PluginError
from sondage.parts import FileTask, Ratios
from sondage.registry.signature import model_of, parameters_of, references
from sondage.specs import Before

if TYPE_CHECKING:
    from nowhere import Unknown

#: `sondage.parts` calls something else by this name.
Files = int


def schema(factory):
    return model_of(factory).model_json_schema().get("properties", {})


@dataclass(kw_only=True, eq=False)
class Task(FileTask):
    """A task.

    Parameters
    ----------
    least : int
        At least this many.
    dev_share : float
        Otherwise than everywhere.
    """

    plugin = "x"
    known: ClassVar["Unknown"] = None
    least: "Annotated[int, Ge(1), Before('ratios')]" = 3
    bases: list[str] = field(default_factory=lambda: ["a"])
    seen: "Unknown" = field(default=None, init=False)
    once: InitVar[Literal["a", "b"]] = "a"


class Plain(FileTask):
    def __init__(self, *, least: Annotated[int, Ge(1)] = 3, ratios: Ratios = (1.0, 0.0, 0.0)):
        super().__init__(ratios=ratios)
        self.least = least


def test_inherited_fields_are_read_where_they_are_declared():
    given = schema(Task)
    assert given["files"] == schema(FileTask)["files"]
    assert given["least"] == {"default": 3, "minimum": 1, "title": "Least", "type": "integer"}
    assert given["once"]["enum"] == ["a", "b"]
    known = ["files", "train", "dev", "test", "least", "ratios", "dev_share", "on_error"]
    assert list(given) == [*known, "bases", "once"]


def test_a_constructor_written_by_hand_counts_before_the_fields():
    assert list(schema(Plain)) == ["least", "ratios"]
    assert schema(Plain)["least"] == schema(Task)["least"]

    @dataclass(kw_only=True)
    class Both(FileTask):
        dev_share: int = 1

        def __init__(self, *, dev_share: Annotated[int, Ge(1)] = 2):
            super().__init__(dev_share=dev_share)

    assert schema(Both) == {
        "dev_share": {"default": 2, "minimum": 1, "title": "Dev Share", "type": "integer"}
    }


def test_a_class_without_fields_of_its_own_needs_no_decorator():
    assert schema(type("Derived", (Task,), {})) == schema(Task)


def test_defaults_made_anew_are_made_anew():
    model = model_of(Task)
    first, second = model(), model()
    assert first.bases == second.bases == ["a"]
    assert first.bases is not second.bases
    assert parameters_of(Task)["bases"][0].default.default_factory() == ["a"]


def test_fields_name_other_components():
    @dataclass(kw_only=True)
    class Made:
        base: Encoder
        more: list[Encoder] = field(default_factory=list)
        metric: Metric | None = None

    assert references(Made) == {"base": "encoder", "more": "encoder", "metric": "metric"}


def test_what_does_not_fit_is_told():
    @dataclass
    class Positional:
        n: int = 1

    @dataclass(kw_only=True)
    class Misspelt:
        n: "Itn" = 1  # noqa: F821

    with pytest.raises(PluginError, match="'n' must be keyword-only") as caught:
        model_of(Positional)
    assert "dataclass(kw_only=True)" in caught.value.hint
    with pytest.raises(PluginError, match=r"cannot be read: .*Itn"):
        model_of(Misspelt)


def test_bases_say_what_parameters_are():
    said = documented(Task)
    assert said["least"] == "At least this many."
    assert said["dev_share"] == "Otherwise than everywhere."
    assert said["train"] == documented(FileTask)["train"]


def test_a_text_that_nobody_wrote_is_not_shown():
    @dataclass(kw_only=True)
    class Silent:
        n: int = 1

    assert Silent.__doc__
    assert not _paragraph(Silent)
