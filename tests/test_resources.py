"""Names and paths of mappings, evaluations and notebooks: where they are looked for, in which order."""

import pytest

from crisiskit import resources
from crisiskit.errors import UserError
from crisiskit.resources import find_mapping, find_notebook, find_study, shared


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """A kit as a wheel installs it, with one file of each kind, and a study of the user's beside it."""
    for name in ("params/sources/lane.yaml", "params/evaluations/lane.yaml", "notebooks/00.ipynb"):
        path = tmp_path / "package" / "_share" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "package")
    (tmp_path / "mine" / "evaluations").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "package" / "_share"


def test_a_wheel_brings_its_own_files(kit):
    assert shared("notebooks") == kit / "notebooks"


def test_a_checkout_has_them_at_its_top(root):
    assert shared("params") == root / "params"


def test_a_mapping_named_by_an_evaluation_is_not_the_evaluation(kit):
    naming = kit / "params" / "evaluations" / "lane.yaml"
    assert find_mapping("lane", naming) == kit / "params" / "sources" / "lane.yaml"


def test_a_path_is_relative_to_the_file_that_names_it(kit, tmp_path):
    naming = tmp_path / "mine" / "evaluations" / "study.yaml"
    beside = naming.with_name("own.yaml")
    beside.touch()
    assert find_mapping("own.yaml", naming) == beside
    assert find_mapping("own", naming) == beside


def test_the_users_own_mapping_goes_before_the_kits(kit, tmp_path):
    (tmp_path / "mine" / "sources").mkdir()
    (tmp_path / "mine" / "sources" / "lane.yaml").touch()
    naming = tmp_path / "mine" / "evaluations" / "study.yaml"
    assert find_mapping("lane", naming) == tmp_path / "mine" / "sources" / "lane.yaml"


def test_without_a_naming_file_paths_are_relative_to_here(kit, tmp_path):
    (tmp_path / "mine" / "own.yaml").touch()
    assert find_mapping("own.yaml") == tmp_path / "mine" / "own.yaml"
    assert find_mapping(str(tmp_path / "mine" / "own.yaml")) == tmp_path / "mine" / "own.yaml"


def test_a_study_is_a_file_an_evaluation_or_a_mapping_in_this_order(kit, tmp_path):
    assert find_study("lane") == kit / "params" / "evaluations" / "lane.yaml"
    (kit / "params" / "evaluations" / "lane.yaml").unlink()
    assert find_study("lane") == kit / "params" / "sources" / "lane.yaml"
    (tmp_path / "mine" / "lane").touch()
    assert find_study("lane").resolve() == tmp_path / "mine" / "lane"


@pytest.mark.parametrize(
    ("find", "name", "told"),
    [
        (find_mapping, "lan", "mapping 'lan': no such file in"),
        (find_study, "lan", "'lan' is no file, and no evaluation or mapping of the kit; did you mean 'lane'?"),
        (find_notebook, "01", "notebook '01': no such file in"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest_name(kit, find, name, told):
    with pytest.raises(UserError) as caught:
        find(name)
    assert told in str(caught.value)
