"""Rewrite what Fabric does in its own way: backward passes, optimizers, loaders, devices, files."""

# libcst finds a visitor by its name, and hands it the old node and the new one:
# ruff: noqa: D102

from __future__ import annotations

import ast
from collections.abc import Collection

import libcst as cst
import libcst.matchers as m

from reprobook.promote import libraries
from reprobook.promote.fabric.torch_code import TorchCode
from reprobook.promote.fabric.words import WHOLE, WRITE_ONCE
from reprobook.promote.python import code_of

_BACKWARD = m.Call(func=m.Attribute(attr=m.Name("backward")))
_SIZE_OF_DATA = m.Call(
    func=m.Name("len"), args=[m.Arg(value=m.Attribute(value=m.Name(), attr=m.Name("dataset")), keyword=None)]
)
_SHUFFLE = 2  # where DataLoader takes it by position
_CPU = frozenset({"'cpu'", '"cpu"', "'meta'", '"meta"'})


class Calls(cst.CSTTransformer):
    """Rewrite the calls of a statement.

    Args:
        code: What is known of the notebook's torch objects.
        fabric: The script's name of the ``Fabric`` object.
        modules: The variables that are set up as modules.
        iterated: The variables that loops go through.
    """

    def __init__(self, code: TorchCode, fabric: str, *, modules: Collection[str], iterated: Collection[str]) -> None:
        super().__init__()
        self.code = code
        self.fabric = fabric
        self._modules = modules
        self._iterated = iterated

    def visit_With(self, node: cst.With) -> bool:
        """Leave alone what the first process runs alone: nothing in it may wait for the others."""
        return not _opens_to_write(node)

    def leave_With(self, original_node: cst.With, updated_node: cst.With) -> cst.BaseStatement:
        if not _opens_to_write(original_node):
            return updated_node
        test = cst.parse_expression(f"{self.fabric}.is_global_zero")
        alone = updated_node.with_changes(leading_lines=())
        return cst.If(test, cst.IndentedBlock([alone]), leading_lines=updated_node.leading_lines)

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> cst.Expr:
        """Let the first process write a file alone: ``torch.save(state, path)``."""
        call = updated_node.value
        if not isinstance(call, cst.Call) or not self._writes(original_node):
            return updated_node
        arguments = [cst.Arg(cst.Name(self.fabric)), cst.Arg(call.func), *call.args]
        return updated_node.with_changes(value=cst.Call(cst.Name(WRITE_ONCE), arguments))

    def leave_IfExp(self, original_node: cst.IfExp, updated_node: cst.IfExp) -> cst.BaseExpression:
        """Take the process's device for ``"cuda" if torch.cuda.is_available() else "cpu"``."""
        texts = m.matches(updated_node, m.IfExp(body=m.SimpleString(), orelse=m.SimpleString()))
        asks = any(word in code_of(original_node.test) for word in ("cuda.is_available", "mps.is_available"))
        if not texts or not asks:
            return updated_node
        return cst.parse_expression(f"str({self.fabric}.device)")

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        tree = _tree(original_node)
        dotted = self.code.names.dotted(tree.func) or ""
        if m.matches(original_node, _BACKWARD) and not dotted and not m.matches(original_node.func, _OF_SUPER):
            loss = cst.Arg(updated_node.func.value)  # type: ignore[attr-defined]  # an attribute, by the match
            return cst.Call(self._method("backward"), [loss, *updated_node.args])
        if self.code.makes_optimizer(tree):
            return cst.Call(self._method("setup_optimizers"), [cst.Arg(updated_node)])
        if self.code.makes_loader(tree):
            return cst.Call(self._method("setup_dataloaders"), [cst.Arg(updated_node), *_sampling(original_node)])
        if dotted == "torch.device" and code_of(original_node.args[0].value) not in _CPU:
            return self._method("device")
        if dotted == "reprobook.save":
            return self._whole(updated_node)
        return self._counting(updated_node)

    def _method(self, name: str) -> cst.Attribute:
        return cst.Attribute(cst.Name(self.fabric), cst.Name(name))

    def _whole(self, call: cst.Call) -> cst.Call:
        """Save a module as the notebook knows it, without Fabric's wrapper."""
        arguments = [
            each.with_changes(value=cst.Call(cst.Name(WHOLE), [cst.Arg(each.value)]))
            if code_of(each.value) in self._modules
            else each
            for each in call.args
        ]
        return call.with_changes(args=arguments)

    def _counting(self, call: cst.Call) -> cst.Call:
        """Count what this process goes through: ``len(loader.dataset)`` is what all of them do together."""
        if not m.matches(call, _SIZE_OF_DATA):
            return call
        data = call.args[0].value
        holder = data.value.value  # type: ignore[attr-defined]  # an attribute of a name, by the match
        if holder not in self._iterated:
            return call
        argument = call.args[0].with_changes(value=data.with_changes(attr=cst.Name("sampler")))
        return call.with_changes(args=[argument])

    def _writes(self, node: cst.Expr) -> bool:
        tree = _tree(node.value)
        name = getattr(tree.func, "attr", "")
        dotted = self.code.names.dotted(tree.func) or ""
        # A stream belongs to the with statement that opened it.
        takes_stream = name == "dump" and not dotted.startswith("joblib.")
        return name in libraries.WRITING and not dotted.startswith("reprobook.") and not takes_stream


_OF_SUPER = m.Attribute(value=m.Call(func=m.Name("super")))


def _tree(node: cst.BaseExpression) -> ast.Call:
    tree = ast.parse(f"({code_of(node)})", mode="eval").body
    return tree if isinstance(tree, ast.Call) else ast.Call(tree, [], [])


def _sampling(call: cst.Call) -> list[cst.Arg]:
    """Say which loaders are split between processes: shuffled ones, as training's are.

    The others go through all their data in every process, so that what is decided from them is decided alike.
    """
    words = {arg.keyword.value: arg.value for arg in call.args if arg.keyword is not None}
    positional = [arg.value for arg in call.args if arg.keyword is None]
    if words.keys() & {"sampler", "batch_sampler"} or any(arg.star for arg in call.args):
        return []
    shuffle = positional[_SHUFFLE] if len(positional) > _SHUFFLE else words.get("shuffle", cst.Name("False"))
    if code_of(shuffle) == "True":
        return []
    return [cst.Arg(shuffle, keyword=cst.Name("use_distributed_sampler"))]


def _opens_to_write(node: cst.With) -> bool:
    """Tell ``with open(path, "w") as file:``."""
    return any(_is_for_writing(_tree(item.item)) for item in node.items)


def _is_for_writing(call: ast.Call) -> bool:
    name = getattr(call.func, "id", "") or getattr(call.func, "attr", "")
    values = [*call.args, *(word.value for word in call.keywords)]
    texts = [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    return name == "open" and any(text.rstrip("bt+") in {"w", "a", "x"} for text in texts)
