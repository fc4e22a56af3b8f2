"""Trackers: W&B, MLflow and TensorBoard, told of runs by a process of their own that no run waits for too long."""

from reprobook.track.link import TrackerLink, close_links, tracker_link
from reprobook.track.model import Outcome, Report, Subject
from reprobook.track.registry import NAMES, check_trackers, target
from reprobook.track.sent import sent_place

__all__ = [
    "NAMES",
    "Outcome",
    "Report",
    "Subject",
    "TrackerLink",
    "check_trackers",
    "close_links",
    "sent_place",
    "target",
    "tracker_link",
]
