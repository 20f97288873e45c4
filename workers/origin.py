"""Where a writer begins."""

from collections.abc import Mapping

from shared_events.checkpoint import EpochStart
from shared_events.fold import JobView


class Origin:
    """Where a writer begins: the job as it found it, and what its log is made anew from if it is lost."""

    def __init__(
        self,
        view: JobView,
        *,
        before: tuple[EpochStart, ...] = (),
        fields: Mapping[str, str],
        request: bytes = b"",
    ) -> None:
        self.view = view
        self.predecessors = set(before)
        self.fields = dict(fields)
        self.request = request
