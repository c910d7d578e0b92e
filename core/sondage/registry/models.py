"""What a registry file declares: pydantic models of its sections, compositions and rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from sondage.specs import SPECS, Kind

SECTIONS: dict[str, Kind] = {f"{kind}s": kind for kind in SPECS}
_DECLARABLE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Name = Annotated[str, Field(pattern=_DECLARABLE)]


Place = Annotated[int, Field(ge=0)]
#: What activations are rounded to in the store; 'float32': they are kept as encoders give them.
StoreDtype = Literal["float32", "float16", "bfloat16"]


def _one_of(wanted: str) -> Discriminator:
    # The type of the given value picks the alternative, so that a mistake gives one message;
    # pydantic would try all of them and give a message for each.
    return Discriminator(
        # What is written out again was read already: its mappings are models.
        lambda value: "dict" if isinstance(value, BaseModel) else type(value).__name__,
        custom_error_type="union",
        custom_error_message=f"Input should be {wanted}",
    )


Item = Annotated[
    Annotated[str, Tag("str")] | Annotated[dict[str, Any], Tag("dict")],
    _one_of("a name, or a mapping that begins with 'use'"),
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


#: What people read in tables and figures.
Label = Annotated[str, Field(min_length=1, max_length=200)]


class Declaration(BaseModel):
    """A component with its parameters, flat beside ``use``."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    use: Annotated[str, Field(description="plugin.component, as in 'sondage list'")]
    label: Annotated[Label | None, Field(description="how results print it; no part of ids")] = None

    @property
    def parameters(self) -> dict[str, Any]:
        """All keys but those of the registry itself."""
        return dict(self.model_extra or {})

    @property
    def given(self) -> dict[str, Any]:
        """All keys but ``use``."""
        return ({"label": self.label} if self.label else {}) | self.parameters


def _seeds_once(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is given twice")
    return seeds


class EncoderDeclaration(Declaration):
    """An encoder with its parameters; with ``seeds``, one for each of them."""

    seeds: Annotated[
        Annotated[list[Place], Field(min_length=1), AfterValidator(_seeds_once)] | None,
        Field(description="NAME#SEED for each: as many encoders, each with its parameter 'seed'"),
    ] = None

    @property
    def given(self) -> dict[str, Any]:
        """All keys but ``use``."""
        return super().given | ({} if self.seeds is None else {"seeds": self.seeds})


End = Annotated[
    Annotated[Place, Tag("int")] | Annotated[Literal["first", "last", "later"], Tag("str")],
    _one_of("a number, 'first', 'last' or 'later'"),
]


class Rule(_Model):
    """Cells of a composition: what is left out does not matter."""

    encoders: Annotated[list[str] | None, Field(description="names, or name@step")] = None
    others: Annotated[
        list[str] | None, Field(description="of a metric: the encoders compared with, likewise")
    ] = None
    tasks: Annotated[list[str] | None, Field(description="names of tasks")] = None
    views: Annotated[list[str] | None, Field(description="of the composition's")] = None
    layers: Annotated[
        list[End] | None, Field(description="0 to L, first, last, later (all but the first)")
    ] = None
    steps: Annotated[
        list[End] | None, Field(description="of a series: numbers, or words as of layers")
    ] = None


Rules = Annotated[
    Annotated[Rule, Tag("dict")] | Annotated[list[Rule], Tag("list")],
    _one_of("a mapping, or a list of them"),
]


class Composition(_Model):
    """A named product of encoders × tasks × probes × metrics × layers × seeds."""

    summary: Annotated[str, Field(description="one line for listings")] = ""
    paper: Annotated[str, Field(description="the publication it follows")] = ""
    encoders: Annotated[
        list[Item], Field(min_length=1, description="declared names, components, or name@step")
    ]
    tasks: Annotated[list[Item], Field(min_length=1, description="what is probed, and stimuli")]
    probes: Annotated[list[Item], Field(description="run on every encoder and fitting task")] = []
    metrics: Annotated[list[Item], Field(description="compare pairs of encoders")] = []
    pairs: Annotated[
        list[Annotated[list[str], Field(min_length=2, max_length=2)]],
        Field(
            description="[encoder, other]: what metrics compare, instead of each with the baseline"
        ),
    ] = []
    in_passing: Annotated[
        list[str], Field(description="metrics of vectors that are measured without storing any")
    ] = []
    reports: Annotated[list[Item], Field(description="written when the run ends")] = []
    layers: Annotated[
        Annotated[Literal["all"], Tag("all")] | Annotated[list[Place], Tag("list")],
        Discriminator(
            lambda value: "all" if value == "all" else type(value).__name__,
            custom_error_type="union",
            custom_error_message="Input should be 'all' or a list of numbers, such as [0, 1, 2, 3]",
        ),
        Field(description="0 is the embedding output"),
    ] = "all"
    only: Annotated[
        dict[str, Rules],
        Field(description="probe or metric -> the cells that it is run on"),
    ] = {}
    seeds: Annotated[
        list[Place],
        Field(min_length=1, description="splits, initialisations or resamples"),
    ] = [0]
    views: Annotated[list[str], Field(description="word and sentence views to use")] = []
    store_dtype: Annotated[
        StoreDtype, Field(description="what activations are rounded to on disk: half the bytes")
    ] = "float32"
    baseline: Annotated[
        str | None, Field(description="the encoder that differences and metrics refer to")
    ] = None
    settings: Annotated[
        dict[str, str], Field(description="short names for --set: name -> dotted path")
    ] = {}

    @property
    def rules(self) -> dict[str, list[Rule]]:
        """`only`, with a list for every component."""
        return {k: rule if isinstance(rule, list) else [rule] for k, rule in self.only.items()}


class Score(_Model):
    """How a score is printed."""

    label: Annotated[Label, Field(description="how results print it")]


class Contents(_Model):
    """A whole registry file."""

    version: Literal[1]
    encoders: dict[Name, EncoderDeclaration] = {}
    tasks: dict[Name, Declaration] = {}
    probes: dict[Name, Declaration] = {}
    metrics: dict[Name, Declaration] = {}
    reports: dict[Name, Declaration] = {}
    trackers: dict[Name, Declaration] = {}
    scores: dict[str, Score] = {}
    compositions: dict[Name, Composition] = {}
