"""Interpreter, environment variables and hardware, as seen from processes started in different ways."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import reprobook
from reprobook.capture.gpu import read_driver
from reprobook.capture.hardware import instruction_sets, read_hardware
from reprobook.capture.variables import environment_variables
from reprobook.header import Distribution

ROOT = str(Path(reprobook.__file__).parents[1])
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "planted-aws",
    "HF_TOKEN": "planted-hf",
    "OPENAI_API_KEY": "planted-openai",
    "PIP_INDEX_URL": "https://bob:planted-pip@host.example/simple",
    "MKL_PROXY": "https://bob:planted-mkl@host.example/",
}


def run(code: str, *options: str, **variables: str) -> Any:
    """Run code in a fresh interpreter and return the JSON that it prints."""
    keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    keep["LC_ALL"] = "C.UTF-8"  # under plain C, Python turns its UTF-8 mode on (PEP 540)
    done = subprocess.run(
        [sys.executable, *options, "-c", f"import sys; sys.path.insert(0, {ROOT!r})\n{code}"],
        env=keep | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


PYTHON = """
import json
from reprobook.capture import python as p
flags, locale, timezone = p.interpreter_flags(), p.current_locale(), p.current_timezone()
print(json.dumps([p.python_version(), p.implementation(), flags, locale, timezone]))
"""


def test_the_interpreter_as_it_is() -> None:
    version, implementation, flags, locale, timezone = run(PYTHON, LC_ALL="C.UTF-8", TZ="Asia/Tokyo")
    assert version == sys.version.split()[0]
    assert implementation.startswith(sys.implementation.name)
    assert flags["optimize"] == 0
    assert flags["warnings_as_errors"] is False
    assert "C.UTF-8" in locale
    assert timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("options", "variables", "flag", "value"),
    [
        (["-OO"], {}, "optimize", 2),
        ([], {"PYTHONOPTIMIZE": "1"}, "optimize", 1),
        (["-E"], {"PYTHONOPTIMIZE": "1"}, "ignore_environment", 1),
        (["-P"], {}, "safe_path", True),
        (["-X", "utf8"], {}, "utf8_mode", 1),
        ([], {"PYTHONHASHSEED": "0"}, "hash_randomization", 0),
        (["-W", "error"], {}, "warnings_as_errors", True),
    ],
)
def test_flags_that_change_results_are_seen(
    options: list[str], variables: dict[str, str], flag: str, value: int
) -> None:
    assert run(PYTHON, *options, **variables)[2][flag] == value
    assert run(PYTHON)[2][flag] != value


@pytest.mark.parametrize(("zone", "expected"), [("UTC", "UTC"), (":Etc/UTC", "UTC"), ("EST5EDT", "EST5EDT")])
def test_time_zones(zone: str, expected: str) -> None:
    assert run(PYTHON, TZ=zone)[4] == expected


HASH_SEED = """
import json, os
from reprobook.capture.hash_seed import uses_hash_seed
os.environ["PYTHONHASHSEED"] = "7"
print(json.dumps([seed for seed in (0, 1, 7, 42, 4294967295) if uses_hash_seed(seed)]))
"""


@pytest.mark.parametrize("seed", [0, 1, 42, 4294967295])
def test_the_hash_seed_in_use_is_recognised(seed: int) -> None:
    assert run(HASH_SEED, PYTHONHASHSEED=str(seed)) == [seed]


def test_a_hash_seed_set_too_late_or_ignored_is_not_in_use() -> None:
    assert run(HASH_SEED) == []
    assert run(HASH_SEED, "-E", PYTHONHASHSEED="42") == []


def test_only_listed_variables_are_taken_and_they_hold_no_credentials() -> None:
    environ = {**SECRETS, "OMP_NUM_THREADS": "2", "LC_ALL": "C", "PYTHONPATH": "/home/bob", "HOME": "/home/bob"}
    found = environment_variables(environ)
    assert found == {"LC_ALL": "C", "MKL_PROXY": "https://host.example/", "OMP_NUM_THREADS": "2"}
    assert "planted" not in repr(found)


def test_thread_counts_are_numbers() -> None:
    environ = {
        "OMP_NUM_THREADS": "4,2",
        "MKL_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "x",
        "VECLIB_MAXIMUM_THREADS": "1",
    }
    assert read_hardware(environ).threads == {"omp": 4, "mkl": 3, "veclib": 1}


def test_instruction_sets_are_those_that_decide_bits() -> None:
    assert instruction_sets({"flags": "fpu smep sse4_2 avx2 fma avx512f amx_int8 bmi1 avx512_vnni"}) == (
        ("amx_int8", "avx2", "avx512_vnni", "avx512f", "fma", "sse4_2")
    )
    assert instruction_sets({"Features": "fp asimd evtstrm sve sve2 crc32 asimdhp"}) == (
        "asimd",
        "asimdhp",
        "sve",
        "sve2",
    )
    assert instruction_sets({}) == ()


@pytest.mark.skipif(sys.platform != "linux", reason="affinity and /proc are Linux's")
def test_the_usable_processors_and_the_memory() -> None:
    found = read_hardware({})
    assert found.cpu_count == len(os.sched_getaffinity(0))
    assert found.cpu
    assert (found.memory or 0) > 2**20
    code = "import os, json; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    code += "from reprobook.capture.hardware import read_hardware; print(json.dumps(read_hardware({}).cpu_count))"
    assert run(code) == 1


def test_the_answer_does_not_depend_on_torch() -> None:
    code = "from reprobook.capture.hardware import read_hardware; print(read_hardware({}).model_dump_json())"
    assert run(code) == run(f"import torch\n{code}")


def test_no_driver_no_gpus() -> None:
    found = read_driver("libnone-such.so.1")
    assert (found.version, found.cuda, found.gpus) == (None, None, ())


NVML = """
#include <string.h>
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetCudaDriverVersion_v2(int *v) { *v = 13020; return 0; }
int nvmlSystemGetDriverVersion(char *s, unsigned n) { strncpy(s, "580.95.05", n); return 0; }
int nvmlDeviceGetCount_v2(unsigned *n) { *n = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **h) { *h = (void *)(0x700000000000 + i); return 0; }
int nvmlDeviceGetName(void *h, char *s, unsigned n) {
  if ((unsigned long)h >> 32 != 0x7000) return 2;
  strncpy(s, "NVIDIA H200", n); return 0; }
