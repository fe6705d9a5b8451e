"""The frame of every page: what it lets in, what it escapes, and how it stands in a notebook."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

import pytest

from autograd.seeing import document, embedded, notebook_frame
from autograd.seeing.pages.frame import theme_variables
from autograd.seeing.style import THEMES

HOSTILE = "</script><script>alert(1)</script><!--\u2028"


def policy_of(html: str) -> dict[str, str]:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert found is not None
    rules = (rule.strip().partition(" ") for rule in found[1].split(";"))
    return {name: value for name, _, value in rules}


def hash_of(html: str, tag: str) -> str:
    (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_nothing_is_loaded_and_only_what_stands_in_the_page_runs() -> None:
    html = document("title", "p {}", "<p></p>", "let x = 1;")
    assert policy_of(html) == {
        "default-src": "'none'",
        "script-src": hash_of(html, "script"),
        "img-src": "data:",
        "style-src": hash_of(html, "style"),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_icon_of_a_page_stands_in_it_and_its_policy_lets_it_in() -> None:
    html = document("title", "", "")
    assert re.findall(r'<link rel="icon" href="(\w+:)', html) == ["data:"]
    assert "data:" in policy_of(html)["img-src"]


def test_pictures_may_have_styles_and_files_but_no_script_runs() -> None:
    policy = policy_of(document("title", "", "", pictures=True))
    assert policy["style-src"] == "'unsafe-inline'"
    assert policy["img-src"] == "'self' file: data:"
    assert policy["script-src"] == "'none'"


def test_a_page_that_holds_others_may_run_their_scripts_besides_its_own() -> None:
    html = document("title", "", "", "go()", rules={"script-src": "'sha256-a'", "worker-src": "'self'"})
    policy = policy_of(html)
    assert policy["script-src"] == f"{hash_of(html, 'script')} 'sha256-a'"
    assert policy["worker-src"] == "'self'"
    assert policy_of(document("title", "", "", rules={"script-src": "'self'"}))["script-src"] == "'self'"


def test_a_title_is_text_and_data_cannot_end_its_script() -> None:
    html = document(HOSTILE, "", "", data={"facts": {"label": HOSTILE}})
    assert html.count("<script") == 1
    found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', html)
    assert found is not None
    assert json.loads(found[1]) == {"label": HOSTILE}


def test_data_are_json_or_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedded(float("nan"))


def test_a_page_has_both_themes_and_colours_of_its_own() -> None:
    variables = theme_variables({"lit": ("#111111", "#eeeeee")})
    light, dark, chosen = re.findall(r"\{(color-scheme[^}]*)\}", variables)
    assert light == f"color-scheme:light;{THEMES['light'].variables()}--lit:#111111;"
    assert dark == chosen == f"color-scheme:dark;{THEMES['dark'].variables()}--lit:#eeeeee;"


@pytest.mark.parametrize(
    ("forms", "sandbox"),
    [(False, "allow-scripts allow-downloads"), (True, "allow-scripts allow-downloads allow-forms")],
)
def test_a_notebook_holds_a_page_in_a_frame_of_its_own(forms: bool, sandbox: str) -> None:
    frame = notebook_frame(HOSTILE, '"><b>', 620, forms=forms)
    found = re.fullmatch(
        r'<iframe title="([^"]*)" sandbox="([^"]*)" .*height:620px.* srcdoc="([^"]*)"></iframe>', frame
    )
    assert found is not None
    assert (unescape(found[1]), found[2], unescape(found[3])) == ('"><b>', sandbox, HOSTILE)
