"""The text of a script's command line: argparse over the fields of its configuration, and a YAML file."""

from __future__ import annotations

from reprobook.promote.config_text import about, type_name
from reprobook.promote.model import Entry, Import, Plan
from reprobook.promote.python import literal

_PLAIN = (int, float, str)  # argparse reads these by themselves
_ANYTHING = {"Any": "object"}  # what isinstance takes for it


def entry(plan: Plan) -> Entry:
    """Return how a script with a plain command line is started."""
    call = f"{plan.words.main}(*{plan.words.parse_args}())"
    return Entry(
        imports=tuple(_imports(plan)),
        start=f"asyncio.run({call})" if plan.is_async else call,
        before_main=tuple(_functions(plan)),
    )


def _imports(plan: Plan) -> list[Import]:
    """Return what the command line imports."""
    found = [Import("argparse", "", "argparse"), Import("yaml", "", "yaml")]
    if plan.fields:
        found += [Import("dataclasses", "fields", "fields"), Import("typing", "get_type_hints", "get_type_hints")]
    if _literals(plan) or any(field.type is bool for field in plan.fields):
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
    return [*found, _read_config(plan), _parse_args(plan)]


def _literals(plan: Plan) -> list[str]:
    """Return the types whose values are written as Python literals."""
    kinds = [field.type for field in plan.fields if field.type not in (*_PLAIN, bool)]
    return list(dict.fromkeys(type_name(kind) for kind in kinds))


def _is_annotated(plan: Plan) -> bool:
    return any(about(field) for field in plan.fields)


def _read_config(plan: Plan) -> str:
    known = f" - {{each.name for each in fields({plan.words.config_class})}}" if plan.fields else ""
    optional = any(field.default is None for field in plan.fields)
    unless = f" and getattr({plan.words.config_class}(), name) is not None" if optional else ""
    empty = _EMPTY.replace("{unless}", unless) if plan.fields else ""
    return _READ_CONFIG.replace("{known}", known).replace("{empty}", empty)


def _parse_args(plan: Plan) -> str:
    words = plan.words
    title = "" if "%(" in plan.title else f"description={literal(' '.join(plan.title.split()))}, "
    lite = ", ".join(f"{name}={literal(value)}" for name, value in plan.lite.items())
    return _PARSE_ARGS.format(
        parse_args=words.parse_args,
        title=title,
        lite=_LITE_OPTION.format(about=literal(f"a quick look: {lite}".replace("%", "%%"))) if lite else "",
        options=f"{_options(plan)}\n" if plan.fields else "",
        set_lite=f"    if args.lite:\n        parser.set_defaults({lite})\n" if lite else "",
        pop_lite='    options.pop("lite")\n' if lite else "",
        resume=_RESUME_OPTION if plan.resumes else "",
        type=f"tuple[{words.config_class}, Path{', bool' if plan.resumes else ''}]",
        result=f"{words.config_class}(**options), out{', resume' if plan.resumes else ''}",
        pop_resume='    resume = options.pop("resume")\n' if plan.resumes else "",
    )


def _options(plan: Plan) -> str:
    """Return the loop that makes each field an option."""
    readers = {"bool": "read_bool"} if any(field.type is bool for field in plan.fields) else {}
    readers |= {kind: f"partial(read_literal, {_ANYTHING.get(kind, kind)})" for kind in _literals(plan)}
    table = ", ".join(f"{kind}: {reader}" for kind, reader in readers.items())
    lines = [f"    defaults = {plan.words.config_class}()"]
    lines += [f"    readers: dict[type, Callable[[str], object]] = {{{table}}}"] if readers else []
    if _is_annotated(plan):
        escaped = '.replace("%", "%%")' if any("%" in about(field) for field in plan.fields) else ""
        lines.append(f"    for name, hint in get_type_hints({plan.words.config_class}, include_extras=True).items():")
        lines.append("        kind, *about = get_args(hint) or [hint]")
        lines.append(f'        text = "; ".join([kind.__name__, *about]){escaped}')
    else:
        lines.append(f"    for name, kind in get_type_hints({plan.words.config_class}).items():")
        lines.append("        text = kind.__name__")
    kind = "readers.get(kind, kind)" if readers else "kind"
    lines.append(f'        parser.add_argument(f"--{{name}}", type={kind}, default=getattr(defaults, name), help=text)')
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
def read_config(path: Path, parser: argparse.ArgumentParser) -> dict[str, str]:
    """Read a YAML file of parameters; the parser reads its values like those of options."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        parser.error(f"--config {path}: {' '.join(str(error).split())}")
    if not isinstance(values, dict):
        parser.error(f"--config {path}: it must map parameters to values")
    unknown = sorted(set(map(str, values)){known})
    if unknown:
        parser.error(f"--config {path}: unknown parameter {', '.join(unknown)}")
{empty}    return {name: str(value) for name, value in values.items()}
'''
# Only a parameter that is None by default may be null; as a text it would read "None".
_EMPTY = """\
    empty = sorted(name for name, value in values.items() if value is None{unless})
    if empty:
        parser.error(f"--config {path}: no value for {', '.join(empty)}")
"""
_PARSE_ARGS = '''
def {parse_args}() -> {type}:
    """Read the command line; its options win over the values of the --config file."""
    parser = argparse.ArgumentParser({title}formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--config", type=Path, help="a YAML file of parameters")
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for the results")
{resume}{lite}{options}    args = parser.parse_args()
    if args.config:
        parser.set_defaults(**read_config(args.config, parser))
{set_lite}    options = vars(parser.parse_args())
    options.pop("config")
{pop_lite}    out = options.pop("out")
{pop_resume}    try:
        return {result}
    except ValueError as error:
        parser.error(str(error))
'''
_RESUME_OPTION = """\
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in the folder of --out")
"""
_LITE_OPTION = """\
    parser.add_argument("--lite", action="store_true", help={about})
"""
