//! The rules, one file each. A new one costs its file and two lines here.

use crate::rule::Rule;

mod checkpoints_by_wal;
mod collection_scan;
mod connections_exhausted;
mod deadlocks;
mod examined_over_returned;
mod filesort_large;
mod filter_without_index;
mod io_bound;
mod join_without_index;
mod large_offset;
mod lock_waits;
mod planning_heavy;
mod recurring_errors;
mod redundant_index;
mod row_misestimate;
mod slow_checkpoint_sync;
mod sort_spill;
mod temp_files_by_statement;
mod temp_table_on_disk;
mod vacuum_held_back;

/// Every rule, sorted by name.
pub static ALL: &[&Rule] = &[
    &checkpoints_by_wal::RULE,
    &collection_scan::RULE,
    &connections_exhausted::RULE,
    &deadlocks::RULE,
    &examined_over_returned::RULE,
    &filesort_large::RULE,
    &filter_without_index::RULE,
    &io_bound::RULE,
    &join_without_index::RULE,
    &large_offset::RULE,
    &lock_waits::RULE,
    &planning_heavy::RULE,
    &recurring_errors::RULE,
    &redundant_index::RULE,
    &row_misestimate::RULE,
    &slow_checkpoint_sync::RULE,
    &sort_spill::RULE,
    &temp_files_by_statement::RULE,
    &temp_table_on_disk::RULE,
    &vacuum_held_back::RULE,
];

/// The rule of that name.
pub fn by_name(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::HEADINGS;

    #[test]
    fn every_file_is_a_row_and_rows_are_sorted() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|file| file != "mod.rs")
            .map(|file| file.trim_end_matches(".rs").replace('_', "-"))
            .collect();
        files.sort();
        let rows: Vec<&str> = ALL.iter().map(|rule| rule.name).collect();
        assert_eq!(files, rows);
    }

    #[test]
    fn every_manual_page_has_its_headings_in_order() {
        for rule in ALL {
            let mut rest = rule.docs;
            for heading in HEADINGS {
                let marker = format!(" ## {heading}\n");
                let at = rest.find(&marker);
                rest = &rest[at.unwrap_or_else(|| panic!("{}: no `{heading}`", rule.name))..];
            }
            assert!(!rule.summary.ends_with('.'), "{}", rule.name);
        }
    }
}
