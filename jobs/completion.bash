# Completes jobs/generate, jobs/inspect and jobs/check in bash: source jobs/completion.bash
# In zsh first: autoload -U +X compinit bashcompinit && compinit && bashcompinit
# Written by: jobs/generate --completion > jobs/completion.bash

_spark_diffusion_keys='prompt=
prompts=
prompts_format=
prompts_options=
id_column=
prompt_column=
ignore_columns=
negative_prompt=
prompt_syntax=
clip_skip=
num_images=
seed=
init_image=
init_image_sha256=
mask_image=
mask_image_sha256=
depth_image=
depth_image_sha256=
init_image_fit=
control_image=
control_image_sha256=
control_image_2=
control_image_2_sha256=
control_image_3=
control_image_3_sha256=
control_preprocessor=
num_inference_steps=
guidance_scale=
guidance_rescale=
scheduler=
eta=
vae_tiling=
strength=
noise_level=
controlnet_conditioning_scale=
control_guidance_start=
control_guidance_end=
diffusion_scheduler_config=
resolution=
height=
width=
pretrained_model_name_or_path=
model_digest=
model_cache_dir=
revision=
from_pt=
variant=
loras=
lora_unmatched=
embeddings=
controlnets=
hf_access_token=
device=
libtorch_path=
weights_dtype=
activations_dtype=
per_device_batch_size=
price_per_device_hour=
run_name=
output_dir=
output_table=
output_format=
overwrite=
max_failed_rows=
commit_group_images=
output_commit=
png_parameters=
png_ai_mark=
gallery='

# _spark_diffusion_values KEY: the values that a key can have, one a line.
_spark_diffusion_values() {
  case "$1" in
    prompts_format) printf '%s\n' auto parquet csv tsv json txt table ;;
    prompt_syntax) printf '%s\n' plain a1111 ;;
    init_image_fit) printf '%s\n' exact resize crop ;;
    scheduler) printf '%s\n' ddim ddpm pndm euler euler_a heun lms dpm2 dpm2_a dpm++_2m dpm++_2m_sde dpm++_2s unipc deis lcm tcd model ;;
    vae_tiling) printf '%s\n' auto on off ;;
    from_pt) printf '%s\n' true false ;;
    lora_unmatched) printf '%s\n' refuse ignore ;;
    device) printf '%s\n' auto cpu cuda ;;
    weights_dtype) printf '%s\n' auto float32 bfloat16 float16 ;;
    activations_dtype) printf '%s\n' auto float32 bfloat16 float16 ;;
    per_device_batch_size) printf '%s\n' auto ;;
    output_format) printf '%s\n' parquet png both ;;
    overwrite) printf '%s\n' nothing images everything ;;
    output_commit) printf '%s\n' auto rename manifest ;;
    png_parameters) printf '%s\n' true false ;;
    png_ai_mark) printf '%s\n' true false ;;
    gallery) printf '%s\n' true false ;;
  esac
}

# _spark_diffusion_files PREFIX PATTERN: folders, with a slash, and files whose names fit, with a space behind.
_spark_diffusion_files() {
  local file
  compgen -f -- "$1" | sort | while IFS= read -r file; do
    if [[ -d "$file" ]]; then
      printf '%s/\n' "$file"
    elif [[ "$file" =~ $2 ]]; then
      printf '%s \n' "$file"
    fi
  done
}

# _spark_diffusion_value KEY PREFIX: values of a key, else files.
_spark_diffusion_value() {
  local values value
  values="$(_spark_diffusion_values "$1")"
  if [[ -z "$values" ]]; then
    case "$1" in
      prompts | output_dir | pretrained_model_name_or_path | model_cache_dir) _spark_diffusion_files "$2" '.' ;;
    esac
    return
  fi
  while IFS= read -r value; do
    if [[ "$value" == "$2"* ]]; then printf '%s \n' "$value"; fi
  done <<< "$values"
}

# _spark_diffusion_words PREFIX WORDS END: those of the words that begin so, each with what comes behind it.
_spark_diffusion_words() {
  local word
  while IFS= read -r word; do
    if [[ -n "$word" && "$word" == "$1"* ]]; then printf '%s%s\n' "$word" "$3"; fi
  done <<< "$2"
}

# bash splits words at '=', zsh does not: what is to be completed is the part behind it, or the whole word.
_spark_diffusion_generate() {
  local current="${COMP_WORDS[COMP_CWORD]}" before="" key="" head="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ "${COMP_WORDS[i]}" == -- ]]; then return; fi # Spark's options
  done
  if ((COMP_CWORD > 0)); then before="${COMP_WORDS[COMP_CWORD - 1]}"; fi
  if [[ "$before" == = ]]; then
    key="${COMP_WORDS[COMP_CWORD - 2]}"
  elif [[ "$current" == = ]]; then
    key="$before" current=""
  elif [[ "$current" == *=* && "$current" != -* ]]; then
    key="${current%%=*}" head="${current%%=*}=" current="${current#*=}"
  fi
  if [[ -n "$key" ]]; then
    _spark_diffusion_value "$key" "$current" | while IFS= read -r i; do printf '%s%s\n' "$head" "$i"; done
  elif [[ "$current" == -* ]]; then
    _spark_diffusion_words "$current" '--overrides-file
--dry-run
--version
--verbose
--stacktrace
--help' ' '
  elif ((COMP_CWORD == 1)); then
    if [[ -z "$current" ]]; then
      for i in configs/*.yml; do if [[ -f "$i" ]]; then printf '%s \n' "$i"; fi; done
    fi
    _spark_diffusion_files "$current" '\.ya?ml$'
  else
    _spark_diffusion_words "$current" "$_spark_diffusion_keys" ''
  fi
}

_spark_diffusion_inspect() {
  local current="${COMP_WORDS[COMP_CWORD]}"
  if [[ "$current" == -* ]]; then
    _spark_diffusion_words "$current" '--model
--init-image
--mask-image
--depth-image
--control-image
--control-image-2
--control-image-3
--again
--help' ' '
  else
    _spark_diffusion_files "$current" '\.png$'
  fi
}

_spark_diffusion_check() {
  local current="${COMP_WORDS[COMP_CWORD]}"
  if [[ "$current" == -* ]]; then
    _spark_diffusion_words "$current" '--revision
--variant
--loras
--embeddings
--controlnets
--write-manifest
--no-digests
--help' ' '
  else
    _spark_diffusion_files "$current" '\.(safetensors|ckpt|parquet|csv|tsv|txt|jsonl?|ndjson)$'
  fi
}

_spark_diffusion() {
  local IFS=$'\n'
  case "${COMP_WORDS[0]##*/}" in
    generate) COMPREPLY=($(_spark_diffusion_generate)) ;;
    inspect) COMPREPLY=($(_spark_diffusion_inspect)) ;;
    check) COMPREPLY=($(_spark_diffusion_check)) ;;
  esac
}

complete -o nospace -F _spark_diffusion generate inspect check
