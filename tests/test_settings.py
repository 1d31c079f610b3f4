"""What a project's owner may decide, and how a slip is told."""

from pathlib import Path

import pytest

from nodegraph.settings import ProjectSettings, SettingsError, read_settings


def written(folder: Path, text: str | bytes) -> Path:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "settings.toml").write_bytes(data)
    return folder


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == ProjectSettings()
    assert read_settings(tmp_path / "none") == ProjectSettings()


def test_what_is_written_holds_and_the_rest_stays(tmp_path: Path) -> None:
    text = "# ours\nworkers = 3\ncache_gb = 0\nmegapixels = 0.5\n"

    found = read_settings(written(tmp_path, text))

    assert found == ProjectSettings(workers=3, cache_gb=0, megapixels=0.5)
    assert found.deadline == 600.0
    assert found.pixels == 500_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker = 3", "no setting 'worker': it has workers, deadline"),
        ("[workers]\nx = 1", "workers is"),
        ("workers = 1.5", "a whole number"),
        ("workers = -1", "0 or more"),
        ("workers = true", "a whole number"),
        ('deadline = "600"', "a number"),
        ("deadline = 0", "more than 0"),
        ("deadline = nan", "deadline is nan"),
        ("megapixels = 0", "more than 0"),
        ("megapixels = inf", "megapixels is inf"),
        ("cache_gb = nan", "cache_gb is nan"),
        ("workers = ", "settings.toml"),
        (b"workers = 1 # \xff", "settings.toml"),
    ],
)
def test_a_slip_is_told_with_the_file_and_what_fits(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings(written(tmp_path, text))

    assert said in str(told.value)
    assert str(tmp_path / "settings.toml") in str(told.value)
    assert "\n" not in str(told.value)


def test_a_folder_in_the_files_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()

    with pytest.raises(SettingsError, match=r"settings\.toml"):
        read_settings(tmp_path)
