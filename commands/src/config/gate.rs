//! `[diff]` and `[baseline]` of `planscope.toml`.

use super::schema::is_day;
use crate::gate::{Allow, FailOn, Policy, Which};
use serde::Deserialize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What is wrong, and at which bytes.
type Misplaced = (Range<usize>, String);

/// `[diff]` as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct DiffText {
    fail_on: Option<Vec<Spanned<String>>>,
    tolerance: Option<Spanned<f64>>,
    least_cost: Option<Spanned<f64>>,
    least_rows: Option<Spanned<f64>>,
    least_ms: Option<Spanned<f64>>,
    confidence: Option<Spanned<f64>>,
    policy: Vec<Spanned<PolicyText>>,
    allow: Vec<Spanned<AllowText>>,
}

/// `[[diff.policy]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PolicyText {
    query: Option<String>,
    fingerprint: Option<Spanned<String>>,
    tolerance: Option<Spanned<f64>>,
    fail_on: Option<Vec<Spanned<String>>>,
}

/// `[[diff.allow]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AllowText {
    query: Option<String>,
    fingerprint: Option<Spanned<String>>,
    #[serde(default)]
    kinds: Vec<Spanned<String>>,
    reason: Spanned<String>,
    expires: Spanned<String>,
}

/// `[baseline]` as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct BaselineText {
    folder: Option<Spanned<String>>,
    queries: Option<Vec<Spanned<String>>>,
    target: Option<Spanned<String>>,
}

/// What holds for comparisons; what is `None` nobody has said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiffSettings {
    /// What fails a run.
    pub fail_on: Option<Vec<FailOn>>,
    /// Ratio from which more work counts.
    pub tolerance: Option<f64>,
    /// Cost below which a plan is too small to judge.
    pub least_cost: Option<f64>,
    /// Rows below which a table is too small for its access path to matter.
    pub least_rows: Option<f64>,
    /// Milliseconds below which times are not judged.
    pub least_ms: Option<f64>,
    /// How sure the test of repeated runs must be, 0 to 1.
    pub confidence: Option<f64>,
    /// Exceptions for some statements.
    pub policies: Vec<Policy>,
    /// What is let pass for a while.
    pub allows: Vec<Allow>,
}

/// Where the baseline is and what it is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaselineSettings {
    /// The folder.
    pub folder: Option<PathBuf>,
    /// Files and folders of statements.
    pub queries: Vec<PathBuf>,
    /// The database that plans them: a URL or a target's name.
    pub target: Option<String>,
}

impl DiffSettings {
    /// Adds what a file says; `place` names the place of a byte.
    pub(super) fn add(
        &mut self,
        text: DiffText,
        place: &impl Fn(usize) -> String,
    ) -> Result<(), Misplaced> {
        if let Some(names) = text.fail_on {
            self.fail_on = Some(fail_on(names)?);
        }
        let ratio = |v: f64| if v >= 1.0 { Ok(v) } else { Err("must be 1 or more") };
        let least = |v: f64| if v >= 0.0 { Ok(v) } else { Err("must be 0 or more") };
        let share =
            |v: f64| if v > 0.0 && v < 1.0 { Ok(v) } else { Err("must be between 0 and 1") };
        for (slot, value, check) in [
            (
                &mut self.tolerance,
                text.tolerance,
                &ratio as &dyn Fn(f64) -> Result<f64, &'static str>,
            ),
            (&mut self.least_cost, text.least_cost, &least),
            (&mut self.least_rows, text.least_rows, &least),
            (&mut self.least_ms, text.least_ms, &least),
            (&mut self.confidence, text.confidence, &share),
        ] {
            if let Some(value) = value {
                *slot = Some(number(value, check)?);
            }
        }
        for policy in text.policy {
            self.policies.push(policy_of(policy, &ratio)?);
        }
        for allow in text.allow {
            self.allows.push(allow_of(allow, place)?);
        }
        Ok(())
    }
}

