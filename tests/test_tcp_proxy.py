"""The proxy does to real connections what it says."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import redis

from tests.redis_server import RedisServer
from tests.tcp_proxy import TcpProxy, tcp_proxy
from tests.waiting import wait_until


@pytest.fixture
def proxy(shared_redis: RedisServer) -> Iterator[TcpProxy]:
    with tcp_proxy(shared_redis.socket) as one:
        yield one


@contextmanager
def client_of(proxy: TcpProxy, **options: float) -> Iterator[redis.Redis]:
    options = {"socket_timeout": 5, **options}
    with closing(redis.Redis(port=proxy.port, protocol=2, retry=None, **options)) as client:  # type: ignore[arg-type]
        yield client


def test_bytes_pass_both_ways_to_a_unix_socket_and_to_a_port(proxy: TcpProxy) -> None:
    with tcp_proxy(("127.0.0.1", proxy.port)) as second, client_of(second) as client:
        assert client.echo("x" * 1_000_000) == b"x" * 1_000_000


def test_a_cut_ends_the_connections_that_are_and_none_that_come(proxy: TcpProxy) -> None:
    with raw_connection(proxy) as before:
        proxy.cut()
        assert ended(before)
    with raw_connection(proxy):
        assert proxy.connections == 1


def test_who_is_refused_is_let_in_at_the_same_port_later(proxy: TcpProxy) -> None:
    with client_of(proxy) as client:
        proxy.refuse()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        proxy.accept()
        assert client.ping()


def test_a_lost_reply_belongs_to_a_request_that_arrived(proxy: TcpProxy, shared_redis: RedisServer) -> None:
    with client_of(proxy) as client:
        client.delete("lost")
        proxy.lose_reply_to(b"INCR")
        client.ping()
        with pytest.raises(redis.ConnectionError):
            client.incr("lost")
        assert proxy.lost == 1
        assert client.get("lost") == b"1"
        assert client.incr("lost") == 2


def test_a_frozen_proxy_holds_and_then_passes_on(proxy: TcpProxy) -> None:
    answers: list[bool] = []
    with client_of(proxy) as client, client_of(proxy, socket_timeout=0.2) as hasty:
        client.ping()
        proxy.freeze()
        asking = threading.Thread(target=lambda: answers.append(bool(client.ping())))
        asking.start()
        with pytest.raises(redis.TimeoutError):
            hasty.ping()
        assert answers == []
        proxy.thaw()
        asking.join()
    assert answers == [True]


def test_dropped_replies_are_gone_while_requests_arrive(proxy: TcpProxy, shared_redis: RedisServer) -> None:
    with client_of(proxy, socket_timeout=0.2) as client, redis_at(shared_redis) as beside:
        client.set("dropped", "no")
        proxy.drop_replies()
        with pytest.raises(redis.TimeoutError):
            client.set("dropped", "yes")
        assert beside.get("dropped") == b"yes"
        proxy.drop_replies(False)
        assert client.ping()


def test_latency_is_added_each_way(proxy: TcpProxy) -> None:
    with client_of(proxy, socket_timeout=0.2) as client:
        client.ping()
        proxy.delay(0.15)
        with pytest.raises(redis.TimeoutError):
            client.ping()
        proxy.delay(0)
        assert client.ping()


def test_a_target_that_is_gone_is_a_closed_connection(free_target: tuple[str, int]) -> None:
    with (
        tcp_proxy(free_target) as proxy,
        closing(socket.create_connection(("127.0.0.1", proxy.port), 5)) as client,
    ):
        assert ended(client)


def test_it_ends_with_connections_open_and_leaves_no_thread(shared_redis: RedisServer) -> None:
    before = threading.active_count()
    with tcp_proxy(shared_redis.socket) as proxy, client_of(proxy) as client:
        client.ping()
        proxy.freeze()
    wait_until(lambda: threading.active_count() == before)


@pytest.fixture
def free_target() -> tuple[str, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1", int(probe.getsockname()[1])


def redis_at(server: RedisServer) -> "closing[redis.Redis]":
    return closing(redis.Redis.from_url(server.url, protocol=2))


@contextmanager
def raw_connection(proxy: TcpProxy) -> Iterator[socket.socket]:
    """Connected through to the server, which has answered."""
    with closing(socket.create_connection(("127.0.0.1", proxy.port), 5)) as client:
        client.sendall(b"PING\r\n")
        assert client.recv(16) == b"+PONG\r\n"
        yield client


def ended(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
