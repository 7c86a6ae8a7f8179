//! Any bytes as a connection: it ends, and it does not matter in which pieces they come.

#![no_main]

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use http::request::Parts;
use http_body_util::BodyExt as _;
use libfuzzer_sys::fuzz_target;
use socorro_collector::{
    Details, Health, Malformed, Outcome,
    http::{Intake, Options, RequestBody, router, serve_connection},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    runtime::{Builder, Runtime},
};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
});

/// Counts the bytes of all bodies that came to their end.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Intake for Count {
    async fn submit(&self, _head: &Parts, body: RequestBody) -> (Outcome, Details) {
        if let Ok(body) = body.collect().await {
            self.0.fetch_add(body.to_bytes().len(), Ordering::Relaxed);
        }
        let outcome = Outcome::Malformed(Malformed::NoContentType);
        (outcome, Details::default())
    }

    async fn health(&self) -> Health {
        Health::default()
    }

    fn body_limit(&self) -> u64 {
        1 << 20
    }
}

/// The statuses of all answers, and the bytes of all bodies.
async fn talk(bytes: &[u8], size: usize) -> (Vec<String>, usize) {
    let count = Count::default();
    let options = Options::default();
    let router = router(count.clone(), &options);
    let (client, server) = duplex(1 << 16);
    let (mut reading, mut writing) = tokio::io::split(client);
    let ((), (), answers) = tokio::join!(
        serve_connection(server, None, router, &options),
        async {
            for piece in bytes.chunks(size) {
                let _ = writing.write_all(piece).await;
                tokio::task::yield_now().await;
            }
            let _ = writing.shutdown().await;
        },
        async {
            let mut answers = Vec::new();
            let _ = reading.read_to_end(&mut answers).await;
            answers
        }
    );
    let answers = String::from_utf8_lossy(&answers).into_owned();
    let statuses = answers.lines().filter(|line| line.starts_with("HTTP/1.1 "));
    let statuses = statuses.map(str::to_owned).collect();
    (statuses, count.0.load(Ordering::Relaxed))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else {
        return;
    };
    let whole = RUNTIME.block_on(talk(bytes, bytes.len().max(1)));
    let cut = RUNTIME.block_on(talk(bytes, usize::from(*size).max(1)));
    assert_eq!(whole, cut);
});
