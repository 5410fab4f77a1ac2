"""Environments of their own, with the packages of one requirements file and the wheel, and nothing else.

The packages are not fetched: they are taken from the environment of the tests.
"""

import re
import shutil
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

from support.installation import ROOT


def make_environment(folder: Path, requirements: str) -> Path:
    """Makes `folder`/env, with the wheel in it, and `folder`/dist, which holds the wheel; the interpreter."""
    venv.create(folder / "env", with_pip=False)
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    text = (ROOT / requirements).read_text()
    for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE):
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            # For another platform or interpreter: its marker says so.
            assert re.search(rf"^{re.escape(name)}==.* ;", text, re.MULTILINE), name
            continue
        for file in found.files or ():
            origin = Path(str(file.locate()))
            if ".." not in file.parts and origin.exists():
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                # With its time: what was compiled from it stays good.
                shutil.copy2(origin, target)
    source = folder / "source"
    for path in ("LICENSE", "README.md", "pyproject.toml", "migrations", "src"):
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copyfile
        source.mkdir(exist_ok=True)
        copy(ROOT / path, source / path)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "dist", source]
    subprocess.run([*pip, *wheel], check=True)
    (built,) = (folder / "dist").glob("*.whl")
    python = folder / "env" / "bin" / "python"
    install = ["--python", python, "install", "--no-deps", "--no-index", built]
    subprocess.run([*pip, *install], check=True)
    shutil.rmtree(source)
    return python
