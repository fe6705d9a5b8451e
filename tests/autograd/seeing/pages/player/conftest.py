"""Browser windows for the tests of the page."""

import pytest


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
