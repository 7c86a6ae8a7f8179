use serde_json::{Value, json};
use socorro_core::{Dump, DumpName, time::Timestamp};

use super::*;
use crate::{
    MemoryBudget,
    parse::{Payload, ReportFile},
    throttle::{ThrottleResult, Verdict},
};

const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

fn report(annotations: &Value) -> Report {
    Report {
        annotations: annotations.as_object().unwrap().clone(),
        files: vec![ReportFile {
            name: DumpName::main(),
            field: "upload_file_minidump".to_owned(),
            file_name: Some("crash.dmp".to_owned()),
            content: Dump::from(b"MDMP".to_vec()),
            sha256: "6ce4".to_owned(),
        }],
        notes: vec!["odd".to_owned()],
        payload: Payload::Multipart,
        compressed: false,
        size: 415,
        unpacked_size: 415,
        scratch: None,
        memory: MemoryBudget::new(0).reservation(),
    }
}

fn now() -> Timestamp {
    "2026-08-01T12:34:56.789012Z".parse().unwrap()
}

fn assembled(annotations: &Value, options: &Options) -> Crash {
    let verdict = Verdict {
        result: ThrottleResult::Accept,
        rule: "is_nightly".into(),
        percentage: 100.0,
        stop_sending: None,
    };
    let id = ID.parse().unwrap();
    assemble(report(annotations), id, &verdict, None, now(), options)
}

fn notes(crash: &Crash) -> &Value {
    crash.raw_crash.lookup("metadata.collector_notes").unwrap()
}

#[test]
fn what_the_collector_knows_is_added() {
    let annotations = json!({"Version": "1", "metadata": "mine", "uuid": ID, "version": "7"});
    let crash = assembled(&annotations, &Options::mozilla());
    assert_eq!(
        Value::Object(crash.raw_crash.as_map().clone()),
        json!({
            "Version": "1",
            "submitted_timestamp": "2026-08-01T12:34:56.789012+00:00",
            "version": 2,
            "uuid": ID,
            "metadata": {
                "payload": "multipart",
                "payload_compressed": "0",
                "payload_size": 415,
                "collector_notes": ["odd"],
                "dump_checksums": {"upload_file_minidump": "6ce4"},
                "user_agent": "None",
                "throttle_rule": "is_nightly",
                "collector_version": env!("CARGO_PKG_VERSION"),
                "dump_sizes": {"upload_file_minidump": 4},
                "dump_filenames": {"upload_file_minidump": "crash.dmp"},
            },
        })
    );
    assert_eq!(crash.dumps.names().collect::<Vec<_>>(), [&DumpName::main()]);
    assert!(crash.publish);
}

#[test]
fn whole_seconds_have_no_fraction() {
    let id = ID.parse().unwrap();
    let verdict = Verdict {
        result: ThrottleResult::Accept,
        rule: "a".into(),
        percentage: 100.0,
        stop_sending: None,
    };
    let now = "2026-08-01T12:34:56Z".parse().unwrap();
    let report = report(&json!({}));
    let crash = assemble(report, id, &verdict, Some(""), now, &Options::open());
    let raw = crash.raw_crash;
    assert_eq!(
        raw.annotation("submitted_timestamp"),
        Some("2026-08-01T12:34:56+00:00")
    );
    assert_eq!(raw.lookup("metadata.user_agent"), Some(&"None".into()));
}

#[test]
fn forbidden_annotations_are_removed_with_notes() {
    let annotations = json!({
        "TelemetrySessionId": "1", "a": "b", "Email": "someone@example.org", "email": "kept",
    });
    let crash = assembled(&annotations, &Options::open());
    assert_eq!(
        notes(&crash),
        &json!([
            "odd",
            "Removed Email from raw crash.",
            "Removed TelemetrySessionId from raw crash."
        ])
    );
    assert!(!crash.raw_crash.contains("Email"));
    assert_eq!(crash.raw_crash.annotation("email"), Some("kept"));
}

#[test]
fn nobody_can_forbid_what_the_collector_knows() {
    let options = Options {
        forbidden: vec!["uuid".to_owned(), "metadata".to_owned()],
        ..Options::open()
    };
    let crash = assembled(&json!({"uuid": "x"}), &options);
    assert_eq!(crash.raw_crash.annotation("uuid"), Some(ID));
    assert!(crash.raw_crash.contains("metadata"));
}

#[test]
fn the_version_of_a_client_survives_as_version() {
    let crash = assembled(&json!({"version": "1.2"}), &Options::mozilla());
    assert_eq!(crash.raw_crash.annotation("Version"), Some("1.2"));
    assert_eq!(crash.raw_crash.get("version"), Some(&2.into()));
    let kept = "Kept version of client as Version in raw crash.";
    assert_eq!(notes(&crash), &json!(["odd", kept]));
}

