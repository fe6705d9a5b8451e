"""The notebooks are all there, executed, with their outputs kept, and need nothing but what is here.

That each runs from top to bottom is seen where they are executed: by ``.ci/run``.
"""

import ast
import json
import re
from pathlib import Path

import pytest

from autograd.testing.exercises import EXERCISES

FOLDER = Path(__file__).parents[1] / "notebooks"
LESSONS = [
    "01_a_number_with_a_history",
    "02_one_neuron_and_xor",
    "03_backpropagation_worked",
    "04_layers_as_matrices",
    "05_the_gradient_path_of_a_weight",
    "06_descending",
    "07_activations_and_costs",
    "08_vanishing_and_exploding",
    "09_checking_gradients",
    "10_handwritten_digits",
    "11_sequences_and_memory",
    "12_why_deep",
    "13_attention",
    "14_a_language_model",
    "15_seeing_a_gpt",
    "16_convolution",
]
LARGEST = 1_500_000
"""Bytes that a notebook may have, pictures included."""
SMALL_OUTPUTS = ("text/plain", "application/json")
FROM_OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*\\?["'](?:https?:)?//|@import|url\(\s*["']?https?:""")
"""What would fetch something from elsewhere, in a page or a picture."""
MACHINE = re.compile(r"(?:^|[\s\"'(])/(?:home|root|tmp|work|Users|usr/lib)/|[A-Z]:\\\\")
JUNK = re.compile(r"\x1b\[|it/s\]| at 0x[0-9a-f]{6,}|Warning:|Traceback")


def text_of(part):
    return part if isinstance(part, str) else "".join(part)


def read(name):
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def code_of(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def told_by(notebook):
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    return "\n\n".join(text_of(cell["source"]) for cell in cells)


def outputs_of(notebook):
    """Every output as (MIME type, text)."""
    for cell in code_of(notebook):
        for output in cell["outputs"]:
            if output["output_type"] == "stream":
                yield "text/plain", text_of(output["text"])
            for kind, content in output.get("data", {}).items():
                yield kind, content if kind.endswith("json") else text_of(content)


lessons = pytest.mark.parametrize("name", LESSONS)


def test_the_notebooks_are_the_lessons():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == LESSONS


@lessons
def test_a_notebook_opens_with_its_number_its_subject_and_its_question(name):
    first = text_of(read(name)["cells"][0]["source"])
    number = int(name[:2])
    assert re.match(rf"# {number} · \w", first), first[:60]
    assert "**The question.**" in first


@lessons
def test_a_notebook_ends_with_things_to_try(name):
    told = told_by(read(name))
    _, things = re.split(r"^## Try it$", told, flags=re.MULTILINE)
    assert len(re.findall(r"^\*\*\d\.\*\*", things, flags=re.MULTILINE)) >= 2


def title_of(name):
    return text_of(read(name)["cells"][0]["source"]).splitlines()[0].removeprefix("# ")


@lessons
def test_a_notebook_ends_with_the_way_to_the_next_and_to_the_one_before(name):
    place = LESSONS.index(name)
    ways = {"Next": LESSONS[place + 1 : place + 2], "Before": LESSONS[:place][-1:]}
    wanted = [
        f"{way}: [{title_of(other)}]({other}.ipynb)." for way, others in ways.items() for other in others
    ]
    assert text_of(read(name)["cells"][-1]["source"]).splitlines()[-1] == " ".join(wanted)


@lessons
def test_a_notebook_was_run_from_top_to_bottom_and_nothing_failed(name):
    cells = code_of(read(name))
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert [output["output_type"] for cell in cells for output in cell["outputs"]].count("error") == 0


@lessons
def test_a_picture_says_what_it_shows_not_only_how_many_things(name):
    pictures = [content for kind, content in outputs_of(read(name)) if kind == "image/svg+xml"]
    said = [found[1] for svg in pictures if (found := re.search(r'<svg [^>]*aria-label="([^"]*)"', svg))]
    assert [words for words in said if re.fullmatch(r"(\d+ )?(picture|matrice|table|line)s?", words)] == []


@lessons
def test_a_notebook_wrote_nothing_to_stderr_and_kept_no_bar_of_progress(name):
    outputs = [output for cell in code_of(read(name)) for output in cell["outputs"]]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    assert [kind for kind, _ in outputs_of(read(name)) if "widget" in kind] == []
    assert "widgets" not in read(name)["metadata"]


@lessons
def test_a_notebook_keeps_its_pictures_and_no_junk(name):
    kinds = [kind for kind, _ in outputs_of(read(name))]
    assert {"image/svg+xml", "image/png", "text/html"} & set(kinds)
    told = "\n".join(str(content) for kind, content in outputs_of(read(name)) if kind in SMALL_OUTPUTS)
    assert JUNK.search(told) is None
    assert (FOLDER / f"{name}.ipynb").stat().st_size < LARGEST


@lessons
def test_a_notebook_names_no_place_on_a_machine(name):
    notebook = read(name)
    sources = [text_of(cell["source"]) for cell in notebook["cells"]]
    found = MACHINE.search("\n".join([*sources, *(str(content) for _, content in outputs_of(notebook))]))
    assert found is None, found


@lessons
def test_what_a_notebook_shows_reaches_for_nothing(name):
    shown = [content for kind, content in outputs_of(read(name)) if kind in ("text/html", "image/svg+xml")]
    assert shown
    assert [content for content in shown if FROM_OUTSIDE.search(content)] == []


def test_what_would_be_fetched_from_outside_is_recognised():
    for markup in (
        '<img src="https://a.b/c.png">',
        "@import 'a.css';",
        "url(http://a.b)",
        '<a href="//a.b">',
    ):
        assert FROM_OUTSIDE.search(markup)
    assert FROM_OUTSIDE.search('<img src="data:image/png;base64,AA">') is None


def found_in_the_lessons(pattern):
    """What the prose of the lessons matches, each with its lesson."""
    return [(name, found) for name in LESSONS for found in re.findall(pattern, told_by(read(name)))]


@pytest.mark.parametrize(("name", "link"), found_in_the_lessons(r"(?<!\\)\]\((?!https?://)([^)#\s]+)[^)]*\)"))
def test_a_link_of_a_notebook_leads_somewhere(name, link):
    assert (FOLDER / link).exists()


@pytest.mark.parametrize(("name", "mentioned"), found_in_the_lessons(r"[Ll]esson\s\[?(\d+)"))
def test_a_lesson_that_a_notebook_mentions_is_there(name, mentioned):
    assert 1 <= int(mentioned) <= len(LESSONS)


@lessons
def test_a_notebook_is_kept_in_one_form(name):
    notebook = read(name)
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert text == json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


# ------------------------------------------------------------------------------------- exercises


def exercises_of(notebook):
    """The exercises of a lesson by name: the function that is to be written, and its cell."""
    found = {}
    for cell in code_of(notebook):
        for name in re.findall(r"^grade\((\w+)\)$", text_of(cell["source"]), flags=re.MULTILINE):
            found[name] = cell
    return found


def names_in(cell):
    tree = ast.parse(text_of(cell["source"]))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_every_exercise_is_in_one_lesson():
    assert sorted(name for lesson in LESSONS for name in exercises_of(read(lesson))) == sorted(EXERCISES)


@lessons
def test_a_lesson_has_exercises_that_are_not_answered_in_it(name):
    found = exercises_of(read(name))
    assert len(found) >= 2
    scope = {}
    for exercise, cell in found.items():
        *body, last = text_of(cell["source"]).splitlines()
        exec("\n".join(body), scope)
        grade = eval(last, scope)
        assert grade.verdict == "not answered yet"
        (output,) = cell["outputs"]
        assert text_of(output["data"]["text/plain"]) == repr(grade)
        assert exercise in text_of(cell["source"])


@lessons
def test_an_exercise_takes_no_name_that_the_lesson_uses(name):
    notebook = read(name)
    found = exercises_of(notebook)
    others = [cell for cell in code_of(notebook) if cell not in found.values()]
    assert set(found) & {used for cell in others for used in names_in(cell)} == set()
