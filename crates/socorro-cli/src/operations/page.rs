//! The status as a page for people: no scripts, nothing from elsewhere.

use std::fmt::Write as _;

use serde_json::Value;

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#222;background:#fff}\
h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd;vertical-align:top}\
.ok{color:#176b2c}.bad{color:#b00020;font-weight:600}code{font-size:.9em}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#444}.ok{color:#6fcf85}.bad{color:#ff7a85}}";

/// Where the page of a crash is, but for its id.
pub(super) const CRASH: &str = "/crash/";

/// Shows a status document.
pub(super) fn render(status: &Value) -> String {
    let mut page = String::from("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    page += "<meta name=\"viewport\" content=\"width=device-width\">";
    page += "<meta http-equiv=\"refresh\" content=\"10\"><title>socorro processor</title><style>";
    page += STYLE;
    page += "</style></head><body>";
    head(&mut page, status);
    checks(&mut page, &status["heartbeat"]["checks"]);
    queue(&mut page, &status["queue"]);
    recent(&mut page, array(&status["recent"]));
    let rows = array(&status["in_work"]).iter().map(|crash| {
        let age = |name: &str| format!("{} s", text(&crash[name]));
        let stuck = if crash["stuck"] == true { "stuck" } else { "" };
        vec![
            text(&crash["crash_id"]),
            text(&crash["ruleset"]),
            text(&crash["lane"]),
            text(&crash["attempt"]),
            text(&crash["stage"]),
            age("stage_seconds"),
            age("seconds"),
            stuck.to_owned(),
        ]
    });
    let columns = [
        "crash", "ruleset", "lane", "attempt", "stage", "for", "age", "",
    ];
    table(&mut page, "In work", &columns, rows);
    let rows = array(&status["destinations"]).iter().map(|destination| {
        let fields = [
            "name",
            "required",
            "taken",
            "taken_later",
            "noted",
            "lost",
            "outbox",
        ];
        fields.map(|field| text(&destination[field])).to_vec()
    });
    let columns = [
        "destination",
        "required",
        "taken",
        "taken later",
        "noted",
        "lost",
        "outbox",
    ];
    table(&mut page, "Destinations", &columns, rows);
    let rows = array(&status["troubles"]).iter().map(|trouble| {
        vec![
            format!("{} s", text(&trouble["seconds_ago"])),
            text(&trouble["place"]),
            text(&trouble["kind"]),
            text(&trouble["crash_id"]),
        ]
    });
    let columns = ["ago", "where", "what", "crash"];
    table(&mut page, "Last troubles", &columns, rows);
    page += "<p><a href=\"status.json\">status.json</a> · <a href=\"metrics\">metrics</a> · \
             <a href=\"__heartbeat__\">heartbeat</a></p></body></html>";
    page
}

fn head(page: &mut String, status: &Value) {
    let (class, word) = match status["healthy"].as_bool() {
        Some(true) => ("ok", "healthy"),
        _ => ("bad", "unhealthy"),
    };
    let phase = escape(&text(&status["phase"]));
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        page,
        "<h1>socorro processor: {phase}, <span class=\"{class}\">{word}</span></h1>"
    );
    let field = |path: &str| text(status.pointer(path).unwrap_or(&Value::Null));
    let rows = [
        ("version", field("/version")),
        ("uptime", format!("{} s", field("/uptime_seconds"))),
        ("storage", field("/storage")),
        ("queue", field("/queue/name")),
        (
            "workers",
            format!(
                "{} of {} busy",
                field("/workers/busy"),
                field("/workers/total")
            ),
        ),
        (
            "processed",
            format!(
                "{} ({}/s since the start)",
                field("/done/processed"),
                field("/done/per_second")
            ),
        ),
        ("given back", field("/done/given_back")),
        ("dead-lettered here", field("/done/dead_lettered")),
        (
            "memory",
            format!(
                "{} bytes, dumps in work {} bytes",
                field("/memory/rss_bytes"),
                field("/memory/in_flight_bytes")
            ),
        ),
    ];
    let mut rows = rows.to_vec();
    if status["spool"].is_object() {
        rows.push((
            "in the spool",
            format!(
                "{} reports, {} bytes, {} set aside",
                field("/spool/entries"),
                field("/spool/bytes"),
                field("/spool/quarantined")
            ),
        ));
    }
    let rows = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value]);
    table(page, "Processor", &[], rows);
}

