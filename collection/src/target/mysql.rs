//! Completing a MySQL or MariaDB target as their own clients would: parameters that stand for parts
//! of the URL, `~/.my.cnf`, the `MYSQL_…` variables.

use super::{Environment, Host, Secret, Target, url};
use crate::error::Result;
use planscope_explain::Engine;
use std::path::Path;

/// Parameters that the driver reads.
const KNOWN: [&str; 6] = ["connect-timeout", "socket", "ssl-ca", "ssl-cert", "ssl-key", "ssl-mode"];

/// Other spellings of them, by Prisma, PyMySQL, SQLAlchemy and the clients' own option files.
const SPELLINGS: [(&str, &str); 5] = [
    ("sslmode", "ssl-mode"),
    ("sslca", "ssl-ca"),
    ("sslcert", "ssl-cert"),
    ("sslkey", "ssl-key"),
    ("unix-socket", "socket"),
];

/// Where packages put the server's socket.
const SOCKETS: [&str; 4] = [
    "/var/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/run/mysql/mysql.sock",
    "/tmp/mysql.sock",
];

/// Fills in what the URL leaves out. Option files go before variables, as in the clients.
pub(super) fn complete(target: &mut Target, environment: &Environment) -> Result<()> {
    take_params(target)?;
    let options = option_file(target, environment);
    let from = |option: &str, variable: &str| {
        let in_file = options.iter().rev().find(|(key, _)| key == option);
        let value = in_file.map(|(_, value)| value.clone());
        value.or_else(|| environment.get(variable).map(str::to_owned))
    };
    let os_user = || ["USER", "LOGNAME"].into_iter().find_map(|name| environment.get(name));
    let user = from("user", "").or_else(|| os_user().map(str::to_owned));
    target.user = target.user.take().or(user);
    target.database = target.database.take().or_else(|| from("database", ""));
    target.password = target.password.take().or_else(|| from("password", "MYSQL_PWD").map(Secret));
    for key in KNOWN.into_iter().filter(|key| *key != "socket") {
        if let (None, Some(value)) = (target.param(key), from(key, "")) {
            target.params.push((key.to_owned(), value));
        }
    }
    if target.hosts.is_empty() {
        let port = from("port", "MYSQL_TCP_PORT").map(|port| url::parse_port(&port)).transpose()?;
        let port = port.unwrap_or(url::default_port(target.engine));
        let socket = from("socket", "MYSQL_UNIX_PORT");
        target.hosts = vec![default_host(from("host", "MYSQL_HOST"), socket, port)];
    }
    Ok(())
}

/// Moves the parameters that stand for a part of the URL into it, and refuses unknown ones.
fn take_params(target: &mut Target) -> Result<()> {
    let (mut name, mut port, mut socket) = (None, None, None);
    let mut kept = Vec::new();
    for (written, value) in std::mem::take(&mut target.params) {
        let key = canonical(&written);
        match key.as_str() {
            "user" => target.user = Some(value),
            "password" => target.password = Some(Secret(value)),
            "database" | "dbname" => target.database = Some(value),
            "host" => name = Some(value),
            "port" => port = Some(url::parse_port(&value)?),
            "socket" => socket = Some(value),
            "ssl" if value == "true" => kept.push(("ssl-mode".to_owned(), "required".to_owned())),
            key if KNOWN.contains(&key) => kept.push((key.to_owned(), value)),
            _ => return Err(unknown_parameter(&written)),
        }
    }
    target.params = kept;
    let port = port.or(target.hosts.first().map(|host| host.port));
    let port = port.unwrap_or(url::default_port(target.engine));
    if let Some(name) = socket.or(name) {
        target.hosts = vec![Host { name, port, password: None }];
    }
    target.hosts.iter_mut().take(1).for_each(|host| host.port = port);
    Ok(())
}

/// `SSL_MODE` and `sslmode` are `ssl-mode`.
fn canonical(written: &str) -> String {
    let key = written.to_ascii_lowercase().replace('_', "-");
    let same = SPELLINGS.iter().find(|(spelling, _)| *spelling == key);
    same.map_or(key, |(_, name)| (*name).to_owned())
}

fn unknown_parameter(key: &str) -> crate::CollectError {
    let harmless = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let plain = !key.is_empty() && key.chars().all(harmless);
    let name = if plain { key } else { "?" };
    url::malformed(&format!("has an unknown parameter {name}"))
        .hint(format!("known parameters are {}", KNOWN.join(", ")))
}

/// `localhost` is the socket, for the clients: so it is here when nothing else was said.
fn default_host(name: Option<String>, socket: Option<String>, port: u16) -> Host {
    let host = |name: String| Host { name, port, password: None };
    match name.filter(|name| name != "localhost") {
        Some(name) => host(name),
        None => {
            let usual = || SOCKETS.into_iter().find(|file| Path::new(file).exists());
            let socket = socket.or_else(|| usual().map(str::to_owned));
            host(socket.unwrap_or_else(|| "localhost".to_owned()))
        }
    }
}

