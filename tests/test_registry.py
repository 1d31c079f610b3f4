"""Finding node types: packs, a project's own files, and whatever is wrong with them."""

import importlib
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import EntryPoint, EntryPoints
from multiprocessing import get_context
from pathlib import Path

import pytest

from nodegraph import custom, registry, trust
from nodegraph.custom import CustomFile
from nodegraph.registry import discover

GLOW = """
from nodegraph import Image, node

@node("Look", version=2)
def glow(image: Image, gain: float = 1) -> Image:
    return image

def double(value):
    return 2 * value
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one trusted node file; nothing of it stays imported."""
    monkeypatch.setenv(trust.VARIABLE, str(tmp_path / "config"))
    (tmp_path / "show" / "custom_nodes").mkdir(parents=True)
    write(tmp_path / "show", "glow", GLOW)
    yield tmp_path / "show"
    custom.offer({})


@pytest.fixture
def packs(tmp_path, monkeypatch):
    """A maker of installed packs: entry points over folders of modules."""
    monkeypatch.syspath_prepend(tmp_path / "packs")
    found = []

    def install(name, **modules):
        folder = tmp_path / "packs" / name
        folder.mkdir(parents=True)
        modules = {"__init__": ""} | modules
        for module, code in modules.items():
            (folder / f"{module}.py").write_text(code)
        importlib.invalidate_caches()
        found.append(EntryPoint(name, name, registry.GROUP))
        return folder

    def entry_points(group):
        return EntryPoints(found).select(group=group)

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    before = set(sys.modules)
    install.found = found
    yield install
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {entry.module for entry in found} - {"nodes"}:
            del sys.modules[name]


def write(project, name, code):
    path = project / "custom_nodes" / f"{name}.py"
    path.write_bytes(code if isinstance(code, bytes) else code.encode())
    return path


def own(name, body="return image"):
    return (
        "from nodegraph import Image, node\n"
        f'@node("Look")\ndef {name}(image: Image) -> Image:\n    {body}\n'
    )


def problems(found):
    return {Path(place).name: message for place, message in found.problems}


def test_the_built_in_pack_is_whole():
    found = discover()

    files = Path(importlib.import_module("nodes").__file__).parent.glob("[!_]*.py")
    assert found.problems == ()
    assert {Path(origin) for origin in found.origins.values()} == set(files)
    assert {"source", "output", "blur"} <= set(found.types)


def test_a_type_is_known_by_its_function_s_name_and_says_where_it_lies():
    found = discover()

    assert found.types["blur"].name == "blur"
    assert Path(found.origins["blur"]).name == "blur.py"


def test_a_pack_is_all_public_modules_of_a_package(packs):
    folder = packs(
        "lights",
        glow=own("glow"),
        rim="from lights.glow import glow\n" + own("rim"),
        _shared=own("hidden"),
    )

    found = discover()

    assert list(found.types) == ["glow", "rim"]
    assert found.problems == ()
    assert found.origins["rim"] == str(folder / "rim.py")


def test_a_pack_may_be_one_module(packs, tmp_path):
    (tmp_path / "packs" / "single.py").parent.mkdir(exist_ok=True)
    (tmp_path / "packs" / "single.py").write_text(own("only"))
    packs.found.append(EntryPoint("single", "single", registry.GROUP))

    assert list(discover().types) == ["only"]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("1 / 0", "line 1: ZeroDivisionError: division by zero"),
        ("\nimport sys; sys.exit(3)", "line 2: SystemExit: 3"),
        ("def f(:", "line 1: SyntaxError: invalid syntax"),
        (
            "import not_there",
            "line 1: ModuleNotFoundError: No module named 'not_there'",
        ),
        (own("bad").replace("-> Image", ""), "line 2: NodeTypeError: bad: annotate"),
        ("raise ValueError('one\\ntwo')", "line 1: ValueError: one"),
        ("raise RecursionError", "line 1: RecursionError"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth"),
        ("x = '\\0'\n\0", "source code string cannot contain null bytes"),
    ],
    ids=range(9),
)
def test_a_broken_file_is_a_problem_with_path_and_cause_and_harms_no_other(
    packs, project, code, cause
):
    packs("lights", rim=own("rim"), torn=code)
    write(project, "broken", code)

    found = discover(trust.trust(project))

    assert list(found.types) == ["rim", "glow"]
    assert set(problems(found)) == {"torn.py", "broken.py"}
    for message in problems(found).values():
        assert message.startswith("is not loaded: ")
        assert cause in message
        assert "\n" not in message


def test_a_pack_that_cannot_be_imported_names_its_entry_point(packs):
    packs("torn", __init__="raise OSError('no licence')", glow=own("glow"))
    packs.found.append(EntryPoint("gone", "not_there.nodes:all", registry.GROUP))

    gone, torn = discover().problems

    assert gone.place == "entry point gone = not_there.nodes:all"
    assert gone.message.endswith("ModuleNotFoundError: No module named 'not_there'")
    assert str(torn) == "entry point torn = torn: is not loaded: OSError: no licence"


