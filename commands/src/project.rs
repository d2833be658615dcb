//! Names of files as everybody of a repository writes them: from its root, with slashes.
//!
//! A baseline, SARIF and annotations name the files of statements; a name that holds the path of
//! somebody's home or a build's folder would be another one on every machine.

use std::path::{Component, Path, PathBuf};

/// The root of the repository around `cwd`; outside of one, `cwd`.
pub fn root(cwd: &Path) -> PathBuf {
    let is_root = |folder: &&Path| folder.join(".git").exists();
    cwd.ancestors().find(is_root).unwrap_or(cwd).to_owned()
}

/// `file`, as it is named in `cwd`, from the root; as it is when it lies elsewhere.
pub fn from_root(file: &str, cwd: &Path) -> String {
    let whole = normal(&cwd.join(file));
    match whole.strip_prefix(normal(&root(cwd))) {
        Ok(inside) => slashes(inside),
        Err(_) => file.to_owned(),
    }
}

/// The path of a file that is named from the root.
pub fn path_of(name: &str, cwd: &Path) -> PathBuf {
    let whole = root(cwd).join(name);
    // Shorter in messages, and the same file.
    whole.strip_prefix(cwd).map(Path::to_owned).unwrap_or(whole)
}

/// Without `.` and `..`, by the names alone.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts
}

fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_from_the_root_wherever_one_stands() {
        let folder = tempfile::tempdir().unwrap();
        let sub = folder.path().join("repo/app");
        std::fs::create_dir_all(&sub).unwrap();
        std::fs::create_dir(folder.path().join("repo/.git")).unwrap();
        assert_eq!(from_root("../sql/./a.sql", &sub), "sql/a.sql");
        assert_eq!(from_root("sql/a.sql", &sub), "app/sql/a.sql");
        let absolute = sub.join("a.sql");
        assert_eq!(from_root(&absolute.display().to_string(), &sub), "app/a.sql");
        assert_eq!(from_root("../../other.sql", &sub), "../../other.sql");
        assert_eq!(path_of("app/a.sql", &sub), Path::new("a.sql"));
        assert_eq!(path_of("sql/a.sql", &sub), folder.path().join("repo/sql/a.sql"));
    }
}