impl BaselineSettings {
    /// Adds what the file at `path` says; its paths are relative to the file's folder.
    pub(super) fn add(&mut self, text: BaselineText, path: &Path) -> Result<(), Misplaced> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let inside = |name: Spanned<String>| match name.get_ref().trim().is_empty() {
            true => Err((name.span(), "the name is empty".to_owned())),
            false => Ok(folder.join(name.into_inner())),
        };
        if let Some(name) = text.folder {
            self.folder = Some(inside(name)?);
        }
        if let Some(names) = text.queries {
            self.queries = names.into_iter().map(inside).collect::<Result<_, _>>()?;
        }
        if let Some(target) = text.target {
            if target.get_ref().trim().is_empty() {
                return Err((target.span(), "the target is empty".to_owned()));
            }
            self.target = Some(target.into_inner());
        }
        Ok(())
    }
}

fn number(
    value: Spanned<f64>,
    check: &dyn Fn(f64) -> Result<f64, &'static str>,
) -> Result<f64, Misplaced> {
    let at = value.span();
    let value = value.into_inner();
    let finite = if value.is_finite() { check(value) } else { Err("must be a number") };
    finite.map_err(|what| (at, what.to_owned()))
}

fn fail_on(names: Vec<Spanned<String>>) -> Result<Vec<FailOn>, Misplaced> {
    let read = |name: Spanned<String>| name.get_ref().parse().map_err(|what| (name.span(), what));
    names.into_iter().map(read).collect()
}

fn which(
    query: Option<String>,
    fingerprint: Option<Spanned<String>>,
    at: &Range<usize>,
) -> Result<Which, Misplaced> {
    let fingerprint = match fingerprint {
        None => None,
        Some(text) => {
            let digits = text.get_ref().chars().all(|c| c.is_ascii_hexdigit());
            if !digits || !(4..=16).contains(&text.get_ref().len()) {
                let what = "a fingerprint is 4 to 16 hexadecimal digits";
                return Err((text.span(), what.to_owned()));
            }
            Some(text.into_inner())
        }
    };
    if query.is_none() && fingerprint.is_none() {
        let what =
            "it names its statements: query = \"name\" (with * for any) or fingerprint = \"…\"";
        return Err((at.clone(), what.to_owned()));
    }
    Ok(Which { query, fingerprint })
}

fn policy_of(
    text: Spanned<PolicyText>,
    ratio: &dyn Fn(f64) -> Result<f64, &'static str>,
) -> Result<Policy, Misplaced> {
    let at = text.span();
    let text = text.into_inner();
    if text.tolerance.is_none()
        && text.fail_on.is_none()
        && (text.query.is_some() || text.fingerprint.is_some())
    {
        return Err((at, "a policy says a tolerance or fail-on".to_owned()));
    }
    Ok(Policy {
        which: which(text.query, text.fingerprint, &at)?,
        tolerance: text.tolerance.map(|value| number(value, ratio)).transpose()?,
        fail_on: text.fail_on.map(fail_on).transpose()?,
    })
}

fn allow_of(
    text: Spanned<AllowText>,
    place: &impl Fn(usize) -> String,
) -> Result<Allow, Misplaced> {
    let at = text.span();
    let text = text.into_inner();
    if text.reason.get_ref().trim().is_empty() {
        return Err((text.reason.span(), "an allow says its reason".to_owned()));
    }
    if !is_day(text.expires.get_ref()) {
        let what =
            format!("expires = `{}` is no day: write \"2026-12-31\"", text.expires.get_ref());
        return Err((text.expires.span(), what));
    }
    for kind in &text.kinds {
        kind.get_ref().parse::<FailOn>().map_err(|what| (kind.span(), what))?;
    }
    Ok(Allow {
        which: which(text.query, text.fingerprint, &at)?,
        kinds: text.kinds.into_iter().map(Spanned::into_inner).collect(),
        reason: text.reason.into_inner(),
        expires: text.expires.into_inner(),
        place: place(at.start),
    })
}
