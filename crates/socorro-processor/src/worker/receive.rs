//! The loop around the queue.

use std::{sync::Arc, time::Duration};

use socorro_queue::{Blame, Delivery, Error};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    Worker,
    fence::fence,
    safe_mode,
    status::Phase,
    summary::{Outcome, StageTimes, Summary},
};
use crate::{metrics, verify::periodic::PeriodicVerification};

/// The first wait after the queue could not be asked; doubled up to the last one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);
/// How long a worker that stops waits for the queue to take back what is unfinished.
const LAST_CALLS: Duration = Duration::from_secs(3);

/// How long a queue that cannot tell its depth is silent when it is empty.
const QUIET_TIME: Duration = Duration::from_secs(5);

/// How long the storage may take to say whether it is in order.
const LONGEST_CHECK: Duration = Duration::from_secs(60);

/// When to stop receiving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Stopped,
    Empty,
}

impl Worker {
    /// Works until `stop` is cancelled.
    ///
    /// Then nothing more is received, crashes in work may finish within
    /// [`shutdown_grace`](super::WorkerOptions::shutdown_grace), and the rest is given back. An
    /// error of the queue never ends this: it is asked again, at growing intervals. Meanwhile
    /// destinations get what they have not taken before.
    pub async fn run(&self, stop: CancellationToken) -> Summary {
        let before = self.destination_totals();
        let aside = [self.start_sweeping(), self.start_verifying()];
        let summary = self.receive_until(Until::Stopped, stop).await;
        drop(aside);
        self.with_destinations_since(before, summary)
    }

