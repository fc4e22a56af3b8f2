"""A device that the machine has not is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprobook.capture import device, gpu
from reprobook.capture.device import check_device
from reprobook.errors import EnvironmentMismatchError
from reprobook.header import Gpu


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "read_driver", lambda: gpu.Driver())  # noqa: PLW0108 - a class is no function of none
    monkeypatch.setattr(device, "_OTHER_DRIVERS", ())


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_is_not_there() -> None:
    with pytest.raises(EnvironmentMismatchError, match="no GPU") as found:
        check_device("cuda", {})
    assert "--device cpu" in found.value.hint
    for name in ("auto", "cpu"):
        check_device(name, {})


@pytest.mark.usefixtures("no_gpu")
def test_a_driver_that_nvml_does_not_speak_for_leaves_it_to_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kfd").touch()
    monkeypatch.setattr(device, "_OTHER_DRIVERS", (str(tmp_path / "kfd"),))
    check_device("cuda", {})


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_gpu_that_is_hidden(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    monkeypatch.setattr(gpu, "read_driver", lambda: gpu.Driver(gpus=(Gpu(name="H200"),)))
    check_device("cuda", {})
    check_device("cuda", {"CUDA_VISIBLE_DEVICES": "0"})
    with pytest.raises(EnvironmentMismatchError, match="hides"):
        check_device("cuda", {"CUDA_VISIBLE_DEVICES": hidden})
