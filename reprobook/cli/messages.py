"""Errors as people and programs see them."""

from __future__ import annotations

import json
import unicodedata

import click

_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: object, *, keep: str = "\n\t") -> str:
    """Return a text without control characters, bidirectional ones included: names must not steer the terminal."""
    return "".join(
        character
        for character in str(text)
        if character in keep
        or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in _BIDIRECTIONAL)
    )


def examples(*lines: str) -> str:
    """Return the end of a help text: commands to copy, kept line by line."""
    return "\b\n" + "\n".join(["Examples:", *(f"  {line}" for line in lines)])


class Interruption(KeyboardInterrupt):
    """Ctrl-C at something that can be gone on with; ``hint`` says how."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self.hint = hint


def show_error(error: BaseException, code: int, *, as_json: bool) -> None:
    """Write ``error: …`` and ``hint: …`` to standard error, and with ``as_json`` the same as a document."""
    message, hint = _texts(error)
    click.secho("error:", fg="red", bold=True, err=True, nl=False)
    click.echo(f" {plain(message)}", err=True)
    if hint:
        click.secho("hint:", fg="cyan", err=True, nl=False)
        click.echo(f" {plain(hint)}", err=True)
    if as_json:
        document = {"error": {"kind": type(error).__name__, "message": message, "hint": hint, "exit_code": code}}
        click.echo(json.dumps(document, indent=1))


def _texts(error: BaseException) -> tuple[str, str]:
    """Return what was wrong, and what to do about it."""
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "reprobook"
        return error.format_message(), f"`{command} --help` lists what it takes."
    if isinstance(error, click.ClickException):
        return error.format_message(), ""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        # click raises its Abort from the interrupt.
        hint = getattr(
            error.__cause__ or error, "hint", "What had ended by then is recorded; `reprobook runs` lists it."
        )
        return "interrupted", hint
    return str(error), getattr(error, "hint", "")
