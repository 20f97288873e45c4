"""The node's counters, in Prometheus' text format."""

import asyncio
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily

from realtime.engine.socket_io import SocketServer
from realtime.fan_out.hub import Hub

Reading = tuple[str, str, Callable[[], float]]


class Counts:
    """What others count, as Prometheus' counters; and connections that have ended, by reason."""

    def __init__(self, sockets: SocketServer, counts: list[Reading]) -> None:
        self._sockets = sockets
        self._counts = counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        for name, about, read in self._counts:
            yield CounterMetricFamily(f"jobcast_{name}", about, value=read())
        family = CounterMetricFamily("jobcast_connections_closed", "By reason", labels=["reason"])
        for reason, count in self._sockets.eio.closed.items():
            family.add_metric([reason.replace(" ", "_")], count)
        yield family


class Metrics:
    """One registry per node; what others already count is read when it is asked for."""

    def __init__(self, hub: Hub, sockets: SocketServer) -> None:
        self.registry = CollectorRegistry()
        self.submitted = self._counter("jobs_submitted", "Jobs accepted by this node")
        self.refused = self._counter("requests_refused", "Socket.IO requests answered with an error")
        self.probe_seconds = Gauge(
            "jobcast_bus_probe_seconds", "Latest round trip through the bus", registry=self.registry
        )
        for name, about, read in [*_connections(hub, sockets), *_following(hub)]:
            self._gauge(name, about, read)
        self.registry.register(Counts(sockets, _counted(hub, sockets)))

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str) -> Counter:
        return Counter(f"jobcast_{name}", about, registry=self.registry)

    def _gauge(self, name: str, about: str, read: Callable[[], float]) -> None:
        Gauge(f"jobcast_{name}", about, registry=self.registry).set_function(read)


def _connections(hub: Hub, sockets: SocketServer) -> list[Reading]:
    return [
        ("connections", "Open Socket.IO connections", lambda: len(sockets.connections)),
        ("unsent_bytes", "Of all connections together", lambda: hub.outlets.unsent),
        ("unsent_bytes_max", "Of the connection that has most", lambda: hub.outlets.most_unsent),
        ("tasks", "Of the event loop", lambda: len(asyncio.all_tasks())),
    ]


def _following(hub: Hub) -> list[Reading]:
    return [
        ("followed_jobs", "Jobs that somebody follows here", lambda: len(hub.feeds)),
        ("followers", "Subscriptions", lambda: sum(len(feed.followers) for feed in hub.feeds)),
        ("lagging_followers", "Catching up", lambda: sum(len(feed.lagging) for feed in hub.feeds)),
        ("hidden_followers", "That nobody looks at", lambda: sum(feed.hidden for feed in hub.feeds)),
        ("tail_bytes", "Of logs, kept for who joins or falls behind", lambda: hub.tail_bytes),
        ("flush_window_seconds", "Pause after the latest flush", lambda: hub.flusher.pacer.window_s),
    ]


def _counted(hub: Hub, sockets: SocketServer) -> list[Reading]:
    return [
        ("deliveries", "Events sent to followers", lambda: hub.delivered),
        ("catch_ups", "Times that a log was read where the bus did not do", lambda: hub.mender.mends),
        ("bus_sessions", "Connections of the bus", lambda: hub.bus.sessions),
        ("connections_refused", "For want of room", lambda: sockets.eio.room.refused),
        ("protocol_violations", "Connections closed for it", lambda: sockets.eio.violations),
    ]
