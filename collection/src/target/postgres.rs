//! Completing a PostgreSQL target as libpq would: parameters that stand for parts of the URL, the
//! `PG…` variables, the password file.

use super::{Environment, Host, Secret, Target, service, url};
use crate::error::Result;
use planscope_explain::Engine;
use std::path::{Path, PathBuf};

/// Parameters that the driver reads, and those of libpq that change nothing for it.
const KNOWN: [&str; 25] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "options",
    "passfile",
    "sslcert",
    "sslcompression",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "uselibpqcompat",
];

/// Variables that stand in for a parameter that the URL does not have.
const DEFAULTS: [(&str, &str); 6] = [
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("options", "PGOPTIONS"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
];

/// Fills in what the URL leaves out.
pub(super) fn complete(target: &mut Target, environment: &Environment) -> Result<()> {
    add_service(target, environment)?;
    take_params(target)?;
    let from = |name: &str| environment.get(name).map(str::to_owned);
    let os_user = || from("USER").or_else(|| from("LOGNAME"));
    target.user = target.user.take().or_else(|| from("PGUSER")).or_else(os_user);
    let user = target.user.clone();
    target.database = target.database.take().or_else(|| from("PGDATABASE")).or(user);
    if target.hosts.is_empty() {
        target.hosts = default_hosts(environment)?;
    }
    for (param, variable) in DEFAULTS {
        if let (None, Some(value)) = (target.param(param), from(variable)) {
            target.params.push((param.to_owned(), value));
        }
    }
    // Who names an authority wants the server checked; libpq itself does so for `system` only.
    if target.param("sslmode").is_none() && target.param("sslrootcert").is_some() {
        target.params.push(("sslmode".to_owned(), "verify-full".to_owned()));
    }
    default_root_certificate(target, environment);
    if target.password.is_none() {
        target.password = from("PGPASSWORD").map(Secret);
    }
    if target.password.is_none() {
        read_password_file(target, environment);
    }
    Ok(())
}

/// Adds what the named service says and the URL does not: the URL goes before the service, and the
/// service before the variables.
fn add_service(target: &mut Target, environment: &Environment) -> Result<()> {
    let named = target.params.iter().rposition(|(key, _)| key == "service");
    let named = named.map(|at| target.params.remove(at).1);
    let Some(name) = named.or_else(|| environment.get("PGSERVICE").map(str::to_owned)) else {
        return Ok(());
    };
    let said = |target: &Target, key: &str| match key {
        "host" | "hostaddr" | "port" => !target.hosts.is_empty(),
        "user" => target.user.is_some(),
        "password" => target.password.is_some(),
        "dbname" => target.database.is_some(),
        _ => false,
    };
    for (key, value) in service::parameters(&name, environment)? {
        if !said(target, &key) && target.param(&key).is_none() {
            target.params.push((key, value));
        }
    }
    Ok(())
}

/// Moves the parameters that stand for a part of the URL into it, and refuses unknown ones.
fn take_params(target: &mut Target) -> Result<()> {
    let mut hosts = None;
    let mut ports = None;
    let mut kept = Vec::new();
    for (key, value) in std::mem::take(&mut target.params) {
        match key.as_str() {
            "user" => target.user = Some(value),
            "password" => target.password = Some(Secret(value)),
            "dbname" => target.database = Some(value),
            "host" | "hostaddr" => hosts = Some(value),
            "port" => ports = Some(value),
            // Prisma, JDBC and others write `ssl=true`.
            "ssl" if value == "true" => kept.push(("sslmode".to_owned(), "require".to_owned())),
            key if KNOWN.contains(&key) => kept.push((key.to_owned(), value)),
            _ => return Err(unknown_parameter(&key)),
        }
    }
    target.params = kept;
    if hosts.is_some() || ports.is_some() {
        set_hosts(target, hosts.as_deref(), ports.as_deref())?;
    }
    Ok(())
}

fn unknown_parameter(key: &str) -> crate::CollectError {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let name = if plain { key } else { "?" };
    url::malformed(&format!("has an unknown parameter {name}"))
        .hint(format!("known parameters are {}", KNOWN.join(", ")))
}

/// `host=/folder,other` and `port=5432,5433`: as many ports as hosts, or one for all.
fn set_hosts(target: &mut Target, hosts: Option<&str>, ports: Option<&str>) -> Result<()> {
    if let Some(hosts) = hosts {
        let default = url::default_port(Engine::Postgres);
        let port = target.hosts.first().map_or(default, |host| host.port);
        let host = |name: &str| Host { name: name.to_owned(), port, password: None };
        target.hosts = hosts.split(',').filter(|name| !name.is_empty()).map(host).collect();
    }
    let Some(ports) = ports else { return Ok(()) };
    let ports: Vec<u16> = ports.split(',').map(url::parse_port).collect::<Result<_>>()?;
    if target.hosts.is_empty() {
        target.hosts.push(Host { name: socket_or_localhost(ports[0]), port: 0, password: None });
    }
    if ports.len() != 1 && ports.len() != target.hosts.len() {
        return Err(url::malformed("has another number of ports than hosts")
            .hint("give one port for all hosts, or one for each"));
    }
    for (i, host) in target.hosts.iter_mut().enumerate() {
        host.port = ports[if ports.len() == 1 { 0 } else { i }];
    }
    Ok(())
}

fn default_hosts(environment: &Environment) -> Result<Vec<Host>> {
    let default = url::default_port(Engine::Postgres);
    let port = environment.get("PGPORT").map(url::parse_port).transpose()?.unwrap_or(default);
    let names = match environment.get("PGHOST") {
        Some(hosts) => hosts.to_owned(),
        None => socket_or_localhost(port),
    };
    let host = |name: &str| Host { name: name.to_owned(), port, password: None };
    Ok(names.split(',').filter(|name| !name.is_empty()).map(host).collect())
}

/// The folder with the server's socket where the usual ones have it, else `localhost`.
fn socket_or_localhost(port: u16) -> String {
    let has_socket = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    let folder = ["/var/run/postgresql", "/tmp"].into_iter().find(has_socket);
    folder.unwrap_or("localhost").to_owned()
}

/// libpq's default: the file in the user's home, when it is there.
fn default_root_certificate(target: &mut Target, environment: &Environment) {
    let Some(home) = environment.get("HOME") else { return };
    let file = Path::new(home).join(".postgresql/root.crt");
    if target.param("sslrootcert").is_none() && file.is_file() {
        target.params.push(("sslrootcert".to_owned(), file.display().to_string()));
    }
}

fn read_password_file(target: &mut Target, environment: &Environment) {
    let in_home = || environment.get("HOME").map(|home| Path::new(home).join(".pgpass"));
    let named = target.param("passfile").or_else(|| environment.get("PGPASSFILE"));
    let Some(file) = named.map(PathBuf::from).or_else(in_home) else { return };
    let Ok(metadata) = std::fs::metadata(&file) else { return };
    if let Some(reason) = unsafe_reason(&metadata) {
        target.password_hint = Some(format!("{} was not used: it {reason}", file.display()));
        return;
    }
    let Ok(text) = std::fs::read_to_string(&file) else { return };
    let database = target.database.clone().unwrap_or_default();
    let user = target.user.clone().unwrap_or_default();
    for host in &mut target.hosts {
        let name = if host.is_socket() { "localhost" } else { &host.name };
        let wanted = [name, &host.port.to_string(), &database, &user];
        host.password = text.lines().find_map(|line| password_of(line, wanted)).map(Secret);
    }
}

/// libpq uses no file that others can read.
fn unsafe_reason(metadata: &std::fs::Metadata) -> Option<&'static str> {
    if !metadata.is_file() {
        return Some("is not a file");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Some("can be read by others; chmod 600 it");
        }
    }
    None
}

/// The password of a line `host:port:database:user:password` whose first four fit.
fn password_of(line: &str, wanted: [&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            // A colon in the password needs no escape.
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields.last_mut()?.push(chars.next()?),
            c => fields.last_mut()?.push(c),
        }
    }
    let [keys @ .., password] = fields.as_slice() else { return None };
    let fits = |(key, want): (&String, &str)| key == "*" || key == want;
    let all = keys.len() == 4 && keys.iter().zip(wanted).all(fits);
    all.then(|| password.clone())
}
