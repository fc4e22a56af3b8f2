"""The fixtures themselves: what the other browser tests stand on."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_server import Serve
from notebook_page import CONNECTED, PANEL, OpenPage, write_notebook


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_cells_run_and_widgets_show_without_any_other_host(
    app: str, tmp_path: Path, serve: Serve, open_page: OpenPage
) -> None:
    write_notebook(
        tmp_path / "root" / "demo.ipynb",
        "import ipywidgets\nslider = ipywidgets.IntSlider(3, description='epochs')\nslider",
        "slider.value = 7\nprint('value:', slider.value)",
    )
    page = open_page("demo.ipynb", server=serve(app))
    page.run_all()
    page.output(0).locator(".widget-readout", has_text="7").wait_for()
    assert "value: 7" in page.output(1).inner_text()
    # Notebook 7.6 itself throws once when it starts ("reading 'schema'").
    assert app == "notebook" or page.problems == []
    assert page.screenshot("widgets").stat().st_size > 1000


def test_the_warm_kernel_is_a_fork_with_widgets_and_restarts(tmp_path: Path, serve: Serve, open_page: OpenPage) -> None:
    write_notebook(
        tmp_path / "root" / "warm.ipynb",
        "import numpy as np\nimport os, pathlib\nprint(pathlib.Path(f'/proc/{os.getppid()}/cmdline').read_text())",
        "import ipywidgets\nslider = ipywidgets.IntSlider(3, description='epochs')\nslider",
        "slider.value = 7\nprint('sum:', np.arange(5).sum(), 'again' in globals())\nagain = True",
        kernel="reprobook-warm",
    )
    page = open_page("warm.ipynb", server=serve("lab"))
    for _ in range(2):
        page.run_all()
        page.output(1).locator(".widget-readout", has_text="7").wait_for()
        assert "reprobook.execute.warm" in page.output(0).inner_text()
        assert "sum: 10 False" in page.output(2).inner_text()
        page.evaluate(f"() => {PANEL}.sessionContext.session.kernel.restart().then(() => null)")
        page.evaluate(CONNECTED)
    # JupyterLab itself throws where a restart overtakes a request of its own.
    assert [each for each in page.problems if "Canceled future" not in each] == []
