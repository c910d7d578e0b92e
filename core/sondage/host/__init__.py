"""Finding plugins, keeping broken ones apart, and the catalogue of what is on offer."""

from typing import TYPE_CHECKING

from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage.host.discovery import GROUP as GROUP
    from sondage.host.discovery import HOOKS as HOOKS
    from sondage.host.discovery import NAME as NAME
    from sondage.host.discovery import Host as Host
    from sondage.host.discovery import Offer as Offer
    from sondage.host.discovery import PluginState as PluginState
else:
    # Whoever needs the hooks alone does not pay for finding plugins.
    __getattr__, __dir__, __all__ = exports(
        __name__, {"discovery": ["GROUP", "HOOKS", "NAME", "Host", "Offer", "PluginState"]}
    )
