"""Models that lie on several devices, placed by accelerate: where they take texts, and give states.

Accelerate brings what a module is given to where the module's weights are, and loads those that
lie in a file when their turn comes. What it gives stays there. So that all states of a pass can be
compared and pooled, blocks give theirs back at the place where the texts came in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sondage.errors import ParameterError
from sondage_transformers.recipe import Recipe

if TYPE_CHECKING:
    import torch

#: How accelerate is to spread a model, or where which modules go.
DeviceMap = Literal["auto", "balanced", "balanced_low_0", "sequential"] | dict[str, int | str]


def kept(device_map: DeviceMap | None) -> str | tuple[tuple[str, int | str], ...] | None:
    """Return a map as a recipe holds it."""
    return tuple(device_map.items()) if isinstance(device_map, dict) else device_map


def place_of(model: Any) -> torch.device:
    """Return the device on which a model is given texts.

    That of its first weights; those that lie elsewhere until they are needed have none.
    """
    import torch

    there = (p.device for p in model.parameters() if p.device.type != "meta")
    return next(there, torch.device("cpu"))


def refuse_map(recipe: Recipe, wanted_by: str) -> None:
    """Raise `ParameterError` for a model on several devices."""
    if recipe.device_map is not None:
        raise ParameterError(
            f"{wanted_by} needs a model that is whole on one device",
            hint="leave out device_map",
        )


def options_of(recipe: Recipe) -> dict[str, Any]:
    """Return what `from_pretrained` is told of devices.

    Raises
    ------
    ParameterError
        If accelerate is not installed, which places the modules.
    """
    if recipe.device_map is None:
        return {}
    try:
        import accelerate  # noqa: F401
    except ImportError as error:
        raise ParameterError(
            "device_map needs the package accelerate, which is not installed",
            hint="pip install accelerate",
        ) from error
    given = recipe.device_map
    return {"device_map": given if isinstance(given, str) else dict(given)}


def gathered(model: Any) -> Any:
    """Have a model on several devices, and each of its blocks, give states where texts come in.

    Parameters
    ----------
    model : torch.nn.Module
        The part that reads text; it is changed.
    """
    import torch
    from accelerate.utils import send_to_device

    place = place_of(model)

    def back(module: Any, args: Any, output: Any) -> Any:
        return send_to_device(output, place)

    model.register_forward_hook(back)
    outermost: list[str] = []
    for name, module in model.named_modules():
        # Experts are lists within blocks: what they give is added to what lies beside them.
        inner = any(name.startswith(f"{one}.") for one in outermost)
        if isinstance(module, torch.nn.ModuleList) and not inner:
            outermost.append(name)
            for block in {id(child): child for child in module}.values():
                block.register_forward_hook(back)
    return model
