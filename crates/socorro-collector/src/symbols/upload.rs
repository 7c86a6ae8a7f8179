//! From a request to its answer.

use std::{collections::HashSet, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE, request::Parts};
use socorro_stackwalk::SymbolName;
use socorro_storage::MissingModule;
use tempfile::TempDir;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    Receiver, UPLOAD, metrics,
    place::Store,
    receive::{Received, drain, receive},
    refusal::Refusal,
    report::{self, Fate, FileReport},
    unpack::{Candidate, Unpacked, Wanted, unpack},
};

/// Whatever holds symbol files.
pub(super) async fn any(State(receiver): State<Arc<Receiver>>, request: Request) -> Response {
    answer(receiver, request, Wanted::default()).await
}

/// One symbol file, of which the address says what it is.
pub(super) async fn named(
    State(receiver): State<Arc<Receiver>>,
    Path((debug_file, debug_id, file)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let wanted = Wanted {
        debug_file: Some(debug_file),
        debug_id: Some(debug_id),
        file: Some(file),
    };
    answer(receiver, request, wanted).await
}

async fn answer(receiver: Arc<Receiver>, request: Request, wanted: Wanted) -> Response {
    let taken = receiver.take(request, wanted).await;
    let response = taken.unwrap_or_else(Refusal::into_response);
    let status = response.status().as_u16().to_string();
    metrics::count(&metrics::UPLOADS, Some(status), 1);
    response
}

impl Receiver {
    async fn take(self: Arc<Self>, request: Request, wanted: Wanted) -> Result<Response, Refusal> {
        let (head, mut body) = request.into_parts();
        let received = match self.admit(&head) {
            Ok(permit) => self.receive(&head, &mut body, permit).await,
            Err(refusal) => Err(refusal),
        };
        if received.is_err() {
            drain(&mut body).await;
        }
        let (received, directory, permit) = received?;
        let is_symupload = received.is_symupload;
        // What came is dealt with to the end, also when the client goes away.
        let receiver = Arc::clone(&self);
        let work = async move {
            let files = receiver.deal_with(received, wanted, directory).await;
            drop(permit);
            files
        };
        let files = tokio::spawn(work).await.map_err(|_| Refusal::Died)??;
        if files.is_empty() {
            return Err(Refusal::Nothing);
        }
        let status = status_of(&files, is_symupload);
        let content_type = [(CONTENT_TYPE, "application/json")];
        let report = format!("{}\n", report::to_json(&files));
        Ok((status, content_type, report).into_response())
    }

    async fn receive(
        &self,
        head: &Parts,
        body: &mut Body,
        permit: OwnedSemaphorePermit,
    ) -> Result<(Received, TempDir, OwnedSemaphorePermit), Refusal> {
        let directory = tempfile::Builder::new()
            .prefix(UPLOAD)
            .tempdir_in(&self.options.store)
            .map_err(Refusal::storage(&self.options.store))?;
        let limits = &self.options.limits;
        let received = receive(&head.headers, body, directory.path(), limits).await?;
        Ok((received, directory, permit))
    }

    fn admit(&self, head: &Parts) -> Result<OwnedSemaphorePermit, Refusal> {
        let tokens = &self.options.tokens;
        if tokens.is_empty() {
            return Err(Refusal::NoTokens);
        }
        if !tokens.allow(head) {
            return Err(Refusal::Unauthorized);
        }
        let uploads = Arc::clone(&self.uploads);
        uploads.try_acquire_owned().map_err(|_| Refusal::Busy)
    }

    async fn deal_with(
        self: Arc<Self>,
        received: Received,
        wanted: Wanted,
        directory: TempDir,
    ) -> Result<Vec<FileReport>, Refusal> {
        let receiver = Arc::clone(&self);
        let unpacked = blocking(move || {
            let limits = &receiver.options.limits;
            let unpacked = unpack(received, &wanted, directory.path(), limits)?;
            Ok((unpacked, directory))
        });
        let (Unpacked { candidates, others }, directory) = unpacked.await?;
        let mut files = others;
        let mut arrived = Vec::new();
        {
            let _alone = self.placing.lock().await;
            for (file, name) in Arc::clone(&self).place(candidates, directory).await? {
                if let Some(name) = name {
                    arrived.push((files.len(), name));
                }
                files.push(file);
            }
        }
        for file in &files {
            metrics::count(&metrics::FILES, Some(file.fate.name().to_owned()), 1);
        }
        self.reprocess(&arrived, &mut files).await?;
        Ok(files)
    }

    async fn place(
        self: Arc<Self>,
        candidates: Vec<Candidate>,
        directory: TempDir,
    ) -> Result<Vec<(FileReport, Option<SymbolName>)>, Refusal> {
        blocking(move || {
            let store = Store {
                directory: &self.options.store,
                replace: self.options.replace,
                largest: self.options.limits.file,
            };
            let taken = candidates.iter().map(|candidate| store.take(candidate));
            let taken = taken.collect();
            drop(directory);
            Ok(taken)
        })
        .await
    }

    /// Has the crashes processed again that lacked what has arrived, each once.
    async fn reprocess(
        &self,
        arrived: &[(usize, SymbolName)],
        files: &mut [FileReport],
    ) -> Result<(), Refusal> {
        let mut known = HashSet::new();
        for (file, name) in arrived {
            let debug_id = name.debug_id().breakpad().to_string();
            let file = &mut files[*file];
            tracing::info!(
                debug_file = name.debug_file(),
                debug_id,
                result = file.fate.name(),
                "symbols arrived"
            );
            let Some(reprocessing) = &self.options.reprocessing else {
                continue;
            };
            let Some(module) = MissingModule::new(name.debug_file(), &debug_id) else {
                continue;
            };
            let published = reprocessing.publish(&module, &mut known).await?;
            file.crashes = Some(published);
            if published > 0 {
                metrics::count(&metrics::CRASHES, None, published);
                tracing::info!(
                    debug_file = name.debug_file(),
                    debug_id,
                    crashes = published,
                    "crashes that lacked these symbols will be processed again"
                );
            }
        }
        Ok(())
    }
}

/// 201 when all is well, 409 when files were only refused because others are in their place, 400 when
/// some are no good; `symupload` believes 200 only.
fn status_of(files: &[FileReport], is_symupload: bool) -> StatusCode {
    let any = |fate: Fate| files.iter().any(|file| file.fate == fate);
    if any(Fate::Refused) || files.iter().all(|file| file.fate == Fate::Skipped) {
        StatusCode::BAD_REQUEST
    } else if any(Fate::Conflict) {
        StatusCode::CONFLICT
    } else if is_symupload {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let work = tokio::task::spawn_blocking(work).await;
    work.unwrap_or(Err(Refusal::Died))
}
