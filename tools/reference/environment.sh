# Sets PYTHON to an interpreter with the packages pinned in requirements.txt beside the script that sources this.
# The virtual environment is made in .work on first use.
if [[ -z "${PYTHON:-}" ]]; then
  environment="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.work/$(basename "$here")-venv"
  if [[ ! -f "$environment/complete" ]]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install -q -r "$here/requirements.txt"
    touch "$environment/complete"
  fi
  PYTHON="$environment/bin/python"
fi
export PYTHON HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error PYTHONDONTWRITEBYTECODE=1
