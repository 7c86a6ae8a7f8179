//! The page in a real browser: `chromium`, or the program in the variable `CHROMIUM`.

use std::{
    env, fs,
    io::Read as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use socorro_report::Report;

use crate::{
    corpus, crash,
    hostile::{HOSTILE, hostile_crash},
};

/// A browser without a window.
struct Browser {
    program: PathBuf,
}

impl Browser {
    /// `None` where there is no browser, which is told.
    fn find() -> Option<Self> {
        let program = env::var_os("CHROMIUM").map_or_else(|| "chromium".into(), PathBuf::from);
        match Command::new(&program).arg("--version").output() {
            Ok(output) if output.status.success() => Some(Self { program }),
            _ => {
                let message = format!("no {}: set CHROMIUM to a browser", program.display());
                assert!(env::var_os("CI").is_none(), "{message}");
                eprintln!("SKIPPED: {message}");
                None
            }
        }
    }

    fn run(&self, profile: &str, arguments: &[String], page: &Path) -> String {
        let profile = artefacts().join(format!("profile-{profile}"));
        let output = Command::new(&self.program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(arguments)
            .arg(format!("file://{}", page.display()))
            .output()
            .unwrap();
        let _ = fs::remove_dir_all(profile);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The document as the browser has it.
    fn document(&self, name: &str, page: &Path) -> String {
        self.run(name, &["--dump-dom".to_owned()], page)
    }

    /// A picture of the page in a window of some size, light or dark.
    fn picture(&self, name: &str, page: &Path, size: (u32, u32), dark: bool) -> PathBuf {
        let picture = artefacts().join(format!("{name}.png"));
        let _ = fs::remove_file(&picture);
        let mut arguments = vec![
            format!("--screenshot={}", picture.display()),
            format!("--window-size={},{}", size.0, size.1),
        ];
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        self.run(name, &arguments, page);
        picture
    }
}

/// Where pages and pictures are kept for people to look at.
fn artefacts() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn write(name: &str, page: &str) -> PathBuf {
    let path = artefacts().join(format!("{name}.html"));
    fs::write(&path, page).unwrap();
    path
}

/// Width and height of a picture, from its header.
fn size(picture: &Path) -> (u32, u32) {
    let bytes = fs::read(picture).unwrap();
    assert_eq!(&bytes[1..4], b"PNG");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// The text between the tags of a document, with its character references resolved.
fn text(document: &str) -> String {
    let (_, body) = document.split_once("<body>").unwrap();
    let mut text = String::new();
    for part in body.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn the_page_shows_what_the_report_has() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let page = write("everything", &Report::public(&crash()).page().to_string());
    let shown = text(&browser.document("everything", &page));
    for part in [
        "engine::Entry::release | engine::Cache::drop_all",
        "Fantasy 3.2.1",
        "SIGSEGV / SI_KERNEL",
        "at 0xe5e5e5e5e5e5e5ed",
        "de1bb258-cbbf-4589-a673-34f800160918",
        "access to 8 bytes at 0xe5e5e5e5e5e5e5ed",
        "src/cache.cpp:118",
        "inlined",
        "symbols of another build only",
        "8 of 12 frames have names.",
        "Cache writer",
        "libplugin.so",
        "Minidump upload_file_minidump_browser",
        "invalidkeys: Crash report contains invalid keys",
        "Public fields only",
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    for secret in [
        "example.org/private",
        "I closed the window",
        "0x00007ffd5e4b2a10",
    ] {
        assert!(!shown.contains(secret), "{secret:?} in {shown}");
    }
    let wide = browser.picture("everything", &page, (1280, 2200), false);
    assert_eq!(size(&wide), (1280, 2200));
    browser.picture("everything-dark", &page, (1280, 2200), true);
    browser.picture("everything-phone", &page, (500, 2600), false);
}

#[test]
fn protected_data_is_shown_to_those_who_ask_for_it_and_named() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let report = Report::of(&crash());
    let page = write("protected", &report.page().opened(&[2]).to_string());
    let document = browser.document("protected", &page);
    let shown = text(&document);
    for part in [
        "With protected data, not for everybody",
        "https://example.org/private?page=1",
        "I closed the window.",
        "0x00007ffd5e4b2a10",
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    assert_eq!(document.matches("<details open").count(), 1);
    browser.picture("protected", &page, (1280, 2600), false);
}

#[test]
fn a_real_crash_of_a_browser_in_a_browser() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let firefox = |(name, _): &(String, _)| name == "firefox-parent-segv";
    let Some((_, crash)) = corpus::crashes().into_iter().find(firefox) else {
        return;
    };
    let page = write("firefox", &Report::public(&crash).page().to_string());
    let shown = text(&browser.document("firefox", &page));
    for part in [
        "XRE_GetBootstrap",
        "__memmove_avx512_unaligned_erms",
        "memmove-vec-unaligned-erms.S:548",
        "Other threads 81",
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    browser.picture("firefox", &page, (1280, 2400), false);
}

/// Counts requests; connections that nobody uses are opened by browsers on a mere suspicion.
fn listener() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || {
                if stream.is_ok_and(|mut stream| stream.read(&mut [0]).is_ok_and(|read| read > 0)) {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    (port, requests)
}

#[test]
fn nothing_in_a_crash_runs_or_leaves_the_page() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let (port, requests) = listener();
    let there = format!("http://127.0.0.1:{port}/");
    let lure = format!(
        "<img src={there}a><link rel=stylesheet href={there}b><iframe src={there}c></iframe><script src={there}d></script>"
    );
    // That the requests of this browser are seen at all:
    browser.document("control", &write("control", &format!("<body>{lure}")));
    assert!(requests.swap(0, Ordering::SeqCst) > 0);

    let page = Report::of(&hostile_crash(&format!("{HOSTILE}{lure}")))
        .page()
        .to_string();
    let document = browser.document("hostile", &write("hostile", &page));
    assert_eq!(requests.load(Ordering::SeqCst), 0);
    assert!(!document.contains("<title>owned"), "{document}");
    for tag in ["<script", "<img", "<iframe", "<link"] {
        assert_eq!(document.matches(tag).count(), 0, "{tag}");
    }
    assert!(text(&document).contains("<script>document.title='owned'</script>"));

    // The policy holds even if a text became part of the page.
    let (start, end) = page.split_once("<main>").unwrap();
    let broken =
        format!("{start}<main>{lure}<script>document.title='owned'</script><p style='x'>{end}");
    let document = browser.document("broken", &write("broken", &broken));
    assert_eq!(requests.load(Ordering::SeqCst), 0);
    assert!(!document.contains("<title>owned"), "{document}");
}

#[test]
fn the_longest_page_is_shown() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let overflow = |(name, _): &(String, _)| name == "threads-300-size-limited";
    let Some((_, crash)) = corpus::crashes().into_iter().find(overflow) else {
        return;
    };
    let page = write("threads-300", &Report::of(&crash).page().to_string());
    let shown = text(&browser.document("threads-300", &page));
    assert!(shown.contains("Other threads 300"), "{shown}");
    assert!(shown.contains("This page loads nothing and runs nothing."));
}
