"""The executor that runs each trial as a task of Ray, here or on a cluster. Only it and its session know Ray.

The run goes on in a store of the node that is thrown away. Here a folder is reserved for it under its id, which gets
the metrics as they come; at the end the run itself takes that place. A task whose worker or node dies is ``lost``:
Ray does not repeat it, the driver does.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reprobook.errors import ReprobookError
from reprobook.runs import RunError, RunFolder, Store
from reprobook.runs.archive import unpack_run
from reprobook.runs.model import parse_record
from reprobook.sweep.executor.parcel import Parcel, pack_parcel
from reprobook.sweep.executor.port import ExecutorSettings, TaskKey, TrialEvent, TrialTask
from reprobook.sweep.executor.ray_session import NAMESPACE, RaySession
from reprobook.sweep.executor.remote import Item, Site, carry_out

_PATIENCE = 30.0  # seconds that cancelled tasks have to end by themselves


@dataclass
class Flight:
    """A task that Ray has.

    Attributes:
        task: The task.
        items: Ray's generator of what comes back.
        ticket: Name under which its cancellation is made known.
        run: The folder reserved for its run.
        cancelled: It was told to end.
    """

    task: TrialTask
    items: Any
    ticket: str
    run: RunFolder | None = None
    cancelled: bool = False


class RayExecutor:
    """Submits tasks to Ray, which it starts on this machine unless there is an address of a cluster."""

    def __init__(self, settings: ExecutorSettings) -> None:
        self._settings = settings
        self._flights: dict[TaskKey, Flight] = {}
        self._ray: Any = None
        self._function: Any = None
        self._parcel: Any = None
        self._session = RaySession(settings)

    def __enter__(self) -> Self:
        ray = self._session.start()
        cpus, gpus = max(1, self._settings.threads), int(self._session.site.gpus)
        remote = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0, num_returns="streaming")
        self._ray, self._function = ray, remote(_carry_out)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for key in list(self._flights):
                self.cancel(key)
            until = time.monotonic() + _PATIENCE
            while self._flights and time.monotonic() < until:
                self.events(0.5)
            for flight in list(self._flights.values()):
                self._ray.cancel(flight.items, force=True)
                self._end(flight, TrialEvent(kind="ended", key=flight.task.key, status="interrupted"))
        finally:
            self._session.stop()

    def submit(self, task: TrialTask) -> None:
        """Hand a task to Ray.

        Raises:
            InputError: If its files are more than may travel.
        """
        if self._parcel is None and self._settings.address is not None:
            self._parcel = self._ray.put(pack_parcel(task))
        ticket = secrets.token_hex(16)
        items = self._function.options(name=f"trial {task.key.number}").remote(
            task, self._parcel, self._session.site, ticket
        )
        self._flights[task.key] = Flight(task, items, ticket)

    def cancel(self, key: TaskKey) -> None:
        """End a task; wherever it is, it looks whether it is to."""
        flight = self._flights.get(key)
        if flight is not None and not flight.cancelled:
            flight.cancelled = True
            _kv()._internal_kv_put(flight.ticket, b"1", namespace=NAMESPACE)  # noqa: SLF001  # Ray has no public one

    def events(self, timeout: float) -> Sequence[TrialEvent]:
        """Return what came back."""
        if not self._flights:
            time.sleep(timeout)
            return []
        found: list[TrialEvent] = []
        while True:
            flights = {flight.items: flight for flight in self._flights.values()}
            # With nothing in hand, wait; else only take what is there.
            ready, _ = self._ray.wait(list(flights), num_returns=1, timeout=0 if found else timeout)
            if not ready:
                return found
            found += self._take(flights[ready[0]])
            if not self._flights:
                return found

    def _take(self, flight: Flight) -> list[TrialEvent]:
        """Take the next item of a task; one that ends without its last item was lost with its worker or node."""
        try:
            item: Item = self._ray.get(next(flight.items))
        except StopIteration:
            return self._lost(flight, "its task ended before its run did")
        except self._ray.exceptions.RayTaskError as error:
            # Our own code raised on the node: it would again.
            return [self._end(flight, _ended(flight, "failed", str(error).strip().splitlines()[-1]))]
        except self._ray.exceptions.RayError as error:
            return self._lost(flight, str(error).strip().splitlines()[0])
        return self._received(flight, item)

    def _received(self, flight: Flight, item: Item) -> list[TrialEvent]:
        """Take an item: what it brings is in the store before anybody is told."""
        event = item.event
        if event.kind == "started":
            record = parse_record(item.record, f"{event.run_id}/run.json")
            flight.run = Store(Path(flight.task.store)).reserve(record)
        elif event.kind == "metric" and flight.run is not None:
            flight.run.log_metric(event.name, event.value, event.step)
        elif event.kind == "ended":
            return [self._end(flight, event, item.archive)]
        return [event]

    def _lost(self, flight: Flight, reason: str) -> list[TrialEvent]:
        """Say that a task is lost, or interrupted where that was asked for anyway."""
        return [self._end(flight, _ended(flight, "interrupted" if flight.cancelled else "lost", reason))]

    def _end(self, flight: Flight, event: TrialEvent, archive: bytes = b"") -> TrialEvent:
        """End a task: its run comes into the store, or what was reserved for it is sealed."""
        del self._flights[flight.task.key]
        if flight.cancelled:
            _kv()._internal_kv_del(flight.ticket, namespace=NAMESPACE)  # noqa: SLF001  # see cancel
        run = flight.run
        if run is None:
            return replace(event, run_id="")
        run.close_metrics()
        try:
            if archive:
                _adopt(archive, Store(Path(flight.task.store)))
                return event
        except ReprobookError as error:
            event = replace(event, status="failed", text=f"{error} {error.hint}")
        reason = event.text or "it was ended before its run was sealed"
        run.seal(status="interrupted", error=RunError(ename="Interrupted", evalue=reason, hint="Run it again."))
        return replace(event, run_id=run.run_id)


def _carry_out(task: TrialTask, parcel: Parcel | None, site: Site, ticket: str) -> Iterator[Item]:
    """Be the task, in a worker of Ray."""
    yield from carry_out(
        task,
        parcel,
        site,
        lambda: bool(_kv()._internal_kv_exists(ticket, namespace=NAMESPACE)),  # noqa: SLF001  # Ray has no public one
    )


def _ended(flight: Flight, status: Any, text: str) -> TrialEvent:
    """Return the end of a task that did not tell of it."""
    run_id = flight.run.run_id if flight.run else ""
    return TrialEvent(kind="ended", key=flight.task.key, run_id=run_id, status=status, text=text)


def _adopt(archive: bytes, store: Store) -> None:
    """Unpack a run beside the store, and let the store take it over.

    Raises:
        IntegrityError: If it is not what was sealed.
    """
    with tempfile.TemporaryDirectory(prefix=".adopted-", dir=store.root) as place:
        store.adopt(unpack_run(archive, Path(place)))


def _kv() -> Any:
    """Return Ray's table of the cluster: small values by name, seen by all nodes."""
    from ray.experimental import internal_kv  # noqa: PLC0415 - see above

    return internal_kv
