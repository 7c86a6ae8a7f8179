//! All cases of the suite: as tests, and one after the other.

use super::{fixture::Fixture, suite};

/// Makes a module of tests, one for each case of [`testkit::suite`](crate::testkit::suite).
///
/// The first argument names the module, the second is an expression that makes a new
/// [`Fixture`](crate::testkit::Fixture); it may use `.await`. With `or_skip` as a third argument the
/// expression makes an `Option` of one, and without a fixture there is nothing to test. The crate that calls it needs tokio
/// with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_suite {
    ($module:ident, $fixture:expr) => {
        $crate::conformance_suite!($module, Some($fixture), or_skip);
    };
    ($module:ident, $fixture:expr, or_skip) => {
        mod $module {
            use super::*;

            $crate::for_each_conformance_case!([$crate::conformance_suite] @cases $fixture;);
        }
    };
    (@cases $fixture:expr; $($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                if let Some(fixture) = $fixture {
                    $crate::testkit::suite::$case(&fixture).await;
                }
            }
        )*
    };
}

/// Runs all cases one after the other, each on a fixture of its own, for backends whose tests are
/// no `#[tokio::test]`s. Returns how many there are; like a test, it panics when the queue breaks a
/// promise. `about_to_run` hears the name of each case before it begins.
pub async fn run_suite<F: Fixture>(
    mut new_fixture: impl AsyncFnMut() -> F,
    mut about_to_run: impl FnMut(&'static str),
) -> usize {
    let mut count = 0;
    macro_rules! run_cases {
        ($($case:ident),* $(,)?) => {
            $(
                about_to_run(stringify!($case));
                suite::$case(&new_fixture().await).await;
                count += 1;
            )*
        };
    }
    crate::for_each_conformance_case!([run_cases]);
    count
}

/// Gives the names of all cases to a macro, after other tokens.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_conformance_case {
    ([$($callback:tt)*] $($before:tt)*) => {
        $($callback)* ! {
            $($before)*
            // publishing
            an_empty_queue_delivers_nothing,
            a_published_job_is_delivered_as_it_was,
            a_report_names_every_job_in_order,
            a_large_publication_arrives_whole,
            the_queue_is_fit_for_use,
            // receiving
            messages_keep_their_order,
            receive_takes_no_more_than_asked_for,
            a_publication_ends_the_wait,
            waiting_ends_when_nothing_comes,
            many_receivers_share_the_messages,
            a_receive_that_is_given_up_loses_nothing,
            a_body_nobody_can_read_is_delivered,
            the_test_message_is_delivered,
            // leases
            a_leased_message_is_delivered_to_nobody_else,
            a_lease_that_runs_out_brings_the_message_back,
            an_acked_message_is_gone,
            an_ack_may_be_repeated,
            an_ack_that_is_late_still_counts,
            a_nack_brings_the_message_back,
            a_nack_with_a_delay_brings_it_back_later,
            extending_keeps_the_message,
            extending_counts_from_now,
            a_lost_lease_cannot_touch_the_later_delivery,
            a_lost_lease_cannot_be_extended,
            a_strange_receipt_does_no_harm,
            // counts
            attempts_are_counted,
            failures_are_counted_and_outages_are_not,
            a_lost_lease_counts_no_failure,
            lapses_are_counted,
            a_dead_letter_tells_failures_and_replay_forgets_them,
            // lanes
            priority_goes_first,
            standard_and_reprocessing_share_five_to_one,
            a_lane_alone_gets_everything,
            a_message_that_comes_back_stays_in_its_lane,
            // dead letters
            a_dead_letter_ends_the_message,
            a_dead_letter_says_everything,
            a_dead_letter_may_be_repeated,
            a_dead_letter_needs_the_lease,
            dead_letters_are_listed_in_pages,
            a_dead_letter_can_be_replayed,
            a_dead_letter_can_be_discarded,
            // depth
            depth_counts_every_state,
            depth_knows_the_oldest,
            // purging
            a_purge_forgets_one_lane,
            a_purge_forgets_what_is_on_loan,
        }
    };
}

#[cfg(test)]
mod tests {
    /// A case that is in no list would never run.
    #[test]
    fn every_case_of_the_suite_is_in_the_macro() {
        let sources = [
            include_str!("suite/publishing.rs"),
            include_str!("suite/receiving.rs"),
            include_str!("suite/leases.rs"),
            include_str!("suite/counts.rs"),
            include_str!("suite/lanes.rs"),
            include_str!("suite/dead_letters.rs"),
            include_str!("suite/depth.rs"),
            include_str!("suite/purging.rs"),
        ];
        let list = include_str!("macros.rs");
        let cases: Vec<&str> = sources
            .iter()
            .flat_map(|source| source.lines())
            .filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next())
            .collect();
        assert!(cases.len() > 30, "{cases:?}");
        for case in cases {
            assert!(list.contains(&format!(" {case},\n")), "{case} is missing");
        }
    }
}
