# shellcheck shell=bash
# What script/demo shows, one act after the other. Sourced by it, after script/shop/stage.sh.

# The value of the first series on /metrics whose name and labels match a regular expression from their beginning on.
# Reads all of the page, because curl takes it for an error when nobody does.
metric() {
  curl -sf "$url/metrics" | awk -v series="^$1[ ,{}]" '!found && $0 ~ series { print $NF; found = 1 } END { exit !found }'
}
# metric_is SERIES CONDITION: the value as an awk expression of v.
metric_is() { awk -v v="$(metric "$1")" "BEGIN { exit !(v != \"\" && ($2)) }"; }
received() { grep -qE "^[0-9:]+ +$1" "$folder/receiver.log"; }

# verify WHAT COMMAND…: notes whether the command succeeds.
verify() {
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then what="  ok      $what"; else
    what="  FAILED  $what"
    failed=1
  fi
  echo "$what" | tee -a "$folder/checked" >&2
}

excerpt() { curl -sf "$url/metrics" | grep -E "$1" | awk -v most="$2" 'NR <= most { print "    " $0 }' >&2 || true; }

act_metrics() {
  say "Act 1: metrics. $url/metrics now has, among others:"
  verify "the agent reached the server (pg_up 1)" wait_until 30 metric_is pg_up 'v == 1'
  verify "sessions of the shop are counted" wait_until 30 metric_is 'pg_stat_database_numbackends.*datname="shop"' 'v >= 4'
  excerpt '^(pg_up|pg_stat_database_(xact_commit|numbackends|blks_hit)\{.*"shop"|pg_stat_user_tables_n_live_tup)' 8
  verify "/livez answers" curl -sf "$url/livez"
  verify "/readyz answers" wait_until 30 curl -sf "$url/readyz"
  local free locked
  free=$(median_scrape)
  locked=$(median_scrape_while_locked)
  # On a busy machine everything takes longer; what a lock must not do is to make it worse.
  verify "/metrics does not wait for a locked table (median $locked ms, without the lock $free ms)" \
    awk "BEGIN { exit !($locked < 5 || $locked < 2 * $free) }"
}

# The median time of a hundred scrapes, in milliseconds.
median_scrape() {
  curl -s -o /dev/null -w '%{time_total}\n' "$url/metrics?[1-100]" | sort -n | awk 'NR == 50 { print $1 * 1000 }'
}
median_scrape_while_locked() {
  coproc locker { exec "$bin/psql" -X -q -A -t -U postgres {lifeline}>&-; } 2>/dev/null
  echo 'BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE; SELECT 1;' >&"${locker[1]}"
  read -r _ <&"${locker[0]}"
  median_scrape
  # shellcheck disable=SC2154 # bash sets it beside the coprocess's pipes
  kill "$locker_PID"
}

act_alert() {
  say "Act 2: an alert. A session opens a transaction and goes to sleep."
  coproc session { exec "$bin/psql" -X -q -U shop_app {lifeline}>&-; } 2>/dev/null
  # shellcheck disable=SC2154 # bash sets it beside the coprocess's pipes
  local pid=$session_PID
  echo 'BEGIN; SELECT count(*) FROM orders;' >&"${session[1]}"
  verify "Slack got the warning" wait_until 40 received 'SLACK .*WARNING .*idle in'
  verify "Slack got the critical alert" wait_until 40 received 'SLACK .*CRITICAL .*idle in'
  verify "PagerDuty got the trigger" wait_until 20 received 'PAGERDUTY +trigger .*idle in'
  show_received
  say "The session wakes up and ends its transaction."
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  verify "PagerDuty got the resolve" wait_until 40 received 'PAGERDUTY +resolve'
  verify "Slack was told that it is over" wait_until 20 received 'SLACK .*RESOLVED .*idle in'
  show_received
}

shown=1
show_received() {
  tail -n "+$((shown + 1))" "$folder/receiver.log" | sed 's/^/    /' >&2
  shown=$(wc -l <"$folder/receiver.log")
}

act_backup() {
  say "Act 3: a backup, and a restore of it into a throw-away server."
  verify "a backup was taken" wait_until 90 metric_is 'pgvigil_backup_last_success_timestamp_seconds.*job="shop"' 'v > 0'
  verify "it was restored and questioned" wait_until 90 metric_is 'pgvigil_backup_verified_timestamp_seconds.*job="shop"' 'v > 0'
  find "$folder/backups" -type f -printf '    %s bytes  %P\n' >&2
  excerpt '^pgvigil_(backup|restore)_' 20
  verify "the backup's age is on /metrics" metric_is 'pgvigil_backup_age_seconds.*job="shop"' 'v >= 0 && v < 120'
  verify "the shop's backup_log has it" test "$(count_rows "pgvigil.backup_log WHERE state = 'done'")" -gt 0
  verify "its recovery_tests has the restore" test "$(count_rows "pgvigil.recovery_tests")" -gt 0
  verify "nothing unfinished lies in the store" test -z "$(find "$folder/backups" -name '*partial*')"
}

count_rows() { "$bin/psql" -X -A -t -U postgres -c "SELECT count(*) FROM $1"; }

last_look() {
  verify "Slack and PagerDuty refused nothing" test -z "$(grep REFUSED "$folder/receiver.log")"
  verify "nothing else was reported" test -z "$(grep -E 'SLACK|PAGERDUTY +trigger' "$folder/receiver.log" | grep -v 'idle in its')"
  local megabytes
  megabytes=$(metric process_resident_memory_bytes | awk '{ printf "%.1f", $1 / 1048576 }')
  verify "the agent holds less than 30 MB of memory ($megabytes)" awk "BEGIN { exit !($megabytes < 30) }"
}

show_what_to_try() {
  finished=yes
  say "The agent goes on. Look at:"
  cat >&2 <<TEXT
    $url/          what the agent does
    $url/metrics   what Prometheus scrapes
    $folder/pgvigil.yaml, agent.log and receiver.log beside it

  Try:
    psql "host=$PGHOST user=postgres dbname=shop"                 look at the server as its superuser
      begin;                                                        … and wait 10 seconds for the alert
      select * from pgvigil.backup_log order by started_at;         what was backed up
    build/release/pgvigil check config -c $folder/pgvigil.yaml
    kill -STOP $(head -n 1 "$folder/processes" | cut -d' ' -f1)     the server hangs; -CONT wakes it up

  Ctrl-C ends everything and removes $folder.
  What Slack and PagerDuty get:
TEXT
}
