"""What a screen reader says of a drawing, in which Graphviz gives each part its id for a name."""

from __future__ import annotations

import re
from html import escape, unescape

PART = re.compile(
    r'(?P<group><g id="(?:(?P<source>\w+)&#45;(?P<target>\w+)&#45;\d+|[^"]*)" class="(?:node|edge)[^>]*>)'
    r'\s*<title>(?P<id>[^<]*)</title>(?=(?:\s*<g id="a_[^>]*><a [^>]*xlink:title="(?P<said>[^"]*)")?)'
)
NAMED = re.compile(r'class="graph"[^>]*>\s*<title>(?P<name>[^<]+ [^<]+)</title>')
"""The name of a drawing that has one of its own, in words."""
OUTPUT = re.compile(r'class="node [^"]*output[^"]*">\s*<title>(?P<name>[^<]*?) = ')


def spoken(svg: str) -> str:
    """Return a picture in which nodes and arrows are named as a reader knows them, and the whole too.

    >>> from autograd import Value, draw
    >>> svg = draw(Value(2.0, "a") * Value(-3.0, "b")).svg()
    >>> "<title>a = 2; gradient –</title>" in svg, "<title>from a to a × b</title>" in svg
    (True, True)
    """
    names = {found["id"]: _name(found["said"]) for found in PART.finditer(svg) if found["said"]}

    def named(found: re.Match[str]) -> str:
        said = found["said"]
        if not said and found["source"] in names and found["target"] in names:
            said = f"from {names[found['source']]} to {names[found['target']]}"
        return f"{found['group']}<title>{said}</title>" if said else found["group"]

    svg = PART.sub(named, svg)
    output, own = OUTPUT.search(svg), NAMED.search(svg)
    what = own["name"] if own else f"The graph of {output['name']}" if output else "A graph"
    return re.sub("<svg [^>]*", lambda tag: f'{tag[0]} role="group" aria-label="{what}"', svg, count=1)


def _name(said: str) -> str:
    """Return what is told of a node without its numbers: the name that it begins with."""
    return escape(re.split(" = |: |; ", unescape(said))[0])