fn checks(page: &mut String, checks: &Value) {
    page.push_str("<h2>Checks</h2><table>");
    for (name, check) in checks.as_object().into_iter().flatten() {
        let (class, word) = match check["ok"].as_bool() {
            Some(true) => ("ok", "ok"),
            _ => ("bad", "failing"),
        };
        let (msg, since) = (escape(&text(&check["msg"])), escape(&text(&check["since"])));
        let _ = write!(
            page,
            "<tr><td>{}</td><td class=\"{class}\">{word}</td><td>{msg}</td><td>since {since}</td></tr>",
            escape(name)
        );
    }
    page.push_str("</table>");
}

fn queue(page: &mut String, queue: &Value) {
    let lanes = queue["lanes"].as_object();
    if lanes.is_none() {
        page.push_str("<h2>Queue</h2><p>This queue does not tell its depth.</p>");
        return;
    }
    let rows = lanes.into_iter().flatten().map(|(name, lane)| {
        let fields = ["waiting", "delayed", "leased", "dead", "oldest_seconds"];
        let mut row = vec![name.clone()];
        row.extend(fields.map(|field| text(&lane[field])));
        row
    });
    let columns = [
        "lane",
        "waiting",
        "delayed",
        "leased",
        "dead letters",
        "oldest (s)",
    ];
    table(page, "Queue", &columns, rows);
}

/// The crashes that were processed last, each with a link to its page.
fn recent(page: &mut String, crashes: &[Value]) {
    page.push_str("<h2>Processed last</h2>");
    if crashes.is_empty() {
        page.push_str("<p>none</p>");
        return;
    }
    page.push_str("<table><tr><th>ago</th><th>crash</th><th>signature</th></tr>");
    for crash in crashes {
        let field = |name: &str| escape(&text(&crash[name]));
        let (id, ago, signature) = (field("crash_id"), field("seconds_ago"), field("signature"));
        let _ = write!(
            page,
            "<tr><td>{ago} s</td><td><a href=\"{CRASH}{id}\"><code>{id}</code></a></td><td>{signature}</td></tr>"
        );
    }
    page.push_str("</table>");
}

fn table(
    page: &mut String,
    title: &str,
    columns: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) {
    let _ = write!(page, "<h2>{title}</h2>");
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        page.push_str("<p>none</p>");
        return;
    }
    page.push_str("<table>");
    if !columns.is_empty() {
        page.push_str("<tr>");
        for column in columns {
            let _ = write!(page, "<th>{column}</th>");
        }
        page.push_str("</tr>");
    }
    for row in rows {
        page.push_str("<tr>");
        for cell in row {
            let _ = write!(page, "<td>{}</td>", escape(&cell));
        }
        page.push_str("</tr>");
    }
    page.push_str("</table>");
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_page_shows_what_is_there_and_runs_nothing() {
        let page = render(&json!({
            "healthy": false,
            "phase": "<script>",
            "heartbeat": {"checks": {"disk": {"ok": false, "msg": "full & \"slow\"", "since": "s"}}},
            "queue": {"name": "q", "lanes": {"standard": {"waiting": 7, "dead": 2}}},
            "in_work": [{"crash_id": "id", "stuck": true}],
            "recent": [{"crash_id": "de1b", "seconds_ago": 1, "signature": "a<b>"}],
        }));
        assert!(!page.contains("<script>"), "{page}");
        for part in [
            "&lt;script&gt;",
            "unhealthy",
            "full &amp; &quot;slow&quot;",
            "<td>7</td>",
            "<td>stuck</td>",
            "<a href=\"/crash/de1b\"><code>de1b</code></a></td><td>a&lt;b&gt;",
            "Last troubles</h2><p>none",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
        assert!(!page.contains("http://") && !page.contains("https://"));
    }
}
