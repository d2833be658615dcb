//! Findings that the user has looked at and does not want to see again.

use crate::finding::{Evidence, Finding};

/// Findings that are not shown, and why. What is `None` fits anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suppression {
    /// Of this rule.
    pub rule: Option<String>,
    /// Of the statement whose fingerprint begins so.
    pub statement: Option<String>,
    /// About this relation, by its name with or without schema.
    pub relation: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, `2026-12-31`.
    pub until: Option<String>,
}

/// What was left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suppressed {
    /// Findings that are not shown, with the number of the suppression that holds them back.
    pub findings: Vec<(Finding, usize)>,
    /// Suppressions that hold nothing back: the problem is gone, or their time is over.
    pub unused: Vec<usize>,
}

impl Suppression {
    /// Whether it still holds on `today` (`2026-11-21`). Days written so sort as text.
    pub fn holds_on(&self, today: &str) -> bool {
        self.until.as_deref().is_none_or(|until| today <= until)
    }

    fn fits(&self, finding: &Finding) -> bool {
        let rule = self.rule.as_deref().is_none_or(|rule| rule == finding.rule);
        let statement = self.statement.as_deref().is_none_or(|wanted| {
            finding.statement.is_some_and(|s| s.to_string().starts_with(wanted))
        });
        let relation = self.relation.as_deref().is_none_or(|wanted| about(finding, wanted));
        rule && statement && relation
    }
}

/// Whether the finding's evidence names the relation.
fn about(finding: &Finding, wanted: &str) -> bool {
    let is_it = |name: &str| name == wanted || name.rsplit('.').next() == Some(wanted);
    finding.evidence.iter().any(|(_, evidence)| match evidence {
        Evidence::Text(name) => is_it(name),
        Evidence::List(names) => names.iter().any(|name| is_it(name)),
        Evidence::Number(_) => false,
    })
}

/// Takes what the suppressions hold back out of `findings`.
pub fn suppress(
    findings: &mut Vec<Finding>,
    suppressions: &[Suppression],
    today: &str,
) -> Suppressed {
    let mut held = Suppressed::default();
    let fitting =
        |finding: &Finding| suppressions.iter().position(|s| s.holds_on(today) && s.fits(finding));
    for finding in std::mem::take(findings) {
        match fitting(&finding) {
            Some(number) => held.findings.push((finding, number)),
            None => findings.push(finding),
        }
    }
    let used = |number: &usize| held.findings.iter().any(|(_, by)| by == number);
    held.unused = (0..suppressions.len()).filter(|number| !used(number)).collect();
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use planscope_explain::Fingerprint;

    fn finding(rule: &'static str, statement: u64, table: &str) -> Finding {
        let mut finding = Finding::new(rule, Severity::High, "bad");
        finding.statement = Some(Fingerprint(statement));
        finding.evidence = vec![("table", table.into())];
        finding
    }

    fn rule(rule: &str) -> Suppression {
        Suppression { rule: Some(rule.into()), reason: "known".into(), ..Suppression::default() }
    }

    #[test]
    fn every_part_must_fit() {
        let all = vec![
            finding("sort-spill", 0xabc0_0000_0000_0000, "shop.orders"),
            finding("sort-spill", 1, "shop.audit"),
            finding("large-offset", 1, "shop.audit"),
        ];
        let mut left = all.clone();
        let by = Suppression { relation: Some("audit".into()), ..rule("sort-spill") };
        assert_eq!(suppress(&mut left, &[by], "2026-01-01").findings.len(), 1);
        assert_eq!(left, [all[0].clone(), all[2].clone()]);
        let mut left = all.clone();
        let by = Suppression { rule: None, statement: Some("abc0".into()), ..rule("") };
        suppress(&mut left, &[by], "2026-01-01");
        assert_eq!(left, all[1..]);
    }

    #[test]
    fn what_is_over_or_never_fits_is_unused() {
        let over = Suppression { until: Some("2026-01-31".into()), ..rule("sort-spill") };
        let suppressions = [over, rule("redundant-index")];
        let mut findings = vec![finding("sort-spill", 1, "t")];
        assert_eq!(suppress(&mut findings, &suppressions, "2026-01-31").unused, [1]);
        let mut findings = vec![finding("sort-spill", 1, "t")];
        let held = suppress(&mut findings, &suppressions, "2026-02-01");
        assert_eq!((held.unused, findings.len()), (vec![0, 1], 1));
    }
}
