//! Watching the worker: what its status is made from.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socorro_core::CrashId;
use socorro_queue::{Delivery, Job};
use tokio::time::Instant;

use super::{
    status::{CrashInWork, Phase, ProcessedLately, Stage, Status, Trouble},
    summary::{Outcome, StageTimes, Summary},
};
use crate::metrics;

/// How many troubles are remembered.
const TROUBLES: usize = 20;
/// How many crashes that were processed are remembered.
const RECENT: usize = 20;
/// How much longer than allowed a stage may go on before it counts as stuck: its time limit has to
/// take effect first.
const TOLERANCE: Duration = Duration::from_secs(30);

/// Knows what the worker is doing.
#[derive(Debug)]
pub(super) struct Monitor {
    workers: usize,
    /// The longest that a stage may take.
    limit: Duration,
    made: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: (Phase, Instant),
    in_work: HashMap<CrashId, Work>,
    done: Summary,
    asking_since: Option<Instant>,
    last_receive: Option<Instant>,
    queue_failing: Option<Instant>,
    troubles: VecDeque<(Instant, Trouble)>,
    recent: VecDeque<(Instant, ProcessedLately)>,
}

#[derive(Debug)]
struct Work {
    job: Job,
    lane: socorro_queue::Lane,
    attempt: u32,
    began: Instant,
    stage: (Stage, Instant),
    bytes: u64,
}

/// A crash is in work until this is dropped.
#[derive(Debug)]
pub(super) struct Watched<'a> {
    monitor: &'a Monitor,
    id: CrashId,
}

