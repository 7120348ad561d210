#!/usr/bin/env python3
"""Writes the sample mail: mail/FOLDER/NAME.eml, and mail/hashes.tsv with the SHA-256 of each attachment.

Three libraries make it, so that readers meet more than one way to write the same thing: Python's email package,
Django's mail classes, and Perl's MIME::Lite. The result is checked in; run this only to change it:

    pip install 'django>=5.2,<6' ; apt-get install libmime-lite-perl
    python3 make.py

Everything in it is invented, all people live at example.test, and the same script writes the same bytes.
"""

import hashlib
import io
import random
import struct
import subprocess
import zipfile
import zlib
from email import policy
from email.charset import BASE64, QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.message import EmailMessage
from email.mime.text import MIMEText
from email.utils import formataddr, format_datetime
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAIL = HERE / "mail"
SMTP = policy.SMTP.clone(max_line_length=76)

ANNA = ("Anna Ånström", "anna@example.test")
BERT = ("Bert Müller", "bert@example.test")
CARLA = ("Carla Rossi", "carla@example.test")
DMITRI = ("Дмитрий Соколов", "dmitri@example.test")
EIKO = ("田中 栄子", "eiko@example.test")
FANG = ("王芳", "fang@example.test")
GHADA = ("غادة منصور", "ghada@example.test")
HILA = ("הילה לוי", "hila@example.test")
IANNIS = ("Γιάννης Παππάς", "iannis@example.test")
JOANNA = ("Joanna Wiśniewska", "joanna@example.test")

hashes = []
written = {}


def when(day, hour, minute=0, zone=1):
    return datetime(2026, 11, day, hour, minute, tzinfo=timezone(timedelta(hours=zone)))


def noise(name, size):
    """Bytes that do not compress and are the same in each run."""
    return random.Random(name).randbytes(size)