    /// Works until the queue has nothing ready any more, or `stop` is cancelled.
    ///
    /// What was given back for a later try stays in the queue; [`Summary::given_back`] tells how
    /// many messages that were. At the end, destinations are offered once what they have not taken
    /// before.
    pub async fn drain(&self, stop: CancellationToken) -> Summary {
        let before = self.destination_totals();
        let summary = self.receive_until(Until::Empty, stop.clone()).await;
        let sweep = fence(async { self.0.destinations.sweep(&*self.0.storage).await });
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            swept = sweep => if let Err(panicked) = swept {
                tracing::error!(%panicked, "cannot look at what is noted for destinations");
            }
        }
        self.with_destinations_since(before, summary)
    }

    fn destination_totals(&self) -> (u64, u64) {
        let counts = self.0.destinations.counts();
        counts.fold((0, 0), |(noted, taken_later), (_, counts)| {
            (noted + counts.noted, taken_later + counts.taken_later)
        })
    }

    fn with_destinations_since(&self, before: (u64, u64), summary: Summary) -> Summary {
        let (noted, taken_later) = self.destination_totals();
        Summary {
            noted: noted - before.0,
            taken_later: taken_later - before.1,
            ..summary
        }
    }

    /// Sends what destinations have not taken before.
    fn start_sweeping(&self) -> Aside {
        if self.0.destinations.is_empty() {
            return Aside(None);
        }
        let Self(inner) = self.clone();
        let task = tokio::spawn(async move {
            inner.destinations.keep_sweeping(&*inner.storage).await;
        });
        Aside(Some(task.abort_handle()))
    }

    /// Looks for crashes that were lost on the way.
    fn start_verifying(&self) -> Aside {
        let Some(every) = self.0.options.verify_every else {
            return Aside(None);
        };
        let verification = PeriodicVerification::new(
            Arc::clone(&self.0.storage),
            Arc::clone(&self.0.queue),
            self.0.pipeline.environment().clone(),
            every,
        );
        let task = tokio::spawn(async move { verification.run().await });
        Aside(Some(task.abort_handle()))
    }

    async fn receive_until(&self, until: Until, stop: CancellationToken) -> Summary {
        Arc::clone(&self.0.directories).tidy().await;
        let mut crew = Crew::new(self.clone());
        self.0.monitor.phase(Phase::Receiving);
        let mut pause = FIRST_PAUSE;
        let wait = match until {
            Until::Stopped => self.0.options.receive_wait,
            Until::Empty => self.quiet_time().await,
        };
        while !stop.is_cancelled() {
            if crew.free() == 0 || crew.suspect.is_some() {
                crew.wait_for_one(&stop).await;
                continue;
            }
            if crew.outage && !self.storage_is_back(&mut crew, until, &stop).await {
                break;
            }
            // Not more than can start now: a message that waits here would burn its lease.
            let received = tokio::select! {
                biased;
                received = self.receive(crew.free(), wait) => received,
                () = stop.cancelled() => break,
            };
            match received {
                Ok(deliveries) if deliveries.is_empty() => {
                    pause = FIRST_PAUSE;
                    if until == Until::Empty {
                        if crew.is_idle() {
                            break;
                        }
                        crew.wait_for_one(&stop).await;
                    }
                }
                Ok(deliveries) => {
                    pause = FIRST_PAUSE;
                    crew.begin_all(deliveries, &stop).await;
                }
                Err(asked) => {
                    let pause_now = asked.unwrap_or_default().clamp(pause, LAST_PAUSE);
                    let _ = tokio::time::timeout(pause_now, stop.cancelled()).await;
                    pause = (pause * 2).min(LAST_PAUSE);
                }
            }
            crew.collect();
        }
        self.0.monitor.phase(Phase::Draining);
        let summary = crew.finish().await;
        let _ = tokio::time::timeout(LAST_CALLS, self.0.queue.pause()).await;
        self.0.monitor.phase(Phase::Stopped);
        self.0.directories.close();
        summary
    }

    /// How long nothing has to come until a drain takes the queue for empty. It must not wait for
    /// what may never come, unless nobody can tell that.
    async fn quiet_time(&self) -> Duration {
        match self.0.queue.depth().await {
            Ok(None) => QUIET_TIME,
            Ok(Some(_)) | Err(_) => Duration::ZERO,
        }
    }

    /// Waits, after an outage, until the storage answers: what is received before that would only be leased and
    /// given back. What is in work goes on meanwhile.
    ///
    /// A drain asks only once, and then leaves the rest in the queue. Returns whether to go on.
    async fn storage_is_back(
        &self,
        crew: &mut Crew,
        until: Until,
        stop: &CancellationToken,
    ) -> bool {
        let mut waited = false;
        loop {
            let checked = tokio::select! {
                biased;
                checked = self.check_storage() => checked,
                () = stop.cancelled() => return false,
            };
            let Err(error) = checked else {
                crew.outage = false;
                self.0.monitor.phase(Phase::Receiving);
                if waited {
                    tracing::info!("the storage is back: receiving again");
                }
                return true;
            };
            if until == Until::Empty {
                tracing::error!(
                    error,
                    "the storage is out of order: the rest stays in the queue"
                );
                return false;
            }
            if !waited {
                tracing::error!(
                    error,
                    "the storage is out of order: receiving nothing until it is back"
                );
            }
            if !waited {
                let _ = tokio::time::timeout(LAST_CALLS, self.0.queue.pause()).await;
            }
            waited = true;
            self.0.monitor.phase(Phase::Outage);
            let pause = tokio::time::timeout(self.0.options.probe_interval, stop.cancelled());
            if pause.await.is_ok() {
                return false;
            }
            crew.collect();
        }
    }

    /// Asks the storage whether it is in order.
    async fn check_storage(&self) -> Result<(), String> {
        let check = fence(async { self.0.storage.check().await });
        match tokio::time::timeout(LONGEST_CHECK, check).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(error.to_string()),
            Ok(Err(panicked)) => Err(panicked.to_string()),
            Err(_) => Err(format!("no answer within {LONGEST_CHECK:?}")),
        }
    }

    /// Asks the queue for messages. An error tells how long the queue wants to be left alone.
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Option<Duration>> {
        self.0.monitor.asking();
        match fence(async { self.0.queue.receive(max, wait).await }).await {
            Ok(Ok(deliveries)) => {
                self.0.monitor.received();
                self.count_received(&deliveries);
                Ok(deliveries)
            }
            Ok(Err(error)) => {
                self.0.monitor.receive_failed(kind_of(&error));
                tracing::error!(%error, "cannot receive from the queue");
                Err(error.retry_after())
            }
            Err(panicked) => {
                tracing::error!(%panicked, "cannot receive from the queue");
                self.0.monitor.receive_failed("panic");
                Err(None)
            }
        }
    }

    fn count_received(&self, deliveries: &[Delivery]) {
        let now = self.0.pipeline.environment().now();
        for Delivery {
            lane, published_at, ..
        } in deliveries
        {
            let tags = [("lane", lane.as_str().into())];
            metrics::QUEUE_RECEIVED.count(&tags);
            let age = Duration::try_from(now.duration_since(*published_at)).unwrap_or_default();
            metrics::QUEUE_AGE.time(age, &tags);
        }
    }
}

