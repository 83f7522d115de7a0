"""Run the notebooks, and write them with what they print: ``python tests/run_notebooks.py``."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "notebooks"
#: Colours of a committed picture; more make it larger, not clearer.
COLOURS = 96
OWN = re.compile(r"[0-9.,]+ (s|MiB)\b|\b[0-9a-f]{32,64}\b|0x[0-9a-f]+|\b[0-9]{4}-[0-9-]+T[0-9:.+]+")


def run(path: Path, folder: Path) -> Any:
    """Run a notebook from top to bottom with this interpreter; return it with its outputs.

    Parameters
    ----------
    path
        Of the notebook, which is only read.
    folder
        An empty one: where the notebook's cells run, and what Jupyter and the cache write.
    """
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager
    from nbclient import NotebookClient

    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    known = folder / "kernels" / "python3" / "kernel.json"
    known.parent.mkdir(parents=True)
    told = {"argv": argv, "display_name": "Python 3", "language": "python"}
    known.write_text(json.dumps(told), encoding="utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(folder / "kernels")], ensure_native_kernel=False)
    kernel = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    work = folder / "work"
    work.mkdir()
    env = {name: value for name, value in os.environ.items() if name != "DATAPERF_PATH"}
    env |= {
        "DATAPERF_CACHE": str(folder / "cache"),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
    }
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(work)}}
    client = NotebookClient(notebook, km=kernel, timeout=600, resources=resources)
    try:
        return client.execute(env=env)
    finally:
        if kernel.has_kernel:
            kernel.shutdown_kernel(now=True)


def plain(notebook: Any) -> Any:
    """Return a notebook without what differs from run to run or makes it large."""
    notebook.metadata.clear()
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {"name": "python"}
    for place, cell in enumerate(notebook.cells):
        cell["id"], cell["metadata"] = f"cell-{place}", {}
        if cell.cell_type != "code":
            continue
        cell.outputs = _joined(each for each in cell.outputs if each.get("name") != "stderr")
        for output in cell.outputs:
            if "data" in output:
                output["metadata"] = {}
            if "image/png" in output.get("data", {}):
                output["data"]["image/png"] = _smaller(output["data"]["image/png"])
    return notebook


def _joined(outputs: Iterable[Any]) -> list[Any]:
    """Return outputs, what is printed in pieces (chance says where they end) made whole."""
    found: list[Any] = []
    for output in outputs:
        if found and output.output_type == found[-1].output_type == "stream":
            found[-1]["text"] += output["text"]
        else:
            found.append(output)
    return found


def texts(notebook: Any) -> list[str]:
    """Return what every code cell prints and returns as text, in order, comparable.

    Images and HTML are left out, and what every run or version has of its own: seconds, memory,
    times, digests (they cover our code), addresses of objects, and where lines break.
    """
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        kept = [each for each in cell.outputs if each.get("name") != "stderr"]
        words = [each.get("text") or each.get("data", {}).get("text/plain", "") for each in kept]
        found.append(re.sub(OWN, "#", " ".join("".join(words).split())))
    return found


def _smaller(picture: str) -> str:
    from PIL import Image

    drawn = Image.open(io.BytesIO(base64.b64decode(picture)))
    if drawn.mode == "P":  # has been here before
        return picture
    file = io.BytesIO()
    drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        file, format="png", optimize=True
    )
    return base64.b64encode(file.getvalue()).decode()


def main(paths: list[Path]) -> None:
    """Run notebooks and write them where they are."""
    import nbformat

    for path in paths or sorted(FOLDER.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(plain(run(path, Path(folder))), path)


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
