//! Habits of the house, kept by a test: layers, file heads, file lengths, registries, hosts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file of Rust, in lines.
const MOST_LINES: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` with that ending, build output and hidden folders left out.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                waiting.push(path);
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Which of our crates, and which crates that would break a promise, a package may name.
struct Layer {
    manifest: &'static str,
    ours: &'static [&'static str],
    never: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer {
        manifest: "explain/Cargo.toml",
        ours: &[],
        never: &["tokio", "jiff", "rusqlite", "clap", "futures-util"],
    },
    Layer {
        manifest: "advisors/Cargo.toml",
        ours: &["planscope-explain"],
        never: &["tokio", "jiff", "rusqlite", "clap", "futures-util"],
    },
    Layer {
        manifest: "collection/Cargo.toml",
        ours: &["planscope-explain"],
        never: &["clap", "ratatui", "comfy-table", "indicatif"],
    },
    Layer {
        manifest: "commands/Cargo.toml",
        ours: &["planscope-explain", "planscope-advisors", "planscope-collection"],
        never: &["rusqlite", "tokio-postgres", "mysql_async", "mongodb"],
    },
    Layer { manifest: "Cargo.toml", ours: &["planscope-commands"], never: &["clap", "tokio"] },
];

#[test]
fn layers_point_downward_only() {
    for layer in LAYERS {
        let text = fs::read_to_string(root().join(layer.manifest)).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        for name in dependencies.keys() {
            let allowed = !name.starts_with("planscope") || layer.ours.contains(&name.as_str());
            assert!(allowed, "{} must not depend on {name}", layer.manifest);
            let banned = layer.never.contains(&name.as_str());
            assert!(!banned, "{}: {name} belongs to another layer", layer.manifest);
        }
    }
}

#[test]
fn the_pure_crates_do_no_io() {
    let banned = ["std::fs", "std::net", "std::env", "std::process", "SystemTime", "Instant::"];
    for folder in ["explain/src", "advisors/src"] {
        for path in files(&root().join(folder), ".rs") {
            let text = fs::read_to_string(&path).unwrap();
            // Tests may read fixtures.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let is_test = short(&path).contains("test");
            for word in banned {
                assert!(is_test || !code.contains(word), "{} uses {word}", short(&path));
            }
        }
    }
}

#[test]
fn sources_keep_their_form() {
    let mut wrong = Vec::new();
    for path in files(root(), ".rs") {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        if !text.starts_with("//!") {
            wrong.push(format!("{} does not open with //!", short(&path)));
        }
        if lines > MOST_LINES {
            wrong.push(format!("{} has {lines} lines, at most {MOST_LINES}", short(&path)));
        }
        // In two parts, so that this file does not find itself.
        for word in [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("#[ig", "nore")]
        {
            if text.contains(word) {
                wrong.push(format!("{} has {word}", short(&path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn registries_have_a_row_for_every_file() {
    let registries: BTreeMap<&str, &[&str]> = [
        ("explain/src/formats", &["FORMAT"][..]),
        ("advisors/src/rules", &["RULE"][..]),
        ("commands/src/output", &["OUTPUT"][..]),
        ("collection/src/drivers", &["DRIVER"][..]),
        ("collection/src/logs", &["READER"][..]),
    ]
    .into();
    for (folder, statics) in registries {
        let list = fs::read_to_string(root().join(folder).join("mod.rs")).unwrap();
        for name in statics {
            for path in files(&root().join(folder), ".rs") {
                let text = fs::read_to_string(&path).unwrap();
                if !text.contains(&format!("static {name}:"))
                    && !text.contains(&format!("static {name} ="))
                {
                    continue;
                }
                let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
                let module = match stem.as_str() {
                    "mod" => {
                        path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned()
                    }
                    _ => stem,
                };
                let row = format!("&{module}::{name}");
                assert!(list.contains(&row), "{folder}/mod.rs has no row for {module}");
            }
        }
    }
}

#[test]
fn no_file_names_a_registry_host() {
    // In two parts, so that this file does not find itself.
    let hosts = [
        concat!("deb.", "debian.org"),
        concat!("registry.", "npmjs.org"),
        concat!("py", "pi.org"),
        concat!("static.crates", ".io"),
        concat!("index.crates", ".io"),
    ];
    for ending in ["", ".rs", ".toml", ".sh", ".yaml", ".md", "servers", "Makefile"] {
        for path in files(root(), ending) {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            if short(&path) == "Cargo.lock" {
                continue;
            }
            for host in hosts {
                assert!(!text.contains(host), "{} names {host}", short(&path));
            }
        }
    }
}
