"""What promotion knows of the libraries that notebooks call: who draws random numbers, who changes what it is given.

A call that is not known here is taken to do anything: to change its arguments and to draw from every generator.
Where a run was observed, the observation decides instead.
"""

from __future__ import annotations

import ast
import sys

STREAM_WORDS = {"rng:python": "Python's random", "rng:numpy": "NumPy", "rng:torch": "torch"}
STREAMS = frozenset(STREAM_WORDS)

PLOTTING = frozenset({"IPython", "altair", "bokeh", "cufflinks", "ipywidgets", "matplotlib", "missingno", "plotly"})
PLOTTING |= {"mpl_toolkits", "pydot", "seaborn", "torchviz", "wordcloud", "yellowbrick"}

_DRAWING = frozenset({"matplotlib", "missingno", "mpl_toolkits", "seaborn", "yellowbrick"})
# They say how figures look, or what becomes of them.
_STYLE_WORDS = frozenset(
    "close ion ioff rc rc_context rcdefaults reset_defaults reset_orig set set_theme switch_backend use".split()  # noqa: SIM905
)
_STYLE_WORDS |= {"clf", "set_color_codes", "set_context", "set_palette", "set_style", "load_dataset", "color_palette"}
_FIGURE_MAKERS = frozenset("Figure axes figure gca gcf subplot subplot2grid subplot_mosaic subplots".split())  # noqa: SIM905

# Their functions leave their arguments alone, with the exceptions below.
_HARMLESS = frozenset(sys.stdlib_module_names) | PLOTTING | frozenset({"numpy", "pandas", "scipy", "sklearn", "torch"})
_HARMLESS |= {"PIL", "cv2", "einops", "joblib", "networkx", "polars", "psutil", "pyarrow", "reprobook", "requests"}
_HARMLESS |= {"safetensors", "skimage", "statsmodels", "tabulate", "torchinfo", "tqdm", "yaml"}

_CHANGING = frozenset({"random.shuffle", "numpy.random.shuffle", "numpy.copyto", "numpy.put", "numpy.place"})
_CHANGING |= {"numpy.fill_diagonal", "heapq.heappush", "heapq.heappop", "heapq.heapify", "bisect.insort"}

SEEDING = {
    "random.seed": {"rng:python"},
    "random.setstate": {"rng:python"},
    "numpy.random.seed": {"rng:numpy"},
    "numpy.random.set_state": {"rng:numpy"},
    "torch.manual_seed": {"rng:torch"},
    "torch.random.manual_seed": {"rng:torch"},
    "torch.seed": {"rng:torch"},  # from entropy
    "torch.random.seed": {"rng:torch"},
    "torch.set_rng_state": {"rng:torch"},
    "transformers.set_seed": STREAMS,
    "pytorch_lightning.seed_everything": STREAMS,
    "lightning.seed_everything": STREAMS,
}
_SEED_MORE = frozenset({"torch.cuda.manual_seed", "torch.cuda.manual_seed_all", "torch.mps.manual_seed"})
_SEED_MORE |= {"torch.cuda.seed", "torch.cuda.seed_all", "torch.mps.seed"}

# They change how later code behaves, without a name that shows it.
_SETTINGS = frozenset({"os.chdir", "os.putenv", "os.umask", "locale.setlocale", "logging.basicConfig", "os.makedirs"})
_SETTINGS |= {"os.mkdir", "sklearn.set_config", "numpy.seterr", "subprocess.run", "subprocess.check_call", "os.system"}
_SETTINGS |= {"shutil.rmtree", "shutil.unpack_archive", "urllib.request.urlretrieve", "os.remove", "warnings.warn"}
_SETTING_WORDS = ("set_", "enable_", "disable_", "use_", "register", "filterwarnings", "simplefilter")

