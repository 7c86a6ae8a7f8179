//! `socorro setup`.

use crate::support::{Site, run};

#[test]
fn what_is_missing_is_made_and_the_rest_is_there() {
    let site = Site::new();
    std::fs::remove_dir(site.path("crashes")).unwrap();
    let made = site.run(["setup"]).succeeds().quietly();
    let storage = format!("storage file://{}/ ", site.file("crashes"));
    let file = format!("file {} ", site.file("queue.sqlite"));
    assert_eq!(made.lines().len(), 3, "{made:?}");
    made.prints(&[
        storage.trim_end_matches("/ "),
        "was made\n",
        &format!("{file}was made\n"),
        "queue.sqlite is ready\n",
    ]);
    let again = site.run(["setup"]).succeeds().quietly();
    let again = again.prints(&["was there\n", &format!("{file}was there\n")]);
    assert!(!again.stdout.contains("was made"), "{again:?}");
    // A processor can begin.
    site.put();
    site.publish();
    site.run(["processor", "--drain"]).succeeds();
    assert!(site.processed().is_some());
}

#[test]
fn one_that_cannot_be_made_keeps_the_other_not() {
    let site = Site::new();
    let queue = format!("sqlite://{}", site.file("no/queue.sqlite"));
    let run_ = site.run(["setup", "--queue", &queue]);
    run_.fails(1, &["does not exist", "make it first"])
        .prints(&["crashes", "was there"]);
    run(["setup"]).fails(2, &["neither a storage nor a queue", "SOCORRO_QUEUE"]);
}
