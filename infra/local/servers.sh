#!/usr/bin/env bash
# Private PostgreSQL, Redis and RabbitMQ on loopback, without systemd and without touching the machine's own.
# usage: servers.sh up|down|sql DATABASE QUERY|queues|keys   (environment: SERVERS_DIR, SERVERS_PORT: eleven ports from there)
set -euo pipefail
D=${SERVERS_DIR:?a folder that the servers\' users can reach} P=${SERVERS_PORT:?first of eleven free ports}
PG=$P REDIS=$((P + 1)) AMQP=$((P + 2)) MGMT=$((P + 3)) DIST=$((P + 4)) EPMD=$((P + 10))
say() { printf '%s\n' "$*"; }
die() { printf 'servers: %s\n' "$*" >&2; exit 1; }
export LC_ALL=C.UTF-8

# PostgreSQL refuses to run as root, and RabbitMQ's files belong to its own user: as root we step down.
as() { local user=$1; shift; if [[ $(id -u) == 0 ]]; then runuser -u "$user" -- "$@"; else "$@"; fi; }
own() { if [[ $(id -u) == 0 ]]; then install -d -o "$1" -g "$1" -m "$2" "${@:3}"; else install -d -m "$2" "${@:3}"; fi; }
pgbin() {
  local found
  found=$(command -v initdb) || found=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1) || true
  [[ -n $found ]] || die "PostgreSQL is not installed: apt-get install postgresql"
  dirname "$found"
}
wait_for() {  # wait_for <what> <command…>: up to 60 s
  local what=$1 tries=0; shift
  until "$@" >/dev/null 2>&1; do
    ((++tries < 600)) || die "$what did not start; its log is in $D"
    sleep 0.1
  done
}

postgres_up() {
  local bin; bin=$(pgbin)
  if [[ ! -f $D/postgres/PG_VERSION ]]; then
    own postgres 700 "$D/postgres"
    as postgres "$bin/initdb" -D "$D/postgres" -A trust -U postgres -E UTF8 --locale=C.UTF-8 >"$D/initdb.log"
  fi
  as postgres "$bin/pg_ctl" -D "$D/postgres" -w -t 60 -l "$D/postgres/server.log" \
    -o "-p $PG -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=128MB -c max_connections=200" \
    start >"$D/pg_ctl.log" 2>&1 || die "PostgreSQL did not start; see $D/postgres/server.log"
  local name
  for name in chainindex jobs models verdicts accounts; do
    psql -h 127.0.0.1 -p "$PG" -U postgres -qtAc "select 1 from pg_database where datname = '$name'" | grep -q 1 \
      || psql -h 127.0.0.1 -p "$PG" -U postgres -qc "create database $name"
  done
  say "postgres on 127.0.0.1:$PG"
}

redis_up() {
  command -v redis-server >/dev/null || die "Redis is not installed: apt-get install redis-server"
  install -d -m 755 "$D/redis"
  redis-server --port "$REDIS" --bind 127.0.0.1 --dir "$D/redis" --save '' --appendonly no --daemonize yes \
    --pidfile "$D/redis/redis.pid" --logfile "$D/redis/redis.log" >/dev/null
  wait_for redis redis-cli -p "$REDIS" ping
  say "redis on 127.0.0.1:$REDIS"
}

rabbit() { as rabbitmq bash -c ". '$D/rabbitmq/env.sh'; cd \"\$HOME\"; exec /usr/lib/rabbitmq/bin/$*"; }

