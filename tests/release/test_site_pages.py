"""Pages of the site sheets: one each under a name of its own, with the study's warning, and linked from the report."""

from crisiskit.release import site_sheets as sites

NOTEBOOK = "20_gaps"


def rows(record, *names):
    return [record(10 * place + i, site=site, need="grief" if i else None)
            for place, site in enumerate(names) for i in range(3)]  # fmt: skip


def test_each_site_has_a_page_under_a_plain_name_of_its_own(report, record, tmp_path):
    folder = tmp_path / "reports" / "sites"
    view = sites.site_sheets(report(NOTEBOOK, rows(record, "Línea Niñez", "linea ninez", "<b>"), sheets=str(folder)))
    assert sorted(path.name for path in folder.iterdir()) == ["b.html", "linea_ninez.html", "linea_ninez_2.html"]
    assert {address for _, address in view.links} == {f"{folder}/{path.name}" for path in folder.iterdir()}
    page = (folder / "b.html").read_text("utf-8")
    assert "<h1>Site sheet: &lt;b&gt;</h1>" in page
    assert "<b>" not in page.split("<body>")[1].replace("<body>", "")
    assert 'href="../20_gaps.html"' in page
    assert "66.7 % (2 of 3)" in page


def test_without_a_folder_no_page_is_written(report, record, tmp_path):
    view = sites.site_sheets(report(NOTEBOOK, rows(record, "North", "South")))
    assert view.links == ()
    assert not (tmp_path / "reports").exists()
