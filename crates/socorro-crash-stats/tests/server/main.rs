//! The test server over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod faults;
mod search;

use serde_json::Value;
use socorro_core::CrashId;
use socorro_crash_stats::server::{Crash, Permission, Site, TestServer, Token};

const ID: &str = "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123";
const OTHER: &str = "de1bb258-cbbf-4589-a673-34f800261122";
const TOKEN: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";

fn id(text: &str) -> CrashId {
    CrashId::parse(text).unwrap()
}

/// A crash with something private in it, and files.
fn crash() -> Crash {
    Crash::new(id(ID))
        .annotation("URL", "http://private.example/")
        .dump("upload_file_minidump", b"MDMP main".to_vec())
        .dump("memory_report", b"gzip".to_vec())
        .field("signature", "</script> is no signature")
        .field("user_comments", "private")
}

fn start(site: Site) -> TestServer {
    TestServer::start(site.at("2026-11-23T13:00:00Z".parse().unwrap())).unwrap()
}

/// A server with one crash and a token for everything.
fn server() -> TestServer {
    let token = Token::new(TOKEN).may_everything();
    start(Site::new().crash(crash()).token(token))
}

/// What was answered.
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn get(server: &TestServer, path: &str) -> Answer {
    ask(client().get(format!("{}/api/{path}", server.url()))).await
}

async fn get_with_token(server: &TestServer, path: &str) -> Answer {
    let request = client().get(format!("{}/api/{path}", server.url()));
    ask(request.header("Auth-Token", TOKEN)).await
}

async fn post(server: &TestServer, path: &str, form: &str) -> Answer {
    let request = client()
        .post(format!("{}/api/{path}", server.url()))
        .header("Auth-Token", TOKEN)
        .header("Content-Type", "application/x-www-form-urlencoded");
    ask(request.body(form.to_owned())).await
}

/// A token that permits only this.
fn only(permission: Permission) -> Site {
    Site::new()
        .crash(crash())
        .token(Token::new(TOKEN).may(permission))
}
