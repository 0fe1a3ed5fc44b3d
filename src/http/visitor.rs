//! Who asks: the source of a request, the device token that it shows, and the one it is given.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};
use secrecy::{ExposeSecret as _, SecretString};
use utoipa::IntoParams;

use super::AppState;
use super::client::Client;
use super::context::RequestId;
use super::limits::{Action, Limits};
use super::problem::Problem;
use crate::domain::account_event::Source;
use crate::domain::device::Device;
use crate::domain::email::EmailKey;
use crate::security::device_token::DeviceTokens;
use crate::user_manager::UserManager;

/// The header in which clients without cookies show their device token.
pub const DEVICE_TOKEN: HeaderName = HeaderName::from_static("device-token");

/// The cookie with the device token.
const COOKIE: &str = "doorward_device";

/// The same where the client speaks TLS. A browser takes this name only over TLS and from this very
/// host (RFC 6265bis section 4.1.3.2): no other host of the site can set it.
const HOST_COOKIE: &str = "__Host-doorward_device";

/// People who use one browser in turn each have a token in it, the newest first.
const MOST_TOKENS: usize = 5;

/// Whoever sent the request.
pub struct Visitor {
    client: Client,
    request_id: String,
    /// As they were sent, separated by dots.
    device_tokens: SecretString,
    users: UserManager,
    limits: Arc<Limits>,
    /// How long a browser keeps the device token, in seconds.
    device_token_seconds: u64,
}

/// The same for the description.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a schema, never a value")]
pub struct DeviceTokenHeader {
    /// For clients without cookies: the value of the cookie that a login, a registration or a new
    /// password gave. Wrong passwords from elsewhere do not lock out who shows it, and it has an
    /// allowance of its own in the limits of requests.
    #[param(rename = "Device-Token", required = false)]
    device_token: Option<String>,
}

/// The same for the description.
#[derive(IntoParams)]
#[into_params(parameter_in = Cookie)]
#[expect(dead_code, reason = "a schema, never a value")]
pub struct DeviceTokenCookie {
    /// As it was set, over TLS.
    #[param(rename = "__Host-doorward_device", required = false)]
    host: Option<String>,
    /// As it was set, without TLS.
    #[param(rename = "doorward_device", required = false)]
    plain: Option<String>,
}

/// A device token on its way to the client. The cookie is out of reach of scripts, and is sent
/// only where a script of the same site asks; it proves nothing but that the device was here.
pub struct SetDevice {
    tokens: SecretString,
    seconds: u64,
    is_tls: bool,
}

impl Visitor {
    /// Lets the visitor in to try this with this account, or refuses for a while; gives the
    /// device, if it shows a token for the account.
    pub fn enter(&self, action: Action, account: &EmailKey) -> Result<Option<Device>, Problem> {
        let device = self
            .device_tokens()
            .find_map(|token| self.users.recognize(token, account));
        self.limits
            .take(action, self.client.address, account, device.as_ref())?;
        Ok(device)
    }

    /// Where the request comes from, for the audit trail.
    pub fn source(&self) -> Source {
        Source::Request {
            address: self.client.address,
            id: self.request_id.clone(),
        }
    }

    /// Texts that could be tokens.
    fn device_tokens(&self) -> impl Iterator<Item = &str> {
        let texts = self.device_tokens.expose_secret().split('.');
        texts
            .filter(|text| DeviceTokens::could_be(text))
            .take(MOST_TOKENS * MOST_TOKENS)
    }

    /// Counts a wrong password against where it came from.
    pub fn was_wrong(&self, device: Option<&Device>) {
        if device.is_none() {
            self.limits.wrong_password(self.client.address);
        }
    }

    /// Counts a wrong mailed token against the account.
    pub fn had_wrong_token(&self, action: Action, account: &EmailKey) -> Result<(), Problem> {
        self.limits.wrong_token(action, account)
    }

    /// Makes the device known for the account, and keeps it known for others'.
    pub fn remember(&self, device_token: &SecretString, account: &EmailKey) -> SetDevice {
        let others = self.device_tokens();
        let others = others.filter(|token| self.users.recognize(token, account).is_none());
        let tokens = std::iter::once(device_token.expose_secret()).chain(others);
        let tokens: Vec<&str> = tokens.take(MOST_TOKENS).collect();
        SetDevice {
            tokens: tokens.join(".").into(),
            seconds: self.device_token_seconds,
            is_tls: self.client.is_tls,
        }
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let nobody = Client {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            is_tls: false,
        };
        let client = parts.extensions.get().copied().unwrap_or(nobody);
        let id = parts.extensions.get::<RequestId>();
        let id = id.and_then(|id| id.0.to_str().ok()).unwrap_or_default();
        Ok(Self {
            request_id: id.to_owned(),
            client,
            device_tokens: shown(&parts.headers, client.is_tls).into(),
            users: UserManager::from_ref(state),
            limits: Arc::clone(&state.limits),
            device_token_seconds: state.users.device_lifetime().as_secs(),
        })
    }
}

/// The device tokens of the header and of the cookies. Over TLS the one that only we can set silences
/// the plain ones. Of these there may be several: another host of the site can set one that the
/// browser sends first.
fn shown(headers: &HeaderMap, is_tls: bool) -> String {
    let header = headers.get_all(DEVICE_TOKEN).into_iter();
    let mut shown: Vec<&str> = header.filter_map(|value| value.to_str().ok()).collect();
    let ours = cookies(headers, HOST_COOKIE);
    let is_silenced = is_tls && !ours.is_empty();
    shown.extend(ours);
    if !is_silenced {
        shown.extend(cookies(headers, COOKIE));
    }
    shown.truncate(MOST_TOKENS);
    shown.join(".")
}

/// The values of all cookies with this name.
fn cookies<'h>(headers: &'h HeaderMap, wanted: &str) -> Vec<&'h str> {
    let headers = headers.get_all(header::COOKIE).into_iter();
    let pairs = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim_ascii().split_once('='));
    pairs
        .filter_map(|(name, value)| (name == wanted).then_some(value))
        .collect()
}

impl IntoResponseParts for SetDevice {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        let (name, secure) = if self.is_tls {
            (HOST_COOKIE, "; Secure")
        } else {
            (COOKIE, "")
        };
        let cookie = format!(
            "{name}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}",
            self.tokens.expose_secret(),
            self.seconds,
        );
        // A base64url text and numbers are always a header value.
        if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
            cookie.set_sensitive(true);
            parts.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(parts)
    }
}
