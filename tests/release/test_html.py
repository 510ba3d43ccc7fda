"""Pages for readers: no code, alternative text kept, headings and language marked up, nothing loaded from anywhere."""

import base64
import json
import re
from html.parser import HTMLParser

import nbformat.v4 as nbf
import pandas as pd
import pytest

from crisiskit.release import plots
from crisiskit.release.figures import Figures
from crisiskit.release.html import index_page, plain_page, to_html

PNG = base64.b64encode(b"\x89PNG").decode()


class Page(HTMLParser):
    """Tags with attributes, and text, of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def no_outside_address(page):
    for _, attrs in page.tags:
        for name in ("src", "href"):
            assert not re.match(r"(https?:)?//", attrs.get(name) or "data:"), attrs
    assert not page.all("script")
    assert not page.all("link")


@pytest.fixture
def notebook(tmp_path):
    def result(**data):
        return nbf.new_output("execute_result", data, execution_count=1)

    hidden = nbf.new_code_cell("import secret", outputs=[nbf.new_output("stream", name="stderr", text="a warning")])
    tagged = nbf.new_code_cell("shown = 1", metadata={"tags": ["show"]})
    html = nbf.new_code_cell("view()", outputs=[result(**{"text/html": "<p>the figure</p>", "text/plain": "plain"})])
    picture = nbf.new_output("display_data", {"image/png": PNG}, metadata={"image/png": {"alt": 'bars of "needs"'}})
    figure = nbf.new_code_cell("draw()", outputs=[picture])
    markdown = nbf.new_code_cell("note()", outputs=[result(**{"text/markdown": "**3** of 4", "text/plain": "x"})])
    dropped = nbf.new_code_cell("x = 1", metadata={"tags": ["hide"]}, outputs=[result(**{"text/plain": "HIDDEN"})])
    cells = [
        nbf.new_markdown_cell("# Response & patterns\n\nWhat this is."),
        hidden,
        nbf.new_markdown_cell("## Volume\n\nLook at the last month."),
        html,
        nbf.new_markdown_cell("## Needs <em>x</em>"),
        figure,
        nbf.new_markdown_cell("## Volume"),
        markdown,
        tagged,
        dropped,
    ]
    path = tmp_path / "executed.ipynb"
    path.write_text(json.dumps(nbf.new_notebook(cells=cells)), encoding="utf-8")
    return path


def test_a_report_shows_results_and_prose_but_no_code(notebook, tmp_path):
    text = to_html(notebook, tmp_path / "report.html", "Somewhere 2024", home="index.html").read_text("utf-8")
    page = Page(text)
    assert "<title>Response &amp; patterns – Somewhere 2024</title>" in text
    assert page.all("html") == [{"lang": "en"}]
    for shown in ("Look at the last month.", "<p>the figure</p>", "<strong>3</strong> of 4", "shown = 1"):
        assert shown in text
    for kept_back in ("import secret", "a warning", "HIDDEN", "plain"):
        assert kept_back not in text
    assert [attrs["alt"] for attrs in page.all("img")] == ['bars of "needs"']
    no_outside_address(page)


def test_a_report_has_a_skip_link_one_h1_and_contents_that_lead_somewhere(notebook, tmp_path):
    page = Page(to_html(notebook, tmp_path / "report.html", "Somewhere").read_text("utf-8"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    links = [attrs["href"][1:] for attrs in page.all("a") if attrs["href"].startswith("#")]
    assert len(page.all("h1")) == 1
    assert links == ["main", "volume", "needs-x", "volume-again"]
    assert set(links) <= set(ids)
    assert len(ids) == len(set(ids))


def test_simulated_reports_say_so_in_title_and_banner(notebook, tmp_path):
    text = to_html(notebook, tmp_path / "report.html", "Demo", simulated=True).read_text("utf-8")
    assert "<title>SIMULATED: Response" in text
    assert "<strong>SIMULATED data.</strong>" in text


def test_a_failed_step_is_said(tmp_path):
    broken = nbf.new_code_cell(
        "1/0", outputs=[nbf.new_output("error", ename="ZeroDivisionError", evalue="by zero", traceback=["secret path"])]
    )
    path = tmp_path / "broken.ipynb"
    path.write_text(json.dumps(nbf.new_notebook(cells=[broken])), encoding="utf-8")
    text = to_html(path, tmp_path / "report.html", "Broken").read_text("utf-8")
    assert "This step failed: ZeroDivisionError: by zero" in text
    assert "secret path" not in text


LEDGER = {
    "closes": True,
    "files": [
        {
            "file": "a.csv",
            "rows_read": 1200,
            "standardized": 1190,
            "collapsed": 4,
            "excluded": 3,
            "quarantined": 2,
            "rejected": 1,
        }
    ],
}


def test_the_index_links_reports_figures_and_says_whether_the_ledger_closes(tmp_path):
    data = pd.DataFrame({"need": ["grief"], "n": [3]})
    figures = Figures(tmp_path / "figures" / "10_response_patterns", "Somewhere", False, {})
    figures.save(
        plots.bars(data, "need", "n", "contacts"),
        "by_need",
        title="By need",
        caption="Bars.",
        alt="Grief 3.",
        data=data,
        n=3,
        unit="contacts",
    )
    reports = [{"title": "Response patterns", "href": "10_response_patterns.html", "lead": "when and how"}]
    run = {"fiscal_year": "state", "inputs": {"a.csv": "abc"}, "sources": ["x", "y"]}
    page = Page(
        index_page(tmp_path, title="Somewhere 2024", reports=reports, ledger=LEDGER, run=run).read_text("utf-8")
    )
    addresses = [attrs["href"] for attrs in page.all("a")]
    assert "10_response_patterns.html" in addresses
    for kind in ("png", "svg", "csv", "json"):
        assert f"figures/10_response_patterns/by_need.{kind}" in addresses
        assert (tmp_path / f"figures/10_response_patterns/by_need.{kind}").is_file()
    assert page.all("img")[0]["alt"] == "Grief 3."
    words = " ".join(page.words)
    assert "Yes: 1,200 rows were read and 1,190 became standard records" in words
    assert "a.csv abc" in words
    assert "x; y" in words
    no_outside_address(page)


def test_an_index_without_reports_figures_or_ledger_says_so(tmp_path):
    text = index_page(tmp_path, title="Nothing", reports=[], simulated=True).read_text("utf-8")
    for words in ("No report was made", "No figure was made", "No file was read", "SIMULATED data."):
        assert words in text


def test_an_open_ledger_warns(tmp_path):
    text = index_page(tmp_path, title="Open", reports=[], ledger=LEDGER | {"closes": False}).read_text("utf-8")
    assert "No: the ledger does not close" in text


def test_a_page_of_its_own_has_its_heading_the_study_and_a_way_home(tmp_path):
    path = tmp_path / "sites" / "north.html"
    text = plain_page(path, "Sheet <North>", "<p>n = 3</p>", study="A study", simulated=True, home="../index.html")
    page = Page(text.read_text("utf-8"))
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a" and "home" not in attrs][-1] == "../index.html"
    assert "Sheet <North>" in page.words
    assert "SIMULATED data." in page.words
    assert "n = 3" in page.words
