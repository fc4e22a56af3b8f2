"""The text of a script's configuration: its dataclass and its command line."""

from __future__ import annotations

from reprobook.promote.model import Derived, Field, Plan
from reprobook.promote.python import code_of, literal, statements
from reprobook.promote.rewrite import with_names
from reprobook.space.model import Choice, Float, Int

_PLAIN = (int, float, str)  # argparse reads these by themselves


def config_class(plan: Plan) -> str:
    """Return the dataclass of the parameters."""
    lines = ["@dataclass(frozen=True)", f"class {plan.words.config_class}:"]
    lines += ['    """The parameters of a run; each is an option of the command line."""', ""]
    for at, field in enumerate(plan.fields):
        lines += [""] * bool(field.above and at)
        lines += [f"    # {comment.strip()}" for comment in field.above if comment.strip()]
        lines.append(f"    {field.name}: {_annotation(field)} = {_default(field)}")
    lines += _checks(plan) + [line for derived in plan.derived for line in _property(derived, plan)]
    return "\n".join(lines)


def readers(plan: Plan) -> str:
    """Return the functions that read options which are no plain number or text."""
    found: list[str] = []
    if any(field.type is bool for field in plan.fields):
        found.append(_READ_BOOL)
    if any(field.type not in (*_PLAIN, bool) for field in plan.fields):
        found.append(_READ_LITERAL)
    return "\n\n\n".join(text.strip("\n") for text in found)


def parse_args(plan: Plan) -> str:
    """Return the function that reads the command line."""
    words = plan.words
    title = "" if "%(" in plan.title else f"description={literal(' '.join(plan.title.split()))}, "
    special = {bool: "read_bool"} | dict.fromkeys((list, tuple, dict, set, bytes, type(None)), "read_literal")
    used = {field.type: special[field.type] for field in plan.fields if field.type in special}
    table = ", ".join(f"{type_name(kind)}: {reader}" for kind, reader in used.items())
    kind = f"{{{table}}}.get(kind, kind)" if used else "kind"
    escaped = '.replace("%", "%%")' if any("%" in about(field) for field in plan.fields) else ""
    factories = any(field.type in (list, dict, set) for field in plan.fields)
    default = f"getattr({words.config_class}(), parameter.name)" if factories else "parameter.default"
    annotated = any(about(field) for field in plan.fields)
    loop = (
        f"""
    for parameter in fields({words.config_class}):
        kind, *about = get_args(parameter.type) or [parameter.type]
        text = "; ".join([kind.__name__, *about]){escaped}
        parser.add_argument(f"--{{parameter.name}}", type={kind}, default={default}, help=text)
"""
        if annotated
        else f"""
    for parameter in fields({words.config_class}):
        kind = parameter.type
        parser.add_argument(
            f"--{{parameter.name}}", type={kind}, default={default}, help=kind.__name__
        )
"""
    )
    return f'''
def {words.parse_args}() -> tuple[{words.config_class}, Path]:
    """Read the command line; its options win over the values of the --config file."""
    parser = argparse.ArgumentParser({title}formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--config", type=Path, help="a YAML file of parameters")
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for the results")
{loop.strip(chr(10)) if plan.fields else ""}
    args = parser.parse_args()
    if args.config:
        values = yaml.safe_load(args.config.read_text(encoding="utf-8")) or {{}}
        parser.set_defaults(**{{name: str(value) for name, value in values.items()}})
        args = parser.parse_args()
    options = vars(args)
    options.pop("config")
    out = options.pop("out")
    try:
        return {words.config_class}(**options), out
    except (TypeError, ValueError) as error:
        parser.error(str(error))
'''


def about(field: Field) -> str:
    """Return what is to be said of a parameter: the author's comment and the range."""
    return "; ".join(text for text in (field.comment, _range(field)) if text)


def has_notes(plan: Plan) -> bool:
    """Tell whether any parameter has a comment or a range."""
    return any(about(field) for field in plan.fields)


def _range(field: Field) -> str:
    space = field.space
    if isinstance(space, Choice):
        return f"one of {', '.join(map(literal, space.options))}"
    if isinstance(space, (Float, Int)):
        return f"{space.low!r} to {space.high!r}{', log scale' if space.log else ''}"
    return ""


def type_name(kind: type) -> str:
    """Return how a type is called in an annotation."""
    return "object" if kind is type(None) else kind.__name__


def _annotation(field: Field) -> str:
    kind = type_name(field.type)
    return f"Annotated[{kind}, {literal(about(field))}]" if about(field) else kind


def _default(field: Field) -> str:
    value = field.spelling or literal(field.default)
    return f"field(default_factory=lambda: {value})" if field.type in (list, dict, set) else value


def _checks(plan: Plan) -> list[str]:
    """Return the range checks, in plain Python."""
    lines: list[str] = []
    for field in plan.fields:
        name, space = field.name, field.space
        if isinstance(space, Choice):
            options = literal(tuple(space.options))
            lines += [f"        if self.{name} not in {options}:"]
        elif isinstance(space, (Float, Int)):
            lines += [f"        if not {space.low!r} <= self.{name} <= {space.high!r}:"]
        else:
            continue
        lines += [f'            raise ValueError(f"{name} must be {_quotable(_range(field))}, not {{self.{name}!r}}")']
    return ["", "    def __post_init__(self) -> None:", *lines] if lines else []


def _quotable(text: str) -> str:
    """Return text fit to stand in a double-quoted f-string."""
    plain = text.removesuffix(", log scale")
    return repr(f'"{plain}')[2:-1].replace('"', '\\"').replace("{", "{{").replace("}", "}}")


def _property(derived: Derived, plan: Plan) -> list[str]:
    names = [*(field.name for field in plan.fields), *(other.name for other in plan.derived)]
    replacements = {name: f"self.{name}" for name in names}
    (line,) = with_names(statements(f"return {derived.expression}\n"), replacements)
    comment = f"  # {derived.comment.strip()}" if derived.comment.strip() else ""
    return ["", "    @property", f"    def {derived.name}(self):{comment}", f"        {code_of(line).strip()}"]


_READ_BOOL = '''
def read_bool(text: str) -> bool:
    """Read true or false."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"
'''
_READ_LITERAL = '''
def read_literal(text: str) -> object:
    """Read a Python literal such as [64, 32] or None; anything else is text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
'''
