"""IPython's own reading of magics, shell lines and help: the one place of promotion that knows IPython."""

from __future__ import annotations

from IPython.core.inputtransformer2 import TransformerManager


def to_python(source: str) -> str:
    """Turn IPython syntax into Python, as a kernel does: ``%cd x`` becomes ``get_ipython().run_line_magic('cd', 'x')``.

    Text that even IPython cannot read comes back as it is; the parser then says what is wrong with it.
    """
    try:
        return str(TransformerManager().transform_cell(source))
    except SyntaxError:
        return source
