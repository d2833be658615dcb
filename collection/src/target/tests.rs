//! Tests of targets.

use super::*;
use proptest::prelude::*;
use std::io::Write as _;

fn parse(text: &str) -> Target {
    Target::parse_with(text, &Environment::default()).unwrap()
}

fn error(text: &str) -> CollectError {
    Target::parse_with(text, &Environment::default()).unwrap_err()
}

fn password(target: &Target) -> Option<&str> {
    target.password_for(&target.hosts[0])
}

#[test]
fn url_is_taken_apart() {
    let target = parse("postgres://ap%40p:p%2Fw@db.example:6543/sh%20op?sslmode=require");
    assert_eq!(target.engine, Engine::Postgres);
    assert_eq!(target.user(), Some("ap@p"));
    assert_eq!(password(&target), Some("p/w"));
    assert_eq!(target.hosts[0].name, "db.example");
    assert_eq!(target.hosts[0].port, 6543);
    assert_eq!(target.database(), Some("sh op"));
    assert_eq!(target.param("sslmode"), Some("require"));
    assert_eq!(target.name(), "sh op@db.example:6543");
    assert_eq!(target.file_stem(), "sh_op@db.example_6543");
    assert_eq!(target.to_string(), "postgres://ap%40p:***@db.example:6543/sh%20op");
}

#[test]
fn hosts_have_many_shapes() {
    let hosts = |text: &str| {
        let hosts = parse(text).hosts;
        hosts.iter().map(|h| format!("{}|{}", h.name, h.port)).collect::<Vec<_>>()
    };
    assert_eq!(hosts("postgres://u@[::1]:99/d"), ["::1|99"]);
    assert_eq!(hosts("postgres://u@[fe80::1]/d"), ["fe80::1|5432"]);
    assert_eq!(hosts("postgres://u@a,b:1/d"), ["a|5432", "b|1"]);
    assert_eq!(hosts("postgres:///d?host=/run/pg&port=7"), ["/run/pg|7"]);
    assert_eq!(hosts("postgres://u@%2Frun%2Fpg:8/d"), ["/run/pg|8"]);
    assert_eq!(hosts("postgres:///d?host=a,b&port=1,2"), ["a|1", "b|2"]);
    assert_eq!(hosts("mysql://root@h/d"), ["h|3306"]);
    assert_eq!(hosts("mongodb+srv://u:p@cluster.example/d"), ["cluster.example|27017"]);
}

#[test]
fn sqlite_has_many_shapes() {
    let path = |text: &str| parse(text).path.unwrap().display().to_string();
    assert_eq!(path("sqlite:shop.db"), "shop.db");
    assert_eq!(path("sqlite://data/shop.x"), "data/shop.x");
    assert_eq!(path("sqlite:///data/shop.x"), "/data/shop.x");
    assert_eq!(path("file:a%20b.x?mode=ro"), "a b.x");
    assert_eq!(path("file:///a/b.x"), "/a/b.x");
    assert_eq!(path("data/shop.sqlite3"), "data/shop.sqlite3");
    assert_eq!(parse("file:x?mode=ro").param("mode"), Some("ro"));
    assert_eq!(parse("sqlite:data/shop.db").file_stem(), "data_shop.db");
    assert_eq!(parse("sqlite:data/shop.db").to_string(), "sqlite:data/shop.db");
    assert_eq!(error("sqlite:").kind, ErrorKind::Config);
}

#[test]
fn sqlite_file_is_known_by_its_first_bytes() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"SQLite format 3\0rest").unwrap();
    assert_eq!(parse(&file.path().display().to_string()).engine, Engine::Sqlite);
}

#[test]
fn parameters_may_hold_an_at_sign() {
    let target = parse("mongodb://app:p@h:1/?appName=@cluster@");
    assert_eq!(target.param("appName"), Some("@cluster@"));
}

#[test]
fn a_name_for_several_servers_stays_one() {
    let target = parse("mongodb+srv://u:p%40@cluster.example/d?a=b%26c");
    assert!(target.is_srv());
    assert_eq!(target.to_string(), "mongodb+srv://u:***@cluster.example/d");
    assert_eq!(target.name(), "d@cluster.example");
    assert_eq!(target.url_with_password(), "mongodb+srv://u:p%40@cluster.example/d?a=b%26c");
    assert_eq!(parse("mongodb://").url_with_password(), "mongodb://localhost/");
    assert_eq!(parse("mongodb://u@h:1/").name(), "h:1");
    assert_eq!(target.without_password("p@ or p%40"), "*** or ***");
}

#[test]
fn environment_completes_the_url() {
    let environment = Environment::default()
        .with("PGUSER", "ann")
        .with("PGPASSWORD", "geheim")
        .with("PGHOST", "db")
        .with("PGPORT", "6000")
        .with("PGSSLMODE", "require");
    let target = Target::parse_with("postgres://", &environment).unwrap();
    assert_eq!(target.to_string(), "postgres://ann:***@db:6000/ann");
    assert_eq!(password(&target), Some("geheim"));
    assert_eq!(target.param("sslmode"), Some("require"));
    let target = Target::parse_with("postgres://bob:x@h/d?sslmode=disable", &environment).unwrap();
    assert_eq!((target.user(), password(&target)), (Some("bob"), Some("x")));
    assert_eq!(target.param("sslmode"), Some("disable"));
    assert!(!format!("{environment:?}").contains("geheim"));
}

