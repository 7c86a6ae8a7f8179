//! Servers, clients and crashes.

use std::time::Duration;

use socorro_core::CrashId;
use socorro_crash_stats::{
    client::{ClientOptions, CrashStats},
    server::{Crash, Permission, Site, TestServer, Token},
};

/// A token that may see everything.
pub(crate) const TOKEN: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";

/// The crash with this number.
pub(crate) fn id(number: u32) -> CrashId {
    format!("{number:08x}-1d42-4ef6-8e1c-3dd9a0261123")
        .parse()
        .unwrap()
}

/// A crash with a minidump.
pub(crate) fn crash(number: u32) -> Crash {
    Crash::new(id(number)).dump("upload_file_minidump", dump(number))
}

/// Its minidump.
pub(crate) fn dump(number: u32) -> Vec<u8> {
    format!("MDMP {number} ").repeat(1_000).into_bytes()
}

/// A site whose token may see everything.
pub(crate) fn site() -> Site {
    let token = Token::new(TOKEN);
    Site::new().token(
        token
            .may(Permission::ViewPii)
            .may(Permission::ViewRawDump)
            .may(Permission::ReprocessCrashes),
    )
}

pub(crate) fn start(site: Site) -> TestServer {
    TestServer::start(site).unwrap()
}

/// Options that do not make tests wait.
pub(crate) fn quick() -> ClientOptions {
    let mut options = ClientOptions {
        requests_per_minute: Some(1_000_000),
        ..ClientOptions::default()
    };
    options.retry.first_wait = Duration::from_millis(1);
    options
}

/// A client without a token.
pub(crate) fn anonymous(server: &TestServer) -> CrashStats {
    CrashStats::new(&server.url(), quick()).unwrap()
}

/// A client with a token.
pub(crate) fn client(server: &TestServer) -> CrashStats {
    let options = ClientOptions {
        token: Some(TOKEN.parse().unwrap()),
        ..quick()
    };
    CrashStats::new(&server.url(), options).unwrap()
}
