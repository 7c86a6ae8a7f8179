//! The conformance suite on every storage of this crate.

mod memory {
    use socorro_storage::testkit::ObjectHarness;

    async fn harness() -> Option<ObjectHarness> {
        Some(ObjectHarness::memory())
    }

    socorro_storage::conformance_tests!(harness);
}

mod directory {
    use socorro_storage::testkit::ObjectHarness;

    async fn harness() -> Option<ObjectHarness> {
        Some(ObjectHarness::directory())
    }

    socorro_storage::conformance_tests!(harness);
}

#[cfg(feature = "s3")]
mod s3 {
    use socorro_storage::testkit::ObjectHarness;

    async fn harness() -> Option<ObjectHarness> {
        ObjectHarness::s3()
    }

    socorro_storage::conformance_tests!(harness);
}
