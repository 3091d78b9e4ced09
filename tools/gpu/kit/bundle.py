"""The bundle that tools/gpu/prepare made."""

import sys
import tarfile
from pathlib import Path


class BundleError(Exception):
    """Why a bundle cannot be used."""


def unpacked(bundle: Path, temporary: Path) -> Path:
    """The folder of a bundle, which is unpacked where it is not yet."""
    if bundle.is_dir():
        return checked(bundle)
    if not bundle.exists():
        raise BundleError(f"the bundle must be there ({bundle}); tools/gpu/prepare makes it on a machine with a JDK, --bundle names it")
    try:
        with tarfile.open(bundle) as archive:
            if sys.version_info >= (3, 12):
                archive.extractall(temporary, filter="data")
            else:
                archive.extractall(temporary)  # noqa: S202, our own
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BundleError(f"the bundle must be whole ({bundle}: {error})") from error
    return checked(temporary / "gpu-kit")


def checked(folder: Path) -> Path:
    if not (folder / "bundle.json").exists():
        raise BundleError(f"the bundle must have a bundle.json ({folder})")
    return folder


def offer_packages(folder: Path) -> None:
    """diffusers and what else of Python this machine may lack, behind what it has."""
    packages = str(folder / "packages")
    if packages not in sys.path:
        sys.path.append(packages)
