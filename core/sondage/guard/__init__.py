"""Code of plugins, run so that whatever it does is one error and stays with it."""