int nvmlDeviceGetCudaComputeCapability(void *h, int *a, int *b) { *a = 9; *b = 0; return 0; }
int nvmlDeviceGetMemoryInfo(void *h, unsigned long long *m) {
  m[0] = 150754820096ULL; m[1] = 1; m[2] = 2; return (unsigned long)h & 1 ? 3 : 0; }
"""


def test_the_calls_to_the_driver_pass_through_its_c_interface(tmp_path: Path) -> None:
    """A library with NVML's C signatures checks the calling convention where there is no GPU."""
    (tmp_path / "nvml.c").write_text(NVML)
    library = tmp_path / "libnvml.so"
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "nvml.c"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no C compiler")
    found = read_driver(str(library))
    assert (found.version, found.cuda) == ("580.95.05", "13.2")
    assert [gpu.model_dump() for gpu in found.gpus] == [
        {"name": "NVIDIA H200", "capability": "9.0", "memory": 150754820096},
        {"name": "NVIDIA H200", "capability": "9.0", "memory": None},
    ]


def test_cudnn_counts_only_with_a_gpu() -> None:
    cudnn = [Distribution(name="nvidia-cudnn-cu13", version="9.15")]
    found = read_hardware({}, cudnn)
    assert found.cudnn == ("9.15" if found.gpus else None)
