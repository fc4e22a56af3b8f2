"""What a magic or a shell line becomes in a script: Python, nothing, or a refusal."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from reprobook.promote.python import literal

_SHOW = "only shows something in the notebook"
_SHELL_SYNTAX = frozenset("|&;<>()$`*?[]{}~#\\\n!")
_VARIABLES = "It may hold variables of the notebook: write subprocess.run([..., str(variable)]) in the cell."
_DOING = frozenset("&;<>()$`")
# No program has these names, or another than the one that the shell means.
_OF_THE_SHELL = frozenset({".", "alias", "cd", "command", "eval", "exec", "exit", "export", "read", "set", "shift"})
_OF_THE_SHELL |= {"source", "trap", "type", "ulimit", "unset"}
_INFORMING = frozenset({"cat", "date", "df", "du", "echo", "free", "head", "hostname", "ls", "lscpu", "nproc"})
_INFORMING |= {"nvidia-smi", "ps", "pwd", "tail", "top", "tree", "uname", "wc", "which", "whoami"}


@dataclass(frozen=True)
class Translation:
    """What one magic becomes.

    Attributes:
        code: Python statements, one a line; empty if nothing is left.
        note: Why it was left out, in plain words.
        imports: Modules that the code needs.
        requirements: What it asked pip to install.
        refusal: Why it cannot be translated; with ``hint``, the way out.
        body: Python source below a cell magic, to be read in its place.
    """

    code: str = ""
    note: str = ""
    imports: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    refusal: str = ""
    hint: str = ""
    body: str | None = None


def line_magic(name: str, line: str) -> Translation:
    """Translate ``%name line``."""
    if name == "load_ext" and line.strip() == "reprobook":
        return Translation(note="reprobook magic")
    if name in _LEFT_OUT:
        return Translation(note=_LEFT_OUT[name])
    if name in _STATEMENTS:
        return Translation(code=_STATEMENTS[name](line))
    if name in {"pip", "conda", "mamba", "uv"}:
        return _installing(f"{name} {line}") or _refused(f"%{name}", "Close its quotes, or tag the cell 'skip'.")
    of_system = {"cd": _change_folder, "env": _environment, "set_env": _environment, "sx": shell, "system": shell}
    if name in of_system:
        return of_system[name](line)
    return _refused(f"%{name}", "Replace it with Python, or tag the cell 'skip' if no result needs it.")


def cell_magic(name: str, line: str, body: str) -> Translation:
    """Translate a ``%%name line`` cell."""
    if name in {"time", "capture", "prun", "reprotrain"}:
        return Translation(body=f"{line if name == 'time' else ''}\n{body}")
    if name == "timeit":
        return Translation(note="only times code")
    if name in {"html", "HTML", "javascript", "js", "markdown", "latex", "svg", "SVG"}:
        return Translation(note=_SHOW)
    if name in {"bash", "sh"} and not line.strip():
        return Translation(code=f"subprocess.run({_list(['bash', '-c', body])}, check=True)", imports=("subprocess",))
    if name in {"writefile", "file"} and not line.startswith("-"):
        path = literal(line.strip().strip("\"'"))
        return Translation(code=f"Path({path}).write_text({literal(body)})", imports=("pathlib.Path",))
    return _refused(f"%%{name}", "Write it in Python (subprocess.run), or tag the cell 'skip' if no result needs it.")


def shell(command: str) -> Translation:
    """Translate ``!command``, without a shell if it needs none; as in the notebook, one that fails stops nothing."""
    if (found := _installing(command)) is not None:
        return found
    if _only_informs(command):
        return Translation(note=_SHOW)
    words = _plain_words(command)
    if words is None:
        return _script(command, f"!{command}")
    return Translation(code=f"subprocess.run({_list(words)}, check=False)", imports=("subprocess",))


def shell_output(command: str) -> Translation:
    """Translate ``name = !command``: the lines that the command prints."""
    words = _plain_words(command)
    if words is None and _takes_variables(command):
        return _refused(f"!{command}", _VARIABLES)
    words = words or ["bash", "-c", command.strip()]
    run = f"subprocess.run({_list(words)}, check=False, capture_output=True, text=True)"
    return Translation(code=f"{run}.stdout.splitlines()", imports=("subprocess",))


def _script(text: str, what: str) -> Translation:
    """Translate what only a shell understands."""
    if _takes_variables(text):
        return _refused(what, _VARIABLES)
    words = ["bash", "-c", text.strip()]
    return Translation(code=f"subprocess.run({_list(words)}, check=False)", imports=("subprocess",))


def _only_informs(command: str) -> bool:
    """Tell whether a command, or each one of a pipe, only prints what it finds."""
    if _DOING & set(command):
        return False
    firsts = [part.split()[:1] for part in command.split("|")]
    return all(first and first[0].rpartition("/")[2] in _INFORMING for first in firsts)


def _takes_variables(command: str) -> bool:
    """Tell whether IPython may put variables of the notebook into a command: ``{name}`` and ``$name``."""
    follows = (after[:1] for after in command.split("$")[1:])
    return "{" in command or any(each.isalpha() or each == "_" for each in follows)


def _refused(what: str, hint: str) -> Translation:
    return Translation(refusal=f"{what} has no translation to Python", hint=hint)


def _plain_words(command: str) -> list[str] | None:
    """Split a command into words; None if it needs a shell."""
    if _SHELL_SYNTAX & set(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    return words if words and words[0] not in _OF_THE_SHELL else None


def _installing(command: str) -> Translation | None:
    """Translate ``!pip install ...``, quoted version ranges included."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if words[:3] in (["python", "-m", "pip"], ["python3", "-m", "pip"]):
        words = words[2:]
    installers = {"pip", "pip3", "conda", "mamba", "uv", "apt", "apt-get"}
    return _install(words[1:]) if words and words[0] in installers else None


