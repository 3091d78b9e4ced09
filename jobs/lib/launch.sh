# What the launchers share; needs $project, the root of the checkout.

say() { printf '%s\n' "$*" >&2; }

source "$(dirname "${BASH_SOURCE[0]}")/build.sh"

java_command() {
  if [[ -n "${JAVA_HOME:-}" ]]; then printf '%s' "$JAVA_HOME/bin/java"; else printf 'java'; fi
}

# glibc keeps what large tensors leave: the kernel clears fresh memory page by page, a fourth of the VAE's time. Freed small pieces
# are joined at once, so that the UNet's weights fit where the text encoder's were (docs/kernels.md).
printf -v tunables ':glibc.malloc.%s' arena_max=1 mmap_threshold=1073741824 trim_threshold=536870912 tcache_count=0 mxfast=0
export GLIBC_TUNABLES="${GLIBC_TUNABLES:-${tunables#:}}"

# CUDA counts the fastest GPU first, nvidia-smi and Spark's discovery script count by the bus.
export CUDA_DEVICE_ORDER="${CUDA_DEVICE_ORDER:-PCI_BUS_ID}"

# The JVM's optimising compiler waits until code has run a hundred times longer than usual: what it does in a job's first minute
# it does on libtorch's cores (docs/kernels.md).
compiler_options=(-XX:+IgnoreUnrecognizedVMOptions -XX:Tier4InvocationThreshold=500000 -XX:Tier4MinInvocationThreshold=60000
  -XX:Tier4CompileThreshold=1500000 -XX:Tier4BackEdgeThreshold=4000000)

# Splits "$@" at the first -- into the arrays ours and sparks; key=value pairs go to overrides.
split_arguments() {
  ours=() overrides=() sparks=()
  while (($# > 0)); do
    case "$1" in
      --) shift; sparks=("$@"); return ;;
      -*) ours+=("$1") ;;
      *=*) overrides+=("$1") ;;
      *) ours+=("$1") ;;
    esac
    shift
  done
}

# chosen OPTION SETTING: the value of one of Spark's options, such as --master or spark.master, or nothing.
chosen() {
  local previous="" option
  for option in ${sparks[@]+"${sparks[@]}"}; do
    if [[ "$previous" == "$1" ]]; then printf '%s' "$option"; return; fi
    case "$option" in
      "$1"=*) printf '%s' "${option#"$1"=}"; return ;;
      "$2"=* | --conf="$2"=*) printf '%s' "${option#*"$2"=}"; return ;;
    esac
    previous="$option"
  done
}

# What Spark would refuse with a stack trace, or take and do nothing.
refuse_unusable_options() {
  if [[ "$mode" == cluster && "$master" != yarn ]]; then
    say "Cannot use --deploy-mode cluster: it must go with --master yarn, elsewhere the driver runs on this machine; leave the option" \
      "out, on Kubernetes take jobs/schedules/kubernetes/submit (--master ${master:-not set})"
    exit 2
  fi
  if [[ "$master" == yarn && -z "${HADOOP_CONF_DIR:-}${YARN_CONF_DIR:-}" ]]; then
    say "Cannot use --master yarn: HADOOP_CONF_DIR or YARN_CONF_DIR must name the folder of the cluster's configuration (neither is set)"
    exit 2
  fi
  if [[ "$master" == yarn ]] && ! compgen -G "${SPARK_HOME:-}/jars/spark-yarn_*.jar" > /dev/null; then
    say "Cannot use --master yarn: SPARK_HOME must name a Spark that has jars/spark-yarn_*.jar (${SPARK_HOME:-not set})"
    exit 2
  fi
}

