"""A saved figure can stand alone: title, n, source, SIMULATED, alternative text; the same data give the same bytes."""

import json

import pandas as pd
import pytest

from crisiskit.release import plots
from crisiskit.release.figures import Figures
from crisiskit.release.style import WIDTH_IN

DATA = pd.DataFrame({"need": ["suicide <risk>", "grief $5"], "n": [12, 3]})


def save(folder, simulated=False, **changes):
    figures = Figures(folder, "City of Somewhere, calls 2024", simulated, {"period": "2024"})
    words = {"title": "Contacts by need", "caption": "What people called about.", "alt": "Bars: suicide 12, grief 3."}
    facts = {"data": DATA, "n": 15, "unit": "contacts", "left_out": "2 contacts with no need recorded"}
    figure = plots.bars(DATA, "need", "n", "contacts")
    return figure, figures.save(figure, "by_need", **(words | facts | changes))


def written(figure):
    return " ".join(text.get_text().replace("\n", " ") for text in figure.texts)


def test_four_files_one_name_and_a_sidecar_that_says_everything(tmp_path):
    _, saved = save(tmp_path / "new" / "figures")
    assert sorted(path.name for path in saved.folder.iterdir()) == [
        f"by_need.{end}" for end in ("csv", "json", "png", "svg")
    ]
    sidecar = json.loads(saved.path("json").read_text("utf-8"))
    assert sidecar["caption"] == (
        "What people called about. n = 15 contacts. Left out: 2 contacts with no need recorded. "
        "Source: City of Somewhere, calls 2024."
    )
    assert (sidecar["n"], sidecar["unit"], sidecar["simulated"]) == (15, "contacts", False)
    assert (sidecar["alt"], sidecar["left_out"]) == ("Bars: suicide 12, grief 3.", "2 contacts with no need recorded")
    assert sidecar["context"] == {"period": "2024"}
    pd.testing.assert_frame_equal(pd.read_csv(saved.path("csv")), DATA, check_dtype=False)


def test_the_picture_itself_carries_title_n_and_source(tmp_path):
    figure, _ = save(tmp_path)
    assert "Contacts by need" in written(figure)
    assert (
        "n = 15 contacts. Left out: 2 contacts with no need recorded. Source: City of Somewhere, calls 2024."
        in written(figure)
    )


def test_simulated_is_said_in_title_caption_alt_text_and_picture(tmp_path):
    figure, saved = save(tmp_path, simulated=True)
    for text in (saved.title, saved.caption, saved.alt, written(figure), saved.path("svg").read_text("utf-8")):
        assert "SIMULATED" in text


def test_the_same_data_give_the_same_bytes(tmp_path):
    save(tmp_path / "one")
    save(tmp_path / "two")
    for end in ("png", "svg", "csv", "json"):
        assert (tmp_path / "one" / f"by_need.{end}").read_bytes() == (tmp_path / "two" / f"by_need.{end}").read_bytes()


def test_a_picture_is_drawn_once_per_format(tmp_path, monkeypatch):
    """Layout draws nothing, and no stand-in of the layout engine makes each format be drawn twice."""
    from matplotlib.figure import Figure

    drawn, draw = [], Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda self, renderer: (drawn.append(type(renderer)), draw(self, renderer)))
    figure, _ = save(tmp_path)
    assert len(drawn) == 2
    assert figure.get_layout_engine() is None


def test_nothing_is_cut_however_long_the_words(tmp_path):
    long = "What people who called the line of the county at night said that they needed most of all, " * 3
    data = DATA.assign(need=["x" * 90, "a need with a name that goes on and on " * 3])
    figure = plots.bars(data, "need", "n", "contacts of every kind")
    figures = Figures(tmp_path, long, True, {})
    figures.save(figure, "long", title=long, caption=long, alt=long, data=data, n=15, unit="contacts")
    page = figure.bbox
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    texts = [*figure.texts, *figure.axes[0].get_yticklabels(), figure.axes[0].xaxis.label, *figure.axes[0].texts]
    for text in texts:
        box = text.get_window_extent(renderer)
        assert page.x0 <= box.x0, text.get_text()
        assert box.x1 <= page.x1, text.get_text()
        assert page.y0 <= box.y0, text.get_text()
        assert box.y1 <= page.y1, text.get_text()
    title, footer = (text.get_window_extent(renderer) for text in figure.texts)
    plot = figure.axes[0].get_tightbbox(renderer)
    assert footer.y1 <= plot.y0
    assert plot.y1 <= title.y0
    assert figure.get_figwidth() == WIDTH_IN


def test_its_html_shows_picture_alt_caption_and_numbers_and_loads_nothing(tmp_path):
    _, saved = save(tmp_path)
    html = saved._repr_mimebundle_()["text/html"]
    assert 'src="data:image/png;base64,' in html
    assert 'alt="Bars: suicide 12, grief 3."' in html
    assert "<figcaption>What people called about." in html
    assert '<th scope="row" style="text-align:left">suicide &lt;risk&gt;</th>' in html
    assert '<td style="text-align:right;white-space:nowrap">12</td>' in html
    assert "http" not in html


@pytest.mark.parametrize("name", ["By need", "../by_need", "", "by-need", "a/b"])
def test_a_name_that_is_no_file_name_is_refused(tmp_path, name):
    figures = Figures(tmp_path, "source", False, {})
    with pytest.raises(ValueError, match="lower-case letters"):
        figures.save(None, name, title="t", caption="c", alt="a", data=DATA, n=1, unit="contacts")


@pytest.mark.parametrize("changes", [{"n": 0}, {"data": DATA.head(0)}, {"alt": " "}, {"caption": ""}])
def test_a_figure_without_data_or_words_is_never_saved(tmp_path, changes):
    with pytest.raises(ValueError, match="by_need"):
        save(tmp_path, **changes)
    assert not list(tmp_path.iterdir())