rabbitmq_up() {
  # Its script is run directly: the wrapper in /usr/sbin changes folder and user, and drops the environment.
  [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || die "RabbitMQ is not installed: apt-get install rabbitmq-server"
  own rabbitmq 755 "$D/rabbitmq" "$D/rabbitmq/home" "$D/rabbitmq/mnesia" "$D/rabbitmq/log"
  cat >"$D/rabbitmq/rabbitmq.conf" <<CONF
listeners.tcp.default = 127.0.0.1:$AMQP
management.tcp.ip = 127.0.0.1
management.tcp.port = $MGMT
log.console = false
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 200MB
CONF
  say '[rabbitmq_management].' >"$D/rabbitmq/enabled_plugins"
  cat >"$D/rabbitmq/env.sh" <<ENV
export HOME=$D/rabbitmq/home LANG=C.UTF-8
export RABBITMQ_NODENAME=camelid$P@localhost
export RABBITMQ_MNESIA_BASE=$D/rabbitmq/mnesia RABBITMQ_LOG_BASE=$D/rabbitmq/log
export RABBITMQ_CONFIG_FILE=$D/rabbitmq/rabbitmq RABBITMQ_ENABLED_PLUGINS_FILE=$D/rabbitmq/enabled_plugins
export RABBITMQ_PID_FILE=$D/rabbitmq/rabbitmq.pid
export RABBITMQ_DIST_PORT=$DIST RABBITMQ_CTL_DIST_PORT_MIN=$((DIST + 1)) RABBITMQ_CTL_DIST_PORT_MAX=$((DIST + 5))
export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$EPMD
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}"
unset RABBITMQ_NODE_PORT RABBITMQ_NODE_IP_ADDRESS
ENV
  printf '. %q; cd "$HOME"; exec /usr/lib/rabbitmq/bin/rabbitmq-server\n' "$D/rabbitmq/env.sh" >"$D/rabbitmq/start.sh"
  if [[ $(id -u) == 0 ]]; then chown rabbitmq:rabbitmq "$D"/rabbitmq/{rabbitmq.conf,enabled_plugins,env.sh,start.sh}; fi
  # A session of its own: Ctrl-C at the terminal must reach the supervisor only, which stops things in order.
  if [[ $(id -u) == 0 ]]; then
    setsid runuser -u rabbitmq -- bash "$D/rabbitmq/start.sh" >"$D/rabbitmq.out" 2>&1 </dev/null &
  else
    setsid bash "$D/rabbitmq/start.sh" >"$D/rabbitmq.out" 2>&1 </dev/null &
  fi
  disown
  wait_for RabbitMQ curl -sf -u guest:guest "http://127.0.0.1:$MGMT/api/overview"
  say "rabbitmq on 127.0.0.1:$AMQP, its console on http://127.0.0.1:$MGMT"
}

# SIGTERM is all that rabbitmqctl would ask for, without the seconds that its own Erlang machine takes to start.
rabbitmq_down() {
  [[ -f $D/rabbitmq/env.sh ]] || return 0
  local pid='' tries=0
  [[ ! -f $D/rabbitmq/rabbitmq.pid ]] || pid=$(<"$D/rabbitmq/rabbitmq.pid")
  # The file may be older than the machine's last start, and its number another's by now.
  if [[ -n $pid && $(ps -p "$pid" -o args= 2>/dev/null) == *rabbit* ]] && kill -TERM "$pid" 2>/dev/null; then
    while kill -0 "$pid" 2>/dev/null; do
      if ((++tries > 200)); then kill -KILL "$pid" 2>/dev/null || true; break; fi
      sleep 0.1
    done
  else
    rabbit "rabbitmqctl shutdown --timeout 20" >/dev/null 2>&1 || say "rabbitmq was not running"
  fi
  ERL_EPMD_PORT=$EPMD epmd -port "$EPMD" -kill >/dev/null 2>&1 || true
}

case ${1:-} in
  up)
    mkdir -p "$D"; chmod 755 "$D"
    rabbitmq_up & rabbit_start=$!
    postgres_up; redis_up
    wait "$rabbit_start" || exit 1 ;;
  down)
    rabbitmq_down & rabbit_end=$!
    redis-cli -p "$REDIS" shutdown nosave >/dev/null 2>&1 || say "redis was not running"
    [[ ! -d $D/postgres ]] || as postgres "$(pgbin)/pg_ctl" -D "$D/postgres" -m fast -w stop >/dev/null 2>&1 \
      || say "postgres was not running"
    wait "$rabbit_end" ;;
  sql) psql -h 127.0.0.1 -p "$PG" -U postgres -d "$2" -qtA -F ' ' -c "$3" ;;
  queues) curl -sf -u guest:guest "http://127.0.0.1:$MGMT/api/queues" ;;
  keys) redis-cli -p "$REDIS" --scan ;;
  *) sed -n 2,3p "$0" | cut -c3-; exit 2 ;;
esac
