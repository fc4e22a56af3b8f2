"""What promotion wrote down beside a script: what it must give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from reprobook.errors import InputError, IntegrityError

PROOF = "proof.json"
_UNFINISHED = ".unfinished.json"
_AGAIN = "Promote the notebook again."


class Expected(BaseModel):
    """What a script must give with one seed; a proof may hold the digest alone.

    Attributes:
        result_digest: The digest of its results.
        metrics: The last value of each metric; those that are not finite as text.
        parameters: The parameters that it was run with.
        seed: The seed.
        arguments: The words after ``train.py`` that give it the seed.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    result_digest: str
    metrics: dict[str, float] = {}
    parameters: dict[str, Any] | None = None
    seed: int | None = None
    arguments: tuple[str, ...] = ()


class JobProof(Expected):
    """The proof of a job.

    Attributes:
        seeds: The same for the other seeds that it was proved for.
        made: The files that the notebook's run made, by path below its folder.
        files: The files that promotion wrote, with their SHA-256.
    """

    seeds: tuple[Expected, ...] = ()
    made: tuple[str, ...] = ()
    files: dict[str, str] = {}

    @property
    def other_seeds(self) -> tuple[Expected, ...]:
        """Return the seeds that the script does not take by itself."""
        return tuple(other for other in self.seeds if other.arguments)


def read_proof(folder: Path) -> JobProof:
    """Read what promotion wrote down.

    Raises:
        InputError: If it is not there.
        IntegrityError: If it is not what promotion writes, or a promotion was killed while it wrote.
    """
    place = f"{folder.name}/{PROOF}"
    if (folder / _UNFINISHED).exists():
        msg = f"{folder.name}/{_UNFINISHED}: a promotion was cut short while it wrote these files"
        raise IntegrityError(msg, hint=_AGAIN)
    if not (folder / PROOF).is_file():
        msg = f"{place}: not there, so there is nothing to compare with"
        raise InputError(msg, hint=_AGAIN)
    try:
        return JobProof.model_validate_json((folder / PROOF).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        msg = f"{place}: it is no proof ({where + ': ' if where else ''}{first['msg']})"
        raise IntegrityError(msg, hint=_AGAIN) from error
