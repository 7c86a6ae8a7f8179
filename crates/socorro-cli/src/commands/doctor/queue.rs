//! Whether the queue can be worked with.

use std::sync::Arc;

use socorro_queue::{CrashQueue, QueueDepth, QueueOptions};

use super::{
    DoctorArguments,
    finding::{Finding, within},
};
use crate::{arguments, failure::Failure};

const NAME: &str = "queue";

pub(super) async fn check(arguments: &DoctorArguments) -> Vec<Finding> {
    let Some(url) = &arguments.queue else {
        return vec![
            Finding::error(NAME, "no queue is set")
                .hint("set --queue, SOCORRO_QUEUE or [queue] url"),
        ];
    };
    let looked = within(arguments.timeout, NAME, "the queue", look(url)).await;
    match looked {
        Err(finding) if url.starts_with("sqlite:") => {
            vec![finding.hint("`socorro processor` makes the file, not its directory")]
        }
        Err(finding) => vec![finding.hint("look at its name, the endpoint and the credentials")],
        Ok((queue, depth)) => findings(&queue.to_string(), depth.as_ref()),
    }
}

async fn look(url: &str) -> Result<(Arc<dyn CrashQueue>, Option<QueueDepth>), Failure> {
    let options = QueueOptions {
        create: false,
        ..QueueOptions::default()
    };
    let queue = arguments::open_queue(url, options).await?;
    let depth = queue.depth().await?;
    Ok((queue, depth))
}

fn findings(queue: &str, depth: Option<&QueueDepth>) -> Vec<Finding> {
    let Some(depth) = depth else {
        let message = format!("{queue} answers, and cannot tell how much is in it");
        return vec![Finding::ok(NAME, message)];
    };
    let total = depth.total();
    let message = format!(
        "{queue} answers: {} waiting, {} delayed, {} leased",
        total.waiting, total.delayed, total.leased
    );
    let mut findings = vec![Finding::ok(NAME, message)];
    if total.dead > 0 {
        let message = format!(
            "{} dead letters: crashes that nobody will process",
            total.dead
        );
        findings.push(Finding::warning(NAME, message).hint(
            "`socorro queue dead list` shows why, `socorro queue dead replay` sends them again",
        ));
    }
    findings
}