def png(width, height, color):
    """A picture: a gradient towards one colour."""
    rows = b""
    for y in range(height):
        rows += b"\0" + b"".join(bytes(c * (x + y) // (width + height) for c in color) for x in range(width))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def archive(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(zipfile.ZipInfo(name, (2026, 11, 1, 0, 0, 0)), content)
    return out.getvalue()


def attached(path, name, content):
    hashes.append((path, name, len(content), hashlib.sha256(content).hexdigest()))
    return content


def write(path, content):
    assert path not in written, path
    target = MAIL / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    written[path] = len(content)


def save(path, message, boundary_policy=SMTP):
    random.seed(path)  # The boundaries of the email package.
    out = io.BytesIO()
    BytesGenerator(out, policy=boundary_policy, mangle_from_=False).flatten(message)
    write(path, out.getvalue())


def letter(path, sender, to, subject, date, cc=(), bcc=()):
    """The head of a message made with the present API of the email package."""
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr_plain(sender)
    message["To"] = ", ".join(formataddr_plain(person) for person in to)
    if cc:
        message["Cc"] = ", ".join(formataddr_plain(person) for person in cc)
    if bcc:
        message["Bcc"] = ", ".join(formataddr_plain(person) for person in bcc)
    message["Subject"] = subject
    message["Date"] = date
    message["Message-ID"] = f"<{path.split('/')[-1].removesuffix('.eml')}@mail.example.test>"
    return message


def formataddr_plain(person):
    name, address = person
    return f'"{name}" <{address}>' if name else address


def old_letter(path, charset, body_encoding, header_charset, sender, to, subject, date, text):
    """A message in a charset of its own, made with the older API."""
    kind = Charset(charset)
    kind.body_encoding = body_encoding
    message = MIMEText(text, "plain", kind)
    message["From"] = formataddr((str(Header(sender[0], header_charset)), sender[1]))
    message["To"] = ", ".join(formataddr((str(Header(name, "utf-8")), address)) for name, address in to)
    message["Subject"] = Header(subject, header_charset, header_name="Subject")
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{path.split('/')[-1].removesuffix('.eml')}@mail.example.test>"
    save(path, message, policy.compat32.clone(linesep="\r\n"))


def charsets():
    old_letter(
        "inbox/01-german-iso-8859-1.eml", "iso-8859-1", QP, "iso-8859-1", BERT, [ANNA],
        "Einladung zum Frühstück am Donnerstag", when(2, 8, 15),
        "Liebe Anna,\n\nkönntest du am Donnerstag um 9 Uhr zum Frühstück kommen? Es gibt Brötchen, Käse,\n"
        "Müsli und frisch gepressten Saft. Straße und Hausnummer wie üblich.\n\nSchöne Grüße\nBert\n",
    )
    old_letter(
        "inbox/02-russian-koi8-r.eml", "koi8-r", BASE64, "koi8-r", DMITRI, [ANNA, BERT],
        "Отчёт о командировке в Новосибирск", when(2, 11, 40, 7),
        "Здравствуйте, Анна!\n\nВысылаю краткий отчёт о командировке. Встреча прошла хорошо, договор подписан.\n"
        "Подробности — при личной встрече.\n\nС уважением,\nДмитрий\n".replace("—", "-"),
    )
    # The older API turns Shift_JIS into ISO-2022-JP.
    path = "inbox/03-japanese-shift_jis.eml"
    message = letter(path, EIKO, [ANNA], "来週の会議について", when(3, 9, 5, 9))
    message.set_content(
        "アンナ様\n\nお世話になっております。田中です。\n来週の会議は水曜日の午後三時からに変更になりました。\n"
        "ご都合はいかがでしょうか。\n\nどうぞよろしくお願いいたします。\n田中 栄子\n",
        charset="shift_jis", cte="base64",
    )
    save(path, message)
    old_letter(
        "inbox/04-japanese-iso-2022-jp.eml", "iso-2022-jp", None, "iso-2022-jp", EIKO, [ANNA],
        "Re: 来週の会議について", when(3, 17, 30, 9),
        "アンナ様\n\nご返信ありがとうございます。では水曜日にお待ちしております。\n\n田中\n",
    )
    old_letter(
        "inbox/05-chinese-gb18030.eml", "gb18030", BASE64, "gb18030", FANG, [ANNA],
        "关于新产品的报价单", when(4, 10, 0, 8),
        "安娜您好：\n\n附件中的报价单有效期为三十天。如有任何问题，请随时与我联系。\n㐀㐁是扩展区的汉字。\n\n王芳\n",
    )
    old_letter(
        "inbox/06-greek-iso-8859-7.eml", "iso-8859-7", QP, "iso-8859-7", IANNIS, [ANNA],
        "Καλημέρα από την Αθήνα", when(4, 12, 20, 2),
        "Αγαπητή Άννα,\n\nσου στέλνω χαιρετισμούς από την Αθήνα. Ο καιρός είναι υπέροχος.\n\nΓιάννης\n",
    )
    old_letter(
        "inbox/07-hebrew-windows-1255.eml", "windows-1255", BASE64, "utf-8", HILA, [ANNA],
        "פגישה ביום שלישי", when(4, 15, 45, 2),
        "שלום אנה,\n\nהפגישה ביום שלישי נדחתה בשעה. נתראה בשעה 11:00.\n\nהילה\n",
    )
    old_letter(
        "inbox/08-polish-iso-8859-2.eml", "iso-8859-2", QP, "iso-8859-2", JOANNA, [ANNA],
        "Żółta łódź podwodna", when(5, 7, 10),
        "Cześć Anno,\n\nzażółć gęślą jaźń - to zdanie zawiera wszystkie polskie litery.\n\nJoanna\n",
    )


def arabic():
    path = "inbox/09-arabic-alternative.eml"
    message = letter(path, GHADA, [ANNA], "دعوة إلى معرض الكتاب", when(5, 13, 0, 3))
    message.set_content("مرحبا آنا،\n\nيسعدني أن أدعوك إلى معرض الكتاب يوم الجمعة القادم.\n\nغادة\n", cte="base64")
    message.add_alternative(
        '<html dir="rtl"><body><p>مرحبا <b>آنا</b>،</p><p>يسعدني أن أدعوك إلى معرض الكتاب يوم الجمعة القادم.</p>'
        "<p>غادة</p></body></html>\n",
        subtype="html", cte="quoted-printable",
    )
    save(path, message)


def inline_images():
    path = "inbox/10-html-inline-images.eml"
    message = letter(path, CARLA, [ANNA, BERT], "Foto della gita in montagna ⛰️", when(6, 18, 25))
    message.set_content("Ciao a tutti,\n\nqui ci sono due foto della gita.\n\nCarla\n")
    message.add_alternative(
        '<html><body><p>Ciao a tutti,</p><p>qui ci sono due foto della gita:</p>'
        '<p><img src="cid:mountain@example.test" alt="montagna"> '
        '<img src="cid:lake@example.test" alt="lago"></p><p>Carla</p></body></html>\n',
        subtype="html",
    )
    html = message.get_payload()[1]
    for name, color in (("mountain", (90, 140, 220)), ("lake", (40, 180, 160))):
        content = attached(path, f"{name}.png", png(96, 64, color))
        html.add_related(content, "image", "png", cid=f"<{name}@example.test>", filename=f"{name}.png")
    save(path, message)


def rfc2231_names():
    path = "inbox/11-attachments-rfc2231-names.eml"
    message = letter(path, FANG, [ANNA], "Unterlagen / 文件 / документы", when(9, 9, 30, 8))
    message.set_content("Four files, each with a name in another script.\n")
    files = [
        ("Übersicht über die Maßnahmen.csv", "text", "csv", "Nr;Maßnahme;Stand\r\n1;Straße;öffen\r\n".encode("latin-1")),
        ("报价单 2026年11月.bin", "application", "octet-stream", noise("offer", 12_000)),
        ("Очень длинное имя файла, которое не помещается в одну строку заголовка и потому делится.dat",
         "application", "octet-stream", noise("long", 3_000)),
        ("archive.zip", "application", "zip", archive({"readme.txt": "Read me.\n", "data/one.bin": noise("one", 900)})),
    ]
    for name, kind, subkind, content in files:
        message.add_attachment(attached(path, name, content), kind, subkind, filename=name)
    save(path, message)


def long_body():
    path = "inbox/12-long-plain-text.eml"
    message = letter(path, BERT, [ANNA], "Minutes of the general meeting, in full", when(9, 20, 0))
    lines = ["Anna,", "", "as you asked, everything that was said, unabridged:", ""]
    words = ("the board reported that income grew while costs stayed as planned and the members asked when the new "
             "rooms would open since the old ones are cold größer müßig café naïve").split()
    dice = random.Random("minutes")
    for number in range(1, 1701):
        lines.append(f"{number:4}. " + " ".join(dice.choice(words) for _ in range(dice.randint(8, 13))) + ".")
    lines += ["", "End of minutes."]
    message.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    save(path, message)


def nested():
    path = "inbox/13-nested-multiparts.eml"
    message = letter(path, CARLA, [ANNA], "Bozza del volantino", when(10, 11, 11), cc=[BERT])
    message.set_content("In allegato la bozza.\nCarla\n")
    message.add_alternative(
        '<html><body><p>In allegato la bozza.</p><img src="cid:logo"><p>Carla</p></body></html>\n', subtype="html")
    logo = attached(path, "logo.png", png(32, 32, (200, 30, 30)))
    message.get_payload()[1].add_related(logo, "image", "png", cid="<logo>", disposition="inline", filename="logo.png")
    message.add_attachment(attached(path, "volantino.pdf", b"%PDF-1.4\n" + noise("flyer", 20_000)),
                           "application", "pdf", filename="volantino.pdf")
    notes = "Note:\nil titolo è troppo lungo.\n"
    message.add_attachment(notes, subtype="plain", filename="note.txt", cte="quoted-printable")
    attached(path, "note.txt", notes.replace("\n", "\r\n").encode())
    save(path, message)


def forwarded():
    path = "inbox/14-forwarded-message.eml"
    inner = letter("inner-of-14.eml", JOANNA, [BERT], "Zapytanie o fakturę", when(8, 16, 0))
    inner.set_content("Dzień dobry,\n\nczy mogę prosić o fakturę za październik?\n\nJoanna\n", cte="8bit")
    inner.add_attachment(b"PNG?\r\n" + noise("inner", 700), "application", "octet-stream", filename="faktura.dat")
    random.seed("inner-of-14")  # The boundary that it gets here is the one that it has inside.
    attached(path, "Zapytanie o fakturę.eml", inner.as_bytes(policy=SMTP))
    message = letter(path, BERT, [ANNA], "FW: Zapytanie o fakturę", when(10, 15, 30))
    message.set_content("Anna, can you answer this?\n\nBert\n")
    message.add_attachment(inner)
    save(path, message)


def subjects():
    path = "inbox/15-empty-subject.eml"
    message = letter(path, BERT, [ANNA], "", when(11, 8, 0))
    message.set_content("Forgot the subject. Sorry!\n")
    save(path, message)
    path = "inbox/16-long-subject.eml"
    subject = " ".join(f"Teil {n} einer sehr langen Betreffzeile mit Umlauten wie ä, ö und ü;" for n in range(1, 8))
    message = letter(path, BERT, [ANNA], subject, when(11, 9, 0))
    message.set_content("The subject says it all.\n")
    save(path, message)


def many_recipients():
    path = "inbox/17-twenty-recipients.eml"
    names = ["Ada", "Béla", "Chloé", "Dag", "Edda", "Félix", "Gül", "Håkon", "Inês", "Jürgen", "Kārlis", "Łucja",
             "Márta", "Niño", "Øyvind", "Petr", "Quynh", "Réka", "Søren", "Þóra"]
    people = [(f"{name} Example", f"guest{number:02}@example.test") for number, name in enumerate(names, 1)]
    message = MIMEText("Sabato 12 dicembre, alle 19, nella sala grande.\n\nCarla\n", "plain", "us-ascii")
    message["From"] = formataddr(CARLA)
    for field, members in (("To", people[:12]), ("Cc", people[12:18]), ("Bcc", people[18:])):
        message[field] = ", ".join(formataddr(person) for person in members)
    message["Subject"] = "Festa d'inverno: siete tutti invitati"
    message["Date"] = format_datetime(when(12, 10, 0))
    message["Message-ID"] = "<17-twenty-recipients@mail.example.test>"
    save(path, message, policy.compat32.clone(linesep="\r\n"))


def perl_lite():
    """MIME::Lite writes headers, boundaries and base64 in its own way."""
    path = "inbox/18-perl-mime-lite.eml"
    table = attached(path, "werte.bin", noise("table", 5_000))
    picture = attached(path, "kurve.png", png(64, 48, (20, 120, 60)))
    (HERE / "table.tmp").write_bytes(table)
    (HERE / "picture.tmp").write_bytes(picture)
    script = r"""
use MIME::Lite;
my $m = MIME::Lite->new(From => '=?ISO-8859-1?Q?Bert_M=FCller?= <bert@example.test>', To => 'anna@example.test',
    Subject => '=?ISO-8859-1?Q?Me=DFwerte_vom_M=E4rz?=', Type => 'multipart/mixed',
    Date => 'Thu, 12 Nov 2026 14:20:00 +0100', 'Message-ID' => '<18-perl-mime-lite@mail.example.test>');
$m->attr('content-type.boundary' => '_----------=_18perlmimelite');
$m->attach(Type => 'text/plain; charset=ISO-8859-1', Encoding => 'quoted-printable',
    Data => "Hallo Anna,\n\nanbei die Me\xDFwerte.\n\nBert\n");
$m->attach(Type => 'application/octet-stream', Encoding => 'base64', Path => 'table.tmp', Filename => 'werte.bin',
    Disposition => 'attachment');
$m->attach(Type => 'image/png', Encoding => 'base64', Path => 'picture.tmp', Filename => 'kurve.png',
    Disposition => 'attachment');
print $m->as_string;
"""
    made = subprocess.run(["perl", "-e", script], cwd=HERE, check=True, capture_output=True).stdout
    for name in ("table.tmp", "picture.tmp"):
        (HERE / name).unlink()
    lines = [line for line in made.split(b"\n") if not line.startswith(b"X-Mailer:")]
    write(path, b"\r\n".join(lines))


def django_mail():
    """Django's mail classes, over the older API of the email package."""
    from django.conf import settings
    settings.configure(DEFAULT_CHARSET="utf-8", EMAIL_USE_LOCALTIME=False)
    from django.core.mail import EmailMultiAlternatives
    path = "inbox/19-django-alternatives.eml"
    mail = EmailMultiAlternatives(
        "Bestätigung Ihrer Bestellung № 4711 🎁", "Vielen Dank für Ihre Bestellung.\n\nDer Laden\n",
        "Der Laden am Eck <laden@example.test>", ["anna@example.test"], reply_to=["service@example.test"],
        headers={"Date": format_datetime(when(13, 6, 45)), "Message-ID": "<19-django-alternatives@mail.example.test>",
                 "List-Unsubscribe": "<mailto:unsubscribe@example.test>"},
    )
    mail.attach_alternative(
        "<html><body><h1>Vielen Dank!</h1><p>Ihre Bestellung № 4711 ist unterwegs. 🎁</p></body></html>", "text/html")
    invoice = attached(path, "Rechnung_4711.pdf", b"%PDF-1.4\n" + noise("invoice", 9_000))
    mail.attach("Rechnung_4711.pdf", invoice, "application/pdf")
    random.seed(path)
    write(path, mail.message().as_bytes(linesep="\r\n"))


def conversation():
    path = "inbox/20-reply-important.eml"
    message = letter(path, BERT, [ANNA], "RE: Einladung zum Frühstück am Donnerstag", when(13, 9, 15))
    message["In-Reply-To"] = "<answer-to-01@mail.example.test>"
    message["References"] = "<01-german-iso-8859-1@mail.example.test> <answer-to-01@mail.example.test>"
    message["Importance"] = "High"
    message["X-Priority"] = "1"
    message["Sensitivity"] = "Personal"
    message["Disposition-Notification-To"] = "bert@example.test"
    message["Keywords"] = "Frühstück, privat"
    message.set_content("Wunderbar, bis Donnerstag!\n\nAm 02.11. schrieb Anna:\n> Gerne, ich bringe Obst mit.\n")
    save(path, message)


def newsletter():
    path = "inbox/21-newsletter-html-only.eml"
    message = letter(path, ("The Example Gazette", "gazette@lists.example.test"), [("", "subscribers@example.test")],
                     "Issue 42: autumn leaves 🍁, café reviews & more", when(14, 5, 0))
    message["Sender"] = "bounces@lists.example.test"
    message["Reply-To"] = '"The Editors" <editors@example.test>'
    message["List-Id"] = "The Example Gazette <gazette.lists.example.test>"
    message["Precedence"] = "bulk"
    items = "".join(f"<li><a href=\"https://example.test/{n}\">Story {n} &mdash; “quoted” naïvely</a></li>"
                    for n in range(1, 41))
    message.set_content(f"<!DOCTYPE html><html><head><title>Gazette</title></head><body><h1>Autumn 🍁</h1>"
                        f"<ul>{items}</ul></body></html>\n", subtype="html", cte="quoted-printable")
    save(path, message)


def invitation():
    path = "inbox/22-calendar-part.eml"
    message = letter(path, HILA, [ANNA], "Invitation: planning", when(14, 12, 0, 2))
    message.set_content("Planning on Tuesday at 11:00.\n")
    calendar = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Sample//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
                "UID:planning@example.test\r\nDTSTAMP:20261114T100000Z\r\nDTSTART:20261117T090000Z\r\n"
                "DTEND:20261117T100000Z\r\nSUMMARY:Planning\r\nORGANIZER:mailto:hila@example.test\r\n"
                "ATTENDEE:mailto:anna@example.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n").encode()
    message.add_attachment(attached(path, "invite.ics", calendar), "text", "calendar",
                           filename="invite.ics", params={"method": "REQUEST", "charset": "utf-8"})
    save(path, message)


def large_attachment():
    path = "inbox/23-large-attachment.eml"
    message = letter(path, DMITRI, [ANNA], "Измерения за октябрь", when(16, 10, 30, 7))
    message.set_content("Файл с измерениями во вложении.\n", charset="koi8-r", cte="base64")
    message.add_attachment(attached(path, "measurements.bin", noise("measurements", 90_001)),
                           "application", "octet-stream", filename="measurements.bin")
    save(path, message)


def before_mime():
    """As a mailer of long ago wrote it: no MIME headers, bytes of its time, no date."""
    head = ("From: bert@example.test (Bert)\r\nTo: undisclosed-recipients:;\r\nSubject: Test from the old machine\r\n"
            "Message-Id: <24-before-mime@old.example.test>\r\n"
            "Received: from old.example.test by mail.example.test; Tue, 17 Nov 2026 07:00:00 +0100\r\n\r\n")
    write("inbox/24-before-mime.eml", head.encode() + "Grüße vom alten Rechner.\r\n".encode("latin-1"))


def other_folders():
    path = "sent/01-answer.eml"
    message = letter(path, ANNA, [BERT], "AW: Einladung zum Frühstück am Donnerstag", when(2, 19, 0))
    message["In-Reply-To"] = "<01-german-iso-8859-1@mail.example.test>"
    message["References"] = "<01-german-iso-8859-1@mail.example.test>"
    message.set_content("Gerne, ich bringe Obst mit.\n\nAnna\n")
    save(path, message)
    path = "sent/02-with-attachment.eml"
    message = letter(path, ANNA, [FANG], "RE: 关于新产品的报价单", when(5, 9, 0), cc=[BERT])
    message.set_content("Thank you. Please find our order attached.\n\nAnna\n")
    message.add_attachment(attached(path, "order.bin", noise("order", 2_500)),
                           "application", "octet-stream", filename="order.bin")
    save(path, message)
    path = "sent/03-html.eml"
    message = letter(path, ANNA, [CARLA], "Re: Foto della gita in montagna ⛰️", when(7, 8, 0))
    message.set_content("<html><body><p>Bellissime! <i>Grazie.</i></p></body></html>\n", subtype="html")
    save(path, message)
    path = "drafts/01-unfinished.eml"
    message = letter(path, ANNA, [JOANNA], "Faktura za październik", when(17, 8, 30))
    message.set_content("Dzień dobry,\n\nw załączeniu\n")
    save(path, message)
    path = "projects/01-plan.eml"
    message = letter(path, CARLA, [ANNA], "Progetto: piano e date", when(3, 10, 0))
    message.set_content("Il piano è pronto. Le date seguono.\n")
    save(path, message)
    path = "projects/02-budget.eml"
    message = letter(path, BERT, [ANNA, CARLA], "RE: Progetto: piano e date", when(4, 10, 0))
    message["In-Reply-To"] = "<01-plan@mail.example.test>"
    message.set_content("The budget is attached.\n")
    message.add_attachment(attached(path, "budget.csv", b"item,eur\r\nroom,300\r\nfood,450\r\n"),
                           "text", "csv", filename="budget.csv")
    save(path, message)


def main():
    for old in MAIL.rglob("*.eml"):
        old.unlink()
    for make in (charsets, arabic, inline_images, rfc2231_names, long_body, nested, forwarded, subjects,
                 many_recipients, perl_lite, django_mail, conversation, newsletter, invitation, large_attachment,
                 before_mime, other_folders):
        make()
    rows = "".join(f"{path}\t{name}\t{size}\t{digest}\n" for path, name, size, digest in hashes)
    (MAIL / "hashes.tsv").write_text("mail\tattachment\tbytes\tsha256\n" + rows, encoding="utf-8")
    print(f"{len(written)} messages, {sum(written.values())} bytes, {len(hashes)} attachments")


main()