def _list(words: list[str]) -> str:
    return f"[{', '.join(map(literal, words))}]"


def _install(words: list[str]) -> Translation:
    """Turn an installation into requirements; options stay out, because they may name an index with a password."""
    if "install" not in words and "add" not in words:
        return Translation(note=_SHOW)
    verb = next(at for at, word in enumerate(words) if word in {"install", "add"})
    wanted = tuple(word for word in words[verb + 1 :] if word[0].isalnum() and "://" not in word)
    return Translation(note="installs packages: they are in requirements.txt", requirements=wanted)


def _change_folder(line: str) -> Translation:
    folder = line.strip().strip("\"'") or "~"
    place = f"os.path.expanduser({literal(folder)})" if folder.startswith("~") else literal(folder)
    return Translation(code=f"os.chdir({place})", imports=("os",))


def _environment(line: str) -> Translation:
    name, sign, value = line.partition("=")
    if not sign:
        name, _, value = line.strip().partition(" ")
    if not value:
        return Translation(note=_SHOW)
    if "$" in value or "{" in value:
        return _refused(f"%env {line}", "Write os.environ[...] = ... in Python.")
    code = f"os.environ[{literal(name.strip())}] = {literal(value.strip())}"
    return Translation(code=code, imports=("os",))


_LEFT_OUT: dict[str, str] = (
    {
        "reprotrain": "reprobook magic",
        "load_ext": "loads a notebook extension",
        "reload_ext": "loads a notebook extension",
        "autoreload": "notebook magic",
        "matplotlib": "notebook magic",
        "config": "notebook magic",
        "timeit": "only times code",
        "tensorboard": _SHOW,
    }
    | dict.fromkeys(
        """colors doc doctest_mode history ls lsmagic magic page pastebin pdb pdef pdoc pfile pinfo pinfo2 precision
    psearch psource pwd quickref version_information watermark who who_ls whos xmode""".split(),  # noqa: SIM905 - so many words read best as a text
        _SHOW,
    )
    | dict.fromkeys(("lprun", "memit", "mprun"), "only measures code")
)

_STATEMENTS: dict[str, Callable[[str], str]] = {
    "time": str,
    "xdel": lambda line: f"del {line.rpartition(' ')[2]}",
    "pylab": lambda line: (
        "import numpy as np\nimport matplotlib.pyplot as plt"
        + ("" if "--no-import-all" in line else "\nfrom pylab import *")
    ),
}

Translator = Callable[..., Translation]
TRANSLATORS: dict[str, Translator] = {
    "run_line_magic": line_magic,
    "run_cell_magic": cell_magic,
    "system": shell,
    "getoutput": shell_output,
}
