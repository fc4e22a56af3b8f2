"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Machines are shared: how long an example takes says nothing of the code. REPROBOOK_FUZZ=N makes N times as many
# examples; `make fuzz` does.
settings.register_profile(
    "shared machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=100 * int(os.environ.get("REPROBOOK_FUZZ", "1")),
)
settings.load_profile("shared machine")