# The overrides may hold prompts and tokens, so they stay off every process's command line: they go through a
# file that only the user can read, which is unlinked before the job starts and read from a descriptor.
open_overrides() {
  local file
  file="$(umask 077 && mktemp "${TMPDIR:-/tmp}/spark-diffusion.XXXXXXXX")"
  if ((${#overrides[@]} > 0)); then printf '%s\0' "${overrides[@]}" > "$file"; fi
  exec 9< "$file"
  rm -f "$file"
}

# Makes $local_dir for Spark's blocks on this machine, which hold prompts and which Spark makes readable for everybody: a folder that
# only this user can look into. The JVM that this process becomes holds its lock and removes it at its end; what a killed one has left
# goes with the next. A folder is called so only once it is locked. Nothing is made where the user has chosen a place.
make_local_dir() {
  local parent="${TMPDIR:-/tmp}" made left
  local_dir=""
  if [[ -n "${SPARK_LOCAL_DIRS:-}" || "${sparks[*]-}" == *spark.local.dir=* || "$parent" == *,* ]]; then return; fi
  if command -v flock > /dev/null; then
    for left in "$parent"/spark-diffusion-local.*; do
      if [[ -f "$left/lock" && ! -L "$left" && -O "$left" ]]; then flock -n "$left/lock" rm -rf "$left" || true; fi
    done
  fi
  made="$(mktemp -d "$parent/spark-diffusion-made.XXXXXXXX")"
  exec 8> "$made/lock"
  if command -v flock > /dev/null; then flock -n 8; fi
  local_dir="${made/spark-diffusion-made./spark-diffusion-local.}"
  mv "$made" "$local_dir"
}

# launch CLASS ARGUMENT...: replaces this process by Spark's submit class running CLASS.
launch() {
  local main_class="$1" jar master mode local_dir="" overrides_file=/dev/fd/9
  shift
  split_arguments "$@"
  master="$(chosen --master spark.master)"
  mode="$(chosen --deploy-mode spark.submit.deployMode)"
  refuse_unusable_options
  choose_scala
  build_if_needed
  jar="$(job_jar)"
  open_overrides

  local submit=(--class "$main_class" --name spark-diffusion)
  if [[ -z "$master" && -z "${SPARK_HOME:-}" ]]; then master='local[1]'; fi
  if [[ "$master" == local* ]]; then
    export SPARK_LOCAL_IP="${SPARK_LOCAL_IP:-127.0.0.1}"
    submit+=(--master "$master" --driver-memory 2g --conf spark.ui.enabled=false)
    make_local_dir
    if [[ -n "$local_dir" ]]; then submit+=(--conf "spark.local.dir=$local_dir"); fi
  fi
  submit+=(--conf spark.executorEnv.RUST_FLAVOR=cpu --conf spark.executorEnv.OPT_OUT_TRACKING=true)
  submit+=(--conf "spark.executorEnv.CUDA_DEVICE_ORDER=$CUDA_DEVICE_ORDER")
  submit+=(--conf "spark.executorEnv.GLIBC_TUNABLES=$GLIBC_TUNABLES" --conf "spark.executor.defaultJavaOptions=${compiler_options[*]}")
  submit+=(--conf spark.ui.showConsoleProgress=false)
  if [[ "$mode" == cluster ]]; then equip_driver; fi
  submit+=(${sparks[@]+"${sparks[@]}"})
  if [[ "$mode" == cluster ]]; then send_along; fi
  submit+=("$(application)" ${ours[@]+"${ours[@]}"} --overrides-file "$overrides_file")

  export RUST_FLAVOR=cpu OPT_OUT_TRACKING=true
  local options="-Dlog4j2.configurationFile=\"file:$project/jobs/lib/log4j2.properties\" -Dai.djl.offline=true ${compiler_options[*]}"
  if [[ -n "$local_dir" ]]; then options+=" -Dsparkdiffusion.local.dir=\"$local_dir\""; fi
  if [[ -t 2 ]]; then options+=" -Dsparkdiffusion.terminal=true"; fi
  export SPARK_SUBMIT_OPTS="$options ${SPARK_SUBMIT_OPTS:-}"

  if [[ "$mode" == cluster ]]; then exec_on_yarn "${submit[@]}"; fi
  if [[ -n "${SPARK_HOME:-}" ]]; then exec "$SPARK_HOME/bin/spark-submit" "${submit[@]}"; fi
  exec_own_spark "${submit[@]}"
}

# What the driver has from this process where it runs here; the user's own options come later and win.
equip_driver() {
  submit+=(--conf spark.yarn.appMasterEnv.RUST_FLAVOR=cpu --conf spark.yarn.appMasterEnv.OPT_OUT_TRACKING=true)
  submit+=(--conf "spark.yarn.appMasterEnv.CUDA_DEVICE_ORDER=$CUDA_DEVICE_ORDER")
  submit+=(--conf "spark.yarn.appMasterEnv.GLIBC_TUNABLES=$GLIBC_TUNABLES")
  submit+=(--conf "spark.driver.defaultJavaOptions=-Dai.djl.offline=true ${compiler_options[*]}")
}

# A driver that YARN runs has none of this machine's files: the configuration, the overrides and how to log go with the application,
# through a folder that only this user can read. Log4j and Spark find them by their names in the driver's working directory.
send_along() {
  local files="file:/dev/fd/9#overrides,file:/dev/fd/7#log4j2.properties" name theirs
  overrides_file=overrides
  exec 7< "$project/jobs/lib/log4j2.properties"
  if ((${#ours[@]} > 0)) && [[ -f "${ours[0]}" && -r "${ours[0]}" ]]; then
    exec 6< "${ours[0]}"
    name="${ours[0]##*/}"
    ours[0]="${name//[^A-Za-z0-9._-]/_}"
    files+=",file:/dev/fd/6#${ours[0]}"
  fi
  theirs="$(chosen spark.yarn.dist.files spark.yarn.dist.files)"
  submit+=(--conf "spark.yarn.dist.files=$files${theirs:+,$theirs}")
}

# Replaces this process by Spark's submit class as $SPARK_HOME/bin/spark-submit does, but started through one of ours, which ends with
# the application's last line and exit code.
exec_on_yarn() {
  set +eu
  source "$SPARK_HOME/bin/load-spark-env.sh"
  set -eu
  exec_submit "$jar" "$@"
}

# What is submitted. On one machine the jar is on the class path: Spark would hand it to itself, 120 MB, over a socket.
application() {
  if [[ -z "${SPARK_HOME:-}" && ("$master" == local || "$master" == local\[*) ]]; then
    printf spark-internal
  else
    printf '%s' "$jar"
  fi
}

# The submitting process's command line as the launcher of $SPARK_HOME prints it, as for bin/spark-submit: a line that holds a NUL
# character, then the parts, each ended by one.
spark_command() {
  "$(java_command)" -Xmx128m -XX:TieredStopAtLevel=1 -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main \
    org.apache.spark.deploy.SparkSubmit "$@"
}

exec_own_spark() {
  export SPARK_HOME="$project/target/spark" SPARK_SCALA_VERSION=2.12
  # Behind Spark's own jars, as on a cluster.
  export SPARK_DIST_CLASSPATH="${SPARK_DIST_CLASSPATH:+$SPARK_DIST_CLASSPATH:}$(job_jar)"
  exec_submit "" "$@"
}

# exec_submit JAR OPTION...: with the jar on the submitting process's class path, where one is given.
exec_submit() {
  local added="$1" command=() part previous=""
  shift
  {
    read -r part || true
    while IFS= read -r -d '' part; do
      if [[ "$previous" == -cp && -n "$added" ]]; then part+=":$added"; fi
      previous="$part"
      command+=("${part/#org.apache.spark.deploy.SparkSubmit/io.sparkdiffusion.cli.Submit}")
    done
  } < <(spark_command "$@")
  if ((${#command[@]} == 0)); then exit 2; fi
  exec "${command[@]}"
}

# What Spark needs from a JDK 17 (org.apache.spark.launcher.JavaModuleOptions).
session_options=(-Dlog4j2.configurationFile="file:$project/jobs/lib/log4j2.properties")
for part in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent \
    java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar; do
  session_options+=("--add-opens=java.base/$part=ALL-UNNAMED")
done

# run_beside_spark CLASS ARGUMENT...: replaces this process by a class that needs Spark's jars, and starts a session at most for a
# table of prompts.
run_beside_spark() {
  build_if_needed
  run_java "$(job_jar):$project/target/spark/jars/*" "${session_options[@]}" "$@"
}

# run_without_spark CLASS ARGUMENT...: the same for a class that needs only JSON and logging of them. Whoever looks for a native
# library opens every jar of the class path.
run_without_spark() {
  build_if_needed
  local jar class_path
  class_path="$(job_jar)"
  for jar in "$project"/target/spark/jars/{jackson-core,slf4j-api,log4j-api,log4j-slf4j2-impl}-[0-9]*.jar; do
    class_path+=":$jar"
  done
  run_java "$class_path" "$@"
}

# run_java CLASS_PATH CLASS ARGUMENT...: Log4j's own simple logger is ready in half of the time that its configuration takes, and
# these classes log nothing but libraries' warnings. Their heap is small: the serial collector takes 60 MB less beside it, and a young
# generation of 40 MB holds most of what the start leaves behind.
run_java() {
  local class_path="$1"
  shift
  exec "$(java_command)" -XX:+UseSerialGC -Xms64m -Xmn40m -Xmx1g "${compiler_options[@]}" \
    -Dlog4j2.loggerContextFactory=org.apache.logging.log4j.simple.SimpleLoggerContextFactory \
    -Dorg.apache.logging.log4j.simplelog.level=WARN \
    -Dorg.apache.logging.log4j.simplelog.org.apache.hadoop.util.NativeCodeLoader.level=ERROR \
    -cp "$class_path" "$@"
}
