"""The text of a script's configuration: a frozen dataclass."""

from __future__ import annotations

from reprobook.promote.model import Derived, Field, Import, Plan
from reprobook.promote.python import code_of, literal, statements
from reprobook.promote.rewrite import with_names
from reprobook.space.model import Choice, Float, Int, Parameter

_WIDTH = 88  # of ruff format


def imports(plan: Plan) -> list[Import]:
    """Return what the dataclass needs."""
    found = [Import("dataclasses", "dataclass", "dataclass"), Import("dataclasses", "asdict", "asdict")]
    if any(field.type in (list, dict, set) for field in plan.fields):
        found.append(Import("dataclasses", "field", "field"))
    if any(about(field) for field in plan.fields):
        found.append(Import("typing", "Annotated", "Annotated"))
    if any(field.type is type(None) for field in plan.fields):
        found.append(Import("typing", "Any", "Any"))
    return found


def config_class(plan: Plan) -> str:
    """Return the dataclass of the parameters."""
    lines = ["@dataclass(frozen=True)", f"class {plan.words.config_class}:"]
    said = '    """The parameters of a run; each can be set on the command line."""'
    lines += [said, ""] if plan.fields else ['    """A run has no parameters."""']
    for at, field in enumerate(plan.fields):
        lines += [""] * bool(field.above and at)
        lines += [f"    # {comment.strip()}" for comment in field.above if comment.strip()]
        lines += _field(field)
    lines += _checks(plan) + [line for derived in plan.derived for line in _property(derived, plan)]
    return "\n".join(lines)


def about(field: Field | Parameter) -> str:
    """Return what is to be said of a parameter: the author's comment and the range."""
    return "; ".join(text for text in (field.comment, _range(field)) if text)


def _range(field: Field | Parameter) -> str:
    space = field.space
    if isinstance(space, Choice):
        return f"one of {', '.join(map(repr, space.options))}"
    if isinstance(space, (Float, Int)):
        return f"{space.low!r} to {space.high!r}{', log scale' if space.log else ''}"
    return ""


def type_name(kind: type) -> str:
    """Return how a type is called in an annotation."""
    return "Any" if kind is type(None) else kind.__name__


def _field(field: Field) -> list[str]:
    """Return a field; its meaning on a line of its own where one line does not hold all."""
    kind, meaning, default = type_name(field.type), literal(about(field)), _default(field)
    if not about(field):
        return [f"    {field.name}: {kind} = {default}"]
    line = f"    {field.name}: Annotated[{kind}, {meaning}] = {default}"
    if len(line) <= _WIDTH:
        return [line]
    inner = f"        {kind}, {meaning}"
    rows = (
        [inner]
        if len(inner) <= _WIDTH and not set("([{") & set(default)
        else [f"        {kind},", f"        {meaning},"]
    )
    return [f"    {field.name}: Annotated[", *rows, f"    ] = {default}"]


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


def is_checked(plan: Plan) -> bool:
    """Tell whether the configuration refuses values that are out of range."""
    return bool(_checks(plan))


def outside(field: Field) -> str:
    """Return a value of the field's type, as text, that its range does not hold."""
    space = field.space
    if isinstance(space, Choice):
        numbers = [each for each in space.options if isinstance(each, (int, float))]
        return repr(max(numbers) + 1) if numbers else "no-such-choice"
    return repr(space.high + 1 if isinstance(space, (Float, Int)) else None)


def _quotable(text: str) -> str:
    """Return text fit to stand in a double-quoted f-string; ``repr`` has made every character of it visible."""
    plain = text.removesuffix(", log scale").replace("\\", "\\\\").replace('"', '\\"')
    return plain.replace("{", "{{").replace("}", "}}")


def _property(derived: Derived, plan: Plan) -> list[str]:
    names = [*(field.name for field in plan.fields), *(other.name for other in plan.derived)]
    replacements = {name: f"self.{name}" for name in names}
    (line,) = with_names(statements(f"return {derived.expression}\n"), replacements)
    comment = f"  # {derived.comment.strip()}" if derived.comment.strip() else ""
    return ["", "    @property", f"    def {derived.name}(self):{comment}", f"        {code_of(line).strip()}"]
