//! Children come and go.

use std::sync::Arc;
use std::time::Duration;

use socorro_stackwalk::{
    InProcessStackwalker, Stackwalker, WalkError, WalkOutcome, WalkOutput, WalkerPool,
};

use super::common::synthetic::Crash;
use super::{one_child, pool, walk};

fn good() -> Vec<u8> {
    Crash::new(1).dump()
}

#[tokio::test]
async fn a_program_that_is_no_walker_is_told_clearly_and_at_once() {
    for (program, told) in [
        ("/no/such/program", "cannot start /no/such/program: "),
        (
            "/bin/true",
            "/bin/true does not become a walker: ended by itself",
        ),
    ] {
        let pool = WalkerPool::builder(program).children(1).build();
        let error = pool.check().await.unwrap_err();
        assert!(matches!(error, WalkError::NoWalker { .. }));
        assert!(error.to_string().contains(told), "{error}");
        let outcome = walk(&pool, good()).await;
        assert_eq!(outcome.exit_code, 1);
        assert!(
            matches!(&outcome.output, WalkOutput::NotWalked(reason) if reason.contains(told)),
            "{outcome:?}"
        );
        assert!(outcome.log.unwrap().starts_with("ERROR NoWalker - "));
    }
}

#[tokio::test]
async fn a_missing_file_is_told_as_in_process() {
    let path = std::path::Path::new("/no/such/minidump");
    let expected = walk(&InProcessStackwalker::new(), path).await;
    assert_eq!(walk(&one_child(), path).await, expected);
}

#[tokio::test]
async fn a_dump_that_is_too_large_is_not_walked() {
    let pool = pool().0.max_dump_size(100).build();
    let outcome = walk(&pool, good()).await;
    assert_eq!(outcome.exit_code, 1);
    assert!(outcome.log.unwrap().starts_with("ERROR TooLarge - "));
}

#[tokio::test]
async fn it_is_known_to_be_isolated() {
    assert!(one_child().is_isolated());
    assert!(!InProcessStackwalker::new().is_isolated());
}

#[tokio::test]
async fn a_closed_pool_still_answers() {
    let pool = one_child();
    assert_eq!(walk(&pool, good()).await.exit_code, WalkOutcome::GOOD);
    pool.close().await;
    assert!(walk(&pool, good()).await.log.unwrap().contains("closed"));
}

#[cfg(target_os = "linux")]
mod on_linux {
    use socorro_stackwalk::{SymbolSource, SymbolStore};
    use tokio::sync::Notify;

    use super::super::children::Silent;
    use super::super::system::{self, until};
    use super::*;

    fn with_silent_server(deadline: Duration) -> (WalkerPool, String, Arc<Notify>) {
        let server = Silent::default();
        let asked = Arc::clone(&server.asked);
        let (builder, mark) = pool();
        let pool = builder
            .children(1)
            .symbols(SymbolStore::new([SymbolSource::custom(server)]))
            .deadline(deadline)
            .build();
        (pool, mark, asked)
    }

    const FOR_EVER: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_child_killed_in_the_midst_of_a_walk_leaves_what_can_be_saved() {
        let (pool, mark, asked) = with_silent_server(FOR_EVER);
        let killing = async {
            asked.notified().await;
            let children = system::children(&mark);
            assert_eq!(children.len(), 1);
            system::kill(children[0]);
        };
        let (outcome, ()) = tokio::join!(walk(&pool, good()), killing);
        assert_eq!(outcome.exit_code, WalkOutcome::KILLED);
        assert!(outcome.log.unwrap().starts_with("ERROR WalkerKilled - "));
        assert!(matches!(outcome.output, WalkOutput::Json(_)));
    }

    #[tokio::test]
    async fn a_child_killed_while_idle_is_replaced() {
        let (builder, mark) = pool();
        let pool = builder.children(1).build();
        let expected = walk(&pool, good()).await;
        let before = system::children(&mark);
        system::kill(before[0]);
        assert_eq!(walk(&pool, good()).await, expected);
        let after = system::children(&mark);
        assert_eq!(after.len(), 1);
        assert_ne!(after, before);
    }

    #[tokio::test]
    async fn a_cancelled_walk_takes_its_child_with_it() {
        let (pool, mark, asked) = with_silent_server(FOR_EVER);
        tokio::select! {
            _ = walk(&pool, good()) => panic!("there is no answer"),
            () = asked.notified() => {}
        }
        pool.close().await;
        until(|| system::children(&mark).is_empty()).await;
    }

    #[tokio::test]
    async fn symbols_that_do_not_come_do_not_hold_a_walk_up() {
        let (pool, mark, _) = with_silent_server(Duration::from_millis(200));
        let outcome = walk(&pool, good()).await;
        assert_eq!(outcome.exit_code, WalkOutcome::KILLED);
        assert!(
            outcome
                .log
                .as_deref()
                .unwrap()
                .starts_with("ERROR DeadlinePassed - ")
        );
        let frames = &super::super::document(&outcome)["threads"][0]["frames"];
        assert_eq!(frames.as_array().unwrap().len(), 1);
        drop(pool);
        until(|| system::children(&mark).is_empty()).await;
    }

    #[tokio::test]
    async fn a_child_is_replaced_when_it_has_walked_its_share() {
        let (builder, mark) = pool();
        let pool = builder.children(1).walks_per_child(2).build();
        let mut seen = Vec::new();
        for _ in 0..5 {
            assert_eq!(walk(&pool, good()).await.exit_code, WalkOutcome::GOOD);
            seen.extend(system::children(&mark));
        }
        seen.dedup();
        // After the second and the fourth walk there is none.
        assert!(seen.len() >= 3, "{seen:?}");
    }
}
