"""The style for Lightning Fabric: the same sections, their torch objects set up for one process or many."""

from reprobook.promote.fabric.code import adapted
from reprobook.promote.fabric.entry import entry
from reprobook.promote.fabric.fields import ROLES, fabric_fields

__all__ = ["ROLES", "adapted", "entry", "fabric_fields"]
