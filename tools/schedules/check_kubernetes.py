"""Checks jobs/schedules/kubernetes: the operator's files against the classes of Kubeflow's Spark operator, which have a field for
each of its API's, the others against the schemas of Kubernetes, unknown fields refused:

    python tools/schedules/check_kubernetes.py

With the operator's two published definitions as arguments (config/crd/bases/*.yaml of kubeflow/spark-operator) it checks against
their schemas as well, as an API server would with strict field validation.
"""

import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml
from kubeflow_spark_api import models

FOLDER = Path(__file__).parents[2] / "jobs/schedules/kubernetes"
KUBERNETES = ("1.31", "1.37")
CLASSES = {
    "SparkApplication": models.SparkV1beta2SparkApplication,
    "ScheduledSparkApplication": models.SparkV1beta2ScheduledSparkApplication,
}


def differences(given, kept, path="$"):
    """What of a file its class did not keep: fields that it does not know."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            yield from differences(value, kept[key], f"{path}.{key}") if key in kept else [f"{path}.{key}: no such field"]
    elif isinstance(given, list) and isinstance(kept, list):
        for i, (one, other) in enumerate(zip(given, kept)):
            yield from differences(one, other, f"{path}[{i}]")
    elif given != kept:
        yield f"{path}: {given!r} became {kept!r}"


def strict(schema):
    """The schema with unknown fields refused, as strict field validation does."""
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)
    return schema


def check(file, resource, definitions):
    kind = resource["kind"]
    if kind not in CLASSES:
        for version in KUBERNETES:
            kubernetes_validate.validate(resource, version, strict=True)
        print(f"{file.name}: {kind} fits Kubernetes {' and '.join(KUBERNETES)}")
        return
    kept = CLASSES[kind].model_validate(resource).model_dump(by_alias=True, exclude_none=True, mode="json")
    problems = list(differences(resource, kept))
    if kind in definitions:
        schema = definitions[kind]
        schema["properties"]["metadata"] = {"type": "object"}
        problems += [f"{e.json_path}: {e.message}" for e in jsonschema.Draft202012Validator(schema).iter_errors(resource)]
    assert not problems, f"{file.name}: {problems}"
    print(f"{file.name}: fits the operator's {'classes and schema' if kind in definitions else 'classes'}")


def main(paths):
    crds = [yaml.safe_load(Path(path).read_text()) for path in paths]
    definitions = {
        crd["spec"]["names"]["kind"]: strict(version["schema"]["openAPIV3Schema"])
        for crd in crds
        for version in crd["spec"]["versions"]
        if version["name"] == "v1beta2"
    }
    files = sorted(FOLDER.glob("*.yml"))
    assert len(files) == 6, files
    for file in files:
        for resource in yaml.safe_load_all(file.read_text()):
            check(file, resource, definitions)


if __name__ == "__main__":
    main(sys.argv[1:])
