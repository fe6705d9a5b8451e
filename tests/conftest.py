"""Hypothesis profiles, and one headless browser with its pages for all tests that drive one.

The profiles are ``quick`` by default, ``thorough`` by HYPOTHESIS_PROFILE or --hypothesis-profile.
"""

import gc
import os
from collections import defaultdict
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.browsers import chromium, path_of_chromium

# The whole packages before any one of their files: collected first, autograd/walk.py would put the module
# walk in the place of the function walk.
import_module("autograd")
import_module("nn")

# Full collections go through all tests and all that they imported: as many as usual take a tenth of the time.
gc.set_threshold(*gc.get_threshold()[:2], 100)

# No example is timed (deadline): a busy machine is not a failing test.
settings.register_profile(
    "quick",
    max_examples=20,  # what kills as many mutants of the table as 40; 12 miss one that 20 find
    deadline=None,
    derandomize=True,  # the same examples on every machine: a failure is never a matter of luck
    database=None,
    phases=set(Phase) - {Phase.explain},  # it takes a hundred runs more for each find()
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "thorough",
    max_examples=2000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Fail for a file of tests that cannot be imported: --doctest-ignore-import-errors would skip it."""
    report = yield
    if report.skipped and "unable to import module" in str(report.longrepr):
        report.outcome, report.longrepr = "failed", "it cannot be imported (with -o addopts= pytest says why)"
    return report


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; the tests that ask for it are skipped where there is none."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if path_of_chromium() is None:
        pytest.skip("there is no Chromium to drive")
    with chromium() as driven:
        yield driven


@pytest.fixture(scope="session")
def free(browser):
    """Pages that no test uses now, by the options of their windows: one costs more than most tests."""
    return defaultdict(list)


@pytest.fixture
def opened(browser, free, tmp_path):
    """A function that opens a page, given as text or as its file, and returns it.

    What the page logs and throws, asks for and says in dialogs is in its lists.
    """
    used = []

    def open_page(
        page, ready=True, width=1200, height=750, scheme="light", motion="no-preference", **options
    ):
        key = repr(options)
        sheet = free[key].pop() if free[key] else listened(browser.new_page(**options))
        used.append((key, sheet))
        sheet.errors, sheet.requests, sheet.dialogs = [], [], []
        sheet.set_viewport_size({"width": width, "height": height})
        sheet.emulate_media(color_scheme=scheme, reduced_motion=motion)
        if not isinstance(page, Path):
            html, page = page, tmp_path / f"page{len(used)}.html"
            page.write_text(html, encoding="utf-8")
        sheet.goto(page.as_uri())
        if ready:
            sheet.wait_for_selector("html[data-ready]", state="attached")
        return sheet

    yield open_page
    (blank := tmp_path / "blank.html").write_text("<!doctype html>")
    for key, sheet in used:
        if not sheet.is_closed():
            sheet.mouse.move(0, 0)
            sheet.emulate_media(media="screen")  # where a test of paper was cut short
            # So that nothing plays on; a file too: to about:blank and back, each page starts a process anew.
            sheet.goto(blank.as_uri())
            free[key].append(sheet)


def listened(sheet):
    """A page of a browser that writes into its lists what happens on it."""
    sheet.on("pageerror", lambda error: sheet.errors.append(str(error)))
    sheet.on("console", lambda message: sheet.errors.append(message.text))
    sheet.on("request", lambda request: sheet.requests.append(request.url))
    sheet.on("dialog", lambda dialog: (sheet.dialogs.append(dialog.message), dialog.dismiss()))
    return sheet
