"""nbformat is imported without what it never uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_papermill_comes_without_the_grammar_of_internationalised_addresses(tmp_path: Path) -> None:
    (tmp_path / "rfc3987_syntax.py").write_text("is_valid_syntax = print")  # not every environment has it
    code = (
        "import sys; from reprobook.execute.heavy import import_nbformat; import_nbformat(); import papermill; "
        "assert 'jsonschema' in sys.modules; assert 'rfc3987_syntax' not in sys.modules; "
        "import rfc3987_syntax"  # who wants it still gets it
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(tmp_path)})
