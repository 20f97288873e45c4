"""What must be so before the first process starts; each check raises `StartupError` with one sentence."""

import socket
from typing import Final
from urllib.parse import quote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from launch.embedded.server import refuse_second_server
from launch.settings import Settings
from launch.startup import StartupError

REDIS_TIMEOUT_S: Final = 3.0


def check_surroundings(settings: Settings) -> None:
    """The port is free, and every Redis that was given by URL answers."""
    check_port(settings.host, settings.port)
    if settings.embedded_socket:
        refuse_second_server(settings.embedded_socket)
    for use, url in given_urls(settings).items():
        check_redis(use, url)


def given_urls(settings: Settings) -> dict[str, str]:
    """Each Redis that is not the embedded one, once, with what it is for."""
    uses = {settings.queue_redis_url: "the queue", settings.event_redis_url: "events"}
    embedded = f"unix://{quote(str(settings.embedded_socket))}"
    return {use: url for url, use in uses.items() if url != embedded}


def check_port(host: str, port: int) -> None:
    try:
        addresses = {info[0:5:4] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        for family, address in addresses:
            _listen_for_a_moment(family, address)
    except OSError as error:
        raise StartupError(
            f"{host}:{port} cannot be listened on: {error.strerror}. Choose another with PORT or HOST."
        ) from error


def _listen_for_a_moment(family: int, address: tuple[object, ...]) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # As the web server does: connections of the last run that linger are no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1)


def check_redis(use: str, url: str) -> None:
    try:
        with redis.Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise StartupError(
            f"The Redis for {use} at {_without_password(url)} does not answer: {_reason(error)}. "
            "Start it or correct its URL; without REDIS_URL an embedded one is started."
        ) from error


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _reason(error: Exception) -> str:
    """The innermost cause, which says more than what the client library makes of it."""
    cause = error.__cause__ or error.__context__ or error
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__).strip().rstrip(".")
