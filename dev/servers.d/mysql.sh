# MySQL 9, from Debian sid: its package and every library that it needs, libc included, are unpacked
# into a folder, and mysqld runs there with that folder's loader. Nothing of sid is installed, and no
# chroot is entered. Sid moves on, so a new machine may get a newer 9.x.
# shellcheck shell=bash disable=SC2154

server mysql mysql 33097 default

mysql_home() { install_dir mysql-sid; }
mysql_packages() { echo debootstrap; }

# "…/mysqld  Ver 9.7.4-2 for Linux …" -> 9.7.4
mysql_version() {
    local words command
    mysql_command command
    read -ra words < <("${command[@]}" --no-defaults --version)
    echo "${words[2]%%-*}"
}

# mysql_command ARRAY fills the array with the command that runs mysqld.
mysql_command() {
    local home
    local -n words_of=$1
    home=$(mysql_home)
    # shellcheck disable=SC2034 # it is a name for the caller's array
    words_of=("$home/usr/lib64/ld-linux-x86-64.so.2" --library-path "$home/usr/lib/x86_64-linux-gnu" "$home/usr/sbin/mysqld")
}

# ---- installing ----------------------------------------------------------------------------------

mysql_install() { install_once "$(mysql_home)" mysql_from_sid; }

# debootstrap is what finds a package's dependencies in a release that is not the machine's own. It only
# downloads here: about 110 packages in 20 s.
mysql_from_sid() {
    local dir=$1 mirror package
    mirror=$(mysql_mirror) || return 1
    mkdir -p "$dir/all"
    retry debootstrap --download-only --variant=minbase --include=mysql-server-core sid "$dir/sid" "$mirror" || return 1
    for package in "$dir"/sid/var/cache/apt/archives/*.deb; do
        dpkg-deb -x "$package" "$dir/all" || return 1
    done
    mysql_keep "$dir/all/usr" "$dir/usr" || return 1
    rm -rf "$dir/sid" "$dir/all"
}

# Of 560 MB, these 225 are the server.
mysql_keep() {
    mkdir -p "$2"/{sbin,lib,share} || return 1
    mv "$1/sbin/mysqld" "$2/sbin/" || return 1
    mv "$1/lib64" "$2/" || return 1
    mv "$1"/lib/{mysql,x86_64-linux-gnu} "$2/lib/" || return 1
    mv "$1/share/mysql" "$2/share/"
}

# The mirror is the one that the machine's own apt uses for Debian.
mysql_mirror() {
    # shellcheck disable=SC2016 # these are apt's variables
    local targets=(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Identifier: Packages') mirror
    mirror=$("${targets[@]}" | awk '/^http.* Debian Debian$/ && !found++ { print $1 }')
    if [[ -z $mirror ]]; then # the origin is known only after an update
        apt-get update >&2
        mirror=$("${targets[@]}" | awk '/^http.* Debian Debian$/ && !found++ { print $1 }')
    fi
    [[ -n $mirror ]] || { echo "apt's sources name no mirror of Debian" >&2; return 1; }
    echo "$mirror"
}

# ---- running -------------------------------------------------------------------------------------

mysql_start() {
    local run command
    run=$(run_dir "$1")
    mysql_command command
    mysql_settings "$1" >"$run/my.cnf"
    mysql_accounts >"$run/init.sql"
    as_owner "${command[@]}" --defaults-file="$run/my.cnf" --initialize-insecure --log-error="$run/log/initialize.log"
    launch "$1" "${command[@]}" --defaults-file="$run/my.cnf" --init-file="$run/init.sql"
}

mysql_settings() {
    local run home
    run=$(run_dir "$1")
    home=$(mysql_home)
    cat <<END
[mysqld]
basedir = $home/usr
plugin-dir = $home/usr/lib/mysql/plugin
lc-messages-dir = $home/usr/share/mysql
character-sets-dir = $home/usr/share/mysql/charsets
datadir = $run/data
socket = $run/data/server.sock
pid-file = $run/data/server.pid
secure-file-priv = NULL
bind-address = 127.0.0.1
port = ${port_of[$1]}
mysqlx = OFF
skip-name-resolve
max_connect_errors = 1000000
default-time-zone = +00:00
log-error = $run/log/error.log
slow-query-log = ON
slow-query-log-file = $run/log/slow.log
log-slow-extra = ON
skip-log-bin
innodb-buffer-pool-size = 64M
innodb-redo-log-capacity = 64M
innodb-flush-log-at-trx-commit = 0
innodb-flush-method = nosync
innodb-doublewrite = OFF
END
}

# The account may come from 127.0.0.1 only; root, without a password, only through the socket in the
# data folder, which nobody else may enter.
mysql_accounts() {
    cat <<END
CREATE DATABASE planscope;
CREATE USER planscope@127.0.0.1 IDENTIFIED BY 'planscope';
GRANT ALL PRIVILEGES ON *.* TO planscope@127.0.0.1 WITH GRANT OPTION;
END
}

# The accounts above are made before it says so.
mysql_ready() { grep -qs 'ready for connections' "$(run_dir "$1")/log/error.log"; }

mysql_env() {
    export_line MYSQL "mysql://planscope:planscope@127.0.0.1:${port_of[$1]}/planscope"
    export_line MYSQL_SLOW_LOG "$(run_dir "$1")/log/slow.log"
}