impl Monitor {
    pub(super) fn new(workers: usize, limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            workers: workers.max(1),
            limit,
            made: now,
            state: Mutex::new(State {
                phase: (Phase::Waiting, now),
                in_work: HashMap::new(),
                done: Summary::default(),
                asking_since: None,
                last_receive: None,
                queue_failing: None,
                troubles: VecDeque::new(),
                recent: VecDeque::new(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The worker receives, or not.
    pub(super) fn phase(&self, phase: Phase) {
        let mut state = self.lock();
        if state.phase.0 != phase {
            state.phase = (phase, Instant::now());
        }
        self.count_workers(&state);
    }

    /// The queue is being asked for messages.
    pub(super) fn asking(&self) {
        self.lock().asking_since = Some(Instant::now());
    }

    /// The queue answered.
    pub(super) fn received(&self) {
        let mut state = self.lock();
        state.asking_since = None;
        state.last_receive = Some(Instant::now());
        state.queue_failing = None;
    }

    /// The queue did not answer.
    pub(super) fn receive_failed(&self, kind: &str) {
        metrics::QUEUE_ERROR.count(&[]);
        let mut state = self.lock();
        state.asking_since = None;
        state.queue_failing.get_or_insert_with(Instant::now);
        drop(state);
        self.trouble("receive", kind, None);
    }

    /// Work on a crash begins.
    pub(super) fn begin(&self, job: &Job, delivery: &Delivery) -> Watched<'_> {
        let now = Instant::now();
        let work = Work {
            job: job.clone(),
            lane: delivery.lane,
            attempt: delivery.attempt,
            began: now,
            stage: (Stage::Fetch, now),
            bytes: 0,
        };
        let mut state = self.lock();
        state.in_work.insert(job.crash_id, work);
        self.count_workers(&state);
        Watched {
            monitor: self,
            id: job.crash_id,
        }
    }

    /// The next stage of the work on a crash begins.
    pub(super) fn stage(&self, id: &CrashId, stage: Stage) {
        if let Some(work) = self.lock().in_work.get_mut(id) {
            work.stage = (stage, Instant::now());
        }
    }

    /// The dumps of a crash in work are here.
    pub(super) fn fetched(&self, id: &CrashId, bytes: u64) {
        let mut state = self.lock();
        if let Some(work) = state.in_work.get_mut(id) {
            work.bytes = bytes;
        }
        self.count_workers(&state);
    }

    /// A message has ended.
    pub(super) fn ended(&self, outcome: Outcome, times: StageTimes) {
        self.lock().done.count(outcome, times);
    }

    /// A crash was processed and its result is saved.
    pub(super) fn processed(&self, crash_id: CrashId, signature: &str) {
        let crash = ProcessedLately {
            crash_id,
            age: Duration::ZERO,
            signature: signature.to_owned(),
        };
        let mut state = self.lock();
        state.recent.truncate(RECENT - 1);
        state.recent.push_front((Instant::now(), crash));
    }

    /// Something went wrong. `kind` must not quote anything of a crash.
    pub(super) fn trouble(&self, place: impl Into<String>, kind: &str, crash_id: Option<CrashId>) {
        let trouble = Trouble {
            age: Duration::ZERO,
            place: place.into(),
            kind: kind.to_owned(),
            crash_id,
        };
        let mut state = self.lock();
        state.troubles.truncate(TROUBLES - 1);
        state.troubles.push_front((Instant::now(), trouble));
    }

    fn count_workers(&self, state: &State) {
        let busy = state.in_work.len();
        let idle = match state.phase.0 {
            Phase::Receiving => self.workers.saturating_sub(busy),
            _ => 0,
        };
        metrics::WORKERS_BUSY.set(busy, &[]);
        metrics::WORKERS_IDLE.set(idle, &[]);
        let bytes = state.in_work.values().map(|work| work.bytes).sum();
        metrics::IN_FLIGHT_BYTES.set_bytes(bytes);
    }

    /// All of it, but for the destinations.
    pub(super) fn status(&self) -> Status {
        let now = Instant::now();
        let state = self.lock();
        let mut in_work: Vec<CrashInWork> = state
            .in_work
            .values()
            .map(|work| self.describe(work, now))
            .collect();
        in_work.sort_by_key(|crash| std::cmp::Reverse(crash.age));
        let troubles = state.troubles.iter().map(|(at, trouble)| Trouble {
            age: now - *at,
            ..trouble.clone()
        });
        let recent = state.recent.iter().map(|(at, crash)| ProcessedLately {
            age: now - *at,
            ..crash.clone()
        });
        Status {
            recent: recent.collect(),
            phase: state.phase.0,
            phase_age: now - state.phase.1,
            uptime: now - self.made,
            workers: self.workers,
            in_work,
            bytes_in_work: state.in_work.values().map(|work| work.bytes).sum(),
            done: state.done,
            asking_for: state.asking_since.map(|since| now - since),
            last_receive: state.last_receive.map(|at| now - at),
            queue_failing: state.queue_failing.map(|since| now - since),
            troubles: troubles.collect(),
            destinations: Vec::new(),
        }
    }

    fn describe(&self, work: &Work, now: Instant) -> CrashInWork {
        let (stage, since) = work.stage;
        // Delivery has the limit once for the destinations and once for the notes.
        let limit = match stage {
            Stage::Deliver => self.limit.saturating_mul(2),
            _ => self.limit,
        };
        let stage_age = now - since;
        CrashInWork {
            crash_id: work.job.crash_id,
            ruleset: work.job.ruleset.to_string(),
            lane: work.lane,
            attempt: work.attempt,
            stage,
            stage_age,
            age: now - work.began,
            stuck: stage_age > limit.saturating_add(TOLERANCE),
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let mut state = self.monitor.lock();
        state.in_work.remove(&self.id);
        self.monitor.count_workers(&state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socorro_core::time::Timestamp;
    use socorro_queue::{Lane, Receipt};

    fn job() -> Job {
        Job::new(CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap())
    }

    fn delivery() -> Delivery {
        let at = Timestamp::UNIX_EPOCH;
        Delivery::new(Lane::Priority, Receipt::new("r"), 2, at, "".into())
    }

    #[tokio::test(start_paused = true)]
    async fn the_crashes_that_were_processed_last_are_remembered() {
        let monitor = Monitor::new(1, Duration::from_secs(60));
        for number in 0..=RECENT {
            monitor.processed(job().crash_id, &number.to_string());
        }
        tokio::time::advance(Duration::from_secs(2)).await;
        let recent = monitor.status().recent;
        assert_eq!(recent.len(), RECENT);
        assert_eq!(recent[0].signature, RECENT.to_string());
        assert_eq!(recent[0].age, Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_crash_is_stuck_when_a_stage_goes_on_for_longer_than_it_may() {
        let minute = Duration::from_secs(60);
        let monitor = Monitor::new(2, minute);
        let job = job();
        let watched = monitor.begin(&job, &delivery());
        tokio::time::advance(minute).await;
        monitor.stage(&job.crash_id, Stage::Deliver);
        tokio::time::advance(minute * 2).await;
        let status = monitor.status();
        let crash = &status.in_work[0];
        assert_eq!((crash.lane, crash.attempt), (Lane::Priority, 2));
        assert_eq!((crash.age, crash.stage_age), (minute * 3, minute * 2));
        assert_eq!(status.stuck().count(), 0);
        tokio::time::advance(minute).await;
        assert_eq!(monitor.status().stuck().count(), 1);
        drop(watched);
        assert_eq!(monitor.status().in_work, []);
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_fails_from_its_first_bad_answer_to_its_next_good_one() {
        let monitor = Monitor::new(2, Duration::from_secs(60));
        assert_eq!(monitor.status().last_receive, None);
        monitor.receive_failed("unavailable");
        tokio::time::advance(Duration::from_secs(5)).await;
        monitor.receive_failed("unavailable");
        assert_eq!(monitor.status().queue_failing, Some(Duration::from_secs(5)));
        monitor.received();
        assert_eq!(monitor.status().queue_failing, None);
        assert_eq!(monitor.status().last_receive, Some(Duration::ZERO));
    }

    #[test]
    fn only_the_last_troubles_are_remembered() {
        let monitor = Monitor::new(2, Duration::from_secs(60));
        for number in 0..TROUBLES + 5 {
            monitor.trouble("crash", &number.to_string(), None);
        }
        let troubles = monitor.status().troubles;
        assert_eq!(troubles.len(), TROUBLES);
        assert_eq!(troubles[0].kind, (TROUBLES + 4).to_string());
    }
}
