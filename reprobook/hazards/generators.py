"""Tables: which calls draw from which random number generator, and which calls seed one."""

from __future__ import annotations

import ast
import re

from reprobook.hazards.model import Generator

ALL: tuple[Generator, ...] = ("python", "numpy", "torch", "cuda")

# What each call seeds. The seed is the first argument, or the keyword beside it.
SEEDING: dict[str, tuple[Generator, ...]] = {
    "random.seed": ("python",),
    "numpy.random.seed": ("numpy",),
    "torch.manual_seed": ("torch", "cuda"),
    "torch.random.manual_seed": ("torch", "cuda"),
    "torch.cuda.manual_seed": ("cuda",),
    "torch.cuda.manual_seed_all": ("cuda",),
    "torch.cuda.random.manual_seed_all": ("cuda",),
    "torch.mps.manual_seed": (),
    "transformers.set_seed": ALL,
    "transformers.trainer_utils.set_seed": ALL,
    "accelerate.utils.set_seed": ALL,
    "fastai.torch_core.set_seed": ("numpy", "torch", "cuda"),
    "pytorch_lightning.seed_everything": ALL,
    "lightning.seed_everything": ALL,
    "lightning.pytorch.seed_everything": ALL,
    "lightning_fabric.utilities.seed.seed_everything": ALL,
    "tensorflow.keras.utils.set_random_seed": ("python", "numpy"),
    "keras.utils.set_random_seed": ("python", "numpy"),
    "reprobook.init": ALL,
}
RESTORING: dict[str, tuple[Generator, ...]] = {
    "random.setstate": ("python",),
    "numpy.random.set_state": ("numpy",),
    "torch.set_rng_state": ("torch",),
    "torch.random.set_rng_state": ("torch",),
    "torch.cuda.set_rng_state": ("cuda",),
    "torch.cuda.set_rng_state_all": ("cuda",),
}
# Without an argument these take their seed from the operating system.
RESEEDING: dict[str, tuple[Generator, ...]] = {"torch.seed": ("torch", "cuda"), "torch.random.seed": ("torch", "cuda")}
RESEEDING |= {"torch.cuda.seed": ("cuda",), "torch.cuda.seed_all": ("cuda",)}

# Generators of one's own: cause without a seed, keyword of the seed.
OWN: dict[str, tuple[str, str]] = {
    "numpy.random.default_rng": ("unseeded_rng.numpy_generator", "seed"),
    "numpy.random.SeedSequence": ("unseeded_rng.numpy_generator", "entropy"),
    "numpy.random.PCG64": ("unseeded_rng.numpy_generator", "seed"),
    "numpy.random.PCG64DXSM": ("unseeded_rng.numpy_generator", "seed"),
    "numpy.random.Philox": ("unseeded_rng.numpy_generator", "seed"),
    "numpy.random.SFC64": ("unseeded_rng.numpy_generator", "seed"),
    "numpy.random.MT19937": ("unseeded_rng.numpy_generator", "seed"),
    "numpy.random.RandomState": ("unseeded_rng.numpy_legacy", "seed"),
    "random.Random": ("unseeded_rng.python_random", "x"),
}

_PYTHON = frozenset(
    """random uniform randint randrange choice choices sample shuffle gauss normalvariate lognormvariate expovariate
    betavariate gammavariate paretovariate vonmisesvariate weibullvariate triangular getrandbits randbytes
    binomialvariate""".split()  # noqa: SIM905 - so many words read best as a text
)
_NUMPY_SILENT = frozenset({"seed", "get_state", "set_state", "Generator", "BitGenerator", "bit_generator", "mtrand"})
_NUMPY_SILENT |= {name.rpartition(".")[2] for name in OWN}
_TORCH = frozenset(
    """rand randn randint randperm normal bernoulli multinomial poisson rand_like randn_like randint_like binomial
    dropout alpha_dropout rrelu""".split()  # noqa: SIM905 - so many words read best as a text
)
_TENSOR_METHODS = frozenset(
    """normal_ uniform_ random_ bernoulli_ exponential_ geometric_ cauchy_ log_normal_ multinomial
    bernoulli""".split()  # noqa: SIM905 - so many words read best as a text
)
_SETS_WEIGHTS = re.compile(
    r"^torch\.nn\.(?:modules\.\w+\.)?(?:Lazy)?(?:Linear|Bilinear|Conv\w*|Embedding\w*|RNN\w*|LSTM\w*|GRU\w*|Multihead\w+"
    r"|Transformer\w*|AdaptiveLogSoftmaxWithLoss)$"
)
_DRAWS_LATER = re.compile(r"^torch\.nn\.(?:functional\.)?(?:\w*[dD]ropout\w*|gumbel_softmax|RReLU)$")
_TORCH_MODELS = re.compile(r"^(?:torchvision\.models\.\w+|timm\.create_model|transformers\.\w+\.from_config)$")
_TRANSFORMS = re.compile(
    r"^torchvision\.transforms(?:\.v2)?\.(?:Random\w+|ColorJitter|AutoAugment|RandAugment|\w*Affine)$"
)