/// The options of the user's option file that are meant for every client.
fn option_file(target: &mut Target, environment: &Environment) -> Vec<(String, String)> {
    let Some(home) = environment.get("HOME") else { return Vec::new() };
    let file = Path::new(home).join(".my.cnf");
    if is_writable_by_all(&file) {
        let message =
            format!("{} was not used: others can write to it; chmod 600 it", file.display());
        target.password_hint = Some(message);
        return Vec::new();
    }
    let text = std::fs::read(&file).unwrap_or_default();
    options_in(&String::from_utf8_lossy(&text), target.engine)
}

/// The clients use no file that anybody could have written.
fn is_writable_by_all(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o002 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

/// The options of the groups that the engine's clients read, in order.
fn options_in(text: &str, engine: Engine) -> Vec<(String, String)> {
    let groups: &[&str] = match engine {
        Engine::Mariadb => &["client", "client-server", "client-mariadb"],
        _ => &["client"],
    };
    let mut wanted = false;
    let mut options = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(group) = line.strip_prefix('[') {
            wanted = groups.contains(&group.trim_end_matches(']').trim());
        } else if wanted && !line.starts_with(['#', ';', '!']) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            options.push((canonical(key.trim()), option_value(value.trim())));
        }
    }
    options.retain(|(key, value)| !key.is_empty() && !value.is_empty());
    options
}

/// A value without its quotes or the comment after it, its escapes resolved.
fn option_value(text: &str) -> String {
    let quote = text.chars().next().filter(|c| *c == '"' || *c == '\'');
    let inner = match quote.and_then(|quote| text[1..].rsplit_once(quote)) {
        Some((inner, _)) => inner,
        None => text.split_once(" #").map_or(text, |(value, _)| value.trim_end()),
    };
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('s') => value.push(' '),
                Some('t') => value.push('\t'),
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('b') => value.push('\u{8}'),
                Some(other @ ('\\' | '"' | '\'')) => value.push(other),
                Some(other) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
            _ => value.push(c),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str, environment: &Environment) -> Target {
        Target::parse_with(url, environment).unwrap()
    }

    #[test]
    fn parameters_have_many_spellings() {
        let none = Environment::default();
        for query in ["ssl-mode=required", "sslmode=required", "SSL_MODE=required", "ssl=true"] {
            let target = get(&format!("mysql://u@h/d?{query}"), &none);
            assert_eq!(target.param("ssl-mode"), Some("required"), "{query}");
        }
        let target = get("mysql://u@h/d?socket=/run/x.sock&connect_timeout=3", &none);
        assert_eq!(target.hosts()[0].name, "/run/x.sock");
        assert_eq!(target.param("connect-timeout"), Some("3"));
        assert_eq!(get("mariadb://u@h/d?port=7", &none).hosts()[0].port, 7);
        let error = Target::parse_with("mysql://u@h/d?sslmod=x", &none).unwrap_err();
        assert!(error.message.contains("sslmod") && error.hints[0].contains("ssl-mode"), "{error}");
    }

    #[test]
    fn option_file_completes_the_url() {
        let text = "[mysqld]\nuser=mysql\n[client]\n# comment\nuser = ann\npassword='ge#he\\\\im' # x\n\
                    host=db # where\nport=3307\nssl_mode=REQUIRED\n!include other\n[mysql]\nuser=no\n\
                    [client-mariadb]\nuser=max\n";
        let options = |engine| options_in(text, engine);
        let find = |engine, key: &str| {
            let all = options(engine);
            all.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.clone()).unwrap()
        };
        assert_eq!(find(Engine::Mysql, "user"), "ann");
        assert_eq!(find(Engine::Mariadb, "user"), "max");
        assert_eq!(find(Engine::Mysql, "password"), "ge#he\\im");
        assert_eq!(find(Engine::Mysql, "host"), "db");

        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".my.cnf"), text).unwrap();
        let environment = Environment::default()
            .with("HOME", home.path().to_str().unwrap())
            .with("MYSQL_PWD", "other")
            .with("USER", "os");
        let target = get("mysql:///shop", &environment);
        assert_eq!(target.to_string(), "mysql://ann:***@db:3307/shop");
        assert_eq!(target.password_for(&target.hosts()[0]), Some("ge#he\\im"));
        assert_eq!(target.param("ssl-mode"), Some("REQUIRED"));
        let target = get("mysql://bob:x@h/shop", &environment);
        assert_eq!(target.to_string(), "mysql://bob:***@h:3306/shop");
    }

    #[test]
    fn variables_stand_in() {
        let environment = Environment::default()
            .with("MYSQL_PWD", "geheim")
            .with("MYSQL_HOST", "db")
            .with("MYSQL_TCP_PORT", "3310")
            .with("USER", "os");
        let target = get("mysql:///shop", &environment);
        assert_eq!(target.to_string(), "mysql://os:***@db:3310/shop");
        let socket = Environment::default().with("MYSQL_UNIX_PORT", "/run/other.sock");
        assert_eq!(get("mariadb://u@/d", &socket).hosts()[0].name, "/run/other.sock");
    }
}
