//! Health: whether the process runs, and whether it should get requests.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::openapi::{HealthProblems, NoProblems};
use super::problem::Problem;
use super::problem_kind as kind;
use crate::user_manager::{Failure, UserManager};

/// Where the process is between start and stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The schema may not be there yet.
    Starting,
    Serving,
    /// Requests are still answered, but no more should be sent.
    Draining,
}

/// `{"status": "ok"}`
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthResponse {
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Json<HealthResponse> = Json(HealthResponse { status: "ok" });

/// The process runs.
///
/// Says nothing about the database: restarting would not bring it back.
#[utoipa::path(get, path = "/health/live", tag = "health",
    responses((status = 200, description = "The process runs", body = HealthResponse), NoProblems))]
pub async fn live() -> Json<HealthResponse> {
    OK
}

/// The process can answer requests.
///
/// The database is there and migrated, and no shutdown is under way.
#[utoipa::path(get, path = "/health/ready", tag = "health",
    responses((status = 200, description = "Send requests", body = HealthResponse), HealthProblems))]
pub async fn ready(
    State(users): State<UserManager>,
    State(stage): State<watch::Receiver<Stage>>,
) -> Result<Json<HealthResponse>, Problem> {
    if *stage.borrow() != Stage::Serving {
        return Err(Problem::of(&kind::UNAVAILABLE));
    }
    match users.check_database().await {
        Ok(()) => Ok(OK),
        // Damaged, or without its tables: other requests could not be answered either.
        Err(Failure::Internal(error)) => {
            tracing::error!(error, "the database is not as it should be");
            Err(Problem::of(&kind::UNAVAILABLE))
        }
        Err(failure) => Err(failure.into()),
    }
}
