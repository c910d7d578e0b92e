"""Finding plugins, keeping broken ones apart, and the catalogue of what is on offer."""

from typing import TYPE_CHECKING

from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage.host.discovery import Host as Host
    from sondage.host.plugged import DATA_HOOK as DATA_HOOK
    from sondage.host.plugged import GROUP as GROUP
    from sondage.host.plugged import HOOKS as HOOKS
    from sondage.host.plugged import NAME as NAME
    from sondage.host.plugged import DataOffer as DataOffer
    from sondage.host.plugged import Offer as Offer
    from sondage.host.plugged import PluginState as PluginState
else:
    # Whoever needs the hooks alone does not pay for finding plugins.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "discovery": ["Host"],
            "plugged": [
                "DATA_HOOK",
                "GROUP",
                "HOOKS",
                "NAME",
                "DataOffer",
                "Offer",
                "PluginState",
            ],
        },
    )
