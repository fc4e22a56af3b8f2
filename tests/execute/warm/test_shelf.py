from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# In a process of its own: modules, filters and the environment are the process's.
SCRIPT = """
import os, random, sys, warnings
sys.path.insert(0, {folder!r})
from reprobook.ambient.import_hook import AfterImport
from reprobook.execute.warm.preload import UnfitImportError, preload
from reprobook.execute.warm.shelf import Shelf

def unfit(statement):
    try:
        preload([statement], {{}})
    except UnfitImportError as error:
        return error.reason
    return ""

assert unfit("import noisy") == "it prints or warns"
assert unfit("import deprecated") == "it prints or warns"
assert unfit("import gambler") == "it draws random numbers"
assert "ZeroDivisionError" in unfit("import broken")

filters = list(warnings.filters)
groups = preload(["import heavy", "import heavy.late"], {{}})
heavy, late = sys.modules["heavy"], sys.modules["heavy.late"]
shelf = Shelf()
shelf.put_aside(groups)
assert "heavy" not in sys.modules and "heavy.late" not in sys.modules and not hasattr(heavy, "late")
assert "HEAVY" not in os.environ and warnings.filters == filters
assert shelf.module("heavy") is heavy

order = []
note = lambda module: order.append(module.__name__)
AfterImport({{"heavy.core": note, "heavy": note}}).install()
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(args[0]))
random.seed(7)
import heavy as again
import heavy.core
drawn = random.random()
assert again is heavy and heavy.__spec__.loader.__class__.__name__ == "SourceFileLoader"
assert order == ["heavy.core", "heavy"], order
assert os.environ["HEAVY"] == "1" and warnings.filters[0][1].pattern == "heavy is slow"
assert "heavy.late" not in sys.modules and not hasattr(heavy, "late")
assert any(str(path).endswith("data.txt") for path in opened)
from heavy import late as found
assert found is late is heavy.late
random.seed(7)
random.getrandbits(24)
assert drawn == random.random()
print("done")
"""


def test_a_module_put_aside_comes_back_as_if_it_were_imported_then(tmp_path: Path) -> None:
    package = tmp_path / "heavy"
    package.mkdir()
    (package / "data.txt").write_text("3")
    (package / "core.py").write_text("")
    (package / "late.py").write_text("")
    (package / "__init__.py").write_text(
        "import os, random, warnings\n"
        "from pathlib import Path\n"
        "from heavy import core\n"
        "ID = random.getrandbits(24)\n"
        "os.environ.setdefault('HEAVY', '1')\n"
        "warnings.filterwarnings('ignore', 'heavy is slow')\n"
        "DATA = Path(__file__).with_name('data.txt').read_text()\n"
    )
    (tmp_path / "noisy.py").write_text("import sys\nprint('hello', file=sys.stderr)")
    (tmp_path / "deprecated.py").write_text("import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)")
    (tmp_path / "gambler.py").write_text("import random\nrandom.shuffle(list(range(1000)))")
    (tmp_path / "broken.py").write_text("1 / 0")
    with (tmp_path / "out").open("w") as out:
        subprocess.run([sys.executable, "-c", SCRIPT.format(folder=str(tmp_path))], stdout=out, stderr=out, check=False)
    assert (tmp_path / "out").read_text().endswith("done\n"), (tmp_path / "out").read_text()
