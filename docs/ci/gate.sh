#!/usr/bin/env bash
# Runs the gate once for each output that was asked for, and ends with the exit code of the first run:
# 0 passed, 1 failed, 2 could not answer, 3 not comparable.
#
#   gate.sh github|gitlab|plain
#
# Everything comes in as variables, never as shell: PLANSCOPE_AGAINST (needed), PLANSCOPE_BASELINE,
# PLANSCOPE_QUERIES, PLANSCOPE_FAIL_ON, PLANSCOPE_INJECT, PLANSCOPE_SARIF, PLANSCOPE_JUNIT,
# PLANSCOPE_COMMENT, PLANSCOPE_QUALITY, PLANSCOPE_ARGS, PLANSCOPE (the program).
set -uo pipefail

where="${1:-plain}"
program="${PLANSCOPE:-planscope}"
if [ -z "${PLANSCOPE_AGAINST:-}" ]; then
  echo "gate.sh: PLANSCOPE_AGAINST is empty: it names the database that has the plans" >&2
  exit 2
fi

args=(diff "${PLANSCOPE_BASELINE:-plans}" --against "$PLANSCOPE_AGAINST")
read -r -a queries <<<"${PLANSCOPE_QUERIES:-}"
for path in ${queries[@]+"${queries[@]}"}; do
  args+=(--queries "$path")
done
if [ -n "${PLANSCOPE_FAIL_ON:-}" ]; then args+=(--fail-on "$PLANSCOPE_FAIL_ON"); fi
read -r -a more <<<"${PLANSCOPE_ARGS:-}"
args+=(${more[@]+"${more[@]}"})

# The statistics are written once; they stay for the runs after the first.
first=("${args[@]}")
if [ -n "${PLANSCOPE_INJECT:-}" ]; then first+=(--inject-stats "$PLANSCOPE_INJECT"); fi

case "$where" in
  github) "$program" "${first[@]}" --format github ;;
  *) "$program" "${first[@]}" ;;
esac
code=$?

# A run that could not answer has nothing to write.
if [ "$code" -ne 2 ]; then
  render() {
    local file="$1" format="$2"
    if [ -n "$file" ]; then
      mkdir -p "$(dirname "$file")"
      "$program" "${args[@]}" --quiet --format "$format" >"$file" || true
    fi
  }
  render "${PLANSCOPE_SARIF:-}" sarif
  render "${PLANSCOPE_JUNIT:-}" junit
  render "${PLANSCOPE_QUALITY:-}" gitlab
  render "${PLANSCOPE_COMMENT:-}" markdown
  render "${GITHUB_STEP_SUMMARY:+$GITHUB_STEP_SUMMARY.planscope}" markdown
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$GITHUB_STEP_SUMMARY.planscope" >>"$GITHUB_STEP_SUMMARY"
    rm -f "$GITHUB_STEP_SUMMARY.planscope"
  fi
fi

case "$code" in
  0) verdict=passed ;;
  1) verdict=failed ;;
  3) verdict=not-comparable ;;
  *) verdict=error ;;
esac
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  printf 'verdict=%s\nexit-code=%s\n' "$verdict" "$code" >>"$GITHUB_OUTPUT"
fi
exit "$code"
