"""A folder to work in, and reports without what takes most of their time."""

import pytest


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    """A folder of its own, in which the test is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def undrawn(monkeypatch):
    """Reports without films and drawings, for the tests of something else: drawing takes most of the time."""
    drawing = '<svg width="9pt" height="9pt"></svg>'
    monkeypatch.setattr("nn.command.report.pictures.adaptive", lambda drawn: drawing)
    monkeypatch.setattr("nn.command.report.page.film_of", lambda result: None)
    monkeypatch.setattr("nn.seeing.style.Plot.page_svg", lambda plot: drawing)
