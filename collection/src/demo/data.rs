//! The shop's rows: skewed as in life. A few customers order most, a few products sell most, old
//! orders are delivered, new ones are not, and what is optional is mostly NULL.

use super::random::Random;
use crate::guard::Stop;
use rusqlite::{Connection, Statement, params};

/// Days from 2024-01-01 to 2025-12-31.
const DAYS: i64 = 731;

/// How many rows the tables get.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    customers: i64,
    products: i64,
    orders: i64,
    order_lines: i64,
    reviews: i64,
    stock_movements: i64,
    sessions: i64,
    cart_items: i64,
}

impl Scale {
    /// The demo's.
    pub(super) const FULL: Self = Self {
        customers: 20_000,
        products: 5_000,
        orders: 90_000,
        order_lines: 230_000,
        reviews: 30_000,
        stock_movements: 60_000,
        sessions: 40_000,
        cart_items: 25_000,
    };

    /// A fiftieth of it, for tests.
    #[cfg(test)]
    pub(super) const SMALL: Self = Self {
        customers: 400,
        products: 100,
        orders: 1_800,
        order_lines: 4_600,
        reviews: 600,
        stock_movements: 1_200,
        sessions: 800,
        cart_items: 500,
    };

    /// Rows of all tables, the fixed ones included; an order has one payment.
    fn rows(self) -> i64 {
        CATEGORIES.len() as i64
            + COUPONS
            + self.customers
            + self.products
            + 2 * self.orders
            + self.order_lines
            + self.reviews
            + self.stock_movements
            + self.sessions
            + self.cart_items
    }
}

const COUPONS: i64 = 200;

/// Fills the tables.
pub(super) struct Loader<'a> {
    connection: &'a Connection,
    scale: Scale,
    stop: &'a Stop,
    progress: &'a mut dyn FnMut(u64, u64),
    done: i64,
    dates: Vec<String>,
}

type Insert<'s> = Statement<'s>;

