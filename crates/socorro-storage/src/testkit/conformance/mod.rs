//! The behaviour that every storage has to show: one function each.
//!
//! ```
//! mod my_storage {
//!     use socorro_storage::testkit::ObjectHarness;
//!
//!     async fn harness() -> Option<ObjectHarness> {
//!         Some(ObjectHarness::memory())
//!     }
//!
//!     socorro_storage::conformance_tests!(harness);
//! }
//! ```

mod damage;
mod documents;
mod dumps;
mod inventory;
mod processed;
mod reports;

pub use damage::*;
pub use documents::*;
pub use dumps::*;
pub use inventory::*;
pub use processed::*;
pub use reports::*;

/// Makes one `#[tokio::test]` of each function in
/// [`testkit::conformance`](crate::testkit::conformance).
///
/// The argument is an `async fn() -> Option<impl Harness>`; `None` skips the test. The calling
/// crate needs `tokio` with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:path) => {
        $crate::conformance_tests! { @each $harness:
            a_report_comes_back_as_it_was_saved
            a_report_without_dumps_has_an_empty_list
            saving_a_report_again_replaces_it
            the_raw_crash_shows_that_all_is_there
            what_is_not_there_is_not_found
            dumps_go_to_files
            a_large_dump_goes_through_in_parts
            a_dump_that_is_no_file_leaves_no_report
            fetching_goes_on_without_missing_dumps
            a_processed_crash_keeps_its_order
            the_version_is_told_without_reading
            only_the_expected_version_is_replaced
            an_answer_that_was_lost_is_no_conflict
            of_two_first_writers_one_wins
            of_two_replacers_one_wins
            damaged_raw_crashes_are_corrupt
            damaged_processed_crashes_are_corrupt
            damaged_lists_are_corrupt
            what_python_writes_is_readable
            a_day_is_listed_in_order
            processed_crashes_of_a_day_are_listed_in_order
            unprocessed_crashes_are_found
            the_catalog_tells_what_is_there
            deleting_leaves_nothing_and_no_other_crash_suffers
            a_dump_that_cannot_be_named_keeps_the_list
            documents_come_back
            documents_are_listed_and_deleted
            missing_symbols_are_listed_by_module
            a_storage_gives_a_sign_of_life
        }
    };
    (@each $harness:path: $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(harness) = $harness().await {
                    $crate::testkit::conformance::$case(&harness).await;
                }
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_function_is_left_out_of_the_macro() {
        let macro_text = include_str!("mod.rs");
        let modules = [
            include_str!("damage.rs"),
            include_str!("documents.rs"),
            include_str!("dumps.rs"),
            include_str!("inventory.rs"),
            include_str!("processed.rs"),
            include_str!("reports.rs"),
        ];
        let functions: Vec<_> = modules
            .into_iter()
            .flat_map(str::lines)
            .filter_map(|line| line.strip_prefix("pub async fn ")?.split_once('('))
            .map(|(name, _)| name)
            .collect();
        assert!(functions.len() > 20);
        for name in functions {
            assert!(macro_text.lines().any(|line| line.trim() == name), "{name}");
        }
    }
}
