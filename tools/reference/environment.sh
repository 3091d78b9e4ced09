# Sets PYTHON to an interpreter with the pinned packages. Sourced by `run` and `full_size`.
if [[ -z "${PYTHON:-}" ]]; then
  environment="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.work/reference-venv"
  if [[ ! -f "$environment/complete" ]]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install -q -r "$(dirname "${BASH_SOURCE[0]}")/requirements.txt"
    touch "$environment/complete"
  fi
  PYTHON="$environment/bin/python"
fi
export PYTHON HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error PYTHONDONTWRITEBYTECODE=1