def test_ctrl_c_is_no_problem_of_a_file(packs):
    packs("slow", glow="raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        discover()


def test_a_second_type_of_a_name_is_left_out_and_both_places_are_told(packs, project):
    folder = packs("lights", glow=own("glow"))

    found = discover(trust.trust(project))

    path = project / "custom_nodes" / "glow.py"
    assert found.origins["glow"] == str(folder / "glow.py")
    assert found.types["glow"].version == "1"
    assert problems(found) == {
        "glow.py": f"'glow' is left out: {folder / 'glow.py'} has a node type of "
        "that name; rename the function"
    }
    assert found.problems[0].place == str(path)


def test_no_pack_takes_a_built_in_s_name(packs):
    packs("aaa", blur=own("blur"))
    packs.found.append(EntryPoint("zzz", "nodes", registry.GROUP))

    found = discover()

    assert found.types["blur"].function.__module__ == "nodes.blur"
    assert problems(found)["blur.py"].startswith("'blur' is left out")


def test_a_pack_named_twice_is_loaded_once(packs):
    packs("lights", glow=own("glow"))
    packs.found.append(EntryPoint("again", "lights", registry.GROUP))

    assert discover().problems == ()


def test_what_a_file_prints_when_imported_does_not_reach_standard_output(
    packs, project, capfd
):
    packs("loud", glow="print('hello')\n" + own("rim"))
    write(project, "glow", "print('hello')\n" + GLOW)

    found = discover(trust.trust(project))

    assert set(found.types) == {"rim", "glow"}
    assert capfd.readouterr().out == ""


def test_an_untrusted_file_does_not_run(project):
    write(project, "evil", f"open({str(project / 'ran')!r}, 'w')")

    found = discover(trust.status(project))

    assert "glow" not in found.types
    assert not (project / "ran").exists()
    assert problems(found)["evil.py"] == (
        "is not trusted: read it, then run `workbench trust`"
    )


def test_only_the_bytes_that_were_trusted_run(project):
    files = trust.trust(project)
    write(project, "glow", f"open({str(project / 'ran')!r}, 'w')")

    found = discover(files)

    assert "glow" not in found.types
    assert not (project / "ran").exists()
    assert problems(found)["glow.py"].startswith("changed since it was trusted")


def test_compiled_caches_beside_a_trusted_file_do_not_run(project, tmp_path):
    """A cache that matches the source's time and size would be taken by Python."""
    import py_compile

    path = project / "custom_nodes" / "glow.py"
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(project / 'ran')!r}, 'w')")
    cache = importlib.util.cache_from_source(str(path))
    py_compile.compile(
        str(evil),
        cfile=cache,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )

    found = discover(trust.trust(project))

    assert "glow" in found.types
    assert not (project / "ran").exists()


def test_a_file_that_is_gone_is_a_problem(project):
    files = trust.trust(project)
    files[0].path.unlink()

    assert problems(discover(files))["glow.py"].startswith("cannot be read: No such")


def test_the_version_of_a_custom_type_carries_its_file_s_digest(project):
    [file] = trust.trust(project)

    assert discover([file]).types["glow"].version == f"2+{file.sha256[:12]}"


def test_a_change_of_shared_code_changes_the_version(project):
    write(project, "_light", "GAIN = 2\n")
    before = discover(trust.trust(project)).types["glow"].version
    write(project, "_light", "GAIN = 3\n")

    after = discover(trust.trust(project)).types["glow"].version

    assert before.startswith("2+")
    assert before != after


def test_custom_files_share_code_by_the_package_s_name(project):
    write(project, "_light", "GAIN = 2\n")
    write(project, "rim", "from ._light import GAIN\n" + own("rim", "return GAIN"))
    write(project, "key", "import custom_nodes._light as l\n" + own("key", "return l"))

    found = discover(trust.trust(project))

    assert found.problems == ()
    assert found.types["rim"](None) == 2
    assert found.types["key"](None).GAIN == 2


def test_untrusted_shared_code_cannot_be_imported(project):
    write(project, "rim", "from custom_nodes._light import GAIN\n" + own("rim"))
    files = trust.trust(project)
    write(project, "_light", f"open({str(project / 'ran')!r}, 'w')\nGAIN = 2")

    found = discover([*files, *(f for f in trust.status(project) if not f.trusted)])

    assert set(problems(found)) == {"rim.py", "_light.py"}
    assert not (project / "ran").exists()


def test_the_project_s_folder_is_not_searched_for_other_imports(project):
    write(project, "json", own("look"))

    discover(trust.trust(project))

    assert importlib.import_module("json").loads("1") == 1
    assert str(project / "custom_nodes") not in sys.path


def test_another_project_s_files_take_the_place_of_the_first_s(project, tmp_path):
    discover(trust.trust(project))
    (tmp_path / "other" / "custom_nodes").mkdir(parents=True)
    write(tmp_path / "other", "rim", own("rim"))

    found = discover(trust.trust(tmp_path / "other"))

    assert "rim" in found.types
    assert "glow" not in found.types
    assert "custom_nodes.glow" not in sys.modules


def test_a_file_found_again_is_read_again(project):
    discover(trust.trust(project))
    write(project, "glow", GLOW.replace("version=2", "version=5"))

    assert discover(trust.trust(project)).types["glow"].version.startswith("5+")


def test_tracebacks_show_the_lines_of_a_custom_file(project):
    write(project, "glow", GLOW.replace("return image", "return image / 0"))
    discover(trust.trust(project))
    module = sys.modules["custom_nodes.glow"]

    assert module.__file__ == str(project / "custom_nodes" / "glow.py")
    assert "return image / 0" in module.__loader__.get_source(module.__name__)


def test_a_custom_function_travels_to_a_spawned_worker_by_name(project):
    files = trust.trust(project)
    discover(files)
    double = sys.modules["custom_nodes.glow"].double

    with ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=discover, initargs=(files,)
    ) as pool:
        assert pool.submit(double, 21).result(60) == 42
        assert pool.submit(version, files, "glow").result(60).startswith("2+")


def version(files: list[CustomFile], name: str) -> str:
    return discover(files).types[name].version


def test_a_missing_command_is_found_out_without_running_a_thing(project):
    """Finding node types starts no process and needs no display."""
    code = (
        "import sys; sys.addaudithook(lambda e, a: sys.exit(e) "
        "if e in ('subprocess.Popen', 'socket.connect') else None); "
        "from nodegraph.registry import discover; discover()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
