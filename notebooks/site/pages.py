"""The frame of the site's pages, and what their policy allows.

The policy is that of every page of the project (nothing is loaded, nothing runs but the page's own script),
and besides it the scripts of the pages that stand in frames within, which inherit it, by their hashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape

from autograd.seeing import asset, document, source_hash

FRAMED = re.compile(r'srcdoc="([^"]*)"')
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

PARTS = {
    "playground": "The playground",
    "digits": "Digits",
    "lab": "The lab",
    "lessons": "Lessons",
    "api": "Reference",
}
"""The parts of the site by the folders that they lie in."""


def page(
    title: str,
    body: str,
    *,
    up: str = "../",
    style: str = "",
    script: str = "",
    data: Mapping[str, object] | None = None,
    framed: Iterable[str] = (),
    worker: bool = False,
) -> str:
    """Return a page of the site.

    Args:
        title: its title.
        body: the inside of its ``<main>``.
        up: the way to the front page's folder.
        style: its style sheet, besides the site's.
        script: its script, besides the site's.
        data: what the script reads.
        framed: scripts that may run in frames within, besides those of frames that stand in the body.
        worker: whether the script starts a worker that lies beside the page.
    """
    links = "".join(f'<a href="{up}{folder}/index.html">{name}</a>' for folder, name in PARTS.items())
    nav = f'<nav aria-label="The site"><a class="home" href="{up}index.html">Chainrule</a>{links}</nav>'
    scripts = sorted({*framed, *scripts_in(body)})
    rules = {"script-src": " ".join(map(source_hash, scripts))} if scripts else {}
    if worker:
        rules["worker-src"] = "'self'"
    own = asset("autograd.seeing.pages", "elements.js") + asset(__package__, "site.js")
    return document(
        title if title == "Chainrule" else f"{title} · Chainrule",
        asset(__package__, "site.css") + style,
        nav + body,
        f"{{{own}}}{script}",
        data=data,
        pictures=True,
        rules=rules,
    )


def scripts_in(body: str) -> set[str]:
    """Return the scripts of pages that stand in frames within a page.

    >>> scripts_in('<iframe srcdoc="&lt;script&gt;go()&lt;/script&gt;"></iframe>')
    {'go()'}
    """
    return {script for framed in FRAMED.findall(body) for script in SCRIPT.findall(unescape(framed))}
