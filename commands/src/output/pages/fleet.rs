//! Many collections as one table.

use crate::output::document::{Block, Document, Item, Tone};
use crate::report::{FleetReport, counted};
use planscope_explain::units::Share;

/// The document of a fleet's collection.
pub fn document(report: &FleetReport) -> Document {
    let mut document = Document::default();
    let failed = report.rows.iter().filter(|row| row.outcome.is_err()).count();
    let mut heading = counted(report.rows.len(), "target", "targets");
    if failed > 0 {
        heading.push_str(&format!(", {failed} failed"));
    }
    document.heading(heading);
    let rows = report.rows.iter().map(|row| match &row.outcome {
        Ok((snapshot, path)) => {
            let plans = snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count();
            let share = snapshot.coverage.time_share.map(|share| Share(share).to_string());
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            vec![
                row.name.clone(),
                snapshot.statements.len().to_string(),
                plans.to_string(),
                share.unwrap_or_default(),
                file,
            ]
        }
        Err(_) => {
            let nothing = String::new;
            vec![row.name.clone(), nothing(), nothing(), nothing(), "failed".to_owned()]
        }
    });
    document.blocks.push(Block::Table {
        head: vec!["target", ">statements", ">plans", ">of the time", "snapshot"],
        rows: rows.collect(),
    });
    let failures = report.rows.iter().filter_map(|row| {
        let error = row.outcome.as_ref().err()?;
        let hints = error.hints.iter().map(|hint| vec![crate::output::document::dim(hint.clone())]);
        Some(Item {
            marker: row.name.clone(),
            tone: Tone::Hot,
            text: error.message.clone(),
            details: hints.collect(),
        })
    });
    document.list(failures.collect());
    document
}
