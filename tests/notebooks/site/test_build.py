"""The site's pages: all there, whole, and fetching nothing."""

import json
import re
import subprocess
import sys
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograd.testing.exercises import EXERCISES
from notebooks.site.build import DOORS, build
from notebooks.site.lab import NPM
from notebooks.site.lessons import FOLDER, lessons

pytestmark = pytest.mark.skipif(
    find_spec("nbconvert") is None, reason="the packages of chainrule[site] are not installed"
)

FETCHED = re.compile(r"""<(?:link|script|img|iframe)[^>]*(?:src|href)=.?https?:|@import|url\(.?https?:""")
LINK = re.compile(r'<a [^>]*href="([^"#$]+)[^"]*"')
POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, with empty files where those of npm belong."""
    modules, out = tmp_path_factory.mktemp("modules"), tmp_path_factory.mktemp("site")
    for name in NPM:
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).touch()
    told = list(build(out, modules=modules))
    assert [line.split()[0] for line in told] == ["playground", "digits", "lab", "lessons", "api"]
    return out


def test_there_is_a_page_for_every_lesson_and_every_door(site):
    for lesson in lessons():
        assert (site / "lessons" / f"{lesson.name}.html").exists()
        assert lesson.title in unescape((site / "index.html").read_text(encoding="utf-8"))
    for door in DOORS:
        assert (site / "api" / f"{door.replace('.', '/')}.html").exists()


def test_every_link_within_the_site_leads_to_a_page(site):
    for path in site.rglob("*.html"):
        for link in LINK.findall(re.sub(r'srcdoc="[^"]*"', "", path.read_text(encoding="utf-8"))):
            if not re.match(r"\w+:", link):
                assert (path.parent / link).exists(), (path.name, link)


def test_a_digit_that_is_read_wrongly_can_be_chosen(site, opened):
    sheet = opened(site / "digits" / "index.html", ready=False)
    said = re.search(r"this (\d), the network says, is rather (\d)\.", sheet.inner_text(".lead"))
    player, name = sheet.frame_locator("iframe"), f"{said[1]}, read as {said[2]}"
    assert said[1] != said[2]
    player.locator("html[data-ready]").wait_for()
    player.get_by_role("button", name=name, exact=True).click()
    player.locator("#paint [role=status]", has_text=f"{name} is in. p = ").wait_for()
    assert sheet.errors == []


def test_no_page_fetches_anything_from_elsewhere(site):
    for path in site.rglob("*.html"):
        found = FETCHED.search(unescape(path.read_text(encoding="utf-8")))
        assert found is None, (path.name, found)


def test_every_formula_is_set_and_none_is_left_as_it_is_typed(site):
    """Also in the list of lessons."""
    for path in FOLDER.glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        typed = sum(len(re.findall(r"\$\$.+?\$\$|\$[^$]+\$", text, re.DOTALL)) for text in texts)
        assert (site / "lessons" / f"{path.stem}.html").read_text("utf-8").count("<math ") >= typed
    for path in [*site.glob("*.html"), *(site / "lessons").glob("*.html")]:
        text = re.sub(r"<(script|pre|style)\b.*?</\1>|<[^>]*>", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert re.findall(r"\$[^$]+\$|\\\w+", text) == []


def test_every_image_says_what_it_shows(site):
    for path in (site / "lessons").glob("*.html"):
        images = re.findall(r"<img [^>]*>", path.read_text(encoding="utf-8"))
        assert all(re.search(r'alt="(?!No )[^"]+"', image[:200]) for image in images), path.name


def test_a_page_of_the_site_may_run_the_scripts_that_stand_in_it_and_no_others(site):
    folders = [site / name for name in (".", "digits", "lab", "lessons")]
    for path in [path for folder in folders for path in folder.glob("*.html")]:
        policy = unescape(POLICY.search(path.read_text(encoding="utf-8"))[1])
        scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src "))
        assert "default-src 'none'" in policy
        assert "unsafe" not in scripts


def test_the_lab_has_every_exercise_with_its_task_and_its_beginning(site):
    text = (site / "lab" / "index.html").read_text(encoding="utf-8")
    begins = json.loads(re.search(r'id="begins">(.*?)</script>', text)[1])
    found = {x["name"]: x for x in begins if x["group"] != "Examples"}
    assert sorted(found) == sorted(EXERCISES)
    for name, exercise in found.items():
        assert exercise["code"].endswith(f"grade({name})")
        assert "import grade" in exercise["code"]
        assert "Write it" in exercise["task"]


def test_no_page_of_the_site_asks_the_server_for_an_icon(site):
    pages = [
        path
        for path in site.rglob("*.html")
        if path.name != "search.html" and "node_modules" not in path.parts
    ]
    texts = {path.name: path.read_text(encoding="utf-8") for path in pages}
    assert [name for name, text in texts.items() if '<link rel="icon" href="data:' not in text] == []


def test_the_reference_tells_of_what_is_loaded_on_first_use(site):
    assert 'id="walk"' in (site / "api" / "autograd.html").read_text(encoding="utf-8")
    assert 'id="Tape"' in (site / "api" / "autograd" / "tape.html").read_text(encoding="utf-8")


def test_the_command_says_what_is_missing(tmp_path):
    command = [sys.executable, "-m", "notebooks.site", "site", "--only", "lab", "--modules", "nowhere"]
    root = Path(__file__).parents[3]
    told = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": f"{root}"}, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stderr.startswith("python -m notebooks.site: ")
    assert "nowhere" in told.stderr
