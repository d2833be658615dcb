//! `pg_service.conf`: connection parameters under a name, as libpq reads them.

use super::{Environment, url};
use crate::error::Result;
use std::path::{Path, PathBuf};

/// Where the file of the whole system is when PGSYSCONFDIR does not say: Debian's place, and the one of
/// a PostgreSQL built from source.
const SYSTEM_FOLDERS: [&str; 3] = ["/etc/postgresql-common", "/etc", "/usr/local/pgsql/etc"];

/// The parameters of a service: from the user's file, else from the system's.
///
/// # Errors
/// When no file has the service, or the one that has it says something that is no `key=value`; with
/// file and line, and without what stands there.
pub(super) fn parameters(name: &str, environment: &Environment) -> Result<Vec<(String, String)>> {
    let files = files(environment);
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let found = section(&text, name);
        if let Some(found) = found.map_err(|line| broken(file, line))? {
            return Ok(found);
        }
    }
    let shown: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Err(url::malformed("names a service that no file has")
        .hint(format!("looked in {}", shown.join(", ")))
        .hint("write [NAME] and below it host=…, dbname=…, user=…"))
}

fn broken(file: &Path, line: usize) -> crate::CollectError {
    let message = format!("{}:{line}: not a line `key=value`", file.display());
    crate::CollectError::new(crate::error::ErrorKind::Config, message)
        .hint("a service file has [NAME] and below it lines such as host=db.example.org")
}

fn files(environment: &Environment) -> Vec<PathBuf> {
    let home = || Some(Path::new(environment.get("HOME")?).join(".pg_service.conf"));
    let user = environment.get("PGSERVICEFILE").map(PathBuf::from).or_else(home);
    let system: Vec<&str> = match environment.get("PGSYSCONFDIR") {
        Some(folder) => vec![folder],
        None => SYSTEM_FOLDERS.to_vec(),
    };
    let system = system.into_iter().map(|folder| Path::new(folder).join("pg_service.conf"));
    user.into_iter().chain(system).collect()
}

/// The lines of a section; the number of the first line in it that cannot be read is the error.
fn section(text: &str, name: &str) -> std::result::Result<Option<Vec<(String, String)>>, usize> {
    let mut found: Option<Vec<(String, String)>> = None;
    for (at, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found.is_some() {
                return Ok(found);
            }
            if header.strip_suffix(']') == Some(name) {
                found = Some(Vec::new());
            }
        } else if let Some(parameters) = &mut found {
            let (key, value) = line.split_once('=').ok_or(at + 1)?;
            // libpq takes no service inside a service.
            if key.is_empty() || key == "service" {
                return Err(at + 1);
            }
            parameters.push((key.to_owned(), value.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# all\n[other]\nhost=wrong\n\n[shop]\nhost=db1\nport=6432\n\
                        password=a=b\n[third]\nbroken\n";

    #[test]
    fn only_the_lines_of_the_service_count() {
        let shop = section(FILE, "shop").unwrap().unwrap();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(shop, [pair("host", "db1"), pair("port", "6432"), pair("password", "a=b")]);
        assert_eq!(section(FILE, "nobody"), Ok(None));
        assert_eq!(section(FILE, "third"), Err(10));
        assert_eq!(section("[a]\nservice=b", "a"), Err(2));
    }
}
