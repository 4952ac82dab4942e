"""Which models are ready, for the standard health service: `model:<name>`."""

from collections.abc import Mapping

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health


class Readiness:
    """Tells the health service."""

    def __init__(self, servicer: health.HealthServicer) -> None:
        """`servicer` answers the clients."""
        self._servicer = servicer
        self._known: frozenset[str] = frozenset()

    async def models(self, ready: Mapping[str, bool]) -> None:
        """SERVING for the models that can run now, NOT_SERVING for the others, and for those that were removed."""
        states = health_pb2.HealthCheckResponse
        ready = {**dict.fromkeys(self._known, False), **ready}
        self._known = frozenset(ready)
        for name, is_ready in ready.items():
            await self._servicer.set(f"model:{name}", states.SERVING if is_ready else states.NOT_SERVING)