_TORCH_DRAWS = frozenset({"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "poisson"})
_TORCH_DRAWS |= {"rand_like", "randn_like", "randint_like"}
_LAYERS_WITHOUT_WEIGHTS: tuple[str, ...] = (
    "Dropout",
    "Flatten",
    "Identity",
    "Module",
    "Parameter",
    "Pool",
    "Sequential",
    "Loss",
)
_LAYERS_WITHOUT_WEIGHTS += ("ReLU", "GELU", "SiLU", "Sigmoid", "Softmax", "Tanh", "Norm", "Upsample", "DataParallel")
_NO_DRAW = frozenset({"seed", "getstate", "setstate", "get_state", "set_state", "default_rng", "RandomState"})
_NO_DRAW |= {"Generator", "Random", "SystemRandom", "SeedSequence", "PCG64", "MT19937", "Philox"}
_SKLEARN_DRAWS = frozenset({"train_test_split", "shuffle", "resample", "cross_val_score", "cross_validate"})
_SKLEARN_DRAWS |= {"permutation_importance", "cross_val_predict", "learning_curve", "validation_curve"}

# Methods that leave their object alone and whose result shares no memory with it that anyone would write to.
FRESH_METHODS = frozenset(
    """abs agg all allclose any argmax argmin argsort astype bool capitalize clone copy corr corrwith count cov
    cummax cumprod cumsum decision_function decode describe detach diff dot double dropna duplicated encode
    endswith eq exists exp expanduser fillna find float format get_params glob group_by groupby half head
    hexdigest hist idxmax idxmin info int inverse_transform is_dir is_file isalpha isdigit isin isna isnull item
    items iterdir iterrows itertuples join keys kurt log10 log1p log2 log_softmax long lower lstrip map max mean
    median melt merge min mode named_parameters ne nelement nlargest norm notna nsmallest numel nunique
    parameters pct_change pivot pivot_table plot predict predict_log_proba predict_proba prod quantile query
    read read_bytes read_text rename replace reset_index resolve rfind rolling round rsplit rstrip sample score
    select_dtypes sem set_index shift sigmoid size skew softmax sort_index sort_values split splitlines sqrt
    startswith state_dict std strip sum swapcase tail tanh title to_dict to_frame to_list to_numpy to_string
    tolist topk transform translate unique upper value_counts values var where zfill""".split()  # noqa: SIM905 - so many words read best as a text
)
VIEW_METHODS = frozenset(
    "cpu cuda expand flatten get numpy permute ravel reshape squeeze swapaxes transpose unsqueeze view".split()  # noqa: SIM905 - so many words read best as a text
)
# Methods that change their object and only remember what they are given.
STORING_METHODS = frozenset(
    """add append appendleft close extend eval fit fit_predict fit_transform insert load_state_dict partial_fit
    requires_grad_ train update write writelines zero_grad""".split()  # noqa: SIM905 - so many words read best as a text
)
# Those of them that mean a change even where one run saw none: the best epoch was the last, say.
STATEFUL_METHODS = frozenset({"load_state_dict", "requires_grad_", "set_params", "step"})
# They move a module in place, but return another tensor.
MOVING_METHODS = frozenset({"to", "cuda"})
WRITING = frozenset({"dump", "save", "savetxt", "savez", "savez_compressed", "save_file", "imwrite", "imsave"})
WRITING |= {"write_text", "write_bytes", "to_csv", "to_parquet", "to_pickle", "to_json", "to_excel", "to_feather"}
WRITING |= {"to_hdf", "save_pretrained", "savefig", "copyfile", "copy2", "save_model", "write_image", "write_html"}
# Pictures apart: they show a result, they are none.
SAVING = WRITING - {"savefig", "imsave", "imwrite", "write_image", "write_html", "copyfile", "copy2"}
PRINTING = frozenset({"pprint.pp", "pprint.pprint", "rich.print", "sys.stdout.write"})
PURE_BUILTINS = frozenset(
    """abs all any ascii bin bool bytes callable chr complex dict dir divmod enumerate filter float format frozenset
    getattr hasattr hash hex id int isinstance issubclass iter len list map max min object oct ord pow print range repr
    reversed round set slice sorted str sum super tuple type vars zip display""".split()  # noqa: SIM905 - so many words read best as a text
)
HOLDING_BUILTINS = frozenset({"dict", "enumerate", "filter", "iter", "list", "map", "reversed", "set", "tuple", "zip"})

# What is fitted there prepares data; it is no model.
_PREPARING = ("sklearn.preprocessing.", "sklearn.impute.", "sklearn.compose.", "sklearn.feature_extraction.")


def root(dotted: str) -> str:
    """Return the top-level package of a dotted name."""
    return dotted.partition(".")[0]


def draws_figure(dotted: str) -> bool:
    """Tell whether a library function draws on the current figure, as far as its name tells."""
    return root(dotted) in _DRAWING and dotted.rpartition(".")[2] not in _STYLE_WORDS


def makes_figure(dotted: str) -> bool:
    """Tell whether a library function returns a figure or axes."""
    name = dotted.rpartition(".")[2]
    return draws_figure(dotted) and (root(dotted) == "seaborn" or name in _FIGURE_MAKERS)


def prepares(dotted: str) -> bool:
    """Tell whether what a library function makes prepares data: a scaler, an encoder."""
    return dotted.startswith(_PREPARING)


def is_known(dotted: str) -> bool:
    """Tell whether a library function is known to do nothing beyond what the tables here say."""
    return root(dotted) in _HARMLESS


def changes_arguments(dotted: str) -> bool:
    """Tell whether a library function may change what it is given."""
    inplace = dotted.endswith("_") and not dotted.endswith("__")
    return not is_known(dotted) or dotted in _CHANGING or inplace


def holds_arguments(dotted: str) -> bool:
    """Tell whether the result may share what was given: an object made of it, or a loss with its graph."""
    name = dotted.rpartition(".")[2]
    views = name in {"as_tensor", "from_numpy", "asarray", "ravel", "reshape", "squeeze"}
    return name[:1].isupper() or dotted.startswith("torch.nn.functional.") or views or not is_known(dotted)


def is_setting(dotted: str) -> bool:
    """Tell whether a library function changes how later code behaves."""
    if root(dotted) in PLOTTING:
        return False  # a plot's looks are no result
    name = dotted.rpartition(".")[2]
    listed = dotted in _SETTINGS or dotted in _SEED_MORE or dotted.startswith("sys.path.")
    return listed or name.startswith(_SETTING_WORDS) or dotted.startswith("os.environ.")


def draws(dotted: str, call: ast.Call) -> frozenset[str]:
    """Return the global generators that a library function may draw from."""
    package, _, rest = dotted.partition(".")
    name = dotted.rpartition(".")[2]
    given = {word.arg for word in call.keywords if not _is_none(word.value)}
    if not is_known(dotted):
        return STREAMS
    if package == "random":
        return frozenset() if name in _NO_DRAW else frozenset({"rng:python"})
    if dotted.startswith("numpy.random."):
        return frozenset() if name in _NO_DRAW else frozenset({"rng:numpy"})
    if package == "sklearn" and "random_state" not in given and (name in _SKLEARN_DRAWS or name.startswith("make_")):
        return frozenset({"rng:numpy"})
    if package == "torch" and "generator" not in given and _torch_draws(rest, name):
        return frozenset({"rng:torch"})
    return frozenset()


def _torch_draws(rest: str, name: str) -> bool:
    layer = rest.startswith("nn.") and name[:1].isupper() and not any(word in name for word in _LAYERS_WITHOUT_WEIGHTS)
    initial = rest.startswith("nn.init.") or "dropout" in name or name == "random_split"
    return (rest in _TORCH_DRAWS) or layer or initial


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
