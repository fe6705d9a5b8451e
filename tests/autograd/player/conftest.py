"""One headless browser for all tests of the page."""

import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; the tests that ask for it are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium to drive")
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=quiet)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def windows(browser):
    """Browser windows by their options, each made once: making one takes longer than most tests."""
    return {}


@pytest.fixture
def opened(browser, windows, tmp_path):
    """A function that opens a page and gives it back; what it logs, throws and asks for is in its lists."""
    sheets = []

    def open_page(html, ready=True, **options):
        key = repr(options)
        if key not in windows:
            windows[key] = browser.new_context(**{"viewport": {"width": 1200, "height": 750}, **options})
        sheet = windows[key].new_page()
        sheets.append(sheet)
        sheet.set_default_timeout(10_000)
        sheet.errors, sheet.requests, sheet.dialogs = [], [], []
        sheet.on("pageerror", lambda error: sheet.errors.append(str(error)))
        sheet.on("console", lambda message: sheet.errors.append(message.text))
        sheet.on("request", lambda request: sheet.requests.append(request.url))
        sheet.on("dialog", lambda dialog: (sheet.dialogs.append(dialog.message), dialog.dismiss()))
        file = tmp_path / f"walk{len(sheets)}.html"
        file.write_text(html, encoding="utf-8")
        sheet.goto(file.as_uri())
        if ready:
            sheet.wait_for_selector("html[data-ready]", state="attached")
        return sheet

    yield open_page
    for sheet in sheets:
        sheet.close()
