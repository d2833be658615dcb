//! The shape of `planscope.toml`, and what its parts may say.

pub(super) use super::gate::{BaselineText, DiffText};
use crate::tui::theme::{Palette, Theme};
use planscope_advisors::Suppression;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// A file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[derive(Default)]
pub(super) struct FileText {
    pub(super) targets: BTreeMap<String, TargetText>,
    pub(super) groups: BTreeMap<String, Vec<String>>,
    pub(super) thresholds: BTreeMap<String, Spanned<f64>>,
    pub(super) suppress: Vec<Spanned<SuppressionText>>,
    pub(super) interface: InterfaceEntry,
    pub(super) diff: DiffText,
    pub(super) baseline: BaselineText,
}

/// `[interface]`: how plans are looked at on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct InterfaceEntry {
    /// Whether commands open it on a terminal; they do unless it says no.
    pub open: Option<bool>,
    /// `auto`, `dark` or `light`.
    pub theme: Option<Theme>,
    /// `default`, `okabe-ito` or `cividis`.
    pub palette: Option<Palette>,
}

impl InterfaceEntry {
    /// What this says, else what `other` says.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            open: self.open.or(other.open),
            theme: self.theme.or(other.theme),
            palette: self.palette.or(other.palette),
        }
    }
}

/// `[targets.NAME]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TargetText {
    url: Spanned<String>,
    #[serde(default)]
    groups: Vec<String>,
    password_command: Option<String>,
    #[serde(default)]
    keyring: bool,
}

/// `[[suppress]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SuppressionText {
    rule: Option<String>,
    statement: Option<String>,
    relation: Option<String>,
    reason: String,
    until: Option<String>,
}

/// A target that has a name.
#[derive(Clone, PartialEq)]
pub struct TargetEntry {
    /// Where it is; may hold a password, so it is not printed.
    pub url: String,
    /// Groups that it belongs to.
    pub groups: Vec<String>,
    /// A shell command whose first line of output is the password.
    pub password_command: Option<String>,
    /// Whether the keyring of the operating system has the password.
    pub keyring: bool,
}

impl std::fmt::Debug for TargetEntry {
    /// Without the URL: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TargetEntry").field("groups", &self.groups).finish_non_exhaustive()
    }
}

impl TargetText {
    /// Checks what serde cannot. The error has its place.
    pub(super) fn read(self, name: &str) -> Result<TargetEntry, (Range<usize>, String)> {
        let at = self.url.span();
        let sane = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(sane) {
            let what = "a target's name has letters, digits, `-`, `_` and `.` only";
            return Err((at, what.to_owned()));
        }
        let url = self.url.into_inner();
        if url.trim().is_empty() {
            return Err((at, format!("the url of `{name}` is empty")));
        }
        if self.keyring && self.password_command.is_some() {
            let what = format!("`{name}` has both password-command and keyring: one is enough");
            return Err((at, what));
        }
        Ok(TargetEntry {
            url,
            groups: self.groups,
            password_command: self.password_command,
            keyring: self.keyring,
        })
    }
}

impl SuppressionText {
    /// Checks what serde cannot.
    pub(super) fn read(self) -> Result<Suppression, String> {
        if self.rule.is_none() && self.statement.is_none() && self.relation.is_none() {
            return Err("a suppression names a rule, a statement or a relation".to_owned());
        }
        if self.reason.trim().is_empty() {
            return Err("a suppression says its reason".to_owned());
        }
        let known = |rule: &String| planscope_advisors::rules::by_name(rule).is_some();
        if let Some(rule) = self.rule.as_ref().filter(|rule| !known(rule)) {
            return Err(format!("there is no rule `{rule}`; `planscope rules` lists them"));
        }
        if let Some(day) = self.until.as_ref().filter(|day| !is_day(day)) {
            return Err(format!("until = `{day}` is no day: write \"2026-12-31\""));
        }
        Ok(Suppression {
            rule: self.rule,
            statement: self.statement,
            relation: self.relation,
            reason: self.reason,
            until: self.until,
        })
    }
}

/// `2026-12-31`, which sorts as text.
pub(super) fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, digits: usize, most: u32| {
        part.len() == digits && part.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n))
    };
    matches!(parts[..], [y, m, d] if number(y, 4, 9999) && number(m, 2, 12) && number(d, 2, 31))
}
