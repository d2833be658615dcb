# MariaDB 10.11, Debian's. The packages with "core" in their names hold the programs without the system
# service, so there is none to keep from starting.
# shellcheck shell=bash disable=SC2154

server mariadb mariadb 33110 default

mariadb_packages() { printf '%s\n' mariadb-server-core mariadb-client-core; } # the client has my_print_defaults

# "mariadbd  Ver 10.11.19-MariaDB-… for debian-linux-gnu …" -> 10.11.19
mariadb_version() {
    local words
    read -ra words < <(/usr/sbin/mariadbd --no-defaults --version)
    echo "${words[2]%%-*}"
}

mariadb_install() {
    [[ -x /usr/sbin/mariadbd ]] || { echo "Debian's mariadb-server-core is not installed"; return 1; }
}

mariadb_start() {
    local run
    run=$(run_dir "$1")
    mariadb_settings "$1" >"$run/my.cnf"
    mariadb_accounts >"$run/init.sql"
    as_owner mariadb-install-db --defaults-file="$run/my.cnf" --datadir="$run/data" --skip-test-db \
        --auth-root-authentication-method=normal
    launch "$1" /usr/sbin/mariadbd --defaults-file="$run/my.cnf" --init-file="$run/init.sql"
}

# The slow log takes what runs for 10 s, MariaDB's default: a test sets long_query_time for its session.
# The consumers of performance_schema are left as the server has them.
mariadb_settings() {
    local run
    run=$(run_dir "$1")
    cat <<END
[mariadbd]
datadir = $run/data
socket = $run/data/server.sock
pid-file = $run/data/server.pid
bind-address = 127.0.0.1
port = ${port_of[$1]}
skip-name-resolve
max_connect_errors = 1000000
character-set-server = utf8mb4
default-time-zone = +00:00
log-error = $run/log/error.log
slow-query-log = ON
slow-query-log-file = $run/log/slow.log
log-slow-verbosity = query_plan,explain,engine
performance-schema = ON
innodb-buffer-pool-size = 64M
innodb-log-file-size = 16M
innodb-flush-log-at-trx-commit = 0
innodb-flush-method = nosync
innodb-doublewrite = OFF
END
}

# mariadb-install-db makes a root without a password; left is the one of the socket in the data folder,
# which nobody else may enter. Some of the others carry the host's name.
mariadb_accounts() {
    cat <<END
DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';
FLUSH PRIVILEGES;
CREATE DATABASE planscope;
CREATE USER planscope@127.0.0.1 IDENTIFIED BY 'planscope';
GRANT ALL PRIVILEGES ON *.* TO planscope@127.0.0.1 WITH GRANT OPTION;
END
}

# The accounts above are made before it says so.
mariadb_ready() { grep -qs 'ready for connections' "$(run_dir "$1")/log/error.log"; }

mariadb_env() {
    export_line MARIADB "mariadb://planscope:planscope@127.0.0.1:${port_of[$1]}/planscope"
    export_line MARIADB_SLOW_LOG "$(run_dir "$1")/log/slow.log"
}