#[cfg(unix)]
#[test]
fn a_service_completes_the_url_and_goes_before_the_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    std::fs::write(
        &file,
        "[shop]\nhost=db1,db2\nport=6432\nuser=reader\ndbname=shop\nsslmode=disable\n",
    )
    .unwrap();
    let environment = Environment::default()
        .with("PGSERVICEFILE", file.to_str().unwrap())
        .with("PGUSER", "somebody");
    let target = Target::parse_with("postgres:///?service=shop", &environment).unwrap();
    assert_eq!(target.to_string(), "postgres://reader@db1:6432,db2:6432/shop");
    assert_eq!(target.param("sslmode"), Some("disable"));
    let environment = environment.with("PGSERVICE", "shop");
    let target = Target::parse_with("postgres://me@here/other", &environment).unwrap();
    assert_eq!(target.to_string(), "postgres://me@here:5432/other");
    let error = Target::parse_with("postgres:///?service=none", &environment).unwrap_err();
    assert!(error.hints[0].contains("services"), "{error:?}");
    std::fs::write(&file, "[shop]\nhost db1\n").unwrap();
    let error = Target::parse_with("postgres:///?service=shop", &environment).unwrap_err();
    assert!(error.message.ends_with("services:2: not a line `key=value`"), "{error}");
}

#[test]
fn an_authority_that_is_named_is_checked_against() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    std::fs::create_dir(folder.path().join(".postgresql")).unwrap();
    std::fs::write(folder.path().join(".postgresql/root.crt"), "").unwrap();
    let environment = Environment::default().with("HOME", home);
    let mode = |url: &str, environment: &Environment| {
        let target = Target::parse_with(url, environment).unwrap();
        target.param("sslmode").map(str::to_owned)
    };
    let full = Some("verify-full".to_owned());
    assert_eq!(mode("postgres://h/d?sslrootcert=ca.pem", &environment), full);
    let named = environment.clone().with("PGSSLROOTCERT", "ca.pem");
    assert_eq!(mode("postgres://h/d", &named), full);
    let asked = "postgres://h/d?sslrootcert=ca.pem&sslmode=require";
    assert_eq!(mode(asked, &environment), Some("require".to_owned()));
    // The file that libpq looks for by itself changes nothing, as with libpq.
    assert_eq!(mode("postgres://h/d", &environment), None);
}

#[test]
fn password_file_is_read_when_only_its_owner_can() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    std::fs::write(&file, "# c\nother:*:*:*:no\ndb:5432:sh\\:op:ann:ge\\\\h:eim\n*:*:*:*:any\n")
        .unwrap();
    let environment = Environment::default().with("HOME", home.path().to_str().unwrap());
    let set =
        |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let get = |url: &str| Target::parse_with(url, &environment).unwrap();
    set(0o600);
    assert_eq!(password(&get("postgres://ann@db/sh%3Aop")), Some("ge\\h:eim"));
    assert_eq!(password(&get("postgres://bob@db/shop")), Some("any"));
    assert_eq!(get("postgres://bob@db/shop").to_string(), "postgres://bob:***@db:5432/shop");
    set(0o640);
    assert_eq!(password(&get("postgres://ann@db/shop")), None);
    assert!(get("postgres://ann@db/shop").password_hint().unwrap().contains("chmod 600"));
}

#[test]
fn unknown_schemes_get_the_list() {
    let error = error("oracle://scott:tiger@h/d");
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("oracle://"), "{error}");
    assert!(error.hints[0].contains("postgres://") && error.hints[0].contains("sqlite:FILE"));
}

/// Every way in which a password could slip into an error, `Debug` or `Display`.
#[test]
fn password_is_never_shown() {
    let urls = [
        "postgres://app:SECRET@h/d",
        "postgres://app:SEC%zzRET@h/d",
        "postgres://app:x/SECRET@h/d",
        "postgres://app:1/SECRET@h/d",
        "postgres://app:1?SECRET@h/d",
        "postgres://app:1?a=SECRET@h/d",
        "postgres://app:SECRET:@h:x/d",
        "postgres://app:a@SECRET@h/d",
        "postgres://app:a@b/SECRET@h/d",
        "postgres://app:a@SECRET/b@h/d",
        "mysql://app:a@SECRET?b=c@h/d",
        "postgres://h/d?password=SECRET",
        "postgres://h/d?SECRET",
        "postgres://h:SECRET/d",
        "postgres://[SECRET/d",
        "mongodb://app:SECRET@h/d?x=SECRET",
        "app:SECRET@h/d",
        "host=h password=SECRET",
        "oracle://app:SECRET@h/d",
        "://SECRET",
        "a b://SECRET",
        "jdbc:postgresql://h/d?user=u&password=SECRET",
    ];
    for url in urls {
        let shown = match Target::parse_with(url, &Environment::default()) {
            Ok(target) => format!("{target} {target:?} {} {}", target.name(), target.file_stem()),
            Err(error) => format!("{error} {error:?} {}", error.hints.join(" ")),
        };
        assert!(!shown.contains("SECRET"), "{url}: {shown}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = Target::parse_with(&text, &Environment::default());
        let _ = Target::parse_with(&format!("postgres://{text}"), &Environment::default());
    }

    #[test]
    fn escaped_parts_survive(user in "\\PC{1,12}", secret in "\\PC{1,12}", database in "\\PC{1,12}") {
        let [u, p, d] = [&user, &secret, &database].map(|part| url::encoded(part));
        let target = parse(&format!("postgres://{u}:{p}@h/{d}"));
        prop_assert_eq!(target.user(), Some(user.as_str()));
        prop_assert_eq!(password(&target), Some(secret.as_str()));
        prop_assert_eq!(target.database(), Some(database.as_str()));
    }
}
