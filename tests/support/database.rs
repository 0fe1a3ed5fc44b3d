//! A database for each test.

use std::path::Path;
use std::str::FromStr as _;

use doorward::store::{DatabaseUrl, Store};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

#[derive(Debug)]
pub struct TestDatabase {
    pub engine: Engine,
    pub url: String,
}

/// Every PostgreSQL test copies this one, which is migrated once.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

impl TestDatabase {
    pub async fn create(engine: Engine, folder: &Path) -> Self {
        let url = match engine {
            Engine::Sqlite => format!("sqlite://{}", folder.join("test.db").display()),
            Engine::Postgres => {
                let template = TEMPLATE.get_or_init(make_template).await;
                create_postgres(&format!("TEMPLATE {template}")).await.1
            }
        };
        Self { engine, url }
    }

    /// An empty PostgreSQL database, not migrated.
    pub async fn empty_postgres() -> Self {
        Self {
            engine: Engine::Postgres,
            url: create_postgres("").await.1,
        }
    }

    /// Runs statements past the service.
    pub async fn execute(&self, sql: &str) {
        self.try_execute(sql).await.expect("executed");
    }

    /// The same for statements that may be refused; what the database says then.
    pub async fn try_execute(&self, sql: &str) -> Result<(), String> {
        let sql = AssertSqlSafe(sql.to_owned());
        let executed = match self.engine {
            Engine::Postgres => {
                let mut conn = PgConnection::connect(&self.url).await.expect("connected");
                let executed = sqlx::raw_sql(sql).execute(&mut conn).await.map(drop);
                conn.close().await.expect("closed");
                executed
            }
            Engine::Sqlite => {
                let mut conn = SqliteConnection::connect(&self.url)
                    .await
                    .expect("connected");
                let executed = sqlx::raw_sql(sql).execute(&mut conn).await.map(drop);
                conn.close().await.expect("closed");
                executed
            }
        };
        executed.map_err(|error| error.to_string())
    }

    /// One number past the service: `SELECT COUNT(*) FROM users`.
    pub async fn number(&self, sql: &str) -> i64 {
        self.scalar(sql).await
    }

    /// One text past the service.
    pub async fn text(&self, sql: &str) -> String {
        self.scalar(sql).await
    }

    async fn scalar<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + 'static,
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
        T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Postgres => {
                let mut conn = PgConnection::connect(&self.url).await.expect("connected");
                sqlx::query_scalar(sql)
                    .fetch_one(&mut conn)
                    .await
                    .expect("a row")
            }
            Engine::Sqlite => {
                let mut conn = SqliteConnection::connect(&self.url)
                    .await
                    .expect("connected");
                sqlx::query_scalar(sql)
                    .fetch_one(&mut conn)
                    .await
                    .expect("a row")
            }
        }
    }
}

/// The throwaway server that `scripts/test` started.
pub fn server_url() -> String {
    std::env::var("DOORWARD_TEST_POSTGRES")
        .expect("DOORWARD_TEST_POSTGRES is not set: run scripts/test, which starts a PostgreSQL")
}

async fn create_postgres(how: &str) -> (String, String) {
    let options = PgConnectOptions::from_str(&server_url()).expect("a URL");
    let mut conn = options
        .clone()
        .connect()
        .await
        .expect("the test PostgreSQL answers");
    let name = format!("doorward_{}", Uuid::new_v4().simple());
    let sql = AssertSqlSafe(format!("CREATE DATABASE {name} {how}"));
    sqlx::raw_sql(sql)
        .execute(&mut conn)
        .await
        .expect("created");
    conn.close().await.expect("closed");
    let url = options.database(&name).to_url_lossy().to_string();
    (name, url)
}

async fn make_template() -> String {
    let (name, url) = create_postgres("").await;
    let url = DatabaseUrl::parse(&url).expect("a URL");
    let store = Store::new(&url, 1, true).expect("a store");
    store.migrate().await.expect("migrated");
    store.close().await;
    name
}
