"""Runs a notebook top to bottom in a fresh kernel: NOTEBOOK RESULT. What programs say on stderr is left out; an error ends it."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def main(source, result):
    notebook = nbformat.read(source, as_version=4)
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(Path(source).parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata.pop("language_info", None)
    nbformat.write(notebook, result)


if __name__ == "__main__":
    main(*sys.argv[1:])
