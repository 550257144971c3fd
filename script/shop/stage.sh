# shellcheck shell=bash
# What script/demo needs around the agent: a server with a shop, a load, a receiver, a configuration. Sourced by it.
# All of it lives in $folder, and script/shop/clean_up ends it when the demo ends, in whatever way that happens.

set_the_stage() {
  failed=0 finished=no
  folder=$(mktemp -d /tmp/pgvigil-demo.XXXX)
  chmod 755 "$folder"
  # The other end of this pipe sees us go, even when we are killed. Nothing that we start may hold it.
  exec {lifeline}> >(exec setsid script/shop/clean_up "$folder")
  guardian=$!
  exec {terminal}>&2
  trap 'say "Stopping" 2>&"$terminal"; exec {lifeline}>&-; wait "$guardian" || true' EXIT
  trap '[[ $finished == yes && $failed == 0 ]]; exit' INT TERM HUP
  export PGCLIENTENCODING=UTF8 PGPASSFILE=$folder/passwords PGHOST=$folder/server PGPORT=5432 PGDATABASE=shop PGTZ=UTC
  bin=$(postgres_programs)
  start_server
  open_shop
  start_receiver
  port=$(free_port "$port")
  start_agent
}

# Starts a program in the background, in a session of its own, because Ctrl-C is for us alone: NAME, the signal that
# ends it, the program. Its output goes to NAME.log.
start() {
  local name=$1 signal=$2
  shift 2
  setsid "$@" >>"$folder/$name.log" 2>&1 </dev/null {lifeline}>&- &
  echo "$! $signal" >>"$folder/processes"
}

# wait_until SECONDS COMMAND…: whether the command succeeds in that time.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

free_port() {
  local candidate
  for ((candidate = $1; candidate < $1 + 100; candidate++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null || { echo "$candidate" && return; }
  done
  die "no free port from $1 on"
}

random_password() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# The superuser is only reached through the server's folder, which belongs to the server's user (and to root).
start_server() {
  local as=()
  mkdir -m 700 "$folder/server"
  if [[ $(id -u) == 0 ]]; then
    as=(setpriv --reuid=postgres --regid=postgres --init-groups --)
    chown postgres: "$folder/server"
  fi
  say "Starting PostgreSQL $("$bin/postgres" --version | cut -d' ' -f3) in $folder"
  "${as[@]}" env -C / "$bin/initdb" -D "$folder/server/data" -U postgres --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  printf '%s\n' 'local all postgres trust' 'local all all scram-sha-256' | "${as[@]}" tee "$folder/server/data/pg_hba.conf" >/dev/null
  start server INT "${as[@]}" env -C / "$bin/postgres" -D "$folder/server/data" -c listen_addresses= -c port=5432 \
    -c unix_socket_directories="$folder/server" -c shared_preload_libraries=pg_stat_statements -c track_io_timing=on \
    -c shared_buffers=64MB -c max_wal_size=256MB
  wait_until 30 "$bin/pg_isready" -U postgres || { cat "$folder/server.log" >&2 && die "PostgreSQL does not start"; }
}

as_superuser() { "$bin/psql" -X -q -v ON_ERROR_STOP=1 -U postgres "$@" >/dev/null; }

open_shop() {
  local role words='' password
  say "Filling the shop: 20,000 customers, 150,000 orders"
  as_superuser -d postgres -c 'CREATE DATABASE shop'
  as_superuser -f script/shop/schema.sql
  touch "$folder/passwords" && chmod 600 "$folder/passwords"
  for role in pgvigil shop_backup shop_app; do
    password=$(random_password)
    words+="\\set ${role}_password '$password'"$'\n'
    echo "*:*:*:$role:$password" >>"$folder/passwords"
    (umask 077 && echo "$password" >"$folder/$role.password")
  done
  { printf '%s' "$words" && cat script/shop/roles.sql; } | as_superuser
  start load TERM "$bin/pgbench" -U shop_app -n -c 4 -R 40 -T 100000 -f script/shop/place_order.sql@9 \
    -f script/shop/sales_report.sql@1
}

start_receiver() {
  start receiver TERM build/release/tests/demo_receiver
  wait_until 10 grep -q . "$folder/receiver.log" || die "the receiver does not start"
  receiver=http://127.0.0.1:$(head -n 1 "$folder/receiver.log")
}

write_config() {
  local run_as=''
  [[ $(id -u) == 0 ]] && run_as=$'\n      run_as: postgres'
  cat >"$folder/pgvigil.yaml" <<YAML
target:
  conninfo: host=$PGHOST port=$PGPORT user=pgvigil dbname=shop
  password_file: $folder/pgvigil.password
listen: 127.0.0.1:$port
state_dir: $folder/state

collectors:
  intervals: { idle_in_transaction: 2s }

alerts:
  interval: 1s
  channels:
    - { name: team, kind: slack, webhook_url: "$receiver/slack", allow_http: true, min_level: warning }
    - name: pager
      kind: pagerduty
      url: $receiver/v2/enqueue
      routing_key: 0123456789abcdef0123456789abcdef
      allow_http: true
      min_level: critical
  rules:
    # The built-in rule with less patience, so that you need not wait for minutes.
    - id: idle-in-transaction
      expr: pg_stat_activity_idle_in_transaction_max_seconds
      warning: { above: 5s }
      critical: { above: 10s }
      summary: "{{subject}}: a session has been idle in its transaction for {{value|duration}}"

backups:
  - name: shop
    database: shop
    conninfo: host=$PGHOST port=$PGPORT user=shop_backup
    password_file: $folder/shop_backup.password
    schedule: every 40s
    folder: $folder/backups
    log_database: shop
    verify:
      schedule: every 40s$run_as
      queries:
        - { sql: SELECT count(*) FROM orders, min: 150000 }
        - { sql: "SELECT NOT EXISTS (SELECT FROM order_items WHERE price_cents <= 0)" }
YAML
}

start_agent() {
  write_config
  say "The configuration, $folder/pgvigil.yaml:"
  sed 's/^/    /' "$folder/pgvigil.yaml" >&2
  url=http://127.0.0.1:$port
  say "Starting the agent on $url"
  start agent TERM build/release/pgvigil run -c "$folder/pgvigil.yaml"
  agent=$!
  wait_until 30 curl -sf "$url/livez" || { cat "$folder/agent.log" >&2 && die "the agent does not start"; }
}
