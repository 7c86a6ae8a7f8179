//! Requests that come in any pieces.

use proptest::prelude::*;
use socorro_collector::http::{Options, router, serve_connection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use crate::server::Stub;

const REQUESTS: [&str; 8] = [
    "POST /submit HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /submit HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nA: b\r\n\r\n",
    "POST /submit HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "GET /__lbheartbeat__ HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\n\n",
    "POST /submit HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST /submit HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "\x16\x03\x01",
];

/// Sends the bytes in pieces on one connection; gives all answers and the bodies that came.
async fn talk(bytes: &[u8], cuts: &[usize]) -> (String, Vec<String>) {
    let stub = Stub::default();
    let options = Options::default();
    let router = router(stub.clone(), &options);
    let (mut client, server) = duplex(1 << 16);
    let serve = serve_connection(server, None, router, &options);
    let talk = async {
        let mut rest = bytes;
        for cut in cuts {
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            let _ = client.write_all(piece).await;
            tokio::task::yield_now().await;
            rest = more;
        }
        let _ = client.write_all(rest).await;
        let _ = client.shutdown().await;
        let mut answers = Vec::new();
        let _ = client.read_to_end(&mut answers).await;
        answers
    };
    let ((), answers) = tokio::join!(serve, talk);
    let answers = String::from_utf8(answers).unwrap();
    let lines = answers.lines().filter(|line| !line.starts_with("Date: "));
    let answers: Vec<_> = lines.collect();
    (answers.join("\n"), stub.bodies())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn pieces_do_not_matter(
        requests in prop::collection::vec(prop::sample::select(REQUESTS.to_vec()), 1..5),
        cuts in prop::collection::vec(0_usize..60, 0..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let bytes = requests.concat();
        let whole = runtime.block_on(talk(bytes.as_bytes(), &[]));
        let cut = runtime.block_on(talk(bytes.as_bytes(), &cuts));
        prop_assert_eq!(whole, cut);
    }
}
