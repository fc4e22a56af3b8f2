"""The text of a script's command line: argparse over the fields of its configuration, and a YAML file."""

from __future__ import annotations

from reprobook.promote.config_text import about, is_checked, type_name
from reprobook.promote.model import Entry, Import, Plan
from reprobook.promote.python import literal

_PLAIN = (int, float, str)  # argparse reads these by themselves
_ANYTHING = {"Any": "object"}  # what isinstance takes for it


def entry(plan: Plan) -> Entry:
    """Return how a script with a plain command line is started."""
    star = "*" if plan.fields or plan.resumes else ""
    call = f"{plan.words.main}({star}{plan.words.parse_args}())"
    return Entry(
        imports=tuple(_imports(plan)) if plan.fields else (Import("argparse", "", "argparse"),),
        start=f"asyncio.run({call})" if plan.is_async else call,
        before_main=tuple(_functions(plan)) if plan.fields else (_parse_out(plan),),
        takes_config=bool(plan.fields),
    )


def _imports(plan: Plan) -> list[Import]:
    """Return what the command line imports."""
    found = [Import("argparse", "", "argparse"), Import("yaml", "", "yaml"), Import("typing", "Any", "Any")]
    found.append(Import("typing", "get_type_hints", "get_type_hints"))
    if _readers(plan):
        found.append(Import("collections.abc", "Callable", "Callable"))
    if _literals(plan):
        found += [Import("ast", "", "ast"), Import("functools", "partial", "partial")]
    if _is_annotated(plan):
        found.append(Import("typing", "get_args", "get_args"))
    return found


def _functions(plan: Plan) -> list[str]:
    """Return the functions that read the command line."""
    found: list[str] = []
    if any(field.type is bool for field in plan.fields):
        found.append(_READ_BOOL)
    if _literals(plan):
        found.append(_READ_LITERAL.replace("{as_tuple}", _AS_TUPLE if "tuple" in _literals(plan) else ""))
    if readers := _readers(plan):
        table = ", ".join(f"{kind}: {reader}" for kind, reader in readers.items())
        found.append(f"READERS: dict[type, Callable[[str], Any]] = {{{table}}}")
    return [*found, _read_config(plan), _parse_args(plan)]


def _readers(plan: Plan) -> dict[str, str]:
    """Return what reads the types that cannot be called with a text themselves."""
    readers = {"bool": "read_bool"} if any(field.type is bool for field in plan.fields) else {}
    return readers | {kind: f"partial(read_literal, {_ANYTHING.get(kind, kind)})" for kind in _literals(plan)}


def _literals(plan: Plan) -> list[str]:
    """Return the types whose values are written as Python literals."""
    kinds = [field.type for field in plan.fields if field.type not in (*_PLAIN, bool)]
    return list(dict.fromkeys(type_name(kind) for kind in kinds))


def _is_annotated(plan: Plan) -> bool:
    return any(about(field) for field in plan.fields)


def _read_config(plan: Plan) -> str:
    optional = any(field.default is None for field in plan.fields)
    unless = f" and getattr({plan.words.config_class}(), name) is not None" if optional else ""
    return _READ_CONFIG.format(
        Config=plan.words.config_class,
        reader="READERS.get(kinds[name], kinds[name])" if _readers(plan) else "kinds[name]",
        unless=unless,
        errors="(ValueError, argparse.ArgumentTypeError)" if _readers(plan) else "ValueError",
    )


def _parse_args(plan: Plan) -> str:
    words = plan.words
    title = _description(plan)
    lite = ", ".join(f"{name}={literal(value)}" for name, value in plan.lite.items())
    values = ", ".join(f"{literal(name)}: {literal(value)}" for name, value in plan.lite.items())
    return _PARSE_ARGS.format(
        parse_args=words.parse_args,
        title=title,
        lite=_LITE_OPTION.format(about=literal(f"a quick look: {lite}".replace("%", "%%"))) if lite else "",
        options=f"{_options(plan)}\n",
        set_lite=f'    lite = {{{values}}} if options.pop("lite", False) else {{}}\n' if lite else "",
        resume=_RESUME_OPTION if plan.resumes else "",
        type=f"tuple[{words.config_class}, Path{', bool' if plan.resumes else ''}]",
        returned=(_RETURN_CHECKED if is_checked(plan) else _RETURN).format(
            config=f"{words.config_class}(**(values | {'lite | ' * bool(lite)}options))",
            result=f"out{', resume' if plan.resumes else ''}",
        ),
        pop_resume='    resume = options.pop("resume", False)\n' if plan.resumes else "",
    )


