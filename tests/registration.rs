//! Registration.

use rstest::rstest;

use crate::support::*;

#[rstest]
#[tokio::test]
async fn a_registration_gives_a_token_that_says_who_one_is(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("Ann@Example.com", PASSWORD).await;
    let me = ann.me().await.expect(200);
    assert_eq!(me.text, r#"{"id":1,"email":"Ann@Example.com"}"#);
    ann.login().await.expect(200);
    assert!(
        app.only_mail()
            .await
            .subject
            .starts_with("Confirm your address")
    );
}
