"""Connections to a backend: through which proxy, with whose name and key."""

import pytest
from yarl import URL

from agents import OpenAIChat
from agents.backends.transport.session import open_session, proxy_for
from agents.errors import InvalidBackend
from tests.agents.backends.asking_openai import ask
from tests.agents.backends.chat_bytes import DONE, whole
from tests.agents.backends.llm_server import EVENT_STREAM, Received, byte_server
from tests.agents.collecting import answer, asking, text_of

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
OUTSIDE = URL("https://model.example/v1")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("name", "address", "proxy"),
    [
        ("HTTPS_PROXY", "http://proxy:3128", "http://proxy:3128"),
        ("https_proxy", "proxy:3128", "http://proxy:3128"),
        ("ALL_PROXY", "https://proxy", "https://proxy"),
        ("HTTP_PROXY", "http://proxy", None),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str, proxy: str | None
) -> None:
    monkeypatch.setenv(name, address)
    assert proxy_for(OUTSIDE) == (URL(proxy) if proxy else None)


@pytest.mark.parametrize("excepted", ["*", "model.example", ".example", "model.example:443", "a,example"])
def test_the_environment_names_who_needs_no_proxy(monkeypatch: pytest.MonkeyPatch, excepted: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert proxy_for(OUTSIDE) is not None
    monkeypatch.setenv("NO_PROXY", excepted)
    assert proxy_for(OUTSIDE) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_needs_no_proxy(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy:3128")
    assert proxy_for(URL(f"http://{host}:8080/v1")) is None


@pytest.mark.parametrize("address", ["socks5://user:password@proxy", "http://", "http://user:password@:x:y"])
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(InvalidBackend, match="proxy") as raised:
        proxy_for(OUTSIDE)
    assert "password" not in str(raised.value)


async def test_a_request_goes_through_the_proxy_and_names_its_user_there_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    received: list[Received] = []
    async with byte_server(chunks=[whole("x")], received=received) as proxy_url:
        proxy = URL(proxy_url).with_path("/").with_user("user").with_password("password")
        monkeypatch.setenv("HTTP_PROXY", str(proxy))
        assert text_of(await ask("http://model.example/v1")) == "x"
    assert received[0].headers["Host"] == "model.example"
    assert received[0].headers["Proxy-Authorization"].startswith("Basic ")
    assert received[0].headers["Authorization"].startswith("Bearer ")


async def test_a_user_in_the_base_url_is_named_in_place_of_the_key() -> None:
    received: list[Received] = []
    async with byte_server(chunks=[DONE], received=received) as base_url:
        url = URL(base_url).with_user("ü").with_password("p")
        backend = OpenAIChat(str(url), api_key="sk-test", model="m")
        await answer(backend, asking("x"))
        await backend.aclose()
    assert received[0].headers["Authorization"] == "Basic w7w6cA=="
    assert "p" not in backend.description.rpartition(" at ")[2]


async def test_a_server_may_send_large_headers_and_its_cookies_are_not_kept() -> None:
    headers = {**EVENT_STREAM, "X-Policy": "x" * 20_000, "Set-Cookie": "who=you"}
    received: list[Received] = []
    async with byte_server(200, headers, [DONE], received=received) as base_url:
        backend = OpenAIChat(base_url, model="m")
        for _ in range(2):
            await answer(backend, asking("x"))
        await backend.aclose()
    assert ["Cookie" in request.headers for request in received] == [False, False]


async def test_as_many_streams_as_there_are_jobs_may_be_open() -> None:
    session = open_session(OUTSIDE, silence_timeout_s=1)
    assert session.connector is not None
    assert session.connector.limit == session.connector.limit_per_host == 0
    await session.close()


async def test_a_proxy_of_the_environment_is_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with byte_server(chunks=[whole("x")]) as base_url:
        assert text_of(await ask(base_url)) == "x"


async def test_a_proxy_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "nonsense://user:password@x")
    with pytest.raises(InvalidBackend, match="proxy") as raised:
        await ask("http://model.example/v1")
    assert "password" not in str(raised.value)
