//! Short mails by formula, so that tables have something to page over.

use crate::store::User;

/// How many there are.
pub(super) const COUNT: usize = 90;
/// How many of them stay in the Inbox, the newest.
pub(super) const IN_INBOX: usize = 60;

const SENDERS: [(&str, &str); 5] = [
    ("Bert Müller", "bert@example.test"),
    ("Carla Rossi", "carla@example.test"),
    ("Dmitri Sokolov", "dmitri@example.test"),
    ("Joanna Wiśniewska", "joanna@example.test"),
    ("The Coffee Machine", "coffee@example.test"),
];

const SUBJECTS: [&str; 7] = [
    "Lunch today?",
    "Notes from the stand-up",
    "Re: Notes from the stand-up",
    "Lost: blue umbrella",
    "Room 4.12 is free on Friday",
    "Reminder: time sheets",
    "Kaffeebohnen sind alle",
];

/// The mails, newest first: one every eight hours back from the last evening of October 2026.
pub(super) fn all(user: &User) -> impl Iterator<Item = String> {
    let to = format!("\"{}\" <{}>", user.display_name.replace('"', ""), user.address);
    (0..COUNT).map(move |number| {
        let (name, address) = SENDERS.iter().cycle().nth(number * 3).copied().unwrap_or_default();
        let subject = SUBJECTS.iter().cycle().nth(number).copied().unwrap_or_default();
        let (day, hour) = (31 - number / 3, 22 - 8 * (number % 3));
        format!(
            "From: \"{name}\" <{address}>\r\nTo: {to}\r\nSubject: {subject} ({count})\r\n\
             Date: {day} Oct 2026 {hour:02}:{minute:02}:00 +0000\r\nMessage-ID: <note-{number}@mail.example.test>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
             This is note {count} of {COUNT}.\r\n\r\n{name}\r\n",
            count = number + 1,
            minute = number * 7 % 60,
        )
    })
}
