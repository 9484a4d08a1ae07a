"""The wheels of the SDK and of the server, built from source distributions, as an index would serve them, offline."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import wave
import zipfile
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from hatch_build import APART, Surface

from deepgram import __version__

Run = Callable[[str, Path], str]

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "server"


def build(folder: Path, target: str, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = into.iterdir()
    return built


def wheel_by_way_of(sdist: Path, factory: pytest.TempPathFactory) -> Path:
    """Unpack a source distribution where nothing else of the checkout is, and build the wheel from it."""
    folder = factory.mktemp("sources")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return build(unpacked, "wheel", factory.mktemp("wheel"))


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_by_way_of(sdist, tmp_path_factory)


@pytest.fixture(scope="module")
def server_sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(SERVER, "sdist", tmp_path_factory.mktemp("server_sdist"))


@pytest.fixture(scope="module")
def server_wheel(server_sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_by_way_of(server_sdist, tmp_path_factory)


@pytest.fixture(scope="module")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK installed without the server: the folder of its package."""
    folder = tmp_path_factory.mktemp("alone")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def both(wheel: Path, server_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both installed by pip into one folder; what they depend on is that of this environment."""
    folder = tmp_path_factory.mktemp("both")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "--quiet", "--target", str(folder), str(wheel), str(server_wheel)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def command(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command ``deepgram`` that was installed, away from this checkout."""
    (program,) = (installed / "bin").glob("deepgram*")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEEPGRAM_")}
    return subprocess.run(
        [sys.executable, str(program), *arguments] if program.suffix != ".exe" else [str(program), *arguments],
        cwd=installed,
        env={**kept, "PYTHONPATH": str(installed), "DEEPGRAM_BASE_URL": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=60,
    )


# ------------------------------------------------------------------------------------------------------------ the SDK


def test_a_source_distribution_holds_only_what_was_written_by_hand(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "compat/surface.txt", "compat/homes.py", "src/deepgram/py.typed"} <= names
    assert not {str(path.relative_to(ROOT)) for path in Surface(ROOT).files()} & names
    assert not [name for name in names if name.startswith(("src/deepgram/local", "src/deepgram/cli/", "server"))]


def test_the_wheel_weighs_700_kb_at_most(wheel: Path) -> None:
    """No more than the official release: docs/decisions/0018-size-of-the-wheel.md."""
    assert wheel.stat().st_size <= 700_000


def test_the_wheel_has_nothing_of_server_and_command(wheel: Path) -> None:
    names = names_in(wheel)
    assert not [name for name in names if name.startswith(("deepgram/local/", "deepgram/cli/"))]
    assert not [name for name in names if name.endswith("entry_points.txt")]
    for folder in APART:  # a file in the place of each folder says what to install, and hardly more
        with zipfile.ZipFile(wheel) as archive:
            assert archive.getinfo(f"deepgram/{folder}.py").file_size < 500


def test_the_wheel_has_the_later_name_of_the_sagemaker_transport(wheel: Path) -> None:
    names = names_in(wheel)
    assert {"deepgram_sagemaker/__init__.py", "deepgram_sagemaker/py.typed"} <= names
    assert {"deepgram/transports/sagemaker/__init__.py", "deepgram/testing/transport.py"} <= names


def test_every_path_of_the_surface_imports_from_the_wheel(alone: Path, run: Run) -> None:
    modules = sorted(f"deepgram.{module}".rstrip(".") for module in Surface(ROOT).modules)
    program = f"""
        from importlib import import_module
        import deepgram
        for module in {modules!r}:
            import_module(module)
        print(deepgram.__file__)
    """
    assert run(program, alone) == str(alone / "deepgram" / "__init__.py")


def test_every_module_of_the_wheel_imports_without_the_server(alone: Path, run: Run) -> None:
    apart = [f"deepgram.{name}" for name in APART]
    program = f"""
        from importlib import import_module
        from pathlib import Path
        for file in sorted(Path("deepgram").rglob("*.py")):
            module = ".".join(file.with_suffix("").parts).removesuffix(".__init__")
            if module not in {apart!r} and "picows" not in module:  # that one needs its extra when it is imported
                import_module(module)
        print("all")
    """
    assert run(program, alone) == "all"


@pytest.mark.parametrize(
    ("module", "extra"), [("local", "local"), ("local.server", "local"), ("cli", "cli"), ("cli.app", "cli")]
)
def test_without_the_server_its_modules_say_what_to_install(alone: Path, run: Run, module: str, extra: str) -> None:
    program = f"""
        import sys
        sys.path = [folder for folder in sys.path if "site-packages" not in folder]  # where this environment has it
        try:
            import deepgram.{module}
        except ModuleNotFoundError as error:
            print(error, error.name)
    """
    says = run(program, alone)
    assert "is not installed" in says
    assert f'pip install "deepgram-sdk[{extra}]"' in says
    assert says.endswith(f"deepgram.{extra}")


def test_a_server_that_is_installed_elsewhere_is_told_from_one_that_is_not(
    alone: Path, server_wheel: Path, run: Run, tmp_path: Path
) -> None:
    with zipfile.ZipFile(server_wheel) as archive:
        archive.extractall(tmp_path)
    program = f"""
        import sys
        sys.path = [{str(alone)!r}, {str(tmp_path)!r}, *(each for each in sys.path if "site-packages" not in each)]
        try:
            import deepgram.local
        except ModuleNotFoundError as error:
            print(error)
    """
    says = run(program, alone)
    assert "is not beside the SDK" in says
    assert str(tmp_path) in says
    assert f"the SDK in {alone}" in says
    assert "pip install --force-reinstall --no-deps deepgram-sdk deepgram-sdk-server" in says


def test_the_wheel_holds_the_mark_of_typed_packages_and_nothing_of_the_workshop(wheel: Path) -> None:
    names = names_in(wheel)
    assert "deepgram/py.typed" in names
    assert not [name for name in names if name.startswith(("compat", "hatch_build", "tests", "server"))]


def test_the_extras_for_command_and_server_bring_their_distribution(wheel: Path) -> None:
    wanted = metadata(wheel).get_all("Requires-Dist") or []
    for extra in ("cli", "local"):
        assert f"deepgram-sdk-server; extra == '{extra}'" in wanted


# --------------------------------------------------------------------------------------------------------- the server


def test_the_wheel_of_the_server_weighs_450_kb_at_most(server_wheel: Path) -> None:
    assert server_wheel.stat().st_size <= 450_000


def test_the_source_distribution_of_the_server_has_its_sources_and_the_version(server_sdist: Path) -> None:
    with tarfile.open(server_sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"src/deepgram/version.py", "src/deepgram/local/server.py", "src/deepgram/cli/app.py", "packing.py"} <= names
    assert not [name for name in names if "__pycache__" in name]


def test_the_server_and_its_sdk_have_one_version(wheel: Path, server_wheel: Path) -> None:
    assert metadata(wheel)["Version"] == metadata(server_wheel)["Version"] == __version__
    assert metadata(server_wheel).get_all("Requires-Dist") == [f"deepgram-sdk=={__version__}"]


def test_each_file_of_the_package_is_in_one_of_the_two_wheels(wheel: Path, server_wheel: Path) -> None:
    first, second = names_in(wheel), names_in(server_wheel)
    assert not first & second
    files = {path for path in (ROOT / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    packed = {name for name in first | second if ".dist-info/" not in name} - {f"deepgram/{name}.py" for name in APART}
    assert packed == {path.relative_to(ROOT / "src").as_posix() for path in files}


def test_both_wheels_carry_the_licence(wheel: Path, server_wheel: Path) -> None:
    licence = (ROOT / "LICENSE").read_bytes()
    for built in (wheel, server_wheel):
        with zipfile.ZipFile(built) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("/LICENSE"))
            assert archive.read(name) == licence


# ----------------------------------------------------------------------------------------------------------- together


def test_both_wheels_make_one_package(both: Path, run: Run) -> None:
    program = """
        import deepgram.cli, deepgram.local
        print(deepgram.__file__, deepgram.cli.__file__, deepgram.local.__file__)
        with deepgram.local.running(engine="scripted") as server, server.client() as client:
            print(client.manage.v1.models.list().stt[0].name != "")
    """
    package = both / "deepgram"
    files = [package / "__init__.py", package / "cli" / "__init__.py", package / "local" / "__init__.py"]
    assert run(program, both) == " ".join(map(str, files)) + "\nTrue"


def test_the_command_of_the_two_wheels_runs(both: Path, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "tone.wav"), "wb") as audio:
        audio.setparams((1, 2, 16000, 0, "NONE", ""))
        audio.writeframes((b"\x00\x20" * 10 + b"\x00\xe0" * 10) * 800)
    version = command(both, "--version")
    assert (version.returncode, version.stdout.strip()) == (0, f"deepgram {__version__}"), version.stderr
    transcribed = command(both, "transcribe", str(tmp_path / "tone.wav"), "--local", "--engine", "scripted")
    assert transcribed.returncode == 0, transcribed.stderr
    assert transcribed.stdout.strip()
    examined = command(both, "doctor")
    assert f"deepgram-sdk-server {__version__}" in examined.stdout, examined.stderr
