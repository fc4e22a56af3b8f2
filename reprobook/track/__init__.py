"""Trackers: W&B, MLflow and TensorBoard, told of runs by a process of their own that no run waits for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobook.lazy import lazy_names

if TYPE_CHECKING:
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

_HOMES = {
    "link": ("TrackerLink", "close_links", "tracker_link"),
    "model": ("Outcome", "Report", "Subject"),
    "registry": ("NAMES", "check_trackers", "target"),
    "sent": ("sent_place",),
}

__getattr__ = lazy_names(__name__, _HOMES)
