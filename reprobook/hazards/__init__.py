"""What the source of a notebook tells about why its results may differ, before anything runs."""

from reprobook.hazards.document import with_sources
from reprobook.hazards.find import find_hazards, possible_causes
from reprobook.hazards.model import Edit, Hazard
from reprobook.hazards.repair import fix_notebook

__all__ = ["Edit", "Hazard", "find_hazards", "fix_notebook", "possible_causes", "with_sources"]
