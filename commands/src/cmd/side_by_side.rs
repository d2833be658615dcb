//! A comparison at the terminal: two plans side by side, or the list of what changed.

use super::interface::InterfaceArgs;
use super::sources;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::report::{DiffContent, DiffReport};
use crate::tui;
use crate::tui::browse::BrowseScreen;
use crate::tui::browse::known::{Before, Known};
use crate::tui::browse::rows::Column;
use crate::tui::compare::CompareScreen;
use crate::tui::screen::Screen;
use planscope_explain::diff::Tolerance;
use std::sync::Arc;

/// Opens the comparison until the user leaves.
pub fn open(
    interface: &InterfaceArgs,
    report: DiffReport,
    tolerance: Tolerance,
    ctx: &Ctx,
) -> Result<ExitStatus> {
    let [before, after] = report.sources;
    let screen: Box<dyn Screen> = match report.content {
        DiffContent::Plans { diff, plans } => {
            let statement = plans[1].statement.clone().or_else(|| plans[0].statement.clone());
            let screen = CompareScreen::new([before, after], *plans, diff);
            Box::new(match statement {
                Some(text) => screen.of_statement(text),
                None => screen,
            })
        }
        DiffContent::Snapshots { diff, snapshots, .. } => {
            let [old, new] = snapshots.map(Arc::new);
            let before = Before::of_diff(before, old, &new, diff);
            let mut known = Known::new(after, new, sources::of(ctx, None, tolerance)?);
            known.before = Some(Arc::new(before));
            Box::new(BrowseScreen::new(known, None).sorted_by(Column::Change))
        }
    };
    tui::run(ctx, interface.look(ctx)?, screen, |_| ())
}
