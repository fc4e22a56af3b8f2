"""How the panels look: one style sheet in the colours of the page's theme, and the small parts that all share."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

CSS = """<style>
.rb-panel { --rb-line: var(--jp-border-color2, #ccc); max-width: 980px; border: 1px solid var(--rb-line);
  border-radius: 8px; padding: 14px 18px 16px; color: var(--jp-ui-font-color1); overflow: hidden; }
.rb-panel .widget-html, .rb-panel .widget-html-content { line-height: 1.45; height: auto; }
.rb-panel .widget-html-content { font-size: 13px; }
.rb-head { font-size: 15px; font-weight: 600; }
.rb-head .rb-dim { font-weight: 400; font-size: 13px; margin-left: 6px; }
.rb-dim { color: var(--jp-ui-font-color2, #777); }
.rb-title { font-size: 11px; letter-spacing: .06em; text-transform: uppercase; color: var(--jp-ui-font-color2, #777);
  margin: 12px 0 4px; }
.rb-label { font-size: 11px; color: var(--jp-ui-font-color2, #777); }
.rb-panel .rb-name-box .widget-html-content { width: 100%; min-width: 0; }
.rb-panel .rb-name-box { overflow: hidden; }
.rb-panel .widget-checkbox label, .rb-panel .widget-checkbox { display: flex; align-items: center; }
.rb-panel .widget-checkbox input[type=checkbox] { margin: 0 6px 0 2px; }
.rb-name { font-family: var(--jp-code-font-family, monospace); font-size: 13px; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.rb-problem { color: var(--jp-error-color1, #c62828); font-size: 12px; margin: 0 0 4px 170px; }
.rb-error { color: var(--jp-error-color1, #c62828); }
.rb-good { color: var(--jp-success-color1, #2e7d32); }
.rb-panel .jp-OutputArea-output, .rb-panel .jp-RenderedHTMLCommon { font-size: 13px; padding: 0; }
.rb-panel details { margin-top: 8px; font-size: 12px; }
.rb-panel details summary { cursor: pointer; color: var(--jp-ui-font-color2, #777); }
.rb-panel details code { display: block; white-space: pre-wrap; overflow-wrap: anywhere; padding: 6px 8px;
  margin-top: 4px; border-radius: 4px; background: var(--jp-layout-color2, #eee); font-size: 12px; }
.rb-panel .widget-hprogress { height: 8px; min-height: 8px; }
.rb-panel .widget-hprogress .progress { margin: 0; height: 8px; border-radius: 4px; overflow: hidden; }
.rb-panel .rb-plot { aspect-ratio: 2 / 1; max-width: 780px; margin: 0 auto; align-items: center; overflow: hidden; }
.rb-panel .rb-plot svg { display: block; width: 100%; max-width: 760px; margin: 0 auto; height: auto; }
.rb-panel .rb-plot .widget-html-content { width: 100%; }
.rb-panel .rb-plot svg text { paint-order: stroke; stroke: var(--jp-layout-color1, transparent); stroke-width: 2.5px;
  stroke-linejoin: round; }
.rb-panel .rb-plot .rb-dim { padding: 40px; text-align: center; }
.rb-panel .jupyter-widget-tab-contents, .rb-panel .widget-tab-contents { border-color: var(--rb-line);
  padding: 8px; }
.rb-panel .rb-table { border: 1px solid var(--rb-line); border-radius: 4px; }
.rb-panel .rb-table > .widget-html { margin: 0; width: 100%; }
.rb-panel .rb-table .widget-html-content { width: 100%; }
table.rb-trials { border-collapse: collapse; width: 100%; font-size: 12px; margin: 0;
  font-variant-numeric: tabular-nums; table-layout: auto; }
table.rb-trials th { position: sticky; top: 0; background: var(--jp-layout-color2, #eee); font-weight: 600;
  text-align: left; padding: 4px 10px; white-space: nowrap; z-index: 1; }
table.rb-trials td { text-align: left; padding: 3px 10px; white-space: nowrap; vertical-align: top; }
table.rb-trials tbody tr { background: none; border-top: 1px solid var(--jp-border-color3, #eee); }
table.rb-trials .rb-state span { display: inline-block; width: 1em; }
table.rb-trials .rb-state .rb-dim { width: auto; }
tr.rb-best td { font-weight: 600; }
tr.rb-best .rb-value, tr.rb-best .rb-state span { color: #d9730d; }
tr.rb-tied .rb-value { text-decoration: underline dotted #d9730d; }
tr.rb-complete .rb-state span, tr.rb-running .rb-state span { color: #2f81c7; }
tr.rb-pruned td, tr.rb-interrupted td, tr.rb-waiting td { color: var(--jp-ui-font-color2, #777); }
tr.rb-failed .rb-state { color: var(--jp-error-color1, #c62828); white-space: normal; min-width: 12em; }
</style>"""


def html(text: str = "", *classes: str, **layout: Any) -> Any:
    """Return a piece of HTML; its text is the caller's to escape."""
    made = widgets.HTML(text, layout=widgets.Layout(**{"margin": "0", **layout}))
    for name in classes:
        made.add_class(name)
    return made


def title(text: str) -> Any:
    """Return the title of a part of a panel."""
    return html(f"<div class='rb-title'>{escape(text)}</div>")


def heading(name: str, notebook: Path) -> str:
    """Return the head of a panel: what is run is the notebook as it is saved, so it says when that was."""
    try:
        saved = time.strftime("%H:%M", time.localtime(notebook.stat().st_mtime))
    except OSError:
        saved = "never"
    said = f"{escape(notebook.name)} · as saved at {saved}"
    return f"<div class='rb-head'>{escape(name)}<span class='rb-dim'>{said}</span></div>"


def labelled(label: str, control: Any, help_text: str = "") -> Any:
    """Return a control under its label; the help shows where the mouse rests."""
    control.tooltip = help_text or label
    above = html(f"<span class='rb-label' title='{escape(help_text, quote=True)}'>{escape(label)}</span>")
    block = widgets.VBox([above, control], layout=widgets.Layout(margin="0 14px 6px 0"))
    block.add_class("rb-entry")
    return block


def row(*parts: Any, **layout: Any) -> Any:
    """Return parts beside each other; what does not fit goes below."""
    return widgets.HBox(
        list(parts), layout=widgets.Layout(**{"flex_flow": "row wrap", "align_items": "center", **layout})
    )


def panel(*parts: Any) -> Any:
    """Return a panel of these parts, one below the other."""
    box = widgets.VBox([html(CSS, display="none"), *parts])
    box.add_class("rb-panel")
    return box


def show(control: Any, *, visible: bool) -> None:
    """Show or hide a part, and change nothing where it is so already."""
    display = None if visible else "none"
    if control.layout.display != display:
        control.layout.display = display


def message(text: str, kind: str = "") -> str:
    """Return a message as HTML; kind: ``error`` or ``good``."""
    return f"<div class='rb-{kind or 'dim'}'>{escape(text)}</div>" if text else ""


def command_html(command: str, *, is_open: bool = False) -> str:
    """Return the command line that does the same, folded away."""
    state = " open" if is_open else ""
    return f"<details{state}><summary>The same from a terminal</summary><code>{escape(command)}</code></details>"


def close(box: Any) -> None:
    """Close a widget and all in it."""
    for child in getattr(box, "children", ()):
        close(child)
    box.close()
