//! The HTTP service.
//!
//! [`router`] has the paths for clients and load balancers, [`admin_router`] those for operators. [`serve`] is the
//! server beneath them: it is what clients in the field need and axum's server does not do.
//!
//! ```no_run
//! # async fn run(collector: socorro_collector::Collector) -> std::io::Result<()> {
//! use socorro_collector::http::{Options, router, serve};
//!
//! let options = Options::default();
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8888").await?;
//! let router = router(collector, &options);
//! serve(listener, router, &options, std::future::pending()).await
//! # }
//! ```

mod address;
mod admission;
mod answer;
mod client;
mod connection;
mod intake;
mod options;
mod query;
mod rate;
mod record;
mod request_body;
mod router;
mod serve;
mod shutdown;
mod submit;
mod tokens;

pub use address::Network;
pub use client::ClientFamily;
pub use intake::Intake;
pub use options::{AnswerStyle, Options, SubmitPath, Timeouts};
pub use rate::{Rate, RateAction, RateActions, RateLimits, RateSettings};
pub use request_body::RequestBody;
pub use router::{admin_router, router};
pub use serve::{PeerAddress, serve, serve_connection};
pub use shutdown::Shutdown;
pub use tokens::{AllowedProducts, UploadToken, UploadTokens};
