"""``%reprotrain``: record, verify and promote from inside the notebook."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from reprobook.capture import Subject, capture
from reprobook.dataset.frozen import frozen_sources
from reprobook.errors import InputError, ReprobookError
from reprobook.execute import RunEvent
from reprobook.execute.live import begin_live, end_live, notebook_path
from reprobook.execute.preparation import spec_digest
from reprobook.execute.session import Session, current_session
from reprobook.header import OWN_MIME_TYPES, Code, decode, sha256_hex
from reprobook.magics.card import card_bundle
from reprobook.notebook import InitOptions, parse_init, read_notebook
from reprobook.runs import Store
from reprobook.space import Choice, Float, Int
from reprobook.spec import read_spec

_HELP = """%reprotrain init [--name N] [--seed 42] [--deterministic] [--device auto|cpu|cuda|mps] [--lite]
    seed everything, freeze the header, record every cell from here on
%reprotrain status     what has drifted since the freeze
%reprotrain freeze     freeze again: a new run begins, with the recipe as it is now
%reprotrain verify [--diagnose]
    does Restart and run all, of the notebook as it is saved, give what is on the screen? If not: which cell and why;
    with --diagnose the cause is proven by experiments
%reprotrain spec [--from-image board.jpg]
    a form: what the training is meant to do, frozen by each run, and whether the newest run kept to it