def _description(plan: Plan) -> str:
    return "" if "%(" in plan.title else f"description={literal(' '.join(plan.title.split()))}, "


def _parse_out(plan: Plan) -> str:
    """Return what reads the command line of a script without parameters."""
    return _PARSE_OUT.format(
        parse_args=plan.words.parse_args,
        title=_description(plan).removesuffix(", "),
        type="tuple[Path, bool]" if plan.resumes else "Path",
        resume=_RESUME_OPTION if plan.resumes else "",
        result="options.out, options.resume" if plan.resumes else "options.out",
    )


def _options(plan: Plan) -> str:
    """Return the loop that makes each field an option."""
    lines = [f"    defaults = {plan.words.config_class}()"]
    if _is_annotated(plan):
        lines.append(f"    for name, hint in get_type_hints({plan.words.config_class}, include_extras=True).items():")
        plain = "" if all(about(field) for field in plan.fields) else " or [hint]"
        lines.append(f"        kind, *about = get_args(hint){plain}")
        meaning = '"; ".join([kind.__name__, *about])'
    else:
        lines.append(f"    for name, kind in get_type_hints({plan.words.config_class}).items():")
        meaning = "kind.__name__"
    percent = any("%" in f"{about(field)}{field.default!r}" for field in plan.fields)
    escaped = '.replace("%", "%%")' if percent else ""
    kind = "READERS.get(kind, kind)" if _readers(plan) else "kind"
    lines.append(f"        meaning = {meaning}")
    lines.append('        text = f"{meaning} (default: {getattr(defaults, name)})"' + escaped)
    lines.append(f'        parser.add_argument(f"--{{name}}", type={kind}, help=text)')
    return "\n".join(lines)


_READ_BOOL = '''
def read_bool(text: str) -> bool:
    """Read true or false."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"
'''
_READ_LITERAL = '''
def read_literal(kind: type, text: str) -> object:
    """Read a Python literal such as [64, 32]; other text is text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
{as_tuple}    if not isinstance(value, kind):
        raise argparse.ArgumentTypeError(f"{text!r} is no {kind.__name__}")
    return value
'''
_AS_TUPLE = """\
    if kind is tuple and isinstance(value, list):
        value = tuple(value)
"""
_READ_CONFIG = '''
def read_config(path: str) -> dict[str, Any]:
    """Read a YAML file of parameters, each value as its option reads it."""
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {{}}
    except (OSError, ValueError, yaml.YAMLError) as error:
        message = " ".join(str(error).split())
        raise argparse.ArgumentTypeError(f"{{path}}: {{message}}") from error
    if not isinstance(values, dict):
        raise argparse.ArgumentTypeError(f"{{path}}: it must map parameters to values")
    kinds = get_type_hints({Config})
    for name, value in values.items():
        if name not in kinds:
            raise argparse.ArgumentTypeError(f"{{path}}: unknown parameter {{name}}")
        if value is None{unless}:
            raise argparse.ArgumentTypeError(f"{{path}}: no value for {{name}}")
        try:
            values[name] = {reader}(str(value))
        except {errors} as error:
            raise argparse.ArgumentTypeError(f"{{path}}: {{name}}: {{error}}") from error
    return values
'''
_PARSE_OUT = '''
def {parse_args}() -> {type}:
    """Read the command line."""
    parser = argparse.ArgumentParser({title})
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for the results (default: out)")
{resume}    options = parser.parse_args()
    return {result}
'''
_PARSE_ARGS = '''
def {parse_args}() -> {type}:
    """Read the command line; its options win over the values of the --config file."""
    parser = argparse.ArgumentParser({title}argument_default=argparse.SUPPRESS)
    parser.add_argument("--config", type=read_config, default={{}}, help="a YAML file of parameters")
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for the results (default: out)")
{resume}{lite}{options}    options = vars(parser.parse_args())
    values, out = options.pop("config"), options.pop("out")
{pop_resume}{set_lite}{returned}'''
_RETURN = """\
    return {config}, {result}
"""
_RETURN_CHECKED = """\
    try:
        return {config}, {result}
    except ValueError as error:
        parser.error(str(error))
"""
_RESUME_OPTION = """\
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in the folder of --out")
"""
_LITE_OPTION = """\
    parser.add_argument("--lite", action="store_true", help={about})
"""
