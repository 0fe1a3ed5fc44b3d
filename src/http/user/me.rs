//! `GET /user`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::account::AccountId;
use crate::http::bearer::Bearer;
use crate::http::openapi::MeProblems;

/// The account behind the token: these two keys and no more.
#[derive(Serialize, ToSchema)]
pub struct MeResponse {
    #[schema(value_type = i64, example = 1)]
    id: AccountId,
    /// As it was typed at registration.
    #[schema(example = "ann@example.com")]
    email: String,
}

/// Who am I.
///
/// The account behind the token, as it is now: a token that a password change, a reset or an
/// operator has ended is refused from that moment on, by every instance. Other services of your
/// product ask here with the token that they were given.
#[utoipa::path(get, path = "/user", tag = "user", security(("bearer" = [])),
    responses((status = 200, description = "The account", body = MeResponse), MeProblems))]
pub async fn me(Bearer(account): Bearer) -> Json<MeResponse> {
    Json(MeResponse {
        id: account.id,
        email: account.email.clone(),
    })
}
