//! The tenants' origins in a database.

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, Error};

/// How many rows one statement inserts. SQLite takes 999 values at least.
const BATCH: u32 = 500;

/// The origins of all tenants, in a table of SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct Tenants {
    pool: AnyPool,
}

/// The origin of the tenant with this number.
pub fn tenant(number: u32) -> String {
    format!("https://tenant-{number}.example")
}

impl Tenants {
    /// Connects to a database, such as `sqlite:tenants.db?mode=rwc` or `postgres://localhost/tenants`, and creates the table if it
    /// is missing.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        install_default_drivers();
        let pool = AnyPoolOptions::new().max_connections(4).connect(url).await?;
        if url.starts_with("sqlite:") {
            // With a write-ahead log, reads do not wait for writes.
            sqlx::query("PRAGMA journal_mode = WAL").execute(&pool).await?;
        }
        sqlx::query("CREATE TABLE IF NOT EXISTS tenants (origin TEXT PRIMARY KEY)").execute(&pool).await?;
        Ok(Self { pool })
    }

    /// Adds the first tenants, those that are missing, and calls `progress` with the number that are there.
    pub async fn fill(&self, count: u32, progress: impl Fn(u32)) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
        let mut start = 0;
        while start < count {
            let end = count.min(start + BATCH);
            let rows: Vec<_> = (1..=end - start).map(|number| format!("(${number})")).collect();
            let insert =
                format!("INSERT INTO tenants (origin) VALUES {} ON CONFLICT DO NOTHING", rows.join(", "));
            let query = (start..end).map(tenant).fold(sqlx::query(&insert), sqlx::query::Query::bind);
            query.execute(&mut *transaction).await?;
            start = end;
            progress(start);
        }
        transaction.commit().await
    }

    /// Returns whether this origin, with its scheme and port, belongs to a tenant.
    pub async fn contains(&self, origin: &str) -> Result<bool, Error> {
        let row = sqlx::query("SELECT 1 FROM tenants WHERE origin = $1").bind(origin);
        Ok(row.fetch_optional(&self.pool).await?.is_some())
    }

    /// Adds a tenant's origin.
    pub async fn add(&self, origin: &str) -> Result<(), Error> {
        let insert = sqlx::query("INSERT INTO tenants (origin) VALUES ($1) ON CONFLICT DO NOTHING");
        insert.bind(origin).execute(&self.pool).await.map(|_| ())
    }

    /// Removes a tenant's origin.
    pub async fn remove(&self, origin: &str) -> Result<(), Error> {
        let delete = sqlx::query("DELETE FROM tenants WHERE origin = $1");
        delete.bind(origin).execute(&self.pool).await.map(|_| ())
    }
}
