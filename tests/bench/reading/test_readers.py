"""The paced server and all who read it agree on what was said, in every wire format."""

from collections.abc import Iterator

import pytest

from bench.cores import Cores
from bench.orders import Provider, Reader
from bench.paced import Paced, paced_server
from bench.processes import Processes
from bench.reading.client import reading
from bench.reading.reading import expected, prompt_for


@pytest.fixture(scope="module", params=[400.0, None], ids=["paced", "unpaced"])
def paced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paced]:
    with paced_server(Processes(tmp_path_factory.mktemp("paced"), Cores()), request.param) as server:
        yield server


@pytest.mark.parametrize("provider", Provider)
@pytest.mark.parametrize("reader", Reader)
async def test_every_reader_gets_text_counts_and_reason(
    paced: Paced, reader: Reader, provider: Provider
) -> None:
    async with reading(reader, provider, f"http://127.0.0.1:{paced.port}") as ask:
        for stream, tokens in ((0, 1), (7, 33)):
            assert await ask(prompt_for(stream, tokens)) == expected(stream, tokens)
