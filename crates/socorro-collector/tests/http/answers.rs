//! What is answered where.

use std::time::Duration;

use socorro_collector::{
    Health,
    http::{
        AnswerStyle, Options, Rate, RateLimits, RateSettings, SubmitPath, UploadToken,
        UploadTokens, admin_router, serve,
    },
};
use tokio::net::TcpListener;

use crate::{
    server::{ID, Server, Stub},
    wire::{Answer, Client},
};

async fn ask(server: &Server, method: &str, path: &str, headers: &str) -> Answer {
    let length = if method == "POST" {
        "Content-Length: 5\r\n"
    } else {
        ""
    };
    let body = if method == "POST" { "hello" } else { "" };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\n{length}{headers}Connection: close\r\n\r\n{body}"
    );
    let mut client = Client::connect(server.address).await;
    client.send(request).await;
    if method == "HEAD" {
        return client.answer_to_head().await;
    }
    let mut answers = client.answers().await;
    assert_eq!(answers.len(), 1, "{method} {path}");
    answers.remove(0)
}

#[tokio::test]
async fn methods_and_paths() {
    let server = Server::start(Stub::default(), Options::default()).await;
    for (method, path, status, allow) in [
        ("POST", "/submit", 200, None),
        ("POST", "/submit?id=1", 200, None),
        ("GET", "/submit", 405, Some("POST, OPTIONS")),
        ("OPTIONS", "/submit", 200, Some("POST")),
        ("POST", "/submit/", 404, None),
        ("GET", "/", 404, None),
        ("GET", "/metrics", 404, None),
        ("GET", "/__broken__", 404, None),
        ("GET", "/__lbheartbeat__", 200, None),
        ("HEAD", "/__lbheartbeat__", 200, None),
        ("HEAD", "/__heartbeat__", 200, None),
        ("HEAD", "/__version__", 200, None),
        ("POST", "/__lbheartbeat__", 405, Some("GET, HEAD")),
    ] {
        let answer = ask(&server, method, path, "Origin: https://a.example\r\n").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("Allow"), allow, "{method} {path}");
        let cors = |(name, _): &(String, String)| name.starts_with("Access-Control");
        assert!(!answer.headers.iter().any(cors), "{method} {path}");
    }
}