#[test]
fn spooled_crashes_say_so() {
    let mut crash = assembled(&json!({}), &Options::open());
    assert_eq!(crash.raw_crash.lookup("metadata.spooled"), None);
    crash.mark_spooled();
    assert_eq!(
        crash.raw_crash.lookup("metadata.spooled"),
        Some(&true.into())
    );
}

#[test]
fn aliases_fill_only_what_is_absent() {
    let annotations = json!({
        "_productName": "Mine", "prod": "Electron", "Version": "", "ver": "33.0", "ptype": "gpu",
    });
    let mut open = report(&annotations);
    apply_aliases(&mut open, &Options::open());
    assert_eq!(open.annotations["ProductName"], "Mine");
    assert_eq!(open.annotations["Version"], "");
    assert_eq!(open.annotations["ProcessType"], "gpu");
    assert_eq!(open.annotations["prod"], "Electron");

    let mut mozilla = report(&annotations);
    apply_aliases(&mut mozilla, &Options::mozilla());
    assert_eq!(Value::Object(mozilla.annotations), annotations);
}

/// The id for an annotation `uuid`, where the token is `s3cret`.
#[expect(clippy::needless_pass_by_value, reason = "so that tests read well")]
fn id(uuid: Value, authorization: Option<&[u8]>) -> Result<CrashId, Refused> {
    let options = Options {
        submitter_token: Some("s3cret".to_owned()),
        ..Options::open()
    };
    let result = ThrottleResult::Accept;
    crash_id(
        &report(&json!({ "uuid": uuid })),
        authorization,
        result,
        now(),
        &options,
    )
}

#[test]
fn new_ids_carry_the_day_and_the_result() {
    for (result, digit) in [
        (ThrottleResult::Accept, '0'),
        (ThrottleResult::Defer, '1'),
        (ThrottleResult::Reject, '2'),
        (ThrottleResult::FakeAccept, '3'),
    ] {
        let id = crash_id(&report(&json!({})), None, result, now(), &Options::open()).unwrap();
        assert_eq!(id.throttle_digit(), digit);
        assert_eq!(id.date_key(), "20260801");
    }
}

#[test]
fn an_id_is_taken_only_with_the_token() {
    for authorization in [
        None,
        Some(&b""[..]),
        Some(b"Bearer"),
        Some(b"Bearer "),
        Some(b"Bearer  s3cret"),
        Some(b"Bearer s3cre"),
        Some(b"Bearer s3cret2"),
        Some(b"Bearer s3cr\xe9t"),
        Some(b"Basic s3cret"),
        Some(b"s3cret"),
    ] {
        for uuid in [ID.into(), "".into(), Value::Null] {
            assert_eq!(id(uuid, authorization), Err(Refused::UnauthorizedUuid));
        }
    }
    for authorization in [&b"Bearer s3cret"[..], b"bearer s3cret"] {
        assert_eq!(id(ID.into(), Some(authorization)).unwrap().as_str(), ID);
    }
    for token in [None, Some(String::new())] {
        let options = Options {
            submitter_token: token,
            ..Options::open()
        };
        let result = ThrottleResult::Accept;
        let report = report(&json!({ "uuid": ID }));
        let refused = crash_id(&report, Some(b"Bearer "), result, now(), &options);
        assert_eq!(refused, Err(Refused::UnauthorizedUuid));
    }
}

#[test]
fn what_is_no_id_is_refused() {
    let invalid = Err(Refused::Malformed(Malformed::InvalidUuid));
    for uuid in [
        "".into(),
        "bp-de1bb258-cbbf-4589-a673-34f800160918".into(),
        "de1bb258-cbbf-4589-a673-34f802160918".into(),
        "de1bb258-cbbf-4589-a673-34f800160918\n".into(),
        7.into(),
        Value::Null,
        json!([ID]),
    ] {
        assert_eq!(id(uuid, Some(b"Bearer s3cret")), invalid);
    }
}

#[test]
fn the_digit_of_an_id_decides_whether_it_is_published() {
    let deferred = "de1bb258-cbbf-4589-a673-34f801160918";
    let id = id(deferred.into(), Some(b"Bearer s3cret")).unwrap();
    let verdict = Verdict {
        result: ThrottleResult::Accept,
        rule: "a".into(),
        percentage: 100.0,
        stop_sending: None,
    };
    let report = report(&json!({}));
    let crash = assemble(report, id, &verdict, None, now(), &Options::open());
    assert!(!crash.publish);
}

#[test]
fn debug_shows_no_token() {
    let options = Options {
        submitter_token: Some("s3cret".to_owned()),
        ..Options::open()
    };
    assert!(!format!("{options:?}").contains("s3cret"));
}
