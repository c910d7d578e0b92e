"""From a recipe to a torch model in evaluation mode."""

from __future__ import annotations

import dataclasses
import inspect
import weakref
from typing import TYPE_CHECKING, Any

from sondage.errors import EncodingError, ParameterError
from sondage_transformers.checkpoint import Checkpoint
from sondage_transformers.placing import gathered, options_of, place_of, refuse_map
from sondage_transformers.quiet import quiet
from sondage_transformers.recipe import Recipe
from sondage_transformers.restorer import Restorer
from sondage_transformers.sharing import original, reads_too, shared
from sondage_transformers.splicing import put

if TYPE_CHECKING:
    import torch

#: Parts that no hidden state passes through: they may be missing from a checkpoint.
_UNUSED = ("pooler",)


def load_model(recipe: Recipe) -> torch.nn.Module:
    """Return the model of a recipe: loaded or drawn, on its device, without dropout.

    Its weights are shared with other models of this process; see `sharing.shared`. The global
    random state is left as it was.

    Raises
    ------
    EncodingError
        If the files cannot be loaded, or lack weights that hidden states pass through.
    ParameterError
        If there is no such device, or layers cannot be replaced.
    """
    if recipe.device_map is not None:
        if recipe.splices:
            refuse_map(recipe, "a model with other layers")
        # Its modules know each other by more than their places in it: it is not copied.
        spread: torch.nn.Module = gathered(encoder_of(load_whole(recipe)))
        return spread
    device = device_of(recipe.device)
    plain = dataclasses.replace(recipe, splices=())
    model: torch.nn.Module = shared(plain, device, lambda: encoder_of(load_whole(plain)).to(device))
    for splice in recipe.splices:
        donor = load_model(_alike(splice.donor, recipe))
        put(model, donor, recipe.checkpoint.n_layers, splice.layers)
        reads_too(model, donor)
    return model


def _alike(donor: Recipe, base: Recipe) -> Recipe:
    return dataclasses.replace(donor, dtype=base.dtype, device=base.device)


def load_whole(recipe: Recipe) -> Any:
    """Return the same on the CPU, with its decoder if there is one: what can be saved again."""
    import torch

    # Loading draws too, for parts that the checkpoint lacks.
    with torch.random.fork_rng(devices=[]), quiet():
        if recipe.seed is None:
            options = options_of(recipe)
            model = _load(recipe.checkpoint, getattr(torch, recipe.dtype), options)
        else:
            refuse_map(recipe, "a model with drawn weights")
            torch.default_generator.manual_seed(recipe.seed)
            model = _draw(recipe.checkpoint).to(getattr(torch, recipe.dtype))
    # Decoders would keep keys and values for a next word that never comes.
    for part in (model, encoder_of(model)):
        if hasattr(part, "config"):
            part.config.use_cache = False
    model.requires_grad_(False)
    model.eval()
    for splice in recipe.splices:
        donor = encoder_of(load_whole(_alike(splice.donor, recipe)))
        put(encoder_of(model), donor, recipe.checkpoint.n_layers, splice.layers)
    return model


def encoder_of(model: Any) -> Any:
    """Return the part of a model that reads text: of an encoder-decoder, the encoder.

    Of a model of several modalities, the model itself if it reads text alone (LLaVA), else
    its part that does (CLIP).
    """
    if model.config.is_encoder_decoder or _has_decoder(model):
        return _reader(model.get_encoder())
    return _reader(model)


def _has_decoder(model: Any) -> bool:
    # An encoder saved by itself says that it is no encoder-decoder; AutoModel builds the whole.
    return "decoder_input_ids" in inspect.signature(model.forward).parameters


def _reader(model: Any) -> Any:
    from transformers import PreTrainedModel

    if not getattr(getattr(model, "config", None), "sub_configs", None):
        return model
    if model not in _READERS:
        parts = [(n, m) for n, m in model.named_modules() if isinstance(m, PreTrainedModel)]
        _READERS[model] = next((name for name, part in parts if _reads_text(part)), "")
    return model.get_submodule(_READERS[model])


#: Of composite models, the name of the part that reads text.
_READERS: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def _reads_text(model: Any) -> bool:
    """Whether a model gives hidden states for a few subwords and nothing else."""
    import torch

    if "input_ids" not in inspect.signature(model.forward).parameters:
        return False
    ids = torch.ones((1, 4), dtype=torch.int64, device=place_of(model))
    try:
        with torch.inference_mode(), Restorer(model).kept():
            out = model(input_ids=ids, attention_mask=ids, output_hidden_states=True)
    except Exception:  # other modalities are missed in any way
        return False
    return bool(getattr(out, "hidden_states", None))