#[tokio::test]
async fn the_heartbeat_tells_what_is_wrong() {
    let stub = Stub::default();
    let server = Server::start(stub.clone(), Options::default()).await;
    let answer = ask(&server, "GET", "/__heartbeat__", "").await;
    assert_eq!((answer.status, &*answer.body), (200, r#"{"errors":[]}"#));
    let mut health = Health::default();
    health.degrade("queue", "down");
    stub.set_health(health.clone());
    let answer = ask(&server, "GET", "/__heartbeat__", "").await;
    let degraded = r#"{"errors":[],"degraded":[{"name":"queue","msg":"down"}]}"#;
    assert_eq!((answer.status, &*answer.body), (200, degraded));
    health.error("spool", "full");
    stub.set_health(health);
    assert_eq!(ask(&server, "GET", "/__heartbeat__", "").await.status, 503);
}

#[tokio::test]
async fn paths_have_styles() {
    let options = Options {
        submit: vec![
            SubmitPath::new("/submit", AnswerStyle::CrashId),
            SubmitPath::new("/crashpad", AnswerStyle::Bare),
        ],
        bare_for_crashpad: true,
        ..Options::default()
    };
    let server = Server::start(Stub::default(), options).await;
    let answer = ask(&server, "POST", "/submit", "").await;
    assert_eq!(answer.body, format!("CrashID=bp-{ID}\n"));
    assert_eq!(
        answer.header("Content-Type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(ask(&server, "POST", "/crashpad", "").await.body, ID);
    let crashpad = "User-Agent: Crashpad/0.8.0\r\n";
    assert_eq!(ask(&server, "POST", "/submit", crashpad).await.body, ID);
    let answer = ask(&server, "POST", "/submit", "Accept: application/json\r\n").await;
    assert_eq!(answer.body, format!(r#"{{"crash_id":"{ID}"}}"#));
}

#[tokio::test]
async fn reports_beyond_a_rate_are_answered_by_family() {
    let options = Options {
        rate_limits: RateLimits::new(RateSettings {
            client: Some(Rate {
                per_second: 0.001,
                burst: 1.0,
            }),
            ..RateSettings::default()
        }),
        ..Options::default()
    };
    let stub = Stub::default();
    let server = Server::start(stub.clone(), options).await;
    for (client, agent, status, body) in [
        ("other", "curl/8", 429, "Discarded=rate_limited"),
        ("pad", "Crashpad/0.8.0", 200, "Discarded=rule_rate_limited"),
        (
            "fox",
            "crashreporter/1.0",
            200,
            "Discarded=rule_rate_limited",
        ),
    ] {
        let path = format!("/submit?guid={client}");
        let agent = format!("User-Agent: {agent}\r\n");
        assert_eq!(ask(&server, "POST", &path, &agent).await.body.len(), 48);
        let answer = ask(&server, "POST", &path, &agent).await;
        assert_eq!((answer.status, &*answer.body), (status, body));
        assert_eq!(answer.header("Retry-After").is_some(), status == 429);
    }
    assert_eq!(stub.bodies().len(), 3);
}

#[tokio::test]
async fn tokens_are_demanded() {
    let tokens = UploadTokens::new(vec![UploadToken::new("s3cret", Vec::new())]);
    let options = Options {
        tokens: tokens.clone(),
        ..Options::default()
    };
    let stub = Stub::default();
    let server = Server::start(stub.clone(), options).await;
    let answer = ask(&server, "POST", "/submit", "").await;
    assert_eq!(
        (answer.status, &*answer.body),
        (401, "Discarded=unauthorized")
    );
    let token = "X-Upload-Token: s3cret\r\n";
    assert_eq!(ask(&server, "POST", "/submit", token).await.status, 200);
    tokens.replace(vec![UploadToken::new("another", Vec::new())]);
    assert_eq!(ask(&server, "POST", "/submit", token).await.status, 401);
    assert_eq!(stub.bodies().len(), 1);
}

#[tokio::test]
async fn too_many_bytes_at_once_are_sent_away() {
    let options = Options {
        max_in_flight_bytes: 1 << 20,
        admission_wait: Duration::from_millis(1),
        ..Options::default()
    };
    let stub = Stub::default();
    let server = Server::start(stub.clone(), options).await;
    let mut slow = Client::connect(server.address).await;
    slow.send("POST /submit HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\nExpect: 100-continue\r\n\r\n").await;
    // The body is asked for: so it counts.
    assert_eq!(slow.answer().await.unwrap().status, 100);
    let answer = ask(&server, "POST", "/submit", "").await;
    assert_eq!((answer.status, &*answer.body), (503, "Discarded=try_later"));
    let after: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
    assert!((5..=30).contains(&after));
    slow.send(vec![b'x'; 1 << 20]).await;
    assert_eq!(slow.answer().await.unwrap().status, 200);
    assert_eq!(ask(&server, "POST", "/submit", "").await.status, 200);
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    let server = Server::start(Stub::default(), Options::default()).await;
    let answer = ask(&server, "POST", "/submit", "X-Panic: 1\r\n").await;
    assert_eq!(
        (answer.status, &*answer.body),
        (500, "Discarded=internal_error")
    );
    assert_eq!(ask(&server, "POST", "/submit", "").await.status, 200);
}

#[tokio::test]
async fn operators_have_paths_of_their_own() {
    let mut options = Options {
        enable_broken: true,
        ..Options::default()
    };
    options.drain_delay = Duration::ZERO;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = admin_router(Stub::default(), &options, || "up 1\n".to_owned());
    let served = options.clone();
    let task =
        tokio::spawn(async move { serve(listener, router, &served, std::future::pending()).await });
    let mut client = Client::connect(address).await;
    for (path, status, body) in [
        ("/metrics", 200, "up 1\n"),
        ("/__spool__", 200, "null"),
        ("/__broken__", 500, "Discarded=internal_error"),
        ("/submit", 404, ""),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = client.ask(request).await;
        assert_eq!((answer.status, &*answer.body), (status, body));
    }
    options.shutdown.begin();
    task.await.unwrap().unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn unix_sockets_are_served() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let options = Options::default();
    let router = socorro_collector::http::router(Stub::default(), &options);
    let served = options.clone();
    let task =
        tokio::spawn(async move { serve(listener, router, &served, std::future::pending()).await });
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let request = b"POST /submit HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.ends_with(&format!("\r\n\r\nCrashID=bp-{ID}\n")),
        "{answer}"
    );
    options.shutdown.begin();
    task.await.unwrap().unwrap();
}
