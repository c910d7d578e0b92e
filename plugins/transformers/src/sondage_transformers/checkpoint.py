"""What can be said of a model from its files alone, without torch or transformers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sondage.data import digest
from sondage.errors import EncodingError
from sondage_transformers.files import (
    code_files,
    find_folder,
    read_json,
    tokenizer_files,
    tokenizer_settings,
    weight_files,
)
from sondage_transformers.hashing import file_digest

#: Architectures whose first subword stands for the sentence, where the tokenizer does not say.
_CLS_TYPES = frozenset(
    """
    albert bert bert-generation big_bird camembert canine convbert deberta deberta-v2 distilbert
    electra ernie esm flaubert funnel ibert layoutlm longformer luke megatron-bert mobilebert
    modernbert mpnet nystromformer rembert roberta roberta-prelayernorm roc_bert roformer
    squeezebert xlm-roberta xlm-roberta-xl xmod yoso
    """.split()  # noqa: SIM905
)
#: Architectures of which an earlier version mixed padding, or lengths, into the vectors: what
#: was stored of them is not taken again. How a model is treated is measured, not looked up here.
_PADDING_LEAKED = frozenset(
    """
    aimv2 big_bird bigbird_pegasus convbert cpmant fnet longt5 mobilebert mra nllb-moe
    nystromformer paligemma reformer yoso
    """.split()  # noqa: SIM905
)
#: The same, of which type ids were looked up among the words.
_TYPES_AS_WORDS = frozenset("codegen ctrl flaubert gpt2 gpt_neo gptj xlm".split())  # noqa: SIM905
#: The same, of which long texts gave their frequencies to the short ones beside them.
_STRETCHED = ("dynamic", "longrope", "su")
_DEPTH = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_HEADS = ("encoder_attention_heads", "num_attention_heads", "n_head", "n_heads", "num_heads")
_WIDTH = ("hidden_size", "n_embd", "d_model", "dim", "emb_dim")


@dataclass(frozen=True)
class Checkpoint:
    """A folder with config.json, weights and tokenizer.

    Parameters
    ----------
    folder : Path
    remote_code : bool
        Whether the folder's Python files may run.
    """

    folder: Path
    remote_code: bool = False

    @classmethod
    def find(cls, model: str, revision: str | None, remote_code: bool) -> Checkpoint:
        """Resolve a hub name, folder or package; see `files.find_folder` for the errors."""
        return cls(find_folder(model, revision, remote_code), remote_code)

    @cached_property
    def config(self) -> dict[str, Any]:
        """What config.json says.

        Raises
        ------
        EncodingError
            If it is missing or broken.
        """
        config = read_json(self.folder / "config.json")
        if not config:
            raise EncodingError("no config.json: not a transformers model", where=str(self.folder))
        return config

    @property
    def model_type(self) -> str:
        """The architecture's name, or an empty string."""
        return str(self.config.get("model_type", ""))

    @property
    def mended(self) -> tuple[str, ...]:
        """What to add to a fingerprint so that vectors of before are not taken for these."""
        if self.model_type in _PADDING_LEAKED or self._stretches:
            return ("alone",)
        said = read_json(self.folder / "tokenizer_config.json")
        given = "token_type_ids" in (said.get("model_input_names") or ())
        foreign = given or str(said.get("tokenizer_class", "")).startswith(("Bert", "XLNet"))
        return ("types",) if self.model_type in _TYPES_AS_WORDS and foreign else ()

    @property
    def _stretches(self) -> bool:
        """Whether rotary embeddings take other frequencies at a long text."""
        rope = self.config.get("rope_parameters") or self.config.get("rope_scaling")
        if not isinstance(rope, dict):
            return False
        parts = [rope, *(part for part in rope.values() if isinstance(part, dict))]
        return any(part.get(name) in _STRETCHED for part in parts for name in ("rope_type", "type"))

    @property
    def n_layers(self) -> int:
        """Number of blocks; of an encoder-decoder, those of its encoder."""
        encoder = ("encoder_layers", "num_layers") if self.config.get("is_encoder_decoder") else ()
        return self._fact((*encoder, *_DEPTH), "num_hidden_layers")

    @property
    def width(self) -> int:
        """Width of the hidden states."""
        return self._fact(_WIDTH, "hidden_size")

    @property
    def heads(self) -> int:
        """Number of attention heads of a block; of an encoder-decoder, of its encoder's."""
        return self._fact(_HEADS, "num_attention_heads")

    def _fact(self, names: tuple[str, ...], usual: str) -> int:
        inner = self.config.get("text_config")
        for source in (self.config, inner if isinstance(inner, dict) else {}):
            for name in names:
                value = source.get(name)
                if isinstance(value, int) and not isinstance(value, bool):
                    return value
        value = getattr(self._text_config, usual, None)
        if isinstance(value, int):
            return value
        raise EncodingError(
            f"config.json gives none of {', '.join(names)}",
            where=str(self.folder / "config.json"),
            hint="save it again with transformers, which writes the defaults out",
        )

    @cached_property
    def _text_config(self) -> Any:
        """What transformers makes of config.json, of the part that reads text.

        It knows an architecture's own names and defaults, but takes seconds to import: asked
        only where the file does not say.
        """
        from sondage_transformers.configs import text_config

        return text_config(self.folder, remote_code=self.remote_code)

    @cached_property
    def has_cls(self) -> bool:
        """Whether the tokenizer begins each text with a classification token."""
        declared = read_json(self.folder / "tokenizer_config.json").get("cls_token")
        declared = declared or read_json(self.folder / "special_tokens_map.json").get("cls_token")
        if isinstance(declared, dict):
            declared = declared.get("content")
        known = self.model_type in _CLS_TYPES
        stored = tokenizer_settings(self.folder)
        if not stored:
            return known
        first = _first_special(stored.get("post_processor"))
        if first is None:
            # Classes such as BertTokenizer add theirs whatever the file says.
            return known
        if declared:
            return bool(first == declared)
        return first in ("[CLS]", "<cls>") or (known and first == "<s>")

    def identity(self, *, weights: bool) -> str:
        """Return 32 hex digits over config, tokenizer and, if asked, weight files.

        Names count within the folder, so that a copy elsewhere is the same checkpoint.

        Raises
        ------
        EncodingError
            If the weights are missing or a file cannot be read.
        """
        files = [self.folder / "config.json", *tokenizer_files(self.folder)]
        if self.remote_code:
            files += code_files(self.folder)
        if weights:
            files += self.weights()
        try:
            return digest(*((path.name, file_digest(path)) for path in files))
        except OSError as error:
            raise EncodingError(f"cannot read a model's file: {error}") from error

    def weights(self) -> list[Path]:
        """Return the weight files.

        Raises
        ------
        EncodingError
            If there are none, or a shard is missing.
        """
        found = weight_files(self.folder)
        if not found:
            raise EncodingError(
                "no complete model.safetensors or pytorch_model.bin in the folder",
                where=str(self.folder),
            )
        return found


def _first_special(post: Any) -> str | None:
    """Return the special token that a tokenizers post-processor puts before a text."""
    if not isinstance(post, dict):
        return None
    if post.get("type") == "Sequence":
        found = [_first_special(part) for part in post.get("processors", [])]
        return next((f for f in found if f is not None), None)
    if post.get("type") == "TemplateProcessing":
        first = (post.get("single") or [{}])[0]
        # An empty string: there is a template, and it begins with the text itself.
        return str(first["SpecialToken"]["id"]) if "SpecialToken" in first else ""
    if post.get("type") in ("BertProcessing", "RobertaProcessing"):
        return str(post["cls"][0])
    return None
