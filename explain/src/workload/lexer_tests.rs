//! Tests of the lexer: what each engine reads as what, and that nothing is lost.

use super::*;
use proptest::prelude::*;

/// The significant tokens as `kind:text`, one letter a kind.
fn tokens(sql: &str, engine: Engine) -> String {
    let one = |token: Token| {
        let letter = match token.kind {
            TokenKind::Blank => return None,
            TokenKind::Comment => 'c',
            TokenKind::Word => 'w',
            TokenKind::Quoted => 'q',
            TokenKind::String => 's',
            TokenKind::Number => 'n',
            TokenKind::Placeholder => 'p',
            TokenKind::Ellipsis => 'e',
            TokenKind::Operator => 'o',
            _ => '_',
        };
        Some(format!("{letter}:{}", token.text(sql)))
    };
    Lexer::new(sql, engine).filter_map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn tokens_of_each_engine() {
    use Engine::{Mysql, Postgres, Sqlite};
    let cases: &[(Engine, &str, &str)] = &[
        (Postgres, "a=-1", "w:a o:= o:- n:1"),
        (Postgres, "a@>b", "w:a o:@> w:b"),
        (Postgres, "x /* a /* b */ c */ y", "w:x c:/* a /* b */ c */ w:y"),
        (Mysql, "x /* a /* b */ y", "w:x c:/* a /* b */ w:y"),
        (Mysql, "x # y\nz", "w:x c:# y w:z"),
        (Mysql, "x /*!40101 set */ y", "w:x c:/*!40101 w:set c:*/ w:y"),
        (Mysql, "/*!set*//*M!100100 a*/", "c:/*! w:set c:*/ c:/*M!100100 w:a c:*/"),
        (Mysql, "/*!999999\\- x */ a*/**/b", "c:/*!999999\\- x */ w:a o:* c:/**/ w:b"),
        (Postgres, "/*!40101 set */", "c:/*!40101 set */"),
        (
            Mysql,
            "<exists>(select #2) and 'a'",
            "o:< w:exists o:> _:( w:select w:#2 _:) w:and s:'a'",
        ),
        (Postgres, "x # y", "w:x o:# w:y"),
        (Postgres, "'it''s' E'a\\'b' 'c\\'", "s:'it''s' s:E'a\\'b' s:'c\\'"),
        (Mysql, "'a\\'b' \"c\" `d``e`", "s:'a\\'b' s:\"c\" q:`d``e`"),
        (Sqlite, "[a b] \"c\" `d` @e ?1 $f", "q:[a b] q:\"c\" q:`d` p:@e p:?1 p:$f"),
        (Postgres, "$$a$b$$ $x$ $y$ $x$ $1 $", "s:$$a$b$$ s:$x$ $y$ $x$ p:$1 o:$"),
        (
            Postgres,
            "x'1f' b'01' n'a' u&'\\0041' ex'1'",
            "s:x'1f' s:b'01' s:n'a' s:u&'\\0041' w:ex s:'1'",
        ),
        (
            Postgres,
            "1 1.5 .5 5. 1e10 1.5e-3 0x1F a.5",
            "n:1 n:1.5 n:.5 n:5. n:1e10 n:1.5e-3 n:0x1F w:a _:. n:5",
        ),
        (Mysql, "123foo 1e 0x1g db.2fa", "w:123foo w:1e w:0x1g w:db _:. w:2fa"),
        (
            Postgres,
            "a::int :name a[1:n] %s %(x)s a%s a % s",
            "w:a _::: w:int p::name w:a _:[ n:1 o:: w:n _:] p:%s p:%(x)s w:a o:% w:s w:a o:% w:s",
        ),
        (Mysql, "@x @@y a@b", "w:@x w:@@y w:a w:@b"),
        (Mysql, "in (...) a<=>b", "w:in _:( e:... _:) w:a o:<=> w:b"),
        (Postgres, "a ?| b ->> 'c'", "w:a p:? o:| w:b o:->> s:'c'"),
        (Postgres, "'open", "s:'open"),
        (Postgres, "/* open", "c:/* open"),
        (Postgres, "$a$ open", "s:$a$ open"),
        (Sqlite, "[open", "q:[open"),
        (Mysql, "'a\\", "s:'a\\"),
        (Postgres, "größe = 'é'", "w:größe o:= s:'é'"),
    ];
    for (engine, sql, expected) in cases {
        assert_eq!(tokens(sql, *engine), *expected, "{engine}: {sql}");
    }
}

proptest! {
    #[test]
    fn tokens_cover_the_text_without_gaps(sql in any::<String>(), which in 0..5_usize) {
        covers(&sql, Engine::ALL[which]);
    }

    #[test]
    fn tokens_cover_sql_like_text(sql in "[-a-eEx0-9 '\"`$?:.,;()\\[\\]%@#*/\\\\=<>|&!\n]{0,60}", which in 0..5_usize) {
        covers(&sql, Engine::ALL[which]);
    }
}

fn covers(sql: &str, engine: Engine) {
    let mut at = 0;
    for token in Lexer::new(sql, engine) {
        assert_eq!(token.start, at);
        assert!(token.end > token.start);
        assert!(sql.is_char_boundary(token.end), "{sql:?} {token:?}");
        at = token.end;
    }
    assert_eq!(at, sql.len());
}
