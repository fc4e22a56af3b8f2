"""Write a plan down as ``train.py``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst

from reprobook.promote import config_text
from reprobook.promote.imports import import_lines, is_standard
from reprobook.promote.layout import formatted
from reprobook.promote.layout.escape import docstring, visible
from reprobook.promote.model import Function, Import, Plan
from reprobook.promote.python import code_of

_EARLY = "# Set first: libraries read these as they are imported."
_MOST_ARGUMENTS = 5  # beyond that, calls name them


@dataclass(frozen=True)
class Provenance:
    """Where a script comes from.

    Attributes:
        notebook: The notebook's file name.
        notebook_digest: SHA-256 of its bytes.
        recipe_digest: The recipe of the run that the script repeats; empty if there is none.
        command: The command line that repeats it.
    """

    notebook: str
    notebook_digest: str
    recipe_digest: str = ""
    command: str = "python train.py"


def render(plan: Plan, provenance: Provenance) -> str:
    """Return the text of the script.

    Raises:
        RuntimeError: If the text does not compile, which is an error of this package.
    """
    blocks = [
        _header(plan, provenance),
        config_text.config_class(plan),
        _seeding(plan),
        *_module(plan),
        *(_function(function, plan) for function in plan.functions),
        config_text.readers(plan),
        config_text.parse_args(plan),
        _main(plan),
        _start(plan),
    ]
    source = "\n\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"
    try:
        text = formatted(source)
        compile(text, "train.py", "exec")
    except (SyntaxError, cst.ParserSyntaxError, ValueError) as error:
        msg = f"the script of {provenance.notebook} does not compile: {error}"
        raise RuntimeError(msg) from error
    return text


def _header(plan: Plan, provenance: Provenance) -> str:
    """Return the docstring, the imports, and the settings that stand among them."""
    title = visible(plan.title)
    origin = f"Promoted by reprobook from {visible(provenance.notebook)} (sha256 {provenance.notebook_digest[:16]})"
    recipe = f",\nrecipe {provenance.recipe_digest}" if provenance.recipe_digest else ""
    paragraphs = [
        title if title.endswith((".", "!", "?")) else f"{title}.",
        plan.summary,
        f"{origin}{recipe}.",
        f"    {provenance.command}",
    ]
    imports = _imports(plan)
    standard = [one for one in imports if is_standard(one.module)]
    others = [one for one in imports if not is_standard(one.module) and not one.module.startswith(".")]
    local = [one for one in imports if one.module.startswith(".")]
    stars = [f"from {module} import *  # noqa: F403" for module in plan.stars]
    groups = [
        import_lines(standard),
        [_EARLY, *(code_of(node).strip("\n") for node in plan.early)] if plan.early else [],
        import_lines(others) + stars,
        import_lines(local),
        ['matplotlib.use("Agg")  # figures go to files'] if plan.plots else [],
    ]
    top = [docstring(*(paragraph for paragraph in paragraphs if paragraph))]
    return "\n\n".join([*top, *("\n".join(group) for group in groups if group)])


def _imports(plan: Plan) -> list[Import]:
    """Return the notebook's imports and those of the script's own parts."""
    own = [
        Import("argparse", "", "argparse"),
        Import("dataclasses", "asdict", "asdict"),
        Import("dataclasses", "dataclass", "dataclass"),
        Import("pathlib", "Path", "Path"),
        Import("reprobook", "", plan.words.job),
        Import("yaml", "", "yaml"),
    ]
    kinds = {field.type for field in plan.fields}
    own += [Import("dataclasses", "fields", "fields")] if plan.fields else []
    own += [Import("dataclasses", "field", "field")] if kinds & {list, dict, set} else []
    own += [Import("ast", "", "ast")] if kinds - {int, float, str, bool} else []
    own += [Import("typing", name, name) for name in ("Annotated", "get_args") if config_text.has_notes(plan)]
    own += [Import("asyncio", "", "asyncio")] if plan.is_async else []
    own += [Import("matplotlib", "", "matplotlib")] if plan.plots else []
    own += [Import(library, "", _alias(plan, library)) for library in plan.seeded]
    own += [Import("os", "", "os")] if plan.deterministic and "torch" in plan.seeded else []
    found = {one.name: one for one in own}
    return list({**found, **{one.name: one for one in plan.imports}}.values())


def _alias(plan: Plan, library: str) -> str:
    """Return the name that a library has in the script."""
    usual = {"numpy": "np"}.get(library, library)
    found = [one.name for one in plan.imports if one.module == library and not one.attribute]
    if found:
        return found[0]
    return f"seeded_{library}" if any(one.name == usual for one in plan.imports) else usual


def _seeding(plan: Plan) -> str:
    """Return the one block that seeds."""
    lines: list[str] = []
    seeds = {"random": "{}.seed(seed)", "numpy": "{}.random.seed(seed % 2**32)", "torch": "{}.manual_seed(seed)"}
    if plan.seed:
        lines += [f"    {seeds[library].format(_alias(plan, library))}" for library in plan.seeded]
    if plan.deterministic and "torch" in plan.seeded:
        torch = _alias(plan, "torch")
        lines += ['    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"']
        lines += [f"    {torch}.backends.cudnn.benchmark = False", f"    {torch}.use_deterministic_algorithms(True)"]
    if not lines:
        return ""
    argument = "seed: int" if plan.seed else ""
    summary = (
        "Put every generator in the state that the notebook started from."
        if plan.seed
        else ("Choose kernels that give the same bits every time.")
    )
    return "\n".join([f"def {plan.words.seed_everything}({argument}) -> None:", f'    """{summary}"""', *lines])


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
    own = [f"{words.config}: {words.config_class}"] * function.takes_config
    own += [f"{words.out}: Path"] * function.takes_out
    star = ["*"] if _names_arguments(function) else []
    head = (
        f"{'async ' if function.is_async else ''}def {function.name}({', '.join([*own, *star, *function.arguments])}):"
    )
    lines = [head]
    if function.summary:
        lines.append(f"    {docstring(function.summary)}")
    if function.globals:
        lines.append(f"    global {', '.join(function.globals)}")
    returns = (cst.parse_statement(f"return {', '.join(function.returns)}\n"),) if function.returns else ()
    body = cst.IndentedBlock([*function.body, *returns])
    return "\n".join(lines) + code_of(body)


def _names_arguments(function: Function) -> bool:
    return len(function.arguments) > _MOST_ARGUMENTS


def _main(plan: Plan) -> str:
    words = plan.words
    options = f"{words.out}, config=asdict({words.config})"
    options += f", seed={words.config}.{plan.seed}" if plan.seed else ""
    options += ", printed_metrics=True" if plan.printed_metrics else ""
    prefix = "async " if plan.is_async else ""
    lines = [
        f"{prefix}def {words.main}({words.config}: {words.config_class}, {words.out}: Path) -> None:",
        '    """Run the sections of the notebook; metrics and artifacts go to the output folder."""',
        f"    with {words.job}.job({options}):",
    ]
    if _seeding(plan):
        lines.append(f"        {words.seed_everything}({f'{words.config}.{plan.seed}' if plan.seed else ''})")
    lines += [f"        {_call(function, plan)}" for function in plan.functions]
    return "\n".join(lines if plan.functions else [*lines, "        pass"])


def _call(function: Function, plan: Plan) -> str:
    own = [plan.words.config] * function.takes_config + [plan.words.out] * function.takes_out
    named = [f"{name}={name}" for name in function.arguments]
    arguments = ", ".join([*own, *(named if _names_arguments(function) else function.arguments)])
    call = f"{'await ' if function.is_async else ''}{function.name}({arguments})"
    return f"{', '.join(function.returns)} = {call}" if function.returns else call


def _start(plan: Plan) -> str:
    call = f"{plan.words.main}(*{plan.words.parse_args}())"
    return f'if __name__ == "__main__":\n    {f"asyncio.run({call})" if plan.is_async else call}'
