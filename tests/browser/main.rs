//! The pages in a real browser: headless Chromium, driven through chromedriver. `scripts/test`
//! installs them, and axe-core, which looks for barriers.

#[expect(
    dead_code,
    unused_imports,
    reason = "the tests of the API use the rest of it"
)]
#[path = "../support/mod.rs"]
mod support;

mod account;
mod browser;
mod chromedriver;
mod looks;
mod mailed_links;
mod policy;
mod refusals;
mod shown_calls;
