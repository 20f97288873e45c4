"""Tokens: unguessable, and kept as a digest only."""

from realtime.outside.token import digest, new_token, same


def test_tokens_differ_and_so_do_their_digests() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == len({digest(token) for token in tokens}) == 100
    assert all(len(token) >= 43 and token not in digest(token) for token in tokens)


def test_only_the_same_token_is_the_same() -> None:
    token = new_token()
    assert same(digest(token), digest(token))
    assert not same(digest(token), digest(new_token()))
    assert not same("", digest(token))


def test_a_job_without_a_publisher_has_no_token() -> None:
    assert not same("", "")