/// The kind of an error of a queue, for the status.
fn kind_of(error: &Error) -> &'static str {
    match error {
        Error::Unavailable { .. } => "unavailable",
        Error::Denied { .. } => "denied",
        Error::Corrupt { .. } => "corrupt",
        Error::WrongFormat { .. } => "wrong format",
        _ => "queue failed",
    }
}

/// Work beside the crashes, until it is dropped.
struct Aside(Option<AbortHandle>);

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// The crashes in work.
struct Crew {
    worker: Worker,
    tasks: JoinSet<(Outcome, StageTimes)>,
    abandon: CancellationToken,
    summary: Summary,
    /// A crash was given back because of an outage, and the storage has not been seen in order since.
    outage: bool,
    /// The task with the crash that may be what its last worker died of.
    suspect: Option<Id>,
}

impl Crew {
    fn new(worker: Worker) -> Self {
        Self {
            worker,
            tasks: JoinSet::new(),
            abandon: CancellationToken::new(),
            summary: Summary::default(),
            outage: false,
            suspect: None,
        }
    }

    fn free(&self) -> usize {
        self.worker
            .0
            .options
            .workers
            .max(1)
            .saturating_sub(self.tasks.len())
    }

    fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Starts on deliveries, of suspects only on the first one. The others go back before that, or
    /// the next death would count against them too.
    async fn begin_all(&mut self, deliveries: Vec<Delivery>, stop: &CancellationToken) {
        let (suspects, others): (Vec<_>, Vec<_>) =
            deliveries.into_iter().partition(safe_mode::is_suspect);
        let mut suspects = suspects.into_iter();
        let suspect = suspects.next();
        for delivery in suspects {
            let held = self.worker.hold(&delivery);
            held.give_back(Duration::ZERO, Blame::Nobody, "suspect")
                .await;
        }
        for delivery in others {
            self.begin(delivery, stop).await;
        }
        if let Some(delivery) = suspect {
            self.suspect = self.begin(delivery, stop).await;
        }
    }

    /// Starts on a delivery, unless stopping came first: then it goes back at once.
    async fn begin(&mut self, delivery: Delivery, stop: &CancellationToken) -> Option<Id> {
        if stop.is_cancelled() {
            let held = self.worker.hold(&delivery);
            let outcome = held
                .give_back(Duration::ZERO, Blame::Nobody, "shutdown")
                .await;
            self.tally(outcome, StageTimes::default());
            return None;
        }
        let work = self.worker.clone().handle(delivery, self.abandon.clone());
        Some(self.tasks.spawn(work).id())
    }

    /// Counts what has ended meanwhile.
    fn collect(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.count(ended);
        }
    }

    async fn wait_for_one(&mut self, stop: &CancellationToken) {
        tokio::select! {
            Some(ended) = self.tasks.join_next_with_id() => self.count(ended),
            () = stop.cancelled() => {}
        }
    }

    /// Lets the work end within the grace time, then calls it off.
    async fn finish(mut self) -> Summary {
        let grace = self.worker.0.options.shutdown_grace;
        if tokio::time::timeout(grace, self.wait_for_all())
            .await
            .is_ok()
        {
            return self.summary;
        }
        self.abandon.cancel();
        if tokio::time::timeout(LAST_CALLS, self.wait_for_all())
            .await
            .is_err()
        {
            tracing::error!(
                messages = self.tasks.len(),
                "the queue does not answer: unfinished messages return when their leases end"
            );
            for _ in 0..self.tasks.len() {
                self.tally(Outcome::Abandoned, StageTimes::default());
            }
            self.tasks.abort_all();
        }
        self.summary
    }

    async fn wait_for_all(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.count(ended);
        }
    }

    fn tally(&mut self, outcome: Outcome, times: StageTimes) {
        self.summary.count(outcome, times);
        self.worker.0.monitor.ended(outcome, times);
    }

    fn count(&mut self, ended: Result<(Id, (Outcome, StageTimes)), JoinError>) {
        let task = match &ended {
            Ok((task, _)) => *task,
            Err(error) => error.id(),
        };
        self.suspect = self.suspect.filter(|suspect| *suspect != task);
        match ended {
            Ok((_, (outcome, times))) => {
                self.outage |= outcome == Outcome::Outage;
                self.tally(outcome, times);
            }
            // The queue panics even when a message is given back: it returns by itself.
            Err(error) => {
                tracing::error!(%error, "a worker task ended early; its message returns when the lease ends");
                self.tally(Outcome::GivenBack, StageTimes::default());
            }
        }
    }
}