%reprotrain sweep      a panel: vary the parameters, watch the trials, promote the best; the notebook stays usable
%reprotrain panel      a panel: run the notebook headless with other values of its parameters
%reprotrain promote    export a script and prove that it gives the same result
%reprotrain runs       the newest runs
%reprotrain end        seal the run
%%reprotrain params    declare parameters: lr: Float(1e-5, 1e-1, log=True) = 1e-3"""
_WITH_PHOTO = 2  # words: --from-image FILE
_SPACES = {"Choice": Choice, "Float": Float, "Int": Int}


@magics_class
class ReprotrainMagics(Magics):  # type: ignore[misc]  # IPython has no types
    """The magic and its verbs."""

    @line_cell_magic  # type: ignore[untyped-decorator]  # IPython has no types
    def reprotrain(self, line: str, cell: str | None = None) -> None:
        """Dispatch to a verb; ``%reprotrain`` alone lists them."""
        verb, *words = line.split() or ["help"]
        if cell is not None:
            if verb != "params":
                msg = f"%%reprotrain {verb} takes no cell; only %%reprotrain params does"
                raise UsageError(msg)
            self._params(cell)
            return
        action = getattr(self, f"_{verb}", None) if verb in _VERBS else None
        if action is None:
            near = difflib.get_close_matches(verb, _VERBS, n=1)
            hint = f"Did you mean %reprotrain {near[0]}?" if near else f"Verbs: {', '.join(sorted(_VERBS))}."
            msg = f"%reprotrain has no verb {verb!r}. {hint}"
            raise UsageError(msg)
        try:
            action(words)
        except ReprobookError as error:
            msg = f"{error}\n{error.hint}"
            raise UsageError(msg) from error

    def _help(self, _: list[str]) -> None:
        _say(_HELP)

    def _params(self, cell: str) -> None:
        """Run the cell that declares parameters; the spaces need no import in it."""
        added = {name: space for name, space in _SPACES.items() if name not in self.shell.user_ns}
        self.shell.user_ns.update(added)
        try:
            exec(compile(self.shell.transform_cell(cell), "<params>", "exec"), self.shell.user_ns)  # noqa: S102 - the user's own cell
        finally:
            for name in added:
                self.shell.user_ns.pop(name, None)

    def _init(self, words: list[str]) -> None:
        if "--help" in words or "-h" in words:
            _say(_HELP)
            return
        options = parse_init(words)
        session = current_session()
        if session is not None and (not session.request.live or _same(session, options)):
            session.reseed()
        else:
            session = begin_live(self.shell, options)
        _show(session)

    def _freeze(self, _: list[str]) -> None:
        if _is_headless():
            return
        session = _session()
        request = session.request
        _show(begin_live(self.shell, InitOptions(request.name, request.seed, request.deterministic, request.device)))

    def _status(self, _: list[str]) -> None:
        session = _session()
        changes = self._drift(session)
        _say(f"run {session.run.run_id}: " + ("nothing has drifted since the freeze" if not changes else "drifted"))
        for change in changes:
            _say(f"  {change}")

    def _drift(self, session: Session) -> list[str]:
        """Compare the frozen recipe with the one that holds now."""
        path = notebook_path(self.shell)
        cells = read_notebook(path.read_bytes(), path.name).code_cells if path else ()
        code = Code(cells=tuple(sha256_hex(cell.source.encode()) for cell in cells)) if path else session.header.code
        sources, folder = [cell.source for cell in cells] or session.request.sources, Path(session.request.cwd)
        parameters = {name: decode(value) for name, value in session.header.parameters.items()}
        subject = Subject(
            code=code,
            sources=sources,
            folder=folder,
            seeds=session.header.seeds,
            data=frozen_sources(sources, folder, parameters),
            spec=spec_digest(read_spec(path), path) if path else session.header.spec,
        )
        now = capture(subject).model_copy(update={"parameters": session.header.parameters})
        from reprobook.verify.drift import drifts  # noqa: PLC0415 - only when asked for

        return [f"{each}\n    fix: {each.fix}" for each in drifts(session.run.read_record(), session.header, now)]

    def _verify(self, words: list[str]) -> None:
        """Compare what this session did with the saved notebook run from top to bottom; the session goes on."""
        if _is_headless():
            return
        session = _session()
        from reprobook.magics.report import report_bundle  # noqa: PLC0415 - only when asked for
        from reprobook.verify import VerifyOptions, verify_notebook  # noqa: PLC0415

        path = self._notebook_of(session, "verify")
        progress = display(_message("starting a fresh kernel"), raw=True, display_id=True)

        def show(event: RunEvent) -> None:
            where = "" if event.cell is None else f"cell {event.cell} of {event.total}"
            progress.update(_message(f"Restart and run all, in another kernel: {event.text or where}"), raw=True)

        options = VerifyOptions(diagnose="--diagnose" in words, on_event=show)
        progress.update(report_bundle(verify_notebook(path, self._store(), options)), raw=True)

    def _promote(self, words: list[str]) -> None:
        if _is_headless():
            return  # it would run itself, and never end
        path = self._notebook_of(_session(), "promote")
        self._seal()
        from reprobook.promote import promote_notebook  # noqa: PLC0415 - only when asked for

        made = promote_notebook(path, self._store(), out=Path(words[0]) if words else None)
        _say(f"{made.script}: equivalent {made.equivalent}")

    def _notebook_of(self, session: Session, verb: str) -> Path:
        """Return the file of the open notebook, else the one in the folder whose cells this session executed.

        Raises:
            InputError: If there is none: nothing has been sealed by then.
        """
        from reprobook.verify import notebook_of_session  # noqa: PLC0415 - only when asked for

        path = notebook_path(self.shell) or notebook_of_session(session.run, Path(session.request.cwd))
        if path is None:
            msg = "the notebook's file is not known here, and no notebook in this folder has the cells of this session"
            raise InputError(msg, hint=f"Save the notebook, or run `reprobook {verb} NOTEBOOK.ipynb` in a terminal.")
        return path

    def _sweep(self, _: list[str]) -> None:
        self._show_panel("sweep")

    def _panel(self, _: list[str]) -> None:
        self._show_panel("run")

    def _spec(self, words: list[str]) -> None:
        if words and (words[0] != "--from-image" or len(words) != _WITH_PHOTO):
            msg = f"%reprotrain spec takes --from-image FILE, not {' '.join(words)}"
            raise InputError(msg, hint="%reprotrain spec alone shows the form.")
        if (path := self._open_file("spec")) is None:
            return
        from reprobook.magics.panels import show_spec  # noqa: PLC0415 - only when asked for

        show_spec(path, self._store(), Path(words[1]) if words else None)

    def _show_panel(self, kind: str) -> None:
        """Show a panel of the notebook as it is saved."""
        if (path := self._open_file(kind)) is None:
            return
        from reprobook.magics.panels import show_panel  # noqa: PLC0415 - only when asked for

        show_panel(kind, path, self._store())

    def _open_file(self, kind: str) -> Path | None:
        """Return the file of the open notebook; None in a headless run, where a panel does nothing.

        Raises:
            InputError: If it is not known.
        """
        if _is_headless():
            _say(f"the {kind} panel is for open notebooks; in a headless run it does nothing")
            return None
        path = notebook_path(self.shell)
        if path is None:
            msg = "the notebook's file is not known here"
            raise InputError(msg, hint=f"Save the notebook, or run `reprobook {kind} NOTEBOOK.ipynb` in a terminal.")
        return path

    def _runs(self, _: list[str]) -> None:
        for record in self._store().records(limit=10):
            metrics = "  ".join(f"{name}={value:.4g}" for name, value in record.metrics.items())
            _say(f"{record.run_id}  {record.status:<11} {record.name or '':<12} {metrics}")

    def _end(self, _: list[str]) -> None:
        if _is_headless():
            return
        run = end_live()
        _say(f"sealed {run.run_id}" if run else "nothing is being recorded")

    def _seal(self) -> None:
        """Seal the live run to work on it."""
        run = end_live()
        if run is not None:
            _say(f"sealed {run.run_id}; %reprotrain init records anew")

    def _store(self) -> Store:
        path = notebook_path(self.shell)
        return Store.open(None, path.parent if path else Path.cwd())


_VERBS = frozenset({"help", "init", "freeze", "status", "verify", "promote", "spec", "sweep", "panel", "runs", "end"})


def _say(text: str) -> None:
    display(_message(text), raw=True)


def _message(text: str) -> dict[str, Any]:
    return {"text/plain": text, f"{OWN_MIME_TYPES}message+json": {"text": text}}


def _show(session: Session) -> None:
    data, metadata = card_bundle(session.header, session.run.run_id)
    display(data, metadata=metadata, raw=True)


def _same(session: Session, options: InitOptions) -> bool:
    """Say whether the session was begun with these options: running the init cell again changes nothing then."""
    asked = session.request
    return (asked.name, asked.seed, asked.deterministic, asked.device) == (
        options.name,
        options.seed,
        options.deterministic,
        options.device,
    )


def _is_headless() -> bool:
    session = current_session()
    return session is not None and not session.request.live


def _session() -> Session:
    """Return the session.

    Raises:
        InputError: If there is none.
    """
    session = current_session()
    if session is None:
        msg = "nothing is being recorded"
        raise InputError(msg, hint="Begin with %reprotrain init --seed 42.")
    return session
