#!/bin/sh
# pluggy imports everything that a plugin module offers lazily as soon as the module is registered.
#
# A good guess: a module that hands out names at first use (PEP 562) can be a pluggy plugin and stay light;
# registering it looks for hooks alone.
# Behaviour: register() asks for the value of every name in dir(), so that a module whose __dir__ tells its lazy
# names, as the PEP advises, has all of them made, hooks or not. Without __dir__ it has none made.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pluggy==1.6.0

"$folder/env/bin/python" - <<'END'
import types

import pluggy

print("pluggy", pluggy.__version__)
hookimpl = pluggy.HookimplMarker("field")


def plugin(tells: bool) -> tuple[types.ModuleType, list[str]]:
    """Return a module with one hook and two lazy names, and the list of names that were made."""
    module, made = types.ModuleType("plugin"), []

    def get(name: str) -> object:
        if name not in ("Encoder", "Probe"):
            raise AttributeError(name)
        made.append(name)  # a real one would import its heavy module here
        return object

    @hookimpl
    def field_probes() -> list[str]:
        return ["probe"]

    module.field_probes, module.__getattr__ = field_probes, get
    if tells:
        module.__dir__ = lambda: ["Encoder", "Probe", "field_probes"]
    return module, made


found = {}
for tells in (False, True):
    module, made = plugin(tells)
    pluggy.PluginManager("field").register(module)
    found[tells] = sorted(set(made))
    print("with" if tells else "without", "__dir__: made when registered:", found[tells])
assert found == {False: [], True: ["Encoder", "Probe"]}
END
