"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Machines are shared: how long an example takes says nothing of the code.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

# Only the tests of the server ask for its fixtures, but plugins are named at the top.
pytest_plugins = ("pytest_jupyter.jupyter_server",)
