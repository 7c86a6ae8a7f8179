//! Whether the storage can be worked with.

use std::sync::Arc;

use socorro_core::{CrashId, ProcessedCrash, time};
use socorro_storage::{CrashStorage, DocumentKey, Error, Expected, StorageOptions};

use super::{
    DoctorArguments,
    finding::{Finding, within},
};
use crate::{
    arguments,
    failure::{Failure, with_causes},
};

const NAME: &str = "storage";
/// Documents of this destination are nobody's.
const DESTINATION: &str = "socorro-doctor";

pub(super) async fn check(arguments: &DoctorArguments) -> Vec<Finding> {
    let Some(address) = &arguments.storage else {
        return vec![
            Finding::error(NAME, "no storage is set")
                .hint("set --storage, SOCORRO_STORAGE or [storage] url"),
        ];
    };
    let opened = within(arguments.timeout, NAME, "the storage", open(address)).await;
    let storage = match opened {
        Ok(storage) => storage,
        Err(finding) => return vec![finding.hint(way_out(address))],
    };
    let mut findings = vec![Finding::ok(NAME, format!("{storage} answers"))];
    if arguments.read_only || can_only_be_read(address) {
        findings.push(Finding::ok(
            NAME,
            "nothing was written, as it is to be read only",
        ));
        return findings;
    }
    let id = CrashId::mint(time::date(time::Timestamp::now()), 0);
    let document = document(&*storage, id);
    let document = within(arguments.timeout, NAME, "a probe document", document).await;
    findings.push(match document {
        Ok(()) => Finding::ok(NAME, "a document was written, read and deleted"),
        Err(finding) => finding.hint("the credentials have to allow get, put, list and delete"),
    });
    let conditional = conditional_put(&*storage, id);
    let conditional = within(arguments.timeout, NAME, "a conditional put", conditional).await;
    findings.push(conditional.unwrap_or_else(|finding| {
        finding.hint(
            "the store has to know If-None-Match; without it two workers may overwrite \
                      each other's results",
        )
    }));
    findings
}

async fn open(address: &str) -> Result<Arc<dyn CrashStorage>, Failure> {
    let options = StorageOptions {
        // It looks, and it does not wait for as long as a worker would.
        create: false,
        max_retries: 1,
        ..StorageOptions::default()
    };
    arguments::open_storage(address, options).await
}

fn way_out(address: &str) -> &'static str {
    if address.starts_with("file:") {
        "make the directory (`socorro storage create` does), and let this user write to it"
    } else {
        "look at the bucket's name, the endpoint, the credentials and the clock; `socorro storage \
         create` makes a bucket"
    }
}

/// Trees of other layouts than that of buckets are only read.
fn can_only_be_read(address: &str) -> bool {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter_map(|option| option.strip_prefix("layout="))
        .any(|layout| layout != "objects")
}

async fn document(storage: &dyn CrashStorage, id: CrashId) -> Result<(), Failure> {
    let key = DocumentKey::outbox(DESTINATION, &id)?;
    let content = "written by socorro doctor";
    storage.save_document(&key, content.into()).await?;
    let read = storage.document(&key).await;
    // What was written goes away in any case.
    let deleted = storage.delete_document(&key).await;
    let read = read?;
    deleted
        .map_err(|error| Failure::new(format!("cannot delete {key}: {}", with_causes(&error))))?;
    if read == content {
        Ok(())
    } else {
        Err(Failure::new(format!("{key} came back as something else")))
    }
}

/// Writes a processed crash twice where nothing may be: the second time has to fail.
async fn conditional_put(storage: &dyn CrashStorage, id: CrashId) -> Result<Finding, Failure> {
    let crash = |text: &str| {
        let mut crash = serde_json::Map::new();
        crash.insert("processor_notes".to_owned(), text.into());
        ProcessedCrash::from(crash)
    };
    let first = storage
        .save_processed_crash(&id, &crash("1"), Expected::Absent)
        .await;
    let second = storage
        .save_processed_crash(&id, &crash("2"), Expected::Absent)
        .await;
    let deleted = storage.delete(&id).await;
    first?;
    let report = deleted?;
    if !report.is_complete() {
        return Err(Failure::new(format!(
            "cannot delete the processed crash {id}"
        )));
    }
    match second {
        Err(Error::Conflict { .. }) => Ok(Finding::ok(NAME, "conditional puts are heeded")),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Failure::new("conditional puts are not heeded")),
    }
}
