"""Floating point: kernels, threads, instruction sets, memory."""

from casebook.corpus._bases import NUMPY, TORCH
from casebook.entry import At, Entry, Scratch
from casebook.model import Side

ONE_BLAS = {"OPENBLAS_NUM_THREADS": "1"}
NO_AVX512 = {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}


def team_defaults(precision: str) -> str:
    """Return a setup that makes a module which sets the precision of torch's products when it is imported."""
    source = f"import torch\ntorch.set_float32_matmul_precision({precision!r})\n"
    return f'import os\nos.makedirs("site", exist_ok=True)\nopen("site/team_defaults.py", "w").write({source!r})\n'


CASES = (
    Entry(
        id="numerics-torch-threads-affinity",
        title="A mean over all pixels depends on how many processors the process may use",
        kind="env",
        text=TORCH,
        inject=(
            (
                "# %% split\n",
                """\
# %% center
level = torch.sqrt(images + 0.2).mean()
images = images - level
# %% split
""",
            ),
        ),
        fix=(("# %% center\n", "# %% center\ntorch.set_num_threads(1)\n"),),
        at=(At("center", "level|images", "thread_count.torch"),),
        run_b=Side(affinity=(0,)),
    ),
    Entry(
        id="numerics-torch-threads-mkl",
        title="MKL_NUM_THREADS limits torch's threads; a sum changes in its last bit",
        kind="env",
        text=TORCH,
        inject=(
            (
                "# %% split\n",
                """\
# %% scale
mass = torch.sqrt(images + 0.3).sum()
images = images / mass * 1e4
# %% split
""",
            ),
        ),
        fix=(("torch.manual_seed(seed)\n", "torch.manual_seed(seed)\ntorch.set_num_threads(1)\n"),),
        at=(At("scale", "mass|images", "thread_count.torch"),),
        run_a=Side(env={"MKL_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}),
        run_b=Side(env={"MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}),
    ),
    Entry(
        id="numerics-blas-threads",
        title="A float32 covariance from OpenBLAS with one thread instead of two",
        kind="env",
        text=TORCH,
        inject=(
            (
                "# %% split\n",
                """\
# %% whiten
cloud = np.random.RandomState(4).normal(size=(1500, 64)).astype(np.float32)
gram = (cloud.T @ cloud) / len(images)
images = torch.from_numpy(images.numpy() - images.numpy() @ gram / np.trace(gram))
gram[0, :3]
# %% split
""",
            ),
        ),
        fix=(
            (
                "# %% whiten\n",
                """\
# %% whiten
import threadpoolctl
threadpoolctl.threadpool_limits(1, user_api='blas')
""",
            ),
        ),
        at=(At("whiten", "gram|images", "thread_count.blas"),),
        run_a=Side(env={"OPENBLAS_NUM_THREADS": "2"}),
        run_b=Side(env=ONE_BLAS),
    ),
    Entry(
        id="numerics-blas-threads-solve",
        title="np.linalg.solve with 2 and with 1 BLAS thread",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "# %% evaluate\n",
                """\
# %% refine
kernel = np.exp(-0.5 * ((A_fit[:, None, :] - A_fit[None]) ** 2).sum(-1)) + 0.1 * np.eye(len(A_fit))
dual = np.linalg.solve(kernel, b_fit - A_fit @ w)
b_out = b_out - 0.1 * np.exp(-0.5 * ((A_out[:, None, :] - A_fit[None]) ** 2).sum(-1)) @ dual
# %% evaluate
""",
            ),
        ),
        fix=(
            ("np.linalg.solve(kernel, b_fit - A_fit @ w)", "np.round(np.linalg.solve(kernel, b_fit - A_fit @ w), 6)"),
        ),
        at=(At("refine", "dual|b_out", "thread_count.blas"),),
        run_a=Side(env={"OPENBLAS_NUM_THREADS": "2"}),
        run_b=Side(env=ONE_BLAS),
    ),
    Entry(
        id="numerics-aten-dispatch",
        title="layer_norm and softmax on a machine without AVX2",
        kind="env",
        text=TORCH,
        inject=(
            (
                "# %% split\n",
                """\
# %% normalise
images = F.layer_norm(torch.sqrt(images + 0.1), (64,))
attention = torch.softmax(images, dim=1)
# %% split
""",
            ),
        ),
        fix=(
            (
                "# %% imports\n",
                """\
# %% imports
import os
os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
""",
            ),
        ),
        at=(At("normalise", "images|attention", "cpu_dispatch.aten"),),
        run_b=Side(env={"ATEN_CPU_CAPABILITY": "default"}),
    ),
    Entry(
        id="numerics-mkl-dispatch",
        title="A matrix product of torch under another branch of MKL",
        kind="env",
        text=TORCH,
        inject=(
            (
                "# %% split\n",
                """\
# %% project
basis = torch.linspace(-1, 1, 64 * 64).view(64, 64).sin()
images = images @ basis / 8
# %% split
""",
            ),
        ),
        fix=(
            (
                "# %% imports\n",
                """\
# %% imports
import os
os.environ["MKL_CBWR"] = "COMPATIBLE"
""",
            ),
        ),
        at=(At("project", "images", "cpu_dispatch.mkl"),),
        run_b=Side(env={"MKL_CBWR": "COMPATIBLE"}),
    ),
    Entry(
        id="numerics-numpy-dispatch",
        title="np.exp in double precision without AVX-512",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% kernelise
A = np.exp(-A / 3)
A = A - A.mean(axis=0)
# %% split
""",
            ),
        ),
        fix=(("A = np.exp(-A / 3)", "import math\nA = np.array([[math.exp(-x / 3) for x in row] for row in A])"),),
        at=(At("kernelise", "A", "cpu_dispatch.numpy"),),
        run_b=Side(env=NO_AVX512),
    ),
    Entry(
        id="numerics-precision-mode",
        title="A deleted cell had lowered the precision of float32 products",
        kind="interactive",
        text=TORCH,
        inject=(("hidden = 24", "hidden = 256"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Scratch('torch.set_float32_matmul_precision("medium")'),
            "split",
            "model",
            "train",
            "evaluate",
            "result",
        ),
        fix=(("# %% model\n", '# %% model\ntorch.set_float32_matmul_precision("highest")\n'),),
        at=(At("train", "net|history|loss|optimizer", "precision_mode|hidden_state.deleted_cell"),),
    ),
    Entry(
        id="numerics-precision-team-defaults",
        title="A module of defaults, found on the path of the other machine, lowers the precision of float32 products",
        kind="env",
        text=TORCH,
        inject=(
            (
                "import random\n",
                """\
import random

import team_defaults
""",
            ),
            (
                "# %% split\n",
                """\
# %% project
lift = torch.linspace(-1, 1, 64 * 256).view(64, 256).sin()
mix = torch.linspace(-1, 1, 256 * 256).view(256, 256).cos()
images = (images @ lift @ mix)[:, ::4] / 64
# %% split
""",
            ),
        ),
        fix=(("# %% project\n", '# %% project\ntorch.set_float32_matmul_precision("highest")\n'),),
        at=(At("project", "images", "precision_mode"),),
        run_a=Side(setup=team_defaults("highest"), env={"PYTHONPATH": "{cwd}/site"}),
        run_b=Side(setup=team_defaults("medium"), env={"PYTHONPATH": "{cwd}/site"}),
    ),
    Entry(
        id="numerics-uninitialised-torch",
        title="A buffer from torch.empty is used before it is filled",
        text=TORCH,
        inject=(
            (
                "# %% model\n",
                """\
# %% buffer
litter = [torch.full((64,), id(object())) for k in range(200)]
del litter
pool = torch.cat([torch.empty(size) for size in (16, 64, 257, 1000)])
bias = (pool.view(torch.int32)[:64] % 7) / 70
x_train, x_val = x_train + bias, x_val + bias
# %% model
""",
            ),
        ),
        fix=(("torch.empty(size)", "torch.zeros(size)"),),
        at=(At("buffer", "pool|bias|x_train|x_val", "uninitialised_memory"),),
    ),
    Entry(
        id="numerics-uninitialised-numpy",
        title="np.empty holds what was in memory; only part of it is written",
        text=NUMPY,
        inject=(
            (
                "# %% train\n",
                """\
# %% offsets
scratch = [np.full(48, id(object())) for _ in range(50)]
del scratch
offsets = np.empty(48, dtype=np.int64)
offsets[:4] = 1
w0 = (offsets[:d] % 1000 / 1000).astype(float)
# %% train
""",
            ),
            ("w = np.zeros(d)", "w = w0.copy()"),
        ),
        fix=(("np.empty(48, dtype=np.int64)", "np.zeros(48, dtype=np.int64)"),),
        at=(At("offsets", "offsets|w0", "uninitialised_memory"),),
    ),
    Entry(
        id="numerics-nondeterministic-kernel",
        title="index_put_ with accumulation adds in the order of its threads",
        text=TORCH,
        inject=(
            (
                "# %% model\n",
                """\
# %% histogram
target = torch.randint(0, 64, (400_000,))
values = torch.rand(400_000)
profile = torch.zeros(64)
profile.index_put_((target,), values, accumulate=True)
x_train, x_val = x_train + profile / 1e4, x_val + profile / 1e4
# %% model
""",
            ),
        ),
        fix=(
            (
                "profile.index_put_((target,), values, accumulate=True)",
                "profile += torch.stack([values[target == k].sum() for k in range(64)])",
            ),
        ),
        at=(At("histogram", "profile|x_train|x_val", "nondeterministic_kernel.torch"),),
        attempts=3,
    ),
    Entry(
        id="numerics-flush-denormal",
        title="A deleted cell made the processor flush denormals to zero",
        kind="interactive",
        text=TORCH,
        inject=(
            (
                "# %% split\n",
                """\
# %% decay
faint = torch.exp(-torch.linspace(80, 100, 64))
images = images * (faint * 1e38 * 1e3)
# %% split
""",
            ),
        ),
        fix=(
            (
                "faint = torch.exp(-torch.linspace(80, 100, 64))",
                "faint = torch.exp(-torch.linspace(0, 10, 64)) * 1e-30",
            ),
        ),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Scratch("torch.set_flush_denormal(True)"),
            "decay",
            "split",
            "model",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("decay", "faint|images", "fp_environment|hidden_state.deleted_cell"),),
    ),
)
