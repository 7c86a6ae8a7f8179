//! What a report takes of the memory budget.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body::{Body, Frame};
use socorro_collector::{
    Malformed, MemoryBudget,
    parse::{Options, ParseError, Scratch, parse},
};
use std::io::Write as _;

use crate::common::{Form, headers, options, parse_whole};

const MIB: u64 = 1 << 20;
const THRESHOLD: usize = 256 << 10;

/// A body in small frames that looks at the budget before each.
struct Watching {
    body: Bytes,
    budget: MemoryBudget,
    most: Arc<AtomicU64>,
}

impl Body for Watching {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.most.fetch_max(self.budget.used(), Ordering::Relaxed);
        let size = self.body.len().min(1000);
        let frame = (size > 0).then(|| Ok(Frame::data(self.body.split_to(size))));
        Poll::Ready(frame)
    }
}

/// A form with 300 MB of zeros, compressed, without ever having it in memory.
fn bomb(disposition: &str) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let head = format!("--b0undary\r\n{disposition}\r\n\r\n");
    encoder.write_all(head.as_bytes()).unwrap();
    let zeros = vec![0; 1_000_000];
    for _ in 0..300 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.write_all(b"\r\n--b0undary--\r\n").unwrap();
    encoder.finish().unwrap().into()
}

#[tokio::test]
async fn three_hundred_megabytes_of_zeros() {
    let root = tempfile::tempdir().unwrap();
    let options = Options {
        scratch: Scratch {
            directory: Some(Arc::new(root.path().to_owned())),
            threshold: THRESHOLD,
        },
        memory: MemoryBudget::new(0),
        ..options()
    };
    let file = "Content-Disposition: form-data; name=\"upload_file_minidump\"\r\n\
                Content-Type: application/octet-stream";
    let body = bomb(file);
    assert!(body.len() < 300_000);
    let most = Arc::new(AtomicU64::new(0));
    let watching = Watching {
        body,
        budget: options.memory.clone(),
        most: Arc::clone(&most),
    };
    let result = parse(&headers(), watching, &options).await;
    assert!(
        matches!(result, Err(ParseError::Malformed(Malformed::TooLarge))),
        "{result:?}"
    );
    let most = most.load(Ordering::Relaxed);
    assert!(most > 0 && most < THRESHOLD as u64 + 2 * MIB, "{most}");
    assert_eq!(options.memory.used(), 0);
}

#[tokio::test]
async fn text_is_not_kept_beyond_its_bound() {
    let options = Options {
        memory: MemoryBudget::new(42 * MIB),
        ..options()
    };
    let body = bomb("Content-Disposition: form-data; name=\"Comments\"");
    let result = parse_whole(body, &options).await;
    assert!(
        matches!(result, Err(ParseError::Malformed(Malformed::TooLarge))),
        "{result:?}"
    );
}

#[tokio::test]
async fn nothing_goes_beyond_the_budget() {
    let text = "x".repeat(1_000_000);
    let json = format!("{{\"a\": \"{text}\"}}");
    let form = || Form::new().text("A", "1");
    for body in [
        form().text("B", &text),
        form().file("f", text.as_bytes()),
        form().json(&json),
    ] {
        let body = body.close();
        let small = Options {
            memory: MemoryBudget::new(900_000),
            ..options()
        };
        let result = parse_whole(body.clone(), &small).await;
        assert!(matches!(result, Err(ParseError::Overloaded)), "{result:?}");
        assert_eq!(small.memory.used(), 0);

        let large = Options {
            memory: MemoryBudget::new(5_000_000),
            ..options()
        };
        let report = parse_whole(body, &large).await.unwrap();
        assert!(
            (1_000_000..2_500_000).contains(&large.memory.used()),
            "{}",
            large.memory.used()
        );
        drop(report);
        assert_eq!(large.memory.used(), 0);
    }
}

#[tokio::test]
async fn what_is_replaced_or_dropped_is_given_back() {
    let text = "x".repeat(100_000);
    let json = format!("{{\"A\": \"{text}\"}}");
    let form = (0..50).fold(Form::new(), |form, _| {
        form.file("f", text.as_bytes()).text("A", &text).json(&json)
    });
    let options = Options {
        memory: MemoryBudget::new(1_000_000),
        ..options()
    };
    assert!(parse_whole(form.close(), &options).await.is_ok());
}
