//! Dumps as files.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a conformance test fails by panicking"
)]

use std::io::Write as _;

use socorro_core::{Dump, DumpName, Dumps};

use crate::{
    CrashStorageExt as _, ErrorKind, Item, layout,
    testkit::{Harness, sample},
};

/// More than one request's worth, and no whole number of parts.
const LARGE: usize = (17 << 20) + 5;

/// A dump is written to a file, and a file that is there is replaced.
pub async fn dumps_go_to_files(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
        .await
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    std::fs::write(&path, "something longer that was there before").unwrap();

    let size = storage
        .dump_to_file(&id, &DumpName::main(), &path)
        .await
        .unwrap();
    assert_eq!(size, 4);
    assert_eq!(std::fs::read(&path).unwrap(), b"main");

    let absent = DumpName::parse("upload_file_minidump_content").unwrap();
    let other = directory.path().join("absent");
    let error = storage
        .dump_to_file(&id, &absent, &other)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!other.exists());

    let nowhere = directory.path().join("no/such/directory");
    let error = storage
        .dump_to_file(&id, &DumpName::main(), &nowhere)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LocalFile);
}

/// A dump that is a large file, and one that is large in memory, come back the same.
pub async fn a_large_dump_goes_through_in_parts(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let content: Vec<u8> = (0..LARGE).map(|index| (index % 251) as u8).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&content).unwrap();
    let in_file = Dump::File {
        path: file.path().to_owned(),
        size: LARGE as u64,
    };
    let dumps: Dumps = [
        (DumpName::main(), in_file),
        (sample::browser(), content.clone().into()),
    ]
    .into_iter()
    .collect();
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &dumps)
        .await
        .unwrap();

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    for name in dumps.names() {
        let size = storage.dump_to_file(&id, name, &path).await.unwrap();
        assert_eq!(size, LARGE as u64);
        assert!(std::fs::read(&path).unwrap() == content, "{name} differs");
        assert!(
            storage.dump(&id, name).await.unwrap() == content,
            "{name} differs"
        );
    }
}

/// A report whose dump cannot be read is not saved.
pub async fn a_dump_that_is_no_file_leaves_no_report(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let directory = tempfile::tempdir().unwrap();
    let shorter = directory.path().join("shorter");
    std::fs::write(&shorter, "abc").unwrap();
    for path in [directory.path().join("absent"), shorter] {
        let dumps = [(DumpName::main(), Dump::File { path, size: 4 })];
        let error = storage
            .save_raw_crash(&id, &sample::raw_crash(&id), &dumps.into_iter().collect())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalFile, "{error}");
        assert!(!storage.exists(&id, &Item::RawCrash).await.unwrap());
    }
}

/// Fetching all dumps reports what is missing and what has no usable name.
pub async fn fetching_goes_on_without_missing_dumps(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
        .await
        .unwrap();
    let list = br#"["upload_file_minidump", "upload_file_minidump_browser", "raw_crash", "../x"]"#;
    harness.plant(&id, &Item::DumpNames, list).await;
    harness.remove(&id, &Item::Dump(sample::browser())).await;

    let directory = tempfile::tempdir().unwrap();
    let fetched = storage.dumps_to_dir(&id, directory.path()).await.unwrap();
    assert_eq!(fetched.missing, [sample::browser()]);
    assert_eq!(fetched.skipped, ["raw_crash", "../x"]);
    assert_eq!(fetched.too_large, []);
    let names: Vec<_> = fetched.dumps.names().collect();
    assert_eq!(names, [&DumpName::main()]);
    let file = layout::temporary_dump_file(&id, &DumpName::main());
    let expected = Dump::File {
        path: directory.path().join(file),
        size: 4,
    };
    assert_eq!(fetched.dumps.get(&DumpName::main()), Some(&expected));
    let files = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(files, 1, "nothing is left of the missing dump");
}
