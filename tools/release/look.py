"""Looks into what is published: FOLDER SCALA VERSION."""

import json
import re
import sys
import xml.etree.ElementTree as Xml
import zipfile
from pathlib import Path

MAVEN = "{http://maven.apache.org/POM/4.0.0}"
LICENCES = "META-INF/licenses/"
# What the bill of materials names and the job's jar leaves out: Spark brings it, or, the last, it does nothing where a job runs.
LEFT_OUT = {f"com.fasterxml.jackson.core:jackson-{part}" for part in ("annotations", "core", "databind")} | {
    "org.slf4j:slf4j-api", "commons-codec:commons-codec", "com.google.errorprone:error_prone_annotations"}
OURS = re.compile(r"io/sparkdiffusion/|META-INF/")
# Classes that a job may bring: ours, and those that decision 0019 leaves under their own names.
PACKAGES = re.compile(
    r"(META-INF/versions/\d+/)?(io/sparkdiffusion|ai/djl|com/sun/jna|com/fasterxml/jackson/dataformat/yaml|org/yaml/snakeyaml)/"
)


def check_pom(pom: Path) -> set:
    text = pom.read_text()
    assert "${" not in text, f"{pom} has properties left"
    root = Xml.fromstring(text)
    assert root.find(f"{MAVEN}profiles") is None and root.find(f"{MAVEN}build") is None and root.find(f"{MAVEN}properties") is None
    names = set()
    for dependency in root.iter(f"{MAVEN}dependency"):
        group, name, scope = (dependency.findtext(f"{MAVEN}{part}") for part in ("groupId", "artifactId", "scope"))
        assert scope in ("compile", "runtime", None), (name, scope)
        assert group != "org.apache.spark", name
        names.add(f"{group}:{name}")
    assert {"ai.djl:api", "ai.djl.pytorch:pytorch-native-cpu", "ai.djl.huggingface:tokenizers", "net.java.dev.jna:jna"} <= names, names
    return names


def check_thin(jar: Path) -> None:
    with zipfile.ZipFile(jar) as file:
        names = file.namelist()
        assert all(OURS.match(name) or name == "io/" for name in names), [name for name in names if not OURS.match(name)]
        assert {"META-INF/LICENSE", "META-INF/NOTICE", "io/sparkdiffusion/Main.class"} <= set(names)


def check_job(jar: Path, bill: Path) -> None:
    with zipfile.ZipFile(jar) as file:
        names = file.namelist()
        assert len(names) == len(set(names)), "an entry occurs twice"
        strangers = [name for name in names if name.endswith(".class") and not PACKAGES.match(name)]
        assert not strangers, strangers[:10]
        assert "Main-Class: io.sparkdiffusion.Main" in file.read("META-INF/MANIFEST.MF").decode()
        assert b"Apache License" in file.read("META-INF/LICENSE")
        notice = file.read("META-INF/NOTICE").decode()
        assert "Spark Diffusion" in notice and "Apache Commons Compress" in notice and "Jackson" in notice, notice
        assert {f"{LICENCES}{name}.txt" for name in ("libtorch", "libgomp", "mkl")} <= set(names)
        listed = set(re.findall(r"^([\w.-]+:[\w.-]+)\s", file.read(f"{LICENCES}THIRD-PARTY.txt").decode(), re.M))
    components = {f"{part['group']}:{part['name']}" for part in json.loads(bill.read_text())["components"]}
    inside = components - LEFT_OUT
    assert inside <= listed, f"not in src/licenses/THIRD-PARTY.txt: {sorted(inside - listed)}"
    assert listed <= components, f"in src/licenses/THIRD-PARTY.txt, not in the jar: {sorted(listed - components)}"
    print(f"The job's jar has {len(inside)} artifacts of others, all with their licences: {jar.stat().st_size / 1e6:.0f} MB")


def main(folder: str, scala: str, version: str) -> None:
    base = Path(folder) / f"spark-diffusion_{scala}-{version}"
    files = {kind: Path(f"{base}{kind}") for kind in (".pom", ".jar", "-job.jar", "-sources.jar", "-javadoc.jar", "-cyclonedx.json")}
    missing = [str(file) for file in files.values() if not file.is_file()]
    assert not missing, missing
    needed = check_pom(files[".pom"])
    check_thin(files[".jar"])
    check_job(files["-job.jar"], files["-cyclonedx.json"])
    with zipfile.ZipFile(files["-sources.jar"]) as file:
        assert "io/sparkdiffusion/Main.java" in file.namelist()
    with zipfile.ZipFile(files["-javadoc.jar"]) as file:
        assert "io/sparkdiffusion/spark/ml/TextToImage.html" in file.namelist()
    print(f"The pom names {len(needed)} artifacts and no Spark: {', '.join(sorted(needed))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
