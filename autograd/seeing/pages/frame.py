"""The frame of every page: one HTML document that needs no network, no kernel and no other file.

The player, the gallery, a film and a report fill it in.  Its policy lets the browser load nothing from
anywhere and run no script but the page's own, whatever a label or the name of a column may contain.

>>> html = document("1 < 2", "p { color: var(--ink); }", "<p>Yes.</p>")
>>> "<title>1 &lt; 2</title>" in html, "default-src 'none'; script-src 'none'" in html
(True, True)
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from os import PathLike
from pathlib import Path
from string import Template

from autograd.notation.hints import short_repr
from autograd.seeing.style import THEMES

__all__ = [
    "asset",
    "document",
    "embedded",
    "is_page",
    "notebook_frame",
    "path_of_page",
    "source_hash",
    "theme_variables",
]

NOTHING = "'none'"
"""The value of a directive of the security policy that allows nothing."""

MARK = '<meta name="generator" content="chainrule">'
"""Every page contains this mark; a file without it is someone else's, and is not replaced."""

ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
    "<path d='M1 6L4 2L7 6' fill='none' stroke='%230072B2' stroke-width='2'/></svg>"
)
"""Stands beside the title of every page; without one, a browser asks the server for a file."""


def document(
    title: str,
    style: str,
    body: str,
    script: str = "",
    *,
    data: Mapping[str, object] | None = None,
    colours: Mapping[str, tuple[str, str]] | None = None,
    pictures: bool = False,
    rules: Mapping[str, str] | None = None,
) -> str:
    """Return a page as HTML.

    Args:
        title: the title, as plain text.
        style: the page's style sheet; the variables of `theme_variables` and the fonts stand before it.
        body: the inside of ``<body>``, as HTML.
        script: the page's script; without one, no script may run.
        data: what the script reads, by the ids of the elements that hold it as JSON.
        colours: see `theme_variables`.
        pictures: whether the page holds drawings with styles of their own and shows pictures that lie
            in files beside it, both of which the policy forbids otherwise.
        rules: more that the policy allows, by directive: a page that holds other pages names the hashes of
            their scripts.
    """
    style = theme_variables(colours) + asset(__package__, "frame.css") + style
    scripts = [
        f'<script type="application/json" id="{name}">{embedded(x)}</script>'
        for name, x in (data or {}).items()
    ]
    if script:
        scripts.append(f"<script>{script}</script>")
    return Template(asset(__package__, "frame.html")).substitute(
        policy=_policy(style, script, pictures, rules or {}),
        icon=ICON,
        title=escape(title),
        style=style,
        body=body,
        scripts="\n".join(scripts),
    )


def path_of_page(path: str | PathLike[str], what: str, picture: str) -> Path:
    """Return where a page is to be written.

    Args:
        path: the file.
        what: what the page shows, for the message.
        picture: how to write a picture instead.

    Raises:
        ValueError: for another ending than ``.html``.
    """
    place = Path(path)
    if place.suffix.lower() not in (".html", ".htm"):
        raise ValueError(
            f'{what} is written as a page, such as "{place.stem or "page"}.html"; '
            f"got {short_repr(place.name)}. For a picture: {picture}"
        )
    return place


def is_page(path: Path) -> bool:
    """Return whether a file is a page of this kind; False if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return MARK in file.read(2000)
    except OSError:
        return False


def _policy(style: str, script: str, pictures: bool, more: Mapping[str, str]) -> str:
    """Return the content-security policy: nothing is loaded, and nothing runs but what stands in the page."""
    rules = {"default-src": "", "script-src": source_hash(script) if script else "", "img-src": "data:"}
    if pictures:
        rules |= {"style-src": "'unsafe-inline'", "img-src": "'self' file: data:"}
    else:
        rules |= {"style-src": source_hash(style)}
    rules |= {"base-uri": "", "form-action": ""}
    for directive, allowed in more.items():
        rules[directive] = f"{rules.get(directive, '')} {allowed}".strip()
    return "; ".join(f"{directive} {allowed or NOTHING}" for directive, allowed in rules.items())


def source_hash(text: str) -> str:
    """Return how a policy names a script or a style sheet that stands in a page."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def theme_variables(colours: Mapping[str, tuple[str, str]] | None = None) -> str:
    """Return both themes as CSS variables: the dark one on a screen of a dark system, or by choice.

    A page chooses by the attribute ``data-theme`` of its root.

    Args:
        colours: the light and the dark value of colours that only this page has, by name.

    >>> theme_variables({"lit": ("#b0306f", "#f29cc6")})[:42]
    ':root{color-scheme:light;--paper:#FFFFFF;-'
    """
    light, dark = (
        f"color-scheme:{name};{THEMES[name].variables()}"
        + "".join(f"--{own}:{values[i]};" for own, values in (colours or {}).items())
        for i, name in enumerate(("light", "dark"))
    )
    return (
        f":root{{{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{{dark}}}}}\n"
    )


def embedded(x: object) -> str:
    """Return JSON for the inside of a ``<script>``, in which no text can end the element or open another.

    >>> embedded({"label": "</script><!--"})
    '{"label":"\\\\u003c/script>\\\\u003c!--"}'
    """
    text = json.dumps(x, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def notebook_frame(html: str, title: str, height: int, *, printed: int = 0, forms: bool = False) -> str:
    """Return an ``<iframe>`` that holds a page within a notebook.

    The page may run its script and save what is asked for, and nothing else: it reaches neither the notebook
    nor any other page in it.

    Args:
        html: the page.
        title: what the page is, for those who cannot see it.
        height: in pixels.
        printed: its height on paper, where nobody can scroll in it; the same by default.
        forms: whether the page's script is told when a form in it is sent.

    >>> notebook_frame('<p class="a">', "Walk", 620).split("srcdoc=")[1]
    '"&lt;p class=&quot;a&quot;&gt;"></iframe>'
    """
    sandbox = f"allow-scripts allow-downloads{' allow-forms' if forms else ''}"
    style = f"width:100%;height:{height}px;border:1px solid #8883;border-radius:8px"
    attributes = f'title="{escape(title)}" sandbox="{sandbox}" loading="lazy" style="{style}"'
    paper = f"@media print{{.printed-{printed}{{height:{printed}px!important}}}}" if printed > height else ""
    before, of = (f"<style>{paper}</style>", f'class="printed-{printed}" ') if paper else ("", "")
    return f'{before}<iframe {of}{attributes} srcdoc="{escape(html)}"></iframe>'


@cache
def asset(package: str, *path: str) -> str:
    """Return the text of a file that lies in a package: a style sheet, a script or a part of a page."""
    return files(package).joinpath(*path).read_text(encoding="utf-8")
