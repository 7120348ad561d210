//! Pages of a large folder: how long a batch takes, wherever the page is.

use std::time::Instant;

use protocol::client::Batch;
use protocol::oxcdata::{FolderId, PropertyTag, SortDirection, SortOrder};
use protocol::oxcfold::{ContentsTableFlags, OpenModeFlags};
use protocol::oxctabl::{AsynchronousFlags, Bookmark, QueryRowsFlags};
use protocol::rops::RopReply;
use server::store::tags;

use super::Plan;
use super::figures::{Table, Times, millis};
use super::process::Process;
use super::seed::Accounts;
use super::session::{Session, execute};
use super::wire::Target;

/// Rows of a page.
pub const ROWS: u16 = 50;
/// Batches before the clock runs, and while it does.
const WARM: usize = 100;
const MEASURED: usize = 1000;

/// What a list of mail shows.
pub const COLUMNS: [PropertyTag; 10] = [
    tags::PID_TAG_MID,
    tags::PID_TAG_SUBJECT,
    tags::PID_TAG_SENDER_NAME,
    tags::PID_TAG_MESSAGE_DELIVERY_TIME,
    tags::PID_TAG_MESSAGE_SIZE,
    tags::PID_TAG_MESSAGE_FLAGS,
    tags::PID_TAG_IMPORTANCE,
    tags::PID_TAG_HAS_ATTACHMENTS,
    tags::PID_TAG_MESSAGE_CLASS,
    tags::PID_TAG_LAST_MODIFICATION_TIME,
];

/// Where a page begins.
#[derive(Clone, Copy)]
pub enum Place {
    Beginning,
    /// So many thousandths of the table from its beginning.
    Fraction(u32),
    /// So many rows before the end.
    End(i32),
}

/// A batch that opens a folder and reads a page of it; what it opens is released.
pub fn page(
    session: &Session,
    folder: FolderId,
    place: Place,
    sort: Option<PropertyTag>,
) -> anyhow::Result<(Batch<'static>, impl Fn(&Replies<'_>) -> anyhow::Result<usize> + use<>)> {
    let mut batch = Batch::new();
    let opened = batch.rop_open_folder(&session.logon()?, folder, OpenModeFlags(0))?;
    let table = batch.rop_get_contents_table(&opened, ContentsTableFlags(0))?;
    batch.rop_set_columns(&table, AsynchronousFlags(0), COLUMNS.to_vec())?;
    if let Some(property_tag) = sort {
        let order = vec![SortOrder { property_tag, order: SortDirection::ASCENDING }];
        batch.rop_sort_table(&table, AsynchronousFlags(0), 0, 0, order)?;
    }
    match place {
        Place::Beginning => {}
        Place::Fraction(thousandths) => _ = batch.rop_seek_row_fractional(&table, thousandths, 1000)?,
        Place::End(rows) => _ = batch.rop_seek_row(&table, Bookmark::BOOKMARK_END, -rows, false)?,
    }
    let rows = batch.rop_query_rows(&table, QueryRowsFlags(0), true, ROWS)?;
    batch.rop_release(&table)?;
    batch.rop_release(&opened)?;
    let count = move |replies: &Replies<'_>| match replies.get(&rows) {
        Ok(response) => Ok(response.row_data.len()),
        Err(error) => anyhow::bail!("RopQueryRows: {error:?}"),
    };
    Ok((batch, count))
}

/// The replies of a batch.
pub type Replies<'a> = runtime::rop::Replies<RopReply<'a>>;

async fn times(session: &mut Session, folder: FolderId, place: Place) -> anyhow::Result<Times> {
    let (batch, count) = page(session, folder, place, None)?;
    let mut times = Times::default();
    for number in 0..WARM + MEASURED {
        let started = Instant::now();
        let output = session.run(&batch).await?;
        let took = started.elapsed();
        if number >= WARM {
            times.add(took);
        }
        let rows = count(&session.read(&batch, &output)?)?;
        anyhow::ensure!(rows == usize::from(ROWS), "a page has {rows} rows");
    }
    Ok(times)
}

pub async fn measure(plan: &Plan, accounts: &Accounts, table: &mut Table) -> anyhow::Result<()> {
    let server = Process::server(&plan.data_dir, 1024).await?;
    let target = Target::new(&plan.data_dir, server.port)?;
    let mut session = Session::open(&target, &accounts.reader).await?;
    let places = [("first", Place::Beginning), ("middle", Place::Fraction(500)), ("last", Place::End(50))];
    for (name, place) in places {
        let found = times(&mut session, accounts.inbox, place).await?.text();
        table.line(format!("{name} page of {} messages, median", plan.messages), "2 ms", found);
    }
    let found = times(&mut session, accounts.small, Place::Beginning).await?.text();
    table.line("the same of 100 messages", "", found);

    for (name, tag) in [
        ("subject", tags::PID_TAG_SUBJECT),
        ("sender", tags::PID_TAG_SENDER_NAME),
        ("size", tags::PID_TAG_MESSAGE_SIZE),
        ("importance", tags::PID_TAG_IMPORTANCE),
        ("time of submission", tags::PID_TAG_CLIENT_SUBMIT_TIME),
    ] {
        let (batch, count) = page(&session, accounts.inbox, Place::Beginning, Some(tag))?;
        let mut took = Vec::new();
        for _ in 0..2 {
            let started = Instant::now();
            let output = session.run(&batch).await?;
            took.push(millis(started.elapsed()));
            anyhow::ensure!(count(&session.read(&batch, &output)?)? == usize::from(ROWS), "a page is short");
        }
        table.line(format!("sorted by {name}, once; and again"), "300 ms", took.join("; "));
    }

    // The way there and back, and nothing else.
    let (batch, _) = page(&session, accounts.inbox, Place::Beginning, None)?;
    let body = execute(&batch)?;
    let size = session.exchange(&body).await?;
    let peer = Process::bare(&plan.data_dir, size).await?;
    let mut shadow = session.shadow(&Target::new(&plan.data_dir, peer.port)?).await?;
    let mut times = Times::default();
    for _ in 0..MEASURED {
        let started = Instant::now();
        shadow.exchange(&body).await?;
        times.add(started.elapsed());
    }
    table.line(format!("hyper alone, {size} bytes"), "", times.text());
    peer.stop()?;
    server.stop()
}
