//! Taking a database URL apart. No error repeats a part of the URL that could hold a secret.

use super::{Host, Secret, Target};
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;

/// A URL's query, in order.
pub(super) type Params = Vec<(String, String)>;

/// Reads what follows `scheme://`.
pub(super) fn parse(engine: Engine, rest: &str) -> Result<Target> {
    let (before_query, query) = split_off(rest, '?');
    let (authority, database) = split_off(before_query, '/');
    if credentials_cut(authority, database, query) {
        return Err(malformed("has an @ after its host")
            .hint("in a user name or password write @ as %40, / as %2F, ? as %3F and # as %23"));
    }
    // The last @ ends the password: an @ inside it is the commonest thing to leave unescaped.
    let (credentials, hosts) = match authority.rsplit_once('@') {
        Some((credentials, hosts)) => (credentials, hosts),
        None => ("", authority),
    };
    let (user, password) = split_off(credentials, ':');
    Ok(Target {
        engine,
        hosts: parse_hosts(hosts, default_port(engine))?,
        user: non_empty(decoded(user, "user")?),
        password: password.map(|p| decoded(p, "password")).transpose()?.map(Secret),
        database: non_empty(decoded(database.unwrap_or_default(), "database")?),
        path: None,
        params: parse_params(query.unwrap_or_default())?,
        password_hint: None,
        label: None,
    })
}

/// Whether an `@` stands where only an unescaped `/` or `?` in the password would leave one: then the
/// rest of the password would pass for a host or a database, and be shown. After `/d?` an `@` is
/// common (`appName=@cluster@`) and harmless, if there are credentials before it.
fn credentials_cut(authority: &str, database: Option<&str>, query: Option<&str>) -> bool {
    let has_at = |part: Option<&str>| part.is_some_and(|part| part.contains('@'));
    let whole = authority.contains('@') && database.is_some();
    has_at(database) || (has_at(query) && !whole)
}

/// Reads the path and the query of an SQLite URI.
pub(super) fn file(rest: &str) -> Result<(String, Params)> {
    let (path, query) = split_off(rest, '?');
    Ok((decoded(path, "path")?, parse_params(query.unwrap_or_default())?))
}

/// The port that the engine's servers listen on.
pub(super) fn default_port(engine: Engine) -> u16 {
    match engine {
        Engine::Mysql | Engine::Mariadb => 3306,
        Engine::Mongodb => 27017,
        Engine::Postgres | Engine::Sqlite => 5432,
    }
}

/// Reads `host:port,[::1]:port,…`; nothing gives no host.
pub(super) fn parse_hosts(text: &str, default_port: u16) -> Result<Vec<Host>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(',').map(|host| parse_host(host, default_port)).collect()
}

fn parse_host(text: &str, default_port: u16) -> Result<Host> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, after)) = rest.split_once(']') else {
                return Err(malformed("has an IPv6 address without its closing ]"));
            };
            match (after.is_empty(), after.strip_prefix(':')) {
                (true, _) => (address, None),
                (false, Some(port)) => (address, Some(port)),
                (false, None) => return Err(malformed("has something between ] and the port")),
            }
        }
        None => split_off(text, ':'),
    };
    if port.is_some_and(|port| port.contains(':')) {
        return Err(malformed("has more than one : in its host").hint(
            "write an IPv6 address as [::1]; a : inside a password before an @ needs no escape",
        ));
    }
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => parse_port(port)?,
        None => default_port,
    };
    let name = decoded(name, "host")?;
    if name.is_empty() {
        return Err(malformed("has a port but no host"));
    }
    Ok(Host { name, port, password: None })
}

/// Reads a port.
pub(super) fn parse_port(text: &str) -> Result<u16> {
    let port = text.parse::<u16>().ok().filter(|port| *port > 0);
    port.ok_or_else(|| {
        malformed("has a port that is no number from 1 to 65535")
            .hint("in a user name or password write : as %3A, @ as %40 and / as %2F")
    })
}

fn parse_params(query: &str) -> Result<Params> {
    let mut params = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(malformed("has a parameter without a value")
                .hint("parameters are written ?name=value&name=value"));
        };
        params.push((decoded(key, "parameter")?, decoded(value, "parameter")?));
    }
    Ok(params)
}

/// An error about a part of the URL.
pub(super) fn malformed(what: &str) -> CollectError {
    CollectError::new(ErrorKind::Config, format!("the target's URL {what}"))
}

fn split_off(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Resolves `%41`; the part is named in the error.
fn decoded(text: &str, part: &str) -> Result<String> {
    let wrong = || malformed(&format!("has a % in its {part} that no two hex digits follow"));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let Some((digits, after)) = rest.split_at_checked(2) else { return Err(wrong()) };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (Some(high), Some(low)) = (digit(digits[0]), digit(digits[1])) else {
            return Err(wrong().hint("write % itself as %25"));
        };
        bytes.push((high * 16 + low) as u8);
        rest = after;
    }
    if bytes.contains(&0) {
        return Err(malformed(&format!("has a %00 in its {part}")));
    }
    String::from_utf8(bytes).map_err(|_| malformed(&format!("has a {part} that is not UTF-8")))
}

/// Escapes what would not survive in a URL.
pub(super) fn encoded(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte));
            }
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}
