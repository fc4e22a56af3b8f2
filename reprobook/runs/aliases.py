"""Names that people give to checkpoints, ``candidate`` or ``production``: a journal, so that the past stays known."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from reprobook.errors import InputError, IntegrityError
from reprobook.runs.files import RESTORE, JsonLines, make_folder

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Alias:
    """A name for a checkpoint of a model.

    Attributes:
        name: The name.
        place: Run id and path of the checkpoint.
        content: The digest of its values.
        time: Since when, UTC.
    """

    name: str
    place: str
    content: str
    time: str


class Aliases:
    """The aliases of one model, in ``models/MODEL.jsonl`` of the store."""

    def __init__(self, root: Path, model: str) -> None:
        if not model or model != Path(model).name or model.startswith("."):
            msg = f"{model!r} is no name of a model"
            raise InputError(msg, hint="`reprobook models` lists those there are.")
        self._journal = JsonLines(root / "models" / f"{model}.jsonl")
        self._folder = root / "models"
        self._model = model

    def history(self) -> list[Alias]:
        """Return every naming, the oldest first.

        Raises:
            IntegrityError: If the journal is damaged.
        """
        lines = self._journal.read()
        try:
            if lines.torn is None and all(isinstance(each, str) for line in lines.records for each in line.values()):
                return [Alias(**line) for line in lines.records]
        except TypeError:
            pass
        msg = f"models/{self._model}.jsonl: the journal of aliases is damaged"
        raise IntegrityError(msg, hint=RESTORE)

    def current(self) -> dict[str, Alias]:
        """Return what each name means now."""
        return {alias.name: alias for alias in self.history()}

    def get(self, name: str) -> Alias | None:
        """Return what a name means now; None if it is no alias."""
        return self.current().get(name)

    def set(self, name: str, place: str, content: str) -> Alias:
        """Let a name mean a checkpoint from now on.

        Raises:
            InputError: If the name could be mistaken for a run's id, or has characters that ``@`` takes ill.
        """
        if not _NAME.fullmatch(name):
            msg = f"alias {name!r}: it must begin with a letter"
            raise InputError(msg, hint="Letters, digits, '-', '_' and '.': candidate, production.")
        alias = Alias(name, place, content, datetime.now(UTC).isoformat(timespec="milliseconds"))
        make_folder(self._folder)
        self._journal.append(asdict(alias))
        self._journal.close()
        return alias


def named_in(root: Path, run_id: str) -> list[str]:
    """Return the names, as ``MODEL@ALIAS``, that mean a checkpoint of this run now.

    Raises:
        IntegrityError: If a journal is damaged.
    """
    models = sorted(path.stem for path in (root / "models").glob("*.jsonl"))
    current = [(model, alias) for model in models for alias in Aliases(root, model).current().values()]
    return [f"{model}@{alias.name}" for model, alias in current if alias.place.partition("/")[0] == run_id]