def draws(dotted: str, call: ast.Call) -> tuple[Generator, ...]:
    """Return the global generators that a call draws from by itself."""
    package, _, rest = dotted.partition(".")
    name = dotted.rpartition(".")[2]
    if package == "random":
        return ("python",) if rest in _PYTHON else ()
    if dotted.startswith("numpy.random."):
        plain = rest.count(".") == 1 and "(" not in rest
        return ("numpy",) if plain and name not in _NUMPY_SILENT else ()
    if package == "scipy" and name == "rvs":
        return () if is_given(call, "random_state") else ("numpy",)
    if package in {"torch", "torchvision", "timm", "transformers"}:
        return _torch(dotted, name, call)
    if name in _TENSOR_METHODS and "numpy" not in dotted and not is_given(call, "generator"):
        return ("torch",) if name.endswith("_") or dotted.startswith("torch") else ()
    return ()


def _torch(dotted: str, name: str, call: ast.Call) -> tuple[Generator, ...]:
    """Return what a function or class of torch draws from."""
    if is_given(call, "generator"):
        return ()
    parts = dotted.split(".")
    plain = name in _TORCH and "()" not in dotted and parts[:2] != ["torch", "distributions"]
    own = parts[:3] == ["torch", "nn", "init"] and name.rstrip("_") not in {"zeros", "ones", "constant", "eye", "dirac"}
    made = bool(_SETS_WEIGHTS.match(dotted) or _TORCH_MODELS.match(dotted)) and not _pretrained(call)
    sampled = name in {"sample", "rsample"} and dotted.startswith("torch.distributions.")
    split = dotted in {"torch.utils.data.random_split", "torch.utils.data.dataset.random_split"}
    method = name in _TENSOR_METHODS and "()" in dotted
    if not (
        plain
        or own
        or made
        or sampled
        or split
        or method
        or dotted.startswith("torchvision.transforms.functional.rand")
    ):
        return ()
    return ("cuda",) if _on_cuda(call) else ("torch",)


def draws_when_called(dotted: str) -> bool:
    """Tell whether a layer or transform draws each time it is applied."""
    return bool(_DRAWS_LATER.match(dotted) or _TRANSFORMS.match(dotted))


def _pretrained(call: ast.Call) -> bool:
    weights = keyword(call, "weights") or keyword(call, "pretrained")
    return (
        weights is not None and not is_none(weights) and not (isinstance(weights, ast.Constant) and not weights.value)
    )


def _on_cuda(call: ast.Call) -> bool:
    device = keyword(call, "device")
    return isinstance(device, ast.Constant) and str(device.value).startswith("cuda")


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value of a keyword of a call."""
    return next((word.value for word in call.keywords if word.arg == name), None)


def is_none(node: ast.expr | None) -> bool:
    """Tell whether an expression is the constant None."""
    return isinstance(node, ast.Constant) and node.value is None


def is_given(call: ast.Call, name: str) -> bool:
    """Tell whether a keyword is given a value other than None, or may be through ``**options``."""
    if any(word.arg is None for word in call.keywords):
        return True
    found = keyword(call, name)
    return found is not None and not is_none(found)


def seed_argument(call: ast.Call, name: str) -> ast.expr | None:
    """Return the argument that carries a seed; None if there is none, or it is None."""
    found = call.args[0] if call.args else keyword(call, name)
    if found is None and any(word.arg is None for word in call.keywords):
        return call.keywords[0].value
    if found is None and call.keywords and name == "*":
        found = call.keywords[0].value
    return None if is_none(found) else found