impl<'a> Loader<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        scale: Scale,
        stop: &'a Stop,
        progress: &'a mut dyn FnMut(u64, u64),
    ) -> Self {
        Self { connection, scale, stop, progress, done: 0, dates: dates() }
    }

    pub(super) fn load(mut self) -> rusqlite::Result<()> {
        self.categories()?;
        self.products()?;
        self.customers()?;
        self.coupons()?;
        self.orders()?;
        self.order_lines()?;
        self.payments()?;
        self.reviews()?;
        self.stock_movements()?;
        self.sessions()?;
        self.cart_items()?;
        self.report();
        Ok(())
    }

    /// Inserts `rows` rows into `table`; `row` gets the number of the row, from 1.
    fn fill(
        &mut self,
        table: &str,
        columns: usize,
        rows: i64,
        mut row: impl FnMut(&mut Random, &[String], i64, &mut Insert<'_>) -> rusqlite::Result<usize>,
    ) -> rusqlite::Result<()> {
        let marks = vec!["?"; columns].join(", ");
        let sql = format!("INSERT OR IGNORE INTO {table} VALUES ({marks})");
        let mut insert = self.connection.prepare(&sql)?;
        let mut random = Random::of(table);
        for i in 1..=rows {
            if self.done % 8192 == 0 {
                if self.stop.is_stopped() {
                    return Err(interrupted());
                }
                self.report();
            }
            row(&mut random, &self.dates, i, &mut insert)?;
            self.done += 1;
        }
        Ok(())
    }

    fn report(&mut self) {
        (self.progress)(self.done.unsigned_abs(), self.scale.rows().unsigned_abs());
    }

    fn categories(&mut self) -> rusqlite::Result<()> {
        self.fill("categories", 4, CATEGORIES.len() as i64, |_, _, i, insert| {
            let name = CATEGORIES[i as usize - 1];
            let slug = name.to_lowercase().replace(' ', "-");
            // The first eight are departments, the others belong to one.
            insert.execute(params![i, (i > 8).then_some(i % 8 + 1), name, slug])
        })
    }

    fn products(&mut self) -> rusqlite::Result<()> {
        let rows = self.scale.products;
        self.fill("products", 8, rows, |random, dates, i, insert| {
            let category = random.skewed(CATEGORIES.len() as i64 - 8) + 9;
            let noun = random.pick(NOUNS);
            let name = format!("{} {} {noun}", random.pick(STYLES), random.pick(MATERIALS));
            let text = format!("{name}. {} {}", random.pick(PHRASES), random.pick(PHRASES));
            insert.execute(params![
                i,
                format!("SKU-{:05}", i * 7919 % 100_000),
                category,
                name,
                499 + random.skewed(50_000),
                random.chance(92),
                dates[random.below(DAYS) as usize],
                random.chance(80).then_some(text),
            ])
        })
    }

    fn customers(&mut self) -> rusqlite::Result<()> {
        let rows = self.scale.customers;
        self.fill("customers", 9, rows, |random, dates, i, insert| {
            let (first, last) = (random.pick_skewed(FIRST_NAMES), random.pick_skewed(LAST_NAMES));
            let country = random.skewed(COUNTRIES.len() as i64) as usize;
            let email = format!("{first}.{last}{i}@example.com").to_lowercase();
            let deleted = random.chance(3).then(|| time(dates, random.below(DAYS), random));
            insert.execute(params![
                i,
                email,
                first,
                last,
                random.pick_skewed(CITIES[country]),
                COUNTRIES[country],
                time(dates, i * DAYS / (rows + 1), random),
                random.chance(35),
                deleted,
            ])
        })
    }

    fn coupons(&mut self) -> rusqlite::Result<()> {
        self.fill("coupons", 5, COUPONS, |random, dates, i, insert| {
            let from = random.below(DAYS - 30) as usize;
            let percent = 5 * (1 + random.skewed(8));
            insert.execute(params![
                i,
                format!("SAVE{i:04}"),
                percent,
                dates[from],
                dates[from + 30]
            ])
        })
    }

    fn orders(&mut self) -> rusqlite::Result<()> {
        let (rows, customers) = (self.scale.orders, self.scale.customers);
        self.fill("orders", 9, rows, |random, dates, i, insert| {
            let day = i * DAYS / (rows + 1);
            let status = status(random, DAYS - 1 - day);
            let is_shipped = ["shipped", "delivered", "returned"].contains(&status);
            let shipped = (day + 1 + random.below(4)).min(DAYS - 1);
            insert.execute(params![
                i,
                spread(random.skewed(customers), customers),
                status,
                random.pick_skewed(CHANNELS),
                time(dates, day, random),
                is_shipped.then(|| time(dates, shipped, random)),
                900 + random.skewed(90_000),
                random.chance(12).then(|| random.below(COUPONS) + 1),
                random.chance(4).then(|| random.pick(PHRASES)),
            ])
        })
    }

    fn order_lines(&mut self) -> rusqlite::Result<()> {
        let (rows, orders, products) =
            (self.scale.order_lines, self.scale.orders, self.scale.products);
        self.fill("order_lines", 5, rows, |random, _, i, insert| {
            // About in the order in which the orders came, none to eight lines each.
            let order = (i * orders / (rows + 1) + random.below(5)).min(orders - 1) + 1;
            let product = spread(random.skewed(products), products);
            let price = 499 + product * 7919 % 30_000;
            insert.execute(params![i, order, product, 1 + random.skewed(6), price])
        })
    }

    fn payments(&mut self) -> rusqlite::Result<()> {
        let rows = self.scale.orders;
        self.fill("payments", 6, rows, |random, dates, i, insert| {
            let order = (i + random.below(9)).min(rows);
            insert.execute(params![
                i,
                order,
                random.pick_skewed(METHODS),
                900 + random.skewed(90_000),
                time(dates, i * DAYS / (rows + 1), random),
                format!("{:016x}", random.below(i64::MAX)),
            ])
        })
    }

    fn reviews(&mut self) -> rusqlite::Result<()> {
        let (rows, products, customers) =
            (self.scale.reviews, self.scale.products, self.scale.customers);
        self.fill("reviews", 7, rows, |random, dates, i, insert| {
            insert.execute(params![
                i,
                spread(random.skewed(products), products),
                spread(random.skewed(customers), customers),
                5 - random.skewed(5),
                random.chance(70).then(|| random.pick(PHRASES)),
                random.chance(40).then(|| random.pick(PHRASES)),
                time(dates, i * DAYS / (rows + 1), random),
            ])
        })
    }

    fn stock_movements(&mut self) -> rusqlite::Result<()> {
        let (rows, products) = (self.scale.stock_movements, self.scale.products);
        self.fill("stock_movements", 6, rows, |random, dates, i, insert| {
            let is_sale = random.chance(80);
            let amount = 1 + random.skewed(20);
            insert.execute(params![
                i,
                spread(random.skewed(products), products),
                random.pick_skewed(WAREHOUSES),
                if is_sale { -amount } else { amount * 10 },
                if is_sale { "sale" } else { "delivery" },
                time(dates, i * DAYS / (rows + 1), random),
            ])
        })
    }

    fn sessions(&mut self) -> rusqlite::Result<()> {
        let (rows, customers) = (self.scale.sessions, self.scale.customers);
        self.fill("sessions", 6, rows, |random, dates, i, insert| {
            let customer = spread(random.skewed(customers), customers);
            let day = i * DAYS / (rows + 1);
            insert.execute(params![
                i,
                random.chance(45).then_some(customer),
                time(dates, day, random),
                random.chance(90).then(|| time(dates, day, random)),
                random.pick_skewed(AGENTS),
                format!("10.{}.{}.{}", random.below(256), random.below(256), random.below(256)),
            ])
        })
    }

    fn cart_items(&mut self) -> rusqlite::Result<()> {
        let (rows, sessions, products) =
            (self.scale.cart_items, self.scale.sessions, self.scale.products);
        self.fill("cart_items", 4, rows, |random, dates, i, insert| {
            let session = (i * sessions / (rows + 1) + random.below(3)).min(sessions - 1) + 1;
            let product = spread(random.skewed(products), products);
            let day = i * DAYS / (rows + 1);
            insert.execute(params![
                session,
                product,
                1 + random.skewed(4),
                time(dates, day, random)
            ])
        })
    }
}

