"""Runs a notebook top to bottom in a fresh kernel: NOTEBOOK RESULT. What programs say on stderr is left out, and images are kept as
JPEG where that is smaller; an error ends it."""

import base64
import io
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image


def as_jpeg(png):
    """The same image in base64, as a web page has it."""
    packed = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").save(packed, "jpeg", quality=90, subsampling=0, optimize=True)
    return base64.b64encode(packed.getvalue()).decode()


def tidy(cell):
    cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    for output in cell.outputs:
        png = output.get("data", {}).get("image/png", "")
        if png and len(jpeg := as_jpeg(png)) < len(png):
            del output.data["image/png"]
            output.data["image/jpeg"] = jpeg


def main(source, result):
    notebook = nbformat.read(source, as_version=4)
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(Path(source).parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day
        if cell.cell_type == "code":
            tidy(cell)
    notebook.metadata.pop("language_info", None)
    nbformat.write(notebook, result)


if __name__ == "__main__":
    main(*sys.argv[1:])
