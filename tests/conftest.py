"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Time says nothing about what is tested: other tests, and other programs, run on the same machine.
settings.register_profile("beside others", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("beside others")
