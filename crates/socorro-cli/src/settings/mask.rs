//! Values as they may be shown: without secrets.

/// What is shown in place of a secret.
pub(crate) const MASK: &str = "***";

/// Words in names of variables, keys and parameters that hold a secret.
const SECRET_WORDS: [&str; 13] = [
    "key",
    "token",
    "dsn",
    "password",
    "passwd",
    "secret",
    "credential",
    "credentials",
    "auth",
    "signature",
    "sig",
    "header",
    "headers",
];
/// What may follow the URL of a destination.
const WORDS_AFTER_URL: [&str; 2] = [";optional", ";everything"];

/// Whether a value of this name is a secret as a whole.
pub(crate) fn is_secret(name: &str) -> bool {
    // A path to a secret is none, and tells where to look.
    if name.eq_ignore_ascii_case("GOOGLE_APPLICATION_CREDENTIALS") {
        return false;
    }
    name.split(['_', '-', '.']).any(|word| {
        SECRET_WORDS
            .iter()
            .any(|secret| word.eq_ignore_ascii_case(secret))
    })
}

/// A value fit for people and logs: nothing of a secret, and no credentials within addresses.
pub(crate) fn shown(name: &str, value: &str) -> String {
    if is_secret(name) {
        return MASK.to_owned();
    }
    // Lists have commas, and so have secrets: after a ? everything belongs to the query.
    let (list, tail) = value.split_at(value.find('?').unwrap_or(value.len()));
    let last = list.rfind(',').map_or(0, |comma| comma + 1);
    let (before, address) = (&list[..last], &list[last..]);
    let masked = before
        .split_inclusive(',')
        .map(without_user)
        .collect::<String>();
    masked + &address_shown(address, tail)
}

/// An address with what follows its question mark.
fn address_shown(address: &str, tail: &str) -> String {
    let mut tail = tail;
    let mut words = String::new();
    while let Some(word) = WORDS_AFTER_URL.iter().find(|word| tail.ends_with(**word)) {
        tail = &tail[..tail.len() - word.len()];
        words.insert_str(0, word);
    }
    let mut shown = without_user(address);
    if let Some(query) = tail.strip_prefix('?') {
        let web = address.contains("http:") || address.contains("https:");
        let parameters = query
            .split('&')
            .map(|parameter| parameter_shown(parameter, web));
        shown.push('?');
        shown.push_str(&parameters.collect::<Vec<_>>().join("&"));
    }
    shown + &words
}

/// Queries of web addresses hold whatever their servers want; those of storages and queues are our
/// own, so that their names tell.
fn parameter_shown(parameter: &str, web: bool) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if web || is_secret(name) => format!("{name}={MASK}"),
        Some((name, value)) => format!("{name}={}", value_shown(value)),
        None if web => MASK.to_owned(),
        None => parameter.to_owned(),
    }
}

/// The value of a parameter, which may be an address with its special characters written as numbers.
fn value_shown(value: &str) -> String {
    let written = format!("value={value}");
    let mut read = url::form_urlencoded::parse(written.as_bytes());
    let read = read
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned());
    let shown = without_user(&read);
    if shown == read {
        without_user(value)
    } else {
        shown
    }
}

/// Without the user and password before the host, if there is a host.
fn without_user(address: &str) -> String {
    let Some(host) = address.find("://").map(|slashes| slashes + 3) else {
        return address.to_owned();
    };
    match address[host..].rfind('@') {
        Some(at) if !address[host..].starts_with('/') => {
            format!("{}{MASK}{}", &address[..host], &address[host + at..])
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_the_rest_stays_readable() {
        for (name, value, expected) in [
            ("SENTRY_DSN", "https://abc@host/1", "***"),
            ("AWS_SECRET_ACCESS_KEY", "x", "***"),
            ("SOCORRO_API_TOKEN", "x", "***"),
            ("SOCORRO_WORKERS", "8", "8"),
            (
                "SOCORRO_STORAGE",
                "s3://bucket/prefix?endpoint=http://localhost:4566&region=x",
                "s3://bucket/prefix?endpoint=http://localhost:4566&region=x",
            ),
            (
                "SOCORRO_STORAGE",
                "s3://key:secret@bucket?token=secret",
                "s3://***@bucket?token=***",
            ),
            ("SOCORRO_STORAGE", "file:///srv/a@b", "file:///srv/a@b"),
            (
                "SOCORRO_STORAGE",
                "s3://bucket?endpoint=http%3A%2F%2Fme%3Asecret%40host&region=x",
                "s3://bucket?endpoint=http://***@host&region=x",
            ),
            (
                "SOCORRO_QUEUE",
                "postgres://user:pa/secret@host/db",
                "postgres://***@host/db",
            ),
            (
                "SOCORRO_DESTINATIONS",
                "hook=https://u:secret@host/path?a=secret&secret;optional",
                "hook=https://***@host/path?a=***&***;optional",
            ),
            (
                "STACKWALKER_SYMBOLS_URLS",
                "https://u:secret@one/try,https://u:secret@two/?k=secret,secret",
                "https://***@one/try,https://***@two/?k=***",
            ),
            (
                "GOOGLE_APPLICATION_CREDENTIALS",
                "/etc/key.json",
                "/etc/key.json",
            ),
        ] {
            assert_eq!(shown(name, value), expected, "{name}={value}");
        }
    }

    #[test]
    fn nothing_that_follows_a_question_mark_of_a_web_address_is_shown() {
        assert_eq!(shown("X", "https://h/?secret"), "https://h/?***");
        assert_eq!(
            shown("X", "https://h/?a=b;secret;optional"),
            "https://h/?a=***;optional"
        );
    }
}
