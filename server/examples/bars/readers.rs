//! The server's memory while many clients read one large mailbox.

use std::time::Instant;

use anyhow::Context as _;
use protocol::client::Batch;
use protocol::oxcdata::{MessageId, PropertyRow, PropertyTag, PropertyValue};
use protocol::oxcfold::{ContentsTableFlags, OpenModeFlags};
use protocol::oxcmsg::MessageOpenModeFlags;
use protocol::oxctabl::{AsynchronousFlags, QueryRowsFlags};
use server::store::tags;

use super::Plan;
use super::figures::{Table, Times};
use super::process::Process;
use super::seed::Accounts;
use super::session::{Account, Session};
use super::tables::{COLUMNS, Place, ROWS, page};
use super::wire::Target;

const CLIENTS: u32 = 50;

/// What the clients sort by, each by one of them.
const SORTS: [Option<PropertyTag>; 5] =
    [None, None, Some(tags::PID_TAG_SUBJECT), Some(tags::PID_TAG_SENDER_NAME), Some(tags::PID_TAG_MESSAGE_SIZE)];

/// Ids of some messages of the folder.
async fn some(session: &mut Session, accounts: &Accounts) -> anyhow::Result<Vec<MessageId>> {
    let mut batch = Batch::new();
    let folder = batch.rop_open_folder(&session.logon()?, accounts.inbox, OpenModeFlags(0))?;
    let table = batch.rop_get_contents_table(&folder, ContentsTableFlags(0))?;
    batch.rop_set_columns(&table, AsynchronousFlags(0), vec![tags::PID_TAG_MID])?;
    let rows = batch.rop_query_rows(&table, QueryRowsFlags(0), true, ROWS)?;
    let output = session.run(&batch).await?;
    let replies = session.read(&batch, &output)?;
    let rows = replies.get(&rows).ok().context("no rows")?;
    let ids = rows.row_data.iter().filter_map(|row| match row {
        PropertyRow::StandardPropertyRow(cells) => match cells.first()? {
            PropertyValue::PtypInteger64(id) => Some(MessageId(id.cast_unsigned())),
            _ => None,
        },
        PropertyRow::FlaggedPropertyRow(_) => None,
    });
    Ok(ids.collect())
}

async fn read(target: Target, account: Account, accounts: Seen, number: u32, until: Instant) -> anyhow::Result<Times> {
    let mut session = Session::open(&target, &account).await?;
    let sort = SORTS.get(number as usize % SORTS.len()).copied().flatten();
    let mut times = Times::default();
    let mut place = number.wrapping_mul(7919);
    while Instant::now() < until {
        place = place.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let started = Instant::now();
        let (batch, count) = page(&session, accounts.inbox, Place::Fraction((place >> 8) % 990), sort)?;
        let output = session.run(&batch).await?;
        anyhow::ensure!(count(&session.read(&batch, &output)?)? > 0, "a page is empty");
        times.add(started.elapsed());
        let id = accounts.messages.get(place as usize % accounts.messages.len().max(1)).copied();
        let mut batch = Batch::new();
        let flags = MessageOpenModeFlags(0);
        let message =
            batch.rop_open_message(&session.logon()?, 0x0FFF, accounts.inbox, flags, id.context("no message")?)?;
        let body =
            batch.rop_get_properties_specific(&message, 0, true, vec![tags::PID_TAG_SUBJECT, tags::PID_TAG_BODY])?;
        batch.rop_release(&message)?;
        let output = session.run(&batch).await?;
        anyhow::ensure!(session.read(&batch, &output)?.get(&body).is_ok(), "no message");
    }
    Ok(times)
}

/// What the clients have to know.
#[derive(Clone)]
struct Seen {
    inbox: protocol::oxcdata::FolderId,
    messages: Vec<MessageId>,
}

pub async fn measure(plan: &Plan, accounts: &Accounts, table: &mut Table) -> anyhow::Result<()> {
    let server = Process::server(&plan.data_dir, 1024).await?;
    let target = Target::new(&plan.data_dir, server.port)?;
    let (idle, _) = server.memory()?;
    let mut session = Session::open(&target, &accounts.reader).await?;
    let seen = Seen { inbox: accounts.inbox, messages: some(&mut session, accounts).await? };
    let until = Instant::now() + plan.duration;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::spawn(read(target.clone(), accounts.reader.clone(), seen.clone(), number, until)))
        .collect();
    let mut times = Times::default();
    for client in clients {
        times.append(client.await??);
    }
    let (now, most) = server.memory()?;
    table.line(
        format!(
            "memory with {CLIENTS} clients reading {} messages in {} columns (idle {idle:.0} MiB)",
            plan.messages,
            COLUMNS.len()
        ),
        "256 MiB",
        format!("{most:.0} MiB at most, {now:.0} MiB after {} pages of {}", times.len(), times.text()),
    );
    server.stop()
}