fn interrupted() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT), None)
}

/// Spreads the busy ones over all ids, from 1. 7919 is a prime and divides no `of` in use.
fn spread(rank: i64, of: i64) -> i64 {
    rank * 7919 % of + 1
}

/// The status of an order of that age in days.
fn status(random: &mut Random, age: i64) -> &'static str {
    let roll = random.below(100);
    match (age, roll) {
        (_, 0..5) => "cancelled",
        (0..=2, 5..45) => "pending",
        (0..=2, _) => "paid",
        (3..=9, 5..25) => "paid",
        (3..=9, _) => "shipped",
        (_, 5..9) => "returned",
        (_, 9) if age < 60 => "pending",
        _ => "delivered",
    }
}

fn time(dates: &[String], day: i64, random: &mut Random) -> String {
    // Most people order between breakfast and bedtime.
    let second = 7 * 3600 + random.below(16 * 3600);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{} {hour:02}:{minute:02}:{second:02}", dates[day as usize])
}

/// Every day from 2024-01-01 on.
fn dates() -> Vec<String> {
    let lengths = |year: u32| {
        let february = if year.is_multiple_of(4) { 29 } else { 28 };
        [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    };
    let mut dates = Vec::new();
    for year in 2024..=2025 {
        for (month, days) in (1..).zip(lengths(year)) {
            dates.extend((1..=days).map(|day| format!("{year}-{month:02}-{day:02}")));
        }
    }
    dates
}

static CATEGORIES: &[&str] = &[
    "Home",
    "Kitchen",
    "Garden",
    "Office",
    "Sports",
    "Toys",
    "Books",
    "Fashion",
    "Lamps",
    "Chairs",
    "Tables",
    "Shelves",
    "Pans",
    "Knives",
    "Glasses",
    "Plates",
    "Pots",
    "Seeds",
    "Tools",
    "Hoses",
    "Grills",
    "Paper",
    "Pens",
    "Desks",
    "Bags",
    "Balls",
    "Bikes",
    "Shoes",
    "Tents",
    "Skis",
    "Puzzles",
    "Dolls",
    "Trains",
    "Blocks",
    "Games",
    "Novels",
    "Comics",
    "Maps",
    "Cookbooks",
    "Shirts",
    "Coats",
    "Socks",
    "Hats",
    "Belts",
    "Scarves",
    "Rugs",
    "Curtains",
    "Clocks",
    "Frames",
    "Mirrors",
    "Candles",
    "Vases",
    "Pillows",
    "Blankets",
    "Towels",
    "Baskets",
    "Boxes",
    "Hooks",
    "Bins",
    "Fans",
];
static STYLES: &[&str] = &[
    "Small", "Large", "Round", "Folding", "Classic", "Modern", "Rustic", "Light", "Travel", "Wall",
    "Floor", "Double", "Slim", "Deep", "Outdoor", "Soft",
];
static MATERIALS: &[&str] = &[
    "Oak", "Steel", "Linen", "Glass", "Cork", "Copper", "Bamboo", "Wool", "Leather", "Ceramic",
    "Walnut", "Cotton", "Stone", "Paper", "Rattan", "Brass",
];
static NOUNS: &[&str] = &[
    "Lamp", "Chair", "Table", "Shelf", "Pan", "Bowl", "Bench", "Basket", "Mirror", "Clock", "Vase",
    "Tray", "Stool", "Desk", "Rack", "Box", "Jar", "Mug", "Rug", "Hook",
];
static PHRASES: &[&str] = &[
    "Arrived on time.",
    "Better than expected.",
    "Well made and easy to clean.",
    "Please ring twice.",
    "A gift for a friend.",
    "Smaller than in the picture.",
    "Would buy it again.",
    "Leave it at the door.",
    "Made in small batches.",
    "The colour differs slightly.",
    "Sturdy, simple, good.",
    "Not for the dishwasher.",
];
static FIRST_NAMES: &[&str] = &[
    "Anna", "Jonas", "Maria", "Lukas", "Sofia", "Pierre", "Elena", "Marco", "Ines", "Tom", "Laura",
    "Jan", "Clara", "Hugo", "Nora", "Paul", "Lea", "Max", "Eva", "Leon", "Ida", "Emil", "Lina",
    "Oskar", "Marta", "Nils", "Julia", "Carl", "Alma", "Felix",
];
static LAST_NAMES: &[&str] = &[
    "Schmidt", "Martin", "Rossi", "Garcia", "Novak", "Jensen", "Bernard", "Weber", "Silva",
    "Moreau", "Fischer", "Kowalski", "Lopez", "Peters", "Berg", "Dubois", "Costa", "Wagner",
    "Larsen", "Keller", "Fontaine", "Ricci", "Vogel", "Santos", "Lang", "Brandt", "Roux", "Conti",
    "Hansen", "Maier",
];
static COUNTRIES: &[&str] = &["DE", "FR", "IT", "ES", "PL", "DK"];
static CITIES: [&[&str]; 6] = [
    &["Berlin", "Hamburg", "Munich", "Cologne", "Leipzig", "Bremen", "Dresden", "Kassel"],
    &["Paris", "Lyon", "Marseille", "Lille", "Nantes", "Nice", "Rennes", "Dijon"],
    &["Rome", "Milan", "Turin", "Naples", "Genoa", "Verona"],
    &["Madrid", "Barcelona", "Seville", "Valencia", "Bilbao"],
    &["Warsaw", "Krakow", "Gdansk", "Poznan"],
    &["Copenhagen", "Aarhus", "Odense"],
];
static CHANNELS: &[&str] = &["web", "app", "marketplace", "phone", "store"];
static METHODS: &[&str] = &["card", "paypal", "invoice", "transfer", "voucher"];
static WAREHOUSES: &[&str] = &["north", "south", "west"];
static AGENTS: &[&str] = &[
    "Mozilla/5.0 (Linux; Android 15)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14)",
    "shop-app/7.2",
    "curl/8.5",
];
