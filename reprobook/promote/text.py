"""Write a plan down as ``train.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from textwrap import fill, indent

import libcst as cst

from reprobook.promote import command_line, config_text, fabric, hydra_entry
from reprobook.promote.facts import Provenance
from reprobook.promote.figures import FOLDER
from reprobook.promote.header_text import header
from reprobook.promote.layout import formatted
from reprobook.promote.layout.escape import docstring, visible
from reprobook.promote.layout.tokens import WIDTH
from reprobook.promote.model import Entry, Function, Plan
from reprobook.promote.options import Style
from reprobook.promote.prose import listed
from reprobook.promote.python import code_of, literal
from reprobook.promote.seeding_text import decided, seeding

_MOST_ARGUMENTS = 5  # beyond that, calls name them
_ENTRIES: Mapping[Style, Callable[[Plan], Entry]] = {
    "plain": command_line.entry,
    "hydra": hydra_entry.entry,
    "fabric": fabric.entry,
}


def render(plan: Plan, provenance: Provenance, style: Style = "plain") -> str:
    """Return the text of the script.

    Raises:
        RuntimeError: If the text does not compile, which is an error of this package.
    """
    entry = _ENTRIES[style](plan)
    blocks = [
        header(plan, provenance, entry),
        config_text.config_class(plan) if entry.takes_config else "",
        *entry.after_config,
        seeding(plan),
        *_module(plan),
        *(_function(function, plan) for function in plan.functions),
        *entry.before_main,
        _main(plan, entry),
        *entry.after_main,
        f'if __name__ == "__main__":\n    {entry.start}',
    ]
    source = "\n\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"
    try:
        text = formatted(source)
        compile(text, "train.py", "exec")
    except (SyntaxError, cst.ParserSyntaxError, ValueError) as error:
        msg = f"the script of {provenance.notebook} does not compile: {error}"
        raise RuntimeError(msg) from error
    return text


def _module(plan: Plan) -> Iterable[str]:
    """Yield constants, those in a row together, and definitions."""
    row: list[str] = []
    for node in plan.module:
        code = code_of(node).strip("\n")
        if isinstance(node, cst.SimpleStatementLine):
            row.append(code)
            continue
        if row:
            yield "\n".join(row)
        row = []
        yield code
    yield "\n".join(row)


def _function(function: Function, plan: Plan) -> str:
    words = plan.words
    own = {words.config: words.config_class} if function.takes_config else {}
    own |= {words.out: "Path"} if function.takes_out else {}
    names = [*function.arguments, *own]
    hints = dict(zip(names, [*function.hints, *own.values()], strict=True)) if function.result else {}
    star = ["*"] if _names_arguments(function) else []
    prefix = "async " if function.is_async else ""
    inside = ", ".join([*star, *(f"{name}: {hints[name]}" if hints else name for name in names)])
    lines = [f"{prefix}def {function.name}({inside}){_result(function, inside)}:"]
    if function.summary:
        more = [each for each in function.detail.split("\n\n") if each]
        filled = [fill(visible(each), WIDTH - 4, break_long_words=False, break_on_hyphens=False) for each in more]
        lines.append(indent(docstring(function.summary, *filled), "    "))
    if function.globals:
        lines.append(f"    global {', '.join(function.globals)}")
    returns = (cst.parse_statement(f"return {', '.join(function.returns)}\n"),) if function.returns else ()
    body = cst.IndentedBlock([*function.body, *returns])
    return "\n".join(lines) + code_of(body)


def _result(function: Function, inside: str) -> str:
    """Return the annotation of what a function returns; a long one has no place behind an empty bracket."""
    room = WIDTH - len(f"async def {function.name}():") if not inside else WIDTH - len("):")
    wanted = f" -> {function.result}"
    return "" if not function.result else wanted if len(wanted) <= room else " -> tuple[Any, ...]"


def _names_arguments(function: Function) -> bool:
    return len(function.arguments) > _MOST_ARGUMENTS


def _main(plan: Plan, entry: Entry) -> str:
    words = plan.words
    options = f"{words.out}, config={f'asdict({words.config})' if entry.takes_config else '{}'}"
    config = f"{words.config}: {words.config_class}, " if entry.takes_config else ""
    options += f", seed={plan.seed_expression}" if plan.seed_expression else ""
    options += f", device={words.config}.{plan.device}" if plan.device else ""
    options += f", precision={words.config}.{plan.precision}" if plan.precision else ""
    options += ", printed_metrics=True" if plan.printed_metrics else ""
    names = {new: old for (_, old), new in plan.renamed.items()}
    options += f", notebook_names={literal(names)}" if names else ""
    options += f", resume={words.resume}" if plan.resumes else ""
    resume = f", {words.resume}: bool" if plan.resumes else ""
    options += "".join(f", {option}" for option in entry.job_options)
    folder = f" as {words.out}" if entry.job_options and plan.plots else ""
    prefix = "async " if plan.is_async else ""
    lines = [
        f"{prefix}def {words.main}({config}{words.out}: Path{resume}) -> None:",
        f'    """Run the job; {_results(plan)} go to the output folder."""',
        *(f"    {statement}" for statement in entry.before_job),
        *([indent(_READ, "    ")] if plan.printed_metrics else []),
        f"    with {words.job}.job({options}){folder}:",
    ]
    if plan.plots:
        lines.append(f'        ({words.out} / "{FOLDER}").mkdir(exist_ok=True)')
    if seeding(plan):
        lines.append(f"        {words.seed_everything}({plan.seed_expression}){_only_for(plan)}")
    ends = _ends(plan.functions)
    for at, function in enumerate(plan.functions):
        lines += [""] * (at in ends) + [f"        {_call(function, plan)}"]
    return "\n".join(lines if plan.functions else [*lines, "        pass"])


_READ = """\
# Metrics are read from what is printed (`name: number`). Where two functions print one
# name, that of the second is part of the metric's."""


def _only_for(plan: Plan) -> str:
    """Return the comment on a seed that is no option."""
    return f"  # decides {decided(plan)}" if plan.fixed_seed else ""


def _ends(functions: Sequence[Function]) -> set[int]:
    """Return where a train of several sections ends: nothing that was made before is read from there on."""
    found: set[int] = set()
    live: set[str] = set()
    for at in reversed(range(len(functions))):
        if not live:
            found.add(at + 1)
        live = (live - set(functions[at].returns)) | set(functions[at].arguments)
    starts = sorted({0, *found})
    return {end for start, end in pairwise(starts) if end - start > 1 and end < len(functions)}


def _results(plan: Plan) -> str:
    """Return what a run writes to its output folder, in words."""
    return listed(["metrics", *["figures"] * plan.plots, *["artifacts"] * plan.saves])


def _call(function: Function, plan: Plan) -> str:
    own = [plan.words.config] * function.takes_config + [plan.words.out] * function.takes_out
    values = [*function.arguments, *own]  # what it works on, then how
    arguments = ", ".join([f"{name}={name}" for name in values] if _names_arguments(function) else values)
    call = f"{'await ' if function.is_async else ''}{function.name}({arguments})"
    return f"{', '.join(function.returns)} = {call}" if function.returns else call
