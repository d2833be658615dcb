//! A throw-away database on a test server.

use tokio_postgres::{Config, NoTls};

/// A database of its own, dropped when the test ends.
pub struct Database {
    server: Config,
    name: String,
    runtime: tokio::runtime::Runtime,
}

impl Database {
    /// Makes a database on the server of `url`; its name is unique to the test and the run, so
    /// that several checkouts can share the servers.
    pub fn create(url: &str, name: &str) -> Self {
        let server: Config = url.parse().expect("the URL of the test server");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let name = format!("{name}_{}", std::process::id());
        let database = Self { server, name: name.clone(), runtime };
        database.remove();
        database.on_server(&format!("CREATE DATABASE {name}"));
        database
    }

    /// The URL of the database with this user and password.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let port = self.server.get_ports().first().copied().unwrap_or(5432);
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{}", self.name)
    }

    /// The URL of the database for its owner.
    pub fn url(&self) -> String {
        let password = self.server.get_password().unwrap_or_default();
        self.url_as(self.server.get_user().unwrap_or_default(), &String::from_utf8_lossy(password))
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        self.server.get_ports().first().copied().unwrap_or(5432)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs SQL in the database.
    pub fn run(&self, sql: &str) {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        self.batch(&config, sql);
    }

    /// The first column of the first row of a query in the database.
    pub fn value(&self, sql: &str) -> String {
        self.column(sql).into_iter().next().unwrap_or_default()
    }

    /// The first column of all rows of a query in the database.
    pub fn column(&self, sql: &str) -> Vec<String> {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        self.runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await.unwrap();
            tokio::spawn(connection);
            let messages = client.simple_query(sql).await.unwrap();
            messages
                .iter()
                .filter_map(|message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                    _ => None,
                })
                .collect()
        })
    }

    /// Drops the database, ending what is still connected (12 has no `WITH (FORCE)`).
    fn remove(&self) {
        let name = &self.name;
        self.on_server(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ));
        self.on_server(&format!("DROP DATABASE IF EXISTS {name}"));
    }

    fn on_server(&self, sql: &str) {
        self.batch(&self.server, sql);
    }

    fn batch(&self, config: &Config, sql: &str) {
        self.runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(sql).await.unwrap();
        });
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.remove();
        }
    }
}
