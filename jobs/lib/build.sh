# Builds the job on first use and shows how far that is; needs $project and say.

# Where Maven keeps what it downloads, and about how much the job takes of it.
repository="$HOME/.m2/repository"
download_mb=430

# The line of Scala that the job is built for: 2.12 is Spark 3.5's, which the build brings, 2.13 Spark 4's.
scala=2.12

# The line of the Spark that SPARK_HOME names, if any.
choose_scala() {
  if [[ -n "${SPARK_HOME:-}" ]] && compgen -G "$SPARK_HOME/jars/scala-library-2.13.*.jar" > /dev/null; then scala=2.13; fi
}

# The jar of the job, or nothing where it is not built.
job_jar() { find "$project/target" -maxdepth 1 -name "spark-diffusion_$scala-*-job.jar" -print -quit 2>/dev/null || true; }

# The job's jar and, beside it, Spark's own jars: made on first use and whenever a source is newer.
build_if_needed() {
  local jar
  jar="$(job_jar)"
  if [[ -n "$jar" && ($scala == 2.13 || -d "$project/target/spark/jars") ]] \
      && [[ -z "$(find "$project/pom.xml" "$project/src/main" -newer "$jar" -print -quit)" ]]; then
    return
  fi
  require_may_build
  build
}

# A schedule's run builds nothing: what it starts is what somebody has built and seen.
require_may_build() {
  if [[ "${SPARK_DIFFUSION_BUILD:-}" == never ]]; then
    say "Cannot start: the job must be built, and since its last change, as SPARK_DIFFUSION_BUILD=never forbids it now; build it with" \
      "./mvnw -P$(build_profiles) package"
    exit 2
  fi
}

build_profiles() { if [[ $scala == 2.13 ]]; then printf quick,spark-4; else printf quick; fi; }

# Without the tests and what only they need.
build() {
  local log="$project/target/build.log" begun=$SECONDS
  mkdir -p "$project/target"
  if compgen -G "$repository/ai/djl/pytorch/pytorch-native-*/*/*.jar" > /dev/null; then
    download_mb=0
    say "Building the job, which takes a minute or two; later runs start at once."
  else
    say "Building the job, once: about $download_mb MB are downloaded into ~/.m2, then it is compiled, which takes a minute or" \
      "two. All takes 1 GB of disk. Later runs start at once."
  fi
  if ! (cd "$project" && ./mvnw -P"$(build_profiles)" -Dmaven.test.skip -Dstyle.color=never package 2>&1) | show_build "$log"; then
    grep '^\[ERROR\] .' "$log" | head -5 >&2 || true
    say "Cannot build the job: Maven must end well ($log says more)"
    exit 1
  fi
  share_jars
  say "Built in $((SECONDS - begun)) s."
}

# Keeps what Maven says in a file and shows one line of it: on a terminal drawn over itself, in a log every quarter of a minute.
show_build() {
  local log="$1" text="" piece line state doing="Maven begins"
  local -i loaded_kb=0 underway_kb=0 kilobytes=0 started=SECONDS shown=SECONDS
  # bash 3.2, which a Mac has, cannot read what has no end of line: there it goes to the file alone.
  if ((BASH_VERSINFO[0] < 4)); then cat > "$log"; return; fi
  : > "$log"
  while :; do
    state=0
    IFS= read -r -t 1 -N 2048 piece || state=$?
    text+="${piece//$'\r'/$'\n'}"
    while [[ "$text" == *$'\n'* ]]; do
      line="${text%%$'\n'*}"
      text="${text#*$'\n'}"
      read_build_line "$line"
    done
    show_build_state
    if ((state > 0 && state <= 128)); then break; fi
  done
  printf '%s\n' "$text" >> "$log"
  if [[ -t 2 ]]; then printf '\r\e[K' >&2; fi
}

# One line of Maven's, which may be padded with blanks.
read_build_line() {
  local line="$1"
  if [[ "$line" == "Progress ("* ]]; then
    underway_kb=0
    while [[ "$line" =~ ([0-9]+)(\.([0-9]))?(/[0-9.]+)?\ (B|kB|MB|GB) ]]; do
      line="${line#*"${BASH_REMATCH[0]}"}"
      to_kilobytes "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]:-0}" "${BASH_REMATCH[5]}"
      underway_kb+=kilobytes
    done
    return
  fi
  printf '%s\n' "$line" >> "$log"
  if [[ "$line" =~ ^(\[INFO\]\ )?Downloaded\ from\ .*\(([0-9]+)(\.([0-9]))?\ (B|kB|MB|GB)\ at ]]; then
    to_kilobytes "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]:-0}" "${BASH_REMATCH[5]}"
    loaded_kb+=kilobytes
    underway_kb=0
  elif [[ "$line" =~ ^\[INFO\]\ ---\ ([a-z-]+):[^:]*:([a-z-]+) ]]; then
    case "${BASH_REMATCH[1]}:${BASH_REMATCH[2]}" in
      compiler:compile) doing="compiling" ;;
      shade:shade) doing="packing" ;;
      dependency:*) doing="copying Spark's jars" ;;
      *) doing="preparing" ;;
    esac
  fi
}

# to_kilobytes WHOLE TENTH UNIT: sets kilobytes.
to_kilobytes() {
  case "$3" in
    B) kilobytes=0 ;;
    kB) kilobytes=$1 ;;
    MB) kilobytes=$(($1 * 1000 + $2 * 100)) ;;
    GB) kilobytes=$(($1 * 1000000 + $2 * 100000)) ;;
  esac
}

show_build_state() {
  local seconds=$((SECONDS - started)) mb=$(((loaded_kb + underway_kb) / 1000)) loaded=""
  if ((mb > 0)); then
    loaded="$mb MB downloaded, "
    if ((download_mb > mb)); then loaded="$mb of about $download_mb MB downloaded, "; fi
  fi
  if [[ -t 2 ]]; then
    printf '\r\e[K  %s: %s%d s' "$doing" "$loaded" "$seconds" >&2
  elif ((SECONDS - shown >= 15)); then
    shown=SECONDS
    say "  $doing: $loaded$seconds s"
  fi
}

# Spark's jars are those in Maven's repository: on one disk they need to be there once only.
share_jars() {
  local twin jar
  while IFS= read -r twin; do
    jar="$project/target/spark/jars/${twin##*/}"
    if [[ -f "$jar" && ! "$jar" -ef "$twin" ]] && cmp -s "$twin" "$jar" && ln "$twin" "$jar.same" 2> /dev/null; then
      mv -f "$jar.same" "$jar"
    fi
  done < <(find "$repository" -name '*.jar' -type f 2> /dev/null)
}
