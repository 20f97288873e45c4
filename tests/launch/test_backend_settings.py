"""Backends from file and environment: what they are made of, and the sentence for what is wrong."""

from pathlib import Path

import pytest

from launch.backend_settings import BackendSettings
from launch.settings import Settings, SettingsError, read_settings
from tests.launch.conftest import ROOT

SECRET = "hunter2-secret"  # a value that no message may show


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "jobcast.toml"


def read(config: Path, text: str = "", **environ: str) -> Settings:
    config.write_text(text)
    return read_settings({"JOBCAST_CONFIG": str(config), **environ})


def backend(config: Path, lines: str, **environ: str) -> BackendSettings:
    (one,) = read(config, f"[backends.gpt]\n{lines}", **environ).backends
    return one


def sentence(config: Path, text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(config, text, **environ)
    return str(caught.value)


def test_a_backend_of_the_file_is_taken_as_it_stands_there(config: Path) -> None:
    lines = """
        kind = "openai"
        base_url = "https://llm.example:8443/v1/"
        api_key_env = "MY_KEY"
        model = "m"
        models = ["m", "n"]
        silence_timeout_s = 5
        stream = false
        turn_tokens = 64
    """
    one = backend(config, lines, MY_KEY=f" {SECRET} ")
    assert (one.name, one.kind, one.base_url) == ("gpt", "openai", "https://llm.example:8443/v1")
    assert (one.model, one.models, one.silence_timeout_s) == ("m", ("m", "n"), 5.0)
    assert (one.stream, one.turn_tokens) == (False, 64)
    assert one.api_key is not None
    assert one.api_key.reveal() == SECRET


def test_what_a_backend_does_not_say_is_the_choice_of_its_kind(config: Path) -> None:
    one = backend(config, 'kind = "anthropic"')
    assert (one.base_url, one.api_key, one.stream) == ("https://api.anthropic.com", None, True)
    assert (one.models, one.silence_timeout_s, one.turn_tokens) == ((), None, None)


def test_a_custom_backend_has_a_factory_its_options_and_a_key(config: Path) -> None:
    lines = """
        kind = "custom"
        factory = "my_package.backends:Mine.make"
        options = { a = 1, b = { c = [true] } }
        api_key_env = "MY_KEY"
    """
    one = backend(config, lines, MY_KEY=SECRET)
    assert (one.factory, one.options) == ("my_package.backends:Mine.make", {"a": 1, "b": {"c": [True]}})
    assert one.api_key is not None


def test_nothing_of_a_backend_that_may_be_secret_is_printed(config: Path) -> None:
    lines = f'kind = "custom"\nfactory = "a:b"\napi_key_env = "MY_KEY"\noptions = {{ token = "{SECRET}" }}'
    settings = read(config, f"[backends.gpt]\n{lines}", MY_KEY=SECRET, OPENAI_API_KEY=SECRET)
    assert SECRET not in repr(settings)
    assert SECRET not in f"{[str(one) for one in settings.backends]} {settings.backends[0].api_key}"


def test_a_log_names_kind_and_host(config: Path) -> None:
    assert str(backend(config, 'kind = "ollama"\nmodel = "m"')) == "gpt (ollama at 127.0.0.1:11434)"
    assert str(backend(config, 'kind = "scripted"')) == "gpt (scripted)"


def test_the_file_comes_first_in_its_order_and_then_the_environment(config: Path) -> None:
    text = '[backends.b]\nkind = "scripted"\n[backends.a]\nkind = "scripted"\n'
    keys = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}
    found = read(config, text, **keys).backends
    assert [one.name for one in found] == ["b", "a", "openai", "anthropic"]


def test_a_name_of_the_file_wins_over_the_same_one_of_the_environment(config: Path) -> None:
    text = '[backends.a]\nkind = "scripted"\n[backends.openai]\nkind = "scripted"\n'
    found = read(config, text, OPENAI_API_KEY="k").backends
    assert [(one.name, one.kind) for one in found] == [("a", "scripted"), ("openai", "scripted")]


def test_what_the_environment_says_of_a_provider_is_taken(config: Path) -> None:
    environ = {
        "OPENAI_BASE_URL": "http://127.0.0.1:8080/v1/",
        "ANTHROPIC_API_KEY": SECRET,
        "ANTHROPIC_BASE_URL": "https://proxy.example",
        "ANTHROPIC_MODEL": "m",
    }
    openai, anthropic = read(config, **environ).backends
    assert (openai.base_url, openai.api_key, openai.model) == ("http://127.0.0.1:8080/v1", None, "gpt-5-mini")
    assert (anthropic.kind, anthropic.base_url, anthropic.model) == (
        "anthropic",
        "https://proxy.example",
        "m",
    )
    assert anthropic.api_key is not None
    assert anthropic.api_key.reveal() == SECRET


