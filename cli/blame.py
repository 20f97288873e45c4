"""Where an agent of somebody's own raised: the line to look at, without those of Python and Jobcast."""

import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import agents

_NOT_OWN: Final = tuple(
    str(Path(str(path)).resolve())
    for path in (
        *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
        Path(agents.__path__[0]),
    )
)


def blamed(error: BaseException) -> str:
    """`ValueError: no (my_agents.py, line 7, in haiku: x = y)`"""
    said = "".join(traceback.format_exception_only(error)).strip()
    frame = own_frame(traceback.extract_tb(error.__traceback__))
    if frame is None:
        return said
    line = f": {frame.line}" if frame.line else ""
    return f"{said} ({_shown(frame.filename)}, line {frame.lineno}, in {frame.name}{line})"


def own_frame(frames: Iterable[traceback.FrameSummary]) -> traceback.FrameSummary | None:
    """The last one of the author's code; if there is none, the last one."""
    all_frames = list(frames)
    own = [frame for frame in all_frames if not _is_ours(frame.filename)]
    return own[-1] if own else all_frames[-1] if all_frames else None


def _is_ours(filename: str) -> bool:
    return filename.startswith("<") or str(Path(filename).resolve()).startswith(_NOT_OWN)


def _shown(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else filename
