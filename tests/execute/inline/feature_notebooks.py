"""Small notebooks that use what a kernel offers; a tuple gives source and tags."""

# Each cell stands on a line of its own.
# ruff: noqa: E501, ISC004

from __future__ import annotations

Cell = str | tuple[str, list[str]]

NOTEBOOKS: dict[str, tuple[Cell, ...]] = {
    "values": (
        "import random, math\nx = [random.random() for _ in range(3)]\nd = {'a': 1, 'b': {2, 3}}\nx[0] > 0",
        "class Model:\n    def __init__(self):\n        self.w = list(range(3))\nm = Model()\ndef f(y):\n    return y + 1",
        "m.w.append(f(3)); m.w",
        "del d\nimport reprobook as rb\nfor i in range(3):\n    rb.log(loss=1 / (i + 1), step=i)",
        "names = {'b', 'a', 'c', 'd', 'e'}\nprint(names, hash('text'))\nIn[1][:5], Out[3], _",
    ),
    "shown metrics": ("acc = 0.5", "print('loss: 0.25')\nprint('f1=0.5')\nacc", "{'auc': 0.75}", "acc;"),
    "streams": (
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c', end='')\nsys.stdout.write('d\\r')\nprint('e')",
        "for i in range(3):\n    print(f'\\r{i}', end='', flush=True)\nprint()\nsys.stderr.write('warned\\n')\n5",
        "import warnings\nwarnings.warn('careful')\nwarnings.warn('careful')",
        "print('é 🚀', '\\udc80')\nsys.stdout.writelines(['x', 'y'])\nprint(sys.stdout.isatty(), sys.stdout.encoding)",
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n    print('inside')\ntext.getvalue()",
        "import logging\nlogging.basicConfig(level='INFO')\nlogging.info('a line')\nlogging.getLogger('x').warning('one')",
    ),
    "processes": (
        "import os, subprocess\nprint('before', flush=True)\ncode = os.system('echo from the shell; echo wrong >&2')\ncode",
        "import time\nsubprocess.run(['echo', 'from a process'])\ntime.sleep(0.2)",
        "!echo shown; echo twice\nlines = !echo kept\nlines",
        "%%bash\necho in bash\necho error >&2",
        "%%bash --out captured\necho captured",
        "captured, _exit_code",
        "!exit 3",
        "print(_exit_code)",
        ("%%bash\nexit 4", ["raises-exception"]),
    ),
    "displays": (
        "from IPython.display import display, HTML, Image, JSON, Markdown, update_display, clear_output\ndisplay(1, 'two')",
        "handle = display(HTML('<b>0</b>'), display_id='one')\nprint('between')\ndisplay({'text/plain': 'p'}, raw=True)",
        "handle.update(HTML('<b>1</b>'))\nupdate_display(Markdown('# 2'), display_id='one')\ndisplay('again', display_id='one')",
        "print('gone')\nclear_output()\nprint('kept')\nclear_output(wait=True)\nprint('only this')",
        "clear_output(wait=True)",
        "class Rich:\n    def _repr_html_(self):\n        return '<i>rich</i>'\n    def _repr_png_(self):\n        return b'\\x89PNG\\r\\n\\x1a\\n'"
        "\n    def _repr_mimebundle_(self, **_):\n        return {'application/x+json': {'a': (1, 2), 3: None}}\nRich()",
        "class Bad:\n    def __repr__(self):\n        raise ValueError('no text')\nBad()",
        "x = 1\nx?",
        "JSON({'a': [1, 2]})",
    ),
    "a failing display": ("class Bad:\n    def __repr__(self):\n        raise ValueError('no text')\nBad()", "y = 1"),
    "an error": (
        "def f(x):\n    return 1 / x",
        "print('first')\nf(0)",
        "never = 1",
    ),
    "errors that may be": (
        ("1 / 0", ["raises-exception"]),
        ("import sys\nsys.exit(2)", ["raises-exception"]),
        ("raise KeyboardInterrupt", ["raises-exception"]),
        ("def broken(:", ["raises-exception"]),
        (
            "try:\n    {}['k']\nexcept KeyError as error:\n    raise RuntimeError('chained') from error",
            ["raises-exception"],
        ),
        ("input('name?')", ["raises-exception"]),
        ("import getpass\ngetpass.getpass()", ["raises-exception"]),
        ("skipped = 1", ["skip-execution"]),
        ("%nosuchmagic", ["raises-exception"]),
        ("assert False, 'text'", ["raises-exception"]),
        ("raise ExceptionGroup('several', [ValueError(1), KeyError('k')])", ["raises-exception"]),
        "'skipped' in globals()",
    ),
    "a syntax error": ("x = 1", "def broken(:", "y = 2"),
    "leaving": ("x = 1", "import sys\nsys.exit(0)", "y = 2"),
    "leaving with a status": ("x = 1", "raise SystemExit(3)", "y = 2"),
    "magics": (
        "%%capture out\nprint('hidden')\n1",
        "out.stdout, len(out.outputs)",
        "%%time\ntotal = sum(range(10))\ntotal",
        "%time 1 + 1",
        "%matplotlib inline\n%precision 3\n3.14159265",
        "%env REPROBOOK_TEST=1\nimport os\nos.environ['REPROBOOK_TEST'], %alias_magic t time",
        "%%writefile written.txt\ntext",
        "%cat written.txt\n%who_ls",
        "%run -i script.py",
        "%load_ext reprobook\n%xmode Minimal",
        ("1 / 0", ["raises-exception"]),
        "get_ipython().run_cell_magic('capture', '', 'inner = 5')\nget_ipython().run_line_magic('pwd', '')[:1], inner",
        "%%script python\nprint('another process')",
        "%history -n 1-2",
    ),
    "asynchronous": (
        "import asyncio\nasync def one():\n    await asyncio.sleep(0.01)\n    return 1",
        "value = await one()\nvalue",
        "results = await asyncio.gather(one(), one())\nresults",
        ("asyncio.run(one())", ["raises-exception"]),
        # The task ends here: whether it would before the next cell, no cell decides.
        "loop = asyncio.get_running_loop()\ntask = loop.create_task(one())\nawait asyncio.sleep(0.5)\nloop.is_running()",
        "await task",
        "async with asyncio.timeout(5):\n    print(await one())",
        ("await asyncio.wait_for(asyncio.sleep(5), 0.01)", ["raises-exception"]),
    ),
    "the process": (
        "import sys, os, pickle, threading, multiprocessing\nclass Point:\n    pass\npickle.loads(pickle.dumps(Point())).__class__ is Point",
        "'__file__' in globals(), __name__, sys.modules['__main__'].__dict__ is globals(), type(sys.modules['__main__']).__name__",
        "len(sys.argv), os.path.basename(sys.argv[0]), '' in sys.path, os.getcwd() == os.path.realpath('.'), sorted(globals())[:40]",
        "type(get_ipython()).__name__, type(sys.stdout).__module__, sys.stdout.closed, 'IPKernelApp' in get_ipython().config",
        "import helper\nhelper.VALUE, helper.bump()",
        "thread = threading.Thread(target=lambda: print('from a thread'))\nthread.start()\nthread.join()",
        "def work(x):\n    return x * x\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n    print(pool.map(work, range(4)))",
        "stream = sys.stdout\nshell = get_ipython()\nmodule = sys.modules['__main__']\nhandler = __import__('logging').StreamHandler(sys.stdout)",
        "with open('made.txt', 'w') as file:\n    file.write('made')\nos.environ.get('MPLBACKEND'), os.environ['PAGER']",
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n    print(sum(pool.map(work, range(5))))",
        "exec('z = 1'), eval('z')",
    ),
    "numbers": (
        "import numpy as np\nimport pandas as pd\nrng = np.random.default_rng(0)\nnp.random.rand(2)",
        "frame = pd.DataFrame({'a': rng.random(3), 'b': list('xyz')})\nframe",
        "np.set_printoptions(precision=2)\nnp.seterr(divide='ignore')\nnp.array([1.0, 2.5]) / 3",
        "pd.set_option('display.precision', 2)\nframe.describe()",
    ),
    "numbers again": (
        "import numpy as np\nimport pandas as pd\nnp.array([1.0, 2.5]) / 3, np.geterr()",
        "np.random.rand(2)",
        "pd.DataFrame({'a': [1 / 3]})",
    ),
    "figures": (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nprint('drawn')",
        "fig, ax = plt.subplots(figsize=(2, 2))\nax.bar([1], [2])\nplt.show()\nprint('after')",
        "fig",
        "plt.plot([1, 2]);",
        "plt.rcParams['figure.dpi'] = 50\nplt.figure()\nplt.imshow([[0, 1]])\nplt.title('t')",
        "plt.plot([1, 2])\nraise ValueError('with an open figure')",
    ),
    "figures again": (
        "import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'], plt.get_backend()",
        "plt.plot([3, 1])",
        "%config InlineBackend.figure_formats = ['svg']\nplt.scatter([1], [2]);",
    ),
    "learning": (
        "import torch\ntorch.manual_seed(0)\nmodel = torch.nn.Linear(3, 1)\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1)",
        "x = torch.randn(16, 3)\ny = x.sum(1, keepdim=True)\nfor step in range(5):\n    loss = ((model(x) - y) ** 2).mean()\n"
        "    optimizer.zero_grad(); loss.backward(); optimizer.step()\n    print(f'loss: {loss.item():.6f}')",
        "torch.set_default_dtype(torch.float64)\ntorch.rand(2), torch.get_num_threads()",
    ),
    "learning again": ("import torch\ntorch.rand(2).dtype, torch.get_default_dtype()", "torch.rand(2)"),
    "markdown and empty": ("", "# only a comment", "   \n", "x = 1"),
    "initialised": ("%load_ext reprobook\n%reprotrain init --name mine --seed 5", "import random\nrandom.random()"),
}
