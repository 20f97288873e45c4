"""The node's counters, in Prometheus' text format."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from realtime.engine import SocketServer
from realtime.hub import Hub


class Metrics:
    """One registry per node; what others already count is read when it is asked for."""

    def __init__(self, hub: Hub, sockets: SocketServer) -> None:
        self.registry = CollectorRegistry()
        self.submitted = self._counter("jobs_submitted", "Jobs accepted by this node")
        self.refused = self._counter("requests_refused", "Requests answered with an error")
        self.probe_seconds = Gauge(
            "jobcast_bus_probe_seconds", "Latest round trip through the bus", registry=self.registry
        )
        self._gauge("connections", "Open Socket.IO connections", lambda: sockets.connections)
        self._gauge("followed_jobs", "Jobs that somebody follows here", lambda: len(hub.feeds))
        self._gauge("followers", "Subscriptions", lambda: sum(len(feed.followers) for feed in hub.feeds))
        self._gauge("lagging_followers", "Catching up", lambda: sum(len(feed.lagging) for feed in hub.feeds))
        self._gauge("deliveries_total", "Events sent to followers", lambda: hub.delivered)
        self._gauge(
            "catch_ups_total", "Times that a job's log was read for lagging followers", lambda: hub.holes
        )
        self._gauge("bus_sessions_total", "Connections of the bus", lambda: hub.bus.sessions)
        self._gauge("protocol_violations_total", "Connections closed for it", lambda: sockets.violations)

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str) -> Counter:
        return Counter(f"jobcast_{name}", about, registry=self.registry)

    def _gauge(self, name: str, about: str, read: Callable[[], float]) -> None:
        Gauge(f"jobcast_{name}", about, registry=self.registry).set_function(read)
