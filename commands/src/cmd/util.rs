//! `planscope util`: schemas, fingerprints, and the generated files that are committed.

use super::completions;
use crate::cli::Cli;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::output::wire;
use crate::safe::{escaped_json, visible};
use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, Subcommand};
use clap_complete::Shell;
use planscope_advisors::{Rule, rules};
use planscope_explain::Engine;
use planscope_explain::workload::{fingerprint, query};
use std::io::{BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};

/// Schemas, fingerprints and generated files
#[derive(Debug, Args)]
pub struct UtilArgs {
    #[command(subcommand)]
    pub action: Action,
}

/// The helpers.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Print the JSON Schema of a document of --format json
    Schema {
        /// The document; without it the names are listed
        #[arg(value_parser = schema_names())]
        name: Option<String>,
    },
    /// Read statements from stdin and print their fingerprints and normalized texts
    ///
    /// With --format json or jsonl, each as a line of JSON.
    Fingerprint {
        /// The dialect
        #[arg(long, value_name = "ENGINE", default_value = "postgresql", value_parser = engine_names())]
        engine: String,
        /// Each line of stdin is a JSON string, or an object with a `query`; one JSON object a line
        /// comes out
        #[arg(long)]
        jsonl: bool,
    },
    /// Write man pages, completions, rule pages and schemas into a folder
    #[command(hide = true)]
    Generate {
        /// The folder, e.g. the root of the repository
        folder: PathBuf,
    },
}

fn schema_names() -> PossibleValuesParser {
    PossibleValuesParser::new(wire::SCHEMAS.iter().map(|schema| schema.name))
}

fn engine_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Engine::ALL.map(Engine::name))
}

/// Runs the command.
pub fn run(args: &UtilArgs, ctx: &Ctx) -> Result<ExitStatus> {
    match &args.action {
        Action::Schema { name } => {
            let mut text = String::new();
            for schema in wire::SCHEMAS {
                match name.as_deref() {
                    None => text.push_str(&format!("{}\n", schema.name)),
                    Some(wanted) if wanted == schema.name => text.push_str(&pretty(schema)),
                    Some(_) => {}
                }
            }
            ctx.ui.data(text.as_bytes())?;
        }
        Action::Fingerprint { engine, jsonl } => {
            let engine = Engine::from_name(engine).unwrap_or(Engine::Postgres);
            if *jsonl { fingerprint_lines(ctx, engine)? } else { fingerprint_text(ctx, engine)? }
        }
        Action::Generate { folder } => {
            for (path, bytes) in generated() {
                write(&folder.join(path), &bytes)?;
            }
        }
    }
    Ok(ExitStatus::Success)
}

fn fingerprint_text(ctx: &Ctx, engine: Engine) -> Result<()> {
    let mut text = String::new();
    if std::io::stdin().is_terminal() {
        ctx.ui.say("type statements, then press Ctrl-D (Ctrl-C to leave)");
    }
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|e| CommandError::from(e).at("stdin"))?;
    let mut out = String::new();
    for statement in query::split_statements(&text, engine) {
        let sql = statement.sql;
        out.push_str(&match ctx.output.machine_readable {
            true => identity(sql, engine),
            false => {
                let text = visible(&fingerprint::normalize(sql, engine));
                format!("{}  {text}\n", fingerprint::fingerprint(sql, engine))
            }
        });
    }
    ctx.ui.data(out.as_bytes())
}

/// A statement's fingerprint and normalized text, as a line of JSON.
fn identity(sql: &str, engine: Engine) -> String {
    let document = serde_json::json!({
        "fingerprint": fingerprint::fingerprint(sql, engine).to_string(),
        "normalized": fingerprint::normalize(sql, engine),
    });
    escaped_json(&document.to_string()) + "\n"
}

fn fingerprint_lines(ctx: &Ctx, engine: Engine) -> Result<()> {
    for (i, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|e| CommandError::from(e).at("stdin"))?;
        if line.trim().is_empty() {
            continue;
        }
        let sql = match serde_json::from_str(&line) {
            Ok(serde_json::Value::String(sql)) => Some(sql),
            Ok(serde_json::Value::Object(mut object)) => {
                object.remove("query").and_then(|q| q.as_str().map(str::to_owned))
            }
            _ => None,
        };
        let sql = sql.ok_or_else(|| {
            CommandError::input(format!(
                "stdin, line {}: neither a JSON string nor an object with a `query`",
                i + 1
            ))
        })?;
        ctx.ui.data(identity(&sql, engine).as_bytes())?;
    }
    Ok(())
}

fn pretty(schema: &wire::WireSchema) -> String {
    // A schema is made of JSON values: it always has a JSON form.
    serde_json::to_string_pretty(&(schema.schema)()).unwrap_or_default() + "\n"
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| CommandError::from(error).at(path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}

/// The generated files: path below the repository's root, and bytes.
pub fn generated() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    man_pages(&mut files);
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        files.push((format!("completions/planscope.{shell}"), completions::script(shell)));
    }
    for schema in wire::SCHEMAS {
        let path = format!("docs/schemas/{}.json", schema.name);
        files.push((path, pretty(schema).into_bytes()));
    }
    for rule in rules::ALL {
        files.push((format!("docs/rules/{}.md", rule.name), rule_page(rule).into_bytes()));
    }
    files
}

fn rule_page(rule: &Rule) -> String {
    let mut page = format!("# {}\n\n{}.\n\n", rule.name, rule.summary);
    for line in rule.docs.lines() {
        page.push_str(line.strip_prefix(' ').unwrap_or(line));
        page.push('\n');
    }
    page
}

/// One page for planscope and one for each subcommand, as `man planscope-collect`.
fn man_pages(files: &mut Vec<(String, Vec<u8>)>) {
    let mut root = Cli::command();
    root.build();
    let mut waiting = vec![("planscope".to_owned(), root)];
    while let Some((name, command)) = waiting.pop() {
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            waiting.push((format!("{name}-{}", sub.get_name()), sub.clone()));
        }
        // clap wants names for the program's whole life; this runs once in a development command.
        let titled = command.name(String::leak(name.clone()) as &'static str);
        let mut page = Vec::new();
        if clap_mangen::Man::new(titled).render(&mut page).is_ok() {
            files.push((format!("man/{name}.1"), page));
        }
    }
    files.sort();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files in the repository are those that the code makes. `UPDATE_GENERATED=1` writes them.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    fn generated_files_are_up_to_date() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let update = std::env::var_os("UPDATE_GENERATED").is_some();
        for (path, bytes) in generated() {
            let full = root.join(&path);
            if update {
                write(&full, &bytes).unwrap();
            }
            let committed = std::fs::read(&full).unwrap_or_default();
            assert!(committed == bytes, "{path} is out of date: UPDATE_GENERATED=1 cargo test");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