def device_of(name: str) -> torch.device:
    """Return the device of this name; ``auto`` is the first CUDA device, else the CPU.

    Raises
    ------
    ParameterError
        If torch does not know it or it is not there.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ParameterError(
            f"device {name!r} cannot be used: {str(error).splitlines()[0]}",
            hint="device: auto, cpu, cuda or cuda:0",
        ) from error
    return device


def made_by(
    auto: Any, checkpoint: Checkpoint, dtype: torch.dtype, **options: Any
) -> tuple[Any, dict[str, Any]]:
    """Return the model that one of transformers' auto classes makes of local files.

    Parameters
    ----------
    auto : class
    checkpoint : Checkpoint
    dtype : torch.dtype
    **options
        What else `from_pretrained` is told.

    Returns
    -------
    model : Module
    info : dict
        What `from_pretrained` says of loading: names of tensors that the files lack, and more.
    """
    safe = any(path.suffix == ".safetensors" for path in checkpoint.weights())
    model, info = auto.from_pretrained(
        str(checkpoint.folder),
        dtype=dtype,
        local_files_only=True,
        trust_remote_code=checkpoint.remote_code,
        use_safetensors=safe,
        weights_only=True,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # `refuse_misfits` says what they are
        **options,
    )
    return model, info


def _load(checkpoint: Checkpoint, dtype: torch.dtype, options: dict[str, Any]) -> Any:
    from transformers import AutoModel

    try:
        model, info = made_by(AutoModel, checkpoint, dtype, **options)
    except Exception as error:  # damaged files and foreign configurations fail in any way
        raise EncodingError(
            f"cannot load the model: {error}", where=str(checkpoint.folder), hint=_hint(checkpoint)
        ) from error
    refuse_misfits(info, checkpoint)
    reader = encoder_of(model)
    used = {id(tensor) for tensor in (*reader.parameters(), *reader.buffers())}
    _MISSING[model] = frozenset(k for k in info["missing_keys"] if any(p in k for p in _UNUSED))
    missing = [
        key
        for key in info["missing_keys"]
        if not any(part in key for part in _UNUSED) and id(_tensor(model, key)) in used
    ]
    if missing:
        raise EncodingError(
            f"the weights lack {len(missing)} tensors of the model, {sorted(missing)[0]} first",
            where=str(checkpoint.folder),
            hint="these would be random; save the whole model, or use transformers.randomised",
        )
    return model


def refuse_misfits(info: dict[str, Any], checkpoint: Checkpoint) -> None:
    """Raise `EncodingError` for weights of another shape than the configuration's.

    Parameters
    ----------
    info : dict
        What `from_pretrained` says of loading; it would draw such weights anew.
    checkpoint : Checkpoint
    """
    wrong = sorted((str(k), tuple(a), tuple(b)) for k, a, b in info.get("mismatched_keys", ()))
    if wrong:
        name, stored, wanted = wrong[0]
        raise EncodingError(
            f"{len(wrong)} of the weights have another shape than config.json says, the first "
            f"{name}: {stored}, not {wanted}",
            where=str(checkpoint.folder),
            hint="the weights and config.json have to be those of one model",
        )


def missing_of(model: Any) -> frozenset[str]:
    """Return the weights of a loaded model that its checkpoint lacks, and no state depends on."""
    return _MISSING.get(original(model), frozenset())


#: The same, by model.
_MISSING: weakref.WeakKeyDictionary[Any, frozenset[str]] = weakref.WeakKeyDictionary()


def _tensor(model: Any, key: str) -> Any:
    owner, _, name = key.rpartition(".")
    return getattr(model.get_submodule(owner), name, None)


def _draw(checkpoint: Checkpoint) -> Any:
    import torch
    import transformers

    auto: Any = transformers.AutoModel
    try:
        config = transformers.AutoConfig.from_pretrained(
            str(checkpoint.folder),
            local_files_only=True,
            trust_remote_code=checkpoint.remote_code,
        )
        return auto.from_config(
            config, dtype=torch.float32, trust_remote_code=checkpoint.remote_code
        )
    except Exception as error:  # as above
        raise EncodingError(
            f"cannot build the model: {error}", where=str(checkpoint.folder), hint=_hint(checkpoint)
        ) from error


def _hint(checkpoint: Checkpoint) -> str:
    if "auto_map" in checkpoint.config and not checkpoint.remote_code:
        return "trust_remote_code: true, if you have read the model's code"
    return "load it with transformers' AutoModel to see more"
