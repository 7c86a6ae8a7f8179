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
        ObjectHarness::s3().await
    }

    socorro_storage::conformance_tests!(harness);
}

#[cfg(feature = "gcs")]
mod gcs {
    use socorro_storage::testkit::ObjectHarness;

    async fn harness() -> Option<ObjectHarness> {
        ObjectHarness::gcs().await
    }

    socorro_storage::conformance_tests!(harness);
}

#[cfg(feature = "azure")]
mod azure {
    use socorro_storage::testkit::ObjectHarness;

    async fn harness() -> Option<ObjectHarness> {
        ObjectHarness::azure().await
    }

    socorro_storage::conformance_tests!(harness);
}
