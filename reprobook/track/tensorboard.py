"""The adapter to TensorBoard: event files in ``trackers/tensorboard`` of the store, a folder a run.

``tensorboard --logdir .reprobook/trackers/tensorboard`` shows them. Scalars are single precision there; artifacts are
not kept.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reprobook.track.model import Outcome, Point, Subject
from reprobook.track.names import readable


def begin(subject: Subject) -> TensorBoardRun:
    """Begin a run in an empty folder."""
    folder = Path(target(subject))
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt that was given up
    folder.mkdir(parents=True)
    return TensorBoardRun(folder, subject)


def target(subject: Subject) -> str:
    """Say where a run would go."""
    group = (readable(subject.group, "-_"),) if subject.group else ()
    return str(subject.home.joinpath("tensorboard", *group, subject.run_id))


class TensorBoardRun:
    """The event file of a run."""

    def __init__(self, folder: Path, subject: Subject) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: PLC0415  # optional

        self.place = str(folder)
        self._writer = EventFileWriter(self.place)
        self._write(_session_start(subject), subject.started)

    def log(self, points: Sequence[Point]) -> None:
        """Write values as scalars."""
        from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415

        for point in points:
            # A double beyond the range of a float is an infinity there, as numpy converts it.
            value = Summary.Value(tag=point.name, simple_value=_single(point.value))
            self._write(Summary(value=[value]), point.time, point.step)
        self._writer.flush()

    def save(self, path: Path, name: str) -> None:
        """Keep nothing: TensorBoard has no artifacts."""

    def end(self, outcome: Outcome, header: dict[str, Any]) -> None:
        """Write the header as a text, and close the file."""
        if header:
            self._write(_text("header", json.dumps(header, indent=1)), outcome.ended)
        self._write(_session_end(outcome), outcome.ended)
        self._writer.close()

    def _write(self, summary: Any, time: float, step: int = 0) -> None:
        from tensorboard.compat.proto.event_pb2 import Event  # noqa: PLC0415

        self._writer.add_event(Event(wall_time=time, step=step, summary=summary))


def _single(value: float) -> float:
    """Return a number that single precision can hold: protobuf refuses finite ones beyond."""
    largest = 3.4028234663852886e38
    return math.copysign(math.inf, value) if math.isfinite(value) and abs(value) > largest else value


def _session_start(subject: Subject) -> Any:
    """Return the parameters, as the plugin for hyperparameters reads them.

    Built here: the plugin's own function imports TensorFlow.
    """
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2  # noqa: PLC0415

    start = plugin_data_pb2.SessionStartInfo(group_name=subject.group or "", start_time_secs=subject.started)
    for name, value in subject.config.items():
        if isinstance(value, bool):
            start.hparams[name].bool_value = value
        elif isinstance(value, int | float):
            start.hparams[name].number_value = value
        else:
            start.hparams[name].string_value = value if isinstance(value, str) else json.dumps(value)
    return _hparams(metadata.SESSION_START_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_start_info=start))


def _session_end(outcome: Outcome) -> Any:
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2  # noqa: PLC0415

    status = api_pb2.STATUS_SUCCESS if outcome.status == "succeeded" else api_pb2.STATUS_FAILURE
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=outcome.ended)
    return _hparams(metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=end))


def _hparams(tag: str, data: Any) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415
    from tensorboard.plugins.hparams import metadata  # noqa: PLC0415

    described = metadata.create_summary_metadata(data)
    return Summary(value=[Summary.Value(tag=tag, metadata=described, tensor=metadata.NULL_TENSOR)])


def _text(tag: str, text: str) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415
    from tensorboard.plugins.text import metadata  # noqa: PLC0415
    from tensorboard.util.tensor_util import make_tensor_proto  # noqa: PLC0415

    described = metadata.create_summary_metadata(display_name=tag, description="")
    # Indented by four, which is Markdown's way to keep lines as they are.
    shown = "\n".join(f"    {line}" for line in text.splitlines())
    return Summary(value=[Summary.Value(tag=tag, metadata=described, tensor=make_tensor_proto(shown))])
