"""Settings that a header can bring back: a replay gets them as they were recorded, and the report says so.

What is restored is not why a notebook is irreproducible; it is what an engineer would have had to guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from reprobook.ambient import Call, Pins
from reprobook.capture import current_timezone, environment_variables, usable_cpus
from reprobook.header import Header
from reprobook.trace import Trace
from reprobook.verify.model import Pin

_NOT_SET = "(not set)"
_NOT_SHOWN = "(set, not shown)"
# The first that matches names the cause.
_CONTEXT = """JPY_.* VSCODE_.* COLAB_.* KAGGLE_.* DATABRICKS_.* SAGEMAKER_.* PAPERMILL_.* BINDER_.* CI
    GITHUB_ACTIONS TERM TERM_PROGRAM DISPLAY"""
_THREADS = "(OMP|MKL|OPENBLAS|GOTO|BLIS|NUMEXPR|VECLIB)_(NUM|MAXIMUM|MAX)_THREADS|ATEN_NUM_THREADS|(OMP|KMP|GOMP)_.*"
_CAUSES = tuple(
    (re.compile(pattern), cause)
    for pattern, cause in (
        (r"PYTHONHASHSEED", "hash_randomization.set_order"),
        (r"TZ", "timezone"),
        (r"LANG|LANGUAGE|LC_.*", "locale"),
        ("|".join(_CONTEXT.split()), "execution_context"),
        (_THREADS, "thread_count"),
        (r"ATEN_CPU_CAPABILITY|(DNNL|ONEDNN)_MAX_CPU_ISA", "cpu_dispatch.aten"),
        (r"MKL_(CBWR|ENABLE_INSTRUCTIONS|DEBUG_CPU_TYPE).*", "cpu_dispatch.mkl"),
        (r"NPY_.*_CPU_FEATURES", "cpu_dispatch.numpy"),
        (r"OPENBLAS_CORETYPE|BLIS_ARCH_TYPE", "blas_vendor"),
        (r"CUBLAS_WORKSPACE_CONFIG", "cublas_workspace"),
        (r"NVIDIA_TF32_OVERRIDE|TORCH_ALLOW_TF32_.*|(DNNL|ONEDNN)_DEFAULT_FPMATH_MODE", "precision_mode"),
        (r"PYTHON(OPTIMIZE|UTF8|SAFEPATH|INTMAXSTRDIGITS|WARNINGS|DONTWRITEBYTECODE)", "interpreter_flags"),
        (r"WORLD_SIZE|LOCAL_RANK|RANK", "world_size"),
    )
)
_OF_BLAS = ("OPENBLAS", "GOTO", "BLIS", "VECLIB", "NUMEXPR")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def cause_of_variable(name: str, *, uses_torch: bool) -> str:
    """Return the label of an environment variable that changes results."""
    cause = next((cause for pattern, cause in _CAUSES if pattern.fullmatch(name)), "env_var")
    if cause == "thread_count":
        # torch takes its threads from OpenMP or MKL.
        of_torch = uses_torch and not name.startswith(_OF_BLAS)
        return "thread_count.torch" if of_torch else "thread_count.blas"
    return cause


def restored(header: Header, trace: Trace, environ: Mapping[str, str]) -> tuple[Pin, ...]:
    """Return the settings in which this process differs from the recorded one, and which a replay can be given.

    Args:
        header: Header of the recorded run.
        trace: Its evidence: variables outside of the header's list count where a cell asked for them.
        environ: The environment that the replay would inherit.
    """
    uses_torch = any("torch.num_threads" in cell.settings_after or "torch" in cell.rng_after for cell in trace.cells)
    found = {**_variables(header, environ), **_asked(trace, environ)}
    pins = [
        Pin(
            cause=cause_of_variable(name, uses_torch=uses_torch),
            setting=name,
            recorded=_NOT_SET if recorded is None else recorded,
            found=shown,
        )
        for name, (recorded, shown) in sorted(found.items())
    ]
    pins += _threads(header, environ, {pin.setting for pin in pins}, uses_torch=uses_torch)
    return tuple(pins + list(_time_zone(header, found)))


def pins_of(settings: Sequence[Pin]) -> Pins:
    """Return the pins that give a replay its recorded settings."""
    environment: dict[str, str | None] = {}
    for pin in settings:
        if pin.setting == "threads":
            # Where libraries begin; a notebook that sets the number itself still does.
            environment |= dict.fromkeys(_THREAD_VARIABLES, pin.recorded)
        else:
            environment[pin.setting] = None if pin.recorded == _NOT_SET else pin.recorded
    return Pins(environment=environment)


def _variables(header: Header, environ: Mapping[str, str]) -> dict[str, tuple[str | None, str]]:
    """Return the listed variables that differ: what was recorded, and what is found as it may be shown."""
    if header.environment is None:
        return {}
    recorded, now = header.environment.variables, environment_variables(environ)
    # A seed sets its own in every process that it seeds.
    own = set() if header.seeds.seed is None else {"PYTHONHASHSEED"}
    own |= {"CUBLAS_WORKSPACE_CONFIG"} if header.seeds.deterministic else set()
    return {
        name: (recorded.get(name), now.get(name, _NOT_SET))
        for name in sorted((recorded.keys() | now.keys()) - own)
        if recorded.get(name) != now.get(name)
    }


def _asked(trace: Trace, environ: Mapping[str, str]) -> dict[str, tuple[str | None, str]]:
    """Return the variables that a cell asked for, and that are set otherwise now."""
    found: dict[str, tuple[str | None, str]] = {}
    for call in environment_reads(trace):
        now = environ.get(call.target)
        if call.is_set and (call.value is None or call.value == now):
            continue  # the value was not kept: it cannot be brought back
        if not call.is_set and now is None:
            continue
        found[call.target] = (call.value if call.is_set else None, _NOT_SET if now is None else _as_shown(now))
    return found


def environment_reads(trace: Trace) -> Iterator[Call]:
    """Yield the first time that the notebook itself asked for each environment variable."""
    seen = set()
    for cell in trace.cells:
        for call in cell.calls:
            if call.kind == "environment" and not call.via and call.target not in seen:
                seen.add(call.target)
                yield call


def _as_shown(value: str) -> str:
    """Return a value that was found as a report may show it: numbers and plain words."""
    return value if re.fullmatch(r"-?\d+(\.\d*)?(e-?\d+)?|[a-z]{1,12}|True|False", value) else _NOT_SHOWN


def _threads(header: Header, environ: Mapping[str, str], known: set[str], *, uses_torch: bool) -> Iterator[Pin]:
    """Yield the number of threads, where the process may use another number of processors than the recorded one."""
    cpus = header.hardware.cpu_count if header.hardware else None
    now = usable_cpus()
    asked = known | {name for name in _THREAD_VARIABLES if name in environ}
    if cpus is None or now is None or cpus == now or not asked.isdisjoint(_THREAD_VARIABLES):
        return
    cause = "thread_count.torch" if uses_torch else "thread_count.blas"
    yield Pin(cause=cause, setting="threads", recorded=str(cpus), found=str(now))


def _time_zone(header: Header, found: Mapping[str, object]) -> Iterator[Pin]:
    """Yield the time zone, where the system's own differs and no variable says so."""
    recorded = header.environment.timezone if header.environment else None
    now = current_timezone()
    if recorded and recorded != now and "TZ" not in found and " " not in recorded:
        yield Pin(cause="timezone", setting="TZ", recorded=recorded, found=now)