@pytest.mark.parametrize(
    ("lines", "said", "allowed"),
    [
        ("", "backends.gpt.kind is missing", "openai or openai-responses"),
        ('kind = "openia"', "backends.gpt.kind is 'openia'", "one of openai, openai-responses, anthropic"),
        ("kind = 3", "backends.gpt.kind is 3", "a text"),
        ('kind = "openai"\nbaseurl = "x"', "backends.gpt.baseurl is not known", "base_url"),
        ('kind = "openai"\n"a\\nb" = "x"', r"backends.gpt.'a\nb' is not known", "base_url"),
        ('kind = "scripted"\nbase_url = "x"', "backends.gpt.base_url is not known", "turn_tokens"),
        ('kind = "openai"\noptions = { a = 1 }', "backends.gpt.options is not known", "silence_timeout_s"),
        ('kind = "openai"\nbase_url = "x"', "backends.gpt.base_url is '…'", "an http:// or https:// URL"),
        ('kind = "openai"\nbase_url = "ftp://x"', "'ftp://x…'", "an http:// or https:// URL"),
        (
            'kind = "openai"\nbase_url = "http://a\\nb"',
            "base_url is 'http://ab…'",
            "an http:// or https:// URL",
        ),
        ('kind = "openai"\nbase_url = 7', "backends.gpt.base_url must be", "a text"),
        ('kind = "sse"', "backends.gpt.base_url is missing", "URL"),
        ('kind = "ollama"', "backends.gpt.model is missing", "the name of a model"),
        ('kind = "openai"\nmodel = ""', "backends.gpt.model is ''", "1 to 200 printable"),
        ('kind = "openai"\nmodel = "a\\u0000"', r"backends.gpt.model is 'a\x00'", "1 to 200 printable"),
        ('kind = "openai"\nmodels = "m"', "backends.gpt.models is 'm'", "a list of at most 50 texts"),
        ('kind = "openai"\nmodels = [1]', "backends.gpt.models is [1]", "a list of at most 50 texts"),
        ('kind = "openai"\nsilence_timeout_s = 0', "silence_timeout_s is 0", "seconds from 1 to 3600"),
        ('kind = "openai"\nsilence_timeout_s = nan', "silence_timeout_s is nan", "seconds from 1 to 3600"),
        ('kind = "openai"\nsilence_timeout_s = true', "silence_timeout_s is True", "seconds from 1 to 3600"),
        ('kind = "openai"\nstream = 1', "backends.gpt.stream is 1", "true or false"),
        ('kind = "openai"\nturn_tokens = 1.5', "turn_tokens is 1.5", "a whole number from 1 to 100000"),
        ('kind = "openai"\nturn_tokens = true', "turn_tokens is True", "a whole number from 1 to 100000"),
        ('kind = "openai"\napi_key_env = "NOT_SET"', "NOT_SET", "is not set"),
        ('kind = "openai"\napi_key_env = 1', "backends.gpt.api_key_env must be", "a text"),
        ('kind = "custom"', "backends.gpt.factory is missing", "my_package.backends:Mine"),
        ('kind = "custom"\nfactory = "os.system"', "factory is 'os.system'", "my_package.backends:Mine"),
        ('kind = "custom"\nfactory = "a:b"\noptions = 3', "backends.gpt.options must be", "a table"),
        ('kind = "custom"\nfactory = "a:b"\noptions = { "a b" = 1 }', "'a b'", "keyword argument"),
        ('kind = "custom"\nfactory = "a:b"\noptions = { class = 1 }', "options.class", "keyword argument"),
    ],
)
def test_a_wrong_backend_is_one_sentence(config: Path, lines: str, said: str, allowed: str) -> None:
    message = sentence(config, f"[backends.gpt]\n{lines}")
    assert said in message
    assert allowed in message
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize("name", ["GPT", "a b", "ü", "a" * 41, "", "a\\nb"])
def test_a_name_that_no_backend_has_is_refused(config: Path, name: str) -> None:
    message = sentence(config, f'[backends."{name}"]\nkind = "scripted"')
    assert "must have 1 to 40 of a-z 0-9 - _." in message
    assert "\n" not in message


def test_more_backends_than_anybody_needs_are_refused(config: Path) -> None:
    text = "".join(f'[backends.b{number}]\nkind = "scripted"\n' for number in range(51))
    assert "backends has 51 tables, but at most 50 are allowed." in sentence(config, text)


@pytest.mark.parametrize("text", ["backends = 3", "[backends]\ngpt = 3", "[[backends]]"])
def test_what_is_no_table_is_refused(config: Path, text: str) -> None:
    assert "must be a table" in sentence(config, text)


@pytest.mark.parametrize(
    "lines",
    [
        f'kind = "openai"\napi_key = "{SECRET}"',
        f'kind = "openai"\napi_key_env = "{SECRET}"',
        f'kind = "openai"\ntoken = "{SECRET}"',
        f'kind = "openai"\nbase_url = "https://user:{SECRET}@x.example"',
        f'kind = "openai"\nbase_url = "https://x.example/ ?key={SECRET}"',
        f'kind = "custom"\nfactory = "a:b"\noptions = {{ api_key = "{SECRET}" }}',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(config: Path, lines: str) -> None:
    assert SECRET not in sentence(config, f"[backends.gpt]\n{lines}")


def test_a_key_in_the_file_is_refused_with_the_way_to_do_it(config: Path) -> None:
    message = sentence(config, f'[backends.gpt]\nkind = "openai"\napi_key = "{SECRET}"')
    assert "backends.gpt.api_key is refused" in message
    assert "api_key_env" in message


def test_the_example_can_be_read_and_shows_every_kind(config: Path) -> None:
    text = (ROOT / "jobcast.example.toml").read_text()
    keys = {"MY_OPENAI_KEY": "k", "MY_ANTHROPIC_KEY": "k", "MY_GATEWAY_TOKEN": "k"}
    settings = read(config, text, **keys)
    assert settings.modules == ("my_package.agents",)
    kinds = {one.kind for one in settings.backends}
    assert kinds == {"openai", "openai-responses", "anthropic", "ollama", "sse", "scripted", "custom"}
